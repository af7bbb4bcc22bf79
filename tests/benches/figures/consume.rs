//! Consuming, decoding and handling, keyed and committed, against rdkafka and serde.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::KafkaService;
use conecta_tests::wire::unique;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::contenders;
use crate::event;
use crate::report::{Report, median};

const EVENTS: usize = 300_000;
const ROUNDS: usize = 5;
const TOPIC: &str = "casos.creados";
const PARTITIONS: i32 = 6;

/// The consumer, against the reference with its best number of threads.
pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    let events: Vec<event::CasoCreado> = (0..EVENTS).map(event::CasoCreado::nth).collect();
    runtime.block_on(async {
        kafka.empty_topic(TOPIC, PARTITIONS).await;
        contenders::publish(kafka, TOPIC, &events).await;
    });
    drop(events);

    let rate = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let (mut ours, mut reference) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for _ in 0..ROUNDS {
        for (threads, rates) in (1..).zip(&mut reference) {
            rates.push(rate(contenders::consume(kafka, TOPIC, PARTITIONS, EVENTS, threads)));
        }
        ours.push(rate(runtime.block_on(consume(kafka))));
    }
    let reference = reference.map(median);
    let [one, two, three] = reference;
    report.info("consume-reference", format_args!("threads=1:{one:.0},2:{two:.0},3:{three:.0}"));
    report.rate("consume", median(ours), reference.into_iter().fold(0.0, f64::max), 0.9);
}

/// From the first event handled to the last; ends when all is committed.
async fn consume(kafka: &KafkaService) -> Duration {
    let counter = Counter::default();
    let group = unique("bench");
    let settings = KafkaSettings::new(kafka.brokers()).unwrap();
    let consumer = Consumer::new(&settings, &group).on(casos_creados::consume(counter.clone()));
    consumer.run(counter.0.done.notified()).await.unwrap();
    assert_eq!(kafka.lag(&group, TOPIC), 0, "everything is committed");
    *counter.0.last.get().unwrap() - *counter.0.first.get().unwrap()
}

/// The least that a handler can do.
#[derive(Clone, Default)]
struct Counter(Arc<Count>);

#[derive(Default)]
struct Count {
    handled: AtomicUsize,
    first: OnceLock<Instant>,
    last: OnceLock<Instant>,
    done: Notify,
}

impl ConsumirCasoCreado for Counter {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        std::hint::black_box(&caso.event);
        match self.0.handled.fetch_add(1, Ordering::Relaxed) + 1 {
            1 => drop(self.0.first.set(Instant::now())),
            EVENTS => {
                let _ = self.0.last.set(Instant::now());
                self.0.done.notify_one();
            }
            _ => {}
        }
        Ok(())
    }
}
