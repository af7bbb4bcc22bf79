//! The topics beside a topic that belong to one group: what it gave up, what is brought back to it, and what it tries again later.

use crate::topic::Address;

/// What dead letters of a topic are brought back to a group through: `casos.creados.derivacion.redrive`. The group reads it
/// as soon as it exists; no other group does.
#[must_use]
pub fn redrive_topic(topic: &str, group: &str) -> String {
    format!("{topic}.{group}.redrive")
}

/// The regular expression of those topics for every topic of an address.
pub(crate) fn redrive_pattern(address: &Address, group: &str) -> String {
    address.regex_with(&redrive_topic("", group))
}

/// What a group tries again after a while, for the `n`-th time of that, counted from 1: `casos.creados.derivacion.retry.1`.
#[must_use]
pub fn retry_topic(topic: &str, group: &str, n: usize) -> String {
    format!("{topic}.{group}.retry.{n}")
}

/// The regular expression of those topics for every topic of an address.
pub(crate) fn retry_pattern(address: &Address, group: &str, n: usize) -> String {
    address.regex_with(&retry_topic("", group, n))
}

/// The topic whose events stand in a topic beside it; `None` of any other topic.
pub(crate) fn source<'t>(topic: &'t str, group: &str) -> Option<&'t str> {
    Some(split(topic, group)?.0)
}

/// Which retry topic of the group that is; 0 is none.
pub(crate) fn retry_number(topic: &str, group: &str) -> usize {
    split(topic, group).map_or(0, |(_, number)| number)
}

fn split<'t>(topic: &'t str, group: &str) -> Option<(&'t str, usize)> {
    let (rest, number) = match topic.strip_suffix(".redrive") {
        Some(rest) => (rest, 0),
        None => {
            let (rest, number) = topic.rsplit_once(".retry.")?;
            (rest, number.parse().ok().filter(|parsed: &usize| *parsed > 0 && parsed.to_string() == number)?)
        }
    };
    let source = rest.strip_suffix(group)?.strip_suffix('.')?;
    (!source.is_empty()).then_some((source, number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_topic_beside_it_is_found_by_its_name() {
        assert_eq!(source(&redrive_topic("casos.creados", "g.1"), "g.1"), Some("casos.creados"));
        let third = retry_topic("casos.creados", "g.1", 3);
        assert_eq!((source(&third, "g.1"), retry_number(&third, "g.1")), (Some("casos.creados"), 3));
        assert_eq!(retry_number("casos.creados", "g.1"), 0);
        for other in ["a.g.retry.", "a.g.retry.0", "a.g.retry.01", "a.h.retry.1", ".g.retry.1"] {
            assert_eq!(source(other, "g"), None, "{other}");
        }
        for other in ["casos.creados", "casos.creados.g.1.redrive", "casos.creadosg.redrive", ".g.redrive", "g.redrive"]
        {
            assert_eq!(source(other, "g"), None, "{other}");
        }
    }
}
