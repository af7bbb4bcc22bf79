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
use crate::message::{Headers, Message};
use crate::record::RawRecord;

/// What kind of failure: `undecodable`, `rejected` (by the handler), or, when the retries are used up, what the last of
/// them was: `failed`, `panicked`, `timed-out`, `dependency-down`.
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

/// The dead-letter topic of a group for a topic: `casos.creados.derivacion.dlq`.
#[must_use]
pub fn topic_name(topic: &str, group: &str) -> String {
    format!("{topic}.{group}.dlq")
}

/// Who gives an event up, and after what.
pub(crate) struct Circumstances<'a> {
    pub(crate) group: &'a str,
    pub(crate) handler: &'static str,
    pub(crate) attempts: u32,
    pub(crate) reason: DeadLetterReason,
    pub(crate) failures: Option<&'a Failures>,
}

/// The dead letter of a record: key, value and headers untouched, and behind them what happened.
pub(crate) fn letter(record: &RawRecord, to: String, circumstances: &Circumstances<'_>) -> Message {
    let Circumstances { group, handler, attempts, reason, failures } = circumstances;
    let last = failures.map(|failures| &failures.last);
    let code = match (last, reason) {
        (Some(failure), _) => failure.code.as_str(),
        (None, DeadLetterReason::Poison) => "rejected",
        (None, DeadLetterReason::Exhausted) => "failed",
    };
    let said = last.map_or_else(String::new, |failure| masked(&failure.reason, record));
    let class = format!("conecta_runtime::{code}");
    let (partition, offset) = (record.partition(), record.offset());

    let mut headers = Headers::new();
    for (name, value) in record.headers().iter() {
        headers.push_raw(name, value);
    }
    headers.push("kafka_dlt-original-topic", record.topic());
    headers.push("kafka_dlt-original-partition", partition.to_be_bytes());
    headers.push("kafka_dlt-original-offset", offset.to_be_bytes());
    if let Some(timestamp) = record.timestamp_ms() {
        headers.push("kafka_dlt-original-timestamp", timestamp.to_be_bytes());
    }
    headers.push("kafka_dlt-original-consumer-group", group);
    headers.push("kafka_dlt-exception-fqcn", &class);
    headers.push("kafka_dlt-exception-message", &said);

    headers.push("__connect.errors.topic", record.topic());
    headers.push("__connect.errors.partition", partition.to_string());
    headers.push("__connect.errors.offset", offset.to_string());
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
