//! A small HTTP endpoint for whoever looks after a service: `/metrics` for Prometheus, `/health/live` and `/health/ready` for an
//! orchestrator.
//!
//! ```no_run
//! # use conecta_runtime::{Registration, consumer::{Consumer, shutdown_signal}, http::Endpoint, kafka::KafkaSettings};
//! # async fn service(handler: Registration) -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::bind("0.0.0.0:9464").await?;
//! let consumer = Consumer::new(&KafkaSettings::from_env()?, "derivacion").on(handler);
//! tokio::spawn(endpoint.watch(consumer.metrics().health()).serve());
//! consumer.run(shutdown_signal()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! It answers GET and HEAD of HTTP/1.x, one request a connection, without TLS or passwords: bind it where only the orchestrator
//! and Prometheus can reach it. A service that has a web framework asks [`Health`] and its own recorder instead.

use std::fmt::Write as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
use tokio::sync::Semaphore;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::telemetry::{DURATION, Health, Liveness, Readiness};

/// How many connections are served at a time; others wait.
const CONNECTIONS: usize = 16;
/// How long a client may take for its request, and for taking the answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long a request may be.
const LONGEST: usize = 8 << 10;
/// How often what was recorded is summed up.
const UPKEEP: Duration = Duration::from_secs(5);
/// Seconds, for the durations of handlers: from the cost of the runtime itself to a call that should have a deadline.
const BUCKETS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0, 5.0, 30.0, 120.0];

/// The endpoint. See the [module](self).
#[derive(Debug)]
#[must_use = "an endpoint does nothing until it serves"]
pub struct Endpoint {
    listener: TcpListener,
    watched: Vec<Health>,
}

impl Endpoint {
    /// Listens there, and installs a recorder of the crate `metrics` if the program has none. To be called before consumers run.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn bind(address: impl ToSocketAddrs) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let _ = recorder();
        Ok(Self { listener, watched: Vec::new() })
    }

    /// Answers for the health of that consumer, too: the service is as well as each of them.
    pub fn watch(mut self, health: Health) -> Self {
        self.watched.push(health);
        self
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until it is dropped.
    pub async fn serve(self) {
        let Self { listener, watched } = self;
        let watched: Arc<[Health]> = watched.into();
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut upkeep = interval(UPKEEP);
        upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let accepted = tokio::select! {
                _ = upkeep.tick() => {
                    if let Ok(recorder) = recorder() {
                        recorder.run_upkeep();
                    }
                    continue;
                }
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    // Nobody closes it.
                    let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
                    let watched = Arc::clone(&watched);
                    tokio::spawn(async move {
                        // A client that goes away, or does not ask, is none of ours to report.
                        let _ = timeout(PATIENCE, answer(stream, &watched)).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    // Such as no file descriptors: those that are open are closed in time.
                    tracing::warn!("the HTTP endpoint could not take a connection: {error}");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        }
    }
}

/// The process has one recorder.
fn recorder() -> Result<&'static PrometheusHandle, &'static str> {
    static RECORDER: OnceLock<Result<PrometheusHandle, String>> = OnceLock::new();
    let recorder = RECORDER.get_or_init(|| {
        let install = || -> Result<PrometheusHandle, BuildError> {
            let buckets = Matcher::Full(DURATION.into());
            PrometheusBuilder::new().set_buckets_for_metric(buckets, &BUCKETS)?.install_recorder()
        };
        install().map_err(|error| error.to_string())
    });
    recorder.as_ref().map_err(String::as_str)
}

struct Answer {
    status: &'static str,
    kind: &'static str,
    body: String,
}

impl Answer {
    fn text(status: &'static str, body: impl Into<String>) -> Self {
        Self { status, kind: "text/plain; charset=utf-8", body: body.into() }
    }
}

async fn answer(mut stream: TcpStream, watched: &[Health]) -> io::Result<()> {
    let Some((method, path)) = request(&mut stream).await? else {
        return write(stream, &Answer::text("400 Bad Request", "this is no request of HTTP/1.1\n"), false).await;
    };
    let found = match (&*method, &*path) {
        ("GET" | "HEAD", "/metrics") => exposition(),
        ("GET" | "HEAD", "/health/live") => health(watched, |health| match health.liveness() {
            Liveness::Alive => Ok("alive".into()),
            Liveness::Hangs(silence) => Err(format!("the poll thread has done nothing for {} s", silence.as_secs())),
        }),
        ("GET" | "HEAD", "/health/ready") => health(watched, |health| match health.readiness() {
            Readiness::Ready => Ok("ready".into()),
            Readiness::Joining => Err("its group has not told it yet which partitions it has".into()),
            Readiness::Stalled(idle) => Err(format!("stalled: nothing was brought to an end for {} s", idle.as_secs())),
            Readiness::Leaving => Err("it was asked to stop".into()),
        }),
        ("GET" | "HEAD", _) => Answer::text("404 Not Found", "there are /metrics, /health/live and /health/ready\n"),
        _ => Answer::text("405 Method Not Allowed", "GET and HEAD are answered\n"),
    };
    write(stream, &found, method == "HEAD").await
}

/// Method and path of what is asked; `None` when it is not HTTP. The headers are read and left alone.
async fn request(stream: &mut TcpStream) -> io::Result<Option<(String, String)>> {
    let mut text = Vec::new();
    let mut part = [0; 1024];
    while !text.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = stream.read(&mut part).await?;
        if read == 0 || text.len() + read > LONGEST {
            return Ok(None);
        }
        text.extend_from_slice(&part[..read]);
    }
    let line = text.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let Ok(line) = std::str::from_utf8(line) else { return Ok(None) };
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Ok(None);
    };
    if !version.starts_with("HTTP/1.") {
        return Ok(None);
    }
    let path = target.split('?').next().unwrap_or_default();
    Ok(Some((method.to_owned(), path.to_owned())))
}

async fn write(mut stream: TcpStream, answer: &Answer, only_head: bool) -> io::Result<()> {
    let Answer { status, kind, body } = answer;
    let mut text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n",
        body.len()
    );
    if !only_head {
        text.push_str(body);
    }
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

fn exposition() -> Answer {
    match recorder() {
        Ok(recorder) => {
            Answer { status: "200 OK", kind: "text/plain; version=0.0.4; charset=utf-8", body: recorder.render() }
        }
        Err(reason) => Answer::text(
            "404 Not Found",
            format!("the program's own recorder has the metrics, not this one: {reason}\n"),
        ),
    }
}

/// Well when each consumer is; the body has one line for each, and of its breakers.
fn health(watched: &[Health], ask: impl Fn(&Health) -> Result<String, String>) -> Answer {
    let mut status = "200 OK";
    let mut body = String::new();
    for health in watched {
        let said = ask(health).unwrap_or_else(|fault| {
            status = "503 Service Unavailable";
            fault
        });
        let now = health.metrics().snapshot();
        let waits = match &*now.open_breakers {
            [] => String::new(),
            topics => format!("; waits for a dependency: {}", topics.join(", ")),
        };
        // Writing to a text does not fail.
        let _ = writeln!(body, "{}: {said}; {} partitions{waits}", now.group, now.assigned);
    }
    Answer::text(status, body)
}
