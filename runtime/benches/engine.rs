//! What the engine adds to an event: from arrival through one hand-over to commit, nothing else.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use conecta_runtime::consumer::engine::{
    Arrival, CircuitId, Completion, Effect, Effects, Engine, Epoch, Input, PartitionId, Settings, Token,
};

const EVENTS: u64 = 300_000;
/// The quickest counts: others share the machine.
const RUNS: u32 = 30;
const BATCH: usize = 300;

fn main() {
    for (name, partitions, keys) in [
        ("10,000 keys, 6 partitions", 6, Some(10_000)),
        ("10,000 keys, 30 partitions", 30, Some(10_000)),
        ("16 keys, 6 partitions", 6, Some(16)),
        ("no keys, 6 partitions", 6, None),
    ] {
        let best = (0..RUNS).map(|_| run(partitions, keys)).min().unwrap_or_default();
        println!("INFO name=engine_ns_per_event ours={} case={name:?}", best.as_nanos() / u128::from(EVENTS));
    }
}

/// Reads a batch of one partition after the other, as a fetch brings them, and answers for what was handed out a turn later.
fn run(partitions: u32, keys: Option<u64>) -> Duration {
    let mut settings = Settings::default();
    settings.lanes = 2;
    settings.lane_capacity = 1_024;
    let mut engine = Engine::new(settings, 1, 0);
    let mut out = Effects::new();
    for partition in 0..partitions {
        let (partition, epoch) = (PartitionId(partition), Epoch(partition.into()));
        let assigned = Input::Assigned { partition, epoch, circuit: CircuitId(0), position: Some(0) };
        engine.step(assigned, &mut out);
    }
    let mut next = vec![0i64; partitions as usize];
    let mut records = Vec::with_capacity(BATCH);
    let mut completions = Vec::new();
    let (mut read, mut done, mut turn) = (0u64, 0u64, 0u64);
    let mut random = 1u64;
    let start = Instant::now();
    while done < EVENTS {
        turn += 1;
        engine.step(Input::Tick { now: turn / 10 }, &mut out);
        engine.step(Input::Completed { completions: &completions }, &mut out);
        completions.clear();
        if read < EVENTS {
            let partition = (turn / 8 % u64::from(partitions)) as u32;
            let offset = &mut next[partition as usize];
            records.clear();
            for _ in 0..BATCH {
                random = random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
                let key = keys.map(|keys| ((random >> 33) % keys).wrapping_mul(0xd6e8_feb8_6659_fd93));
                records.push(Arrival { offset: *offset, key, bytes: 706, token: Token(0) });
                *offset += 1;
            }
            read += BATCH as u64;
            let (partition, epoch) = (PartitionId(partition), Epoch(partition.into()));
            engine.step(Input::Records { partition, epoch, records: &records, next: *offset }, &mut out);
        }
        for effect in out.list() {
            if let Effect::Dispatch { run, len, .. } = *effect {
                done += u64::from(len);
                completions.push(Completion { run, done: len, failure: None });
            }
        }
        out.clear();
    }
    start.elapsed()
}
