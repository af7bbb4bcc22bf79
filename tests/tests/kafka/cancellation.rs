//! A handler hears that its partition went to another member.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::{Admin, KafkaPublisher, KafkaSettings};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, Event as _, Message, Publisher as _, Registration, Topic};
use conecta_tests::KafkaService;
use conecta_tests::contract::{Running, caso_creado};
use conecta_tests::effects::Effect;
use conecta_tests::wire::unique;
use conecta360_events::CasoCreado;

const TOPIC: Topic = Topic { partitions: Some(4), ..Topic::named("casos.cancelados") };
const KEYS: i64 = 40;
const LIMIT: Duration = Duration::from_secs(60);

type Partitions = Arc<Mutex<Vec<i32>>>;

fn sorted(partitions: &Partitions) -> Vec<i32> {
    let mut sorted = partitions.lock().unwrap().clone();
    sorted.sort_unstable();
    sorted
}

#[tokio::test(flavor = "multi_thread")]
async fn a_handler_hears_that_its_partition_went_to_another_member_and_no_other_handler_does() {
    let kafka = KafkaService::shared();
    let plain = KafkaSettings::new(kafka.brokers()).unwrap().replication_factor(1);
    Admin::new(&plain).unwrap().create_topics(&[TOPIC]).await.unwrap();
    kafka.wait_for_topic(TOPIC.name, 4);
    let publisher = KafkaPublisher::new(&plain).unwrap();
    for key in 0..KEYS {
        let caso = caso_creado(Effect { key, seq: 0 });
        let sent = caso.to_message(&caso.headers()).unwrap();
        let message = Message::new(TOPIC.name, sent.key, sent.headers, sent.payload);
        publisher.send(message).await.unwrap().await.unwrap();
    }

    for protocol in ["classic", "consumer"] {
        let settings = plain.clone().consumer_property("group.protocol", protocol);
        let group = unique("cancelados");
        let (begun, cancelled, theirs) = (Partitions::default(), Partitions::default(), Partitions::default());
        let lists = (Arc::clone(&begun), Arc::clone(&cancelled));
        let stuck = Registration::new(TOPIC, lists, |lists, caso: Delivery<CasoCreado>| async move {
            lists.0.lock().unwrap().push(caso.record.partition());
            caso.cancelled().await;
            lists.1.lock().unwrap().push(caso.record.partition());
            Ok(())
        });
        let quick = Registration::new(TOPIC, Arc::clone(&theirs), |theirs, caso: Delivery<CasoCreado>| async move {
            theirs.lock().unwrap().push(caso.record.partition());
            Ok(())
        });
        let consumer = |on| Consumer::new(&settings, &group).drain_timeout(Duration::from_millis(200)).on(on);
        let first = consumer(stuck);
        let first = Running::new(|shutdown| first.run(shutdown));
        eventually("every key to be at work", LIMIT, || begun.lock().unwrap().len() == 40).await.unwrap();
        assert!(cancelled.lock().unwrap().is_empty(), "{protocol}");
        let second = consumer(quick);
        let second = Running::new(|shutdown| second.run(shutdown));
        eventually("what is cancelled to be what another handles", LIMIT, || {
            let (cancelled, theirs) = (sorted(&cancelled), sorted(&theirs));
            !theirs.is_empty() && cancelled == theirs
        })
        .await
        .unwrap();
        assert!(theirs.lock().unwrap().len() < 40, "{protocol}: some are still at work");
        second.stop().await.unwrap();
        first.stop().await.unwrap();
    }
}
