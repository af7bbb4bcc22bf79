//! Several messages on one channel, as an enum of them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, dead_letter};
use conecta_runtime::kafka::{Admin, KafkaPublisher, KafkaSettings};
use conecta_runtime::testing::{eventually, example};
use conecta_runtime::{Delivery, Headers, Message, Publisher as _, PublisherExt as _, Registration, Topic};
use conecta_tests::KafkaService;
use conecta_tests::contract::Running;
use conecta_tests::wire::unique;
use conecta360_events::{CasoAsignado, CasoCreado, CommonHeaders, MESSAGES};

const TOPIC: Topic = Topic { partitions: Some(1), ..Topic::named("casos.eventos") };

conecta_runtime::messages! {
    /// What happens to a case.
    pub enum CasosMessage {
        /// It was created.
        CasoCreado(CasoCreado),
        /// It was assigned.
        CasoAsignado(CasoAsignado),
    }
    channel "casos.eventos" on TOPIC with CommonHeaders;
    by header "evento_tipo" { "casos.creados" => CasoCreado, "casos.asignados" => CasoAsignado }
    by payload "evento_tipo" { "casos.creados" => CasoCreado, "casos.asignados" => CasoAsignado }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_of_a_channel_arrives_as_the_one_that_it_is_and_others_are_dead_letters() {
    let kafka = KafkaService::shared();
    let settings = KafkaSettings::new(kafka.brokers()).unwrap().replication_factor(1);
    Admin::new(&settings).unwrap().create_topics(&[TOPIC]).await.unwrap();
    kafka.wait_for_topic(TOPIC.name, 1);
    let publisher = KafkaPublisher::new(&settings).unwrap();
    let sent = [
        CasosMessage::from(example::<CasoCreado>(MESSAGES).unwrap()),
        CasosMessage::from(example::<CasoAsignado>(MESSAGES).unwrap()),
    ];
    publisher.publish_all(&sent).await.unwrap();
    let other = Message::new(TOPIC.name, None, Headers::new(), Some(br#"{"evento_tipo": "casos.perdidos"}"#.to_vec()));
    publisher.send(other).await.unwrap().await.unwrap();

    let group = unique("varios");
    let seen = Arc::new(Mutex::new(Vec::new()));
    let handler = Registration::new(TOPIC, Arc::clone(&seen), |seen, message: Delivery<CasosMessage>| async move {
        let headers = message.headers()?;
        seen.lock().unwrap().push((message.event, headers.evento_tipo));
        Ok(())
    });
    let consumer = Consumer::new(&settings, &group).on(handler);
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("all three", Duration::from_secs(60), || {
        let topic = metrics.snapshot().topic(TOPIC.name);
        (topic.handled, topic.dead_lettered) == (2, 1)
    })
    .await
    .unwrap();
    running.stop().await.unwrap();

    let mut seen = seen.lock().unwrap().clone();
    seen.sort_by_key(|(_, kind)| kind.clone());
    let [creado, asignado] = sent;
    let expected = [(asignado, Some("casos.asignados".to_owned())), (creado, Some("casos.creados".to_owned()))];
    assert_eq!(seen, expected);
    let letters = kafka.read(&dead_letter::topic_name(TOPIC.name, &group));
    assert_eq!(letters.len(), 1);
    let reason = letters[0].header("kafka_dlt-exception-message").unwrap();
    assert!(reason.contains("the header `evento_tipo` names none, `evento_tipo` names none"), "{reason}");
}
