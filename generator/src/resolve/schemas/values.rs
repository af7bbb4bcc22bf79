//! Values as JSON Schema compares them.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::api::Schema;

/// Equality of JSON Schema: numbers by value, so 1 and 1.0 are one; mappings in any order.
pub(crate) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => compare(a, b) == Ordering::Equal,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| equal(a, b)))
        }
        _ => a == b,
    }
}

/// A text that two values share exactly where they are [`equal`].
pub(crate) fn canonical(value: &Value) -> String {
    match value {
        Value::Number(n) => match (integer(n), n.as_f64()) {
            (Some(n), _) => n.to_string(),
            (None, Some(n)) => n.to_string(),
            (None, None) => n.to_string(),
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(canonical).collect();
            format!("[{}]", items.join(","))
        }
        Value::Object(map) => {
            let mut entries: Vec<_> =
                map.iter().map(|(key, value)| format!("{}:{}", Value::from(key.as_str()), canonical(value))).collect();
            entries.sort();
            format!("{{{}}}", entries.join(","))
        }
        other => other.to_string(),
    }
}

/// Order of numbers, exact for integers.
pub(crate) fn compare(a: &Number, b: &Number) -> Ordering {
    match (integer(a), integer(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => {
            let (a, b) = (a.as_f64().unwrap_or(f64::NAN), b.as_f64().unwrap_or(f64::NAN));
            a.partial_cmp(&b).unwrap_or(Ordering::Equal)
        }
    }
}

/// The integer that a number is, 3.0 included.
pub(crate) fn integer(n: &Number) -> Option<i128> {
    if let Some(n) = n.as_i64() {
        return Some(n.into());
    }
    if let Some(n) = n.as_u64() {
        return Some(n.into());
    }
    let n = n.as_f64()?;
    // Every double this large is an integer; beyond i128 they are compared as doubles.
    (n.fract() == 0.0 && n.abs() < 1e38).then_some(n as i128)
}

/// The sign and the digits of an integer beyond what a [`Number`] holds of it, as it is written; of one that is written with a power
/// of ten, or nowhere, as its shortest digits.
pub(super) fn digits(written: Option<&str>, number: &Number) -> Option<(bool, u128)> {
    let value = number.as_f64()?;
    let plain = written.filter(|text| text.parse() == Ok(value)).map(|text| text.strip_prefix('-').unwrap_or(text));
    if let Some(magnitude) = plain.and_then(|text| text.parse().ok()) {
        return Some((value < 0.0, magnitude));
    }
    // 2^128, which is what programs that know doubles alone make of the greatest integer of 128 bits.
    if value == u128::MAX as f64 {
        return Some((false, u128::MAX));
    }
    let shortest = format!("{:e}", value.abs());
    let (mantissa, power) = shortest.split_once('e')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let zeros = power.parse::<usize>().ok()?.checked_sub(fraction.len()).filter(|zeros| *zeros < 40)?;
    Some((value < 0.0, format!("{whole}{fraction}{}", "0".repeat(zeros)).parse().ok()?))
}

/// Whether the bounds of a schema leave no integer.
pub(super) fn no_integer_between(schema: &Schema) -> bool {
    let least = |n: &Number, strict: bool| {
        let floor = n.as_f64().map(f64::ceil)? as i128;
        let exact = integer(n);
        Some(match exact {
            Some(n) if strict => n + 1,
            Some(n) => n,
            None => floor,
        })
    };
    let greatest = |n: &Number, strict: bool| {
        let floor = n.as_f64().map(f64::floor)? as i128;
        Some(match integer(n) {
            Some(n) if strict => n - 1,
            Some(n) => n,
            None => floor,
        })
    };
    let low = [
        schema.minimum.as_ref().and_then(|n| least(n, false)),
        schema.exclusive_minimum.as_ref().and_then(|n| least(n, true)),
    ];
    let high = [
        schema.maximum.as_ref().and_then(|n| greatest(n, false)),
        schema.exclusive_maximum.as_ref().and_then(|n| greatest(n, true)),
    ];
    match (low.into_iter().flatten().max(), high.into_iter().flatten().min()) {
        (Some(low), Some(high)) => low > high,
        _ => false,
    }
}
