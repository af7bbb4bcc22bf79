//! CG0411: a tag is not among those that the document describes.

use std::collections::HashSet;

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    document::{Kind, Place, edit_distance},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let holder = if cx.resolved.three { cx.document.get(cx.resolved.root, "info") } else { Some(cx.resolved.root) };
    // Where the document lists none, each stands for itself.
    let Some(list) = holder.and_then(|holder| cx.document.get(holder, "tags")) else { return };
    let names = |list: Place| cx.document.items(list).filter_map(|tag| Some((tag, cx.document.get(tag, "name")?)));
    let known: HashSet<&str> = names(list).filter_map(|(_, name)| cx.document.str(name)).collect();
    for &other in cx.resolved.index.tags.iter().filter(|other| **other != list) {
        if cx.document.kind(other) != Kind::List {
            continue;
        }
        for (tag, name) in names(other) {
            let Some(text) = cx.document.str(name) else { continue };
            // One that is described in place needs no other description.
            if known.contains(text) || cx.document.get(tag, "description").is_some() {
                continue;
            }
            let near = known.iter().map(|known| (edit_distance(known, text), *known)).min();
            let help = match near {
                Some((distance, near)) if distance <= 2 => format!("did you mean `{near}`?"),
                _ => "describe it there, or here".to_owned(),
            };
            let message = format!("the tag `{text}` is not among the document's");
            findings.push(Diagnostic::new(Code::UNDEFINED_TAG, message).at(name).help(help));
        }
    }
}
