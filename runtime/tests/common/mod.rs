//! A small contract, written by hand, for the tests of the runtime.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use std::borrow::Cow;
use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, ConsumerError, Report};
use conecta_runtime::inbox::Inbox;
use conecta_runtime::kafka::{KafkaPublisher, KafkaSettings};
use conecta_runtime::{
    DecodeError, Delivery, EncodeError, Event, HandlerError, Headers, HeadersRef, Message, Publisher, RawRecord,
    Registration, Topic, TypedHeaders, Violation,
};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::OwnedMessage;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub const TOPIC: Topic = Topic { partitions: Some(6), key: Some("caso_id"), ..Topic::named("casos.creados") };
pub const LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Caso {
    pub evento_id: String,
    pub caso_id: i64,
    pub numero: i64,
}

impl Caso {
    pub fn new(caso_id: i64, numero: i64) -> Self {
        Self { evento_id: format!("evt_{caso_id}_{numero}"), caso_id, numero }
    }
}

pub struct CasoHeaders {
    pub evento_id: Option<String>,
}

impl TypedHeaders for CasoHeaders {
    fn write(&self, out: &mut Headers) {
        if let Some(id) = &self.evento_id {
            out.push("evento_id", id);
        }
    }
    fn read(headers: HeadersRef<'_>) -> Result<Self, DecodeError> {
        Ok(Self { evento_id: headers.text("evento_id").map(str::to_owned) })
    }
    fn contradictions(&self, received: HeadersRef<'_>) -> Vec<&'static str> {
        match (received.text("evento_id"), &self.evento_id) {
            (Some(received), Some(own)) if received != own => vec!["evento_id"],
            _ => Vec::new(),
        }
    }
}

impl Event for Caso {
    const NAME: &'static str = "Caso";
    const TOPIC: Topic = TOPIC;
    const TYPE: &'static str = "casos.creados";
    type Headers = CasoHeaders;

    fn id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self.evento_id.as_str())).filter(|id| !id.is_empty())
    }
    fn version(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn key(&self) -> Option<Vec<u8>> {
        Some(self.caso_id.to_string().into_bytes())
    }
    fn headers(&self) -> CasoHeaders {
        CasoHeaders { evento_id: Some(self.evento_id.clone()) }
    }
    fn validate(&self) -> Result<(), Violation> {
        Ok(())
    }
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        serde_json::to_writer(out, self).unwrap();
        Ok(())
    }
    fn decode(record: &RawRecord) -> Result<Self, DecodeError> {
        let payload = record.payload().ok_or_else(|| DecodeError::new("", "there is no body"))?;
        serde_json::from_slice(payload).map_err(|_| DecodeError::new("caso_id", "an integer is expected"))
    }
}

/// A registration of a closure.
pub fn handler<F, R>(f: F) -> Registration
where
    F: Fn(Delivery<Caso>) -> R + Send + Sync + 'static,
    R: Future<Output = Result<(), HandlerError>> + Send + 'static,
{
    Registration::new(TOPIC, f, |f: Arc<F>, delivery: Delivery<Caso>| f(delivery))
}

/// What handlers saw, in order.
#[derive(Clone, Debug, Default)]
pub struct Seen(Arc<Mutex<Vec<Caso>>>);

impl Seen {
    pub fn push(&self, caso: &Caso) {
        self.0.lock().unwrap().push(caso.clone());
    }
    pub fn len(&self) -> usize {
        self.0.lock().unwrap().len()
    }
    pub fn all(&self) -> Vec<Caso> {
        self.0.lock().unwrap().clone()
    }
    /// Fails unless the events of every key came in the order of their numbers, each as often as `times`.
    pub fn assert_ordered(&self, keys: i64, each: i64) {
        for key in 0..keys {
            let numbers: Vec<_> = self.all().iter().filter(|c| c.caso_id == key).map(|c| c.numero).collect();
            assert_eq!(numbers, (0..each).collect::<Vec<_>>(), "events of key {key}");
        }
    }
}

/// A consumer in a task of its own.
pub struct Running {
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<Report, ConsumerError>>,
}

impl Running {
    pub fn start<I: Inbox>(consumer: Consumer<I::Context, I>) -> Self {
        let (stop, stopped) = oneshot::channel::<()>();
        let task = tokio::spawn(consumer.run(async {
            let _ = stopped.await;
        }));
        Self { stop, task }
    }

    pub async fn stop(self) -> Report {
        let _ = self.stop.send(());
        tokio::time::timeout(LIMIT, self.task).await.expect("shuts down").unwrap().unwrap()
    }
}

pub async fn publish(settings: &KafkaSettings, events: impl IntoIterator<Item = Caso>) {
    let publisher = KafkaPublisher::new(settings).unwrap();
    let mut acks = Vec::new();
    for event in events {
        acks.push(publisher.send(event.to_message(&event.headers()).unwrap()).await.unwrap());
    }
    for ack in acks {
        ack.await.unwrap();
    }
}

pub async fn publish_raw(settings: &KafkaSettings, messages: impl IntoIterator<Item = Message>) {
    let publisher = KafkaPublisher::new(settings).unwrap();
    for message in messages {
        publisher.send(message).await.unwrap().await.unwrap();
    }
}

/// Reads a topic from the beginning until `count` records have come.
pub fn read(settings: &KafkaSettings, topic: &str, partitions: i32, count: usize) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", settings.bootstrap_servers())
        .set("group.id", "reader")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    let mut all = TopicPartitionList::new();
    for partition in 0..partitions {
        all.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&all).unwrap();
    let deadline = std::time::Instant::now() + LIMIT;
    let mut found = Vec::new();
    while found.len() < count && std::time::Instant::now() < deadline {
        if let Some(record) = consumer.poll(Duration::from_millis(100)) {
            found.push(record.unwrap().detach());
        }
    }
    assert_eq!(found.len(), count, "records on the topic");
    found
}

/// What a group has committed, summed over the partitions of the topic.
pub fn committed(settings: &KafkaSettings, group: &str) -> i64 {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", settings.bootstrap_servers())
        .set("group.id", group)
        .create()
        .unwrap();
    let mut all = TopicPartitionList::new();
    all.add_partition_range(TOPIC.name, 0, 5);
    let offsets = consumer.committed_offsets(all, LIMIT).unwrap();
    offsets
        .elements()
        .iter()
        .map(|element| match element.offset() {
            Offset::Offset(offset) => offset,
            _ => 0,
        })
        .sum()
}
