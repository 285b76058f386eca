//! What the simulator planted, and where to look for it.

use crate::firm::Style;
use crate::item::Item;

/// Something that went wrong in a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Trouble {
    /// Food got too warm under way; the readings carry `ALARM_CONDITION`.
    ColdExcursion,
    /// A consignment was shipped and never received.
    NeverReceived,
    /// A consignment was received and nobody had shipped it.
    NeverShipped,
    /// A receipt was booked at the wrong site, declared an error, and corrected.
    ErrorDeclared,
    /// More of a lot came out than had gone in.
    QuantityMismatch,
    /// A pack was dispensed in one pharmacy and then again in another.
    DispensedTwice,
    /// A part was removed from an assembly that it had never been installed in.
    NeverInstalled,
}

impl Trouble {
    /// All kinds, in the order in which a small simulation shows them.
    pub const ALL: [Self; 7] = [
        Self::ColdExcursion,
        Self::DispensedTwice,
        Self::NeverInstalled,
        Self::NeverReceived,
        Self::QuantityMismatch,
        Self::ErrorDeclared,
        Self::NeverShipped,
    ];

    /// A word for each kind, for people and for JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ColdExcursion => "cold_excursion",
            Self::NeverReceived => "never_received",
            Self::NeverShipped => "never_shipped",
            Self::ErrorDeclared => "error_declared",
            Self::QuantityMismatch => "quantity_mismatch",
            Self::DispensedTwice => "dispensed_twice",
            Self::NeverInstalled => "never_installed",
        }
    }
}

/// What a story is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Domain {
    /// Frozen fish, a cold chain.
    Fish,
    /// Medicine.
    Medicine,
    /// Parts in engines of cars and aircraft.
    Parts,
    /// Fresh fruit and vegetables, a cold chain.
    Produce,
}

impl Domain {
    /// All domains, in the order in which they take turns.
    pub const ALL: [Self; 4] = [Self::Fish, Self::Medicine, Self::Parts, Self::Produce];

    /// A word for each domain, for people and for JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fish => "fish",
            Self::Medicine => "medicine",
            Self::Parts => "parts",
            Self::Produce => "produce",
        }
    }

    /// The domain of the `story`th story.
    pub(crate) fn of(story: u64) -> Self {
        match story % Self::ALL.len() as u64 {
            0 => Self::Fish,
            1 => Self::Medicine,
            2 => Self::Parts,
            _ => Self::Produce,
        }
    }
}

/// What a landmark is in its story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A lot to recall: food or medicine.
    Lot,
    /// The lot whose forward trace reaches `Settings::recall_items` items.
    LargeLot,
    /// A serialised pack of medicine.
    Pack,
    /// A case, pallet or part that travelled.
    Consignment,
    /// A car or an aircraft.
    Assembly,
}

impl Role {
    /// A word for each role, for people and for JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lot => "lot",
            Self::LargeLot => "large_lot",
            Self::Pack => "pack",
            Self::Consignment => "consignment",
            Self::Assembly => "assembly",
        }
    }
}

/// A thing to look up, and the trouble that is to be found there; with none, all is well with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// What its story is about.
    pub domain: Domain,
    /// What the thing is.
    pub role: Role,
    /// What went wrong with it.
    pub trouble: Option<Trouble>,
    /// Its EPC URN.
    pub urn: String,
    /// Its Digital Link URI.
    pub digital_link: String,
    /// Its element string, with identifiers in brackets, as `(01)09520201000053(10)M0482`.
    pub element_string: String,
}

impl Landmark {
    pub(crate) fn new(domain: Domain, role: Role, trouble: Option<Trouble>, item: Item) -> Self {
        let text = |put: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            put(&mut out);
            String::from_utf8_lossy(&out).into_owned()
        };
        Self {
            domain,
            role,
            trouble,
            urn: text(&|out| item.put(out, Style::Urn)),
            digital_link: text(&|out| item.put(out, Style::DigitalLink)),
            element_string: text(&|out| item.put_element_string(out)),
        }
    }
}

/// Stories of one domain and trouble whose landmarks are kept: the first that are told to their end.
pub const LANDMARK_STORIES_MAX: u64 = 4;

/// The landmarks so far, and how many stories had which trouble.
#[derive(Debug, Default)]
pub(crate) struct Chronicle {
    pub(crate) landmarks: Vec<Landmark>,
    calm: [u64; Domain::ALL.len()],
    troubled: [[u64; Domain::ALL.len()]; Trouble::ALL.len()],
}

impl Chronicle {
    /// Notes a story that has been told to its end; `found` is asked while its kind is wanted, and always for one
    /// that was asked for.
    pub(crate) fn note(
        &mut self,
        domain: Domain,
        trouble: Option<Trouble>,
        is_asked_for: bool,
        found: impl FnOnce() -> Vec<(Role, Item)>,
    ) {
        let stories = match trouble {
            None => &mut self.calm[domain as usize],
            Some(trouble) => &mut self.troubled[trouble as usize][domain as usize],
        };
        *stories += 1;
        if is_asked_for || *stories <= LANDMARK_STORIES_MAX {
            let found = found().into_iter().map(|(role, item)| Landmark::new(domain, role, trouble, item));
            self.landmarks.extend(found);
        }
    }

    pub(crate) fn troubles(&self, trouble: Trouble) -> u64 {
        self.troubled[trouble as usize].iter().sum()
    }
}
