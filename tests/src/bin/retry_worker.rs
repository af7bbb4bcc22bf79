//! A service in a process of its own, to be killed: consumes `casos.creados` with two retry topics, and leaves an effect for each
//! event.
//!
//! ```text
//! retry_worker BROKERS GROUP EFFECTS MICROSECONDS [PROPERTY=VALUE…]
//! ```
//! As `worker`; but as long as there is no file `EFFECTS.mended`, the fifth event of each eighth case fails, and one that was
//! started then never commits anything.

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
}

impl ConsumirCasoCreado for Worker {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        let effect = effect(&caso);
        if is_culprit(effect) && !self.mended.exists() {
            return Err(HandlerError::transient("not yet"));
        }
        self.effects.record(effect)?;
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, group, effects, _, properties @ ..] = args.as_slice() else {
        return Err("usage: retry_worker BROKERS GROUP EFFECTS MICROSECONDS [PROPERTY=VALUE…]".into());
    };
    let mended = PathBuf::from(format!("{effects}.mended"));
    let commits = if mended.exists() { Duration::from_secs(1) } else { Duration::from_secs(3_600) };
    let worker = Worker { effects: EffectLog::append_to(Path::new(effects)), mended };
    ends_with_the_test();
    let settings = settings(brokers, properties)?;
    let handler = casos_creados::consume(worker).retry_topics([Duration::from_millis(500); 2]);
    let consumer = Consumer::new(&settings, group).on(handler).retries(0).commit_interval(commits);
    consumer.run(shutdown_signal()).await?;
    Ok(())
}
