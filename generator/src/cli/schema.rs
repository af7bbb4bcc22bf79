//! `conecta-gen schema`: JSON Schemas of what this tool reads and writes.

use super::{Exit, output};
use crate::{config::Config, diagnostic::findings_schema};

/// Print the JSON Schema of a file that this tool reads or writes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen schema config > conecta-gen.schema.json
  conecta-gen schema findings")]
pub(super) struct Args {
    /// Which
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Of {
    /// conecta-gen.toml, for editors to complete it
    Config,
    /// What `check --format json` prints
    Findings,
}

pub(super) fn run(args: &Args) -> Exit {
    let schema = match args.of {
        Of::Config => Config::schema(),
        Of::Findings => findings_schema(),
    };
    match serde_json::to_string_pretty(&schema) {
        Ok(text) => output::results(&format!("{text}\n")).map_or_else(|exit| exit, |()| Exit::Fine),
        Err(error) => output::trouble(&format!("cannot write the schema: {error}")),
    }
}
