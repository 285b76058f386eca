//! EPCIS 2.0 events: parse, validate, event hash id
#![forbid(unsafe_code)]
