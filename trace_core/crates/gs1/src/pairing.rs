//! Which AIs may, must and must not stand together.
//!
//! The dictionary wants these rules judged over all carriers of one physical item, so a parser does not insist on
//! them: whoever has the whole asks.

use crate::element_string::{Element, ElementString};
use crate::error::{Reason, ScanError};

/// Keys that may be serialised, each with the length that it has without its serial.
const SERIALISED: [(&str, usize); 3] = [("253", 13), ("255", 13), ("8003", 14)];

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
                other.ai != one.ai && one.ai.excludes.iter().any(|pattern| matches(pattern, other.ai.code))
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
            let is_there = |pattern: &&str| {
                self.iter().any(|other| other.ai != one.ai && matches(pattern, other.ai.code))
            };
            let is_met = |group: &&[&str]| group.iter().all(is_there);
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
        if self.value("8030").is_none() {
            return Ok(());
        }
        let lacks_serial = |one: &&Element| {
            SERIALISED.iter().any(|(code, length)| one.ai.code == *code && one.value.len() == *length)
        };
        self.iter().find(lacks_serial).map_or(Ok(()), |one| Err(Reason::Unserialised.of(one.ai.code, 0)))
    }
}

/// Whether the code fits the pattern, in which `n` stands for any digit.
fn matches(pattern: &str, code: &str) -> bool {
    pattern.len() == code.len()
        && pattern.bytes().zip(code.bytes()).all(|(expected, digit)| expected == b'n' || expected == digit)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn matches_patterns_of_other_lengths_never() {
        for (pattern, code, expected) in [
            ("01", "01", true),
            ("02", "01", false),
            ("0nn", "01", false),
            ("2nn", "235", true),
            ("2n", "235", false),
            ("80nn", "8002", true),
            ("80n", "8002", false),
            ("nnnn", "01", false),
        ] {
            assert_eq!(matches(pattern, code), expected, "{pattern} {code}");
        }
    }
}
