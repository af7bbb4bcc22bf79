//! Arrays with constraints.

use serde_json::Value;

use super::trace::at_index;
use super::wire::{Item, WriteItem};

/// What an array must keep to, as `#[check(…)]` says it word by word.
#[derive(Clone, Copy, Debug)]
pub struct ListRules {
    min_items: Option<usize>,
    max_items: Option<usize>,
    unique: bool,
}

impl ListRules {
    /// No rule.
    pub const NONE: Self = Self { min_items: None, max_items: None, unique: false };

    /// At least so many items.
    #[must_use]
    pub const fn min_items(mut self, items: usize) -> Self {
        self.min_items = Some(items);
        self
    }

    /// At most so many.
    #[must_use]
    pub const fn max_items(mut self, items: usize) -> Self {
        self.max_items = Some(items);
        self
    }

    /// No two are the same JSON value.
    #[must_use]
    pub const fn unique(mut self) -> Self {
        self.unique = true;
        self
    }
}

/// Holds an array against its rules.
///
/// # Errors
/// A sentence that names the rule and not the items.
pub fn check_list<T: Item>(items: &[T], rules: ListRules) -> Result<(), String> {
    if let Some(min) = rules.min_items.filter(|min| items.len() < *min) {
        return Err(if min == 1 { "is empty".to_owned() } else { format!("has fewer than {min} items") });
    }
    if let Some(max) = rules.max_items.filter(|max| items.len() > *max) {
        let s = if max == 1 { "" } else { "s" };
        return Err(format!("has more than {max} item{s}"));
    }
    if rules.unique { unique(items) } else { Ok(()) }
}

fn unique<T: Item>(items: &[T]) -> Result<(), String> {
    let mut values: Vec<Value> = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        values.push(serde_json::to_value(WriteItem(item)).map_err(|fault| at_index(fault, index).to_string())?);
    }
    unique_values(&values)
}

/// Whether no two values are the same one.
///
/// # Errors
/// A sentence that says which two are.
pub(super) fn unique_values(values: &[Value]) -> Result<(), String> {
    // Sorted by a text that the same values share and no others, so that a long array costs no square.
    let mut order: Vec<(String, usize)> =
        values.iter().enumerate().map(|(index, value)| (canonical(value), index)).collect();
    order.sort_unstable();
    for pair in order.windows(2) {
        if let [(a, first), (b, second)] = pair
            && a == b
        {
            return Err(format!("its items {first} and {second} are the same"));
        }
    }
    Ok(())
}

/// A text that two values share if and only if they are the same one.
fn canonical(value: &Value) -> String {
    match value {
        Value::Number(number) => match number.as_f64().filter(|_| number.is_f64()) {
            // As an integer is written, so far as doubles can be that.
            #[allow(clippy::cast_possible_truncation)]
            Some(double) if double.fract() == 0.0 && double.abs() < 1e38 => (double as i128).to_string(),
            Some(double) => double.to_string(),
            None => number.to_string(),
        },
        Value::Array(items) => {
            format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(","))
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields
                .iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), canonical(value)))
                .collect();
            fields.sort_unstable();
            format!("{{{}}}", fields.join(","))
        }
        scalar => scalar.to_string(),
    }
}

/// Makes a newtype over a `Vec` an array of the contract: a value of it always keeps the rules.
///
/// `#[check(min_items = N, max_items = N, unique)]` stands before the struct, each word optional.
///
/// ```
/// conecta_runtime::list! {
///     /// One to three names.
///     #[check(min_items = 1, max_items = 3, unique)]
///     pub struct Names(Vec<String>);
/// }
///
/// assert!(Names::new(vec!["a".to_owned()]).is_ok());
/// assert_eq!(Names::new(Vec::new()).unwrap_err().to_string(), "is empty");
/// ```
#[macro_export]
macro_rules! list {
    (
        $(#[doc = $doc:expr])* $(#[check($( $rule:ident $(= $value:literal)? ),* $(,)?)])? $(#[deprecated $($deprecated:tt)*])?
        pub struct $name:ident($type:ty);
    ) => {
        $(#[doc = $doc])* $(#[deprecated $($deprecated)*])?
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name($type);

        #[allow(deprecated)]
        const _: () = {
            const RULES: $crate::__private::ListRules = $crate::__private::ListRules::NONE$($( .$rule($($value)?) )*)?;

            impl $name {
                /// The items, if they keep the rules.
                ///
                /// # Errors
                /// The rule that they break.
                pub fn new(items: $type) -> ::core::result::Result<Self, $crate::Violation> {
                    match $crate::__private::check_list(&items, RULES) {
                        ::core::result::Result::Ok(()) => ::core::result::Result::Ok(Self(items)),
                        ::core::result::Result::Err(broken) => ::core::result::Result::Err($crate::Violation::new("", broken)),
                    }
                }

                #[doc(hidden)]
                #[must_use]
                pub const fn from_contract(items: $type) -> Self {
                    Self(items)
                }
            }
            impl $crate::codec::Wire for $name {
                const KINDS: $crate::codec::Kinds = $crate::codec::Kinds::ARRAY;

                fn decode<'de, __D: $crate::__private::Deserializer<'de>>(
                    reader: __D,
                ) -> ::core::result::Result<Self, __D::Error> {
                    let items = <$type as $crate::codec::Wire>::decode(reader)?;
                    match $crate::__private::check_list(&items, RULES) {
                        ::core::result::Result::Ok(()) => ::core::result::Result::Ok(Self(items)),
                        ::core::result::Result::Err(broken) => {
                            ::core::result::Result::Err($crate::__private::DeError::custom(broken))
                        }
                    }
                }
                fn encode<__S: $crate::__private::Serializer>(
                    &self,
                    writer: __S,
                ) -> ::core::result::Result<__S::Ok, __S::Error> {
                    $crate::codec::Wire::encode(&self.0, writer)
                }
            }
            impl ::core::convert::TryFrom<$type> for $name {
                type Error = $crate::Violation;
                fn try_from(items: $type) -> ::core::result::Result<Self, $crate::Violation> {
                    Self::new(items)
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
