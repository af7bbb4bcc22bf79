//! Redis: one server shared by the tests of a process, or one of a test's own.

use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::service::{self, Kept, note};

/// A running Redis that writes what it is told to disk at once. Ends with this value, and at the latest with the process,
/// however that ends.
#[derive(Debug)]
pub struct RedisService {
    kept: Kept,
    port: String,
}

impl RedisService {
    /// The server that the tests of this process share. Groups' names keep them apart.
    ///
    /// # Panics
    /// When it cannot be had.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<RedisService> = OnceLock::new();
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
        let (kept, port) = Kept::start(script, "Redis");
        note("Redis 6.2, started by the tests");
        Self { kept, port }
    }

    /// How to reach it.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Ends it as a crash does.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn crash(&self) {
        self.control("crash");
    }

    /// Starts it again, with what it had written.
    ///
    /// # Panics
    /// When it does not come up.
    pub fn start_again(&self) {
        self.control("start");
    }

    fn control(&self, command: &str) {
        let status = script().arg(command).arg(self.kept.dir()).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "redis.sh {command}: {status}");
    }
}

fn script() -> Command {
    service::script("redis.sh")
}
