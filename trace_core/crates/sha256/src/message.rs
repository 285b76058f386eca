//! A message as the blocks that SHA-256 compresses, copied only where a block is not plain message.

/// Bytes of one block; FIPS 180-4 §5.2.1.
pub(crate) const BLOCK_BYTES: usize = 64;

/// One block.
pub(crate) type Block = [u8; BLOCK_BYTES];

/// Bytes of padding at least: the bit that ends the message, and its length.
const PADDING_BYTES_MIN: usize = 1 + size_of::<u64>();

/// `prefix ‖ body`, which need not lie together in memory.
#[derive(Clone, Copy)]
pub(crate) struct Message<'a> {
    pub(crate) prefix: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl<'a> Message<'a> {
    /// Blocks of the padded message, at least one.
    pub(crate) fn block_count(self) -> usize {
        (self.prefix.len() + self.body.len() + PADDING_BYTES_MIN).div_ceil(BLOCK_BYTES)
    }

    /// Block `index` of the padded message (FIPS 180-4 §5.1.1): a slice of the body where it can be, else
    /// written into `buffer`.
    pub(crate) fn block<'b>(self, index: usize, buffer: &'b mut Block) -> &'b Block
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
            let bits = 8 * message_bytes as u64;
            buffer[BLOCK_BYTES - size_of::<u64>()..].copy_from_slice(&bits.to_be_bytes());
        }
        buffer
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
    Message { prefix: &[], body: &[0; BLOCK_BYTES][..message_bytes] }.compose(0, &mut block);
    block
}
