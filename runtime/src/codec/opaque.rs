//! Bodies that are passed through as they are.

/// Makes a newtype the bytes of a body in a format that is not read here: Avro, Protobuf, XML, text. `Debug` shows how many, not
/// which.
///
/// ```
/// conecta_runtime::opaque! {
///     /// A reading, as Avro.
///     pub struct Reading(pub Vec<u8>);
/// }
///
/// let reading = Reading::from(vec![2, 0, 255]);
/// assert_eq!(reading.0, [2, 0, 255]);
/// assert_eq!(format!("{reading:?}"), "Reading(3 bytes)");
/// ```
#[macro_export]
macro_rules! opaque {
    ($(#[doc = $doc:expr])* pub struct $name:ident(pub Vec<u8>);) => {
        $(#[doc = $doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(
            /// The bytes of the body.
            pub ::std::vec::Vec<u8>,
        );

        const _: () = {
            impl ::core::fmt::Debug for $name {
                fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    ::core::write!(f, "{}({} bytes)", ::core::stringify!($name), self.0.len())
                }
            }
            impl ::core::convert::From<::std::vec::Vec<u8>> for $name {
                fn from(bytes: ::std::vec::Vec<u8>) -> Self {
                    Self(bytes)
                }
            }
            impl ::core::convert::AsRef<[u8]> for $name {
                fn as_ref(&self) -> &[u8] {
                    &self.0
                }
            }
        };
    };
}

/// Inside `impl Event` of what [`opaque!`](crate::opaque) made: the body is the bytes. Gives `validate`, `encode` and `decode`.
#[macro_export]
macro_rules! opaque_body {
    () => {
        fn validate(&self) -> ::core::result::Result<(), $crate::Violation> {
            ::core::result::Result::Ok(())
        }
        fn encode(&self, out: &mut ::std::vec::Vec<u8>) -> ::core::result::Result<(), $crate::EncodeError> {
            out.extend_from_slice(&self.0);
            ::core::result::Result::Ok(())
        }
        fn decode(record: &$crate::RawRecord) -> ::core::result::Result<Self, $crate::DecodeError> {
            match record.payload() {
                ::core::option::Option::Some(body) => ::core::result::Result::Ok(Self(body.to_vec())),
                ::core::option::Option::None => {
                    ::core::result::Result::Err($crate::DecodeError::new("", "the record has no body (a tombstone)"))
                }
            }
        }
    };
}
