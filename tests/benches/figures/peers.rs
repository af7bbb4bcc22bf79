//! What others make of the same documents, built and run beside ours where the registries have them.
//!
//! They are installed into the cache (`CONECTA_CACHE`, else `.cache`), in the versions named here; one whose tool or registry
//! is not there is left out with a word. Of each the least of [`ROUNDS`], and none gets longer than [`LIMIT`] seconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use conecta_tests::kafka::root;

use crate::report::Report;
use crate::scale::{self, Cost};

const ROUNDS: usize = 3;

/// Seconds that a run may take.
const LIMIT: u32 = 60;

/// Seconds that an installation may take.
const INSTALLING: &str = "600";

/// lerenn/asyncapi-codegen, for Go: its module, and the version.
const CODEGEN: (&str, &str) = ("github.com/lerenn/asyncapi-codegen", "v0.46.3");

/// The AsyncAPI CLI; its `generate models` is modelina.
const CLI: &str = "@asyncapi/cli@6.2.0";

/// A tool's way to do what one of our subcommands does.
struct Peer {
    name: &'static str,
    program: PathBuf,
    ours: &'static str,
    /// Given the document and a folder to write into.
    arguments: fn(&str, &str) -> Vec<String>,
}

/// Times of generating and of checking documents of ever more channels.
pub(crate) fn figures(report: &mut Report, tool: &Path) {
    let mut peers = Vec::new();
    match go() {
        Ok(program) => peers.push(Peer {
            name: "lerenn",
            program,
            ours: "generate",
            arguments: |document, out| words(&["-i", document, "-p", "events", "-o", &format!("{out}/events.go")]),
        }),
        Err(why) => report.info("peer-lerenn", format_args!("left out: {why}")),
    }
    match npm() {
        Ok(program) => {
            peers.push(Peer {
                name: "modelina",
                program: program.clone(),
                ours: "generate",
                arguments: |document, out| words(&["generate", "models", "rust", document, "-o", out]),
            });
            peers.push(Peer {
                name: "asyncapi-cli",
                program,
                ours: "check",
                arguments: |document, _| words(&["validate", document]),
            });
        }
        Err(why) => report.info("peer-asyncapi-cli", format_args!("left out: {why}")),
    }
    let scratch = tempfile::tempdir().unwrap();
    for channels in [100, 1_000] {
        let document = scratch.path().join(format!("{channels}.yaml"));
        fs::write(&document, scale::contract(channels)).unwrap();
        let document = document.display().to_string();
        for peer in &peers {
            let out = scratch.path().join(format!("{}-{channels}", peer.name));
            let fresh = || {
                drop(fs::remove_dir_all(&out));
                fs::create_dir_all(&out).unwrap();
            };
            let folder = out.display().to_string();
            let ours = match peer.ours {
                "check" => words(&["check", &document]),
                verb => words(&[verb, &document, "-o", &folder]),
            };
            // Taking turns, so that a busy minute hits both.
            let (mut least, mut theirs) = (f64::MAX, Ok(f64::MAX));
            for _ in 0..ROUNDS {
                fresh();
                least = least.min(scale::once(tool, &ours, None).map_or(f64::MAX, |cost: Cost| cost.clock));
                fresh();
                let cost =
                    scale::once(&peer.program, &(peer.arguments)(&document, &folder), Some((LIMIT, scratch.path())));
                theirs = match (theirs, cost) {
                    (Ok(best), Ok(cost)) => Ok(best.min(cost.clock)),
                    (_, Err(why)) | (Err(why), _) => Err(why),
                };
                if theirs.is_err() {
                    break;
                }
            }
            let name = format!("{}-{channels}-{}", peer.ours, peer.name);
            match theirs {
                Ok(theirs) => report.seconds(&format!("{name}-s"), least, theirs),
                Err(why) => report.info(&name, format_args!("ours={least:.2} reference: {why}")),
            }
        }
    }
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// The folder of a peer in the cache.
fn cache(name: &str) -> PathBuf {
    let cache = std::env::var_os("CONECTA_CACHE").map_or_else(|| root().join(".cache"), PathBuf::from);
    root().join(cache).join("peers").join(name)
}

fn go() -> Result<PathBuf, String> {
    let folder = cache("go");
    let program = folder.join("bin/asyncapi-codegen");
    if !program.is_file() {
        // A module of its own that asks for it: `go install` would look for a module at each folder of the path, and some
        // proxies refuse those that there are not.
        let (module, version) = CODEGEN;
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        fs::write(folder.join("go.mod"), format!("module peers\n\nrequire {module} {version}\n"))
            .map_err(|error| error.to_string())?;
        let build = [INSTALLING, "go", "build", "-o", "bin/asyncapi-codegen"];
        install(
            Command::new("timeout")
                .args(build)
                .arg(format!("{module}/cmd/asyncapi-codegen"))
                .current_dir(&folder)
                // What it downloads can be removed by whoever made it.
                .env("GOFLAGS", "-mod=mod -modcacherw")
                .env("GOPATH", folder.join("path")),
        )?;
    }
    Ok(program)
}

fn npm() -> Result<PathBuf, String> {
    let folder = cache("npm");
    let program = folder.join("node_modules/.bin/asyncapi");
    if !program.is_file() {
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
        install(Command::new("timeout").args([INSTALLING, "npm", "install"]).args(quiet).arg(&folder).arg(CLI))?;
    }
    Ok(program)
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
