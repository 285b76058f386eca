//! What an event says once, by what each of its members says of it.

use json::{Member, Value};

use crate::event::{Action, EventType};
use crate::problem::Problem;
use crate::time::parse_time;
use crate::vocabulary;

/// All of an event but its lists and objects.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[expect(missing_docs, reason = "as in `Event`")]
pub struct EventHead<'a> {
    pub event_type: EventType,
    pub action: Option<Action>,
    pub event_time: i64,
    pub event_id: Option<&'a str>,
    pub biz_step: Option<&'a str>,
    pub disposition: Option<&'a str>,
    pub read_point: Option<&'a str>,
    pub biz_location: Option<&'a str>,
    pub transformation_id: Option<&'a str>,
}

/// What one member adds to it; None where the member says something else.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Said<'a> {
    Other,
    Type(Option<EventType>),
    Action(Option<Action>),
    Time(Option<i64>),
    Id(Option<&'a str>),
    BizStep(Option<&'a str>),
    Disposition(Option<&'a str>),
    ReadPoint(Option<&'a str>),
    BizLocation(Option<&'a str>),
    TransformationId(Option<&'a str>),
}

impl<'a> Said<'a> {
    pub(crate) fn of(member: &Member<'a>) -> Self {
        let text = member.value.as_str();
        match member.name {
            "type" => Self::Type(text.and_then(EventType::of)),
            "eventTime" => Self::Time(text.and_then(parse_time)),
            "action" => Self::Action(text.and_then(Action::of)),
            "eventID" => Self::Id(text),
            "bizStep" => Self::BizStep(text.map(vocabulary::biz_step)),
            "disposition" => Self::Disposition(text.map(vocabulary::disposition)),
            "readPoint" => Self::ReadPoint(place(member.value)),
            "bizLocation" => Self::BizLocation(place(member.value)),
            "transformationID" => Self::TransformationId(text),
            _ => Self::Other,
        }
    }
}

/// Puts a head together.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Hearing<'a> {
    head: EventHead<'a>,
    has_type: bool,
    has_time: bool,
}

impl<'a> Hearing<'a> {
    pub(crate) fn hear(&mut self, said: Said<'a>) {
        let head = &mut self.head;
        match said {
            Said::Other => (),
            Said::Type(known) => {
                self.has_type = known.is_some();
                head.event_type = known.unwrap_or_default();
            }
            Said::Time(known) => {
                self.has_time = known.is_some();
                head.event_time = known.unwrap_or_default();
            }
            Said::Action(action) => head.action = action,
            Said::Id(id) => head.event_id = id,
            Said::BizStep(step) => head.biz_step = step,
            Said::Disposition(disposition) => head.disposition = disposition,
            Said::ReadPoint(place) => head.read_point = place,
            Said::BizLocation(place) => head.biz_location = place,
            Said::TransformationId(id) => head.transformation_id = id,
        }
    }

    /// # Errors
    /// A [`Problem`], its pointer relative to the event, where type or time cannot be read.
    pub(crate) fn finish(self) -> Result<EventHead<'a>, Problem> {
        if !self.has_type {
            return Err(Problem::of_document("/type", "enum", "not one of the five event types"));
        }
        if !self.has_time {
            let message = "not a time with an offset, of the years 1970 to 2100";
            return Err(Problem::of_document("/eventTime", "format", message));
        }
        Ok(self.head)
    }
}

fn place(value: Value<'_>) -> Option<&str> {
    value.as_object()?.get("id")?.as_str()
}
