//! What ours is held against: rdkafka used directly, by someone who knows it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use conecta_tests::KafkaService;
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, Headers as _, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord};
use rdkafka::{Offset, TopicPartitionList};

use crate::event::CasoCreado;

/// How many events the publishing side keeps in flight.
pub(crate) const WINDOW: usize = 20_000;

/// Publishes with a FutureProducer and a window of deliveries, the settings those of our publisher; gives the time from
/// the first event to the last acknowledgement.
pub(crate) async fn publish(kafka: &KafkaService, topic: &str, events: &[CasoCreado]) -> Duration {
    let producer = producer(kafka);
    let mut window: VecDeque<DeliveryFuture> = VecDeque::with_capacity(WINDOW);
    let start = Instant::now();
    for event in events {
        if window.len() == WINDOW {
            delivered(&mut window).await;
        }
        let (key, body) = (event.datos.caso_id.to_string(), serde_json::to_vec(event).unwrap());
        let headers = event.headers();
        let headers = headers.iter().fold(OwnedHeaders::new_with_capacity(headers.len()), |all, (key, value)| {
            all.insert(Header { key, value: Some(*value) })
        });
        let mut record = FutureRecord::to(topic).key(&key).payload(&body).headers(headers);
        loop {
            match producer.send_result(record) {
                Ok(delivery) => break window.push_back(delivery),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    record = again;
                    delivered(&mut window).await;
                }
                Err((error, _)) => panic!("cannot publish: {error}"),
            }
        }
    }
    while !window.is_empty() {
        delivered(&mut window).await;
    }
    start.elapsed()
}

/// With the settings of our publisher.
pub(crate) fn producer(kafka: &KafkaService) -> FutureProducer {
    kafka
        .client()
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("partitioner", "murmur2_random")
        .set("linger.ms", "5")
        .create()
        .unwrap()
}

async fn delivered(window: &mut VecDeque<DeliveryFuture>) {
    window.pop_front().unwrap().await.unwrap().unwrap();
}

/// Consumes with so many threads, the partitions divided between them; each record's body is read with serde, its
/// headers are looked at, its offset is committed in the background. Gives the time from the first record to the last.
pub(crate) fn consume(kafka: &KafkaService, topic: &str, partitions: i32, events: usize, threads: i32) -> Duration {
    let spans: Vec<(usize, Instant, Instant)> = std::thread::scope(|scope| {
        let reading: Vec<_> = (0..threads)
            .map(|thread| {
                let mine = (0..partitions).filter(move |partition| partition % threads == thread);
                scope.spawn(move || read(kafka, topic, mine))
            })
            .collect();
        reading.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(spans.iter().map(|(count, ..)| count).sum::<usize>(), events, "the reference saw every event");
    let first = spans.iter().map(|(_, first, _)| *first).min().unwrap();
    spans.iter().map(|(.., last)| *last).max().unwrap() - first
}

fn read(kafka: &KafkaService, topic: &str, partitions: impl Iterator<Item = i32>) -> (usize, Instant, Instant) {
    let consumer: BaseConsumer = kafka
        .client()
        .set("group.id", "reference")
        .set("enable.auto.commit", "true")
        .set("auto.commit.interval.ms", "1000")
        .set("isolation.level", "read_committed")
        .set("fetch.queue.backoff.ms", "5")
        .create()
        .unwrap();
    let ends = kafka.ends(topic);
    let mut assignment = TopicPartitionList::new();
    let mut left = 0;
    for partition in partitions {
        assignment.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        left += usize::try_from(ends[&partition].1 - ends[&partition].0).unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let (count, mut first, mut bytes) = (left, None, 0);
    while left > 0 {
        let Some(message) = consumer.poll(Duration::from_secs(1)) else { continue };
        let message = message.unwrap();
        first.get_or_insert_with(Instant::now);
        let event: CasoCreado = serde_json::from_slice(message.payload().unwrap()).unwrap();
        for header in message.headers().unwrap().iter() {
            bytes += header.value.and_then(|value| std::str::from_utf8(value).ok()).unwrap().len();
        }
        std::hint::black_box((event, bytes));
        left -= 1;
    }
    (count, first.unwrap(), Instant::now())
}
