//! What stands in docs/ and is made from the source is what the source says. `make docs` writes it anew.
#![allow(clippy::unwrap_used)]

use std::{env, fs, path::PathBuf};

use conecta_gen::{config::Config, diagnostic::findings_schema, reference};

/// Compares a file of docs/ with what it must be, or writes it.
fn hold(name: &str, wanted: impl FnOnce(&str) -> String) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    let present = fs::read_to_string(&path).unwrap_or_default();
    let wanted = wanted(&present);
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, wanted).unwrap();
    } else {
        assert!(present == wanted, "docs/{name} is not what the source says; write it anew with `make docs`");
    }
}

/// The text with what stands between `<!-- generated: name -->` and `<!-- end -->` replaced.
fn with_block(text: &str, name: &str, block: &str) -> String {
    let opening = format!("<!-- generated: {name} -->\n");
    let start = text.find(&opening).expect("the file has the block") + opening.len();
    let end = start + text[start..].find("<!-- end -->").expect("the block ends");
    format!("{}{block}{}", &text[..start], &text[end..])
}

#[test]
fn the_table_of_codes_is_current() {
    hold("diagnostics.md", |text| with_block(text, "codes", &reference::codes()));
}

#[test]
fn the_keys_of_the_configuration_are_current() {
    hold("configuration.md", |text| with_block(text, "configuration", &reference::configuration()));
}

#[test]
fn the_limits_are_current() {
    hold("limits.md", |text| with_block(text, "limits", &reference::limits()));
}

#[test]
fn the_schemas_are_current() {
    let pretty = |schema| format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    hold("conecta-gen.schema.json", |_| pretty(Config::schema()));
    hold("findings.schema.json", |_| pretty(findings_schema()));
}

#[test]
fn the_example_of_the_configuration_is_one() {
    let text = fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/configuration.md")).unwrap();
    let example = text.split("```toml\n").skip(2).map(|rest| rest.split("```").next().unwrap()).next().unwrap();
    Config::parse(example).unwrap();
}
