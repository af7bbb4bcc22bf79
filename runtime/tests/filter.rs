//! Records that a handler does not want, or wants as they are, on the embedded broker.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::{Caso, LIMIT, Running, Seen, TOPIC, committed, handler, publish_raw};
use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::{EmbeddedKafka, eventually};
use conecta_runtime::{Batch, Batches, Delivery, Event as _, HandlerError, Headers, Message, Raw, Registration};

/// Of each of five keys: one that is wanted, one of another type, which cannot be decoded, one that is wanted and fails, one of
/// another type, one without a type.
fn messages() -> Vec<Message> {
    let mut all = Vec::new();
    for (numero, kind) in [Some("creado"), Some("otro"), Some("creado"), Some("otro"), None].into_iter().enumerate() {
        for key in 0..5 {
            let caso = Caso::new(key, i64::try_from(numero).unwrap());
            let mut payload = Vec::new();
            caso.encode(&mut payload).unwrap();
            let mut headers = Headers::new();
            if let Some(kind) = kind {
                headers.push("evento_tipo", kind);
            }
            if kind == Some("otro") {
                payload = b"not even JSON".to_vec();
            }
            all.push(Message::new(TOPIC.name, caso.key(), headers, Some(payload)));
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_of_raw_records_gets_what_could_not_be_decoded_and_tombstones() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let message = |payload: Option<&[u8]>| {
        Message::new(TOPIC.name, Some(b"1".to_vec()), Headers::new(), payload.map(<[u8]>::to_vec))
    };
    publish_raw(&settings, [message(Some(b"not even JSON")), message(None), message(Some(&[0xff]))]).await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let consumer = Consumer::new(&settings, "g").on(Registration::new(
        TOPIC,
        Arc::clone(&seen),
        |seen, record: Delivery<Raw>| async move {
            seen.lock().unwrap().push(record.record.payload().map(<[u8]>::to_vec));
            Ok(())
        },
    ));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all three", LIMIT, || metrics.snapshot().topic(TOPIC.name).handled == 3).await.unwrap();
    running.stop().await;
    assert_eq!(*seen.lock().unwrap(), [Some(b"not even JSON".to_vec()), None, Some(vec![0xff])]);
    let error = Raw::default().to_message(&()).unwrap_err();
    assert!(error.to_string().contains("send a Message"), "{error}");
}

async fn passes_over_what_is_not_wanted(on: impl FnOnce(Seen) -> Registration) {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish_raw(&settings, messages()).await;
    let seen = Seen::default();
    let registration =
        on(seen.clone()).only_types("evento_tipo", ["creado"]).filter(|record| record.key() != Some(&b"4"[..]));
    let consumer = Consumer::new(&settings, "g")
        .backoff(Duration::from_millis(1), 2, Duration::from_millis(5))
        .commit_interval(Duration::from_millis(50))
        .on(registration);
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    eventually("all to be done", LIMIT, || {
        let topic = metrics.snapshot().topic(TOPIC.name);
        topic.handled + topic.filtered + topic.dead_lettered >= 25
    })
    .await
    .unwrap();
    running.stop().await;
    let topic = metrics.snapshot().topic(TOPIC.name);
    // Two of each of four keys are of another type, and none of the five of the last key is wanted.
    assert_eq!((topic.handled, topic.filtered, topic.dead_lettered), (11, 13, 1), "{topic:?}");
    assert_eq!(committed(&settings, "g"), 25);
    for key in 0..4 {
        let numbers: Vec<_> = seen.all().iter().filter(|caso| caso.caso_id == key).map(|caso| caso.numero).collect();
        assert_eq!(numbers, if key == 1 { vec![0, 4] } else { vec![0, 2, 4] });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_another_type_counts_as_done_and_is_not_even_decoded() {
    passes_over_what_is_not_wanted(|seen| {
        handler(move |caso| {
            let seen = seen.clone();
            async move {
                if caso.caso_id == 1 && caso.numero == 2 {
                    return Err(HandlerError::poison("no"));
                }
                seen.push(&caso);
                Ok(())
            }
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_of_another_type_is_no_member_of_a_batch() {
    passes_over_what_is_not_wanted(|seen| {
        Registration::batches(TOPIC, Batches::of(25), seen, |seen: Arc<Seen>, batch: Batch<Caso>| async move {
            let fails = |caso: &&Delivery<Caso>| caso.caso_id == 1 && caso.numero == 2;
            let behind = |caso: &Caso| caso.caso_id == 1 && caso.numero > 2 && batch.iter().any(|it| fails(&it));
            batch.iter().filter(|caso| !fails(caso) && !behind(caso)).for_each(|caso| seen.push(caso));
            HandlerError::each(batch.iter().filter(fails).map(|caso| HandlerError::poison("no").of(&caso.record)))
        })
    })
    .await;
}
