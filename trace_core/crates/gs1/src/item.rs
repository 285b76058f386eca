//! What an item is called: one spelling for one thing, whatever form its key came in.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};

use crate::ai::{Ai, code};
use crate::canonical::CANONICAL;
use crate::digital_link::{self, Link};
use crate::element_string::ElementString;
use crate::text::{Escaping, UNRESERVED, decode, push_value};
use crate::{Finding, urn};

/// The name of a class, lot, thing, place or party, as a canonical Digital Link.
///
/// Two keys are equal exactly when they name the same. A serial stands for itself, so the lot and variant beside
/// it are not part of the name; [`lot_of`](Self::lot_of) keeps the lot.
#[derive(Clone, Debug)]
pub struct ItemKey {
    uri: String,
    /// The URI of the lot that a serial came with, else empty.
    lot: String,
}

/// The one name of the item that an EPC URN, a Digital Link, or an element string with brackets or FNC1 means.
///
/// `None` where the text is none of these, or is faulty in a way that [`findings`] says, and the caller keeps the
/// text. Check digits are proven. GTINs of 8, 12 and 13 digits are filled up to 14; a GLN extension `0` is none.
/// Of an element string with several keys it is the first.
#[must_use]
pub fn item_key(text: &str) -> Option<ItemKey> {
    match text.as_bytes().first()? {
        b'u' => {
            let urn = urn::parse(text)?.ok()?;
            let mut uri = start(text.len());
            urn.push_path(&mut uri, Escaping::Exact);
            Some(ItemKey { uri, lot: String::new() })
        }
        b'(' => ElementString::parse_bracketed(text).ok()?.item_keys().next(),
        b'^' | 0x1d => ElementString::parse_plain(text).ok()?.item_keys().next(),
        _ => of_link(&digital_link::parse(text)?),
    }
}

/// What is wrong with a text that means to be an EPC URN with a GS1 key, or a Digital Link; `None` when nothing
/// is, or when it is neither.
#[must_use]
pub fn findings(text: &str) -> Option<Finding> {
    if text.starts_with("urn:") {
        return urn::parse(text)?.err();
    }
    let link = digital_link::parse(text)?;
    let check = |ai: &Ai, value: &str| ai.check(&decode(value)?);
    let key = link.key_value().and_then(|value| link.key.check(&value));
    key.and_then(|()| link.qualifiers().try_for_each(|(ai, value)| check(ai, value))).err()
}

fn of_link(link: &Link) -> Option<ItemKey> {
    let value = link.key_value().ok()?;
    link.key.check(&value).ok()?;
    let mut qualifiers = Vec::with_capacity(4);
    for (ai, value) in link.qualifiers().chain(qualifiers_in_query(link)) {
        let value = decode(value).ok()?;
        ai.check(&value).ok()?;
        if qualifiers.iter().any(|(other, _)| *other == ai) {
            return None;
        }
        qualifiers.push((ai, value));
    }
    // A serial in the query string would be lost on whoever reads the path alone.
    let is_lot_only = qualifiers_in_query(link).all(|(ai, _)| ai.number == code::LOT);
    is_lot_only.then(|| name(link.key, &value, &qualifiers))
}

/// Qualifiers of the key that stand among the attributes, as lots often do.
fn qualifiers_in_query<'a>(link: &Link<'a>) -> impl Iterator<Item = (&'static Ai, &'a str)> {
    let sequences = link.key.qualifiers.unwrap_or_default();
    link.attributes()
        .filter_map(|(name, value)| Some((Ai::find(name)?, value)))
        .filter(|(ai, _)| sequences.iter().any(|sequence| sequence.contains(&ai.number)))
}

impl ElementString<'_> {
    /// The items that the AIs name, one for each primary key with the qualifiers that are there. A key with
    /// qualifiers that exclude each other names nothing.
    pub fn item_keys(&self) -> impl Iterator<Item = ItemKey> {
        self.iter().filter_map(|key| {
            let sequences = key.ai.qualifiers?;
            let qualifier = |number: &u16| {
                let element = self.iter().find(|element| element.ai.number == *number)?;
                Some((element.ai, Cow::Borrowed(&*element.value)))
            };
            let there: Vec<_> = sequences.iter().copied().flatten().filter_map(qualifier).collect();
            let stand_together = if takes_lot(key.ai) {
                there.iter().filter(|(ai, _)| is_serial(ai)).count() <= 1
            } else {
                sequences.iter().any(|sequence| there.iter().all(|(ai, _)| sequence.contains(&ai.number)))
            };
            stand_together.then(|| name(key.ai, &key.value, &there))
        })
    }
}

/// Whether lots of this key exist.
fn takes_lot(key: &Ai) -> bool {
    matches!(key.number, code::GTIN | code::ITIP)
}

/// Whether the AI makes one thing of a GTIN.
fn is_serial(ai: &Ai) -> bool {
    matches!(ai.number, code::SERIAL | code::TPX)
}

fn start(length: usize) -> String {
    let mut uri = String::with_capacity(CANONICAL.len() + length);
    uri.push_str(CANONICAL);
    uri
}

fn push_pair(uri: &mut String, ai: &Ai, value: &str) {
    uri.push('/');
    uri.push_str(ai.code);
    uri.push('/');
    push_value(uri, value, UNRESERVED);
}

/// The name of a key with its qualifiers, all values checked and without escapes.
fn name(key: &Ai, value: &str, qualifiers: &[(&Ai, Cow<'_, str>)]) -> ItemKey {
    let mut class = start(64);
    class.push_str(key.code);
    class.push('/');
    push_value(&mut class, value, UNRESERVED);

    let Some((serial_ai, serial)) = qualifiers.iter().find(|(ai, _)| is_serial(ai)) else {
        for (ai, value) in
            qualifiers.iter().filter(|(ai, value)| !(ai.number == code::GLN_EXTENSION && value == "0"))
        {
            push_pair(&mut class, ai, value);
        }
        return ItemKey { uri: class, lot: String::new() };
    };
    let mut lot = String::new();
    if qualifiers.iter().any(|(ai, _)| ai.number == code::LOT) {
        lot.clone_from(&class);
        qualifiers
            .iter()
            .filter(|(ai, _)| !is_serial(ai))
            .for_each(|(ai, value)| push_pair(&mut lot, ai, value));
    }
    push_pair(&mut class, serial_ai, serial);
    ItemKey { uri: class, lot }
}

impl ItemKey {
    /// The name as a canonical Digital Link, `https://id.gs1.org/…`.
    #[must_use]
    pub fn uri(&self) -> String {
        self.uri.clone()
    }

    /// The same, of a key that is not needed any more.
    #[must_use]
    pub fn into_uri(self) -> String {
        self.uri
    }

    /// The same, borrowed.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.uri
    }

    /// The AI of the primary key, such as `01` or `00`.
    #[must_use]
    pub fn ai(&self) -> &str {
        self.pairs().next().map_or("", |(ai, _)| ai)
    }

    /// The class of a lot, piece or thing: its GTIN, or the GRAI, GDTI, GCN or part id without the serial.
    /// `None` where the key is itself a class, or of a kind that has none.
    #[must_use]
    pub fn class_of(&self) -> Option<Self> {
        let (ai, value) = self.pairs().next()?;
        let (ai, digits) = match ai {
            "01" | "8006" => ("01", 14),
            "8003" => (ai, 14),
            "253" | "255" => (ai, 13),
            "8010" => (ai, value.len()),
            _ => return None,
        };
        let value = value.get(..digits)?;
        let mut uri = start(ai.len() + 1 + value.len());
        uri.extend([ai, "/", value]);
        (uri != self.uri).then_some(Self { uri, lot: String::new() })
    }

    /// The lot of a thing whose text also told it; `None` where it did not, or where the key is itself a lot.
    #[must_use]
    pub fn lot_of(&self) -> Option<Self> {
        (!self.lot.is_empty()).then(|| Self { uri: self.lot.clone(), lot: String::new() })
    }

    /// The name as an EPC URN: a pure identity, the class URN of a lot, or the pattern of a class. `None` where
    /// EPC has no URN for it, or where the key cannot have a company prefix of so many digits (6 to 12).
    #[must_use]
    pub fn to_urn(&self, company_prefix_digits: usize) -> Option<String> {
        let mut pairs = self.pairs();
        let (ai, value) = pairs.next()?;
        let qualifier = pairs.next();
        if pairs.next().is_some() {
            return None;
        }
        urn::print(ai, &decode(value).ok()?, qualifier, company_prefix_digits)
    }

    /// The digits of the key from the company prefix on: behind the indicator, extension or leading zero that some
    /// keys have. `None` for a key without a company prefix.
    #[must_use]
    pub fn prefixed_digits(&self) -> Option<&str> {
        let (ai, value) = self.pairs().next()?;
        let digits = if matches!(ai, "00" | "01" | "8003" | "8006") { value.get(1..)? } else { value };
        digits.starts_with(|first: char| first.is_ascii_digit()).then_some(digits)
    }

    /// The pairs of AI and value of the path, values with their escapes.
    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut segments = self.uri.get(CANONICAL.len()..).unwrap_or("").split('/');
        std::iter::from_fn(move || Some((segments.next()?, segments.next()?)))
    }
}

impl PartialEq for ItemKey {
    fn eq(&self, other: &Self) -> bool {
        self.uri == other.uri
    }
}

impl Eq for ItemKey {}

impl Hash for ItemKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uri.hash(state);
    }
}

impl fmt::Display for ItemKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.uri)
    }
}
