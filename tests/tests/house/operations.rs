//! docs/operations.md says what the runtime does: what it quotes stands in the source, and no counter is missing.

use std::fs;
use std::path::Path;

use conecta_tests::kafka::root;

/// The sections whose tables begin with something of the source.
const QUOTING: [&str; 5] =
    ["What the log says", "Counters", "Dead letters", "A cluster that does not let us in", "Settings"];

fn guide() -> String {
    fs::read_to_string(root().join("docs/operations.md")).unwrap()
}

/// What the first cells of the tables of a section quote.
fn quoted(guide: &str, section: &str) -> Vec<String> {
    let start = guide.find(&format!("\n## {section}\n")).unwrap_or_else(|| panic!("no section {section:?}"));
    let text = &guide[start + 4..];
    let text = &text[..text.find("\n## ").unwrap_or(text.len())];
    text.lines()
        .filter_map(|line| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned()))
        .flat_map(|cell| cell.split("`, `").map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

fn source(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            source(&entry, text);
        } else if entry.extension().is_some_and(|it| it == "rs") {
            text.push_str(&fs::read_to_string(entry).unwrap());
        }
    }
}

#[test]
fn what_the_operators_guide_quotes_stands_in_the_runtime() {
    let guide = guide();
    let mut runtime = String::new();
    source(&root().join("runtime/src"), &mut runtime);
    for section in QUOTING {
        let quoted = quoted(&guide, section);
        assert!(quoted.len() > 4, "{section}: {quoted:?}");
        for text in quoted {
            assert!(runtime.contains(&text), "{section}: {text:?} is not in the runtime");
        }
    }
}

#[test]
fn the_operators_guide_has_every_key_of_the_settings_with_its_variable() {
    let guide = guide();
    let keys = fs::read_to_string(root().join("runtime/src/settings/keys.rs")).unwrap();
    for (list, prefix) in [("const CONSUMER_KEYS", "CONECTA_CONSUMER_"), ("const ALERT_KEYS", "CONECTA_ALERTS_")] {
        let list = keys.split_once(list).unwrap().1.split_once("];\n").unwrap().0;
        let names: Vec<&str> = list.split("name: \"").skip(1).filter_map(|it| Some(it.split_once('"')?.0)).collect();
        assert!(names.len() > 5, "{names:?}");
        for name in names {
            let variable = format!("{prefix}{}", name.to_ascii_uppercase().replace('.', "_"));
            assert!(guide.contains(&format!("| `{name}` | `{variable}` |")), "{name} is not in docs/operations.md");
        }
    }
}

#[test]
fn the_operators_guide_says_of_every_alert_of_a_consumer_what_it_means_and_what_to_do() {
    let source = fs::read_to_string(root().join("runtime/src/alert/mod.rs")).unwrap();
    let kinds = source.split_once("impl AlertKind").unwrap().1.split_once("impl AlertState").unwrap().0;
    let kinds: std::collections::BTreeSet<_> =
        kinds.lines().filter_map(|line| Some(line.split_once("=> \"")?.1.strip_suffix("\",")?.to_owned())).collect();
    assert!(kinds.len() > 5, "{kinds:?}");
    assert_eq!(kinds, quoted(&guide(), "Alerts of a consumer").into_iter().collect());
}

/// The alerts that Prometheus is given.
fn alerts() -> std::collections::BTreeSet<String> {
    let rules = fs::read_to_string(root().join("templates/topics.prometheus.yaml.j2")).unwrap();
    rules.lines().filter_map(|line| Some(line.trim().strip_prefix("- alert: ")?.to_owned())).collect()
}

#[test]
fn the_operators_guide_says_of_every_alert_what_it_means_and_what_to_do() {
    let known = quoted(&guide(), "Alerts").into_iter().collect();
    assert_eq!(alerts(), known);
}

#[test]
fn what_prometheus_and_grafana_are_given_are_metrics_that_there_are() {
    let facade = fs::read_to_string(root().join("runtime/src/telemetry/facade.rs")).unwrap();
    for template in ["topics.prometheus.yaml.j2", "topics.grafana.json.j2"] {
        let text = fs::read_to_string(root().join("templates").join(template)).unwrap();
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
        let names: Vec<&str> = words.filter(|word| word.starts_with("conecta_")).collect();
        assert!(names.len() > 5, "{names:?}");
        for name in names {
            let name = name.strip_suffix("_bucket").or(name.strip_suffix("_count")).unwrap_or(name);
            assert!(facade.contains(&format!("\"{name}\"")), "{template}: there is no {name}");
        }
    }
}

#[test]
fn what_the_operators_guide_says_of_dlq_the_command_has() {
    let guide = guide();
    let start = guide.find("\n## Bringing dead letters back\n").unwrap();
    let section = &guide[start + 4..];
    let section = &section[..section.find("\n## ").unwrap()];
    let mut command = String::new();
    source(&root().join("generator/src/cli/dlq"), &mut command);
    let words: Vec<&str> = section.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).collect();
    let flags: Vec<&str> =
        words.iter().filter_map(|word| word.strip_prefix("--")).filter(|it| !it.is_empty()).collect();
    assert!(flags.len() > 8, "{flags:?}");
    for flag in flags {
        assert!(command.contains(&format!("    {}: ", flag.replace('-', "_"))), "dlq has no --{flag}");
    }
    for pair in words.windows(2).filter(|pair| pair[0] == "dlq" && !pair[1].is_empty()) {
        if pair[1] != "settled" {
            assert!(command.contains(&format!("pub(super) fn {}(", pair[1])), "no `dlq {}`", pair[1]);
        }
    }
}

#[test]
fn the_operators_guide_knows_every_counter_and_every_code() {
    let guide = guide();
    let telemetry = fs::read_to_string(root().join("runtime/src/telemetry/snapshot.rs")).unwrap();
    let counters = telemetry.lines().filter_map(|line| line.strip_prefix("    pub ")?.strip_suffix(": u64,"));
    let known = quoted(&guide, "Counters");
    let missing: Vec<&str> = counters.filter(|counter| !known.iter().any(|it| it == counter)).collect();
    assert!(missing.is_empty(), "not in docs/operations.md: {missing:?}");

    let failure = fs::read_to_string(root().join("runtime/src/consumer/failure.rs")).unwrap();
    let codes = failure.lines().filter_map(|line| line.trim().split_once(" => \"")?.1.strip_suffix("\","));
    // A dependency that is down gives nothing up.
    let unknown: Vec<&str> =
        codes.filter(|code| *code != "dependency-down" && !guide.contains(&format!("`{code}`"))).collect();
    assert!(unknown.is_empty(), "not in docs/operations.md: {unknown:?}");
}
