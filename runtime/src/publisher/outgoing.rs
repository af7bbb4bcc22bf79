//! What can be published: events, and events that are addressed.

use std::borrow::Cow;
use std::fmt;

use crate::codec::{EncodeError, Violation};
use crate::event::{Event, TypedHeaders};
use crate::message::Message;

/// What [`PublisherExt`](super::PublisherExt) publishes: an [`Event`], which knows its topic, or one that is
/// [`Addressed`] to one.
///
/// An event whose address has parameters that it does not give itself knows none: to publish it as it is does not compile.
pub trait Outgoing: Sync {
    /// The headers that the contract gives it.
    type Headers: TypedHeaders;

    /// The headers that follow from it.
    fn own_headers(&self) -> Self::Headers;

    /// Holds it, and its address, against the contract.
    ///
    /// # Errors
    /// The first constraint that it breaks.
    fn hold(&self) -> Result<(), Violation>;

    /// The message to send, with these headers.
    ///
    /// # Errors
    /// When it breaks the contract.
    fn message(&self, headers: &Self::Headers) -> Result<Message, EncodeError>;
}

impl<E: Event> Outgoing for E {
    type Headers = E::Headers;

    fn own_headers(&self) -> E::Headers {
        self.headers()
    }

    fn hold(&self) -> Result<(), Violation> {
        self.validate()
    }

    fn message(&self, headers: &E::Headers) -> Result<Message, EncodeError> {
        const {
            assert!(
                !E::OPEN_ADDRESS,
                "the address of this event has parameters: publish `parameters.address(&event)`, or by the generated trait"
            );
        }
        self.to_message(headers)
    }
}

/// An event and the topic that it goes to, where the event alone does not say it: its address has parameters, or the
/// contract has it on several channels. Borrows the event.
///
/// A topic that could not be named is told when it is published.
pub struct Addressed<'e, E> {
    topic: Result<Cow<'static, str>, EncodeError>,
    key: Option<Option<Vec<u8>>>,
    event: &'e E,
}

impl<'e, E: Event> Addressed<'e, E> {
    /// That event, to that topic.
    pub fn to(topic: Result<Cow<'static, str>, EncodeError>, event: &'e E) -> Self {
        Self { topic, key: None, event }
    }

    /// The same with another key than the event has on its own channel.
    #[must_use]
    pub fn keyed(self, key: Option<Vec<u8>>) -> Self {
        Self { key: Some(key), ..self }
    }

    /// Where it goes.
    ///
    /// # Errors
    /// Why no topic could be named.
    pub fn topic(&self) -> Result<&str, &EncodeError> {
        self.topic.as_deref()
    }

    /// The message to send, with the headers that follow from the event.
    ///
    /// # Errors
    /// When the event breaks the contract, or no topic could be named.
    pub fn to_message(&self) -> Result<Message, EncodeError> {
        self.message(&self.event.headers())
    }

    /// The message to send, with these headers.
    ///
    /// # Errors
    /// As [`to_message`](Self::to_message).
    pub fn to_message_with(&self, headers: &E::Headers) -> Result<Message, EncodeError> {
        self.message(headers)
    }
}

impl<E: Event> Outgoing for Addressed<'_, E> {
    type Headers = E::Headers;

    fn own_headers(&self) -> E::Headers {
        self.event.headers()
    }

    fn hold(&self) -> Result<(), Violation> {
        match &self.topic {
            Ok(_) => self.event.validate(),
            Err(EncodeError::Invalid(violation)) => Err(violation.clone()),
        }
    }

    fn message(&self, headers: &E::Headers) -> Result<Message, EncodeError> {
        let mut message = self.event.message_to(self.topic.clone()?, headers)?;
        if let Some(key) = &self.key {
            message.key.clone_from(key);
        }
        Ok(message)
    }
}

impl<E> fmt::Debug for Addressed<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Addressed").field("topic", &self.topic).finish_non_exhaustive()
    }
}
