//! What the standard orders: the elements of an event in their order, and what each of them says.

use crate::vocabulary::{
    BIZ_STEP_WORDS, COMPONENT_WORDS, DISPOSITION_WORDS, MEASUREMENT_WORDS, SENSOR_ALERT_WORDS, Words,
};

/// What the text of an element is.
pub(super) enum Says {
    Text,
    /// A text that a sensor reported, which may look like a number of any length.
    Reported,
    /// True or false, as XML writes them.
    Flag,
    Time,
    /// A word of a vocabulary, or any other text.
    Word(&'static Words),
}

/// An element, and the order of what it holds.
pub(super) struct Place {
    pub(super) name: &'static str,
    pub(super) says: Says,
    pub(super) order: &'static [Place],
}

const fn text(name: &'static str) -> Place {
    Place { name, says: Says::Text, order: &[] }
}

const fn time(name: &'static str) -> Place {
    Place { name, says: Says::Time, order: &[] }
}

const fn word(name: &'static str, words: &'static Words) -> Place {
    Place { name, says: Says::Word(words), order: &[] }
}

const fn holds(name: &'static str, order: &'static [Place]) -> Place {
    Place { name, says: Says::Text, order }
}

const EPCS: &[Place] = &[text("epc")];
const QUANTITIES: &[Place] = &[holds("quantityElement", &[text("epcClass"), text("quantity"), text("uom")])];
const ID: &[Place] = &[text("id")];
const PERSISTENT_DISPOSITION: &[Place] =
    &[word("set", &DISPOSITION_WORDS), word("unset", &DISPOSITION_WORDS)];
const SENSOR_METADATA: &[Place] = &[
    time("time"),
    time("startTime"),
    time("endTime"),
    text("deviceID"),
    text("deviceMetadata"),
    text("rawData"),
    text("dataProcessingMethod"),
    text("bizRules"),
];
const SENSOR_REPORT: &[Place] = &[
    word("type", &MEASUREMENT_WORDS),
    word("exception", &SENSOR_ALERT_WORDS),
    text("deviceID"),
    text("deviceMetadata"),
    text("rawData"),
    text("dataProcessingMethod"),
    time("time"),
    text("microorganism"),
    text("chemicalSubstance"),
    text("value"),
    word("component", &COMPONENT_WORDS),
    Place { name: "stringValue", says: Says::Reported, order: &[] },
    Place { name: "booleanValue", says: Says::Flag, order: &[] },
    text("hexBinaryValue"),
    text("uriValue"),
    text("minValue"),
    text("maxValue"),
    text("meanValue"),
    text("sDev"),
    text("percRank"),
    text("percValue"),
    text("uom"),
    text("coordinateReferenceSystem"),
];
const SENSOR_ELEMENTS: &[Place] = &[holds(
    "sensorElement",
    &[holds("sensorMetadata", SENSOR_METADATA), holds("sensorReport", SENSOR_REPORT)],
)];

/// The elements of an event. What is not named here stands behind them, sorted.
pub(super) const EVENT: &[Place] = &[
    time("eventTime"),
    text("eventTimeZoneOffset"),
    text("certificationInfo"),
    text("parentID"),
    holds("epcList", EPCS),
    holds("inputEPCList", EPCS),
    holds("childEPCs", EPCS),
    holds("quantityList", QUANTITIES),
    holds("childQuantityList", QUANTITIES),
    holds("inputQuantityList", QUANTITIES),
    holds("outputEPCList", EPCS),
    holds("outputQuantityList", QUANTITIES),
    text("action"),
    text("transformationID"),
    word("bizStep", &BIZ_STEP_WORDS),
    word("disposition", &DISPOSITION_WORDS),
    holds("persistentDisposition", PERSISTENT_DISPOSITION),
    holds("readPoint", ID),
    holds("bizLocation", ID),
    holds("sensorElementList", SENSOR_ELEMENTS),
];
