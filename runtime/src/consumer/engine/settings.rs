//! What an engine is told once, when it is made.

use super::backoff::Backoff;
use super::io::Millis;

/// The engine's bounds and intervals. Where at least 1 is asked for, 0 is taken as 1.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How many lanes there are; a key always goes to the same one. At least 1.
    pub lanes: u32,
    /// How many events a lane may have been handed and not yet answered for. What waits beyond that waits in the engine,
    /// where a revoke or an open breaker can still hold it back. At least 1.
    pub lane_capacity: u32,
    /// How many events of one key a run may have, before the key with the oldest event has its turn. The fewer, the nearer
    /// the watermark is to what was handled last. At least 1.
    pub run_length: u32,
    /// How many events the ledgers of all partitions may hold, those included that are finished but not committed because
    /// an earlier one is not. Exceeded by what is given beyond the [room](super::Engine::room) there is. At least 1.
    pub max_in_flight: u32,
    /// How many bytes the unfinished events may occupy. Exceeded by one event, and by what is given beyond the
    /// [room](super::Engine::room) there is. At least 1.
    pub max_in_flight_bytes: u64,
    /// How often finished work is committed.
    pub commit_interval: Millis,
    /// How long a revoked partition may take to finish what its lanes have begun, and what lies below that.
    pub drain_timeout: Millis,
    /// How often a transient failure is tried again after the first attempt.
    pub retries: u32,
    /// How long it waits before each retry, drawn evenly between nothing and this (full jitter).
    pub retry: Backoff,
    /// How long a dead letter that could not be written waits before it is tried again, with the same jitter.
    pub dead_letter: Backoff,
    /// When the breaker opens, and for how long.
    pub breaker: BreakerSettings,
    /// Which circuits' events are handed out in batches, one entry a circuit; those beyond the end, and with `None`, are not.
    pub gather: Vec<Option<Gather>>,
    /// Which circuits' events follow the dead letters of their key, one entry a circuit; those beyond the end do not.
    pub ordered: Vec<bool>,
    /// How long to wait before it is looked up again what became of dead letters that are on their way back.
    pub look_again: Millis,
}

/// How events are handed out in batches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gather {
    /// How many events a batch may have. At least 1. It has fewer when there are no more in time, and when the lane has no room
    /// for more.
    pub events: u32,
    /// How long an event that is ready waits for others.
    pub linger: Millis,
    /// Whether a batch is of one key.
    pub by_key: bool,
}

impl Gather {
    /// Batches of up to so many events, each of which waits so long for others.
    #[must_use]
    pub fn new(events: u32, linger: Millis, by_key: bool) -> Self {
        Self { events: events.max(1), linger, by_key }
    }
}

/// When the breaker opens, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BreakerSettings {
    /// For how long answers are counted together. In a busy time only the latest of them count: 16 times `min_calls` at most.
    pub window: Millis,
    /// How many answers it takes before the share says anything.
    pub min_calls: u32,
    /// The share of dependency failures, in percent of the answers of a window, at which it opens.
    pub share_percent: u32,
    /// How long it stays open before the first probe, the second, and so on.
    pub open: Backoff,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lanes: 16,
            lane_capacity: 256,
            run_length: 8,
            max_in_flight: 16_384,
            max_in_flight_bytes: 64 << 20,
            commit_interval: 1_000,
            drain_timeout: 10_000,
            retries: 4,
            retry: Backoff { base: 200, factor: 2, cap: 30_000 },
            dead_letter: Backoff { base: 500, factor: 2, cap: 30_000 },
            breaker: BreakerSettings::default(),
            gather: Vec::new(),
            ordered: Vec::new(),
            look_again: 200,
        }
    }
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self { window: 10_000, min_calls: 10, share_percent: 50, open: Backoff { base: 1_000, factor: 2, cap: 30_000 } }
    }
}
