//! Questions of lineage: names to look up go out, event bodies come in.

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
    walk: Option<lineage::Walk>,
    blinding: Py<Blinding>,
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
        Ok(Self { walk: Some(lineage::Walk::new(question, limits)), blinding })
    }

    fn wanted(&mut self, py: Python<'_>) -> PyResult<Wanted> {
        let blinding = &self.blinding.get().0;
        let walk = self.walk.as_mut().ok_or_else(finished)?;
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
        let walk = self.walk.as_mut().ok_or_else(finished)?;
        py.detach(|| {
            let mut facts = Vec::with_capacity(keys.len());
            let mut arena = Bump::new();
            for (((key, body), context), record_time) in
                keys.iter().zip(&bodies).zip(&contexts).zip(record_times_us)
            {
                let fact = fact_of(*key, body, context, record_time, &arena);
                facts.push(fact.ok_or_else(|| Failed::proof(format!("stored event {key} cannot be read")))?);
                arena.reset();
            }
            walk.feed(facts);
            Ok(())
        })
    }

    /// The caller could not show everything that was wanted.
    fn truncate(&mut self) -> PyResult<()> {
        self.walk.as_mut().ok_or_else(finished)?.truncate();
        Ok(())
    }

    /// The answer as JSON, with or without the database's keys of events. Ends the walk.
    #[pyo3(signature = (*, keys))]
    fn finish<'py>(&mut self, py: Python<'py>, keys: bool) -> Result<Bound<'py, PyBytes>, Failed> {
        let walk = self.walk.take().ok_or_else(finished)?;
        let json = py.detach(|| {
            let answer = walk.finish();
            if keys {
                return serde_json::to_vec(&answer);
            }
            let mut answer = serde_json::to_value(answer)?;
            leave_out_keys(&mut answer);
            serde_json::to_vec(&answer)
        });
        let json = json.map_err(|error| Failed::proof(format!("the answer cannot be written: {error}")))?;
        Ok(PyBytes::new(py, &json))
    }
}

/// No identifier that goes out is a key of the database.
fn leave_out_keys(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(elements) => elements.iter_mut().for_each(leave_out_keys),
        serde_json::Value::Object(members) => {
            members.remove("event_key");
            members.remove("declared_by");
            members.values_mut().for_each(leave_out_keys);
        }
        _ => (),
    }
}

fn finished() -> PyErr {
    PyValueError::new_err("the walk is finished")
}

fn fact_of(event_key: u64, body: &[u8], context: &[u8], record_time: i64, arena: &Bump) -> Option<Fact> {
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
    // Places and parties by their exact names, too: partners write one place as URN and as Digital Link.
    let name = |id: &str| gs1::item_key(id).map_or_else(|| id.to_owned(), |key| key.uri());
    let typed = |list: &[epcis::Typed<'_>]| list.iter().map(|t| (t.kind.to_owned(), name(t.id))).collect();
    Some(Fact {
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
    })
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
