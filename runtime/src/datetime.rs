//! A date and time that comes out as it came in.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::time::SystemTime;

use chrono::{Datelike as _, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, TimeZone as _, Timelike as _, Utc};
use serde::de::Deserializer;
use serde::ser::Serializer;

use crate::codec::Wire;

/// A date and time as [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339#section-5.6) writes it.
///
/// It keeps how it was written (`Z` or `+00:00`, how many digits of a second, `t` and `z`), so that a text that was read
/// is written again letter by letter. It is compared by the instant alone: `10:00:00Z` equals `11:00:00.000+01:00`.
///
/// Lower case `t` and `z` and a leap second (`23:59:60Z`, at the end of a UTC minute) are accepted, as the RFC has
/// it; a space for the `T`, an offset without a colon and a day that does not exist are not. A second has at most nine
/// digits that are not zero: more would be lost, so they are refused.
///
/// ```
/// use conecta_runtime::DateTime;
///
/// let time: DateTime = "2024-01-15T10:30:00.120+00:00".parse()?;
/// assert_eq!(time.to_string(), "2024-01-15T10:30:00.120+00:00");
/// assert_eq!(time, "2024-01-15T10:30:00.12Z".parse()?);
/// # Ok::<(), conecta_runtime::datetime::ParseDateTimeError>(())
/// ```
#[derive(Clone, Copy)]
pub struct DateTime {
    instant: chrono::DateTime<FixedOffset>,
    /// How many digits follow the second.
    digits: u8,
    zone: Zone,
    lower_t: bool,
}

/// How the offset is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Zone {
    Upper,
    Lower,
    Numeric,
    /// `-00:00`: UTC, the local offset unknown.
    Unknown,
}

/// The longest text: date, `T`, time, point, 255 digits, offset.
const LONGEST: usize = 19 + 1 + 255 + 6;

/// Why a text is not a date and time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time as of RFC 3339, such as 2024-01-15T10:30:00Z: {0}")]
pub struct ParseDateTimeError(&'static str);

impl DateTime {
    /// Now, in UTC with six digits of a second: what PostgreSQL keeps, too, so that a time that goes through a table
    /// comes back the same.
    #[must_use]
    pub fn now() -> Self {
        let now = Utc::now();
        Self::with_digits(now.with_nanosecond(now.nanosecond() / 1_000 * 1_000).unwrap_or(now), 6)
    }

    /// A time that was held against its grammar when the code that has it was generated.
    #[doc(hidden)]
    #[must_use]
    pub fn from_contract(text: &'static str) -> Self {
        parse(text.as_bytes()).unwrap_or_else(|_| chrono::DateTime::<Utc>::UNIX_EPOCH.into())
    }

    /// The same as a chrono value.
    #[must_use]
    pub const fn to_chrono(self) -> chrono::DateTime<FixedOffset> {
        self.instant
    }

    /// Milliseconds since 1970-01-01T00:00:00Z; negative before.
    #[must_use]
    pub const fn timestamp_millis(&self) -> i64 {
        self.instant.timestamp_millis()
    }

    /// Whether the text is a date and time.
    #[must_use]
    pub fn is_valid(text: &str) -> bool {
        parse(text.as_bytes()).is_ok()
    }

    fn with_digits(utc: chrono::DateTime<Utc>, digits: u8) -> Self {
        Self { instant: utc.fixed_offset(), digits, zone: Zone::Upper, lower_t: false }
    }

    /// Gives the text without owning it.
    pub(crate) fn with_text<T>(&self, give: impl FnOnce(&str) -> T) -> T {
        if !self.has_text() {
            return give(&self.instant.to_rfc3339());
        }
        let mut buffer = [b'0'; LONGEST];
        let length = self.write(&mut buffer);
        // Only ASCII was written.
        give(std::str::from_utf8(&buffer[..length]).unwrap_or_default())
    }

    /// RFC 3339 has four digits for a year; a chrono value can be of another.
    fn has_text(&self) -> bool {
        (0..=9999).contains(&self.instant.year())
    }

    fn write(&self, out: &mut [u8; LONGEST]) -> usize {
        let local = self.instant.naive_local();
        let mut nanos = local.nanosecond();
        let mut second = local.second();
        if nanos >= 1_000_000_000 {
            nanos -= 1_000_000_000;
            second += 1;
        }
        digits(&mut out[0..4], u32::try_from(local.year()).unwrap_or(0));
        out[4] = b'-';
        digits(&mut out[5..7], local.month());
        out[7] = b'-';
        digits(&mut out[8..10], local.day());
        out[10] = if self.lower_t { b't' } else { b'T' };
        digits(&mut out[11..13], local.hour());
        out[13] = b':';
        digits(&mut out[14..16], local.minute());
        out[16] = b':';
        digits(&mut out[17..19], second);
        let mut end = 19;
        if self.digits > 0 {
            out[19] = b'.';
            let mut all = [b'0'; 9];
            digits(&mut all, nanos);
            let kept = usize::from(self.digits).min(9);
            out[20..20 + kept].copy_from_slice(&all[..kept]);
            // The digits behind the ninth are zeros, as the buffer is.
            end = 20 + usize::from(self.digits);
        }
        match self.zone {
            Zone::Upper => out[end] = b'Z',
            Zone::Lower => out[end] = b'z',
            Zone::Numeric | Zone::Unknown => {
                let seconds = self.instant.offset().local_minus_utc();
                out[end] = if seconds < 0 || self.zone == Zone::Unknown { b'-' } else { b'+' };
                let minutes = seconds.unsigned_abs() / 60;
                digits(&mut out[end + 1..end + 3], minutes / 60);
                out[end + 3] = b':';
                digits(&mut out[end + 4..end + 6], minutes % 60);
                return end + 6;
            }
        }
        end + 1
    }
}

/// Writes a number right-aligned over zeros.
fn digits(out: &mut [u8], mut number: u32) {
    for place in out.iter_mut().rev() {
        // A digit is less than ten.
        #[allow(clippy::cast_possible_truncation)]
        let digit = (number % 10) as u8;
        *place = b'0' + digit;
        number /= 10;
    }
}

/// Reads as many digits as there are places.
fn number(text: &[u8]) -> Option<u32> {
    let mut number = 0;
    for byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + u32::from(digit);
    }
    Some(number)
}

fn parse(text: &[u8]) -> Result<DateTime, ParseDateTimeError> {
    const SHAPE: ParseDateTimeError = ParseDateTimeError("it has another shape");
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, t @ (b'T' | b't'), h0, h1, b':', i0, i1, b':', s0, s1, rest @ ..] =
        text
    else {
        return Err(SHAPE);
    };
    let pair = |a: &u8, b: &u8| number(&[*a, *b]).ok_or(SHAPE);
    let year = i32::try_from(number(&[*y0, *y1, *y2, *y3]).ok_or(SHAPE)?).map_err(|_| SHAPE)?;
    let date = NaiveDate::from_ymd_opt(year, pair(m0, m1)?, pair(d0, d1)?)
        .ok_or(ParseDateTimeError("there is no such day"))?;
    let (hour, minute, second) = (pair(h0, h1)?, pair(i0, i1)?, pair(s0, s1)?);

    let (fraction, zone) = match rest {
        [b'.', rest @ ..] => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if length == 0 { return Err(SHAPE) } else { rest.split_at(length) }
        }
        rest => (&[][..], rest),
    };
    let count = u8::try_from(fraction.len()).map_err(|_| ParseDateTimeError("its second has too many digits"))?;
    let (kept, lost) = fraction.split_at(fraction.len().min(9));
    if lost.iter().any(|digit| *digit != b'0') {
        return Err(ParseDateTimeError("its second has more than nine digits"));
    }
    let mut nanos = number(kept).ok_or(SHAPE)?;
    for _ in kept.len()..9 {
        nanos *= 10;
    }

    let (zone, seconds) = match zone {
        b"Z" => (Zone::Upper, 0),
        b"z" => (Zone::Lower, 0),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => {
            let (hours, minutes) = (pair(h0, h1)?, pair(m0, m1)?);
            if hours > 23 || minutes > 59 {
                return Err(ParseDateTimeError("there is no such offset"));
            }
            let seconds = i32::try_from(hours * 3_600 + minutes * 60).map_err(|_| SHAPE)?;
            match (sign, seconds) {
                (b'-', 0) => (Zone::Unknown, 0),
                (b'-', seconds) => (Zone::Numeric, -seconds),
                (_, seconds) => (Zone::Numeric, seconds),
            }
        }
        _ => return Err(SHAPE),
    };
    let offset = FixedOffset::east_opt(seconds).ok_or(SHAPE)?;

    const NO_TIME: ParseDateTimeError = ParseDateTimeError("there is no such time of day");
    // chrono holds a leap second as the 59th with a second's worth of nanoseconds more.
    let leap = second == 60;
    let time = NaiveTime::from_hms_nano_opt(
        hour,
        minute,
        if leap { 59 } else { second },
        if leap { nanos + 1_000_000_000 } else { nanos },
    )
    .ok_or(NO_TIME)?;
    let instant = offset.from_local_datetime(&NaiveDateTime::new(date, time)).single().ok_or(NO_TIME)?;
    // A leap second is the last of a UTC day.
    let utc = instant.naive_utc();
    if leap && (utc.hour(), utc.minute()) != (23, 59) {
        return Err(NO_TIME);
    }
    Ok(DateTime { instant, digits: count, zone, lower_t: *t == b't' })
}

impl FromStr for DateTime {
    type Err = ParseDateTimeError;

    fn from_str(text: &str) -> Result<Self, ParseDateTimeError> {
        parse(text.as_bytes())
    }
}

impl TryFrom<&str> for DateTime {
    type Error = ParseDateTimeError;

    fn try_from(text: &str) -> Result<Self, ParseDateTimeError> {
        text.parse()
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with_text(|text| f.pad(text))
    }
}

impl fmt::Debug for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for DateTime {
    fn eq(&self, other: &Self) -> bool {
        self.instant == other.instant
    }
}

impl Eq for DateTime {}

impl PartialOrd for DateTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for DateTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.instant.cmp(&other.instant)
    }
}

impl Hash for DateTime {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.instant.hash(state);
    }
}

/// With the least of 0, 3, 6 or 9 digits that says it all, as chrono writes it, and a numeric offset. A year that RFC
/// 3339 cannot write (before 0 or after 9999) cannot be published.
impl From<chrono::DateTime<FixedOffset>> for DateTime {
    fn from(instant: chrono::DateTime<FixedOffset>) -> Self {
        // RFC 3339 has no seconds in an offset: the instant is kept, in UTC.
        if instant.offset().local_minus_utc() % 60 != 0 {
            return instant.with_timezone(&Utc).into();
        }
        Self { instant, digits: digits_of(instant.nanosecond()), zone: Zone::Numeric, lower_t: false }
    }
}

/// With the least of 0, 3, 6 or 9 digits that says it all, and `Z`.
impl From<chrono::DateTime<Utc>> for DateTime {
    fn from(instant: chrono::DateTime<Utc>) -> Self {
        Self::with_digits(instant, digits_of(instant.nanosecond()))
    }
}

impl From<SystemTime> for DateTime {
    fn from(time: SystemTime) -> Self {
        chrono::DateTime::<Utc>::from(time).into()
    }
}

impl From<DateTime> for chrono::DateTime<FixedOffset> {
    fn from(time: DateTime) -> Self {
        time.instant
    }
}

impl From<DateTime> for chrono::DateTime<Utc> {
    fn from(time: DateTime) -> Self {
        time.instant.with_timezone(&Utc)
    }
}

fn digits_of(nanos: u32) -> u8 {
    match nanos % 1_000_000_000 {
        0 => 0,
        nanos if nanos % 1_000_000 == 0 => 3,
        nanos if nanos % 1_000 == 0 => 6,
        _ => 9,
    }
}

impl Wire for DateTime {
    const KINDS: crate::codec::Kinds = crate::codec::Kinds::STRING;

    fn decode<'de, D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        crate::codec::__private::read_text(reader, |text| {
            text.parse().map_err(|fault: ParseDateTimeError| fault.to_string())
        })
    }

    fn encode<S: Serializer>(&self, writer: S) -> Result<S::Ok, S::Error> {
        if !self.has_text() {
            return Err(serde::ser::Error::custom("its year is not of four digits: RFC 3339 cannot say it"));
        }
        self.with_text(|text| writer.serialize_str(text))
    }
}

crate::__serde!(DateTime);
