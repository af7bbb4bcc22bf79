//! What Prometheus and an orchestrator are told, over a socket, of a consumer on a real Kafka.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::http::Endpoint;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError, Headers, Message, Publisher as _};
use conecta_tests::contract::{Contract, Running, effect};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;

const LIMIT: Duration = Duration::from_secs(60);

async fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// Status and body.
async fn get(address: SocketAddr, path: &str) -> (u16, String) {
    let answer = ask(address, &format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.contains(&format!("Content-Length: {}", body.len())), "{head}");
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// The samples of a group, by name and the other labels.
async fn samples(address: SocketAddr, group: &str) -> BTreeMap<String, f64> {
    let (status, body) = get(address, "/metrics").await;
    assert_eq!(status, 200);
    let group = format!("group=\"{group}\"");
    let lines = body.lines().filter(|line| line.contains(&group));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = name.replace(&format!("{group},"), "").replace(&group, "").replace("{}", "");
            (name, value.parse().unwrap())
        })
        .collect()
}

/// Waits until a sample has that value.
async fn until(address: SocketAddr, group: &str, name: &str, value: f64) {
    until_it(address, group, name, |now| now == value).await;
}

/// Waits until a sample is as it is wanted.
async fn until_it(address: SocketAddr, group: &str, name: &str, is_right: impl Fn(f64) -> bool) {
    let end = std::time::Instant::now() + LIMIT;
    loop {
        let all = samples(address, group).await;
        if all.get(name).is_some_and(|value| is_right(*value)) {
            return;
        }
        assert!(std::time::Instant::now() < end, "{name} is not as it should be in time: {all:#?}");
    }
}

/// Fails for good for key 1, at the first try for key 2, and waits for key 3 until it is let go.
#[derive(Clone, Default)]
struct Handler {
    go: Arc<Notify>,
    is_down: Arc<AtomicBool>,
}

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        if self.is_down.load(Ordering::SeqCst) {
            return Err(HandlerError::dependency("the database is away"));
        }
        match (effect(&caso).key, caso.attempt) {
            (1, _) => Err(HandlerError::poison("no such case")),
            (2, 1) => Err("the mail server is busy".into()),
            (3, _) => {
                self.go.notified().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_is_told_what_became_of_each_topics_events_and_how_the_consumer_stands() {
    let contract = Contract::start().await;
    let settings = contract.settings.clone().consumer_property("statistics.interval.ms", "200");
    let endpoint = Endpoint::bind("127.0.0.1:0").await.unwrap();
    let handler = Handler::default();
    let consumer = Consumer::new(&settings, "medida").on(casos_creados::consume(handler.clone())).concurrency(7);
    let address = endpoint.address().unwrap();
    let serving = tokio::spawn(endpoint.watch(consumer.metrics().health()).serve());
    assert_eq!(get(address, "/health/live").await.0, 200, "not started is not dead");
    let (status, said) = get(address, "/health/ready").await;
    assert!(status == 503 && said.contains("medida: its group has not told it yet"), "{status} {said}");

    contract.publish_cases(4, 1).await;
    let poison = Message::new("casos.creados", Some(b"4".to_vec()), Headers::new(), Some(b"{".to_vec()));
    contract.publisher.send(poison).await.unwrap().await.unwrap();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    for (name, value) in [
        ("conecta_consumed_total{topic=\"casos.creados\"}", 5.0),
        ("conecta_handled_total{topic=\"casos.creados\"}", 2.0),
        ("conecta_retried_total{topic=\"casos.creados\"}", 1.0),
        ("conecta_dead_lettered_total{topic=\"casos.creados\"}", 2.0),
        ("conecta_duplicates_total{topic=\"casos.creados\"}", 0.0),
        ("conecta_lanes_busy", 1.0),
        ("conecta_in_flight", 1.0),
        ("conecta_lag{topic=\"casos.creados\"}", 1.0),
        ("conecta_assigned_partitions", 6.0),
    ] {
        until(address, "medida", name, value).await;
    }
    let (status, said) = get(address, "/health/ready").await;
    assert!(status == 200 && said == "medida: ready; 6 partitions\n", "{status} {said}");
    let now = samples(address, "medida").await;
    assert_eq!(now["conecta_lanes"], 7.0);
    assert_eq!(now["conecta_breaker_open{topic=\"casos.creados\"}"], 0.0);
    assert!(now["conecta_commits_total"] > 0.0 && now["conecta_in_flight_bytes"] > 100.0, "{now:#?}");
    let called = |outcome: &str| {
        now.get(&format!("conecta_handler_duration_seconds_count{{topic=\"casos.creados\",outcome=\"{outcome}\"}}"))
    };
    assert_eq!((called("ok"), called("failed"), called("rejected")), (Some(&2.0), Some(&1.0), Some(&1.0)), "{now:#?}");
    // A commit that waits for one event is as old as that.
    let age = "conecta_commit_age_seconds{topic=\"casos.creados\"}";
    until_it(address, "medida", age, |age| age > 0.5).await;

    handler.go.notify_one();
    until(address, "medida", "conecta_lag{topic=\"casos.creados\"}", 0.0).await;
    until(address, "medida", "conecta_commit_age_seconds{topic=\"casos.creados\"}", 0.0).await;
    running.stop().await.unwrap();
    let (status, said) = get(address, "/health/ready").await;
    assert!(status == 503 && said.contains("asked to stop"), "{status} {said}");
    assert_eq!(get(address, "/health/live").await.0, 200);
    until(address, "medida", "conecta_handled_total{topic=\"casos.creados\"}", 3.0).await;

    // No label is a key, an identifier or a reason.
    let (_, body) = get(address, "/metrics").await;
    let labels: std::collections::BTreeSet<&str> = body
        .lines()
        .filter_map(|line| Some(line.split_once('{')?.1.rsplit_once('}')?.0))
        .flat_map(|labels| labels.split(','))
        .filter_map(|label| Some(label.split_once('=')?.0))
        .collect();
    assert_eq!(labels.into_iter().collect::<Vec<_>>(), ["alert", "group", "le", "outcome", "topic"]);
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dependency_that_is_down_shows_and_makes_a_consumer_neither_dead_nor_unready() {
    let contract = Contract::start().await;
    contract.publish_cases(40, 1).await;
    let endpoint = Endpoint::bind("127.0.0.1:0").await.unwrap();
    let handler = Handler::default();
    handler.is_down.store(true, Ordering::SeqCst);
    handler.go.notify_one();
    let consumer = Consumer::new(&contract.settings, "caida").on(casos_creados::consume(handler.clone()));
    let address = endpoint.address().unwrap();
    let metrics = consumer.metrics();
    let health = metrics.health().stalled_after(Duration::from_millis(1));
    let serving = tokio::spawn(endpoint.watch(health).serve());
    let running = Running::new(|shutdown| consumer.run(shutdown));
    until(address, "caida", "conecta_breaker_open{topic=\"casos.creados\"}", 1.0).await;
    let (status, said) = get(address, "/health/ready").await;
    assert!(status == 200 && said.contains("waits for a dependency: casos.creados"), "{status} {said}");
    handler.is_down.store(false, Ordering::SeqCst);
    until(address, "caida", "conecta_breaker_open{topic=\"casos.creados\"}", 0.0).await;
    until(address, "caida", "conecta_handled_total{topic=\"casos.creados\"}", 39.0).await;
    running.stop().await.unwrap();
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_gets_nowhere_while_there_is_something_to_do_is_not_ready() {
    let contract = Contract::start().await;
    contract.publish_cases(4, 1).await;
    let handler = Handler::default();
    let consumer = Consumer::new(&contract.settings, "parada").on(casos_creados::consume(handler.clone()));
    let endpoint = Endpoint::bind("127.0.0.1:0").await.unwrap();
    let address = endpoint.address().unwrap();
    let metrics = consumer.metrics();
    let serving = tokio::spawn(endpoint.watch(metrics.health().stalled_after(Duration::from_secs(1))).serve());
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("the stall", LIMIT, || metrics.snapshot().idle_ms > 1_500).await.unwrap();
    let (status, said) = get(address, "/health/ready").await;
    assert!(status == 503 && said.contains("stalled: nothing was brought to an end for 1 s"), "{status} {said}");
    handler.go.notify_one();
    eventually("it to go on", LIMIT, || metrics.snapshot().idle_ms < 1_000).await.unwrap();
    assert_eq!(get(address, "/health/ready").await.0, 200);
    running.stop().await.unwrap();
    serving.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_is_answered_and_does_no_harm() {
    let endpoint = Endpoint::bind("127.0.0.1:0").await.unwrap();
    let address = endpoint.address().unwrap();
    let serving = tokio::spawn(endpoint.serve());
    assert_eq!(get(address, "/").await.0, 404);
    assert_eq!(get(address, "/metrics?x=1").await.0, 200);
    for (request, status) in [
        ("POST /metrics HTTP/1.1\r\n\r\n", "405"),
        ("\r\n\r\n", "400"),
        ("GET /metrics\r\n\r\n", "400"),
        ("GET /metrics SMTP/1.1\r\n\r\n", "400"),
        ("\u{16}\u{3}\u{1}\r\n\r\n", "400"),
    ] {
        let answer = ask(address, request).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
    }
    let head = ask(address, "HEAD /metrics HTTP/1.1\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
    // One that is too long, one that says nothing: others are served meanwhile.
    let silent = TcpStream::connect(address).await.unwrap();
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(7_000));
    assert!(ask(address, &long).await.starts_with("HTTP/1.1 404 "));
    drop(silent);
    serving.abort();
}
