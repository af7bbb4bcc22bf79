//! Handlers of batches in one transaction: where a batch fails, the culprit is found and the others' effects stand, once.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, dead_letter};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Batch, Batches, HandlerError};
use conecta_tests::contract::{Contract, Running, effect};
use conecta_tests::effects::{Effect, Verdict};
use conecta_tests::postgres::Over;
use conecta_tests::{PostgresService, over_each_driver};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

const TOPIC: &str = "casos.creados";

/// All effects in one statement. The database refuses one of them and does not say which; another one the handler rejects.
struct InBatches<D>(PhantomData<D>);

impl<D: Over> ConsumirCasoCreado<D::Tx, Batch<CasoCreado, D::Tx>> for InBatches<D> {
    async fn consumir_caso_creado(&self, mut casos: Batch<CasoCreado, D::Tx>) -> Result<(), HandlerError> {
        let effects: Vec<Effect> = casos.iter().map(|caso| effect(caso)).collect();
        D::leave(casos.context_mut(), &effects).await?;
        HandlerError::each(casos.iter().filter_map(|caso| {
            let Effect { key, seq } = effect(caso);
            ((key, seq) == (3, 1)).then(|| HandlerError::poison("never").of(&caso.record))
        }))
    }
}

over_each_driver! { a_batch_that_fails_costs_its_culprits_alone_and_the_effects_of_the_others_stand_once }

async fn a_batch_that_fails_costs_its_culprits_alone_and_the_effects_of_the_others_stand_once<D: Over>() {
    let contract = Contract::start().await;
    contract.publish_cases(20, 10).await;
    let database = PostgresService::shared().database().await;
    let client = database.client().await;
    let table = "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, key bigint, seq bigint,
        CHECK (key <> 7 OR seq <> 4))";
    client.batch_execute(table).await.unwrap();
    let inbox = database.inbox::<D>();
    inbox.migrate().await.unwrap();
    let consumer = Consumer::new(&contract.settings, "lotes")
        .on(casos_creados::consume_batches(Batches::of(100), InBatches(PhantomData::<D>)))
        .inbox(inbox)
        .backoff(Duration::from_millis(10), 2, Duration::from_millis(50));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let topic = || metrics.snapshot().topic(TOPIC);
    let ended = || topic().handled + topic().dead_lettered == 200;
    eventually("every event", Duration::from_secs(60), ended).await.unwrap();
    running.stop().await.unwrap();

    assert_eq!((topic().handled, topic().dead_lettered, topic().duplicates, topic().retried), (198, 2, 0, 4));
    let rows = client.query("SELECT key, seq FROM effects ORDER BY place", &[]).await.unwrap();
    let effects: Vec<Effect> =
        rows.iter().map(|row| Effect { key: row.get(0), seq: u32::try_from(row.get::<_, i64>(1)).unwrap() }).collect();
    let published: HashMap<i64, u32> = (0..20).map(|key| (key, 10)).collect();
    let verdict = Verdict::of(&effects, &published);
    // Those behind the two that were given up come after them, as ever: `lost` and what stands behind it.
    assert_eq!((verdict.lost, verdict.doubled, verdict.invented), (2, 0, 0), "{verdict:?}");
    for key in 0..20 {
        let seqs: Vec<u32> = effects.iter().filter(|effect| effect.key == key).map(|effect| effect.seq).collect();
        assert!(seqs.is_sorted(), "key {key}: {seqs:?}");
    }
    let rows: i64 = client.query_one("SELECT count(*) FROM conecta_inbox", &[]).await.unwrap().get(0);
    assert_eq!(rows, 198, "what was given up is not recorded as handled");
    assert_eq!(contract.kafka.read(&dead_letter::topic_name(TOPIC, "lotes")).len(), 2);
    assert_eq!(contract.kafka.lag("lotes", TOPIC), 0);
}
