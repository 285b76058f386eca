//! The names of events, and their tokens, made for many at once.

use crate::entry::{Blinding, Token};
use crate::references::Role;

/// Names in one place, in the order in which they came.
#[derive(Default)]
pub(crate) struct Names<'n> {
    /// Those whose tokens are wanted, behind all that have theirs.
    pending: Vec<&'n str>,
    tokens: Vec<Token>,
}

/// A name of an event, by the place of its token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Named {
    /// Among the names that are kept from chunk to chunk, or of one chunk.
    pub(crate) is_kept: bool,
    pub(crate) place: u32,
    pub(crate) role: Role,
}

impl<'n> Names<'n> {
    /// The place of a name, which it is given.
    pub(crate) fn place(&mut self, name: &'n str) -> u32 {
        // A capture has far fewer than this counts.
        let place = u32::try_from(self.tokens.len() + self.pending.len()).unwrap_or(u32::MAX);
        self.pending.push(name);
        place
    }

    /// Makes the tokens of all names so far, and gives all.
    pub(crate) fn tokens(&mut self, blinding: &Blinding) -> &[Token] {
        let names: Vec<&[u8]> = self.pending.iter().map(|name| name.as_bytes()).collect();
        blinding.tokens(&names, &mut self.tokens);
        self.pending.clear();
        &self.tokens
    }
}
