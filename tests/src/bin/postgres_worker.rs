//! A service in a process of its own, to be killed: consumes `casos.creados` with the inbox in PostgreSQL, and leaves an
//! effect for each event in the table `effects`, in the event's transaction.
//!
//! ```text
//! postgres_worker BROKERS GROUP POSTGRES FAULT BATCH [PROPERTY=VALUE…]
//! ```
//! `BATCH` is how many events it handles at a time; with 1 its handler takes one, and no batches. With `ordered` it takes one, its
//! dead letters are followed by the later events of their key, and some events are poison as long as there is no table `mended`.
//!
//! `FAULT` is one of `conecta_tests::fault`. The properties are librdkafka's. Ends in an orderly way on SIGTERM.

use std::time::Duration;

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::inbox::postgres::{PostgresInbox, Tx};
use conecta_runtime::{Batch, Batches, Delivery, HandlerError};
use conecta_tests::contract::effect;
use conecta_tests::effects::is_culprit;
use conecta_tests::fault::{Faults, Faulty, Point};
use conecta_tests::worker::{ends_with_the_test, settings};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

struct Worker {
    faults: Faults,
    ordered: bool,
}

impl ConsumirCasoCreado<Tx> for Worker {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado, Tx>) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeEffect);
        let effect = effect(&caso);
        if self.ordered && is_culprit(effect) {
            let row = caso.tx().query_one("SELECT to_regclass('mended') IS NOT NULL", &[]).await?;
            if !row.get::<_, bool>(0) {
                return Err(HandlerError::poison("not today"));
            }
        }
        let process = i64::from(std::process::id());
        let sql = "INSERT INTO effects (key, seq, process) VALUES ($1, $2, $3)";
        caso.tx().execute(sql, &[&effect.key, &i64::from(effect.seq), &process]).await?;
        self.faults.at(Point::AfterEffect);
        Ok(())
    }
}

/// The same for many events: one statement for all of them.
impl ConsumirCasoCreado<Tx, Batch<CasoCreado, Tx>> for Worker {
    async fn consumir_caso_creado(&self, casos: Batch<CasoCreado, Tx>) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeEffect);
        let effects: Vec<_> = casos.iter().map(|caso| effect(caso)).collect();
        let keys: Vec<i64> = effects.iter().map(|effect| effect.key).collect();
        let seqs: Vec<i64> = effects.iter().map(|effect| i64::from(effect.seq)).collect();
        let process = i64::from(std::process::id());
        let sql = "INSERT INTO effects (key, seq, process)
            SELECT key, seq, $3 FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS e (key, seq, place) ORDER BY place";
        casos.tx().execute(sql, &[&keys, &seqs, &process]).await?;
        self.faults.at(Point::AfterEffect);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, group, postgres, fault, batch, properties @ ..] = args.as_slice() else {
        return Err("usage: postgres_worker BROKERS GROUP POSTGRES FAULT BATCH [PROPERTY=VALUE…]".into());
    };
    ends_with_the_test();
    let faults: Faults = fault.parse()?;
    let settings = settings(brokers, properties)?;
    let inner = PostgresInbox::new(postgres.parse()?).idle_limit(Duration::from_secs(1));
    inner.migrate().await?;
    let worker = Worker { faults: faults.clone(), ordered: batch == "ordered" };
    let handler = match batch.as_str() {
        "ordered" => casos_creados::consume(worker).ordered_dead_letters(),
        "1" => casos_creados::consume(worker),
        events => casos_creados::consume_batches(Batches::of(events.parse()?), worker),
    };
    Consumer::new(&settings, group).on(handler).inbox(Faulty::new(inner, faults)).run(shutdown_signal()).await?;
    Ok(())
}
