//! A text with one long list in it, read without ever holding the whole list.
//!
//! The list is skipped at first, looking at nothing but strings and brackets, and read afterwards, some
//! elements at a time. Where that reading succeeds, the list is well formed, and ends where it was skipped
//! to; so both together are as strict as reading the whole text at once.
//!
//! An element that is an object can also be taken by its [`Members`].

use bumpalo::Bump;

use crate::blocks::{BLOCK_BYTES, Blocks};
use crate::flat::{Flat, FlatRoom};
use crate::part::{Members, Part, PartReader, next_at};
use crate::read::{Read, ReadError, ReadErrorCode, Reader, as_text, within};
use crate::value::Value;

/// Elements for which room is made before they are read.
const ROOM_MAX: usize = 1_024;

/// Elements between two places at which a list can be cut.
const CUT_ELEMENTS: usize = 128;

/// A list that was skipped; reads its elements in order.
#[derive(Clone, Debug, PartialEq)]
pub struct List<'a> {
    text: &'a str,
    /// Behind the opening bracket, or an element.
    at: usize,
    depth: usize,
    index: usize,
    path: &'static [&'static str],
    /// Behind each so many elements.
    cuts: Vec<usize>,
    /// Behind the last element of this part of a list; None where it goes to the list's end.
    end: Option<usize>,
}

/// Reads one JSON text, but for the first array that it has at one of these `paths` of member names: in its
/// place stands an empty array, and it is given as a [`List`].
///
/// # Errors
/// As [`read`](crate::read()), for all but the elements of the list.
pub fn read_outline<'a>(
    text: &'a [u8],
    paths: &[&'static [&'static str]],
    arena: &'a Bump,
) -> Result<(Value<'a>, Option<List<'a>>), ReadError> {
    let text = as_text(text)?;
    let mut skipped = None;
    let mut outline = Outline { text, list: &mut skipped };
    let root = Reader::new(text, 0, arena)
        .document(|reader, depth| {
            let along: Vec<_> = paths.iter().map(|path| (*path, *path)).collect();
            outline.value(reader, depth, &along)
        })
        .map_err(|failure| failure.under(""))?;
    Ok((root, skipped))
}

struct Outline<'o, 'a> {
    text: &'a str,
    list: &'o mut Option<List<'a>>,
}

/// A path, and what is left of it from where we stand.
type Along = (&'static [&'static str], &'static [&'static str]);

impl<'a> Outline<'_, 'a> {
    fn value(&mut self, reader: &mut Reader<'a>, depth: usize, along: &[Along]) -> Read<Value<'a>> {
        reader.white_space();
        let here = along.iter().find(|(_, rest)| rest.is_empty());
        match (reader.peek(), here) {
            (Some(b'['), Some((path, _))) if self.list.is_none() => {
                reader.at += 1;
                let at = reader.at;
                let cuts = skip_list(reader)?;
                *self.list = Some(List { text: self.text, at, depth, index: 0, path, cuts, end: None });
                Ok(Value::Array(&[]))
            }
            (Some(b'{'), _) if !along.is_empty() => reader.object(depth + 1, |reader, name| {
                let further: Vec<_> = along
                    .iter()
                    .filter_map(|&(path, rest)| {
                        rest.split_first().filter(|(first, _)| **first == name).map(|(_, rest)| (path, rest))
                    })
                    .collect();
                self.value(reader, depth + 1, &further)
            }),
            _ => reader.value(depth),
        }
    }
}

/// To behind the bracket that closes a list; `at` stands behind the one that opens it. Gives where it can be cut,
/// unless something in it is no object: then the list is refused there.
fn skip_list(reader: &mut Reader<'_>) -> Read<Vec<usize>> {
    let mut blocks = Blocks::default();
    let (mut open, mut objects, mut behind_object) = (1, 0_usize, 0);
    let mut cuts = Vec::new();
    while let Some(block) = blocks.read(reader.bytes(), reader.at) {
        let [opening, closing] = [block.opens, block.closes].map(u64::count_ones);
        if open > closing + 1 {
            // All of it lies within one element.
            open = open - closing + opening;
            reader.at += BLOCK_BYTES;
            continue;
        }
        let mut marks = block.opens | block.closes;
        while marks != 0 {
            let mark = marks & marks.wrapping_neg();
            marks ^= mark;
            let at = reader.at + mark.trailing_zeros() as usize;
            if block.opens & mark != 0 {
                if open == 1 {
                    let comma = next_at(reader.bytes(), behind_object);
                    if objects > 0 && objects.is_multiple_of(CUT_ELEMENTS) && reader.bytes()[comma] == b',' {
                        cuts.push(comma);
                    }
                    objects += 1;
                }
                open += 1;
            } else {
                open -= 1;
                behind_object = at + 1;
            }
            if open == 0 {
                reader.at = at + 1;
                return Ok(cuts);
            }
        }
        reader.at += BLOCK_BYTES;
    }
    reader.at = reader.bytes().len();
    reader.fail(ReadErrorCode::Syntax, "the text ends too early")
}

impl<'a> List<'a> {
    /// The names that lead to the list: one of those asked for.
    #[must_use]
    pub fn path(&self) -> &'static [&'static str] {
        self.path
    }

    /// Place of the next element.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }

    /// This list in parts of 128 elements, the last of fewer: what [`next`](Self::next) gives of one after the
    /// other, it gives of the whole, up to the first error, or element that is no object. Parts behind that may give
    /// anything. For a list of which nothing was read.
    #[must_use]
    pub fn parts(mut self) -> Vec<Self> {
        let cuts = std::mem::take(&mut self.cuts);
        let starts = std::iter::once(self.at).chain(cuts.iter().copied());
        let ends = cuts.iter().copied().map(Some).chain([None]);
        let part = |(n, (at, end))| Self { at, index: n * CUT_ELEMENTS, end, ..self.clone() };
        starts.zip(ends).enumerate().map(part).collect()
    }

    /// The next elements, `count_max` at most; none at the end of the list.
    ///
    /// # Errors
    /// As [`read`](crate::read()), of the first element that breaks a rule.
    pub fn next<'c>(&mut self, count_max: usize, arena: &'c Bump) -> Result<Vec<Value<'c>>, ReadError>
    where
        'a: 'c,
    {
        let mut reader = Reader::new(self.text, self.at, arena);
        let read = self.elements(&mut reader, count_max);
        self.at = reader.at;
        read.map_err(|failure| failure.under(&format!("/{}", self.path.join("/"))))
    }

    /// The members of the next element, without going behind it; None where it has to be read by
    /// [`next`](Self::next).
    #[must_use]
    pub fn members(&self) -> Option<Members<'a>> {
        if self.end == Some(self.at) {
            return None;
        }
        Members::of(self.text, self.at, self.index > 0)
    }

    /// Goes behind an element, to the place where its [`Members`] ended. For the caller who has read all of them, and
    /// found that no two have one name: then it is an object as strictly as if `next` had read it.
    pub fn pass(&mut self, end: usize) {
        self.at = end;
        self.index += 1;
    }

    /// Reads a member of an element without a tree, and gives the place behind it, too. None where it is not flat.
    pub fn read_flat<'f>(
        &self,
        part: &Part<'a>,
        room: &'f mut FlatRoom<'a>,
    ) -> Option<(Flat<'f, 'a>, usize)> {
        room.read(self.text, part)
    }

    /// Reads the parts of elements into an arena.
    #[must_use]
    pub fn part_reader<'c>(&self, arena: &'c Bump) -> PartReader<'c>
    where
        'a: 'c,
    {
        PartReader::new(Reader::new(self.text, self.at, arena), self.depth + 2)
    }

    fn elements<'c>(&mut self, reader: &mut Reader<'c>, count_max: usize) -> Read<Vec<Value<'c>>> {
        let mut elements = Vec::with_capacity(count_max.min(ROOM_MAX));
        while elements.len() < count_max {
            reader.white_space();
            if self.end == Some(reader.at) {
                break;
            }
            match reader.peek() {
                // The bracket stays, so that the end is found again.
                Some(b']') => break,
                Some(b',') if self.index > 0 => reader.at += 1,
                _ if self.index == 0 => (),
                _ => return reader.fail(ReadErrorCode::Syntax, "expected , or ] in an array"),
            }
            elements.push(within(reader.value(self.depth + 1), || self.index.to_string())?);
            self.index += 1;
        }
        Ok(elements)
    }
}
