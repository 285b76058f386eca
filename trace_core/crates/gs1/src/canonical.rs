//! The form of a key that the event hash id uses: a constrained, canonical Digital Link (CBV 2.0 §8.9).

use crate::ai::{Ai, code};
use crate::digital_link::{self, Link};
use crate::text::{CSET82, DIGITS, Escaping, push_escaped};
use crate::urn;

/// The domain of canonical Digital Links.
pub(crate) const CANONICAL: &str = "https://id.gs1.org/";
/// Fewest leading digits of a key without fixed length: no company prefix is shorter.
const LEADING_DIGITS: usize = 4;

/// Appends the form that the CBV event hash id uses of an EPC URN or Digital Link, and says whether there is one;
/// nothing is appended where there is none, and the caller keeps the text.
///
/// The form keeps the finest level only: of GTIN, variant, lot and serial it drops the lot beside a serial and
/// the variant always; query and fragment go. It proves no check digit. Two things may share one form:
/// [`item_key`](crate::item_key) never merges. Cost: one pass, no allocation beyond `out`'s growth.
pub fn write_canonical(text: &str, out: &mut String) -> bool {
    if text.starts_with("urn:") {
        let Some(Ok(urn)) = urn::parse(text) else { return false };
        out.reserve(CANONICAL.len() + text.len());
        out.push_str(CANONICAL);
        urn.push_path(out, Escaping::Hash);
        return true;
    }
    let Some(link) = digital_link::parse(text).filter(has_form) else { return false };
    out.reserve(CANONICAL.len() + text.len());
    out.push_str(CANONICAL);
    push_link(&link, out);
    true
}

/// Whether the hash's form is defined for this key and these qualifiers, and all values fit it.
pub(crate) fn has_form(link: &Link) -> bool {
    let value_fits = if link.padding().is_empty() {
        link.key.check_shape(link.value, CSET82).is_ok()
    } else {
        DIGITS.holds_all(link.value)
    };
    let begins_with_prefix = link.value.bytes().take_while(u8::is_ascii_digit).count() >= LEADING_DIGITS;
    let defined = |ai: &Ai| !matches!(ai.number, code::PAY_TO | code::GMN | code::UIC | code::SRIN);
    value_fits
        && begins_with_prefix
        && defined(link.key)
        && link.qualifiers().all(|(ai, value)| defined(ai) && ai.check_shape(value, CSET82).is_ok())
}

fn push_link(link: &Link, out: &mut String) {
    out.push_str(link.key.code);
    out.push('/');
    out.push_str(link.padding());
    push_escaped(out, link.value, Escaping::Hash);
    let has_serial = link.qualifiers().any(|(ai, _)| ai.number == code::SERIAL);
    for (ai, value) in link.qualifiers() {
        if ai.number == code::VARIANT || (ai.number == code::LOT && has_serial) {
            continue;
        }
        out.push('/');
        out.push_str(ai.code);
        out.push('/');
        push_escaped(out, value, Escaping::Hash);
    }
}
