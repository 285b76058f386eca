//! Amounts that add up exactly.

use std::fmt;

use serde::{Serialize, Serializer};

/// Digits after the point that an amount may have.
const DECIMALS: u32 = 12;
const ONE: i128 = 10_i128.pow(DECIMALS);

/// Digits before the point that an amount may have. Sums then cannot overflow below 10¹¹ terms.
const INTEGER_DIGITS_MAX: usize = 15;

/// An amount that is not negative: exact, in steps of 10⁻¹², below 10¹⁵. Printed, and written in JSON as text,
/// without exponent or trailing zeros.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Quantity(i128);

/// Not a JSON number, negative, or with more digits than are kept exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuantityError;

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a quantity is a number of at most {INTEGER_DIGITS_MAX}.{DECIMALS} digits and not negative")
    }
}

impl std::error::Error for QuantityError {}

impl Quantity {
    /// Reads the text of a JSON number, exponent included: `12`, `0.50`, `1.2E3`.
    ///
    /// # Errors
    /// [`QuantityError`] where the number is negative or would lose digits.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| QuantityError)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
        let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) {
            return Err(QuantityError);
        }
        let digits = [whole, fraction].concat();
        let significant = digits.trim_start_matches('0').trim_end_matches('0');
        if significant.is_empty() {
            return Ok(Self(0));
        }
        let trailing = digits.len() - digits.trim_end_matches('0').len();
        let value: i128 = significant.parse().map_err(|_| QuantityError)?;
        let power = i64::from(exponent) + i64::from(DECIMALS) - to_i64(fraction.len()) + to_i64(trailing);
        if power < 0 || power + to_i64(significant.len()) > to_i64(INTEGER_DIGITS_MAX) + i64::from(DECIMALS) {
            return Err(QuantityError);
        }
        let power = u32::try_from(power).map_err(|_| QuantityError)?;
        Ok(Self(value * 10_i128.pow(power)))
    }

    pub(crate) fn units(self) -> i128 {
        self.0
    }

    /// Of a sum that may have been wrong below zero, what is there: nothing.
    pub(crate) fn from_units(units: i128) -> Self {
        Self(units.max(0))
    }
}

fn to_i64(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX / 4)
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / ONE, self.0 % ONE);
        if fraction == 0 {
            return write!(f, "{whole}");
        }
        let digits = format!("{fraction:0width$}", width = DECIMALS as usize);
        write!(f, "{whole}.{}", digits.trim_end_matches('0'))
    }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantity_of_any_spelling_prints_its_shortest_form() {
        for (text, printed) in [
            ("0", "0"),
            ("-0", ""),
            ("12", "12"),
            ("0.50", "0.5"),
            ("1.2E3", "1200"),
            ("1.2e-3", "0.0012"),
            ("0.000000000001", "0.000000000001"),
            ("0.0000000000001", ""),
            ("999999999999999", "999999999999999"),
            ("1000000000000000", ""),
            ("1000000000000000000e-12", "1000000"),
            ("0e999999999", "0"),
            ("1e999999999", ""),
            ("1e99999999999", ""),
            ("", ""),
            (".5", ""),
            ("1.", ""),
            ("+1", ""),
            ("0x1", ""),
            ("0.1000000000000000000000000000000000000000000000000000000000", "0.1"),
        ] {
            let got = Quantity::parse(text).map(|quantity| quantity.to_string()).unwrap_or_default();
            assert_eq!(got, printed, "{text}");
        }
    }
}
