//! What may lie on a topic: poison, tombstones, records as large as they come, keys that are hot, slow or not there.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conecta_runtime::consumer::Consumer;
use conecta_runtime::{Delivery, Event, HandlerError, Headers, Message, Publisher as _, PublisherExt as _};
use conecta_tests::contract::{Contract, Running, Takes, caso_creado, consume_all, effect};
use conecta_tests::effects::{Effect, Verdict};
use conecta_tests::wire::WireRecord;
use conecta360_events::*;
use serde_json::{Value, json};

use super::{LIMIT, TOPIC};

const GROUP: &str = "registros";

/// Consumes what lies on `casos.creados`, to its end.
struct Reading {
    contract: Contract,
    published: HashMap<i64, u32>,
}

#[derive(Clone, Default)]
struct Log {
    effects: Arc<Mutex<Vec<Effect>>>,
    work: Duration,
}

impl ConsumirCasoCreado for Log {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        if !self.work.is_zero() {
            tokio::time::sleep(self.work).await;
        }
        self.effects.lock().unwrap().push(effect(&caso));
        Ok(())
    }
}

impl Reading {
    async fn start() -> Self {
        Self { contract: Contract::start().await, published: HashMap::new() }
    }

    /// Publishes events of a key, the `seq`s from where it has come to.
    async fn publish(&mut self, key: i64, count: u32) {
        let next = self.published.entry(key).or_default();
        let events: Vec<_> = (*next..*next + count).map(|seq| caso_creado(Effect { key, seq })).collect();
        *next += count;
        let _ = self.contract.publisher.publish_all(&events).await.unwrap();
    }

    /// Publishes a body as it is.
    async fn put(&self, key: i64, body: Option<&[u8]>) {
        let key = Some(key.to_string().into_bytes());
        let message = Message::new(TOPIC, key, Headers::new(), body.map(<[u8]>::to_vec));
        self.contract.publisher.send(message).await.unwrap().await.unwrap();
    }

    /// Handles all of it, and gives what was given up. Each event once, and in order: nobody dies here.
    #[allow(clippy::print_stdout, reason = "the line is for whoever runs `make chaos`")]
    async fn judge(&self, name: &str, work: Duration) -> Vec<WireRecord> {
        let log = Log { work, ..Log::default() };
        let consumer = Consumer::new(&self.contract.settings, GROUP).on(casos_creados::consume(log.clone()));
        let running = Running::new(|shutdown| consumer.run(shutdown));
        let done = || self.contract.kafka.lag(GROUP, TOPIC) == 0;
        conecta_runtime::testing::eventually("everything to be committed", LIMIT, done).await.unwrap();
        running.stop().await.unwrap();
        let verdict = Verdict::of(&log.effects.lock().unwrap(), &self.published);
        println!("CHAOS name={name} {verdict}");
        let Verdict { lost, doubled, disordered, invented, .. } = verdict;
        assert_eq!((lost, doubled, disordered, invented), (0, 0, 0, 0), "{verdict}");
        let letters = format!("{TOPIC}.{GROUP}.dlq");
        if self.contract.kafka.has_topic(&letters) { self.contract.kafka.read(&letters) } else { Vec::new() }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn poison_in_the_middle_is_given_up_alone() {
    let mut reading = Reading::start().await;
    let mut poison = 0;
    for round in 0..10_u32 {
        for key in 0..20 {
            reading.publish(key, 2).await;
            if (i64::from(round) + key) % 7 == 0 {
                reading.put(key, Some(format!("poison {poison}").as_bytes())).await;
                poison += 1;
            }
        }
    }
    let letters = reading.judge("poison-in-the-middle", Duration::ZERO).await;
    let mut found: Vec<_> = letters.iter().map(|it| it.payload.clone().unwrap()).collect();
    let mut expected: Vec<_> = (0..poison).map(|n| format!("poison {n}").into_bytes()).collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_topic_of_poison_and_tombstones_is_given_up_and_what_comes_after_is_handled() {
    let mut reading = Reading::start().await;
    for n in 0..300 {
        let body = format!("poison {n}");
        reading.put(n % 30, (n % 3 > 0).then_some(body.as_bytes())).await;
    }
    for key in 0..30 {
        reading.publish(key, 1).await;
    }
    let letters = reading.judge("a-topic-of-poison", Duration::ZERO).await;
    assert_eq!(letters.len(), 300);
    assert_eq!(letters.iter().filter(|letter| letter.payload.is_none()).count(), 100, "a tombstone stays one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hot_key_keeps_its_order_and_leaves_the_others_their_time() {
    let mut reading = Reading::start().await;
    for _ in 0..20 {
        reading.publish(0, 250).await;
        for key in 1..40 {
            reading.publish(key, 1).await;
        }
    }
    assert!(reading.judge("a-hot-key", Duration::ZERO).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_keys_are_slow_beside_each_other() {
    let (keys, each, work) = (256, 4, Duration::from_millis(20));
    let mut reading = Reading::start().await;
    for key in 0..keys {
        reading.publish(key, each).await;
    }
    let begun = Instant::now();
    assert!(reading.judge("256-slow-keys", work).await.is_empty());
    let one_after_the_other = work * each * u32::try_from(keys).unwrap();
    assert!(begun.elapsed() < one_after_the_other / 2, "{:?}", begun.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_largest_record_is_handled_and_one_without_headers_is_too() {
    let mut reading = Reading::start().await;
    reading.published.insert(1, 2);
    for seq in 0..2 {
        let mut body = Vec::new();
        caso_creado(Effect { key: 1, seq }).encode(&mut body).unwrap();
        let mut body: Value = serde_json::from_slice(&body).unwrap();
        // What the contract does not name is tolerated; a million bytes is what a client sends unless it is told otherwise.
        body["anexo"] = "x".repeat(if seq == 0 { 998_000 } else { 1 }).into();
        reading.put(1, Some(body.to_string().as_bytes())).await;
    }
    assert!(reading.judge("the-largest-record", Duration::ZERO).await.is_empty());
}

/// Each place of a value, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let each: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(at, value)| (at.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in each {
        let at = format!("{at}/{name}");
        places(value, &at, found);
        found.push(at);
    }
}

/// No event reaches it.
#[derive(Clone)]
struct Never;

impl Takes for Never {
    fn take<E: Event>(&self, _: &Delivery<E>) -> Result<(), HandlerError> {
        panic!("a handler saw an event that breaks the contract")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_violation_in_any_field_of_the_contract_is_a_dead_letter_that_names_it() {
    let contract = Contract::start().await;
    let mut expected: HashMap<&str, Vec<String>> = HashMap::new();
    for message in MESSAGES {
        // The first one that keeps the contract: one of the nine has none.
        let payloads = message.examples.iter().map(|example| example.payload.as_bytes());
        let Some(sound) = payloads.filter_map(|payload| (message.transcode)(payload).ok()).next() else { continue };
        let sound: Value = serde_json::from_slice(&sound).unwrap();
        let mut found = Vec::new();
        places(&sound, "", &mut found);
        for place in found {
            let mut broken = sound.clone();
            let there = broken.pointer_mut(&place).unwrap();
            *there = if there.is_object() { json!(7) } else { json!({ "of": "another type" }) };
            let body = broken.to_string().into_bytes();
            // What is a bare object in the contract holds anything.
            if (message.transcode)(&body).is_ok() {
                continue;
            }
            let key = Some(place.clone().into_bytes());
            let sent = contract.publisher.send(Message::new(message.topic, key, Headers::new(), Some(body))).await;
            sent.unwrap().await.unwrap();
            expected.entry(message.topic).or_default().push(place);
        }
    }
    assert!(expected.len() >= 8 && expected.values().map(Vec::len).sum::<usize>() > 80, "{expected:?}");

    let consumer = consume_all(Consumer::new(&contract.settings, GROUP), Never);
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let done = || topics().iter().all(|topic| contract.kafka.lag(GROUP, topic.name) == 0);
    conecta_runtime::testing::eventually("everything to be committed", LIMIT, done).await.unwrap();
    running.stop().await.unwrap();

    for (topic, mut places) in expected {
        let letters = contract.kafka.read(&format!("{topic}.{GROUP}.dlq"));
        let mut given_up = Vec::new();
        for letter in letters {
            let place = String::from_utf8(letter.key.clone().unwrap()).unwrap();
            assert_eq!(letter.header("conecta-error-code").as_deref(), Some("undecodable"));
            // `/datos/cambios/0/campo` is `datos.cambios[0].campo`.
            let path = letter.header("conecta-error-path").unwrap_or_default();
            let named = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            assert_eq!(named, place, "{topic}: {letter:?}");
            given_up.push(place);
        }
        given_up.sort();
        places.sort();
        assert_eq!(given_up, places, "{topic}");
    }
}
