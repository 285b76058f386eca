//! RFC 8259 read once and strictly into borrowed values; RFC 8785 written exactly
#![forbid(unsafe_code)]
