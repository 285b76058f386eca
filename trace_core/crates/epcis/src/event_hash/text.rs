//! Texts in their one canonical spelling: times, numbers, vocabulary, keys.

/// Why a pre-hash string cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    DigitsLost,
    Infinite,
    TimeRounding,
}

impl Fault {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::DigitsLost => "digits_lost",
            Self::Infinite => "number_infinite",
            Self::TimeRounding => "time_rounding",
        }
    }

    pub(super) fn message(self) -> &'static str {
        match self {
            Self::DigitsLost => "a number has more digits than the event hash id keeps",
            Self::Infinite => "the event hash id does not know infinity",
            Self::TimeRounding => "a time rounds up to a full second, which the event hash id does not know",
        }
    }
}

/// Vocabulary of CBV 1.x as URN, and its web form.
const CBV: [(&str, &str); 5] = [
    ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-"),
    ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
    ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
    ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
    ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
];

/// Appends a text that is not empty and has no white space around it: a number in its shortest
/// spelling, a GS1 key as canonical Digital Link, vocabulary in its web form, anything else as it is.
pub(super) fn write_canonical_text(text: &str, out: &mut String) -> Result<(), Fault> {
    if text.starts_with(|c: char| c.is_ascii_digit() || "+-.iInN".contains(c)) && write_number(text, out)? {
        return Ok(());
    }
    if text.contains("urn:epcglobal:cbv:") {
        let replaced = CBV.iter().fold(text.to_owned(), |text, (urn, web)| text.replace(urn, web));
        if !gs1::write_canonical(&replaced, out) {
            out.push_str(&replaced);
        }
    } else if !gs1::write_canonical(text, out) {
        out.push_str(text);
    }
    Ok(())
}

/// What Python's `float` reads, with its digits: value = ±digits × 10^exponent, digits without outer zeros.
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
fn write_number(text: &str, out: &mut String) -> Result<bool, Fault> {
    let number = match read_number(text) {
        Number::Text => return Ok(false),
        Number::Infinite => return Err(Fault::Infinite),
        Number::Finite(number) => number,
    };
    if number.digits.is_empty() {
        out.push('0');
        return Ok(true);
    }
    let length = i64::try_from(number.digits.len()).map_err(|_| Fault::DigitsLost)?;
    let point = length.saturating_add(number.exponent);
    if !survives_as_double(&number, point)? {
        return Err(Fault::DigitsLost);
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

/// Whether Python would print just these digits. Up to 15 a double keeps them; beyond, it is asked.
fn survives_as_double(number: &Decimal, point: i64) -> Result<bool, Fault> {
    if number.digits.len() <= 15 && (-300..=15).contains(&point) {
        return Ok(true);
    }
    let double: f64 =
        format!("{}e{}", number.digits, number.exponent).parse().map_err(|_| Fault::DigitsLost)?;
    if double.is_infinite() {
        return Err(Fault::Infinite);
    }
    // Integers are printed in full, others with the fewest digits that give the same double.
    let printed = if double.fract() == 0.0 { format!("{double:.0}") } else { format!("{double:e}") };
    let Number::Finite(kept) = read_number(&printed) else { return Ok(false) };
    Ok(kept.digits == number.digits && kept.exponent == number.exponent)
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

/// Appends a time in UTC with milliseconds, rounded half to even; a text that is no time as it is.
pub(super) fn write_time(text: &str, out: &mut String) -> Result<(), Fault> {
    let Some((seconds, micros)) = crate::time::parse_any_time(text) else {
        out.push_str(text);
        return Ok(());
    };
    let (millis, beyond) = (micros / 1000, micros % 1000);
    let millis = if beyond > 500 || (beyond == 500 && millis % 2 == 1) { millis + 1 } else { millis };
    if millis == 1000 {
        return Err(Fault::TimeRounding);
    }
    crate::time::write_utc(seconds, millis, out);
    Ok(())
}
