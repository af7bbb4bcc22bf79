//! Whether a consumer is well enough to be left alone, and to be counted on.

use std::time::Duration;

use super::{Metrics, Stage};

/// For how long the poll thread may be silent. It looks around every 50 ms, and may wait for brokers that are slow to answer a
/// commit.
const SILENCE: Duration = Duration::from_secs(60);

/// What a consumer is asked for its health by: [`Metrics::health`].
///
/// A breaker that is open is no fault of the process, and no restart mends what it waits for: it makes a consumer neither dead nor
/// unready. It is in the [snapshot](super::MetricsSnapshot::open_breakers), and there is an alert for it.
#[derive(Clone, Debug)]
pub struct Health {
    metrics: Metrics,
    stalled_after: Duration,
}

/// Whether a process is to be left running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Liveness {
    /// The consumer polls, or is not started, or has ended as it was told to.
    Alive,
    /// The poll thread has not done anything for that long: a restart is the only help.
    Hangs(Duration),
}

/// Whether a consumer takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Readiness {
    /// It is in its group, and gets on with what there is to do, if there is anything.
    Ready,
    /// Its group has not told it yet which partitions it has.
    Joining,
    /// It has something to do and has brought nothing to an end for that long.
    Stalled(Duration),
    /// It was asked to stop.
    Leaving,
}

impl Metrics {
    /// Whether the consumer is well.
    #[must_use]
    pub fn health(&self) -> Health {
        Health { metrics: self.clone(), stalled_after: Duration::from_secs(120) }
    }
}

impl Health {
    /// After how long without an event brought to an end, while there are some, it counts as stalled; two minutes unless set. Set
    /// it above the time that the longest handler may take.
    #[must_use]
    pub fn stalled_after(mut self, limit: Duration) -> Self {
        self.stalled_after = limit;
        self
    }

    /// Whether it is to be left running.
    #[must_use]
    pub fn liveness(&self) -> Liveness {
        match self.metrics.since_poll() {
            Some(silence) if silence > SILENCE && self.metrics.stage() != Stage::Leaving => Liveness::Hangs(silence),
            _ => Liveness::Alive,
        }
    }

    /// Whether it takes part.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        match self.metrics.stage() {
            Stage::Leaving => Readiness::Leaving,
            Stage::Joining => Readiness::Joining,
            Stage::Member => {
                let waits = self.metrics.counters().open_breakers().next().is_some();
                let idle = Duration::from_millis(self.metrics.snapshot().idle_ms);
                match idle > self.stalled_after && !waits {
                    true => Readiness::Stalled(idle),
                    false => Readiness::Ready,
                }
            }
        }
    }

    /// What it is asked about.
    #[must_use]
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }
}
