//! The shapes of EPCIS 2.0's JSON schemas as tables.

use super::form::Form;
use crate::event::EventType;
use crate::vocabulary as words;

/// What an object may and must hold.
pub(super) struct Shape {
    pub(super) members: &'static [Member],
    /// Members of any name may stand here.
    pub(super) open: bool,
    /// No other members may, not even with a prefix.
    pub(super) closed: bool,
}

/// A member that the standard knows.
pub(super) struct Member {
    pub(super) name: &'static str,
    pub(super) form: Form,
    pub(super) required: bool,
}

const fn may(name: &'static str, form: Form) -> Member {
    Member { name, form, required: false }
}

const fn must(name: &'static str, form: Form) -> Member {
    Member { name, form, required: true }
}

/// The standard's members and, with a prefix, others.
const fn extensible(members: &'static [Member]) -> Shape {
    Shape { members, open: false, closed: false }
}

const fn closed(members: &'static [Member]) -> Shape {
    Shape { members, open: false, closed: true }
}

const fn open(members: &'static [Member]) -> Shape {
    Shape { members, open: true, closed: false }
}

const BIZ_STEP: Form = Form::Word(&words::BIZ_STEPS, words::biz_step);
const DISPOSITION: Form = Form::Word(&words::DISPOSITIONS, words::disposition);
const BIZ_TRANSACTION_TYPE: Form = Form::Word(&words::BIZ_TRANSACTION_TYPES, words::biz_transaction_type);
const SOURCE_DEST_TYPE: Form = Form::Word(&words::SOURCE_DEST_TYPES, words::source_dest_type);
const ERROR_REASON: Form = Form::Word(&words::ERROR_REASONS, words::error_reason);
const MEASUREMENT: Form = Form::Word(&words::MEASUREMENT_TYPES, words::gs1_term);
const SENSOR_ALERT: Form = Form::Word(&words::SENSOR_ALERTS, words::gs1_term);
const COMPONENT: Form = Form::Word(&words::COMPONENTS, words::component);

const URIS: Form = Form::List(&Form::Uri);
const DISTINCT_URIS: Form = Form::DistinctUris;
const QUANTITIES: Form = Form::List(&Form::Object(&QUANTITY));
const PLACE: Form = Form::Object(&open(&[must("id", Form::Uri)]));
const ILMD: Form = Form::Object(&extensible(&[]));

const QUANTITY: Shape =
    closed(&[must("epcClass", Form::Uri), may("quantity", Form::Decimal), may("uom", Form::Uom)]);
const BIZ_TRANSACTION: Shape =
    closed(&[may("type", BIZ_TRANSACTION_TYPE), must("bizTransaction", Form::Uri)]);
const SOURCE: Shape = closed(&[must("type", SOURCE_DEST_TYPE), must("source", Form::Uri)]);
const DESTINATION: Shape = closed(&[must("type", SOURCE_DEST_TYPE), must("destination", Form::Uri)]);
const ERROR_DECLARATION: Shape = extensible(&[
    must("declarationTime", Form::Time),
    may("reason", ERROR_REASON),
    may("correctiveEventIDs", URIS),
]);
const PERSISTENT_DISPOSITION: Shape =
    closed(&[may("set", Form::FilledList(&DISPOSITION)), may("unset", Form::FilledList(&DISPOSITION))]);
const SENSOR_METADATA: Shape = extensible(&[
    may("time", Form::Time),
    may("startTime", Form::Time),
    may("endTime", Form::Time),
    may("deviceID", Form::Uri),
    may("deviceMetadata", Form::Uri),
    may("rawData", Form::Uri),
    may("dataProcessingMethod", Form::Uri),
    may("bizRules", Form::Uri),
]);
const SENSOR_REPORT: Shape = extensible(&[
    must("type", MEASUREMENT),
    may("exception", SENSOR_ALERT),
    may("deviceID", Form::Uri),
    may("deviceMetadata", Form::Uri),
    may("rawData", Form::Uri),
    may("dataProcessingMethod", Form::Uri),
    may("bizRules", Form::Uri),
    may("time", Form::Time),
    may("microorganism", Form::Uri),
    may("chemicalSubstance", Form::Uri),
    may("coordinateReferenceSystem", Form::Uri),
    may("value", Form::Decimal),
    may("component", COMPONENT),
    may("stringValue", Form::Text),
    may("booleanValue", Form::Boolean),
    may("hexBinaryValue", Form::HexBinary),
    may("uriValue", Form::Uri),
    may("minValue", Form::Decimal),
    may("maxValue", Form::Decimal),
    may("meanValue", Form::Decimal),
    may("sDev", Form::Decimal),
    may("percRank", Form::Decimal),
    may("percValue", Form::Decimal),
    may("uom", Form::Text),
]);
const SENSOR_ELEMENT: Shape = extensible(&[
    // Not in the schema, but in the standard's own examples.
    may("type", Form::Text),
    may("sensorMetadata", Form::Object(&SENSOR_METADATA)),
    must("sensorReport", Form::FilledList(&Form::Object(&SENSOR_REPORT))),
]);

/// The members of one event type: its own in front of those that all have.
macro_rules! event_shape {
    ($($own:expr),* $(,)?) => {
        extensible(&[
            $($own,)*
            must("type", Form::Text),
            must("eventTime", Form::Time),
            must("eventTimeZoneOffset", Form::Offset),
            may("@context", Form::Context),
            may("recordTime", Form::Time),
            may("eventID", Form::Uri),
            may("certificationInfo", Form::UriOrUris),
            may("errorDeclaration", Form::Object(&ERROR_DECLARATION)),
            may("bizStep", BIZ_STEP),
            may("disposition", DISPOSITION),
            may("persistentDisposition", Form::Object(&PERSISTENT_DISPOSITION)),
            may("readPoint", PLACE),
            may("bizLocation", PLACE),
            may("bizTransactionList", Form::List(&Form::Object(&BIZ_TRANSACTION))),
            may("sourceList", Form::List(&Form::Object(&SOURCE))),
            may("destinationList", Form::List(&Form::Object(&DESTINATION))),
            may("sensorElementList", Form::List(&Form::Object(&SENSOR_ELEMENT))),
        ])
    };
}

const OBJECT_EVENT: Shape = event_shape![
    must("action", Form::Action),
    may("epcList", DISTINCT_URIS),
    may("quantityList", QUANTITIES),
    may("ilmd", ILMD),
];
/// Also the shape of association events, whose parent is checked to be there besides.
const AGGREGATION_EVENT: Shape = event_shape![
    must("action", Form::Action),
    may("parentID", Form::Uri),
    may("childEPCs", URIS),
    may("childQuantityList", QUANTITIES),
];
const ASSOCIATION_EVENT: Shape = event_shape![
    must("action", Form::Action),
    must("parentID", Form::Uri),
    may("childEPCs", URIS),
    may("childQuantityList", QUANTITIES),
];
const TRANSACTION_EVENT: Shape = event_shape![
    must("action", Form::Action),
    must("bizTransactionList", Form::FilledList(&Form::Object(&BIZ_TRANSACTION))),
    may("parentID", Form::Uri),
    may("epcList", URIS),
    may("quantityList", QUANTITIES),
];
const TRANSFORMATION_EVENT: Shape = event_shape![
    may("inputEPCList", DISTINCT_URIS),
    may("inputQuantityList", QUANTITIES),
    may("outputEPCList", DISTINCT_URIS),
    may("outputQuantityList", QUANTITIES),
    may("transformationID", Form::Uri),
    may("ilmd", ILMD),
];
/// An event type that is not the standard's: all that all events have, and anything with a prefix.
const EXTENSION_EVENT: Shape = open(&[
    must("eventTime", Form::Time),
    must("eventTimeZoneOffset", Form::Offset),
    may("recordTime", Form::Time),
    may("eventID", Form::Uri),
    may("certificationInfo", Form::UriOrUris),
    may("errorDeclaration", Form::Object(&ERROR_DECLARATION)),
]);

pub(super) fn shape_of(event_type: EventType) -> &'static Shape {
    match event_type {
        EventType::ObjectEvent => &OBJECT_EVENT,
        EventType::AggregationEvent => &AGGREGATION_EVENT,
        EventType::TransactionEvent => &TRANSACTION_EVENT,
        EventType::TransformationEvent => &TRANSFORMATION_EVENT,
        EventType::AssociationEvent => &ASSOCIATION_EVENT,
        EventType::Extension => &EXTENSION_EVENT,
    }
}

const ATTRIBUTE: Shape = open(&[must("id", Form::Uri)]);
const VOCABULARY_ELEMENT: Shape = open(&[
    must("id", Form::Uri),
    may("attributes", Form::List(&Form::Object(&ATTRIBUTE))),
    may("children", URIS),
]);
const VOCABULARY: Shape = open(&[
    must("type", Form::Uri),
    may("vocabularyElementList", Form::List(&Form::Object(&VOCABULARY_ELEMENT))),
]);
const MASTER_DATA: Shape = open(&[may("vocabularyList", Form::List(&Form::Object(&VOCABULARY)))]);
const HEADER: Shape = open(&[may("epcisMasterData", Form::Object(&MASTER_DATA))]);

/// A bare event brings its context itself; the rest is checked with the event.
pub(super) const BARE_EVENT: Shape = open(&[must("@context", Form::Context)]);
pub(super) const DOCUMENT: Shape = extensible(&[
    must("@context", Form::Context),
    must("type", Form::Text),
    must("schemaVersion", Form::Version),
    must("creationDate", Form::Time),
    // Published documents name themselves by blank nodes, too.
    may("id", Form::Text),
    may("instanceIdentifier", Form::Text),
    may("sender", Form::Text),
    may("receiver", Form::Text),
    may("epcisHeader", Form::Object(&HEADER)),
    may("epcisBody", Form::Object(&open(&[]))),
]);
pub(super) const QUERY_DOCUMENT: Shape = extensible(&[
    must("@context", Form::Context),
    must("type", Form::Text),
    may("schemaVersion", Form::Version),
    may("creationDate", Form::Time),
    may("id", Form::Text),
    may("epcisBody", Form::Object(&open(&[]))),
]);
/// What stands around the list of events, in a document and in a query document.
pub(super) const EVENT_LIST_OWNERS: [&[&str]; 2] =
    [&["epcisBody", "eventList"], &["epcisBody", "queryResults", "resultsBody", "eventList"]];
