//! Our own notes: made, opened, changed.

use note::{
    Checkpoint, CheckpointError, KeyError, KeyKind, NOTE_BYTES_MAX, Note, NoteError, SIGNATURES_MAX,
    SignerKey, VerifierKey, open,
};
use proptest::prelude::*;

const ORIGIN: &str = "wayproof.example/log";

fn seed() -> [u8; 32] {
    std::array::from_fn(|index| u8::try_from(index).expect("< 32"))
}

fn signer() -> SignerKey {
    SignerKey::from_seed(KeyKind::Ed25519, ORIGIN, &seed()).expect("a name")
}

fn signed(text: &str, signer: &SignerKey) -> Result<Note, NoteError> {
    note::sign(text, &[signer], 0)
}

fn checkpoint(tree_size: u64) -> Checkpoint {
    Checkpoint::new(ORIGIN, tree_size, [0xab; 32]).expect("an origin")
}

/// What stands after the last empty line.
fn lines(note: &Note) -> String {
    note.to_string().rsplit("\n\n").next().expect("at least one part").to_owned()
}

/// The bytes in docs/formats.md, made with golang.org/x/mod/sumdb/note: seed 00 01 … 1f, and the empty tree's root, SHA-256 of nothing.
#[test]
fn vectors_of_our_formats_print_exactly() {
    let empty_root = [
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27,
        0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ];
    let empty = Checkpoint::new(ORIGIN, 0, empty_root).expect("an origin");
    let signer = signer();
    assert_eq!(
        signer.verifier().to_string(),
        "wayproof.example/log+1f52af71+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    );
    assert_eq!(
        signed(&empty.to_string(), &signer).expect("a text").to_string(),
        "wayproof.example/log\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\n\
         — wayproof.example/log \
         H1KvcaIGPuYxewG/Pm88Hz1mhJNBluVMfq8t4b4Xh5oicKuHZdEsg3vnv9oHpg889nvlDxkcI0Fu0So/dRDhTFcV1Ao=\n"
    );
    assert_eq!(
        signed(&checkpoint(1_000_000).to_string(), &signer).expect("a text").to_string(),
        "wayproof.example/log\n1000000\nq6urq6urq6urq6urq6urq6urq6urq6urq6urq6urq6s=\n\n\
         — wayproof.example/log \
         H1KvcVtP/BcS4eh950eEjkv3DJ8P8sPTd9n0RBR7BKwb+uYQBXxpTQONHIo1ui4pPfgg44gb7PYemSNj/C47ZBOBtww=\n"
    );
}

#[test]
fn note_signed_opens_with_its_text_and_key() {
    let text = checkpoint(7).to_string();
    let note = signed(&text, &signer()).expect("a text");
    let keys = [signer().verifier().clone()];
    let opened = open(note.to_string().as_bytes(), &keys).expect("a good note");
    assert_eq!((opened.note.text(), opened.verified[0].key), (text.as_str(), &keys[0]));
}

/// Every bit of the whole note, signature line included.
#[test]
fn note_with_any_bit_flipped_does_not_open() {
    let keys = [signer().verifier().clone()];
    let good = signed(&checkpoint(7).to_string(), &signer()).expect("a text").to_string().into_bytes();
    for bit in 0..good.len() * 8 {
        let mut bad = good.clone();
        bad[bit / 8] ^= 1 << (bit % 8);
        assert!(open(&bad, &keys).is_err(), "bit {bit}");
    }
}

/// Every byte changed to every other, cut out, or doubled: what still parses prints back to itself.
#[test]
fn note_and_checkpoint_with_any_byte_changed_are_refused_or_exact() {
    let good = signed(&checkpoint(1_070).to_string(), &signer()).expect("a text").to_string().into_bytes();
    let mut variants = Vec::new();
    for place in 0..good.len() {
        for byte in 0..=255 {
            let mut changed = good.clone();
            changed[place] = byte;
            variants.push(changed);
        }
        variants.push([&good[..place], &good[place + 1..]].concat());
        variants.push([&good[..=place], &good[place..]].concat());
        variants.push(good[..place].to_vec());
    }
    for variant in variants {
        if let Ok(note) = Note::parse(&variant) {
            assert_eq!(note.to_string().as_bytes(), variant);
            if let Ok(checkpoint) = note.text().parse::<Checkpoint>() {
                assert_eq!(checkpoint.to_string(), note.text());
            }
        }
    }
}

#[test]
fn note_malformed_is_refused_by_name() {
    let line = lines(&signed("text\n", &signer()).expect("a text"));
    let cases: &[(Vec<u8>, NoteError)] = &[
        (b"".into(), NoteError::NoSignatures),
        (b"\n\n".into(), NoteError::NoSignatures),
        (b"text\n\n".into(), NoteError::NoSignatures),
        (b"text\n".into(), NoteError::NoSignatures),
        (format!("\n{line}").into(), NoteError::NoSignatures),
        (format!("text\n\n{}", line.trim_end()).into(), NoteError::NoSignatures),
        (format!("te\txt\n\n{line}").into(), NoteError::Text),
        (format!("text\r\n\n{line}").into(), NoteError::Text),
        ([b"\xff\n\n", line.as_bytes()].concat(), NoteError::Text),
        (format!("text\n\n{line}{line}\n").into(), NoteError::NoSignatures),
        (format!("text\n\n{line}more\n").into(), NoteError::SignatureLine(1)),
        (format!("text\n\n{}", line.replace('—', "-")).into(), NoteError::SignatureLine(0)),
        (format!("text\n\n{}", line.replace("/log ", "/log  ")).into(), NoteError::SignatureLine(0)),
        (format!("text\n\n{}", line.replace("/log", "+log")).into(), NoteError::SignatureLine(0)),
        (format!("text\n\n{}", line.replace("/log", "/\u{a0}log")).into(), NoteError::SignatureLine(0)),
        (format!("text\n\n{}", line.replace(ORIGIN, "")).into(), NoteError::SignatureLine(0)),
        ("text\n\n— name AAAAAA==\n".into(), NoteError::SignatureLine(0)),
        ("text\n\n— name AAAAAAA\n".into(), NoteError::SignatureLine(0)),
        ("text\n\n— name AAAAAAB=\n".into(), NoteError::SignatureLine(0)),
        ("text\n\n— name\n".into(), NoteError::SignatureLine(0)),
        (format!("text\n\n{}", line.repeat(SIGNATURES_MAX + 1)).into(), NoteError::TooManySignatures),
        (format!("{}\n\n{line}", "x".repeat(NOTE_BYTES_MAX)).into(), NoteError::TooLong),
    ];
    for (bytes, error) in cases {
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]);
        assert_eq!(Note::parse(bytes).as_ref(), Err(error), "{shown:?}");
    }
    let most = format!("text\n\n{}", line.repeat(SIGNATURES_MAX));
    assert!(open(most.as_bytes(), &[signer().verifier().clone()]).is_ok());
    assert!(Note::parse("text\n\n— name AAAAAAA=\n".as_bytes()).is_ok());
}

#[test]
fn sign_text_that_is_no_text_is_refused() {
    for text in ["", "no newline", "a\tb\n", "a\r\n"] {
        assert_eq!(signed(text, &signer()), Err(NoteError::Text), "{text:?}");
    }
    assert_eq!(signed(&"x\n".repeat(NOTE_BYTES_MAX / 2), &signer()), Err(NoteError::TooLong));
}

/// Text with an empty line inside and at its end: the last empty line is the one that counts.
#[test]
fn sign_text_with_empty_lines_opens_with_all_of_them() {
    let keys = [signer().verifier().clone()];
    for text in ["\n", "\n\n", "a\n\nb\n", "a\n\n", "a\n\n— looks like a signature\n"] {
        let note = signed(text, &signer()).expect("a text").to_string();
        assert_eq!(open(note.as_bytes(), &keys).expect("a good note").note.text(), text);
    }
}

#[test]
fn open_several_signers_returns_each_known_key_once_in_given_order() {
    let text = "text\n";
    let other = SignerKey::from_seed(KeyKind::Ed25519, "other.example", &[1; 32]).expect("a name");
    let stranger = SignerKey::from_seed(KeyKind::Ed25519, ORIGIN, &[2; 32]).expect("a name");
    let line = |signer: &SignerKey| lines(&signed(text, signer).expect("a text"));
    let bad = lines(&signed("other text\n", &signer()).expect("a text"));
    let keys = [other.verifier().clone(), signer().verifier().clone()];
    let open_lines = |all: &[&str]| {
        let note = format!("{text}\n{}", all.concat());
        open(note.as_bytes(), &keys)
            .map(|opened| opened.verified.into_iter().map(|verified| verified.key).collect::<Vec<_>>())
    };

    let (ours, others, strangers) = (line(&signer()), line(&other), line(&stranger));
    assert_eq!(open_lines(&[&ours, &others]), Ok(vec![&keys[0], &keys[1]]));
    assert_eq!(open_lines(&[&ours, &ours, &strangers]), Ok(vec![&keys[1]]));
    assert_eq!(open_lines(&[&strangers]), Err(NoteError::Unverified));
    assert_eq!(open_lines(&[&ours, &bad]), Err(NoteError::BadSignature(1)));
    assert_eq!(open_lines(&[&bad, &others]), Err(NoteError::BadSignature(0)));
    // A signature of the wrong length by a known key is bad, not unknown.
    let [a, b, c, d] = keys[0].hash();
    assert_eq!([a, b, c, d], signed(text, &other).expect("a text").signatures()[0].key_hash());
    let short = others.replace(others.rsplit(' ').next().expect("base64"), "");
    let short = format!("{short}{}\n", base64_of(&[a, b, c, d, 0]));
    assert_eq!(open_lines(&[&ours, &short]), Err(NoteError::BadSignature(1)));
}

fn base64_of(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.encode(bytes)
}

#[test]
fn vkey_malformed_is_refused_by_name() {
    let vkey = signer().verifier().to_string();
    let [name, hash, key] = vkey.splitn(3, '+').collect::<Vec<_>>().try_into().expect("three parts");
    assert_eq!(vkey.parse::<VerifierKey>().as_ref(), Ok(signer().verifier()));
    let small_order = base64_of(&[&[1], [0; 32].as_slice()].concat());
    for (text, error) in [
        (String::new(), KeyError::Malformed),
        (name.to_owned(), KeyError::Malformed),
        (format!("{name}+{hash}"), KeyError::Malformed),
        (format!("{name}+{hash}+"), KeyError::Malformed),
        (format!("{name}+{hash}+{key}="), KeyError::Malformed),
        (format!("{name}+{hash}+{key}\n"), KeyError::Malformed),
        (format!("+{hash}+{key}"), KeyError::Name),
        (format!("a b+{hash}+{key}"), KeyError::Name),
        (format!("a\0b+{hash}+{key}"), KeyError::Name),
        (format!("{name}x+{hash}+{key}"), KeyError::Hash),
        (format!("{name}+{}+{key}", hash.to_uppercase()), KeyError::Hash),
        (format!("{name}+0{hash}+{key}"), KeyError::Hash),
        (format!("{name}+{hash}+{}", base64_of(&[5; 33])), KeyError::Type(5)),
        (format!("{name}+{hash}+{}", base64_of(&[1; 32])), KeyError::Key(signature::KeyError::Encoding)),
        (format!("{name}+{hash}+{small_order}"), KeyError::Key(signature::KeyError::SmallOrder)),
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text:?}");
    }
}

#[test]
fn checkpoint_malformed_is_refused_by_name() {
    let hash = base64_of(&[0; 32]);
    for (text, error) in [
        (String::new(), CheckpointError::Lines),
        ("a\n1\n".into(), CheckpointError::Lines),
        (format!("a\n1\n{hash}"), CheckpointError::Lines),
        (format!("\n1\n{hash}\n"), CheckpointError::Origin),
        (format!("a\r\n1\n{hash}\n"), CheckpointError::Origin),
        (format!("a\n\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n01\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n00\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n+1\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n-1\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n 1\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n1\r\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n0x1\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n18446744073709551616\n{hash}\n"), CheckpointError::TreeSize),
        (format!("a\n1\n{}\n", base64_of(&[0; 31])), CheckpointError::RootHash),
        (format!("a\n1\n{}\n", base64_of(&[0; 33])), CheckpointError::RootHash),
        (format!("a\n1\n{}\n", hash.replace("A=", "B=")), CheckpointError::RootHash),
        (format!("a\n1\n{}\n", hash.trim_end_matches('=')), CheckpointError::RootHash),
        (format!("a\n1\n{hash} \n"), CheckpointError::RootHash),
        (format!("a\n1\n{hash}\n\n"), CheckpointError::Extension(0)),
        (format!("a\n1\n{hash}\nx\n\ny\n"), CheckpointError::Extension(1)),
        (format!("a\n1\n{hash}\nx\ty\n"), CheckpointError::Extension(0)),
    ] {
        assert_eq!(text.parse::<Checkpoint>(), Err(error), "{text:?}");
    }
    let largest = format!("a b+c\n18446744073709551615\n{hash}\nmore\nlines\n");
    let checkpoint: Checkpoint = largest.parse().expect("a checkpoint");
    assert_eq!(checkpoint.tree_size(), u64::MAX);
    assert_eq!(checkpoint.extensions(), ["more", "lines"]);
    assert_eq!(checkpoint.to_string(), largest);
    assert_eq!(Checkpoint::new("a\nb", 0, [0; 32]), Err(CheckpointError::Origin));
}

proptest! {
    #[test]
    fn checkpoint_of_any_values_parses_back(
        origin in "[^\\x00-\\x1f]{1,20}",
        tree_size: u64,
        root_hash: [u8; 32],
        extensions in prop::collection::vec("[^\\x00-\\x1f]{1,20}", 0..3),
    ) {
        let plain = Checkpoint::new(&origin, tree_size, root_hash).expect("a line");
        prop_assert_eq!(&plain.to_string().parse::<Checkpoint>().expect("printed"), &plain);
        let text = extensions.iter().fold(plain.to_string(), |text, line| format!("{text}{line}\n"));
        let checkpoint: Checkpoint = text.parse().expect("printed");
        prop_assert_eq!(checkpoint.to_string(), text);
        prop_assert_eq!(checkpoint.root_hash(), &root_hash);
    }

    #[test]
    fn note_of_any_text_signs_opens_and_prints_back(
        name in "[a-z./é—-]{1,12}",
        seed: [u8; 32],
        text in prop::collection::vec("[^\\x00-\\x1f]{0,20}", 1..5),
    ) {
        let text = text.into_iter().map(|line| line + "\n").collect::<String>();
        let signer = SignerKey::from_seed(KeyKind::Ed25519, &name, &seed).expect("a name");
        let printed = signed(&text, &signer).expect("a text").to_string();
        let vkey: VerifierKey = signer.verifier().to_string().parse().expect("printed");
        prop_assert_eq!(&vkey, signer.verifier());
        let keys = [vkey];
        let opened = open(printed.as_bytes(), &keys).expect("signed");
        prop_assert_eq!(opened.note.text(), text);
        prop_assert_eq!(opened.note.to_string(), printed);
    }

    #[test]
    fn note_of_any_bytes_is_refused_or_exact(
        bytes in prop_oneof![
            any::<Vec<u8>>(),
            "[a—\\n ]{0,6}\\n\\n(— [a+]{0,2} [A-Za-z0-9+/]{6,8}={0,2}\\n){0,3}".prop_map(String::into_bytes),
        ],
    ) {
        if let Ok(note) = Note::parse(&bytes) {
            prop_assert_eq!(note.to_string().into_bytes(), bytes);
        }
    }
}
