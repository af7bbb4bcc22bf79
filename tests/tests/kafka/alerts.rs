//! Alerts of a consumer on a real Kafka, as a webhook gets them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conecta_runtime::alert::{Alerts, Webhook};
use conecta_runtime::consumer::Consumer;
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError, Headers, Message, Publisher as _};
use conecta_tests::contract::{Contract, Running, effect};
use conecta_tests::receiver::{Answer, Receiver};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use tokio::sync::Notify;

const LIMIT: Duration = Duration::from_secs(60);
const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Rejects key 1, waits for key 2 until it is let go, and fails with all while what it needs is down.
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
        match effect(&caso).key {
            1 => Err(HandlerError::poison("no such case")),
            2 => {
                self.go.notified().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The alerts that a receiver got, in order: kind, state, topic, count.
fn told(receiver: &Receiver) -> Vec<(String, String, Value, u64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let all = receiver.received();
    all.iter()
        .map(|it| it.json())
        .map(|it| (text(&it["alert"]), text(&it["state"]), it["topic"].clone(), it["count"].as_u64().unwrap()))
        .collect()
}

fn names(receiver: &Receiver) -> Vec<String> {
    told(receiver).into_iter().map(|(kind, state, ..)| format!("{kind} {state}")).collect()
}

fn has(receiver: &Receiver, name: &str) -> bool {
    names(receiver).iter().any(|it| it == name)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_is_told_once_of_a_dead_letter_of_an_open_breaker_of_a_stall_and_of_lag_and_signed() {
    let contract = Contract::start().await;
    let settings = contract.settings.clone().consumer_property("statistics.interval.ms", "200");
    let receiver = Receiver::start(|_| Answer::Status(204)).await;
    let handler = Handler::default();
    let webhook = Webhook::new(&receiver.url("/conecta")).unwrap().secret(SECRET).unwrap();
    let alerts = Alerts::new().stalled_after(Duration::from_secs(2)).max_lag(10).webhook(webhook);
    let consumer = Consumer::new(&settings, "alarma").on(casos_creados::consume(handler.clone())).alerts(alerts);
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));

    // Of 0, 1 and 2 the second becomes a dead letter, and the third stands still.
    contract.publish_cases(3, 1).await;
    eventually("a dead letter", LIMIT, || has(&receiver, "dead-letters firing")).await.unwrap();
    eventually("a stall", LIMIT, || has(&receiver, "stalled firing")).await.unwrap();
    handler.go.notify_one();
    eventually("the end of the stall", LIMIT, || has(&receiver, "stalled resolved")).await.unwrap();

    handler.is_down.store(true, Ordering::SeqCst);
    contract.publish_cases(40, 1).await;
    for name in ["breaker-open firing", "lag firing"] {
        eventually(name, LIMIT, || has(&receiver, name)).await.unwrap();
    }
    handler.is_down.store(false, Ordering::SeqCst);
    handler.go.notify_one();
    for name in ["breaker-open resolved", "lag resolved"] {
        eventually(name, LIMIT, || has(&receiver, name)).await.unwrap();
    }
    eventually("all to be handled", LIMIT, || metrics.snapshot().topic("casos.creados").handled == 41).await.unwrap();
    let report = running.stop().await.unwrap();
    assert_eq!((report.metrics.alerts, report.metrics.alerts_undelivered), (5, 0), "{:?}", names(&receiver));

    let told = told(&receiver);
    let of = |name: &str| told.iter().filter(|it| format!("{} {}", it.0, it.1) == name).collect::<Vec<_>>();
    for name in ["stalled", "breaker-open", "lag"] {
        assert_eq!(of(&format!("{name} firing")).len(), 1, "{told:#?}");
        assert_eq!(of(&format!("{name} resolved")).len(), 1, "{told:#?}");
    }
    let letters = of("dead-letters firing");
    let topic = Value::from("casos.creados");
    assert!(letters[0].2 == topic && letters[0].3 == 1, "{told:#?}");
    assert_eq!(letters.len(), 2, "the second one at the end: it was kept back for a minute");
    assert!(of("breaker-open firing")[0].2 == topic && of("stalled firing")[0].2.is_null());
    assert!(of("lag firing")[0].3 > 10);

    for request in receiver.received() {
        let header = |name: &str| request.headers[name].as_str();
        assert_eq!((&*request.path, header("content-type")), ("/conecta", "application/json"));
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs();
        let at: u64 = header("webhook-timestamp").parse().unwrap();
        assert!(now - at < 300, "{at} is not now, {now}");
        let key = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&key).unwrap();
        mac.update(format!("{}.{at}.", header("webhook-id")).as_bytes());
        mac.update(&request.body);
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        assert_eq!(header("webhook-signature"), signature);
        let said = String::from_utf8(request.body).unwrap();
        assert!(!said.contains("no such case") && !said.contains("the database is away"), "{said}");
    }
}

/// Fails until it is told not to.
#[derive(Clone, Default)]
struct Failing(Arc<AtomicBool>);

impl Failing {
    fn answer(&self) -> Result<(), HandlerError> {
        if self.0.load(Ordering::SeqCst) { Ok(()) } else { Err(HandlerError::transient("the inbox is ill")) }
    }
}

impl Inbox for Failing {
    type Session = ();
    type Context = ();
    const REMEMBERS: bool = true;

    async fn open(&self) -> Result<(), HandlerError> {
        self.answer()
    }
    async fn begin(&self, (): &mut (), keys: &[EventKey<'_>], out: &mut Vec<Admission>) -> Result<(), HandlerError> {
        out.extend(keys.iter().map(|_| Admission::Fresh));
        self.answer()
    }
    fn lend(&self, (): &mut ()) -> Result<(), HandlerError> {
        Ok(())
    }
    fn reclaimed(&self, (): &mut ()) -> bool {
        true
    }
    async fn commit(&self, (): &mut ()) -> Result<(), HandlerError> {
        Ok(())
    }
    async fn rollback(&self, (): &mut ()) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_fails_and_a_dead_letter_that_cannot_be_written_are_told() {
    let contract = Contract::start().await;
    contract.kafka.create_topic("casos.creados.enferma.dlq", 6, 1, &[("max.message.bytes", "10")]).await;
    contract.publish_cases(3, 1).await;
    let receiver = Receiver::start(|_| Answer::Status(200)).await;
    let inbox = Failing::default();
    let alerts = Alerts::new().webhook(Webhook::new(&receiver.url("/")).unwrap());
    let consumer = Consumer::new(&contract.settings, "enferma")
        .on(casos_creados::consume(Handler::default()))
        .retries(20)
        .backoff(Duration::from_millis(10), 1, Duration::from_millis(10))
        .inbox(inbox.clone())
        .alerts(alerts);
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("the inbox", LIMIT, || has(&receiver, "inbox-failing firing")).await.unwrap();
    inbox.0.store(true, Ordering::SeqCst);
    eventually("the letter", LIMIT, || has(&receiver, "dead-letter-failing firing")).await.unwrap();
    running.stop().await.unwrap();
    assert_eq!(names(&receiver).iter().filter(|it| it.starts_with("inbox-failing")).count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_hangs_holds_up_neither_events_nor_the_end_and_the_rate_is_bounded() {
    let contract = Contract::start().await;
    let receiver = Receiver::start(|_| Answer::Silence).await;
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let kept = Arc::clone(&told);
    let alerts = Alerts::new()
        .interval(Duration::from_secs(3600))
        .webhook(Webhook::new(&receiver.url("/hook")).unwrap())
        .tell(|_| panic!("a sink that is broken"))
        .tell(move |alert| kept.lock().unwrap().push(alert.clone()));
    let consumer =
        Consumer::new(&contract.settings, "muda").on(casos_creados::consume(Handler::default())).alerts(alerts);
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    for letters in 1..=3 {
        let poison = Message::new("casos.creados", Some(b"1".to_vec()), Headers::new(), Some(b"{".to_vec()));
        contract.publisher.send(poison).await.unwrap().await.unwrap();
        let done = || metrics.snapshot().topic("casos.creados").dead_lettered == letters;
        eventually("the dead letter", LIMIT, done).await.unwrap();
        eventually("the first alert", LIMIT, || !told.lock().unwrap().is_empty()).await.unwrap();
    }
    contract.publish_cases(1, 100).await;
    eventually("the rest", LIMIT, || metrics.snapshot().topic("casos.creados").handled == 100).await.unwrap();
    let begun = Instant::now();
    let report = running.stop().await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    assert_eq!(contract.kafka.lag("muda", "casos.creados"), 0);
    let told = told.lock().unwrap();
    let counts: Vec<_> = told.iter().map(|alert| (alert.kind.as_str(), alert.count)).collect();
    assert_eq!(counts, [("dead-letters", 1), ("dead-letters", 2)], "one in an hour, and the rest at the end");
    assert_eq!((report.metrics.alerts, report.metrics.alerts_undelivered), (2, 2));
    assert_eq!(receiver.received().len(), 1, "it was asked");
}
