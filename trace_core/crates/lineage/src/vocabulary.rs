//! The words of the Core Business Vocabulary that change what an item is, where, and with whom.

/// What comes before a CBV name in a URN or URI.
const PREFIXES: [&str; 10] = [
    "urn:epcglobal:cbv:bizstep:",
    "urn:epcglobal:cbv:disp:",
    "urn:epcglobal:cbv:sdt:",
    "urn:epcglobal:cbv:er:",
    "https://ref.gs1.org/cbv/",
    "https://ns.gs1.org/cbv/",
    "https://gs1.org/voc/",
    "https://ns.gs1.org/voc/",
    "cbv:",
    "gs1:",
];
const KINDS: [&str; 4] = ["BizStep-", "Disp-", "SDT-", "ER-"];

/// The short name of a CBV value, and any other text as it is.
pub(crate) fn short(text: &str) -> &str {
    let Some(rest) = PREFIXES.iter().find_map(|prefix| text.strip_prefix(prefix)) else { return text };
    KINDS.iter().find_map(|kind| rest.strip_prefix(kind)).unwrap_or(rest)
}

/// The site of a place: a GLN without the extension that tells its doors apart, in a Digital Link or an EPC URN.
pub(crate) fn site(place: &str) -> &str {
    if place.starts_with("urn:epc:id:sgln:") {
        return place.rsplit_once('.').map_or(place, |(site, _)| site);
    }
    place.split_once("/254/").map_or(place, |(site, _)| site)
}

/// Business steps by what they do; all others leave things as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Begins to be, or is again.
    Commissioning,
    /// Leaves for another place …
    Shipping,
    /// … and drives off.
    Departing,
    /// On its way.
    Transporting,
    /// Has come …
    Arriving,
    /// … and is booked in.
    Receiving,
    /// Did not leave after all.
    VoidShipping,
    Decommissioning,
    Destroying,
    /// Goes to whoever uses it.
    Selling,
    Other,
}

impl Step {
    pub(crate) fn of(short_name: &str) -> Self {
        match short_name {
            "commissioning" | "creating_class_instance" => Self::Commissioning,
            "shipping" => Self::Shipping,
            "departing" => Self::Departing,
            "transporting" => Self::Transporting,
            "arriving" | "accepting" => Self::Arriving,
            "receiving" => Self::Receiving,
            "void_shipping" => Self::VoidShipping,
            "decommissioning" => Self::Decommissioning,
            "destroying" => Self::Destroying,
            "retail_selling" | "dispensing" | "consuming" => Self::Selling,
            _ => Self::Other,
        }
    }

    pub(crate) fn leaves(self) -> bool {
        matches!(self, Self::Shipping | Self::Departing)
    }

    pub(crate) fn comes(self) -> bool {
        matches!(self, Self::Arriving | Self::Receiving)
    }

    /// After it there is no such thing any more.
    pub(crate) fn ends(self) -> bool {
        matches!(self, Self::Decommissioning | Self::Destroying)
    }
}

#[cfg(test)]
mod tests {
    use super::{short, site};

    #[test]
    fn site_of_a_door_is_its_gln() {
        assert_eq!(
            site("https://id.gs1.org/414/9521321000010/254/21"),
            "https://id.gs1.org/414/9521321000010"
        );
        assert_eq!(site("urn:epc:id:sgln:952132.100001.21"), "urn:epc:id:sgln:952132.100001");
        assert_eq!(site("quay 4"), "quay 4");
    }

    #[test]
    fn cbv_name_in_any_spelling_is_shortened_and_others_stay() {
        for text in [
            "shipping",
            "urn:epcglobal:cbv:bizstep:shipping",
            "https://ref.gs1.org/cbv/BizStep-shipping",
            "https://ns.gs1.org/cbv/BizStep-shipping",
            "cbv:BizStep-shipping",
        ] {
            assert_eq!(short(text), "shipping");
        }
        assert_eq!(short("https://ref.gs1.org/cbv/Disp-in_transit"), "in_transit");
        assert_eq!(short("urn:epcglobal:cbv:sdt:possessing_party"), "possessing_party");
        assert_eq!(short("https://example.org/shipping"), "https://example.org/shipping");
    }
}
