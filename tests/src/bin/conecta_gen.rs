//! `conecta-gen` as it is built, for the tests to run.

use std::process::ExitCode;

fn main() -> ExitCode {
    conecta_gen::cli::run()
}
