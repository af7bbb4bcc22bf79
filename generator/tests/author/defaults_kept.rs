//! Absent properties with defaults stay absent, and a method gives the default.

use conecta_runtime::codec::{from_slice, validate};
use keep_defaults::{MESSAGES, Order, OrderEither, OrderState};

fn to_string<T: conecta_runtime::codec::Wire>(value: &T) -> String {
    let mut out = Vec::new();
    conecta_runtime::codec::to_writer(value, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn order(json: &str) -> Order {
    from_slice(json.as_bytes()).unwrap()
}

#[test]
fn what_is_absent_means_the_default() {
    let order = order(r#"{"id": 1}"#);
    assert_eq!(order.retries_or_default(), 3);
    assert_eq!(order.share_or_default(), -0.5);
    assert!(order.urgent_or_default());
    assert_eq!(order.currency_or_default(), "PEN");
    assert_eq!(order.code_or_default(), "ABC");
    assert_eq!(order.stars_or_default().get(), 4);
    assert_eq!(order.state_or_default(), OrderState::New);
    assert_eq!(order.since_or_default().to_string(), "2024-01-15T10:30:00.120-05:00");
    assert_eq!(order.tags_or_default(), ["a", "b"]);
    assert!(order.none_or_default().is_empty() && order.empty_or_default().is_empty());
    assert!(order.nothing_or_default().unwrap().is_empty());
    assert_eq!(**order.unique_or_default(), [1, 2]);
    assert_eq!(order.counts_or_default()["a"], 1);
    assert_eq!(order.level_or_default(), Some(7));
    assert_eq!(order.label_or_default(), None);
    assert_eq!(order.words_or_default().unwrap(), ["x"]);
    assert_eq!(order.anything_or_default()["deep"][0], 1);
    assert_eq!((order.place_or_default().lat, order.place_or_default().name_or_default()), (1.0, "home"));
    assert_eq!(order.self_or_default(), 9);
    validate(order.place_or_default()).unwrap();
    assert_eq!(order.either_or_default(), &OrderEither::String("auto".to_owned()));
    assert_eq!(to_string(order.where_or_default()), r#""there""#);
    assert_eq!(to_string(order.point_or_default().unwrap()), r#"{"lat":2}"#);
}

#[test]
fn what_is_there_is_what_it_says() {
    let order = order(r#"{"id": 1, "retries": 0, "currency": "", "level": null, "label": "l", "words": null, "tags": []}"#);
    assert_eq!((order.retries_or_default(), order.currency_or_default()), (0, ""));
    assert_eq!((order.level_or_default(), order.label_or_default()), (None, Some("l")));
    assert!(order.words_or_default().is_none() && order.tags_or_default().is_empty());
}

#[test]
fn bytes_come_out_as_they_came_in() {
    for json in [r#"{"id":1}"#, r#"{"id":1,"retries":3,"currency":"PEN","level":7,"label":null}"#] {
        assert_eq!((MESSAGES[0].transcode)(json.as_bytes()).unwrap(), json.as_bytes());
    }
    assert_eq!(Order::builder().id(1).build().unwrap(), order(r#"{"id":1}"#));
}
