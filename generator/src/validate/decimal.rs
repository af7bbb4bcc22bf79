//! `multipleOf` as it is written: 0.3 is a multiple of 0.1, whatever doubles say.

use serde_json::Number;

/// Whether `number` is a multiple of `step`, both taken as the decimals they are written as.
pub(super) fn is_multiple(number: &Number, step: &Number) -> bool {
    match (decimal(number), decimal(step)) {
        (Some(a), Some(b)) => divides(a, b).unwrap_or_else(|| by_doubles(number, step)),
        _ => by_doubles(number, step),
    }
}

/// Digits and the power of ten they are to be multiplied by.
fn decimal(number: &Number) -> Option<(i128, i32)> {
    // A double prints as the shortest text that gives it again, which is what was written or means the same.
    let text = number.to_string();
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text.as_str(), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
    Some((digits, exponent - fraction.len() as i32))
}

fn divides((a, a_power): (i128, i32), (b, b_power): (i128, i32)) -> Option<bool> {
    if b == 0 {
        return None;
    }
    let (mut value, mut step) = (a.unsigned_abs(), u128::from(u64::try_from(b.unsigned_abs()).ok()?));
    if value == 0 {
        return Some(true);
    }
    let mut shift = i64::from(a_power) - i64::from(b_power);
    if shift < 0 {
        // The step grows instead; beyond the value no multiple is left but zero.
        while shift < 0 {
            step *= 10;
            if step > value {
                return Some(false);
            }
            shift += 1;
        }
        return Some(value % step == 0);
    }
    // value × 10^shift modulo the step; both factors stay below 2^64.
    value %= step;
    let mut base = 10 % step;
    while shift > 0 {
        if shift & 1 == 1 {
            value = value * base % step;
        }
        base = base * base % step;
        shift >>= 1;
    }
    Some(value == 0)
}

fn by_doubles(number: &Number, step: &Number) -> bool {
    let (a, b) = (number.as_f64().unwrap_or(f64::NAN), step.as_f64().unwrap_or(f64::NAN));
    (a / b).fract() == 0.0
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::{Value, json};

    use super::is_multiple;

    #[test]
    fn decimal_steps_are_exact() {
        let check = |a: Value, b: Value| is_multiple(a.as_number().unwrap(), b.as_number().unwrap());
        for (a, b) in
            [(json!(0.3), json!(0.1)), (json!(19.99), json!(0.01)), (json!(1e300), json!(10)), (json!(0), json!(7))]
        {
            assert!(check(a.clone(), b.clone()), "{a} {b}");
        }
        for (a, b) in
            [(json!(0.35), json!(0.1)), (json!(1e300), json!(7)), (json!(1e-7), json!(1e-6)), (json!(1e-300), json!(3))]
        {
            assert!(!check(a.clone(), b.clone()), "{a} {b}");
        }
    }
}
