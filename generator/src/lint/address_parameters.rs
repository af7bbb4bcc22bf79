//! CG0419: the braces of an address make no parameter, or one whose name cannot be one.

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    resolve::objects::Role,
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let names = cx.channel_names();
    for &place in cx.resolved.index.of(Role::Channel) {
        let (address, at) = match cx.document.get(place, "address") {
            Some(address) if cx.resolved.three => (cx.document.str(address), At::Value(address)),
            _ => (names.get(&place).copied(), At::Key(place)),
        };
        if let Some(fault) = address.and_then(fault) {
            findings.push(
                Diagnostic::new(Code::PARAMETER_NAME, fault)
                    .pointing(at)
                    .help("a parameter is written `{name}`: letters, digits, `-` and `_` between two braces"),
            );
        }
    }
}

/// What is wrong with the first parameter that is not one.
fn fault(address: &str) -> Option<String> {
    let mut rest = address;
    while let Some(at) = rest.find(['{', '}']) {
        let after = &rest[at + 1..];
        if rest[at..].starts_with('}') {
            return Some("a `}` of the address closes nothing".to_owned());
        }
        let end = after.find(['{', '}']).filter(|end| after[*end..].starts_with('}'));
        let Some(end) = end else { return Some("a `{` of the address is not closed".to_owned()) };
        let name = &after[..end];
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')) {
            let shown: String = name.chars().take(64).collect();
            return Some(format!("{shown:?} cannot be the name of a parameter"));
        }
        rest = &after[end + 1..];
    }
    None
}
