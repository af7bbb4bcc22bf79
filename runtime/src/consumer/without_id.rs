//! What stands for the identifier of an event that has none.

use std::fmt::Write as _;

use super::dead_letter::Origin;
use crate::handler::HandlerError;
use crate::record::RawRecord;

/// What stands for the identifier of an event that has none, when an inbox asks for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum WithoutId {
    /// The record's place, `topic-partition-offset`: the same record is handled once, but one that was produced twice is
    /// handled twice. One that is brought back from the dead letters has the place it had before.
    #[default]
    Place,
    /// Such an event is refused: it goes to the dead letter.
    Refuse,
}

impl WithoutId {
    pub(crate) fn id<'a>(self, record: &RawRecord, buffer: &'a mut String) -> Result<&'a str, HandlerError> {
        match self {
            Self::Place => {
                let Origin { topic, partition, offset, .. } = Origin::of(record);
                buffer.clear();
                // Writing to a `String` cannot fail.
                let _ = write!(buffer, "{topic}-{partition}-{offset}");
                Ok(buffer)
            }
            Self::Refuse => Err(HandlerError::poison("the event has no identifier")),
        }
    }
}
