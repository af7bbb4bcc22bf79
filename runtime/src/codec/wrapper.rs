//! A name for a value that has one already.

/// Makes a newtype a name for another value of the contract: on the wire it is that value, `null` for the `None` of an
/// `Option`.
///
/// ```
/// conecta_runtime::wrapper! {
///     /// Names, in order.
///     pub struct Names(Vec<String>);
/// }
///
/// let names: Names = conecta_runtime::codec::from_slice(br#"["a", "b"]"#)?;
/// assert_eq!(names.len(), 2);
/// # Ok::<(), conecta_runtime::DecodeError>(())
/// ```
#[macro_export]
macro_rules! wrapper {
    ($(#[doc = $doc:expr])* $(#[deprecated $($deprecated:tt)*])? pub struct $name:ident($(pub)? $type:ty);) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(
            /// The value.
            pub $type,
        );

        #[allow(deprecated)]
        const _: () = {
            impl $crate::codec::Wire for $name {
                #[inline]
                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    <$type as $crate::codec::Item>::decode_item(reader).map(Self)
                }
                #[inline]
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    $crate::codec::Item::encode_item(&self.0, writer)
                }
            }
            impl ::core::convert::From<$type> for $name {
                fn from(value: $type) -> Self {
                    Self(value)
                }
            }
            impl ::core::convert::From<$name> for $type {
                fn from(value: $name) -> Self {
                    value.0
                }
            }
            impl ::core::ops::Deref for $name {
                type Target = $type;
                fn deref(&self) -> &$type {
                    &self.0
                }
            }
            $crate::__serde!($name);
        };
    };
}
