//! Questions of lineage: names to look up go out, event bodies come in.

use std::collections::{BTreeMap, HashMap};

use capture::CanonicalEvent;
use epcis::{Context, Event, ItemRole};
use json::{Bump, Member, Object, Value};
use lineage::{Action, ErrorDeclaration, EventType, Fact, ItemRef, Kind, Limits, Quantity, Question, Role};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::capture::Blinding;
use crate::error::Failed;

/// Earliest and latest times that Postgres and Python both hold, µs since 1970: the years 1 and 9999.
const TIME_US_MIN: i64 = -62_135_596_800_000_000;
const TIME_US_MAX: i64 = 253_402_300_799_000_000;

/// What ILMD says of an item that stands on its label, too: names without their prefixes.
const LABEL_FIELDS: [&str; 4] = ["lotNumber", "itemExpirationDate", "bestBeforeDate", "expirationDate"];
/// Whose names they are, without the last character of the namespace.
const LABEL_NAMESPACES: [&str; 2] = ["urn:epcglobal:cbv:mda", "https://ref.gs1.org/cbv"];
/// Values kept of each; a label has one.
const LABEL_VALUES_MAX: usize = 4;
/// Characters kept of a value; a lot number of GS1 has twenty.
const LABEL_CHARACTERS_MAX: usize = 80;

/// What of an event goes into answers that name it, besides what lineage knows.
struct Told {
    content_digest: [u8; 32],
    label: BTreeMap<&'static str, Vec<String>>,
}

/// What the next round has to see: three lists of one length.
#[pyclass(frozen, get_all)]
pub struct Wanted {
    name_hashes: Vec<i64>,
    from_us: Vec<i64>,
    to_us: Vec<i64>,
}

/// One question on its way to its answer; see `_native.pyi`.
#[pyclass]
pub struct Walk {
    machine: Option<lineage::Walk>,
    blinding: Py<Blinding>,
    told: HashMap<u64, Told>,
}

#[pymethods]
impl Walk {
    #[new]
    #[pyo3(signature = (question, items, *, blinding, events_max, items_max))]
    fn new(
        question: &str,
        items: Vec<String>,
        blinding: Py<Blinding>,
        events_max: usize,
        items_max: usize,
    ) -> PyResult<Self> {
        let (from, at) = (i64::MIN, i64::MAX);
        let question = match question {
            "history" => Question::History { items, at },
            "trace_backward" => Question::TraceBackward { items, at },
            "trace_forward" => Question::TraceForward { items, from, at },
            "recall" => Question::Recall { items, from, at },
            _ => return Err(PyValueError::new_err("no such question")),
        };
        let limits = Limits { events_max, items_max, ..Limits::default() };
        Ok(Self { machine: Some(lineage::Walk::new(question, limits)), blinding, told: HashMap::new() })
    }

    fn wanted(&mut self, py: Python<'_>) -> PyResult<Wanted> {
        let blinding = &self.blinding.get().0;
        let walk = self.machine.as_mut().ok_or_else(finished)?;
        Ok(py.detach(|| {
            let mut wanted = Wanted { name_hashes: Vec::new(), from_us: Vec::new(), to_us: Vec::new() };
            for want in walk.wanted() {
                wanted.name_hashes.push(capture::name_hash(&blinding.token(&want.name)));
                wanted.from_us.push(want.from.clamp(TIME_US_MIN, TIME_US_MAX));
                wanted.to_us.push(want.to.clamp(TIME_US_MIN, TIME_US_MAX));
            }
            wanted
        }))
    }

    /// Events by their keys: bodies, their captures' contexts, and record times.
    fn feed(
        &mut self,
        py: Python<'_>,
        keys: Vec<u64>,
        bodies: Vec<Vec<u8>>,
        contexts: Vec<Vec<u8>>,
        record_times_us: Vec<i64>,
    ) -> Result<(), Failed> {
        let walk = self.machine.as_mut().ok_or_else(finished)?;
        let told = &mut self.told;
        py.detach(|| {
            let mut facts = Vec::with_capacity(keys.len());
            let (mut arena, mut canonical) = (Bump::new(), CanonicalEvent::default());
            for (((key, body), context), record_time) in
                keys.iter().zip(&bodies).zip(&contexts).zip(record_times_us)
            {
                let read = fact_of(*key, body, context, record_time, &arena, &mut canonical);
                let (fact, of_event) =
                    read.ok_or_else(|| Failed::proof(format!("stored event {key} cannot be read")))?;
                facts.push(fact);
                told.insert(*key, of_event);
                arena.reset();
            }
            walk.feed(facts);
            Ok(())
        })
    }

    /// The caller could not show everything that was wanted.
    fn truncate(&mut self) -> PyResult<()> {
        self.machine.as_mut().ok_or_else(finished)?.truncate();
        Ok(())
    }

    /// The answer as JSON. Events have their content digests; and their keys in the database and what is told
    /// of labels, or neither. Ends the walk.
    #[pyo3(signature = (*, keys))]
    fn finish<'py>(&mut self, py: Python<'py>, keys: bool) -> Result<Bound<'py, PyBytes>, Failed> {
        let walk = self.machine.take().ok_or_else(finished)?;
        let told = std::mem::take(&mut self.told);
        let json = py.detach(|| {
            let mut answer = serde_json::to_value(walk.finish())?;
            tell(&mut answer, &told, keys);
            serde_json::to_vec(&answer)
        });
        let json = json.map_err(|error| Failed::proof(format!("the answer cannot be written: {error}")))?;
        Ok(PyBytes::new(py, &json))
    }
}

/// Names events by their content, because several may share an id. No identifier that goes out is a key of the
/// database.
fn tell(value: &mut serde_json::Value, told: &HashMap<u64, Told>, with_keys: bool) {
    match value {
        serde_json::Value::Array(elements) => {
            for element in elements {
                tell(element, told, with_keys);
            }
        }
        serde_json::Value::Object(members) => {
            for member in members.values_mut() {
                tell(member, told, with_keys);
            }
            let key = members.get("event_key").and_then(serde_json::Value::as_u64);
            if let Some(of_event) = key.and_then(|key| told.get(&key)) {
                members.insert("content_digest".to_owned(), hex(&of_event.content_digest).into());
                if with_keys {
                    members.insert("label".to_owned(), serde_json::json!(of_event.label));
                }
            }
            if !with_keys {
                members.shift_remove("event_key");
                members.shift_remove("declared_by");
            }
        }
        _ => (),
    }
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

fn finished() -> PyErr {
    PyValueError::new_err("the walk is finished")
}

fn fact_of<'a>(
    event_key: u64,
    body: &'a [u8],
    context: &'a [u8],
    record_time: i64,
    arena: &'a Bump,
    canonical: &mut CanonicalEvent,
) -> Option<(Fact, Told)> {
    let object = json::read(body, arena).ok()?.as_object()?;
    let context = Context::default().with(json::read(context, arena).ok()).with(object.get("@context"));
    let event = Event::read(object, &context).ok()?;
    let event_id = if let Some(id) = event.event_id {
        id.to_owned()
    } else {
        let mut prehash = String::new();
        // An event whose pre-hash string cannot be made was refused at capture.
        epcis::write_prehash(object, &context, &[], arena, &mut prehash).ok()?;
        epcis::event_hash_id_uri(&capture::digest(prehash.as_bytes()))
    };
    canonical.write(object, &context);
    let label = label_of(object, &context);
    let told = Told { content_digest: capture::digest(canonical.digest_input()), label };
    // Places and parties by their exact names, too: partners write one place as URN and as Digital Link.
    let name = |id: &str| gs1::item_key(id).map_or_else(|| id.to_owned(), |key| key.uri());
    let typed = |list: &[epcis::Typed<'_>]| list.iter().map(|t| (t.kind.to_owned(), name(t.id))).collect();
    let fact = Fact {
        event_key,
        event_time: event.event_time,
        record_time,
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
    Some((fact, told))
}

fn label_of<'a>(event: &Object<'a>, context: &Context<'a>) -> BTreeMap<&'static str, Vec<String>> {
    let mut label: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
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
