//! A handler that is cut off in the middle of its transaction.

use std::marker::PhantomData;
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::{Contract, Running, effect};
use conecta_tests::postgres::Over;
use conecta_tests::{PostgresService, over_each_driver};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

/// At the first try, key 1 hangs in the database behind its effect.
struct Hangs<D>(PhantomData<D>);

impl<D: Over> ConsumirCasoCreado<D::Tx> for Hangs<D> {
    async fn consumir_caso_creado(&self, mut caso: Delivery<CasoCreado, D::Tx>) -> Result<(), HandlerError> {
        let effect = effect(&caso);
        D::leave(caso.context_mut(), &[effect]).await?;
        if effect.key == 1 && caso.attempt == 1 {
            D::say(caso.context_mut(), "SELECT pg_sleep(3600)").await?;
        }
        Ok(())
    }
}

over_each_driver! {
    the_effects_of_a_handler_cut_off_at_its_deadline_are_rolled_back_and_the_next_try_is_not_kept_waiting,
}

async fn the_effects_of_a_handler_cut_off_at_its_deadline_are_rolled_back_and_the_next_try_is_not_kept_waiting<
    D: Over,
>() {
    let contract = Contract::start().await;
    contract.publish_cases(3, 1).await;
    let database = PostgresService::shared().database().await;
    let client = database.client().await;
    client.batch_execute("CREATE TABLE effects (key bigint, seq bigint)").await.unwrap();
    let inbox = database.inbox::<D>();
    inbox.migrate().await.unwrap();
    let consumer = Consumer::new(&contract.settings, "plazo")
        .on(casos_creados::consume(Hangs(PhantomData::<D>)))
        .inbox(inbox)
        .handler_deadline(Duration::from_millis(500));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let handled = || metrics.snapshot().topic("casos.creados").handled == 3;
    eventually("three events", Duration::from_secs(30), handled).await.unwrap();
    running.stop().await.unwrap();

    let rows = client.query("SELECT key FROM effects ORDER BY key", &[]).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get(0)).collect::<Vec<i64>>(), [0, 1, 2]);
    assert!(metrics.snapshot().topic("casos.creados").retried >= 1);
    assert_eq!(metrics.snapshot().topic("casos.creados").dead_lettered, 0);
    assert_eq!(contract.kafka.lag("plazo", "casos.creados"), 0);
}
