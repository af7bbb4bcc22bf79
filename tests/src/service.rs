//! A real service: started by its script, and kept by it for as long as this process wants it.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::kafka::root;

/// A service that runs. Ends with this value, and at the latest with the process, however that ends: its script waits for
/// its standard input to be closed.
#[derive(Debug)]
pub(crate) struct Kept {
    keeper: Child,
    dir: PathBuf,
}

impl Kept {
    /// Starts what `script` runs, and returns the address that it prints.
    ///
    /// # Panics
    /// When it does not come up; the script's own words say why.
    pub(crate) fn start(mut script: Command, what: &str) -> (Self, String) {
        let keeper = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut keeper = keeper.expect("bash runs the scripts of tests/services");
        let mut line = String::new();
        BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let Some((address, dir)) = line.trim_end().split_once(' ') else {
            panic!("{what} did not start: its script in tests/services says why, above");
        };
        (Self { keeper, dir: PathBuf::from(dir) }, address.to_owned())
    }

    /// Where it keeps its data.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// A script of `tests/services`.
pub(crate) fn script(name: &str) -> Command {
    let mut command = Command::new("bash");
    command.arg(root().join("tests/services").join(name));
    command
}

/// Leaves a line for whoever asks which services the tests used; `make test` does.
pub(crate) fn note(service: &str) {
    if let Some(log) = std::env::var_os("CONECTA_SERVICES_LOG") {
        let mut file = OpenOptions::new().create(true).append(true).open(log).unwrap();
        writeln!(file, "{service}").unwrap();
    }
}
