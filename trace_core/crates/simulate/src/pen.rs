//! Writes one EPCIS 2.0 event as JSON, straight into the bytes of its document.
//!
//! All text that goes through here is our own and has no character that JSON escapes.

use crate::firm::{Firm, Style};
use crate::item::{Item, Place, Quantity};
use crate::random::Random;
use crate::text::{put_date, put_hex, put_number, put_tenths, put_time, put_zone};

/// What surrounds one event of a story: where it is written, when it happens, what chance brings.
pub(crate) struct Scene<'a> {
    pub(crate) out: &'a mut Vec<u8>,
    /// Seconds since 1970, UTC.
    pub(crate) when_s: u64,
    pub(crate) random: Random,
}

/// An `eventID`: the 128 bits of a UUID, of which version and variant are set when it is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EventId(pub(crate) u64, pub(crate) u64);

impl Scene<'_> {
    /// Opens an event; one in eight brings its own `eventID`, as some firms' systems do.
    pub(crate) fn event(&mut self, kind: &str, firm: &Firm) -> Pen<'_> {
        let id = (self.random.below(8) == 0).then(|| EventId(self.random.next(), self.random.next()));
        self.event_with_id(kind, firm, id)
    }

    pub(crate) fn event_with_id(&mut self, kind: &str, firm: &Firm, id: Option<EventId>) -> Pen<'_> {
        self.out.push(b'{');
        let mut pen = Pen { out: self.out, style: firm.style };
        pen.text("type", kind);
        if let Some(id) = id {
            pen.key("eventID");
            pen.id(id);
        }
        pen.time("eventTime", self.when_s, firm.zone_min);
        pen.key("eventTimeZoneOffset");
        pen.quoted(|out| put_zone(out, firm.zone_min));
        pen
    }
}

/// Writes the fields of an object; the event's own one first, then those opened inside it.
pub(crate) struct Pen<'a> {
    out: &'a mut Vec<u8>,
    style: Style,
}

impl Pen<'_> {
    /// Closes the event.
    pub(crate) fn end(self) {
        self.out.push(b'}');
    }

    /// A comma, unless we are first in an object or array.
    fn separate(&mut self) {
        if !matches!(self.out.last(), Some(b'{' | b'[')) {
            self.out.push(b',');
        }
    }

    pub(crate) fn key(&mut self, key: &str) {
        self.separate();
        self.out.push(b'"');
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }

    pub(crate) fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.out.push(b'{');
        write(self);
        self.out.push(b'}');
    }

    /// An array of objects, one for each of `each`.
    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        each: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        self.key(key);
        self.out.push(b'[');
        for one in each {
            self.separate();
            self.out.push(b'{');
            write(self, one);
            self.out.push(b'}');
        }
        self.out.push(b']');
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.written(key, |out| out.extend_from_slice(value.as_bytes()));
    }

    /// An array of strings.
    pub(crate) fn texts(&mut self, key: &str, values: &[&str]) {
        self.key(key);
        self.out.push(b'[');
        for value in values {
            self.separate();
            self.quoted(|out| out.extend_from_slice(value.as_bytes()));
        }
        self.out.push(b']');
    }

    /// A string that `write` appends.
    pub(crate) fn written(&mut self, key: &str, write: impl FnOnce(&mut Vec<u8>)) {
        self.key(key);
        self.quoted(write);
    }

    pub(crate) fn number(&mut self, key: &str, value: u32) {
        self.key(key);
        put_number(self.out, u64::from(value), 1);
    }

    pub(crate) fn tenths(&mut self, key: &str, tenths: i32) {
        self.key(key);
        put_tenths(self.out, tenths);
    }

    pub(crate) fn date(&mut self, key: &str, when_s: u64) {
        self.written(key, |out| put_date(out, when_s));
    }

    pub(crate) fn time(&mut self, key: &str, when_s: u64, zone_min: i32) {
        self.written(key, |out| put_time(out, when_s, zone_min));
    }

    fn id(&mut self, id: EventId) {
        self.quoted(|out| {
            out.extend_from_slice(b"urn:uuid:");
            put_hex(out, id.0 >> 32, 8);
            out.push(b'-');
            put_hex(out, id.0 >> 16, 4);
            out.extend_from_slice(b"-4");
            put_hex(out, id.0, 3);
            out.extend_from_slice(b"-8");
            put_hex(out, id.1 >> 48, 3);
            out.push(b'-');
            put_hex(out, id.1, 12);
        });
    }

    /// The standard's `errorDeclaration` of wrong data, put right by the event `corrective`.
    pub(crate) fn error_declaration(&mut self, declared_s: u64, zone_min: i32, corrective: EventId) {
        self.object("errorDeclaration", |pen| {
            pen.time("declarationTime", declared_s, zone_min);
            pen.text("reason", "incorrect_data");
            pen.key("correctiveEventIDs");
            pen.out.push(b'[');
            pen.id(corrective);
            pen.out.push(b']');
        });
    }

    /// `action`, `bizStep` and `disposition`, which most events have together.
    pub(crate) fn business(&mut self, action: &str, biz_step: &str, disposition: &str) {
        self.text("action", action);
        self.step(biz_step, disposition);
    }

    /// `bizStep` and `disposition`.
    pub(crate) fn step(&mut self, biz_step: &str, disposition: &str) {
        self.text("bizStep", biz_step);
        self.text("disposition", disposition);
    }

    pub(crate) fn item(&mut self, key: &str, item: Item) {
        let style = self.style;
        self.written(key, |out| item.put(out, style));
    }

    pub(crate) fn items(&mut self, key: &str, items: impl IntoIterator<Item = Item>) {
        self.key(key);
        self.out.push(b'[');
        for item in items {
            self.separate();
            let style = self.style;
            self.quoted(|out| item.put(out, style));
        }
        self.out.push(b']');
    }

    pub(crate) fn quantities(&mut self, key: &str, all: impl IntoIterator<Item = Quantity>) {
        self.objects(key, all, |pen, quantity| {
            pen.item("epcClass", quantity.item);
            pen.tenths("quantity", i32::try_from(quantity.tenths).unwrap_or(i32::MAX));
            if quantity.kilograms {
                pen.text("uom", "KGM");
            }
        });
    }

    /// `readPoint` at a door of the site, `bizLocation` the site itself.
    pub(crate) fn at(&mut self, firm: &'static Firm, site: u32, door: u32) {
        self.read_point(firm, site, door);
        self.place("bizLocation", Place { firm, site, door: 0 });
    }

    /// Only a `readPoint`: the things are on their way out.
    pub(crate) fn read_point(&mut self, firm: &'static Firm, site: u32, door: u32) {
        self.place("readPoint", Place { firm, site, door });
    }

    fn place(&mut self, key: &str, place: Place) {
        let style = self.style;
        self.object(key, |pen| pen.written("id", |out| place.put(out, style)));
    }

    /// `sourceList` or `destinationList`: who owns, who holds, and where.
    pub(crate) fn side(
        &mut self,
        list: &str,
        each: &str,
        firm: &'static Firm,
        holder: &'static Firm,
        site: u32,
    ) {
        let style = self.style;
        self.objects(list, ["owning_party", "possessing_party", "location"], |pen, kind| {
            pen.text("type", kind);
            pen.written(each, |out| match kind {
                "owning_party" => Place::party(firm).put_party(out, style),
                "possessing_party" => Place::party(holder).put_party(out, style),
                _ => Place { firm: holder, site, door: 0 }.put(out, style),
            });
        });
    }

    /// Business documents, each with its type, the firm that made it and its number.
    pub(crate) fn documents(&mut self, all: &[(&str, &'static Firm, &str, u64)]) {
        self.objects("bizTransactionList", all, |pen, (kind, firm, letters, number)| {
            pen.text("type", kind);
            pen.written("bizTransaction", |out| {
                out.extend_from_slice(b"urn:epcglobal:cbv:bt:");
                Place::party(firm).put_gln(out);
                out.push(b':');
                out.extend_from_slice(letters.as_bytes());
                put_number(out, *number, 9);
            });
        });
    }
}
