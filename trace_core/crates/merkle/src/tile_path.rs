//! The paths under which C2SP tlog-tiles serves tiles and entry bundles, printed and strictly parsed.

use std::fmt;
use std::str::FromStr;

use crate::{EntryBundle, TILE_HASHES_MAX, Tile};

/// What a path names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TilePath {
    /// `tile/<level>/<index>[.p/<width>]`
    Hashes(Tile),
    /// `tile/entries/<index>[.p/<width>]`
    Entries(EntryBundle),
}

/// A text is not the path of a tile or entry bundle, or not the only right way to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathError;

impl fmt::Display for PathError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "not the path of a tile or an entry bundle")
    }
}

impl std::error::Error for PathError {}

impl fmt::Display for TilePath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashes(tile) => tile.fmt(formatter),
            Self::Entries(bundle) => bundle.fmt(formatter),
        }
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tile/{}/", self.level())?;
        write_place(formatter, self.index(), self.width())
    }
}

impl fmt::Display for EntryBundle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "tile/entries/")?;
        write_place(formatter, self.index(), self.width())
    }
}

/// Writes 1234067 as `x001/x234/067`, and the width if it is not full.
fn write_place(formatter: &mut fmt::Formatter<'_>, index: u64, width: u16) -> fmt::Result {
    let mut place = format!("{:03}", index % 1000);
    let mut above = index / 1000;
    while above > 0 {
        place = format!("x{:03}/{place}", above % 1000);
        above /= 1000;
    }
    formatter.write_str(&place)?;
    if width == TILE_HASHES_MAX { Ok(()) } else { write!(formatter, ".p/{width}") }
}

impl FromStr for TilePath {
    type Err = PathError;

    fn from_str(path: &str) -> Result<Self, PathError> {
        let parsed = parse(path).ok_or(PathError)?;
        // One way to write each: whatever was read too kindly above is not what we print.
        if parsed.to_string() == path { Ok(parsed) } else { Err(PathError) }
    }
}

fn parse(path: &str) -> Option<TilePath> {
    let (kind, place) = path.strip_prefix("tile/")?.split_once('/')?;
    let (groups, width) = match place.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok()?),
        None => (place, TILE_HASHES_MAX),
    };
    let index = groups.split('/').try_fold(0_u64, |index, group| {
        let digits: u64 = group.strip_prefix('x').unwrap_or(group).parse().ok()?;
        index.checked_mul(1000)?.checked_add(digits)
    })?;
    if kind == "entries" {
        EntryBundle::new(index, width).map(TilePath::Entries).ok()
    } else {
        Tile::new(kind.parse().ok()?, index, width).map(TilePath::Hashes).ok()
    }
}
