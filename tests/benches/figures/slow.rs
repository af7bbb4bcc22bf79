//! Slow handlers: 256 keys, each of whose events takes 2 ms.
//!
//! The ideal is 128,000 events a second. Timers end at the next full millisecond or later, so a runtime that does nothing but wait
//! cannot reach it either: where half of the ideal is more than the timers give, what they give is the goal.

use std::time::{Duration, Instant};

use conecta_tests::KafkaService;
use tokio::runtime::Runtime;

use crate::consume::{self, Work};
use crate::peers::consumers::{self, SLOW};
use crate::report::{Report, median};

const EVENTS: usize = 200_000;
const ROUNDS: usize = 3;

pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    let (keys, each) = SLOW;
    runtime.block_on(consume::fill(kafka, EVENTS, keys));
    let rate = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let work = Work { events: EVENTS, concurrency: keys, each };
    let (mut ours, mut timers, mut peer) = (Vec::new(), Vec::new(), Ok(Vec::new()));
    for _ in 0..ROUNDS {
        timers.push(rate(runtime.block_on(wait(keys, each))));
        ours.push(rate(runtime.block_on(consume::consume(kafka, work))));
        if let Ok(rates) = &mut peer {
            match consumers::slow_keys(kafka, EVENTS) {
                Ok(found) => rates.push(found),
                Err(why) => peer = Err(why),
            }
        }
    }
    let (ours, timers, ideal) = (median(ours), median(timers), keys as f64 / each.as_secs_f64());
    report.info("slow-keys-timers", format_args!("{timers:.0}"));
    report.rate("slow-keys", ours, timers.min(ideal / 2.0), 1.0);
    match peer {
        Ok(rates) => report.rate("slow-keys-parallel-consumer", ours, median(rates), 1.0),
        Err(why) => report.info("slow-keys-parallel-consumer", format_args!("ours={ours:.0} reference: {why}")),
    }
}

/// As many tasks as there are keys, which wait as often as there are events.
async fn wait(tasks: usize, each: Duration) -> Duration {
    let start = Instant::now();
    let tasks: Vec<_> = (0..tasks)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..EVENTS / tasks {
                    tokio::time::sleep(each).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    start.elapsed()
}
