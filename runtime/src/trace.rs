//! Spans around publishing and handling, and how they hang together across Kafka: by the headers `traceparent` and `tracestate`
//! of the [W3C](https://www.w3.org/TR/trace-context/).
//!
//! Each send is in a span of the crate `tracing`, `publish`, until it is acknowledged, and each try of a handler in one, `consume`,
//! whatever the features. With the feature `opentelemetry`, in a program whose subscriber has a layer of
//! [tracing-opentelemetry](https://docs.rs/tracing-opentelemetry), a send writes the headers, and a handler's span is a child of
//! the one that they name: a retry is another child. A batch has one span, of no event's trace, with a link to each. A message that
//! brings headers of a trace keeps them, and the span of its send has a link there.
//!
//! A send is made when it is called, as [`Publisher`](crate::Publisher) says, not when it is awaited: its span is under the one
//! that is entered then, which with [`Instrument`](tracing::Instrument) is that of the `async` block around the call.
//!
//! Spans have the target [`TARGET`], so that a filter can leave them out. Names and attributes are those of version 1.30 of the
//! [semantic conventions](https://opentelemetry.io/docs/specs/semconv/messaging/kafka/), and `conecta.attempt`. Neither keys nor
//! anything of a payload is among them.

use std::future::Future;

use tracing::field::Empty;
use tracing::{Instrument as _, Span, info_span};

use crate::consumer::failure::Failure;
use crate::message::Message;
use crate::publisher::{PublishError, Receipt};
use crate::record::RawRecord;

/// The target of the spans.
pub const TARGET: &str = "conecta_runtime::trace";

/// A handler's span, with what there is besides of one event or of a batch.
macro_rules! consume_span {
    ($topic:ident, $group:ident, $($besides:tt)*) => {
        info_span!(
            target: TARGET,
            parent: None,
            "consume",
            otel.name = format_args!("process {}", $topic),
            otel.kind = "consumer",
            otel.status_code = Empty,
            error.type = Empty,
            messaging.system = "kafka",
            messaging.operation.name = "process",
            messaging.operation.type = "process",
            messaging.destination.name = $topic,
            messaging.consumer.group.name = $group,
            $($besides)*
        )
    };
}

/// The span of a try to handle one event.
pub(crate) fn handling(record: &RawRecord, group: &str, attempt: u32) -> Span {
    let topic = record.read_from();
    let span = consume_span!(
        topic,
        group,
        messaging.destination.partition.id = %record.partition(),
        messaging.kafka.offset = record.offset(),
        conecta.attempt = attempt,
    );
    #[cfg(feature = "opentelemetry")]
    if !span.is_disabled() {
        remote::continue_from(&span, record.headers());
    }
    span
}

/// The span of a try to handle a batch. There may be as many traces as events, so it is of none.
pub(crate) fn handling_batch<'r>(
    topic: &str,
    group: &str,
    records: impl ExactSizeIterator<Item = &'r RawRecord>,
) -> Span {
    let span = consume_span!(topic, group, messaging.batch.message_count = records.len() as u64,);
    #[cfg(feature = "opentelemetry")]
    if !span.is_disabled() {
        records.for_each(|record| remote::link(&span, record.headers()));
    }
    span
}

/// The span of an event that no handler sees, since it cannot be decoded.
pub(crate) fn undecodable(record: &RawRecord, group: &str, attempt: u32, failure: &Failure) {
    fail(&handling(record, group, attempt), failure.code.as_str());
}

/// Runs a handler in its span, which is told how it ended.
pub(crate) async fn within<T>(span: Span, handling: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    if span.is_disabled() {
        return handling.await;
    }
    let result = handling.instrument(span.clone()).await;
    if let Err(failure) = &result {
        fail(&span, failure.code.as_str());
    }
    result
}

/// The span of a send, which is under the caller's. It ends when it is known what became of the message, on whatever thread that is.
#[derive(Clone)]
pub(crate) struct SendSpan(Span);

impl SendSpan {
    pub(crate) fn none() -> Self {
        Self(Span::none())
    }

    /// Begins one. The message gets its headers.
    pub(crate) fn begin(message: &mut Message) -> Self {
        let topic: &str = &message.topic;
        let span = info_span!(
            target: TARGET,
            "publish",
            otel.name = format_args!("send {topic}"),
            otel.kind = "producer",
            otel.status_code = Empty,
            error.type = Empty,
            messaging.system = "kafka",
            messaging.operation.name = "send",
            messaging.operation.type = "send",
            messaging.destination.name = topic,
            messaging.destination.partition.id = Empty,
            messaging.kafka.offset = Empty,
        );
        #[cfg(feature = "opentelemetry")]
        remote::carry(&span, message);
        Self(span)
    }

    pub(crate) fn is_disabled(&self) -> bool {
        self.0.is_disabled()
    }

    /// It is known what became of the message.
    pub(crate) fn sent(&self, result: &Result<Receipt, PublishError>) {
        match result {
            Ok(Receipt { partition, offset }) => {
                self.0.record("messaging.destination.partition.id", tracing::field::display(partition));
                self.0.record("messaging.kafka.offset", offset);
            }
            Err(error) => self.refused(error),
        }
    }

    /// The message was not written.
    pub(crate) fn refused(&self, error: &PublishError) {
        let code = match error {
            PublishError::Invalid(_) => "invalid",
            PublishError::Transport { .. } => "transport",
            PublishError::Closed => "closed",
        };
        fail(&self.0, code);
    }
}

/// tracing-subscriber lets go of a span's parent by the subscriber that is in force where the span ends, and panics when that is
/// not the one that has it. On the thread that hears of acknowledgements the global one is in force; the span's may be another.
impl Drop for SendSpan {
    fn drop(&mut self) {
        let span = std::mem::replace(&mut self.0, Span::none());
        if let Some(own) = span.with_subscriber(|(_, own)| own.clone()) {
            tracing::dispatcher::with_default(&own, || drop(span));
        }
    }
}

fn fail(span: &Span, code: &str) {
    span.record("otel.status_code", "ERROR");
    span.record("error.type", code);
}

/// What stands in headers.
#[cfg(feature = "opentelemetry")]
mod remote {
    use opentelemetry::Context;
    use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
    use tracing::Span;
    use tracing::level_filters::LevelFilter;
    use tracing_opentelemetry::OpenTelemetrySpanExt as _;

    use crate::message::{Headers, HeadersRef, Message};

    const PARENT: &str = "traceparent";
    const STATE: &str = "tracestate";

    /// What is malformed is no parent: the span begins a trace then.
    pub(super) fn continue_from(span: &Span, headers: HeadersRef<'_>) {
        if let Some(parent) = read(headers) {
            // Fails where no layer of tracing-opentelemetry has the span: there is no trace then.
            let _ = span.set_parent(Context::new().with_remote_span_context(parent));
        }
    }

    pub(super) fn link(span: &Span, headers: HeadersRef<'_>) {
        if let Some(of) = read(headers) {
            span.add_link(of);
        }
    }

    /// Writes the span's headers; the caller's where a filter hides the span itself from the layer. What the message brings stands: it is of
    /// whoever made the message ("custom creation context", as the conventions have it).
    pub(super) fn carry(span: &Span, message: &mut Message) {
        if LevelFilter::current() == LevelFilter::OFF {
            return;
        }
        let own = context_of(span).or_else(|| context_of(&Span::current()));
        let Some(own) = own else { return };
        match read(message.headers.as_ref()) {
            Some(brought) => span.add_link(brought),
            None => write(&own, &mut message.headers),
        }
    }

    fn context_of(span: &Span) -> Option<SpanContext> {
        let context = span.context();
        Some(context.span().span_context().clone()).filter(SpanContext::is_valid)
    }

    /// The context in headers; `None` where there is none or it is not as the W3C has it. Of a state that is malformed nothing
    /// is kept.
    pub(super) fn read(headers: HeadersRef<'_>) -> Option<SpanContext> {
        let (trace, span, flags) = parse(headers.text(PARENT)?)?;
        let state = headers.text(STATE).and_then(|state| state.parse().ok()).unwrap_or(TraceState::NONE);
        let context = SpanContext::new(trace, span, flags, true, state);
        context.is_valid().then_some(context)
    }

    /// [`version-traceid-parentid-flags`](https://www.w3.org/TR/trace-context/#traceparent-header). Later versions may have more
    /// behind that.
    fn parse(text: &str) -> Option<(TraceId, SpanId, TraceFlags)> {
        let mut parts = text.split('-');
        let mut next = |digits: usize| {
            let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
            parts.next().filter(|part| part.len() == digits && part.bytes().all(is_digit))
        };
        let (version, trace, span, flags) = (next(2)?, next(32)?, next(16)?, next(2)?);
        if version == "ff" || (version == "00" && parts.next().is_some()) {
            return None;
        }
        let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
        Some((TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags))
    }

    fn write(context: &SpanContext, headers: &mut Headers) {
        if headers.iter().any(|(name, _)| name == PARENT || name == STATE) {
            // Malformed: that none is read twice, they go.
            let mut others = Headers::with_capacity(headers.len() + 1, 256);
            let kept = headers.iter().filter(|(name, _)| *name != PARENT && *name != STATE);
            kept.for_each(|(name, value)| others.push_raw(name, value));
            *headers = others;
        }
        let (trace, span, flags) = (context.trace_id(), context.span_id(), context.trace_flags() & TraceFlags::SAMPLED);
        headers.push_display(PARENT, &format_args!("00-{trace}-{span}-{flags:02x}"));
        let state = context.trace_state().header();
        if !state.is_empty() {
            headers.push(STATE, state);
        }
    }

    #[cfg(test)]
    mod tests {
        #![allow(clippy::unwrap_used)]

        use super::*;

        const PARENT_OF_W3C: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

        fn headers(parent: &str, state: &str) -> Headers {
            let mut headers = Headers::new();
            headers.push(PARENT, parent);
            headers.push(STATE, state);
            headers
        }

        #[test]
        fn a_context_is_read_and_written_as_the_w3c_has_it() {
            let context = read(headers(PARENT_OF_W3C, "vendor=1,other=t61rcWkgMzE").as_ref()).unwrap();
            assert!(context.is_remote() && context.is_sampled());
            let mut written = headers("garbage", "x=1");
            written.push("otra", "cosa");
            write(&context, &mut written);
            let found: Vec<_> = written.iter().map(|(name, value)| (name, value.unwrap())).collect();
            let expected: [(&str, &[u8]); 3] =
                [("otra", b"cosa"), (PARENT, PARENT_OF_W3C.as_bytes()), (STATE, b"vendor=1,other=t61rcWkgMzE")];
            assert_eq!(found, expected);
        }

        #[test]
        fn what_is_not_sampled_is_handed_on_as_that_and_flags_that_are_not_known_are_not() {
            for (flags, written) in [("00", "00"), ("01", "01"), ("03", "01"), ("fe", "00")] {
                let parent = format!("{}{flags}", &PARENT_OF_W3C[..53]);
                let mut headers = headers(&parent, "");
                let context = read(headers.as_ref()).unwrap();
                headers = Headers::new();
                write(&context, &mut headers);
                assert_eq!(headers.text(PARENT).unwrap()[53..], *written);
                assert_eq!(headers.len(), 1, "an empty state is not written");
            }
        }

        #[test]
        fn later_versions_are_read_and_what_is_malformed_is_nothing() {
            let later = format!("cc{}-what-will-be", &PARENT_OF_W3C[2..]);
            assert!(read(headers(&later, "").as_ref()).is_some());
            for broken in [
                "",
                "00",
                "garbage",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "00-\u{e9}f92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                " 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            ] {
                assert!(read(headers(broken, "vendor=1").as_ref()).is_none(), "{broken}");
            }
            let context = read(headers(PARENT_OF_W3C, "no state\u{1}").as_ref()).unwrap();
            assert_eq!(context.trace_state().header(), "");
        }
    }
}
