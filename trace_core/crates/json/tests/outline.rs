//! A text read in parts is read as it is at once, for well-formed texts and for broken ones.

use std::path::PathBuf;

use json::{Bump, ReadError, Value, read, read_outline, write_canonical};
use proptest::prelude::*;

const PATHS: [&[&str]; 2] = [&["a", "list"], &["b"]];

/// The canonical text of the whole, and where the list stood, by reading in parts of `count` elements.
fn in_parts(text: &[u8], count: usize) -> Result<(String, Option<String>), ReadError> {
    let (arena, mut parts) = (Bump::new(), Bump::new());
    let (root, list) = read_outline(text, &PATHS, &arena)?;
    let mut elements = Vec::new();
    let path = list.as_ref().map(|list| list.path().join("/"));
    if let Some(mut list) = list {
        loop {
            parts.reset();
            let first = list.index();
            let some = list.next(count, &parts)?;
            assert!(some.len() <= count && list.index() == first + some.len());
            if some.is_empty() {
                break;
            }
            elements.extend(some.iter().map(|&element| canonical(element)));
        }
    }
    Ok((format!("{} [{}]", canonical(root), elements.join(",")), path))
}

/// The same, by reading the whole text at once and taking the first list out of it.
fn at_once(text: &[u8]) -> Result<(String, Option<String>), ReadError> {
    let arena = Bump::new();
    let root = read(text, &arena)?;
    let mut taken = None;
    let root = without_list(&arena, root, &PATHS.map(|path| (path, path)), &mut taken);
    let elements = taken.map_or(&[][..], |(elements, _)| elements);
    let elements: Vec<_> = elements.iter().map(|&element| canonical(element)).collect();
    Ok((format!("{} [{}]", canonical(root), elements.join(",")), taken.map(|(_, path)| path.join("/"))))
}

type Taken<'a> = Option<(&'a [Value<'a>], &'static [&'static str])>;

fn without_list<'a>(
    arena: &'a Bump,
    value: Value<'a>,
    along: &[(&'static [&'static str], &'static [&'static str])],
    taken: &mut Taken<'a>,
) -> Value<'a> {
    match value {
        Value::Array(elements) if taken.is_none() => match along.iter().find(|(_, rest)| rest.is_empty()) {
            Some((path, _)) => {
                *taken = Some((elements, path));
                Value::Array(&[])
            }
            None => value,
        },
        Value::Object(object) => {
            let mut members = object.members.to_vec();
            for member in &mut members {
                let further: Vec<_> = along
                    .iter()
                    .filter(|(_, rest)| rest.first() == Some(&member.name))
                    .map(|(path, rest)| (*path, &rest[1..]))
                    .collect();
                member.value = without_list(arena, member.value, &further, taken);
            }
            let members = arena.alloc_slice_copy(&members);
            Value::Object(arena.alloc(json::Object { members, source: object.source }))
        }
        value => value,
    }
}

fn canonical(value: Value<'_>) -> String {
    let mut out = Vec::new();
    write_canonical(value, &mut out);
    String::from_utf8(out).expect("UTF-8")
}

fn assert_same(text: &[u8]) {
    let whole = at_once(text);
    for count in [1, 2, 1_000] {
        match (&whole, in_parts(text, count)) {
            (Ok(whole), parts) => assert_eq!(parts.as_ref(), Ok(whole)),
            (Err(_), Err(_)) => (),
            (Err(error), Ok(_)) => panic!("{error}, but not in parts: {}", String::from_utf8_lossy(text)),
        }
    }
}

#[test]
fn text_of_the_test_suite_within_a_list_is_read_as_at_once() {
    let data = std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
        PathBuf::from,
    );
    let Ok(folder) = std::fs::read_dir(data.join("json/test_parsing")) else {
        println!("skipped: the shared test data is not there");
        return;
    };
    for entry in folder {
        let inner = std::fs::read(entry.expect("entry").path()).expect("file");
        assert_same(&inner);
        for (before, behind) in [
            (r#"{"a":{"list":["#, "]}}"),
            (r#"{"a":{"list":[1,"#, r#",{"x":[]} ] } , "b":[2,"]"]}"#),
            (r#"{"b":["#, r#"],"a":{"list":["\"]"]}}"#),
        ] {
            assert_same(&[before.as_bytes(), &inner, behind.as_bytes()].concat());
        }
    }
}

#[test]
fn fault_in_a_list_is_named_by_its_place_in_the_document() {
    let text = br#"{"a":{"list":[1,{"x":[true,1e400]}]}}"#;
    let error = in_parts(text, 1).expect_err("out of range");
    assert_eq!((error.pointer.as_str(), error.offset), ("/a/list/1/x/1", 27));
}

#[test]
fn list_within_a_document_counts_towards_its_depth() {
    for depth in 58..66 {
        let nested = format!(r#"{{"a":{{"list":[{}{}]}}}}"#, "[".repeat(depth), "]".repeat(depth));
        assert_same(nested.as_bytes());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn text_of_brackets_and_strings_is_read_as_at_once(
        pieces in proptest::collection::vec(
            prop::sample::select(vec!["[", "]", "{", "}", ",", ":", "\"a\"", "\"b\"", "\"list\"", "1", "\"", "\\", " ", "null", "\"\\\"\""]),
            0..14,
        ),
        shell in 0..3_usize,
    ) {
        let inner = pieces.concat();
        let text = match shell {
            0 => inner,
            1 => format!(r#"{{"a":{{"list":[{inner}]}}}}"#),
            _ => format!(r#"{{"b":[{inner}],"a":{{"list":[1]}}}}"#),
        };
        assert_same(text.as_bytes());
    }
}
