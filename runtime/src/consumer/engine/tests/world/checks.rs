//! What must hold of each thing that the engine asks for, and how the world carries it out.

use super::{Batch, Checked, Did, Phase, Work, World};
use crate::consumer::engine::{
    BatchId, CircuitId, DeadLetterReason, Effect, Effects, Epoch, Offset, PartitionId, RunId, Token,
};
use crate::handler::FailureKind;

macro_rules! ensure {
    ($holds:expr, $($broken:tt)*) => {
        if !$holds {
            return Err(format!($($broken)*));
        }
    };
}
pub(in super::super) use ensure;

impl World {
    /// Carries out what was asked for from there on.
    pub(super) fn carry_out(&mut self, out: &Effects, asked: usize, released: usize) -> Checked {
        for effect in &out.list()[asked..] {
            match *effect {
                Effect::Dispatch { run, lane, attempt, from, len, batch } => {
                    ensure!(len > 0 && out.tokens(from, len).len() == len as usize, "{effect:?} has no tokens");
                    if batch != self.batch.map(|batch| batch.id) {
                        self.batch_ended()?;
                    }
                    self.dispatched(run, lane, attempt, out.tokens(from, len))?;
                    self.joins(batch, lane, attempt)?;
                }
                Effect::DeadLetter { run, token, attempts, reason } => {
                    self.dead_letter_asked(run, token, attempts, reason)?;
                }
                Effect::PassedOver { token } => self.passed_over(token)?,
                Effect::LookUp { partition, epoch, number } => {
                    ensure!(self.assigned(partition)?.epoch == Some(epoch), "a look-up in a former {epoch:?}");
                    self.look_up_asked(partition.0 as usize, number)?;
                }
                Effect::Pause { partition } => {
                    self.tally[Did::Pause as usize] += 1;
                    self.assigned(partition)?.paused = true;
                }
                Effect::Resume { partition } => self.assigned(partition)?.paused = false,
                Effect::Commit { partition, epoch, next } => self.commit_asked(partition, epoch, next)?,
                Effect::Drained { partition, abandoned } => self.given_back(partition, abandoned)?,
                Effect::BreakerOpened { circuit: CircuitId(circuit) } => {
                    self.tally[Did::OpenTheBreaker as usize] += 1;
                    let circuit = &mut self.circuits[circuit as usize];
                    ensure!(!circuit.open, "a breaker opened twice");
                    (circuit.open, circuit.probe) = (true, None);
                    circuit.openings += 1;
                }
                Effect::BreakerClosed { circuit: CircuitId(circuit) } => {
                    let circuit = &mut self.circuits[circuit as usize];
                    ensure!(circuit.open, "a breaker closed twice");
                    circuit.open = false;
                }
            }
        }
        self.batch_ended()?;
        for token in &out.released()[released..] {
            let held = self.held.get_mut(token.0 as usize).and_then(Option::take);
            let Some(held) = held else {
                return Err(format!("{token:?} was released twice"));
            };
            let event = &self.logs[held.partition].events[held.event];
            ensure!(
                event.phase == Phase::Finished || !self.is_live(&held),
                "the record {}@{} was released unfinished",
                held.partition,
                event.offset
            );
            self.free.push(token.0);
        }
        self.rest()
    }

    fn dispatched(&mut self, run: RunId, lane: u32, attempt: u32, tokens: &[Token]) -> Checked {
        ensure!(lane < self.settings.lanes, "there is no lane {lane}");
        let mut work = Work { run, lane, partition: 0, events: Vec::with_capacity(tokens.len()) };
        for (at, &token) in tokens.iter().enumerate() {
            let (partition, index) = self.live(token)?;
            let log = &mut self.logs[partition];
            let offset = log.events[index].offset;
            let needed = log.draining.is_none() || log.has_begun_above(index);
            ensure!(
                needed,
                "{partition}@{offset} was handed out though its partition is revoked and nothing above has begun"
            );
            ensure!(!log.unwritten(), "{partition}@{offset} was handed out though its partition stands still");
            self.check_handed_out(partition, index)?;
            let log = &mut self.logs[partition];
            let event = &log.events[index];
            ensure!(event.phase == Phase::Waiting, "{partition}@{offset} was handed out while {:?}", event.phase);
            let earlier = &log.events[log.start..index];
            let overtaken = earlier.iter().enumerate().find(|(place, earlier)| {
                let same = event.key.is_some() && earlier.key == event.key;
                same && earlier.phase != Phase::Finished && !work.events.contains(&(log.start + place))
            });
            ensure!(overtaken.is_none(), "{partition}@{offset} was handed out before {overtaken:?}");
            if at > 0 {
                let first = &log.events[work.events[0]];
                ensure!(partition == work.partition && first.key == event.key, "a run has two keys");
                ensure!(event.key.is_some(), "a run has two records without a key");
            }
            ensure!(attempt == 1 || tokens.len() == 1, "a retry is not alone");
            ensure!(attempt == event.tries + 1, "{partition}@{offset}: attempt {attempt} after {} tries", event.tries);
            let circuit = &self.circuits[log.circuit];
            let undisturbed = !circuit.open && event.openings == circuit.openings;
            ensure!(
                event.transient <= self.settings.retries || !undisturbed,
                "{partition}@{offset} was retried though it failed {} times",
                event.transient
            );
            if let Some(key) = event.key {
                ensure!(*self.lane_of.entry(key).or_insert(lane) == lane, "key {key} changed its lane");
            }
            log.events[index].phase = Phase::Running;
            work.partition = partition;
            work.events.push(index);
        }
        let circuit = &mut self.circuits[self.logs[work.partition].circuit];
        if circuit.open {
            ensure!(circuit.probe.is_none() && tokens.len() == 1, "more than a probe is handed out behind a breaker");
            circuit.probe = Some(run);
            self.tally[Did::Probe as usize] += 1;
        }
        self.tally[Did::Retry as usize] += u64::from(attempt > 1);
        self.lanes.push(work);
        let running: usize = self.lanes.iter().filter(|work| work.lane == lane).map(|work| work.events.len()).sum();
        let probes = self.circuits.iter().filter(|circuit| circuit.probe.is_some()).count();
        let room = self.settings.lane_capacity as usize + probes;
        ensure!(running <= room, "lane {lane} was handed {running} events");
        Ok(())
    }

    /// The run that was handed out last is part of that batch.
    fn joins(&mut self, id: Option<BatchId>, lane: u32, attempt: u32) -> Checked {
        let Some(work) = self.lanes.last() else { return Ok(()) };
        let log = &self.logs[work.partition];
        let gather = self.settings.gather.get(log.circuit).copied().flatten();
        let (Some(id), Some(gather)) = (id, gather) else {
            ensure!(id.is_none() && gather.is_none(), "{id:?} for a circuit with {gather:?}");
            return Ok(());
        };
        let events = work.events.iter().map(|index| &log.events[*index]);
        let oldest = events.clone().map(|event| event.read_at).min().unwrap_or_default();
        let circuit = &self.circuits[log.circuit];
        let alone = gather.by_key && events.clone().any(|event| event.key.is_none());
        // What comes before the letters of its key goes alone.
        let before = events.clone().any(|event| log.has_letters(event.key));
        let hurries = alone || before || attempt > 1 || log.draining.is_some() || circuit.open;
        let batch = match self.batch {
            Some(batch) => {
                ensure!((batch.circuit, batch.lane) == (log.circuit, lane), "{id:?} goes to two handlers or lanes");
                ensure!(attempt == 1, "a retry goes with others");
                Batch {
                    events: batch.events + work.events.len() as u32,
                    runs: batch.runs + 1,
                    oldest: batch.oldest.min(oldest),
                    hurries: batch.hurries || hurries,
                    ..batch
                }
            }
            None => {
                ensure!(self.last_batch < Some(id), "{id:?} is handed out after {:?}", self.last_batch);
                self.last_batch = Some(id);
                Batch { id, circuit: log.circuit, lane, events: work.events.len() as u32, runs: 1, oldest, hurries }
            }
        };
        ensure!(batch.events <= gather.events, "{batch:?} has more events than {gather:?}");
        ensure!(batch.runs == 1 || !gather.by_key, "{batch:?} is of several keys");
        self.batch = Some(batch);
        Ok(())
    }

    /// A batch is handed out when it is full, or when one of its events has waited long enough.
    fn batch_ended(&mut self) -> Checked {
        let Some(batch) = self.batch.take() else { return Ok(()) };
        let Some(gather) = self.settings.gather[batch.circuit] else { return Ok(()) };
        let of_lane = self.lanes.iter().filter(|work| work.lane == batch.lane);
        let running = of_lane.map(|work| work.events.len()).sum::<usize>() as u32;
        let is_full = batch.events >= gather.events || running >= self.settings.lane_capacity;
        let has_waited = self.now >= batch.oldest + gather.linger;
        ensure!(is_full || has_waited || batch.hurries, "{batch:?} is handed out before its time");
        let did = if is_full { Did::HandOutAFullBatch } else { Did::HandOutABatchInTime };
        self.tally[did as usize] += u64::from(!batch.hurries);
        Ok(())
    }

    fn dead_letter_asked(&mut self, run: RunId, token: Token, attempts: u32, reason: DeadLetterReason) -> Checked {
        let (partition, index) = self.live(token)?;
        let retries = self.settings.retries;
        self.check_letter(partition, index, reason == DeadLetterReason::Follows)?;
        self.tally[Did::Follow as usize] += u64::from(reason == DeadLetterReason::Follows);
        let log = &mut self.logs[partition];
        let event = &log.events[index];
        let offset = event.offset;
        let open = self.circuits[log.circuit].open;
        ensure!(!open, "{partition}@{offset} is dead-lettered while its breaker is open");
        ensure!(
            matches!(event.phase, Phase::Waiting | Phase::Unwritten),
            "{partition}@{offset} is dead-lettered while {:?}",
            event.phase
        );
        ensure!(attempts == event.tries, "{partition}@{offset}: {attempts} attempts after {} tries", event.tries);
        let just = match reason {
            DeadLetterReason::Poison => event.last == Some(FailureKind::Poison),
            DeadLetterReason::Exhausted => event.transient > retries,
            DeadLetterReason::Follows => true,
        };
        ensure!(just, "{partition}@{offset} is dead-lettered as {reason:?} after {event:?}");
        log.events[index].phase = Phase::Writing;
        self.writing.push((run, partition, index));
        Ok(())
    }

    fn commit_asked(&mut self, partition: PartitionId, epoch: Epoch, next: Offset) -> Checked {
        let fails = self.commits_fail && self.rng.up_to(9) == 0;
        let circuits = self.circuits;
        let log = self.assigned(partition)?;
        let stands = circuits[log.circuit].open && log.draining.is_none();
        ensure!(!stands, "{partition:?} is committed while its breaker is open");
        ensure!(log.epoch == Some(epoch), "{partition:?} is committed in a former {epoch:?}");
        let watermark = log.watermark();
        ensure!(Some(next) <= watermark, "{partition:?} is committed at {next}, above the watermark {watermark:?}");
        ensure!(Some(next) >= log.committed_in_epoch, "{partition:?} is committed at {next}, below an earlier commit");
        let left = log.events.iter().find(|event| event.offset < next && !event.ended);
        ensure!(left.is_none(), "{partition:?} is committed at {next}, above {left:?}");
        log.committed_in_epoch = Some(next);
        if fails && log.draining.is_none() {
            self.failed_commits.push((partition.0 as usize, epoch));
        } else {
            log.committed = next;
        }
        self.tally[Did::Commit as usize] += 1;
        Ok(())
    }

    fn given_back(&mut self, partition: PartitionId, abandoned: u32) -> Checked {
        self.tally[Did::GiveBack as usize] += 1;
        self.tally[Did::Abandon as usize] += u64::from(abandoned);
        let index = partition.0 as usize;
        let (now, log) = (self.now, &self.logs[index]);
        let Some(deadline) = log.draining else {
            ensure!(log.epoch.is_none(), "{partition:?} is given back unasked");
            return Ok(());
        };
        let running = log.running();
        let writing = self.writing.iter().any(|&(_, partition, _)| partition == index);
        ensure!(now >= deadline || running == 0 && !writing, "{partition:?} is given back while lanes work on it");
        ensure!(abandoned as usize == running, "{abandoned} events are said to be abandoned, not {running}");
        let watermark = log.watermark();
        ensure!(
            watermark.is_none_or(|watermark| watermark <= log.committed),
            "{partition:?} is given back, committed at {}, not at {watermark:?}",
            log.committed
        );
        // The next owner reads from the watermark on.
        let doubled = log.finished_above_the_watermark();
        let waits = log.oldest_has_failed() || log.oldest_waits_for_letters();
        let excused = now >= deadline || self.circuits[log.circuit].open || log.unwritten() || waits;
        ensure!(doubled == 0 || excused, "{partition:?} is given back, and {doubled} events will be handled twice");
        self.tally[Did::GiveBackWhatIsDoubled as usize] += doubled as u64;
        self.forget(index);
        Ok(())
    }

    /// What holds between any two inputs.
    fn rest(&self) -> Checked {
        for (index, log) in self.logs.iter().enumerate().filter(|(_, log)| log.epoch.is_some()) {
            let stands = self.circuits[log.circuit].open || log.unwritten() || log.is_unknown();
            let must_stand = stands && log.draining.is_none();
            ensure!(!must_stand || log.paused, "{index} stands still and is not paused");
        }
        let kept = self.held.iter().flatten().find(|held| !self.is_live(held));
        ensure!(kept.is_none(), "{kept:?} is not released");
        Ok(())
    }
}
