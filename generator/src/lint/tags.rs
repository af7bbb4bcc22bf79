//! CG0408: a tag stands twice in one list.

use std::collections::HashMap;

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Kind, Place},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for &list in cx.resolved.index.tags.iter().filter(|l| cx.document.kind(**l) == Kind::List) {
        let mut first: HashMap<&str, Place> = HashMap::new();
        for tag in cx.document.items(list) {
            let Some(name) = cx.document.get(tag, "name") else { continue };
            let Some(text) = cx.document.str(name) else { continue };
            match first.get(text) {
                Some(other) => findings.push(
                    Diagnostic::new(Code::DUPLICATE_TAG, format!("the tag `{text}` stands twice in one list"))
                        .at(name)
                        .related(At::Value(*other), "first here")
                        .help("remove one of them"),
                ),
                None => {
                    first.insert(text, name);
                }
            }
        }
    }
}
