//! What the engine adds to an event: from arrival through one hand-over to commit, nothing else.

#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use conecta_runtime::consumer::engine::{
    Arrival, CircuitId, Completion, Effect, Effects, Engine, Epoch, Input, PartitionId, Settings, Token,
};

/// How many events are timed together, and how often. The quickest time counts: others share the machine.
const WINDOW: u32 = 30_000;
const WINDOWS: u32 = 200;
/// How many records a turn reads.
const BATCH: u32 = 300;

fn main() {
    for (name, partitions, keys) in [
        ("10,000 keys, 6 partitions", 6, Some(10_000)),
        ("10,000 keys, 30 partitions", 30, Some(10_000)),
        ("16 keys, 6 partitions", 6, Some(16)),
        ("no keys, 6 partitions", 6, None),
    ] {
        let mut load = Load::new(partitions, keys);
        let quickest = (0..WINDOWS).map(|_| load.window()).min().unwrap_or_default();
        println!("INFO name=engine_ns_per_event ours={} case={name:?}", quickest.as_nanos() / u128::from(WINDOW));
    }
}

/// A consumer that reads a few batches of one partition after the other, as fetches bring them, and answers for what it
/// was handed a turn later.
struct Load {
    engine: Engine,
    out: Effects,
    keys: Option<u64>,
    next: Vec<i64>,
    turn: u64,
    random: u64,
    records: Vec<Arrival>,
    completions: Vec<Completion>,
}

impl Load {
    fn new(partitions: u32, keys: Option<u64>) -> Self {
        let mut settings = Settings::default();
        settings.lanes = 2;
        settings.lane_capacity = 1_024;
        let mut engine = Engine::new(settings, 1, 0);
        let mut out = Effects::new();
        for partition in 0..partitions {
            let (partition, epoch) = (PartitionId(partition), Epoch(partition.into()));
            engine.step(Input::Assigned { partition, epoch, circuit: CircuitId(0), position: Some(0) }, &mut out);
        }
        let next = vec![0; partitions as usize];
        Self { engine, out, keys, next, turn: 0, random: 1, records: Vec::new(), completions: Vec::new() }
    }

    fn window(&mut self) -> Duration {
        let start = Instant::now();
        (0..WINDOW / BATCH).for_each(|_| self.turn());
        start.elapsed()
    }

    fn turn(&mut self) {
        self.turn += 1;
        self.engine.step(Input::Tick { now: self.turn / 10 }, &mut self.out);
        self.engine.step(Input::Completed { completions: &self.completions }, &mut self.out);
        self.completions.clear();
        let partition = (self.turn / 8 % self.next.len() as u64) as u32;
        let next = &mut self.next[partition as usize];
        self.records.clear();
        for _ in 0..BATCH {
            self.random = self.random.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let key = self.keys.map(|keys| ((self.random >> 33) % keys).wrapping_mul(0xd6e8_feb8_6659_fd93));
            self.records.push(Arrival { offset: *next, key, bytes: 706, token: Token(0) });
            *next += 1;
        }
        let (partition, epoch) = (PartitionId(partition), Epoch(partition.into()));
        self.engine.step(Input::Records { partition, epoch, records: &self.records, next: *next }, &mut self.out);
        for effect in self.out.list() {
            if let Effect::Dispatch { run, len, .. } = *effect {
                self.completions.push(Completion { run, done: len, failure: None });
            }
        }
        self.out.clear();
    }
}
