//! What went wrong with an event, as far as it must be told to people and to the dead letter.

use std::time::{Duration, SystemTime};

use crate::codec::DecodeError;
use crate::handler::{FailureKind, HandlerError};
use crate::record::RawRecord;

/// One failure of one event.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: FailureCode,
    /// Where in the payload, when it could not be decoded.
    pub(crate) path: Option<String>,
    /// What was said. May quote the payload: see [`masked`].
    pub(crate) reason: String,
    pub(crate) at: SystemTime,
}

/// What kind of failure it was, for machines. Never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureCode {
    Undecodable,
    Rejected,
    Failed,
    Panicked,
    TimedOut,
    DependencyDown,
}

impl FailureCode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Undecodable => "undecodable",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::TimedOut => "timed-out",
            Self::DependencyDown => "dependency-down",
        }
    }

    /// What the engine acts on.
    pub(crate) fn kind(self) -> FailureKind {
        match self {
            Self::Undecodable | Self::Rejected => FailureKind::Poison,
            Self::Failed | Self::Panicked | Self::TimedOut => FailureKind::Transient,
            Self::DependencyDown => FailureKind::Dependency,
        }
    }
}

impl Failure {
    fn new(code: FailureCode, reason: String) -> Self {
        Self { code, path: None, reason, at: SystemTime::now() }
    }

    pub(crate) fn undecodable(error: &DecodeError) -> Self {
        Self { path: Some(error.path().to_owned()), ..Self::new(FailureCode::Undecodable, error.to_string()) }
    }

    pub(crate) fn handler(error: &HandlerError) -> Self {
        let code = match error.kind() {
            FailureKind::Poison => FailureCode::Rejected,
            FailureKind::Transient => FailureCode::Failed,
            FailureKind::Dependency => FailureCode::DependencyDown,
        };
        Self::new(code, chain(error.source()))
    }

    pub(crate) fn deadline(limit: Duration) -> Self {
        Self::new(FailureCode::TimedOut, format!("the handler was not done after {limit:?}"))
    }

    pub(crate) fn panic(payload: &(dyn std::any::Any + Send)) -> Self {
        let said = payload.downcast_ref::<&str>().copied();
        let said = said.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
        Self::new(FailureCode::Panicked, format!("the handler panicked: {}", said.unwrap_or("no message")))
    }
}

/// All that is remembered of an event's failures.
#[derive(Clone, Debug)]
pub(crate) struct Failures {
    pub(crate) first_at: SystemTime,
    pub(crate) last: Failure,
}

impl Failures {
    pub(crate) fn add(before: Option<&Self>, failure: Failure) -> Self {
        Self { first_at: before.map_or(failure.at, |before| before.first_at), last: failure }
    }
}

/// What an error says, and those behind it, unless they are only said again.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut said = error.to_string();
    let mut link = error.source();
    while let Some(cause) = link {
        let cause_says = cause.to_string();
        if !said.contains(&cause_says) {
            said.push_str(": ");
            said.push_str(&cause_says);
        }
        link = cause.source();
    }
    said
}

/// How much of a reason is passed on.
const REASON_BYTES: usize = 1_000;
/// Shorter values are too common to hide: masking every `1` leaves nothing to read.
const SHORTEST: usize = 3;

/// A reason without the payload's values, which may be personal data: each text and number of the payload that it quotes
/// is replaced by `***`.
pub(crate) fn masked(reason: &str, record: &RawRecord) -> String {
    let mut end = reason.len().min(REASON_BYTES);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    let mut reason = reason[..end].to_owned();
    let mut values = Vec::new();
    if let Some(Ok(payload)) = record.payload().map(serde_json::from_slice::<serde_json::Value>) {
        collect(&payload, &mut values);
    }
    values.extend(record.key().and_then(|key| std::str::from_utf8(key).ok()).map(str::to_owned));
    values.retain(|value| value.len() >= SHORTEST && reason.contains(value.as_str()));
    // The longest first: a value that contains another is hidden whole.
    values.sort_by_key(|value| std::cmp::Reverse(value.len()));
    for value in values {
        reason = reason.replace(&value, "***");
    }
    reason
}

fn collect(value: &serde_json::Value, out: &mut Vec<String>) {
    match value {
        serde_json::Value::String(text) => out.push(text.clone()),
        serde_json::Value::Number(number) => out.push(number.to_string()),
        serde_json::Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        serde_json::Value::Object(fields) => fields.values().for_each(|field| collect(field, out)),
        serde_json::Value::Null | serde_json::Value::Bool(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_quotes_no_value_of_the_payload() {
        let record = RawRecord::from_payload(
            br#"{"datos":{"email":"juan.perez@example.com","documento":"123456789","caso_id":54321,"n":7,"e":"juan"}}"#,
        );
        let reason = "no mail to juan.perez@example.com (123456789, caso 54321): 7 tries";
        assert_eq!(masked(reason, &record), "no mail to *** (***, caso ***): 7 tries");
    }

    #[derive(Debug, thiserror::Error)]
    #[error("cannot write the case")]
    struct Wrapped(#[source] std::fmt::Error);

    #[test]
    fn a_reason_names_the_errors_behind_the_handlers() {
        let failure = Failure::handler(&HandlerError::from(Wrapped(std::fmt::Error)));
        assert_eq!(failure.reason, format!("cannot write the case: {}", std::fmt::Error));
    }

    #[test]
    fn a_reason_is_cut_between_characters() {
        let record = RawRecord::from_payload(b"not json");
        let reason = "ñ".repeat(REASON_BYTES);
        assert_eq!(masked(&reason, &record).len(), REASON_BYTES);
        let reason = format!("a{reason}");
        assert_eq!(masked(&reason, &record).len(), REASON_BYTES - 1);
    }
}
