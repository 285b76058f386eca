//! Which AIs may, must and must not stand together.
//!
//! The dictionary wants these rules judged over all carriers of one physical item, so a parser does not insist on
//! them: whoever has the whole asks.

use crate::ai::{Codes, code};
use crate::element_string::{Element, ElementString};
use crate::error::{Reason, ScanError};

/// Keys that may be serialised, each with the length that it has without its serial.
const SERIALISED: [(u16, usize); 3] = [(code::GDTI, 13), (code::GCN, 13), (code::GRAI, 14)];

impl ElementString<'_> {
    /// Checks all the rules below.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check_pairing(&self) -> Result<(), ScanError> {
        self.check_repeats()?;
        self.check_exclusions()?;
        self.check_requirements()?;
        self.check_signature()
    }

    /// An AI that stands more than once must have the same value each time.
    ///
    /// # Errors
    /// `Repeated`.
    pub fn check_repeats(&self) -> Result<(), ScanError> {
        for (at, one) in self.iter().enumerate() {
            if self.iter().skip(at + 1).any(|other| other.ai == one.ai && other.value != one.value) {
                return Err(Reason::Repeated.of(one.ai.code, 0));
            }
        }
        Ok(())
    }

    /// No AI that another excludes; an AI never excludes itself.
    ///
    /// # Errors
    /// `Excluded`.
    pub fn check_exclusions(&self) -> Result<(), ScanError> {
        for one in self {
            let excludes = |other: &Element| {
                other.ai != one.ai && one.ai.excludes.iter().any(|codes| codes.hold(other.ai))
            };
            if let Some(other) = self.iter().find(|other| !one.ai.excludes.is_empty() && excludes(other)) {
                return Err(Reason::Excluded(other.ai.code).of(one.ai.code, 0));
            }
        }
        Ok(())
    }

    /// Every AI has the company that it needs.
    ///
    /// # Errors
    /// `Missing`.
    pub fn check_requirements(&self) -> Result<(), ScanError> {
        for one in self {
            let is_there =
                |codes: &Codes| self.iter().any(|other| other.ai != one.ai && codes.hold(other.ai));
            let is_met = |group: &&[Codes]| group.iter().all(is_there);
            if !one.ai.requires.iter().all(|alternatives| alternatives.iter().any(is_met)) {
                return Err(Reason::Missing.of(one.ai.code, 0));
            }
        }
        Ok(())
    }

    /// A digital signature (8030) stands beside no key that lacks its serial.
    ///
    /// # Errors
    /// `Unserialised`.
    pub fn check_signature(&self) -> Result<(), ScanError> {
        if self.value_of(code::SIGNATURE).is_none() {
            return Ok(());
        }
        let lacks_serial = |one: &&Element| {
            SERIALISED.iter().any(|(code, length)| one.ai.number == *code && one.value.len() == *length)
        };
        self.iter().find(lacks_serial).map_or(Ok(()), |one| Err(Reason::Unserialised.of(one.ai.code, 0)))
    }
}
