//! CG0407: a security requirement of 2.x names a scheme that is not defined.

use std::collections::HashSet;

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    document::Place,
    resolve::objects::Role,
};

/// The schemes that the requirements of a 2.x document name, and where.
fn requirements<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = (&'a str, Place)> {
    let roles = [Role::Server, Role::Operation, Role::OperationTrait].into_iter().filter(|_| !cx.resolved.three);
    let holders = roles.flat_map(|role| cx.resolved.index.of(role));
    let lists = holders.filter_map(|holder| cx.document.get(*holder, "security"));
    lists.flat_map(|list| cx.document.items(list)).flat_map(|requirement| cx.document.entries(requirement))
}

/// The names of the schemes that are required somewhere.
pub(super) fn named<'a>(cx: &'a Context<'_>) -> HashSet<&'a str> {
    requirements(cx).map(|(name, _)| name).collect()
}

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let components = cx.document.get(cx.resolved.root, "components");
    let schemes = components.and_then(|c| cx.document.get(c, "securitySchemes"));
    for (name, place) in requirements(cx) {
        if schemes.is_none_or(|s| cx.document.get(s, name).is_none()) {
            findings.push(
                Diagnostic::new(Code::UNKNOWN_SECURITY, format!("there is no security scheme `{name}`"))
                    .at_key(place)
                    .help("define it under `components.securitySchemes`"),
            );
        }
    }
}
