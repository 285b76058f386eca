//! North American coupons: the digits of AIs 8110 and 8112, read from left to right.

use crate::Finding;
use crate::linter::is_date;
use crate::text::DIGITS;

/// The digits not yet read.
struct Reader<'a>(&'a str);

impl<'a> Reader<'a> {
    fn over(value: &'a str) -> Result<Self, Finding> {
        if DIGITS.holds_all(value) { Ok(Self(value)) } else { Err(Finding::Character) }
    }

    /// The next `digits` digits.
    fn take(&mut self, digits: usize) -> Result<&'a str, Finding> {
        let (head, tail) = self.0.split_at_checked(digits).ok_or(Finding::Length)?;
        self.0 = tail;
        Ok(head)
    }

    /// One digit, which must be one of these.
    fn one_of(&mut self, allowed: &str) -> Result<usize, Finding> {
        let digit = self.take(1)?;
        if !allowed.contains(digit) {
            return Err(Finding::Content);
        }
        digit.parse().map_err(|_| Finding::Character)
    }

    /// A length of these, `more` to be added, and that many digits.
    fn sized(&mut self, lengths: &str, more: usize) -> Result<&'a str, Finding> {
        let length = self.one_of(lengths)? + more;
        self.take(length)
    }

    /// Whether the optional field of this number begins here; steps over the number.
    fn begins(&mut self, field: char) -> bool {
        self.0.strip_prefix(field).is_some_and(|rest| {
            self.0 = rest;
            true
        })
    }

    fn date(&mut self) -> Result<&'a str, Finding> {
        let date = self.take(6)?;
        if is_date(date, 1) { Ok(date) } else { Err(Finding::Content) }
    }

    /// What must be bought: its amount, the kind of amount, and the product family.
    fn requirement(&mut self) -> Result<(), Finding> {
        self.sized("12345", 0)?;
        self.one_of("012349")?;
        self.take(3).map(|_| ())
    }

    /// The company prefix of a further purchase; 9 says that it is the first one's.
    fn further_prefix(&mut self) -> Result<(), Finding> {
        if self.begins('9') { Ok(()) } else { self.sized("0123456", 6).map(|_| ()) }
    }

    fn end(&self) -> Result<(), Finding> {
        if self.0.is_empty() { Ok(()) } else { Err(Finding::Length) }
    }
}

/// AI 8110 (North American Coupon Application Guideline Using GS1 `DataBar` Expanded Symbols).
pub(crate) fn check_code(value: &str) -> Result<(), Finding> {
    let mut digits = Reader::over(value)?;
    digits.sized("0123456", 6)?; // the company prefix
    digits.take(6)?; // the offer code
    digits.sized("12345", 0)?; // the save value
    digits.requirement()?;
    if digits.begins('1') {
        digits.one_of("0123")?; // how the purchases combine
        digits.requirement()?;
        digits.further_prefix()?;
    }
    if digits.begins('2') {
        digits.requirement()?;
        digits.further_prefix()?;
    }
    let expiry = if digits.begins('3') { Some(digits.date()?) } else { None };
    if digits.begins('4') {
        let start = digits.date()?;
        if expiry.is_some_and(|expiry| start > expiry) {
            return Err(Finding::Content);
        }
    }
    if digits.begins('5') {
        digits.sized("0123456789", 6)?; // the serial
    }
    if digits.begins('6') {
        digits.sized("1234567", 6)?; // the retailer's prefix or GLN
    }
    if digits.begins('9') {
        digits.one_of("01256")?; // the kind of save value
        digits.one_of("012")?; // the item that it applies to
        digits.take(1)?; // the store coupon flag
        digits.one_of("01")?; // whether it may be multiplied
    }
    digits.end()
}

/// AI 8112 (GS1 AI (8112) Coupon Data Specification).
pub(crate) fn check_positive_offer(value: &str) -> Result<(), Finding> {
    let mut digits = Reader::over(value)?;
    digits.one_of("01")?; // the format
    digits.sized("0123456", 6)?; // the funder
    digits.take(6)?; // the offer code
    digits.sized("0123456789", 6)?; // the serial
    digits.end()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_code_published_shapes_as_expected() {
        for value in ["012345612345611110123", "0123456123456111101233991231", "01234561234561111012390001"] {
            assert_eq!(check_code(value), Ok(()), "{value}");
        }
        assert_eq!(check_code("a12345612345611110123"), Err(Finding::Character));
        assert_eq!(check_code("01234561234560"), Err(Finding::Content));
        assert_eq!(check_code("0123456123456111101234"), Err(Finding::Length));
    }

    #[test]
    fn check_code_expiry_before_start_fails() {
        assert_eq!(check_code("01234561234561111012332506304250701"), Err(Finding::Content));
        assert_eq!(check_code("01234561234561111012332507014250630"), Ok(()));
    }

    #[test]
    fn check_positive_offer_published_shapes_as_expected() {
        for value in ["001234561234560123456", "061234567890121234569123456789012345"] {
            assert_eq!(check_positive_offer(value), Ok(()), "{value}");
        }
        assert_eq!(check_positive_offer("201234561234560123456"), Err(Finding::Content));
        assert_eq!(check_positive_offer("0012345612345601234567"), Err(Finding::Length));
    }
}
