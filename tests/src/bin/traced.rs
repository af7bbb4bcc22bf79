//! One of two services whose spans go to a collector: the one publishes a case within a request, the other consumes it.
//!
//! ```text
//! traced publish BROKERS COLLECTOR
//! traced consume BROKERS COLLECTOR GROUP
//! ```
//! `publish` ends by itself, `consume` on SIGTERM.

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::kafka::{KafkaPublisher, KafkaSettings};
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::caso_creado;
use conecta_tests::effects::Effect;
use conecta_tests::traces::export_to;
use conecta_tests::worker::ends_with_the_test;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, PublicarCasoCreado as _, casos_creados};
use tracing::{Instrument as _, info_span};

/// Succeeds at the second try.
struct Second;

impl ConsumirCasoCreado for Second {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        async { tokio::task::yield_now().await }.instrument(info_span!("effect")).await;
        match caso.attempt {
            1 => Err("the mail server is busy".into()),
            _ => Ok(()),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    match args.as_slice() {
        ["publish", brokers, collector] => {
            let traces = export_to(collector, "microservicio-casos");
            let publisher = KafkaPublisher::new(&KafkaSettings::new(*brokers)?)?;
            let caso = caso_creado(Effect { key: 1, seq: 0 });
            async { publisher.publicar_caso_creado(&caso).await }.instrument(info_span!("request")).await?;
            traces.shutdown()?;
        }
        ["consume", brokers, collector, group] => {
            let traces = export_to(collector, "notificaciones");
            ends_with_the_test();
            let settings = KafkaSettings::new(*brokers)?;
            Consumer::new(&settings, *group).on(casos_creados::consume(Second)).run(shutdown_signal()).await?;
            traces.shutdown()?;
        }
        _ => return Err("usage: traced publish|consume BROKERS COLLECTOR [GROUP]".into()),
    }
    Ok(())
}
