//! Addresses with parameters, on the embedded broker: publishing to their topics and consuming all of them.
#![cfg(feature = "testing")]
#![allow(clippy::unwrap_used)]

mod common;

use std::sync::{Arc, Mutex};

use common::{Caso, LIMIT, Running, publish_raw};
use conecta_runtime::consumer::{Consumer, ConsumerError, dead_letter};
use conecta_runtime::kafka::KafkaPublisher;
use conecta_runtime::publisher::MemoryPublisher;
use conecta_runtime::testing::{EmbeddedKafka, eventually, record};
use conecta_runtime::topic::Parameters as _;
use conecta_runtime::{
    Delivery, Event as _, HandlerError, Headers, Message, PublishError, PublisherExt as _, Registration, Topic,
};

conecta_runtime::enumeration! {
    /// Where.
    pub enum Region {
        /// Europe.
        Eu = "eu",
        /// The States.
        Us = "us",
    }
}

conecta_runtime::parameters! {
    /// The parameters of `tenants.{tenant}.{region}.casos`.
    pub struct TenantsCasos of "tenants.{tenant}.{region}.casos" {
        /// Whose.
        "tenant" => pub tenant: String,
        /// Where.
        "region" listed => pub region: Region,
    }
}

conecta_runtime::parameters! {
    /// The parameters of `{any}.gob.eu.casos`.
    pub struct AnyCasos of "{any}.gob.eu.casos" {
        /// Anything.
        "any" => pub any: String,
    }
}

const ADDRESS: Topic = Topic { partitions: Some(2), ..Topic::named("tenants.{tenant}.{region}.casos") };

fn of(tenant: &str, region: Region) -> TenantsCasos {
    TenantsCasos { tenant: tenant.into(), region }
}

type Seen = Arc<Mutex<Vec<(TenantsCasos, i64)>>>;

fn handler(seen: &Seen) -> Registration {
    let seen = Arc::clone(seen);
    let handle = move |_: Arc<()>, caso: Delivery<Caso>| {
        let seen = Arc::clone(&seen);
        async move {
            if caso.caso_id < 0 {
                return Err(HandlerError::poison("no such case"));
            }
            seen.lock().unwrap().push((caso.parameters()?, caso.caso_id));
            Ok(())
        }
    };
    Registration::new(ADDRESS, (), handle).parameterised::<TenantsCasos>()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_handler_takes_every_topic_of_its_address_and_those_that_come_to_be() {
    let kafka = EmbeddedKafka::start(&[ADDRESS]).unwrap();
    let settings = kafka.settings().unwrap();
    for topic in ["tenants.gob.eu.casos", "tenants.gob.us.casos", "tenants.gob.asia.casos", "tenants.gob.casos"] {
        kafka.create_topic(topic, 2).unwrap();
    }
    let publisher = KafkaPublisher::new(&settings).unwrap();
    publisher.publish(&of("gob", Region::Eu).address(&Caso::new(1, 0))).await.unwrap();
    publisher.publish(&of("gob", Region::Us).address(&Caso::new(2, 0))).await.unwrap();
    let message = Caso::new(3, 0).to_message(&Caso::new(3, 0).headers()).unwrap();
    let other = |topic: &'static str| Message::new(topic, None, Headers::new(), message.payload.clone());
    publish_raw(&settings, [other("tenants.gob.asia.casos"), other("tenants.gob.casos")]).await;

    let seen = Seen::default();
    let consumer = Consumer::new(&settings, "g").on(handler(&seen));
    let metrics = consumer.metrics();
    let running = Running::start(consumer);
    let handled = |topic: &'static str| metrics.snapshot().topic(topic).handled;
    eventually("both topics", LIMIT, || handled("tenants.gob.eu.casos") + handled("tenants.gob.us.casos") == 2)
        .await
        .unwrap();

    // One that was not there when the consumer began.
    kafka.create_topic("tenants.muni.eu.casos", 2).unwrap();
    publisher.publish(&of("muni", Region::Eu).address(&Caso::new(4, 0))).await.unwrap();
    publisher.publish(&of("muni", Region::Eu).address(&Caso::new(-1, 0))).await.unwrap();
    eventually("the new topic", LIMIT, || {
        let muni = metrics.snapshot().topic("tenants.muni.eu.casos");
        (muni.handled, muni.dead_lettered) == (1, 1)
    })
    .await
    .unwrap();

    let report = running.stop().await;
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_by_key(|(_, caso)| *caso);
    assert_eq!(seen, [(of("gob", Region::Eu), 1), (of("gob", Region::Us), 2), (of("muni", Region::Eu), 4)]);
    // What the contract does not list is none of the address, and its dead letters are not either.
    let topics: Vec<_> = report.metrics.topics.keys().map(|topic| topic.to_string()).collect();
    assert_eq!(topics, ["tenants.gob.eu.casos", "tenants.gob.us.casos", "tenants.muni.eu.casos"]);
    let letters = dead_letter::topic_name("tenants.muni.eu.casos", "g");
    assert_eq!(common::read(&settings, &letters, 2, 1).len(), 1);
}

#[tokio::test]
async fn two_addresses_that_a_topic_can_be_of_both_are_an_error_that_names_them() {
    let kafka = EmbeddedKafka::start(&[]).unwrap();
    let settings = kafka.settings().unwrap();
    let other = Registration::new(Topic::named("{any}.gob.eu.casos"), 7u8, |_, _: Delivery<Caso>| async { Ok(()) });
    let consumer = Consumer::new(&settings, "g").on(handler(&Seen::default())).on(other.parameterised::<AnyCasos>());
    let error = consumer.run(std::future::pending()).await.unwrap_err();
    assert!(matches!(error, ConsumerError::AddressesOverlap { .. }), "{error}");
    let said = error.to_string();
    assert!(
        said.contains("both tenants.{tenant}.{region}.casos and {any}.gob.eu.casos, handled by () and u8"),
        "{said}"
    );
}

#[tokio::test]
async fn a_topic_with_a_handler_of_its_own_is_left_to_it() {
    let kafka = EmbeddedKafka::start(&[]).unwrap();
    let settings = kafka.settings().unwrap();
    for topic in ["tenants.gob.eu.casos", "tenants.muni.eu.casos"] {
        kafka.create_topic(topic, 1).unwrap();
    }
    let publisher = KafkaPublisher::new(&settings).unwrap();
    let casos = [Caso::new(1, 0), Caso::new(2, 0)];
    publisher.publish(&of("gob", Region::Eu).address(&casos[0])).await.unwrap();
    publisher.publish(&of("muni", Region::Eu).address(&casos[1])).await.unwrap();
    let (seen, own) = (Seen::default(), Arc::new(Mutex::new(Vec::new())));
    let exact =
        Registration::new(Topic::named("tenants.gob.eu.casos"), Arc::clone(&own), |own, caso: Delivery<Caso>| {
            let own = Arc::clone(&own);
            async move {
                own.lock().unwrap().push(caso.caso_id);
                Ok(())
            }
        });
    let running = Running::start(Consumer::new(&settings, "g").on(handler(&seen)).on(exact));
    eventually("both", LIMIT, || seen.lock().unwrap().len() + own.lock().unwrap().len() == 2).await.unwrap();
    running.stop().await;
    assert_eq!(*own.lock().unwrap(), [1]);
    assert_eq!(*seen.lock().unwrap(), [(of("muni", Region::Eu), 2)]);
}

#[tokio::test]
async fn events_are_addressed_in_batches_and_pipelines_as_well_and_what_cannot_be_a_topic_is_not_published() {
    let publisher = MemoryPublisher::new();
    let casos = [Caso::new(1, 0), Caso::new(2, 0)];
    let all: Vec<_> = casos.iter().map(|caso| of("gob", Region::Eu).address(caso)).collect();
    publisher.publish_all(&all).await.unwrap();
    let mut pipeline = publisher.pipeline(8);
    pipeline.push(&of("muni", Region::Us).address(&casos[0]).keyed(None)).await.unwrap();
    pipeline.finish().await.unwrap();
    let sent = publisher.sent();
    let told: Vec<_> =
        sent.iter().map(|sent| (&*sent.topic, sent.key.as_deref(), sent.headers.text("evento_id"))).collect();
    let expected = [
        ("tenants.gob.eu.casos", Some(&b"1"[..]), Some("evt_1_0")),
        ("tenants.gob.eu.casos", Some(b"2"), Some("evt_2_0")),
        ("tenants.muni.us.casos", None, Some("evt_1_0")),
    ];
    assert_eq!(told, expected);
    let delivery = Delivery::new(Caso::new(1, 0), record(sent[2].clone()), 1, ());
    assert_eq!(delivery.parameters::<TenantsCasos>().unwrap(), of("muni", Region::Us));
    assert!(delivery.parameters::<AnyCasos>().is_err());

    let bad = of("a.b", Region::Eu);
    let error = publisher.publish(&bad.address(&casos[0])).await.unwrap_err();
    assert!(matches!(error, PublishError::Invalid(_)), "{error}");
    assert_eq!(error.to_string(), "tenant: may hold letters, digits, `_` and `-` only");
    let some = [of("gob", Region::Eu).address(&casos[0]), bad.address(&casos[1])];
    let failures = publisher.publish_all(&some).await.unwrap_err();
    assert_eq!((failures.failed, failures.failures[0].0), (1, 1));
    assert_eq!(publisher.sent().len(), 3, "nothing more was sent");
}
