//! A value as it was written, and what it is read as.

use std::time::Duration;

/// What is expected, as a reader is told.
type Expected = &'static str;

/// The text of a value. A file's numbers and booleans are texts like a variable's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a>(pub(super) &'a str);

impl Text<'_> {
    /// A number that is not below `least`.
    pub(super) fn number<N: TryFrom<u64>>(self, least: u64) -> Result<N, Expected> {
        let expected = if least == 0 { "a number is expected" } else { "a number above 0 is expected" };
        let number = self.0.trim().replace('_', "").parse::<u64>().ok().filter(|number| *number >= least);
        number.ok_or(expected).and_then(|number| N::try_from(number).map_err(|_| "the number is too large"))
    }

    pub(super) fn boolean(self) -> Result<bool, Expected> {
        self.0.trim().parse().map_err(|_| "true or false is expected")
    }

    /// `250 ms`, `30s`, `1 min`, `2h`, `7d`.
    pub(super) fn duration(self) -> Result<Duration, Expected> {
        const EXPECTED: Expected = "a number and a unit are expected: 250 ms, 30 s, 5 min, 2 h, 7 d";
        let (number, unit) = self.split();
        let number: u64 = number.parse().map_err(|_| EXPECTED)?;
        let ms: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" | "min" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(EXPECTED),
        };
        number.checked_mul(ms).map(Duration::from_millis).ok_or("the time is too long")
    }

    /// `67108864`, `64 MiB`, `512 kB`.
    pub(super) fn bytes(self) -> Result<u64, Expected> {
        const EXPECTED: Expected = "a number of bytes above 0 is expected: 67108864, 64 MiB, 512 KiB, 1 GiB";
        let (number, unit) = self.split();
        let number: u64 = number.replace('_', "").parse().ok().filter(|number| *number > 0).ok_or(EXPECTED)?;
        let each: u64 = match unit {
            "" | "B" => 1,
            "kB" => 1_000,
            "MB" => 1_000_000,
            "GB" => 1_000_000_000,
            "KiB" => 1 << 10,
            "MiB" => 1 << 20,
            "GiB" => 1 << 30,
            _ => return Err(EXPECTED),
        };
        number.checked_mul(each).ok_or("the number is too large")
    }

    /// Number and unit.
    fn split(&self) -> (&str, &str) {
        let text = self.0.trim();
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
        (&text[..end], text[end..].trim_start())
    }
}
