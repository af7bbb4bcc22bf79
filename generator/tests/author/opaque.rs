//! What the author of a service writes over the crate of payloads that are not JSON; `opaque.rs` compiles and runs it.

use conecta_runtime::{Delivery, Event, HandlerError, RawRecord};
use opaque_events::{ConsumeNote, ConsumeReading, MESSAGES, Note, PublishNote, PublishReading, Reading};

struct Service;

impl ConsumeReading for Service {
    async fn consume_reading(&self, reading: Delivery<Reading>) -> Result<(), HandlerError> {
        if reading.0.is_empty() { Err(HandlerError::poison("empty")) } else { Ok(()) }
    }
}

impl ConsumeNote for Service {
    async fn consume_note(&self, _: Delivery<Note>) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[test]
fn bytes_pass_as_they_are() {
    let bytes = [0, 159, 146, 150, b'{'];
    for message in MESSAGES {
        assert_eq!((message.transcode)(&bytes).unwrap(), bytes, "{}", message.name);
    }
    let reading = Reading::decode(&RawRecord::from_payload(&bytes)).unwrap();
    assert_eq!(reading.to_message(&()).unwrap().payload.as_deref(), Some(&bytes[..]));
}

#[test]
fn both_ends_are_there() {
    fn publishes<P: PublishReading + PublishNote>() {}
    publishes::<conecta_runtime::publisher::MemoryPublisher>();
    assert_eq!(opaque_events::readings::consume(Service).topic().name, "readings");
    assert_eq!(opaque_events::notes::consume(Service).topic().name, "notes");
}
