//! `conecta-gen dlq`: what a group has given up: look at it, bring it back, let it rest.

mod contract;
mod filter;
mod settle;
mod view;

use clap::Subcommand;
use conecta_runtime::kafka::{DeadLetters, DeadLettersError};

use super::brokers::Brokers;
use super::output::ResultFormat as Format;
use super::{Exit, output};

/// Look at a group's dead letters, bring them back or skip them
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen dlq list casos.creados derivacion --since 2h
  conecta-gen dlq show casos.creados derivacion 3@17
  conecta-gen dlq redrive casos.creados derivacion --code failed --dry-run
  conecta-gen dlq redrive casos.creados derivacion --all
  conecta-gen dlq skip casos.creados derivacion --at 3@17

The brokers are those of --brokers or of BROKERS; any property of librdkafka is \
set in the environment, as services do it: CONECTA_KAFKA_SASL_PASSWORD is \
sasl.password.

Exit codes: 0 fine, 1 nothing is there of what was asked for, or a mended payload \
breaks the contract, 2 usage or input/output.")]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    List(view::List),
    Show(view::Show),
    Export(view::Export),
    Redrive(settle::Redrive),
    Skip(settle::Skip),
}

pub(super) fn run(args: &Args) -> Exit {
    let done = match &args.command {
        Command::List(args) => view::list(args),
        Command::Show(args) => view::show(args),
        Command::Export(args) => view::export(args),
        Command::Redrive(args) => settle::redrive(args),
        Command::Skip(args) => settle::skip(args),
    };
    done.unwrap_or_else(|exit| exit)
}

/// Whose dead letters.
#[derive(Debug, clap::Args)]
struct Target {
    /// The topic that the events were published to
    topic: String,
    /// The consumer group that gave them up
    group: String,
    #[command(flatten)]
    brokers: Brokers,
}

impl Target {
    fn letters(&self) -> Result<DeadLetters, Exit> {
        let settings = self.brokers.settings()?;
        Ok(DeadLetters::new(&settings, &self.topic, &self.group))
    }
}

fn trouble(error: &DeadLettersError) -> Exit {
    output::trouble(&error.to_string())
}
