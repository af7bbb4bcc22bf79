//! An event that two transactions have at a time is handled once, whatever the time of day, and at a price in locks that does
//! not grow with the events.

use std::sync::Arc;
use std::time::Duration;

use conecta_runtime::inbox::postgres::PostgresInbox;
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use conecta_tests::PostgresService;
use conecta_tests::postgres::Database;
use tokio_postgres::Client;

use Admission::{Duplicate, Fresh};

const GROUP: &str = "g";

/// Six processes with fifteen connections each, as many as the server has room for, and a thousand events in each: PostgreSQL as
/// it is installed has room for 6,400 locks.
#[tokio::test(flavor = "multi_thread")]
async fn many_members_with_large_batches_do_not_use_up_the_locks_of_the_database() {
    const PROCESSES: usize = 6;
    const CONNECTIONS: usize = 15;
    const EVENTS: usize = 1_000;
    let service = PostgresService::start();
    let database = service.database().await;
    let client = database.client().await;
    PostgresInbox::new(database.config()).migrate().await.unwrap();
    let mut units = Vec::new();
    for process in 0..PROCESSES {
        let inbox = Arc::new(PostgresInbox::new(database.config()).connections(CONNECTIONS));
        for connection in 0..CONNECTIONS {
            let inbox = Arc::clone(&inbox);
            units.push(tokio::spawn(async move {
                let ids: Vec<String> = (0..EVENTS).map(|event| format!("{process}-{connection}-{event}")).collect();
                let keys: Vec<_> = ids.iter().map(|id| EventKey { group: GROUP, id }).collect();
                let (mut session, mut admissions) = (inbox.open().await.unwrap(), Vec::new());
                let begun = inbox.begin(&mut session, &keys, &mut admissions).await;
                begun.unwrap_or_else(|error| panic!("{process}-{connection}: {error:?} {:?}", error.source().source()));
                assert_eq!(admissions, vec![Fresh; EVENTS]);
                (inbox, session)
            }));
        }
    }
    let mut open = Vec::new();
    for unit in units {
        open.push(unit.await.unwrap());
    }
    // All are at work at this time.
    let held = "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() GROUP BY pid ORDER BY 1 DESC";
    let held: Vec<i64> = client.query(held, &[]).await.unwrap().iter().map(|row| row.get(0)).collect();
    assert_eq!(held.len(), PROCESSES * CONNECTIONS);
    // A connection's share.
    assert!(held[0] < 64, "locks a connection: {held:?}");
    for (inbox, mut session) in open {
        inbox.commit(&mut session).await.unwrap();
    }
    let rows: i64 = client.query_one("SELECT count(*) FROM conecta_inbox", &[]).await.unwrap().get(0);
    assert_eq!(usize::try_from(rows).unwrap(), PROCESSES * CONNECTIONS * EVENTS);
}

/// What today is to the inbox, said by a table, so that it can become tomorrow.
struct Calendar {
    database: Database,
    client: Client,
}

impl Calendar {
    /// With the inbox's own functions, which ask that table and not the clock.
    async fn new() -> Self {
        let database = PostgresService::shared().database().await;
        let client = database.client().await;
        let asks = "(clock_timestamp() AT TIME ZONE 'UTC')::date";
        assert_eq!(PostgresInbox::DDL.matches(asks).count(), 2, "the clock is asked before the lock and after it");
        let ddl = PostgresInbox::DDL.replace(asks, "(SELECT day FROM today)");
        let today = "CREATE TABLE today AS SELECT (now() AT TIME ZONE 'UTC')::date AS day;";
        client.batch_execute(&format!("{today} {ddl}; SELECT conecta_inbox_maintain('35 days')")).await.unwrap();
        Self { database, client }
    }

    async fn midnight(&self) {
        self.client.batch_execute("UPDATE today SET day = day + 1").await.unwrap();
    }

    fn inbox(&self) -> Arc<PostgresInbox> {
        Arc::new(PostgresInbox::new(self.database.config()))
    }

    async fn rows(&self) -> i64 {
        self.client.query_one("SELECT count(*) FROM conecta_inbox", &[]).await.unwrap().get(0)
    }
}

async fn begin<I: Inbox>(inbox: &I, session: &mut I::Session, ids: &[&str]) -> Vec<Admission> {
    let keys: Vec<_> = ids.iter().map(|id| EventKey { group: GROUP, id }).collect();
    let mut admissions = Vec::new();
    inbox.begin(session, &keys, &mut admissions).await.unwrap();
    admissions
}

/// One has it since before midnight, the other begins after: it waits, and hears what became of it.
async fn on_either_side_of_midnight(first_succeeds: bool, expected: Admission) {
    let calendar = Calendar::new().await;
    let inbox = calendar.inbox();
    let mut first = inbox.open().await.unwrap();
    assert_eq!(begin(&*inbox, &mut first, &["a"]).await, [Fresh]);
    calendar.midnight().await;
    let mut second = tokio::spawn({
        let inbox = Arc::clone(&inbox);
        async move {
            let mut session = inbox.open().await.unwrap();
            let admissions = begin(&*inbox, &mut session, &["b", "a"]).await;
            inbox.commit(&mut session).await.unwrap();
            admissions
        }
    });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
    assert!(early.is_err(), "the second did not wait: {early:?}");
    match first_succeeds {
        true => inbox.commit(&mut first).await.unwrap(),
        false => inbox.rollback(&mut first).await.unwrap(),
    }
    let second = tokio::time::timeout(Duration::from_secs(60), second).await.expect("it ends in time");
    assert_eq!(second.unwrap(), [Fresh, expected]);
    let mut third = inbox.open().await.unwrap();
    assert_eq!(begin(&*inbox, &mut third, &["a", "b", "c"]).await, [Duplicate, Duplicate, Fresh]);
}

#[tokio::test]
async fn an_event_that_another_commits_after_midnight_is_a_duplicate() {
    on_either_side_of_midnight(true, Duplicate).await;
}

#[tokio::test]
async fn an_event_that_another_gives_up_after_midnight_is_fresh() {
    on_either_side_of_midnight(false, Fresh).await;
}

#[tokio::test]
async fn two_that_begin_after_midnight_meet_while_yesterday_is_at_work_and_when_it_is_not_any_more() {
    let calendar = Calendar::new().await;
    let inbox = calendar.inbox();
    let mut yesterday = inbox.open().await.unwrap();
    begin(&*inbox, &mut yesterday, &["y"]).await;
    calendar.midnight().await;
    let mut first = inbox.open().await.unwrap();
    begin(&*inbox, &mut first, &["a"]).await;
    inbox.commit(&mut yesterday).await.unwrap();
    assert_eq!(calendar.rows().await, 1, "of yesterday");
    // Nobody of yesterday's is left: this one takes today's key alone.
    let mut second = tokio::spawn({
        let inbox = Arc::clone(&inbox);
        async move {
            let mut session = inbox.open().await.unwrap();
            begin(&*inbox, &mut session, &["a"]).await
        }
    });
    let early = tokio::time::timeout(Duration::from_millis(300), &mut second).await;
    assert!(early.is_err(), "the second did not wait: {early:?}");
    inbox.commit(&mut first).await.unwrap();
    assert_eq!(second.await.unwrap(), [Duplicate]);
    assert_eq!(calendar.rows().await, 3, "what began beside yesterday's stands on both days");
    let mut third = inbox.open().await.unwrap();
    begin(&*inbox, &mut third, &["b"]).await;
    inbox.commit(&mut third).await.unwrap();
    assert_eq!(calendar.rows().await, 4, "and what began later on one");
}
