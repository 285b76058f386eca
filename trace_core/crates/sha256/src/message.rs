//! A message as the blocks that SHA-256 compresses, copied only where a block is not plain message.

use sha2::block_api::compress256;

use crate::constants::{INITIAL_STATE, STATE_WORDS};

/// Bytes of one block; FIPS 180-4 §5.2.1.
pub(crate) const BLOCK_BYTES: usize = 64;

/// What pads any message, but for its length.
const PADDING: [u8; BLOCK_BYTES + PADDING_BYTES_MIN] = {
    let mut padding = [0; BLOCK_BYTES + PADDING_BYTES_MIN];
    padding[0] = 0x80;
    padding
};

/// One block.
pub(crate) type Block = [u8; BLOCK_BYTES];

/// Bytes of padding at least: the bit that ends the message, and its length.
const PADDING_BYTES_MIN: usize = 1 + size_of::<u64>();

/// What goes before the first block that is still to be compressed.
#[derive(Clone, Copy)]
pub(crate) struct Start {
    pub(crate) state: [u32; STATE_WORDS],
    /// Bytes that have been compressed.
    pub(crate) bytes: usize,
}

impl Start {
    /// Before anything.
    pub(crate) const NOTHING: Self = Self { state: INITIAL_STATE, bytes: 0 };

    /// Behind the whole blocks of a prefix, and what is left of that.
    pub(crate) fn behind(prefix: &[u8]) -> (Self, &[u8]) {
        let (blocks, rest) = prefix.as_chunks();
        let mut state = INITIAL_STATE;
        compress256(&mut state, blocks);
        (Self { state, bytes: blocks.as_flattened().len() }, rest)
    }
}

/// Messages as the blocks that are compressed.
pub(crate) trait Messages: Copy {
    fn start(self) -> Start;

    /// Blocks of a message, at least one, with its padding.
    fn block_count(self, message: usize) -> usize;

    /// A block of a message: where it stands, or written into `buffer`.
    fn block<'b>(self, message: usize, index: usize, buffer: &'b mut Block) -> &'b Block
    where
        Self: 'b;
}

/// Messages behind what was compressed, and `prefix`.
#[derive(Clone, Copy)]
pub(crate) struct Bodies<'a> {
    pub(crate) start: Start,
    pub(crate) prefix: &'a [u8],
    pub(crate) all: &'a [&'a [u8]],
}

impl<'a> Bodies<'a> {
    fn message(self, index: usize) -> Message<'a> {
        Message { before: self.start.bytes, prefix: self.prefix, body: self.all[index] }
    }
}

impl Messages for Bodies<'_> {
    fn start(self) -> Start {
        self.start
    }

    fn block_count(self, message: usize) -> usize {
        self.message(message).block_count()
    }

    fn block<'b>(self, message: usize, index: usize, buffer: &'b mut Block) -> &'b Block
    where
        Self: 'b,
    {
        self.message(message).block(index, buffer)
    }
}

/// Messages that were padded before, back to back.
#[derive(Clone, Copy)]
pub(crate) struct Padded<'a> {
    pub(crate) blocks: &'a [Block],
    /// Where the blocks of each message end.
    pub(crate) ends: &'a [usize],
}

impl Padded<'_> {
    fn first(self, message: usize) -> usize {
        message.checked_sub(1).map_or(0, |before| self.ends[before])
    }
}

impl Messages for Padded<'_> {
    fn start(self) -> Start {
        Start::NOTHING
    }

    fn block_count(self, message: usize) -> usize {
        self.ends[message] - self.first(message)
    }

    fn block<'b>(self, message: usize, index: usize, _: &'b mut Block) -> &'b Block
    where
        Self: 'b,
    {
        &self.blocks[self.first(message) + index]
    }
}

/// `prefix ‖ body` behind so many bytes, which need not lie together in memory.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    /// Whole blocks.
    before: usize,
    prefix: &'a [u8],
    body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Blocks of the padded message, at least one.
    fn block_count(self) -> usize {
        (self.prefix.len() + self.body.len() + PADDING_BYTES_MIN).div_ceil(BLOCK_BYTES)
    }

    /// Block `index` of the padded message (FIPS 180-4 §5.1.1): a slice of the body where it can be, else
    /// written into `buffer`.
    fn block<'b>(self, index: usize, buffer: &'b mut Block) -> &'b Block
    where
        'a: 'b,
    {
        let start = index * BLOCK_BYTES;
        let whole = start
            .checked_sub(self.prefix.len())
            .and_then(|offset| self.body.get(offset..))
            .and_then(|rest| rest.first_chunk());
        match whole {
            Some(block) => block,
            None => self.compose(start, buffer),
        }
    }

    /// Writes the block that begins `start` bytes into the padded message.
    fn compose(self, start: usize, buffer: &mut Block) -> &Block {
        buffer.fill(0);
        let message_bytes = self.prefix.len() + self.body.len();
        let from_prefix = self.prefix.get(start..).unwrap_or_default();
        let from_body = self.body.get(start.saturating_sub(self.prefix.len())..).unwrap_or_default();
        let prefix_bytes = copy(from_prefix, buffer);
        copy(from_body, &mut buffer[prefix_bytes..]);
        if let Some(end) = message_bytes.checked_sub(start).and_then(|end| buffer.get_mut(end)) {
            *end = 0x80;
        }
        if start + BLOCK_BYTES >= message_bytes + PADDING_BYTES_MIN {
            let bits = 8 * (self.before + message_bytes) as u64;
            buffer[BLOCK_BYTES - size_of::<u64>()..].copy_from_slice(&bits.to_be_bytes());
        }
        buffer
    }
}

/// Appends the padding of the message that begins at `start`.
pub(crate) fn pad(out: &mut Vec<u8>, start: usize) {
    let bytes = out.len() - start;
    let padded = (bytes + PADDING_BYTES_MIN).next_multiple_of(BLOCK_BYTES);
    // Two blocks behind the message, of which as much is left as it needs: cheaper than piece by piece.
    out.extend_from_slice(&PADDING);
    out.truncate(start + padded);
    if let Some(length) = out.last_chunk_mut() {
        *length = (8 * bytes as u64).to_be_bytes();
    }
}

/// Copies as much of `from` as `to` holds, and returns how many bytes that were.
fn copy(from: &[u8], to: &mut [u8]) -> usize {
    let bytes = from.len().min(to.len());
    to[..bytes].copy_from_slice(&from[..bytes]);
    bytes
}

/// The block of a message of so many bytes that fits one block, without the message.
pub(crate) fn padding(message_bytes: usize) -> Block {
    let mut block = [0; BLOCK_BYTES];
    Message { before: 0, prefix: &[], body: &[0; BLOCK_BYTES][..message_bytes] }.compose(0, &mut block);
    block
}
