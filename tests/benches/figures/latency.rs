//! From produced to handled at 1,000 events a second, against rdkafka with the same settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::{KafkaPublisher, KafkaSettings};
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::KafkaService;
use conecta_tests::wire::unique;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, PublicarCasoCreado as _, casos_creados};
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::producer::FutureRecord;
use tokio::runtime::Runtime;
use tokio::sync::Notify;
use tokio::time::{MissedTickBehavior, interval};

use crate::consume::{PARTITIONS, TOPIC};
use crate::contenders;
use crate::event::{self, KEYS, nth_typed};
use crate::report::{Report, median};

const EVENTS: usize = 10_000;
const PACE: Duration = Duration::from_millis(1);
const ROUNDS: usize = 3;

/// Not counted: until everyone has found everyone.
const WARMING: usize = 1_000;

pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    let (mut ours, mut reference) = ([Vec::new(), Vec::new()], [Vec::new(), Vec::new()]);
    for _ in 0..ROUNDS {
        for (taken, times) in
            [(runtime.block_on(by_hand(kafka)), &mut reference), (runtime.block_on(with_the_runtime(kafka)), &mut ours)]
        {
            times[0].push(taken.percentile(50));
            times[1].push(taken.percentile(99));
        }
    }
    for (name, ours, reference) in ["latency-p50-us", "latency-p99-us"]
        .into_iter()
        .zip(ours)
        .zip(reference)
        .map(|((name, ours), reference)| (name, median(ours), median(reference)))
    {
        report.cost(name, ours, reference, 0.8);
    }
}

/// When each event was produced, and how long it took to be handled: microseconds.
struct Times {
    begin: Instant,
    produced: Vec<AtomicU64>,
    taken: Vec<AtomicU64>,
    handled: AtomicUsize,
    done: Notify,
}

impl Times {
    fn new() -> Arc<Self> {
        let zeros = || (0..EVENTS).map(|_| AtomicU64::new(0)).collect();
        Arc::new(Self {
            begin: Instant::now(),
            produced: zeros(),
            taken: zeros(),
            handled: AtomicUsize::new(0),
            done: Notify::new(),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begin.elapsed().as_micros()).unwrap()
    }

    /// The events' identifiers end with their numbers.
    fn handled(&self, id: &str) {
        let i: usize = id[id.len() - 12..].parse().unwrap();
        self.taken[i].store(self.now() - self.produced[i].load(Ordering::Relaxed), Ordering::Relaxed);
        if self.handled.fetch_add(1, Ordering::Relaxed) + 1 == EVENTS {
            self.done.notify_one();
        }
    }

    fn percentile(&self, percent: usize) -> f64 {
        assert_eq!(self.handled.load(Ordering::Relaxed), EVENTS, "each once");
        let mut taken: Vec<u64> = self.taken[WARMING..].iter().map(|taken| taken.load(Ordering::Relaxed)).collect();
        taken.sort_unstable();
        taken[taken.len() * percent / 100] as f64
    }

    /// Calls for one event after the other, in time.
    async fn pace(&self, mut produce: impl FnMut(usize)) {
        let mut ticks = interval(PACE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for i in 0..EVENTS {
            ticks.tick().await;
            self.produced[i].store(self.now(), Ordering::Relaxed);
            produce(i);
        }
    }
}

struct Clock(Arc<Times>);

impl ConsumirCasoCreado for Clock {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        self.0.handled(&caso.evento_id);
        Ok(())
    }
}

async fn with_the_runtime(kafka: &KafkaService) -> Arc<Times> {
    kafka.empty_topic(TOPIC, PARTITIONS).await;
    let events: Vec<Arc<CasoCreado>> = (0..EVENTS).map(|i| Arc::new(nth_typed(i))).collect();
    let settings = KafkaSettings::new(kafka.brokers()).unwrap();
    let publisher = Arc::new(KafkaPublisher::new(&settings).unwrap());
    let (times, group) = (Times::new(), unique("latency"));
    let consumer = Consumer::new(&settings, &group).on(casos_creados::consume(Clock(Arc::clone(&times))));
    let done = Arc::clone(&times);
    let consuming = tokio::spawn(async move { consumer.run(done.done.notified()).await });
    kafka.wait_for_members(&group, 1);
    times
        .pace(|i| {
            let (publisher, event) = (Arc::clone(&publisher), Arc::clone(&events[i]));
            tokio::spawn(async move { publisher.publicar_caso_creado(&event).await.unwrap() });
        })
        .await;
    consuming.await.unwrap().unwrap();
    times
}

async fn by_hand(kafka: &KafkaService) -> Arc<Times> {
    kafka.empty_topic(TOPIC, PARTITIONS).await;
    let events: Vec<event::CasoCreado> = (0..EVENTS).map(|i| event::CasoCreado::nth(i, KEYS)).collect();
    let producer = contenders::producer(kafka);
    let (times, group, over) = (Times::new(), unique("latency"), Arc::new(AtomicBool::new(false)));
    let consumer: BaseConsumer = kafka
        .client()
        .set("group.id", &group)
        .set("auto.offset.reset", "earliest")
        .set("isolation.level", "read_committed")
        .set("fetch.queue.backoff.ms", "5")
        .create()
        .unwrap();
    consumer.subscribe(&[TOPIC]).unwrap();
    let (seen, ended) = (Arc::clone(&times), Arc::clone(&over));
    let reading = std::thread::spawn(move || {
        while !ended.load(Ordering::Relaxed) {
            let Some(message) = consumer.poll(Duration::from_millis(100)) else { continue };
            let event: event::CasoCreado = serde_json::from_slice(message.unwrap().payload().unwrap()).unwrap();
            seen.handled(&event.evento_id);
        }
    });
    kafka.wait_for_members(&group, 1);
    times
        .pace(|i| {
            let (key, body) = (events[i].datos.caso_id.to_string(), serde_json::to_vec(&events[i]).unwrap());
            let sent =
                producer.send_result(FutureRecord::to(TOPIC).key(&key).payload(&body)).map_err(|(error, _)| error);
            let delivery = sent.unwrap();
            tokio::spawn(async move { delivery.await.unwrap().unwrap() });
        })
        .await;
    times.done.notified().await;
    over.store(true, Ordering::Relaxed);
    reading.join().unwrap();
    times
}
