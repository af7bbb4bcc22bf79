//! What must hold of any text whatever.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use conecta_gen::config::Config;
use conecta_gen::diagnostic::{Format, Severity, render};
use conecta_gen::document::ReadFiles;
use conecta_gen::files::FileSet;
use conecta_gen::render::Templates;
use conecta_gen::{CrateOptions, Loaded, Source, generate_crate, load};

use crate::crates::runtime;

/// How long a document may take, at the speed of a debug build.
const LIMIT: Duration = Duration::from_secs(2);

/// A document as it is given to the generator.
#[derive(Clone)]
pub(crate) struct Input {
    pub(crate) spec: Source,
    pub(crate) topics: Option<Source>,
}

/// What came of it.
pub(crate) enum Outcome {
    /// Findings, and no files.
    Refused(Loaded),
    /// A crate.
    Written(Loaded, FileSet),
}

/// Reads, checks and generates; what is wrong with the outcome, where something is.
pub(crate) fn judge(input: &Input, seed: u64, files: &dyn ReadFiles) -> Result<Outcome, String> {
    let started = Clock::now();
    let outcome = catch_unwind(AssertUnwindSafe(|| run(input, seed, files))).map_err(|payload| {
        let text = payload.downcast_ref::<String>().map(String::as_str);
        format!("panicked: {}", text.or(payload.downcast_ref::<&str>().copied()).unwrap_or("without a word"))
    })?;
    let took = started.elapsed();
    if took > LIMIT {
        return Err(format!("took {took:?}"));
    }
    match &outcome {
        Outcome::Refused(loaded) => refused(loaded)?,
        Outcome::Written(_, files) => written(files)?,
    }
    Ok(outcome)
}

fn run(input: &Input, seed: u64, files: &dyn ReadFiles) -> Outcome {
    let mut loaded = load(input.spec.clone(), input.topics.clone(), files);
    loaded.tolerate_examples();
    let options = CrateOptions { name: Some(format!("seed-{seed}")), runtime: runtime(), ..CrateOptions::default() };
    thread_local!(static TEMPLATES: Templates = Templates::default());
    let written = TEMPLATES.with(|templates| generate_crate(&mut loaded, &Config::default(), &options, templates));
    match written.expect("the built-in templates render") {
        None => Outcome::Refused(loaded),
        Some(files) => Outcome::Written(loaded, files),
    }
}

/// Refused, so there is an error, and each stands somewhere.
fn refused(loaded: &Loaded) -> Result<(), String> {
    let mut errors = loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).peekable();
    if errors.peek().is_none() {
        return Err(format!("no files and no error: {:?}", loaded.diagnostics));
    }
    match errors.find(|d| d.at.and_then(|at| loaded.document.span(at)).is_none()) {
        Some(lost) => Err(format!("an error that stands nowhere: {lost:?}")),
        None => Ok(()),
    }
}

/// Written, so each file is what its name says.
fn written(files: &FileSet) -> Result<(), String> {
    for (path, text) in files.iter() {
        let plain = |part: &str| {
            let safe = part.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
            safe && part.len() <= 200 && !part.trim_matches('.').is_empty()
        };
        if !path.split('/').all(plain) {
            return Err(format!("a file called {path:?}"));
        }
        if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\n') {
            return Err(format!("{path} holds {c:?}"));
        }
        if path.ends_with(".rs") {
            syn::parse_file(text).map_err(|error| format!("{path} is no Rust: {error}\n{text}"))?;
        }
    }
    let manifest = files.get("Cargo.toml").ok_or("no Cargo.toml")?;
    let manifest: toml::Table = toml::from_str(manifest).map_err(|error| format!("Cargo.toml: {error}"))?;
    let keys = |table: &toml::Table| table.keys().cloned().collect::<Vec<_>>();
    let dependencies = manifest.get("dependencies").and_then(toml::Value::as_table).map(keys);
    if keys(&manifest) != ["package", "lib", "dependencies"]
        || dependencies.as_deref() != Some(&["conecta-runtime".to_owned()])
    {
        return Err(format!("Cargo.toml has grown: {manifest}"));
    }
    Ok(())
}

/// What a person, a program and GitHub are shown; nothing in it is obeyed by a terminal.
pub(crate) fn shown(loaded: &Loaded) -> Result<(), String> {
    for format in [Format::Human, Format::Json, Format::Github] {
        let text = catch_unwind(AssertUnwindSafe(|| render(&loaded.diagnostics, &loaded.document, format, false)));
        let text = text.map_err(|_| format!("{format:?}: panicked"))?;
        let obeyed = |c: &char| {
            c.is_control() && !matches!(*c, '\n' | '\t')
                || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        if let Some(c) = text.chars().find(obeyed) {
            return Err(format!("{format:?} shows {c:?}: {text}"));
        }
        if format == Format::Json {
            serde_json::from_str::<serde_json::Value>(&text).map_err(|error| format!("{format:?}: {error}: {text}"))?;
        }
    }
    Ok(())
}

/// The time that this thread has run: a busy machine does not make a quick run a slow one. Where the system does not tell,
/// the time on the wall.
struct Clock {
    wall: Instant,
    ran: Option<Duration>,
}

impl Clock {
    fn now() -> Self {
        Self { wall: Instant::now(), ran: ran() }
    }

    fn elapsed(&self) -> Duration {
        match (self.ran, ran()) {
            (Some(then), Some(now)) => now.saturating_sub(then),
            _ => self.wall.elapsed(),
        }
    }
}

/// <https://docs.kernel.org/scheduler/sched-stats.html>: nanoseconds on a processor.
fn ran() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
