//! The inbox over sqlx: the same table, the same functions, the same promises as over tokio-postgres, so that members of one
//! group may differ in their driver.
//!
//! ```no_run
//! # use conecta_runtime::inbox::postgres::sqlx::{SqlxInbox, Tx, sqlx};
//! # use conecta_runtime::{Delivery, HandlerError};
//! # struct Order { id: i64 }
//! async fn handle(mut order: Delivery<Order, Tx>) -> Result<(), HandlerError> {
//!     sqlx::query("INSERT INTO orders (id) VALUES ($1)").bind(order.id).execute(order.tx()).await?;
//!     Ok(())
//! }
//! # fn inbox(pool: sqlx::PgPool) -> SqlxInbox {
//! SqlxInbox::new(pool.connect_options().as_ref().clone())
//! # }
//! ```

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use ::sqlx::postgres::{PgConnectOptions, PgConnection, PgTransactionManager};
use ::sqlx::{AssertSqlSafe, Connection as _, Error, SqlStr};
use sqlx_core::transaction::TransactionManager as _;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::timeout;

use super::driver::{Admitted, Driver};
use super::{CONNECT_LIMIT, TransactionalInbox, WHOLE};

/// The version of sqlx that [`Tx`] and [`SqlxInbox::new`] speak of.
pub use ::sqlx;

/// Which events were handled, in PostgreSQL, over sqlx. See the [module](self).
///
/// It needs the table and the function of [`DDL`](TransactionalInbox::DDL), in the first schema of the connection's `search_path`.
pub type SqlxInbox = TransactionalInbox<Sqlx>;

impl SqlxInbox {
    /// In the database that `options` lead to; those of a pool are its [`connect_options`](sqlx::Pool::connect_options). Its
    /// connections are its own, so that handlers which wait for the pool's do not keep it waiting. Connects when it is first
    /// needed, with TLS where `options` say so and sqlx was built with it.
    ///
    /// Connecting may take 5 s until the database counts as away. How long a network that swallows everything is taken for a
    /// slow database is the system's affair: sqlx sets no bound there, tokio-postgres does.
    #[must_use]
    pub fn new(options: PgConnectOptions) -> Self {
        Self::over(Sqlx { options })
    }
}

const OPEN: &str = "a transaction that the handler began in its own was neither committed nor rolled back";

/// sqlx.
#[derive(Debug)]
pub struct Sqlx {
    options: PgConnectOptions,
}

/// A connection, and the server's process behind it.
#[derive(Debug)]
pub struct Connection {
    inner: Arc<Mutex<PgConnection>>,
    process: i32,
}

async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    let late = || Error::Io(std::io::ErrorKind::TimedOut.into());
    timeout(CONNECT_LIMIT, PgConnection::connect_with(options)).await.map_err(|_| late())?
}

impl Driver for Sqlx {
    type Connection = Connection;
    type Tx = Tx;
    type Error = Error;

    async fn connect(&self) -> Result<Connection, Error> {
        let mut connection = connect(&self.options).await?;
        let process = ::sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut connection).await?;
        Ok(Connection { inner: Arc::new(Mutex::new(connection)), process })
    }

    async fn run(connection: &mut Connection, sql: &str) -> Result<(), Error> {
        run(&mut *connection.inner.lock().await, sql).await
    }

    async fn admit(
        connection: &mut Connection,
        begin: &'static str,
        admit: &'static str,
        groups: &[&str],
        ids: &[&str],
    ) -> Result<Admitted, Error> {
        let mut connection = connection.inner.lock().await;
        // By sqlx's own means, so that a handler's `begin` in it is a SAVEPOINT.
        PgTransactionManager::begin(&mut connection, Some(SqlStr::from_static(begin))).await?;
        ::sqlx::query_as(admit).bind(groups).bind(ids).fetch_one(&mut *connection).await
    }

    fn lend(connection: &mut Connection) -> Option<Tx> {
        Some(Tx(Arc::clone(&connection.inner).try_lock_owned().ok()?))
    }

    fn is_back(connection: &mut Connection) -> bool {
        Arc::get_mut(&mut connection.inner).is_some()
    }

    async fn commit(connection: &mut Connection) -> Result<(), Error> {
        let mut connection = connection.inner.lock().await;
        run(&mut connection, WHOLE).await?;
        // Then sqlx would end that one, and nothing would be committed.
        if PgTransactionManager::get_transaction_depth(&connection) != 1 {
            return Err(Error::InvalidArgument(OPEN.into()));
        }
        PgTransactionManager::commit(&mut connection).await
    }

    async fn rollback(connection: &mut Connection) -> Result<(), Error> {
        let mut connection = connection.inner.lock().await;
        if PgTransactionManager::get_transaction_depth(&connection) != 1 {
            return Err(Error::InvalidArgument(OPEN.into()));
        }
        PgTransactionManager::rollback(&mut connection).await
    }

    /// Whoever has it could go on writing: only the server can end it then.
    async fn close(&self, mut connection: Connection) {
        if Self::is_back(&mut connection) {
            return;
        }
        let ended = async {
            let mut another = connect(&self.options).await?;
            let end = ::sqlx::query("SELECT pg_terminate_backend($1)").bind(connection.process);
            end.execute(&mut another).await
        };
        if let Err(error) = ended.await {
            tracing::warn!(
                ?error,
                "a transaction that a handler kept is left to the server, which ends it when it is idle"
            );
        }
    }

    /// It is heard with the next statement.
    fn ended(_: &Connection) -> Option<&Error> {
        None
    }

    fn state(error: &Error) -> Option<Cow<'_, str>> {
        error.as_database_error()?.code()
    }

    fn is_cut(error: &Error) -> bool {
        matches!(error, Error::Io(_) | Error::PoolTimedOut | Error::PoolClosed | Error::WorkerCrashed)
    }
}

async fn run(connection: &mut PgConnection, sql: &str) -> Result<(), Error> {
    // Statements of the inbox's own, in which nothing comes from outside but numbers.
    ::sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.map(drop)
}

/// The transaction in which the event, or each of a batch, is recorded as handled: what a handler does in it happens once, with
/// the event.
///
/// Reads as the [`PgConnection`] that is in the transaction, as [`sqlx::Transaction`] does: `query.execute(caso.tx())`, and
/// `&mut *tx` where one has the value itself, by `split`. `begin` on it is a SAVEPOINT. Its level of isolation is READ COMMITTED.
///
/// The consumer commits when the handler returns `Ok`, and rolls back when it fails, when it keeps this value beyond its
/// return, when a statement failed and the handler went on regardless, and when it ended the transaction itself. A
/// statement that may fail belongs into a transaction begun in this one.
pub struct Tx(OwnedMutexGuard<PgConnection>);

impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        &self.0
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.0
    }
}

impl fmt::Debug for Tx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tx").finish_non_exhaustive()
    }
}

impl<E> crate::Delivery<E, Tx> {
    /// The transaction of this event.
    pub fn tx(&mut self) -> &mut PgConnection {
        self.context_mut()
    }
}

impl<E> crate::Batch<E, Tx> {
    /// The transaction of all its events.
    pub fn tx(&mut self) -> &mut PgConnection {
        self.context_mut()
    }
}
