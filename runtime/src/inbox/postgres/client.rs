//! The inbox over tokio-postgres.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error as _;
use std::fmt;
use std::ops::Deref;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::task::AbortHandle;
use tokio_postgres::tls::{MakeTlsConnect, TlsConnect};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Client, Config, Error, NoTls, Socket, Statement};

use super::driver::{Admitted, Driver};
use super::{ANSWER_LIMIT, COMMIT, CONNECT_LIMIT, TransactionalInbox};

/// Which events were handled, in PostgreSQL, over tokio-postgres. See the [module](super).
///
/// It needs the table and the function of [`DDL`](TransactionalInbox::DDL), in the first schema of the connection's `search_path`.
pub type PostgresInbox = TransactionalInbox<TokioPostgres>;

impl PostgresInbox {
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
            config.connect_timeout(CONNECT_LIMIT);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(ANSWER_LIMIT);
        }
        Self::over(TokioPostgres::new(config, tls))
    }
}

type Connecting = Pin<Box<dyn Future<Output = Result<Connection, Error>> + Send>>;

/// tokio-postgres.
pub struct TokioPostgres(Box<dyn Fn() -> Connecting + Send + Sync>);

impl TokioPostgres {
    fn new<T>(config: Config, tls: T) -> Self
    where
        T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
        T::Stream: Send,
        T::TlsConnect: Send,
        <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
    {
        Self(Box::new(move || {
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
                let task = Task { handle: task.abort_handle(), ended };
                let shared = Shared { client, prepared: Mutex::default() };
                Ok(Connection { shared: Arc::new(shared), admit: None, task })
            })
        }))
    }
}

impl fmt::Debug for TokioPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioPostgres").finish_non_exhaustive()
    }
}

/// A connection, with the inbox's statement once it is prepared.
pub struct Connection {
    shared: Arc<Shared>,
    admit: Option<Statement>,
    task: Task,
}

/// What is lent of a connection.
struct Shared {
    client: Client,
    /// The handlers' statements, by their text.
    prepared: Mutex<HashMap<String, Statement>>,
}

/// The task behind a connection. The connection ends with this value, whoever may still hold the client.
struct Task {
    handle: AbortHandle,
    /// Why the server ended the connection.
    ended: Arc<OnceLock<Error>>,
}

impl Drop for Task {
    fn drop(&mut self) {
        self.handle.abort();
    }
}

impl Driver for TokioPostgres {
    type Connection = Connection;
    type Tx = Tx;
    type Error = Error;

    async fn connect(&self) -> Result<Connection, Error> {
        (self.0)().await
    }

    async fn run(connection: &mut Connection, sql: &str) -> Result<(), Error> {
        connection.shared.client.batch_execute(sql).await
    }

    async fn admit(
        connection: &mut Connection,
        begin: &'static str,
        admit: &'static str,
        groups: &[&str],
        ids: &[&str],
    ) -> Result<Admitted, Error> {
        let client = &connection.shared.client;
        let admit = match &connection.admit {
            Some(prepared) => prepared,
            None => {
                let prepared = client.prepare_typed(admit, &[Type::TEXT_ARRAY, Type::TEXT_ARRAY]).await?;
                connection.admit.insert(prepared)
            }
        };
        let parameters: [&(dyn ToSql + Sync); 2] = [&groups, &ids];
        // Both are sent at once, in this order, and carried out one after the other.
        let (begun, fresh) = tokio::join!(
            biased;
            client.batch_execute(begin),
            client.query_one(admit, &parameters),
        );
        begun?;
        let fresh = fresh?;
        Ok((fresh.try_get(0)?, fresh.try_get(1)?))
    }

    fn lend(connection: &mut Connection) -> Option<Tx> {
        Some(Tx(Arc::clone(&connection.shared)))
    }

    fn is_back(connection: &mut Connection) -> bool {
        Arc::get_mut(&mut connection.shared).is_some()
    }

    async fn commit(connection: &mut Connection) -> Result<(), Error> {
        connection.shared.client.batch_execute(COMMIT).await
    }

    async fn rollback(connection: &mut Connection) -> Result<(), Error> {
        connection.shared.client.batch_execute("ROLLBACK").await
    }

    async fn close(&self, connection: Connection) {
        drop(connection);
    }

    fn ended(connection: &Connection) -> Option<&Error> {
        connection.task.ended.get()
    }

    fn state(error: &Error) -> Option<Cow<'_, str>> {
        error.code().map(|state| state.code().into())
    }

    fn is_cut(error: &Error) -> bool {
        error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>())
    }
}

/// The transaction in which the event, or each of a batch, is recorded as handled: what a handler does in it happens once, with
/// the event.
///
/// Reads as the [`Client`] that is in the transaction, so `caso.tx().execute(…)`, `.query(…)` and the like work (see
/// [`prepare_cached`](Self::prepare_cached) for statements that every event takes), and `&**caso.tx()` is a [`GenericClient`](tokio_postgres::GenericClient) for code that takes one. Its level of isolation
/// is READ COMMITTED.
///
/// The consumer commits when the handler returns `Ok`, and rolls back when it fails, when it keeps this value beyond its
/// return, when a statement failed and the handler went on regardless, and when it ended the transaction itself. A
/// statement that may fail belongs behind a `SAVEPOINT`.
pub struct Tx(Arc<Shared>);

impl Tx {
    /// A statement that is prepared once a connection, rather than once an event: by its text, of which 256 are kept. It saves the
    /// database the planning, and the handler a round trip.
    ///
    /// ```no_run
    /// # use conecta_runtime::{Delivery, HandlerError, inbox::postgres::Tx};
    /// # async fn handle(caso: Delivery<i64, Tx>) -> Result<(), HandlerError> {
    /// let statement = caso.tx().prepare_cached("INSERT INTO derivaciones (caso_id) VALUES ($1)").await?;
    /// caso.tx().execute(&statement, &[&caso.event]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`Client::prepare`].
    pub async fn prepare_cached(&self, sql: &str) -> Result<Statement, Error> {
        if let Some(known) = self.prepared().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.0.client.prepare(sql).await?;
        let mut prepared = self.prepared();
        // Whoever puts values into texts prepares each once: none of them is worth being kept.
        if prepared.len() >= PREPARED {
            prepared.clear();
        }
        prepared.insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn prepared(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        // It is whole after every step.
        self.0.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many statements of handlers a connection keeps.
const PREPARED: usize = 256;

impl Deref for Tx {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0.client
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl<E> crate::Delivery<E, Tx> {
    /// The transaction of this event.
    pub fn tx(&self) -> &Tx {
        self.context()
    }
}

impl<E> crate::Batch<E, Tx> {
    /// The transaction of all its events.
    pub fn tx(&self) -> &Tx {
        self.context()
    }
}
