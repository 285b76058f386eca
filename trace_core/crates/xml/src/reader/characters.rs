//! The characters of XML 1.0 (fifth edition) and what each may be part of.

/// May begin a name.
pub(super) const NAME_START: u8 = 1;
/// May stand in a name. The colon is not among them: it stands between two.
pub(super) const NAME: u8 = 2;
/// White space of XML.
pub(super) const SPACE: u8 = 4;
/// Ends a plain run of text, or must be looked at: `<`, `&`, a line's end that is not `\n`, and `>`, which may end `]]>`.
pub(super) const IN_TEXT: u8 = 8;
/// Ends a plain run of an attribute's value, or must be looked at.
pub(super) const IN_VALUE: u8 = 16;

/// What an ASCII character may be part of; of others see [`is_name_start`] and [`is_name`].
static CLASSES: [u8; 256] = classes();

const fn classes() -> [u8; 256] {
    let mut classes = [0; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        let class = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => NAME_START | NAME,
            b'0'..=b'9' | b'-' | b'.' => NAME,
            b' ' => SPACE,
            b'\t' | b'\n' => SPACE | IN_VALUE,
            b'\r' => SPACE | IN_TEXT | IN_VALUE,
            b'<' | b'&' => IN_TEXT | IN_VALUE,
            b'>' => IN_TEXT,
            b'"' | b'\'' => IN_VALUE,
            _ => 0,
        };
        classes[byte as usize] = class;
        byte += 1;
    }
    classes
}

pub(super) fn is_of(byte: u8, class: u8) -> bool {
    CLASSES[usize::from(byte)] & class != 0
}

/// Bytes before the first one of a class; all of them if there is none.
pub(super) fn run_before(bytes: &[u8], class: u8) -> usize {
    bytes.iter().position(|&byte| is_of(byte, class)).unwrap_or(bytes.len())
}

/// Bytes of a class that stand in front.
pub(super) fn run_of(bytes: &[u8], class: u8) -> usize {
    bytes.iter().position(|&byte| !is_of(byte, class)).unwrap_or(bytes.len())
}

/// Where the first character stands that no XML may have, in whatever place.
pub(super) fn not_allowed(text: &str) -> Option<usize> {
    // Without a branch, so that many bytes are looked at at once. The two beyond ASCII begin with 0xef in UTF-8.
    let is_suspect = |byte: u8| (byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r')) || byte == 0xef;
    if text.bytes().fold(false, |is_any, byte| is_any | is_suspect(byte)) {
        return text.find(|character| !is_allowed(character));
    }
    None
}

pub(super) fn is_allowed(character: char) -> bool {
    !matches!(character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a character begins a name, the colon left out.
pub(super) fn is_name_start(character: char) -> bool {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => is_of(byte, NAME_START),
        _ => matches!(character,
            '\u{c0}'..='\u{d6}' | '\u{d8}'..='\u{f6}' | '\u{f8}'..='\u{2ff}' | '\u{370}'..='\u{37d}'
            | '\u{37f}'..='\u{1fff}' | '\u{200c}' | '\u{200d}' | '\u{2070}'..='\u{218f}' | '\u{2c00}'..='\u{2fef}'
            | '\u{3001}'..='\u{d7ff}' | '\u{f900}'..='\u{fdcf}' | '\u{fdf0}'..='\u{fffd}' | '\u{10000}'..='\u{effff}'),
    }
}

/// Whether a character may stand in a name, the colon left out.
pub(super) fn is_name(character: char) -> bool {
    match u8::try_from(character) {
        Ok(byte) if byte.is_ascii() => is_of(byte, NAME),
        _ => {
            is_name_start(character)
                || matches!(character, '\u{b7}' | '\u{300}'..='\u{36f}' | '\u{203f}' | '\u{2040}')
        }
    }
}

/// A text without white space in front, of Unicode's as of XML's.
pub(super) fn behind_space(text: &str) -> &str {
    if text.bytes().next().is_some_and(|first| first.is_ascii_graphic()) { text } else { text.trim_start() }
}

/// A text without white space at its end.
pub(super) fn before_space(text: &str) -> &str {
    if text.bytes().next_back().is_some_and(|last| last.is_ascii_graphic()) { text } else { text.trim_end() }
}
