//! Objects, held against serde's derive on the same structs, and where the contract differs from it on purpose.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use conecta_runtime::codec::{from_slice, from_value, same_json};
use conecta_runtime::{Map, Value};
use serde_json::json;

mod derived {
    use super::BTreeMap;
    use serde::{Deserialize, Serialize};

    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    pub(super) struct Plain {
        pub(super) id: i64,
        pub(super) name: String,
        #[serde(rename = "type")]
        pub(super) kind: bool,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub(super) note: Option<String>,
        pub(super) tags: Vec<String>,
        #[serde(skip_serializing_if = "Option::is_none", default)]
        pub(super) child: Option<Box<Plain>>,
        pub(super) counts: BTreeMap<String, u32>,
    }
}

conecta_runtime::object! {
    #[object(builder = PlainBuilder)]
    pub struct Plain {
        pub id: i64,
        pub name: String,
        #[json(name = "type")]
        pub kind: bool,
        pub note: Option<String>,
        pub tags: Vec<String>,
        pub child: Option<Box<Plain>>,
        pub counts: ::std::collections::BTreeMap<String, u32>,
    }
}

conecta_runtime::object! {
    #[object(builder = RareBuilder, min_properties = 2, max_properties = 4, rules = r#"{"properties":{"times":{"not":{"enum":[13]}}}}"#)]
    pub struct Rare {
        #[json(nullable)]
        pub required: Option<i64>,
        #[json(nullable)]
        pub maybe: Option<Option<i64>>,
        #[json(default = 3)]
        pub times: i64,
        #[json(rest)]
        pub rest: ::conecta_runtime::Map<Option<i64>>,
    }
}

conecta_runtime::object! {
    #[object(builder = TermsBuilder)]
    pub struct Terms {
        #[json(default = 3)]
        pub retries: i64,
        #[json(default = "PEN".to_owned(), omit)]
        pub currency: String,
        #[json(nullable, default = Some(1), omit)]
        pub level: Option<i64>,
    }
}

#[test]
fn a_default_is_what_absence_means_and_is_written_or_not_as_said() {
    let read = |text: &str| from_slice::<Terms>(text.as_bytes()).unwrap();
    let absent = read("{}");
    assert_eq!((absent.retries, &*absent.currency, absent.level), (3, "PEN", Some(1)));
    assert_eq!(absent, Terms::builder().build().unwrap());
    assert_eq!(serde_json::to_string(&absent).unwrap(), r#"{"retries":3}"#);
    let given = r#"{"retries":0,"currency":"USD","level":null}"#;
    assert_eq!(serde_json::to_string(&read(given)).unwrap(), given);
    assert!(from_slice::<Terms>(br#"{"retries":null}"#).is_err());
}

conecta_runtime::object! {
    #[object(closed)]
    pub struct Closed {
        pub a: Option<i64>,
    }
}

conecta_runtime::object! {
    /// Nothing.
    pub struct Empty {}
}

/// A small generator of pseudo-random numbers, so that a failure can be replayed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }
}

fn sound() -> String {
    r#"{"id":7,"name":"a\u00e9\n","type":true,"note":"n","tags":["x","y"],"child":{"id":-1,"name":"","type":false,"tags":[],"counts":{}},"counts":{"k":1,"l":2}}"#.to_owned()
}

/// Where the two differ on purpose; whatever holds of these is not compared.
fn differs_on_purpose(text: &str) -> bool {
    fn within(value: &Value) -> bool {
        match value {
            // `null` for absent, and arrays for objects.
            Value::Null => true,
            Value::Number(number) => number.is_f64(),
            Value::Array(items) => items.iter().any(within),
            Value::Object(fields) => {
                fields.values().any(within)
                    || fields.get("child").is_some_and(Value::is_array)
                    || fields.get("counts").is_some_and(Value::is_array)
            }
            _ => false,
        }
    }
    serde_json::from_str::<Value>(text).is_ok_and(|value| value.is_array() || within(&value))
}

fn compare(text: &str) -> bool {
    if differs_on_purpose(text) {
        return false;
    }
    let derived = serde_json::from_slice::<derived::Plain>(text.as_bytes());
    let ours = from_slice::<Plain>(text.as_bytes());
    let serde = serde_json::from_slice::<Plain>(text.as_bytes());
    assert_eq!(ours.is_ok(), derived.is_ok(), "{text}\nours: {ours:?}\nderived: {derived:?}");
    assert_eq!(serde.is_ok(), derived.is_ok(), "{text}");
    if let Ok(value) = serde_json::from_str::<Value>(text)
        // A value holds each property once, whatever the text did.
        && derived.is_ok()
    {
        assert_eq!(from_value::<Plain>(&value), ours, "{text}");
        assert_eq!(serde_json::from_value::<Plain>(value).ok(), ours.as_ref().ok().cloned(), "{text}");
    }
    if let (Ok(ours), Ok(derived)) = (ours, derived) {
        assert_eq!(serde_json::to_string(&ours).unwrap(), serde_json::to_string(&derived).unwrap(), "{text}");
        return true;
    }
    false
}

#[test]
fn an_object_reads_and_writes_as_the_derive_does() {
    let sound = sound();
    assert!(compare(&sound));
    for text in [
        "",
        "{}",
        "[]",
        "7",
        "\"x\"",
        "true",
        "{",
        "{\"id\":1",
        "{\"id\":1}",
        r#"{"id":1,"id":2,"name":"","type":true,"tags":[],"counts":{}}"#,
        r#"{"id":1,"name":"","type":true,"tags":[],"counts":{},"new":{"deep":[1,{}]},"new":2}"#,
        r#"{"id":"1","name":"","type":true,"tags":[],"counts":{}}"#,
        r#"{"id":1,"name":1,"type":true,"tags":[],"counts":{}}"#,
        r#"{"id":1,"name":"","type":"true","tags":[],"counts":{}}"#,
        r#"{"id":1,"name":"","kind":true,"tags":[],"counts":{}}"#,
        r#"{"id":1,"name":"","type":true,"tags":{},"counts":{}}"#,
        r#"{"id":1,"name":"","type":true,"tags":[],"counts":{"a":-1}}"#,
        r#"{"id":1,"name":"","type":true,"tags":[],"counts":{"a":4294967296}}"#,
        r#"{"id":9223372036854775807,"name":"","type":true,"tags":[],"counts":{}}"#,
        r#"{"id":9223372036854775808,"name":"","type":true,"tags":[],"counts":{}}"#,
        r#"{"\u0069d":1,"name":"","type":true,"tags":[],"counts":{}}"#,
        r#"{"id":1,"name":"","type":true,"tags":[],"counts":{}} x"#,
    ] {
        compare(text);
    }
}

#[test]
fn random_mutations_read_and_write_as_the_derive_does() {
    let seed = std::env::var("CONECTA_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let mut dice = Dice(seed);
    let pieces = [
        "1",
        "-1",
        "\"s\"",
        "true",
        "{}",
        "[]",
        ",",
        ":",
        "\"id\":",
        "\"name\":",
        "\"type\":",
        "\"tags\":",
        "\"counts\":",
        "\"child\":",
        "}",
        "]",
        "{",
        "[",
        "\"",
        "\\u0041",
        "99999999999",
        " ",
    ];
    let (mut accepted, mut rounds) = (0, 0);
    while rounds < 20_000 {
        rounds += 1;
        let mut text = sound();
        for _ in 0..=dice.below(3) {
            let from = dice.below(text.len() + 1);
            let to = (from + dice.below(12)).min(text.len());
            if text.is_char_boundary(from) && text.is_char_boundary(to) {
                text.replace_range(from..to, pieces[dice.below(pieces.len())]);
            }
        }
        accepted += usize::from(compare(&text));
    }
    assert!(accepted > 200, "the mutations must leave something to compare: {accepted}");
}

fn rare(json: &Value) -> Result<Rare, String> {
    from_slice::<Rare>(&serde_json::to_vec(json).unwrap()).map_err(|fault| fault.to_string())
}

#[test]
fn null_is_told_from_absent_and_both_come_out_as_they_came_in() {
    for json in [
        json!({ "required": null, "times": 1 }),
        json!({ "required": 1, "maybe": null, "times": 1 }),
        json!({ "required": 1, "maybe": 2, "times": 1 }),
        json!({ "required": 1, "times": 1, "more": null }),
    ] {
        assert!(same_json(&serde_json::to_value(rare(&json).unwrap()).unwrap(), &json), "{json}");
    }
    assert_eq!(rare(&json!({ "times": 1, "x": 1 })).unwrap_err(), "the required field `required` is missing");
}

#[test]
fn a_default_stands_for_an_absent_field() {
    assert_eq!(rare(&json!({ "required": 1, "x": 1 })).unwrap().times, 3);
    assert_eq!(Rare::builder().required(Some(1)).build().unwrap().times, 3);
}

#[test]
fn the_number_of_properties_and_a_types_rules_hold_on_both_sides() {
    assert_eq!(rare(&json!({ "required": 1 })).unwrap_err(), "has fewer than 2 properties");
    assert_eq!(
        rare(&json!({ "required": 1, "a": 1, "b": 1, "c": 1, "d": 1 })).unwrap_err(),
        "has more than 4 properties"
    );
    assert_eq!(rare(&json!({ "required": 1, "times": 13 })).unwrap_err(), "times: is what the contract does not allow");
    let many = Rare { required: None, maybe: None, times: 1, rest: (0..3).map(|i| (i.to_string(), None)).collect() };
    assert!(serde_json::to_string(&many).unwrap_err().to_string().contains("has more than 4 properties"));
    assert!(Rare::builder().required(None).times(13).build().is_err());
}

#[test]
fn further_properties_are_kept_and_never_double_a_field() {
    assert_eq!(rare(&json!({ "required": 1, "x": "no" })).unwrap_err(), "{0}: expected an integer, found a string");
    let doubled = Rare { required: None, maybe: None, times: 1, rest: Map::from([("times".to_owned(), Some(2))]) };
    assert!(serde_json::to_string(&doubled).is_err());
}

#[test]
fn a_closed_object_refuses_what_it_does_not_name() {
    assert!(from_slice::<Closed>(br#"{"a":1}"#).is_ok());
    let fault = from_slice::<Closed>(br#"{"a":1,"b":2}"#).unwrap_err();
    assert_eq!(fault.to_string(), "the contract does not allow the field `b`");
}

#[test]
fn an_object_without_fields_is_an_object() {
    assert_eq!(serde_json::to_string(&from_slice::<Empty>(br#"{"x":1}"#).unwrap()).unwrap(), "{}");
    assert!(from_slice::<Empty>(b"[]").is_err());
}

#[test]
fn an_integer_may_be_written_as_a_whole_number() {
    for (text, value) in
        [("1.0", Some(1)), ("1e2", Some(100)), ("-0.0", Some(0)), ("1.5", None), ("1e300", None), ("\"1\"", None)]
    {
        assert_eq!(from_slice::<i64>(text.as_bytes()).ok(), value, "{text}");
    }
}

#[test]
fn the_path_leads_through_arrays_maps_and_boxes() {
    let mut value: Value = serde_json::from_str(&sound()).unwrap();
    value["child"]["tags"] = json!(["a", 5]);
    assert_eq!(
        from_value::<Plain>(&value).unwrap_err().to_string(),
        "child.tags[1]: expected a string, found a number"
    );
    value["child"]["tags"] = json!([]);
    value["counts"]["l"] = json!(-5);
    assert_eq!(from_value::<Plain>(&value).unwrap_err().to_string(), "counts{1}: integer out of range");
}
