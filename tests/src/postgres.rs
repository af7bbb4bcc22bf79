//! PostgreSQL: one server shared by the tests of a process, or one of a test's own; a database for each test.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use conecta_runtime::HandlerError;
use conecta_runtime::inbox::postgres::sqlx::{Sqlx, SqlxInbox};
use conecta_runtime::inbox::postgres::{Driver, PostgresInbox, TokioPostgres, TransactionalInbox};
use tokio_postgres::{Client, Config, NoTls};

use crate::effects::Effect;
use crate::service::{self, Kept, note};

/// A running PostgreSQL. Ends with this value, and at the latest with the process, however that ends.
#[derive(Debug)]
pub struct PostgresService {
    kept: Kept,
    port: u16,
}

impl PostgresService {
    /// The server that the tests of this process share.
    ///
    /// # Panics
    /// When it cannot be had.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<PostgresService> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// A server for one test alone, which may stop it.
    ///
    /// # Panics
    /// When it does not come up; the script's own words say why.
    #[must_use]
    pub fn start() -> Self {
        let mut script = script();
        script.arg("run");
        let (kept, port) = Kept::start(script, "PostgreSQL");
        note("PostgreSQL 17.5, started by the tests");
        Self { kept, port: port.parse().unwrap() }
    }

    /// How to reach a new, empty database.
    ///
    /// # Panics
    /// When it cannot be made.
    pub async fn database(&self) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let postgres = Database { url: self.url("postgres") };
        postgres.client().await.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        Database { url: self.url(&name) }
    }

    fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port)
    }

    /// Ends it as a crash does: at once, with nothing flushed but what was committed.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn crash(&self) {
        self.control("crash");
    }

    /// Starts it again as what a failover may leave behind: a standby, which answers and refuses writes.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_again_read_only(&self) {
        std::fs::write(self.standby(), "").unwrap();
        self.control("start");
    }

    /// What it has said since it was made.
    ///
    /// # Panics
    /// When its log cannot be read.
    #[must_use]
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.kept.dir().join("data/server.log")).unwrap()).into_owned()
    }

    fn standby(&self) -> PathBuf {
        self.kept.dir().join("data/standby.signal")
    }

    /// Starts it again, and waits until it serves.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_again(&self) {
        // Where it was a standby, it is one no more.
        let _ = std::fs::remove_file(self.standby());
        self.control("start");
    }

    fn control(&self, command: &str) {
        let status = script().arg(command).arg(self.kept.dir()).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "postgres.sh {command}: {status}");
    }
}

/// A database of a test's own.
#[derive(Clone, Debug)]
pub struct Database {
    /// How to reach it, as both drivers read it.
    pub url: String,
}

impl Database {
    /// The same, read.
    ///
    /// # Panics
    /// Never: it is well-formed.
    #[must_use]
    pub fn config(&self) -> Config {
        self.url.parse().unwrap()
    }

    /// An inbox in it, over that driver. To be migrated.
    #[must_use]
    pub fn inbox<D: Over>(&self) -> TransactionalInbox<D> {
        D::inbox(&self.url)
    }

    /// A connection that owes nothing to the runtime.
    ///
    /// # Panics
    /// When there is none to be had.
    pub async fn client(&self) -> Client {
        let (client, connection) = self.config().connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        client
    }
}

/// A driver, for what is to be the same over each.
pub trait Over: Driver + Sized {
    /// What tests and workers call it.
    const NAME: &'static str;

    /// An inbox in that database.
    ///
    /// # Panics
    /// When the address is not one.
    fn inbox(url: &str) -> TransactionalInbox<Self>;

    /// Runs statements in a transaction, as a handler does.
    fn say(tx: &mut Self::Tx, sql: &str) -> impl Future<Output = Result<(), HandlerError>> + Send;

    /// What a question without parameters is answered.
    fn ask(tx: &mut Self::Tx, sql: &'static str) -> impl Future<Output = Result<bool, HandlerError>> + Send;

    /// Leaves an effect for each of these, in this order, in the table `effects`.
    fn leave(tx: &mut Self::Tx, effects: &[Effect]) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

const LEAVE: &str = "INSERT INTO effects (key, seq)
    SELECT key, seq FROM unnest($1::bigint[], $2::bigint[]) WITH ORDINALITY AS e (key, seq, place) ORDER BY place";

fn columns(effects: &[Effect]) -> (Vec<i64>, Vec<i64>) {
    effects.iter().map(|effect| (effect.key, i64::from(effect.seq))).unzip()
}

impl Over for TokioPostgres {
    const NAME: &'static str = "postgres";

    fn inbox(url: &str) -> PostgresInbox {
        PostgresInbox::new(url.parse().unwrap())
    }

    async fn say(tx: &mut Self::Tx, sql: &str) -> Result<(), HandlerError> {
        Ok(tx.batch_execute(sql).await?)
    }

    async fn ask(tx: &mut Self::Tx, sql: &'static str) -> Result<bool, HandlerError> {
        Ok(tx.query_one(sql, &[]).await?.get(0))
    }

    async fn leave(tx: &mut Self::Tx, effects: &[Effect]) -> Result<(), HandlerError> {
        let (keys, seqs) = columns(effects);
        tx.execute(LEAVE, &[&keys, &seqs]).await?;
        Ok(())
    }
}

impl Over for Sqlx {
    const NAME: &'static str = "sqlx";

    fn inbox(url: &str) -> SqlxInbox {
        SqlxInbox::new(url.parse().unwrap())
    }

    async fn say(tx: &mut Self::Tx, sql: &str) -> Result<(), HandlerError> {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut **tx).await?;
        Ok(())
    }

    async fn ask(tx: &mut Self::Tx, sql: &'static str) -> Result<bool, HandlerError> {
        Ok(sqlx::query_scalar(sql).fetch_one(&mut **tx).await?)
    }

    async fn leave(tx: &mut Self::Tx, effects: &[Effect]) -> Result<(), HandlerError> {
        let (keys, seqs) = columns(effects);
        sqlx::query(LEAVE).bind(keys).bind(seqs).execute(&mut **tx).await?;
        Ok(())
    }
}

/// One test a driver, of functions that take it.
#[macro_export]
macro_rules! over_each_driver {
    ($($test:ident),* $(,)?) => {
        mod over_tokio_postgres { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test::<conecta_runtime::inbox::postgres::TokioPostgres>().await;
            }
        )* }
        mod over_sqlx { $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test::<conecta_runtime::inbox::postgres::sqlx::Sqlx>().await;
            }
        )* }
    };
}

fn script() -> Command {
    service::script("postgres.sh")
}
