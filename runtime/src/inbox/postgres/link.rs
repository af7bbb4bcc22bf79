//! Connections: made when needed, lent for one unit of work, kept for the next.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Error, Socket, Statement};

/// Locks the events, in an order of their own so that two units with the same events do not wait for each other. It is
/// a statement before [`ADMIT`] because a statement sees what was committed before it began: not what it waited for.
const LOCK: &str = "SELECT count(pg_advisory_xact_lock(key)) FROM (
    SELECT hashtextextended(event.id, hashtextextended(event.consumer_group, 0)) AS key
    FROM unnest($1::text[], $2::text[]) AS event (consumer_group, id) ORDER BY key) AS keys";

/// Records those of the events that are not there yet, and returns them. Looked for by `count(*) = 0`, which PostgreSQL
/// does by the index, event by event. For NOT EXISTS it would plan a join, with a scan of the whole table while the
/// table is small, and keep that plan until the table is analysed: a million rows later.
const ADMIT: &str = "INSERT INTO conecta_inbox (consumer_group, event_id)
    SELECT DISTINCT event.consumer_group, event.id FROM unnest($1::text[], $2::text[]) AS event (consumer_group, id)
    WHERE current_setting('conecta.unit', true) = 'begun' AND (SELECT count(*) FROM conecta_inbox AS handled
           WHERE handled.consumer_group = event.consumer_group AND handled.event_id = event.id) = 0
    RETURNING consumer_group, event_id";

type Connecting = Pin<Box<dyn Future<Output = Result<(Client, Driver), Error>> + Send>>;

/// The connections of an inbox: those at work are counted by permits, those that are not lie here.
pub(super) struct Links {
    connect: Box<dyn Fn() -> Connecting + Send + Sync>,
    idle: Mutex<Vec<Link>>,
}

impl Links {
    pub(super) fn new<T>(config: Config, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        let connect = move || -> Connecting {
            let (config, tls) = (config.clone(), tls.clone());
            Box::pin(async move {
                let (client, connection) = config.connect(tls).await?;
                let ended = Arc::new(OnceLock::new());
                let task = tokio::spawn({
                    let ended = Arc::clone(&ended);
                    async move {
                        let mut connection = pin!(connection);
                        if let Err(error) = connection.as_mut().await {
                            // Before the connection is dropped, and its client hears of it.
                            let _ = ended.set(error);
                        }
                    }
                });
                Ok((client, Driver { task: task.abort_handle(), ended }))
            })
        };
        Self { connect: Box::new(connect), idle: Mutex::default() }
    }

    /// Lends a connection: one that is idle, or a new one. Waits while all that may be are at work.
    pub(super) async fn lend(self: &Arc<Self>, permits: &Arc<Semaphore>, idle_limit: Duration) -> Result<Loan, Error> {
        // The semaphore is never closed; should it be, one connection too many does no harm.
        let permit = Arc::clone(permits).acquire_owned().await.ok();
        let link = match self.take_idle() {
            Some(link) => link,
            None => self.connect(idle_limit).await?,
        };
        Ok(Loan { link, links: Arc::clone(self), locks: None, _permit: permit })
    }

    /// A connection that is not among those counted.
    pub(super) async fn client(&self) -> Result<(Client, Driver), Error> {
        (self.connect)().await
    }

    fn take_idle(&self) -> Option<Link> {
        let mut idle = self.idle();
        // All of them end when the server does.
        idle.retain(|link| !link.client.is_closed());
        idle.pop()
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Link>> {
        // A list of connections is whole after every step.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, idle_limit: Duration) -> Result<Link, Error> {
        let (client, driver) = (self.connect)().await?;
        let limit = idle_limit.as_millis();
        client.batch_execute(&format!("SET idle_in_transaction_session_timeout = {limit}")).await?;
        // So that a statement ends with the process or the handler that wanted it, and not when it has done its work. Some
        // systems cannot do that; there it is refused.
        let _ = client.batch_execute("SET client_connection_check_interval = '1s'").await;
        let types = [Type::TEXT_ARRAY, Type::TEXT_ARRAY];
        let lock = client.prepare_typed(LOCK, &types).await?;
        let admit = client.prepare_typed(ADMIT, &types).await?;
        Ok(Link { client: Arc::new(client), lock, admit, driver })
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("idle", &self.idle().len()).finish_non_exhaustive()
    }
}

/// A connection with the inbox's statements prepared.
pub(super) struct Link {
    pub(super) client: Arc<Client>,
    pub(super) lock: Statement,
    pub(super) admit: Statement,
    pub(super) driver: Driver,
}

/// The task behind a connection. The connection ends with this value, whoever may still hold the client; and PostgreSQL
/// rolls back what was under way.
pub(super) struct Driver {
    task: AbortHandle,
    /// Why the server ended the connection.
    pub(super) ended: Arc<OnceLock<Error>>,
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A connection at work. Dropped, it is ended; [`give_back`](Self::give_back) keeps it.
pub(super) struct Loan {
    pub(super) link: Link,
    links: Arc<Links>,
    /// For the events that it locks.
    pub(super) locks: Option<OwnedSemaphorePermit>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Loan {
    /// For the next unit of work. Nothing may be under way on it.
    pub(super) fn give_back(self) {
        let Self { link, links, .. } = self;
        links.idle().push(link);
    }
}

impl fmt::Debug for Loan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan").finish_non_exhaustive()
    }
}
