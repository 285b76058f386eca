//! SHA-256 of many short messages at once, in as many lanes as the CPU has
