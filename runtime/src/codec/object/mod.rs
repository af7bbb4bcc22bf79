//! Objects: a plain struct becomes readable and writable, and may have a builder.
//!
//! [`object!`](crate::object) takes the struct apart: [`attributes`] reads what stands before it and before its fields,
//! [`expansion`] has the implementations that this ends in, and they call what is in [`read`] and [`write`].

mod attributes;
mod expansion;
mod read;
mod write;

pub use read::{NullableField, Object, TakesNull, field, ignore, key, nullable, object, refuse, rest};
pub use write::{ObjectWriter, count, masked, shown};

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
/// Before a field, in this order: `#[json(name = "type", nullable, sensitive, rest, default = EXPRESSION, omit)]`
/// - `name = "type"`: the property's name where it is not the field's.
/// - `nullable`: a required `Option<T>` is `null` where it is `None`; an optional `Option<Option<T>>` tells absent
///   from `null`.
/// - `sensitive`: `Debug` shows `<masked>`.
/// - `rest`: on the last field, a [`Map`](crate::Map), keeps the properties that the struct does not name.
/// - `default = EXPRESSION`: what the absence of the property means; it is written whatever its value, or, with `omit` behind
///   it, only where it has another.
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
            $( $field [::core::stringify!($field)] field [put] [given], )*
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
