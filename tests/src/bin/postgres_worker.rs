//! A service in a process of its own, to be killed: consumes `casos.creados` with the inbox in PostgreSQL, and leaves an
//! effect for each event in the table `effects`, in the event's transaction.
//!
//! ```text
//! postgres_worker DRIVER BROKERS GROUP POSTGRES FAULT BATCH [PROPERTY=VALUE…]
//! ```
//! `DRIVER` is `postgres` or `sqlx`. `BATCH` is how many events it handles at a time; with 1 its handler takes one, and no batches. With `ordered` it takes one, its
//! dead letters are followed by the later events of their key, and some events are poison as long as there is no table `mended`.
//!
//! `FAULT` is one of `conecta_tests::fault`. The properties are librdkafka's. Ends in an orderly way on SIGTERM.

use std::marker::PhantomData;
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::inbox::postgres::TokioPostgres;
use conecta_runtime::inbox::postgres::sqlx::Sqlx;
use conecta_runtime::{Batch, Batches, Delivery, HandlerError};
use conecta_tests::contract::effect;
use conecta_tests::effects::is_culprit;
use conecta_tests::fault::{Faults, Faulty, Point};
use conecta_tests::postgres::Over;
use conecta_tests::worker::{ends_with_the_test, settings};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

struct Worker<D> {
    faults: Faults,
    ordered: bool,
    driver: PhantomData<D>,
}

impl<D: Over> ConsumirCasoCreado<D::Tx> for Worker<D> {
    async fn consumir_caso_creado(&self, mut caso: Delivery<CasoCreado, D::Tx>) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeEffect);
        let effect = effect(&caso);
        if self.ordered && is_culprit(effect) {
            let mended = D::ask(caso.context_mut(), "SELECT to_regclass('mended') IS NOT NULL").await?;
            if !mended {
                return Err(HandlerError::poison("not today"));
            }
        }
        D::leave(caso.context_mut(), &[effect]).await?;
        self.faults.at(Point::AfterEffect);
        Ok(())
    }
}

/// The same for many events: one statement for all of them.
impl<D: Over> ConsumirCasoCreado<D::Tx, Batch<CasoCreado, D::Tx>> for Worker<D> {
    async fn consumir_caso_creado(&self, mut casos: Batch<CasoCreado, D::Tx>) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeEffect);
        let effects: Vec<_> = casos.iter().map(|caso| effect(caso)).collect();
        D::leave(casos.context_mut(), &effects).await?;
        self.faults.at(Point::AfterEffect);
        Ok(())
    }
}

type Failed = Box<dyn std::error::Error>;

const USAGE: &str = "usage: postgres_worker DRIVER BROKERS GROUP POSTGRES FAULT BATCH [PROPERTY=VALUE…]";

#[tokio::main]
async fn main() -> Result<(), Failed> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.split_first() {
        Some((driver, args)) if driver == TokioPostgres::NAME => work::<TokioPostgres>(args).await,
        Some((driver, args)) if driver == Sqlx::NAME => work::<Sqlx>(args).await,
        _ => Err(USAGE.into()),
    }
}

async fn work<D: Over>(args: &[String]) -> Result<(), Failed> {
    let [brokers, group, postgres, fault, batch, properties @ ..] = args else { return Err(USAGE.into()) };
    ends_with_the_test();
    let faults: Faults = fault.parse()?;
    let settings = settings(brokers, properties)?;
    let inner = D::inbox(postgres).idle_limit(Duration::from_secs(1));
    inner.migrate().await?;
    let worker = Worker { faults: faults.clone(), ordered: batch == "ordered", driver: PhantomData::<D> };
    let handler = match batch.as_str() {
        "ordered" => casos_creados::consume(worker).ordered_dead_letters(),
        "1" => casos_creados::consume(worker),
        events => casos_creados::consume_batches(Batches::of(events.parse()?), worker),
    };
    Consumer::new(&settings, group).on(handler).inbox(Faulty::new(inner, faults)).run(shutdown_signal()).await?;
    Ok(())
}
