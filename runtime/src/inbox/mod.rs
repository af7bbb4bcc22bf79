//! Which events were handled already: stores that make a handler's effects happen once, however often an event comes.
//!
//! A consumer without an inbox hands on every event it reads: at least once, and again after a crash or a rebalance. With
//! an inbox it asks before each event whether it was handled, and records it together with the handler's effects: in the
//! same transaction, where the store has transactions and the effects are in it.
//!
//! ```text
//! open ─▶ begin ─▶ lend ─▶ (handler) ─▶ reclaimed ─▶ commit        success
//!           │                  │            │
//!           └ duplicate        └────────────┴──────▶ rollback      failure, or the handler kept what it was lent
//! ```

mod memory;
#[cfg(any(feature = "postgres", feature = "sqlx"))]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;

use std::future::Future;
use std::time::Duration;

pub use memory::MemoryInbox;

use crate::handler::HandlerError;

/// What tells an event from every other, for one group of consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventKey<'a> {
    /// The consumer group: each handles every event once.
    pub group: &'a str,
    /// The event's identifier; where it has none, what the consumer puts in its place.
    pub id: &'a str,
}

/// Whether an event is to be handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Admission {
    /// It was not handled yet, and nobody else will begin it until this session commits or rolls back.
    Fresh,
    /// It was handled already.
    Duplicate,
}

/// A store of the events that were handled.
///
/// The consumer drives it in the order drawn in the [module's documentation](self). A session is used by one lane at a
/// time, for one unit of work after another; one that is dropped in the middle of a unit must count as rolled back.
pub trait Inbox: Send + Sync + 'static {
    /// What a lane works with: a connection, or nothing.
    type Session: Send + 'static;
    /// What a handler is lent: a transaction, or nothing.
    type Context: Send + 'static;
    /// Whether it remembers anything. One that does not is not asked to [`begin`](Inbox::begin).
    const REMEMBERS: bool = true;
    /// Whether [`rollback`](Inbox::rollback) undoes what the handler did in what it was lent. Where it does, the sound members of
    /// a batch in which one failed are handled again; where it does not, they count as handled.
    const UNDOES: bool = false;

    /// For how long it remembers an event at the least, if it promises that. A consumer refuses to run with one that
    /// remembers for less long than a topic of its keeps records: the group set back to the beginning would repeat effects.
    fn remembers_for(&self) -> Option<Duration> {
        None
    }

    /// Opens a session. It is kept for as long as it works.
    ///
    /// # Errors
    /// When the store is not to be had, as [`HandlerError::dependency`].
    fn open(&self) -> impl Future<Output = Result<Self::Session, HandlerError>> + Send;

    /// Begins a unit of work on these events and says of each, in order, whether it is to be handled. An event that
    /// another session is at work on is waited for: handled there, it is a duplicate here; given up there, it is fresh.
    ///
    /// # Errors
    /// When the store does not answer; nothing is begun then.
    fn begin(
        &self,
        session: &mut Self::Session,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// What the handler is lent for one unit of work.
    ///
    /// # Errors
    /// When none was begun.
    fn lend(&self, session: &mut Self::Session) -> Result<Self::Context, HandlerError>;

    /// Whether what was lent is back. A handler that kept it, in a task of its own for instance, could still write to the
    /// transaction: such a unit is rolled back.
    fn reclaimed(&self, session: &mut Self::Session) -> bool;

    /// Records the unit's fresh events as handled, together with what the handler did in what it was lent.
    ///
    /// # Errors
    /// When that could not be done, or is not known to have been done; the events are handed out again then.
    fn commit(&self, session: &mut Self::Session) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// Undoes the unit: its events were not handled.
    ///
    /// # Errors
    /// When the session cannot be used any more.
    fn rollback(&self, session: &mut Self::Session) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// No inbox: every event is fresh, every time.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoInbox;

impl Inbox for NoInbox {
    type Session = ();
    type Context = ();
    const REMEMBERS: bool = false;

    async fn open(&self) -> Result<(), HandlerError> {
        Ok(())
    }

    async fn begin(
        &self,
        (): &mut (),
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        admissions.extend(events.iter().map(|_| Admission::Fresh));
        Ok(())
    }

    fn lend(&self, (): &mut ()) -> Result<(), HandlerError> {
        Ok(())
    }

    fn reclaimed(&self, (): &mut ()) -> bool {
        true
    }

    async fn commit(&self, (): &mut ()) -> Result<(), HandlerError> {
        Ok(())
    }

    async fn rollback(&self, (): &mut ()) -> Result<(), HandlerError> {
        Ok(())
    }
}
