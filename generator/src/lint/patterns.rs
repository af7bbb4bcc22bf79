//! CG0510, CG0511: a pattern that cannot be enforced, or is none.

use std::collections::HashMap;

use super::Context;
use crate::{
    diagnostic::{At, Code, Diagnostic, Findings},
    pattern::{Unsupported, translate},
};

pub(super) fn check(cx: &Context<'_>, findings: &mut Findings) {
    let mut known: HashMap<&str, Option<Unsupported>> = HashMap::new();
    for (_, schema) in cx.schemas() {
        for member in &schema.members {
            let own = cx.document.get(*member, "pattern").and_then(|p| Some((cx.document.str(p)?, At::Value(p))));
            let named = cx.document.get(*member, "patternProperties");
            let named = named.into_iter().flat_map(|map| cx.document.entries(map)).map(|(key, p)| (key, At::Key(p)));
            for (pattern, at) in own.into_iter().chain(named) {
                match *known.entry(pattern).or_insert_with(|| translate(pattern).err()) {
                    None => {}
                    Some(Unsupported::Malformed) => findings.push(
                        Diagnostic::new(Code::BAD_PATTERN, "this is no regular expression")
                            .pointing(at)
                            .help("patterns are ECMA-262's; check brackets and escapes"),
                    ),
                    Some(why) => findings.push(
                        Diagnostic::new(
                            Code::PATTERN_NOT_ENFORCED,
                            format!("this pattern is not enforced: it uses {}", why.describe()),
                        )
                        .pointing(at)
                        .help("say it without, or check it where the value is used"),
                    ),
                }
            }
        }
    }
}
