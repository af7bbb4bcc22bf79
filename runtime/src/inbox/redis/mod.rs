//! The inbox in Redis: an event is reserved, handled, then confirmed. At least once; twice only where something went wrong
//! between the effect and the confirmation.
//!
//! ```no_run
//! # use conecta_runtime::consumer::{Consumer, shutdown_signal};
//! # use conecta_runtime::inbox::redis::RedisInbox;
//! # async fn service(settings: conecta_runtime::kafka::KafkaSettings, handler: conecta_runtime::Registration)
//! # -> Result<(), Box<dyn std::error::Error>> {
//! let inbox = RedisInbox::new("redis://cache:6379/0")?;
//! Consumer::new(&settings, "notificaciones").on(handler).inbox(inbox).run(shutdown_signal()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! | what happens | what becomes of the event |
//! |---|---|
//! | the process dies between reserving and the effect | handled by the next, once the lease has run out |
//! | the process dies between the effect and confirming | handled again: the effect happens **twice** |
//! | the process freezes for longer than the lease | another handles it; so does the first when it thaws: **twice** |
//! | Redis is away or full | [`Dependency`](crate::FailureKind::Dependency): the consumer waits for it; where it went between the effect and the confirmation, **twice** |
//! | Redis loses what it was told: a failover to a replica that lags, a crash without `appendfsync always`, `FLUSHALL`, eviction | it is not remembered: a replay handles it **again** |
//! | two members have the same event | the second waits for the first, then skips it or handles it |
//! | the group is set back to the beginning | skipped, for as long as the inbox [remembers](RedisInbox::retention) |
//!
//! Nothing of that loses an event: one is remembered as handled only after its handler has returned `Ok`. What it cannot do is to
//! make an effect elsewhere and the event one; where an effect must not happen twice, put it in PostgreSQL together with the inbox
//! ([`postgres`](super::postgres), feature `postgres`), or make it one that can bear to.
//!
//! Each event that is remembered takes some 150 bytes for the time of the retention, and nothing else stays. Redis should have a
//! `maxmemory` for that and the policy `noeviction`: then it refuses when it is full, and consumers wait, rather than forget.

mod unit;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, FromRedisValue, IntoConnectionInfo, RedisError, RedisResult, Script};
use tokio::sync::Mutex;

pub use self::unit::RedisSession;
use self::unit::Unit;
use super::{Admission, EventKey, Inbox};
use crate::handler::HandlerError;

/// The version of the crate that [`RedisInbox::new`] speaks of.
pub use redis;

/// How long to wait before asking again for an event that another is at work on: at first, and at the most.
const WAIT: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(200));

/// Which events were handled, in Redis 6 or later, or what speaks like it. See the [module](self).
///
/// An event is a key, `conecta:{GROUP}:ID`. All of a group are in one hash slot, for a cluster's sake.
#[derive(Clone)]
pub struct RedisInbox {
    link: Arc<Link>,
    lease: Duration,
    retention: Duration,
}

impl RedisInbox {
    /// At this address, `redis://:PASSWORD@HOST:PORT/DATABASE` for one. Connects when it is first needed; connecting may take
    /// 5 s and an answer 10 s until it counts as away.
    ///
    /// # Errors
    /// When the address is none. TLS (`rediss://`) needs a feature of the crate `redis`.
    pub fn new(address: impl IntoConnectionInfo) -> Result<Self, RedisError> {
        let link = Link { client: Client::open(address)?, connection: Mutex::default(), scripts: Scripts::default() };
        Ok(Self {
            link: Arc::new(link),
            lease: Duration::from_secs(30),
            retention: Duration::from_secs(35 * 24 * 3600),
        })
    }

    /// For how long it remembers an event; 35 days unless set. A consumer does not run when a topic of its keeps records
    /// for longer. Leave room for the dead letters too, which may be given back to the group.
    #[must_use]
    pub fn retention(mut self, retention: Duration) -> Self {
        self.retention = retention.max(Duration::from_millis(1));
        self
    }

    /// For how long an event stays reserved for a process that says nothing any more, and the events behind it wait; 30 s
    /// unless set, at least 100 ms. One that is alive begins it anew at every third of it, however long its handler takes.
    #[must_use]
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(100));
        self
    }
}

impl fmt::Debug for RedisInbox {
    // Not the address: it may have a password in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisInbox")
            .field("lease", &self.lease)
            .field("retention", &self.retention)
            .finish_non_exhaustive()
    }
}

/// The connection, which all sessions share.
struct Link {
    client: Client,
    connection: Mutex<Option<MultiplexedConnection>>,
    scripts: Scripts,
}

struct Scripts {
    reserve: Script,
    confirm: Script,
    renew: Script,
    release: Script,
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            reserve: Script::new(include_str!("reserve.lua")),
            confirm: Script::new(include_str!("confirm.lua")),
            renew: Script::new(include_str!("renew.lua")),
            release: Script::new(include_str!("release.lua")),
        }
    }
}

impl Link {
    /// Runs a script on the events of a unit.
    async fn run<T: FromRedisValue>(
        &self,
        script: impl Fn(&Scripts) -> &Script,
        keys: &[String],
        token: &str,
        time: Duration,
    ) -> RedisResult<T> {
        let mut invocation = script(&self.scripts).prepare_invoke();
        for key in keys {
            invocation.key(key);
        }
        invocation.arg(token).arg(millis(time));
        let mut connection = self.connection().await?;
        let result = invocation.invoke_async(&mut connection).await;
        if result.is_err() {
            // Whatever it was, the next tries with a new one: it may be a replica by now, or half of a connection.
            *self.connection.lock().await = None;
        }
        result
    }

    async fn connection(&self) -> RedisResult<MultiplexedConnection> {
        let mut connection = self.connection.lock().await;
        if let Some(connection) = &*connection {
            return Ok(connection.clone());
        }
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(Duration::from_secs(5)))
            .set_response_timeout(Some(Duration::from_secs(10)));
        let mut new = self.client.get_multiplexed_async_connection_with_config(&config).await?;
        warn_of_eviction(&mut new).await;
        Ok(connection.insert(new).clone())
    }
}

/// A Redis that evicts forgets events. It may not be asked, as a service of a cloud for one: then nobody is warned.
async fn warn_of_eviction(connection: &mut MultiplexedConnection) {
    let asked: RedisResult<HashMap<String, String>> =
        redis::cmd("CONFIG").arg("GET").arg("maxmemory-policy").query_async(connection).await;
    let policy = asked.ok().and_then(|mut answer| answer.remove("maxmemory-policy"));
    if let Some(policy) = policy.filter(|policy| policy != "noeviction") {
        tracing::warn!(
            policy,
            "Redis may forget handled events when its memory is full: set maxmemory-policy noeviction"
        );
    }
}

/// In whole milliseconds, as Redis counts.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// Whether it says that Redis is away, rather than unhappy with a command.
pub(crate) fn is_down(error: &RedisError) -> bool {
    use redis::ServerErrorKind::{BusyLoading, ClusterDown, MasterDown, ReadOnly, TryAgain};
    error.is_io_error()
        || error.is_connection_dropped()
        || error.is_timeout()
        || matches!(
            error.kind(),
            redis::ErrorKind::Server(BusyLoading | ClusterDown | MasterDown | ReadOnly | TryAgain)
        )
}

impl Inbox for RedisInbox {
    type Session = RedisSession;
    type Context = ();

    fn remembers_for(&self) -> Option<Duration> {
        Some(self.retention)
    }

    async fn open(&self) -> Result<RedisSession, HandlerError> {
        Ok(RedisSession::default())
    }

    async fn begin(
        &self,
        session: &mut RedisSession,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        session.0 = None;
        let mut places: HashMap<EventKey<'_>, usize> = HashMap::with_capacity(events.len());
        let mut keys = Vec::with_capacity(events.len());
        for event in events {
            places.entry(*event).or_insert_with(|| {
                keys.push(format!("conecta:{{{}}}:{}", event.group, event.id));
                keys.len()
            });
        }
        // Kept before it is asked for: should this future be dropped, what it may have got is given up.
        let unit = session.0.insert(Unit::new(Arc::clone(&self.link), self.lease, keys));
        let mut wait = WAIT.0;
        let mut fresh = loop {
            match unit.reserve().await.map_err(HandlerError::dependency)? {
                Ok(fresh) => break fresh,
                Err(at_most) => tokio::time::sleep(wait.min(at_most)).await,
            }
            wait = WAIT.1.min(wait * 2);
        };
        admissions.extend(events.iter().map(|event| {
            // Twice in one unit of work: the first is handled in it.
            match places.get(event).is_some_and(|place| fresh.remove(place)) {
                true => Admission::Fresh,
                false => Admission::Duplicate,
            }
        }));
        Ok(())
    }

    fn lend(&self, _: &mut RedisSession) -> Result<(), HandlerError> {
        Ok(())
    }

    fn reclaimed(&self, _: &mut RedisSession) -> bool {
        true
    }

    async fn commit(&self, session: &mut RedisSession) -> Result<(), HandlerError> {
        match session.0.take() {
            Some(unit) => unit.confirm(self.retention).await,
            None => Ok(()),
        }
    }

    async fn rollback(&self, session: &mut RedisSession) -> Result<(), HandlerError> {
        match session.0.take() {
            Some(unit) => unit.release().await.map_err(HandlerError::dependency),
            None => Ok(()),
        }
    }
}
