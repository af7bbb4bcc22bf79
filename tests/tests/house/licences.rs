//! Every dependency has a licence that `deny.toml` allows.

use std::process::Command;

use conecta_tests::kafka::root;
use serde_json::Value;

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let allowed = allowed();
    let refused: Vec<String> = dependencies()
        .iter()
        .filter_map(|package| {
            let expression = package["license"].as_str().unwrap_or("none");
            (!permits(expression, &allowed)).then(|| format!("{}: {expression}", package["id"]))
        })
        .collect();
    assert!(refused.is_empty(), "not allowed by deny.toml:\n{}", refused.join("\n"));
}

#[test]
fn an_expression_is_permitted_when_each_and_has_an_or_that_is() {
    let allowed = ["MIT".to_owned(), "Zlib".to_owned()];
    for permitted in
        ["MIT", "GPL-3.0 OR MIT", "GPL-3.0/MIT", "(MIT OR GPL-3.0) AND Zlib", "X WITH Y OR MIT", "MIT AND Zlib"]
    {
        assert!(permits(permitted, &allowed), "{permitted}");
    }
    for refused in ["GPL-3.0", "MIT AND GPL-3.0", "none", "", "(MIT OR Zlib) AND GPL-3.0", "MIT WITH Y"] {
        assert!(!permits(refused, &allowed), "{refused}");
    }
}

/// Whether the [SPDX expression](https://spdx.github.io/spdx-spec/v2.3/SPDX-license-expressions/) can be met with the
/// allowed licences alone. A licence with an exception counts as one that is not in the list.
fn permits(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let tokens: Vec<&str> = spaced.split_whitespace().collect();
    let mut rest = tokens.as_slice();
    either(&mut rest, allowed) && rest.is_empty()
}

fn either(tokens: &mut &[&str], allowed: &[String]) -> bool {
    let mut found = both(tokens, allowed);
    while eat(tokens, "OR") {
        found |= both(tokens, allowed);
    }
    found
}

fn both(tokens: &mut &[&str], allowed: &[String]) -> bool {
    let mut found = one(tokens, allowed);
    while eat(tokens, "AND") {
        found &= one(tokens, allowed);
    }
    found
}

fn one(tokens: &mut &[&str], allowed: &[String]) -> bool {
    if eat(tokens, "(") {
        let found = either(tokens, allowed);
        return eat(tokens, ")") && found;
    }
    let Some((licence, rest)) = tokens.split_first() else { return false };
    *tokens = rest;
    if eat(tokens, "WITH") {
        *tokens = tokens.get(1..).unwrap_or_default();
        return false;
    }
    allowed.iter().any(|allowed| allowed == licence)
}

fn eat(tokens: &mut &[&str], wanted: &str) -> bool {
    let found = tokens.first() == Some(&wanted);
    if found {
        *tokens = &tokens[1..];
    }
    found
}

fn allowed() -> Vec<String> {
    let text = std::fs::read_to_string(root().join("deny.toml")).unwrap();
    let parsed: toml::Table = toml::from_str(&text).unwrap();
    parsed["licenses"]["allow"].as_array().unwrap().iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// What comes from elsewhere: a package of the workspace has no source.
fn dependencies() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--manifest-path"])
        .arg(root().join("Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages.iter().filter(|package| !package["source"].is_null()).cloned().collect()
}
