//! `conecta-gen explain`: what a code means.

use super::{Exit, output};
use crate::diagnostic::{Code, explain};

/// Explain the code of a finding
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  conecta-gen explain CG0105\n  conecta-gen explain --all")]
pub(super) struct Args {
    /// The code, `CG0105`
    #[arg(required_unless_present = "all")]
    code: Option<String>,
    /// List every code with its meaning
    #[arg(long, conflicts_with = "code")]
    all: bool,
}

pub(super) fn run(args: &Args) -> Exit {
    let text = match &args.code {
        None => Code::all().map(|c| format!("{c} {:7} {}\n", c.severity().as_str(), c.title())).collect(),
        Some(text) => match Code::parse(text) {
            Some(code) => explain(code),
            None => {
                return output::trouble(&format!("there is no code `{text}`; `conecta-gen explain --all` lists them"));
            }
        },
    };
    output::results(&text).map_or_else(|exit| exit, |()| Exit::Fine)
}
