//! Everything that is not Rust, from templates.
//!
//! The templates are built in; a file of the same name in the folder that `--templates` names takes the place of one. A
//! variable that is not defined is an error, and text of a contract is only written through the filter that quotes it for what
//! it stands in.

use std::fmt;
use std::path::Path;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

macro_rules! built_in {
    ($name:literal) => {
        ($name, include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../templates/", $name)))
    };
}

/// The built-in templates, by name.
const BUILT_IN: [(&str, &str); 7] = [
    built_in!("Cargo.toml.j2"),
    built_in!("README.md.j2"),
    built_in!("topics.grafana.json.j2"),
    built_in!("topics.prometheus.yaml.j2"),
    built_in!("topics.script.sh.j2"),
    built_in!("topics.strimzi.yaml.j2"),
    built_in!("topics.terraform.tf.j2"),
];

/// The templates of a run.
#[derive(Debug)]
pub struct Templates(Environment<'static>);

/// Why a template could not be used.
#[derive(Debug)]
pub struct TemplateError(String);

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TemplateError {}

impl From<minijinja::Error> for TemplateError {
    fn from(error: minijinja::Error) -> Self {
        let place = match (error.name(), error.line()) {
            (Some(name), Some(line)) => format!("{name}:{line}: "),
            _ => String::new(),
        };
        Self(match error.detail() {
            Some(detail) => format!("{place}{}: {detail}", error.kind()),
            None => format!("{place}{}", error.kind()),
        })
    }
}

impl Default for Templates {
    fn default() -> Self {
        let mut environment = environment();
        for (name, text) in BUILT_IN {
            // A test holds that each of them is sound.
            let added = environment.add_template(name, text);
            debug_assert!(added.is_ok(), "{added:?}");
        }
        Self(environment)
    }
}

impl Templates {
    /// The built-in templates, those in `folder` in place of their namesakes.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read, is no template, or has the name of none.
    pub fn overridden_by(folder: &Path) -> Result<Self, TemplateError> {
        let mut templates = Self::default();
        if !folder.is_dir() {
            return Err(TemplateError(format!("{} is no folder", folder.display())));
        }
        for (name, _) in BUILT_IN {
            let path = folder.join(name);
            match std::fs::read_to_string(&path) {
                Ok(text) => templates.0.add_template_owned(name, text)?,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(TemplateError(format!("cannot read {}: {error}", path.display()))),
            }
        }
        let entries = std::fs::read_dir(folder)
            .map_err(|error| TemplateError(format!("cannot read {}: {error}", folder.display())))?;
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.ends_with(".j2") && BUILT_IN.iter().all(|(known, _)| *known != name) {
                let known: Vec<&str> = BUILT_IN.iter().map(|(known, _)| *known).collect();
                return Err(TemplateError(format!(
                    "{} takes the place of no template; there are {}",
                    entry.path().display(),
                    known.join(", ")
                )));
            }
        }
        Ok(templates)
    }

    /// Renders one.
    pub(crate) fn render(&self, name: &str, values: &impl Serialize) -> Result<String, TemplateError> {
        Ok(self.0.get_template(name)?.render(Serde(values))?)
    }
}

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment
        .set_syntax(SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).build().unwrap_or_default());
    environment.add_filter("toml", |text: &str| double_quoted(text));
    // YAML knows each of the escapes of TOML.
    environment.add_filter("yaml", |text: &str| double_quoted(text));
    // So does PromQL, and JSON knows those that are made of names of topics and groups.
    environment.add_filter("promql", |text: &str| double_quoted(text));
    environment.add_filter("json", |text: &str| serde_json::Value::from(text).to_string());
    environment.add_filter("hcl", |text: &str| double_quoted(text).replace("${", "$${").replace("%{", "%%{"));
    environment.add_filter("shell", |text: &str| shell_word(text));
    environment.add_filter("comment", |text: &str| comment(text));
    environment.add_filter("markdown", |text: &str| markdown(text));
    environment.add_filter("cell", |text: &str| cell(text));
    environment
}

/// A basic string of TOML; control characters and marks of direction escaped.
fn double_quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if obeyed(c) => {
                out.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// Text within a code span within a row of a table.
fn cell(text: &str) -> String {
    let plain = |c: char| if c.is_whitespace() || matches!(c, '|' | '`') { ' ' } else { c };
    text.chars().map(plain).filter(|c| !obeyed(*c)).collect()
}

/// Text on one line, for a comment.
fn comment(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").chars().filter(|c| !obeyed(*c)).collect()
}

/// A word as a shell takes it.
pub(crate) fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '=' | ':' | ',' | '+' | '@');
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// What a terminal or an editor does instead of showing it.
pub(crate) fn obeyed(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Text on one line in which nothing is markup.
fn markdown(text: &str) -> String {
    let mut out = String::new();
    for c in text.trim().chars() {
        match c {
            c if c.is_whitespace() => out.push(' '),
            c if obeyed(c) => {}
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_variable_that_is_not_defined_is_an_error_with_its_line() {
        let mut environment = environment();
        environment.add_template("x", "a\n{{ missing }}").unwrap();
        let error = environment.get_template("x").unwrap().render(()).unwrap_err();
        assert!(TemplateError::from(error).to_string().starts_with("x:2: undefined value"));
    }

    #[test]
    fn no_text_breaks_out_of_a_toml_string() {
        for text in ["a\"]\n[dependencies]\nevil = \"1", "\\", "\u{1b}[0m", "tab\t", "\u{202e}"] {
            let table: toml::Table = format!("v = {}", double_quoted(text)).parse().unwrap();
            assert_eq!(table["v"].as_str(), Some(text));
        }
    }

    #[test]
    fn a_word_can_be_pasted_into_a_shell() {
        assert_eq!(shell_word("specs/a.yaml"), "specs/a.yaml");
        assert_eq!(shell_word("my spec's.yaml"), r"'my spec'\''s.yaml'");
    }

    #[test]
    fn a_template_without_a_namesake_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("README.md.j2"), "{{ name }}").unwrap();
        assert!(Templates::overridden_by(folder.path()).is_ok());
        std::fs::write(folder.path().join("Readme.j2"), "").unwrap();
        let error = Templates::overridden_by(folder.path()).err().unwrap().to_string();
        assert!(error.ends_with("takes the place of no template; there are Cargo.toml.j2, README.md.j2, topics.grafana.json.j2, topics.prometheus.yaml.j2, topics.script.sh.j2, topics.strimzi.yaml.j2, topics.terraform.tf.j2"), "{error}");
    }

    #[test]
    fn each_built_in_template_is_sound() {
        let templates = Templates::default();
        for (name, _) in BUILT_IN {
            templates.0.get_template(name).unwrap();
        }
    }
}
