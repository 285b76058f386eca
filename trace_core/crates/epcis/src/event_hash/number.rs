//! Numbers as the published hashes print them: as Python reads and prints a float.

use super::fault::Kind;

/// Significant digits that every double keeps.
const DIGITS_KEPT: usize = 15;

/// What becomes of a number with more digits than a double keeps.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Excess {
    Refused,
    /// It is rounded, as the published hashes have it.
    Rounded,
}

/// What Python's `float` reads, with its digits: value = ±digits × 10^exponent, digits without outer zeros.
#[derive(PartialEq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

enum Number {
    Text,
    Infinite,
    Finite(Decimal),
}

/// Writes a text that Python's `float` would read as Python prints that float, an integral one as an
/// integer. False, with nothing written, for any other text (and for NaN, which keeps its text).
pub(super) fn write_number(text: &str, excess: Excess, out: &mut String) -> Result<bool, Kind> {
    if is_shortest(text.as_bytes()) {
        out.push_str(text);
        return Ok(true);
    }
    let mut number = match read_number(text) {
        Number::Text => return Ok(false),
        Number::Infinite => return Err(Kind::Infinite),
        Number::Finite(number) => number,
    };
    if number.digits.is_empty() {
        out.push('0');
        return Ok(true);
    }
    let mut point = point_of(&number)?;
    if number.digits.len() > DIGITS_KEPT || !(-300..=15).contains(&point) {
        let printed = as_double(&number)?;
        if printed != number {
            if excess == Excess::Refused {
                return Err(Kind::DigitsLost);
            }
            number = printed;
            point = point_of(&number)?;
        }
    }
    if number.negative {
        out.push('-');
    }
    let zeros = |out: &mut String, n: i64| (0..n).for_each(|_| out.push('0'));
    if number.exponent >= 0 {
        out.push_str(&number.digits);
        zeros(out, number.exponent);
    } else if point > 0 {
        let (whole, fraction) = number.digits.split_at(usize::try_from(point).unwrap_or(0));
        out.extend([whole, ".", fraction]);
    } else if point > -4 {
        out.push_str("0.");
        zeros(out, -point);
        out.push_str(&number.digits);
    } else {
        let (first, rest) = number.digits.split_at(1);
        let point_if_needed = if rest.is_empty() { "" } else { "." };
        out.extend([first, point_if_needed, rest]);
        let exponent = 1 - point;
        out.push_str(if exponent < 10 { "e-0" } else { "e-" });
        out.push_str(&exponent.to_string());
    }
    Ok(true)
}

/// Whether this is plainly a number in its shortest spelling already, as most are.
fn is_shortest(text: &[u8]) -> bool {
    let point = text.iter().position(|&byte| byte == b'.').unwrap_or(text.len());
    let (whole, fraction) = text.split_at(point);
    let fraction = match fraction {
        [] => &[],
        [_, fraction @ .., b'1'..=b'9'] if whole != b"0" || fraction.first().is_none_or(|&d| d != b'0') => {
            fraction
        }
        _ => return false,
    };
    text.len() <= DIGITS_KEPT
        && matches!(whole, [b'0'] | [b'1'..=b'9', ..])
        && whole.iter().chain(fraction).all(u8::is_ascii_digit)
}

/// Digits before the decimal point.
fn point_of(number: &Decimal) -> Result<i64, Kind> {
    let length = i64::try_from(number.digits.len()).map_err(|_| Kind::DigitsLost)?;
    Ok(length.saturating_add(number.exponent))
}

/// What Python prints of the double that is nearest.
fn as_double(number: &Decimal) -> Result<Decimal, Kind> {
    let double: f64 =
        format!("{}e{}", number.digits, number.exponent).parse().map_err(|_| Kind::DigitsLost)?;
    if double.is_infinite() {
        return Err(Kind::Infinite);
    }
    // Integers are printed in full, others with the fewest digits that give the same double.
    let printed = if double.fract() == 0.0 { format!("{double:.0}") } else { format!("{double:e}") };
    match read_number(&printed) {
        Number::Finite(kept) => Ok(Decimal { negative: number.negative, ..kept }),
        _ => Err(Kind::DigitsLost),
    }
}

fn read_number(text: &str) -> Number {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
        return Number::Infinite;
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_empty = whole.is_empty() && fraction.is_empty();
    if is_empty || !is_digits_or_empty(whole) || !is_digits_or_empty(fraction) {
        return Number::Text;
    }
    let exponent = match exponent.map(read_exponent) {
        None => 0,
        Some(Some(exponent)) => exponent,
        Some(None) => return Number::Text,
    };
    let mut digits: String = whole.chars().chain(fraction.chars()).filter(char::is_ascii_digit).collect();
    let fraction_digits = fraction.bytes().filter(u8::is_ascii_digit).count();
    let mut exponent = exponent.saturating_sub(i64::try_from(fraction_digits).unwrap_or(i64::MAX));
    let kept = digits.trim_end_matches('0').len();
    exponent = exponent.saturating_add(i64::try_from(digits.len() - kept).unwrap_or(0));
    digits.truncate(kept);
    let leading = digits.len() - digits.trim_start_matches('0').len();
    digits.drain(..leading);
    Number::Finite(Decimal { negative: text.starts_with('-'), digits, exponent })
}

/// Digits, with single underscores between them as Python allows.
fn is_digits_or_empty(text: &str) -> bool {
    let well_placed = !text.starts_with('_') && !text.ends_with('_') && !text.contains("__");
    well_placed && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'_')
}

fn read_exponent(text: &str) -> Option<i64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if unsigned.is_empty() || !is_digits_or_empty(unsigned) {
        return None;
    }
    let digits: String = unsigned.chars().filter(char::is_ascii_digit).collect();
    // Beyond this every double has long become 0 or infinite.
    let value = digits.parse::<i64>().unwrap_or(1_000_000).min(1_000_000);
    Some(if text.starts_with('-') { -value } else { value })
}
