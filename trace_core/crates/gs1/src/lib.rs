//! GS1 keys with proven check digits, element strings, Digital Link and EPC URN, both ways
#![forbid(unsafe_code)]
