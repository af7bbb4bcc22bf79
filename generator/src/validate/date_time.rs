//! RFC 3339.

/// Whether a text is a `date-time` of RFC 3339, section 5.6: a real day, an offset, a leap second only where one can be.
pub fn is_date_time(text: &str) -> bool {
    parse(text).is_some()
}

/// Whether a text is a `date`: a real day.
pub fn is_date(text: &str) -> bool {
    text.len() == 10 && is_date_time(&format!("{text}T00:00:00Z"))
}

/// Whether a text is a `time`: of a day, with its offset.
pub fn is_time(text: &str) -> bool {
    is_date_time(&format!("2000-01-01T{text}"))
}

fn parse(text: &str) -> Option<()> {
    let bytes = text.as_bytes();
    let year = digits(bytes, 0, 4)?;
    let month = digits(bytes, 5, 2)?;
    let day = digits(bytes, 8, 2)?;
    let hour = digits(bytes, 11, 2)?;
    let minute = digits(bytes, 14, 2)?;
    let second = digits(bytes, 17, 2)?;
    let separators = [(4, b"--"), (7, b"--"), (10, b"Tt"), (13, b"::"), (16, b"::")];
    if separators.iter().any(|(at, one_of)| !bytes.get(*at).is_some_and(|b| one_of.contains(b))) {
        return None;
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return None,
    };
    let mut rest = &bytes[19..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        if length == 0 {
            return None;
        }
        rest = &fraction[length..];
    }
    let offset = match rest {
        b"Z" | b"z" => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let (hours, minutes) = (digits(rest, 1, 2)?, digits(rest, 4, 2)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = (hours * 60 + minutes) as i32;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    // A leap second is the last of a day in UTC.
    let utc = ((hour * 60 + minute) as i32 - offset).rem_euclid(24 * 60);
    let second_ok = second < 60 || (second == 60 && utc == 23 * 60 + 59);
    (day >= 1 && day <= days && hour < 24 && minute < 60 && second_ok).then_some(())
}

fn digits(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    bytes.get(at..at + count)?.iter().try_fold(0, |n, b| b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0')))
}

#[cfg(test)]
mod tests {
    use super::{is_date, is_date_time, is_time};

    #[test]
    fn a_date_is_a_real_day_and_a_time_has_an_offset() {
        assert!(is_date("2024-02-29") && is_time("10:30:00.5-05:00") && is_time("23:59:60Z"));
        for bad in ["2023-02-29", "2024-2-29", "2024-02-29T", "", "2024-02-2é"] {
            assert!(!is_date(bad), "{bad}");
        }
        for bad in ["10:30:00", "24:00:00Z", "", "10:30Z"] {
            assert!(!is_time(bad), "{bad}");
        }
    }

    #[test]
    fn only_real_moments_with_an_offset_are_date_times() {
        for good in [
            "2024-01-15T10:30:00Z",
            "2024-01-15t10:30:00.123456789z",
            "2024-02-29T23:59:59-05:00",
            "1990-12-31T15:59:60-08:00",
            "0000-01-01T00:00:00+23:59",
        ] {
            assert!(is_date_time(good), "{good}");
        }
        for bad in [
            "2024-01-15T10:30:00",
            "2024-01-15 10:30:00Z",
            "2024-02-30T10:30:00Z",
            "2023-02-29T10:30:00Z",
            "2024-01-15T24:00:00Z",
            "2024-01-15T10:30:60Z",
            "2024-01-15T10:30:00.Z",
            "2024-01-15T10:30:00+5:00",
            "2024-01-15",
            "",
            "２024-01-15T10:30:00Z",
        ] {
            assert!(!is_date_time(bad), "{bad}");
        }
    }
}
