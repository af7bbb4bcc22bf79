//! The nine events of the Conecta360 contract, published through the typed producers and consumed through the typed
//! consumers: one fails at first and is retried, one is poison and becomes a dead letter, one comes twice and is skipped.
//!
//! Runs on a broker inside the process, or on the cluster that `BROKERS` (`host:port,…`) names. Ends with success only if
//! every count is as it must be.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program's output")]

mod cluster;
mod dead_letters;
mod events;
mod services;
mod table;

use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::inbox::MemoryInbox;
use conecta_runtime::kafka::KafkaPublisher;
use conecta_runtime::testing::eventually;
use conecta360_events::*;
use tokio::sync::oneshot;

use cluster::Cluster;
use services::Services;
use table::Table;

const PATIENCE: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let cluster = Cluster::from_env().await?;
    let group = cluster.group();
    println!("Kafka: {}; group: {group}", cluster.description());

    let services = Services::default();
    let consumer = Consumer::new(cluster.settings(), &group)
        .on(casos_creados::consume(services.clone()))
        .on(casos_asignados::consume(services.clone()))
        .on(casos_actualizados::consume(services.clone()))
        .on(casos_cerrados::consume(services.clone()))
        .on(notificaciones_enviadas::consume(services.clone()))
        .on(sla_violados::consume(services.clone()))
        .on(sla_cumplidos::consume(services.clone()))
        .on(ciudadanos_registrados::consume(services.clone()))
        .on(dependencias_configuradas::consume(services.clone()))
        .inbox(MemoryInbox::default());
    let (stop, stopped) = oneshot::channel::<()>();
    let consuming = tokio::spawn(consumer.run(async {
        // An error says that the sender is gone, which is as good a reason.
        let _ = stopped.await;
    }));

    let publisher = KafkaPublisher::new(cluster.settings())?;
    let published = events::publish(&publisher).await?;
    eventually("every event to be handled", PATIENCE, || services.handled_all(&published)).await?;
    let letter = dead_letters::find(cluster.settings(), &group, &published.poison, PATIENCE).await?;
    println!("Dead letter in {}: {}\n", letter.topic, letter.reason);
    // The receiver is gone only if the consumer has ended by itself, and then the next line says why.
    let _ = stop.send(());
    consuming.await??;

    let table = Table::of(&published, &services, &letter);
    println!("{table}");
    Ok(match table.faults().as_slice() {
        [] => ExitCode::SUCCESS,
        faults => {
            eprintln!("not as it must be:\n{}", faults.join("\n"));
            ExitCode::FAILURE
        }
    })
}
