//! Generated crates, built as their user would build them: in a workspace of their own, beside this repository's runtime.
#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use conecta_gen::config::Config;
use conecta_gen::document::NoFiles;
use conecta_gen::files::FileSet;
use conecta_gen::render::Templates;
use conecta_gen::{CrateOptions, Loaded, Runtime, Source, generate_crate, load};

/// A workspace of generated crates.
pub struct Crates(PathBuf);

/// The runtime, as a generated crate refers to it.
pub fn runtime() -> Runtime {
    let runtime = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("runtime");
    Runtime::Path(runtime.to_str().expect("a path in UTF-8").to_owned())
}

/// The crate of a document, beside the texts of a topics file and a configuration; and what was found.
pub fn generate(name: &str, document: &str, topics: Option<&str>, config: &str) -> (Option<FileSet>, Loaded) {
    let topics = topics.map(|text| Source::new("topics.yaml", text));
    let mut loaded = load(Source::new("spec.yaml", document), topics, &NoFiles);
    let options = CrateOptions { name: Some(name.to_owned()), runtime: runtime(), topics: None };
    let config = Config::parse(config).unwrap();
    let files = generate_crate(&mut loaded, &config, &options, &Templates::default()).unwrap();
    (files, loaded)
}

impl Crates {
    /// Writes crates, by folder, into a workspace of this name; what was there before is gone.
    pub fn write<'a>(name: &str, crates: impl IntoIterator<Item = (String, &'a FileSet)>) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        if folder.exists() {
            fs::remove_dir_all(&folder).unwrap();
        }
        fs::create_dir_all(&folder).unwrap();
        let mut members = String::new();
        for (member, files) in crates {
            files.write(&folder.join(&member)).unwrap();
            members += &format!("{member:?}, ");
        }
        let manifest =
            format!("[workspace]\nresolver = \"3\"\nmembers = [{members}]\n\n[profile.dev]\ndebug = false\n");
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        // The versions that the project is tested with; cargo takes out those that are not needed here.
        let lock = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("Cargo.lock");
        fs::copy(lock, folder.join("Cargo.lock")).unwrap();
        Self(folder)
    }

    /// The workspace's folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Runs cargo on all of them, every warning an error; what it says where it fails.
    pub fn cargo(&self, args: &[&str]) -> Result<(), String> {
        let Output { status, stderr, stdout } = Command::new(env!("CARGO"))
            .args(args)
            .current_dir(&self.0)
            .env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("crates-target"))
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTFLAGS", "-D warnings")
            .env("RUSTDOCFLAGS", "-D warnings")
            .output()
            .unwrap();
        if status.success() {
            return Ok(());
        }
        Err(format!(
            "cargo {}: {}{}",
            args.join(" "),
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        ))
    }
}
