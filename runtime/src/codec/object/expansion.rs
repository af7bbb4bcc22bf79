//! What an object ends in: its implementations, once its attributes are read.

/// The implementations of an object whose fields are written out: name, how it is read, how written, what absence means.
#[doc(hidden)]
#[macro_export]
macro_rules! __object {
    (
        $name:ident [$unknown:ident] [$($rest:ident)?] [$($count:ident $min:expr, $max:expr)?] [$($rules:literal)?]
        $( $field:ident [$($json:tt)*] $read:ident [$put:ident $(, $unless:expr)?] [$given:ident $(, $absent:expr)?], )*
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
            const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::OBJECT;

            #[inline]
            fn decode<'de, __D: $crate::__private::Deserializer<'de>>(reader: __D) -> ::core::result::Result<Self, __D::Error> {
                $crate::__read_object!(reader $($rules)?)
            }
            fn encode<__S: $crate::__private::Serializer>(&self, writer: __S) -> ::core::result::Result<__S::Ok, __S::Error> {
                $( $crate::__rules!($rules); $crate::__private::write_by_rules(&RULES, self)?; )?
                let mut map = $crate::__private::ObjectWriter::new(writer);
                $( map.$put($($json)*, &self.$field $(, $unless)?); )*
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
                    $($takes)*::give(&mut self.$field, value);
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
