//! Why a pre-hash string cannot be made, and where.

use json::{Object, Value, write_pointer_token};

use crate::problem::Problem;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    DigitsLost,
    Infinite,
    TimeRounding,
    TimeForm,
    TimeRange,
    NoPair,
    NoText,
    Namespaces,
}

/// What is wrong with which part of the event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fault<'b> {
    pub(super) kind: Kind,
    /// A slice of a name or text of the event, or the source of an object in it.
    pub(super) culprit: &'b str,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::DigitsLost => "digits_lost",
            Self::Infinite => "number_infinite",
            Self::TimeRounding => "time_rounding",
            Self::TimeForm => "time_form",
            Self::TimeRange => "time_range",
            Self::NoPair => "pair",
            Self::NoText => "text",
            Self::Namespaces => "namespaces_too_long",
        }
    }

    fn message(self) -> &'static str {
        match self {
            Self::DigitsLost => "a number has more digits than the event hash id keeps",
            Self::Infinite => "the event hash id does not know infinity",
            Self::TimeRounding => "a time rounds up to a full second, which the event hash id does not know",
            Self::TimeForm => {
                "a time in a form that is not read alike everywhere; YYYY-MM-DDThh:mm:ss+hh:mm is"
            }
            Self::TimeRange => "a time that is outside of the years 1 to 9999 in UTC",
            Self::NoPair => "expected an object with a type and a value",
            Self::NoText => "#text is not a text",
            Self::Namespaces => "the namespaces of the prefixes that the event uses are too long together",
        }
    }
}

impl Fault<'_> {
    /// The fault as a problem, its pointer relative to the event. Cost: one look at all of the event.
    pub(super) fn into_problem(self, event: &Object<'_>) -> Problem {
        let mut pointer = String::new();
        find(Value::Object(event), self.culprit, &mut pointer);
        Problem::of_document(pointer, self.kind.code(), self.kind.message())
    }
}

/// Appends the way to the value that the culprit is a part of. False, with nothing appended, where none is.
fn find(value: Value<'_>, culprit: &str, pointer: &mut String) -> bool {
    let here = pointer.len();
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::String(text) | Value::Number(text) => is_part(culprit, text),
        Value::Array(elements) => elements.iter().enumerate().any(|(index, &element)| {
            write_pointer_token(&index.to_string(), pointer);
            find(element, culprit, pointer) || {
                pointer.truncate(here);
                false
            }
        }),
        Value::Object(object) if std::ptr::eq(object.source, culprit) => true,
        Value::Object(object) => object.members.iter().any(|member| {
            write_pointer_token(member.name, pointer);
            is_part(culprit, member.name) || find(member.value, culprit, pointer) || {
                pointer.truncate(here);
                false
            }
        }),
    }
}

/// Whether a text is a slice of another, the same bytes in memory.
fn is_part(part: &str, whole: &str) -> bool {
    whole.as_bytes().as_ptr_range().contains(&part.as_ptr())
}
