//! Absent properties with defaults are filled in, and written.

use conecta_runtime::codec::{from_slice, to_writer};
use conecta_runtime::{Event as _, Value};
use write_defaults::{Event, MESSAGES, Order, OrderState, Ruled};

const FILLED: &str = r#"{"id":1,"retries":3,"share":-0.5,"urgent":true,"currency":"PEN","code":"ABC","stars":4,"state":"NEW",
    "since":"2024-01-15T10:30:00.120-05:00","tags":["a","b"],"none":[],"empty":{},"nothing":[],"unique":[1,2],"counts":{"a":1},"level":7,"label":null,
    "words":["x"],"anything":{"deep":[1,null]},"self":9,"either":"auto","where":"there"}"#;

#[test]
fn what_is_absent_is_filled_in_and_written() {
    let written = (MESSAGES[0].transcode)(br#"{"id":1}"#).unwrap();
    assert_eq!(from_slice::<Value>(&written).unwrap(), from_slice::<Value>(FILLED.as_bytes()).unwrap());
    assert_eq!((MESSAGES[0].transcode)(&written).unwrap(), written);
}

#[test]
fn fields_are_plain_and_builders_know_their_defaults() {
    let order = Order::builder().id(1).retries(5).build().unwrap();
    assert_eq!((order.retries, &*order.currency, order.state), (5, "PEN", OrderState::New));
    assert_eq!((order.level, &order.label), (Some(7), &None));
    // A default that is a struct is given by the method.
    assert_eq!((order.place.as_ref(), &*order.place_or_default().name), (None, "home"));
}

#[test]
fn new_events_have_their_defaults() {
    let event = Event::new();
    assert_eq!((&*event.event_type, &*event.event_version, &*event.note), (Event::TYPE, "1.0", "none"));
    assert_eq!(event.version().as_deref(), Some("1.0"));
}

#[test]
fn where_rules_look_at_what_is_there_nothing_is_made_up() {
    let ruled: Ruled = from_slice(b"{}").unwrap();
    assert_eq!((ruled.a, ruled.a_or_default()), (None, 1));
    let mut written = Vec::new();
    to_writer(&ruled, &mut written).unwrap();
    assert_eq!(written, b"{}");
}
