//! Points at which a process sends itself a signal.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use conecta_runtime::HandlerError;
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use nix::sys::signal::{Signal, raise};

/// Where a unit of work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The event is reserved or locked.
    BeforeEffect,
    /// The handler has made its effect.
    AfterEffect,
    /// The handler has returned.
    BeforeCommit,
    /// The inbox has committed.
    AfterCommit,
}

#[derive(Debug)]
struct Fault {
    point: Point,
    signal: Signal,
    left: AtomicU64,
}

/// Read from `none` or `POINT:N:SIGNAL`: `SIGKILL` or `SIGSTOP` when the process is at that point for the N-th time.
#[derive(Clone, Debug)]
pub struct Faults(Option<Arc<Fault>>);

impl Faults {
    /// The process is at this point.
    pub fn at(&self, point: Point) {
        if let Some(fault) = self.0.as_ref().filter(|fault| fault.point == point)
            && fault.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            let _ = raise(fault.signal);
        }
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "none" {
            return Ok(Self(None));
        }
        let wrong = || format!("a fault is POINT:N:SIGNAL, not {text:?}");
        let [point, n, signal] = text.split(':').collect::<Vec<_>>()[..] else { return Err(wrong()) };
        let point = match point {
            "before-effect" => Point::BeforeEffect,
            "after-effect" => Point::AfterEffect,
            "before-commit" => Point::BeforeCommit,
            "after-commit" => Point::AfterCommit,
            _ => return Err(wrong()),
        };
        let left = AtomicU64::new(n.parse().map_err(|_| wrong())?);
        let signal = signal.parse().map_err(|_| wrong())?;
        Ok(Self(Some(Arc::new(Fault { point, signal, left }))))
    }
}

/// An inbox with a fault on either side of its commit.
#[derive(Debug)]
pub struct Faulty<I> {
    inner: I,
    faults: Faults,
}

impl<I: Inbox> Faulty<I> {
    /// That inbox with these.
    pub fn new(inner: I, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl<I: Inbox> Inbox for Faulty<I> {
    type Session = I::Session;
    type Context = I::Context;
    const REMEMBERS: bool = I::REMEMBERS;
    const UNDOES: bool = I::UNDOES;

    fn remembers_for(&self) -> Option<Duration> {
        self.inner.remembers_for()
    }

    async fn open(&self) -> Result<I::Session, HandlerError> {
        self.inner.open().await
    }

    async fn begin(
        &self,
        session: &mut I::Session,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        self.inner.begin(session, events, admissions).await
    }

    fn lend(&self, session: &mut I::Session) -> Result<I::Context, HandlerError> {
        self.inner.lend(session)
    }

    fn reclaimed(&self, session: &mut I::Session) -> bool {
        self.inner.reclaimed(session)
    }

    async fn commit(&self, session: &mut I::Session) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeCommit);
        self.inner.commit(session).await?;
        self.faults.at(Point::AfterCommit);
        Ok(())
    }

    async fn rollback(&self, session: &mut I::Session) -> Result<(), HandlerError> {
        self.inner.rollback(session).await
    }
}
