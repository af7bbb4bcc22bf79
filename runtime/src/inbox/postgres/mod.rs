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

mod error;
mod link;
mod tx;

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OnceCell, Semaphore};
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Config, NoTls, Socket};

pub(crate) use self::error::is_down;
use self::link::{Links, Loan};
pub use self::tx::Tx;
use super::{Admission, EventKey, Inbox};
use crate::handler::HandlerError;

/// The version of tokio-postgres that [`Tx`] and [`PostgresInbox::new`] speak of.
pub use tokio_postgres;

/// READ COMMITTED whatever the database's default is: an event that was waited for must be seen once it is committed. The
/// setting is what `conecta_inbox_admit` asks for.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL conecta.unit = 'begun'";

/// COMMIT alone answers well even when a statement had failed before, and rolls back; and when there was no transaction
/// any more. SAVEPOINT is refused in both cases, and the COMMIT behind it is not carried out then.
const COMMIT: &str = "SAVEPOINT conecta_whole; COMMIT";

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

/// Which events were handled, in PostgreSQL. See the [module](self).
///
/// It needs the table and the function of [`DDL`](Self::DDL), in the first schema of the connection's `search_path`.
pub struct PostgresInbox {
    links: Arc<Links>,
    permits: Arc<Semaphore>,
    retention: Duration,
    idle_limit: Duration,
    maintained: OnceCell<()>,
    maintenance_due: Mutex<Instant>,
}

impl PostgresInbox {
    /// What [`migrate`](Self::migrate) runs, for those who have a way of their own to bring it into the database.
    pub const DDL: &'static str = include_str!("inbox.sql");

    /// In the database that `config` leads to, without TLS. Connects when it is first needed.
    ///
    /// Where `config` sets neither, connecting may take 5 s and an answer 10 s until the database counts as away.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self::with_tls(config, NoTls)
    }

    /// The same with TLS, by one of the crates that tokio-postgres names for it.
    #[must_use]
    pub fn with_tls<T>(mut config: Config, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(Duration::from_secs(10));
        }
        Self {
            links: Arc::new(Links::new(config, tls)),
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
    pub async fn migrate(&self) -> Result<(), tokio_postgres::Error> {
        let (client, _driver) = self.links.client().await?;
        // Two that create the same at one time fail, in spite of IF NOT EXISTS.
        let lock = "SELECT pg_advisory_xact_lock(hashtextextended('conecta_inbox migrate', 0))";
        client.batch_execute(&format!("BEGIN; {lock}; {} COMMIT", Self::DDL)).await?;
        self.maintained.get_or_try_init(|| self.look_after_partitions(&client)).await?;
        Ok(())
    }

    async fn look_after_partitions(&self, client: &Client) -> Result<(), tokio_postgres::Error> {
        let retention = self.retention.as_secs();
        client.batch_execute(&format!("SELECT conecta_inbox_maintain('{retention} seconds')")).await
    }

    /// Makes and drops partitions: before the first unit of work, for which the others wait, and once an hour. That it
    /// fails keeps nobody from working: partitions are made ahead, and may be another user's affair.
    async fn maintain(&self, client: &Client) {
        self.maintained.get_or_init(|| self.look_after_partitions_or_warn(client)).await;
        {
            let mut due = self.maintenance_due();
            let now = Instant::now();
            if now < *due {
                return;
            }
            // Whoever sets it goes; the others go on.
            *due = now + MAINTENANCE;
        }
        self.look_after_partitions_or_warn(client).await;
    }

    async fn look_after_partitions_or_warn(&self, client: &Client) {
        if let Err(error) = self.look_after_partitions(client).await {
            tracing::warn!(?error, "the inbox's partitions could not be looked after; trying again in a minute");
            *self.maintenance_due() = Instant::now() + MAINTENANCE_RETRY;
        }
    }

    fn maintenance_due(&self) -> MutexGuard<'_, Instant> {
        // An instant is whole.
        self.maintenance_due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn lend_link(&self) -> Result<Loan, HandlerError> {
        let lent = self.links.lend(&self.permits, self.idle_limit).await;
        lent.map_err(error::of_inbox)
    }

    /// Begins a transaction and records the events in it. Gives groups and identifiers of those that were not there, or
    /// nothing when that is all of them.
    async fn admit(
        &self,
        loan: &Loan,
        events: &[EventKey<'_>],
    ) -> Result<Option<(Vec<String>, Vec<String>)>, tokio_postgres::Error> {
        let link = &loan.link;
        let groups: Vec<&str> = events.iter().map(|event| event.group).collect();
        let ids: Vec<&str> = events.iter().map(|event| event.id).collect();
        let parameters: [&(dyn ToSql + Sync); 2] = [&groups, &ids];
        // Both are sent at once, in this order, and carried out one after the other.
        let (begun, fresh) = tokio::join!(
            biased;
            link.client.batch_execute(BEGIN),
            link.client.query_one(&link.admit, &parameters),
        );
        begun?;
        let fresh = fresh?;
        let (groups, ids): (Option<_>, Option<_>) = (fresh.try_get(0)?, fresh.try_get(1)?);
        Ok(groups.zip(ids))
    }
}

impl fmt::Debug for PostgresInbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresInbox")
            .field("links", &self.links)
            .field("retention", &self.retention)
            .field("idle_limit", &self.idle_limit)
            .finish_non_exhaustive()
    }
}

/// A lane's unit of work. Has a connection while a transaction is open; dropped in the middle, the connection is ended
/// and PostgreSQL rolls back.
#[derive(Debug, Default)]
pub struct PostgresSession(Option<Loan>);

impl Inbox for PostgresInbox {
    type Session = PostgresSession;
    type Context = Tx;
    const UNDOES: bool = true;

    fn remembers_for(&self) -> Option<Duration> {
        Some(self.retention)
    }

    async fn open(&self) -> Result<PostgresSession, HandlerError> {
        Ok(PostgresSession(None))
    }

    async fn begin(
        &self,
        session: &mut PostgresSession,
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
        let loan = self.lend_link().await?;
        self.maintain(&loan.link.client).await;
        let fresh = self.admit(&loan, events).await.map_err(error::of_inbox)?;
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

    fn lend(&self, session: &mut PostgresSession) -> Result<Tx, HandlerError> {
        let loan = session.0.as_ref().ok_or_else(|| HandlerError::transient("no transaction is open"))?;
        Ok(Tx(Arc::clone(&loan.link.client)))
    }

    fn reclaimed(&self, session: &mut PostgresSession) -> bool {
        session.0.as_mut().is_none_or(|loan| Arc::get_mut(&mut loan.link.client).is_some())
    }

    async fn commit(&self, session: &mut PostgresSession) -> Result<(), HandlerError> {
        let Some(loan) = session.0.take() else { return Ok(()) };
        if loan.since.elapsed() > LONGEST_UNIT {
            return Err(HandlerError::transient("the handler held its transaction for longer than 20 hours"));
        }
        match loan.link.client.batch_execute(COMMIT).await {
            Ok(()) => {
                loan.give_back();
                Ok(())
            }
            Err(error) => Err(error::of_commit(error, loan.link.driver.ended.get())),
        }
    }

    async fn rollback(&self, session: &mut PostgresSession) -> Result<(), HandlerError> {
        let Some(mut loan) = session.0.take() else { return Ok(()) };
        // Whoever still has the client could go on writing, outside of any transaction: the connection ends here.
        if Arc::get_mut(&mut loan.link.client).is_none() {
            return Ok(());
        }
        let undone = tokio::time::timeout(ROLLBACK_LIMIT, loan.link.client.batch_execute("ROLLBACK")).await;
        if let Ok(Ok(())) = undone {
            loan.give_back();
        }
        Ok(())
    }
}
