//! CG0403: a channel names a server that is not defined. CG0410: a variable of a server's address is not described.

use super::Context;
use crate::{
    api::names_in,
    diagnostic::{At, Code, Diagnostic, Findings, Severity},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    if !cx.resolved.three {
        let servers = cx.document.get(cx.resolved.root, "servers");
        let channels = cx.document.get(cx.resolved.root, "channels");
        for (_, channel) in channels.into_iter().flat_map(|c| cx.document.entries(c)) {
            let named = cx.document.get(channel, "servers");
            for item in named.into_iter().flat_map(|l| cx.document.items(l)) {
                let Some(name) = cx.document.str(item) else { continue };
                if servers.is_none_or(|s| cx.document.get(s, name).is_none()) {
                    findings.push(
                        Diagnostic::new(Code::UNKNOWN_SERVER, format!("the document has no server `{name}`"))
                            .at(item)
                            .help("name one of the keys under `servers`"),
                    );
                }
            }
        }
    }
    for &server in cx.resolved.index.of(Role::Server) {
        let variables = cx.document.get(server, "variables");
        for key in ["url", "host", "pathname"] {
            let Some(place) = cx.document.get(server, key) else { continue };
            for name in names_in(cx.document.str(place).unwrap_or_default()) {
                if variables.is_none_or(|v| cx.document.get(v, name).is_none()) {
                    let mut found = Diagnostic::new(
                        Code::VARIABLE_NOT_DESCRIBED,
                        format!("the variable `{name}` is not described"),
                    )
                    .at(place)
                    .help(format!("add `{name}` to the server's `variables`"));
                    match variables {
                        Some(variables) => found = found.related(At::Key(variables), "it is not among these"),
                        None => found.severity = Severity::Warning,
                    }
                    findings.push(found);
                }
            }
        }
    }
}
