//! The topics beside a topic that belong to one group: what it gave up, and what is brought back to it.

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

/// The topic whose events stand in a topic beside it; `None` of any other topic.
pub(crate) fn source<'t>(topic: &'t str, group: &str) -> Option<&'t str> {
    let source = topic.strip_suffix(".redrive")?.strip_suffix(group)?.strip_suffix('.')?;
    (!source.is_empty()).then_some(source)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_of_a_topic_beside_it_is_found_by_its_name() {
        assert_eq!(source(&redrive_topic("casos.creados", "g.1"), "g.1"), Some("casos.creados"));
        for other in ["casos.creados", "casos.creados.g.1.redrive", "casos.creadosg.redrive", ".g.redrive", "g.redrive"]
        {
            assert_eq!(source(other, "g"), None, "{other}");
        }
    }
}
