//! The parameters of an address, typed.

use std::borrow::Cow;

use super::address::Address;
use crate::codec::{DecodeError, EncodeError, HeaderValue, Violation};
use crate::event::Event;
use crate::publisher::Addressed;

/// The parameters of an address, by name: what a topic's name says beside the contract's own words. Made by
/// [`parameters!`](crate::parameters).
pub trait Parameters: Sized + Send + Sync + 'static {
    /// The address that they are of.
    fn pattern() -> &'static Address;

    /// The topic's name.
    ///
    /// # Errors
    /// When a value cannot be part of a topic's name (see [`Address::topic`]).
    fn topic(&self) -> Result<Cow<'static, str>, EncodeError>;

    /// Reads them from a topic's name.
    ///
    /// # Errors
    /// When it is the name of no topic of this address, or a value is not one that the contract allows.
    fn of_topic(topic: &str) -> Result<Self, DecodeError>;

    /// An event, addressed to the topic that these parameters name. Where they name none, publishing it is an error.
    fn address<'e, E: Event>(&self, event: &'e E) -> Addressed<'e, E> {
        Addressed::to(self.topic(), event)
    }
}

/// A parameter's value as text.
pub fn write<V: HeaderValue>(value: &V) -> String {
    let mut out = String::new();
    value.to_header(&mut |text| out.push_str(text));
    out
}

/// A parameter's value from text, where that is how it is written.
///
/// # Errors
/// When it is not one that the contract allows.
pub fn read<V: HeaderValue>(name: &'static str, text: Option<&&str>) -> Result<V, Violation> {
    let text = text.copied().unwrap_or_default();
    match V::from_header(text) {
        Ok(value) if write(&value) == text => Ok(value),
        Ok(_) => Err(Violation::new(name, "is written in another way than it would be")),
        Err(broken) => Err(Violation::new(name, broken)),
    }
}

/// The value that a parameter has in an event, where the contract says that it is there.
///
/// # Errors
/// When it is absent, or is not one that the contract allows for the parameter.
pub fn located<V: HeaderValue, W: HeaderValue>(name: &'static str, value: Option<&W>) -> Result<V, EncodeError> {
    let Some(value) = value else {
        let said = "is absent in the event, and its address needs it";
        return Err(EncodeError::Invalid(Violation::new(name, said)));
    };
    V::from_header(&write(value)).map_err(|broken| EncodeError::Invalid(Violation::new(name, broken)))
}

/// Makes a struct the [`Parameters`](crate::topic::Parameters) of an address. `listed` are those whose type is an
/// [`enumeration!`](crate::enumeration) of texts.
///
/// ```
/// # mod contract {
/// conecta_runtime::enumeration! {
///     /// Where.
///     pub enum Region { /// Europe.
///         Eu = "eu", /// The States.
///         Us = "us" }
/// }
/// conecta_runtime::parameters! {
///     /// The parameters of `tenants.{tenant}.{region}.orders`.
///     pub struct TenantsOrders of "tenants.{tenant}.{region}.orders" {
///         /// Whose orders.
///         "tenant" => pub tenant: String,
///         /// Where.
///         "region" listed => pub region: Region,
///     }
/// }
/// # }
/// # use contract::{Region, TenantsOrders};
/// use conecta_runtime::topic::Parameters as _;
///
/// let gob = TenantsOrders { tenant: "gob".into(), region: Region::Eu };
/// assert_eq!(gob.topic()?, "tenants.gob.eu.orders");
/// assert_eq!(TenantsOrders::of_topic("tenants.gob.eu.orders")?, gob);
/// assert!(TenantsOrders::of_topic("tenants.gob.asia.orders").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! parameters {
    (
        $(#[doc = $doc:expr])*
        pub struct $name:ident of $address:literal {
            $( $(#[doc = $field_doc:expr])* $json:literal $($listed:ident)? => pub $field:ident: $type:ty ),* $(,)?
        }
    ) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $( $(#[doc = $field_doc])* pub $field: $type, )* }

        impl $crate::topic::Parameters for $name {
            fn pattern() -> &'static $crate::topic::Address {
                static PATTERN: ::std::sync::LazyLock<$crate::topic::Address> = ::std::sync::LazyLock::new(|| {
                    $crate::topic::Address::new($address, &[ $( ($json, $crate::__listed!($($listed)? $type)) ),* ])
                });
                &PATTERN
            }
            fn topic(&self) -> ::core::result::Result<::std::borrow::Cow<'static, str>, $crate::EncodeError> {
                match Self::pattern().topic(&[ $( $crate::topic::__private::write(&self.$field) ),* ]) {
                    ::core::result::Result::Ok(topic) => {
                        ::core::result::Result::Ok(::std::borrow::Cow::Owned(topic))
                    }
                    ::core::result::Result::Err(broken) => {
                        ::core::result::Result::Err($crate::EncodeError::Invalid(broken))
                    }
                }
            }
            fn of_topic(topic: &str) -> ::core::result::Result<Self, $crate::DecodeError> {
                let values = Self::pattern().values(topic).ok_or_else(|| {
                    $crate::DecodeError::new("", ::std::concat!("the topic is not one of `", $address, "`"))
                })?;
                let mut values = values.iter();
                ::core::result::Result::Ok(Self {
                    $( $field: $crate::topic::__private::read($json, values.next())?, )*
                })
            }
        }
    };
}

/// The values of a parameter that has a list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __listed {
    (listed $type:ty) => {
        <$type>::ALL.iter().map(|value| value.as_str()).collect()
    };
    ($type:ty) => {
        ::std::vec::Vec::new()
    };
}
