//! A broker, a group, lanes and a dead-letter topic. The world keeps its own account of every event, and knows nothing of how
//! the engine keeps its own.

mod checks;
mod letters;

use std::collections::HashMap;

use crate::consumer::engine::backoff::Rng;
use crate::consumer::engine::{
    Arrival, BatchId, CircuitId, Completion, Effects, Engine, Epoch, Input, Millis, Offset, ParkedKey, PartitionId,
    RunId, Settings, Token,
};
use crate::handler::FailureKind;

pub(super) use checks::ensure;
use letters::Letter;

/// What the largest event occupies.
pub(super) const LARGEST: u64 = 9;

/// What was broken, if anything was.
pub(super) type Checked = Result<(), String>;

/// An event of a topic, for ever, and where it stands in the present assignment of its partition.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) offset: Offset,
    pub(super) key: Option<u64>,
    pub(super) bytes: u32,
    /// A handler rejects it whenever it sees it.
    pub(super) poison: bool,
    /// So often it fails before it succeeds.
    pub(super) flaky: u32,
    /// Handled or dead-lettered, in whatever assignment.
    pub(super) ended: bool,
    phase: Phase,
    tries: u32,
    transient: u32,
    last: Option<FailureKind>,
    /// How often the breaker had opened when it first failed.
    openings: u32,
    /// When it was read.
    read_at: Millis,
    /// Whether its key was parked at some time since.
    may_follow: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Waiting,
    Running,
    Writing,
    Unwritten,
    Finished,
}

/// A partition: its log, and this member's assignment of it.
#[derive(Debug, Default)]
pub(super) struct Log {
    pub(super) events: Vec<Event>,
    pub(super) end: Offset,
    pub(super) committed: Offset,
    pub(super) epoch: Option<Epoch>,
    circuit: usize,
    pub(super) draining: Option<Millis>,
    pub(super) paused: bool,
    /// The event that was read first in this assignment, and the one that is read next.
    start: usize,
    pub(super) read: usize,
    position: Option<Offset>,
    committed_in_epoch: Option<Offset>,
    /// Whether events follow the dead letters of their key.
    pub(super) ordered: bool,
    /// Its dead letters, for ever, where that is so.
    letters: Vec<Letter>,
    /// Whether the engine knows which keys have some.
    knows_letters: bool,
}

impl Log {
    pub(super) fn behind(circuit: usize) -> Self {
        Self { circuit, ..Self::default() }
    }

    pub(super) fn push(&mut self, key: Option<u64>, gap: Offset) -> &mut Event {
        let offset = self.end + gap;
        self.end = offset + 1;
        self.events.push(Event {
            offset,
            key,
            bytes: 1,
            poison: false,
            flaky: 0,
            ended: false,
            phase: Phase::Waiting,
            tries: 0,
            transient: 0,
            last: None,
            openings: 0,
            read_at: 0,
            may_follow: false,
        });
        self.events.last_mut().unwrap()
    }

    /// What may be committed: the oldest unfinished offset, else the position.
    fn watermark(&self) -> Option<Offset> {
        let read = &self.events[self.start..self.read];
        read.iter().find(|event| event.phase != Phase::Finished).map(|event| event.offset).or(self.position)
    }

    /// How many events stand at or above the watermark, and how many bytes are unfinished.
    fn held(&self) -> (usize, u64) {
        let read = self.events[self.start..self.read].iter().skip_while(|event| event.phase == Phase::Finished);
        let unfinished = read.clone().filter(|event| event.phase != Phase::Finished);
        (read.count(), unfinished.map(|event| u64::from(event.bytes)).sum())
    }

    fn unwritten(&self) -> bool {
        self.events[self.start..self.read].iter().any(|event| event.phase == Phase::Unwritten)
    }

    fn running(&self) -> usize {
        self.events[self.start..self.read].iter().filter(|event| event.phase == Phase::Running).count()
    }

    /// Whether anything behind that event is finished or under way.
    fn has_begun_above(&self, index: usize) -> bool {
        let begun = |event: &Event| matches!(event.phase, Phase::Running | Phase::Writing | Phase::Finished);
        self.events[index + 1..self.read].iter().any(begun)
    }

    fn finished_above_the_watermark(&self) -> usize {
        let above = self.events[self.start..self.read].iter().skip_while(|event| event.phase == Phase::Finished);
        above.filter(|event| event.phase == Phase::Finished).count()
    }

    /// Whether the event at the watermark was tried, and failed.
    fn oldest_has_failed(&self) -> bool {
        let oldest = self.events[self.start..self.read].iter().find(|event| event.phase != Phase::Finished);
        oldest.is_some_and(|event| event.tries > 0)
    }

    fn forget(&mut self) {
        self.epoch = None;
        self.knows_letters = false;
        self.draining = None;
        self.start = self.read;
    }
}

/// What handlers need, and the breaker before it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Circuit {
    /// Handlers cannot reach it.
    pub(super) down: bool,
    open: bool,
    openings: u32,
    probe: Option<RunId>,
}

impl Circuit {
    fn answered(&mut self, run: RunId) {
        self.probe = self.probe.filter(|probe| *probe != run);
    }
}

/// A run that a lane has.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) run: RunId,
    lane: u32,
    pub(super) partition: usize,
    /// Indices into the log.
    pub(super) events: Vec<usize>,
}

/// A batch that is being handed out.
#[derive(Clone, Copy, Debug)]
struct Batch {
    id: BatchId,
    circuit: usize,
    lane: u32,
    events: u32,
    runs: u32,
    /// When its first event that was read was read.
    oldest: Millis,
    /// Whether it need not wait: a retry, a probe, what is left to do of a revoked partition.
    hurries: bool,
}

/// A record that the engine may still speak of.
#[derive(Clone, Copy, Debug)]
struct Held {
    partition: usize,
    event: usize,
    /// In which assignment it was read. `None`: too late or twice, to be released unseen.
    epoch: Option<Epoch>,
}

/// What a schedule may reach. Counted, to know that the schedules reach it all.
#[derive(Clone, Copy, Debug)]
pub(super) enum Did {
    Handle,
    Retry,
    DeadLetter,
    FailToDeadLetter,
    Commit,
    FailToCommit,
    Pause,
    OpenTheBreaker,
    Probe,
    GiveBack,
    GiveBackWhatIsDoubled,
    Abandon,
    Lose,
    Crash,
    SayWhatIsStale,
    HandOutAFullBatch,
    HandOutABatchInTime,
    LookUp,
    Follow,
    PassOver,
    BringBack,
    WriteWhatNobodyHears,
}

pub(super) type Tally = [u64; Did::WriteWhatNobodyHears as usize + 1];

#[derive(Debug)]
pub(super) struct World {
    pub(super) rng: Rng,
    pub(super) settings: Settings,
    engine: Engine,
    out: Effects,
    pub(super) now: Millis,
    next_epoch: u64,
    pub(super) logs: Vec<Log>,
    pub(super) lanes: Vec<Work>,
    pub(super) writing: Vec<(RunId, usize, usize)>,
    /// Runs that are over, or whose partition is gone: what is said of them changes nothing.
    pub(super) former: Vec<RunId>,
    pub(super) former_epochs: Vec<(usize, Epoch)>,
    pub(super) failed_commits: Vec<(usize, Epoch)>,
    /// Look-ups that are not answered: of which partition, the number, and what was found if that was at once.
    pub(super) looking: Vec<(usize, Epoch, u32, Option<Vec<ParkedKey>>)>,
    batch: Option<Batch>,
    last_batch: Option<BatchId>,
    held: Vec<Option<Held>>,
    free: Vec<u32>,
    lane_of: HashMap<u64, u32>,
    pub(super) circuits: [Circuit; 2],
    /// Whether no more is read than there is room for.
    pub(super) measured: bool,
    /// Dead letters cannot be written; commits are refused at times.
    pub(super) full_disk: bool,
    pub(super) commits_fail: bool,
    pub(super) tally: Tally,
    pub(super) trace: Option<Vec<String>>,
}

impl World {
    pub(super) fn new(settings: Settings, seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        Self {
            engine: Engine::new(settings.clone(), rng.next(), 0),
            rng,
            settings,
            out: Effects::new(),
            now: 0,
            next_epoch: 0,
            logs: Vec::new(),
            lanes: Vec::new(),
            writing: Vec::new(),
            former: Vec::new(),
            former_epochs: Vec::new(),
            failed_commits: Vec::new(),
            looking: Vec::new(),
            batch: None,
            last_batch: None,
            held: Vec::new(),
            free: Vec::new(),
            lane_of: HashMap::new(),
            circuits: [Circuit::default(); 2],
            measured: false,
            full_disk: false,
            commits_fail: false,
            tally: Tally::default(),
            trace: None,
        }
    }

    // What happens.

    /// Assigns a partition, also one that is assigned already: a loss that nobody told of.
    pub(super) fn assign(&mut self, index: usize) -> Checked {
        self.forget(index);
        let epoch = Epoch(self.next_epoch);
        self.next_epoch += 1;
        // The client forgets every pause; it is the engine's to repeat them.
        self.logs.iter_mut().for_each(|log| log.paused = false);
        let knows = self.rng.up_to(1) == 0;
        let log = &mut self.logs[index];
        log.epoch = Some(epoch);
        log.start = log.events.partition_point(|event| event.offset < log.committed);
        log.read = log.start;
        log.position = knows.then_some(log.committed);
        log.committed_in_epoch = None;
        for event in &mut log.events[log.start..] {
            event.phase = Phase::Waiting;
            event.tries = 0;
            event.transient = 0;
            event.last = None;
            event.may_follow = false;
        }
        let (position, circuit) = (log.position, CircuitId(log.circuit as u32));
        self.feed(Input::Assigned { partition: id(index), epoch, circuit, position })
    }

    pub(super) fn revoke(&mut self, index: usize) -> Checked {
        let deadline = self.now + self.settings.drain_timeout;
        let log = &mut self.logs[index];
        if log.epoch.is_some() {
            log.draining.get_or_insert(deadline);
        }
        self.feed(Input::Revoked { partition: id(index) })
    }

    pub(super) fn lose(&mut self, index: usize) -> Checked {
        self.tally[Did::Lose as usize] += 1;
        self.forget(index);
        self.feed(Input::Lost { partition: id(index) })
    }

    /// The process dies; another one starts without a partition.
    pub(super) fn crash(&mut self) {
        self.tally[Did::Crash as usize] += 1;
        self.note(|| "crash".to_owned());
        self.engine = Engine::new(self.settings.clone(), self.rng.next(), self.now);
        self.last_batch = None;
        (0..self.logs.len()).for_each(|index| self.some_arrive(index));
        self.looking.clear();
        self.logs.iter_mut().for_each(Log::forget);
        self.lanes.clear();
        self.writing.clear();
        self.former.clear();
        self.former_epochs.clear();
        self.failed_commits.clear();
        self.held.clear();
        self.free.clear();
        self.out.clear();
        for circuit in &mut self.circuits {
            (circuit.open, circuit.probe) = (false, None);
        }
    }

    /// Reads up to so many records, and over the gap behind them or not. Starts with records that were read before.
    pub(super) fn read(&mut self, index: usize, most: usize, again: usize, over_gap: bool) -> Checked {
        let (events, bytes) = self.held();
        let log = &self.logs[index];
        let Some(epoch) = log.epoch.filter(|_| !log.paused && log.draining.is_none()) else { return Ok(()) };
        let to = (log.read + most).min(log.events.len());
        ensure!(events < self.settings.max_in_flight as usize, "{events} events are held, and {index} is not paused");
        ensure!(bytes < self.settings.max_in_flight_bytes, "{bytes} bytes are held, and {index} is not paused");
        let room = self.engine.room(id(index));
        ensure!(room.events > 0 && room.bytes > 0, "{index} is not paused, and there is no room for it");
        let to = if self.measured {
            log.read + room.fits(log.events[log.read..to].iter().map(|event| event.bytes))
        } else {
            to
        };
        let mut records = Vec::new();
        for event in log.read.saturating_sub(again).max(log.start)..to {
            let is_new = event >= self.logs[index].read;
            records.push(self.hold(index, event, is_new.then_some(epoch)));
        }
        let log = &mut self.logs[index];
        for event in &mut log.events[log.read..to] {
            event.read_at = self.now;
        }
        log.meet_letters(log.read..to);
        log.read = to;
        let next = if over_gap {
            log.events.get(to).map_or(log.end, |event| event.offset)
        } else {
            to.checked_sub(1).map_or(0, |last| log.events[last].offset + 1)
        };
        log.position = Some(next.max(log.position.unwrap_or(0)));
        let (events, bytes) = self.held();
        let most = (self.settings.max_in_flight as usize, self.settings.max_in_flight_bytes);
        ensure!(!self.measured || events <= most.0, "{events} events are held, more than {}", most.0);
        ensure!(!self.measured || bytes < most.1 + LARGEST, "{bytes} bytes are held, more than {}", most.1);
        self.feed(Input::Records { partition: id(index), epoch, records: &records, next })
    }

    /// Records come in that nobody wants any more: of a former assignment, or of a revoked partition.
    pub(super) fn read_late(&mut self, index: usize, epoch: Epoch) -> Checked {
        self.tally[Did::SayWhatIsStale as usize] += 1;
        let count = self.logs[index].events.len().min(2);
        let records: Vec<_> = (0..count).map(|event| self.hold(index, event, None)).collect();
        let next = self.logs[index].end + 7;
        self.feed(Input::Records { partition: id(index), epoch, records: &records, next })
    }

    /// Lanes answer: the works taken out of `lanes`, each stopping early, unstarted, with some luck.
    pub(super) fn answer(&mut self, works: Vec<Work>, stops: bool) -> Checked {
        let mut completions = Vec::new();
        for work in works {
            let keeps = if stops { self.rng.up_to(work.events.len() as u64) as usize } else { work.events.len() };
            let (done, failure) = self.handle(&work, keeps);
            self.circuits[self.logs[work.partition].circuit].answered(work.run);
            self.former.push(work.run);
            completions.push(Completion { run: work.run, done, failure });
        }
        self.feed(Input::Completed { completions: &completions })
    }

    /// Handles the first few events of a run, until one fails.
    fn handle(&mut self, work: &Work, keeps: usize) -> (u32, Option<FailureKind>) {
        let (mut done, mut failure) = (0, None);
        let circuit = self.circuits[self.logs[work.partition].circuit];
        for (at, &index) in work.events.iter().enumerate() {
            let event = &mut self.logs[work.partition].events[index];
            event.phase = Phase::Waiting;
            if at >= keeps || failure.is_some() {
                continue;
            }
            failure = if circuit.down && self.rng.up_to(9) > 0 {
                Some(FailureKind::Dependency)
            } else if event.poison {
                Some(FailureKind::Poison)
            } else if event.flaky > 0 {
                event.flaky -= 1;
                Some(FailureKind::Transient)
            } else {
                None
            };
            event.last = failure;
            if failure.is_none() {
                done += 1;
                event.ended = true;
                event.phase = Phase::Finished;
                self.tally[Did::Handle as usize] += 1;
            } else {
                if event.tries == 0 {
                    event.openings = if circuit.open { u32::MAX } else { circuit.openings };
                }
                event.tries += 1;
                event.transient += u32::from(failure == Some(FailureKind::Transient));
            }
        }
        (done, failure)
    }

    pub(super) fn acknowledge(&mut self, which: usize) -> Checked {
        let (run, partition, index) = self.writing.swap_remove(which);
        let event = &mut self.logs[partition].events[index];
        let ok = !self.full_disk;
        if ok {
            event.phase = Phase::Finished;
            self.tally[Did::DeadLetter as usize] += 1;
            self.logs[partition].written(index);
        } else {
            event.phase = Phase::Unwritten;
            self.tally[Did::FailToDeadLetter as usize] += 1;
        }
        self.former.push(run);
        self.feed(Input::DeadLettered { run, ok })
    }

    /// Something is said of a run that is over.
    pub(super) fn say_of_former(&mut self, which: usize) -> Checked {
        let run = self.former[which];
        self.tally[Did::SayWhatIsStale as usize] += 1;
        let failure = match self.rng.up_to(3) {
            0 => Some(FailureKind::Poison),
            1 => Some(FailureKind::Dependency),
            _ => None,
        };
        let done = self.rng.up_to(2) as u32;
        self.feed(Input::Completed { completions: &[Completion { run, done, failure }] })?;
        self.feed(Input::DeadLettered { run, ok: done > 0 })
    }

    pub(super) fn report_failed_commit(&mut self) -> Checked {
        let Some((index, epoch)) = self.failed_commits.pop() else { return Ok(()) };
        self.tally[Did::FailToCommit as usize] += 1;
        self.feed(Input::CommitFailed { partition: id(index), epoch })
    }

    pub(super) fn tick(&mut self, by: Millis) -> Checked {
        self.now += by;
        self.feed(Input::Tick { now: self.now })
    }

    fn feed(&mut self, input: Input<'_>) -> Checked {
        self.note(|| format!("{input:?}"));
        let mut out = std::mem::take(&mut self.out);
        // Often behind what earlier steps asked for, as in a shell that takes several before it clears.
        if self.rng.up_to(3) == 0 {
            out.clear();
        }
        let (asked, released) = (out.list().len(), out.released().len());
        self.engine.step(input, &mut out);
        self.note(|| format!("    {:?} released {:?}", &out.list()[asked..], &out.released()[released..]));
        let checked = self.carry_out(&out, asked, released);
        self.out = out;
        checked
    }

    // Accounts.

    /// Whether every event has ended and is committed.
    pub(super) fn is_at_rest(&self) -> bool {
        self.logs.iter().all(|log| log.committed == log.end && log.events.iter().all(|event| event.ended))
    }

    fn held(&self) -> (usize, u64) {
        let assigned = self.logs.iter().filter(|log| log.epoch.is_some());
        assigned.map(Log::held).fold((0, 0), |(events, bytes), (e, b)| (events + e, bytes + b))
    }

    fn hold(&mut self, partition: usize, event: usize, epoch: Option<Epoch>) -> Arrival {
        let token = self.free.pop().unwrap_or_else(|| {
            self.held.push(None);
            self.held.len() as u32 - 1
        });
        self.held[token as usize] = Some(Held { partition, event, epoch });
        let Event { offset, key, bytes, .. } = self.logs[partition].events[event];
        Arrival { offset, key, bytes, token: Token(token) }
    }

    /// Whether the record is one of a present assignment.
    fn is_live(&self, held: &Held) -> bool {
        held.epoch.is_some() && held.epoch == self.logs[held.partition].epoch
    }

    fn live(&self, token: Token) -> Result<(usize, usize), String> {
        match self.held.get(token.0 as usize) {
            Some(Some(held)) if self.is_live(held) => Ok((held.partition, held.event)),
            held => Err(format!("{token:?} is spoken of, which is {held:?}")),
        }
    }

    fn assigned(&mut self, partition: PartitionId) -> Result<&mut Log, String> {
        let log = self.logs.get_mut(partition.0 as usize).filter(|log| log.epoch.is_some());
        log.ok_or_else(|| format!("{partition:?} is spoken of, which is not ours"))
    }

    fn forget(&mut self, index: usize) {
        if let Some(epoch) = self.logs[index].epoch {
            self.former_epochs.push((index, epoch));
        }
        self.some_arrive(index);
        self.logs[index].forget();
        let (former, circuits) = (&mut self.former, &mut self.circuits);
        self.lanes.retain(|work| {
            if work.partition == index {
                former.push(work.run);
                circuits.iter_mut().for_each(|circuit| circuit.answered(work.run));
            }
            work.partition != index
        });
        self.writing.retain(|&(run, partition, _)| {
            if partition == index {
                former.push(run);
            }
            partition != index
        });
        self.failed_commits.retain(|&(partition, _)| partition != index);
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(line());
        }
    }
}

pub(super) fn id(index: usize) -> PartitionId {
    PartitionId(index as u32)
}
