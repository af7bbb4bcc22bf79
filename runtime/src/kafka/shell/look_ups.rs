//! Finds out which keys have dead letters, for handlers whose events follow the dead letters of their key.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use crate::cancellation::Flag;
use crate::consumer::engine::{Epoch, ParkedKey, PartitionId};
use crate::consumer::pool::{Answer, Pool};
use crate::kafka::dead_letters::{Book, DeadLetters, DeadLettersError, Unfinished};
use crate::kafka::settings::KafkaSettings;

/// How soon a look-up that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A partition to look up.
pub(super) struct Request {
    pub(super) partition: PartitionId,
    pub(super) epoch: Epoch,
    pub(super) number: u32,
    /// The topic whose events it holds, and its number.
    pub(super) topic: Arc<str>,
    pub(super) of: i32,
    /// Whether it holds what was brought back.
    pub(super) is_beside: bool,
    /// Raised when nobody waits for the answer any more.
    pub(super) lease: Arc<Flag>,
}

/// Hands requests to a thread that asks the brokers. It ends after this is dropped, when the brokers have answered.
pub(super) struct LookUps(Sender<Request>);

impl LookUps {
    pub(super) fn start(settings: &KafkaSettings, group: &str, pool: Arc<Pool>) -> io::Result<Self> {
        let (requests, inbox) = channel();
        let mut desk = Desk { settings: settings.clone(), group: group.into(), books: HashMap::new() };
        thread::Builder::new().name("conecta-look-ups".into()).spawn(move || desk.serve(&inbox, &pool))?;
        Ok(Self(requests))
    }

    pub(super) fn ask(&self, request: Request) {
        if self.0.send(request).is_err() {
            tracing::error!("which keys have dead letters is not looked up any more: the thread has panicked");
        }
    }
}

struct Desk {
    settings: KafkaSettings,
    group: String,
    /// By topic.
    books: HashMap<Arc<str>, Book>,
}

impl Desk {
    fn serve(&mut self, inbox: &Receiver<Request>, pool: &Pool) {
        let mut failed = Failed::default();
        loop {
            let now = Instant::now();
            let request = match (failed.due(now), failed.wait(now)) {
                (Some(request), _) => Ok(request),
                (None, Some(wait)) => inbox.recv_timeout(wait),
                (None, None) => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let request = match request {
                Ok(request) => request,
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => continue,
            };
            if request.lease.is_raised() {
                continue;
            }
            match self.look_up(&request) {
                Ok(parked) => {
                    let Request { partition, epoch, number, .. } = request;
                    pool.answer(&mut vec![Answer::LookedUp { partition, epoch, number, parked }]);
                    pool.wake();
                }
                Err(error) => {
                    let (topic, partition) = (&*request.topic, request.of);
                    tracing::error!(
                        topic,
                        partition,
                        "which keys have dead letters cannot be found, they wait: {error}"
                    );
                    self.books.remove(&request.topic);
                    failed.push(Instant::now(), request);
                }
            }
        }
    }

    fn look_up(&mut self, request: &Request) -> Result<Vec<ParkedKey>, DeadLettersError> {
        let book = match self.books.get_mut(&request.topic) {
            Some(book) => book,
            None => {
                let letters = DeadLetters::new(&self.settings, &*request.topic, &*self.group);
                self.books.entry(Arc::clone(&request.topic)).or_insert(Book::open(&letters)?)
            }
        };
        let unfinished = book.unfinished(request.of)?;
        Ok(if request.is_beside { among_returning(&unfinished) } else { in_topic(&unfinished) })
    }
}

/// What is to be tried again, whatever else is asked for meanwhile.
struct Failed<R>(VecDeque<(Instant, R)>);

impl<R> Default for Failed<R> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<R> Failed<R> {
    fn push(&mut self, now: Instant, request: R) {
        self.0.push_back((now + RETRY, request));
    }

    /// How long until one is due.
    fn wait(&self, now: Instant) -> Option<Duration> {
        self.0.front().map(|(due, _)| due.saturating_duration_since(now))
    }

    fn due(&mut self, now: Instant) -> Option<R> {
        self.0.pop_front_if(|(due, _)| *due <= now).map(|(_, request)| request)
    }
}

/// What is parked of a topic's partition: whatever comes behind a letter that is not over.
fn in_topic(unfinished: &Unfinished) -> Vec<ParkedKey> {
    let mut keys: HashMap<u64, ParkedKey> = HashMap::new();
    let open = unfinished.open.iter().map(|event| (event, false));
    for (event, returning) in open.chain(unfinished.returning.iter().map(|(_, event)| (event, true))) {
        let (key, from, to) = (event.key, event.origin, event.origin);
        let parked = keys.entry(key).or_insert(ParkedKey { key, from, to, returning });
        (parked.from, parked.to) = (parked.from.min(from), parked.to.max(to));
        parked.returning &= returning;
    }
    keys.into_values().collect()
}

/// What is parked of a partition of the redrive topic: of a key, what comes behind one that failed again. Those that are brought
/// back together are in order, and what comes behind them in the topic is no concern of theirs.
fn among_returning(unfinished: &Unfinished) -> Vec<ParkedKey> {
    let mut open: HashMap<u64, Vec<i64>> = HashMap::new();
    for event in &unfinished.open {
        open.entry(event.key).or_default().push(event.origin);
    }
    let mut keys: HashMap<u64, ParkedKey> = HashMap::new();
    for (offset, event) in &unfinished.returning {
        let Some(origins) = open.get(&event.key) else { continue };
        if !origins.iter().any(|origin| *origin <= event.origin) {
            continue;
        }
        let none = ParkedKey { key: event.key, from: *offset, to: offset - 1, returning: false };
        let parked = keys.entry(event.key).or_insert(none);
        if origins.contains(&event.origin) {
            parked.to = *offset;
        }
    }
    keys.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kafka::dead_letters::Event;

    fn event(origin: i64) -> Event {
        Event { key: 7, origin }
    }

    #[test]
    fn what_failed_is_due_again_in_its_time_whoever_else_asks() {
        let (mut failed, now) = (Failed::default(), Instant::now());
        assert_eq!(failed.wait(now), None);
        failed.push(now, 'a');
        failed.push(now + RETRY / 2, 'b');
        let later = now + RETRY / 2;
        assert_eq!((failed.due(later), failed.wait(later)), (None, Some(RETRY / 2)));
        assert_eq!((failed.due(now + RETRY), failed.due(now + RETRY)), (Some('a'), None));
        assert_eq!(failed.wait(now + RETRY), Some(RETRY / 2));
    }

    #[test]
    fn live_events_follow_open_letters_and_wait_for_those_on_their_way_back() {
        let mut unfinished = Unfinished { open: vec![event(12)], returning: vec![(3, event(5)), (4, event(9))] };
        let parked = |returning| vec![ParkedKey { key: 7, from: 5, to: if returning { 9 } else { 12 }, returning }];
        assert_eq!(in_topic(&unfinished), parked(false));
        unfinished.open.clear();
        assert_eq!(in_topic(&unfinished), parked(true));
    }

    #[test]
    fn what_comes_back_follows_what_failed_again_and_no_letter_that_came_later() {
        let returning = vec![(2, event(4)), (3, event(5)), (4, event(6)), (5, event(7))];
        let mut unfinished = Unfinished { open: vec![event(12)], returning };
        assert_eq!(among_returning(&unfinished), []);
        unfinished.open.extend([event(5), event(6)]);
        assert_eq!(among_returning(&unfinished), [ParkedKey { key: 7, from: 3, to: 4, returning: false }]);
        unfinished.open = vec![event(3)];
        assert_eq!(among_returning(&unfinished), [ParkedKey { key: 7, from: 2, to: 1, returning: false }]);
    }
}
