//! Looks for topics that are to be read as soon as they exist: those through which dead letters are brought back.
//!
//! librdkafka itself would look every five minutes for a topic that is missing, and complain of it each time.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaResult;

use super::rebalance::Rebalances;
use crate::consumer::pool::Pool;

/// How often it looks. Each time costs a small question for each topic that is missing.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long it looks, at most, before the consumer begins.
const FIRST: Duration = Duration::from_secs(5);

/// What is subscribed, and a thread that looks for the rest.
pub(super) struct Lookout {
    news: Arc<News>,
    /// Dropped to end the thread.
    _stop: Sender<()>,
}

struct News {
    topics: Mutex<Topics>,
    unread: AtomicBool,
}

struct Topics {
    there: Vec<String>,
    missing: Vec<String>,
}

impl Lookout {
    /// Starts the thread. It lets go of the consumer when the lookout is dropped.
    ///
    /// `always` is subscribed whether it exists or not, `once_there` as soon as it does.
    pub(super) fn start(
        consumer: Arc<BaseConsumer<Rebalances>>,
        pool: Arc<Pool>,
        always: Vec<String>,
        once_there: Vec<String>,
    ) -> io::Result<(Self, JoinHandle<()>)> {
        let (stop, stopped) = channel();
        let topics = Mutex::new(Topics { there: always, missing: once_there });
        let news = Arc::new(News { topics, unread: AtomicBool::new(false) });
        let thread = {
            let news = Arc::clone(&news);
            thread::Builder::new().name("conecta-lookout".into()).spawn(move || {
                news.look(&consumer, FIRST);
                // Found or not: the consumer waits for the first look.
                news.tell(&pool);
                while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                    if news.look(&consumer, INTERVAL) {
                        news.tell(&pool);
                    }
                }
            })?
        };
        Ok((Self { news, _stop: stop }, thread))
    }

    /// Subscribes to what has been found since the last call. To be called by the poll thread, which alone subscribes.
    pub(super) fn subscribe(&self, consumer: &BaseConsumer<Rebalances>) -> KafkaResult<()> {
        if !self.news.unread.swap(false, Ordering::Acquire) {
            return Ok(());
        }
        let topics = self.news.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let names: Vec<&str> = topics.there.iter().map(String::as_str).collect();
        consumer.subscribe(&names)
    }
}

impl News {
    fn tell(&self, pool: &Pool) {
        self.unread.store(true, Ordering::Release);
        pool.wake();
    }

    /// Looks for what is missing, for so long at most. Returns whether something was found.
    fn look(&self, consumer: &BaseConsumer<Rebalances>, limit: Duration) -> bool {
        let missing = self.topics.lock().unwrap_or_else(PoisonError::into_inner).missing.clone();
        let end = Instant::now() + limit;
        let mut found = false;
        for name in missing {
            let Some(left) = end.checked_duration_since(Instant::now()) else { break };
            let Ok(metadata) = consumer.fetch_metadata(Some(&name), left) else { break };
            if metadata.topics().iter().any(|topic| topic.error().is_none() && !topic.partitions().is_empty()) {
                let mut topics = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
                topics.missing.retain(|missing| *missing != name);
                topics.there.push(name);
                found = true;
            }
        }
        found
    }
}
