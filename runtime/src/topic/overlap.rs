//! Whether two addresses have a topic in common: both are read at once, a sign at a time.

use std::collections::HashSet;

/// A piece of a name.
pub(super) enum Label<'a> {
    /// One of these texts.
    OneOf(Vec<&'a str>),
    /// One sign of the first set, then any number of the other; as bits of ASCII.
    Signs { first: u128, other: u128 },
}

/// How far a name was read: which piece; which of its texts, and how many bytes of it. Of signs, whether there was one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct At {
    piece: usize,
    text: usize,
    read: usize,
}

/// What the next byte may be.
enum Next {
    This(u8),
    Any(u128),
}

/// Whether a text can be read as both.
pub(super) fn overlaps(one: &[Label<'_>], other: &[Label<'_>]) -> bool {
    let mut seen = HashSet::new();
    let mut pending = Vec::new();
    for a in starts(one, 0) {
        for b in starts(other, 0) {
            pending.push((a, b));
        }
    }
    while let Some((a, b)) = pending.pop() {
        if !seen.insert((a, b)) {
            continue;
        }
        if a.piece == one.len() && b.piece == other.len() {
            return true;
        }
        for (next_a, after_a) in steps(one, a) {
            for (next_b, after_b) in steps(other, b) {
                if meet(&next_a, &next_b) {
                    pending.extend(after_a.iter().flat_map(|a| after_b.iter().map(move |b| (*a, *b))));
                }
            }
        }
    }
    false
}

fn meet(one: &Next, other: &Next) -> bool {
    match (one, other) {
        (Next::This(a), Next::This(b)) => a == b,
        (Next::This(a), Next::Any(set)) | (Next::Any(set), Next::This(a)) => *a < 128 && set >> a & 1 == 1,
        (Next::Any(a), Next::Any(b)) => a & b != 0,
    }
}

/// Where reading a piece begins; behind the last piece, the end.
fn starts(labels: &[Label<'_>], piece: usize) -> Vec<At> {
    match labels.get(piece) {
        None | Some(Label::Signs { .. }) => vec![At { piece, text: 0, read: 0 }],
        Some(Label::OneOf(texts)) => texts
            .iter()
            .enumerate()
            .flat_map(|(text, said)| match said.is_empty() {
                true => starts(labels, piece + 1),
                false => vec![At { piece, text, read: 0 }],
            })
            .collect(),
    }
}

/// What may come next, and where reading is then.
fn steps(labels: &[Label<'_>], at: At) -> Vec<(Next, Vec<At>)> {
    match labels.get(at.piece) {
        None => Vec::new(),
        Some(Label::OneOf(texts)) => {
            let Some(byte) = texts.get(at.text).and_then(|text| text.as_bytes().get(at.read)) else {
                return Vec::new();
            };
            let read = at.read + 1;
            let after = match texts[at.text].len() == read {
                true => starts(labels, at.piece + 1),
                false => vec![At { read, ..at }],
            };
            vec![(Next::This(*byte), after)]
        }
        Some(Label::Signs { first, other }) => {
            let mut after = vec![At { read: 1, ..at }];
            after.extend(starts(labels, at.piece + 1));
            vec![(Next::Any(if at.read == 0 { *first } else { *other }), after)]
        }
    }
}
