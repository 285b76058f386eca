"""Random events over few words, so that queries find some and not all of them; and random queries over the same words."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

STEPS = ["shipping", "receiving", "https://ref.gs1.org/cbv/BizStep-packing", "ex:weighing"]
STEP_FORMS = [
    *STEPS,
    "urn:epcglobal:cbv:bizstep:shipping",
    "cbv:BizStep-receiving",
    "https://example.org/tests/weighing",
]
DISPOSITIONS = ["in_transit", "damaged", "active"]
PLACES = [
    "urn:epc:id:sgln:0614141.00777.0",
    "urn:epc:id:sgln:0614141.00777.5",
    "https://example.com/414/0614141007776",
    "https://id.gs1.org/414/0614141007776/254/7",
    "https://example.com/places/1",
]
EPCS = [
    "urn:epc:id:sgtin:0614141.107346.1",
    "urn:epc:id:sgtin:0614141.107346.2",
    "urn:epc:id:sgtin:0614141.107347.1",
    "urn:epc:id:sgtin:4012345.077889.1",
    "urn:epc:id:sscc:0614141.1234567890",
    "urn:epc:id:sgln:0614141.00777.5",
    "https://example.com/things/1",
]
EPC_FORMS = [
    *EPCS,
    "https://id.gs1.org/01/10614141073464/21/1",
    "https://example.com/01/10614141073464/21/2",
    "urn:epc:idpat:sgtin:0614141.107346.*",
    "urn:epc:idpat:sgtin:0614141.*.*",
    "urn:epc:idpat:sgtin:*.*.*",
    "urn:epc:idpat:sscc:0614141.*",
    "urn:epc:idpat:sgln:0614141.00777.*",
]
CLASSES = [
    "urn:epc:class:lgtin:4012345.012345.A",
    "urn:epc:class:lgtin:4012345.012346.B",
    "urn:epc:idpat:sgtin:0614141.107346.*",
]
CLASS_FORMS = [
    *CLASSES,
    "urn:epc:idpat:lgtin:4012345.012345.*",
    "urn:epc:idpat:lgtin:4012345.*.*",
    "https://id.gs1.org/01/10614141073464",
]
IDS = ["urn:epc:id:gdti:0614141.00001.1", "urn:epcglobal:cbv:bt:0614141111114:2", "https://example.com/po/3"]
PARTIES = ["urn:epc:id:pgln:4012345.00225", "urn:epc:id:pgln:0614141.00777"]
START = datetime(2025, 1, 1, tzinfo=UTC)
MOMENTS = [START + timedelta(hours=n) for n in range(0, 48, 3)]
NUMBERS = [-18, 0, 2, 4.5, 10, 50, 1000, 2000]
SCALARS: list[Any] = [
    1,
    2,
    2.5,
    "2",
    "2.0",
    "02",
    "a",
    "b",
    True,
    "2025-01-01T00:00:00Z",
    "2025-01-01T01:00:00+01:00",
    EPCS[0],
]
SCALAR_FORMS = [
    "1",
    "2",
    "2.0",
    "2.5",
    "02",
    "a",
    "true",
    "2025-01-01T00:00:00Z",
    EPCS[0],
    "https://id.gs1.org/01/10614141073464/21/1",
]
FIELDS = ["ex:a", "ex:b"]
UOMS = ["KGM", "GRM", None]
AREAS = [
    "",
    "ILMD_",
    "ERROR_DECLARATION_",
    "SENSORELEMENT_",
    "SENSORMETADATA_",
    "SENSORREPORT_",
    "readPoint_",
    "bizLocation_",
]


def stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Chance:
    """Random events from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def some(self, values: list[Any], most: int = 2) -> list[Any]:
        return self.random.sample(values, self.random.randint(1, most))

    def maybe(self, **members: Any) -> dict[str, Any]:
        return {name: make() for name, make in members.items() if self.random.random() < 0.4}

    def pick(self, values: list[Any]) -> Any:
        return self.random.choice(values)

    def extensions(self) -> dict[str, Any]:
        make = [
            lambda: self.pick(SCALARS),
            lambda: self.some(SCALARS, 3),
            lambda: {self.pick(FIELDS): self.pick(SCALARS), "ex:in": [{self.pick(FIELDS): self.pick(SCALARS)}]},
        ]
        return {name: self.pick(make)() for name in FIELDS if self.random.random() < 0.25}

    def quantities(self) -> list[dict[str, Any]]:
        def one(class_: str) -> dict[str, Any]:
            uom = self.pick(UOMS)
            return {"epcClass": class_, "quantity": self.pick([2, 4.5, 1000, 2000]), **({"uom": uom} if uom else {})}

        return [one(class_) for class_ in self.some(CLASSES)]

    def place(self) -> dict[str, Any]:
        return {"id": self.pick(PLACES), **self.extensions()}

    def sensor(self) -> dict[str, Any]:
        times = self.maybe(time=lambda: stamp(self.pick(MOMENTS)), startTime=lambda: stamp(self.pick(MOMENTS)))
        metadata = {**times, **self.maybe(deviceID=lambda: self.pick(EPCS[:2])), **self.extensions()}
        report = {
            "type": self.pick(["Temperature", "gs1:Mass"]),
            "uom": self.pick(["CEL", "FAH", "KGM", "GRM"]),
            **self.maybe(
                value=lambda: self.pick(NUMBERS), maxValue=lambda: self.pick(NUMBERS), percRank=lambda: self.pick([5, 50]),
                stringValue=lambda: self.pick(["a", "b"]), booleanValue=lambda: self.pick([True, False]),
                time=lambda: stamp(self.pick(MOMENTS)),
            ),
            **self.extensions(),
        }  # fmt: skip
        return {"sensorMetadata": metadata, "sensorReport": [report], **self.extensions()}

    def declaration(self) -> dict[str, Any]:
        reason = {
            "declarationTime": stamp(self.pick(MOMENTS)),
            "reason": self.pick(["incorrect_data", "did_not_occur"]),
        }
        return {**reason, **self.maybe(correctiveEventIDs=lambda: ["urn:example:1"]), **self.extensions()}

    def event(self, number: int) -> dict[str, Any]:
        type_ = self.pick(["ObjectEvent", "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent"])
        event = {
            "type": type_,
            "eventID": f"urn:example:{number}",
            "eventTime": stamp(self.pick(MOMENTS)),
            "eventTimeZoneOffset": "+00:00",
            **self.maybe(
                bizStep=lambda: self.pick(STEPS), disposition=lambda: self.pick(DISPOSITIONS),
                persistentDisposition=lambda: {"set": self.some(DISPOSITIONS), "unset": self.some(DISPOSITIONS)},
                readPoint=self.place, bizLocation=self.place, errorDeclaration=self.declaration,
                sourceList=lambda: [{"type": self.pick(["owning_party", "possessing_party"]), "source": self.pick(PARTIES)}],
                destinationList=lambda: [{"type": "owning_party", "destination": self.pick(PARTIES)}],
                sensorElementList=lambda: [self.sensor() for _ in range(self.random.randint(1, 2))],
            ),
            **self.extensions(),
        }  # fmt: skip
        return {**event, **self.things(type_)}

    def things(self, type_: str) -> dict[str, Any]:
        transactions = {"bizTransactionList": [{"type": self.pick(["po", "inv"]), "bizTransaction": self.pick(IDS)}]}
        few = {} if type_ != "TransactionEvent" and self.random.random() < 0.6 else transactions
        if type_ == "TransformationEvent":
            lists = {"inputEPCList": self.some(EPCS), "outputEPCList": self.some(EPCS)}
            others = self.maybe(
                inputQuantityList=self.quantities, outputQuantityList=self.quantities, ilmd=self.extensions
            )
            return {**few, **lists, **others, "transformationID": self.pick(IDS)}
        if type_ == "AggregationEvent":
            lists = {"parentID": self.pick(EPCS), "childEPCs": self.some(EPCS, 3)}
            return {
                **few,
                **lists,
                **self.maybe(childQuantityList=self.quantities),
                "action": self.pick(["ADD", "DELETE"]),
            }
        ilmd = {} if type_ != "ObjectEvent" else self.maybe(ilmd=self.extensions)
        return {
            **few,
            "epcList": self.some(EPCS, 3),
            **self.maybe(quantityList=self.quantities),
            **ilmd,
            "action": "ADD",
        }


def _several(values: list[str], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map("|".join)


def _pairs(names: list[str], values: st.SearchStrategy[str]) -> st.SearchStrategy[tuple[str, str]]:
    return st.tuples(st.sampled_from(names), values)


def _each(form: str, *parts: list[str]) -> list[str]:
    names = [form]
    for part in parts:
        names = [name.replace("*", value, 1) for name in names for value in part]
    return names


_ORDERS = ["GT", "GE", "LT", "LE"]
_NUMBERS = st.sampled_from([str(n) for n in [*NUMBERS, 14, 32, 122, 0.0045]])
_TIMES = st.sampled_from([stamp(m) for m in MOMENTS]) | st.sampled_from(
    ["2025-01-01T04:30:00+01:30", "1900-01-01T00:00:00Z"]
)
_EXTENSIONS = _each("**", ["", "INNER_"], [f"{area}{field}" for area in AREAS for field in FIELDS])

PARAMETERS: st.SearchStrategy[tuple[str, str]] = st.one_of(
    _pairs(["eventType"], _several(["ObjectEvent", "AggregationEvent", "TransformationEvent"])),
    _pairs(_each("*_*", ["GE", "LT"], ["eventTime", "errorDeclarationTime", "time", "startTime"]), _TIMES),
    _pairs(["EQ_action"], _several(["ADD", "OBSERVE", "DELETE"])),
    _pairs(["EQ_bizStep"], _several(STEP_FORMS)),
    _pairs(["EQ_disposition", "EQ_persistentDisposition_set", "EQ_persistentDisposition_unset"], _several(DISPOSITIONS)),
    _pairs(_each("*_*", ["EQ", "WD"], ["readPoint", "bizLocation"]), _several(PLACES)),
    _pairs(["EQ_bizTransaction_po", "EQ_bizTransaction_inv", "EQ_transformationID"], _several(IDS)),
    _pairs(["EQ_source_owning_party", "EQ_source_possessing_party", "EQ_destination_owning_party"], _several(PARTIES)),
    _pairs(_each("MATCH_*", ["epc", "parentID", "inputEPC", "outputEPC", "anyEPC"]), _several(EPC_FORMS)),
    _pairs(_each("MATCH_*", ["epcClass", "inputEPCClass", "outputEPCClass", "anyEPCClass"]), _several(CLASS_FORMS)),
    _pairs(_each("*_*", _ORDERS, ["quantity", "quantity_KGM", "quantity_GRM", "percRank", "value_CEL", "value_FAH", "maxValue_KGM"]), _NUMBERS),
    _pairs(["EQ_quantity", "EQ_quantity_GRM", "EQ_value_CEL", "EQ_maxValue_GRM"], _several([str(n) for n in NUMBERS])),
    _pairs(["EXISTS_errorDeclaration", "EXISTS_sensorElementList"], st.just("true")),
    _pairs(["EQ_errorReason"], _several(["incorrect_data", "did_not_occur"])),
    _pairs(["EQ_correctiveEventID"], _several(["urn:example:1", "urn:example:2"])),
    _pairs(["EQ_type"], _several(["Temperature", "Mass"])),
    _pairs(["EQ_deviceID"], _several(EPCS[:3])),
    _pairs(["EQ_stringValue"], _several(["a", "b", "c"])),
    _pairs(["EQ_booleanValue"], st.sampled_from(["true", "false"])),
    _pairs([f"EQ_{name}" for name in _EXTENSIONS], _several(SCALAR_FORMS)),
    _pairs(_each("*_*", _ORDERS, _EXTENSIONS), st.sampled_from(["1", "2", "2.2", "2025-01-01T00:00:00Z", "2024-01-01T00:00:00Z"])),
    _pairs([f"EXISTS_{name}" for name in _EXTENSIONS], st.just("true")),
)  # fmt: skip
