//! Texts in their one canonical spelling: times, numbers, vocabulary, keys.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::fault::{Fault, Kind};
use super::number::{Excess, write_number};
use crate::time::{has_time_form, parse_any_time, write_utc};

/// Vocabulary of CBV 1.x as URN, and its web form.
const CBV: [(&str, &str); 5] = [
    ("urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-"),
    ("urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-"),
    ("urn:epcglobal:cbv:btt:", "https://ref.gs1.org/cbv/BTT-"),
    ("urn:epcglobal:cbv:sdt:", "https://ref.gs1.org/cbv/SDT-"),
    ("urn:epcglobal:cbv:er:", "https://ref.gs1.org/cbv/ER-"),
];
/// What all of them begin with.
const CBV_URN: &str = "urn:epcglobal:cbv:";
static CBV_FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(CBV_URN));

/// The text without white space around it, as Python's `strip` knows it: Unicode's, and U+001C to U+001F.
pub(super) fn trim(text: &str) -> &str {
    let is_plain = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_plain(text.as_bytes().first()) && is_plain(text.as_bytes().last()) {
        return text;
    }
    text.trim_matches(|c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c))
}

/// Appends a text that is not empty and has no white space around it: a number in its shortest
/// spelling, a GS1 key as canonical Digital Link, vocabulary in its web form, anything else as it is.
pub(super) fn write_canonical_text<'b>(
    text: &'b str,
    excess: Excess,
    out: &mut String,
) -> Result<(), Fault<'b>> {
    let fault = |kind| Fault { kind, culprit: text };
    match text.as_bytes().first() {
        Some(b'0'..=b'9' | b'+' | b'-' | b'.' | b'i' | b'I' | b'n' | b'N')
            if write_number(text, excess, out).map_err(fault)? => {}
        _ if holds_vocabulary(text) => {
            let replaced = CBV.iter().fold(text.to_owned(), |text, (urn, web)| text.replace(urn, web));
            if !gs1::write_canonical(&replaced, out) {
                out.push_str(&replaced);
            }
        }
        Some(b'u' | b'h' | b'H') if gs1::write_canonical(text, out) => {}
        _ => out.push_str(text),
    }
    Ok(())
}

/// Whether a text has vocabulary as URN in it.
fn holds_vocabulary(text: &str) -> bool {
    let is_here =
        |at: usize| text.get(at..).is_some_and(|here| CBV.iter().any(|(urn, _)| here.starts_with(urn)));
    text.len() > CBV_URN.len() && CBV_FINDER.find_iter(text.as_bytes()).any(is_here)
}

/// Appends a time in UTC with milliseconds, rounded half to even; one of a day or hour that is none as it is.
pub(super) fn write_time<'b>(text: &'b str, out: &mut String) -> Result<(), Fault<'b>> {
    let fault = |kind| Err(Fault { kind, culprit: text });
    if let Some((seconds, micros)) = parse_any_time(text) {
        return write_seconds(seconds, micros, out).or_else(fault);
    }
    if !has_time_form(text) {
        return fault(Kind::TimeForm);
    }
    out.push_str(text);
    Ok(())
}

/// Appends a time in µs since 1970. False where [`write_time`] refuses its text; what is appended is of no use then.
pub(crate) fn write_time_in_utc(time: i64, out: &mut String) -> bool {
    write_seconds(time.div_euclid(1_000_000), time.rem_euclid(1_000_000), out).is_ok()
}

fn write_seconds(seconds: i64, micros: i64, out: &mut String) -> Result<(), Kind> {
    let (millis, beyond) = (micros / 1000, micros % 1000);
    let millis = if beyond > 500 || (beyond == 500 && millis % 2 == 1) { millis + 1 } else { millis };
    if millis == 1000 {
        return Err(Kind::TimeRounding);
    }
    if write_utc(seconds, millis, out) { Ok(()) } else { Err(Kind::TimeRange) }
}
