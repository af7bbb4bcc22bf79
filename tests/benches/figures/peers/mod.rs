//! What others make of the same work, built and run beside ours where the registries have them.
//!
//! They are installed into the cache (`CONECTA_CACHE`, else `.cache`), in the versions named here and in `benches/peers`; one whose
//! tool or registry is not there is left out with a word.

pub(crate) mod consumers;
pub(crate) mod generators;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conecta_tests::kafka::root;

/// Seconds that an installation may take.
const INSTALLING: &str = "600";

/// The folder of a peer in the cache.
fn cache(name: &str) -> PathBuf {
    let cache = std::env::var_os("CONECTA_CACHE").filter(|cache| !cache.is_empty());
    root().join(cache.map_or_else(|| root().join(".cache"), PathBuf::from)).join("peers").join(name)
}

/// Where the sources of those that we have to write a program for are.
fn sources(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers").join(name)
}

/// Whether what is installed there was made of this text; where not, `make` makes it.
fn made_of(folder: &Path, text: &str, make: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let made = folder.join("made-of");
    if fs::read_to_string(&made).is_ok_and(|found| found == text) {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    make()?;
    fs::write(made, text).map_err(|error| error.to_string())
}

/// Builds a package of Go in a module, which names the versions.
fn go(folder: &Path, module: &str, package: &str) -> Result<(), String> {
    fs::write(folder.join("go.mod"), module).map_err(|error| error.to_string())?;
    install(
        within_limits("go")
            .args(["build", "-o", "bin/", package])
            .current_dir(folder)
            // What it downloads can be removed by whoever made it.
            .env("GOFLAGS", "-mod=mod -modcacherw")
            .env("GOPATH", folder.join("path")),
    )
}

fn within_limits(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args([INSTALLING, program]);
    command
}

/// Runs what installs; the last line of what it said, where it failed.
fn install(command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("without a word");
    output
        .status
        .success()
        .then_some(())
        .ok_or_else(|| format!("it cannot be installed here ({}): {last}", output.status))
}
