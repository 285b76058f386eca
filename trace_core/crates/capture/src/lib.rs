//! One capture in, one prepared batch out: ids, commitments, item references, COPY buffers
#![forbid(unsafe_code)]
