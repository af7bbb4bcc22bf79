//! Integers beyond 64 bits, where the contract's bounds ask for them.
//!
//! A reader of JSON hands on what does not fit 64 bits as a double, whose last digits are lost. So these are read from the text of
//! the number; `serde_json` has to be the reader.

use serde::de::{self, Deserialize as _, Deserializer};
use serde::ser::Serializer;
use serde_json::value::RawValue;

use super::headers::{HeaderValue, integer_headers};
use super::kinds::Kinds;
use super::number::Steps;
use super::wire::{KeyField, Wire};

/// No integer of 128 bits has more digits than that.
const MOST_DIGITS: usize = 39;

macro_rules! wide {
    ($($type:ident $serialize:ident,)*) => { $(
        /// As with every integer, `1.0` and `1e2` are what they say.
        impl Wire for $type {
            const KINDS: Kinds = Kinds::NUMBER;

            fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                let raw = Box::<RawValue>::deserialize(reader)?;
                let digits = digits(raw.get()).map_err(de::Error::custom)?;
                digits.parse().map_err(|_| de::Error::custom(OUT_OF_RANGE))
            }

            fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                writer.$serialize(*self)
            }
        }

        impl KeyField for $type {
            fn key_bytes(&self) -> Option<Vec<u8>> {
                Some(self.to_string().into_bytes())
            }
        }
    )* };
}

wide! { i128 serialize_i128, u128 serialize_u128, }
integer_headers!(i128 u128);

impl Steps for i128 {
    fn is_multiple_of(&self, step: &'static str) -> bool {
        super::decimal::is_multiple(self.unsigned_abs(), step)
    }
}

impl Steps for u128 {
    fn is_multiple_of(&self, step: &'static str) -> bool {
        super::decimal::is_multiple(*self, step)
    }
}

const OUT_OF_RANGE: &str = "integer out of range";

/// The digits of the integer that a JSON number is, with its sign.
fn digits(json: &str) -> Result<String, String> {
    let found = match json.as_bytes() {
        [b'-' | b'0'..=b'9', ..] => return whole(json),
        [b'"', ..] => "a string",
        [b'{', ..] => "an object",
        [b'[', ..] => "an array",
        [b'n', ..] => "null",
        _ => "a boolean",
    };
    Err(format!("expected an integer, found {found}"))
}

fn whole(number: &str) -> Result<String, String> {
    let (mantissa, power) = match number.split_once(['e', 'E']) {
        // A power that no machine counts is that of a number out of range, or of one next to zero; or zero itself.
        Some((mantissa, power)) => {
            (mantissa, power.parse().unwrap_or(if power.starts_with('-') { i32::MIN } else { i32::MAX }))
        }
        None => (number, 0),
    };
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let (integral, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{integral}{fraction}");
    let significant = all.trim_end_matches('0');
    if significant.is_empty() {
        return Ok("0".to_owned());
    }
    // Where the point stands behind the last digit that counts.
    let places = i64::from(power) + integral.len() as i64 - significant.len() as i64;
    if places < 0 {
        return Err("expected an integer, found a fraction".to_owned());
    }
    let significant = significant.trim_start_matches('0');
    match usize::try_from(places).ok().filter(|places| significant.len() + places <= MOST_DIGITS) {
        Some(places) => Ok(format!("{sign}{significant}{}", "0".repeat(places))),
        None => Err(OUT_OF_RANGE.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::codec::{KeyField as _, from_slice, to_writer, validate};

    fn through(json: &str) -> String {
        let mut written = Vec::new();
        to_writer(&from_slice::<i128>(json.as_bytes()).unwrap(), &mut written).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn every_digit_is_kept_and_an_integer_may_be_written_as_any_number() {
        for json in ["0", "-1", "18446744073709551616", "-170141183460469231731687303715884105728"] {
            assert_eq!(through(json), json);
        }
        for (json, plain) in [
            ("1.0", "1"),
            ("-0.0", "0"),
            ("1e2", "100"),
            ("1.50E+1", "15"),
            ("12300e-2", "123"),
            ("0e999999999999", "0"),
            ("170141183460469231731687303715884105727.000", "170141183460469231731687303715884105727"),
        ] {
            assert_eq!(through(json), plain, "{json}");
        }
        assert_eq!(from_slice::<u128>(b"340282366920938463463374607431768211455").unwrap(), u128::MAX);
    }

    #[test]
    fn what_is_no_such_integer_is_refused() {
        for (json, fault) in [
            ("0.5", "expected an integer, found a fraction"),
            ("1e-1", "expected an integer, found a fraction"),
            ("1e-999999999999", "expected an integer, found a fraction"),
            ("1e99", "integer out of range"),
            ("1e999999999999", "integer out of range"),
            ("170141183460469231731687303715884105728", "integer out of range"),
            ("\"1\"", "expected an integer, found a string"),
            ("null", "expected an integer, found null"),
        ] {
            assert_eq!(from_slice::<i128>(json.as_bytes()).unwrap_err().to_string(), fault, "{json}");
        }
        assert_eq!(from_slice::<u128>(b"-1").unwrap_err().to_string(), "integer out of range");
    }

    crate::number! {
        #[check(minimum = 0, maximum = 99999999999999999999, multiple_of = 3)]
        pub struct Serial(u128);
    }

    #[test]
    fn constraints_are_exact_to_the_last_digit() {
        for json in ["0", "3", "99999999999999999999"] {
            assert!(from_slice::<Serial>(json.as_bytes()).is_ok(), "{json}");
        }
        for json in ["100000000000000000000", "99999999999999999998", "-3"] {
            assert!(from_slice::<Serial>(json.as_bytes()).is_err(), "{json}");
        }
        let serial = Serial::new(99_999_999_999_999_999_999).unwrap();
        assert!(validate(&serial).is_ok());
        assert_eq!(serial.key_bytes().unwrap(), b"99999999999999999999");
        assert_eq!("3".parse::<Serial>().unwrap().get(), 3);
    }
}
