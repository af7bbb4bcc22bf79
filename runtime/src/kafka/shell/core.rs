//! The engine and what it speaks of, and the carrying out of what it asks for.

mod ownership;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use rdkafka::Message as _;
use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::message::BorrowedMessage;
use tokio::runtime::Handle;

use super::Handles;
use super::ahead::Size;
use super::committer::{self, Committer, Position};
use super::gauges::Standing;
use super::letters::{Letters, Undeliverable};
use super::look_ups::{LookUps, Request};
use super::partitions::Partitions;
use super::reader::Reader;
use super::rebalance::Rebalances;
use super::store::Store;
use crate::consumer::engine::{
    Arrival, BatchId, CircuitId, Completion, DeadLetterReason, Effect, Effects, Engine, Epoch, Input, Millis,
    PartitionId, RunId, Settings, Token,
};
use crate::consumer::failure::{FailureCode, masked};
use crate::consumer::pool::{Answer, Chunk, Failed, Pool, Run};
use crate::telemetry::{Metrics, add};

/// How many records the engine is given at once.
const RECORDS: usize = 500;
/// For how long a partition is merely not read before librdkafka is told to pause it: its pause throws away what it has
/// fetched, and most pauses are over in the time that a handler takes.
const PAUSE_AFTER: Millis = 200;
/// How long a commit in passing may keep waiting the one that must be the last.
const COMMIT: Duration = Duration::from_secs(5);
/// For how long the thread sleeps at least, and at most, when it is not woken.
const SHORTEST_REST: Duration = Duration::from_millis(1);
const LONGEST_REST: Duration = Duration::from_millis(50);
/// As long as lanes are at work: they do not wake it while they have more to do.
const BUSY_REST: Duration = Duration::from_millis(2);

/// What the clock says, in milliseconds since 1970, as records have it.
fn epoch_millis() -> u128 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |since| since.as_millis())
}

/// What the poll thread works on. It lives behind a lock only because librdkafka's rebalance callback has to reach it, on
/// the same thread.
pub(super) struct Core {
    pub(super) engine: Engine,
    effects: Effects,
    store: Store,
    pub(super) partitions: Partitions,
    reader: Reader,
    pool: Arc<Pool>,
    pub(super) metrics: Metrics,
    letters: Arc<Letters>,
    /// Where partitions stand, and how far behind they are.
    pub(super) standing: Standing,
    pub(super) lags: HashMap<PartitionId, u64>,
    /// Set while the poll loop runs.
    pub(super) committer: Option<Committer>,
    /// Where a handler's events follow the dead letters of their key.
    pub(super) look_ups: Option<LookUps>,
    runtime: Handle,
    group: String,
    handlers: Vec<Handles>,
    /// Of each handler what its last event said that failed for a dependency, without the payload's values.
    complaints: Vec<String>,
    origin: Instant,
    /// Counts the turns of the poll loop.
    pub(super) turn: u64,
    /// Whether nothing says where partitions end.
    is_open: bool,
    /// How many records may wait before the engine.
    ahead_limit: Size,
    answers: Vec<Answer>,
    arrivals: Vec<Arrival>,
    draining: Vec<PartitionId>,
}

impl Core {
    /// To be called within the tokio runtime that writes dead letters.
    pub(super) fn new(
        settings: Settings,
        group: String,
        handlers: Vec<Handles>,
        pool: Arc<Pool>,
        metrics: Metrics,
        letters: Letters,
        is_open: bool,
    ) -> Self {
        let ahead_limit = Size {
            events: u64::from(settings.max_in_flight / 2).max(1),
            bytes: (settings.max_in_flight_bytes / 2).max(1),
        };
        // Spreads the retries of one process apart from another's.
        let seed = std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0u8);
        Self {
            engine: Engine::new(settings, seed, 0),
            effects: Effects::new(),
            store: Store::default(),
            partitions: Partitions::default(),
            reader: Reader::default(),
            pool,
            metrics,
            letters: Arc::new(letters),
            standing: Standing::default(),
            lags: HashMap::new(),
            committer: None,
            look_ups: None,
            runtime: Handle::current(),
            group,
            complaints: vec![String::new(); handlers.len()],
            handlers,
            origin: Instant::now(),
            turn: 0,
            is_open,
            ahead_limit,
            answers: Vec::new(),
            arrivals: Vec::new(),
            draining: Vec::new(),
        }
    }

    fn now(&self) -> Millis {
        // 600 million years of milliseconds fit.
        self.origin.elapsed().as_millis() as Millis
    }

    /// Takes in what happened since the last turn and carries out what follows from it. Returns whether anything did.
    pub(super) fn advance(&mut self, consumer: &BaseConsumer<Rebalances>, mode: CommitMode) -> bool {
        let now = self.now();
        self.engine.step(Input::Tick { now }, &mut self.effects);
        let heard = self.hear();
        self.feed();
        self.carry_out(consumer, mode);
        self.gauge();
        heard
    }

    /// Hears the lanes and the dead letters.
    fn hear(&mut self) -> bool {
        let mut answers = std::mem::take(&mut self.answers);
        self.pool.answers(&mut answers);
        let heard = !answers.is_empty();
        let mut completions = Vec::with_capacity(answers.len());
        let mut letters = Vec::new();
        for answer in answers.drain(..) {
            match answer {
                Answer::Completed { completion, failure } => {
                    if let Some(failed) = failure {
                        self.note(*failed);
                    }
                    if completion.done > 0 {
                        self.metrics.progressed();
                    }
                    completions.push(completion);
                }
                Answer::DeadLettered { run, ok } => {
                    if ok {
                        self.metrics.progressed();
                    }
                    letters.push((run, ok));
                }
                Answer::LookedUp { partition, epoch, number, parked } => {
                    let input = Input::LookedUp { partition, epoch, number, parked: &parked };
                    self.engine.step(input, &mut self.effects);
                }
                Answer::CommitFailed { partition, epoch } => {
                    add(&self.metrics.counters().commit_failures, 1);
                    self.engine.step(Input::CommitFailed { partition, epoch }, &mut self.effects);
                }
            }
        }
        self.answers = answers;
        if !completions.is_empty() {
            self.engine.step(Input::Completed { completions: &completions }, &mut self.effects);
        }
        for (run, ok) in letters {
            self.engine.step(Input::DeadLettered { run, ok }, &mut self.effects);
        }
        heard
    }

    /// Takes in polled records.
    pub(super) fn read(&mut self, messages: &mut Vec<BorrowedMessage<'_>>) {
        let Self { reader, partitions, store, metrics, turn, .. } = self;
        if !self.is_open {
            messages.retain(|it| partitions.admits(it.topic(), it.partition(), it.offset(), *turn));
        }
        reader.read(messages, partitions, store, metrics, *turn);
    }

    /// Gives the engine what was read, as far as it wants it.
    fn feed(&mut self) {
        let waiting: Vec<_> = self
            .partitions
            .assigned()
            .filter(|(_, partition)| partition.paused.is_none() && !partition.ahead.is_empty())
            .map(|(id, _)| id)
            .collect();
        for id in waiting {
            self.feed_partition(id);
        }
    }

    fn feed_partition(&mut self, id: PartitionId) {
        loop {
            let seen = self.effects.list().len();
            let Some(partition) = self.partitions.get_mut(id) else { return };
            let Some(epoch) = partition.epoch.filter(|_| partition.paused.is_none()) else { return };
            // As much as is wanted, however much was fetched at once: what goes beyond is taken from other partitions.
            let room = self.engine.room(id);
            self.arrivals.clear();
            let due = match partition.delay {
                None => RECORDS,
                Some(delay) => {
                    let before = epoch_millis().saturating_sub(delay.as_millis());
                    let written = |token| self.store.record(token).and_then(|record| record.timestamp_ms());
                    let is_due = |token| u128::try_from(written(token).unwrap_or(0)).unwrap_or(0) <= before;
                    partition.ahead.tokens().take(RECORDS).take_while(|token| is_due(*token)).count()
                }
            };
            partition.early = due == 0;
            partition.ahead.take(room, due, &mut self.arrivals);
            let Some(last) = self.arrivals.last() else { return };
            let next = last.offset + 1;
            self.engine.step(Input::Records { partition: id, epoch, records: &self.arrivals, next }, &mut self.effects);
            self.regard_pauses(seen);
        }
    }

    /// Notes the pauses that were asked for since, so that no more is fed than is wanted.
    fn regard_pauses(&mut self, seen: usize) {
        let now = self.now();
        for effect in &self.effects.list()[seen..] {
            match *effect {
                Effect::Pause { partition } => {
                    if let Some(partition) = self.partitions.get_mut(partition) {
                        partition.paused.get_or_insert(now);
                    }
                }
                Effect::Resume { partition } => {
                    if let Some(partition) = self.partitions.get_mut(partition) {
                        partition.paused = None;
                    }
                }
                _ => {}
            }
        }
    }

    /// Carries out everything that is asked for.
    fn carry_out(&mut self, consumer: &BaseConsumer<Rebalances>, mode: CommitMode) {
        // Giving work back is heard at once and asks for more.
        loop {
            self.regard_pauses(0);
            let effects = std::mem::take(&mut self.effects);
            let mut chunks = Vec::new();
            let mut commits = Vec::new();
            let mut give_back = false;
            for effect in effects.list() {
                match *effect {
                    Effect::Dispatch { run, attempt, from, len, batch, .. } => {
                        self.dispatch(&mut chunks, run, attempt, effects.tokens(from, len), batch);
                    }
                    Effect::DeadLetter { run, token, attempts, reason } => {
                        self.dead_letter(run, token, attempts, reason);
                    }
                    Effect::PassedOver { token } => {
                        if let Some(record) = self.store.record(token) {
                            self.metrics.of(record.topic(), |topic| add(&topic.duplicates, 1));
                        }
                    }
                    Effect::LookUp { partition, epoch, number } => self.look_up(partition, epoch, number),
                    Effect::Commit { partition: id, epoch, next } => {
                        if let Some(partition) = self.partitions.get(id).filter(|it| it.epoch == Some(epoch)) {
                            let (topic, number) = (Arc::clone(&partition.topic), partition.number);
                            commits.push(Position { topic, number, partition: id, epoch, next });
                        }
                    }
                    Effect::Drained { partition, abandoned } => self.drained(partition, abandoned),
                    Effect::BreakerOpened { circuit } => {
                        give_back = true;
                        add(&self.metrics.counters().breaker_openings, 1);
                        self.metrics.breaker(circuit.0, true);
                        tracing::error!(
                            handler = self.handler(circuit),
                            reason = self.complaints.get(circuit.0 as usize).map_or("", String::as_str),
                            "a dependency is down: consumption waits, nothing is committed or dead-lettered"
                        );
                    }
                    Effect::BreakerClosed { circuit } => {
                        self.metrics.breaker(circuit.0, false);
                        // It was not to get on until now.
                        self.metrics.progressed();
                        tracing::info!(handler = self.handler(circuit), "the dependency answers: consumption goes on")
                    }
                    _ => {}
                }
            }
            if !chunks.is_empty() {
                self.pool.push(chunks.into_iter());
            }
            for token in effects.released() {
                self.store.release(*token);
            }
            self.effects = effects;
            self.effects.clear();
            self.commit(consumer, commits, mode);
            if give_back {
                self.give_back();
            }
            if self.effects.list().is_empty() && self.effects.released().is_empty() {
                break;
            }
        }
        self.hold_and_let_go(consumer);
    }

    fn dispatch(&self, chunks: &mut Vec<Chunk>, run: RunId, attempt: u32, tokens: &[Token], batch: Option<BatchId>) {
        let Some(handler) = tokens.first().and_then(|token| self.store.handler(*token)) else { return };
        let len = u32::try_from(tokens.len()).unwrap_or(u32::MAX);
        let run = Run { id: run, attempt, handler, len };
        if attempt > 1
            && let Some(record) = tokens.first().and_then(|token| self.store.record(*token))
        {
            self.metrics.of(record.topic(), |topic| add(&topic.retried, 1));
        }
        let records = tokens.iter().filter_map(|token| Some((*token, self.store.record(*token)?)));
        match chunks.last_mut().filter(|chunk| chunk.takes(batch)) {
            Some(chunk) => chunk.push(run, records),
            None => {
                let mut chunk = Chunk::of(batch);
                chunk.push(run, records);
                chunks.push(chunk);
            }
        }
    }

    fn note(&mut self, failed: Failed) {
        let (partition, offset) = (failed.partition, failed.offset);
        tracing::debug!(partition, offset, code = failed.failure.code.as_str(), "an event failed");
        if failed.failure.code == FailureCode::DependencyDown
            && let Some(record) = self.store.record(failed.token)
            && let Some(complaint) = self.complaints.get_mut(failed.handler as usize)
        {
            *complaint = masked(&failed.failure.reason, &record);
        }
        self.store.note(failed);
    }

    fn dead_letter(&self, run: RunId, token: Token, attempts: u32, reason: DeadLetterReason) {
        let Some(record) = self.store.record(token) else { return };
        let handler = self.store.handler(token).and_then(|handler| self.handlers.get(handler as usize));
        let ordered = record.key().is_some() && handler.is_some_and(|handler| handler.ordered);
        let retry_topics = handler.map_or(0, |handler| handler.delays.len());
        let handler = handler.map_or("", |handler| handler.name);
        let failures = self.store.failures(token).cloned();
        let letter = Undeliverable { record, handler, attempts, reason, failures, ordered, retry_topics };
        let (letters, pool) = (Arc::clone(&self.letters), Arc::clone(&self.pool));
        self.runtime.spawn(async move {
            let ok = letters.deliver(&letter).await;
            pool.answer(&mut vec![Answer::DeadLettered { run, ok }]);
        });
    }

    /// Has a partition's dead letters looked up.
    fn look_up(&self, partition: PartitionId, epoch: Epoch, number: u32) {
        let (Some(look_ups), Some(it)) = (&self.look_ups, self.partitions.get(partition)) else { return };
        look_ups.ask(Request {
            partition,
            epoch,
            number,
            topic: Arc::clone(it.source()),
            of: it.number,
            is_beside: it.source.is_some(),
            lease: Arc::clone(&it.lease),
        });
    }

    fn commit(&mut self, consumer: &BaseConsumer<Rebalances>, positions: Vec<Position>, mode: CommitMode) {
        if positions.is_empty() {
            return;
        }
        add(&self.metrics.counters().commits, 1);
        match (mode, &self.committer) {
            (CommitMode::Async, Some(committer)) => committer.commit(positions),
            (_, committer) => {
                // The last word on partitions that are given back.
                if let Some(committer) = committer {
                    committer.settle(COMMIT);
                }
                let Self { engine, effects, metrics, .. } = self;
                committer::commit(consumer, positions.iter(), |position| {
                    let Position { partition, epoch, .. } = *position;
                    add(&metrics.counters().commit_failures, 1);
                    engine.step(Input::CommitFailed { partition, epoch }, effects);
                });
            }
        }
    }

    /// Takes work back that no lane has begun: it costs no attempt, and draining is quicker without it.
    fn give_back(&mut self) {
        let mut completions = Vec::new();
        for mut chunk in self.pool.take_back() {
            while let Some(run) = chunk.next_run() {
                completions.push(Completion { run: run.id, done: 0, failure: None });
            }
        }
        if !completions.is_empty() {
            self.engine.step(Input::Completed { completions: &completions }, &mut self.effects);
        }
    }

    /// Tells librdkafka of pauses that last, and of those that are over.
    fn hold_and_let_go(&mut self, consumer: &BaseConsumer<Rebalances>) {
        let now = self.now();
        let crowded = self.ahead().exceeds(self.ahead_limit);
        let mut hold = TopicPartitionList::new();
        let mut let_go = TopicPartitionList::new();
        for partition in self.partitions.assigned_mut() {
            let lasts = partition.paused.is_some_and(|since| crowded || now.saturating_sub(since) >= PAUSE_AFTER);
            // What it holds is not due yet, and what comes behind that even less.
            let is_early = partition.early && !partition.ahead.is_empty();
            if (lasts || is_early || partition.progress.is_through) && !partition.held {
                partition.held = true;
                hold.add_partition(&partition.topic, partition.number);
            } else if partition.paused.is_none()
                && !partition.progress.is_through
                && partition.held
                && partition.ahead.is_empty()
            {
                partition.held = false;
                let_go.add_partition(&partition.topic, partition.number);
            }
        }
        if hold.count() > 0
            && let Err(error) = consumer.pause(&hold)
        {
            tracing::warn!("partitions could not be paused: {error}");
        }
        if let_go.count() > 0
            && let Err(error) = consumer.resume(&let_go)
        {
            tracing::warn!("partitions could not be resumed: {error}");
        }
    }

    pub(super) fn ahead(&self) -> Size {
        let mut ahead = Size::default();
        self.partitions.assigned().for_each(|(_, partition)| ahead.add(partition.ahead.size()));
        ahead
    }

    /// How many bytes of records may be read in one turn; one that crosses the bound may still come.
    pub(super) fn turn_limit(&self) -> usize {
        usize::try_from(self.ahead_limit.bytes).unwrap_or(usize::MAX)
    }

    /// Whether records should be polled: not while every partition stands still for a short while, since they would only
    /// pile up here.
    pub(super) fn wants_records(&self) -> bool {
        let mut assigned = self.partitions.assigned().peekable();
        assigned.peek().is_none() || assigned.any(|(_, partition)| partition.paused.is_none() || partition.held)
    }

    /// Whether everything up to the end is read, and done.
    pub(super) fn is_through(&self) -> bool {
        !self.is_open && self.partitions.are_through() && self.engine.in_flight().events == 0
    }

    /// How long the thread may sleep when nobody wakes it.
    pub(super) fn rest(&self) -> Duration {
        let longest = if self.engine.in_flight().events > 0 { BUSY_REST } else { LONGEST_REST };
        Duration::from_millis(self.engine.next_tick().saturating_sub(self.now())).clamp(SHORTEST_REST, longest)
    }

    fn handler(&self, circuit: CircuitId) -> &'static str {
        self.handlers.get(circuit.0 as usize).map_or("", |handler| handler.name)
    }
}
