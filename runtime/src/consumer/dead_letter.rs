//! What a dead letter carries: the record as it was, and headers that the tools in use read.
//!
//! | headers | read by |
//! |---|---|
//! | `kafka_dlt-original-topic`, `-partition` (int32), `-offset` (int64), `-timestamp` (int64), `-consumer-group`, `kafka_dlt-exception-fqcn`, `-message` | [Spring Kafka]; numbers are big-endian |
//! | `__connect.errors.topic`, `.partition`, `.offset`, `.exception.class.name`, `.exception.message` | [Kafka Connect]; numbers are text |
//! | [`CODE`], [`PATH`], [`ATTEMPTS`], [`FIRST_FAILURE`], [`LAST_FAILURE`], [`HANDLER`], [`GROUP`] | `conecta-gen dlq` |
//!
//! [Spring Kafka]: https://docs.spring.io/spring-kafka/reference/kafka/annotation-error-handling.html#dlpr-headers
//! [Kafka Connect]: https://cwiki.apache.org/confluence/display/KAFKA/KIP-298%3A+Error+Handling+in+Connect

use std::time::SystemTime;

use chrono::{DateTime, SecondsFormat, Utc};

use super::engine::DeadLetterReason;
use super::failure::{Failures, masked};
use crate::message::{Headers, HeadersRef, Message};
use crate::record::RawRecord;

/// What kind of failure: `undecodable`, `rejected` (by the handler), or, when the retries are used up, what the last of
/// them was: `failed`, `panicked`, `timed-out`, `dependency-down`. `follows` is nothing of its own: an earlier event of its key is
/// a dead letter.
pub const CODE: &str = "conecta-error-code";
/// Where in the payload, of an event that could not be decoded: `datos.cambios[0].valor_anterior`.
pub const PATH: &str = "conecta-error-path";
/// How often it was handed to the handler, in decimal.
pub const ATTEMPTS: &str = "conecta-attempts";
/// When it failed first, RFC 3339 in UTC.
pub const FIRST_FAILURE: &str = "conecta-first-failure";
/// When it failed last, RFC 3339 in UTC.
pub const LAST_FAILURE: &str = "conecta-last-failure";
/// The handler's type.
pub const HANDLER: &str = "conecta-handler";
/// The group that could not handle it.
pub const GROUP: &str = "conecta-group";
/// `yes` where the later events of its key follow it, so that it may only be brought back before them.
pub const ORDERED: &str = "conecta-ordered";
/// How often it was brought back to the group, in decimal. Stays with the record on every further way.
pub const REDRIVES: &str = "conecta-redrives";

/// What was said, without the payload's values; Spring Kafka's.
pub(crate) const MESSAGE: &str = "kafka_dlt-exception-message";
/// Where it was before anything went wrong, as Spring Kafka writes it.
const ORIGINAL_TOPIC: &str = "kafka_dlt-original-topic";
const ORIGINAL_PARTITION: &str = "kafka_dlt-original-partition";
const ORIGINAL_OFFSET: &str = "kafka_dlt-original-offset";
const ORIGINAL_TIMESTAMP: &str = "kafka_dlt-original-timestamp";

/// What a dead letter has beside its record's own headers, the first of them first.
const ADDED: [&str; 20] = [
    ORIGINAL_TOPIC,
    ORIGINAL_PARTITION,
    ORIGINAL_OFFSET,
    ORIGINAL_TIMESTAMP,
    "kafka_dlt-original-consumer-group",
    "kafka_dlt-exception-fqcn",
    MESSAGE,
    "__connect.errors.topic",
    "__connect.errors.partition",
    "__connect.errors.offset",
    "__connect.errors.exception.class.name",
    "__connect.errors.exception.message",
    CODE,
    PATH,
    ATTEMPTS,
    FIRST_FAILURE,
    LAST_FAILURE,
    HANDLER,
    GROUP,
    ORDERED,
];

/// The dead-letter topic of a group for a topic: `casos.creados.derivacion.dlq`.
#[must_use]
pub fn topic_name(topic: &str, group: &str) -> String {
    format!("{topic}.{group}.dlq")
}

/// Where a record was before anything went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin<'r> {
    /// Topic.
    pub topic: &'r str,
    /// Partition.
    pub partition: i32,
    /// Offset.
    pub offset: i64,
    /// When it was published, in milliseconds since 1970.
    pub timestamp_ms: Option<i64>,
}

impl<'r> Origin<'r> {
    /// That of a record that a handler is given: its own place, unless it was brought back from the dead letters.
    #[must_use]
    pub fn of(record: &'r RawRecord) -> Self {
        let was_elsewhere = record.read_from() != record.topic();
        was_elsewhere.then(|| Self::in_headers(record.headers())).flatten().unwrap_or_else(|| Self {
            topic: record.read_from(),
            partition: record.partition(),
            offset: record.offset(),
            timestamp_ms: record.timestamp_ms(),
        })
    }

    /// That which a dead letter names.
    #[must_use]
    pub fn in_headers(headers: HeadersRef<'r>) -> Option<Self> {
        let number = |name| <[u8; 8]>::try_from(headers.get(name)?).ok().map(i64::from_be_bytes);
        Some(Self {
            topic: headers.text(ORIGINAL_TOPIC)?,
            partition: i32::from_be_bytes(headers.get(ORIGINAL_PARTITION)?.try_into().ok()?),
            offset: number(ORIGINAL_OFFSET)?,
            timestamp_ms: number(ORIGINAL_TIMESTAMP),
        })
    }

    pub(crate) fn write(self, headers: &mut Headers) {
        headers.push(ORIGINAL_TOPIC, self.topic);
        headers.push(ORIGINAL_PARTITION, self.partition.to_be_bytes());
        headers.push(ORIGINAL_OFFSET, self.offset.to_be_bytes());
        if let Some(timestamp) = self.timestamp_ms {
            headers.push(ORIGINAL_TIMESTAMP, timestamp.to_be_bytes());
        }
    }
}

/// The headers that a record had before it became a dead letter.
pub(crate) fn own_headers(headers: HeadersRef<'_>) -> Headers {
    // Those before ours are its own, even of these names: it may be another system's dead letter.
    let ours = headers.iter().rev().position(|(name, _)| name == ORIGINAL_TOPIC);
    let ours = ours.map_or(headers.len(), |behind| headers.len() - 1 - behind);
    let mut own = Headers::with_capacity(headers.len() + 1, 256);
    for (index, (name, value)) in headers.iter().enumerate() {
        if index < ours || !ADDED.contains(&name) {
            own.push_raw(name, value);
        }
    }
    own
}

/// Who gives an event up, and after what.
pub(crate) struct Circumstances<'a> {
    pub(crate) group: &'a str,
    pub(crate) handler: &'static str,
    pub(crate) attempts: u32,
    pub(crate) reason: DeadLetterReason,
    pub(crate) failures: Option<&'a Failures>,
    /// Whether later events of its key follow it.
    pub(crate) ordered: bool,
}

/// The dead letter of a record: key, value and headers untouched, and behind them what happened.
pub(crate) fn letter(record: &RawRecord, to: String, circumstances: &Circumstances<'_>) -> Message {
    let Circumstances { group, handler, attempts, reason, failures, ordered } = circumstances;
    let last = failures.map(|failures| &failures.last);
    let code = match (last, reason) {
        (Some(failure), _) => failure.code.as_str(),
        (None, DeadLetterReason::Poison) => "rejected",
        (None, DeadLetterReason::Exhausted) => "failed",
        (None, DeadLetterReason::Follows) => "follows",
    };
    let said = last.map_or_else(String::new, |failure| masked(&failure.reason, record));
    let class = format!("conecta_runtime::{code}");
    let origin = Origin::of(record);

    let mut headers = match record.read_from() == record.topic() {
        true => Headers::from(record.headers()),
        false => own_headers(record.headers()),
    };
    origin.write(&mut headers);
    headers.push("kafka_dlt-original-consumer-group", group);
    headers.push("kafka_dlt-exception-fqcn", &class);
    headers.push(MESSAGE, &said);

    headers.push("__connect.errors.topic", origin.topic);
    headers.push("__connect.errors.partition", origin.partition.to_string());
    headers.push("__connect.errors.offset", origin.offset.to_string());
    headers.push("__connect.errors.exception.class.name", &class);
    headers.push("__connect.errors.exception.message", &said);

    headers.push(CODE, code);
    if let Some(path) = last.and_then(|failure| failure.path.as_deref()) {
        headers.push(PATH, path);
    }
    headers.push(ATTEMPTS, attempts.to_string());
    if let Some(failures) = failures {
        headers.push(FIRST_FAILURE, rfc3339(failures.first_at));
        headers.push(LAST_FAILURE, rfc3339(failures.last.at));
    }
    headers.push(HANDLER, handler);
    headers.push(GROUP, group);
    if *ordered {
        headers.push(ORDERED, "yes");
    }
    Message::new(to, record.key().map(<[u8]>::to_vec), headers, record.payload().map(<[u8]>::to_vec))
}

fn rfc3339(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::codec::DecodeError;
    use crate::consumer::failure::Failure;
    use crate::record::RecordParts;

    #[test]
    fn a_dead_letter_is_the_record_with_headers_for_every_tool() {
        let mut headers = Headers::new();
        headers.push("evento_id", [0xff, 0xfe]);
        headers.push_raw("nada", None);
        let record = RawRecord::new(RecordParts {
            topic: "casos.creados".into(),
            partition: 5,
            offset: 258,
            timestamp_ms: Some(1),
            key: Some(vec![0, 1]),
            headers,
            payload: Some(vec![0xff]),
        });
        let mut failure = Failure::undecodable(&DecodeError::new("datos.caso_id", "an integer is expected"));
        failure.at = SystemTime::UNIX_EPOCH + Duration::from_millis(1_500);
        let failures = Failures { first_at: SystemTime::UNIX_EPOCH, last: failure };
        let circumstances = Circumstances {
            group: "derivacion",
            handler: "crate::Derivacion",
            attempts: 1,
            reason: DeadLetterReason::Poison,
            failures: Some(&failures),
            ordered: false,
        };
        let letter = letter(&record, topic_name(record.topic(), "derivacion"), &circumstances);

        assert_eq!(letter.topic, "casos.creados.derivacion.dlq");
        assert_eq!(letter.key, Some(vec![0, 1]));
        assert_eq!(letter.payload, Some(vec![0xff]));
        let found: Vec<_> = letter.headers.iter().collect();
        let said = &b"datos.caso_id: an integer is expected"[..];
        let expected: &[(&str, Option<&[u8]>)] = &[
            ("evento_id", Some(&[0xff, 0xfe])),
            ("nada", None),
            ("kafka_dlt-original-topic", Some(b"casos.creados")),
            ("kafka_dlt-original-partition", Some(&[0, 0, 0, 5])),
            ("kafka_dlt-original-offset", Some(&[0, 0, 0, 0, 0, 0, 1, 2])),
            ("kafka_dlt-original-timestamp", Some(&[0, 0, 0, 0, 0, 0, 0, 1])),
            ("kafka_dlt-original-consumer-group", Some(b"derivacion")),
            ("kafka_dlt-exception-fqcn", Some(b"conecta_runtime::undecodable")),
            ("kafka_dlt-exception-message", Some(said)),
            ("__connect.errors.topic", Some(b"casos.creados")),
            ("__connect.errors.partition", Some(b"5")),
            ("__connect.errors.offset", Some(b"258")),
            ("__connect.errors.exception.class.name", Some(b"conecta_runtime::undecodable")),
            ("__connect.errors.exception.message", Some(said)),
            (CODE, Some(b"undecodable")),
            (PATH, Some(b"datos.caso_id")),
            (ATTEMPTS, Some(b"1")),
            (FIRST_FAILURE, Some(b"1970-01-01T00:00:00.000Z")),
            (LAST_FAILURE, Some(b"1970-01-01T00:00:01.500Z")),
            (HANDLER, Some(b"crate::Derivacion")),
            (GROUP, Some(b"derivacion")),
        ];
        assert_eq!(found, expected);
    }
}
