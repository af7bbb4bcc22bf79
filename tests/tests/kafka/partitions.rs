//! A key goes to the partition that the Java client would choose.

use conecta_runtime::kafka::{KafkaPublisher, KafkaSettings};
use conecta_runtime::{Headers, Message, Publisher as _};
use conecta_tests::wire::unique;
use conecta_tests::{KafkaService, java};

#[tokio::test]
async fn a_key_goes_where_the_java_client_would_put_it() {
    let kafka = KafkaService::shared();
    let publisher = KafkaPublisher::new(&KafkaSettings::new(kafka.brokers()).unwrap()).unwrap();
    for partitions in [1, 3, 6, 12] {
        let topic = unique("partitions");
        kafka.create_topic(&topic, partitions, 1, &[]).await;
        let keys = keys();
        let mut acks = Vec::new();
        for key in &keys {
            let message =
                Message::new(topic.clone(), Some(key.clone().into_bytes()), Headers::new(), Some(b"{}".into()));
            acks.push(publisher.send(message).await.unwrap());
        }
        let mut ours = Vec::new();
        for ack in acks {
            ours.push(ack.await.unwrap().partition.to_string());
        }
        let asked: Vec<String> = keys.iter().map(|key| format!("{partitions} {key}")).collect();
        assert_eq!(ours, java::run("Partitions.java", &asked), "of {partitions} partitions");
    }
}

/// Numbers as the contract's keys are, and texts whose bytes are not ASCII: a sign error in the hash shows there alone.
fn keys() -> Vec<String> {
    let numbers = [0, 1, 42, 12345, -1, i64::MAX, i64::MIN].into_iter().chain(1000..1500).map(|n| n.to_string());
    let texts =
        ["a", "ab", "abc", "abcd", "CRV-2024-00012345", "niño", "áéíóúñü", "日本語", "🙂", "ÿÿÿÿ"].map(str::to_owned);
    numbers.chain(texts).collect()
}
