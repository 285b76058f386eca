//! Validation against documents by others: what must go in, and what must not, and where it says so.

use std::path::{Path, PathBuf};

use epcis::{Problem, Severity, read_document, validate_document, validate_event};
use json::Bump;

fn shared_epcis() -> Option<PathBuf> {
    let data = std::env::var_os("WAYPROOF_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/data"),
        PathBuf::from,
    );
    let folder = data.join("epcis");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: the shared test data is not there");
    None
}

fn problems(body: &[u8]) -> Vec<Problem> {
    let arena = Bump::new();
    let all = || {
        let document = read_document(body, &arena)?;
        let mut problems = validate_document(&document);
        for event in document.events().next(usize::MAX, &arena)? {
            problems.extend(validate_event(&document, &event));
        }
        Ok(problems)
    };
    let mut problems = all().unwrap_or_else(|problem| vec![problem]);
    problems.retain(|problem| problem.severity == Severity::Error);
    problems
}

fn json_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("folder") {
        let path = entry.expect("entry").path();
        if path.is_dir() {
            json_files(&path, out);
        } else if path.extension().is_some_and(|e| e == "json" || e == "jsonld") {
            out.push(path);
        }
    }
}

/// Schemas, contexts, ontologies and queries carry no events to capture.
fn holds_events(path: &Path, body: &[u8]) -> bool {
    let text = path.to_string_lossy();
    let elsewhere = ["/JSON-LD-Context/", "/JSON-Schema/", "/Ontology/", "/REST-Bindings/", "/Queries/"];
    if elsewhere.iter().any(|folder| text.contains(folder)) && !text.contains("/JSON-Schema/test/") {
        return false;
    }
    let arena = Bump::new();
    let root = json::read(body, &arena).ok().and_then(json::Value::as_object);
    root.is_some_and(|root| root.get("@context").is_some() && root.get("type").is_some())
}

#[test]
fn documents_by_others_are_accepted() {
    let Some(folder) = shared_epcis() else { return };
    let mut files = Vec::new();
    json_files(&folder, &mut files);
    let (mut seen, mut refused) = (0, Vec::new());
    for file in files.iter().filter(|file| !file.to_string_lossy().contains("/Invalid/")) {
        let body = std::fs::read(file).expect("file");
        if !holds_events(file, &body) {
            continue;
        }
        let errors = problems(&body);
        refused.extend(errors.iter().map(|problem| format!("{}: {problem}", file.display())));
        seen += 1;
    }
    assert!(refused.is_empty(), "{refused:#?}");
    assert!(seen > 50, "only {seen} files");
}

/// What is wrong with each, and where.
const REFUSED: [(&str, &[(&str, &str)]); 10] = [
    (
        "Combination_of_events_with_missing_mandatory_fields",
        &[
            ("/epcisBody/eventList/0/action", "required"),
            ("/epcisBody/eventList/1/action", "required"),
            ("/epcisBody/eventList/1/eventTimeZoneOffset", "required"),
        ],
    ),
    (
        "Combination_of_non_standard_bizStep_and_disposition",
        &[("/epcisBody/eventList/0/bizStep", "enum"), ("/epcisBody/eventList/1/disposition", "enum")],
    ),
    ("EPCISDocument_without_context", &[("/@context", "required")]),
    (
        "ObjectEvent_with_ilmd_field_without_namespace",
        &[("/epcisBody/eventList/0/ilmd/materialType", "unknown_property")],
    ),
    ("ObjectEvent_with_invalid_action", &[("/epcisBody/eventList/0/action", "enum")]),
    ("ObjectEvent_with_non_standard_bizStep", &[("/epcisBody/eventList/0/bizStep", "enum")]),
    ("ObjectEvent_with_non_standard_bizStep_in_second_event", &[("/epcisBody/eventList/1/bizStep", "enum")]),
    ("ObjectEvent_with_quantity_as_text", &[("/epcisBody/eventList/0/quantityList/0/quantity", "type")]),
    (
        "ObjectEvent_with_unknown_field_in_quantityList",
        &[("/epcisBody/eventList/0/quantityList/0/weight", "unknown_property")],
    ),
    ("ObjectEvent_without_identifier_list", &[("/epcisBody/eventList/0/epcList", "required")]),
];

#[test]
fn invalid_documents_by_others_are_refused_at_the_right_place() {
    let Some(folder) = shared_epcis() else { return };
    let folder = folder.join("openepcis-test-resources/2.0/EPCIS/JSON/Capture/Invalid");
    for (name, expected) in REFUSED {
        let body = std::fs::read(folder.join(name).with_extension("json")).expect("file");
        let problems = problems(&body);
        let found: Vec<_> = problems.iter().map(|p| (p.pointer.as_str(), p.code)).collect();
        assert_eq!(found, expected, "{name}: {problems:#?}");
        assert!(problems.iter().all(|problem| problem.severity == Severity::Error));
    }
}
