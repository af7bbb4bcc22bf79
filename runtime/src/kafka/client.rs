//! What every librdkafka client of ours shares: its log lines become `tracing` events.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rdkafka::Message as _;
use rdkafka::client::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers as _};

/// Forwards a log line of librdkafka.
pub(crate) fn log(level: RDKafkaLogLevel, facility: &str, line: &str) {
    use RDKafkaLogLevel::{Alert, Critical, Debug, Emerg, Error, Info, Notice, Warning};
    match level {
        Emerg | Alert | Critical | Error => tracing::error!(target: "librdkafka", facility, "{line}"),
        Warning => tracing::warn!(target: "librdkafka", facility, "{line}"),
        Notice | Info => tracing::info!(target: "librdkafka", facility, "{line}"),
        Debug => tracing::debug!(target: "librdkafka", facility, "{line}"),
    }
}

/// Forwards an error that concerns no single message. librdkafka goes on by itself, so a warning is enough.
pub(crate) fn error(error: &KafkaError, reason: &str) {
    tracing::warn!(target: "librdkafka", "{error}: {}", advised(reason));
}

/// What to do about what librdkafka says of a connection, by words of its own.
const ADVICE: [(&[&str], &str); 6] = [
    (
        &["could not be verified", "certificate verify failed"],
        "the broker's certificate is not of a CA in `ssl.ca.location`, or is over, or is for another host; which of them, says \
         `openssl s_client -connect HOST:PORT -CAfile CA`",
    ),
    (
        &["client SSL authentication might be required", "certificate required"],
        "the broker wants a certificate of us: set `ssl.certificate.location` and `ssl.key.location`",
    ),
    (
        &["connecting to a PLAINTEXT broker listener"],
        "is it a port without TLS? then `security.protocol` is `plaintext` or `sasl_plaintext`",
    ),
    (&["connecting to a SSL listener"], "is it a port with TLS? then `security.protocol` is `ssl` or `sasl_ssl`"),
    (&["Unsupported SASL mechanism", "UNSUPPORTED_SASL_MECHANISM"], "set `sasl.mechanism` to one that the broker has"),
    (
        &["SASL authentication error", "Authentication failed", "authentication failed"],
        "check `sasl.username` and `sasl.password`, and that the broker has that user for this `sasl.mechanism`",
    ),
];

/// What librdkafka said, and what to do about it where that is known.
pub(crate) fn advised(reason: &str) -> String {
    match ADVICE.iter().find(|(words, _)| words.iter().any(|words| reason.contains(words))) {
        Some((_, advice)) => format!("{reason}: {advice}"),
        None => reason.to_owned(),
    }
}

/// The headers of a message, in order.
pub(crate) fn headers<'m>(message: &'m BorrowedMessage<'_>) -> impl Iterator<Item = (&'m str, Option<&'m [u8]>)> {
    let headers = message.headers();
    let count = headers.map_or(0, |headers| headers.count());
    (0..count).filter_map(move |index| {
        // rdkafka panics on a name that is not UTF-8. Such a header is left out, the rest is not.
        let header = catch_unwind(AssertUnwindSafe(|| headers.and_then(|headers| headers.try_get(index))));
        header.ok().flatten().map(|header| (header.key, header.value))
    })
}

/// A context for clients that have no other.
pub(crate) struct Logging;

impl ClientContext for Logging {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, line: &str) {
        log(level, facility, line);
    }
    fn error(&self, kafka_error: KafkaError, reason: &str) {
        error(&kafka_error, reason);
    }
}
