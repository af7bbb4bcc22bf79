//! Processes that consume, to be killed.

use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use conecta_runtime::kafka::KafkaSettings;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A running program of `src/bin`. Killed when dropped.
#[derive(Debug)]
pub struct Worker(Child);

/// What workers of one test have in common.
#[derive(Debug)]
pub struct Workers<'a> {
    /// The program.
    pub program: &'a Path,
    /// The brokers' addresses.
    pub brokers: &'a str,
    /// The consumer group.
    pub group: &'a str,
    /// How long each event takes to handle.
    pub work: Duration,
    /// librdkafka properties, `name=value`.
    pub properties: &'a [&'a str],
}

impl Workers<'_> {
    /// Starts one that leaves its effects in that file.
    ///
    /// # Panics
    /// When the program cannot be run.
    #[must_use]
    pub fn start(&self, effects: &Path) -> Worker {
        Worker::start(
            Command::new(self.program)
                .args([self.brokers, self.group])
                .arg(effects)
                .arg(self.work.as_micros().to_string())
                .args(self.properties),
        )
    }
}

impl Worker {
    /// Starts one. It holds the other end of its standard input, and ends when that is closed.
    ///
    /// # Panics
    /// When the program cannot be run.
    #[must_use]
    pub fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::piped()).spawn().expect("the worker runs"))
    }

    /// Whether a signal has ended it.
    ///
    /// # Panics
    /// When it has ended by itself.
    pub fn is_dead(&mut self) -> bool {
        use std::os::unix::process::ExitStatusExt as _;
        let Some(status) = self.0.try_wait().unwrap() else { return false };
        assert!(status.signal().is_some(), "the worker ended by itself: {status}");
        true
    }

    /// Whether a signal has stopped it where it stood.
    ///
    /// # Panics
    /// When it is gone.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        // Behind its name, which may have anything in it.
        stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// `kill -9`.
    ///
    /// # Panics
    /// When it had ended by itself: then it was not killed in the middle of anything.
    pub fn kill(mut self) {
        assert!(self.0.try_wait().unwrap().is_none(), "the worker ended by itself");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// `SIGTERM`; gives how it ended.
    ///
    /// # Panics
    /// When it does not end within half a minute.
    pub fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        crate::wire::until(Duration::from_secs(30), "the worker to end", || self.0.try_wait().unwrap())
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// When it is gone.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.id().try_into().unwrap()), signal).unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// For a worker: the test that started it holds the other end of its standard input, and a test that is killed leaves no
/// worker behind.
pub fn ends_with_the_test() {
    std::thread::spawn(|| {
        let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
        std::process::exit(1);
    });
}

/// For a worker: how it reaches the brokers, with librdkafka's properties, `name=value`.
///
/// # Errors
/// When the brokers or a property cannot be used.
pub fn settings(brokers: &str, properties: &[String]) -> Result<KafkaSettings, Box<dyn std::error::Error>> {
    let mut settings = KafkaSettings::new(brokers)?.replication_factor(1);
    for property in properties {
        let (name, value) = property.split_once('=').ok_or("a property is NAME=VALUE")?;
        settings = settings.consumer_property(name, value);
    }
    Ok(settings)
}
