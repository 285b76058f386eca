//! Notes and checkpoints that others made.

use std::path::PathBuf;

use note::{Checkpoint, Note, NoteError, VerifierKey, open};

/// The key of the log in `tessera-testlog`, as its authors publish it.
const TESTLOG_KEY: &str = "example.com/log/testdata+33d7b496+AeHTu4Q3hEIMHNqc6fASMsq3rKNx280NI+oO5xCFkkSx";

/// The file at `path` inside the shared test data; `None`, with a printed reason, where there is none.
fn read(path: &str) -> Option<Vec<u8>> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/data");
    let folder =
        std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let file = folder.join(path);
    let bytes = std::fs::read(&file).ok();
    if bytes.is_none() {
        println!("skipped: no {}", file.display());
    }
    bytes
}

fn key(vkey: &str) -> VerifierKey {
    let key: VerifierKey = vkey.parse().expect("a published key");
    assert_eq!(key.to_string(), vkey);
    key
}

#[test]
fn note_of_the_specification_opens_with_its_key() {
    let (Some(bytes), Some(vkey)) =
        (read("tlog/c2sp/signed-note-example.txt"), read("tlog/c2sp/signed-note-example.vkey"))
    else {
        return;
    };
    let keys = [key(str::from_utf8(&vkey).expect("text").trim_end())];
    let opened = open(&bytes, &keys).expect("a good note");
    assert_eq!(opened.note.text(), "This is an example message.\n");
    assert_eq!((opened.verified[0].key, opened.verified[0].time_s), (&keys[0], None));
    assert_eq!(opened.note.to_string().as_bytes(), bytes);
    assert_eq!(open(&bytes, &[key(TESTLOG_KEY)]), Err(NoteError::Unverified));
}

#[test]
fn checkpoints_of_a_tessera_log_open_and_parse() {
    let folder = "tlog/tessera-testlog/testdata/log";
    let Some(newest) = read(&format!("{folder}/checkpoint")) else { return };
    let mut notes = vec![(15, newest)];
    for size in 0..=15 {
        if let Some(note) = read(&format!("{folder}/checkpoint.{size}")) {
            notes.push((size, note));
        }
    }
    assert!(notes.len() > 10);
    let keys = [key(TESTLOG_KEY)];
    for (size, bytes) in notes {
        let opened = open(&bytes, &keys).expect("a good note");
        assert_eq!(opened.note.to_string().as_bytes(), bytes);
        let checkpoint: Checkpoint = opened.note.text().parse().expect("a checkpoint");
        assert_eq!((checkpoint.origin(), checkpoint.tree_size()), ("example.com/log/testdata", size));
        assert_eq!(checkpoint.to_string(), opened.note.text());
        assert!(checkpoint.extensions().is_empty());
    }
}

/// The examples printed in c2sp.org/tlog-checkpoint and c2sp.org/signed-note, whose keys are not published.
#[test]
fn examples_of_the_specifications_parse_and_print_back() {
    let checkpoint = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
        — example.com/behind-the-sofa \
        Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    let note = Note::parse(checkpoint.as_bytes()).expect("well formed");
    assert_eq!(note.to_string(), checkpoint);
    let parsed: Checkpoint = note.text().parse().expect("a checkpoint");
    assert_eq!((parsed.origin(), parsed.tree_size()), ("example.com/behind-the-sofa", 20_852_163));

    let poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
        — quasimodo.example/salvatore \
        NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(poem.as_bytes()).expect("well formed");
    assert_eq!(note.to_string(), poem);
    assert!(note.text().ends_with("\n\ned è subito sera.\n"));
    assert_eq!(note.signatures()[0].key_hash(), [0x36, 0x7b, 0xa0, 0x4b]);
}
