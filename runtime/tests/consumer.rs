//! The consumer, on the embedded broker.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Caso, LIMIT, Running, Seen, TOPIC, committed, handler, publish, publish_raw, read};
use conecta_runtime::consumer::{Consumer, ConsumerError, dead_letter};
use conecta_runtime::inbox::MemoryInbox;
use conecta_runtime::testing::{EmbeddedKafka, eventually};
use conecta_runtime::{Event, HandlerError, Headers, Message};
use rdkafka::Message as _;
use rdkafka::message::Headers as _;
use tokio::sync::Semaphore;

fn events(keys: i64, each: i64) -> impl Iterator<Item = Caso> {
    (0..each).flat_map(move |number| (0..keys).map(move |key| Caso::new(key, number)))
}

fn quick<C: Send + 'static, I>(consumer: Consumer<C, I>) -> Consumer<C, I> {
    consumer.backoff(Duration::from_millis(1), 2, Duration::from_millis(20)).commit_interval(Duration::from_millis(50))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_handled_once_in_the_order_of_its_key_and_committed() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(37, 100)).await;
    let seen = Seen::default();
    let consumer = Consumer::new(&settings, "g").on(handler({
        let seen = seen.clone();
        move |caso| {
            let seen = seen.clone();
            async move {
                seen.push(&caso);
                if caso.numero % 10 == 0 {
                    tokio::task::yield_now().await;
                }
                Ok(())
            }
        }
    }));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all events handled", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 3_700).await.unwrap();
    let report = running.stop().await;
    seen.assert_ordered(37, 100);
    assert_eq!(committed(&settings, "g"), 3_700);
    let topic = report.metrics.topic(TOPIC.name);
    assert_eq!((topic.consumed, topic.handled, topic.retried, topic.dead_lettered), (3_700, 3_700, 0, 0));
    assert!(report.left_group);

    // Another run of the same group finds nothing left.
    let consumer = Consumer::new(&settings, "g").on(handler(|_| async { Ok(()) }));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    publish(&settings, [Caso::new(0, 100)]).await;
    eventually("the new event", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 1).await.unwrap();
    assert_eq!(running.stop().await.metrics.topic(TOPIC.name).consumed, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transient_failure_is_retried_and_holds_only_its_key() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(5, 4)).await;
    let (seen, attempts) = (Seen::default(), Arc::new(Mutex::new(Vec::new())));
    let consumer = quick(Consumer::new(&settings, "g").on(handler({
        let (seen, attempts) = (seen.clone(), Arc::clone(&attempts));
        move |caso| {
            let (seen, attempts) = (seen.clone(), Arc::clone(&attempts));
            async move {
                if caso.caso_id == 2 && caso.numero == 1 {
                    attempts.lock().unwrap().push(caso.attempt);
                    if caso.attempt == 3 {
                        // Every other key goes on in the meantime.
                        eventually("the others", LIMIT, || seen.len() >= 17).await?;
                    } else if caso.attempt == 2 {
                        panic!("a panic is a transient failure");
                    } else {
                        return Err(HandlerError::transient("not now"));
                    }
                }
                seen.push(&caso);
                Ok(())
            }
        }
    })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all events handled", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 20).await.unwrap();
    running.stop().await;
    seen.assert_ordered(5, 4);
    assert_eq!(*attempts.lock().unwrap(), [1, 2, 3]);
    let topic = metrics.snapshot().topic(TOPIC.name);
    assert_eq!((topic.retried, topic.dead_lettered), (2, 0));
    assert_eq!(committed(&settings, "g"), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_handled_goes_to_the_dead_letter_with_its_reason_and_the_rest_goes_on() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let mut headers = Headers::new();
    headers.push("raro", [0xff]);
    let poison = Message::new(TOPIC.name, Some(b"1".to_vec()), headers, Some(b"{\"caso_id\":\"uno\"}".to_vec()));
    publish_raw(&settings, [poison]).await;
    publish(&settings, events(5, 3)).await;
    let consumer = quick(Consumer::new(&settings, "g").retries(2).on(handler(|caso| async move {
        match (caso.caso_id, caso.numero) {
            (1, 0) => Err(HandlerError::poison(format!("no such case: {}", caso.evento_id))),
            (2, 0) => Err("always".into()),
            _ => Ok(()),
        }
    })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("dead letters", LIMIT, || {
        let topic = metrics.snapshot().topic(TOPIC.name);
        (topic.handled, topic.dead_lettered) == (13, 3)
    })
    .await
    .unwrap();
    running.stop().await;
    assert_eq!(committed(&settings, "g"), 16);
    assert_eq!(metrics.snapshot().topic(TOPIC.name).retried, 2);

    let letters = read(&settings, "casos.creados.g.dlq", 6, 3);
    let header = |letter: &rdkafka::message::OwnedMessage, name: &str| {
        let headers = letter.headers().unwrap();
        let found = headers.iter().filter(|header| header.key == name).last();
        found.and_then(|header| header.value).map(|value| String::from_utf8_lossy(value).into_owned())
    };
    let by_code: HashMap<_, _> =
        letters.iter().map(|letter| (header(letter, dead_letter::CODE).unwrap(), letter)).collect();

    let undecodable = by_code["undecodable"];
    assert_eq!(undecodable.payload(), Some(&b"{\"caso_id\":\"uno\"}"[..]));
    assert_eq!(undecodable.key(), Some(&b"1"[..]));
    assert_eq!(undecodable.headers().unwrap().get(0).value, Some(&[0xff][..]));
    assert_eq!(header(undecodable, dead_letter::PATH).as_deref(), Some("caso_id"));
    assert_eq!(header(undecodable, dead_letter::ATTEMPTS).as_deref(), Some("1"));

    let rejected = by_code["rejected"];
    assert_eq!(header(rejected, "kafka_dlt-exception-message").as_deref(), Some("no such case: ***"));
    let exhausted = by_code["failed"];
    assert_eq!(header(exhausted, dead_letter::ATTEMPTS).as_deref(), Some("3"));
    assert_eq!(header(exhausted, dead_letter::GROUP).as_deref(), Some("g"));
    let original: i32 = header(exhausted, "__connect.errors.partition").unwrap().parse().unwrap();
    assert_eq!(exhausted.partition(), original, "to the same partition");
}

/// spring-kafka#1700: a dead-letter topic with fewer partitions fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dead_letter_that_cannot_be_written_holds_its_partition_and_loses_nothing() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let all: Vec<_> = (0..6).map(|number| Caso::new(1, number)).collect();
    publish(&settings, all).await;
    let consumer =
        quick(Consumer::new(&settings, "g").create_dead_letter_topics(false).on(handler(|caso| async move {
            if caso.numero == 2 { Err(HandlerError::poison("no")) } else { Ok(()) }
        })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("failures to write", LIMIT, || metrics.snapshot().topic(TOPIC.name).dead_letter_failures >= 2)
        .await
        .unwrap();
    assert_eq!(metrics.snapshot().topic(TOPIC.name).handled, 2);
    eventually("the commit below it", LIMIT, || committed(&settings, "g") == 2).await.unwrap();
    kafka.create_topic("casos.creados.g.dlq", 1).unwrap();
    eventually("the rest", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 5).await.unwrap();
    running.stop().await;
    assert_eq!(committed(&settings, "g"), 6);
    assert_eq!(read(&settings, "casos.creados.g.dlq", 1, 1)[0].key(), Some(&b"1"[..]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_seen_before_is_skipped_and_one_that_failed_is_not() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(3, 2)).await;
    publish(&settings, events(3, 2)).await;
    let seen = Seen::default();
    let consumer = quick(Consumer::new(&settings, "g").inbox(MemoryInbox::default()).on(handler({
        let seen = seen.clone();
        move |caso| {
            let seen = seen.clone();
            async move {
                if caso.attempt == 1 && caso.numero == 0 {
                    return Err(HandlerError::transient("first"));
                }
                seen.push(&caso);
                Ok(())
            }
        }
    })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all accounted for", LIMIT, || {
        let topic = metrics.snapshot().topic(TOPIC.name);
        topic.handled + topic.duplicates == 12
    })
    .await
    .unwrap();
    running.stop().await;
    seen.assert_ordered(3, 2);
    assert_eq!(metrics.snapshot().topic(TOPIC.name).duplicates, 6);
    assert_eq!(committed(&settings, "g"), 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_header_that_contradicts_the_event_is_counted_and_the_event_wins() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let caso = Caso::new(1, 0);
    let mut headers = Headers::new();
    headers.push("evento_id", "another");
    let mut body = Vec::new();
    caso.encode(&mut body).unwrap();
    publish_raw(&settings, [Message::new(TOPIC.name, caso.key(), headers, Some(body))]).await;
    let seen = Seen::default();
    let consumer = Consumer::new(&settings, "g").on(handler({
        let seen = seen.clone();
        move |caso| {
            seen.push(&caso);
            async { Ok(()) }
        }
    }));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("the event", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 1).await.unwrap();
    running.stop().await;
    assert_eq!(seen.all(), [caso]);
    assert_eq!(metrics.snapshot().topic(TOPIC.name).header_contradictions, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_in_flight_is_bounded_and_a_stuck_handler_stops_only_its_key() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    // Each partition is produced, and so read, in one go: more than may be in flight.
    publish(&settings.clone().producer_property("linger.ms", "1000"), events(50, 40)).await;
    let (gate, at_work, most) =
        (Arc::new(Semaphore::new(0)), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let consumer = quick(Consumer::new(&settings, "g").concurrency(8).max_in_flight(20).on(handler({
        let (gate, at_work, most) = (Arc::clone(&gate), Arc::clone(&at_work), Arc::clone(&most));
        let stuck = Arc::new(AtomicBool::new(false));
        move |caso| {
            let (gate, at_work, most) = (Arc::clone(&gate), Arc::clone(&at_work), Arc::clone(&most));
            let stuck = Arc::clone(&stuck);
            async move {
                most.fetch_max(at_work.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                if caso.record.partition() == 0 && caso.numero == 0 && !stuck.swap(true, Ordering::SeqCst) {
                    let _ = gate.acquire().await;
                }
                tokio::task::yield_now().await;
                at_work.fetch_sub(1, Ordering::SeqCst);
                Ok(())
            }
        }
    })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    // Every partition but the first gets through; that one reads no further than its share of the bound.
    eventually("the others", LIMIT, || {
        let handled = metrics.snapshot().topic(TOPIC.name).handled;
        handled > 1_000 && handled < 2_000
    })
    .await
    .unwrap();
    gate.add_permits(1);
    eventually("all", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 2_000).await.unwrap();
    running.stop().await;
    assert!(most.load(Ordering::SeqCst) <= 8, "{most:?}");
    assert_eq!(committed(&settings, "g"), 2_000);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_large_records_behind_a_stuck_one_no_more_is_read_than_their_bytes_allow() {
    const SIZE: usize = 100_000;
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let large = |numero| {
        let filler = "x".repeat(SIZE);
        let body = format!(r#"{{"evento_id":"{numero}","caso_id":1,"numero":{numero},"relleno":"{filler}"}}"#);
        Message::new(TOPIC.name, Some(b"1".to_vec()), Headers::new(), Some(body.into_bytes()))
    };
    publish_raw(&settings, (0..40).map(large)).await;
    let (gate, started) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let consumer = quick(Consumer::new(&settings, "g").max_in_flight_bytes(5 * SIZE as u64).on(handler({
        let (gate, started) = (Arc::clone(&gate), Arc::clone(&started));
        move |caso| {
            let (gate, started) = (Arc::clone(&gate), Arc::clone(&started));
            async move {
                if caso.caso_id == 1 {
                    started.add_permits(1);
                    let _ = gate.acquire().await;
                }
                Ok(())
            }
        }
    })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    let _ = started.acquire().await.unwrap();
    // Many turns of the poll thread, in which keys of other partitions are handled.
    for round in 0..3 {
        let before = metrics.snapshot().topic(TOPIC.name).handled;
        publish(&settings, (2..12).map(|key| Caso::new(key, round))).await;
        eventually("the others", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled > before).await.unwrap();
    }
    let topic = metrics.snapshot().topic(TOPIC.name);
    let read = topic.consumed - topic.handled;
    assert!((1..=5 + 3 + 3 + 1).contains(&read), "{read} large records are read");
    gate.add_permits(100);
    eventually("all", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 70).await.unwrap();
    running.stop().await;
    assert_eq!(committed(&settings, "g"), 70);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_waits_for_handlers_up_to_its_limit_and_reports_what_it_left() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, [Caso::new(1, 0), Caso::new(1, 1)]).await;
    let started = Arc::new(Semaphore::new(0));
    let endless = |started: &Arc<Semaphore>| {
        let started = Arc::clone(started);
        handler(move |_| {
            started.add_permits(1);
            std::future::pending()
        })
    };
    let consumer = quick(Consumer::new(&settings, "g").drain_timeout(Duration::from_millis(100)).on(endless(&started)));
    let running = Running::start(consumer);
    let _ = started.acquire().await.unwrap();
    let report = running.stop().await;
    assert_eq!(report.metrics.abandoned, 2, "the run that the lane had begun");
    assert_eq!(report.metrics.topic(TOPIC.name).handled, 0);
    assert_eq!(committed(&settings, "g"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_dependency_is_down_nothing_is_committed_or_dead_lettered_and_then_all_goes_on() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, events(20, 20)).await;
    let (down, seen) = (Arc::new(AtomicBool::new(true)), Seen::default());
    let consumer = quick(Consumer::new(&settings, "g").on(handler({
        let (down, seen) = (Arc::clone(&down), seen.clone());
        move |caso| {
            let (down, seen) = (Arc::clone(&down), seen.clone());
            async move {
                if down.load(Ordering::SeqCst) {
                    return Err(HandlerError::dependency("the database is away"));
                }
                seen.push(&caso);
                Ok(())
            }
        }
    })));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("the breaker opens", LIMIT, || metrics.snapshot().breaker_openings > 0).await.unwrap();
    assert_eq!(metrics.snapshot().topic(TOPIC.name).dead_lettered, 0);
    assert_eq!(committed(&settings, "g"), 0);
    down.store(false, Ordering::SeqCst);
    eventually("all", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 400).await.unwrap();
    let report = running.stop().await;
    seen.assert_ordered(20, 20);
    assert_eq!(report.metrics.topic(TOPIC.name).dead_lettered, 0);
    assert_eq!(committed(&settings, "g"), 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_join_and_leave_without_loss_or_disorder() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = &kafka.settings().unwrap();
    let seen = Seen::default();
    let member = || {
        let seen = seen.clone();
        let consumer = quick(Consumer::new(settings, "g").on(handler(move |caso| {
            let seen = seen.clone();
            async move {
                tokio::time::sleep(Duration::from_millis(1)).await;
                seen.push(&caso);
                Ok(())
            }
        })));
        (consumer.metrics(), Running::start(consumer))
    };
    let (_, first) = member();
    publish(settings, events(30, 20)).await;
    eventually("some", LIMIT, || seen.len() > 50).await.unwrap();
    let (second_metrics, second) = member();
    let mut round = 20..;
    let mut publish_round = async || {
        let number = round.next().unwrap();
        publish(settings, (0..30).map(|key| Caso::new(key, number))).await;
        number + 1
    };
    let deadline = Instant::now() + LIMIT;
    while second_metrics.snapshot().topic(TOPIC.name).handled == 0 {
        assert!(Instant::now() < deadline, "the second member has its share");
        publish_round().await;
    }
    first.stop().await;
    let mut rounds = 0;
    for _ in 0..5 {
        rounds = publish_round().await;
    }
    eventually("all", LIMIT, || seen.len() >= 30 * usize::try_from(rounds).unwrap()).await.unwrap();
    second.stop().await;
    seen.assert_ordered(30, rounds);
    assert_eq!(committed(settings, "g"), 30 * rounds);
}

#[tokio::test]
async fn a_consumer_that_cannot_work_says_why() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let ok = || handler(|_| async { Ok(()) });
    let never = std::future::pending::<()>;
    let error = Consumer::<(), _>::new(&settings, "g").run(never()).await.unwrap_err();
    assert!(matches!(error, ConsumerError::NoHandlers), "{error}");
    let error = Consumer::new(&settings, "g").on(ok()).on(ok()).run(never()).await.unwrap_err();
    assert!(matches!(error, ConsumerError::TwoHandlers { topic: "casos.creados", .. }), "{error}");
    let error = Consumer::new(&settings, "").on(ok()).run(never()).await.unwrap_err();
    assert!(matches!(error, ConsumerError::Settings(_)), "{error}");
}
