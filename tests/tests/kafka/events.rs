//! All nine events of the contract, through the generated crate.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::{eventually, example};
use conecta_runtime::{Delivery, Event, HandlerError};
use conecta_tests::contract::{Contract, Running, Takes, consume_all};
use conecta360_events::*;
use serde_json::Value;

/// What was received: topic → the event's identifier → its body.
#[derive(Clone, Debug, Default)]
struct Received(Arc<Mutex<HashMap<String, HashMap<String, Value>>>>);

impl Received {
    fn count(&self) -> usize {
        self.0.lock().unwrap().values().map(HashMap::len).sum()
    }
}

impl Takes for Received {
    fn take<E: Event>(&self, delivery: &Delivery<E>) -> Result<(), HandlerError> {
        let topic = delivery.record.topic().to_owned();
        let id = delivery.event.id().unwrap().into_owned();
        self.0.lock().unwrap().entry(topic).or_default().insert(id, body(&delivery.event));
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_nine_events_arrive_as_they_were_published() {
    let contract = Contract::start().await;
    let received = Received::default();
    let consumer = consume_all(Consumer::new(&contract.settings, "nueve"), received.clone());
    let running = Running::new(|shutdown| consumer.run(shutdown));

    let mut published = HashMap::<String, HashMap<String, Value>>::new();
    macro_rules! publish {
        ($($publish:ident($event:expr)),* $(,)?) => { $(
            let event = $event;
            contract.publisher.$publish(&event).await.unwrap();
            published.entry(topic_of(&event)).or_default().insert(event.evento_id.clone(), body(&event));
        )* };
    }
    publish! {
        publicar_caso_creado(example::<CasoCreado>(MESSAGES).unwrap()),
        publicar_caso_asignado(example::<CasoAsignado>(MESSAGES).unwrap()),
        publicar_caso_actualizado(example::<CasoActualizado>(MESSAGES).unwrap()),
        publicar_caso_cerrado(example::<CasoCerrado>(MESSAGES).unwrap()),
        publicar_notificacion_enviada(example::<NotificacionEnviada>(MESSAGES).unwrap()),
        publicar_sla_violado(example::<SlaViolado>(MESSAGES).unwrap()),
        publicar_sla_cumplido(example::<SlaCumplido>(MESSAGES).unwrap()),
        publicar_ciudadano_registrado(example::<CiudadanoRegistrado>(MESSAGES).unwrap()),
        // The contract's own example of it breaks its schema.
        publicar_dependencia_configurada(dependencia_configurada()),
    }
    assert_eq!(published.len(), 9);

    eventually("the nine events", Duration::from_secs(30), || received.count() == 9).await.unwrap();
    running.stop().await.unwrap();
    assert_eq!(*received.0.lock().unwrap(), published);
    for topic in topics() {
        assert_eq!(contract.kafka.lag("nueve", topic.name), 0, "{} is committed", topic.name);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn key_and_headers_on_the_wire_are_those_of_the_envelope() {
    let contract = Contract::start().await;
    let caso = example::<CasoCreado>(MESSAGES).unwrap();
    let receipt = contract.publisher.publicar_caso_creado(&caso).await.unwrap();

    let records = contract.kafka.read("casos.creados");
    let [record] = records.as_slice() else { panic!("one record, not {records:?}") };
    assert_eq!((record.partition, record.offset), (receipt.partition, receipt.offset));
    assert_eq!(record.key.as_deref(), Some(&b"12345"[..]));
    assert_eq!(record.json(), body(&caso));
    let headers: BTreeMap<&str, String> =
        record.headers.iter().map(|(name, _)| (name.as_str(), record.header(name).unwrap())).collect();
    let expected = BTreeMap::from([
        ("evento_id", "evt_123456789".to_owned()),
        ("evento_tipo", "casos.creados".to_owned()),
        ("evento_version", "1.0".to_owned()),
        ("timestamp", "2024-01-15T10:30:00Z".to_owned()),
        ("origen", "microservicio-casos".to_owned()),
        ("correlation_id", "req_abc123".to_owned()),
    ]);
    assert_eq!(headers, expected);
    assert_eq!(record.headers.len(), expected.len(), "no header stands twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_created_as_the_contract_says() {
    let contract = Contract::start().await;
    for topic in topics() {
        assert_eq!(contract.kafka.ends(topic.name).len(), usize::try_from(topic.partitions.unwrap()).unwrap());
        let config = contract.kafka.topic_config(topic.name).await;
        assert_eq!(config["retention.ms"], topic.retention_ms.unwrap().to_string(), "{}", topic.name);
    }
}

fn topic_of<E: Event>(_: &E) -> String {
    E::TOPIC.name.to_owned()
}

fn body<E: Event>(event: &E) -> Value {
    let mut out = Vec::new();
    event.encode(&mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

fn dependencia_configurada() -> DependenciaConfigurada {
    let datos = DependenciaConfiguradaDatos::builder()
        .dependencia_id(1)
        .codigo("MIN-OBRAS")
        .fecha_actualizacion(conecta_runtime::DateTime::now())
        .build()
        .unwrap();
    DependenciaConfigurada::new("microservicio-dependencias", datos)
}
