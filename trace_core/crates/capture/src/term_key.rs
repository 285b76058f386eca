//! Terms: what an event says in one place, under eight bytes of a keyed hash. Queries make the same terms.
//!
//! A field has a name of ours or the full name of an extension field; `terms` says which fields there are. Two terms
//! are taken as equal when their hashes are: the key is secret, so nobody outside can look for two that collide, and
//! by chance it happens once in 2⁶⁴ pairs.

use std::borrow::Cow;
use std::hash::Hasher;

use epcis::{Context, parse_time, vocabulary};
use siphasher::sip::SipHasher13;

use crate::entry::Blinding;

/// From what the key derives; the first 16 bytes of a token are a whole key.
const DOMAIN: &str = "wayproof/v1/terms\n";

/// Bytes that UTF-8 does not have, between the name of a field and what is said of it.
const TEXT: u8 = 0xff;
const EXISTENCE: u8 = 0xfe;
const MEASURE: u8 = 0xfd;
const NUMBER: u8 = 0xfc;
const TIME: u8 = 0xfb;

/// The key of all terms of one log.
#[derive(Clone)]
pub struct TermKey(SipHasher13);

/// A field by its name, ready for its values.
#[derive(Clone)]
pub struct Field(SipHasher13);

/// How two spellings of one value become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the vocabularies of the standard, by their own names")]
pub enum Spelling {
    BizStep,
    Disposition,
    BizTransactionType,
    SourceDestType,
    ErrorReason,
    /// A term of the GS1 web vocabulary.
    Gs1Term,
    /// A GS1 key in any form, or another URI.
    Id,
    /// A GS1 key in any form, or any other text.
    Key,
    /// A component of a measurement.
    Component,
    /// Hexadecimal digits in either case.
    Hex,
    /// Nothing is done.
    Exact,
}

/// What can be compared by size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A number as JSON writes it.
    Number(f64),
    /// µs since 1970 UTC, of a time with its offset, or of the begin of a day.
    Time(i64),
}

impl TermKey {
    /// The key that goes with a log's blinding.
    #[must_use]
    pub fn new(blinding: &Blinding) -> Self {
        Self(SipHasher13::new_with_key(&blinding.token(DOMAIN)))
    }

    /// The field whose name is these parts, one behind the other.
    #[must_use]
    pub fn field(&self, name: &[&str]) -> Field {
        let mut hasher = self.0;
        for part in name {
            hasher.write(part.as_bytes());
        }
        Field(hasher)
    }
}

impl Field {
    /// That the field is there.
    #[must_use]
    pub fn existence(&self) -> i64 {
        self.hash(EXISTENCE, b"")
    }

    /// That it has this value, in its one spelling.
    #[must_use]
    pub fn term(&self, value: &str) -> i64 {
        self.hash(TEXT, value.as_bytes())
    }

    /// That it has a value equal to this one as a number or time.
    #[must_use]
    pub fn scalar_term(&self, scalar: Scalar) -> i64 {
        match scalar {
            // −0 and 0 are one number.
            Scalar::Number(number) => self.hash(NUMBER, &(number + 0.0).to_bits().to_be_bytes()),
            Scalar::Time(time) => self.hash(TIME, &time.to_be_bytes()),
        }
    }

    /// The name under which its values are kept for comparison, those of one `kind` together: a whole number below
    /// 2⁵², which stands among doubles exactly. There are far fewer fields than terms.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "52 bits are exact")]
    pub fn measure(&self, kind: &str) -> f64 {
        (self.hash(MEASURE, kind.as_bytes()).cast_unsigned() >> 12) as f64
    }

    fn hash(&self, what: u8, value: &[u8]) -> i64 {
        let mut hasher = self.0;
        hasher.write(&[what]);
        hasher.write(value);
        hasher.finish().cast_signed()
    }
}

impl Scalar {
    /// Reads a number as JSON writes it, a time, or a day; None for any other text, such as `007`.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let first = text.bytes().find(|byte| *byte != b'-')?;
        if !first.is_ascii_digit() {
            return None;
        }
        if is_number(text.as_bytes()) {
            return text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Number);
        }
        let time = if text.len() == 10 { parse_time(&format!("{text}T00:00:00Z")) } else { parse_time(text) };
        time.map(Self::Time)
    }

    /// The kind of measure, and the number to compare.
    #[must_use]
    pub fn measure(self) -> (&'static str, f64) {
        match self {
            Self::Number(number) => ("number", number),
            #[expect(
                clippy::cast_precision_loss,
                reason = "exact for the years to 2255, and events end in 2100"
            )]
            Self::Time(time) => ("time", time as f64),
        }
    }
}

/// `-? (0 | [1-9][0-9]*) (\.[0-9]+)? ([eE][+-]?[0-9]+)?` (RFC 8259 §6).
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with(b"0")) {
        return false;
    }
    let mut rest = rest.get(whole..).unwrap_or_default();
    if let Some(fraction) = rest.strip_prefix(b".") {
        let count = digits(fraction);
        if count == 0 {
            return false;
        }
        rest = fraction.get(count..).unwrap_or_default();
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        let exponent =
            exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

impl Spelling {
    /// The one spelling of a value. `context` resolves the prefixes of names that are nobody else's.
    #[must_use]
    pub fn of<'t>(self, text: &'t str, context: &Context<'_>) -> Cow<'t, str> {
        let short = match self {
            Self::BizStep => vocabulary::biz_step(text),
            Self::Disposition => vocabulary::disposition(text),
            Self::BizTransactionType => vocabulary::biz_transaction_type(text),
            Self::SourceDestType => vocabulary::source_dest_type(text),
            Self::ErrorReason => vocabulary::error_reason(text),
            Self::Gs1Term => vocabulary::gs1_term(text),
            Self::Component => vocabulary::component(text),
            Self::Key => return key(text).unwrap_or(Cow::Borrowed(text)),
            Self::Id => return key(text).unwrap_or_else(|| expanded(text, context)),
            Self::Hex => return Cow::Owned(text.to_ascii_uppercase()),
            Self::Exact => return Cow::Borrowed(text),
        };
        if short.len() < text.len() { Cow::Borrowed(short) } else { expanded(text, context) }
    }
}

/// How a key in an event begins: as an EPC URN, or as a Digital Link. No prefix of a context is one of these.
pub(crate) const KEY_STEMS: [&str; 3] = ["urn:epc:", "https://", "http://"];

/// A GS1 key by its one name.
fn key(text: &str) -> Option<Cow<'_, str>> {
    KEY_STEMS
        .iter()
        .any(|stem| text.starts_with(stem))
        .then(|| gs1::item_key(text))?
        .map(|key| Cow::Owned(key.into_uri()))
}

fn expanded<'t>(text: &'t str, context: &Context<'_>) -> Cow<'t, str> {
    match text.split_once(':') {
        Some((prefix, local)) if !local.starts_with("//") && prefix != "urn" => context
            .namespace(prefix)
            .map_or(Cow::Borrowed(text), |namespace| Cow::Owned(format!("{namespace}{local}"))),
        _ => Cow::Borrowed(text),
    }
}

/// Writes the full name of an extension field: namespace without its last separator, `#`, local name, so that
/// `https://example.org/x/` and `https://example.org/x#` before one local name are one name. A prefix that
/// nothing declares stays.
pub fn write_field_name(name: &str, context: &Context<'_>, out: &mut String) {
    let prefixed = name.split_once(':').filter(|(_, local)| !local.starts_with("//"));
    let resolved = prefixed.and_then(|(prefix, local)| Some((context.namespace(prefix)?, local)));
    let Some((namespace, local)) = resolved else {
        out.push_str(name);
        return split_namespace(out);
    };
    if local.bytes().any(|byte| b"#/:".contains(&byte)) {
        out.push_str(namespace);
        if !namespace.ends_with(SEPARATORS) {
            out.push('#');
        }
        out.push_str(local);
        return split_namespace(out);
    }
    // The usual case, by itself twice as fast.
    out.push_str(namespace.trim_end_matches(SEPARATORS));
    out.push('#');
    out.push_str(local);
}

const SEPARATORS: [char; 3] = ['#', '/', ':'];

/// Makes the last separator of a full name a `#`, and drops one more before it.
fn split_namespace(name: &mut String) {
    let is_full = name.contains("://") || name.starts_with("urn:");
    let at = name.rfind('#').or_else(|| name.rfind('/')).or_else(|| name.rfind(':'));
    if let Some(at) = at.filter(|_| is_full) {
        let keep = name.get(..at).map_or(at, |namespace| namespace.trim_end_matches(SEPARATORS).len());
        name.replace_range(keep..=at, "#");
    }
}

#[cfg(test)]
mod tests {
    use super::{Scalar, Spelling, TermKey, write_field_name};
    use crate::entry::Blinding;
    use epcis::Context;

    #[test]
    fn field_name_of_each_spelling_is_one() {
        for name in [
            "urn:epcglobal:cbv:mda:lotNumber",
            "urn:epcglobal:cbv:mda#lotNumber",
            "cbvmda:lotNumber",
            "urn:epcglobal:cbv:mda:#lotNumber",
        ] {
            let mut out = String::new();
            write_field_name(name, &Context::default(), &mut out);
            assert_eq!(out, "urn:epcglobal:cbv:mda#lotNumber", "{name}");
        }
        for name in
            ["http://example.com/ext1/int", "http://example.com/ext1#int", "http://example.com/ext1/#int"]
        {
            let mut out = String::new();
            write_field_name(name, &Context::default(), &mut out);
            assert_eq!(out, "http://example.com/ext1#int", "{name}");
        }
        let mut out = String::new();
        write_field_name("undeclared:name", &Context::default(), &mut out);
        assert_eq!(out, "undeclared:name");
    }

    #[test]
    fn scalar_is_read_only_where_it_is_one() {
        assert_eq!(Scalar::read("-12.50e1"), Some(Scalar::Number(-125.0)));
        assert_eq!(Scalar::read("2025-11-25"), Some(Scalar::Time(1_764_028_800_000_000)));
        assert_eq!(Scalar::read("2025-11-25T01:00:00+01:00"), Some(Scalar::Time(1_764_028_800_000_000)));
        for text in [
            "",
            "-",
            "007",
            "1.",
            ".5",
            "1e",
            "1e+",
            "NaN",
            "Infinity",
            "1e999",
            "0x10",
            "2025-13-01",
            "1 ",
            "--1",
        ] {
            assert_eq!(Scalar::read(text), None, "{text}");
        }
    }

    #[test]
    fn spelling_of_word_and_key_is_one() {
        let context = Context::default();
        for text in [
            "shipping",
            "cbv:BizStep-shipping",
            "https://ref.gs1.org/cbv/BizStep-shipping",
            "urn:epcglobal:cbv:bizstep:shipping",
        ] {
            assert_eq!(Spelling::BizStep.of(text, &context), "shipping");
        }
        for text in [
            "urn:epc:id:sgln:0614141.00777.0",
            "https://id.gs1.org/414/0614141007776",
            "https://example.com/414/0614141007776/254/0",
        ] {
            assert_eq!(Spelling::Id.of(text, &context), "https://id.gs1.org/414/0614141007776");
        }
    }

    #[test]
    fn field_in_parts_is_the_field() {
        let key = TermKey::new(&Blinding::new(&[1; 32]));
        assert_eq!(key.field(&["a", "b"]).term("c"), key.field(&["ab"]).term("c"));
        let (whole, other) = (key.field(&["a"]), TermKey::new(&Blinding::new(&[2; 32])).field(&["a"]));
        let mut all = vec![
            whole.term(""),
            whole.existence(),
            #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
            (whole.measure("") as i64),
            other.term(""),
            key.field(&["b"]).term(""),
        ];
        all.push(whole.scalar_term(Scalar::Number(0.0)));
        all.push(whole.scalar_term(Scalar::Time(0)));
        assert_eq!(whole.scalar_term(Scalar::Number(-0.0)), whole.scalar_term(Scalar::Number(0.0)));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 7);
    }
}
