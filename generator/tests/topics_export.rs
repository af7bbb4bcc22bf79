//! `topics export`: what is printed for the tools that keep a cluster's topics.
#![allow(clippy::unwrap_used)]

mod support;

use support::{Folder, text};

const SPEC: &str = r#"asyncapi: 2.6.0
info: { title: "Pedidos\n$(touch title)", version: 1.0.0 }
channels:
  Pedidos_Creados:
    bindings:
      kafka:
        partitions: 3
        replicas: 2
        topicConfiguration:
          cleanup.policy: [delete, compact]
          retention.ms: 86400000
          x.text: "it's $(touch config) ${injected} %{injected} \"quoted\" \\ \n"
    publish: { message: { payload: { type: object } } }
  pedidos-creados:
    publish: { message: { payload: { type: object } } }
  pedidos.{pais}.creados:
    parameters: { pais: { schema: { type: string } } }
    publish: { message: { payload: { type: object } } }
"#;

fn exported(manifest: &str) -> String {
    let folder = Folder::new().with("spec.yaml", SPEC);
    let output = folder.run(&["topics", "export", "spec.yaml", "--as", manifest, "--group", "avisos"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "`pedidos.{pais}.creados` has parameters, and no topic of its own\n");
    text(&output.stdout).to_owned()
}

#[test]
fn strimzi_reads_topics_as_resources() {
    let text = exported("strimzi");
    let documents = serde_yaml::Deserializer::from_str(&text);
    let resources: Vec<serde_yaml::Value> = documents
        .map(|d| serde::Deserialize::deserialize(d).unwrap())
        .filter(|d: &serde_yaml::Value| !d.is_null())
        .collect();
    let names: Vec<_> = resources.iter().map(|r| r["metadata"]["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        ["pedidos-creados", "pedidos-creados.avisos.dlq", "pedidos-creados-2", "pedidos-creados.avisos.dlq-2"]
    );
    assert_eq!(
        resources[0]["spec"]["config"]["x.text"].as_str(),
        Some("it's $(touch config) ${injected} %{injected} \"quoted\" \\ \n")
    );
    insta::assert_snapshot!(text);
}

#[test]
fn terraform_reads_topics_as_resources() {
    insta::assert_snapshot!(exported("terraform"));
}

#[test]
fn a_script_creates_the_topics_and_runs_nothing_of_the_document() {
    let script = exported("script");
    let folder = Folder::new()
        .with("topics.sh", &script)
        .with("kafka-topics.sh", "#!/bin/sh\nfor word do printf '<%s>' \"$word\"; done\nprintf '\\n'\n");
    std::process::Command::new("chmod").args(["+x", "kafka-topics.sh"]).current_dir(folder.path()).status().unwrap();
    let output = std::process::Command::new("sh")
        .arg("topics.sh")
        .env("BOOTSTRAP_SERVER", "a broker:9092")
        .env("KAFKA_TOPICS", "./kafka-topics.sh")
        .current_dir(folder.path())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    insta::assert_snapshot!(format!("{script}\n# calls\n{}", text(&output.stdout)));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no file was made");
}

#[test]
fn the_retry_topics_of_a_group_belong_to_it_when_they_are_asked_for() {
    let folder = Folder::new().with("spec.yaml", SPEC);
    let args = ["topics", "export", "spec.yaml", "--as", "script", "--group", "avisos", "--retry", "2"];
    let output = folder.run(&args);
    let script = text(&output.stdout);
    let names = [".avisos.dlq", ".avisos.retry.1", ".avisos.retry.2"];
    let [letters, first, second] = names.map(|name| script.matches(name).count());
    assert!(letters > 0 && (first, second) == (letters, letters), "{script}");
    assert!(!script.contains("retry.3"));
    assert!(!exported("script").contains("retry"));
    let alone = folder.run(&["topics", "export", "spec.yaml", "--as", "script", "--retry", "2"]);
    assert_eq!(alone.status.code(), Some(2), "of which group?");
}

#[test]
fn a_group_named_twice_is_one_and_one_without_a_name_is_refused() {
    let folder = Folder::new().with("spec.yaml", SPEC);
    for manifest in ["script", "prometheus"] {
        let once = ["topics", "export", "spec.yaml", "--as", manifest, "--group", "avisos"];
        let twice = [&once[..], &["--group", "avisos"]].concat();
        assert_eq!(text(&folder.run(&once).stdout), text(&folder.run(&twice).stdout));
    }
    let nameless = folder.run(&["topics", "export", "spec.yaml", "--as", "script", "--group", ""]);
    assert_eq!(nameless.status.code(), Some(2), "{}", text(&nameless.stdout));
}

/// What watches consumers, of a group with an awkward name.
fn watched(manifest: &str) -> String {
    let folder = Folder::new().with("spec.yaml", SPEC);
    let args = ["topics", "export", "spec.yaml", "--as", manifest, "--group", "avisos", "--max-lag", "500"];
    let output = folder.run(&args);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    text(&output.stdout).to_owned()
}

#[test]
fn prometheus_reads_an_alert_for_each_group_and_topic() {
    let text = watched("prometheus");
    let rules: serde_yaml::Value = serde_yaml::from_str(&text).unwrap();
    let rules = rules["groups"][0]["rules"].as_sequence().unwrap();
    let of = |topic: &str| rules.iter().filter(|rule| rule["labels"]["topic"].as_str() == Some(topic)).count();
    assert_eq!(of("Pedidos_Creados"), of("pedidos.{pais}.creados"), "an address goes by its name");
    assert!(of("Pedidos_Creados") >= 5 && of("") == 0);
    for rule in rules {
        let expr = rule["expr"].as_str().unwrap();
        assert!(expr.contains("{group=\"avisos\"") && rule["annotations"]["summary"].is_string(), "{expr}");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn grafana_reads_a_dashboard_with_the_groups_and_topics_to_choose_from() {
    let dashboard: serde_json::Value = serde_json::from_str(&watched("grafana")).unwrap();
    let choices = |index: usize| dashboard["templating"]["list"][index]["query"].as_str().unwrap();
    assert_eq!((choices(1), choices(2)), ("avisos", "Pedidos_Creados,pedidos-creados,pedidos.{pais}.creados"));
    assert_eq!(dashboard["uid"], "conecta-pedidos-touch-title");
    let panels = dashboard["panels"].as_array().unwrap();
    assert!(panels.len() > 10);
    let places: std::collections::HashSet<String> = panels.iter().map(|panel| panel["gridPos"].to_string()).collect();
    assert_eq!(places.len(), panels.len(), "none lies on another");
    for panel in panels {
        assert!(panel["targets"][0]["expr"].as_str().unwrap().contains("{group=~\"$group\""), "{panel}");
    }
}

#[test]
fn without_a_group_there_is_nothing_to_watch() {
    let folder = Folder::new().with("spec.yaml", SPEC);
    let output = folder.run(&["topics", "export", "spec.yaml", "--as", "prometheus"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("--group"), "{}", text(&output.stderr));
}

#[test]
fn a_name_that_kafka_refuses_is_said() {
    let folder = Folder::new().with("spec.yaml", SPEC);
    for group in ["a b", "$(x)", &"g".repeat(240)] {
        let output = folder.run(&["topics", "export", "spec.yaml", "--as", "script", "--group", group]);
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
        assert!(text(&output.stderr).contains(&format!("Pedidos_Creados.{group}.dlq` as the name of a topic")));
    }
}

#[test]
fn nothing_is_printed_of_an_unsound_document() {
    let folder = Folder::new().with("spec.yaml", "asyncapi: 2.6.0\nchannels: []\n");
    let output = folder.run(&["topics", "export", "spec.yaml", "--as", "script"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(1), ""));
    assert!(text(&output.stderr).contains("error[CG"));
}
