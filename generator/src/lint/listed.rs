//! CG0415: a default, or an example, of a server's variable or of a 3.x parameter is none of the values it may take.

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    document::{Kind, Place},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    for role in [Role::Variable, Role::Parameter] {
        for &holder in cx.resolved.index.of(role) {
            of(cx, holder, findings);
        }
    }
}

fn of(cx: &Context<'_>, holder: Place, findings: &mut Findings) {
    let Some(list) = cx.document.get(holder, "enum").filter(|list| cx.document.kind(*list) == Kind::List) else {
        return;
    };
    let values: Vec<&str> = cx.document.items(list).filter_map(|item| cx.document.str(item)).collect();
    if cx.document.items(list).next().is_none() {
        let found = Diagnostic::new(Code::NOT_LISTED, "this `enum` lists no value").at_key(list);
        findings.push(found.help("list what it may be, or leave `enum` out: then it may be anything"));
        return;
    }
    let examples = cx.document.get(holder, "examples").into_iter().flat_map(|list| cx.document.items(list));
    for place in cx.document.get(holder, "default").into_iter().chain(examples) {
        let Some(text) = cx.document.str(place) else { continue };
        if !values.contains(&text) {
            findings.push(
                Diagnostic::new(Code::NOT_LISTED, format!("`{text}` is none of the values that are listed"))
                    .at(place)
                    .related(At::Key(list), "the values")
                    .help("add it to `enum`, or correct it"),
            );
        }
    }
}
