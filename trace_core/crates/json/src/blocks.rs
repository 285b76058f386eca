//! Sixty-four bytes of JSON at a time: where strings begin and end, and which brackets stand outside of them.
//!
//! The masks are those of Langdale and Lemire, "Parsing Gigabytes of JSON per Second" (2019). Nothing is checked:
//! whoever skips so reads what was skipped afterwards.

/// Bytes in a block: as many as a mask has bits.
pub(crate) const BLOCK_BYTES: usize = 64;

/// A bit for each byte of a block, from the lowest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Block {
    /// Quotes that begin a string or end it.
    pub(crate) quotes: u64,
    /// Brackets and braces outside of strings that open.
    pub(crate) opens: u64,
    /// Those that close.
    pub(crate) closes: u64,
}

/// Reads block behind block, the first from outside of any string.
#[derive(Default)]
pub(crate) struct Blocks {
    in_string: bool,
    /// The next byte belongs to a backslash in a string.
    is_escaped: bool,
}

/// Where some bytes stand.
struct Masks {
    quotes: u64,
    /// Not zero where there are any.
    backslashes: u64,
    opens: u64,
    closes: u64,
}

impl Blocks {
    /// The block that begins at `at`, spaces behind the end of the text; None where the text has ended.
    pub(crate) fn read(&mut self, text: &[u8], at: usize) -> Option<Block> {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        if let Some(bytes) = rest.first_chunk() {
            return Some(self.block(bytes));
        }
        let mut bytes = [b' '; BLOCK_BYTES];
        bytes[..rest.len()].copy_from_slice(rest);
        Some(self.block(&bytes))
    }

    fn block(&mut self, bytes: &[u8; BLOCK_BYTES]) -> Block {
        let found = masks(bytes);
        if found.backslashes != 0 || self.is_escaped {
            return self.one_by_one(bytes);
        }
        let within = up_to_each(found.quotes) ^ if self.in_string { u64::MAX } else { 0 };
        self.in_string = within >> (BLOCK_BYTES - 1) != 0;
        Block { quotes: found.quotes, opens: found.opens & !within, closes: found.closes & !within }
    }

    /// The same of a block with backslashes, which few have.
    fn one_by_one(&mut self, bytes: &[u8; BLOCK_BYTES]) -> Block {
        let mut block = Block::default();
        for (place, byte) in bytes.iter().enumerate() {
            let bit = 1 << place;
            match byte {
                _ if std::mem::take(&mut self.is_escaped) => (),
                b'\\' => self.is_escaped = self.in_string,
                b'"' => {
                    self.in_string = !self.in_string;
                    block.quotes |= bit;
                }
                _ if self.in_string => (),
                b'[' | b'{' => block.opens |= bit,
                b']' | b'}' => block.closes |= bit,
                _ => (),
            }
        }
        block
    }
}

/// Each bit: whether the number of bits that are set up to it, itself included, is odd.
fn up_to_each(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].into_iter().fold(bits, |bits, by| bits ^ bits << by)
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Eight bytes at a time.
fn masks(bytes: &[u8; BLOCK_BYTES]) -> Masks {
    let (words, _) = bytes.as_chunks::<8>();
    // Most text is ASCII, in which a byte is found with fewer operations.
    let high = words.iter().fold(0, |all, word| all | u64::from_le_bytes(*word));
    if high & HIGH == 0 { masks_by(words, equal_in_ascii) } else { masks_by(words, equal) }
}

fn masks_by(words: &[[u8; 8]], equal: impl Fn(u64, u8) -> u64) -> Masks {
    let mut masks = Masks { quotes: 0, backslashes: 0, opens: 0, closes: 0 };
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        // The bit that makes a letter small makes a brace of a bracket, and of nothing else.
        let braces = word | (ONES * 0x20);
        masks.quotes |= gathered(equal(word, b'"')) << (8 * place);
        masks.backslashes |= equal(word, b'\\');
        masks.opens |= gathered(equal(braces, b'{')) << (8 * place);
        masks.closes |= gathered(equal(braces, b'}')) << (8 * place);
    }
    masks
}

/// The highest bit of each byte of a word that is this byte.
fn equal(word: u64, byte: u8) -> u64 {
    let difference = word ^ (ONES * u64::from(byte));
    !(((difference & !HIGH) + !HIGH) | difference) & HIGH
}

/// The same where no byte has its highest bit set.
fn equal_in_ascii(word: u64, byte: u8) -> u64 {
    !((word ^ (ONES * u64::from(byte))) + !HIGH) & HIGH
}

/// The highest bits of the bytes, next to each other.
fn gathered(bits: u64) -> u64 {
    bits.wrapping_mul(0x0002_0408_1020_4081) >> 56
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{BLOCK_BYTES, Block, Blocks};

    proptest! {
        #[test]
        fn blocks_are_what_a_look_at_each_byte_finds(
            pieces in proptest::collection::vec(prop::sample::select(
                vec!["\"", "\\", "[", "]", "{", "}", ",", ":", "a", "\u{1b}", ";", "é", "        ", "abcdefghijklmnopqrst"],
            ), 0..60),
        ) {
            let text = pieces.concat();
            let (mut fast, mut slow) = (Blocks::default(), Blocks::default());
            for at in (0..text.len()).step_by(BLOCK_BYTES) {
                let mut bytes = [b' '; BLOCK_BYTES];
                let rest = &text.as_bytes()[at..text.len().min(at + BLOCK_BYTES)];
                bytes[..rest.len()].copy_from_slice(rest);
                prop_assert_eq!(fast.read(text.as_bytes(), at), Some(slow.one_by_one(&bytes)));
            }
            prop_assert_eq!(fast.read(text.as_bytes(), text.len()), None::<Block>);
        }
    }
}
