//! `conecta-gen topics plan` and `apply`, on a cluster that is not as the contract has it.

use std::process::{Command, Stdio};

use conecta_tests::KafkaService;
use conecta_tests::wire::unique;
use serde_json::{Value, json};

struct Console<'k> {
    kafka: &'k KafkaService,
    folder: tempfile::TempDir,
}

impl Console<'_> {
    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conecta_gen"));
        command.arg("topics").args(args).args(["--brokers", self.kafka.brokers()]);
        let output = command.current_dir(self.folder.path()).stdin(Stdio::null()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    }
}

#[tokio::test]
async fn a_cluster_is_brought_to_the_contract_and_nothing_of_it_is_taken_away() {
    let kafka = KafkaService::shared();
    let base = unique("drift");
    let [missing, narrow, wide] = ["missing", "narrow", "wide"].map(|name| format!("{base}.{name}"));
    let channel = |name: &str, copies: u32| {
        format!(
            "  {name}:
    bindings:
      kafka: {{ partitions: 3, replicas: {copies}, topicConfiguration: {{ retention.ms: 86400000 }} }}
    publish: {{ message: {{ payload: {{ type: object }} }} }}
"
        )
    };
    let channels = [channel(&missing, 1), channel(&narrow, 1), channel(&wide, 2)].concat();
    let spec = format!("asyncapi: 2.6.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels:\n{channels}");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spec.yaml"), spec).unwrap();
    // What others have set on a topic is theirs.
    kafka.create_topic(&narrow, 2, 1, &[("retention.ms", "1000"), ("max.message.bytes", "2000000")]).await;
    kafka.create_topic(&wide, 5, 1, &[("retention.ms", "86400000")]).await;
    let console = Console { kafka, folder };

    let (exit, out, _) = console.run(&["plan", "spec.yaml", "--format", "json"]);
    let plan: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(exit, 1, "{out}");
    let expected = json!({
        "create": [
            { "topic": missing, "partitions": 3, "replication_factor": 1, "config": { "retention.ms": "86400000" } },
        ],
        "change": [
            { "topic": narrow, "what": "partitions", "contract": "3", "actual": "2" },
            { "topic": narrow, "what": "retention.ms", "contract": "86400000", "actual": "1000" },
        ],
        "keep": [
            { "topic": wide, "what": "partitions", "contract": "3", "actual": "5" },
            { "topic": wide, "what": "replication factor", "contract": "2", "actual": "1" },
        ],
    });
    assert_eq!(plan, expected);
    assert!(!kafka.has_topic(&missing), "a plan changes nothing");

    let (exit, out, err) = console.run(&["apply", "spec.yaml"]);
    let lines: Vec<_> = out.lines().collect();
    let expected = [
        format!("+ {missing} partitions=3 copies=1 retention.ms=86400000"),
        format!("~ {narrow}: partitions 2 -> 3; keys move to other partitions"),
        format!("~ {narrow}: retention.ms 1000 -> 86400000"),
        format!("! {wide}: partitions 5 -> 3; left as it is"),
        format!("! {wide}: replication factor 1 -> 2; left as it is"),
        "3 topics: 1 to create, 2 to change, 2 to leave".to_owned(),
    ];
    assert_eq!((exit, lines), (1, expected.iter().map(String::as_str).collect()), "{err}");
    assert_eq!(
        err,
        format!("conecta-gen: {missing}: done (1 of 2)\nconecta-gen: {narrow}: done (2 of 2)\n"),
        "progress"
    );
    for (topic, partitions) in [(&missing, 3), (&narrow, 3), (&wide, 5)] {
        kafka.wait_for_topic(topic, partitions);
        assert_eq!(kafka.topic_config(topic).await["retention.ms"], "86400000", "{topic}");
    }
    assert_eq!(kafka.topic_config(&narrow).await["max.message.bytes"], "2000000");

    // One broker: copies are as this cluster can hold them; the dead-letter topics of a group belong to it.
    let here = ["spec.yaml", "--replication-factor", "1", "--group", "avisos"];
    let (exit, out, err) = console.run(&[&["apply"], &here[..]].concat());
    assert_eq!(exit, 1, "{out}{err}");
    assert!(kafka.has_topic(&format!("{narrow}.avisos.dlq")), "{out}{err}");
    let (exit, out, _) = console.run(&[&["plan"], &here[..]].concat());
    let expected =
        format!("! {wide}: partitions 5 -> 3; left as it is\n6 topics: 0 to create, 0 to change, 1 to leave\n");
    assert_eq!((exit, out), (1, expected));
}

#[tokio::test]
async fn a_contract_that_the_cluster_cannot_hold_is_refused_before_anything_is_created() {
    let kafka = KafkaService::shared();
    let topic = unique("copies");
    let spec = format!(
        "asyncapi: 2.6.0
info: {{ title: t, version: 1.0.0 }}
channels:
  {topic}-one: {{ publish: {{ message: {{ payload: {{ type: object }} }} }} }}
  {topic}:
    bindings: {{ kafka: {{ replicas: 3 }} }}
    publish: {{ message: {{ payload: {{ type: object }} }} }}
"
    );
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("spec.yaml"), spec).unwrap();
    let console = Console { kafka, folder };
    let (exit, out, err) = console.run(&["apply", "spec.yaml"]);
    assert_eq!((exit, out.as_str()), (2, ""), "{err}");
    assert!(err.contains(&format!("{topic} is to have 3 copies, the cluster has 1 broker(s)")), "{err}");
    assert!(err.contains("--replication-factor"), "{err}");
    assert!(!kafka.has_topic(&format!("{topic}-one")));
    let (exit, out, err) = console.run(&["apply", "spec.yaml", "--replication-factor", "1"]);
    assert_eq!(exit, 0, "{out}{err}");
    let (exit, out, _) = console.run(&["plan", "spec.yaml", "--replication-factor", "1"]);
    assert_eq!((exit, out.as_str()), (0, "2 topics, all as the contract has them\n"));
}
