//! Where the plain run of a string ends: the one scan that reader and writer share.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Bytes before the first quote, backslash or control character; all of them if there is none.
/// Eight at a time: a borrow can only spoil flags above the first true one, and only the first counts.
pub(crate) fn plain_run(bytes: &[u8]) -> usize {
    let (words, _) = bytes.as_chunks::<8>();
    for (place, word) in words.iter().enumerate() {
        let word = u64::from_le_bytes(*word);
        let below_space = word.wrapping_sub(ONES * 0x20) & !word;
        let flagged =
            (below_space | zero_bytes(word ^ (ONES * 0x22)) | zero_bytes(word ^ (ONES * 0x5c))) & HIGH;
        if flagged != 0 {
            return place * 8 + (flagged.trailing_zeros() / 8) as usize;
        }
    }
    let done = words.len() * 8;
    let rest = bytes[done..].iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
    rest.map_or(bytes.len(), |rest| done + rest)
}

fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word
}

#[cfg(test)]
mod tests {
    use super::plain_run;

    #[test]
    fn run_ends_where_a_look_at_each_byte_ends_it() {
        for length in 0..20 {
            for at in 0..length {
                for byte in 0..=255_u8 {
                    let mut bytes = vec![b'a'; length];
                    bytes[at] = byte;
                    let special = byte < 0x20 || byte == b'"' || byte == b'\\';
                    assert_eq!(
                        plain_run(&bytes),
                        if special { at } else { length },
                        "{byte} at {at} of {length}"
                    );
                }
            }
        }
    }
}
