//! The Kafka publisher, on the embedded broker.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::time::Duration;

use common::{LIMIT, TOPIC, read};
use conecta_runtime::kafka::{Admin, AdminError, KafkaPublisher};
use conecta_runtime::testing::EmbeddedKafka;
use conecta_runtime::{Headers, Message, PublishError, Publisher, Topic};
use rdkafka::Message as _;
use rdkafka::message::Headers as _;

fn message(key: &str, body: impl Into<Vec<u8>>) -> Message {
    Message::new(TOPIC.name, Some(key.into()), Headers::new(), Some(body.into()))
}

#[tokio::test]
async fn what_is_acknowledged_is_on_the_topic_byte_for_byte() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let publisher = KafkaPublisher::new(&settings).unwrap();
    let mut headers = Headers::new();
    headers.push("evento_id", "evt_1");
    headers.push_raw("nada", None);
    headers.push("evento_id", [0xff, 0x00]);
    let receipt = publisher
        .send(Message::new(TOPIC.name, Some(b"12345".to_vec()), headers, Some(b"{}".to_vec())))
        .await
        .unwrap()
        .await
        .unwrap();
    let records = read(&settings, TOPIC.name, 6, 1);
    let record = &records[0];
    assert_eq!((record.partition(), record.offset()), (receipt.partition, receipt.offset));
    assert_eq!(record.key(), Some(&b"12345"[..]));
    assert_eq!(record.payload(), Some(&b"{}"[..]));
    let found: Vec<_> =
        record.headers().unwrap().iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect();
    assert_eq!(
        found,
        [
            ("evento_id".to_owned(), Some(b"evt_1".to_vec())),
            ("nada".to_owned(), None),
            ("evento_id".to_owned(), Some(vec![0xff, 0x00])),
        ]
    );
}

/// Kafka's `Utils.murmur2`, written from its description: what the Java client's default partitioner hashes with.
fn murmur2(data: &[u8]) -> u32 {
    const M: u32 = 0x5bd1_e995;
    let mut h = 0x9747_b28c ^ u32::try_from(data.len()).unwrap();
    let mut chunks = data.chunks_exact(4);
    for chunk in &mut chunks {
        let mut k = u32::from_le_bytes(chunk.try_into().unwrap()).wrapping_mul(M);
        k ^= k >> 24;
        h = h.wrapping_mul(M) ^ k.wrapping_mul(M);
    }
    let rest = chunks.remainder();
    for (i, byte) in rest.iter().enumerate() {
        h ^= u32::from(*byte) << (8 * i);
    }
    if !rest.is_empty() {
        h = h.wrapping_mul(M);
    }
    h ^= h >> 13;
    h = h.wrapping_mul(M);
    h ^ (h >> 15)
}

#[tokio::test]
async fn a_key_goes_to_the_partition_that_the_java_client_would_choose() {
    // Known values of Kafka's own UtilsTest.
    assert_eq!(murmur2(b"21") as i32, -973_932_308);
    assert_eq!(murmur2(b"foobar") as i32, -790_332_482);
    assert_eq!(murmur2(b"a-little-bit-long-string") as i32, -985_981_536);

    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let publisher = KafkaPublisher::new(&kafka.settings().unwrap()).unwrap();
    for key in (0..50).map(|id| id.to_string()).chain(["".to_owned(), "ñandú".to_owned()]) {
        let receipt = publisher.send(message(&key, "{}")).await.unwrap().await.unwrap();
        let expected = (murmur2(key.as_bytes()) & 0x7fff_ffff) % 6;
        assert_eq!(receipt.partition, i32::try_from(expected).unwrap(), "key {key:?}");
    }
}

#[tokio::test]
async fn order_of_the_calls_is_kept_when_the_queue_is_full() {
    const MESSAGES: usize = 3_000;
    const KEYS: usize = 7;
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap().producer_property("queue.buffering.max.messages", "16");
    let publisher = KafkaPublisher::new(&settings).unwrap();
    // Every call is made before any is awaited, and they are awaited last to first.
    let sends: Vec<_> =
        (0..MESSAGES).map(|i| publisher.send(message(&format!("k{}", i % KEYS), i.to_string()))).collect();
    let mut acks = Vec::new();
    for send in sends.into_iter().rev() {
        acks.push(send.await.unwrap());
    }
    for ack in acks {
        ack.await.unwrap();
    }
    let mut last: HashMap<Vec<u8>, usize> = HashMap::new();
    for record in read(&settings, TOPIC.name, 6, MESSAGES) {
        let number: usize = std::str::from_utf8(record.payload().unwrap()).unwrap().parse().unwrap();
        let before = last.insert(record.key().unwrap().to_vec(), number);
        assert!(before.is_none_or(|before| before < number), "{number} came after {before:?}");
    }
}

#[tokio::test]
async fn a_send_dropped_while_the_queue_is_full_is_withdrawn() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap().producer_property("queue.buffering.max.messages", "1");
    kafka.disconnect().unwrap();
    let publisher = KafkaPublisher::new(&settings).unwrap();
    let first = publisher.send(message("a", "1")).await.unwrap();
    drop(publisher.send(message("a", "2")));
    let third = publisher.send(message("a", "3"));
    assert_eq!(publisher.in_flight(), 2, "one accepted, one waiting, one withdrawn");
    kafka.connect().unwrap();
    first.await.unwrap();
    third.await.unwrap().await.unwrap();
    let bodies: Vec<_> =
        read(&settings, TOPIC.name, 6, 2).iter().map(|record| record.payload().unwrap().to_vec()).collect();
    assert_eq!(bodies, [b"1", b"3"]);
    assert_eq!(publisher.in_flight(), 0);
}

#[tokio::test]
async fn flush_waits_for_what_is_accepted_and_says_what_is_left_when_it_cannot() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let publisher = KafkaPublisher::new(&kafka.settings().unwrap()).unwrap();
    publisher.flush(LIMIT).await.unwrap();
    kafka.disconnect().unwrap();
    let mut acks = Vec::new();
    for i in 0..10 {
        acks.push(publisher.send(message(&i.to_string(), "{}")).await.unwrap());
    }
    let error = publisher.flush(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.left, 10);
    kafka.connect().unwrap();
    publisher.flush(LIMIT).await.unwrap();
    for ack in acks {
        // Ready by now: the first poll gives it.
        tokio::time::timeout(Duration::ZERO, ack).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_dropped_publisher_sends_what_it_has_accepted() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let publisher = KafkaPublisher::new(&settings).unwrap();
    let mut acks = Vec::new();
    for i in 0..500 {
        acks.push(publisher.send(message(&i.to_string(), "{}")).await.unwrap());
    }
    drop(publisher);
    for ack in acks {
        ack.await.unwrap();
    }
    read(&settings, TOPIC.name, 6, 500);
}

#[tokio::test]
async fn a_message_that_can_never_be_sent_is_refused_with_what_to_do() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let publisher = KafkaPublisher::new(&kafka.settings().unwrap()).unwrap();
    let error = publisher.send(message("a", vec![b' '; 2_000_000])).await.unwrap_err();
    let PublishError::Transport { topic, message, retriable } = error else { panic!("{error}") };
    assert_eq!(topic, TOPIC.name);
    assert!(!retriable && message.contains("message.max.bytes"), "{message}");
}

#[tokio::test]
async fn missing_topics_are_created_and_existing_ones_compared_never_changed() {
    const WIDER: Topic = Topic { partitions: Some(12), ..TOPIC };
    const NEW: Topic = Topic { partitions: Some(3), ..Topic::named("sla.violados") };
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let admin = Admin::new(&kafka.settings().unwrap()).unwrap();
    let report = admin.create_topics(&[WIDER, NEW]).await.unwrap();
    assert_eq!(report.created, [NEW.name]);
    assert_eq!(report.existing, [TOPIC.name]);
    let differences: Vec<_> = report.differences.iter().map(ToString::to_string).collect();
    assert_eq!(differences, ["casos.creados: partitions is 6, the contract says 12"]);
    let again = admin.create_topics(&[TOPIC, NEW]).await.unwrap();
    assert!(again.created.is_empty() && again.differences.is_empty(), "{again:?}");
}

#[tokio::test]
async fn copies_are_never_lowered_in_silence() {
    const THREE: Topic = Topic { replication_factor: Some(3), ..Topic::named("sla.violados") };
    let kafka = EmbeddedKafka::start(&[]).unwrap();
    let settings = kafka.settings().unwrap();
    let error = Admin::new(&settings).unwrap().create_topics(&[THREE]).await.unwrap_err();
    assert!(matches!(error, AdminError::ClusterTooSmall { wanted: 3, brokers: 1, .. }), "{error}");
    assert!(error.to_string().contains("replication_factor"), "{error}");
    let report = Admin::new(&settings.replication_factor(1)).unwrap().create_topics(&[THREE]).await.unwrap();
    assert_eq!(report.created, [THREE.name]);
}
