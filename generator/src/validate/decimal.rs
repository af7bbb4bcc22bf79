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
    let power = a_power.min(b_power);
    let scale = |digits: i128, by: i32| 10_i128.checked_pow(u32::try_from(by).ok()?)?.checked_mul(digits);
    Some(scale(a, a_power - power)? % scale(b, b_power - power)? == 0)
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
            [(json!(0.3), json!(0.1)), (json!(19.99), json!(0.01)), (json!(1e20), json!(10)), (json!(0), json!(7))]
        {
            assert!(check(a.clone(), b.clone()), "{a} {b}");
        }
        for (a, b) in [(json!(0.35), json!(0.1)), (json!(7), json!(2)), (json!(1e-7), json!(1e-6))] {
            assert!(!check(a.clone(), b.clone()), "{a} {b}");
        }
    }
}
