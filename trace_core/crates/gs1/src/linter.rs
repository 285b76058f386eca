//! The dictionary's checks of a component's content.

use crate::{Finding, check_digit};

/// A check, named as the dictionary names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the dictionary's own names")]
pub(crate) enum Linter {
    Couponcode,
    Couponposoffer,
    Csum,
    Csumalpha,
    Gcppos1,
    Gcppos2,
    Hasnondigit,
    Hh,
    Hhmi,
    Hyphen,
    Iban,
    Importeridx,
    Iso3166,
    Iso3166999,
    Iso3166alpha2,
    Iso4217,
    Iso5218,
    Latitude,
    Longitude,
    Mediatype,
    Mi,
    Nonzero,
    Nozeroprefix,
    Packagetype,
    Pcenc,
    Pieceoftotal,
    Posinseqslash,
    Ss,
    Winding,
    Yesno,
    Yymmd0,
    Yymmdd,
    Yyyymmdd,
    Zero,
}

impl Linter {
    /// Checks one component of a value.
    pub(crate) fn check(self, value: &str) -> Result<(), Finding> {
        match self {
            Self::Csum if !check_digit::is_proven(value) => Err(Finding::CheckDigit),
            _ => Ok(()),
        }
    }
}
