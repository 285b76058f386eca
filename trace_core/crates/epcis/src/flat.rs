//! Members that hardly two events have alike, read without a tree: times, ids, and lists of keys, of quantities and of
//! transactions, as most are written.
//!
//! What is read here is what [`PartContext::read`] reads of the same member, to the byte; whatever is written in
//! another way is left to that.

use std::ops::Range;

use gs1::PlainKeys;
use json::{Bump, Flat, FlatField, FlatObjects};

use crate::event::{EventType, ItemRole};
use crate::event_hash::{Piece, PrehashPart, write_time_in_utc};
use crate::head::Said;
use crate::part::{Part, PartContext, PartItem};
use crate::time::parse_time;
use crate::validate::{Presence, is_known, is_uom, is_uri};
use crate::vocabulary::{BIZ_TRANSACTION_WORDS, is_same};

/// How keys begin as they are mostly written. No prefix may be called so.
pub(crate) const KEY_SCHEMES: [&str; 3] = ["urn", "https", "http"];
/// Bytes of a time before its first colon.
const HOUR_BYTES: usize = "2024-05-17T12".len();
/// How names begin that are no GS1 keys.
const OPAQUE_STEMS: [&str; 2] = ["urn:epcglobal:cbv:bt:", "urn:uuid:"];
/// With more colons behind that, there might be vocabulary in it.
const OPAQUE_COLONS_MAX: usize = 3;

/// Members that are read here.
const KINDS: [(&str, Kind); 12] = [
    ("eventTime", Kind::Time),
    ("eventID", Kind::Id),
    ("parentID", Kind::Key(ItemRole::Parent)),
    ("epcList", Kind::Keys(ItemRole::Epc)),
    ("childEPCs", Kind::Keys(ItemRole::Child)),
    ("inputEPCList", Kind::Keys(ItemRole::Input)),
    ("outputEPCList", Kind::Keys(ItemRole::Output)),
    ("quantityList", Kind::Quantities(ItemRole::Epc)),
    ("childQuantityList", Kind::Quantities(ItemRole::Child)),
    ("inputQuantityList", Kind::Quantities(ItemRole::Input)),
    ("outputQuantityList", Kind::Quantities(ItemRole::Output)),
    ("bizTransactionList", Kind::Transactions),
];

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Time,
    Id,
    Key(ItemRole),
    Keys(ItemRole),
    Quantities(ItemRole),
    Transactions,
}

/// What is known of a member by its name.
#[derive(Clone, Copy, Debug)]
struct FlatMember {
    name: &'static str,
    kind: Kind,
    /// A bit for the number of each event type that has it.
    types: u8,
    presence: Presence,
    /// Its place in the pre-hash string.
    piece: Piece<'static>,
}

/// What is known of members by their names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FlatMembers([FlatMember; KINDS.len()]);

impl Default for FlatMembers {
    fn default() -> Self {
        Self(KINDS.map(|(name, kind)| {
            let is_list = !matches!(kind, Kind::Time | Kind::Id | Kind::Key(_));
            let has_it = |event_type: &&EventType| is_known(name, **event_type);
            let types = EventType::STANDARD.iter().filter(has_it);
            FlatMember {
                name,
                kind,
                types: types.fold(0, |types, event_type| types | 1 << *event_type as u8),
                presence: Presence::of_name(name, is_list),
                piece: Piece::of_member(name, ""),
            }
        }))
    }
}

/// Memory for one member at a time.
#[derive(Debug, Default)]
pub(crate) struct FlatScratch {
    keys: PlainKeys,
    /// The member in the pre-hash string: its name, then its elements.
    text: String,
    name_bytes: usize,
    elements: Vec<Element>,
    sorted: String,
}

/// An element of a list in the pre-hash string.
#[derive(Clone, Debug)]
struct Element {
    text: Range<usize>,
    /// Within it, the name of its item; empty where it names none.
    item: Range<usize>,
    /// How much of that is the name of its class; nothing, where it has none.
    class_bytes: usize,
}

/// What is left of a member once it is read, but for what its name says.
#[derive(Default)]
struct Read<'m> {
    said: Option<Said<'m>>,
    /// Empty where it takes no part in the event hash id.
    text: &'m str,
    items: &'m [PartItem<'m>],
}

impl PartContext<'_> {
    /// Reads a member of events of this type; None where that takes a tree, or something is to be said of it.
    pub(crate) fn flat_part<'m>(
        &self,
        name: &'m str,
        flat: Flat<'_, 'm>,
        event_type: EventType,
        scratch: &mut FlatScratch,
        arena: &'m Bump,
    ) -> Option<Part<'m>> {
        let member = self.members.0.iter().find(|member| is_same(member.name, name));
        let member = member.filter(|member| self.is_plain && member.types & 1 << event_type as u8 != 0)?;
        scratch.elements.clear();
        scratch.text.clear();
        scratch.text.push_str(name);
        scratch.name_bytes = name.len();
        let read = match (member.kind, flat) {
            (Kind::Time, Flat::Text(text)) => self.time(text, scratch, arena)?,
            (Kind::Id, Flat::Text(text)) => {
                let said = is_uri(text).then_some(Said::Id(Some(text)))?;
                Read { said: Some(said), ..Read::default() }
            }
            (Kind::Key(role), Flat::Text(text)) => scratch.parent(role, text, arena)?,
            (Kind::Keys(role), Flat::Texts(texts)) => scratch.keys(role, texts, arena)?,
            (Kind::Quantities(role), Flat::Objects(list)) => scratch.quantities(role, list, arena)?,
            (Kind::Transactions, Flat::Objects(list)) => scratch.transactions(list, arena)?,
            _ => return None,
        };
        let piece = [Piece { text: read.text, ..member.piece }];
        let pieces: &[_] = if read.text.is_empty() { &[] } else { arena.alloc_slice_copy(&piece) };
        Some(Part {
            items: read.items,
            ilmd_lot: None,
            prehash: PrehashPart { pieces, namespace_bytes: 0 },
            presence: member.presence,
            said: read.said.unwrap_or(Said::Other),
        })
    }

    fn time<'m>(&self, text: &str, scratch: &mut FlatScratch, arena: &'m Bump) -> Option<Read<'m>> {
        let time = parse_time(text)?;
        // Up to the first colon of a time in this form.
        let prefix = text.get(..HOUR_BYTES)?;
        scratch.text.push('=');
        if self.declares(prefix) || !write_time_in_utc(time, &mut scratch.text) {
            return None;
        }
        let text = arena.alloc_str(&scratch.text);
        Some(Read { said: Some(Said::Time(Some(time))), text, items: &[] })
    }
}

impl FlatScratch {
    fn parent<'m>(&mut self, role: ItemRole, text: &str, arena: &'m Bump) -> Option<Read<'m>> {
        self.key("=", text)?;
        Some(self.finish(Some((role, false)), arena))
    }

    /// A list of keys, no two alike.
    fn keys<'m>(&mut self, role: ItemRole, texts: &[&str], arena: &'m Bump) -> Option<Read<'m>> {
        texts.iter().try_for_each(|text| self.key("epc=", text))?;
        self.sort();
        let text = |element: &Element| &self.text[element.text.clone()];
        let differ = self.elements.is_sorted_by(|a, b| text(a) < text(b));
        differ.then(|| self.finish(Some((role, false)), arena))
    }

    fn quantities<'m>(
        &mut self,
        role: ItemRole,
        list: FlatObjects<'_, '_>,
        arena: &'m Bump,
    ) -> Option<Read<'m>> {
        for fields in list.iter() {
            let [class, quantity, uom] =
                fields_of(fields, [("epcClass", false), ("quantity", true), ("uom", false)])?;
            self.key("quantityElementepcClass=", class?)?;
            if let Some(quantity) = quantity {
                self.text.extend(["quantity=", quantity]);
            }
            if let Some(uom) = uom.filter(|uom| is_word_like_uom(uom)) {
                self.text.extend(["uom=", uom]);
            } else if uom.is_some() {
                return None;
            }
            self.elements.last_mut()?.text.end = self.text.len();
        }
        self.sort();
        Some(self.finish(Some((role, true)), arena))
    }

    fn transactions<'m>(&mut self, list: FlatObjects<'_, '_>, arena: &'m Bump) -> Option<Read<'m>> {
        for fields in list.iter() {
            let [kind, id] = fields_of(fields, [("type", false), ("bizTransaction", false)])?;
            let kind = kind.filter(|kind| BIZ_TRANSACTION_WORDS.contains(kind))?;
            let id = id.filter(|id| is_opaque(id))?;
            let start = self.text.len();
            self.text.extend(["type=", BIZ_TRANSACTION_WORDS.stem, kind, "bizTransaction=", id]);
            self.elements.push(Element { text: start..self.text.len(), item: 0..0, class_bytes: 0 });
        }
        self.sort();
        Some(self.finish(None, arena))
    }

    /// Appends an element that is a key.
    fn key(&mut self, before: &str, text: &str) -> Option<()> {
        // A URN with a key has no character that a URI may not; before the key of a link there may be any.
        let is_link = |scheme: &str| text.starts_with(scheme) && is_uri(text);
        let start = self.text.len();
        self.text.push_str(before);
        let item = self.text.len();
        let class_bytes = self.keys.write(text, &mut self.text)?;
        let end = self.text.len();
        self.elements.push(Element { text: start..end, item: item..end, class_bytes });
        (text.starts_with("urn:") || is_link("https:") || is_link("http:")).then_some(())
    }

    /// Puts the elements in the order of their texts.
    fn sort(&mut self) {
        let text = |element: &Element| &self.text[element.text.clone()];
        if !self.elements.is_sorted_by_key(text) {
            self.elements.sort_unstable_by(|a, b| text(a).cmp(text(b)));
        }
    }

    /// The text of all elements in their order, and the items in it.
    fn finish<'m>(&mut self, named: Option<(ItemRole, bool)>, arena: &'m Bump) -> Read<'m> {
        self.sorted.clear();
        self.sorted.push_str(&self.text[..self.name_bytes]);
        self.sorted.extend(self.elements.iter().map(|element| &self.text[element.text.clone()]));
        let text: &'m str = arena.alloc_str(&self.sorted);
        let Some((role, in_quantity_list)) = named else { return Read { text, ..Read::default() } };
        let mut start = self.name_bytes;
        let items = arena.alloc_slice_fill_iter(self.elements.iter().map(|element| {
            let item = start + element.item.start - element.text.start;
            let item = &text[item..item + element.item.len()];
            start += element.text.len();
            let class = Some(&item[..element.class_bytes]).filter(|class| !class.is_empty());
            PartItem { role, item, is_key: true, lot: None, class, in_quantity_list }
        }));
        Read { said: None, text, items }
    }
}

/// The texts of these members of an object, numbers or not. None where it has another one.
fn fields_of<'a, const N: usize>(
    fields: &[FlatField<'a>],
    known: [(&str, bool); N],
) -> Option<[Option<&'a str>; N]> {
    let mut texts = [None; N];
    for field in fields {
        let place = known.iter().position(|known| *known == (field.name, field.is_number))?;
        texts[place] = Some(field.text);
    }
    Some(texts)
}

/// Whether a unit cannot be taken for a number, as `1E2` or `INF` are.
fn is_word_like_uom(uom: &str) -> bool {
    is_uom(uom) && uom.starts_with(|first: char| first.is_ascii_uppercase() && !matches!(first, 'I' | 'N'))
}

/// Whether a text is a URI that is no key and has no vocabulary in it, so that it stands for itself everywhere.
fn is_opaque(text: &str) -> bool {
    let rest = OPAQUE_STEMS.iter().find_map(|stem| text.strip_prefix(stem)).unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'.' | b'-' | b'_');
    let colons = rest.bytes().filter(|byte| *byte == b':').count();
    !rest.is_empty() && colons <= OPAQUE_COLONS_MAX && rest.bytes().all(is_plain)
}
