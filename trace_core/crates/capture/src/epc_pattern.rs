//! Patterns of EPCs (`urn:epc:idpat:sgtin:0614141.112345.*`), and what of an item's name they look at.
//!
//! A pattern fixes the company prefix, the class, or nothing (EPC Tag Data Standard §8). The name of an item does not
//! tell where its company prefix ends; so prefixes are compared as ranges of the twelve digits that begin with it.

const CANONICAL: &str = "https://id.gs1.org/";
/// Digits of the longest company prefix.
const PREFIX_DIGITS: usize = 12;
const COMPANY_PREFIX_DIGITS: std::ops::RangeInclusive<usize> = 6..=PREFIX_DIGITS;

/// Schemes of patterns: name, kind of key, components, an instance's last component where classes are named by it.
const SCHEMES: [(&str, &str, usize, Option<&str>); 16] = [
    ("sgtin", "01+21", 3, Some("1")),
    ("lgtin", "01+10", 3, Some("1")),
    ("upui", "01+235", 3, Some("1")),
    ("itip", "8006+21", 5, Some("1")),
    ("sgln", "414", 3, Some("0")),
    ("grai", "8003+", 3, Some("1")),
    ("gdti", "253+", 3, Some("1")),
    ("sgcn", "255+", 3, Some("1")),
    ("cpi", "8010+8011", 3, Some("1")),
    ("sscc", "00", 2, None),
    ("pgln", "417", 2, None),
    ("gsrn", "8018", 2, None),
    ("gsrnp", "8017", 2, None),
    ("gsin", "402", 2, None),
    ("giai", "8004", 2, None),
    ("ginc", "401", 2, None),
];

/// What a pattern asks of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct EpcPattern {
    /// Its kind of key: AI, and AI of what makes it one of its class.
    pub kind: &'static str,
    /// The class that it must belong to, as a canonical Digital Link.
    pub class: Option<String>,
    /// Lowest and first higher number of its twelve digits; of no meaning beside a class.
    pub digits: (f64, f64),
}

/// What can be asked of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ItemView<'a> {
    /// AI, and AI of what makes it one of its class, as in [`EpcPattern::kind`].
    pub kind: (&'a str, Option<&'a str>),
    /// Its class, or a place without its extension.
    pub class: Option<&'a str>,
    /// The twelve digits from its company prefix on.
    pub digits: Option<f64>,
}

/// Reads a pattern with a `*`; None where it is none, or fixes what cannot be asked for.
#[must_use]
pub fn epc_pattern(text: &str, as_class: bool) -> Option<EpcPattern> {
    let (name, body) = text.strip_prefix("urn:epc:idpat:")?.split_once(':')?;
    let &(_, kind, count, serial) = SCHEMES.iter().find(|scheme| scheme.0 == name)?;
    let parts: Vec<&str> = body.split('.').collect();
    let fixed = parts.iter().take_while(|part| **part != "*").count();
    if parts.len() != count || parts.get(fixed..)?.iter().any(|part| *part != "*") {
        return None;
    }
    // A class of a GTIN is itself named by a pattern of its instances.
    let kind = if as_class && name == "sgtin" { "01" } else { kind };
    let range = |digits| Some(EpcPattern { kind, class: None, digits });
    if fixed == 0 {
        return range((f64::NEG_INFINITY, f64::INFINITY));
    }
    let prefix = parts.first()?;
    if fixed == 1 && COMPANY_PREFIX_DIGITS.contains(&prefix.len()) {
        let low: u64 = prefix.bytes().all(|byte| byte.is_ascii_digit()).then(|| prefix.parse().ok())??;
        let width = 10_u64.pow(u32::try_from(PREFIX_DIGITS - prefix.len()).ok()?);
        return range((as_number(low * width), as_number((low + 1) * width)));
    }
    let serial = serial.filter(|_| fixed + 1 == count)?;
    let form = if name == "lgtin" { "class" } else { "id" };
    let instance = format!("urn:epc:{form}:{name}:{}.{serial}", parts.get(..fixed)?.join("."));
    let key = gs1::item_key(&instance)?.uri();
    Some(EpcPattern { class: Some(view(&key)?.class?.to_owned()), ..range((0.0, 0.0))? })
}

#[expect(clippy::cast_precision_loss, reason = "at most 13 digits")]
fn as_number(digits: u64) -> f64 {
    digits as f64
}

/// What patterns look at; None for a name that is no GS1 key.
pub(crate) fn view(item: &str) -> Option<ItemView<'_>> {
    let path = item.strip_prefix(CANONICAL)?;
    let mut segments = path.split('/');
    let (ai, value) = (segments.next()?, segments.next()?);
    let qualifier = segments.next();
    let key_end = CANONICAL.len() + ai.len() + 1 + value.len();
    let appended = match ai {
        "8003" => Some(14),
        "253" | "255" => Some(13),
        _ => None,
    };
    let (second, class) = match (ai, appended) {
        ("414", _) => (None, item.get(..key_end)),
        (_, Some(digits)) if value.len() > digits => (Some(""), item.get(..key_end - value.len() + digits)),
        _ => (qualifier, qualifier.and_then(|_| item.get(..key_end))),
    };
    let digits = if matches!(ai, "00" | "01" | "8003" | "8006") { value.get(1..)? } else { value };
    let digits = digits.bytes().take(PREFIX_DIGITS).take_while(u8::is_ascii_digit);
    let (number, count) =
        digits.fold((0, 0), |(number, count), digit| (number * 10 + u64::from(digit - b'0'), count + 1));
    let shift = 10_u64.pow(u32::try_from(PREFIX_DIGITS - count).ok()?);
    let digits = COMPANY_PREFIX_DIGITS.contains(&count).then(|| as_number(number * shift));
    Some(ItemView { kind: (ai, second), class, digits })
}

#[cfg(test)]
mod tests {
    use super::{epc_pattern, view};

    /// Whether an item matches a pattern, by the very comparison that queries make.
    fn matches(pattern: &str, item: &str) -> bool {
        let pattern = epc_pattern(pattern, false).expect("a pattern");
        let item = gs1::item_key(item).expect("a key").uri();
        let view = view(&item).expect("a view");
        let kind = view.kind.1.map_or(view.kind.0.to_owned(), |second| format!("{}+{second}", view.kind.0));
        kind == pattern.kind
            && match pattern.class {
                Some(class) => view.class == Some(class.as_str()),
                None => view.digits.is_some_and(|n| pattern.digits.0 <= n && n < pattern.digits.1),
            }
    }

    #[test]
    fn patterns_match_as_the_standard_says() {
        let serial = "urn:epc:id:sgtin:0614141.112345.400";
        assert!(matches("urn:epc:idpat:sgtin:0614141.112345.*", serial));
        assert!(matches("urn:epc:idpat:sgtin:0614141.*.*", serial));
        assert!(matches("urn:epc:idpat:sgtin:*.*.*", serial));
        assert!(!matches("urn:epc:idpat:sgtin:0614141.112346.*", serial));
        assert!(!matches("urn:epc:idpat:sgtin:0614142.*.*", serial));
        assert!(!matches("urn:epc:idpat:lgtin:0614141.112345.*", serial));
        assert!(!matches("urn:epc:idpat:sscc:*.*", serial));
        assert!(matches("urn:epc:idpat:lgtin:4012345.012345.*", "urn:epc:class:lgtin:4012345.012345.998877"));
        assert!(matches("urn:epc:idpat:sscc:0614141.*", "urn:epc:id:sscc:0614141.1234567890"));
        assert!(matches("urn:epc:idpat:sgln:0614141.12345.*", "urn:epc:id:sgln:0614141.12345.400"));
        assert!(matches("urn:epc:idpat:sgln:0614141.12345.*", "urn:epc:id:sgln:0614141.12345.0"));
        assert!(matches("urn:epc:idpat:grai:0614141.12345.*", "urn:epc:id:grai:0614141.12345.400"));
        assert!(matches("urn:epc:idpat:giai:0614141.*", "urn:epc:id:giai:0614141.12345400"));
        assert!(matches("urn:epc:idpat:gdti:0614141.12345.*", "urn:epc:id:gdti:0614141.12345.400"));
        assert!(matches("urn:epc:idpat:cpi:0614141.123ABC.*", "urn:epc:id:cpi:0614141.123ABC.123456789"));
        assert!(matches("urn:epc:idpat:gsrn:0614141.*", "urn:epc:id:gsrn:0614141.1234567890"));
        assert!(matches(
            "urn:epc:idpat:itip:4012345.012345.01.02.*",
            "urn:epc:id:itip:4012345.012345.01.02.987"
        ));
    }

    #[test]
    fn what_is_no_pattern_is_none() {
        for text in [
            "",
            "urn:epc:idpat:sgtin:*",
            "urn:epc:idpat:sgtin:*.1.*",
            "urn:epc:idpat:sgtin:0614141.112345.1",
            "urn:epc:idpat:sgtin:1.*.*",
            "urn:epc:idpat:nix:*.*",
            "urn:epc:idpat:sgtin:06141x1.*.*",
            "urn:epc:id:sgtin:*.*.*",
        ] {
            assert_eq!(epc_pattern(text, false), None, "{text}");
        }
    }
}
