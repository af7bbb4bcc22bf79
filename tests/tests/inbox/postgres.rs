//! What the inbox in PostgreSQL keeps beyond what every inbox does: an event and the effects of its handler are one.

use std::time::Duration;

use conecta_runtime::consumer::{Consumer, ConsumerError};
use conecta_runtime::inbox::postgres::sqlx::{Sqlx, sqlx};
use conecta_runtime::inbox::postgres::{
    Driver, PostgresInbox, Session, TokioPostgres, TransactionalInbox, Tx, tokio_postgres,
};
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::{Delivery, FailureKind, HandlerError};
use conecta_tests::postgres::{Database, Over};
use conecta_tests::{PostgresService, over_each_driver};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use sqlx::Connection as _;
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
        matches!(&error, ConsumerError::ForgetsTooSoon { topic, kept_ms: 604_800_000, .. } if topic == "casos.creados"),
        "{error:?}"
    );
}

over_each_driver! {
    effects_stand_with_the_event_and_fall_with_it,
    a_handler_that_goes_on_after_a_failed_statement_has_not_handled_the_event,
    a_handler_that_ends_the_transaction_has_not_handled_the_event,
    a_handler_that_keeps_the_transaction_cannot_write_any_more,
    a_transaction_left_idle_gives_its_event_to_the_next,
    an_identifier_that_postgres_cannot_keep_is_poison,
    an_event_is_found_in_whichever_partition_it_stands,
    partitions_are_made_ahead_and_dropped_when_all_in_them_is_older_than_the_retention,
    partitions_are_made_by_whoever_needs_them_first,
    a_user_that_may_not_make_tables_works_with_the_partitions_there_are,
    members_that_start_at_one_time_all_migrate,
    a_missing_table_or_database_is_a_dependency_that_is_down,
    a_server_that_crashes_is_a_dependency_until_it_is_back,
    no_more_connections_are_made_than_are_allowed,
    a_connection_that_the_server_has_ended_meanwhile_is_replaced,
}

/// An inbox in a database of its own, with a table for effects.
struct World<D: Driver> {
    database: Database,
    client: Client,
    inbox: TransactionalInbox<D>,
}

impl<D: Over> World<D> {
    async fn new() -> Self {
        Self::on(PostgresService::shared(), |inbox| inbox).await
    }

    async fn on(service: &PostgresService, set: impl FnOnce(TransactionalInbox<D>) -> TransactionalInbox<D>) -> Self {
        let database = service.database().await;
        let client = database.client().await;
        client.batch_execute("CREATE TABLE effects (what text PRIMARY KEY)").await.unwrap();
        let inbox = set(database.inbox());
        inbox.migrate().await.unwrap();
        Self { database, client, inbox }
    }

    async fn begin(&self, session: &mut Session<D>, id: &str) -> Result<Admission, HandlerError> {
        let mut admissions = Vec::new();
        self.inbox.begin(session, &[EventKey { group: "g", id }], &mut admissions).await?;
        Ok(admissions[0])
    }

    /// One unit of work on one event, as a lane does it.
    async fn handle(&self, id: &str, handler: impl AsyncFnOnce(D::Tx)) -> Result<Admission, HandlerError> {
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

const EFFECT: &str = "INSERT INTO effects VALUES ('effect')";

async fn effect<D: Over>(tx: &mut D::Tx) {
    D::say(tx, EFFECT).await.unwrap();
}

fn kind<T>(result: Result<T, HandlerError>) -> FailureKind {
    result.err().expect("it fails").kind()
}

async fn effects_stand_with_the_event_and_fall_with_it<D: Over>() {
    let world = World::<D>::new().await;
    let mut session = world.inbox.open().await.unwrap();
    world.begin(&mut session, "a").await.unwrap();
    effect::<D>(&mut world.inbox.lend(&mut session).unwrap()).await;
    world.inbox.rollback(&mut session).await.unwrap();
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (0, 0));

    assert_eq!(world.handle("a", async |mut tx| effect::<D>(&mut tx).await).await.unwrap(), Fresh);
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (1, 1));
    assert_eq!(world.handle("a", async |_| unreachable!("it was handled")).await.unwrap(), Duplicate);
}

async fn a_handler_that_goes_on_after_a_failed_statement_has_not_handled_the_event<D: Over>() {
    let world = World::<D>::new().await;
    let handled = world.handle("a", async |mut tx| {
        effect::<D>(&mut tx).await;
        // PostgreSQL answers the COMMIT after this without an error, and rolls back.
        D::say(&mut tx, EFFECT).await.unwrap_err();
    });
    assert_eq!(kind(handled.await), FailureKind::Transient);
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (0, 0));
}

async fn a_handler_that_ends_the_transaction_has_not_handled_the_event<D: Over>() {
    let world = World::<D>::new().await;
    let handled = world.handle("a", async |mut tx| D::say(&mut tx, "ROLLBACK").await.unwrap());
    assert_eq!(kind(handled.await), FailureKind::Transient);
    assert_eq!(world.handle("a", async |mut tx| effect::<D>(&mut tx).await).await.unwrap(), Fresh);
}

async fn a_handler_that_keeps_the_transaction_cannot_write_any_more<D: Over>() {
    let world = World::<D>::new().await;
    let mut kept = None;
    let handled = world.handle("a", async |mut tx| {
        effect::<D>(&mut tx).await;
        kept = Some(tx);
    });
    assert_eq!(kind(handled.await), FailureKind::Transient);
    D::say(&mut kept.unwrap(), "INSERT INTO effects VALUES ('late')").await.unwrap_err();
    assert_eq!(world.count("effects").await, 0);
    let in_time =
        tokio::time::timeout(Duration::from_secs(10), world.handle("a", async |mut tx| effect::<D>(&mut tx).await));
    assert_eq!(in_time.await.expect("nobody has the event any more").unwrap(), Fresh);
}

async fn a_transaction_left_idle_gives_its_event_to_the_next<D: Over>() {
    let world = World::<D>::on(PostgresService::shared(), |inbox| inbox.idle_limit(Duration::from_millis(300))).await;
    let mut frozen = world.inbox.open().await.unwrap();
    world.begin(&mut frozen, "a").await.unwrap();
    let in_time =
        tokio::time::timeout(Duration::from_secs(10), world.handle("a", async |mut tx| effect::<D>(&mut tx).await));
    assert_eq!(in_time.await.expect("it does not wait for ever").unwrap(), Fresh);
    let error = world.inbox.commit(&mut frozen).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Transient, "{error:?}");
    assert!(error.to_string().contains("idle"), "{error:?}");
}

async fn an_identifier_that_postgres_cannot_keep_is_poison<D: Over>() {
    let world = World::<D>::new().await;
    for id in ["nul\0".to_owned(), "x".repeat(100_000)] {
        assert_eq!(kind(world.handle(&id, async |_| ()).await), FailureKind::Poison);
    }
    let longest = "\u{1F980}".repeat(500);
    assert_eq!(world.handle(&longest, async |_| ()).await.unwrap(), Fresh);
}

async fn an_event_is_found_in_whichever_partition_it_stands<D: Over>() {
    let world = World::<D>::new().await;
    let sql = "INSERT INTO conecta_inbox VALUES ('g', 'a', current_date + 4)";
    world.client.execute(sql, &[]).await.unwrap();
    assert_eq!(world.handle("a", async |_| ()).await.unwrap(), Duplicate);
}

/// eventuate-tram-core#46: the table of what was handled is never purged.
async fn partitions_are_made_ahead_and_dropped_when_all_in_them_is_older_than_the_retention<D: Over>() {
    let world = World::<D>::new().await;
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
    world.database.inbox::<D>().migrate().await.unwrap();
    assert_eq!(world.partitions().await, made, "the old one is gone, and no other was made");
    let foreign = "CREATE TABLE archive PARTITION OF conecta_inbox FOR VALUES FROM ('2019-01-01') TO ('2019-02-01')";
    world.client.batch_execute(foreign).await.unwrap();
    world.database.inbox::<D>().migrate().await.unwrap();
    assert_eq!(world.partitions().await[0], "archive", "what others attach is theirs");
    assert_eq!(world.handle("a", async |_| ()).await.unwrap(), Fresh);
}

async fn partitions_are_made_by_whoever_needs_them_first<D: Over>() {
    let world = World::<D>::new().await;
    for partition in world.partitions().await {
        world.client.batch_execute(&format!("DROP TABLE {partition}")).await.unwrap();
    }
    let inbox = world.database.inbox::<D>();
    let world = World { inbox, ..world };
    let (one, other) = tokio::join!(world.handle("a", async |_| ()), world.handle("b", async |_| ()));
    assert_eq!([one.unwrap(), other.unwrap()], [Fresh, Fresh]);
}

async fn a_user_that_may_not_make_tables_works_with_the_partitions_there_are<D: Over>() {
    let world = World::<D>::new().await;
    let last = world.partitions().await.pop().unwrap();
    // A server's roles are those of all its databases.
    let service = format!("service_{}", D::NAME);
    let role = format!(
        "CREATE ROLE {service} LOGIN;
        GRANT SELECT, INSERT ON conecta_inbox TO {service};
        GRANT INSERT ON effects TO {service};"
    );
    // There is one to be made, and it may not.
    world.client.batch_execute(&format!("DROP TABLE {last}; {role}")).await.unwrap();
    let inbox = D::inbox(&world.database.url.replace("postgres@", &format!("{service}@")));
    let world = World { inbox, ..world };
    assert_eq!(world.handle("a", async |mut tx| effect::<D>(&mut tx).await).await.unwrap(), Fresh);
    assert_eq!(world.handle("a", async |_| ()).await.unwrap(), Duplicate);
    assert!(!world.partitions().await.contains(&last));
}

async fn members_that_start_at_one_time_all_migrate<D: Over>() {
    let database = PostgresService::shared().database().await;
    let members: Vec<_> = (0..8)
        .map(|_| {
            let inbox = database.inbox::<D>();
            tokio::spawn(async move { inbox.migrate().await })
        })
        .collect();
    for member in members {
        member.await.unwrap().unwrap();
    }
}

async fn a_missing_table_or_database_is_a_dependency_that_is_down<D: Over>() {
    let database = PostgresService::shared().database().await;
    for url in [database.url.clone(), format!("{}_not", database.url), "postgres://postgres@127.0.0.1:1/x".into()] {
        let inbox = D::inbox(&url);
        let mut session = inbox.open().await.unwrap();
        let begun = inbox.begin(&mut session, &[EventKey { group: "g", id: "a" }], &mut Vec::new()).await;
        assert_eq!(kind(begun), FailureKind::Dependency, "{url}");
    }
}

async fn a_server_that_crashes_is_a_dependency_until_it_is_back<D: Over>() {
    let service = PostgresService::start();
    let world = World::<D>::on(&service, |inbox| inbox).await;
    let mut session = world.inbox.open().await.unwrap();
    world.begin(&mut session, "a").await.unwrap();
    let mut tx = world.inbox.lend(&mut session).unwrap();
    service.crash();
    let error = D::say(&mut tx, EFFECT).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Dependency, "what a handler returns with `?`: {error:?}");
    drop(tx);
    assert_eq!(kind(world.inbox.commit(&mut session).await), FailureKind::Dependency);
    assert_eq!(kind(world.handle("a", async |_| ()).await), FailureKind::Dependency);
    service.start_again();
    assert_eq!(world.handle("a", async |mut tx| effect::<D>(&mut tx).await).await.unwrap(), Fresh);
}

async fn no_more_connections_are_made_than_are_allowed<D: Over>() {
    let world = World::<D>::on(PostgresService::shared(), |inbox| inbox.connections(2)).await;
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

#[tokio::test]
async fn a_statement_is_prepared_once_a_connection() {
    let world = World::<TokioPostgres>::new().await;
    const COUNT: &str = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO effects%'";
    for event in ["a", "b", "c"] {
        let handled = world.handle(event, async |tx| {
            let statement = tx.prepare_cached("INSERT INTO effects VALUES ($1)").await.unwrap();
            tx.execute(&statement, &[&event]).await.unwrap();
            let prepared: i64 = tx.query_one(COUNT, &[]).await.unwrap().get(0);
            assert_eq!(prepared, 1);
        });
        assert_eq!(handled.await.unwrap(), Fresh);
    }
    assert_eq!(world.count("effects").await, 3);
}

#[tokio::test]
async fn what_a_handler_begins_in_the_transaction_of_sqlx_is_a_part_of_it() {
    let world = World::<Sqlx>::new().await;
    let handled = world.handle("a", async |mut tx| {
        effect::<Sqlx>(&mut tx).await;
        let mut refused = tx.begin().await.unwrap();
        sqlx::query(EFFECT).execute(&mut *refused).await.unwrap_err();
        refused.rollback().await.unwrap();
        let mut kept = tx.begin().await.unwrap();
        sqlx::query("INSERT INTO effects VALUES ('inner')").execute(&mut *kept).await.unwrap();
        kept.commit().await.unwrap();
        let mut dropped = tx.begin().await.unwrap();
        sqlx::query("INSERT INTO effects VALUES ('dropped')").execute(&mut *dropped).await.unwrap();
    });
    assert_eq!(handled.await.unwrap(), Fresh);
    assert_eq!((world.count("effects").await, world.count("conecta_inbox").await), (2, 1));
    // Of one that is never ended its COMMIT would be all that there is.
    let leaked = world.handle("b", async |mut tx| std::mem::forget(tx.begin().await.unwrap()));
    assert_eq!(kind(leaked.await), FailureKind::Transient);
    assert_eq!(world.handle("b", async |_| ()).await.unwrap(), Fresh);
}

async fn a_connection_that_the_server_has_ended_meanwhile_is_replaced<D: Over>() {
    let world = World::<D>::new().await;
    world.handle("a", async |_| ()).await.unwrap();
    let end = "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'";
    let ended: i64 = world.client.query_one(end, &[]).await.unwrap().get(0);
    assert_eq!(ended, 1, "the one that is kept for the next");
    assert_eq!(world.handle("b", async |_| ()).await.unwrap(), Fresh);
}
