//! Words of the Core Business Vocabulary, in whichever of their forms they come.

/// Web vocabulary of the CBV.
const CBV_WEB: &str = "https://ref.gs1.org/cbv/";
/// URNs of the CBV 1.x.
const CBV_URN: &str = "urn:epcglobal:cbv:";

/// The short name of a CBV term (`shipping`) that came as short name, CURIE (`cbv:BizStep-shipping`),
/// web URI or URN; any other text is itself. `web` and `urn` are the term's kinds in the latter two,
/// such as `BizStep-` and `bizstep:`.
#[must_use]
pub fn short_name<'a>(text: &'a str, web: &str, urn: &str) -> &'a str {
    let local = text.strip_prefix("cbv:").or_else(|| text.strip_prefix(CBV_WEB));
    let short = local
        .and_then(|local| local.strip_prefix(web))
        .or_else(|| text.strip_prefix(CBV_URN).and_then(|local| local.strip_prefix(urn)));
    short.unwrap_or(text)
}

/// [`short_name`] of a business step.
#[must_use]
pub fn biz_step(text: &str) -> &str {
    short_name(text, "BizStep-", "bizstep:")
}

/// [`short_name`] of a disposition.
#[must_use]
pub fn disposition(text: &str) -> &str {
    short_name(text, "Disp-", "disp:")
}

/// [`short_name`] of the type of a source or destination.
#[must_use]
pub fn source_dest_type(text: &str) -> &str {
    short_name(text, "SDT-", "sdt:")
}

/// [`short_name`] of the type of a business transaction.
#[must_use]
pub fn biz_transaction_type(text: &str) -> &str {
    short_name(text, "BTT-", "btt:")
}

/// [`short_name`] of the reason of an error declaration.
#[must_use]
pub fn error_reason(text: &str) -> &str {
    short_name(text, "ER-", "er:")
}
