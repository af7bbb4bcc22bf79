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

pub(crate) const EVENTS: usize = 300_000;
const ROUNDS: usize = 5;
pub(crate) const TOPIC: &str = "casos.creados";
pub(crate) const PARTITIONS: i32 = 6;

/// The consumer, against the reference with its best number of threads.
pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    runtime.block_on(fill(kafka, EVENTS, event::KEYS));
    let rate = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let (mut ours, mut reference) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for _ in 0..ROUNDS {
        for (threads, rates) in (1..).zip(&mut reference) {
            rates.push(rate(contenders::consume(kafka, TOPIC, PARTITIONS, EVENTS, threads)));
        }
        ours.push(rate(runtime.block_on(consume(kafka, Work::default()))));
    }
    let reference = reference.map(median);
    let [one, two, three] = reference;
    report.info("consume-reference", format_args!("threads=1:{one:.0},2:{two:.0},3:{three:.0}"));
    report.rate("consume", median(ours), reference.into_iter().fold(0.0, f64::max), 0.9);
}

/// A topic of so many events, and nothing else.
pub(crate) async fn fill(kafka: &KafkaService, events: usize, keys: usize) {
    kafka.empty_topic(TOPIC, PARTITIONS).await;
    // Not all of them in memory at once.
    for begin in (0..events).step_by(EVENTS) {
        let some: Vec<_> = (begin..events.min(begin + EVENTS)).map(|i| event::CasoCreado::nth(i, keys)).collect();
        contenders::publish(kafka, TOPIC, &some).await;
    }
}

/// What there is to do.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    pub(crate) events: usize,
    pub(crate) concurrency: usize,
    /// How long an event takes.
    pub(crate) each: Duration,
}

impl Default for Work {
    fn default() -> Self {
        Self { events: EVENTS, concurrency: 64, each: Duration::ZERO }
    }
}

/// From the first event handled to the last; ends when all is committed.
pub(crate) async fn consume(kafka: &KafkaService, work: Work) -> Duration {
    let counter = Counter { work, count: Arc::default() };
    let group = unique("bench");
    let settings = KafkaSettings::new(kafka.brokers()).unwrap();
    let consumer =
        Consumer::new(&settings, &group).on(casos_creados::consume(counter.clone())).concurrency(work.concurrency);
    consumer.run(counter.count.done.notified()).await.unwrap();
    assert_eq!(kafka.lag(&group, TOPIC), 0, "everything is committed");
    *counter.count.last.get().unwrap() - *counter.count.first.get().unwrap()
}

/// Counts, after it has waited.
#[derive(Clone)]
struct Counter {
    work: Work,
    count: Arc<Count>,
}

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
        self.count.first.get_or_init(Instant::now);
        if !self.work.each.is_zero() {
            tokio::time::sleep(self.work.each).await;
        }
        if self.count.handled.fetch_add(1, Ordering::Relaxed) + 1 == self.work.events {
            let _ = self.count.last.set(Instant::now());
            self.count.done.notify_one();
        }
        Ok(())
    }
}
