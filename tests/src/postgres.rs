//! PostgreSQL: one server shared by the tests of a process, or one of a test's own; a database for each test.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio_postgres::{Client, Config, NoTls};

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
        format!("host=127.0.0.1 port={} user=postgres dbname={database}", self.port)
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
    /// How to reach it, as `tokio_postgres::Config` reads it.
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

fn script() -> Command {
    service::script("postgres.sh")
}
