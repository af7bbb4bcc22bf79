//! A day, and a time of the day, that come out as they came in.

use std::fmt;
use std::str::FromStr;

use chrono::{Datelike as _, NaiveDate};
use serde::de::Deserializer;
use serde::ser::Serializer;

use crate::DateTime;
use crate::codec::{HeaderValue, KeyField, Kinds, Wire};

/// A day, as the `full-date` of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6): `2024-02-29`.
///
/// There is one way to write each, so a text that was read is written again letter by letter.
///
/// ```
/// use conecta_runtime::Date;
///
/// let day: Date = "2024-02-29".parse()?;
/// assert_eq!(day.to_string(), "2024-02-29");
/// assert!("2023-02-29".parse::<Date>().is_err());
/// # Ok::<(), conecta_runtime::date::ParseDateError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(NaiveDate);

/// A time of the day with its offset, as the `full-time` of [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6):
/// `10:30:00.5-05:00`.
///
/// It keeps how it was written, and is compared by the instant that it is on one and the same day: `10:00:00Z` equals
/// `11:00:00.0+01:00`. Of seconds the same holds as in a [`DateTime`].
///
/// ```
/// use conecta_runtime::Time;
///
/// let time: Time = "10:30:00.120-05:00".parse()?;
/// assert_eq!(time.to_string(), "10:30:00.120-05:00");
/// assert_eq!(time, "15:30:00.12Z".parse()?);
/// # Ok::<(), conecta_runtime::date::ParseTimeError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(DateTime);

/// Why a text is not a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a day as of RFC 3339, such as 2024-02-29")]
pub struct ParseDateError(());

/// Why a text is not a time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a time of the day with its offset, as of RFC 3339, such as 10:30:00Z")]
pub struct ParseTimeError(());

/// What [`Time`] is a time of, where one is needed to reckon with; `DAY` is what its text begins with.
const DAY: &str = "2000-01-01T";

impl Date {
    /// The day of a chrono value; `None` of a year that has not four digits.
    #[must_use]
    pub fn from_chrono(day: NaiveDate) -> Option<Self> {
        (0..=9999).contains(&day.year()).then_some(Self(day))
    }

    /// The same as a chrono value.
    #[must_use]
    pub const fn to_chrono(self) -> NaiveDate {
        self.0
    }

    /// A day that was held against its grammar when the code that has it was generated.
    #[doc(hidden)]
    #[must_use]
    pub fn from_contract(text: &'static str) -> Self {
        text.parse().unwrap_or(Self(NaiveDate::MIN))
    }
}

impl Time {
    /// The same as a chrono value, in UTC; a leap second is the 59th with a second's worth of nanoseconds more.
    #[must_use]
    pub fn to_chrono_utc(self) -> chrono::NaiveTime {
        self.0.to_chrono().naive_utc().time()
    }

    /// The same as a chrono value, where it was written, and the offset.
    #[must_use]
    pub fn to_chrono(self) -> (chrono::NaiveTime, chrono::FixedOffset) {
        let time = self.0.to_chrono();
        (time.naive_local().time(), *time.offset())
    }

    /// A time that was held against its grammar when the code that has it was generated.
    #[doc(hidden)]
    #[must_use]
    pub fn from_contract(text: &'static str) -> Self {
        text.parse().unwrap_or(Self(DateTime::from_contract("2000-01-01T00:00:00Z")))
    }

    fn with_text<T>(&self, give: impl FnOnce(&str) -> T) -> T {
        self.0.with_text(|text| give(&text[DAY.len()..]))
    }
}

impl FromStr for Date {
    type Err = ParseDateError;

    fn from_str(text: &str) -> Result<Self, ParseDateError> {
        let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = text.as_bytes() else { return Err(ParseDateError(())) };
        let number = |digits: &[u8]| {
            let all = digits.iter().all(u8::is_ascii_digit);
            all.then(|| digits.iter().fold(0u32, |number, digit| number * 10 + u32::from(digit - b'0')))
        };
        let year = number(&[*y0, *y1, *y2, *y3]).and_then(|year| i32::try_from(year).ok());
        let day = year.zip(number(&[*m0, *m1])).zip(number(&[*d0, *d1]));
        let day = day.and_then(|((year, month), day)| NaiveDate::from_ymd_opt(year, month, day));
        day.map(Self).ok_or(ParseDateError(()))
    }
}

impl FromStr for Time {
    type Err = ParseTimeError;

    fn from_str(text: &str) -> Result<Self, ParseTimeError> {
        let mut whole = String::with_capacity(DAY.len() + text.len());
        whole.push_str(DAY);
        whole.push_str(text);
        whole.parse().map(Self).map_err(|_| ParseTimeError(()))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day()))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.pad(text))
    }
}

impl HeaderValue for Time {
    fn to_header(&self, out: &mut dyn FnMut(&str)) {
        self.with_text(out);
    }

    fn from_header(text: &str) -> Result<Self, String> {
        text.parse().map_err(|fault: ParseTimeError| fault.to_string())
    }
}

/// What a text is that becomes a type and comes back the same: read by its `FromStr`, written by its `Display`.
macro_rules! text_type {
    ($type:ty) => {
        impl Wire for $type {
            const KINDS: Kinds = Kinds::STRING;

            fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
                crate::codec::__private::read_text(reader, |text| {
                    text.parse().map_err(|fault: <$type as FromStr>::Err| fault.to_string())
                })
            }

            fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
                writer.collect_str(self)
            }
        }

        /// As it is written on the wire.
        impl KeyField for $type {
            fn key_bytes(&self) -> Option<Vec<u8>> {
                Some(self.to_string().into_bytes())
            }
        }
    };
}

text_type!(Date);
text_type!(Time);
// Four numbers without leading zeros: there is one way to write each.
text_type!(std::net::Ipv4Addr);

macro_rules! shown {
    ($($type:ident, $error:ident);*) => { $(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<&str> for $type {
            type Error = $error;

            fn try_from(text: &str) -> Result<Self, $error> {
                text.parse()
            }
        }

        crate::__serde!($type);
    )* };
}

shown!(Date, ParseDateError; Time, ParseTimeError);

macro_rules! headers {
    ($($type:ty),*) => { $(
        impl HeaderValue for $type {
            fn to_header(&self, out: &mut dyn FnMut(&str)) {
                out(&self.to_string());
            }

            fn from_header(text: &str) -> Result<Self, String> {
                text.parse().map_err(|fault: <$type as FromStr>::Err| fault.to_string())
            }
        }
    )* };
}

headers!(Date, std::net::Ipv4Addr);

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::net::Ipv4Addr;

    use super::{Date, Time};
    use crate::codec::{KeyField as _, Wire};

    fn back<T: Wire>(text: &str) -> Option<String> {
        let json = serde_json::Value::from(text);
        let value = T::decode(&json).ok()?;
        Some(value.encode(serde_json::value::Serializer).unwrap().as_str().unwrap().to_owned())
    }

    #[test]
    fn days_come_back_letter_by_letter_and_others_are_refused() {
        for day in ["2024-02-29", "0000-01-01", "9999-12-31"] {
            assert_eq!(back::<Date>(day).as_deref(), Some(day));
        }
        for none in [
            "2023-02-29",
            "2024-2-9",
            "2024-02-29T00:00:00Z",
            "24-02-29",
            "2024/02/29",
            "",
            "２024-02-29",
            "+024-02-29",
        ] {
            assert_eq!(back::<Date>(none), None, "{none}");
        }
        assert!("2024-02-29".parse::<Date>().unwrap() < "2024-03-01".parse().unwrap());
        assert_eq!("2024-02-29".parse::<Date>().unwrap().key_bytes().unwrap(), b"2024-02-29");
    }

    #[test]
    fn times_keep_their_offset_and_their_digits() {
        for time in
            ["10:30:00Z", "10:30:00z", "23:59:59.500+05:30", "00:00:00-00:00", "23:59:60Z", "01:00:00.123456789Z"]
        {
            assert_eq!(back::<Time>(time).as_deref(), Some(time));
        }
        for none in ["10:30:00", "10:30Z", "25:00:00Z", "10:30:60Z", "10:30:00 Z", ""] {
            assert_eq!(back::<Time>(none), None, "{none}");
        }
        let [utc, bogota] = ["15:00:00Z", "10:00:00.00-05:00"].map(|text| text.parse::<Time>().unwrap());
        assert_eq!(utc, bogota);
        assert_eq!(bogota.to_chrono().1.local_minus_utc(), -18_000);
        assert_eq!(bogota.to_chrono_utc(), utc.to_chrono().0);
    }

    #[test]
    fn addresses_have_one_spelling() {
        assert_eq!(back::<Ipv4Addr>("127.0.0.1").as_deref(), Some("127.0.0.1"));
        for none in ["127.0.0.01", "127.0.0", "256.0.0.1", "::1"] {
            assert_eq!(back::<Ipv4Addr>(none), None, "{none}");
        }
    }
}
