//! One handler for every topic of an address with parameters, on a real broker, by either protocol of groups.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, dead_letter};
use conecta_runtime::kafka::{Admin, KafkaPublisher, KafkaSettings};
use conecta_runtime::testing::eventually;
use conecta_runtime::topic::Parameters as _;
use conecta_runtime::{Delivery, HandlerError, PublisherExt as _, Registration, Topic};
use conecta_tests::KafkaService;
use conecta_tests::contract::{Running, caso_creado, effect};
use conecta_tests::effects::Effect;
use conecta_tests::wire::unique;
use conecta360_events::CasoCreado;

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
    /// The parameters of `tenants.{tenant}.{region}`.
    pub struct Tenants of "tenants.{tenant}.{region}" {
        /// Whose.
        "tenant" => pub tenant: String,
        /// Where.
        "region" listed => pub region: Region,
    }
}

const ADDRESS: Topic = Topic { partitions: Some(2), ..Topic::named("tenants.{tenant}.{region}") };
const LIMIT: Duration = Duration::from_secs(60);

async fn every_topic_is_consumed(protocol: &str) {
    let kafka = KafkaService::shared();
    let settings = KafkaSettings::new(kafka.brokers()).unwrap().consumer_property("group.protocol", protocol);
    let admin = Admin::new(&settings.clone().replication_factor(1)).unwrap();
    let publisher = KafkaPublisher::new(&settings).unwrap();
    // Other tests share the broker.
    let (gob, muni, group) = (unique("gob"), unique("muni"), unique("tenants"));
    let of = |tenant: &str, region| Tenants { tenant: tenant.into(), region };
    let topic = |tenant: &str, region| of(tenant, region).topic().unwrap().into_owned();
    let (eu, us, late) = (topic(&gob, Region::Eu), topic(&gob, Region::Us), topic(&muni, Region::Eu));
    admin.create_topics_of(&ADDRESS, &[&eu, &us]).await.unwrap();
    kafka.create_topic(&format!("tenants.{gob}.asia"), 1, 1, &[]).await;
    let event = |key| caso_creado(Effect { key, seq: 0 });
    publisher.publish(&of(&gob, Region::Eu).address(&event(1))).await.unwrap();
    publisher.publish(&of(&gob, Region::Us).address(&event(2))).await.unwrap();

    let seen = Arc::new(Mutex::new(Vec::new()));
    let handler = Registration::new(ADDRESS, Arc::clone(&seen), |seen, caso: Delivery<CasoCreado>| {
        let seen = Arc::clone(&seen);
        async move {
            let key = effect(&caso).key;
            if key == 4 {
                return Err(HandlerError::poison("not this one"));
            }
            seen.lock().unwrap().push((caso.parameters::<Tenants>()?, key));
            Ok(())
        }
    });
    let consumer = Consumer::new(&settings, &group).on(handler.parameterised::<Tenants>());
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let handled = |topic: &str| metrics.snapshot().topic(topic).handled;
    eventually("what was there", LIMIT, || handled(&eu) + handled(&us) == 2).await.unwrap();

    admin.create_topics_of(&ADDRESS, &[&late]).await.unwrap();
    kafka.wait_for_topic(&late, 2);
    publisher.publish(&of(&muni, Region::Eu).address(&event(3))).await.unwrap();
    publisher.publish(&of(&muni, Region::Eu).address(&event(4))).await.unwrap();
    eventually("the new topic", LIMIT, || {
        let late = metrics.snapshot().topic(&late);
        (late.handled, late.dead_lettered) == (1, 1)
    })
    .await
    .unwrap();
    running.stop().await.unwrap();

    let mut seen: Vec<_> =
        seen.lock().unwrap().iter().filter(|(of, _)| [&gob, &muni].contains(&&of.tenant)).cloned().collect();
    seen.sort_by_key(|(_, key)| *key);
    assert_eq!(seen, [(of(&gob, Region::Eu), 1), (of(&gob, Region::Us), 2), (of(&muni, Region::Eu), 3)]);
    assert_eq!(kafka.read(&dead_letter::topic_name(&late, &group)).len(), 1);
    for topic in [&eu, &us, &late] {
        assert_eq!(kafka.lag(&group, topic), 0, "{topic}");
    }
    let asia = format!("tenants.{gob}.asia");
    assert!(kafka.committed(&group, &asia).is_empty(), "what the contract does not list is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_topic_of_an_address_is_consumed_with_the_classic_protocol() {
    every_topic_is_consumed("classic").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_topic_of_an_address_is_consumed_with_the_new_protocol() {
    every_topic_is_consumed("consumer").await;
}
