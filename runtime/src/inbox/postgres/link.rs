//! Connections: made when needed, lent for one unit of work, kept for the next.

use std::fmt;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::AbortHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config, Error, Socket, Statement};

/// Records those of the events that are not there yet, and returns them; nulls when that is all of them.
const ADMIT: &str = "SELECT fresh_groups, fresh_ids FROM conecta_inbox_admit($1, $2)";

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
        Ok(Loan { link, links: Arc::clone(self), since: Instant::now(), _permit: permit })
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
        let admit = client.prepare_typed(ADMIT, &[Type::TEXT_ARRAY, Type::TEXT_ARRAY]).await?;
        Ok(Link { client: Arc::new(client), admit, driver })
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("idle", &self.idle().len()).finish_non_exhaustive()
    }
}

/// A connection with the inbox's statement prepared.
pub(super) struct Link {
    pub(super) client: Arc<Client>,
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
    /// When it was lent.
    pub(super) since: Instant,
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
