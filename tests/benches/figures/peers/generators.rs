//! Generators: what others make of the same documents. Of each the least of [`ROUNDS`], and none gets longer than [`LIMIT`] seconds.

use std::fs;
use std::path::{Path, PathBuf};

use super::{cache, go, install, made_of, within_limits};
use crate::report::Report;
use crate::scale::{self, Cost};

const ROUNDS: usize = 3;

/// Seconds that a run may take.
const LIMIT: u32 = 60;

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
    match codegen() {
        Ok(program) => peers.push(Peer {
            name: "lerenn",
            program,
            ours: "generate",
            arguments: |document, out| words(&["-i", document, "-p", "events", "-o", &format!("{out}/events.go")]),
        }),
        Err(why) => report.info("peer-lerenn", format_args!("left out: {why}")),
    }
    match cli() {
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

fn codegen() -> Result<PathBuf, String> {
    let folder = cache("go");
    let (name, version) = CODEGEN;
    // A module of its own that asks for it: `go install` would look for a module at each folder of the path, and some
    // proxies refuse those that there are not.
    let module = format!("module peers\n\nrequire {name} {version}\n");
    made_of(&folder, &module, || go(&folder, &module, &format!("{name}/cmd/asyncapi-codegen")))?;
    Ok(folder.join("bin/asyncapi-codegen"))
}

fn cli() -> Result<PathBuf, String> {
    let folder = cache("npm");
    let quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--prefix"];
    made_of(&folder, CLI, || install(within_limits("npm").arg("install").args(quiet).arg(&folder).arg(CLI)))?;
    Ok(folder.join("node_modules/.bin/asyncapi"))
}
