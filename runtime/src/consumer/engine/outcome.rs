//! What becomes of what was handed out.

use std::cmp::Reverse;

use super::Engine;
use super::breaker::Heard;
use super::fault::{Fault, planted};
use super::io::{Completion, DeadLetterReason, Effect, Effects, Millis, RunId};
use super::keys::{KeyId, State};
use crate::handler::FailureKind;

impl Engine {
    /// A lane is through with a run.
    pub(super) fn completed(&mut self, completion: &Completion, out: &mut Effects) {
        let Completion { run, done, failure } = *completion;
        let Some((id, State::Running)) = self.keys.find(run) else { return };
        let key = &mut self.keys[id];
        let Some(partition) = self.partitions.get_mut(key.partition) else { return };
        let running = std::mem::take(&mut key.running);
        self.lanes.vacate(key.lane, running);
        partition.outstanding -= 1;

        let done = if planted(Fault::UnstartedIsDone) && failure.is_none() { running } else { done.min(running) };
        let failure = failure.filter(|_| done < running);
        for _ in 0..done {
            partition.finish_head(key, out);
        }
        if failure.is_some() {
            key.tries += 1;
        }
        let drains = partition.draining.is_some();
        let circuit = partition.circuit;
        let answer = Completion { run, done, failure };
        let heard = self.breakers[circuit].hear(&answer, partition.id, self.now, out);
        if heard == Heard::Suspect && !drains {
            key.state = State::Ready;
            partition.stalled.push_front(id);
            if !planted(Fault::OpenGathers) {
                self.stall_circuit(circuit);
            }
            return;
        }
        match heard {
            Heard::Recovery => self.recover(circuit),
            Heard::Suspect => self.stall_circuit(circuit),
            Heard::Nothing => {}
        }
        // An answer from the time of an outage is no verdict: the event is tried again when it is over.
        let outage = !self.breakers[circuit].is_closed() && !planted(Fault::OpenDeadLetters);
        match failure {
            Some(kind) if !outage => self.judge(id, kind, out),
            _ => self.go_on(id),
        }
    }

    /// The dead-letter topic answered.
    pub(super) fn dead_lettered(&mut self, run: RunId, ok: bool, out: &mut Effects) {
        let Some((id, State::DeadLettering(reason))) = self.keys.find(run) else { return };
        let key = &mut self.keys[id];
        let Some(partition) = self.partitions.get_mut(key.partition) else { return };
        partition.outstanding -= 1;
        if ok || planted(Fault::DeadLetterFailureIgnored) {
            partition.note_letter(key);
            partition.finish_head(key, out);
            if std::mem::take(&mut key.undelivered) > 0 {
                partition.undelivered -= 1;
            }
            let partition = partition.id;
            self.release_stalled(partition);
            self.go_on(id);
        } else {
            if key.undelivered == 0 {
                partition.undelivered += 1;
            }
            key.undelivered += 1;
            let wait = self.settings.dead_letter.jittered(key.undelivered, &mut self.rng);
            let partition = partition.id;
            if !planted(Fault::UndeliveredGathers) {
                self.stall_gathered(partition);
            }
            self.park(id, wait, |_| State::Undelivered(reason));
        }
    }

    /// A parked key's time has come.
    pub(super) fn wake(&mut self, run: RunId, out: &mut Effects) {
        let Some((id, state)) = self.keys.find(run) else { return };
        let Some(partition) = self.partitions.get(self.keys[id].partition) else { return };
        let drains = partition.draining.is_some();
        let closed = self.breakers[partition.circuit].is_closed();
        match state {
            State::Parked(_) => self.go_on(id),
            // It was tried; the next owner tries again.
            State::Undelivered(_) if drains => {}
            State::Undelivered(reason) if closed => self.dead_letter(id, reason, out),
            State::Undelivered(_) => self.park(id, self.settings.dead_letter.base, |_| state),
            State::Ready
            | State::Gathered
            | State::Doubtful
            | State::Held
            | State::Running
            | State::DeadLettering(_)
            | State::Vacant => {}
        }
    }

    /// Decides on an event that failed while the breaker was closed.
    fn judge(&mut self, id: KeyId, kind: FailureKind, out: &mut Effects) {
        let key = &mut self.keys[id];
        let costs = kind == FailureKind::Transient || planted(Fault::DependencyCosts);
        key.failures += u32::from(costs);
        let retries = self.settings.retries + u32::from(planted(Fault::RetryOnceMore));
        if kind == FailureKind::Poison {
            self.dead_letter(id, DeadLetterReason::Poison, out);
        } else if key.failures > retries {
            self.dead_letter(id, DeadLetterReason::Exhausted, out);
        } else {
            let wait = self.settings.retry.jittered(key.tries, &mut self.rng);
            self.park(id, wait, State::Parked);
        }
    }

    /// Asks for the dead letter of a key's oldest event.
    pub(super) fn dead_letter(&mut self, id: KeyId, reason: DeadLetterReason, out: &mut Effects) {
        let run = self.keys.begin(id, State::DeadLettering(reason));
        let key = &self.keys[id];
        let Some(partition) = self.partitions.get_mut(key.partition) else { return };
        partition.outstanding += 1;
        let token = partition.ledger.token(key.head);
        out.list.push(Effect::DeadLetter { run, token, attempts: key.tries, reason });
        if planted(Fault::DeadLetterNotAwaited) {
            partition.finish_head(&mut self.keys[id], out);
            self.go_on(id);
        }
    }

    /// Queues a key for its next events; drops it when it has none.
    pub(super) fn go_on(&mut self, id: KeyId) {
        let key = &mut self.keys[id];
        let Some(partition) = self.partitions.get_mut(key.partition) else { return };
        if key.len == 0 {
            if let Some(hash) = key.hash {
                partition.keys.remove(&hash);
            }
            self.keys.remove(id);
        } else if partition.draining.is_some() {
            key.state = State::Held;
        } else {
            key.state = State::Ready;
            self.lanes.push(key.lane, id, partition.ledger.turn(key.head));
        }
    }

    /// Leaves a key alone for a while.
    fn park(&mut self, id: KeyId, wait: Millis, state: impl FnOnce(Millis) -> State) {
        let until = self.now.saturating_add(wait);
        self.keys[id].state = state(until);
        self.timers.push(Reverse((until, self.keys.run(id))));
    }
}
