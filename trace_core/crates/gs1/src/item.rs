//! What an item is called: one spelling for one thing, whatever form its key came in.

use std::fmt;
use std::hash::{Hash, Hasher};

use crate::ai::Ai;
use crate::canonical::CANONICAL;
use crate::digital_link::{self, Link};
use crate::text::{Escaping, push_escaped};
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

/// The one name of the item that an EPC URN or a Digital Link means; `None` where the text is neither, or is
/// faulty in a way that [`findings`] says, and the caller keeps the text.
///
/// Check digits are proven. GTINs of 8, 12 and 13 digits are filled up to 14; a GLN extension `0` is none.
#[must_use]
pub fn item_key(text: &str) -> Option<ItemKey> {
    if text.starts_with("urn:") {
        let urn = urn::parse(text)?.ok()?;
        let mut uri = start(text.len());
        urn.push_path(&mut uri, Escaping::Exact);
        return Some(ItemKey { uri, lot: String::new() });
    }
    let link = digital_link::parse(text)?;
    check(&link).ok()?;
    from_link(&link)
}

/// What is wrong with a text that means to be an EPC URN with a GS1 key, or a Digital Link; `None` when nothing
/// is, or when it is neither.
#[must_use]
pub fn findings(text: &str) -> Option<Finding> {
    if text.starts_with("urn:") {
        return urn::parse(text)?.err();
    }
    check(&digital_link::parse(text)?).err()
}

/// Checks the key and its qualifiers: characters, lengths, and the check digit.
fn check(link: &Link) -> Result<(), Finding> {
    link.key.check(link.padding(), link.value)?;
    link.qualifiers().try_for_each(|(ai, value)| ai.check("", value))
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
    push_escaped(uri, value, Escaping::Exact);
}

fn from_link(link: &Link) -> Option<ItemKey> {
    let mut class = start(link.value.len() + 8);
    class.push_str(link.key.code);
    class.push('/');
    class.push_str(link.padding());
    push_escaped(&mut class, link.value, Escaping::Exact);

    let lot_in_query = lot_in_query(link)?;
    let serial = link.qualifiers().find(|(ai, _)| matches!(ai.code, "21" | "235"));
    let mut uri = class.clone();
    let mut has_lot = false;
    for (ai, value) in link.qualifiers().filter(|(ai, _)| !matches!(ai.code, "21" | "235")) {
        has_lot |= ai.code == "10";
        push_pair(&mut uri, ai, value);
    }
    if let Some(lot) = lot_in_query {
        if has_lot {
            return None;
        }
        has_lot = true;
        push_pair(&mut uri, Ai::find("10")?, lot);
    }
    let Some((ai, value)) = serial else {
        return Some(ItemKey { uri, lot: String::new() });
    };
    push_pair(&mut class, ai, value);
    Some(ItemKey { uri: class, lot: if has_lot { uri } else { String::new() } })
}

/// The lot that stands in the query string, where the standard allows it too (AI 10 is also an attribute).
/// The outer `None` refuses any other qualifier there: to leave it out would merge different things.
#[expect(clippy::option_option, reason = "refusal and absence are different answers")]
fn lot_in_query<'a>(link: &Link<'a>) -> Option<Option<&'a str>> {
    let mut lot = None;
    for (name, value) in link.query.split('&').filter_map(|pair| pair.split_once('=')) {
        let is_qualifier = |code| link.key.qualifiers.is_some_and(|all| all.iter().any(|s| s.contains(code)));
        match Ai::find(name) {
            Some(ai) if !is_qualifier(&ai.code) => {}
            Some(ai) if ai.code == "10" && lot.is_none() && ai.check("", value).is_ok() => lot = Some(value),
            Some(_) => return None,
            None => {}
        }
    }
    Some(lot)
}

impl ItemKey {
    /// The name as a canonical Digital Link, `https://id.gs1.org/…`.
    #[must_use]
    pub fn uri(&self) -> String {
        self.uri.clone()
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
        let uri = format!("{CANONICAL}{ai}/{}", value.get(..digits)?);
        (uri != self.uri).then_some(Self { uri, lot: String::new() })
    }

    /// The lot of a thing whose text also told it; `None` where it did not, or where the key is itself a lot.
    #[must_use]
    pub fn lot_of(&self) -> Option<Self> {
        (!self.lot.is_empty()).then(|| Self { uri: self.lot.clone(), lot: String::new() })
    }

    /// The pairs of AI and value of the path.
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
