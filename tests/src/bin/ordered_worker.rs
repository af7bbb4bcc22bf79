//! A service in a process of its own, to be killed: consumes `casos.creados`, with dead letters that the later events of their
//! key follow, and leaves an effect for each event.
//!
//! ```text
//! ordered_worker BROKERS GROUP EFFECTS MICROSECONDS [PROPERTY=VALUE…]
//! ```
//! As `worker`; but as long as there is no file `EFFECTS.mended`, the fifth event of each eighth case is poison.

use std::path::{Path, PathBuf};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::effect;
use conecta_tests::effects::{EffectLog, is_culprit};
use conecta_tests::worker::{ends_with_the_test, settings};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

struct Worker {
    effects: EffectLog,
    mended: PathBuf,
    work: Duration,
}

impl ConsumirCasoCreado for Worker {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        let effect = effect(&caso);
        if is_culprit(effect) && !self.mended.exists() {
            return Err(HandlerError::poison("not today"));
        }
        tokio::time::sleep(self.work).await;
        self.effects.record(effect)?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, group, effects, microseconds, properties @ ..] = args.as_slice() else {
        return Err("usage: ordered_worker BROKERS GROUP EFFECTS MICROSECONDS [PROPERTY=VALUE…]".into());
    };
    let worker = Worker {
        effects: EffectLog::append_to(Path::new(effects)),
        mended: format!("{effects}.mended").into(),
        work: Duration::from_micros(microseconds.parse()?),
    };
    ends_with_the_test();
    let settings = settings(brokers, properties)?;
    let handler = casos_creados::consume(worker).ordered_dead_letters();
    Consumer::new(&settings, group).on(handler).run(shutdown_signal()).await?;
    Ok(())
}
