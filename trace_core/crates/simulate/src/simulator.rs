//! Tells many stories at once, in the order in which their events happen.

use std::cmp::{Ordering, Reverse};
use std::collections::VecDeque;
use std::collections::binary_heap::{BinaryHeap, PeekMut};
use std::ops::Range;

use crate::item::scatter;
use crate::landmark::{Chronicle, Domain, Landmark, Trouble};
use crate::random::Random;
use crate::settings::{Settings, SettingsError};
use crate::story::{Returnable, STORY_S_MAX, Story, Told};
use crate::tale::{fish::Fish, medicine::Medicine, parts::Parts, produce::Produce};

/// Events that may wait in unfinished stories, about 10 bytes each. Where there would be more,
/// stories go faster.
const WAITING_EVENTS_MAX: u64 = 2_000_000;

/// In a small simulation a story begins for each this many seconds × its events after the last one.
const UNHURRIED_S_PER_EVENT: u64 = 7_200;

/// Story numbers begin at one below this, by the seed, so that two seeds hardly share an item.
const FIRST_NUMBER_MAX: u32 = 80_000_000;

/// A seeded supply chain, told event by event.
///
/// Every story is complete except the last one to begin, which is cut off so that the number of
/// events is exact. Memory does not grow with the number of events beyond that of the stories under
/// way: some 25 MB at most.
pub struct Simulator {
    settings: Settings,
    clock: Clock,
    /// The stories under way; the one that goes on first is the greatest.
    queue: BinaryHeap<Active>,
    /// The large lot, until it begins.
    large: Option<Box<dyn Story>>,
    first_number: u64,
    begun: u64,
    /// Events of all stories that have begun.
    budgeted: u64,
    pallets: PalletPool,
    chronicle: Chronicle,
    /// An event that was told and given back.
    held: Vec<u8>,
}

/// A story under way.
struct Active {
    /// When its next event happens.
    when_s: u64,
    /// Which story goes first when two go on in the same second.
    number: u64,
    next: usize,
    domain: Domain,
    story: Box<dyn Story>,
    /// Not cut off at the end of the simulation.
    whole: bool,
}

impl Active {
    fn key(&self) -> Reverse<(u64, u64)> {
        Reverse((self.when_s, self.number))
    }
}

impl Ord for Active {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for Active {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Active {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Active {}

/// How the time of the stories maps to the time asked for.
struct Clock {
    /// When the first story begins, and when the last one does at the latest.
    begins: Range<u64>,
    /// What [`STORY_S_MAX`] shrinks to.
    story_s: u64,
}

impl Clock {
    fn new(settings: &Settings) -> Self {
        let span_s = settings.end_s - settings.start_s;
        let crowded_s = WAITING_EVENTS_MAX * span_s / settings.events.max(1);
        let story_s = STORY_S_MAX.min(span_s / 2).min(crowded_s);
        let window_s = (span_s - story_s).min(settings.events * UNHURRIED_S_PER_EVENT);
        let last_s = settings.end_s - story_s;
        Self { begins: last_s - window_s..last_s, story_s }
    }

    fn scaled(&self, seconds: u64) -> u64 {
        seconds * self.story_s / STORY_S_MAX
    }
}

/// Returnable pallets go from story to story, one story at a time, until they are worn out.
struct PalletPool {
    idle: VecDeque<Returnable>,
    next: u32,
}

/// Trips of the pallets that last longest; how many each makes, one or more, is told by its serial.
const TRIPS_MAX: u64 = 20;

impl PalletPool {
    /// A pallet. Those that have rested longest go first.
    fn take(&mut self) -> Returnable {
        self.idle.pop_front().unwrap_or_else(|| {
            self.next += 1;
            Returnable { serial: self.next - 1, trips: 0 }
        })
    }

    /// A pallet that has come back from a trip, to be taken again unless that was its last.
    fn give_back(&mut self, pallet: Returnable) {
        let pallet = Returnable { trips: pallet.trips + 1, ..pallet };
        if u64::from(pallet.trips) <= scatter(u64::from(pallet.serial), 32) % TRIPS_MAX {
            self.idle.push_back(pallet);
        }
    }
}

/// The troubles that a story of this domain can have.
fn troubles(domain: Domain) -> &'static [Trouble] {
    match domain {
        Domain::Fish => Fish::TROUBLES,
        Domain::Medicine => Medicine::TROUBLES,
        Domain::Parts => Parts::TROUBLES,
        Domain::Produce => Produce::TROUBLES,
    }
}

impl Simulator {
    /// Prepares the first story; cost is that of the large lot, if one is asked for.
    ///
    /// # Errors
    /// [`SettingsError`] says which setting is out of bounds.
    pub fn new(settings: Settings) -> Result<Self, SettingsError> {
        settings.check()?;
        let mut random = Random::new(settings.seed, u64::MAX);
        let first_number = random.below(FIRST_NUMBER_MAX);
        let large = (settings.recall_items > 0).then(|| {
            let seed = random.next();
            let chance = Random::new(seed, 0);
            let (tale, plan) = Medicine::plan_large(u64::from(first_number), chance, settings.recall_items);
            Box::new(Told::new(seed, tale, None, plan)) as Box<dyn Story>
        });
        if let Some(needed) = large.as_ref().map(|story| story.len() as u64)
            && needed > settings.events
        {
            return Err(SettingsError::TooFewEvents { needed });
        }
        Ok(Self {
            clock: Clock::new(&settings),
            settings,
            queue: BinaryHeap::new(),
            large,
            first_number: u64::from(first_number),
            begun: 0,
            budgeted: 0,
            pallets: PalletPool { idle: VecDeque::new(), next: first_number },
            chronicle: Chronicle::default(),
            held: Vec::new(),
        })
    }

    /// Appends the next event as one JSON object; false when all have been told.
    ///
    /// Events come in ascending `eventTime`. Cost: about a microsecond.
    pub fn next_event(&mut self, out: &mut Vec<u8>) -> bool {
        if !self.held.is_empty() {
            out.append(&mut self.held);
            return true;
        }
        while self.a_story_begins() {
            self.begin_story();
        }
        let Some(mut first) = self.queue.peek_mut() else {
            return false;
        };
        first.story.write(first.next, first.when_s, out);
        first.next += 1;
        if first.next < first.story.len() {
            first.when_s += self.clock.scaled(first.story.after_s(first.next));
        } else {
            let told = PeekMut::pop(first);
            self.end_story(&told);
        }
        true
    }

    /// Takes back the event told last, which did not fit its document; it will be the next.
    pub(crate) fn hold(&mut self, event: Vec<u8>) {
        self.held = event;
    }

    /// Things that are worth a look, of stories told to their end so far: the first
    /// [`LANDMARK_STORIES_MAX`](crate::LANDMARK_STORIES_MAX) of each domain and trouble, and of the large lot.
    #[must_use]
    pub fn landmarks(&self) -> &[Landmark] {
        &self.chronicle.landmarks
    }

    /// How many of the stories told to their end so far carried this trouble.
    #[must_use]
    pub fn troubles(&self, trouble: Trouble) -> u64 {
        self.chronicle.troubles(trouble)
    }

    /// What is simulated.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Stories begin as evenly as events are wanted.
    fn next_begin_s(&self) -> u64 {
        let Range { start, end } = self.clock.begins;
        start + (end - start) * self.budgeted / self.settings.events.max(1)
    }

    fn a_story_begins(&self) -> bool {
        self.budgeted < self.settings.events
            && self.queue.peek().is_none_or(|first| self.next_begin_s() <= first.when_s)
    }

    fn begin_story(&mut self) {
        let begin_s = self.next_begin_s();
        let index = self.begun;
        let number = self.first_number + index;
        let (domain, mut story) = match self.large.take() {
            Some(large) => (Domain::Medicine, large),
            None => (Domain::of(index), self.make_story(index, number)),
        };
        self.begun += 1;
        let left = self.settings.events - self.budgeted;
        let whole = story.len() as u64 <= left;
        if !whole {
            story.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        }
        self.budgeted += story.len() as u64;
        let when_s = begin_s + self.clock.scaled(story.after_s(0));
        self.queue.push(Active { when_s, number, next: 0, domain, story, whole });
    }

    fn make_story(&mut self, index: u64, number: u64) -> Box<dyn Story> {
        let domain = Domain::of(index);
        let mut random = Random::new(self.settings.seed, index);
        let trouble = self.trouble(index, domain, &mut random);
        let seed = random.next();
        match domain {
            Domain::Fish => {
                let returnable = (random.below(3) == 0).then(|| self.pallets.take());
                let (tale, plan) = Fish::plan(number, random, trouble, returnable);
                Box::new(Told::new(seed, tale, trouble, plan))
            }
            Domain::Medicine => {
                let (tale, plan) = Medicine::plan(number, random, trouble);
                Box::new(Told::new(seed, tale, trouble, plan))
            }
            Domain::Parts => {
                let (tale, plan) = Parts::plan(number, random, trouble);
                Box::new(Told::new(seed, tale, trouble, plan))
            }
            Domain::Produce => {
                let (tale, plan) = Produce::plan(number, random, trouble);
                Box::new(Told::new(seed, tale, trouble, plan))
            }
        }
    }

    /// Round n ≥ 1 of the domains shows the n-th trouble, in the first domain that can have it; all
    /// else is left to chance.
    fn trouble(&self, index: u64, domain: Domain, random: &mut Random) -> Option<Trouble> {
        if self.settings.troubled_per_10k == 0 {
            return None;
        }
        let round = usize::try_from(index / Domain::ALL.len() as u64).unwrap_or(usize::MAX);
        let shown = round.checked_sub(1).and_then(|round| Trouble::ALL.get(round).copied());
        let first_with =
            |trouble: Trouble| Domain::ALL.into_iter().find(|&domain| troubles(domain).contains(&trouble));
        if let Some(trouble) = shown
            && first_with(trouble) == Some(domain)
        {
            return Some(trouble);
        }
        let chance = random.below(10_000) < self.settings.troubled_per_10k;
        chance.then(|| *random.choose(troubles(domain)))
    }

    fn end_story(&mut self, told: &Active) {
        if told.whole {
            // It begins first, and among millions of events ends behind many others.
            let is_large = self.settings.recall_items > 0 && told.number == self.first_number;
            self.chronicle.note(told.domain, told.story.trouble(), is_large, || told.story.landmarks());
        }
        if let Some(pallet) = told.story.returnable() {
            self.pallets.give_back(pallet);
        }
    }
}
