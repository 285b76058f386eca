//! All facts that a walk has been fed: strings as numbers, each name with its events in order of time, and which
//! of them are void.

use std::collections::{HashMap, HashSet};

use crate::fact::{Action, EventType, Fact, ItemRef, Kind, Role};
use crate::interner::{Interner, Space, to_u32};
use crate::quantity::Quantity;
use crate::vocabulary::{Step, short};

/// An item, or a transformation (all events with one transformation id, or one event without).
pub(crate) type Name = u32;

/// Any other text.
pub(crate) type Text = u32;

/// Index into the ledger's events.
pub(crate) type EventIndex = u32;

/// Where an event stands in the one order of all events: event time, then record time, then key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pos {
    pub(crate) time: i64,
    record_time: i64,
    key: u64,
}

impl Pos {
    pub(crate) const MIN: Self = Self { time: i64::MIN, record_time: i64::MIN, key: 0 };
    pub(crate) const MAX: Self = Self { time: i64::MAX, record_time: i64::MAX, key: u64::MAX };

    /// After every event, before the end of what has not ended.
    pub(crate) const NOW: Self = Self { key: u64::MAX - 1, ..Self::MAX };

    /// The next position; no event is in between.
    pub(crate) fn next(self) -> Self {
        Self { key: self.key.saturating_add(1), ..self }
    }

    /// After every event of that time.
    pub(crate) fn ceiling(time: i64) -> Self {
        Self { time, ..Self::MAX }
    }

    /// Before every event of that time.
    pub(crate) fn floor(time: i64) -> Self {
        Self { time, ..Self::MIN }
    }
}

/// One mention of a name in an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mention {
    pub(crate) pos: Pos,
    pub(crate) event: EventIndex,
    pub(crate) role: MentionRole,
    /// Index into the event's parts; of no meaning for a transformation. Mentions are in order of these.
    part: u32,
    pub(crate) has_quantity: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MentionRole {
    Item(Role),
    Transformation,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) role: Role,
    pub(crate) item: Name,
    pub(crate) quantity: Option<Quantity>,
    pub(crate) unit: Option<Text>,
    pub(crate) lot: Option<Name>,
}

/// Which kind of containment an event speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Bond {
    Aggregation,
    Association,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PartyRole {
    PossessingSource,
    PossessingDestination,
    OwningSource,
    OwningDestination,
}

#[derive(Debug)]
#[expect(clippy::struct_field_names, reason = "the standard's own names")]
pub(crate) struct Event {
    pub(crate) pos: Pos,
    pub(crate) event_type: EventType,
    pub(crate) action: Option<Action>,
    pub(crate) step: Step,
    pub(crate) biz_step: Option<Text>,
    pub(crate) disposition: Option<Text>,
    pub(crate) says_in_transit: bool,
    pub(crate) says_destroyed: bool,
    pub(crate) persistent_set: Vec<Text>,
    pub(crate) persistent_unset: Vec<Text>,
    pub(crate) read_point: Option<Text>,
    pub(crate) biz_location: Option<Text>,
    pub(crate) parts: Vec<Part>,
    /// To which its items without a lot of their own belong, ascending.
    pub(crate) lots: Vec<Name>,
    pub(crate) parent: Option<Name>,
    pub(crate) has_children: bool,
    pub(crate) transformation: Option<Name>,
    pub(crate) parties: Vec<(PartyRole, Text)>,
    pub(crate) event_id: Text,
    content: [u8; 32],
    pub(crate) content_digest: [u8; 32],
    pub(crate) declaration: Option<Box<Declaration>>,
}

#[derive(Debug)]
pub(crate) struct Declaration {
    pub(crate) time: i64,
    pub(crate) reason: Option<Text>,
    pub(crate) corrective_event_ids: Vec<Text>,
}

impl Event {
    pub(crate) fn key(&self) -> u64 {
        self.pos.key
    }

    pub(crate) fn record_time(&self) -> i64 {
        self.pos.record_time
    }

    pub(crate) fn place(&self) -> Option<Text> {
        self.biz_location.or(self.read_point)
    }

    pub(crate) fn bond(&self) -> Option<Bond> {
        match self.event_type {
            EventType::AggregationEvent => Some(Bond::Aggregation),
            EventType::AssociationEvent => Some(Bond::Association),
            _ => None,
        }
    }

    /// Whether both name the same items, each as the same, at one time.
    fn names_same(&self, other: &Self) -> bool {
        let named = |event: &Self| {
            let mut named: Vec<_> = event.parts.iter().map(|part| (part.role, part.item)).collect();
            named.sort_unstable();
            named
        };
        self.pos.time == other.pos.time && named(self) == named(other)
    }

    /// The container that all leave, without their being named.
    fn emptied(&self) -> Option<(Name, Bond)> {
        let empties = self.action == Some(Action::Delete) && !self.has_children;
        self.parent.zip(self.bond()).filter(|_| empties)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Ledger {
    names: Interner,
    texts: Interner,
    kinds: Vec<Option<Kind>>,
    mentions: Vec<Vec<Mention>>,
    unsorted: Vec<Name>,
    events: Vec<Event>,
    keys: HashSet<u64>,
    declarations: Vec<EventIndex>,
    /// The declaration that makes an event void.
    void: Vec<Option<EventIndex>>,
    /// When all leave a container, ascending.
    emptyings: HashMap<(Name, Bond), Vec<(Pos, EventIndex)>>,
}

impl Ledger {
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    pub(crate) fn name(&mut self, item: &str) -> Name {
        self.intern_name(Space::Item, item)
    }

    fn intern_name(&mut self, space: Space, text: &str) -> Name {
        let name = self.names.intern(space, text);
        if self.mentions.len() <= name as usize {
            self.mentions.push(Vec::new());
            self.kinds.push(None);
        }
        name
    }

    pub(crate) fn add(&mut self, fact: &Fact) {
        if !self.keys.insert(fact.event_key) {
            return;
        }
        let index = to_u32(self.events.len());
        let event = self.read(fact);
        if event.declaration.is_some() {
            self.declarations.push(index);
        }
        for (number, part) in event.parts.iter().enumerate() {
            let (pos, has_quantity, part_index) = (event.pos, part.quantity.is_some(), to_u32(number));
            let mention = |role| Mention { pos, event: index, role, part: part_index, has_quantity };
            self.mention(part.item, mention(MentionRole::Item(part.role)));
            if let Some(lot) = part.lot {
                self.mention(lot, mention(MentionRole::Item(Role::Lot)));
            }
        }
        if let Some(transformation) = event.transformation {
            let role = MentionRole::Transformation;
            self.mention(
                transformation,
                Mention { pos: event.pos, event: index, role, part: 0, has_quantity: false },
            );
        }
        self.events.push(event);
    }

    fn mention(&mut self, name: Name, mention: Mention) {
        let list = &mut self.mentions[name as usize];
        if list.last().is_some_and(|last| *last > mention) {
            self.unsorted.push(name);
        }
        list.push(mention);
    }

    fn read(&mut self, fact: &Fact) -> Event {
        let parts: Vec<Part> = fact.refs.iter().map(|item| self.read_part(item)).collect();
        let mut lots: Vec<Name> =
            parts.iter().filter(|part| part.role == Role::Lot).map(|part| part.item).collect();
        lots.sort_unstable();
        let text = |ledger: &mut Self, text: &Option<String>| {
            text.as_deref().map(|text| ledger.texts.intern(Space::Item, short(text)))
        };
        let says = |word| fact.disposition.as_deref().is_some_and(|text| short(text) == word);
        let transformation =
            (fact.event_type == EventType::TransformationEvent).then(|| match &fact.transformation_id {
                Some(id) => self.intern_name(Space::Id, id),
                None => self.intern_name(Space::Event, &fact.event_key.to_string()),
            });
        Event {
            pos: Pos { time: fact.event_time, record_time: fact.record_time, key: fact.event_key },
            event_type: fact.event_type,
            action: fact.action,
            step: fact.biz_step.as_deref().map_or(Step::Other, |step| Step::of(short(step))),
            biz_step: text(self, &fact.biz_step),
            disposition: text(self, &fact.disposition),
            says_in_transit: says("in_transit"),
            says_destroyed: says("destroyed"),
            persistent_set: self.read_texts(&fact.persistent_set),
            persistent_unset: self.read_texts(&fact.persistent_unset),
            read_point: text(self, &fact.read_point),
            biz_location: text(self, &fact.biz_location),
            parent: parts.iter().find(|part| part.role == Role::Parent).map(|part| part.item),
            has_children: parts.iter().any(|part| part.role == Role::Child),
            lots,
            parts,
            transformation,
            parties: self.read_parties(fact),
            event_id: self.texts.intern(Space::Item, &fact.event_id),
            content: fact.content,
            content_digest: fact.content_digest,
            declaration: fact.error_declaration.as_ref().map(|declaration| {
                Box::new(Declaration {
                    time: declaration.time,
                    reason: text(self, &declaration.reason),
                    corrective_event_ids: (declaration.corrective_event_ids.iter())
                        .map(|id| self.texts.intern(Space::Item, id))
                        .collect(),
                })
            }),
        }
    }

    fn read_texts(&mut self, texts: &[String]) -> Vec<Text> {
        texts.iter().map(|text| self.texts.intern(Space::Item, short(text))).collect()
    }

    fn read_part(&mut self, item: &ItemRef) -> Part {
        let name = self.name(&item.item);
        let kind = &mut self.kinds[name as usize];
        *kind = (*kind).max(Some(item.kind));
        let lot = item.lot.as_deref().map(|lot| {
            let lot = self.name(lot);
            let kind = &mut self.kinds[lot as usize];
            *kind = (*kind).max(Some(Kind::Lot));
            lot
        });
        let unit = item.unit.as_deref().map(|unit| self.texts.intern(Space::Item, unit));
        Part { role: item.role, item: name, quantity: item.quantity, unit, lot }
    }

    fn read_parties(&mut self, fact: &Fact) -> Vec<(PartyRole, Text)> {
        let ends = [
            (&fact.sources, PartyRole::PossessingSource, PartyRole::OwningSource),
            (&fact.destinations, PartyRole::PossessingDestination, PartyRole::OwningDestination),
        ];
        let mut parties = Vec::new();
        for (list, possessing, owning) in ends {
            for (kind, id) in list {
                let role = match short(kind) {
                    "possessing_party" => possessing,
                    "owning_party" => owning,
                    _ => continue,
                };
                parties.push((role, self.texts.intern(Space::Item, id)));
            }
        }
        parties
    }

    /// Puts in order what was added. To be called before anything is asked.
    pub(crate) fn settle(&mut self) {
        self.unsorted.sort_unstable();
        self.unsorted.dedup();
        for name in std::mem::take(&mut self.unsorted) {
            self.mentions[name as usize].sort_unstable();
        }
        self.void = self.voided();
        self.emptyings.clear();
        for (index, event) in self.events.iter().enumerate().filter(|(index, _)| self.void[*index].is_none())
        {
            if let Some(container) = event.emptied() {
                self.emptyings.entry(container).or_default().push((event.pos, to_u32(index)));
            }
        }
        self.emptyings.values_mut().for_each(|list| list.sort_unstable());
    }

    /// Which declaration makes each event void. Of several the earliest in order stands, whatever the order of
    /// feeding; declarations are void themselves.
    fn voided(&self) -> Vec<Option<EventIndex>> {
        let mut void = vec![None; self.events.len()];
        let mut declarations = self.declarations.clone();
        declarations.sort_unstable_by_key(|&index| self.event(index).pos);
        let mut wrong: HashMap<Text, Vec<EventIndex>> = HashMap::new();
        for &index in &declarations {
            void[index as usize] = Some(index);
            let id = self.event(index).event_id;
            if !self.text(id).is_empty() {
                wrong.entry(id).or_default();
            }
        }
        for (index, event) in self.events.iter().enumerate() {
            if let Some(list) = wrong.get_mut(&event.event_id) {
                list.push(to_u32(index));
            }
        }
        for index in declarations {
            let declaring = self.event(index);
            let same_id = wrong.get(&declaring.event_id).map_or(&[][..], Vec::as_slice);
            let is_same = |other: &&EventIndex| self.event(**other).content == declaring.content;
            let is_plain = |other: &&EventIndex| self.event(**other).declaration.is_none();
            let is_exact = same_id.iter().any(|other| is_plain(&other) && is_same(&other));
            let is_meant = |other: &&EventIndex| {
                if is_exact { is_same(other) } else { self.event(**other).names_same(declaring) }
            };
            for other in same_id.iter().filter(is_meant) {
                let by = &mut void[*other as usize];
                // Whatever it says itself, a declaration stands for the first of its kind.
                let first =
                    by.map_or(index, |by| if self.event(by).pos <= declaring.pos { by } else { index });
                *by = Some(first);
            }
        }
        void
    }

    /// The declaration that makes an event void.
    pub(crate) fn declared_by(&self, event: EventIndex) -> Option<EventIndex> {
        self.void[event as usize]
    }

    pub(crate) fn event(&self, index: EventIndex) -> &Event {
        &self.events[index as usize]
    }

    pub(crate) fn part(&self, mention: Mention) -> &Part {
        &self.event(mention.event).parts[mention.part as usize]
    }

    /// The mentions of a name in events that count, from one position to another, both included, in order.
    pub(crate) fn mentions(&self, name: Name, from: Pos, to: Pos) -> impl Iterator<Item = Mention> {
        self.all_mentions(name, from, to).filter(|mention| self.void[mention.event as usize].is_none())
    }

    /// The same in events that are void.
    pub(crate) fn void_mentions(&self, name: Name, from: Pos, to: Pos) -> impl Iterator<Item = Mention> {
        self.all_mentions(name, from, to).filter(|mention| self.void[mention.event as usize].is_some())
    }

    fn all_mentions(&self, name: Name, from: Pos, to: Pos) -> impl Iterator<Item = Mention> {
        let list = &self.mentions[name as usize];
        let start = list.partition_point(|mention| mention.pos < from);
        list[start..].iter().take_while(move |mention| mention.pos <= to).copied()
    }

    /// The first time after a position that all leave a container.
    pub(crate) fn emptied_after(&self, container: Name, bond: Bond, after: Pos) -> Option<(Pos, EventIndex)> {
        let list = self.emptyings.get(&(container, bond))?;
        list.get(list.partition_point(|(pos, _)| *pos <= after)).copied()
    }

    /// Of an item that no event names, a serial: nothing follows from it.
    pub(crate) fn kind(&self, item: Name) -> Kind {
        self.kinds[item as usize].unwrap_or(Kind::Serial)
    }

    /// `None` of an item that no event names.
    pub(crate) fn known_kind(&self, item: Name) -> Option<Kind> {
        self.kinds[item as usize]
    }

    /// Names are the numbers below.
    pub(crate) fn names_len(&self) -> usize {
        self.names.entries.len()
    }

    pub(crate) fn is_item(&self, name: Name) -> bool {
        self.names.entries[name as usize].0 == Space::Item
    }

    /// Whether a transformation's name is its id, which several events may share.
    pub(crate) fn is_transformation_id(&self, name: Name) -> bool {
        self.names.entries[name as usize].0 == Space::Id
    }

    pub(crate) fn name_text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    pub(crate) fn text(&self, text: Text) -> &str {
        self.texts.text(text)
    }

    /// The lots to which an event says that a part of it belongs.
    pub(crate) fn lots_of(&self, event: &Event, part: &Part) -> Vec<Name> {
        let may_belong = !self.kind(part.item).is_class_level();
        match part.lot {
            _ if !may_belong => Vec::new(),
            Some(lot) => vec![lot],
            None => event.lots.iter().copied().filter(|&lot| self.is_member(event, part, lot)).collect(),
        }
    }

    /// Whether an event says that a part of it belongs to a lot.
    pub(crate) fn is_member(&self, event: &Event, part: &Part, lot: Name) -> bool {
        if self.kind(part.item).is_class_level() || part.item == lot {
            return false;
        }
        if let Some(own) = part.lot {
            return own == lot;
        }
        matches!(part.role, Role::Epc | Role::Output)
            && event.lots.binary_search(&lot).is_ok()
            && match (gtin(self.name_text(lot)), gtin(self.name_text(part.item))) {
                (Some(of_lot), Some(of_item)) => of_lot == of_item,
                _ => true,
            }
    }
}

/// The GTIN in a canonical Digital Link.
fn gtin(item: &str) -> Option<&str> {
    item.split_once("/01/")?.1.get(..14)
}
