//! `list`, `show` and `export`: nothing of these changes anything.

use std::fmt::Write as _;
use std::ops::ControlFlow;

use conecta_runtime::kafka::DeadLetter;
use serde_json::{Map, Value, json};

use super::super::{Exit, output};
use super::contract::{Contract, ContractArgs};
use super::filter::{Filter, Place, written_at};
use super::{Format, Target, trouble};
use crate::render::obeyed;

/// List the open dead letters, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen dlq list casos.creados derivacion
  conecta-gen dlq list casos.creados derivacion --code undecodable --since 1d
  conecta-gen dlq list casos.creados derivacion --format json | jq -r .key")]
pub(super) struct List {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    filter: Filter,
    #[command(flatten)]
    contract: ContractArgs,
    /// Those too that were brought back or skipped
    #[arg(long)]
    settled: bool,
    /// No more than so many
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    /// How to write them
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Show one dead letter with its headers
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  conecta-gen dlq show casos.creados derivacion 3@17
  conecta-gen dlq show casos.creados derivacion 3@17 --payload \\
      --contract asyncapi.yaml")]
pub(super) struct Show {
    #[command(flatten)]
    target: Target,
    /// Where it is, as `list` says
    #[arg(value_name = "PARTITION@OFFSET")]
    place: Place,
    #[command(flatten)]
    contract: ContractArgs,
    /// Its payload too: sensitive fields of the contract are masked
    #[arg(long)]
    payload: bool,
    /// Its payload as it is, whatever stands in it
    #[arg(long)]
    unmasked: bool,
    /// How to write it
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Write dead letters whole, payloads included, as JSON, one a line
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Nothing is masked: keep what comes out as you keep the topic. Bytes that are not \
UTF-8 are written as {\"hex\": \"00ff\"}.

Examples:
  conecta-gen dlq export casos.creados derivacion > letters.jsonl
  conecta-gen dlq export casos.creados derivacion --settled --since 7d")]
pub(super) struct Export {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    filter: Filter,
    /// Those too that were brought back or skipped
    #[arg(long)]
    settled: bool,
}

pub(super) fn list(args: &List) -> Result<Exit, Exit> {
    let contract = args.contract.read()?;
    let eye = Eye { contract: contract.as_ref(), topic: &args.target.topic };
    let mut left = args.limit.unwrap_or(u64::MAX);
    let mut many = 0_u64;
    let mut written = Ok(());
    let each = |letter: &DeadLetter| {
        if !(letter.is_open || args.settled) || !args.filter.fits(letter) {
            return ControlFlow::Continue(());
        }
        if left == 0 {
            return ControlFlow::Break(());
        }
        left -= 1;
        many += 1;
        written = output::results(&match args.format {
            Format::Human => eye.line(letter),
            Format::Json => format!("{}\n", eye.facts(letter)),
        });
        if written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    args.target.letters()?.read(each).map_err(|error| trouble(&error))?;
    written?;
    if args.format == Format::Human {
        output::note(&format!("{many} dead letter{}", if many == 1 { "" } else { "s" }));
    }
    Ok(Exit::Fine)
}

pub(super) fn show(args: &Show) -> Result<Exit, Exit> {
    let contract = args.contract.read()?;
    if args.payload && !args.unmasked && contract.is_none() {
        return Err(output::trouble(
            "--payload needs --contract SPEC, to know what is to be masked, or --unmasked, to mask nothing",
        ));
    }
    let eye = Eye { contract: contract.as_ref(), topic: &args.target.topic };
    let mut found = None;
    let each = |letter: &DeadLetter| {
        if Place::of(letter) != args.place {
            return ControlFlow::Continue(());
        }
        found = Some(letter.clone());
        ControlFlow::Break(())
    };
    args.target.letters()?.read(each).map_err(|error| trouble(&error))?;
    let Some(letter) = found else {
        output::note(&format!("there is no dead letter at {}", args.place));
        return Ok(Exit::Findings);
    };
    let mut facts = eye.facts(&letter);
    facts["headers"] = eye.headers(&letter);
    if args.unmasked {
        facts["payload"] = letter.payload.as_deref().map_or(Value::Null, whole);
    } else if args.payload {
        facts["payload"] = eye.payload(&letter);
    }
    output::results(&match args.format {
        Format::Json => format!("{facts}\n"),
        Format::Human => described(&facts),
    })?;
    Ok(Exit::Fine)
}

pub(super) fn export(args: &Export) -> Result<Exit, Exit> {
    let eye = Eye { contract: None, topic: &args.target.topic };
    let mut written = Ok(());
    let each = |letter: &DeadLetter| {
        if (letter.is_open || args.settled) && args.filter.fits(letter) {
            let mut facts = eye.facts(letter);
            facts["key"] = letter.key.as_deref().map_or(Value::Null, bytes);
            facts["headers"] = eye.headers(letter);
            facts["payload"] = letter.payload.as_deref().map_or(Value::Null, bytes);
            written = output::results(&format!("{facts}\n"));
        }
        if written.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    args.target.letters()?.read(each).map_err(|error| trouble(&error))?;
    written?;
    Ok(Exit::Fine)
}

/// Shows letters, and hides what the contract says is sensitive.
struct Eye<'c> {
    contract: Option<&'c Contract>,
    topic: &'c str,
}

impl Eye<'_> {
    /// What is known of a letter, without headers and payload.
    fn facts(&self, letter: &DeadLetter) -> Value {
        let hidden = self.contract.is_some_and(|contract| contract.hides_key(self.topic));
        let key = match &letter.key {
            None => Value::Null,
            Some(_) if hidden => Value::from("***"),
            Some(key) => bytes(key),
        };
        let origin = letter
            .origin()
            .map(|origin| json!({ "topic": origin.topic, "partition": origin.partition, "offset": origin.offset }));
        json!({
            "place": Place::of(letter).to_string(),
            "open": letter.is_open,
            "time": written_at(letter).map(|time| time.to_string()),
            "key": key,
            "code": letter.code(),
            "path": letter.path(),
            "reason": letter.reason(),
            "attempts": letter.attempts(),
            "redrives": letter.redrives(),
            "handler": letter.handler(),
            "first_failure": letter.first_failure(),
            "last_failure": letter.last_failure(),
            "origin": origin,
        })
    }

    fn line(&self, letter: &DeadLetter) -> String {
        let facts = self.facts(letter);
        let field = |name: &str| match &facts[name] {
            Value::Null => "-".to_owned(),
            Value::String(text) => one_line(text),
            other => other.to_string(),
        };
        let settled = if letter.is_open { "" } else { "settled  " };
        format!(
            "{:<10} {:<24} {:<16} {:<12} {settled}{}\n",
            field("place"),
            field("time"),
            field("key"),
            field("code"),
            field("reason")
        )
    }

    /// The headers that the record came with.
    fn headers(&self, letter: &DeadLetter) -> Value {
        let own = letter.own_headers();
        let shown = own.iter().map(|(name, value)| {
            let value = match value {
                None => Value::Null,
                Some(_) if self.contract.is_some_and(|contract| contract.hides(name)) => Value::from("***"),
                Some(value) => bytes(value),
            };
            json!([name, value])
        });
        shown.collect()
    }

    /// The payload, masked. What is no JSON cannot be masked, and is not shown.
    fn payload(&self, letter: &DeadLetter) -> Value {
        let Some(payload) = &letter.payload else { return Value::Null };
        match (serde_json::from_slice(payload), self.contract) {
            (Ok(mut payload), Some(contract)) => {
                contract.mask(&mut payload);
                payload
            }
            _ => Value::from(format!("{} bytes that are no JSON: nothing can be masked in them", payload.len())),
        }
    }
}

/// A payload as a value where it is JSON.
fn whole(payload: &[u8]) -> Value {
    serde_json::from_slice(payload).unwrap_or_else(|_| bytes(payload))
}

/// Text where it is text.
fn bytes(bytes: &[u8]) -> Value {
    match std::str::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(_) => {
            let mut hex = String::with_capacity(2 * bytes.len());
            for byte in bytes {
                // Writing to a `String` cannot fail.
                let _ = write!(hex, "{byte:02x}");
            }
            json!({ "hex": hex })
        }
    }
}

/// Text that a terminal does not obey.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if obeyed(c) { '\u{fffd}' } else { c }).collect()
}

fn described(facts: &Value) -> String {
    let mut out = String::new();
    let fields = facts.as_object().map_or_else(Map::new, Clone::clone);
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_null()) {
        let _ = match (name.as_str(), value) {
            ("headers", Value::Array(headers)) => {
                let lines = headers.iter().map(|header| match (&header[0], &header[1]) {
                    (Value::String(name), Value::String(value)) => {
                        format!("\n  {}: {}", one_line(name), one_line(value))
                    }
                    (name, value) => format!("\n  {name}: {value}"),
                });
                writeln!(out, "headers:{}", lines.collect::<String>())
            }
            ("payload", value) => {
                let pretty = serde_json::to_string_pretty(value).unwrap_or_else(|_| value.to_string());
                writeln!(out, "payload: {pretty}")
            }
            (name, Value::String(text)) => writeln!(out, "{name}: {}", one_line(text)),
            (name, value) => writeln!(out, "{name}: {value}"),
        };
    }
    out
}
