//! Where a group begins and ends, on the embedded broker.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::time::Duration;

use common::{Caso, LIMIT, Running, Seen, TOPIC, committed, handler, publish};
use conecta_runtime::consumer::{Consumer, Position, Report};
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::testing::{EmbeddedKafka, eventually};
use conecta_runtime::{HandlerError, Registration};

fn seeing(seen: &Seen) -> Registration {
    let seen = seen.clone();
    handler(move |caso| {
        seen.push(&caso);
        async { Ok(()) }
    })
}

/// Runs a consumer that ends by itself.
async fn run(consumer: Consumer) -> Report {
    tokio::time::timeout(LIMIT, consumer.run(std::future::pending())).await.expect("it ends").unwrap()
}

fn of_group(settings: &KafkaSettings, seen: &Seen) -> Consumer {
    Consumer::new(settings, "g").on(seeing(seen)).commit_interval(Duration::from_millis(50))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_begins_at_the_latest_record_decides_once_which_that_is() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, (0..10).map(|key| Caso::new(key, 0))).await;
    let seen = Seen::default();
    let running = Running::start(of_group(&settings, &seen).begin(Position::Latest));
    eventually("its beginning to be committed", LIMIT, || committed(&settings, "g") == 10).await.unwrap();
    running.stop().await;
    // While nobody is there; a member that starts now does not pass over it.
    publish(&settings, (0..10).map(|key| Caso::new(key, 1))).await;
    let running = Running::start(of_group(&settings, &seen).begin(Position::Latest));
    eventually("what came since", LIMIT, || seen.len() >= 10).await.unwrap();
    running.stop().await;
    assert!(seen.all().iter().all(|caso| caso.numero == 1), "{:?}", seen.all());
    assert_eq!(committed(&settings, "g"), 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_ends_when_everything_before_its_end_is_done_and_the_next_one_goes_on_from_there() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, (0..20).flat_map(|numero| (0..30).map(move |key| Caso::new(key, numero)))).await;
    let seen = Seen::default();
    let consumer = Consumer::new(&settings, "g")
        .end(Position::Latest)
        .max_in_flight(50)
        .backoff(Duration::from_millis(1), 2, Duration::from_millis(20))
        .on(handler({
            let (seen, settings) = (seen.clone(), settings.clone());
            move |caso| {
                let (seen, settings) = (seen.clone(), settings.clone());
                async move {
                    match (caso.caso_id, caso.numero, caso.attempt) {
                        (1, 19, 1) => return Err(HandlerError::transient("not now")),
                        (2, 19, _) => return Err(HandlerError::poison("never")),
                        // Behind the end, since that was found before.
                        (3, 0, _) => publish(&settings, (0..30).map(|key| Caso::new(key, 20))).await,
                        _ => {}
                    }
                    seen.push(&caso);
                    Ok(())
                }
            }
        }));
    let report = run(consumer).await;
    let topic = report.metrics.topic(TOPIC.name);
    assert_eq!((topic.handled, topic.retried, topic.dead_lettered), (599, 1, 1), "{topic:?}");
    assert!(report.left_group);
    assert_eq!(committed(&settings, "g"), 600);
    assert!(seen.all().iter().all(|caso| caso.numero < 20));

    let rest = Seen::default();
    let report = run(of_group(&settings, &rest).end(Position::Latest)).await;
    assert_eq!(report.metrics.topic(TOPIC.name).handled, 30);
    assert!(rest.all().iter().all(|caso| caso.numero == 20));
    assert_eq!(committed(&settings, "g"), 630);
    // Nothing is left: it ends at once.
    assert_eq!(run(of_group(&settings, &rest).end(Position::Latest)).await.metrics.topic(TOPIC.name).consumed, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_of_offsets_is_read_and_nothing_else() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    publish(&settings, (0..20).flat_map(|numero| (0..30).map(move |key| Caso::new(key, numero)))).await;
    let at = |offset: i64| {
        let all = (0..6).map(|partition| ((TOPIC.name.to_owned(), partition), offset));
        Position::Offsets(all.collect::<BTreeMap<_, _>>())
    };
    let seen = Seen::default();
    let report = run(of_group(&settings, &seen).begin(at(7)).end(at(19))).await;
    assert_eq!(report.metrics.topic(TOPIC.name).handled, 6 * 12);
    assert_eq!(committed(&settings, "g"), 6 * 19);
    let report = run(of_group(&settings, &seen).begin(at(7)).end(at(19))).await;
    assert_eq!(report.metrics.topic(TOPIC.name).consumed, 0, "where it begins is where it has come to");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_of_an_empty_topic_is_reached() {
    let kafka = EmbeddedKafka::start(&[TOPIC]).unwrap();
    let settings = kafka.settings().unwrap();
    let report = run(of_group(&settings, &Seen::default()).end(Position::Latest)).await;
    assert_eq!(report.metrics.topic(TOPIC.name).consumed, 0);
}
