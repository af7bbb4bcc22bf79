//! Numbers as JSON Schema compares them: by value, whatever they are written as.

use std::cmp::Ordering;

use serde_json::Number;

use crate::codec::decimal::Decimal;

/// Whether it is an integer: `1.0` is one.
pub(super) fn is_whole(number: &Number) -> bool {
    !number.is_f64() || number.as_f64().is_some_and(|n| n.fract() == 0.0)
}

/// By value, exactly: an integer and a double are not compared as doubles.
pub(super) fn compare(a: &Number, b: &Number) -> Ordering {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(a), None) => float(b).map_or(Ordering::Equal, |b| mixed(a, b)),
        (None, Some(b)) => float(a).map_or(Ordering::Equal, |a| mixed(b, a).reverse()),
        (None, None) => float(a).partial_cmp(&float(b)).unwrap_or(Ordering::Equal),
    }
}

/// Its decimal digits; the shortest that give the same double.
pub(super) fn decimal(number: &Number) -> Option<Decimal> {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(double) => Decimal::parse(&format!("{double:e}")),
        None => Decimal::parse(&number.to_string()),
    }
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn float(number: &Number) -> Option<f64> {
    number.as_f64()
}

fn mixed(integer: i128, double: f64) -> Ordering {
    // Beyond 2^65 a double is larger in size than any integer that JSON is read into.
    if double.abs() >= 36_893_488_147_419_103_232.0 {
        return if double > 0.0 { Ordering::Less } else { Ordering::Greater };
    }
    // The conversion of the whole part is exact below that.
    #[allow(clippy::cast_possible_truncation)]
    let whole = double.trunc() as i128;
    integer.cmp(&whole).then_with(|| 0.0.partial_cmp(&double.fract()).unwrap_or(Ordering::Equal))
}
