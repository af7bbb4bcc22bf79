//! The inbox in PostgreSQL: an event is recorded as handled in the transaction of its handler's effects.
//!
//! ```no_run
//! # use conecta_runtime::consumer::{Consumer, shutdown_signal};
//! # use conecta_runtime::inbox::postgres::{PostgresInbox, Tx};
//! # async fn service(settings: conecta_runtime::kafka::KafkaSettings, handler: conecta_runtime::Registration<Tx>)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = PostgresInbox::new("host=db user=derivacion dbname=casos".parse()?);
//! inbox.migrate().await?;
//! Consumer::new(&settings, "derivacion")
//!     .on(handler) // casos_creados::consume(derivacion), where Derivacion: ConsumirCasoCreado<Tx>
//!     .inbox(inbox)
//!     .run(shutdown_signal())
//!     .await?;
//! # Ok(())
//! # }
//! ```
//!
//! | what happens | what becomes of the event |
//! |---|---|
//! | the process dies at any point, or freezes | handled once: the transaction was committed, with the event in it, or neither |
//! | the commit's answer is lost | begun again, and then known as handled or not |
//! | the database is away, full, or a standby | [`Dependency`](crate::FailureKind::Dependency): the consumer waits for it |
//! | two members have the same event | the second waits for the first, then skips it or handles it |
//! | the group is set back to the beginning | skipped, for as long as the inbox [remembers](PostgresInbox::retention) |
//!
//! What a handler does outside of its transaction, a mail for instance, happens at least once, as without an inbox.
//!
//! The feature `postgres` has it over [tokio-postgres](PostgresInbox), the feature `sqlx` over [sqlx](sqlx::SqlxInbox).
#![cfg_attr(
    not(all(feature = "postgres", feature = "sqlx")),
    allow(rustdoc::broken_intra_doc_links, reason = "they lead to the other driver")
)]

#[cfg(feature = "postgres")]
mod client;
mod driver;
mod error;
mod link;
#[cfg(feature = "sqlx")]
pub mod sqlx;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};

#[cfg(feature = "postgres")]
pub use self::client::{PostgresInbox, TokioPostgres, Tx};
pub use self::driver::{Admitted, Driver};
pub(crate) use self::error::is_down;
use self::link::{Links, Loan};
use super::{Admission, EventKey, Inbox};
use crate::handler::HandlerError;

/// The version of tokio-postgres that [`Tx`] and [`PostgresInbox::new`] speak of.
#[cfg(feature = "postgres")]
pub use tokio_postgres;

/// READ COMMITTED whatever the database's default is: an event that was waited for must be seen once it is committed. The
/// setting is what `conecta_inbox_admit` asks for.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL conecta.unit = 'begun'";

/// Records those of the events that are not there yet, and returns them; nulls when that is all of them.
const ADMIT: &str = "SELECT fresh_groups, fresh_ids FROM conecta_inbox_admit($1, $2)";

/// COMMIT alone answers well even when a statement had failed before, and rolls back; and when there was no transaction
/// any more. SAVEPOINT is refused in both cases, and the COMMIT behind it is not carried out then.
#[cfg(feature = "postgres")]
const COMMIT: &str = "SAVEPOINT conecta_whole; COMMIT";

/// The same without the COMMIT, which sqlx says by itself.
#[cfg(feature = "sqlx")]
const WHOLE: &str = "SAVEPOINT conecta_whole";

/// How long connecting may take.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How long what was sent may stay unacknowledged.
#[cfg(feature = "postgres")]
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How long to wait for a statement that the handler has left behind before the connection is given up.
const ROLLBACK_LIMIT: Duration = Duration::from_secs(1);

/// How often partitions are looked after.
const MAINTENANCE: Duration = Duration::from_secs(3600);

/// When to try again after that failed.
const MAINTENANCE_RETRY: Duration = Duration::from_secs(60);

/// A unit that lasts longer is rolled back. Those of two days would not meet, see `conecta_inbox_admit`.
const LONGEST_UNIT: Duration = Duration::from_secs(20 * 3600);

/// An identifier that is longer than this is refused: PostgreSQL has no room for it in an index.
const LONGEST_ID: usize = 2_000;

/// Which events were handled, in PostgreSQL, whatever the driver.
pub struct TransactionalInbox<D: Driver> {
    links: Arc<Links<D>>,
    permits: Arc<Semaphore>,
    retention: Duration,
    idle_limit: Duration,
    maintained: OnceCell<()>,
    maintenance_due: Mutex<Instant>,
}

impl<D: Driver> TransactionalInbox<D> {
    /// What [`migrate`](Self::migrate) runs, for those who have a way of their own to bring it into the database.
    pub const DDL: &'static str = include_str!("inbox.sql");

    fn over(driver: D) -> Self {
        Self {
            links: Arc::new(Links::new(driver)),
            permits: Arc::new(Semaphore::new(16)),
            retention: Duration::from_secs(35 * 24 * 3600),
            idle_limit: Duration::from_secs(30),
            maintained: OnceCell::new(),
            maintenance_due: Mutex::new(Instant::now() + MAINTENANCE),
        }
    }

    /// How many connections it may have; 16 unless set. So many handlers are in a transaction at a time, whatever the
    /// consumer's [concurrency](crate::consumer::Consumer::concurrency): the others wait for one.
    #[must_use]
    pub fn connections(mut self, connections: usize) -> Self {
        self.permits = Arc::new(Semaphore::new(connections.clamp(1, Semaphore::MAX_PERMITS)));
        self
    }

    /// For how long it remembers an event; 35 days unless set. A consumer does not run when a topic of its keeps records
    /// for longer. Leave room for the dead letters too, which may be given back to the group.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention;
        self
    }

    /// How long a handler may leave its transaction without a statement; 30 s unless set. PostgreSQL ends it then: a
    /// process that froze keeps its events from the others no longer than that. Keep it below the group's session timeout.
    #[must_use]
    pub fn idle_limit(mut self, limit: Duration) -> Self {
        self.idle_limit = limit.max(Duration::from_millis(1));
        self
    }

    /// Makes the inbox's table and function where they are missing, and the partitions of the days to come. Changes nothing
    /// where all is there, so it may be called at every start.
    ///
    /// # Errors
    /// As PostgreSQL says: it cannot be reached, or the user may not create tables.
    pub async fn migrate(&self) -> Result<(), D::Error> {
        let mut connection = self.links.driver.connect().await?;
        // Two that create the same at one time fail, in spite of IF NOT EXISTS.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended('conecta_inbox migrate', 0))";
        D::run(&mut connection, &format!("BEGIN; {lock}; {} COMMIT", Self::DDL)).await?;
        self.maintained.get_or_try_init(|| self.look_after_partitions(&mut connection)).await?;
        Ok(())
    }

    async fn look_after_partitions(&self, connection: &mut D::Connection) -> Result<(), D::Error> {
        let retention = self.retention.as_secs();
        D::run(connection, &format!("SELECT conecta_inbox_maintain('{retention} seconds')")).await
    }

    /// Makes and drops partitions: before the first unit of work, for which the others wait, and once an hour. That it
    /// fails keeps nobody from working: partitions are made ahead, and may be another user's affair.
    async fn maintain(&self, connection: &mut D::Connection) {
        self.maintained.get_or_init(|| self.look_after_partitions_or_warn(connection)).await;
        {
            let mut due = self.maintenance_due();
            let now = Instant::now();
            if now < *due {
                return;
            }
            // Whoever sets it goes; the others go on.
            *due = now + MAINTENANCE;
        }
        self.look_after_partitions_or_warn(connection).await;
    }

    async fn look_after_partitions_or_warn(&self, connection: &mut D::Connection) {
        if let Err(error) = self.look_after_partitions(connection).await {
            tracing::warn!(?error, "the inbox's partitions could not be looked after; trying again in a minute");
            *self.maintenance_due() = Instant::now() + MAINTENANCE_RETRY;
        }
    }

    fn maintenance_due(&self) -> MutexGuard<'_, Instant> {
        // An instant is whole.
        self.maintenance_due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a transaction and records the events in it, on a connection that works: the server may have ended those that were
    /// kept.
    async fn admit(&self, events: &[EventKey<'_>]) -> Result<(Loan<D>, Option<(Vec<String>, Vec<String>)>), D::Error> {
        let groups: Vec<&str> = events.iter().map(|event| event.group).collect();
        let ids: Vec<&str> = events.iter().map(|event| event.id).collect();
        loop {
            let mut loan = self.links.lend(&self.permits, self.idle_limit).await?;
            self.maintain(&mut loan.connection).await;
            match D::admit(&mut loan.connection, BEGIN, ADMIT, &groups, &ids).await {
                Ok((groups, ids)) => return Ok((loan, groups.zip(ids))),
                Err(error) if loan.is_new || !is_down::<D>(&error) => return Err(error),
                Err(_) => self.links.close_idle(),
            }
        }
    }
}

impl<D: Driver> fmt::Debug for TransactionalInbox<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionalInbox")
            .field("links", &self.links)
            .field("retention", &self.retention)
            .field("idle_limit", &self.idle_limit)
            .finish_non_exhaustive()
    }
}

/// A lane's unit of work. Has a connection while a transaction is open; dropped in the middle, the connection is ended
/// and PostgreSQL rolls back.
pub struct Session<D: Driver>(Option<Loan<D>>);

impl<D: Driver> fmt::Debug for Session<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Session").field(&self.0).finish()
    }
}

impl<D: Driver> Inbox for TransactionalInbox<D> {
    type Session = Session<D>;
    type Context = D::Tx;
    const UNDOES: bool = true;

    fn remembers_for(&self) -> Option<Duration> {
        Some(self.retention)
    }

    async fn open(&self) -> Result<Session<D>, HandlerError> {
        Ok(Session(None))
    }

    async fn begin(
        &self,
        session: &mut Session<D>,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        session.0 = None;
        for event in events {
            if event.id.contains('\0') {
                return Err(HandlerError::poison("the event's identifier has a NUL, which PostgreSQL cannot keep"));
            }
            if event.id.len() > LONGEST_ID {
                return Err(HandlerError::poison(format!("the event's identifier is longer than {LONGEST_ID} bytes")));
            }
        }
        let (loan, fresh) = self.admit(events).await.map_err(error::of_inbox::<D>)?;
        match &fresh {
            None => admissions.extend(events.iter().map(|_| Admission::Fresh)),
            Some((groups, ids)) => {
                let mut fresh: HashSet<(&str, &str)> =
                    groups.iter().map(String::as_str).zip(ids.iter().map(String::as_str)).collect();
                // Twice in one unit of work: the first is handled in it.
                admissions.extend(events.iter().map(|event| match fresh.remove(&(event.group, event.id)) {
                    true => Admission::Fresh,
                    false => Admission::Duplicate,
                }));
            }
        }
        session.0 = Some(loan);
        Ok(())
    }

    fn lend(&self, session: &mut Session<D>) -> Result<D::Tx, HandlerError> {
        let lent = session.0.as_mut().and_then(|loan| D::lend(&mut loan.connection));
        lent.ok_or_else(|| HandlerError::transient("no transaction is open"))
    }

    fn reclaimed(&self, session: &mut Session<D>) -> bool {
        session.0.as_mut().is_none_or(|loan| D::is_back(&mut loan.connection))
    }

    async fn commit(&self, session: &mut Session<D>) -> Result<(), HandlerError> {
        let Some(mut loan) = session.0.take() else { return Ok(()) };
        if loan.since.elapsed() > LONGEST_UNIT {
            return Err(HandlerError::transient("the handler held its transaction for longer than 20 hours"));
        }
        match D::commit(&mut loan.connection).await {
            Ok(()) => {
                loan.give_back();
                Ok(())
            }
            Err(error) => Err(error::of_commit::<D>(error, D::ended(&loan.connection))),
        }
    }

    async fn rollback(&self, session: &mut Session<D>) -> Result<(), HandlerError> {
        let Some(mut loan) = session.0.take() else { return Ok(()) };
        // Whoever still has the transaction could go on writing in it: the connection ends here.
        if !D::is_back(&mut loan.connection) {
            loan.close().await;
            return Ok(());
        }
        let undone = tokio::time::timeout(ROLLBACK_LIMIT, D::rollback(&mut loan.connection)).await;
        if let Ok(Ok(())) = undone {
            loan.give_back();
        }
        Ok(())
    }
}
