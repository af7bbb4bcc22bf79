//! A name for a value that has one already.

/// Makes a newtype a name for another value of the contract: on the wire it is that value, `null` for the `None` of an
/// `Option`.
///
/// `#[check(rules = "…")]` before it is JSON Schema that the value keeps to, its patterns in `regex-lite`'s syntax: for what
/// no type can express. Such a value is read by way of a [`Value`](crate::Value).
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
    ($(#[doc = $doc:expr])* $(#[check(rules = $rules:literal)])? $(#[deprecated $($deprecated:tt)*])? pub struct $name:ident($(pub)? $type:ty);) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name(
            /// The value.
            pub $type,
        );

        #[allow(deprecated)]
        const _: () = {
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = <$type as $crate::codec::Item>::ITEM_KINDS;

                #[inline]
                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    $crate::__read_wrapped!(reader $type $(, $rules)?).map(Self)
                }
                #[inline]
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    $( $crate::__rules!($rules); $crate::__private::write_by_rules(&RULES, &self.0)?; )?
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

/// How a wrapped value is read: with rules, by them as well.
#[doc(hidden)]
#[macro_export]
macro_rules! __read_wrapped {
    ($reader:ident $type:ty) => {
        <$type as $crate::codec::Item>::decode_item($reader)
    };
    ($reader:ident $type:ty, $rules:literal) => {{
        $crate::__rules!($rules);
        $crate::__private::read_by_rules(&RULES, $reader, |value| <$type as $crate::codec::Item>::decode_item(value))
    }};
}
