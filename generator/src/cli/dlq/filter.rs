//! Which dead letters are meant.

use std::str::FromStr;
use std::time::{Duration, SystemTime};

use conecta_runtime::DateTime;
use conecta_runtime::kafka::DeadLetter;

/// Which dead letters are meant: those that fit every kind of filter given, and one of each kind.
#[derive(Debug, clap::Args)]
pub(super) struct Filter {
    /// Those of this key; may be given several times
    #[arg(long, value_name = "KEY")]
    key: Vec<String>,
    /// Those with this error code (`undecodable`, `rejected`, `failed`, …); may be given several times
    #[arg(long, value_name = "CODE")]
    code: Vec<String>,
    /// Those given up since then: `2h`, `3d`, or 2026-11-24T03:00:00Z
    #[arg(long, value_name = "TIME")]
    since: Option<Time>,
    /// Those given up before then
    #[arg(long, value_name = "TIME")]
    until: Option<Time>,
    /// The one at this place of the dead-letter topic; may be given several times
    #[arg(long, value_name = "PARTITION@OFFSET")]
    at: Vec<Place>,
}

impl Filter {
    pub(super) fn is_empty(&self) -> bool {
        let Self { key, code, since, until, at } = self;
        key.is_empty() && code.is_empty() && since.is_none() && until.is_none() && at.is_empty()
    }

    pub(super) fn fits(&self, letter: &DeadLetter) -> bool {
        let one_of = |wanted: &[String], found: Option<&[u8]>| {
            wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|wanted| wanted.as_bytes() == found))
        };
        let time = written_at(letter);
        // One whose time is not known is neither since nor before any.
        let since = self.since.is_none_or(|Time(since)| time.is_some_and(|time| time >= since));
        let until = self.until.is_none_or(|Time(until)| time.is_some_and(|time| time < until));
        let at = self.at.is_empty() || self.at.contains(&Place::of(letter));
        one_of(&self.key, letter.key.as_deref())
            && one_of(&self.code, letter.code().map(str::as_bytes))
            && since
            && until
            && at
    }
}

/// When a dead letter was written.
pub(super) fn written_at(letter: &DeadLetter) -> Option<DateTime> {
    let since_1970 = Duration::from_millis(u64::try_from(letter.timestamp_ms?).ok()?);
    SystemTime::UNIX_EPOCH.checked_add(since_1970).map(DateTime::from)
}

/// A place in the dead-letter topic, `3@17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    partition: i32,
    offset: i64,
}

impl Place {
    pub(super) fn of(letter: &DeadLetter) -> Self {
        Self { partition: letter.partition, offset: letter.offset }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.partition, self.offset)
    }
}

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let place = || {
            let (partition, offset) = text.split_once('@')?;
            Some(Self { partition: partition.parse().ok()?, offset: offset.parse().ok()? })
        };
        place().ok_or("write it as PARTITION@OFFSET, as `dlq list` does: 3@17")
    }
}

/// A point in time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Time(DateTime);

impl FromStr for Time {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unit = |unit: char| match unit {
            's' => Some(1),
            'm' => Some(60),
            'h' => Some(60 * 60),
            'd' => Some(24 * 60 * 60),
            _ => None,
        };
        let ago = || {
            let mut number = text.chars();
            let seconds = unit(number.next_back()?)?;
            let ago = Duration::from_secs(number.as_str().parse::<u64>().ok()?.checked_mul(seconds)?);
            SystemTime::now().checked_sub(ago).map(DateTime::from)
        };
        ago()
            .or_else(|| text.parse().ok())
            .map(Self)
            .ok_or("write how long ago, as in 90s, 15m, 2h or 3d, or a time as of RFC 3339: 2026-11-24T03:00:00Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_an_age_or_a_date() {
        let now = DateTime::from(SystemTime::now());
        let time = |text: &str| text.parse::<Time>().map(|Time(time)| time);
        assert!(time("0s").is_ok_and(|it| it >= now));
        assert!(time("2h").is_ok_and(|it| it < now && it > time("3h").unwrap_or(now)));
        assert_eq!(time("2026-11-24T03:00:00Z").map(|it| it.to_string()).as_deref(), Ok("2026-11-24T03:00:00Z"));
        for other in ["", "h", "2", "2w", "-2h", "99999999999999999999h", "9999999999999999d", "yesterday", "ñ"] {
            assert!(time(other).is_err(), "{other}");
        }
    }

    #[test]
    fn a_place_is_written_as_it_is_shown() {
        let place = |text: &str| text.parse::<Place>().map(|place| place.to_string());
        assert_eq!(place("3@17").as_deref(), Ok("3@17"));
        for other in ["", "3", "3@", "@17", "3@17@1", "a@1"] {
            assert!(place(other).is_err(), "{other}");
        }
    }
}
