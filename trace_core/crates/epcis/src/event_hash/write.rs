//! The tree of an event as its pre-hash string: the standard's order first, then the rest, sorted.

use bumpalo::collections::Vec as BumpVec;
use json::Bump;

use super::node::Node;
use super::text::{Fault, write_canonical_text, write_time};

/// An element and the order of what it holds.
struct Place {
    name: &'static str,
    order: &'static [Place],
}

const fn leaf(name: &'static str) -> Place {
    Place { name, order: &[] }
}

const fn holds(name: &'static str, order: &'static [Place]) -> Place {
    Place { name, order }
}

const EPCS: &[Place] = &[leaf("epc")];
const QUANTITIES: &[Place] = &[holds("quantityElement", &[leaf("epcClass"), leaf("quantity"), leaf("uom")])];
const ID: &[Place] = &[leaf("id")];
const SENSOR_METADATA: &[Place] = &[
    leaf("time"),
    leaf("startTime"),
    leaf("endTime"),
    leaf("deviceID"),
    leaf("deviceMetadata"),
    leaf("rawData"),
    leaf("dataProcessingMethod"),
    leaf("bizRules"),
];
const SENSOR_REPORT: &[Place] = &[
    leaf("type"),
    leaf("exception"),
    leaf("deviceID"),
    leaf("deviceMetadata"),
    leaf("rawData"),
    leaf("dataProcessingMethod"),
    leaf("time"),
    leaf("microorganism"),
    leaf("chemicalSubstance"),
    leaf("value"),
    leaf("component"),
    leaf("stringValue"),
    leaf("booleanValue"),
    leaf("hexBinaryValue"),
    leaf("uriValue"),
    leaf("minValue"),
    leaf("maxValue"),
    leaf("meanValue"),
    leaf("sDev"),
    leaf("percRank"),
    leaf("percValue"),
    leaf("uom"),
    leaf("coordinateReferenceSystem"),
];
const SENSOR_ELEMENT: &[Place] =
    &[holds("sensorMetadata", SENSOR_METADATA), holds("sensorReport", SENSOR_REPORT)];
const EVENT: &[Place] = &[
    leaf("eventTime"),
    leaf("eventTimeZoneOffset"),
    leaf("certificationInfo"),
    leaf("parentID"),
    holds("epcList", EPCS),
    holds("inputEPCList", EPCS),
    holds("childEPCs", EPCS),
    holds("quantityList", QUANTITIES),
    holds("childQuantityList", QUANTITIES),
    holds("inputQuantityList", QUANTITIES),
    holds("outputEPCList", EPCS),
    holds("outputQuantityList", QUANTITIES),
    leaf("action"),
    leaf("transformationID"),
    leaf("bizStep"),
    leaf("disposition"),
    holds("persistentDisposition", &[leaf("set"), leaf("unset")]),
    holds("readPoint", ID),
    holds("bizLocation", ID),
    holds("sensorElementList", &[holds("sensorElement", SENSOR_ELEMENT)]),
];

struct Writer<'w> {
    arena: &'w Bump,
    out: &'w mut String,
}

/// Appends the pre-hash string of an event. Takes from `children` what the standard orders.
pub(super) fn write_event<'b>(
    type_name: &str,
    children: &mut BumpVec<'b, Node<'b>>,
    arena: &Bump,
    out: &mut String,
) -> Result<(), Fault> {
    out.push_str("eventType=");
    out.push_str(type_name);
    let mut writer = Writer { arena, out };
    writer.in_order(children, EVENT)?;
    writer.rest(children)
}

impl Writer<'_> {
    /// Writes children in the standard's order and takes them out; what they leave behind stays.
    fn in_order<'b>(&mut self, children: &mut BumpVec<'b, Node<'b>>, order: &[Place]) -> Result<(), Fault> {
        for place in order {
            if !children.iter().any(|child| child.name == place.name) {
                continue;
            }
            let mut ends = BumpVec::new_in(self.arena);
            let start = self.out.len();
            for child in children.iter_mut().filter(|child| child.name == place.name) {
                self.ordered_element(child, place.order)?;
                ends.push(self.out.len());
            }
            self.sort(start, &ends);
            children.retain(|child| child.name != place.name || !child.children.is_empty());
        }
        Ok(())
    }

    /// One element of the standard's. Nothing is written where it says nothing.
    fn ordered_element(&mut self, node: &mut Node<'_>, order: &[Place]) -> Result<(), Fault> {
        let start = self.out.len();
        self.out.push_str(node.name);
        let text = node.text.trim();
        if !text.is_empty() {
            self.out.push('=');
            if is_time(node.name) {
                write_time(text, self.out)?;
            } else {
                write_canonical_text(text, self.out)?;
            }
        }
        let before_children = self.out.len();
        if !order.is_empty() {
            let extensions = take_extensions(&mut node.children, self.arena);
            self.in_order(&mut node.children, order)?;
            self.rest(&extensions)?;
        }
        if text.is_empty() && self.out.len() == before_children {
            self.out.truncate(start);
        }
        Ok(())
    }

    /// What the standard does not order: by name and text, but for pairs, which stay as they are.
    fn rest(&mut self, nodes: &[Node<'_>]) -> Result<(), Fault> {
        let mut ends = BumpVec::with_capacity_in(nodes.len(), self.arena);
        let start = self.out.len();
        for node in nodes {
            self.out.push_str(node.name);
            let text = node.text.trim();
            if !text.is_empty() {
                self.out.push('=');
                write_canonical_text(text, self.out)?;
            }
            if node.pair {
                for part in &node.children {
                    self.rest(std::slice::from_ref(part))?;
                }
            } else {
                self.rest(&node.children)?;
            }
            ends.push(self.out.len());
        }
        self.sort(start, &ends);
        Ok(())
    }

    /// Sorts the pieces that were written since `start`, by their code points.
    fn sort(&mut self, start: usize, ends: &[usize]) {
        let starts = || std::iter::once(&start).chain(ends);
        let piece = |(&from, &to): (&usize, &usize)| &self.out[from..to];
        if starts().zip(ends).map(piece).is_sorted() {
            return;
        }
        let copy = self.arena.alloc_str(&self.out[start..]);
        let mut pieces = BumpVec::with_capacity_in(ends.len(), self.arena);
        pieces.extend(starts().zip(ends).map(|(&from, &to)| &copy[from - start..to - start]));
        pieces.sort_unstable();
        self.out.truncate(start);
        pieces.iter().for_each(|piece| self.out.push_str(piece));
    }
}

fn is_time(name: &str) -> bool {
    matches!(name, "eventTime" | "time" | "startTime" | "endTime")
}

/// Takes user extensions out of a container: they stand behind what the standard orders in it. Only
/// those whose namespace ends with a slash, and not one that is alone; the published hashes have it so.
fn take_extensions<'b, 'w>(children: &mut BumpVec<'b, Node<'b>>, arena: &'w Bump) -> BumpVec<'w, Node<'b>> {
    let mut extensions = BumpVec::new_in(arena);
    if children.len() <= 1
        || children.iter().any(|c| c.name.contains("eventTime") || c.name.contains("action"))
    {
        return extensions;
    }
    let mut at = 0;
    while at < children.len() {
        if children[at].name.contains('{') && children[at].name.contains("/}") {
            extensions.push(children.remove(at));
        } else {
            at += 1;
        }
    }
    extensions
}
