//! Model to files: a crate, or the module tree that a build script includes.

use serde::Serialize;

use crate::config::{Config, Role};
use crate::configured;
use crate::diagnostic::{self, Diagnostic, Severity};
use crate::document::Document;
use crate::emit::Context;
use crate::files::FileSet;
use crate::load::Loaded;
use crate::naming::{self, fingerprint};
use crate::overrides::Overrides;
use crate::render::{TemplateError, Templates};
use crate::types;

/// What a crate is given besides the contract.
#[derive(Clone, Debug, Default)]
pub struct CrateOptions {
    /// Its name; else the configuration's, else one made from the contract's title.
    pub name: Option<String>,
    /// Where its one dependency comes from.
    pub runtime: Runtime,
    /// The topics file, for the command in its README.
    pub topics: Option<String>,
}

/// Where the generated crate finds `conecta-runtime`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// In a folder; absolute, or relative to the generated crate.
    Path(String),
    /// In the registry.
    Version(String),
}

impl Default for Runtime {
    fn default() -> Self {
        Self::Version(env!("CARGO_PKG_VERSION").to_owned())
    }
}

/// Why there can be no crate, whatever the contract says.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenerateError {
    /// Cargo would not take it.
    #[error("{0:?} cannot be the name of a crate")]
    Name(String),
    /// A template is at fault.
    #[error(transparent)]
    Template(#[from] TemplateError),
}

/// Writes the crate of a contract, in memory.
///
/// Findings are added to `loaded`; where one of them is an error that leaves the types in doubt, there are no files.
///
/// # Errors
/// When the name cannot be that of a crate, or a template cannot be rendered.
pub fn generate_crate(
    loaded: &mut Loaded,
    config: &Config,
    options: &CrateOptions,
    templates: &Templates,
) -> Result<Option<FileSet>, GenerateError> {
    if let Some(name) = options.name.as_ref().or(config.package.name.as_ref()).filter(|name| !is_crate_name(name)) {
        return Err(GenerateError::Name(name.clone()));
    }
    let mut findings = Vec::new();
    let files = match Plan::new(loaded, config, &mut findings) {
        Some(plan) => Some(crate_files(&plan, config, options, templates)?),
        None => None,
    };
    Ok(finish(loaded, findings, files, config))
}

/// Writes the module tree of a contract, in memory: `mod.rs` and the files of its modules, to be included by a crate of the user's.
///
/// Findings are added to `loaded`; where one of them is an error that leaves the types in doubt, there are no files.
pub fn generate_modules(loaded: &mut Loaded, config: &Config) -> Option<FileSet> {
    let mut findings = Vec::new();
    let files = Plan::new(loaded, config, &mut findings).map(|plan| {
        let mut files = FileSet::new();
        for file in plan.context.modules() {
            files.insert(file.path, file.text);
        }
        files.insert("mod.rs", plan.context.root(false));
        files.seal(&plan.hash);
        files
    });
    finish(loaded, findings, files, config)
}

/// Adds to `loaded` the errors and warnings that generating would find: names, types, places of the configuration, messages
/// that cannot be told apart. What generating only takes note of, such as a version that it guesses, is left to it.
///
/// Where an error leaves the types in doubt nothing is added: it would be about what is lacking.
pub fn check(loaded: &mut Loaded, config: &Config) {
    let mut findings = Vec::new();
    let _ = Plan::new(loaded, config, &mut findings);
    config.lint.settle(&mut findings, &loaded.document);
    findings.retain(|found| found.severity <= Severity::Warning);
    loaded.diagnostics.extend(findings);
    diagnostic::sort(&mut loaded.diagnostics, &loaded.document);
}

fn finish(
    loaded: &mut Loaded,
    mut findings: Vec<Diagnostic>,
    files: Option<FileSet>,
    config: &Config,
) -> Option<FileSet> {
    if !findings.is_empty() {
        config.lint.settle(&mut findings, &loaded.document);
        loaded.diagnostics.extend(findings);
        diagnostic::sort(&mut loaded.diagnostics, &loaded.document);
    }
    files.filter(|_| !loaded.blocked())
}

fn crate_files(
    plan: &Plan<'_>,
    config: &Config,
    options: &CrateOptions,
    templates: &Templates,
) -> Result<FileSet, TemplateError> {
    let context = &plan.context;
    let name = options.name.clone().or_else(|| config.package.name.clone());
    let name = name.unwrap_or_else(|| crate_name(&context.api.title));
    let mut files = FileSet::new();
    for file in context.modules() {
        files.insert(format!("src/{}", file.path), file.text);
    }
    files.insert("src/lib.rs", context.root(true));
    files.insert("tests/contract.rs", context.contract(&name));
    // A formatter run over the user's workspace would rewrite them, and `--check` find them changed.
    files.insert("rustfmt.toml", format!("# {}\ndisable_all_formatting = true\n", plan.stamp));
    files.insert("Cargo.toml", templates.render("Cargo.toml.j2", &manifest(plan, &name, &options.runtime))?);
    files.insert("README.md", templates.render("README.md.j2", &readme(plan, config, options, &name))?);
    files.seal(&plan.hash);
    Ok(files)
}

/// Everything that the files are written from.
struct Plan<'a> {
    context: Context<'a>,
    /// The one line that says where a file comes from, without a comment sign.
    stamp: String,
    hash: String,
    /// The document's name.
    source: String,
}

impl<'a> Plan<'a> {
    fn new(loaded: &'a Loaded, config: &'a Config, findings: &mut Vec<Diagnostic>) -> Option<Self> {
        let api = loaded.api.as_ref().filter(|_| !loaded.blocked())?;
        let hash = hash(&loaded.document);
        let source = loaded.document.files().first().map_or("", |file| base_name(&file.name)).to_owned();
        let stamp =
            format!("@generated by conecta-gen {} from {} ({hash}). Do not edit.", env!("CARGO_PKG_VERSION"), source);
        configured::unknown(&loaded.document, api, config, findings);
        let overrides = Overrides::of(&loaded.document, api, config, findings);
        let outline = types::outline(api, config, &overrides, findings);
        let context =
            Context::new(&loaded.document, api, config, &overrides, outline, format!("// {stamp}\n"), findings);
        Some(Self { context, stamp, hash, source })
    }
}

/// A hash of every text that was read.
fn hash(document: &Document) -> String {
    let mut bytes = Vec::new();
    for (_, file) in document.contract() {
        bytes.extend_from_slice(&fingerprint(file.text.as_bytes()).to_le_bytes());
    }
    format!("{:016x}", fingerprint(&bytes))
}

/// A file's name without its folder, on one line.
fn base_name(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    if name.chars().any(char::is_control) { "a document" } else { name }
}

/// `conecta360-event-streaming-api`, of a title.
fn crate_name(title: &str) -> String {
    let name = naming::snake(title).replace('_', "-");
    let name = if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("events-{name}") };
    // Names of one word may be a keyword of Rust or a name that cargo keeps.
    if name.contains('-') { name } else { format!("{name}-events") }
}

/// Whether cargo takes it for the name of a package.
pub(crate) fn is_crate_name(name: &str) -> bool {
    let characters = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let word = name.replace('-', "_");
    let reserved = ["test", "core", "std", "alloc", "proc_macro", "conecta_runtime", "self", "super", "crate", "_"];
    characters
        && name.len() <= 64
        && name.starts_with(|c: char| c.is_ascii_alphabetic())
        && !reserved.contains(&word.as_str())
        && !naming::is_keyword(&word)
}

#[derive(Serialize)]
struct ManifestValues<'a> {
    stamp: &'a str,
    name: &'a str,
    version: String,
    rust_version: &'a str,
    description: String,
    runtime: RuntimeValues<'a>,
}

#[derive(Serialize)]
struct RuntimeValues<'a> {
    path: Option<&'a str>,
    version: Option<&'a str>,
    /// What it is asked for besides.
    features: Vec<&'static str>,
}

fn manifest<'p>(plan: &'p Plan<'_>, name: &'p str, runtime: &'p Runtime) -> ManifestValues<'p> {
    let api = plan.context.api;
    let title: Vec<&str> = api.title.split_whitespace().collect();
    let outline = &plan.context.outline;
    let asked = [("decimal", outline.has_decimals()), ("wide", outline.has_wide_integers())];
    let features: Vec<&str> = asked.into_iter().filter_map(|(feature, asked)| asked.then_some(feature)).collect();
    ManifestValues {
        stamp: &plan.stamp,
        name,
        version: crate_version(&api.version),
        rust_version: env!("CARGO_PKG_RUST_VERSION"),
        // Cargo hands it to the compiler in the environment, which holds no NUL.
        description: format!("Typed events of {}", title.join(" ")).replace(char::is_control, ""),
        runtime: match runtime {
            Runtime::Path(path) => RuntimeValues { path: Some(path), version: None, features },
            Runtime::Version(version) => RuntimeValues { path: None, version: Some(version), features },
        },
    }
}

/// The contract's version where cargo takes it for one.
fn crate_version(version: &str) -> String {
    let parts: Vec<&str> = version.split('.').collect();
    let number = |part: &&str| part.parse::<u64>().is_ok_and(|n| n.to_string() == **part);
    if parts.len() == 3 && parts.iter().all(number) { version.to_owned() } else { "0.1.0".to_owned() }
}

#[derive(Serialize)]
struct ReadmeValues<'a> {
    stamp: &'a str,
    name: &'a str,
    #[serde(rename = "crate")]
    crate_ident: String,
    title: &'a str,
    contract_version: &'a str,
    channels: Vec<ChannelValues<'a>>,
    example: Option<ExampleValues>,
    unknown: &'static str,
    command: String,
}

#[derive(Serialize)]
struct ChannelValues<'a> {
    address: &'a str,
    events: Vec<String>,
    partitions: String,
    key: String,
}

#[derive(Serialize)]
struct ExampleValues {
    event: String,
    producer: String,
    publish: String,
    consumer: String,
    consume: String,
    module: String,
    register: String,
}

fn readme<'p>(plan: &'p Plan<'_>, config: &Config, options: &CrateOptions, name: &'p str) -> ReadmeValues<'p> {
    let context = &plan.context;
    let channels = context.api.channels.iter().map(|channel| {
        let topic = channel.topic.as_ref();
        let none = || "–".to_owned();
        ChannelValues {
            address: &channel.address,
            events: channel
                .messages
                .iter()
                .map(|id| format!("`{}`", context.outline.messages[id.0 as usize].name))
                .collect(),
            partitions: topic.and_then(|topic| topic.partitions).map_or_else(none, |n| n.to_string()),
            key: topic
                .and_then(|topic| topic.key.as_ref())
                .map_or_else(none, |key| format!("`{}`", key.path.join("."))),
        }
    });
    let mut command = format!("conecta-gen generate {}", plan.source);
    if let Some(topics) = &options.topics {
        command += &format!(" --topics {}", base_name(topics));
    }
    command += &format!(" --name {name}");
    if config.package.role != Role::Both {
        command += &format!(" --role {}", config.package.role.name());
    }
    match &options.runtime {
        Runtime::Path(path) => command += &format!(" --runtime-path {path}"),
        Runtime::Version(version) if options.runtime != Runtime::default() => {
            command += &format!(" --runtime-version {version}")
        }
        Runtime::Version(_) => {}
    }
    command += " -o .";
    ReadmeValues {
        stamp: &plan.stamp,
        name,
        crate_ident: name.replace('-', "_"),
        title: &context.api.title,
        contract_version: &context.api.version,
        channels: channels.collect(),
        example: example(context),
        unknown: if config.keeps_unknown() { "kept, and written out again" } else { "tolerated and dropped" },
        command,
    }
}

/// The first channel that has both ends.
fn example(context: &Context<'_>) -> Option<ExampleValues> {
    let channels = context.api.channels.iter().zip(&context.channels).filter(|(channel, _)| !channel.is_open());
    channels.map(|(_, plan)| plan).find_map(|plan| {
        let (producer, consumer) = (plan.producers.first()?, plan.consumers.first()?);
        let (message, publish) = (producer.messages.first()?, producer.methods.first()?);
        let consume = consumer.methods.first()?;
        (consumer.messages == [*message]).then(|| ExampleValues {
            event: context.outline.messages[message.0 as usize].name.clone(),
            producer: producer.name.clone(),
            publish: naming::field(publish).to_string(),
            consumer: consumer.name.clone(),
            consume: naming::field(consume).to_string(),
            module: plan.module.clone(),
            register: consumer.register(plan.consumers.len()),
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_becomes_a_name_that_cargo_takes() {
        for title in ["Conecta360 Event Streaming API", "test", "24h", "", "🚀", "fn", "Señales & más"] {
            assert!(is_crate_name(&crate_name(title)), "{title:?} became {}", crate_name(title));
        }
        assert_eq!(crate_name("Pedidos"), "pedidos-events");
        for name in ["", "a b", "1a", "test", "fn", "../x", "a\"\n", "conecta-runtime"] {
            assert!(!is_crate_name(name), "{name:?}");
        }
    }

    #[test]
    fn only_a_semantic_version_becomes_the_crates() {
        assert_eq!(crate_version("1.2.3"), "1.2.3");
        for version in ["1.0", "v1.0.0", "01.0.0", "1.0.0\"\n[dependencies]", "latest", ""] {
            assert_eq!(crate_version(version), "0.1.0");
        }
    }
}
