//! The formats of texts that a contract can have held up.

use crate::{Date, DateTime, Time};

/// Whether a text is of a format. What is not known here, every text is: the generator asks for those that it knows.
pub(super) fn has_format(text: &str, format: &str) -> bool {
    match format {
        "date" => text.parse::<Date>().is_ok(),
        "time" => text.parse::<Time>().is_ok(),
        "date-time" => DateTime::is_valid(text),
        "duration" => is_duration(text),
        "uuid" => text.len() == 36 && uuid::Uuid::try_parse(text).is_ok(),
        "ipv4" => text.parse::<std::net::Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<std::net::Ipv6Addr>().is_ok(),
        "hostname" => is_hostname(text),
        "uri" => has_scheme(text) && is_reference(text),
        "uri-reference" => is_reference(text),
        "byte" => is_base64(text),
        "email" => text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !text.contains(char::is_whitespace)
        }),
        _ => true,
    }
}

/// ISO 8601 as RFC 3339, appendix A, has it: `P3Y6M4DT12H30M5S`, `PT36H`, `P2W`. A unit follows the next larger one.
fn is_duration(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('P') else { return false };
    let (date, time) = match rest.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (rest, None),
    };
    if time.is_none() && amounts(date, "W").is_some_and(|count| count == 1) {
        return true;
    }
    let time = time.map(|time| amounts(time, "HMS").filter(|count| *count > 0));
    match (amounts(date, "YMD"), time) {
        (Some(count), None) => count > 0,
        (Some(_), Some(Some(_))) => true,
        _ => false,
    }
}

/// How many amounts there are, each with the next of these units; `None` of anything else.
fn amounts(text: &str, units: &str) -> Option<usize> {
    let (mut rest, mut units, mut count) = (text, units, 0);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let unit = rest[digits..].chars().next().filter(|_| digits > 0)?;
        let at = units.find(unit).filter(|at| *at == 0 || count == 0)?;
        units = &units[at + 1..];
        rest = &rest[digits + 1..];
        count += 1;
    }
    Some(count)
}

/// RFC 1123.
fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    text.len() <= 253 && text.split('.').all(label)
}

/// RFC 3986: whether it begins with `scheme:`.
fn has_scheme(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    })
}

/// RFC 3986: a URI, or a reference relative to one.
fn is_reference(text: &str) -> bool {
    let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
    let (text, query) = text.split_once('?').unwrap_or((text, ""));
    let first = text.split('/').next().unwrap_or_default();
    let rest = match first.contains(':') {
        true if !has_scheme(text) => return false,
        true => &text[text.find(':').map_or(0, |at| at + 1)..],
        false => text,
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    is_authority(authority) && has_only(path, b"/:@") && has_only(query, b"/:@?") && has_only(fragment, b"/:@?")
}

fn is_authority(text: &str) -> bool {
    let (user, place) = text.rsplit_once('@').unwrap_or(("", text));
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let Some((host, after)) = rest.split_once(']') else { return false };
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            ("", after.strip_prefix(':').unwrap_or(if after.is_empty() { "" } else { "?" }))
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    has_only(user, b":") && has_only(host, b"") && port.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether there is nothing but what RFC 3986 allows everywhere, percent encoding, and these.
fn has_only(text: &str, besides: &[u8]) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().enumerate().all(|(at, byte)| match byte {
        b'%' => bytes.get(at + 1..at + 3).is_some_and(|code| code.iter().all(u8::is_ascii_hexdigit)),
        byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(byte) || besides.contains(byte),
    })
}

/// RFC 4648, section 4, padded.
fn is_base64(text: &str) -> bool {
    let digits = text.trim_end_matches('=');
    text.len().is_multiple_of(4)
        && text.len() - digits.len() <= 2
        && digits.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/".contains(&byte))
}
