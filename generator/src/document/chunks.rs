//! Handing a large YAML text to serde_yaml piece by piece. It turns all it is given into events before it makes the first
//! value of them, some 270 bytes an event: a third of what a large document costs. The entries of a block mapping, cut out
//! with their indentation, are a document of their own that reads the same.

use std::ops::Range;

use super::{
    Place,
    tree::{Data, NONE, Tree},
};

/// Below this a piece is not worth cutting. Tests cut small texts.
const PIECE: usize = if cfg!(test) { 4 << 10 } else { 256 << 10 };

/// Entries of one mapping, and their text.
pub(super) struct Piece {
    /// The first entry.
    pub(super) first: u32,
    /// The entry behind the last; `NONE` where it is the mapping's last.
    pub(super) until: u32,
    /// Bytes of the text.
    pub(super) range: Range<usize>,
}

/// Cuts a text into pieces, where it is large and can be cut. `anchors` bind distant parts together.
pub(super) fn pieces(tree: &Tree, root: u32, text: &str, anchors: bool) -> Vec<Piece> {
    let mut pieces = Vec::new();
    if !anchors && text.len() > 2 * PIECE && cut(tree, root, text, text.len(), &mut pieces).is_some() {
        return pieces;
    }
    Vec::new()
}

/// The entries of `map`, whose text ends at `end`. `None` where an entry does not begin on a line of its own.
fn cut(tree: &Tree, map: u32, text: &str, end: usize, pieces: &mut Vec<Piece>) -> Option<()> {
    let entries: Vec<u32> = tree.siblings(tree.raw_first(map)).map(|p| p.0).collect();
    let mut starts = entries.iter().map(|e| line_start(tree, *e, text)).collect::<Option<Vec<usize>>>()?;
    starts.push(end);
    let mut open: Option<(u32, usize)> = None;
    for (i, &entry) in entries.iter().enumerate() {
        let range = starts[i]..starts[i + 1];
        let close = |open: &mut Option<(u32, usize)>, pieces: &mut Vec<Piece>, until: u32, end: usize| {
            if let Some((first, start)) = open.take() {
                pieces.push(Piece { first, until, range: start..end });
            }
        };
        if range.len() > PIECE && matches!(tree.raw(entry), Data::Map) {
            close(&mut open, pieces, entry, range.start);
            let before = pieces.len();
            if cut(tree, entry, text, range.end, pieces).is_some() {
                continue;
            }
            // A flow mapping: whole, then.
            pieces.truncate(before);
        }
        let start = open.get_or_insert((entry, range.start)).1;
        if range.end - start > PIECE {
            close(&mut open, pieces, entries.get(i + 1).copied().unwrap_or(NONE), range.end);
        }
    }
    if let Some((first, start)) = open {
        pieces.push(Piece { first, until: NONE, range: start..end });
    }
    Some(())
}

/// Where the line begins that a key stands on alone.
fn line_start(tree: &Tree, entry: u32, text: &str) -> Option<usize> {
    let at = tree.key_span(Place(entry))?.start as usize;
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    // The first line of a flow mapping, or of a list's item, has its mark before the key.
    text[start..at].bytes().all(|b| b == b' ').then_some(start)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::{
        diagnostic::Findings,
        document::{Document, NoFiles, Source},
    };

    /// A text in which pieces begin and end at awkward places.
    fn large() -> String {
        let mut text = String::from("# before\nfirst: 1\nmap:\n");
        for i in 0..150 {
            text += &format!(
                "  key{i}:\n    folded: >-\n      some text\n\n      more\n    # a comment\n\n    list:\n    - a: {i}\n    -\n      - nested\n"
            );
        }
        text += "  flow: {\n    a: 1,\n    b: [2,\n 3]\n  }\n# between\n\nlast:\n  inner:\n";
        for i in 0..150 {
            text += &format!("      'k {i}': |\n        block\n         text {i}\n\n");
        }
        text
    }

    #[test]
    fn a_text_read_in_pieces_is_what_it_is_as_a_whole() {
        let text = large();
        let mut findings = Findings::default();
        let (document, root) = Document::read(Source::new("large.yaml", text.clone()), &NoFiles, &mut findings);
        assert_eq!(findings.into_sorted(&document), []);
        let root = root.unwrap();
        assert!(super::pieces(&document.tree, root.0, &text, false).len() > 3, "it was not cut");
        let whole: serde_json::Value = serde_yaml::from_str(&text).unwrap();
        assert!(document.value(root) == whole);
    }

    #[test]
    fn a_fault_in_a_piece_is_found_at_its_place() {
        let text = large() + "bad: .inf\n";
        let line = text.lines().count();
        let mut findings = Findings::default();
        let (document, root) = Document::read(Source::new("large.yaml", text), &NoFiles, &mut findings);
        assert!(root.is_none());
        let span = document.span(findings.into_sorted(&document)[0].at.unwrap()).unwrap();
        assert_eq!(document.files()[0].position(span.start).line, line);
    }
}
