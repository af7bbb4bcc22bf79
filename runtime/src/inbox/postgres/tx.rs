//! The transaction that a handler is lent.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use tokio_postgres::Client;

/// The transaction in which the event, or each of a batch, is recorded as handled: what a handler does in it happens once, with
/// the event.
///
/// Reads as the [`Client`] that is in the transaction, so `caso.tx().execute(…)`, `.query(…)` and the like work, and
/// `&**caso.tx()` is a [`GenericClient`](tokio_postgres::GenericClient) for code that takes one. Its level of isolation
/// is READ COMMITTED.
///
/// The consumer commits when the handler returns `Ok`, and rolls back when it fails, when it keeps this value beyond its
/// return, when a statement failed and the handler went on regardless, and when it ended the transaction itself. A
/// statement that may fail belongs behind a `SAVEPOINT`.
pub struct Tx(pub(super) Arc<Client>);

impl Deref for Tx {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.0
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
