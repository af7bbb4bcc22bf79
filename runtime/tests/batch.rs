//! Handlers of batches, on the embedded broker.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Caso, LIMIT, Running, Seen, TOPIC, committed, publish, publish_raw, read};
use conecta_runtime::consumer::{Consumer, dead_letter};
use conecta_runtime::inbox::MemoryInbox;
use conecta_runtime::testing::{EmbeddedKafka, eventually};
use conecta_runtime::{Batch, Batches, HandlerError, Headers, Message, Registration};
use rdkafka::Message as _;

fn events(keys: i64, each: i64) -> impl Iterator<Item = Caso> {
    (0..each).flat_map(move |number| (0..keys).map(move |key| Caso::new(key, number)))
}

/// A registration of a closure that is given batches.
fn handler<F>(batches: Batches, f: F) -> Registration
where
    F: Fn(&Batch<Caso>) -> Result<(), HandlerError> + Send + Sync + 'static,
{
    Registration::batches(TOPIC, batches, f, |f: Arc<F>, batch: Batch<Caso>| async move { f(&batch) })
}

fn quick<C: Send + 'static, I>(consumer: Consumer<C, I>) -> Consumer<C, I> {
    consumer.backoff(Duration::from_millis(1), 2, Duration::from_millis(20)).commit_interval(Duration::from_millis(50))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_together_up_to_so_many_and_in_the_order_of_their_keys() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(7, 100)).await;
    let (seen, sizes) = (Seen::default(), Arc::new(Mutex::new(Vec::new())));
    let consumer = Consumer::new(&settings, "g").on(handler(Batches::of(50), {
        let (seen, sizes) = (seen.clone(), Arc::clone(&sizes));
        move |batch| {
            sizes.lock().unwrap().push(batch.len());
            batch.iter().for_each(|caso| seen.push(caso));
            Ok(())
        }
    }));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all events handled", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 700).await.unwrap();
    running.stop().await;
    seen.assert_ordered(7, 100);
    assert_eq!(committed(&settings, "g"), 700);
    let sizes = sizes.lock().unwrap();
    assert!(sizes.iter().all(|size| (1..=50).contains(size)) && sizes.contains(&50), "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_one_key_has_no_other() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(5, 20)).await;
    let (seen, sizes) = (Seen::default(), Arc::new(Mutex::new(Vec::new())));
    let consumer = Consumer::new(&settings, "g").on(handler(Batches::of(10).by_key(), {
        let (seen, sizes) = (seen.clone(), Arc::clone(&sizes));
        move |batch| {
            let keys: HashSet<_> = batch.iter().map(|caso| caso.caso_id).collect();
            sizes.lock().unwrap().push((keys.len(), batch.len()));
            batch.iter().for_each(|caso| seen.push(caso));
            Ok(())
        }
    }));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all events handled", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 100).await.unwrap();
    running.stop().await;
    seen.assert_ordered(5, 20);
    let sizes = sizes.lock().unwrap();
    assert!(sizes.iter().all(|(keys, _)| *keys == 1) && sizes.contains(&(1, 10)), "{sizes:?}");
}

/// Without an inbox that undoes anything: what a handler says is done is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_a_handler_names_fail_alone_and_the_later_ones_of_their_keys_wait() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(10, 10)).await;
    let seen = Seen::default();
    let consumer = Consumer::new(&settings, "g").on(handler(Batches::of(100), {
        let seen = seen.clone();
        move |batch| {
            // Two keys have one event each that fails: the one for ever, the other once.
            let fails = |caso: &Caso, attempt| match (caso.caso_id, caso.numero) {
                (2, 3) => Some(HandlerError::poison("never")),
                (5, 4) if attempt == 1 => Some(HandlerError::transient("not now")),
                _ => None,
            };
            let mut failed = HashSet::new();
            HandlerError::each(batch.iter().filter_map(|caso| {
                // Whoever says that one failed does not handle the later ones of its key.
                if failed.contains(&caso.caso_id) {
                    return None;
                }
                let Some(error) = fails(caso, caso.attempt) else {
                    seen.push(caso);
                    return None;
                };
                failed.insert(caso.caso_id);
                Some(error.of(&caso.record))
            }))
        }
    }));
    let consumer = quick(consumer.inbox(MemoryInbox::default()));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all events handled", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 99).await.unwrap();
    running.stop().await;
    for key in 0..10 {
        let numbers: Vec<_> = seen.all().iter().filter(|caso| caso.caso_id == key).map(|caso| caso.numero).collect();
        let expected: Vec<_> = (0..10).filter(|number| (key, *number) != (2, 3)).collect();
        assert_eq!(numbers, expected, "key {key}: once each and in order");
    }
    let topic = metrics.snapshot().topic(TOPIC.name);
    assert_eq!((topic.handled, topic.dead_lettered, topic.retried, topic.duplicates), (99, 1, 1, 0));
    assert_eq!(committed(&settings, "g"), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_culprit_of_a_batch_that_fails_is_found_and_goes_to_the_dead_letter_alone() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(20, 10)).await;
    let headers = Headers::new();
    let raw = Message::new(TOPIC.name, Some(b"3".to_vec()), headers, Some(b"no caso".to_vec()));
    publish_raw(&settings, [raw]).await;
    publish(&settings, events(20, 1).map(|caso| Caso::new(caso.caso_id, 10))).await;
    let handled = Seen::default();
    let consumer = Consumer::new(&settings, "g").on(handler(Batches::of(64), {
        let handled = handled.clone();
        move |batch| {
            if batch.iter().any(|caso| (caso.caso_id, caso.numero) == (7, 5)) {
                return Err(HandlerError::poison("one of them, and nobody says which"));
            }
            assert!(!batch.iter().any(|caso| (caso.caso_id, caso.numero) == (9, 9)), "a panic is a failure");
            batch.iter().for_each(|caso| handled.push(caso));
            Ok(())
        }
    }));
    let consumer = quick(consumer);
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    let topic = || metrics.snapshot().topic(TOPIC.name);
    eventually("all events ended", LIMIT, || topic().handled + topic().dead_lettered == 221).await.unwrap();
    running.stop().await;
    assert_eq!((topic().handled, topic().dead_lettered), (218, 3));
    for key in 0..20 {
        let numbers: Vec<_> = handled.all().iter().filter(|caso| caso.caso_id == key).map(|caso| caso.numero).collect();
        let expected: Vec<_> = (0..11).filter(|number| ![(7, 5), (9, 9)].contains(&(key, *number))).collect();
        assert_eq!(numbers, expected, "key {key}");
    }
    let letters = read(&settings, &dead_letter::topic_name(TOPIC.name, "g"), 6, 3);
    let keys: HashSet<_> = letters.iter().map(|letter| letter.key().unwrap().to_vec()).collect();
    assert_eq!(keys, HashSet::from([b"3".to_vec(), b"7".to_vec(), b"9".to_vec()]));
    assert_eq!(committed(&settings, "g"), 221);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_dependency_is_down_a_batch_is_neither_cut_nor_dead_lettered() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(40, 5)).await;
    let (seen, calls) = (Seen::default(), Arc::new(Mutex::new(0)));
    let consumer = Consumer::new(&settings, "g").on(handler(Batches::of(100), {
        let (seen, calls) = (seen.clone(), Arc::clone(&calls));
        move |batch| {
            let mut calls = calls.lock().unwrap();
            *calls += 1;
            if *calls <= 12 {
                return Err(HandlerError::dependency("it is away"));
            }
            batch.iter().for_each(|caso| seen.push(caso));
            Ok(())
        }
    }));
    let consumer = quick(consumer);
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all events handled", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 200).await.unwrap();
    let report = running.stop().await;
    seen.assert_ordered(40, 5);
    assert_eq!(report.metrics.topic(TOPIC.name).dead_lettered, 0);
    assert_eq!(report.metrics.breaker_openings, 1);
}
