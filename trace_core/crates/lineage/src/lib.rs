//! Trace and recall over time-ordered events: forward, backward, quantities, limits
#![forbid(unsafe_code)]
