//! Objects: a plain struct becomes readable and writable, and may have a builder.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::collection::insert;
use super::kind::refuse;
use super::trace::{at_entry, at_field};
use super::wire::{Field, Item, ReadField, ReadItem, Wire, WriteField, WriteItem};

/// A struct that [`object!`](crate::object) made readable.
pub trait Object: Sized {
    /// The properties that the struct names.
    const NAMES: &'static [&'static str];

    /// Reads the properties in whatever order they come.
    ///
    /// # Errors
    /// Those of the reader, and those of a value that the contract does not allow.
    fn read<'de, M: MapAccess<'de>>(map: M) -> Result<Self, M::Error>;
}

/// A field whose property may be `null`: an `Option` that is required, or an `Option` in an `Option` that may be absent.
pub trait NullableField: Sized {
    /// What a property that is there can say: a value, or `null`.
    type Given: Item;
    /// The field of a property that is there.
    fn from_given(given: Self::Given) -> Self;
    /// The property to write, if any.
    fn given(&self) -> Option<&Self::Given>;
    /// What the absence of the property means; `None` where it is a fault.
    fn absent() -> Option<Self>;
}

impl<T: Wire> NullableField for Option<T> {
    type Given = Option<T>;
    fn from_given(given: Self) -> Self {
        given
    }
    fn given(&self) -> Option<&Self> {
        Some(self)
    }
    fn absent() -> Option<Self> {
        None
    }
}

impl<T: Wire> NullableField for Option<Option<T>> {
    type Given = Option<T>;
    fn from_given(given: Option<T>) -> Self {
        Some(given)
    }
    fn given(&self) -> Option<&Option<T>> {
        self.as_ref()
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

/// What a builder's setter takes for a field that may be `null`: an `Option`.
pub trait TakesNull<A> {
    /// The field's value.
    fn take(value: A) -> Self;
}

impl<F: NullableField> TakesNull<F::Given> for F {
    fn take(value: F::Given) -> Self {
        Self::from_given(value)
    }
}

/// Reads an object.
#[inline]
pub fn object<'de, T: Object, D: Deserializer<'de>>(reader: D) -> Result<T, D::Error> {
    reader.deserialize_any(ObjectVisitor(PhantomData))
}

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Object> Visitor<'de> for ObjectVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    #[inline]
    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
        T::read(map)
    }

    refuse!(bool integer float text null array);
}

/// The next property's name, borrowed from the input where that has it in one piece.
#[inline]
pub fn key<'de, M: MapAccess<'de>>(map: &mut M) -> Result<Option<Cow<'de, str>>, M::Error> {
    map.next_key_seed(Key)
}

struct Key;

impl<'de> DeserializeSeed<'de> for Key {
    type Value = Cow<'de, str>;

    #[inline]
    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Cow<'de, str>, D::Error> {
        reader.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Key {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a property name")
    }

    #[inline]
    fn visit_borrowed_str<E: de::Error>(self, name: &'de str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Borrowed(name))
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name.to_owned()))
    }

    fn visit_string<E: de::Error>(self, name: String) -> Result<Cow<'de, str>, E> {
        Ok(Cow::Owned(name))
    }
}

/// Reads a property into its field.
#[inline]
pub fn field<'de, F: Field, M: MapAccess<'de>>(
    slot: &mut Option<F>,
    name: &'static str,
    map: &mut M,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return Err(duplicate(name));
    }
    match map.next_value_seed(ReadField::new()) {
        Ok(value) => {
            *slot = Some(value);
            Ok(())
        }
        Err(error) => Err(at_field(error, name)),
    }
}

/// Reads a property that may be `null` into its field.
#[inline]
pub fn nullable<'de, F: NullableField, M: MapAccess<'de>>(
    slot: &mut Option<F>,
    name: &'static str,
    map: &mut M,
) -> Result<(), M::Error> {
    if slot.is_some() {
        return Err(duplicate(name));
    }
    match map.next_value_seed(ReadItem::new()) {
        Ok(given) => {
            *slot = Some(F::from_given(given));
            Ok(())
        }
        Err(error) => Err(at_field(error, name)),
    }
}

#[cold]
fn duplicate<E: de::Error>(name: &'static str) -> E {
    at_field(E::custom(format_args!("the field `{name}` is there twice")), name)
}

/// Skips a property that the contract does not name.
#[inline]
pub fn ignore<'de, M: MapAccess<'de>>(map: &mut M) -> Result<(), M::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

/// Refuses a property that the contract does not allow. Its name is told, cut to what a line can bear.
#[cold]
pub fn refuse<E: de::Error>(name: &str) -> E {
    let shown: String = name.chars().take(64).flat_map(char::escape_debug).collect();
    E::custom(format_args!("the contract does not allow the field `{shown}`"))
}

/// Keeps a property that the contract does not name.
pub fn rest<'de, T: Item, M: MapAccess<'de>>(
    entries: &mut BTreeMap<String, T>,
    name: Cow<'_, str>,
    map: &mut M,
) -> Result<(), M::Error> {
    let index = entries.len();
    insert(entries, name.into_owned(), map).map_err(|error| at_entry(error, index))
}

/// Writes an object property by property, and keeps the first error for the end: so that what is expanded for a field is
/// one call and no branch.
pub struct ObjectWriter<S: Serializer> {
    state: Result<S::SerializeMap, S::Error>,
    written: usize,
}

impl<S: Serializer> ObjectWriter<S> {
    /// Starts the object.
    #[inline]
    pub fn new(writer: S) -> Self {
        Self { state: writer.serialize_map(None), written: 0 }
    }

    /// Writes a field that is present.
    #[inline]
    pub fn put<F: Field>(&mut self, name: &'static str, field: &F) {
        if field.is_present() {
            self.entry(name, &WriteField(field));
        }
    }

    /// Writes a field that is present and may be `null`.
    #[inline]
    pub fn put_nullable<F: NullableField>(&mut self, name: &'static str, field: &F) {
        if let Some(given) = field.given() {
            self.entry(name, &WriteItem(given));
        }
    }

    /// Writes the properties that the contract does not name. One that bears the name of a field would be there twice.
    pub fn rest<T: Item>(&mut self, entries: &BTreeMap<String, T>, names: &[&str]) {
        for (index, (name, item)) in entries.iter().enumerate() {
            if let Ok(map) = &mut self.state {
                let put = if names.contains(&name.as_str()) {
                    Err(serde::ser::Error::custom("a further property bears the name of a field"))
                } else {
                    map.serialize_entry(name, &WriteItem(item))
                };
                match put {
                    Ok(()) => self.written += 1,
                    Err(error) => self.state = Err(at_entry(error, index)),
                }
            }
        }
    }

    /// Holds the number of properties that were written against its bounds.
    pub fn count(&mut self, min: Option<usize>, max: Option<usize>) {
        if self.state.is_ok()
            && let Err(error) = count(self.written, min, max, serde::ser::Error::custom)
        {
            self.state = Err(error);
        }
    }

    /// Ends the object.
    ///
    /// # Errors
    /// The first one.
    #[inline]
    pub fn end(self) -> Result<S::Ok, S::Error> {
        self.state?.end()
    }

    #[inline]
    fn entry<T: Serialize>(&mut self, name: &'static str, value: &T) {
        if let Ok(map) = &mut self.state {
            match map.serialize_entry(name, value) {
                Ok(()) => self.written += 1,
                Err(error) => self.state = Err(at_field(error, name)),
            }
        }
    }
}

/// Holds the number of properties against its bounds.
pub fn count<E>(properties: usize, min: Option<usize>, max: Option<usize>, custom: fn(String) -> E) -> Result<(), E> {
    match (min, max) {
        (Some(min), _) if properties < min => Err(custom(format!("has fewer than {min} properties"))),
        (_, Some(max)) if properties > max => Err(custom(format!("has more than {max} properties"))),
        _ => Ok(()),
    }
}

/// How a field that may be seen appears in `Debug`.
pub const fn shown(field: &dyn fmt::Debug) -> &dyn fmt::Debug {
    field
}

/// How a sensitive field appears in `Debug`.
pub fn masked<T>(_: &T) -> &'static dyn fmt::Debug {
    &Masked
}

struct Masked;

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<masked>")
    }
}

/// Makes a struct an object of the contract.
///
/// The struct is written as it is to be; the macro derives `Clone`, `Debug` and `PartialEq`, and implements
/// [`Wire`](crate::codec::Wire), `Serialize` and `Deserialize`. A field is required, or optional as an `Option`; `null` is
/// refused unless the field says `nullable`. Properties that the struct does not name are ignored.
///
/// Before the struct, in this order, each of them optional: `#[object(builder = Name, closed,
/// min_properties = N, max_properties = N, rules = "…")]`
/// - `builder = Name`: declares a builder of that name, and `builder()`.
/// - `closed`: refuses properties that the struct does not name.
/// - `min_properties`, `max_properties`: how many properties there are, those that the struct does not name included.
/// - `rules`: JSON Schema that the whole value keeps to, its patterns in `regex-lite`'s syntax; for what no struct can express.
///   Such a type is read by way of a [`Value`](crate::Value), which takes about three times as long.
///
/// Before a field, in this order: `#[json(name = "type", nullable, sensitive, rest, default = EXPRESSION)]`
/// - `name = "type"`: the property's name where it is not the field's.
/// - `nullable`: a required `Option<T>` is `null` where it is `None`; an optional `Option<Option<T>>` tells absent
///   from `null`.
/// - `sensitive`: `Debug` shows `<masked>`.
/// - `rest`: on the last field, a [`Map`](crate::Map), keeps the properties that the struct does not name.
/// - `default = EXPRESSION`: what the absence of a required field means.
///
/// ```
/// conecta_runtime::object! {
///     /// A place.
///     #[object(builder = PlaceBuilder)]
///     pub struct Place {
///         pub lat: f64,
///         pub lng: f64,
///         #[json(name = "dirección", sensitive)]
///         pub address: Option<String>,
///     }
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let place = Place::builder().lat(-12.046374).lng(-77.042793).address("Calle Principal").build()?;
/// let json = serde_json::to_string(&place)?;
/// assert_eq!(json, r#"{"lat":-12.046374,"lng":-77.042793,"dirección":"Calle Principal"}"#);
///
/// let fault = conecta_runtime::codec::from_slice::<Place>(br#"{"lat": "north", "lng": 0}"#).unwrap_err();
/// assert_eq!(fault.to_string(), "lat: expected a number, found a string");
/// # Ok(()) }
/// ```
#[macro_export]
macro_rules! object {
    // Nothing out of the ordinary, as most types: one pass.
    (
        $(#[doc = $doc:expr])* $(#[object(builder = $builder:ident)])?
        pub struct $name:ident { $( $(#[doc = $field_doc:expr])* pub $field:ident: $type:ty ),* $(,)? }
    ) => {
        $(#[doc = $doc])*
        #[allow(missing_docs)]
        #[derive(Clone, Debug, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name { $( $(#[doc = $field_doc])* pub $field: $type, )* }
        $crate::__object! {
            $name [ignore] [] [] []
            $( $field [::core::stringify!($field)] field put [given], )*
        }
        $crate::__builder! {
            [$($builder)?] $name
            $( [$(#[doc = $field_doc])*] $field [::core::stringify!($field)] [$type] [$crate::codec::Takes] [given], )*
        }
    };
    // Anything else: the attributes are read one by one.
    (
        $(#[doc = $doc:expr])* $(#[object($($rules:tt)*)])? $(#[deprecated $($deprecated:tt)*])?
        pub struct $name:ident { $($fields:tt)* }
    ) => {
        $crate::__object_rules! {
            [$(#[doc = $doc])* $(#[deprecated $($deprecated)*])?] $name { $($fields)* } [] [ignore] [] [] $($($rules)*)?
        }
    };
}

/// The implementations of an object whose fields are written out: name, how it is read, how written, what absence means.
#[doc(hidden)]
#[macro_export]
macro_rules! __object {
    (
        $name:ident [$unknown:ident] [$($rest:ident)?] [$($count:ident $min:expr, $max:expr)?] [$($rules:literal)?]
        $( $field:ident [$($json:tt)*] $read:ident $put:ident [$given:ident $(, $absent:expr)?], )*
    ) => {
        #[allow(deprecated)]
        impl $crate::__private::Object for $name {
            const NAMES: &'static [&'static str] = &[$($($json)*),*];

            fn read<'de, __M: $crate::__private::MapAccess<'de>>(mut map: __M) -> ::core::result::Result<Self, __M::Error> {
                $( let mut $field = ::core::option::Option::None; )*
                $( let mut $rest = ::core::default::Default::default(); )?
                $( let mut $count = 0usize; )?
                while let ::core::option::Option::Some(key) = $crate::__private::key(&mut map)? {
                    $( $count += 1; )?
                    match &*key {
                        $( $($json)* => $crate::__private::$read(&mut $field, $($json)*, &mut map), )*
                        _ => $crate::__unknown!($unknown map key $($rest)?),
                    }?
                }
                $( $crate::__private::count($count, $min, $max, $crate::__private::DeError::custom)?; )?
                let mut gaps = $crate::__private::Gaps::new();
                let ($( ::core::option::Option::Some($field), )*) = ($( gaps.$given($field, $($json)* $(, $absent)?), )*) else {
                    return ::core::result::Result::Err(gaps.missing());
                };
                ::core::result::Result::Ok(Self { $( $field, )* $( $rest, )? })
            }
        }
        #[allow(deprecated)]
        impl $crate::codec::Wire for $name {
            #[inline]
            fn decode<'de, __D: $crate::__private::Deserializer<'de>>(reader: __D) -> ::core::result::Result<Self, __D::Error> {
                $crate::__read_object!(reader $($rules)?)
            }
            fn encode<__S: $crate::__private::Serializer>(&self, writer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                $( $crate::__rules!($rules); $crate::__private::write_by_rules(&RULES, self)?; )?
                let mut map = $crate::__private::ObjectWriter::new(writer);
                $( map.$put($($json)*, &self.$field); )*
                $( map.rest(&self.$rest, <Self as $crate::__private::Object>::NAMES); )?
                $( let $count = &mut map; $count.count($min, $max); )?
                map.end()
            }
        }
        $crate::__serde!($name);
    };
}

/// How an object is read: with rules, by them as well.
#[doc(hidden)]
#[macro_export]
macro_rules! __read_object {
    ($reader:ident) => {
        $crate::__private::object($reader)
    };
    ($reader:ident $rules:literal) => {{
        $crate::__rules!($rules);
        $crate::__private::read_by_rules(&RULES, $reader, |value| $crate::__private::object(value))
    }};
}

/// The rules of a type.
#[doc(hidden)]
#[macro_export]
macro_rules! __rules {
    ($rules:literal) => {
        static RULES: $crate::__private::Rules = $crate::__private::Rules::new($rules);
    };
}

/// serde's own traits over `Wire`, for whoever has a serde reader or writer in hand.
#[doc(hidden)]
#[macro_export]
macro_rules! __serde {
    ($name:ident) => {
        impl<'de> $crate::__private::Deserialize<'de> for $name {
            fn deserialize<__D: $crate::__private::Deserializer<'de>>(
                reader: __D,
            ) -> ::core::result::Result<Self, __D::Error> {
                $crate::__private::read_foreign(reader)
            }
        }
        impl $crate::__private::Serialize for $name {
            fn serialize<__S: $crate::__private::Serializer>(
                &self,
                writer: __S,
            ) -> ::core::result::Result<__S::Ok, __S::Error> {
                $crate::__private::write_foreign(self, writer)
            }
        }
    };
}

/// What an object does with a property that it does not name.
#[doc(hidden)]
#[macro_export]
macro_rules! __unknown {
    (ignore $map:ident $key:ident) => {
        $crate::__private::ignore(&mut $map)
    };
    (closed $map:ident $key:ident) => {
        ::core::result::Result::Err($crate::__private::refuse(&$key))
    };
    ($unknown:ident $map:ident $key:ident $rest:ident) => {
        $crate::__private::rest(&mut $rest, $key, &mut $map)
    };
}

/// The builder of an object, if it is to have one.
#[doc(hidden)]
#[macro_export]
macro_rules! __builder {
    ([] $($rest:tt)*) => {};
    (
        [$builder:ident] $name:ident
        $( [$($doc:tt)*] $field:ident [$($json:tt)*] [$type:ty] [$($takes:tt)*] [$given:ident $(, $absent:expr)?], )*
    ) => {
        #[doc = ::core::concat!("Builds a [`", ::core::stringify!($name), "`] field by field.")]
        #[must_use = "a builder gives nothing until `build`"]
        pub struct $builder { $( $field: ::core::option::Option<$type>, )* }

        impl $name {
            /// Starts a value, to be given its fields by name.
            pub fn builder() -> $builder {
                $builder { $( $field: ::core::option::Option::None, )* }
            }
        }

        #[allow(missing_docs, deprecated)]
        impl $builder {
            $(
                $($doc)*
                pub fn $field<__A>(mut self, value: __A) -> Self
                where
                    $type: $($takes)*<__A>,
                {
                    $crate::__private::set(&mut self.$field, $($takes)*::take(value));
                    self
                }
            )*

            /// The value.
            ///
            /// # Errors
            /// When a required field was not given, or a field breaks a constraint.
            pub fn build(self) -> ::core::result::Result<$name, $crate::codec::BuildError> {
                let mut gaps = $crate::__private::Gaps::new();
                let ($( ::core::option::Option::Some($field), )*) = ($( gaps.$given(self.$field, $($json)* $(, $absent)?), )*) else {
                    return ::core::result::Result::Err(gaps.not_given(::core::stringify!($name)));
                };
                $crate::__private::finish(::core::stringify!($name), $name { $( $field, )* })
            }
        }
    };
}

/// Reads what stands in `#[object(…)]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __object_rules {
    ($attributes:tt $name:ident $fields:tt [] $unknown:tt $count:tt $check:tt builder = $builder:ident $(, $($rules:tt)*)?) => {
        $crate::__object_rules! { $attributes $name $fields [$builder] $unknown $count $check $($($rules)*)? }
    };
    ($attributes:tt $name:ident $fields:tt $builder:tt [ignore] $count:tt $check:tt closed $(, $($rules:tt)*)?) => {
        $crate::__object_rules! { $attributes $name $fields $builder [closed] $count $check $($($rules)*)? }
    };
    ($attributes:tt $name:ident $fields:tt $builder:tt $unknown:tt $count:tt [] rules = $text:literal $(, $($rules:tt)*)?) => {
        $crate::__object_rules! { $attributes $name $fields $builder $unknown $count [$text] $($($rules)*)? }
    };
    ($attributes:tt $name:ident $fields:tt $builder:tt $unknown:tt [] $check:tt min_properties = $min:literal, max_properties = $max:literal $(, $($rules:tt)*)?) => {
        $crate::__object_rules! {
            $attributes $name $fields $builder $unknown
            [properties ::core::option::Option::Some($min), ::core::option::Option::Some($max)] $check $($($rules)*)?
        }
    };
    ($attributes:tt $name:ident $fields:tt $builder:tt $unknown:tt [] $check:tt min_properties = $min:literal $(, $($rules:tt)*)?) => {
        $crate::__object_rules! {
            $attributes $name $fields $builder $unknown
            [properties ::core::option::Option::Some($min), ::core::option::Option::None] $check $($($rules)*)?
        }
    };
    ($attributes:tt $name:ident $fields:tt $builder:tt $unknown:tt [] $check:tt max_properties = $max:literal $(, $($rules:tt)*)?) => {
        $crate::__object_rules! {
            $attributes $name $fields $builder $unknown
            [properties ::core::option::Option::None, ::core::option::Option::Some($max)] $check $($($rules)*)?
        }
    };
    ($attributes:tt $name:ident { $($fields:tt)* } $builder:tt $unknown:tt $count:tt $check:tt) => {
        $crate::__object_fields! { ($attributes $name $builder $unknown $count $check) [] [] $($fields)* }
    };
}

/// Reads the fields one by one: what stands in `#[json(…)]` becomes how the field is read, written, shown and built.
#[doc(hidden)]
#[macro_export]
macro_rules! __object_fields {
    // All are read.
    ($head:tt [$($rest:tt)*] [$($done:tt)*]) => {
        $crate::__object_whole! { $head [$($rest)*] $($done)* }
    };
    // The next one: its attributes first.
    (
        $head:tt [] $done:tt
        $(#[doc = $doc:expr])* $(#[json($($json:tt)*)])? $(#[deprecated $($deprecated:tt)*])?
        pub $field:ident: $type:ty $(, $($more:tt)*)?
    ) => {
        $crate::__object_field! {
            $head $done [$(#[doc = $doc])*] [$(#[deprecated $($deprecated)*])?] $field [$type]
            ($($($json)*)?) { $($($more)*)? }
        }
    };
}

/// Reads what stands in one `#[json(…)]`.
#[doc(hidden)]
#[macro_export]
macro_rules! __object_field {
    // The name.
    ($head:tt $done:tt $docs:tt $attributes:tt $field:ident $type:tt (name = $json:literal $(, $($words:tt)*)?) $more:tt) => {
        $crate::__object_field! { @mode $head $done $docs $attributes $field $type [$json] ($($($words)*)?) $more }
    };
    ($head:tt $done:tt $docs:tt $attributes:tt $field:ident $type:tt ($($words:tt)*) $more:tt) => {
        $crate::__object_field! { @mode $head $done $docs $attributes $field $type [::core::stringify!($field)] ($($words)*) $more }
    };
    // Whether `null` is allowed.
    (@mode $head:tt $done:tt $docs:tt $attributes:tt $field:ident [$type:ty] $json:tt (nullable $(, $($words:tt)*)?) $more:tt) => {
        $crate::__object_field! {
            @mask $head $done $docs $attributes $field [$type] $json
            [nullable put_nullable [given_nullable] [$crate::__private::TakesNull]]
            ($($($words)*)?) $more
        }
    };
    (@mode $head:tt $done:tt $docs:tt $attributes:tt $field:ident [$type:ty] $json:tt $words:tt $more:tt) => {
        $crate::__object_field! {
            @mask $head $done $docs $attributes $field [$type] $json
            [field put [given] [$crate::codec::Takes]]
            $words $more
        }
    };
    // Whether it is shown.
    (@mask $head:tt $done:tt $docs:tt $attributes:tt $field:ident $type:tt $json:tt $mode:tt (sensitive $(, $($words:tt)*)?) $more:tt) => {
        $crate::__object_field! { @last $head $done $docs $attributes $field $type $json $mode masked ($($($words)*)?) $more }
    };
    (@mask $head:tt $done:tt $docs:tt $attributes:tt $field:ident $type:tt $json:tt $mode:tt $words:tt $more:tt) => {
        $crate::__object_field! { @last $head $done $docs $attributes $field $type $json $mode shown $words $more }
    };
    // What its absence means, or that it keeps the rest.
    (
        @last $head:tt [$($done:tt)*] $docs:tt $attributes:tt $field:ident $type:tt $json:tt $mode:tt $show:ident
        () { $($more:tt)* }
    ) => {
        $crate::__object_fields! {
            $head [] [$($done)* { $docs $attributes $field $type $json $mode $show }] $($more)*
        }
    };
    (
        @last $head:tt [$($done:tt)*] $docs:tt $attributes:tt $field:ident $type:tt $json:tt
        [$read:ident $put:ident $absent:tt $takes:tt] $show:ident
        (default = $default:expr) { $($more:tt)* }
    ) => {
        $crate::__object_fields! {
            $head []
            [$($done)* {
                $docs $attributes $field $type $json
                [$read $put [given_or, || ::core::option::Option::Some($default)] $takes] $show
            }]
            $($more)*
        }
    };
    (
        @last $head:tt $done:tt [$($docs:tt)*] [$($attributes:tt)*] $field:ident [$type:ty] $json:tt $mode:tt $show:ident
        (rest) {}
    ) => {
        $crate::__object_fields! { $head [{ [$($docs)* $($attributes)*] $field [$type] $show }] $done }
    };
}

/// An object whose attributes are all read.
#[doc(hidden)]
#[macro_export]
macro_rules! __object_whole {
    (
        ([$($attributes:tt)*] $name:ident [$($builder:ident)?] [$unknown:ident] $count:tt $check:tt)
        [$({ [$($rest_attributes:tt)*] $rest:ident [$rest_type:ty] $rest_show:ident })?]
        $({
            [$($docs:tt)*] [$($field_attributes:tt)*] $field:ident [$type:ty] [$($json:tt)*]
            [$read:ident $put:ident $given:tt $takes:tt] $show:ident
        })*
    ) => {
        $($attributes)*
        #[allow(missing_docs)]
        #[derive(Clone, PartialEq)]
        #[allow(missing_docs)]
        pub struct $name {
            $( $($docs)* $($field_attributes)* pub $field: $type, )*
            $( $($rest_attributes)* pub $rest: $rest_type, )?
        }
        #[allow(deprecated)]
        impl ::core::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                let mut debug = f.debug_struct(::core::stringify!($name));
                $( debug.field(::core::stringify!($field), $crate::__private::$show(&self.$field)); )*
                $( debug.field(::core::stringify!($rest), $crate::__private::$rest_show(&self.$rest)); )?
                debug.finish()
            }
        }
        $crate::__object! {
            $name [$unknown] [$($rest)?] $count $check
            $( $field [$($json)*] $read $put $given, )*
        }
        $crate::__builder! {
            [$($builder)?] $name
            $( [$($docs)*] $field [$($json)*] [$type] $takes $given, )*
            $( [$($rest_attributes)*] $rest [::core::stringify!($rest)] [$rest_type] [$crate::codec::Takes]
               [given_or, || ::core::option::Option::Some(::core::default::Default::default())], )?
        }
    };
}
