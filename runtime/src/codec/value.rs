//! Anything that JSON can say.

use std::fmt;

use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize as _, Serializer};
use serde_json::{Map, Number, Value};

use super::trace::{at_entry, at_index};
use super::wire::{ReadItem, Wire};

/// `null` included; numbers keep to what `serde_json` reads. A property that is there twice is refused: which of the two
/// was meant, nobody knows.
impl Wire for Value {
    #[inline]
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        reader.deserialize_any(Anything)
    }

    #[inline]
    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        self.serialize(writer)
    }
}

/// A JSON value of the contract, of a text that was written when the code that has it was generated.
#[must_use]
pub fn json(text: &'static str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

struct Anything;

impl<'de> Visitor<'de> for Anything {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("expected a finite number"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(ReadItem::new()).map_err(|error| at_index(error, items.len()))? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let index = object.len();
            let value = map.next_value_seed(ReadItem::new()).map_err(|error| at_entry(error, index))?;
            if object.insert(name, value).is_some() {
                return Err(at_entry(de::Error::custom("the property is there twice"), index));
            }
        }
        Ok(Value::Object(object))
    }
}
