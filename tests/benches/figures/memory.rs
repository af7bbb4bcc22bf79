//! Memory under a backlog of five million events with a stuck key in it, against a backlog of 300,000.

use std::collections::HashMap;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::KafkaService;
use conecta_tests::wire::unique;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use tokio::runtime::Runtime;
use tokio::sync::Notify;

use crate::consume::{self, TOPIC};
use crate::event::KEYS;
use crate::report::Report;

/// What makes this program [`measure`] a consumer and end.
pub(crate) const MEASURE: &str = "--measure-consumer";

/// The key whose first event is not done before everything that does not wait for it.
const STUCK: i64 = 7;

pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    let [small, large] = [300_000, 5_000_000].map(|events| {
        runtime.block_on(consume::fill(kafka, events, KEYS));
        consumed(kafka)
    });
    report.cost("memory-5m-backlog-mb", large, small, 0.9);
    runtime.block_on(kafka.empty_topic(TOPIC, consume::PARTITIONS)); // takes gigabytes no longer
}

/// The largest resident memory, in MB, of a consumer of all that the topic holds: in a process of its own.
fn consumed(kafka: &KafkaService) -> f64 {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([MEASURE, kafka.brokers()]).stderr(Stdio::inherit());
    for (partition, (low, high)) in kafka.ends(TOPIC) {
        command.arg(format!("{partition}:{}", high - low));
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", output.status);
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}

/// Consumes a topic whose partitions hold so much, and prints the largest resident memory in MB.
pub(crate) fn measure(mut arguments: impl Iterator<Item = String>) {
    let settings = KafkaSettings::new(arguments.next().unwrap()).unwrap();
    let left: HashMap<i32, AtomicUsize> = arguments
        .map(|partition| {
            let (partition, events) = partition.split_once(':').unwrap();
            (partition.parse().unwrap(), AtomicUsize::new(events.parse().unwrap()))
        })
        .collect();
    let backlog = Arc::new(Backlog {
        unfinished: AtomicUsize::new(left.len()),
        left,
        stuck: AtomicBool::new(false),
        elsewhere: Notify::new(),
        done: Notify::new(),
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let consumer = Consumer::new(&settings, unique("memory")).on(casos_creados::consume(Handler(Arc::clone(&backlog))));
    runtime.block_on(consumer.run(backlog.done.notified())).unwrap();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")).unwrap();
    println!("{}", peak.parse::<f64>().unwrap() / 1000.0);
}

struct Handler(Arc<Backlog>);

struct Backlog {
    /// Events that are left, by partition.
    left: HashMap<i32, AtomicUsize>,
    /// Partitions with events left.
    unfinished: AtomicUsize,
    stuck: AtomicBool,
    /// Every partition but one is finished.
    elsewhere: Notify,
    done: Notify,
}

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        let Self(backlog) = self;
        if caso.datos.caso_id == STUCK && !backlog.stuck.swap(true, Ordering::Relaxed) {
            backlog.elsewhere.notified().await;
        }
        if backlog.left[&caso.record.partition()].fetch_sub(1, Ordering::Relaxed) == 1 {
            match backlog.unfinished.fetch_sub(1, Ordering::Relaxed) {
                2 => backlog.elsewhere.notify_one(),
                1 => backlog.done.notify_one(),
                _ => {}
            }
        }
        Ok(())
    }
}
