//! Several messages on one channel: which of them a record is.
//!
//! A generated enum of a channel's messages says by which [`Sign`]s they are told apart; [`told`] reads the sign and decodes the
//! record once, as the message that it names.

use std::cell::Cell;
use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};

use crate::codec::DecodeError;
use crate::record::RawRecord;

/// Decodes a record as one message of several.
pub type Read<E> = fn(&RawRecord) -> Result<E, DecodeError>;

/// Where records say which message they are, and what they say there.
#[derive(Debug)]
pub struct Sign<E: 'static> {
    /// Where.
    pub place: Place,
    /// What stands there, and the message that it names.
    pub messages: &'static [(&'static str, Read<E>)],
}

/// Where a sign stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a header of that name.
    Header(&'static str),
    /// In a text of the JSON body: names of properties from the top down.
    Payload(&'static [&'static str]),
}

/// Decodes a record as the message that it is: by the first sign that names one, else, where the contract lets no value be
/// two of its messages, as the first of `by_structure` that it can be read as.
///
/// # Errors
/// What is wrong with the record as the message that it says it is; or that it says of none, or of one that is not known.
pub fn told<E>(record: &RawRecord, signs: &[Sign<E>], by_structure: &[(&str, Read<E>)]) -> Result<E, DecodeError> {
    for Sign { place, messages } in signs {
        let named = |text: &str| messages.iter().find(|(value, _)| *value == text).map(|(_, read)| *read);
        let found = match place {
            Place::Header(name) => record.headers().text(name).and_then(named),
            Place::Payload(path) => record.payload().and_then(|body| text_at(body, path, &named)),
        };
        if let Some(read) = found {
            return read(record);
        }
    }
    let mut reasons = Vec::new();
    for (name, read) in by_structure {
        match read(record) {
            Ok(event) => return Ok(event),
            Err(reason) => reasons.push(format!("no `{name}` ({reason})")),
        }
    }
    let mut places: Vec<String> = signs.iter().map(|sign| sign.place.to_string()).collect();
    places.extend(reasons);
    Err(DecodeError::new("", format!("none of the channel's messages: {}", places.join(", "))))
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header(name) => write!(f, "the header `{name}` names none"),
            Self::Payload(path) => write!(f, "`{}` names none", path.join(".")),
        }
    }
}

/// What `use_text` makes of the text at a path of a JSON object. What stands behind the text is not read.
fn text_at<T>(json: &[u8], path: &[&str], use_text: &dyn Fn(&str) -> Option<T>) -> Option<T> {
    let found = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_slice(json);
    // It ends in an error as soon as the text is found; so does what is no JSON, of which decoding says more.
    let _ = Step { path, use_text, found: &found }.deserialize(&mut reader);
    found.into_inner()
}

struct Step<'a, T> {
    path: &'a [&'a str],
    use_text: &'a dyn Fn(&str) -> Option<T>,
    found: &'a Cell<Option<T>>,
}

impl<'de, T> DeserializeSeed<'de> for Step<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<(), D::Error> {
        if self.path.is_empty() { reader.deserialize_str(self) } else { reader.deserialize_map(self) }
    }
}

impl<'de, T> Visitor<'de> for Step<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.path.is_empty() { "a string" } else { "an object" })
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<(), E> {
        self.found.set((self.use_text)(text));
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Some((name, path)) = self.path.split_first() else { return Ok(()) };
        while let Some(wanted) = map.next_key_seed(Is(name))? {
            if wanted {
                map.next_value_seed(Step { path, use_text: self.use_text, found: self.found })?;
                return Err(de::Error::custom("found"));
            }
            map.next_value::<IgnoredAny>()?;
        }
        Ok(())
    }
}

/// Whether a name is this one.
struct Is<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<bool, D::Error> {
        reader.deserialize_identifier(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<bool, E> {
        Ok(name == self.0)
    }
}

/// Makes an enum of the messages of a channel an [`Event`](crate::Event): it reads a record as the message that it is, and is
/// written as that message.
///
/// ```
/// # mod contract {
/// # use conecta_runtime::{Event, Topic};
/// # use std::borrow::Cow;
/// # pub const TOPIC: Topic = Topic::named("orders");
/// # conecta_runtime::object! { pub struct Placed { pub kind: String, pub id: i64, } }
/// # conecta_runtime::object! { pub struct Paid { pub kind: String, pub cents: i64, } }
/// # macro_rules! event { ($($name:ident)*) => { $( impl Event for $name {
/// #     const NAME: &'static str = stringify!($name);
/// #     const TOPIC: Topic = TOPIC;
/// #     const TYPE: &'static str = stringify!($name);
/// #     type Headers = ();
/// #     fn id(&self) -> Option<Cow<'_, str>> { None }
/// #     fn version(&self) -> Option<Cow<'_, str>> { None }
/// #     fn key(&self) -> Option<Vec<u8>> { None }
/// #     fn headers(&self) {}
/// #     conecta_runtime::json_body! {}
/// # } )* } }
/// # event! { Placed Paid }
/// conecta_runtime::messages! {
///     /// A message of `orders`.
///     pub enum OrdersMessage {
///         /// An order was placed.
///         Placed(Placed),
///         /// An order was paid.
///         Paid(Paid),
///     }
///     channel "orders" on TOPIC with each;
///     by header "kind" { "placed" => Placed, "paid" => Paid }
///     by payload "kind" { "placed" => Placed, "paid" => Paid }
/// }
/// # }
/// # use contract::{OrdersMessage, Paid};
/// # use conecta_runtime::{Event as _, RawRecord};
/// let record = RawRecord::from_payload(br#"{"kind": "paid", "cents": 999}"#);
/// assert_eq!(OrdersMessage::decode(&record)?, OrdersMessage::Paid(Paid { kind: "paid".into(), cents: 999 }));
/// # Ok::<(), conecta_runtime::DecodeError>(())
/// ```
///
/// `with` is the type of the headers where all messages have the same, `each` where every message has its own. A message whose
/// key on this channel is another than its own is followed by `keyed` and the function that gives it; one whose topic follows from it,
/// by `at` and the function that names it. `open` says that the address has parameters that messages do not give. `structure { "Placed" => Placed, … }` lists the
/// messages where no value can be two of them.
#[macro_export]
macro_rules! messages {
    (
        $(#[doc = $doc:expr])*
        pub enum $name:ident {
            $( $(#[doc = $variant_doc:expr])* $variant:ident($type:ty $(, keyed $key:path)? $(, at $at:path)?) ),* $(,)?
        }
        channel $channel:literal on $topic:ident with $headers:tt $(, $open:ident)?;
        $( by $place:tt $($step:literal).* { $( $($value:literal)|* => $named:ident ),* $(,)? } )*
        $( structure $structure:tt )?
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        #[allow(clippy::large_enum_variant)]
        pub enum $name {
            $( $(#[doc = $variant_doc])* $variant($type), )*
        }

        const _: () = {
            $(
                impl ::core::convert::From<$type> for $name {
                    fn from(event: $type) -> Self {
                        Self::$variant(event)
                    }
                }
            )*

            impl $crate::Event for $name {
                const NAME: &'static str = $channel;
                const TOPIC: $crate::Topic = $topic;
                const TYPE: &'static str = $channel;

                fn id(&self) -> ::core::option::Option<::std::borrow::Cow<'_, str>> {
                    match self { $( Self::$variant(event) => $crate::Event::id(event), )* }
                }
                fn version(&self) -> ::core::option::Option<::std::borrow::Cow<'_, str>> {
                    match self { $( Self::$variant(event) => $crate::Event::version(event), )* }
                }
                fn key(&self) -> ::core::option::Option<::std::vec::Vec<u8>> {
                    match self { $( Self::$variant(event) => $crate::__message_key!(event $($key)?), )* }
                }
                fn validate(&self) -> ::core::result::Result<(), $crate::Violation> {
                    match self { $( Self::$variant(event) => $crate::Event::validate(event), )* }
                }
                fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), $crate::EncodeError> {
                    match self { $( Self::$variant(event) => $crate::Event::encode(event, out), )* }
                }
                fn decode(record: &$crate::RawRecord) -> ::core::result::Result<Self, $crate::DecodeError> {
                    const SIGNS: &[$crate::choice::Sign<$name>] = &[ $( $crate::choice::Sign {
                        place: $crate::__sign_place!($place $($step)*),
                        messages: &[ $( $( ($value, |record| $crate::Event::decode(record).map($name::$named)) ),* ),* ],
                    } ),* ];
                    $crate::choice::told(record, SIGNS, $crate::__by_structure!($name $($structure)?))
                }
                fn contradictions(&self, received: $crate::HeadersRef<'_>) -> ::std::vec::Vec<&'static str> {
                    match self { $( Self::$variant(event) => $crate::Event::contradictions(event, received), )* }
                }
                $( $crate::__open_address! { $open } )?
                $crate::__message_headers! { $headers $topic $($variant $($at)?),* }
            }
        };
    };
}

/// The key of a message on this channel.
#[doc(hidden)]
#[macro_export]
macro_rules! __message_key {
    ($event:ident) => {
        $crate::Event::key($event)
    };
    ($event:ident $key:path) => {
        $key($event)
    };
}

/// Where a sign stands.
#[doc(hidden)]
#[macro_export]
macro_rules! __sign_place {
    (header $name:literal) => {
        $crate::choice::Place::Header($name)
    };
    (payload $($step:literal)*) => {
        $crate::choice::Place::Payload(&[$($step),*])
    };
}

/// The messages that structure tells apart.
#[doc(hidden)]
#[macro_export]
macro_rules! __by_structure {
    ($name:ident) => {
        &[]
    };
    ($name:ident { $($message:literal => $variant:ident),* $(,)? }) => {
        &[$( ($message, |record| $crate::Event::decode(record).map($name::$variant)) ),*]
    };
}

/// That the address has parameters which no message gives.
#[doc(hidden)]
#[macro_export]
macro_rules! __open_address {
    (open) => {
        const OPEN_ADDRESS: bool = true;
    };
}

/// The headers of an enum of messages, and the topic that they go to.
#[doc(hidden)]
#[macro_export]
macro_rules! __message_headers {
    (each $topic:ident $($variant:ident $($at:path)?),*) => {
        type Headers = ();
        fn headers(&self) {}
        fn topic(
            &self,
            (): &(),
        ) -> ::core::result::Result<::std::borrow::Cow<'static, str>, $crate::EncodeError> {
            match self {
                $( Self::$variant(event) => {
                    $crate::__message_topic!($topic event &$crate::Event::headers(event); $($at)?)
                } )*
            }
        }
        fn write_headers(&self, (): &(), out: &mut $crate::Headers) {
            match self {
                $( Self::$variant(event) => $crate::Event::write_headers(event, &$crate::Event::headers(event), out), )*
            }
        }
    };
    ($headers:tt $topic:ident $($variant:ident $($at:path)?),*) => {
        type Headers = $headers;
        fn headers(&self) -> $headers {
            match self { $( Self::$variant(event) => $crate::Event::headers(event), )* }
        }
        fn write_headers(&self, headers: &$headers, out: &mut $crate::Headers) {
            match self { $( Self::$variant(event) => $crate::Event::write_headers(event, headers, out), )* }
        }
        fn topic(
            &self,
            headers: &$headers,
        ) -> ::core::result::Result<::std::borrow::Cow<'static, str>, $crate::EncodeError> {
            match self { $( Self::$variant(event) => $crate::__message_topic!($topic event headers; $($at)?), )* }
        }
    };
}

/// The topic of a message: of one whose address has parameters, by a function.
#[doc(hidden)]
#[macro_export]
macro_rules! __message_topic {
    ($topic:ident $event:ident $headers:expr;) => {{
        let _ = ($event, $headers);
        ::core::result::Result::Ok(::std::borrow::Cow::Borrowed($topic.name))
    }};
    ($topic:ident $event:ident $headers:expr; $at:path) => {
        $at($event, $headers)
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Headers;
    use crate::record::RecordParts;

    const SIGNS: &[Sign<&str>] = &[
        Sign { place: Place::Header("type"), messages: &[("a", |_| Ok("A")), ("b", |_| Ok("B"))] },
        Sign { place: Place::Payload(&["meta", "type"]), messages: &[("a", |_| Ok("A")), ("b", |_| Ok("B"))] },
    ];

    fn record(header: Option<&str>, body: &str) -> RawRecord {
        let mut headers = Headers::new();
        if let Some(value) = header {
            headers.push("type", value);
        }
        RawRecord::new(RecordParts { headers, payload: Some(body.into()), ..RecordParts::default() })
    }

    #[test]
    fn the_first_sign_that_names_a_message_decides() {
        let told = |header, body| told(&record(header, body), SIGNS, &[]).map_err(|error| error.to_string());
        assert_eq!(told(Some("b"), r#"{"meta": {"type": "a"}}"#), Ok("B"));
        assert_eq!(told(None, r#"{"x": [{"meta": 1}], "meta": {"n": null, "type": "b"}, "#), Ok("B"));
        assert_eq!(told(Some("c"), r#"{"meta": {"type": "a"}}"#), Ok("A"));
        let nothing =
            Err("none of the channel's messages: the header `type` names none, `meta.type` names none".into());
        for body in ["", "null", "[]", r#"{"meta": "a"}"#, r#"{"meta": {"type": 1}}"#, r#"{"meta": {"type": "c"}}"#] {
            assert_eq!(told(None, body), nothing, "{body}");
        }
    }

    #[test]
    fn structure_decides_where_no_sign_does_and_a_refusal_says_why_each_is_not_it() {
        let refuse = |_: &RawRecord| Err(DecodeError::new("id", "missing"));
        let record = record(None, "{}");
        assert_eq!(told(&record, &[], &[("A", refuse as Read<&str>), ("B", |_| Ok("B"))]).ok(), Some("B"));
        let error = told(&record, &[], &[("A", refuse as Read<&str>), ("B", refuse)]).err().map(|e| e.to_string());
        let said = "none of the channel's messages: no `A` (id: missing), no `B` (id: missing)";
        assert_eq!(error.as_deref(), Some(said));
    }
}
