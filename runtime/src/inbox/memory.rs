//! The inbox in memory: duplicates of the last so many events, or of the last so many minutes, are skipped.

use std::collections::{HashMap, VecDeque};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::{Admission, EventKey, Inbox};
use crate::handler::HandlerError;

/// Remembers handled events in memory, up to a number and for a time; what is older is forgotten.
///
/// It catches the duplicates that producers and rebalances make while the process runs. It forgets everything with the
/// process, and knows nothing of other members of the group: what must happen once across those needs a store that
/// outlives them.
#[derive(Clone, Debug)]
pub struct MemoryInbox {
    ids: Arc<Mutex<Ids>>,
}

impl MemoryInbox {
    /// An empty inbox that remembers `capacity` handled events, each for `retention`.
    #[must_use]
    pub fn new(capacity: usize, retention: Duration) -> Self {
        let ids = Ids { known: HashMap::new(), handled: VecDeque::new(), capacity, retention };
        Self { ids: Arc::new(Mutex::new(ids)) }
    }

    /// How many handled events it remembers now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids().handled.len()
    }

    /// Whether it remembers none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn ids(&self) -> MutexGuard<'_, Ids> {
        lock(&self.ids)
    }
}

impl Default for MemoryInbox {
    /// The last 100,000 events, for an hour: some 10 MB with identifiers of 36 characters.
    fn default() -> Self {
        Self::new(100_000, Duration::from_secs(3600))
    }
}

#[derive(Debug)]
struct Ids {
    known: HashMap<Arc<str>, State>,
    /// Handled events, oldest first.
    handled: VecDeque<(Arc<str>, Instant)>,
    capacity: usize,
    retention: Duration,
}

#[derive(Debug)]
enum State {
    /// A session is at work on it; these wait for what comes of it.
    Begun(Vec<Waker>),
    Handled,
}

impl Ids {
    /// Reserves the event, or says that it is a duplicate; pending while another session is at work on it.
    fn reserve(&mut self, key: &str, held: &mut Vec<Arc<str>>, cx: &mut Context<'_>) -> Poll<Admission> {
        match self.known.get_mut(key) {
            None => {
                let key: Arc<str> = Arc::from(key);
                self.known.insert(Arc::clone(&key), State::Begun(Vec::new()));
                held.push(key);
                Poll::Ready(Admission::Fresh)
            }
            Some(State::Handled) => Poll::Ready(Admission::Duplicate),
            // Twice in one unit of work: the first is handled in it.
            Some(State::Begun(_)) if held.iter().any(|held| **held == *key) => Poll::Ready(Admission::Duplicate),
            Some(State::Begun(waiting)) => {
                waiting.push(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    fn settle(&mut self, held: &mut Vec<Arc<str>>, handled: bool, now: Instant) {
        for key in held.drain(..) {
            let before = if handled {
                let before = self.known.insert(Arc::clone(&key), State::Handled);
                self.handled.push_back((key, now));
                before
            } else {
                self.known.remove(&key)
            };
            if let Some(State::Begun(waiting)) = before {
                waiting.into_iter().for_each(Waker::wake);
            }
        }
    }

    fn forget_old(&mut self, now: Instant) {
        while let Some((_, at)) = self.handled.front()
            && (self.handled.len() > self.capacity || now.duration_since(*at) > self.retention)
        {
            if let Some((key, _)) = self.handled.pop_front() {
                self.known.remove(&key);
            }
        }
    }
}

/// A lane's unit of work. Dropped in the middle of it, the events count as not handled.
#[derive(Debug)]
pub struct MemorySession {
    ids: Arc<Mutex<Ids>>,
    held: Vec<Arc<str>>,
    key: String,
}

impl MemorySession {
    fn settle(&mut self, handled: bool) {
        if !self.held.is_empty() {
            let now = Instant::now();
            let mut ids = lock(&self.ids);
            ids.settle(&mut self.held, handled, now);
            ids.forget_old(now);
        }
    }

    fn poll_begin(
        &mut self,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let now = Instant::now();
        let mut ids = lock(&self.ids);
        ids.forget_old(now);
        let first = admissions.len();
        for event in events {
            self.key.clear();
            // A group's name has no NUL: Kafka refuses it.
            self.key.extend([event.group, "\0", event.id]);
            match ids.reserve(&self.key, &mut self.held, cx) {
                Poll::Ready(admission) => admissions.push(admission),
                Poll::Pending => {
                    // Two sessions that each held what the other waits for would wait for ever.
                    ids.settle(&mut self.held, false, now);
                    admissions.truncate(first);
                    return Poll::Pending;
                }
            }
        }
        Poll::Ready(())
    }
}

impl Drop for MemorySession {
    fn drop(&mut self) {
        self.settle(false);
    }
}

impl Inbox for MemoryInbox {
    type Session = MemorySession;
    type Context = ();

    async fn open(&self) -> Result<MemorySession, HandlerError> {
        Ok(MemorySession { ids: Arc::clone(&self.ids), held: Vec::new(), key: String::new() })
    }

    async fn begin(
        &self,
        session: &mut MemorySession,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        session.settle(false);
        poll_fn(|cx| session.poll_begin(events, admissions, cx)).await;
        Ok(())
    }

    fn lend(&self, _: &mut MemorySession) -> Result<(), HandlerError> {
        Ok(())
    }

    fn reclaimed(&self, _: &mut MemorySession) -> bool {
        true
    }

    async fn commit(&self, session: &mut MemorySession) -> Result<(), HandlerError> {
        session.settle(true);
        Ok(())
    }

    async fn rollback(&self, session: &mut MemorySession) -> Result<(), HandlerError> {
        session.settle(false);
        Ok(())
    }
}

fn lock(ids: &Mutex<Ids>) -> MutexGuard<'_, Ids> {
    // Nothing panics under this lock; if it did, at worst an event would be handled twice.
    ids.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    /// The inbox never waits for anything but another session.
    fn now<T>(future: impl Future<Output = T>) -> T {
        match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output,
            Poll::Pending => panic!("waits"),
        }
    }

    fn begin(inbox: &MemoryInbox, session: &mut MemorySession, ids: &[&str]) -> Vec<Admission> {
        let keys: Vec<_> = ids.iter().map(|id| EventKey { group: "g", id }).collect();
        let mut admissions = Vec::new();
        now(inbox.begin(session, &keys, &mut admissions)).unwrap();
        admissions
    }

    #[test]
    fn only_a_committed_event_is_a_duplicate() {
        let inbox = MemoryInbox::new(10, HOUR);
        let mut session = now(inbox.open()).unwrap();
        assert_eq!(begin(&inbox, &mut session, &["a"]), [Admission::Fresh]);
        now(inbox.rollback(&mut session)).unwrap();
        assert_eq!(begin(&inbox, &mut session, &["a"]), [Admission::Fresh]);
        drop(session);
        let mut session = now(inbox.open()).unwrap();
        assert_eq!(begin(&inbox, &mut session, &["a"]), [Admission::Fresh], "a dropped session is rolled back");
        now(inbox.commit(&mut session)).unwrap();
        assert_eq!(begin(&inbox, &mut session, &["a"]), [Admission::Duplicate]);
        let other = EventKey { group: "another group", id: "a" };
        let mut admissions = Vec::new();
        now(inbox.begin(&mut session, &[other], &mut admissions)).unwrap();
        assert_eq!(admissions, [Admission::Fresh]);
    }

    #[test]
    fn an_event_twice_in_one_unit_is_handled_once() {
        let inbox = MemoryInbox::new(10, HOUR);
        let mut session = now(inbox.open()).unwrap();
        let admissions = begin(&inbox, &mut session, &["a", "b", "a"]);
        assert_eq!(admissions, [Admission::Fresh, Admission::Fresh, Admission::Duplicate]);
    }

    #[test]
    fn it_remembers_no_more_than_its_capacity_and_no_longer_than_its_retention() {
        let inbox = MemoryInbox::new(2, HOUR);
        let mut session = now(inbox.open()).unwrap();
        for id in ["a", "b", "c"] {
            assert_eq!(begin(&inbox, &mut session, &[id]), [Admission::Fresh]);
            now(inbox.commit(&mut session)).unwrap();
        }
        assert_eq!(inbox.len(), 2);
        assert_eq!(begin(&inbox, &mut session, &["a", "b", "c"])[0], Admission::Fresh);

        let inbox = MemoryInbox::new(10, Duration::ZERO);
        let mut session = now(inbox.open()).unwrap();
        begin(&inbox, &mut session, &["a"]);
        now(inbox.commit(&mut session)).unwrap();
        let then = Instant::now();
        while Instant::now() == then {}
        assert_eq!(begin(&inbox, &mut session, &["a"]), [Admission::Fresh]);
    }

    struct Woken(AtomicUsize);

    impl Wake for Woken {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_same_event_in_two_sessions_is_handled_once_and_by_the_second_where_the_first_fails() {
        for first_succeeds in [true, false] {
            let inbox = MemoryInbox::new(10, HOUR);
            let (mut first, mut second) = (now(inbox.open()).unwrap(), now(inbox.open()).unwrap());
            begin(&inbox, &mut first, &["a"]);

            let woken = Arc::new(Woken(AtomicUsize::new(0)));
            let waker = Waker::from(Arc::clone(&woken));
            let mut cx = Context::from_waker(&waker);
            let keys = [EventKey { group: "g", id: "b" }, EventKey { group: "g", id: "a" }];
            let mut admissions = Vec::new();
            let mut waiting = Box::pin(inbox.begin(&mut second, &keys, &mut admissions));
            assert!(waiting.as_mut().poll(&mut cx).is_pending());
            // What the second holds while it waits is free for others.
            let mut third = now(inbox.open()).unwrap();
            assert_eq!(begin(&inbox, &mut third, &["b"]), [Admission::Fresh]);
            drop(third);

            if first_succeeds {
                now(inbox.commit(&mut first)).unwrap();
            } else {
                now(inbox.rollback(&mut first)).unwrap();
            }
            assert_eq!(woken.0.load(Ordering::SeqCst), 1);
            assert!(waiting.as_mut().poll(&mut cx).is_ready());
            drop(waiting);
            let expected = if first_succeeds { Admission::Duplicate } else { Admission::Fresh };
            assert_eq!(admissions, [Admission::Fresh, expected]);
        }
    }
}
