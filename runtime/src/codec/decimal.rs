//! Whether a number is a multiple of a decimal step, exactly.

/// A decimal number, `mantissa` times ten to the power of `exponent`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    mantissa: u64,
    exponent: i32,
}

impl Decimal {
    /// Reads `0.01`, `12`, `1e-3`, `2.5E2`; the sign does not matter for multiples. `None` for more than 19 digits.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (digits, power) = match text.split_once(['e', 'E']) {
            Some((digits, power)) => (digits, power.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let fraction = fraction.trim_end_matches('0');
        let mut mantissa = 0u64;
        for digit in whole.bytes().chain(fraction.bytes()).filter(|byte| *byte != b'_') {
            let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0'))?;
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
        }
        let places = i32::try_from(fraction.bytes().filter(|byte| *byte != b'_').count()).ok()?;
        Some(Self { mantissa, exponent: power.checked_sub(places)? })
    }

    /// Whether this is a whole number of steps.
    pub(super) fn is_multiple_of(self, step: Self) -> bool {
        multiple(u128::from(self.mantissa), i64::from(self.exponent) - i64::from(step.exponent), step.mantissa)
    }
}

/// Whether an integer is a whole number of steps; the step is decimal.
#[cfg(feature = "wide")]
pub(super) fn is_multiple(value: u128, step: &str) -> bool {
    Decimal::parse(step).is_some_and(|step| multiple(value, -i64::from(step.exponent), step.mantissa))
}

/// Whether `value` × 10^`shift` is a multiple of a step.
fn multiple(mut value: u128, shift: i64, step: u64) -> bool {
    if value == 0 || step == 0 {
        return value == 0;
    }
    let mut modulus = u128::from(step);
    if shift >= 0 {
        // value × 10^shift modulo the step; both factors stay below 2^64.
        value %= modulus;
        let (mut base, mut power) = (10 % modulus, shift);
        while power > 0 {
            if power & 1 == 1 {
                value = value * base % modulus;
            }
            base = base * base % modulus;
            power >>= 1;
        }
        value == 0
    } else {
        // The step grows instead; beyond the value no multiple is left but zero.
        for _ in 0..-shift {
            match modulus.checked_mul(10).filter(|modulus| *modulus <= value) {
                Some(grown) => modulus = grown,
                None => return false,
            }
        }
        value.is_multiple_of(modulus)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::Decimal;

    fn multiple(value: &str, step: &str) -> bool {
        Decimal::parse(value).unwrap().is_multiple_of(Decimal::parse(step).unwrap())
    }

    #[test]
    fn decimal_steps_are_exact() {
        for (value, step) in [
            ("0.3", "0.1"),
            ("19.99", "0.01"),
            ("-4.5", "1.5"),
            ("1e300", "0.1"),
            ("0", "7"),
            ("1.1", "0.11"),
            ("300", "1e2"),
        ] {
            assert!(multiple(value, step), "{value} of {step}");
        }
        for (value, step) in
            [("0.35", "0.1"), ("19.999", "0.01"), ("1", "3"), ("1e-300", "0.1"), ("1", "0"), ("150", "1e2")]
        {
            assert!(!multiple(value, step), "{value} of {step}");
        }
    }
}
