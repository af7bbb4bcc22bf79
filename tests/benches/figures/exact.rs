//! Effects that happen once, in PostgreSQL, in batches: the inbox and a handler of batches, against set-based code written by hand.
//!
//! Both read the same events from the same broker and, for every 500 of them, in one transaction record the identifiers that are
//! new and insert a row for each; then the offsets are committed. The hand-written code gets its best number of threads, each
//! with a connection, and a table of identifiers of its own that has a primary key and no partitions: it forgets nothing, so
//! it need not.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use conecta_runtime::consumer::Consumer;
use conecta_runtime::inbox::postgres::{PostgresInbox, Tx};
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Batch, Batches, HandlerError};
use conecta_tests::contract::Running;
use conecta_tests::postgres::Database;
use conecta_tests::wire::unique;
use conecta_tests::{KafkaService, PostgresService};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use rdkafka::Message as _;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::BorrowedMessage;
use rdkafka::{Offset, TopicPartitionList};
use tokio::runtime::Runtime;
use tokio_postgres::Client;

use crate::consume::{PARTITIONS, TOPIC};
use crate::report::{Report, median};
use crate::{consume, event};

const EVENTS: usize = 120_000;
const BATCH: usize = 500;
const ROUNDS: usize = 5;

const EFFECTS: &str = "INSERT INTO effects (caso_id, numero_caso, categoria_id)
    SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])";

pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    let postgres = PostgresService::start();
    let database = runtime.block_on(async {
        consume::fill(kafka, EVENTS, event::KEYS).await;
        let database = postgres.database().await;
        PostgresInbox::new(database.config()).migrate().await.unwrap();
        let tables = "CREATE TABLE effects (caso_id bigint, numero_caso text, categoria_id bigint);
            CREATE TABLE handled (id text PRIMARY KEY)";
        database.client().await.batch_execute(tables).await.unwrap();
        database
    });
    let rate = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let (mut ours, mut reference) = (Vec::new(), [Vec::new(), Vec::new(), Vec::new()]);
    for _ in 0..ROUNDS {
        for (threads, rates) in (1..).zip(&mut reference) {
            runtime.block_on(empty(&database));
            rates.push(rate(by_hand(kafka, &database, threads)));
            runtime.block_on(judge(&database, "handled"));
        }
        runtime.block_on(async {
            empty(&database).await;
            ours.push(rate(with_the_inbox(kafka, &database).await));
            judge(&database, "conecta_inbox").await;
        });
    }
    let reference = reference.map(median);
    let [one, two, three] = reference;
    report.info("exactly-once-batches-reference", format_args!("threads=1:{one:.0},2:{two:.0},3:{three:.0}"));
    report.rate("exactly-once-batches", median(ours), reference.into_iter().fold(0.0, f64::max), 0.8);
}

/// As at the beginning, for whoever is next.
async fn empty(database: &Database) {
    let client = database.client().await;
    client.batch_execute("TRUNCATE effects, handled, conecta_inbox").await.unwrap();
    client.batch_execute("CHECKPOINT").await.unwrap();
}

/// Every event has had its effect, and its identifier stands in the table.
async fn judge(database: &Database, identifiers: &str) {
    let client = database.client().await;
    for table in ["effects", identifiers] {
        let rows: i64 = client.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0);
        assert_eq!(rows, EVENTS as i64, "{table}");
    }
}

struct Effects;

impl ConsumirCasoCreado<Tx, Batch<CasoCreado, Tx>> for Effects {
    async fn consumir_caso_creado(&self, casos: Batch<CasoCreado, Tx>) -> Result<(), HandlerError> {
        let ids: Vec<i64> = casos.iter().map(|caso| caso.datos.caso_id).collect();
        let numbers: Vec<&str> = casos.iter().map(|caso| caso.datos.numero_caso.as_str()).collect();
        let categories: Vec<i64> = casos.iter().map(|caso| caso.datos.categoria_id).collect();
        let statement = casos.tx().prepare_cached(EFFECTS).await?;
        casos.tx().execute(&statement, &[&ids, &numbers, &categories]).await?;
        Ok(())
    }
}

/// From the first event consumed to the last transaction; ends when all is committed.
async fn with_the_inbox(kafka: &KafkaService, database: &Database) -> Duration {
    let group = unique("bench");
    let settings = KafkaSettings::new(kafka.brokers()).unwrap();
    let consumer = Consumer::new(&settings, &group)
        .on(casos_creados::consume_batches(Batches::of(BATCH as u32), Effects))
        .inbox(PostgresInbox::new(database.config()))
        .concurrency(6);
    let metrics = consumer.metrics();
    let topic = || metrics.snapshot().topic(TOPIC);
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("the first event", Duration::from_secs(60), || topic().consumed > 0).await.unwrap();
    let first = Instant::now();
    eventually("every event", Duration::from_secs(120), || topic().handled == EVENTS as u64).await.unwrap();
    let time = first.elapsed();
    running.stop().await.unwrap();
    assert_eq!(kafka.lag(&group, TOPIC), 0, "everything is committed");
    time
}

/// The partitions divided between so many threads. From the first event consumed to the last transaction.
fn by_hand(kafka: &KafkaService, database: &Database, threads: i32) -> Duration {
    let spans: Vec<(Instant, Instant)> = std::thread::scope(|scope| {
        let working: Vec<_> = (0..threads)
            .map(|thread| {
                let mine = (0..PARTITIONS).filter(move |partition| partition % threads == thread);
                scope.spawn(move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                    runtime.block_on(work(kafka, database, mine))
                })
            })
            .collect();
        working.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let first = spans.iter().map(|(first, _)| *first).min().unwrap();
    spans.iter().map(|(_, last)| *last).max().unwrap() - first
}

async fn work(kafka: &KafkaService, database: &Database, partitions: impl Iterator<Item = i32>) -> (Instant, Instant) {
    let client = database.client().await;
    let record = "INSERT INTO handled SELECT DISTINCT unnest($1::text[]) ON CONFLICT DO NOTHING RETURNING id";
    let (record, effects) = (client.prepare(record).await.unwrap(), client.prepare(EFFECTS).await.unwrap());
    let consumer: BaseConsumer = kafka
        .client()
        .set("group.id", "reference")
        .set("enable.auto.commit", "true")
        .set("enable.auto.offset.store", "false")
        .set("auto.commit.interval.ms", "1000")
        .set("isolation.level", "read_committed")
        .set("fetch.queue.backoff.ms", "5")
        .create()
        .unwrap();
    let ends = kafka.ends(TOPIC);
    let (mut assignment, mut left) = (TopicPartitionList::new(), 0);
    for partition in partitions {
        assignment.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
        left += usize::try_from(ends[&partition].1 - ends[&partition].0).unwrap();
    }
    consumer.assign(&assignment).unwrap();
    let (mut first, mut batch) = (None, Vec::with_capacity(BATCH));
    while left > 0 {
        // Does not wait for long: it would be for nothing else than this.
        let Some(message) = consumer.poll(Duration::from_secs(1)) else { continue };
        first.get_or_insert_with(Instant::now);
        batch.push(message.unwrap());
        if batch.len() == BATCH.min(left) {
            transact(&client, &record, &effects, &batch).await;
            for message in &batch {
                consumer.store_offset(TOPIC, message.partition(), message.offset()).unwrap();
            }
            left -= batch.len();
            batch.clear();
        }
    }
    (first.unwrap(), Instant::now())
}

async fn transact(
    client: &Client,
    record: &tokio_postgres::Statement,
    effects: &tokio_postgres::Statement,
    batch: &[BorrowedMessage<'_>],
) {
    let events: Vec<event::CasoCreado> =
        batch.iter().map(|message| serde_json::from_slice(message.payload().unwrap()).unwrap()).collect();
    let ids: Vec<&str> = events.iter().map(|event| event.evento_id.as_str()).collect();
    client.batch_execute("BEGIN").await.unwrap();
    let fresh = client.query(record, &[&ids]).await.unwrap();
    let fresh: HashSet<&str> = fresh.iter().map(|row| row.get(0)).collect();
    let events: Vec<_> = events.iter().filter(|event| fresh.contains(event.evento_id.as_str())).collect();
    let ids: Vec<i64> = events.iter().map(|event| event.datos.caso_id).collect();
    let numbers: Vec<&str> = events.iter().map(|event| event.datos.numero_caso.as_str()).collect();
    let categories: Vec<i64> = events.iter().map(|event| event.datos.categoria_id).collect();
    client.execute(effects, &[&ids, &numbers, &categories]).await.unwrap();
    client.batch_execute("COMMIT").await.unwrap();
}
