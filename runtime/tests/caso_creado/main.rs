//! One channel of the Conecta360 contract, from the generated code's side: what an author writes, and what is refused.
#![allow(clippy::unwrap_used, unreachable_pub, reason = "tests; and the contract is written as a crate of its own")]

mod contract;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use conecta_runtime::codec::{from_slice, from_value, same_json};
use conecta_runtime::publisher::MemoryPublisher;
use conecta_runtime::{
    BuildError, DecodeError, Delivery, DynPublisher, Event, HandlerError, PublishError, PublisherExt as _, RawRecord,
    Receipt, Registration, TypedHeaders as _, Value,
};
use contract::*;
use serde_json::json;

fn example() -> Value {
    json!({
        "evento_id": "evt_123456789",
        "evento_tipo": "casos.creados",
        "evento_version": "1.0",
        "timestamp": "2024-01-15T10:30:00Z",
        "origen": "microservicio-casos",
        "datos": {
            "caso_id": 12345,
            "numero_caso": "CRV-2024-00012345",
            "ciudadano_id": 5432,
            "categoria_id": 5,
            "dependencia_id": 1,
            "canal_atencion_id": 1,
            "titulo": "Bache en calle principal",
            "estado": "PENDIENTE",
            "prioridad": "ALTA",
            "fecha_creacion": "2024-01-15T10:30:00Z",
            "ubicacion": { "lat": -12.046374, "lng": -77.042793, "direccion": "Calle Principal, Barrio Los Rosales" },
        },
        "metadata": { "request_id": "req_abc123", "usuario_id": 5432, "ip_address": "192.168.1.100" },
    })
}

fn datos() -> CasoCreadoDatos {
    CasoCreadoDatos::builder()
        .caso_id(12345)
        .numero_caso("CRV-2024-00012345".parse().unwrap())
        .ciudadano_id(5432)
        .categoria_id(5)
        .dependencia_id(1)
        .titulo("Bache en calle principal")
        .estado(CasoCreadoDatosEstado::Pendiente)
        .prioridad(CasoCreadoDatosPrioridad::Alta)
        .fecha_creacion("2024-01-15T10:30:00Z".parse().unwrap())
        .ubicacion(CasoCreadoDatosUbicacion::builder().lat(-12.046374).lng(-77.0).build().unwrap())
        .build()
        .unwrap()
}

/// The fault that the example has with one place changed.
fn fault(pointer: &str, value: Option<Value>) -> String {
    let mut event = example();
    match value {
        Some(value) => *event.pointer_mut(pointer).unwrap() = value,
        None => {
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            event.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
        }
    }
    let text = serde_json::to_vec(&event).unwrap();
    let from_text = from_slice::<CasoCreado>(&text).unwrap_err();
    assert_eq!(from_value::<CasoCreado>(&event).unwrap_err(), from_text, "the same from a value");
    from_text.to_string()
}

#[test]
fn the_documents_example_comes_back_as_it_was() {
    let text = serde_json::to_vec(&example()).unwrap();
    let event = CasoCreado::decode(&RawRecord::from_payload(&text)).unwrap();
    let mut out = Vec::new();
    event.encode(&mut out).unwrap();
    let back: Value = serde_json::from_slice(&out).unwrap();
    assert!(same_json(&back, &example()), "{back}");
}

#[test]
fn a_fault_is_named_by_its_path_and_without_the_value() {
    for (pointer, value, said) in [
        ("/datos/caso_id", json!("12345"), "datos.caso_id: expected an integer, found a string"),
        ("/datos/caso_id", json!(1.5), "datos.caso_id: expected an integer, found a fraction"),
        ("/datos/caso_id", json!(u64::MAX), "datos.caso_id: integer out of range"),
        (
            "/datos/numero_caso",
            json!("CRV-24-1"),
            "datos.numero_caso: does not match the pattern `^CRV-\\d{4}-\\d{8}$`",
        ),
        ("/datos/prioridad", json!("alta"), "datos.prioridad: is none of `BAJA`, `MEDIA`, `ALTA`, `URGENTE`"),
        ("/datos/titulo", json!(null), "datos.titulo: expected a string, found null"),
        ("/datos/ubicacion/lat", json!("sur"), "datos.ubicacion.lat: expected a number, found a string"),
        ("/datos/ubicacion", json!([1, 2]), "datos.ubicacion: expected an object, found an array"),
        (
            "/datos/fecha_creacion",
            json!("ayer"),
            "datos.fecha_creacion: expected a date and time as of RFC 3339, such as 2024-01-15T10:30:00Z: it has another shape",
        ),
        ("/evento_version", json!("uno"), "evento_version: does not match the pattern `^\\d+\\.\\d+$`"),
    ] {
        assert_eq!(fault(pointer, Some(value)), said);
    }
    assert_eq!(fault("/datos/caso_id", None), "datos: the required field `caso_id` is missing");
    assert_eq!(fault("/datos", None), "the required field `datos` is missing");
}

#[test]
fn what_the_contract_does_not_name_is_tolerated() {
    let mut event = example();
    event["datos"]["nuevo"] = json!({ "a": [1] });
    assert!(from_value::<CasoCreado>(&event).is_ok());
}

#[test]
fn an_event_is_built_by_name_and_published_whole() {
    let event = CasoCreado::new("microservicio-casos", datos());
    assert_eq!(event.evento_tipo, CasoCreado::TYPE);
    assert_eq!(&*event.evento_version, "1.0");
    let message = event.to_message(&event.headers()).unwrap();
    assert_eq!(message.topic, "casos.creados");
    assert_eq!(message.key.as_deref(), Some(b"12345".as_slice()));
    assert_eq!(message.headers.text("evento_id"), Some(event.evento_id.as_str()));
    assert_eq!(message.headers.text("timestamp"), Some(event.timestamp.to_string().as_str()));
    assert_eq!(message.headers.text("correlation_id"), None);

    let received: CasoCreado = from_slice(message.payload.as_deref().unwrap()).unwrap();
    assert_eq!(received, event);
    assert!(received.contradictions(message.headers.as_ref()).is_empty());
    assert_eq!(CommonHeaders::read(message.headers.as_ref()).unwrap(), event.headers());
}

#[test]
fn a_builder_names_every_field_that_is_missing() {
    let error = CasoCreadoDatos::builder().caso_id(1).titulo("x").build().unwrap_err();
    assert_eq!(
        error.to_string(),
        "CasoCreadoDatos: required and not given: `numero_caso`, `ciudadano_id`, `categoria_id`, `dependencia_id`, `estado`, `fecha_creacion`"
    );
}

#[test]
fn a_value_that_breaks_the_contract_is_neither_built_nor_published() {
    let error = CasoCreadoDatosUbicacion::builder().lat(f64::NAN).build().unwrap_err();
    assert!(matches!(error, BuildError::Invalid { violation, .. } if violation.path() == "lat"));

    let mut event = CasoCreado::new("x", datos());
    event.datos.ubicacion.as_mut().unwrap().lng = Some(f64::INFINITY);
    let said = "datos.ubicacion.lng: not a finite number: JSON cannot say it";
    assert_eq!(event.validate().unwrap_err().to_string(), said);
    let mut out = b"before".to_vec();
    assert_eq!(event.encode(&mut out).unwrap_err().to_string(), said);
    assert_eq!(out, b"before");
    assert_eq!(event.to_message(&event.headers()).unwrap_err().to_string(), said);
}

#[test]
fn a_header_that_contradicts_the_envelope_is_named() {
    let event: CasoCreado = from_value(&example()).unwrap();
    let mut received = conecta_runtime::Headers::new();
    received.push("evento_id", "another");
    received.push("timestamp", "2024-01-15T11:30:00.000+01:00");
    received.push("correlation_id", "another");
    received.push("origen", [0xFF]);
    assert_eq!(event.contradictions(received.as_ref()), ["evento_id", "origen"]);
}

#[test]
fn a_header_of_the_wrong_type_is_named() {
    let mut received = conecta_runtime::Headers::new();
    received.push("timestamp", "yesterday");
    let fault: DecodeError = CommonHeaders::read(received.as_ref()).unwrap_err();
    assert!(fault.to_string().starts_with("the header `timestamp`: "), "{fault}");
    assert!(!fault.to_string().contains("yesterday"));
}

#[test]
fn a_sensitive_field_is_masked_in_debug() {
    let event: CasoCreado = from_value(&example()).unwrap();
    let shown = format!("{event:?}");
    assert!(shown.contains("ip_address: <masked>") && !shown.contains("192.168"), "{shown}");
    assert!(shown.contains("5432"), "the rest is shown: {shown}");
}

/// Runs a future on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park_timeout(std::time::Duration::from_secs(20)),
        }
    }
}

fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop())).is_pending()
}

fn events(numbers: impl Iterator<Item = i64>) -> Vec<CasoCreado> {
    numbers.map(|caso_id| CasoCreado::new("x", CasoCreadoDatos { caso_id, ..datos() })).collect()
}

fn keys(publisher: &MemoryPublisher) -> Vec<String> {
    publisher.sent().into_iter().map(|message| String::from_utf8(message.key.unwrap()).unwrap()).collect()
}

#[test]
fn a_publisher_of_unknown_type_publishes_as_well() {
    let memory = Arc::new(MemoryPublisher::new());
    let publisher: Arc<dyn DynPublisher> = Arc::clone(&memory) as _;
    let receipt = block_on(publisher.publicar_caso_creado(&CasoCreado::new("x", datos()))).unwrap();
    assert_eq!(receipt, Receipt::new(0, 0));
    assert_eq!(keys(&memory), ["12345"]);
}

#[test]
fn an_event_takes_its_place_when_publish_is_called() {
    let publisher = MemoryPublisher::new();
    let [first, second] = [1, 2].map(|caso_id| {
        // The event is gone before its future is awaited.
        let event = CasoCreado::new("x", CasoCreadoDatos { caso_id, ..datos() });
        publisher.publicar_caso_creado(&event)
    });
    block_on(second).unwrap();
    block_on(first).unwrap();
    assert_eq!(keys(&publisher), ["1", "2"]);
}

#[test]
fn many_are_sent_before_the_first_is_awaited_and_each_is_accounted_for() {
    let publisher = MemoryPublisher::held();
    let events = events(0..4);
    let mut all = Box::pin(publisher.publish_all(&events));
    assert!(is_pending(&mut all));
    assert_eq!(keys(&publisher), ["0", "1", "2", "3"]);
    publisher.settle(|index| if index == 2 { Err(PublishError::Closed) } else { Ok(Receipt::new(0, 7)) });
    let failures = block_on(all).unwrap_err();
    assert_eq!((failures.published, failures.failed), (3, 1));
    assert!(matches!(failures.failures[..], [(2, PublishError::Closed)]));
    assert!(failures.to_string().starts_with("1 of 4 events were not published; the first, number 2: "), "{failures}");
}

#[test]
fn nothing_is_sent_of_many_when_one_breaks_the_contract() {
    let publisher = MemoryPublisher::new();
    let mut events = events(0..3);
    events[1].datos.ubicacion.as_mut().unwrap().lat = Some(f64::NAN);
    let failures = block_on(publisher.publish_all(&events)).unwrap_err();
    assert_eq!(failures.failures[0].0, 1);
    assert!(publisher.sent().is_empty());
}

#[test]
fn a_pipeline_keeps_to_its_window_and_reports_each_outcome_in_order() {
    let publisher = MemoryPublisher::held();
    let mut outcomes = Vec::new();
    let mut pipeline = publisher.pipeline(4).on_outcome(|position, outcome| outcomes.push((position, outcome.is_ok())));
    let events = events(0..6);
    for event in &events[..4] {
        block_on(pipeline.push(event)).unwrap();
    }
    let mut fifth = Box::pin(pipeline.push(&events[4]));
    assert!(is_pending(&mut fifth), "the window is full");
    assert_eq!(publisher.sent().len(), 4);
    publisher.settle(|index| if index == 1 { Err(PublishError::Closed) } else { Ok(Receipt::new(0, 0)) });
    block_on(fifth).unwrap();
    block_on(pipeline.push(&events[5])).unwrap();
    let mut finish = Box::pin(pipeline.finish());
    assert!(is_pending(&mut finish));
    publisher.settle(|_| Ok(Receipt::new(0, 0)));
    let failures = block_on(finish).unwrap_err();
    assert_eq!((failures.published, failures.failed), (5, 1));
    assert_eq!(outcomes, [(0, true), (1, false), (2, true), (3, true), (4, true), (5, true)]);
    assert_eq!(keys(&publisher), ["0", "1", "2", "3", "4", "5"]);
}

struct Notificaciones;

impl ConsumirCasoCreado for Notificaciones {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        // The event is there as itself, and `?` takes any error.
        let year = caso.datos.numero_caso[4..8].parse::<u32>()?;
        if year < 2024 { Err(HandlerError::poison("before our time")) } else { Ok(()) }
    }
}

#[test]
fn a_handler_is_registered_and_joins_a_consumer_that_lends_something() {
    let registration: Registration = consume(Notificaciones);
    assert_eq!((registration.topic().name, registration.event()), ("casos.creados", "CasoCreado"));
    let lifted: Registration<String> = registration.lift();
    assert_eq!(lifted.topic().name, "casos.creados");
    let caso = Delivery::new(CasoCreado::new("x", datos()), RawRecord::from_payload(b""), 1, ());
    assert!(block_on(Notificaciones.consumir_caso_creado(caso)).is_ok());
}
