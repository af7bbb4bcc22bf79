//! A writer that writes nothing: what remains of writing is holding each value against its constraints.

use std::fmt;

use serde::ser::{self, Serialize, Serializer};

/// The writer.
pub(super) struct Check;

/// The constraint that a value breaks.
#[derive(Debug)]
pub(super) struct Broken(String);

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

impl ser::Error for Broken {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

macro_rules! accept {
    ($($method:ident: $type:ty),* $(,)?) => { $(
        #[inline]
        fn $method(self, _: $type) -> Result<(), Broken> {
            Ok(())
        }
    )* };
}

impl Serializer for Check {
    type Ok = ();
    type Error = Broken;
    type SerializeSeq = Self;
    type SerializeTuple = Self;
    type SerializeTupleStruct = Self;
    type SerializeTupleVariant = Self;
    type SerializeMap = Self;
    type SerializeStruct = Self;
    type SerializeStructVariant = Self;

    accept! {
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_i128: i128, serialize_u128: u128, serialize_f32: f32,
        serialize_f64: f64, serialize_char: char, serialize_str: &str, serialize_bytes: &[u8],
        serialize_unit_struct: &'static str,
    }

    fn serialize_none(self) -> Result<(), Broken> {
        Ok(())
    }
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Broken> {
        value.serialize(self)
    }
    fn serialize_unit(self) -> Result<(), Broken> {
        Ok(())
    }
    fn serialize_unit_variant(self, _: &'static str, _: u32, _: &'static str) -> Result<(), Broken> {
        Ok(())
    }
    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Broken> {
        value.serialize(self)
    }
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        value: &T,
    ) -> Result<(), Broken> {
        value.serialize(self)
    }
    fn serialize_seq(self, _: Option<usize>) -> Result<Self, Broken> {
        Ok(self)
    }
    fn serialize_tuple(self, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }
    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }
    fn serialize_tuple_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }
    fn serialize_map(self, _: Option<usize>) -> Result<Self, Broken> {
        Ok(self)
    }
    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }
    fn serialize_struct_variant(self, _: &'static str, _: u32, _: &'static str, _: usize) -> Result<Self, Broken> {
        Ok(self)
    }
    fn collect_str<T: fmt::Display + ?Sized>(self, _: &T) -> Result<(), Broken> {
        Ok(())
    }
}

macro_rules! accept_parts {
    ($($trait:ident $method:ident),* $(,)?) => { $(
        impl ser::$trait for Check {
            type Ok = ();
            type Error = Broken;
            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
                value.serialize(Check)
            }
            fn end(self) -> Result<(), Broken> {
                Ok(())
            }
        }
    )* };
}

accept_parts! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

impl ser::SerializeMap for Check {
    type Ok = ();
    type Error = Broken;
    fn serialize_key<T: Serialize + ?Sized>(&mut self, _: &T) -> Result<(), Broken> {
        Ok(())
    }
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Broken> {
        value.serialize(Check)
    }
    fn end(self) -> Result<(), Broken> {
        Ok(())
    }
}

macro_rules! accept_fields {
    ($($trait:ident),*) => { $(
        impl ser::$trait for Check {
            type Ok = ();
            type Error = Broken;
            fn serialize_field<T: Serialize + ?Sized>(&mut self, _: &'static str, value: &T) -> Result<(), Broken> {
                value.serialize(Check)
            }
            fn end(self) -> Result<(), Broken> {
                Ok(())
            }
        }
    )* };
}

accept_fields!(SerializeStruct, SerializeStructVariant);
