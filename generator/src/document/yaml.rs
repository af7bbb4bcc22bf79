//! The gate for YAML: one pass over the parser's events that draws up the tree, keys and spans, and refuses what would be
//! dangerous or ambiguous before any value is made: depth, alias expansion, cycles, several documents, unknown tags.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle, Tag};

use super::{
    limits::Limits,
    read::Refusal,
    tree::{Data, NONE, Tree},
};
use crate::diagnostic::Code;

/// A list or mapping that is still open.
struct Open {
    node: u32,
    map: bool,
    last: u32,
    /// The key whose value comes next.
    key: Option<(u32, u32, String)>,
    anchor: usize,
}

/// What an anchor stands for.
#[derive(Clone, Copy)]
struct Anchored {
    node: u32,
    /// Nodes it has, aliases in it expanded; 0 while it is still open.
    size: u64,
    /// Levels it has.
    height: u32,
}

struct Gate<'a> {
    tree: &'a mut Tree,
    limits: &'a Limits,
    file: u32,
    open: Vec<Open>,
    /// Size and height gathered for each open collection, parallel to `open`.
    sums: Vec<(u64, u32)>,
    anchors: Vec<Option<Anchored>>,
    added_by_aliases: u64,
    root: u32,
}

/// Draws up the tree of a YAML text. Scalars are left as the text they are written as; [`super::fill`] gives them values.
///
/// Gives the top node, and whether there are anchors.
pub(super) fn read(text: &str, file: u32, tree: &mut Tree, limits: &Limits) -> Result<(u32, bool), Refusal> {
    tree.reserve(text.len() / 20, text.len() / 2);
    let options = granit_parser::options! { emit_comments: false };
    let gate = Gate {
        tree,
        limits,
        file,
        open: Vec::new(),
        sums: Vec::new(),
        anchors: Vec::new(),
        added_by_aliases: 0,
        root: NONE,
    };
    gate.run(Parser::new_from_str_with_options(text, options), text)
}

type Range = (u32, u32);

impl Gate<'_> {
    fn run<'t>(
        mut self,
        events: impl Iterator<Item = Result<(Event<'t>, granit_parser::Span), granit_parser::ScanError>>,
        text: &str,
    ) -> Result<(u32, bool), Refusal> {
        let mut documents = 0;
        for event in events {
            let (event, span) = event.map_err(|e| syntax(&e, text, self.limits))?;
            let range = span.byte_range().map_or((0, 0), |r| (r.start as u32, r.end as u32));
            match event {
                Event::DocumentStart(..) => {
                    documents += 1;
                    if documents > 1 {
                        return Err(Refusal::new(
                            Code::SEVERAL_DOCUMENTS,
                            "the file holds more than one document",
                            range,
                        )
                        .help("keep one document in the file: remove the part from this `---` on"));
                    }
                }
                Event::Scalar(value, style, anchor, tag) => self.scalar(&value, style, anchor, tag, range)?,
                Event::SequenceStart(_, anchor, tag) => self.start(Data::List, anchor, tag, range)?,
                Event::MappingStart(_, anchor, tag) => self.start(Data::Map, anchor, tag, range)?,
                Event::SequenceEnd | Event::MappingEnd => self.end(range),
                Event::Alias(anchor) => self.alias(anchor, range)?,
                _ => {}
            }
        }
        Ok((self.root, !self.anchors.is_empty()))
    }

    fn scalar(
        &mut self,
        value: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<Cow<'_, Tag>>,
        range: Range,
    ) -> Result<(), Refusal> {
        check_tag(tag, range)?;
        if let Some(open) = self.open.last_mut().filter(|o| o.map && o.key.is_none()) {
            open.key = Some((range.0, range.1, value.to_owned()));
            return Ok(());
        }
        if style == ScalarStyle::Plain && is_beyond_doubles(value) {
            return Err(Refusal::new(Code::NOT_A_NUMBER, "the number is too large", range)
                .help("JSON's numbers are doubles in practice, up to 1.8e308; put the text in quotes if it is text"));
        }
        let text = self.tree.add_text(value);
        let node = self.add(Data::Text(text), range)?;
        self.account(1, 0);
        self.anchor(anchor, Anchored { node, size: 1, height: 0 });
        Ok(())
    }

    fn start(&mut self, data: Data, anchor: usize, tag: Option<Cow<'_, Tag>>, range: Range) -> Result<(), Refusal> {
        check_tag(tag, range)?;
        let map = matches!(data, Data::Map);
        self.refuse_complex_key(range)?;
        if self.open.len() as u32 >= self.limits.depth {
            return Err(too_deep(self.limits, range));
        }
        let node = self.add(data, range)?;
        self.anchor(anchor, Anchored { node, size: 0, height: 0 });
        self.open.push(Open { node, map, last: NONE, key: None, anchor });
        self.sums.push((1, 0));
        Ok(())
    }

    fn end(&mut self, range: Range) {
        let (Some(open), Some((size, height))) = (self.open.pop(), self.sums.pop()) else { return };
        // A block collection ends where its last child does, not where the next token begins.
        let end = match open.last {
            NONE => range.1,
            last => {
                let child = self.tree.span(super::Place(last)).map_or(range.1, |s| s.end);
                if range.1 > range.0 { range.1 } else { child }
            }
        };
        self.tree.set_end(open.node, end);
        self.anchor(open.anchor, Anchored { node: open.node, size, height: height + 1 });
        self.account(size, height + 1);
    }

    fn alias(&mut self, anchor: usize, range: Range) -> Result<(), Refusal> {
        self.refuse_complex_key(range)?;
        let Some(target) = self.anchors.get(anchor).copied().flatten() else {
            return Err(Refusal::new(Code::SYNTAX, "this alias has no anchor", range));
        };
        if target.size == 0 {
            return Err(Refusal::new(Code::CYCLIC_ALIAS, "this alias stands within what it stands for", range)
                .help("a value cannot contain itself; for a schema that refers to itself write a `$ref`"));
        }
        self.added_by_aliases += target.size;
        if self.added_by_aliases > self.limits.alias_nodes {
            return Err(Refusal::new(
                Code::ALIAS_BUDGET,
                format!("the aliases up to here stand for more than {} values", self.limits.alias_nodes),
                range,
            )
            .help("write shared parts once under `components` and refer to them with `$ref`; or raise `alias_values` under `[limits]` in conecta-gen.toml"));
        }
        if self.open.len() as u32 + target.height > self.limits.depth {
            return Err(too_deep(self.limits, range));
        }
        self.add(Data::Alias(target.node), range)?;
        self.account(target.size, target.height);
        Ok(())
    }

    /// Where a mapping's key must come, a collection or an alias does not do: JSON has no such keys.
    fn refuse_complex_key(&self, range: Range) -> Result<(), Refusal> {
        match self.open.last() {
            Some(open) if open.map && open.key.is_none() => {
                Err(Refusal::new(Code::KEY_NOT_TEXT, "a key must be a plain scalar", range)
                    .help("keys are names here, as in JSON; write the name itself"))
            }
            _ => Ok(()),
        }
    }

    fn add(&mut self, data: Data, range: Range) -> Result<u32, Refusal> {
        if self.tree.len() >= self.limits.nodes {
            return Err(too_many(self.limits, range));
        }
        let (parent, previous) = self.open.last().map_or((NONE, NONE), |o| (o.node, o.last));
        let node = self.tree.push(self.file, data, range, parent, previous);
        match self.open.last_mut() {
            Some(open) => {
                open.last = node;
                if let Some((start, end, key)) = open.key.take() {
                    let key = self.tree.add_text(&key);
                    self.tree.set_key(node, key, (start, end));
                }
            }
            None => self.root = node,
        }
        Ok(node)
    }

    fn account(&mut self, size: u64, height: u32) {
        if let Some(sum) = self.sums.last_mut() {
            *sum = (sum.0 + size, sum.1.max(height));
        }
    }

    fn anchor(&mut self, anchor: usize, what: Anchored) {
        if anchor == 0 {
            return;
        }
        if self.anchors.len() <= anchor {
            self.anchors.resize(anchor + 1, None);
        }
        self.anchors[anchor] = Some(what);
    }
}

/// A number that is infinite as a double; serde_yaml would take it for text.
fn is_beyond_doubles(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && (text.len() > 300 || text.contains(['e', 'E']))
        && text.parse().is_ok_and(f64::is_infinite)
}

/// YAML's own tags say what untagged text would mean too; any other asks for a type that JSON does not have.
fn check_tag(tag: Option<Cow<'_, Tag>>, range: Range) -> Result<(), Refusal> {
    match tag {
        // `!` alone says that a scalar is text.
        Some(tag) if !tag.is_yaml_core_schema() && tag.original() != "!" => {
            Err(Refusal::new(Code::TAG, format!("the tag `{}` has no meaning here", tag.original()), range)
                .help("remove the tag; AsyncAPI documents hold the values of JSON"))
        }
        _ => Ok(()),
    }
}

/// Too many values, at the one that is too many.
pub(super) fn too_many(limits: &Limits, range: Range) -> Refusal {
    Refusal::new(Code::TOO_LARGE, format!("the document has more than {} values up to here", limits.nodes), range)
        .help("split it into several documents, or raise `values` under `[limits]` in conecta-gen.toml")
}

/// Too many levels, at the one that is too deep.
pub(super) fn too_deep(limits: &Limits, range: Range) -> Refusal {
    Refusal::new(Code::TOO_DEEP, format!("lists and mappings are nested more than {} deep here", limits.depth), range)
        .help("move inner parts to `components` and refer to them with `$ref`; or raise `depth` under `[limits]` in conecta-gen.toml")
}

fn syntax(error: &granit_parser::ScanError, text: &str, limits: &Limits) -> Refusal {
    let offset = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    // The parser looks ahead in flow collections, and so may be the first to meet the bottom.
    if matches!(error.kind(), granit_parser::ErrorKind::RecursionLimitExceeded) {
        return too_deep(limits, (offset as u32, offset as u32 + 1));
    }
    let line_start = text[..offset].rfind('\n').map_or(0, |i| i + 1);
    let line_end = text[line_start..].find('\n').map_or(text.len(), |i| line_start + i);
    let line = &text[line_start..line_end];
    let indent = line.len() - line.trim_start_matches([' ', '\t']).len();
    if let Some(tab) = line[..indent].find('\t') {
        let at = (line_start + tab) as u32;
        return Refusal::new(Code::TAB, "a tab is used for indentation", (at, at + 1))
            .help("YAML is indented with spaces; replace the tab");
    }
    let end = text[offset..].chars().next().filter(|c| *c != '\n').map_or(offset, |c| offset + c.len_utf8());
    Refusal::new(Code::SYNTAX, format!("this is not YAML: {}", error.info()), (offset as u32, end as u32))
}
