//! Records for a handler that wants them as they came in.

use std::borrow::Cow;

use crate::codec::{DecodeError, EncodeError, Violation};
use crate::event::Event;
use crate::record::RawRecord;
use crate::topic::Topic;

/// Any record at all: for a handler that reads the bytes by itself, or for which the headers are enough. What it is lies in
/// [`Delivery::record`](crate::Delivery::record); nothing is decoded, so none is undecodable, a tombstone neither.
///
/// It carries no identifier: to an inbox it is what [`WithoutId`](crate::consumer::WithoutId) says.
///
/// ```
/// # use conecta_runtime::{Delivery, HandlerError, Raw, Registration, Topic};
/// # struct Archive;
/// # impl Archive { async fn keep(&self, _: &[u8]) -> Result<(), HandlerError> { Ok(()) } }
/// # const TOPIC: Topic = Topic::named("orders");
/// # let archive = Archive;
/// let registration = Registration::new(TOPIC, archive, |archive, record: Delivery<Raw>| async move {
///     archive.keep(record.record.payload().unwrap_or_default()).await
/// });
/// # let _: Registration = registration;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Raw;

impl Event for Raw {
    const NAME: &'static str = "Raw";
    const TOPIC: Topic = Topic::named("");
    const TYPE: &'static str = "";
    type Headers = ();

    fn id(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn version(&self) -> Option<Cow<'_, str>> {
        None
    }
    fn key(&self) -> Option<Vec<u8>> {
        None
    }
    fn headers(&self) {}
    fn validate(&self) -> Result<(), Violation> {
        Ok(())
    }
    /// Always fails: it is there to be received. Records of one's own making are a [`Message`](crate::Message).
    fn encode(&self, _: &mut Vec<u8>) -> Result<(), EncodeError> {
        Err(EncodeError::Invalid(Violation::new("", "a raw record is not published as an event: send a Message")))
    }
    fn decode(_: &RawRecord) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}
