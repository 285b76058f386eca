//! The core as a Python module: convert, release the GIL, call, convert.
#![forbid(unsafe_code)]
