//! Decimal literals: what is in range, and the one way to print each value.

/// The largest integer that every JSON reader holds exactly (RFC 8259 §6, I-JSON).
const INTEGER_MAX: u64 = (1 << 53) - 1;
/// Decimal exponents of the doubles: 5e-324 to 1.797…e308.
const EXPONENT_MIN: i64 = -323;
const EXPONENT_MAX: i64 = 308;

/// Whether a literal that is grammatically a number is also in range: integers up to ±(2⁵³−1),
/// others finite and not vanishing as a double.
pub(crate) fn in_range(literal: &str) -> bool {
    let digits = literal.strip_prefix('-').unwrap_or(literal);
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return digits.parse::<u64>().is_ok_and(|n| n <= INTEGER_MAX);
    }
    let Some(decimal) = Decimal::of(literal) else {
        return false;
    };
    let exponent = decimal.point - 1;
    decimal.count == 0
        || ((EXPONENT_MIN..=EXPONENT_MAX).contains(&exponent)
            && literal.parse::<f64>().is_ok_and(|value| value.is_finite() && value != 0.0))
}

/// A literal as sign, digits without outer zeros, and the place of the point:
/// value = ±0.d₁d₂…dₖ × 10^point.
struct Decimal<'a> {
    negative: bool,
    integer: &'a [u8],
    fraction: &'a [u8],
    /// Leading zeros to skip over `integer ++ fraction`.
    skip: usize,
    /// Significant digits after those; zero means the value zero.
    count: usize,
    point: i64,
}

impl<'a> Decimal<'a> {
    /// None when the exponent itself does not fit.
    fn of(literal: &'a str) -> Option<Self> {
        let negative = literal.starts_with('-');
        let unsigned = literal.strip_prefix('-').unwrap_or(literal);
        let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, text)) => (mantissa, text.parse::<i32>().ok()?),
            None => (unsigned, 0),
        };
        let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let (integer, fraction) = (integer.as_bytes(), fraction.as_bytes());
        let all = || integer.iter().chain(fraction);
        let skip = all().take_while(|&&digit| digit == b'0').count();
        let tail = all().rev().take_while(|&&digit| digit == b'0').count();
        let total = integer.len() + fraction.len();
        let count = total.saturating_sub(skip + tail);
        let point = i64::try_from(integer.len()).ok()? - i64::try_from(skip).ok()? + i64::from(exponent);
        Some(Self { negative, integer, fraction, skip, count, point })
    }

    fn digits(&self) -> impl Iterator<Item = u8> + '_ {
        self.integer.iter().chain(self.fraction).copied().skip(self.skip).take(self.count)
    }
}

/// Prints the value of a literal in the layout of RFC 8785 §3.2.2.3 (ECMAScript's), with all its
/// significant digits: byte for byte RFC 8785 for every number of at most 15 significant digits, and
/// exact beyond, where RFC 8785 would round to a double. `-0` is `0`.
pub(crate) fn write_number(literal: &str, out: &mut Vec<u8>) {
    let bytes = literal.as_bytes();
    // The common case, a plain integer below 2⁵³, is its own canonical form.
    if bytes.iter().all(u8::is_ascii_digit) {
        return out.extend_from_slice(bytes);
    }
    let Some(number) = Decimal::of(literal) else {
        return out.extend_from_slice(bytes);
    };
    if number.count == 0 {
        return out.push(b'0');
    }
    if number.negative {
        out.push(b'-');
    }
    let count = i64::try_from(number.count).unwrap_or(i64::MAX);
    let zeros = |out: &mut Vec<u8>, n: i64| out.extend((0..n).map(|_| b'0'));
    let point = number.point;
    if count <= point && point <= 21 {
        out.extend(number.digits());
        zeros(out, point - count);
    } else if 0 < point && point <= 21 {
        for (place, digit) in (0_i64..).zip(number.digits()) {
            if place == point {
                out.push(b'.');
            }
            out.push(digit);
        }
    } else if -6 < point && point <= 0 {
        out.extend_from_slice(b"0.");
        zeros(out, -point);
        out.extend(number.digits());
    } else {
        for (place, digit) in number.digits().enumerate() {
            if place == 1 {
                out.push(b'.');
            }
            out.push(digit);
        }
        let exponent = point - 1;
        out.push(b'e');
        out.push(if exponent < 0 { b'-' } else { b'+' });
        out.extend_from_slice(exponent.unsigned_abs().to_string().as_bytes());
    }
}
