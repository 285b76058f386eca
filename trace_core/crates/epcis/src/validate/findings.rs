//! What is wrong with GS1 keys: kept with the event, because published events hold such keys.

use json::{Member, Object, Value};

use super::{Path, Report};
use crate::problem::Severity;

/// Members of an event, and of objects in it, whose values are keys, or hold objects with such members.
pub(crate) fn may_hold_keys(name: &str) -> bool {
    matches!(
        name,
        "epcList"
            | "childEPCs"
            | "inputEPCList"
            | "outputEPCList"
            | "parentID"
            | "epcClass"
            | "id"
            | "source"
            | "destination"
            | "bizTransaction"
            | "transformationID"
            | "deviceID"
            | "quantityList"
            | "childQuantityList"
            | "inputQuantityList"
            | "outputQuantityList"
            | "readPoint"
            | "bizLocation"
            | "sourceList"
            | "destinationList"
            | "bizTransactionList"
            | "sensorElementList"
            | "sensorMetadata"
    )
}

impl Report {
    /// A finding for each GS1 key that is wrong, with the code of `gs1::Finding`, and for each quantity below zero.
    /// Cost: one look at each key.
    pub(super) fn findings(&mut self, members: &[Member<'_>], path: &Path<'_>) {
        for member in members {
            if may_hold_keys(member.name) {
                self.finding(member.value, &path.name(member.name));
            }
        }
    }

    fn finding(&mut self, value: Value<'_>, path: &Path<'_>) {
        match value {
            Value::String(text) => {
                if let Some(finding) = gs1::findings(text) {
                    let code = finding.code();
                    let message = format!("{} is no valid GS1 key: {code}", super::form::quote(text));
                    self.problem(path, code, message, Severity::Finding);
                }
            }
            Value::Array(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    self.finding(*element, &path.index(index));
                }
            }
            Value::Object(object) => {
                self.amount(object, path);
                self.findings(object.members, path);
            }
            _ => (),
        }
    }

    /// A quantity below zero is kept, and counts nowhere.
    fn amount(&mut self, element: &Object<'_>, path: &Path<'_>) {
        let Some(Value::Number(literal)) = element.get("quantity") else { return };
        let digits = literal.split(['e', 'E']).next().unwrap_or_default();
        let is_negative = digits.starts_with('-') && digits.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
        if is_negative && element.get("epcClass").is_some() {
            let message = format!("a quantity of {literal} is less than nothing");
            self.problem(&path.name("quantity"), "negative_quantity", message, Severity::Finding);
        }
    }
}
