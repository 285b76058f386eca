//! The stories of the domains.

pub(crate) mod fish;
pub(crate) mod medicine;
pub(crate) mod parts;
pub(crate) mod produce;
