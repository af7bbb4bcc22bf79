//! The circuit breaker: stops partitions while what their events need is away.

use super::io::{CircuitId, Completion, Effect, Effects, Millis, PartitionId, RunId};
use super::settings::BreakerSettings;
use crate::handler::FailureKind;

/// Opens when too many answers of a window are dependency failures; then lets one event at a time through, until the
/// dependency answers.
#[derive(Debug)]
pub(super) struct Breaker {
    circuit: CircuitId,
    settings: BreakerSettings,
    state: State,
    /// The partition of the event to probe with: the one whose failure opened it.
    suspect: PartitionId,
    /// Since it was closed last.
    openings: u32,
    window_end: Millis,
    calls: u32,
    failed: u32,
}

/// How many times the least number of answers is remembered.
const MEMORY: u32 = 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Millis },
    Probing(RunId),
}

/// What an answer means to a breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// Nothing in particular.
    Nothing,
    /// The breaker is open, and the event that was answered for is to be probed with.
    Suspect,
    /// The breaker closed.
    Recovery,
}

impl Breaker {
    pub(super) fn new(circuit: CircuitId, settings: BreakerSettings) -> Self {
        let suspect = PartitionId(0);
        Self { circuit, settings, state: State::Closed, suspect, openings: 0, window_end: 0, calls: 0, failed: 0 }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// When a probe is due, if one is to be made.
    pub(super) fn due(&self) -> Option<Millis> {
        match self.state {
            State::Open { until } => Some(until),
            State::Closed | State::Probing(_) => None,
        }
    }

    /// The partition of the event to probe with.
    pub(super) fn suspect(&self) -> PartitionId {
        self.suspect
    }

    /// The probe is on its way.
    pub(super) fn probing(&mut self, run: RunId) {
        self.state = State::Probing(run);
    }

    /// The run will not be heard of again: if it was the probe, another one is due.
    pub(super) fn forget(&mut self, run: RunId, now: Millis) {
        if self.state == State::Probing(run) {
            self.state = State::Open { until: now };
        }
    }

    /// Hears what became of a run of a partition's key.
    pub(super) fn hear(&mut self, answer: &Completion, of: PartitionId, now: Millis, out: &mut Effects) -> Heard {
        let dependency = answer.failure == Some(FailureKind::Dependency);
        match self.state {
            State::Closed => {
                self.count(answer, now);
                if !dependency || !self.share_is_reached() {
                    return Heard::Nothing;
                }
                out.list.push(Effect::BreakerOpened { circuit: self.circuit });
                self.suspect = of;
                self.open(now);
                Heard::Suspect
            }
            State::Probing(probe) if probe == answer.run => {
                self.suspect = of;
                if dependency {
                    self.open(now);
                    Heard::Suspect
                } else if answer.failure.is_none() && answer.done == 0 {
                    self.state = State::Open { until: now };
                    Heard::Suspect
                } else {
                    // Whatever else is wrong with the event, the dependency answered.
                    self.close(now, out);
                    Heard::Recovery
                }
            }
            // What was under way when it opened says nothing new.
            State::Open { .. } | State::Probing(_) => Heard::Nothing,
        }
    }

    /// Lets everything through again.
    pub(super) fn close(&mut self, now: Millis, out: &mut Effects) {
        self.state = State::Closed;
        self.openings = 0;
        self.start_window(now);
        out.list.push(Effect::BreakerClosed { circuit: self.circuit });
    }

    fn open(&mut self, now: Millis) {
        self.openings = self.openings.saturating_add(1);
        self.state = State::Open { until: now.saturating_add(self.settings.open.ceiling(self.openings)) };
    }

    fn share_is_reached(&self) -> bool {
        let share = u64::from(self.failed) * 100;
        self.calls >= self.settings.min_calls && share >= u64::from(self.calls) * u64::from(self.settings.share_percent)
    }

    fn count(&mut self, answer: &Completion, now: Millis) {
        if now >= self.window_end {
            self.start_window(now);
        }
        self.calls = self.calls.saturating_add(answer.done).saturating_add(u32::from(answer.failure.is_some()));
        self.failed = self.failed.saturating_add(u32::from(answer.failure == Some(FailureKind::Dependency)));
        // The older answers fade, lest the successes of a busy window hide the outage at its end.
        while self.calls > self.settings.min_calls.saturating_mul(MEMORY) {
            self.calls /= 2;
            self.failed /= 2;
        }
    }

    fn start_window(&mut self, now: Millis) {
        self.window_end = now.saturating_add(self.settings.window);
        self.calls = 0;
        self.failed = 0;
    }
}
