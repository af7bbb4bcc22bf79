//! A service in a process of its own, to be killed: consumes `casos.creados` with the inbox in PostgreSQL, and leaves an
//! effect for each event in the table `effects`, in the event's transaction.
//!
//! ```text
//! postgres_worker BROKERS GROUP POSTGRES FAULT BATCH [PROPERTY=VALUE…]
//! ```
//! `BATCH` is how many events it handles at a time; with 1 its handler takes one, and no batches.
//!
//! `FAULT` is `none` or `POINT:N:SIGNAL`: the process sends itself `SIGKILL` or `SIGSTOP` when it is at that point for the
//! N-th time. The properties are librdkafka's. Ends in an orderly way on SIGTERM.

use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, shutdown_signal};
use conecta_runtime::inbox::postgres::{PostgresInbox, PostgresSession, Tx};
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::{Batch, Batches, Delivery, HandlerError};
use conecta_tests::contract::effect;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use nix::sys::signal::{Signal, raise};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Point {
    BeforeEffect,
    AfterEffect,
    BeforeCommit,
    AfterCommit,
}

struct Fault {
    point: Point,
    signal: Signal,
    left: AtomicU64,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("a fault is POINT:N:SIGNAL, not {text:?}");
        let [point, n, signal] = text.split(':').collect::<Vec<_>>()[..] else { return Err(wrong()) };
        let point = match point {
            "before-effect" => Point::BeforeEffect,
            "after-effect" => Point::AfterEffect,
            "before-commit" => Point::BeforeCommit,
            "after-commit" => Point::AfterCommit,
            _ => return Err(wrong()),
        };
        let left = AtomicU64::new(n.parse().map_err(|_| wrong())?);
        Ok(Self { point, signal: signal.parse().map_err(|_| wrong())?, left })
    }
}

#[derive(Clone)]
struct Faults(Option<Arc<Fault>>);

impl Faults {
    fn at(&self, point: Point) {
        if let Some(fault) = self.0.as_ref().filter(|fault| fault.point == point)
            && fault.left.fetch_sub(1, Ordering::SeqCst) == 1
        {
            let _ = raise(fault.signal);
        }
    }
}

struct Worker(Faults);

impl ConsumirCasoCreado<Tx> for Worker {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado, Tx>) -> Result<(), HandlerError> {
        self.0.at(Point::BeforeEffect);
        let effect = effect(&caso);
        let process = i64::from(std::process::id());
        let sql = "INSERT INTO effects (key, seq, process) VALUES ($1, $2, $3)";
        caso.tx().execute(sql, &[&effect.key, &i64::from(effect.seq), &process]).await?;
        self.0.at(Point::AfterEffect);
        Ok(())
    }
}

/// The same for many events: one statement for all of them.
impl ConsumirCasoCreado<Tx, Batch<CasoCreado, Tx>> for Worker {
    async fn consumir_caso_creado(&self, casos: Batch<CasoCreado, Tx>) -> Result<(), HandlerError> {
        self.0.at(Point::BeforeEffect);
        let effects: Vec<_> = casos.iter().map(|caso| effect(caso)).collect();
        let keys: Vec<i64> = effects.iter().map(|effect| effect.key).collect();
        let seqs: Vec<i64> = effects.iter().map(|effect| i64::from(effect.seq)).collect();
        let process = i64::from(std::process::id());
        let sql = "INSERT INTO effects (key, seq, process)
            SELECT key, seq, $3 FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS e (key, seq, place) ORDER BY place";
        casos.tx().execute(sql, &[&keys, &seqs, &process]).await?;
        self.0.at(Point::AfterEffect);
        Ok(())
    }
}

/// The inbox, with a fault on either side of its commit.
struct Faulty {
    inner: PostgresInbox,
    faults: Faults,
}

impl Inbox for Faulty {
    type Session = PostgresSession;
    type Context = Tx;
    const UNDOES: bool = PostgresInbox::UNDOES;

    fn remembers_for(&self) -> Option<Duration> {
        self.inner.remembers_for()
    }

    async fn open(&self) -> Result<PostgresSession, HandlerError> {
        self.inner.open().await
    }

    async fn begin(
        &self,
        session: &mut PostgresSession,
        events: &[EventKey<'_>],
        admissions: &mut Vec<Admission>,
    ) -> Result<(), HandlerError> {
        self.inner.begin(session, events, admissions).await
    }

    fn lend(&self, session: &mut PostgresSession) -> Result<Tx, HandlerError> {
        self.inner.lend(session)
    }

    fn reclaimed(&self, session: &mut PostgresSession) -> bool {
        self.inner.reclaimed(session)
    }

    async fn commit(&self, session: &mut PostgresSession) -> Result<(), HandlerError> {
        self.faults.at(Point::BeforeCommit);
        self.inner.commit(session).await?;
        self.faults.at(Point::AfterCommit);
        Ok(())
    }

    async fn rollback(&self, session: &mut PostgresSession) -> Result<(), HandlerError> {
        self.inner.rollback(session).await
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, group, postgres, fault, batch, properties @ ..] = args.as_slice() else {
        return Err("usage: postgres_worker BROKERS GROUP POSTGRES FAULT BATCH [PROPERTY=VALUE…]".into());
    };
    // The test that started it holds the other end: a test that is killed leaves no worker behind.
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
    let faults = Faults(if fault == "none" { None } else { Some(Arc::new(fault.parse()?)) });
    let mut settings = KafkaSettings::new(brokers)?.replication_factor(1);
    for property in properties {
        let (name, value) = property.split_once('=').ok_or("a property is NAME=VALUE")?;
        settings = settings.consumer_property(name, value);
    }
    let inner = PostgresInbox::new(postgres.parse()?).idle_limit(Duration::from_secs(1));
    inner.migrate().await?;
    let worker = Worker(faults.clone());
    let handler = match batch.parse()? {
        1 => casos_creados::consume(worker),
        events => casos_creados::consume_batches(Batches::of(events), worker),
    };
    Consumer::new(&settings, group).on(handler).inbox(Faulty { inner, faults }).run(shutdown_signal()).await?;
    Ok(())
}
