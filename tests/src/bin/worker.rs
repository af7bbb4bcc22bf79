//! A service in a process of its own, to be killed: consumes `casos.creados` and leaves an effect for each event.
//!
//! ```text
//! worker BROKERS GROUP EFFECTS MICROSECONDS [PROPERTY=VALUE…]
//! ```
//! `MICROSECONDS` is how long the handler takes; the properties are librdkafka's. Ends in an orderly way on SIGTERM.

use std::path::Path;
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::effect;
use conecta_tests::effects::EffectLog;
use conecta_tests::worker::{ends_with_the_test, settings};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

struct Worker {
    effects: EffectLog,
    work: Duration,
}

impl ConsumirCasoCreado for Worker {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        if !self.work.is_zero() {
            tokio::time::sleep(self.work).await;
        }
        self.effects.record(effect(&caso))?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, group, effects, microseconds, properties @ ..] = args.as_slice() else {
        return Err("usage: worker BROKERS GROUP EFFECTS MICROSECONDS [PROPERTY=VALUE…]".into());
    };
    let worker = Worker {
        effects: EffectLog::append_to(Path::new(effects)),
        work: Duration::from_micros(microseconds.parse()?),
    };
    ends_with_the_test();
    let settings = settings(brokers, properties)?;
    Consumer::new(&settings, group).on(casos_creados::consume(worker)).run(shutdown_signal()).await?;
    Ok(())
}
