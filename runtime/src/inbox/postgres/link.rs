//! Connections: made when needed, lent for one unit of work, kept for the next.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::driver::Driver;

/// The connections of an inbox: those at work are counted by permits, those that are not lie here.
pub(super) struct Links<D: Driver> {
    pub(super) driver: D,
    idle: Mutex<Vec<D::Connection>>,
}

impl<D: Driver> Links<D> {
    pub(super) fn new(driver: D) -> Self {
        Self { driver, idle: Mutex::default() }
    }

    /// Lends a connection: one that is idle, or a new one. Waits while all that may be are at work.
    pub(super) async fn lend(
        self: &Arc<Self>,
        permits: &Arc<Semaphore>,
        idle_limit: Duration,
    ) -> Result<Loan<D>, D::Error> {
        // The semaphore is never closed; should it be, one connection too many does no harm.
        let permit = Arc::clone(permits).acquire_owned().await.ok();
        let idle = self.idle().pop();
        let is_new = idle.is_none();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect(idle_limit).await?,
        };
        Ok(Loan { connection, is_new, links: Arc::clone(self), since: Instant::now(), _permit: permit })
    }

    /// Closes those that are not at work: all of them end when the server does.
    pub(super) fn close_idle(&self) {
        let idle = std::mem::take(&mut *self.idle());
        drop(idle);
    }

    fn idle(&self) -> MutexGuard<'_, Vec<D::Connection>> {
        // A list of connections is whole after every step.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connect(&self, idle_limit: Duration) -> Result<D::Connection, D::Error> {
        let mut connection = self.driver.connect().await?;
        let limit = idle_limit.as_millis();
        D::run(&mut connection, &format!("SET idle_in_transaction_session_timeout = {limit}")).await?;
        // So that a statement ends with the process or the handler that wanted it, and not when it has done its work. Some
        // systems cannot do that; there it is refused.
        let _ = D::run(&mut connection, "SET client_connection_check_interval = '1s'").await;
        Ok(connection)
    }
}

impl<D: Driver> fmt::Debug for Links<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("idle", &self.idle().len()).finish_non_exhaustive()
    }
}

/// A connection at work. Dropped, it is ended; [`give_back`](Self::give_back) keeps it.
pub(super) struct Loan<D: Driver> {
    pub(super) connection: D::Connection,
    /// Whether it was made for this.
    pub(super) is_new: bool,
    links: Arc<Links<D>>,
    /// When it was lent.
    pub(super) since: Instant,
    _permit: Option<OwnedSemaphorePermit>,
}

impl<D: Driver> Loan<D> {
    /// For the next unit of work. Nothing may be under way on it.
    pub(super) fn give_back(self) {
        let Self { connection, links, .. } = self;
        links.idle().push(connection);
    }

    /// Ends it, whoever may still have what was lent.
    pub(super) async fn close(self) {
        let Self { connection, links, _permit, .. } = self;
        links.driver.close(connection).await;
    }
}

impl<D: Driver> fmt::Debug for Loan<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loan").finish_non_exhaustive()
    }
}
