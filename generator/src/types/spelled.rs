//! Texts that become a type which loses nothing of them: there is one way to write each of its values, or it keeps how it was written.
//!
//! A `uuid` is none of these, whose letters may be small or capital, nor `ipv6`, `duration` or `uri`, which can be written in several
//! ways: a type for them would write another text than it read. Those stay texts.

use crate::config::Config;
use crate::validate::{is_date, is_date_time, is_time};

/// Such a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Spelled {
    DateTime,
    Date,
    Time,
    Ipv4,
}

/// A `date-time` with nine digits of a second and an offset; the runtime is not asked to hold more in a default.
const LONGEST: usize = "2024-01-15T10:30:00.123456789+00:00".len();

impl Spelled {
    const ALL: [Self; 4] = [Self::DateTime, Self::Date, Self::Time, Self::Ipv4];

    /// The type of a format that is held up.
    pub(super) fn of(format: &str, config: &Config) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.format() == format && config.enforces(format))
    }

    /// What `format` calls it.
    pub(crate) const fn format(self) -> &'static str {
        match self {
            Self::DateTime => "date-time",
            Self::Date => "date",
            Self::Time => "time",
            Self::Ipv4 => "ipv4",
        }
    }

    /// The name of its type, which is the runtime's unless it is the standard library's.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Time => "Time",
            Self::Ipv4 => "Ipv4Addr",
        }
    }

    /// Whether a text is one, and one that generated code can make.
    pub(super) fn fits(self, text: &str) -> bool {
        text.len() <= LONGEST
            && match self {
                Self::DateTime => is_date_time(text),
                Self::Date => is_date(text),
                Self::Time => is_time(text),
                Self::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
            }
    }

    /// The format that typify is asked with, of those that it knows.
    pub(super) const fn asked(self) -> &'static str {
        match self {
            // It knows none for a time of the day.
            Self::Time => "ipv6",
            other => other.format(),
        }
    }

    /// Which one typify's answer is.
    pub(super) fn answered(name: &str) -> Option<Self> {
        match name {
            "::chrono::DateTime<::chrono::offset::Utc>" => Some(Self::DateTime),
            "::chrono::naive::NaiveDate" => Some(Self::Date),
            "::std::net::Ipv6Addr" => Some(Self::Time),
            "::std::net::Ipv4Addr" => Some(Self::Ipv4),
            _ => None,
        }
    }
}
