//! What the schemas ask of the members of an event together, read off which of them are there.

use json::{Member, Object, Value};

use super::shape::{Shape, shape_of};
use super::{Path, Report};
use crate::event::EventType;
use crate::vocabulary::is_same;

/// Which members an event has, as far as others depend on them: a bit each, then a bit for each that is a list with
/// elements, then two for what its action is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Presence(u64);

/// Members that some event must have, or that let it do without another.
const ASKED: [&str; 18] = [
    "type",
    "eventTime",
    "eventTimeZoneOffset",
    "action",
    "parentID",
    "bizTransactionList",
    "ilmd",
    "epcList",
    "quantityList",
    "childEPCs",
    "childQuantityList",
    "inputEPCList",
    "inputQuantityList",
    "outputEPCList",
    "outputQuantityList",
    "sensorElementList",
    "readPoint",
    "transformationID",
];
const ADDS: Presence = Presence(1 << 62);
const DELETES: Presence = Presence(1 << 63);

const fn has(name: &str) -> Presence {
    let mut place = 0;
    while place < ASKED.len() {
        if is_equal(ASKED[place].as_bytes(), name.as_bytes()) {
            return Presence(1 << place);
        }
        place += 1;
    }
    panic!("a name that is not asked for");
}

const fn filled(name: &str) -> Presence {
    Presence(has(name).0 << ASKED.len())
}

const fn is_equal(a: &[u8], b: &[u8]) -> bool {
    let mut place = 0;
    while place < a.len() && place < b.len() && a[place] == b[place] {
        place += 1;
    }
    place == a.len() && place == b.len()
}

impl Presence {
    pub(crate) fn of(member: &Member<'_>) -> Self {
        let is_filled = matches!(member.value, Value::Array([_, ..]));
        let named = Self::of_name(member.name, is_filled);
        match (member.name, member.value) {
            ("action", Value::String("ADD")) => named.and(ADDS),
            ("action", Value::String("DELETE")) => named.and(DELETES),
            _ => named,
        }
    }

    /// A member that is no action.
    pub(crate) fn of_name(name: &str, is_filled: bool) -> Self {
        let Some(place) = ASKED.iter().position(|asked| is_same(asked, name)) else { return Self::default() };
        Self((1 << place) | u64::from(is_filled) << (ASKED.len() + place))
    }

    pub(super) fn of_object(object: &Object<'_>) -> Self {
        object.members.iter().fold(Self::default(), |all, member| all.and(Self::of(member)))
    }

    /// All that is in one or the other.
    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of these is there.
    fn any(self, of: &[Self]) -> bool {
        of.iter().any(|one| self.0 & one.0 != 0)
    }

    /// The members that every event of a type must have.
    fn required_of(shape: &Shape) -> Self {
        let required = shape.members.iter().filter(|member| member.required);
        required.fold(Self::default(), |all, member| all.and(Self::of_name(member.name, false)))
    }
}

/// What the events of each type must have.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Required([Presence; 5]);

impl Default for Required {
    fn default() -> Self {
        Self(EventType::STANDARD.map(|event_type| Presence::required_of(shape_of(event_type))))
    }
}

impl Required {
    /// Whether an event lacks nothing whose members are clean each. Not for types by a URI.
    pub(crate) fn is_whole(&self, event: Presence, event_type: EventType) -> bool {
        let required = self.0.get(event_type as usize - 1);
        let mut report = Report::default();
        report.combination(event, event_type, &Path::ROOT);
        required.is_some_and(|required| event.0 & required.0 == required.0) && report.problems.is_empty()
    }
}

impl Report {
    /// What the schemas ask of several members together.
    pub(super) fn combination(&mut self, event: Presence, event_type: EventType, path: &Path<'_>) {
        const QUANTITIES: Presence = filled("quantityList");
        const CHILDREN: [Presence; 3] = [filled("childEPCs"), filled("childQuantityList"), DELETES];
        const INPUTS: [Presence; 2] = [filled("inputEPCList"), filled("inputQuantityList")];
        const OUTPUTS: [Presence; 2] = [filled("outputEPCList"), filled("outputQuantityList")];
        let missing = match event_type {
            EventType::ObjectEvent if event.any(&[has("ilmd")]) && !event.any(&[ADDS]) => {
                return self.error(&path.name("ilmd"), "not_allowed", "ilmd stands only where action is ADD");
            }
            EventType::ObjectEvent => {
                let observes = event.any(&[filled("sensorElementList")]) && event.any(&[has("readPoint")]);
                (!event.any(&[has("epcList"), QUANTITIES]) && !observes)
                    .then_some(("epcList", "epcList or quantityList, or sensorElementList with readPoint"))
            }
            EventType::AggregationEvent | EventType::AssociationEvent => {
                (!event.any(&CHILDREN)).then_some(("childEPCs", "childEPCs or childQuantityList"))
            }
            EventType::TransactionEvent => (!event.any(&[has("epcList"), QUANTITIES, DELETES]))
                .then_some(("epcList", "epcList or quantityList")),
            EventType::TransformationEvent => {
                let (inputs, outputs) = (event.any(&INPUTS), event.any(&OUTPUTS));
                let linked = event.any(&[has("transformationID")]) && (inputs || outputs);
                match (inputs, outputs) {
                    _ if linked => None,
                    (true, true) => None,
                    (false, _) => Some(("inputEPCList", "inputs, or a transformationID with outputs")),
                    (true, false) => Some(("outputEPCList", "outputs, or a transformationID with inputs")),
                }
            }
            EventType::Extension => None,
        };
        if let Some((name, what)) = missing {
            self.error(&path.name(name), "required", format!("the event needs {what}"));
        }
    }
}
