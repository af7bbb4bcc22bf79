//! The consumer's engine: every decision, and nothing else.

mod backoff;
mod io;
mod settings;

pub use backoff::Backoff;
pub use io::{
    Arrival, Completion, DeadLetterReason, Effect, Effects, Epoch, Input, Millis, Offset, PartitionId, RunId, Token,
};
pub use settings::{BreakerSettings, Settings};

use backoff::Rng;

/// The consumer's state machine.
#[derive(Debug)]
pub struct Engine {
    settings: Settings,
    rng: Rng,
    now: Millis,
}

impl Engine {
    /// An engine without partitions. `seed` spreads its retries; `now` is the time on the clock of [`Input::Tick`].
    #[must_use]
    pub fn new(settings: Settings, seed: u64, now: Millis) -> Self {
        Self { settings, rng: Rng::new(seed), now }
    }

    /// Takes one input and appends what follows from it to `out`.
    pub fn step(&mut self, input: Input<'_>, out: &mut Effects) {
        if let Input::Tick { now } = input {
            self.now = self.now.max(now);
            let _ = (&self.settings, self.rng.up_to(1), out);
        }
    }
}
