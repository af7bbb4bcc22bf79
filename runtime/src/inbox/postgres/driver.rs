//! What an inbox in PostgreSQL asks of a driver. What it says to the database is the same over each.

use std::borrow::Cow;
use std::error::Error;
use std::future::Future;

/// A crate that speaks to PostgreSQL.
pub trait Driver: Send + Sync + 'static {
    /// One connection. Dropped, it is closed; and PostgreSQL rolls back what was under way.
    type Connection: Send + 'static;
    /// What a handler is lent: a connection's transaction.
    type Tx: Send + 'static;
    /// What it fails with.
    type Error: Error + Send + Sync + 'static;

    /// Connects, or fails within some seconds.
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, Self::Error>> + Send;

    /// Runs statements without parameters.
    fn run(connection: &mut Self::Connection, sql: &str) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Begins a transaction with `begin` and records the events in it by `admit`, a statement with two parameters and two
    /// results, all of them arrays of text.
    fn admit(
        connection: &mut Self::Connection,
        begin: &'static str,
        admit: &'static str,
        groups: &[&str],
        ids: &[&str],
    ) -> impl Future<Output = Result<Admitted, Self::Error>> + Send;

    /// Lends the transaction; `None` while it is lent.
    fn lend(connection: &mut Self::Connection) -> Option<Self::Tx>;

    /// Whether nobody has what was lent any more.
    fn is_back(connection: &mut Self::Connection) -> bool;

    /// Commits if the transaction that was begun is whole, and fails otherwise.
    fn commit(connection: &mut Self::Connection) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Rolls back.
    fn rollback(connection: &mut Self::Connection) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Closes a connection, whoever may still have what was lent.
    fn close(&self, connection: Self::Connection) -> impl Future<Output = ()> + Send;

    /// Why the server has ended the connection, where it said so before anyone asked.
    fn ended(connection: &Self::Connection) -> Option<&Self::Error>;

    /// The server's [code](https://www.postgresql.org/docs/current/errcodes-appendix.html) of an error, if the server said it.
    fn state(error: &Self::Error) -> Option<Cow<'_, str>>;

    /// Whether an error without a code says that the connection is gone.
    fn is_cut(error: &Self::Error) -> bool;
}

/// Groups and identifiers of the events that were not there; nothing when that is all of them.
pub type Admitted = (Option<Vec<String>>, Option<Vec<String>>);
