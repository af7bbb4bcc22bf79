//! What an operator finds in the log.

use std::fmt::{Debug, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::{Contract, Running};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps every warning and error of the process.
struct Log;

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, " {}={value:?}", field.name()).unwrap();
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::WARN
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut line = Line(event.metadata().level().to_string());
        event.record(&mut line);
        LINES.lock().unwrap().push(line.0);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// Fails with what the event says, as careless handlers do.
#[derive(Clone)]
struct Careless {
    fails: Arc<AtomicBool>,
    failure: fn(String) -> HandlerError,
    server: &'static str,
}

impl ConsumirCasoCreado for Careless {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        match self.fails.load(Ordering::SeqCst) {
            true => Err((self.failure)(format!("{} refuses {:?}", self.server, caso.datos.titulo))),
            false => Ok(()),
        }
    }
}

/// The log's line with these words, of a consumer whose handler fails at first.
async fn line_of(words: &str, server: &'static str, failure: fn(String) -> HandlerError) -> String {
    // Whoever comes second finds it set.
    let _ = tracing::subscriber::set_global_default(Log);
    let contract = Contract::start().await;
    contract.publish_cases(20, 1).await;
    let fails = Arc::new(AtomicBool::new(true));
    let handler = Careless { fails: Arc::clone(&fails), failure, server };
    let consumer = Consumer::new(&contract.settings, server).on(casos_creados::consume(handler)).retries(0);
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let found = || LINES.lock().unwrap().iter().find(|line| line.contains(words) && line.contains(server)).cloned();
    eventually("the line", Duration::from_secs(60), || found().is_some()).await.unwrap();
    fails.store(false, Ordering::SeqCst);
    eventually("all to be committed", Duration::from_secs(60), || contract.kafka.lag(server, "casos.creados") == 0)
        .await
        .unwrap();
    running.stop().await.unwrap();
    found().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_why_consumption_waits_without_quoting_the_payload() {
    let line = line_of("a dependency is down", "db-7", HandlerError::dependency).await;
    assert!(line.starts_with("ERROR") && line.contains("db-7 refuses"), "{line}");
    assert!(line.contains("***") && !line.contains("Bache"), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_says_why_an_event_was_given_up_without_quoting_the_payload() {
    let line = line_of("dead-lettered", "db-8", HandlerError::transient).await;
    assert!(line.starts_with("WARN") && line.contains("db-8 refuses"), "{line}");
    assert!(line.contains("***") && !line.contains("Bache"), "{line}");
    assert!(line.contains("code=\"failed\""), "{line}");
}
