//! Events that carry no identifier: what stands for it is their place, so that a replay doubles no effect.

use std::time::Duration;

use conecta_runtime::consumer::{Consumer, ConsumerError, Report};
use conecta_runtime::inbox::postgres::{PostgresInbox, Tx};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, Event as _, Raw, Registration};
use conecta_tests::PostgresService;
use conecta_tests::contract::{Contract, Running};
use conecta_tests::postgres::Database;
use conecta360_events::CasoCreado;

const GROUP: &str = "archivo";
const EVENTS: u64 = 200;

/// Takes records undecoded, and with them no identifier.
fn archive() -> Registration<Tx> {
    Registration::new(CasoCreado::TOPIC, (), |_, record: Delivery<Raw, Tx>| async move {
        let body = record.record.payload().unwrap_or_default();
        record.tx().execute("INSERT INTO effects (body) VALUES ($1)", &[&body]).await?;
        Ok(())
    })
}

/// Consumes until all is committed. Gives how many were handled and how many were known.
async fn consume(contract: &Contract, database: &Database) -> (u64, u64) {
    let inbox: PostgresInbox = database.inbox();
    inbox.migrate().await.unwrap();
    let consumer = Consumer::new(&contract.settings, GROUP).on(archive()).inbox(inbox);
    let running: Running<Result<Report, ConsumerError>> = Running::new(|shutdown| consumer.run(shutdown));
    let committed = || contract.kafka.lag(GROUP, CasoCreado::TOPIC.name) == 0;
    eventually("everything to be committed", Duration::from_secs(60), committed).await.unwrap();
    let topic = running.stop().await.unwrap().metrics.topic(CasoCreado::TOPIC.name);
    (topic.handled, topic.duplicates)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replay_of_events_without_an_identifier_doubles_nothing_and_two_of_one_body_are_two() {
    let contract = Contract::start().await;
    let database = PostgresService::shared().database().await;
    let client = database.client().await;
    client.batch_execute("CREATE TABLE effects (body bytea)").await.unwrap();
    contract.publish_cases(20, 10).await;
    assert_eq!(consume(&contract, &database).await, (EVENTS, 0));
    contract.kafka.set_back(GROUP, CasoCreado::TOPIC.name);
    assert_eq!(consume(&contract, &database).await, (0, EVENTS));
    let distinct = "SELECT count(*), count(DISTINCT body) FROM effects";
    let row = client.query_one(distinct, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (EVENTS as i64, EVENTS as i64));

    // What is published twice is in two places.
    let again = contract.kafka.read(CasoCreado::TOPIC.name).remove(0);
    let message = conecta_runtime::Message::new(
        CasoCreado::TOPIC.name,
        again.key,
        conecta_runtime::Headers::new(),
        again.payload,
    );
    conecta_runtime::Publisher::send(&contract.publisher, message).await.unwrap().await.unwrap();
    assert_eq!(consume(&contract, &database).await, (1, 0));
    let row = client.query_one(distinct, &[]).await.unwrap();
    assert_eq!((row.get(0), row.get(1)), (EVENTS as i64 + 1, EVENTS as i64));
}
