//! The tree of an event as its pre-hash string: the standard's order first, then the rest, sorted.

use bumpalo::collections::{String as BumpString, Vec as BumpVec};
use json::Bump;

use super::fault::Fault;
use super::node::{Node, Text};
use super::number::Excess;
use super::order::Says;
use super::text::{trim, write_canonical_text, write_time};

struct Writer<'w> {
    arena: &'w Bump,
    out: &'w mut String,
    /// Where the pieces end that are still to be sorted, those of the innermost list last.
    ends: BumpVec<'w, usize>,
    /// The pieces that are being sorted, as they stood before.
    unsorted: BumpString<'w>,
}

/// Appends the pre-hash string of an event. Marks in `children` what is written.
pub(super) fn write_event<'b>(
    type_name: &str,
    children: &mut [Node<'b>],
    arena: &Bump,
    out: &mut String,
) -> Result<(), Fault<'b>> {
    out.push_str("eventType=");
    out.push_str(type_name);
    let mut writer = Writer {
        arena,
        out,
        ends: BumpVec::with_capacity_in(16, arena),
        unsorted: BumpString::new_in(arena),
    };
    writer.in_order(children)?;
    writer.rest(children, |_| true)
}

/// Makes `out` what an element of an event is in the string: in its order, or, where it has none or leaves
/// something behind that has none, among the rest.
pub(super) fn write_pieces<'b>(
    node: &mut Node<'b>,
    is_ordered: bool,
    arena: &Bump,
    out: &mut String,
) -> Result<(), Fault<'b>> {
    out.clear();
    let mut writer = Writer { arena, out, ends: BumpVec::new_in(arena), unsorted: BumpString::new_in(arena) };
    if is_ordered { writer.ordered_element(node) } else { writer.rest(std::slice::from_ref(node), |_| true) }
}

impl Writer<'_> {
    /// Writes those children that the standard orders; what they leave behind is not marked as written.
    fn in_order<'b>(&mut self, children: &mut [Node<'b>]) -> Result<(), Fault<'b>> {
        for same in children.chunk_by_mut(|a, b| a.place.rank == b.place.rank) {
            if same[0].place.place.is_none() {
                break;
            }
            let (start, first) = (self.out.len(), self.ends.len());
            for child in same {
                self.ordered_element(child)?;
                self.ends.push(self.out.len());
            }
            self.sort(start, first);
        }
        Ok(())
    }

    /// One element of the standard's. Nothing is written where it says nothing.
    fn ordered_element<'b>(&mut self, node: &mut Node<'b>) -> Result<(), Fault<'b>> {
        let start = self.out.len();
        node.name.write(self.out);
        let name_end = self.out.len();
        match (node.place.place.map(|place| &place.says), node.text) {
            (Some(Says::Time), Text::Raw(text)) if !trim(text).is_empty() => {
                self.out.push('=');
                write_time(trim(text), self.out)?;
            }
            (Some(Says::Reported), text) => self.text(text, Excess::Rounded)?,
            (_, text) => self.text(text, Excess::Refused)?,
        }
        if !node.place.order().is_empty() {
            let has_extensions = has_extensions(node.children);
            self.in_order(node.children)?;
            if has_extensions {
                self.rest(node.children, is_extension)?;
                for extension in node.children.iter_mut().filter(|child| is_extension(child)) {
                    extension.is_written = true;
                }
            }
        }
        if self.out.len() == name_end {
            self.out.truncate(start);
        }
        node.is_written = node.children.iter().all(|child| child.is_written);
        Ok(())
    }

    /// What the standard does not order: by name and text, but for pairs, which stay as they are.
    fn rest<'b>(&mut self, nodes: &[Node<'b>], is_wanted: fn(&Node<'_>) -> bool) -> Result<(), Fault<'b>> {
        let (start, first) = (self.out.len(), self.ends.len());
        for node in nodes.iter().filter(|node| !node.is_written && is_wanted(node)) {
            node.name.write(self.out);
            self.text(node.text, Excess::Refused)?;
            if node.is_pair {
                for part in &*node.children {
                    self.rest(std::slice::from_ref(part), |_| true)?;
                }
            } else {
                self.rest(node.children, |_| true)?;
            }
            self.ends.push(self.out.len());
        }
        self.sort(start, first);
        Ok(())
    }

    /// `=` and the text, if there is any.
    fn text<'b>(&mut self, text: Text<'b>, excess: Excess) -> Result<(), Fault<'b>> {
        match text {
            Text::Word(stem, word) => {
                self.out.push('=');
                self.out.push_str(stem);
                self.out.push_str(word);
            }
            Text::Raw(text) => {
                let text = trim(text);
                if !text.is_empty() {
                    self.out.push('=');
                    write_canonical_text(text, excess, self.out)?;
                }
            }
        }
        Ok(())
    }

    /// Sorts the pieces that were written since `start`, by their code points. Their ends, from `first` on,
    /// are taken away.
    fn sort(&mut self, start: usize, first: usize) {
        let ends = &self.ends[first..];
        if ends.len() > 1 {
            let starts = std::iter::once(&start).chain(ends);
            let piece = |(&from, &to): (&usize, &usize)| &self.out[from..to];
            if !starts.clone().zip(ends).map(piece).is_sorted() {
                self.unsorted.clear();
                self.unsorted.push_str(&self.out[start..]);
                let mut pieces = BumpVec::with_capacity_in(ends.len(), self.arena);
                pieces.extend(starts.zip(ends).map(|(&from, &to)| &self.unsorted[from - start..to - start]));
                pieces.sort_unstable();
                self.out.truncate(start);
                pieces.iter().for_each(|piece| self.out.push_str(piece));
            }
        }
        self.ends.truncate(first);
    }
}

/// Whether user extensions in a container stand behind what the standard orders in it: not where there is
/// one child alone, and not beside a name like that of the event's own fields; the published hashes have it so.
fn has_extensions(children: &[Node<'_>]) -> bool {
    children.len() > 1
        && children.iter().any(is_extension)
        && !children.iter().any(|child| child.name.contains("eventTime") || child.name.contains("action"))
}

fn is_extension(node: &Node<'_>) -> bool {
    node.place.place.is_none() && node.name.is_in_slash_namespace()
}
