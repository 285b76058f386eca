//! Words of the Core Business Vocabulary, in the form that is wished.

use std::borrow::Cow;

use epcis::vocabulary as words;

/// The form in which words of the CBV are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cbv {
    /// `urn:epcglobal:cbv:bizstep:shipping`, as CBV 1.2 had it; a web URI for what has no URN.
    #[default]
    Urn,
    /// `https://ref.gs1.org/cbv/BizStep-shipping`
    Web,
    /// As they are: `shipping`.
    AsIs,
}

/// One vocabulary: its words and what stands before them.
pub(crate) struct Vocabulary {
    words: &'static [&'static str],
    web: &'static str,
    urn: Option<&'static str>,
}

pub(crate) const BIZ_STEP: Vocabulary = Vocabulary {
    words: &words::BIZ_STEPS,
    web: "https://ref.gs1.org/cbv/BizStep-",
    urn: Some("urn:epcglobal:cbv:bizstep:"),
};
pub(crate) const DISPOSITION: Vocabulary = Vocabulary {
    words: &words::DISPOSITIONS,
    web: "https://ref.gs1.org/cbv/Disp-",
    urn: Some("urn:epcglobal:cbv:disp:"),
};
pub(crate) const BIZ_TRANSACTION_TYPE: Vocabulary = Vocabulary {
    words: &words::BIZ_TRANSACTION_TYPES,
    web: "https://ref.gs1.org/cbv/BTT-",
    urn: Some("urn:epcglobal:cbv:btt:"),
};
pub(crate) const SOURCE_DEST_TYPE: Vocabulary = Vocabulary {
    words: &words::SOURCE_DEST_TYPES,
    web: "https://ref.gs1.org/cbv/SDT-",
    urn: Some("urn:epcglobal:cbv:sdt:"),
};
pub(crate) const ERROR_REASON: Vocabulary = Vocabulary {
    words: &words::ERROR_REASONS,
    web: "https://ref.gs1.org/cbv/ER-",
    urn: Some("urn:epcglobal:cbv:er:"),
};
pub(crate) const COMPONENT: Vocabulary =
    Vocabulary { words: &words::COMPONENTS, web: "https://ref.gs1.org/cbv/Comp-", urn: None };
pub(crate) const MEASUREMENT: Vocabulary =
    Vocabulary { words: &words::MEASUREMENT_TYPES, web: "https://gs1.org/voc/", urn: None };
pub(crate) const SENSOR_ALERT: Vocabulary =
    Vocabulary { words: &words::SENSOR_ALERTS, web: "https://gs1.org/voc/", urn: None };

impl Vocabulary {
    /// The short name of a word that came as web URI or URN; any other text as it is.
    pub(crate) fn short<'t>(&self, text: &'t str) -> &'t str {
        let of_web = text.strip_prefix(self.web);
        let word = of_web.or_else(|| self.urn.and_then(|urn| text.strip_prefix(urn)));
        word.filter(|word| self.words.contains(word)).unwrap_or(text)
    }

    /// A word in any of its forms in the form that is wished; any other text as it is.
    pub(crate) fn written<'t>(&self, text: Cow<'t, str>, form: Cbv) -> Cow<'t, str> {
        let short = self.short(&text);
        let stem = match form {
            Cbv::AsIs => return text,
            Cbv::Urn => self.urn.unwrap_or(self.web),
            Cbv::Web => self.web,
        };
        if self.words.contains(&short) { Cow::Owned([stem, short].concat()) } else { text }
    }
}
