//! A unit of work: events that are reserved under one token, for as long as the process lives.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::RedisResult;
use tokio::runtime::Handle;
use tokio::task::AbortHandle;

use super::Link;
use crate::handler::HandlerError;

/// A lane's unit of work. Dropped in the middle, its events are given up.
#[derive(Debug, Default)]
pub struct RedisSession(pub(super) Option<Unit>);

pub(super) struct Unit {
    link: Arc<Link>,
    lease: Duration,
    /// What stands at the events' keys while it is at work.
    token: Arc<str>,
    /// The events, each once; shared with who renews the lease.
    keys: Arc<[String]>,
    /// Those that are reserved.
    reserved: Arc<[String]>,
    keeper: Option<AbortHandle>,
    settled: bool,
}

impl Unit {
    pub(super) fn new(link: Arc<Link>, lease: Duration, keys: Vec<String>) -> Self {
        let token = crate::new_event_id().into();
        let keys: Arc<[String]> = keys.into();
        // Until the answer says which they are, any may be.
        Self { link, lease, token, reserved: Arc::clone(&keys), keys, keeper: None, settled: false }
    }

    /// Reserves those events that were not handled: all of them or, when another unit is at work on one, none. Gives their
    /// places, from 1; or for how long the other has its own at the most, unless it lives.
    pub(super) async fn reserve(&mut self) -> RedisResult<Result<HashSet<usize>, Duration>> {
        let answer: Vec<u64> = self.link.run(|of| &of.reserve, &self.keys, &self.token, self.lease).await?;
        match *answer {
            [] | [0] => {
                self.settled = true;
                Ok(Ok(HashSet::new()))
            }
            [0, ref fresh @ ..] => {
                let fresh: HashSet<usize> = fresh.iter().filter_map(|place| usize::try_from(*place).ok()).collect();
                let reserved = self.keys.iter().zip(1..).filter(|(_, place)| fresh.contains(place));
                self.reserved = reserved.map(|(key, _)| key.clone()).collect();
                self.keeper = Some(self.keep());
                Ok(Ok(fresh))
            }
            [at_most, ..] => Ok(Err(Duration::from_millis(at_most))),
        }
    }

    /// Renews the lease for as long as the unit is at work.
    fn keep(&self) -> AbortHandle {
        let (link, lease) = (Arc::clone(&self.link), self.lease);
        let (token, keys) = (Arc::clone(&self.token), Arc::clone(&self.reserved));
        let renewing = async move {
            loop {
                tokio::time::sleep(lease / 3).await;
                // What is lost by a failure is found out at the end.
                let _: RedisResult<()> = link.run(|of| &of.renew, &keys, &token, lease).await;
            }
        };
        tokio::spawn(renewing).abort_handle()
    }

    /// The events are handled.
    pub(super) async fn confirm(mut self, retention: Duration) -> Result<(), HandlerError> {
        if std::mem::replace(&mut self.settled, true) {
            return Ok(());
        }
        let confirm = async || self.link.run(|of| &of.confirm, &self.reserved, &self.token, retention).await;
        // The effects have happened: what is not recorded now happens twice. A connection that has ended is often mended by
        // another; a second answer harms nothing.
        let lost: u64 = match confirm().await {
            Ok(lost) => lost,
            Err(_) => confirm().await.map_err(HandlerError::dependency)?,
        };
        match lost {
            0 => Ok(()),
            lost => Err(HandlerError::transient(format!(
                "the lease ran out and another member is at work on {lost} of the events: they may have been handled twice"
            ))),
        }
    }

    /// The events were not handled.
    pub(super) async fn release(mut self) -> RedisResult<()> {
        if std::mem::replace(&mut self.settled, true) {
            return Ok(());
        }
        self.link.run(|of| &of.release, &self.reserved, &self.token, self.lease).await
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        if let Some(keeper) = &self.keeper {
            keeper.abort();
        }
        // Without a runtime the lease runs out.
        if let (false, Ok(runtime)) = (self.settled, Handle::try_current()) {
            let (link, lease) = (Arc::clone(&self.link), self.lease);
            let (token, keys) = (Arc::clone(&self.token), Arc::clone(&self.reserved));
            runtime.spawn(async move {
                let _: RedisResult<()> = link.run(|of| &of.release, &keys, &token, lease).await;
            });
        }
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unit").field("events", &self.reserved.len()).finish_non_exhaustive()
    }
}
