//! The trait that every generated message implements.

use std::borrow::Cow;

use crate::codec::{DecodeError, EncodeError, Violation};
use crate::message::{Headers, HeadersRef, Message};
use crate::record::RawRecord;
use crate::topic::Topic;

/// A typed message of a contract.
pub trait Event: Sized + Send + Sync + 'static {
    /// The message's name in the contract.
    const NAME: &'static str;
    /// The topic it travels on.
    const TOPIC: Topic;
    /// What the envelope calls this kind of event (`evento_tipo`, `ce_type`); the message's name where it has none.
    const TYPE: &'static str;
    /// The version of its schema that new events bear, where one is known.
    const VERSION: Option<&'static str> = None;
    /// Headers that bear its [`TYPE`](Self::TYPE) when it is published, whether or not the contract lists them: by these the
    /// messages of its channel are told apart, where the configuration says so. A header that is there already stays as it is.
    const TYPE_HEADERS: &'static [&'static str] = &[];
    /// Whether its address has parameters that the event does not give: it is published by the generated trait, or
    /// [`Addressed`](crate::Addressed).
    const OPEN_ADDRESS: bool = false;
    /// The examples that the contract gives.
    const EXAMPLES: &'static [Example] = &[];
    /// The headers that the contract gives it; `()` where it gives none.
    type Headers: TypedHeaders;

    /// What tells this event from every other, where the payload carries it.
    fn id(&self) -> Option<Cow<'_, str>>;
    /// The version of its schema.
    fn version(&self) -> Option<Cow<'_, str>>;
    /// The record's key: the text of the key field in UTF-8, an integer in decimal.
    fn key(&self) -> Option<Vec<u8>>;
    /// The headers that follow from the envelope.
    fn headers(&self) -> Self::Headers;
    /// Holds the value against the contract.
    ///
    /// # Errors
    /// The first constraint that it breaks, with the path to it.
    fn validate(&self) -> Result<(), Violation>;
    /// Appends the body to `out`.
    ///
    /// # Errors
    /// When the value breaks the contract or cannot be written.
    fn encode(&self, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    /// Reads a record's body and holds it against the contract.
    ///
    /// # Errors
    /// What is wrong, with the path to it.
    fn decode(record: &RawRecord) -> Result<Self, DecodeError>;

    /// The names of the received headers that contradict the envelope; the envelope wins.
    fn contradictions(&self, received: HeadersRef<'_>) -> Vec<&'static str> {
        if received.is_empty() { Vec::new() } else { self.headers().contradictions(received) }
    }

    /// The name of the topic that it goes to, sent with these headers: [`TOPIC`](Self::TOPIC), with the parameters of its
    /// address as the contract says that the event has them.
    ///
    /// # Errors
    /// When its address has parameters that the event does not give, or has in a way that is no part of a topic's name.
    fn topic(&self, _headers: &Self::Headers) -> Result<Cow<'static, str>, EncodeError> {
        if Self::OPEN_ADDRESS {
            let said = format!("its address, {}, has parameters: they must be given to publish it", Self::TOPIC.name);
            return Err(EncodeError::Invalid(Violation::new("", said)));
        }
        Ok(Cow::Borrowed(Self::TOPIC.name))
    }

    /// Appends these headers, and those that bear its type.
    fn write_headers(&self, headers: &Self::Headers, out: &mut Headers) {
        headers.write(out);
        for name in Self::TYPE_HEADERS {
            if out.get(name).is_none() {
                out.push(name, Self::TYPE);
            }
        }
    }

    /// The message to send, with these headers.
    ///
    /// # Errors
    /// When the value breaks the contract, or its topic has no name.
    fn to_message(&self, headers: &Self::Headers) -> Result<Message, EncodeError> {
        self.message_to(self.topic(headers)?, headers)
    }

    /// The same to another topic.
    ///
    /// # Errors
    /// When the value breaks the contract.
    fn message_to(&self, topic: Cow<'static, str>, headers: &Self::Headers) -> Result<Message, EncodeError> {
        let mut body = Vec::with_capacity(512);
        self.encode(&mut body)?;
        let mut out = Headers::new();
        self.write_headers(headers, &mut out);
        Ok(Message::new(topic, self.key(), out, Some(body)))
    }
}

/// Headers with names and types, as the contract gives them.
pub trait TypedHeaders: Sized + Send + Sync + 'static {
    /// Appends those that are present.
    fn write(&self, out: &mut Headers);
    /// Reads them from a record; other headers are left alone.
    ///
    /// # Errors
    /// When a header is missing that must be there, or is not of its type.
    fn read(headers: HeadersRef<'_>) -> Result<Self, DecodeError>;
    /// The names of the headers that are present in both and differ. A date and time that is the same instant in another
    /// spelling does not; a correlation id is not compared, since the envelope does not decide it.
    fn contradictions(&self, received: HeadersRef<'_>) -> Vec<&'static str>;
}

impl TypedHeaders for () {
    fn write(&self, _: &mut Headers) {}
    fn read(_: HeadersRef<'_>) -> Result<Self, DecodeError> {
        Ok(())
    }
    fn contradictions(&self, _: HeadersRef<'_>) -> Vec<&'static str> {
        Vec::new()
    }
}

/// One message of a contract, for tools and tests.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct MessageInfo {
    /// The key under `components/messages`; of an inline message its `messageId`, its `name`, or the channel's name.
    pub name: &'static str,
    /// The topic (or address) it travels on.
    pub topic: &'static str,
    /// The version of its schema, where one is known.
    pub version: Option<&'static str>,
    /// The document's examples.
    pub examples: &'static [Example],
    /// Decodes to the typed event, validates, encodes.
    pub transcode: fn(&[u8]) -> Result<Vec<u8>, DecodeError>,
}

impl MessageInfo {
    /// Describes the message `E`.
    #[must_use]
    pub const fn of<E: Event>() -> Self {
        Self {
            name: E::NAME,
            topic: E::TOPIC.name,
            version: E::VERSION,
            examples: E::EXAMPLES,
            transcode: transcode::<E>,
        }
    }
}

/// An example that the document gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Example {
    /// Its body, as JSON.
    pub payload: &'static str,
    /// Why `conecta-gen check` found that it contradicts its schema; `None` for a sound one.
    pub refused: Option<&'static str>,
}

fn transcode<E: Event>(body: &[u8]) -> Result<Vec<u8>, DecodeError> {
    let event = E::decode(&RawRecord::from_payload(body))?;
    let mut out = Vec::with_capacity(body.len());
    event.encode(&mut out).map_err(DecodeError::from)?;
    Ok(out)
}

/// A new event id: a [UUIDv7](https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7) as text, so that ids made later
/// sort later (to the millisecond; within one process, always).
#[must_use]
pub fn new_event_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

/// Inside `impl Event`: the body is the value as JSON. Gives `validate`, `encode` and `decode`.
#[macro_export]
macro_rules! json_body {
    () => {
        fn validate(&self) -> ::core::result::Result<(), $crate::Violation> {
            $crate::codec::validate(self)
        }
        fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), $crate::EncodeError> {
            $crate::codec::to_writer(self, out)
        }
        fn decode(record: &$crate::RawRecord) -> ::core::result::Result<Self, $crate::DecodeError> {
            $crate::codec::from_record(record)
        }
    };
}
