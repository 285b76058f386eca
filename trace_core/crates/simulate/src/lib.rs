//! A seeded generator of supply chains, as EPCIS documents
#![forbid(unsafe_code)]
