//! What the author of a service writes over the crate of a channel whose messages are told apart by their structure;
//! `channels.rs` compiles and runs it.

use conecta_runtime::{Event, RawRecord};
use forms_events::OrdersMessage;

#[test]
fn a_record_is_the_message_that_it_can_be_read_as() {
    let read = |body: &str| OrdersMessage::decode(&RawRecord::from_payload(body.as_bytes()));
    assert!(matches!(read("\"a\""), Ok(OrdersMessage::Placed(_))));
    assert!(matches!(read("{\"id\": 1}"), Ok(OrdersMessage::Paid(_))));
    let error = read("{}").unwrap_err().to_string();
    assert!(error.starts_with("none of the channel's messages: no `Placed` ("), "{error}");
    assert!(error.contains("no `Paid` (the required field `id`"), "{error}");
}
