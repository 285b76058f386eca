//! The modulo 10 check digit of numeric keys (GS1 General Specifications §7.9.1).

/// Adds up digits from left to right for the check digit: the last digit of the body weighs 3, the one before
/// it 1, and so on.
#[derive(Clone, Copy)]
pub(crate) struct Sum {
    total: u32,
    weight: u32,
}

impl Sum {
    /// A sum over a body of `digits` digits, which the check digit follows.
    pub(crate) fn over(digits: usize) -> Self {
        Self { total: 0, weight: if digits.is_multiple_of(2) { 1 } else { 3 } }
    }

    /// Adds the next digits of the body; `None` when one is not a digit.
    pub(crate) fn add(mut self, digits: &str) -> Option<Self> {
        for byte in digits.bytes() {
            let digit = u32::from(byte.wrapping_sub(b'0'));
            if digit > 9 {
                return None;
            }
            self.total += digit * self.weight;
            self.weight ^= 2;
        }
        Some(self)
    }

    /// The check digit as a character.
    pub(crate) fn check_digit(self) -> char {
        char::from(b'0' + u8::try_from((10 - self.total % 10) % 10).unwrap_or(0))
    }
}

/// Whether the last digit of `key` is the check digit of those before it; false when a character is no digit.
pub(crate) fn is_proven(key: &str) -> bool {
    // A check digit weighs 1, which is the weight that follows the body's last 3: the whole sums to 0 mod 10.
    key.len() >= 2 && Sum::over(key.len() - 1).add(key).is_some_and(|sum| sum.total.is_multiple_of(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_proven_one_digit_changed_fails() {
        for key in ["4012345000054", "80614141123458", "040123450000003338", "40170725"] {
            assert!(is_proven(key), "{key}");
            for at in 0..key.len() {
                for digit in '0'..='9' {
                    let mut other = key.to_owned();
                    other.replace_range(at..=at, &digit.to_string());
                    assert_eq!(is_proven(&other), other == key, "{other}");
                }
            }
        }
    }

    #[test]
    fn is_proven_no_digits_fails() {
        for key in ["", "0", "abc", "401234500005x"] {
            assert!(!is_proven(key), "{key}");
        }
    }
}
