//! What every inbox has to keep, whatever it keeps it in.

use std::sync::Arc;
use std::time::Duration;

use conecta_runtime::HandlerError;
use conecta_runtime::inbox::postgres::sqlx::SqlxInbox;
use conecta_runtime::inbox::postgres::{PostgresInbox, TransactionalInbox};
use conecta_runtime::inbox::redis::RedisInbox;
use conecta_runtime::inbox::{Admission, EventKey, Inbox, MemoryInbox};
use conecta_tests::postgres::Over;
use conecta_tests::wire::unique;
use conecta_tests::{PostgresService, RedisService};

use Admission::{Duplicate, Fresh};

/// A test a clause and store.
macro_rules! conformance {
    (for $($store:ident: $open:ident),* => $clauses:tt) => { $( conformance!(@ $store $open $clauses); )* };
    (@ $store:ident $open:ident { $($clause:ident,)* }) => {
        mod $store { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $clause() {
                super::$clause(super::$open().await).await;
            }
        )* }
    };
}

conformance! {
    for memory: in_memory, postgres: over_tokio_postgres, sqlx: over_sqlx, redis: in_redis => {
        only_a_committed_event_is_a_duplicate,
        a_session_dropped_in_the_middle_is_rolled_back,
        each_group_handles_an_event_once,
        an_event_twice_in_one_unit_is_handled_once,
        an_event_that_another_session_commits_is_a_duplicate,
        an_event_that_another_session_gives_up_is_fresh,
        an_event_that_another_session_drops_is_fresh,
        units_with_the_same_events_in_another_order_do_not_wait_for_each_other,
        of_many_sessions_at_once_one_handles_an_event,
    }
}

async fn in_memory() -> MemoryInbox {
    MemoryInbox::default()
}

async fn in_postgres<D: Over>() -> TransactionalInbox<D> {
    let inbox = PostgresService::shared().database().await.inbox();
    inbox.migrate().await.unwrap();
    inbox
}

async fn over_tokio_postgres() -> PostgresInbox {
    in_postgres().await
}

async fn over_sqlx() -> SqlxInbox {
    in_postgres().await
}

/// A database of a test's own: Redis has sixteen, so it is a group of its own instead.
async fn in_redis() -> Grouped<RedisInbox> {
    Grouped { inner: RedisInbox::new(RedisService::shared().url()).unwrap(), prefix: unique("conformance") }
}

/// An inbox that makes other groups of the groups it is asked for.
struct Grouped<I> {
    inner: I,
    prefix: String,
}

impl<I: Inbox> Inbox for Grouped<I> {
    type Session = I::Session;
    type Context = I::Context;

    async fn open(&self) -> Result<I::Session, HandlerError> {
        self.inner.open().await
    }

    async fn begin(
        &self,
        session: &mut I::Session,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        let groups: Vec<String> = events.iter().map(|event| format!("{}-{}", self.prefix, event.group)).collect();
        let events: Vec<_> = groups.iter().zip(events).map(|(group, event)| EventKey { group, id: event.id }).collect();
        self.inner.begin(session, &events, admissions).await
    }

    fn lend(&self, session: &mut I::Session) -> Result<I::Context, HandlerError> {
        self.inner.lend(session)
    }

    fn reclaimed(&self, session: &mut I::Session) -> bool {
        self.inner.reclaimed(session)
    }

    async fn commit(&self, session: &mut I::Session) -> Result<(), HandlerError> {
        self.inner.commit(session).await
    }

    async fn rollback(&self, session: &mut I::Session) -> Result<(), HandlerError> {
        self.inner.rollback(session).await
    }
}

async fn begin<I: Inbox>(inbox: &I, session: &mut I::Session, ids: &[&str]) -> Vec<Admission> {
    let keys: Vec<_> = ids.iter().map(|id| EventKey { group: "g", id }).collect();
    let mut admissions = Vec::new();
    inbox.begin(session, &keys, &mut admissions).await.unwrap();
    admissions
}

async fn only_a_committed_event_is_a_duplicate(inbox: impl Inbox) {
    let mut session = inbox.open().await.unwrap();
    assert_eq!(begin(&inbox, &mut session, &["a"]).await, [Fresh]);
    inbox.rollback(&mut session).await.unwrap();
    assert_eq!(begin(&inbox, &mut session, &["a"]).await, [Fresh], "given up, it was not handled");
    inbox.commit(&mut session).await.unwrap();
    assert_eq!(begin(&inbox, &mut session, &["b", "a"]).await, [Fresh, Duplicate]);
    inbox.commit(&mut session).await.unwrap();
    let mut another = inbox.open().await.unwrap();
    assert_eq!(begin(&inbox, &mut another, &["a", "b", "c"]).await, [Duplicate, Duplicate, Fresh]);
}

async fn a_session_dropped_in_the_middle_is_rolled_back(inbox: impl Inbox) {
    let mut session = inbox.open().await.unwrap();
    begin(&inbox, &mut session, &["a"]).await;
    drop(session);
    let mut session = inbox.open().await.unwrap();
    assert_eq!(begin(&inbox, &mut session, &["a"]).await, [Fresh]);
}

async fn each_group_handles_an_event_once(inbox: impl Inbox) {
    let mut session = inbox.open().await.unwrap();
    begin(&inbox, &mut session, &["a"]).await;
    inbox.commit(&mut session).await.unwrap();
    let mut admissions = Vec::new();
    let keys = ["g", "another"].map(|group| EventKey { group, id: "a" });
    inbox.begin(&mut session, &keys, &mut admissions).await.unwrap();
    assert_eq!(admissions, [Duplicate, Fresh]);
}

async fn an_event_twice_in_one_unit_is_handled_once(inbox: impl Inbox) {
    let mut session = inbox.open().await.unwrap();
    assert_eq!(begin(&inbox, &mut session, &["a", "b", "a"]).await, [Fresh, Fresh, Duplicate]);
}

/// How the session that was first ends.
enum End {
    Commit,
    Rollback,
    Drop,
}

/// The second session begins while the first is at work, and hears of the event when the first has ended.
async fn second_hears(inbox: impl Inbox, end: End, expected: Admission) {
    let inbox = Arc::new(inbox);
    let mut first = inbox.open().await.unwrap();
    begin(&*inbox, &mut first, &["a"]).await;
    let mut waiting = tokio::spawn({
        let inbox = Arc::clone(&inbox);
        async move {
            let mut second = inbox.open().await.unwrap();
            begin(&*inbox, &mut second, &["b", "a"]).await
        }
    });
    // It has all the time to answer wrongly.
    let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
    assert!(early.is_err(), "the second session did not wait: {early:?}");
    match end {
        End::Commit => inbox.commit(&mut first).await.unwrap(),
        End::Rollback => inbox.rollback(&mut first).await.unwrap(),
        End::Drop => drop(first),
    }
    assert_eq!(in_time(waiting).await.unwrap(), [Fresh, expected]);
}

async fn an_event_that_another_session_commits_is_a_duplicate(inbox: impl Inbox) {
    second_hears(inbox, End::Commit, Duplicate).await;
}

async fn an_event_that_another_session_gives_up_is_fresh(inbox: impl Inbox) {
    second_hears(inbox, End::Rollback, Fresh).await;
}

async fn an_event_that_another_session_drops_is_fresh(inbox: impl Inbox) {
    second_hears(inbox, End::Drop, Fresh).await;
}

async fn units_with_the_same_events_in_another_order_do_not_wait_for_each_other(inbox: impl Inbox) {
    let inbox = Arc::new(inbox);
    let work = |ids: [&'static str; 3]| {
        let inbox = Arc::clone(&inbox);
        tokio::spawn(async move {
            let mut session = inbox.open().await.unwrap();
            for _ in 0..100 {
                begin(&*inbox, &mut session, &ids).await;
                inbox.rollback(&mut session).await.unwrap();
            }
        })
    };
    let both = [work(["a", "b", "c"]), work(["c", "b", "a"])];
    for one in both {
        in_time(one).await.unwrap();
    }
}

async fn of_many_sessions_at_once_one_handles_an_event(inbox: impl Inbox) {
    const EVENTS: usize = 200;
    let inbox = Arc::new(inbox);
    let sessions: Vec<_> = (0..8)
        .map(|number| {
            let inbox = Arc::clone(&inbox);
            tokio::spawn(async move {
                let mut session = inbox.open().await.unwrap();
                let mut handled = 0;
                for event in 0..EVENTS {
                    let fresh = begin(&*inbox, &mut session, &[&event.to_string()]).await == [Fresh];
                    // Some fail.
                    if fresh && (event + number) % 3 == 0 && number != 7 {
                        inbox.rollback(&mut session).await.unwrap();
                    } else {
                        inbox.commit(&mut session).await.unwrap();
                        handled += usize::from(fresh);
                    }
                }
                handled
            })
        })
        .collect();
    let mut handled = 0;
    for session in sessions {
        handled += in_time(session).await.unwrap();
    }
    assert_eq!(handled, EVENTS);
}

async fn in_time<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it ends in time")
}
