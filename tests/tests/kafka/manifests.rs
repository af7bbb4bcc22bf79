//! The script that `conecta-gen topics export --as script` prints, run with Kafka's own tool.

use std::process::Command;

use conecta_gen::render::Templates;
use conecta_gen::topics::{ClusterTopics, Manifest, Target, export};
use conecta_gen::{Source, document::NoFiles, load};
use conecta_tests::KafkaService;
use conecta_tests::wire::unique;

#[tokio::test]
async fn the_script_creates_the_topics_as_the_contract_has_them_and_again_changes_nothing() {
    let kafka = KafkaService::shared();
    let topic = unique("manifest");
    let spec = format!(
        "asyncapi: 2.6.0
info: {{ title: t, version: 1.0.0 }}
channels:
  {topic}:
    bindings: {{ kafka: {{ partitions: 3, replicas: 1, topicConfiguration: {{ retention.ms: 86400000 }} }} }}
    publish: {{ message: {{ payload: {{ type: object }} }} }}
"
    );
    let api = load(Source::new("spec.yaml", spec.into_bytes()), None, &NoFiles).api.unwrap();
    let topics = ClusterTopics::of(&api, &["avisos".into()], 0).unwrap();
    let target = Target { manifest: Manifest::Script, cluster: "", groups: &[], max_lag: 0 };
    let script = export(&api, &topics, &target, &Templates::default()).unwrap();

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("topics.sh"), script).unwrap();
    for _ in 0..2 {
        let tool = concat!(env!("CARGO_MANIFEST_DIR"), "/services/kafka-topics.sh");
        let output = Command::new("sh")
            .arg(folder.path().join("topics.sh"))
            .envs([("BOOTSTRAP_SERVER", kafka.brokers()), ("KAFKA_TOPICS", tool)])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let dead_letters = format!("{topic}.avisos.dlq");
        for (name, retention) in [(&topic, "86400000"), (&dead_letters, "604800000")] {
            kafka.wait_for_topic(name, 3);
            assert_eq!(kafka.topic_config(name).await["retention.ms"], retention, "{name}");
        }
    }
}
