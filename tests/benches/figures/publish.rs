//! Publishing typed events, against a FutureProducer with a window.

use std::time::{Duration, Instant};

use conecta_runtime::PublisherExt as _;
use conecta_runtime::kafka::{KafkaPublisher, KafkaSettings};
use conecta_tests::KafkaService;
use conecta360_events::CasoCreado;
use tokio::runtime::Runtime;

use crate::contenders::{self, WINDOW};
use crate::event::{self, nth_typed};
use crate::report::{Report, median};

const EVENTS: usize = 300_000;
const ROUNDS: usize = 5;
const TOPIC: &str = "casos.creados";

/// `publish_all` and `pipeline`, each against the same reference.
pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    let plain: Vec<event::CasoCreado> = (0..EVENTS).map(|i| event::CasoCreado::nth(i, event::KEYS)).collect();
    let typed: Vec<CasoCreado> = (0..EVENTS).map(nth_typed).collect();
    let rate = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let (mut reference, mut all, mut pipelined) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        runtime.block_on(async {
            kafka.empty_topic(TOPIC, 6).await;
            reference.push(rate(contenders::publish(kafka, TOPIC, &plain).await));
            kafka.empty_topic(TOPIC, 6).await;
            all.push(rate(publish_all(kafka, &typed).await));
            kafka.empty_topic(TOPIC, 6).await;
            pipelined.push(rate(pipeline(kafka, &typed).await));
        });
    }
    let reference = median(reference);
    report.rate("publish-all", median(all), reference, 0.9);
    report.rate("publish-pipeline", median(pipelined), reference, 0.9);
}

async fn publish_all(kafka: &KafkaService, events: &[CasoCreado]) -> Duration {
    let publisher = publisher(kafka);
    let start = Instant::now();
    let receipts = publisher.publish_all(events).await.unwrap();
    let time = start.elapsed();
    assert_eq!(receipts.len(), events.len());
    time
}

async fn pipeline(kafka: &KafkaService, events: &[CasoCreado]) -> Duration {
    let publisher = publisher(kafka);
    let start = Instant::now();
    let mut pipeline = publisher.pipeline(WINDOW);
    for event in events {
        pipeline.push(event).await.unwrap();
    }
    assert_eq!(pipeline.finish().await.unwrap(), events.len() as u64);
    start.elapsed()
}

fn publisher(kafka: &KafkaService) -> KafkaPublisher {
    KafkaPublisher::new(&KafkaSettings::new(kafka.brokers()).unwrap()).unwrap()
}
