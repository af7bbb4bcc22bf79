//! The command line: one file a subcommand. stdout carries results, stderr the rest.

#[cfg(feature = "cluster")]
mod brokers;
mod check;
#[cfg(feature = "cluster")]
mod dlq;
mod explain;
mod generate;
mod output;
mod schema;
mod topics;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// What a process ends with; part of the interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// All is well.
    Fine = 0,
    /// There are findings.
    Findings = 1,
    /// The command line is wrong, or a file could not be read or written.
    Trouble = 2,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Turns an AsyncAPI document into a typed Rust crate of its events.
#[derive(Debug, Parser)]
#[command(name = "conecta-gen", version, max_term_width = 80)]
#[command(after_help = "Exit codes: 0 fine, 1 findings, 2 usage or input/output.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Args),
    #[cfg(feature = "cluster")]
    Dlq(dlq::Args),
    Explain(explain::Args),
    Generate(generate::Args),
    Schema(schema::Args),
    Topics(topics::Args),
}

/// Runs the command line of this process.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // clap exits with 2 on usage and 0 on --help; its print fails where the pipe is gone.
            let _ = error.print();
            return ExitCode::from(error.exit_code() as u8);
        }
    };
    let exit = match cli.command {
        Command::Check(args) => check::run(&args),
        #[cfg(feature = "cluster")]
        Command::Dlq(args) => dlq::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Generate(args) => generate::run(&args),
        Command::Schema(args) => schema::run(&args),
        Command::Topics(args) => topics::run(&args),
    };
    exit.into()
}
