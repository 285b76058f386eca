//! The generated table is the one that the dictionary gives.

mod shared;

use std::path::Path;
use std::process::Command;

#[test]
fn ai_table_generated_again_is_the_same() {
    let Some(dictionary) = shared::shared_data("gs1-syntax/gs1-syntax-dictionary.txt") else { return };
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let run = Command::new("python3").arg(here.join("generate_ai_table.py")).arg(dictionary).output();
    let Ok(output) = run else {
        eprintln!("skipped: there is no python3");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let table = std::fs::read_to_string(here.join("src/ai_table.rs")).expect("the table is readable");
    assert!(String::from_utf8_lossy(&output.stdout) == table, "run generate_ai_table.py again");
}
