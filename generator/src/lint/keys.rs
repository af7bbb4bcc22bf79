//! CG0307: a key of the components, or of the servers, has signs that it must not have.

use super::Context;
use crate::diagnostic::{Code, Diagnostic, Findings};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let Some(root) = cx.document.root(0) else { return };
    let components = cx.document.get(root, "components");
    let sections = components.into_iter().flat_map(|components| cx.document.entries(components));
    let sections = sections.filter(|(name, _)| !name.starts_with("x-")).map(|(_, section)| (section, true));
    let servers = cx.document.get(root, "servers").map(|servers| (servers, false));
    for (section, dots) in sections.chain(servers) {
        for (key, place) in cx.document.entries(section) {
            let sound = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-') || (dots && c == '.');
            if key.is_empty() || !key.chars().all(sound) {
                let shown: String = key.chars().take(64).collect();
                findings.push(
                    Diagnostic::new(Code::BAD_KEY, format!("{shown:?} is not what a key may be here"))
                        .at_key(place)
                        .help(match dots {
                            true => "letters, digits, `.`, `-` and `_`",
                            false => "letters, digits, `-` and `_`",
                        }),
                );
            }
        }
    }
}
