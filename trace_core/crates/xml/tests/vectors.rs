//! XML by others: the same events have the same hashes, and documents become valid ones.

use std::path::{Path, PathBuf};

use epcis::{Severity, event_hash_ids, event_prehashes, read_document, validate_document, validate_event};
use json::Bump;
use xml::to_json;

fn shared(folder: &str) -> Option<PathBuf> {
    let data = std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join(folder);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the shared test data is not there");
    None
}

fn xml_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            xml_files(&path, out);
        } else if path.extension().is_some_and(|extension| extension == "xml") {
            out.push(path);
        }
    }
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn published_document_has_its_published_prehashes_and_ids() {
    let Some(folder) = shared("event-hash") else { return };
    let mut files = Vec::new();
    xml_files(&folder, &mut files);
    files.retain(|file| !file.to_string_lossy().contains("expected_equal"));
    for file in &files {
        let json = to_json(&std::fs::read(file).expect("file")).expect("XML");
        let prehashes =
            event_prehashes(&json).unwrap_or_else(|problems| panic!("{}: {problems:?}", file.display()));
        for (ours, published) in prehashes.iter().zip(lines(&file.with_extension("prehashes"))) {
            assert_eq!(*ours, published, "{}", file.display());
        }
        assert_eq!(
            event_hash_ids(&json).expect("ids"),
            lines(&file.with_extension("hashes")),
            "{}",
            file.display()
        );
    }
    assert!(files.len() > 7, "only {} files", files.len());
}

#[test]
fn events_that_are_said_to_be_equal_have_one_id() {
    let Some(folder) = shared("event-hash/expected_equal") else { return };
    let mut files = Vec::new();
    xml_files(&folder, &mut files);
    for file in &files {
        let json = to_json(&std::fs::read(file).expect("file")).expect("XML");
        let mut ids = event_hash_ids(&json).expect("ids");
        ids.dedup();
        assert_eq!(ids.len(), 1, "{}", file.display());
    }
}

fn errors(json: &[u8]) -> Vec<String> {
    let arena = Bump::new();
    let all = || {
        let document = read_document(json, &arena)?;
        let mut problems = validate_document(&document);
        for event in document.events().next(usize::MAX, &arena)? {
            problems.extend(validate_event(&document, &event));
        }
        Ok(problems)
    };
    let problems = all().unwrap_or_else(|problem| vec![problem]);
    problems.iter().filter(|p| p.severity == Severity::Error).map(ToString::to_string).collect()
}

#[test]
fn documents_by_others_become_valid_and_invalid_ones_do_not() {
    let Some(folder) = shared("epcis") else { return };
    let mut files = Vec::new();
    xml_files(&folder, &mut files);
    let (mut seen, mut wrong) = (0, Vec::new());
    for file in &files {
        let body = std::fs::read(file).expect("file");
        let text = String::from_utf8_lossy(&body);
        let path = file.to_string_lossy();
        if path.contains("/Queries/")
            || !text.contains("EPCISDocument") && !text.contains("EPCISQueryDocument")
        {
            continue;
        }
        let found = match to_json(&body) {
            Ok(json) => errors(&json),
            Err(problem) => vec![problem.to_string()],
        };
        if path.contains("/Invalid/") == found.is_empty() {
            wrong.push(format!("{path}: {found:#?}"));
        }
        seen += 1;
    }
    println!("{seen} documents");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
