//! `<<`: YAML 1.1's merge key, which most parsers of AsyncAPI understand. What is merged is shared, not copied.

use super::{
    Document, Place,
    limits::Limits,
    tree::{Data, NONE},
};
use crate::diagnostic::{Code, Diagnostic, Findings};

impl Document {
    /// Applies the merge keys of the mappings from node `from` on. An entry of its own wins over a merged one, an earlier
    /// mapping over a later.
    pub(super) fn apply_merge_keys(&mut self, from: u32, limits: &Limits, findings: &mut Findings) {
        // What an alias stands for has been written before it, and so been merged before it; what is written out within a
        // merge key stands behind it, and goes first.
        let keys = (from..self.tree.len()).map(Place).filter(|p| self.key(*p) == Some("<<"));
        let (mut inner, outer): (Vec<Place>, Vec<Place>) = keys.partition(|key| self.is_within_merge_key(*key));
        inner.reverse();
        let mut added = 0;
        for key in inner.iter().chain(&outer) {
            let Some(map) = self.tree.parent(*key) else { continue };
            self.tree.unlink(*key);
            let sources = match self.tree.data(self.real(*key)) {
                Data::Map => vec![*key],
                Data::List => self.items(*key).collect(),
                _ => Vec::new(),
            };
            if sources.is_empty() || sources.iter().any(|s| !matches!(self.tree.data(self.real(*s)), Data::Map)) {
                let found = Diagnostic::new(Code::MERGE_KEY, "`<<` merges mappings, and this is none").at_key(*key);
                findings.push(found.help("let it stand for an alias of a mapping, or for a list of such"));
                continue;
            }
            for source in sources {
                let entries: Vec<(String, Place)> = self.entries(source).map(|(k, p)| (k.to_owned(), p)).collect();
                for (name, value) in entries {
                    added += 1;
                    if added > limits.alias_nodes || self.tree.len() >= limits.nodes {
                        let message = format!("the merge keys up to here add more than {} values", limits.alias_nodes);
                        findings.push(Diagnostic::new(Code::ALIAS_BUDGET, message).at_key(*key));
                        return;
                    }
                    if self.get(map, &name).is_none() {
                        self.merge_entry(map, &name, value);
                    }
                }
            }
        }
    }

    fn is_within_merge_key(&self, key: Place) -> bool {
        std::iter::successors(self.tree.parent(key), |p| self.tree.parent(*p)).any(|p| self.key(p) == Some("<<"))
    }

    fn merge_entry(&mut self, map: Place, name: &str, value: Place) {
        let range = |span: Option<super::Span>| span.map_or((0, 0), |s| (s.start, s.end));
        let (span, key_span) = (range(self.tree.span(value)), range(self.tree.key_span(value)));
        let last = self.tree.siblings(self.tree.first(map)).last().map_or(NONE, |p| p.0);
        let file = self.tree.file(value);
        let node = self.tree.push(file, Data::Alias(self.real(value).0), span, map.0, last);
        let text = self.tree.add_text(name);
        self.tree.set_key(node, text, key_span);
    }
}
