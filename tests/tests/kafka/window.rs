//! Where a group begins and ends: by timestamps, behind a transaction, and once more from the beginning.

use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use conecta_runtime::consumer::{Consumer, Position, Report};
use conecta_runtime::inbox::MemoryInbox;
use conecta_runtime::kafka::{KafkaSettings, RewindError, rewind};
use conecta_runtime::testing::eventually;
use conecta_runtime::{DateTime, Delivery, Event as _, Registration, Topic};
use conecta_tests::KafkaService;
use conecta_tests::contract::{Running, caso_creado, effect};
use conecta_tests::effects::Effect;
use conecta_tests::wire::unique;
use conecta360_events::CasoCreado;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};

const LIMIT: Duration = Duration::from_secs(60);

type Seen = Arc<Mutex<Vec<Effect>>>;

fn seeing(topic: Topic, seen: &Seen) -> Registration {
    Registration::new(topic, Arc::clone(seen), |seen, caso: Delivery<CasoCreado>| async move {
        seen.lock().unwrap().push(effect(&caso));
        Ok(())
    })
}

async fn run<C: Send + 'static, I: conecta_runtime::inbox::Inbox<Context = C>>(consumer: Consumer<C, I>) -> Report {
    tokio::time::timeout(LIMIT, consumer.run(std::future::pending())).await.expect("it ends").unwrap()
}

/// A topic of three partitions with ten events of each of six cases, a minute apart, the last one of ten minutes ago.
async fn a_topic_of_minutes(kafka: &KafkaService, name: &'static str) -> (Topic, Vec<DateTime>) {
    kafka.create_topic(name, 3, 1, &[]).await;
    kafka.wait_for_topic(name, 3);
    let times: Vec<DateTime> =
        (0..10).map(|seq| (SystemTime::now() - Duration::from_secs(60 * (19 - seq))).into()).collect();
    let producer: ThreadedProducer<_> = kafka.client().set("acks", "all").create().unwrap();
    produce(&producer, name, |seq| times[seq as usize].timestamp_millis());
    producer.flush(LIMIT).unwrap();
    (Topic { partitions: Some(3), ..Topic::named(name) }, times)
}

fn produce(
    producer: &ThreadedProducer<rdkafka::producer::DefaultProducerContext>,
    topic: &str,
    time: impl Fn(u32) -> i64,
) {
    for seq in 0..10 {
        for key in 0..6 {
            let message = caso_creado(Effect { key, seq });
            let message = message.to_message(&message.headers()).unwrap();
            let (key, payload) = (message.key.unwrap(), message.payload.unwrap());
            producer.send(BaseRecord::to(topic).key(&key).payload(&payload).timestamp(time(seq))).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_of_time_is_read_by_its_timestamps_and_another_run_goes_on_from_its_end() {
    let kafka = KafkaService::shared();
    let (topic, times) = a_topic_of_minutes(kafka, "casos.minutos").await;
    let plain = KafkaSettings::new(kafka.brokers()).unwrap();
    for protocol in ["classic", "consumer"] {
        let settings = plain.clone().consumer_property("group.protocol", protocol);
        let group = unique("minutos");
        let seen = Seen::default();
        let consumer = Consumer::new(&settings, &group)
            .begin(Position::Time(times[3]))
            .end(Position::Time(times[7]))
            .on(seeing(topic, &seen));
        assert_eq!(run(consumer).await.metrics.topic(topic.name).handled, 24);
        let of_key = |seen: &Seen, key: i64| -> Vec<u32> {
            seen.lock().unwrap().iter().filter(|it| it.key == key).map(|it| it.seq).collect()
        };
        (0..6).for_each(|key| assert_eq!(of_key(&seen, key), [3, 4, 5, 6], "{protocol}"));

        let rest = Seen::default();
        let consumer = Consumer::new(&settings, &group).end(Position::Latest).on(seeing(topic, &rest));
        assert_eq!(run(consumer).await.metrics.topic(topic.name).handled, 18);
        (0..6).for_each(|key| assert_eq!(of_key(&rest, key), [7, 8, 9], "{protocol}"));
        assert_eq!(kafka.lag(&group, topic.name), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_no_record_stands_before_is_reached() {
    let kafka = KafkaService::shared();
    let topic = Topic { partitions: Some(3), ..Topic::named("casos.transaccion") };
    kafka.create_topic(topic.name, 3, 1, &[]).await;
    kafka.wait_for_topic(topic.name, 3);
    let producer: ThreadedProducer<_> = kafka.client().set("transactional.id", unique("t")).create().unwrap();
    producer.init_transactions(LIMIT).unwrap();
    // What is aborted stands behind what is committed: none of it is a record to a group.
    for commits in [true, false] {
        producer.begin_transaction().unwrap();
        produce(&producer, topic.name, |_| DateTime::now().timestamp_millis());
        producer.flush(LIMIT).unwrap();
        if commits { producer.commit_transaction(LIMIT) } else { producer.abort_transaction(LIMIT) }.unwrap();
    }
    let settings = KafkaSettings::new(kafka.brokers()).unwrap();
    let seen = Seen::default();
    let consumer = Consumer::new(&settings, unique("t")).end(Position::Latest).on(seeing(topic, &seen));
    assert_eq!(run(consumer).await.metrics.topic(topic.name).handled, 60);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_set_back_reads_everything_again_and_its_inbox_doubles_nothing() {
    let kafka = KafkaService::shared();
    let (topic, times) = a_topic_of_minutes(kafka, "casos.otra.vez").await;
    let plain = KafkaSettings::new(kafka.brokers()).unwrap();
    for protocol in ["classic", "consumer"] {
        let settings = plain.clone().consumer_property("group.protocol", protocol);
        let group = unique("otra");
        let (seen, inbox) = (Seen::default(), MemoryInbox::default());
        let consumer = || Consumer::new(&settings, &group).inbox(inbox.clone()).on(seeing(topic, &seen));
        assert_eq!(run(consumer().end(Position::Latest)).await.metrics.topic(topic.name).handled, 60);
        let rewind = async |position| rewind(&settings, &group, &[topic.name], &position).await;

        rewind(Position::Time(times[4])).await.unwrap();
        assert_eq!(kafka.lag(&group, topic.name), 36);
        rewind(Position::Earliest).await.unwrap();
        let again = consumer();
        let metrics = again.metrics();
        let running = Running::new(|shutdown| again.run(shutdown));
        eventually("all to be read again", LIMIT, || metrics.snapshot().topic(topic.name).duplicates == 60)
            .await
            .unwrap();
        let refused = rewind(Position::Earliest).await.unwrap_err();
        assert!(matches!(&refused, RewindError::InUse { .. }), "{refused}");
        running.stop().await.unwrap();
        assert_eq!(metrics.snapshot().topic(topic.name).handled, 0);
        assert_eq!(seen.lock().unwrap().len(), 60);
    }
    let error = rewind(&plain, "nadie", &["no.such.topic"], &Position::Latest).await.unwrap_err();
    assert!(matches!(error, RewindError::NoTopic { .. } | RewindError::Kafka { .. }), "{error}");
}
