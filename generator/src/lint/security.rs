//! CG0407: a security requirement of 2.x names a scheme that is not defined.

use super::Context;
use crate::{
    diagnostic::{Code, Diagnostic, Findings},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    if cx.resolved.three {
        return;
    }
    let components = cx.document.get(cx.resolved.root, "components");
    let schemes = components.and_then(|c| cx.document.get(c, "securitySchemes"));
    for role in [Role::Server, Role::Operation, Role::OperationTrait] {
        for &holder in cx.resolved.index.of(role) {
            let list = cx.document.get(holder, "security");
            let requirements = list.into_iter().flat_map(|l| cx.document.items(l));
            for (name, place) in requirements.flat_map(|r| cx.document.entries(r)) {
                if schemes.is_none_or(|s| cx.document.get(s, name).is_none()) {
                    findings.push(
                        Diagnostic::new(Code::UNKNOWN_SECURITY, format!("there is no security scheme `{name}`"))
                            .at_key(place)
                            .help("define it under `components.securitySchemes`"),
                    );
                }
            }
        }
    }
}
