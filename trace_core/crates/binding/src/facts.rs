//! Stored events as the facts that lineage knows of them.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZero;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use capture::{CanonicalEvent, Unpacker};
use epcis::{Context, Event, ItemRole};
use json::{Bump, Member, Object, Value};
use lineage::{Action, ErrorDeclaration, EventType, Fact, ItemRef, Kind, Quantity, Role};

/// What ILMD says of an item that stands on its label, too: names without their prefixes.
const LABEL_FIELDS: [&str; 4] = ["lotNumber", "itemExpirationDate", "bestBeforeDate", "expirationDate"];
/// Whose names they are, without the last character of the namespace.
const LABEL_NAMESPACES: [&str; 2] = ["urn:epcglobal:cbv:mda", "https://ref.gs1.org/cbv"];
/// Values kept of each; a label has one.
const LABEL_VALUES_MAX: usize = 4;
/// Characters kept of a value; a lot number of GS1 has twenty.
const LABEL_CHARACTERS_MAX: usize = 80;

/// Events that one thread reads before what it made of them is taken.
const LIST_EVENTS: usize = 32;
/// Events from which on reading is shared among the cores: fewer are read sooner than threads are started.
const SHARED_EVENTS_MIN: usize = 2 * LIST_EVENTS;
/// Lists that a thread may be ahead of the one that takes them.
const LISTS_AHEAD: usize = 2;
/// `event_key` is the capture's number and, in so many bits, the position in it.
const POSITION_BITS: u32 = 20;

/// What an event says of the label of its items.
pub type Label = BTreeMap<&'static str, Vec<String>>;

/// An event without its body.
pub struct Row {
    pub event_key: u64,
    /// Its body stands with the event that is so many before it.
    pub body_place: u64,
    /// Microseconds since 1970.
    pub record_time: i64,
    pub event_hash_id: [u8; 32],
}

/// Events in the order of their keys, with what they share.
pub struct Stored<'a> {
    pub rows: &'a [Row],
    /// Packed bodies, by the key of the first event of each group.
    pub groups: &'a HashMap<u64, &'a [u8]>,
    /// JSON arrays, by the numbers of captures.
    pub contexts: &'a HashMap<u64, &'a [u8]>,
}

/// The facts and labels of some events, or the key of the first that cannot be read.
type Read = Result<Vec<(Fact, Label)>, u64>;

impl Stored<'_> {
    /// Gives the facts of all events in order, a list at a time, and their labels. Many are read by all cores at once.
    ///
    /// # Errors
    /// The key of an event that cannot be read; those before it were given.
    pub fn read(&self, mut take: impl FnMut(Vec<(Fact, Label)>)) -> Result<(), u64> {
        let lists: Vec<&[Row]> = self.rows.chunks(LIST_EVENTS).collect();
        let threads = thread::available_parallelism().map_or(1, NonZero::get).min(lists.len());
        thread::scope(|scope| {
            let start = |first: usize| -> Option<Receiver<Read>> {
                let (sender, receiver) = sync_channel(LISTS_AHEAD);
                let own = lists.iter().skip(first).step_by(threads);
                let work = move || {
                    let mut reader = Reader::default();
                    for list in own {
                        if sender.send(reader.read(self, list)).is_err() {
                            return;
                        }
                    }
                };
                thread::Builder::new().spawn_scoped(scope, work).ok().map(|_| receiver)
            };
            let is_shared = self.rows.len() >= SHARED_EVENTS_MIN && threads > 1;
            // Those that did start end with the first that nobody takes.
            let receivers = is_shared.then(|| (0..threads).map(start).collect::<Option<Vec<_>>>()).flatten();
            for (number, list) in lists.iter().enumerate() {
                let read = receivers.as_ref().and_then(|all| all[number % threads].recv().ok());
                take(read.unwrap_or_else(|| READER.with_borrow_mut(|reader| reader.read(self, list)))?);
            }
            Ok(())
        })
    }
}

thread_local! {
    /// Of a thread that reads few events at a time, kept between questions: it takes as long to make as an event to
    /// read.
    static READER: RefCell<Reader> = RefCell::default();
}

/// What one thread needs, kept between events.
#[derive(Default)]
struct Reader {
    unpacker: Unpacker,
    arena: Bump,
    canonical: CanonicalEvent,
}

impl Reader {
    fn read(&mut self, stored: &Stored, rows: &[Row]) -> Read {
        let mut facts = Vec::with_capacity(rows.len());
        for of_group in rows.chunk_by(|one, next| one.group() == next.group()) {
            let packed = of_group.first().and_then(|row| stored.groups.get(&row.group())).copied();
            let mut bodies = self.unpacker.unpack(packed.unwrap_or_default()).zip(0_u64..).peekable();
            for row in of_group {
                while bodies.next_if(|(_, place)| *place < row.body_place).is_some() {}
                let body = bodies.peek().filter(|(_, place)| *place == row.body_place).map(|(body, _)| *body);
                let context = stored.contexts.get(&(row.event_key >> POSITION_BITS)).copied();
                let read = body.zip(context).and_then(|(body, context)| {
                    fact_of(row, body, context, &self.arena, &mut self.canonical)
                });
                facts.push(read.ok_or(row.event_key)?);
                self.arena.reset();
            }
        }
        Ok(facts)
    }
}

impl Row {
    fn group(&self) -> u64 {
        self.event_key - self.body_place
    }
}

/// What an event says.
fn fact_of<'a>(
    row: &Row,
    body: &'a [u8],
    context: &'a [u8],
    arena: &'a Bump,
    canonical: &mut CanonicalEvent,
) -> Option<(Fact, Label)> {
    let object = json::read(body, arena).ok()?.as_object()?;
    let context = Context::default().with(json::read(context, arena).ok()).with(object.get("@context"));
    let event = Event::read(object, &context).ok()?;
    let event_id = event.event_id.map_or_else(|| epcis::event_hash_id_uri(&row.event_hash_id), str::to_owned);
    canonical.write(object, &context);
    let label = label_of(object, &context);
    let content_digest = capture::digest(canonical.digest_input());
    // Places and parties by their exact names, too: partners write one place as URN and as Digital Link.
    let name = |id: &str| gs1::item_key(id).map_or_else(|| id.to_owned(), |key| key.uri());
    let typed = |list: &[epcis::Typed<'_>]| list.iter().map(|t| (t.kind.to_owned(), name(t.id))).collect();
    let fact = Fact {
        event_key: row.event_key,
        event_time: event.event_time,
        record_time: row.record_time,
        event_type: event_type(event.event_type),
        action: event.action.map(|action| match action {
            epcis::Action::Add => Action::Add,
            epcis::Action::Observe => Action::Observe,
            epcis::Action::Delete => Action::Delete,
        }),
        biz_step: event.biz_step.map(str::to_owned),
        disposition: event.disposition.map(str::to_owned),
        persistent_set: event.persistent_set.iter().map(|&text| text.to_owned()).collect(),
        persistent_unset: event.persistent_unset.iter().map(|&text| text.to_owned()).collect(),
        read_point: event.read_point.map(name),
        biz_location: event.biz_location.map(name),
        refs: event.items.iter().map(item_ref).collect(),
        sources: typed(&event.sources),
        destinations: typed(&event.destinations),
        transformation_id: event.transformation_id.map(str::to_owned),
        event_id,
        content: content_of(object),
        content_digest,
        error_declaration: event.error_declaration.map(|declaration| ErrorDeclaration {
            time: declaration.time,
            reason: declaration.reason.map(str::to_owned),
            corrective_event_ids: declaration
                .corrective_event_ids
                .iter()
                .map(|id| (*id).to_owned())
                .collect(),
        }),
    };
    Some((fact, label))
}

fn label_of<'a>(event: &Object<'a>, context: &Context<'a>) -> Label {
    let mut label = Label::new();
    let ilmd = event.get("ilmd").and_then(Value::as_object);
    for member in ilmd.into_iter().flat_map(|ilmd| ilmd.members) {
        let Some((prefix, local)) = member.name.split_once(':') else { continue };
        let field = LABEL_FIELDS.iter().find(|field| **field == local);
        // Published documents write the namespace with and without its last character.
        let namespace = context.namespace(prefix).unwrap_or_default().trim_end_matches([':', '/', '#']);
        if !LABEL_NAMESPACES.contains(&namespace) {
            continue;
        }
        if let (Some(field), Some(value)) = (field, member.value.as_str()) {
            let values = label.entry(field).or_default();
            if values.len() < LABEL_VALUES_MAX {
                values.push(value.chars().take(LABEL_CHARACTERS_MAX).collect());
            }
        }
    }
    label
}

/// Digest of what a declaration repeats of the event that it declares wrong.
fn content_of(object: &Object<'_>) -> [u8; 32] {
    let is_repeated = |member: &&Member<'_>| {
        !matches!(member.name, "@context" | "eventID" | "recordTime" | "errorDeclaration")
    };
    let members: Vec<Member<'_>> = object.members.iter().filter(is_repeated).copied().collect();
    let mut text = Vec::new();
    json::write_canonical(Value::Object(&Object { members: &members, source: "" }), &mut text);
    capture::digest(&text)
}

/// An event of a type that is not the standard's says where its items were seen, like an observation.
fn event_type(event_type: epcis::EventType) -> EventType {
    match event_type {
        epcis::EventType::ObjectEvent | epcis::EventType::Extension => EventType::ObjectEvent,
        epcis::EventType::AggregationEvent => EventType::AggregationEvent,
        epcis::EventType::TransactionEvent => EventType::TransactionEvent,
        epcis::EventType::TransformationEvent => EventType::TransformationEvent,
        epcis::EventType::AssociationEvent => EventType::AssociationEvent,
    }
}

fn item_ref(item: &epcis::ItemRef<'_>) -> ItemRef {
    ItemRef {
        role: match item.role {
            ItemRole::Epc => Role::Epc,
            ItemRole::Parent => Role::Parent,
            ItemRole::Child => Role::Child,
            ItemRole::Input => Role::Input,
            ItemRole::Output => Role::Output,
        },
        item: item.item.to_string(),
        kind: kind_of(&item.item, item.in_quantity_list),
        quantity: item.quantity.and_then(|literal| Quantity::parse(literal).ok()),
        unit: item.unit.map(str::to_owned),
        lot: item.lot.clone(),
    }
}

/// What a key names, from its canonical Digital Link; of other texts, what the list says that it stands in.
fn kind_of(item: &str, in_quantity_list: bool) -> Kind {
    let Some(path) = item.strip_prefix("https://id.gs1.org/") else {
        return if in_quantity_list { Kind::Class } else { Kind::Serial };
    };
    let mut parts = path.split('/');
    let (key, value) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let has = |code: &str| path.split('/').skip(2).step_by(2).any(|ai| ai == code);
    match key {
        "00" => Kind::LogisticUnit,
        "01" | "8006" if has("21") || has("235") => Kind::Serial,
        "01" | "8006" if has("10") => Kind::Lot,
        // Fourteen digits are the type of asset; what follows is the serial.
        "8003" if value.len() > 14 => Kind::Asset,
        "01" | "8006" | "8003" => Kind::Class,
        "8010" if !has("8011") => Kind::Class,
        _ => Kind::Serial,
    }
}
