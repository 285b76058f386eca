//! C2SP signed notes and checkpoints: strict parse, exact print
#![forbid(unsafe_code)]
