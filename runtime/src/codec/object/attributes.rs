//! What stands in `#[object(…)]` and `#[json(…)]`, word by word.

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
            [nullable put_nullable put_nullable_unless [given_nullable] [$crate::__private::TakesNull]]
            ($($($words)*)?) $more
        }
    };
    (@mode $head:tt $done:tt $docs:tt $attributes:tt $field:ident [$type:ty] $json:tt $words:tt $more:tt) => {
        $crate::__object_field! {
            @mask $head $done $docs $attributes $field [$type] $json
            [field put put_unless [given] [$crate::codec::Takes]]
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
    // What its absence means, and whether it is written then; or that it keeps the rest.
    (
        @last $head:tt [$($done:tt)*] $docs:tt $attributes:tt $field:ident $type:tt $json:tt
        [$read:ident $put:ident $unless:ident $absent:tt $takes:tt] $show:ident
        () { $($more:tt)* }
    ) => {
        $crate::__object_fields! {
            $head []
            [$($done)* { $docs $attributes $field $type $json [$read [$put] $absent $takes] $show }]
            $($more)*
        }
    };
    (
        @last $head:tt [$($done:tt)*] $docs:tt $attributes:tt $field:ident $type:tt $json:tt
        [$read:ident $put:ident $unless:ident $absent:tt $takes:tt] $show:ident
        (default = $default:expr) { $($more:tt)* }
    ) => {
        $crate::__object_fields! {
            $head []
            [$($done)* {
                $docs $attributes $field $type $json
                [$read [$put] [given_or, || ::core::option::Option::Some($default)] $takes] $show
            }]
            $($more)*
        }
    };
    (
        @last $head:tt [$($done:tt)*] $docs:tt $attributes:tt $field:ident $type:tt $json:tt
        [$read:ident $put:ident $unless:ident $absent:tt $takes:tt] $show:ident
        (default = $default:expr, omit) { $($more:tt)* }
    ) => {
        $crate::__object_fields! {
            $head []
            [$($done)* {
                $docs $attributes $field $type $json
                [$read [$unless, || $default] [given_or, || ::core::option::Option::Some($default)] $takes] $show
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
            [$read:ident $put:tt $given:tt $takes:tt] $show:ident
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
