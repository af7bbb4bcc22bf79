//! Looking into a dead-letter topic with a plain Kafka client, as any tool would.

use std::error::Error;
use std::time::{Duration, Instant};

use conecta_runtime::Event as _;
use conecta_runtime::consumer::dead_letter;
use conecta_runtime::kafka::KafkaSettings;
use conecta360_events::CasoCreado;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};

/// A dead letter, as far as the demo tells of it.
pub(crate) struct DeadLetter {
    pub(crate) topic: String,
    pub(crate) reason: String,
}

/// Waits for the dead letter of an event that was published as a `CasoCreado`.
pub(crate) async fn find(
    settings: &KafkaSettings,
    group: &str,
    event: &str,
    patience: Duration,
) -> Result<DeadLetter, Box<dyn Error>> {
    let topic = dead_letter::topic_name(CasoCreado::TOPIC.name, group);
    let (brokers, event) = (settings.bootstrap_servers().to_owned(), event.to_owned());
    let found = tokio::task::spawn_blocking(move || {
        read(&brokers, &topic, &event, patience).map_err(|error| error.to_string())
    });
    Ok(found.await??)
}

fn read(brokers: &str, topic: &str, event: &str, patience: Duration) -> Result<DeadLetter, Box<dyn Error>> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", format!("{topic}.reader"))
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "false")
        // The topic appears with the first dead letter.
        .set("topic.metadata.refresh.interval.ms", "200")
        .create()?;
    consumer.subscribe(&[topic])?;
    let deadline = Instant::now() + patience;
    while Instant::now() < deadline {
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) else { continue };
        if header(&message, "evento_id").as_deref() == Some(event) {
            let reason = header(&message, "kafka_dlt-exception-message").unwrap_or_default();
            return Ok(DeadLetter { topic: topic.to_owned(), reason });
        }
    }
    Err(format!("no dead letter of {event} came to {topic} within {patience:?}").into())
}

fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let header = message.headers()?.iter().find(|header| header.key == name)?;
    header.value.map(|value| String::from_utf8_lossy(value).into_owned())
}
