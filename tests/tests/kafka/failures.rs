//! What becomes of an event that fails: the retry, the dead letter, and the dead letter that cannot be written.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, Event as _, HandlerError, Headers, Message, Publisher as _};
use conecta_tests::contract::{Contract, Running, caso_creado, effect};
use conecta_tests::effects::Effect;
use conecta_tests::kafka::tool;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, PublicarCasoCreado as _, casos_creados};

/// Answers as the test has it, and remembers each call: the event and the attempt.
#[derive(Clone)]
struct Handler {
    answer: fn(&Delivery<CasoCreado>) -> Result<(), HandlerError>,
    calls: Arc<Mutex<Vec<(Effect, u32)>>>,
}

impl Handler {
    fn answering(answer: fn(&Delivery<CasoCreado>) -> Result<(), HandlerError>) -> Self {
        Self { answer, calls: Arc::default() }
    }

    fn calls(&self) -> Vec<(Effect, u32)> {
        self.calls.lock().unwrap().clone()
    }
}

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        self.calls.lock().unwrap().push((effect(&caso), caso.attempt));
        (self.answer)(&caso)
    }
}

const fn event(key: i64, seq: u32) -> Effect {
    Effect { key, seq }
}

const LIMIT: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_transient_failure_is_retried_while_other_keys_go_on_and_its_own_waits() {
    let contract = Contract::start().await;
    contract.publish_cases(3, 2).await;
    let handler = Handler::answering(|caso| match (effect(caso), caso.attempt) {
        (Effect { key: 1, seq: 0 }, 1 | 2) => Err("the mail server is busy".into()),
        _ => Ok(()),
    });
    let consumer = Consumer::new(&contract.settings, "retry").on(casos_creados::consume(handler.clone()));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("all to be handled", LIMIT, || metrics.snapshot().topic("casos.creados").handled == 6).await.unwrap();
    running.stop().await.unwrap();

    let calls = handler.calls();
    let of_key = |key| calls.iter().filter(|(effect, _)| effect.key == key).copied().collect::<Vec<_>>();
    assert_eq!(of_key(1), [(event(1, 0), 1), (event(1, 0), 2), (event(1, 0), 3), (event(1, 1), 1)]);
    assert_eq!(of_key(0), [(event(0, 0), 1), (event(0, 1), 1)]);
    assert_eq!(metrics.snapshot().topic("casos.creados").retried, 2);
    assert_eq!(metrics.snapshot().topic("casos.creados").dead_lettered, 0);
    assert_eq!(contract.kafka.lag("retry", "casos.creados"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_goes_on_failing_becomes_a_dead_letter_that_other_tools_can_read() {
    let contract = Contract::start().await;
    contract.publish_cases(2, 1).await;
    let handler = Handler::answering(|caso| match effect(caso).key {
        1 => Err("the ministry does not answer".into()),
        _ => Ok(()),
    });
    let consumer = Consumer::new(&contract.settings, "cartero").on(casos_creados::consume(handler.clone()));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("a dead letter", LIMIT, || metrics.snapshot().topic("casos.creados").dead_lettered == 1).await.unwrap();
    running.stop().await.unwrap();

    let attempts = handler.calls().iter().filter(|(effect, _)| effect.key == 1).count();
    assert_eq!(attempts, 5, "the first try and four retries");
    assert_eq!(contract.kafka.lag("cartero", "casos.creados"), 0);

    let source = contract.kafka.read("casos.creados").into_iter().find(|record| record.key.as_deref() == Some(b"1"));
    let source = source.unwrap();
    let letters = contract.kafka.read("casos.creados.cartero.dlq");
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!((&letter.key, &letter.payload), (&source.key, &source.payload), "untouched");
    assert_eq!(letter.headers[..source.headers.len()], source.headers, "its own headers first, untouched");
    let text = |name: &str| letter.header(name).unwrap_or_else(|| panic!("no {name} in {:?}", letter.headers));
    // Spring Kafka's: numbers are big-endian.
    assert_eq!(text("kafka_dlt-original-topic"), "casos.creados");
    assert_eq!(letter.header_bytes("kafka_dlt-original-partition"), Some(&source.partition.to_be_bytes()[..]));
    assert_eq!(letter.header_bytes("kafka_dlt-original-offset"), Some(&source.offset.to_be_bytes()[..]));
    assert_eq!(letter.header_bytes("kafka_dlt-original-timestamp").map(<[u8]>::len), Some(8));
    assert_eq!(text("kafka_dlt-original-consumer-group"), "cartero");
    assert!(text("kafka_dlt-exception-message").contains("the ministry does not answer"));
    assert!(!text("kafka_dlt-exception-fqcn").is_empty());
    // Kafka Connect's: numbers are text.
    assert_eq!(text("__connect.errors.topic"), "casos.creados");
    assert_eq!(text("__connect.errors.partition"), source.partition.to_string());
    assert_eq!(text("__connect.errors.offset"), source.offset.to_string());
    assert!(text("__connect.errors.exception.message").contains("the ministry does not answer"));
    // Ours.
    assert_eq!(text("conecta-attempts"), "5");

    // Kafka's own console consumer reads it, headers and all.
    let printed = tool(
        "org.apache.kafka.tools.consumer.ConsoleConsumer",
        &[
            "--bootstrap-server",
            contract.kafka.brokers(),
            "--topic",
            "casos.creados.cartero.dlq",
            "--from-beginning",
            "--max-messages",
            "1",
            "--timeout-ms",
            "30000",
            "--property",
            "print.headers=true",
        ],
    );
    assert!(printed.contains("__connect.errors.topic:casos.creados"), "{printed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_becomes_a_dead_letter_at_once_with_the_path_of_the_fault() {
    let contract = Contract::start().await;
    let mut bodies = HashMap::new();
    for (key, body) in [("1", "not JSON"), ("2", r#"{"evento_id":"e2"}"#)] {
        bodies.insert(key, body.as_bytes().to_vec());
    }
    bodies.insert("3", broken(&caso_creado(event(3, 0)), |body| body["datos"]["numero_caso"] = "CRV-24-1".into()));
    bodies.insert("4", broken(&caso_creado(event(4, 0)), |body| body["datos"]["caso_id"] = "4".into()));
    for (key, body) in &bodies {
        let message = Message::new("casos.creados", Some(key.as_bytes().to_vec()), Headers::new(), Some(body.clone()));
        contract.publisher.send(message).await.unwrap().await.unwrap();
    }
    contract.publisher.publicar_caso_creado(&caso_creado(event(5, 0))).await.unwrap();

    let handler = Handler::answering(|_| Ok(()));
    let consumer = Consumer::new(&contract.settings, "lector").on(casos_creados::consume(handler.clone()));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let done = || {
        let topic = metrics.snapshot().topic("casos.creados");
        topic.dead_lettered == 4 && topic.handled == 1
    };
    eventually("four dead letters and one success", LIMIT, done).await.unwrap();
    running.stop().await.unwrap();

    assert_eq!(handler.calls(), [(event(5, 0), 1)], "no handler saw the broken ones");
    let letters = contract.kafka.read("casos.creados.lector.dlq");
    let path = |key: &str| {
        let letter = letters.iter().find(|letter| letter.key.as_deref() == Some(key.as_bytes())).unwrap();
        assert_eq!(letter.payload.as_ref(), Some(&bodies[key]), "raw bytes, untouched");
        assert_eq!(letter.header("conecta-error-code").as_deref(), Some("undecodable"));
        letter.header("conecta-error-path")
    };
    assert_eq!(path("3").as_deref(), Some("datos.numero_caso"));
    assert_eq!(path("4").as_deref(), Some("datos.caso_id"));
    assert_eq!(letters.len(), 4);
    assert_eq!(path("1"), path("2"), "faults of the whole body have no path");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_dead_letter_cannot_be_written_its_partition_waits_and_nothing_is_lost() {
    let contract = Contract::start().await;
    // Big enough to exist, too small for any dead letter.
    let letters = "casos.creados.terco.dlq";
    contract.kafka.create_topic(letters, 6, 1, &[("max.message.bytes", "10")]).await;
    let poison = Message::new("casos.creados", Some(b"1".to_vec()), Headers::new(), Some(b"not JSON".to_vec()));
    let poison = contract.publisher.send(poison).await.unwrap().await.unwrap();
    contract.publish_cases(20, 5).await;

    let handler = Handler::answering(|_| Ok(()));
    let consumer = Consumer::new(&contract.settings, "terco").on(casos_creados::consume(handler.clone()));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let others = || {
        let ends = contract.kafka.ends("casos.creados");
        let committed = contract.kafka.committed("terco", "casos.creados");
        let done = |(id, (low, high)): (&i32, &(i64, i64))| {
            *id == poison.partition || low == high || committed.get(id) == Some(high)
        };
        metrics.snapshot().topic("casos.creados").dead_letter_failures > 1 && ends.iter().all(done)
    };
    eventually("the other partitions to be committed", LIMIT, others).await.unwrap();
    let committed = contract.kafka.committed("terco", "casos.creados").get(&poison.partition).copied();
    assert!(committed.is_none_or(|next| next <= poison.offset), "{committed:?} is behind the poison at {poison:?}");
    assert_eq!(metrics.snapshot().topic("casos.creados").dead_lettered, 0);

    let alter = ["--bootstrap-server", contract.kafka.brokers(), "--alter", "--topic", letters];
    let _ = tool("kafka.admin.ConfigCommand", &[&alter[..], &["--delete-config", "max.message.bytes"]].concat());
    eventually("everything to be committed", LIMIT, || contract.kafka.lag("terco", "casos.creados") == 0)
        .await
        .unwrap();
    running.stop().await.unwrap();
    let written = contract.kafka.read(letters);
    assert_eq!(written.len(), 1);
    assert_eq!(written[0].payload.as_deref(), Some(&b"not JSON"[..]));
    assert_eq!(handler.calls().len(), 100);
}

/// spring-kafka#1700: a dead-letter topic with fewer partitions than its topic takes nothing of the others.
#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_topic_with_fewer_partitions_takes_the_letters_of_all_and_keeps_those_of_a_key_in_order() {
    let contract = Contract::start().await;
    let letters = "casos.creados.estrecho.dlq";
    contract.kafka.create_topic(letters, 2, 1, &[]).await;
    contract.publish_cases(30, 4).await;
    let written = contract.kafka.read("casos.creados");
    assert!((0..6).all(|id| written.iter().any(|record| record.partition == id)), "there are some on each partition");

    let handler = Handler::answering(|_| Err(HandlerError::poison("not today")));
    let consumer = Consumer::new(&contract.settings, "estrecho").on(casos_creados::consume(handler));
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("everything to be committed", LIMIT, || contract.kafka.lag("estrecho", "casos.creados") == 0)
        .await
        .unwrap();
    running.stop().await.unwrap();
    let mut of_key: HashMap<_, (Vec<i32>, Vec<_>)> = HashMap::new();
    for letter in contract.kafka.read(letters) {
        let (partitions, bodies) = of_key.entry(letter.key.unwrap()).or_default();
        partitions.push(letter.partition);
        bodies.push(letter.payload);
    }
    assert_eq!(of_key.len(), 30);
    for (key, (partitions, bodies)) in of_key {
        assert!(partitions.iter().all(|id| *id == partitions[0]), "one partition a key: {partitions:?}");
        let source = written.iter().filter(|record| record.key.as_ref() == Some(&key));
        assert_eq!(bodies, source.map(|record| record.payload.clone()).collect::<Vec<_>>());
    }
}

fn broken(caso: &CasoCreado, fault: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
    let mut body = Vec::new();
    caso.encode(&mut body).unwrap();
    let mut body = serde_json::from_slice(&body).unwrap();
    fault(&mut body);
    serde_json::to_vec(&body).unwrap()
}

/// Never done with the events of key 1.
#[derive(Clone, Default)]
struct Endless {
    /// Calls for key 1 that were dropped before they were done.
    dropped: Arc<AtomicUsize>,
}

struct CountDrop(Arc<AtomicUsize>);

impl Drop for CountDrop {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl ConsumirCasoCreado for Endless {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        if effect(&caso).key == 1 {
            let _guard = CountDrop(Arc::clone(&self.dropped));
            std::future::pending::<()>().await;
        }
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_that_misses_its_deadline_is_dropped_tried_again_and_then_given_up() {
    let contract = Contract::start().await;
    contract.publish_cases(3, 1).await;
    let handler = Endless::default();
    let consumer = Consumer::new(&contract.settings, "plazo")
        .on(casos_creados::consume(handler.clone()))
        .retries(1)
        .handler_deadline(Duration::from_millis(200));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("a dead letter", LIMIT, || metrics.snapshot().topic("casos.creados").dead_lettered == 1).await.unwrap();
    running.stop().await.unwrap();

    assert_eq!(handler.dropped.load(Ordering::SeqCst), 2, "the first try and one retry");
    assert_eq!(metrics.snapshot().topic("casos.creados").handled, 2);
    assert_eq!(contract.kafka.lag("plazo", "casos.creados"), 0);
    let letters = contract.kafka.read("casos.creados.plazo.dlq");
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!(letter.header("conecta-error-code").as_deref(), Some("timed-out"));
    let said = letter.header("kafka_dlt-exception-message").unwrap();
    assert_eq!(said, "the handler was not done after 200ms");
}
