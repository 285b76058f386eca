//! What to simulate, and within which bounds.

use std::fmt;

use crate::text::DAY_S;

/// Most events of one simulation; item numbers are laid out for this many.
pub const EVENTS_MAX: u64 = 1_000_000_000;
/// Most items that one recall can be asked to reach.
pub const RECALL_ITEMS_MAX: u32 = 1_000_000;
/// Shortest time a simulation can cover, seconds.
pub const SPAN_S_MIN: u64 = DAY_S;
/// Earliest start: 2000-01-01T00:00:00Z, seconds since 1970.
pub const START_S_MIN: u64 = 946_684_800;
/// Latest end: 2100-01-01T00:00:00Z, seconds since 1970.
pub const END_S_MAX: u64 = 4_102_444_800;

/// 2026-01-01T00:00:00Z: fixed, so that nobody's clock changes the bytes.
const END_S_DEFAULT: u64 = 1_767_225_600;

/// Everything that the bytes depend on: equal settings give equal bytes, on every machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Events in all, 0 ≤ `events` ≤ [`EVENTS_MAX`].
    pub events: u64,
    /// Different seeds tell different stories about different items.
    pub seed: u64,
    /// No event is before this: seconds since 1970, UTC, at least [`START_S_MIN`].
    ///
    /// Small simulations begin later, so that their stories overlap as in a big one.
    pub start_s: u64,
    /// "Now", and no event is after it: seconds since 1970, UTC, at most [`END_S_MAX`].
    pub end_s: u64,
    /// How many stories of ten thousand carry trouble, ≤ 10,000. Unless this is 0, each
    /// [`Trouble`](crate::Trouble) also appears once among the first stories, about 800 events.
    pub troubled_per_10k: u32,
    /// 0, or how many packs the first story's lot consists of, ≤ [`RECALL_ITEMS_MAX`]; a forward
    /// trace of that lot reaches at least so many items.
    pub recall_items: u32,
}

impl Settings {
    /// A year of `events` events up to a fixed day, three in a hundred stories with trouble.
    #[must_use]
    pub fn new(events: u64, seed: u64) -> Self {
        Self {
            events,
            seed,
            start_s: END_S_DEFAULT - 365 * DAY_S,
            end_s: END_S_DEFAULT,
            troubled_per_10k: 300,
            recall_items: 0,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsError> {
        if self.events > EVENTS_MAX {
            return Err(SettingsError::TooManyEvents);
        }
        let in_bounds = self.start_s >= START_S_MIN && self.end_s <= END_S_MAX;
        if !in_bounds || self.end_s < self.start_s.saturating_add(SPAN_S_MIN) {
            return Err(SettingsError::Span);
        }
        if self.troubled_per_10k > 10_000 {
            return Err(SettingsError::TroubleRate);
        }
        if self.recall_items > RECALL_ITEMS_MAX {
            return Err(SettingsError::TooManyRecallItems);
        }
        Ok(())
    }
}

/// Why settings were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingsError {
    /// More than [`EVENTS_MAX`] events.
    TooManyEvents,
    /// Start and end are out of bounds, or less than [`SPAN_S_MIN`] apart.
    Span,
    /// More than 10,000 of 10,000 stories with trouble.
    TroubleRate,
    /// More than [`RECALL_ITEMS_MAX`] items.
    TooManyRecallItems,
    /// The lot of `recall_items` needs a story of `needed` events, more than there are in all.
    TooFewEvents {
        /// The least number of events that will do.
        needed: u64,
    },
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyEvents => write!(f, "events: at most {EVENTS_MAX}"),
            Self::Span => {
                write!(f, "start and end: between 2000 and 2100, at least {SPAN_S_MIN} seconds apart")
            }
            Self::TroubleRate => write!(f, "troubled stories: at most 10,000 of 10,000"),
            Self::TooManyRecallItems => write!(f, "items of a recall: at most {RECALL_ITEMS_MAX}"),
            Self::TooFewEvents { needed } => {
                write!(f, "events: a recall of so many items takes at least {needed}")
            }
        }
    }
}

impl std::error::Error for SettingsError {}
