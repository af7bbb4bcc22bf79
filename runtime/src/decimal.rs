//! Decimal numbers: [`Decimal`] on the wire, digit by digit.
//!
//! A `number` of a contract is an `f64` unless its author asks for a decimal. Then it is read from the text of the JSON number and
//! written as such, so that `19.90` comes back as `19.90`; `serde_json` has to be the reader and the writer.

use serde::de::{self, Deserialize as _, Deserializer};
use serde::ser::{self, Serialize as _, Serializer};
use serde_json::value::RawValue;

use crate::Decimal;
use crate::codec::{HeaderValue, KeyField, Wire};

/// More places than that no decimal has.
const MOST_PLACES: i32 = 28;

/// A number that needs more than 28 digits, or lies beyond them, is refused: none is rounded.
impl Wire for Decimal {
    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(reader)?;
        read(raw.get()).map_err(de::Error::custom)
    }

    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(writer)
    }
}

/// Of one value there is one key: `7.0` and `7` are the key `7`.
impl KeyField for Decimal {
    fn key_bytes(&self) -> Option<Vec<u8>> {
        Some(self.normalize().to_string().into_bytes())
    }
}

impl HeaderValue for Decimal {
    fn to_header(&self, out: &mut dyn FnMut(&str)) {
        out(&self.to_string());
    }

    fn from_header(text: &str) -> Result<Self, String> {
        read(text)
    }
}

/// Reads the text of a JSON value.
fn read(json: &str) -> Result<Decimal, String> {
    let found = match json.as_bytes() {
        [b'-' | b'0'..=b'9', ..] => {
            let decimal = plain(json).and_then(|text| Decimal::from_str_exact(&text).ok());
            return decimal.ok_or_else(|| "number of more digits than a decimal has".to_owned());
        }
        [b'"', ..] => "a string",
        [b'{', ..] => "an object",
        [b'[', ..] => "an array",
        [b'n', ..] => "null",
        _ => "a boolean",
    };
    Err(format!("expected a number, found {found}"))
}

/// A number without an exponent.
fn plain(number: &str) -> Option<String> {
    let Some((digits, power)) = number.split_once(['e', 'E']) else { return Some(number.to_owned()) };
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.bytes().chain(fraction.bytes()).all(|digit| digit == b'0') {
        return Some("0".to_owned());
    }
    let power = power.parse::<i32>().ok().filter(|power| power.abs() <= 2 * MOST_PLACES)?;
    let mut all = format!("{whole}{fraction}");
    let mut point = i32::try_from(whole.len()).ok()? + power;
    while point <= 0 {
        all.insert(0, '0');
        point += 1;
    }
    let point = usize::try_from(point).ok()?;
    while all.len() < point {
        all.push('0');
    }
    let (whole, fraction) = all.split_at(point);
    Some(if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") })
}

/// A number that stands in generated code, such as `-0.01`; what is no digit there is none of the number.
#[must_use]
pub const fn literal(text: &'static str) -> Decimal {
    let text = text.as_bytes();
    let (mut at, mut mantissa, mut scale, mut fraction) = (0, 0u128, 0, false);
    while at < text.len() {
        match text[at] {
            digit @ b'0'..=b'9' => {
                mantissa = mantissa * 10 + (digit - b'0') as u128;
                scale += fraction as u32;
            }
            b'.' => fraction = true,
            _ => {}
        }
        at += 1;
    }
    let negative = matches!(text, [b'-', ..]);
    // The three words of a mantissa of 96 bits.
    #[allow(clippy::cast_possible_truncation)]
    Decimal::from_parts(mantissa as u32, (mantissa >> 32) as u32, (mantissa >> 64) as u32, negative, scale)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::codec::{from_slice, to_writer};

    fn through(json: &str) -> String {
        let mut written = Vec::new();
        to_writer(&from_slice::<Decimal>(json.as_bytes()).unwrap(), &mut written).unwrap();
        String::from_utf8(written).unwrap()
    }

    #[test]
    fn digits_come_out_as_they_came_in() {
        for json in ["19.90", "0.1", "-12345678901234567890.12345678", "7922816251426433759354395033.5", "0", "1"] {
            assert_eq!(through(json), json);
        }
        for (json, plain) in
            [("1e2", "100"), ("1.50E+1", "15.0"), ("25e-3", "0.025"), ("-1.5e-1", "-0.15"), ("0e99", "0")]
        {
            assert_eq!(through(json), plain, "{json}");
        }
    }

    #[test]
    fn what_is_no_decimal_is_refused_and_never_rounded() {
        for json in ["1e300", "0.00000000000000000000000000001", "79228162514264337593543950336", "1e-29"] {
            let fault = from_slice::<Decimal>(json.as_bytes()).unwrap_err();
            assert_eq!(fault.to_string(), "number of more digits than a decimal has", "{json}");
        }
        for (json, found) in
            [("\"1\"", "a string"), ("null", "null"), ("[1]", "an array"), ("{}", "an object"), ("true", "a boolean")]
        {
            let fault = from_slice::<Decimal>(json.as_bytes()).unwrap_err();
            assert_eq!(fault.to_string(), format!("expected a number, found {found}"));
        }
    }

    crate::number! {
        #[check(minimum = "0.01", maximum = "79228162514264337593543950.33", multiple_of = "0.01")]
        pub struct Amount(::conecta_runtime::Decimal);
    }

    #[test]
    fn constraints_are_exact_to_the_last_digit() {
        for json in ["0.01", "79228162514264337593543950.33", "12345678901234567890.10"] {
            assert!(from_slice::<Amount>(json.as_bytes()).is_ok(), "{json}");
        }
        for json in ["0.005", "79228162514264337593543950.34", "12345678901234567890.101"] {
            assert!(from_slice::<Amount>(json.as_bytes()).is_err(), "{json}");
        }
        assert_eq!(Amount::new(literal("0.02")).unwrap().to_string(), "0.02");
        assert_eq!(literal("-12345678901234567890.12"), "-12345678901234567890.12".parse().unwrap());
    }
}
