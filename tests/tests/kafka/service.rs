//! The harness itself.

use std::time::Duration;

use conecta_tests::KafkaService;
use conecta_tests::kafka::tool;
use conecta_tests::wire::unique;
use rdkafka::producer::{FutureProducer, FutureRecord};

#[tokio::test]
async fn a_topic_is_created_written_and_read_back_to_its_end() {
    let kafka = KafkaService::shared();
    let topic = unique("service");
    kafka.create_topic(&topic, 3, 1, &[]).await;
    let producer: FutureProducer = kafka.client().create().unwrap();
    for i in 0..100 {
        let (key, payload) = (i.to_string(), format!("{{\"i\":{i}}}"));
        producer.send(FutureRecord::to(&topic).key(&key).payload(&payload), Duration::from_secs(10)).await.unwrap();
    }
    let records = kafka.read(&topic);
    assert_eq!(records.len(), 100);
    let mut found: Vec<i64> = records.iter().map(|record| record.json()["i"].as_i64().unwrap()).collect();
    found.sort_unstable();
    assert_eq!(found, (0..100).collect::<Vec<_>>());
    assert_eq!(kafka.lag("nobody", &topic), 100);
}

#[tokio::test]
async fn a_cluster_survives_the_death_of_a_node_and_takes_it_back() {
    let kafka = KafkaService::start(3);
    kafka.create_topic("copied", 3, 3, &[("min.insync.replicas", "2")]).await;
    kafka.kill_node(2);
    let producer: FutureProducer = kafka.client().set("acks", "all").create().unwrap();
    for partition in 0..3 {
        let record = FutureRecord::<(), _>::to("copied").partition(partition).payload("x");
        producer.send(record, Duration::from_secs(30)).await.unwrap();
    }
    kafka.start_node(2);
    assert_eq!(kafka.read("copied").len(), 3);
    let listed = tool("org.apache.kafka.tools.TopicCommand", &["--bootstrap-server", kafka.broker(2), "--list"]);
    assert!(listed.lines().any(|line| line == "copied"), "{listed}");
}
