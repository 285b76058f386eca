//! What a story is: a list of steps made at its birth, each written as one event when its time comes.

use std::ops::Range;

use crate::item::Item;
use crate::journey::Leg;
use crate::landmark::{Role, Trouble};
use crate::pen::Scene;
use crate::random::Random;

/// Seconds from a story's first event to its last, at most, before any compression of time.
pub(crate) const STORY_S_MAX: u64 = 36 * 86_400;

/// One event to come: 8 bytes, because a big simulation has a million of them waiting.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<A> {
    /// Seconds after the step before.
    after_s: u32,
    /// Which of the story's lots, cases, journeys …; each act has its own count.
    which: u16,
    act: A,
}

/// A domain's story: who takes part, what can happen, and how each act looks as an event.
pub(crate) trait Tale: Send + Sync {
    /// The acts of this domain; all have journeys among them.
    type Act: Copy + From<Leg> + Send + Sync;

    /// Appends the one event of this act.
    fn write(&self, act: Self::Act, which: u16, scene: &mut Scene<'_>);

    /// Things of the story that are worth a look, for the trouble it carries if it carries one.
    fn landmarks(&self, trouble: Option<Trouble>) -> Vec<(Role, Item)>;

    /// The returnable pallet that comes back at the end of the story, as it was lent.
    fn returnable(&self) -> Option<Returnable> {
        None
    }
}

/// A pallet of the pool's fleet, and how many trips it has made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Returnable {
    pub(crate) serial: u32,
    pub(crate) trips: u16,
}

/// The steps of a story while it is being made up.
pub(crate) struct Plan<A> {
    steps: Vec<Step<A>>,
    pause_s: u32,
    beat_s: u32,
    random: Random,
}

impl<A: Copy + From<Leg>> Plan<A> {
    /// `beat_s`: seconds that a step takes, half more or less, on top of the pauses between them.
    pub(crate) fn new(beat_s: u32, random: Random) -> Self {
        Self { steps: Vec::new(), pause_s: 0, beat_s, random }
    }

    /// Lets `hours` pass, a quarter more or less.
    pub(crate) fn pause(&mut self, hours: u32) {
        self.pause_s += hours * 36 * self.random.between(75, 125);
    }

    pub(crate) fn act(&mut self, act: A, which: u16) {
        let beat_s = self.beat_s / 2 + self.random.below(self.beat_s);
        self.steps.push(Step { after_s: self.pause_s + beat_s, which, act });
        self.pause_s = 0;
    }

    pub(crate) fn acts(&mut self, act: A, which: Range<u16>) {
        for which in which {
            self.act(act, which);
        }
    }

    /// Sends consignments on their way together: shipped, read `readings` times in `hours` of
    /// transport, received. Trouble of the road falls on the last of them.
    pub(crate) fn journey(
        &mut self,
        consignments: Range<u16>,
        hours: u32,
        readings: u32,
        trouble: Option<Trouble>,
    ) {
        let last = consignments.end - 1;
        let unshipped = trouble == Some(Trouble::NeverShipped);
        let shipped = consignments.start..if unshipped { last } else { consignments.end };
        self.acts(Leg::Ship.into(), shipped.clone());
        for _ in 0..readings {
            self.pause(hours / (readings + 1));
            self.acts(Leg::Transport.into(), shipped.clone());
        }
        self.pause(hours / (readings + 1));
        self.acts(Leg::Receive.into(), consignments.start..last);
        match trouble {
            Some(Trouble::NeverReceived) => {}
            Some(Trouble::ErrorDeclared) => {
                self.act(Leg::ReceiveWrongly.into(), last);
                // The standard wants the declaration, and the correction, at the time of the event itself.
                self.act_at_once(Leg::DeclareError.into(), last);
                self.act_at_once(Leg::ReceiveRightly.into(), last);
            }
            _ => self.act(Leg::Receive.into(), last),
        }
    }

    fn act_at_once(&mut self, act: A, which: u16) {
        self.steps.push(Step { after_s: 0, which, act });
    }
}

/// A story ready to be told, event by event, whatever its domain.
pub(crate) trait Story: Send + Sync {
    /// Number of events.
    fn len(&self) -> usize;

    /// Forgets all events but the first `len`.
    fn truncate(&mut self, len: usize);

    /// Seconds between event `index` and the one before.
    fn after_s(&self, index: usize) -> u64;

    /// Appends event `index`, which happens `when_s` seconds after 1970 (UTC).
    fn write(&self, index: usize, when_s: u64, out: &mut Vec<u8>);

    fn trouble(&self) -> Option<Trouble>;

    /// See [`Tale::landmarks`].
    fn landmarks(&self) -> Vec<(Role, Item)>;

    /// See [`Tale::returnable`].
    fn returnable(&self) -> Option<Returnable>;
}

/// A tale and its steps.
pub(crate) struct Told<T: Tale> {
    seed: u64,
    tale: T,
    trouble: Option<Trouble>,
    steps: Box<[Step<T::Act>]>,
}

impl<T: Tale> Told<T> {
    pub(crate) fn new(seed: u64, tale: T, trouble: Option<Trouble>, plan: Plan<T::Act>) -> Self {
        Self { seed, tale, trouble, steps: plan.steps.into() }
    }
}

impl<T: Tale> Story for Told<T> {
    fn len(&self) -> usize {
        self.steps.len()
    }

    fn truncate(&mut self, len: usize) {
        self.steps = self.steps.iter().copied().take(len).collect();
    }

    fn after_s(&self, index: usize) -> u64 {
        u64::from(self.steps[index].after_s)
    }

    fn write(&self, index: usize, when_s: u64, out: &mut Vec<u8>) {
        let step = self.steps[index];
        let random = Random::new(self.seed, index as u64);
        self.tale.write(step.act, step.which, &mut Scene { out, when_s, random });
    }

    fn trouble(&self) -> Option<Trouble> {
        self.trouble
    }

    fn landmarks(&self) -> Vec<(Role, Item)> {
        self.tale.landmarks(self.trouble)
    }

    fn returnable(&self) -> Option<Returnable> {
        self.tale.returnable()
    }
}

#[cfg(test)]
mod tests {
    use super::{Returnable, STORY_S_MAX, Story, Told};
    use crate::landmark::{Domain, Trouble};
    use crate::random::Random;
    use crate::settings::RECALL_ITEMS_MAX;
    use crate::tale::{fish::Fish, medicine::Medicine, parts::Parts, produce::Produce};

    fn length_s(story: &dyn Story) -> u64 {
        (0..story.len()).map(|index| story.after_s(index)).sum()
    }

    #[test]
    fn stories_of_every_domain_and_trouble_end_in_time() {
        let troubles = Trouble::ALL.into_iter().map(Some).chain([None]);
        for (number, trouble) in (0..2_000).flat_map(|number| troubles.clone().map(move |t| (number, t))) {
            let random = Random::new(number, 5);
            let length_s = match Domain::of(number) {
                Domain::Fish => {
                    let (tale, plan) =
                        Fish::plan(number, random, trouble, Some(Returnable { serial: 1, trips: 0 }));
                    length_s(&Told::new(1, tale, trouble, plan))
                }
                Domain::Medicine => {
                    let (tale, plan) = Medicine::plan(number, random, trouble);
                    length_s(&Told::new(1, tale, trouble, plan))
                }
                Domain::Parts => {
                    let (tale, plan) = Parts::plan(number, random, trouble);
                    length_s(&Told::new(1, tale, trouble, plan))
                }
                Domain::Produce => {
                    let (tale, plan) = Produce::plan(number, random, trouble);
                    length_s(&Told::new(1, tale, trouble, plan))
                }
            };
            assert!(length_s <= STORY_S_MAX, "{number} {trouble:?}: {length_s}");
        }
        for seed in 0..4 {
            let (tale, plan) = Medicine::plan_large(3, Random::new(seed, 0), RECALL_ITEMS_MAX);
            assert!(length_s(&Told::new(1, tale, None, plan)) <= STORY_S_MAX);
        }
    }
}
