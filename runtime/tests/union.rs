//! Enums of alternatives: what they read, what they refuse, and where they say that it is wrong.
#![allow(clippy::unwrap_used, missing_docs)]

use conecta_runtime::codec::{from_slice, key, to_writer, validate};
use serde_json::{Value, json};

conecta_runtime::object! {
    #[object(builder = CatBuilder)]
    pub struct Cat {
        pub kind: String,
        pub lives: i64,
        #[json(sensitive)]
        pub name: Option<String>,
    }
}

conecta_runtime::enumeration! {
    pub enum DogKind {
        Dog = "dog",
        Puppy = "puppy",
    }
}

conecta_runtime::object! {
    #[object(builder = DogBuilder)]
    pub struct Dog {
        pub kind: DogKind,
        pub friends: Vec<Pet>,
        #[json(rest)]
        pub others: conecta_runtime::Map<Value>,
    }
}

conecta_runtime::union! {
    /// A cat or a dog.
    #[union(tag = "kind")]
    pub enum Pet {
        #[tag(kind, "cat", "kitten")]
        Cat(Cat),
        #[tag("dog", "puppy")]
        Dog(Box<Dog>),
    }
}

conecta_runtime::union! {
    /// Scalars of several kinds.
    pub enum Amount {
        Enum(DogKind),
        Integer(i64),
        Number(f64),
        #[from(none)]
        String(String),
        #[json(sensitive)]
        #[from(none)]
        Other(String),
        List(Vec<Amount>),
    }
}

conecta_runtime::object! {
    pub struct ByEmail {
        pub email: String,
        pub note: Option<Value>,
    }
}

conecta_runtime::object! {
    pub struct ByPhone {
        pub phone: String,
        pub note: Option<i64>,
        #[json(rest)]
        pub others: conecta_runtime::Map<Value>,
    }
}

conecta_runtime::union! {
    /// One way to reach somebody.
    #[union(rules = r#"{"oneOf": [
        {"type": "object", "required": ["email"], "properties": {"email": {"type": "string"}}},
        {"type": "object", "required": ["phone"], "properties": {"phone": {"type": "string"}, "note": {"type": "integer"}}}
    ]}"#)]
    pub enum Contact {
        Email(ByEmail),
        Phone(ByPhone),
    }
}

conecta_runtime::object! {
    pub struct Owner {
        pub pets: Vec<Pet>,
        pub contact: Option<Contact>,
    }
}

fn read<T: conecta_runtime::codec::Wire>(value: &Value) -> Result<T, String> {
    from_slice(value.to_string().as_bytes()).map_err(|fault| fault.to_string())
}

fn back<T: conecta_runtime::codec::Wire>(value: Value) {
    let mut out = Vec::new();
    to_writer(&read::<T>(&value).unwrap(), &mut out).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), value);
}

#[test]
fn a_tag_says_which_alternative_is_read_wherever_it_stands() {
    for text in [
        r#"{"kind": "kitten", "lives": 9}"#,
        r#"{"lives": 9, "kind": "kitten"}"#,
        r#"{"x": {"a": [1, null]}, "lives": 9.0, "y": "\u00e9", "kind": "kitten", "z": 1}"#,
    ] {
        let pet: Pet = from_slice(text.as_bytes()).unwrap();
        assert_eq!(pet, Pet::Cat(Cat { kind: "kitten".into(), lives: 9, name: None }), "{text}");
    }
    back::<Pet>(
        json!({"a": 1, "friends": [{"lives": 1, "kind": "cat"}, {"friends": [], "kind": "puppy"}], "kind": "dog", "b": {}}),
    );
}

#[test]
fn a_fault_is_told_of_the_alternative_that_was_meant_with_its_path() {
    let fault = |value| read::<Owner>(&json!({ "pets": [value] })).unwrap_err();
    assert_eq!(fault(json!({"kind": "cow"})), "pets[0].kind: is none of `cat`, `kitten`, `dog`, `puppy`");
    assert_eq!(fault(json!({"kind": 1})), "pets[0].kind: expected a string, found a number");
    assert_eq!(fault(json!({"lives": 1})), "pets[0]: the field `kind` is missing, which says what this is");
    assert_eq!(fault(json!([])), "pets[0]: expected an object, found an array");
    assert_eq!(fault(json!({"kind": "cat", "lives": "x"})), "pets[0].lives: expected an integer, found a string");
    assert_eq!(fault(json!({"lives": "x", "kind": "cat"})), "pets[0].lives: expected an integer, found a string");
    assert_eq!(
        fault(json!({"kind": "dog", "friends": [{"kind": "cat"}]})),
        "pets[0].friends[0]: the required field `lives` is missing"
    );
    let twice = from_slice::<Pet>(br#"{"kind": "cat", "kind": "dog", "lives": 1}"#).unwrap_err();
    assert_eq!(twice.to_string(), "kind: the field `kind` is there twice");
    let before = from_slice::<Pet>(br#"{"lives": 1, "lives": 1, "kind": "cat"}"#).unwrap_err();
    assert_eq!(before.to_string(), "lives: the field `lives` is there twice");
}

#[test]
fn a_variant_that_would_be_read_as_another_is_not_written() {
    let cat = |kind: &str| Pet::from(Cat { kind: kind.into(), lives: 1, name: None });
    assert!(validate(&cat("kitten")).is_ok());
    let broken = validate(&Owner { pets: vec![cat("dog")], contact: None }).unwrap_err();
    assert_eq!(broken.to_string(), "pets[0].kind: is none of `cat`, `kitten`, which tell this alternative");
    let both = ByPhone { phone: "1".into(), note: None, others: [("email".to_owned(), json!("a"))].into() };
    let broken = validate(&Contact::Phone(both.clone())).unwrap_err();
    assert_eq!(broken.to_string(), "fits 2 of the alternatives, exactly one is allowed");
    assert!(to_writer(&Contact::Phone(both), &mut Vec::new()).is_err());
}

#[test]
fn rules_choose_the_alternative_and_say_why_it_is_none() {
    assert!(matches!(read(&json!({"email": "a", "note": "x"})).unwrap(), Contact::Email(_)));
    back::<Contact>(json!({"phone": "1", "note": 2, "more": [null]}));
    let fault = |value| read::<Owner>(&json!({ "pets": [], "contact": value })).unwrap_err();
    assert_eq!(
        fault(json!({"email": "a", "phone": "b"})),
        "contact: fits 2 of the alternatives, exactly one is allowed"
    );
    assert_eq!(
        fault(json!({"phone": "b", "note": "x"})),
        "contact: is none of the alternatives: no `Email` (missing field `email`), no `Phone` (note: expected an integer, found a string)"
    );
    assert_eq!(fault(json!(1)), "contact: expected an object, found a number");
    assert_eq!(fault(Value::Null), "contact: expected an object, found null");
}

#[test]
fn scalars_are_the_first_alternative_of_their_kind_that_they_can_be_read_as() {
    let amount = |value| read::<Amount>(&value).unwrap();
    assert_eq!(amount(json!("dog")), Amount::Enum(DogKind::Dog));
    assert_eq!(amount(json!("cat")), Amount::String("cat".into()));
    assert_eq!(amount(json!(1.0)), Amount::Integer(1));
    assert_eq!(amount(json!(1e20)), Amount::Number(1e20));
    assert_eq!(amount(json!([1, [0.5]])), Amount::List(vec![1.into(), Amount::List(vec![0.5.into()])]));
    assert_eq!(read::<Amount>(&json!({})).unwrap_err(), "expected a number or a string or an array, found an object");
    assert_eq!(
        read::<Amount>(&json!([[true]])).unwrap_err(),
        "[0][0]: expected a number or a string or an array, found a boolean"
    );
    assert!(validate(&Amount::Number(f64::NAN)).is_err());
}

#[test]
fn a_scalar_makes_a_key_and_what_is_sensitive_is_masked() {
    assert_eq!(key(&Amount::Integer(12)), Some(b"12".to_vec()));
    assert_eq!(key(&Amount::String("a".into())), Some(b"a".to_vec()));
    assert_eq!(key(&Amount::List(Vec::new())), None);
    assert_eq!(format!("{:?}", Amount::Other("secret".into())), "Other(<masked>)");
    let cat = Pet::Cat(Cat { kind: "cat".into(), lives: 1, name: Some("secret".into()) });
    assert!(!format!("{cat:?}").contains("secret"));
    assert_eq!(serde_json::from_value::<Pet>(serde_json::to_value(&cat).unwrap()).unwrap(), cat);
}
