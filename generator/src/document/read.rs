//! One file: bytes to text, text through its gate, values into the tree, and what went wrong at its place.

use super::{
    Document, File, Place, Source, Span, chunks,
    fill::{self, Disagreement, Syntax},
    json,
    limits::Limits,
    tree::{Data, NONE},
    yaml,
};
use crate::diagnostic::{At, Code, Diagnostic, Findings};

/// Why a text is not read: a finding whose file is not known yet.
#[derive(Debug)]
pub(super) struct Refusal {
    code: Code,
    message: String,
    range: (u32, u32),
    help: Option<String>,
    related: Option<((u32, u32), String)>,
}

impl Refusal {
    pub(super) fn new(code: Code, message: impl Into<String>, range: (u32, u32)) -> Self {
        Self { code, message: message.into(), range, help: None, related: None }
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(super) fn related(mut self, range: (u32, u32), message: impl Into<String>) -> Self {
        self.related = Some((range, message.into()));
        self
    }

    fn into_diagnostic(self, file: u32) -> Diagnostic {
        let at = |(start, end)| At::Text(Span { file, start, end });
        let mut diagnostic = Diagnostic::new(self.code, self.message).pointing(at(self.range));
        diagnostic.help = self.help;
        if let Some((range, message)) = self.related {
            diagnostic = diagnostic.related(at(range), message);
        }
        diagnostic
    }
}

/// What a text was read as.
enum Read {
    Yaml { anchors: bool },
    Json,
}

impl Document {
    /// Reads one file into the document. Its top value is then [`Document::root`] of the index returned.
    pub(super) fn add_file(&mut self, source: Source, path: String, limits: &Limits, findings: &mut Findings) -> u32 {
        let file = self.files.len() as u32;
        let whole = |text: &str| (0, text.len().min(1) as u32);
        let read: usize = self.files.iter().map(|f| f.text.len()).sum();
        let (text, refusal) = match decode(source.bytes, limits, limits.bytes.saturating_sub(read)) {
            Ok(text) => (text, None),
            Err((text, refusal)) => (text, Some(refusal)),
        };
        self.files.push(File::new(source.name, path, text));
        let refusal = match refusal {
            Some(refusal) => Some(refusal),
            None if self.files[file as usize].text.trim().is_empty() => Some(
                Refusal::new(Code::EMPTY, "the file is empty", whole(&self.files[file as usize].text))
                    .help("an AsyncAPI document begins with a line like `asyncapi: 2.6.0`"),
            ),
            None => self.parse(file, limits, findings).err(),
        };
        findings.extend(refusal.map(|r| r.into_diagnostic(file)));
        file
    }

    fn parse(&mut self, file: u32, limits: &Limits, findings: &mut Findings) -> Result<(), Refusal> {
        let from = self.tree.len();
        let File { name, text, .. } = &self.files[file as usize];
        let named_json = [".json", ".avsc"].iter().any(|end| name.to_ascii_lowercase().ends_with(end));
        let looks_like_json = text.trim_start().starts_with(['{', '[']);
        let gate = match () {
            _ if named_json => json::read(text, file, &mut self.tree, limits).map(|root| (root, Read::Json)),
            _ if looks_like_json => match json::read(text, file, &mut self.tree, limits) {
                Ok(root) => Ok((root, Read::Json)),
                Err(refusal) if refusal.code == Code::TOO_DEEP => Err(refusal),
                // A flow mapping of YAML looks much the same.
                Err(_) => {
                    self.tree.truncate(from);
                    yaml::read(text, file, &mut self.tree, limits).map(|(root, anchors)| (root, Read::Yaml { anchors }))
                }
            },
            _ => yaml::read(text, file, &mut self.tree, limits).map(|(root, anchors)| (root, Read::Yaml { anchors })),
        };
        let (root, read) = gate.inspect_err(|_| self.tree.truncate(from))?;
        if root == NONE {
            self.tree.truncate(from);
            return Err(Refusal::new(Code::EMPTY, "the file holds nothing but comments", (0, 1))
                .help("an AsyncAPI document begins with a line like `asyncapi: 2.6.0`"));
        }
        let filled = match read {
            Read::Yaml { anchors } => self.fill_yaml(root, file, anchors),
            Read::Json => self.fill_json(root, file),
        };
        filled.inspect_err(|_| self.tree.truncate(from))?;

        if let Read::Yaml { anchors: true } = read {
            self.apply_merge_keys(from, limits, findings);
        }
        let mut twice = Vec::new();
        self.tree.index(from, |first, second| twice.push((first, second)));
        for (_, second) in &twice {
            self.tree.unlink(*second);
        }
        findings.extend(twice.into_iter().map(|(first, second)| {
            let key = self.tree.key(second);
            Diagnostic::new(Code::DUPLICATE_KEY, format!("the key `{key}` stands twice in one mapping"))
                .at_key(second)
                .label("again here")
                .related(At::Key(first), "first here")
                .help("remove one of them, or rename it; nothing says which of the two counts")
        }));
        self.files[file as usize].root = Some(Place(root));
        Ok(())
    }

    fn fill_yaml(&mut self, root: u32, file: u32, anchors: bool) -> Result<(), Refusal> {
        let here = &self.files[file as usize];
        let text = &here.text;
        let pieces = chunks::pieces(&self.tree, root, text, anchors);
        let filled = pieces.iter().all(|piece| {
            let deserializer = serde_yaml::Deserializer::from_str(&text[piece.range.clone()]);
            fill::fill_entries(&mut self.tree, piece.first, piece.until, deserializer).is_ok()
        });
        if filled && !pieces.is_empty() {
            return Ok(());
        }
        // Whole where it is small, and where a piece gave trouble, which is then found at its place.
        let deserializer = serde_yaml::Deserializer::from_str(text);
        let Err((error, disagreement)) = fill::fill(&mut self.tree, root, Syntax::Yaml, deserializer) else {
            return Ok(());
        };
        if let Some(refusal) = self.disagreement(disagreement) {
            return Err(refusal);
        }
        let offset = error.location().map_or(0, |at| {
            self.files[file as usize].offset(at.line().saturating_sub(1), at.column().saturating_sub(1))
        });
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Err(Refusal::new(Code::SYNTAX, format!("this is not YAML: {message}"), (offset, offset)))
    }

    fn fill_json(&mut self, root: u32, file: u32) -> Result<(), Refusal> {
        let here = &self.files[file as usize];
        let mut deserializer = serde_json::Deserializer::from_str(&here.text);
        let filled = fill::fill(&mut self.tree, root, Syntax::Json, &mut deserializer);
        let Err((error, disagreement)) = filled else { return Ok(()) };
        if let Some(refusal) = self.disagreement(disagreement) {
            return Err(refusal);
        }
        let offset = self.files[file as usize].offset(error.line().saturating_sub(1), error.column().saturating_sub(1));
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        Err(Refusal::new(Code::SYNTAX, format!("this is not JSON: {message}"), (offset, offset)))
    }

    fn disagreement(&self, what: Option<Disagreement>) -> Option<Refusal> {
        let range = |node| self.tree.span(Place(node)).map_or((0, 0), |s| (s.start, s.end));
        Some(match what? {
            Disagreement::NotFinite(node) => Refusal::new(Code::NOT_A_NUMBER, "JSON has no such number", range(node))
                .help("infinities and NaN cannot be sent; write a finite number, or put the text in quotes"),
            Disagreement::Text(node) | Disagreement::Shape(node) => {
                Refusal::new(Code::READ_DIFFERENTLY, "parsers of YAML do not agree on what this is", range(node))
                    .help("write it in double quotes, or on one line")
            }
        })
    }

    /// A copy of the mapping at `map` that shares its values, for putting together what traits say.
    pub(crate) fn combine(&mut self, at: Place, entries: &[(String, Place)]) -> Place {
        let span = self.tree.span(at).map_or((0, 0), |s| (s.start, s.end));
        let parent = self.tree.parent(at).map_or(NONE, |p| p.0);
        let map = self.tree.detached(self.tree.file(at), Data::Map, span, parent);
        let mut last = NONE;
        for (key, value) in entries {
            let span = self.tree.span(*value).map_or((0, 0), |s| (s.start, s.end));
            let key_span = self.tree.key_span(*value).map_or(span, |s| (s.start, s.end));
            let node = self.tree.push(self.tree.file(*value), Data::Alias(value.0), span, map, last);
            let text = self.tree.add_text(key);
            self.tree.set_key(node, text, key_span);
            last = node;
        }
        Place(map)
    }
}

/// UTF-8 text without a byte order mark; what can be shown of the bytes where they are none.
fn decode(mut bytes: Vec<u8>, limits: &Limits, left: usize) -> Result<String, (String, Refusal)> {
    if bytes.len() > left {
        let message = format!("the document is larger than {} bytes with this file", limits.bytes);
        let help = "split it into several documents, or raise `bytes` under `[limits]` in conecta-gen.toml";
        let refusal = Refusal::new(Code::TOO_LARGE, message, (0, 0)).help(help);
        return Err((String::new(), refusal));
    }
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        let refusal = Refusal::new(Code::NOT_UTF8, "the file is UTF-16", (0, 0)).help("save it as UTF-8");
        return Err((String::new(), refusal));
    }
    if bytes.starts_with(&[0xef, 0xbb, 0xbf]) {
        bytes.drain(..3);
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to() as u32;
        let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
        (
            text,
            Refusal::new(Code::NOT_UTF8, "the file is not UTF-8 from here on", (at, at + 1)).help("save it as UTF-8"),
        )
    })
}
