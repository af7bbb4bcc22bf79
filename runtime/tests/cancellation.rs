//! What a handler hears when its work is of no use any more, on the embedded broker.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Caso, LIMIT, Running, TOPIC, committed, handler, publish};
use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::{EmbeddedKafka, eventually};
use conecta_runtime::{Batch, Batches, Cancellation, Registration};
use tokio::sync::{Semaphore, mpsc};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_handler_spawned_hears_of_its_deadline_and_the_next_try_is_not_cancelled() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, [Caso::new(1, 0), Caso::new(1, 1)]).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let consumer = Consumer::new(&settings, "g")
        .handler_deadline(Duration::from_millis(200))
        .backoff(Duration::from_millis(1), 1, Duration::from_millis(1))
        .on(handler(move |caso| {
            let tell = tell.clone();
            async move {
                let state = (caso.numero, caso.attempt, caso.is_cancelled());
                if caso.numero == 0 && caso.attempt == 1 {
                    let cancelled = caso.cancelled();
                    tokio::spawn(async move {
                        cancelled.await;
                        tell.send((state, caso.is_cancelled())).unwrap();
                    });
                    std::future::pending::<()>().await;
                } else {
                    tell.send((state, caso.is_cancelled())).unwrap();
                }
                Ok(())
            }
        }));
    let running = Running::start(consumer);
    let mut all = Vec::new();
    for _ in 0..3 {
        all.push(tokio::time::timeout(LIMIT, told.recv()).await.unwrap().unwrap());
    }
    running.stop().await;
    all.sort_unstable();
    assert_eq!(all, [((0, 1, false), true), ((0, 2, false), false), ((1, 1, false), false)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_cancelled_when_the_time_to_shut_down_is_over_and_not_before() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, [Caso::new(1, 0), Caso::new(1, 1)]).await;
    let (kept, started) = (Arc::new(Mutex::new(Vec::<Cancellation>::new())), Arc::new(Semaphore::new(0)));
    let consumer = Consumer::new(&settings, "g").drain_timeout(Duration::from_millis(100)).on(handler({
        let (kept, started) = (Arc::clone(&kept), Arc::clone(&started));
        move |caso| {
            kept.lock().unwrap().push(caso.cancellation());
            started.add_permits(1);
            std::future::pending()
        }
    }));
    let running = Running::start(consumer);
    let _ = started.acquire().await.unwrap();
    assert!(!kept.lock().unwrap()[0].is_cancelled());
    running.stop().await;
    let cancellation = kept.lock().unwrap().remove(0);
    tokio::time::timeout(LIMIT, cancellation.cancelled()).await.expect("it is cancelled");
    assert!(kept.lock().unwrap().is_empty(), "nothing is begun after it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_no_member_of_is_ours_any_more_is_cancelled() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, (0..20).map(|key| Caso::new(key, 0))).await;
    let (tell, mut told) = mpsc::unbounded_channel();
    let batches = Batches::of(20).within(Duration::from_secs(2));
    let registration = Registration::batches(TOPIC, batches, tell, |tell, batch: Batch<Caso>| {
        tell.send((batch.cancelled(), batch.is_cancelled(), batch.len())).unwrap();
        std::future::pending()
    });
    let consumer = Consumer::new(&settings, "g").drain_timeout(Duration::from_millis(100)).on(registration);
    let running = Running::start(consumer);
    let (cancelled, was_cancelled, members) = tokio::time::timeout(LIMIT, told.recv()).await.unwrap().unwrap();
    assert_eq!((was_cancelled, members), (false, 20));
    running.stop().await;
    tokio::time::timeout(LIMIT, cancelled).await.expect("it is cancelled");
    assert!(told.try_recv().is_err(), "it is not cut in halves and handed out again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handlers_of_partitions_that_went_to_another_member_hear_of_it_and_no_others_do() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, (0..2).flat_map(|numero| (0..40).map(move |key| Caso::new(key, numero)))).await;
    let (begun, cancelled) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    let consumer = Consumer::new(&settings, "g").drain_timeout(Duration::from_millis(100)).on(handler({
        let (begun, cancelled) = (Arc::clone(&begun), Arc::clone(&cancelled));
        move |caso| {
            begun.lock().unwrap().push((caso.caso_id, caso.numero));
            let cancelled = Arc::clone(&cancelled);
            async move {
                caso.cancelled().await;
                cancelled.lock().unwrap().push(caso.record.partition());
                Ok(())
            }
        }
    }));
    let first = Running::start(consumer);
    eventually("every key to be at work", LIMIT, || begun.lock().unwrap().len() == 40).await.unwrap();
    assert!(cancelled.lock().unwrap().is_empty());

    let theirs = Arc::new(Mutex::new(Vec::new()));
    let consumer = Consumer::new(&settings, "g").on(handler({
        let theirs = Arc::clone(&theirs);
        move |caso| {
            theirs.lock().unwrap().push(caso.record.partition());
            async { Ok(()) }
        }
    }));
    let second = Running::start(consumer);
    let sorted = |partitions: &Mutex<Vec<i32>>, times: usize| {
        let mut sorted: Vec<_> = partitions.lock().unwrap().iter().flat_map(|it| vec![*it; times]).collect();
        sorted.sort_unstable();
        sorted
    };
    // Each key's first event was under way, and its second one was not begun: the other member has handled both.
    eventually("what is cancelled to be what another handles", LIMIT, || {
        let (cancelled, theirs) = (sorted(&cancelled, 2), sorted(&theirs, 1));
        !theirs.is_empty() && cancelled == theirs
    })
    .await
    .unwrap();
    assert!(theirs.lock().unwrap().len() < 80, "some are still at work");
    assert_eq!(begun.lock().unwrap().len(), 40, "nothing is begun after it");
    let handled = i64::try_from(theirs.lock().unwrap().len()).unwrap();
    second.stop().await;
    assert_eq!(committed(&settings, "g"), handled);
    first.stop().await;
}
