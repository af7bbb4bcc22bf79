//! A service in a process of its own, to be killed: consumes `casos.creados` with the inbox in Redis, and leaves an effect for
//! each event in a file.
//!
//! ```text
//! redis_worker BROKERS GROUP REDIS EFFECTS FAULT [PROPERTY=VALUE…]
//! ```
//! `FAULT` is one of `conecta_tests::fault`. The properties are librdkafka's. Ends in an orderly way on SIGTERM.

use std::path::Path;
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::inbox::redis::RedisInbox;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::effect;
use conecta_tests::effects::EffectLog;
use conecta_tests::fault::{Faults, Faulty, Point};
use conecta_tests::worker::{ends_with_the_test, settings};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

struct Worker {
    effects: EffectLog,
    faults: Faults,
}

impl ConsumirCasoCreado for Worker {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeEffect);
        self.effects.record(effect(&caso))?;
        self.faults.at(Point::AfterEffect);
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, group, redis, effects, fault, properties @ ..] = args.as_slice() else {
        return Err("usage: redis_worker BROKERS GROUP REDIS EFFECTS FAULT [PROPERTY=VALUE…]".into());
    };
    ends_with_the_test();
    let faults: Faults = fault.parse()?;
    let settings = settings(brokers, properties)?;
    let inbox = RedisInbox::new(redis.as_str())?.lease(Duration::from_secs(1));
    let worker = Worker { effects: EffectLog::append_to(Path::new(effects)), faults: faults.clone() };
    Consumer::new(&settings, group)
        .on(casos_creados::consume(worker))
        .inbox(Faulty::new(inbox, faults))
        .run(shutdown_signal())
        .await?;
    Ok(())
}
