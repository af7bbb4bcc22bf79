//! Consumers: what others take for the same events, each with its own client of Kafka.
//!
//! Every one reads the body into a typed event, looks at the headers and commits. Their settings are the best that were found:
//! Spring Kafka acknowledges batches of 2,000 with a thread for each partition; Parallel Consumer keeps the order of keys with 16
//! threads, and commits in the background; Watermill has the middleware that makes up for what ours does.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use conecta_tests::KafkaService;
use conecta_tests::wire::unique;
use tokio::runtime::Runtime;

use super::{cache, go, install, made_of, sources, within_limits};
use crate::consume::{self, EVENTS, TOPIC, Work};
use crate::event::KEYS;
use crate::report::{Report, median};

const ROUNDS: usize = 3;

/// Seconds that a run may take.
const LIMIT: &str = "180";

/// Slow handlers: so many keys, each of whose events takes so long.
pub(crate) const SLOW: (usize, Duration) = (256, Duration::from_millis(2));

pub(crate) fn figures(kafka: &KafkaService, runtime: &Runtime, report: &mut Report) {
    runtime.block_on(consume::fill(kafka, EVENTS, KEYS));
    let java = java().inspect_err(|why| report.info("peer-spring", format_args!("left out: {why}"))).ok();
    let watermill = watermill().inspect_err(|why| report.info("peer-watermill", format_args!("left out: {why}"))).ok();
    let mut peers: Vec<(&str, f64, Peer)> = Vec::new();
    if let Some(java) = java {
        peers.push(("consume-spring-batch", 3.5, Peer::java(&java, "spring", 6, Duration::ZERO)));
        peers.push(("consume-parallel-consumer", 12.0, Peer::java(&java, "parallel", 16, Duration::ZERO)));
    }
    if let Some(program) = watermill {
        peers.push((
            "consume-watermill",
            7.0,
            Peer { command: vec![program.display().to_string()], after: Vec::new() },
        ));
    }
    if peers.is_empty() {
        return;
    }
    let rate = |time: Duration| EVENTS as f64 / time.as_secs_f64();
    let mut ours = Vec::new();
    let mut theirs: Vec<Result<Vec<f64>, String>> = peers.iter().map(|_| Ok(Vec::new())).collect();
    for _ in 0..ROUNDS {
        ours.push(rate(runtime.block_on(consume::consume(kafka, Work::default()))));
        for ((.., peer), rates) in peers.iter().zip(&mut theirs) {
            let Ok(found) = rates else { continue };
            match peer.run(kafka, EVENTS) {
                Ok(time) => found.push(rate(time)),
                Err(why) => *rates = Err(why),
            }
        }
    }
    let ours = median(ours);
    for ((name, goal, _), rates) in peers.iter().zip(theirs) {
        match rates {
            Ok(rates) => report.rate(name, ours, median(rates), *goal),
            Err(why) => report.info(name, format_args!("ours={ours:.0} reference: {why}")),
        }
    }
}

/// Parallel Consumer with slow handlers, on the topic as it is; its rate.
pub(crate) fn slow_keys(kafka: &KafkaService, events: usize) -> Result<f64, String> {
    let (keys, each) = SLOW;
    let time = Peer::java(&java()?, "parallel", keys, each).run(kafka, events)?;
    Ok(events as f64 / time.as_secs_f64())
}

/// A program that consumes the topic, given where it is, and prints the seconds that it took.
struct Peer {
    command: Vec<String>,
    after: Vec<String>,
}

impl Peer {
    fn java(folder: &std::path::Path, name: &str, concurrency: usize, each: Duration) -> Self {
        let jars = folder.join("libs/*").display().to_string();
        let program = sources("java").join("Peers.java").display().to_string();
        // The collector and the heap of a service that has the machine for itself.
        let command = ["java", "-XX:+UseParallelGC", "-Xmx2g", "-cp", &jars, &program, name];
        Self {
            command: command.map(str::to_owned).to_vec(),
            after: vec![concurrency.to_string(), each.as_millis().to_string()],
        }
    }

    fn run(&self, kafka: &KafkaService, events: usize) -> Result<Duration, String> {
        let output = Command::new("timeout")
            .arg(LIMIT)
            .args(&self.command)
            .args([kafka.brokers(), TOPIC, &unique("peer"), &events.to_string()])
            .args(&self.after)
            .output()
            .map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        match said.trim().parse() {
            Ok(seconds) if output.status.success() => Ok(Duration::from_secs_f64(seconds)),
            _ if output.status.code() == Some(124) => Err(format!("longer than {LIMIT} s")),
            _ => {
                let why = String::from_utf8_lossy(&output.stderr).into_owned();
                Err(format!("it failed: {}", why.lines().find(|line| line.contains("rror")).unwrap_or(&why)))
            }
        }
    }
}

/// Where the jars of Spring Kafka and of Parallel Consumer are.
fn java() -> Result<PathBuf, String> {
    let (folder, pom) = (cache("java"), sources("java").join("pom.xml"));
    let text = std::fs::read_to_string(&pom).map_err(|error| error.to_string())?;
    made_of(&folder, &text, || {
        install(
            within_limits("mvn")
                .args(["-q", "-B", "dependency:copy-dependencies", "-DincludeScope=runtime", "-f"])
                .arg(&pom)
                .arg(format!("-DoutputDirectory={}", folder.join("libs").display())),
        )
    })?;
    Ok(folder)
}

fn watermill() -> Result<PathBuf, String> {
    let folder = cache("watermill");
    let [module, program] = ["go.mod", "main.go"].map(|name| std::fs::read_to_string(sources("go").join(name)));
    let (module, program) = (module.map_err(|error| error.to_string())?, program.map_err(|error| error.to_string())?);
    made_of(&folder, &format!("{module}{program}"), || {
        std::fs::write(folder.join("main.go"), &program).map_err(|error| error.to_string())?;
        go(&folder, &module, ".")
    })?;
    Ok(folder.join("bin/peers"))
}
