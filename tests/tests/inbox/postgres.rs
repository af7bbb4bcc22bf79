//! What the inbox in PostgreSQL keeps beyond what every inbox does: an event and the effects of its handler are one.

use std::time::Duration;

use conecta_runtime::consumer::{Consumer, ConsumerError};
use conecta_runtime::inbox::postgres::{PostgresInbox, PostgresSession, Tx, tokio_postgres};
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::{Delivery, FailureKind, HandlerError};
use conecta_tests::PostgresService;
use conecta_tests::postgres::Database;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use tokio_postgres::Client;

use Admission::{Duplicate, Fresh};

struct Derivacion;

impl ConsumirCasoCreado<Tx> for Derivacion {
    async fn consumir_caso_creado(&self, _: Delivery<CasoCreado, Tx>) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_consumer_does_not_run_with_an_inbox_that_forgets_what_its_topic_still_has() {
    // Neither is needed to find that out.
    let settings = KafkaSettings::new("127.0.0.1:1").unwrap();
    let inbox = PostgresInbox::new("host=127.0.0.1 port=1".parse().unwrap()).retention(Duration::from_secs(6 * 86_400));
    let consumer = Consumer::new(&settings, "g").on(casos_creados::consume(Derivacion)).inbox(inbox);
    let error = consumer.run(std::future::pending()).await.unwrap_err();
    assert!(
        matches!(error, ConsumerError::ForgetsTooSoon { topic: "casos.creados", kept_ms: 604_800_000, .. }),
        "{error:?}"
    );
}

/// An inbox in a database of its own, with a table for effects.
struct World {
    database: Database,
    client: Client,
    inbox: PostgresInbox,
}

impl World {
    async fn new() -> Self {
        Self::on(PostgresService::shared(), |inbox| inbox).await
    }

    async fn on(service: &PostgresService, set: impl FnOnce(PostgresInbox) -> PostgresInbox) -> Self {
        let database = service.database().await;
        let client = database.client().await;
        client.batch_execute("CREATE TABLE effects (what text PRIMARY KEY)").await.unwrap();
        let inbox = set(PostgresInbox::new(database.config()));
        inbox.migrate().await.unwrap();
        Self { database, client, inbox }
    }

    async fn begin(&self, session: &mut PostgresSession, id: &str) -> Result<Admission, HandlerError> {
        let mut admissions = Vec::new();
        self.inbox.begin(session, &[EventKey { group: "g", id }], &mut admissions).await?;
        Ok(admissions[0])
    }

    /// One unit of work on one event, as a lane does it.
    async fn handle(&self, id: &str, handler: impl AsyncFnOnce(Tx)) -> Result<Admission, HandlerError> {
        let mut session = self.inbox.open().await?;
        let admission = self.begin(&mut session, id).await?;
        if admission == Fresh {
            let tx = self.inbox.lend(&mut session)?;
            handler(tx).await;
            if !self.inbox.reclaimed(&mut session) {
                self.inbox.rollback(&mut session).await?;
                return Err(HandlerError::transient("kept"));
            }
        }
        self.inbox.commit(&mut session).await?;
        Ok(admission)
    }

    async fn count(&self, table: &str) -> i64 {
        self.client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
    }

    async fn partitions(&self) -> Vec<String> {
        let sql = "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid
            WHERE inhparent = 'conecta_inbox'::regclass ORDER BY relname";
        self.client.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

async fn effect(tx: &Tx) {
    tx.execute("INSERT INTO effects VALUES ('effect')", &[]).await.unwrap();
}

fn kind<T>(result: Result<T, HandlerError>) -> FailureKind {
    result.err().expect("it fails").kind()
}

#[tokio::test]
async fn effects_stand_with_the_event_and_fall_with_it() {
    let world = World::new().await;
    let mut session = world.inbox.open().await.unwrap();
    world.begin(&mut session, "a").await.unwrap();
    effect(&world.inbox.lend(&mut session).unwrap()).await;
    world.inbox.rollback(&mut session).await.unwrap();
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (0, 0));

    assert_eq!(world.handle("a", async |tx| effect(&tx).await).await.unwrap(), Fresh);
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (1, 1));
    assert_eq!(world.handle("a", async |_| unreachable!("it was handled")).await.unwrap(), Duplicate);
}

#[tokio::test]
async fn a_handler_that_goes_on_after_a_failed_statement_has_not_handled_the_event() {
    let world = World::new().await;
    let handled = world.handle("a", async |tx| {
        effect(&tx).await;
        // PostgreSQL answers the COMMIT after this without an error, and rolls back.
        tx.execute("INSERT INTO effects VALUES ('effect')", &[]).await.unwrap_err();
    });
    assert_eq!(kind(handled.await), FailureKind::Transient);
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (0, 0));
}

#[tokio::test]
async fn a_handler_that_ends_the_transaction_has_not_handled_the_event() {
    let world = World::new().await;
    let handled = world.handle("a", async |tx| tx.batch_execute("ROLLBACK").await.unwrap());
    assert_eq!(kind(handled.await), FailureKind::Transient);
    assert_eq!(world.handle("a", async |tx| effect(&tx).await).await.unwrap(), Fresh);
}

#[tokio::test]
async fn a_handler_that_keeps_the_transaction_cannot_write_any_more() {
    let world = World::new().await;
    let mut kept = None;
    let handled = world.handle("a", async |tx| {
        effect(&tx).await;
        kept = Some(tx);
    });
    assert_eq!(kind(handled.await), FailureKind::Transient);
    kept.unwrap().execute("INSERT INTO effects VALUES ('late')", &[]).await.unwrap_err();
    assert_eq!(world.count("effects").await, 0);
    let in_time = tokio::time::timeout(Duration::from_secs(10), world.handle("a", async |tx| effect(&tx).await));
    assert_eq!(in_time.await.expect("nobody has the event any more").unwrap(), Fresh);
}

#[tokio::test]
async fn a_transaction_left_idle_gives_its_event_to_the_next() {
    let world = World::on(PostgresService::shared(), |inbox| inbox.idle_limit(Duration::from_millis(300))).await;
    let mut frozen = world.inbox.open().await.unwrap();
    world.begin(&mut frozen, "a").await.unwrap();
    let in_time = tokio::time::timeout(Duration::from_secs(10), world.handle("a", async |tx| effect(&tx).await));
    assert_eq!(in_time.await.expect("it does not wait for ever").unwrap(), Fresh);
    let error = world.inbox.commit(&mut frozen).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Transient, "{error:?}");
    assert!(error.to_string().contains("idle"), "{error:?}");
}

#[tokio::test]
async fn an_identifier_that_postgres_cannot_keep_is_poison() {
    let world = World::new().await;
    for id in ["nul\0".to_owned(), "x".repeat(100_000)] {
        assert_eq!(kind(world.handle(&id, async |_| ()).await), FailureKind::Poison);
    }
    let longest = "\u{1F980}".repeat(500);
    assert_eq!(world.handle(&longest, async |_| ()).await.unwrap(), Fresh);
}

#[tokio::test]
async fn an_event_is_found_in_whichever_partition_it_stands() {
    let world = World::new().await;
    let sql = "INSERT INTO conecta_inbox VALUES ('g', 'a', current_date + 4)";
    world.client.execute(sql, &[]).await.unwrap();
    assert_eq!(world.handle("a", async |_| ()).await.unwrap(), Duplicate);
}

#[tokio::test]
async fn partitions_are_made_ahead_and_dropped_when_all_in_them_is_older_than_the_retention() {
    let world = World::new().await;
    let made = world.partitions().await;
    assert!(made.len() >= 2, "{made:?}");
    let reach = "SELECT 1 FROM pg_class WHERE relname = $1 AND to_date(split_part(relname, '_', 4), 'YYYYMMDD') > current_date + 7";
    assert_eq!(world.client.query(reach, &[made.last().unwrap()]).await.unwrap().len(), 1, "a week ahead: {made:?}");
    let old = "
        CREATE TABLE conecta_inbox_20200101_20200104 PARTITION OF conecta_inbox
            FOR VALUES FROM ('2020-01-01') TO ('2020-01-04');
        INSERT INTO conecta_inbox VALUES ('g', 'a', '2020-01-02')";
    world.client.batch_execute(old).await.unwrap();
    // As a service that starts does.
    PostgresInbox::new(world.database.config()).migrate().await.unwrap();
    assert_eq!(world.partitions().await, made, "the old one is gone, and no other was made");
    let foreign = "CREATE TABLE archive PARTITION OF conecta_inbox FOR VALUES FROM ('2019-01-01') TO ('2019-02-01')";
    world.client.batch_execute(foreign).await.unwrap();
    PostgresInbox::new(world.database.config()).migrate().await.unwrap();
    assert_eq!(world.partitions().await[0], "archive", "what others attach is theirs");
    assert_eq!(world.handle("a", async |_| ()).await.unwrap(), Fresh);
}

#[tokio::test]
async fn partitions_are_made_by_whoever_needs_them_first() {
    let world = World::new().await;
    for partition in world.partitions().await {
        world.client.batch_execute(&format!("DROP TABLE {partition}")).await.unwrap();
    }
    let inbox = PostgresInbox::new(world.database.config());
    let world = World { inbox, ..world };
    let (one, other) = tokio::join!(world.handle("a", async |_| ()), world.handle("b", async |_| ()));
    assert_eq!([one.unwrap(), other.unwrap()], [Fresh, Fresh]);
}

#[tokio::test]
async fn a_user_that_may_not_make_tables_works_with_the_partitions_there_are() {
    let world = World::new().await;
    let last = world.partitions().await.pop().unwrap();
    let role = "
        CREATE ROLE service LOGIN;
        GRANT SELECT, INSERT ON conecta_inbox TO service;
        GRANT INSERT ON effects TO service;";
    // There is one to be made, and it may not.
    world.client.batch_execute(&format!("DROP TABLE {last}; {role}")).await.unwrap();
    let inbox = PostgresInbox::new(world.database.url.replace("user=postgres", "user=service").parse().unwrap());
    let world = World { inbox, ..world };
    assert_eq!(world.handle("a", async |tx| effect(&tx).await).await.unwrap(), Fresh);
    assert_eq!(world.handle("a", async |_| ()).await.unwrap(), Duplicate);
    assert!(!world.partitions().await.contains(&last));
}

#[tokio::test]
async fn members_that_start_at_one_time_all_migrate() {
    let database = PostgresService::shared().database().await;
    let members: Vec<_> = (0..8)
        .map(|_| {
            let inbox = PostgresInbox::new(database.config());
            tokio::spawn(async move { inbox.migrate().await })
        })
        .collect();
    for member in members {
        member.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_missing_table_or_database_is_a_dependency_that_is_down() {
    let database = PostgresService::shared().database().await;
    for url in [database.url.clone(), database.url.replace("dbname=", "dbname=no_"), "host=127.0.0.1 port=1".into()] {
        let inbox = PostgresInbox::new(url.parse().unwrap());
        let mut session = inbox.open().await.unwrap();
        let begun = inbox.begin(&mut session, &[EventKey { group: "g", id: "a" }], &mut Vec::new()).await;
        assert_eq!(kind(begun), FailureKind::Dependency, "{url}");
    }
}

#[tokio::test]
async fn a_server_that_crashes_is_a_dependency_until_it_is_back() {
    let service = PostgresService::start();
    let world = World::on(&service, |inbox| inbox).await;
    let mut session = world.inbox.open().await.unwrap();
    world.begin(&mut session, "a").await.unwrap();
    let tx = world.inbox.lend(&mut session).unwrap();
    service.crash();
    let error = HandlerError::from(tx.execute("INSERT INTO effects VALUES ('effect')", &[]).await.unwrap_err());
    assert_eq!(error.kind(), FailureKind::Dependency, "what a handler returns with `?`: {error:?}");
    drop(tx);
    assert_eq!(kind(world.inbox.commit(&mut session).await), FailureKind::Dependency);
    assert_eq!(kind(world.handle("a", async |_| ()).await), FailureKind::Dependency);
    service.start_again();
    assert_eq!(world.handle("a", async |tx| effect(&tx).await).await.unwrap(), Fresh);
}

#[tokio::test]
async fn no_more_connections_are_made_than_are_allowed() {
    let world = World::on(PostgresService::shared(), |inbox| inbox.connections(2)).await;
    let world = std::sync::Arc::new(world);
    let units: Vec<_> = (0..16)
        .map(|number| {
            let world = std::sync::Arc::clone(&world);
            tokio::spawn(async move {
                for unit in 0..10 {
                    world.handle(&format!("{number}-{unit}"), async |tx| drop(tx)).await.unwrap();
                }
            })
        })
        .collect();
    for unit in units {
        unit.await.unwrap();
    }
    assert_eq!(world.count("conecta_inbox").await, 160);
    // Of its own connections two, and the one that looks.
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'";
    let connections: i64 = world.client.query_one(sql, &[]).await.unwrap().get(0);
    assert_eq!(connections, 3);
}
