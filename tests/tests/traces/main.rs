//! A trace goes on across Kafka: from the span an event is published in to the one it is handled in, by headers that any other
//! client could have written. A binary of its own, since a process has one subscriber.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Batch, Batches, Delivery, Event as _, HandlerError, Headers, Message, Publisher as _};
use conecta_tests::contract::{Contract, Running, caso_creado, effect};
use conecta_tests::effects::Effect;
use conecta_tests::receiver::{Answer, Receiver};
use conecta_tests::worker::Worker;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, PublicarCasoCreado as _, casos_creados};
use opentelemetry::trace::{SpanId, SpanKind, Status, TraceId, TracerProvider as _};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use tracing::{Instrument as _, info_span};
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

const LIMIT: Duration = Duration::from_secs(60);
const FOREIGN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// What the process has exported.
fn exported() -> &'static InMemorySpanExporter {
    static EXPORTER: OnceLock<InMemorySpanExporter> = OnceLock::new();
    EXPORTER.get_or_init(|| {
        let exporter = InMemorySpanExporter::default();
        let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
        let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("conecta"));
        tracing_subscriber::registry().with(layer).init();
        exporter
    })
}

/// The spans of a consumer group, in the order in which they ended.
fn of_group(group: &str) -> Vec<SpanData> {
    let all = exported().get_finished_spans().unwrap();
    all.into_iter().filter(|span| attribute(span, "messaging.consumer.group.name").as_deref() == Some(group)).collect()
}

fn attribute(span: &SpanData, name: &str) -> Option<String> {
    span.attributes.iter().find(|it| it.key.as_str() == name).map(|it| it.value.to_string())
}

/// Trace and span of a `traceparent`.
fn ids(parent: &str) -> (TraceId, SpanId) {
    let [version, trace, span, flags] = parent.split('-').collect::<Vec<_>>()[..] else { panic!("{parent}") };
    assert_eq!((version, flags), ("00", "01"));
    (TraceId::from_hex(trace).unwrap(), SpanId::from_hex(span).unwrap())
}

/// The `traceparent` of the record with that key, which has one at most.
fn parent_of(contract: &Contract, topic: &str, key: &str) -> Option<String> {
    let records = contract.kafka.read(topic);
    let record = records.iter().find(|record| record.key.as_deref() == Some(key.as_bytes())).unwrap();
    assert!(record.headers.iter().filter(|(name, _)| name == "traceparent").count() <= 1);
    record.header("traceparent")
}

/// Fails for key 2, and at the first try for key 3.
#[derive(Clone, Default)]
struct Handler;

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        // What a handler does is in its trace, across awaits too.
        async { tokio::task::yield_now().await }.instrument(info_span!("effect")).await;
        match (effect(&caso).key, caso.attempt) {
            (2, _) => Err(HandlerError::poison("no such case")),
            (3, 1) => Err("the mail server is busy".into()),
            _ => Ok(()),
        }
    }
}

/// Consumes until so many events are done.
async fn handled(contract: &Contract, group: &str, events: u64) {
    let consumer = Consumer::new(&contract.settings, group).on(casos_creados::consume(Handler));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let done = || {
        let topic = metrics.snapshot().topic("casos.creados");
        topic.handled + topic.dead_lettered == events
    };
    eventually("all to be done", LIMIT, done).await.unwrap();
    running.stop().await.unwrap();
}

fn bytes(caso: &CasoCreado) -> Vec<u8> {
    let mut body = Vec::new();
    caso.encode(&mut body).unwrap();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_from_the_publishers_span_over_the_record_to_the_handlers_to_its_retry_and_to_the_dead_letter() {
    exported();
    let contract = Contract::start().await;
    contract.publisher.publicar_caso_creado(&caso_creado(Effect { key: 1, seq: 0 })).await.unwrap();
    async {
        for key in [2, 3] {
            contract.publisher.publicar_caso_creado(&caso_creado(Effect { key, seq: 0 })).await.unwrap();
        }
    }
    .instrument(info_span!("request"))
    .await;
    let [outside, two, three] =
        ["1", "2", "3"].map(|key| ids(&parent_of(&contract, "casos.creados", key).expect("a traceparent")));
    assert_ne!(outside.0, two.0, "published in no span, it begins a trace");
    assert_eq!(two.0, three.0, "one request");
    handled(&contract, "rastro", 3).await;

    let all = exported().get_finished_spans().unwrap();
    let publish = all.iter().find(|it| it.span_context.span_id() == two.1).expect("the publisher's span");
    assert_eq!((&*publish.name, &publish.span_kind), ("send casos.creados", &SpanKind::Producer));
    for (name, value) in [
        ("messaging.system", "kafka"),
        ("messaging.operation.name", "send"),
        ("messaging.operation.type", "send"),
        ("messaging.destination.name", "casos.creados"),
        ("messaging.kafka.offset", "0"),
    ] {
        assert_eq!(attribute(publish, name).as_deref(), Some(value), "{name}");
    }
    assert!(attribute(publish, "messaging.destination.partition.id").is_some());
    let request = all.iter().find(|it| it.span_context.span_id() == publish.parent_span_id).unwrap();
    assert_eq!(request.name, "request");

    let spans = of_group("rastro");
    assert_eq!(spans.len(), 4, "of key 3 there are two tries");
    let of = |parent: SpanId| spans.iter().filter(|it| it.parent_span_id == parent).collect::<Vec<_>>();
    let [rejected] = of(two.1)[..] else { panic!("one try of key 2") };
    assert_eq!(rejected.span_context.trace_id(), two.0);
    assert_eq!((&*rejected.name, &rejected.span_kind), ("process casos.creados", &SpanKind::Consumer));
    assert!(rejected.parent_span_is_remote);
    assert!(matches!(rejected.status, Status::Error { .. }), "{:?}", rejected.status);
    for (name, value) in [
        ("messaging.system", "kafka"),
        ("messaging.operation.name", "process"),
        ("messaging.operation.type", "process"),
        ("messaging.destination.name", "casos.creados"),
        ("messaging.kafka.offset", "0"),
        ("error.type", "rejected"),
        ("conecta.attempt", "1"),
    ] {
        assert_eq!(attribute(rejected, name).as_deref(), Some(value), "{name}");
    }
    let said = format!("{spans:?}");
    assert!(
        !said.contains("Bache") && !said.contains("no such case"),
        "nothing of the payload, nor of what is said of it"
    );
    let effect = all.iter().find(|it| it.parent_span_id == rejected.span_context.span_id()).unwrap();
    assert_eq!((&*effect.name, effect.span_context.trace_id()), ("effect", two.0));

    let tries: Vec<_> = of(three.1).iter().map(|it| (it.span_context.trace_id(), &it.status)).collect();
    assert!(
        matches!(tries[..], [(first, Status::Error { .. }), (second, Status::Unset)] if first == three.0 && second == three.0)
    );
    let letter = parent_of(&contract, "casos.creados.rastro.dlq", "2").expect("the letter's traceparent");
    assert_eq!(ids(&letter), two, "the dead letter is the record as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_trace_is_continued_and_handed_on_and_a_malformed_one_is_neither() {
    exported();
    let contract = Contract::start().await;
    let producer: FutureProducer = contract.kafka.client().create().unwrap();
    let broken = ["", "00", "garbage", "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "00-\u{e9}-b7-01"];
    for (key, parent) in (10..).zip([FOREIGN].iter().chain(&broken)) {
        let body = bytes(&caso_creado(Effect { key, seq: 0 }));
        let headers = [("traceparent", *parent), ("tracestate", "vendor=1")];
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(*value) }));
        let key = key.to_string();
        let record = FutureRecord::to("casos.creados").key(&key).payload(&body).headers(headers);
        producer.send(record, LIMIT).await.unwrap();
    }
    handled(&contract, "ajeno", 6).await;
    let spans = of_group("ajeno");
    assert_eq!(spans.len(), 6);
    let foreign = ids(FOREIGN);
    let (continued, begun): (Vec<_>, Vec<_>) = spans.iter().partition(|span| span.span_context.trace_id() == foreign.0);
    assert_eq!((continued.len(), begun.len()), (1, 5));
    assert_eq!(continued[0].parent_span_id, foreign.1);
    assert_eq!(continued[0].span_context.trace_state().get("vendor"), Some("1"));
    for span in begun {
        assert_eq!(span.parent_span_id, SpanId::INVALID, "it begins a trace");
    }

    // A message that is published with headers of a trace: those stand, and what is malformed is replaced.
    for (key, parent) in [("98", FOREIGN), ("99", "garbage")] {
        let body = bytes(&caso_creado(Effect { key: key.parse().unwrap(), seq: 0 }));
        let mut headers = Headers::new();
        headers.push("traceparent", parent);
        headers.push("otra", "cosa");
        let message = Message::new("casos.creados", Some(key.into()), headers, Some(body));
        let relay = async { contract.publisher.send(message).await.unwrap().await.unwrap() };
        relay.instrument(info_span!("relay", key)).await;
    }
    assert_eq!(parent_of(&contract, "casos.creados", "98").as_deref(), Some(FOREIGN));
    let replaced = ids(&parent_of(&contract, "casos.creados", "99").unwrap());
    let all = exported().get_finished_spans().unwrap();
    let relay = |key: &str| {
        let relay = all.iter().find(|it| it.name == "relay" && attribute(it, "key").as_deref() == Some(key)).unwrap();
        all.iter().find(|it| it.parent_span_id == relay.span_context.span_id()).expect("the publisher's span")
    };
    let links: Vec<_> =
        relay("98").links.iter().map(|it| (it.span_context.trace_id(), it.span_context.span_id())).collect();
    assert_eq!(links, [foreign], "the send has a link to whose message it is");
    assert_eq!((relay("99").span_context.trace_id(), relay("99").span_context.span_id()), replaced);
    let record = contract.kafka.read("casos.creados").into_iter().find(|it| it.key.as_deref() == Some(b"99")).unwrap();
    assert_eq!(record.header("otra").as_deref(), Some("cosa"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_decoded_or_published_ends_its_trace_with_an_error() {
    exported();
    let contract = Contract::start().await;
    let poison = Message::new("casos.creados", Some(b"1".to_vec()), Headers::new(), Some(b"{".to_vec()));
    let large = Message::new("casos.creados", Some(b"1".to_vec()), Headers::new(), Some(vec![b'x'; 1_500_000]));
    async {
        contract.publisher.send(poison).await.unwrap().await.unwrap();
        contract.publisher.send(large).await.map(drop).unwrap_err();
    }
    .instrument(info_span!("broken"))
    .await;
    handled(&contract, "roto", 1).await;
    let [span] = &of_group("roto")[..] else { panic!("one span") };
    assert_eq!(attribute(span, "error.type").as_deref(), Some("undecodable"));
    let all = exported().get_finished_spans().unwrap();
    let sends: Vec<_> = all
        .iter()
        .filter(|it| it.span_context.trace_id() == span.span_context.trace_id() && it.span_kind == SpanKind::Producer)
        .map(|it| attribute(it, "error.type"))
        .collect();
    assert_eq!(sends, [None, Some("transport".to_owned())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_filter_leaves_the_spans_out_a_send_writes_the_headers_of_its_callers() {
    exported();
    let contract = Contract::start().await;
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("filtered"))
        .with_filter(filter_fn(|metadata| metadata.target() != conecta_runtime::trace::TARGET));
    let caso = caso_creado(Effect { key: 7, seq: 0 });
    // A send is made when it is called, and that is here.
    let sent = tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
        info_span!("request").in_scope(|| contract.publisher.publicar_caso_creado(&caso))
    });
    sent.await.unwrap();
    let spans = exporter.get_finished_spans().unwrap();
    let [request] = &spans[..] else { panic!("{spans:?}") };
    let parent = ids(&parent_of(&contract, "casos.creados", "7").unwrap());
    assert_eq!(parent, (request.span_context.trace_id(), request.span_context.span_id()));
}

/// Notes how many came.
#[derive(Clone, Default)]
struct Many(Arc<Mutex<usize>>);

impl ConsumirCasoCreado<(), Batch<CasoCreado>> for Many {
    async fn consumir_caso_creado(&self, casos: Batch<CasoCreado>) -> Result<(), HandlerError> {
        *self.0.lock().unwrap() += casos.iter().count();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_one_span_with_a_link_to_each_of_its_events() {
    exported();
    let contract = Contract::start().await;
    contract.publish_cases(5, 1).instrument(info_span!("import")).await;
    let many = Many::default();
    let batches = Batches::of(100).within(Duration::from_millis(500));
    let consumer = Consumer::new(&contract.settings, "lote").on(casos_creados::consume_batches(batches, many.clone()));
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("all to come", LIMIT, || *many.0.lock().unwrap() == 5).await.unwrap();
    running.stop().await.unwrap();
    let spans = of_group("lote");
    let sent: Vec<SpanId> =
        (0..5).map(|key| ids(&parent_of(&contract, "casos.creados", &key.to_string()).unwrap()).1).collect();
    let mut linked: Vec<SpanId> = Vec::new();
    for span in &spans {
        assert_eq!(attribute(span, "messaging.batch.message_count"), Some(span.links.len().to_string()));
        assert!(span.links.iter().all(|link| link.span_context.trace_id() != span.span_context.trace_id()));
        linked.extend(span.links.iter().map(|link| link.span_context.span_id()));
    }
    assert_eq!(linked.len(), 5, "{} spans", spans.len());
    assert!(sent.iter().all(|span| linked.contains(span)));
}

/// A span as a collector has it: the service, its name, its identifier and its parent's, and its trace's.
#[derive(Debug)]
struct Collected {
    service: String,
    name: String,
    id: String,
    parent: String,
    trace: String,
}

fn collected(collector: &Receiver) -> Vec<Collected> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let mut all = Vec::new();
    for resource in collector.received().iter().flat_map(|it| list(&it.json()["resourceSpans"])) {
        let attributes = list(&resource["resource"]["attributes"]);
        let service = attributes.iter().find(|it| it["key"] == "service.name").unwrap();
        for span in list(&resource["scopeSpans"]).iter().flat_map(|scope| list(&scope["spans"])) {
            all.push(Collected {
                service: text(&service["value"]["stringValue"]),
                name: text(&span["name"]),
                id: text(&span["spanId"]),
                parent: text(&span["parentSpanId"]),
                trace: text(&span["traceId"]),
            });
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_services_export_to_a_collector_is_one_trace() {
    let contract = Contract::start().await;
    let collector = Receiver::start(|_| Answer::Status(200)).await;
    let (brokers, url) = (contract.kafka.brokers(), collector.url("/v1/traces"));
    let program = || Command::new(Path::new(env!("CARGO_BIN_EXE_traced")));
    let consumer = Worker::start(program().args(["consume", brokers, &url, "notificaciones"]));
    let published = tokio::task::spawn_blocking({
        let mut publish = program();
        publish.args(["publish", brokers, &url]);
        move || publish.status().unwrap()
    });
    assert!(published.await.unwrap().success());
    eventually("the event to be handled", LIMIT, || {
        !contract.kafka.committed("notificaciones", "casos.creados").is_empty()
            && contract.kafka.lag("notificaciones", "casos.creados") == 0
    })
    .await
    .unwrap();
    let ended = tokio::task::spawn_blocking(|| consumer.terminate()).await.unwrap();
    assert!(ended.success(), "{ended}");

    let spans = collected(&collector);
    let of = |service: &str, name: &str| {
        spans.iter().filter(|it| it.service == service && it.name == name).collect::<Vec<_>>()
    };
    let [request] = of("microservicio-casos", "request")[..] else { panic!("{spans:#?}") };
    let [send] = of("microservicio-casos", "send casos.creados")[..] else { panic!("{spans:#?}") };
    let [first, second] = of("notificaciones", "process casos.creados")[..] else { panic!("{spans:#?}") };
    assert_eq!((&*request.parent, &send.parent), ("", &request.id));
    assert_eq!((&first.parent, &second.parent), (&send.id, &send.id));
    assert_eq!(of("notificaciones", "effect").iter().map(|it| &it.parent).collect::<Vec<_>>(), [&first.id, &second.id]);
    assert!(spans.iter().all(|it| it.trace == request.trace), "{spans:#?}");
}
