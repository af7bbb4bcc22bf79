//! `redrive` and `skip`.

use std::cell::Cell;
use std::io::{self, IsTerminal as _, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use conecta_runtime::kafka::{Choice, DeadLetter, DeadLetters, Settled, Settlement, Step};
use serde_json::{Value, json};

use super::super::{Exit, output};
use super::contract::{Contract, ContractArgs};
use super::filter::Filter;
use super::{Format, Target, trouble};

/// How often progress is shown.
const REFRESH: Duration = Duration::from_millis(200);

/// Bring dead letters back to the group that gave them up
#[derive(Debug, clap::Args)]
#[command(after_help = "\
They go to TOPIC.GROUP.redrive, which that group alone reads, in the order of each \
key and each once: a run that was interrupted, in whatever way, is repeated. Later \
events of a key that were handled meanwhile stay handled.

Examples:
  conecta-gen dlq redrive casos.creados derivacion --all --dry-run
  conecta-gen dlq redrive casos.creados derivacion --code failed --since 2h
  conecta-gen dlq redrive casos.creados derivacion --at 3@17 --edit \\
      --contract asyncapi.yaml")]
pub(super) struct Redrive {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    contract: ContractArgs,
    /// Mend the payload of the one that --at names: in $VISUAL or $EDITOR, or as it is in FILE
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, requires = "at", requires = "contract")]
    edit: Option<Option<PathBuf>>,
}

/// Let dead letters rest: they are open no more, and not brought back
#[derive(Debug, clap::Args)]
#[command(after_help = "\
They stay in their topic for its retention, and `list --settled` shows them.

Examples:
  conecta-gen dlq skip casos.creados derivacion --at 3@17
  conecta-gen dlq skip casos.creados derivacion --until 30d --dry-run")]
pub(super) struct Skip {
    #[command(flatten)]
    common: Common,
}

#[derive(Debug, clap::Args)]
struct Common {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    filter: Filter,
    /// All that are open: to be said where no filter is given
    #[arg(long)]
    all: bool,
    /// Change nothing; say how many it would be
    #[arg(long)]
    dry_run: bool,
    /// How to write what was done
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

pub(super) fn skip(args: &Skip) -> Result<Exit, Exit> {
    let choose = |letter: &DeadLetter| if args.common.filter.fits(letter) { Choice::Take } else { Choice::Leave };
    args.common.run(Settlement::Skip, choose)
}

pub(super) fn redrive(args: &Redrive) -> Result<Exit, Exit> {
    let Some(edit) = &args.edit else {
        let choose = |letter: &DeadLetter| if args.common.filter.fits(letter) { Choice::Take } else { Choice::Leave };
        return args.common.run(Settlement::Redrive, choose);
    };
    let Some(contract) = args.contract.read()? else { return Err(output::trouble("--edit needs --contract SPEC")) };
    let letters = args.common.target.letters()?;
    let mut chosen = Vec::new();
    let each = |letter: &DeadLetter| {
        if letter.is_open && args.common.filter.fits(letter) {
            chosen.push(letter.clone());
        }
        ControlFlow::Continue(())
    };
    letters.read(each).map_err(|error| trouble(&error))?;
    let [letter] = chosen.as_slice() else {
        output::note(&format!("--edit mends one dead letter: {} open ones are meant", chosen.len()));
        return Ok(Exit::Findings);
    };
    let mended = mended(letter, edit.as_deref())?;
    if let Some(exit) = refused(&contract, &args.common.target.topic, &mended)? {
        return Ok(exit);
    }
    let place = (letter.partition, letter.offset);
    args.common.run(Settlement::Redrive, |letter| match (letter.partition, letter.offset) == place {
        true => Choice::Edit(mended.clone()),
        false => Choice::Leave,
    })
}

impl Common {
    fn run(&self, settlement: Settlement, mut choose: impl FnMut(&DeadLetter) -> Choice) -> Result<Exit, Exit> {
        if self.filter.is_empty() && !self.all {
            return Err(output::trouble("say which: by --key, --code, --since, --until or --at, or --all of them"));
        }
        let letters = self.target.letters()?;
        let (settled, left, behind) = if self.dry_run {
            let (settled, left) = count(&letters, choose)?;
            (settled, left, 0)
        } else {
            let done = Cell::new(0_u64);
            let mut shown = Progress::new(settlement);
            let Settled { settled, left, behind, .. } = letters
                .settle(settlement, &mut choose, |step| {
                    if let Step::Committed(so_far) = step {
                        done.set(so_far.settled);
                        shown.show(so_far.settled);
                    }
                })
                .map_err(|error| {
                    output::note(&format!("{} were {} before this:", done.get(), past(settlement)));
                    trouble(&error)
                })?;
            shown.end();
            (settled, left, behind)
        };
        if behind > 0 {
            output::note(&format!(
                "{behind} of those that are left come behind an earlier one of their key, which was left too or is not handled \
                 yet: run this again"
            ));
        }
        output::results(&match self.format {
            Format::Json => {
                format!("{}\n", json!({ "dry_run": self.dry_run, past(settlement): settled, "left_open": left }))
            }
            Format::Human => {
                let would_be = if self.dry_run { " (dry run: nothing was changed)" } else { "" };
                format!("{settled} {}, {left} left open{would_be}\n", past(settlement))
            }
        })?;
        Ok(if settled == 0 { Exit::Findings } else { Exit::Fine })
    }
}

fn past(settlement: Settlement) -> &'static str {
    match settlement {
        Settlement::Redrive => "redriven",
        Settlement::Skip => "skipped",
    }
}

fn count(letters: &DeadLetters, mut choose: impl FnMut(&DeadLetter) -> Choice) -> Result<(u64, u64), Exit> {
    let (mut taken, mut left) = (0, 0);
    let each = |letter: &DeadLetter| {
        if letter.is_open {
            match choose(letter) {
                Choice::Leave => left += 1,
                Choice::Take | Choice::Edit(_) => taken += 1,
            }
        }
        ControlFlow::Continue(())
    };
    letters.read(each).map_err(|error| trouble(&error))?;
    Ok((taken, left))
}

/// The payload as it is to be.
fn mended(letter: &DeadLetter, file: Option<&Path>) -> Result<Vec<u8>, Exit> {
    let cannot = |what: &str, error: &io::Error| output::trouble(&format!("{what}: {error}"));
    if let Some(file) = file {
        return std::fs::read(file).map_err(|error| cannot(&format!("cannot read {}", file.display()), &error));
    }
    let editor = ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    let Some(editor) = editor else {
        return Err(output::trouble("set VISUAL or EDITOR, or give the payload by --edit=FILE"));
    };
    let payload = letter.payload.as_deref().unwrap_or_default();
    let pretty = serde_json::from_slice::<Value>(payload).and_then(|value| serde_json::to_vec_pretty(&value));
    let scratch = Scratch::new(&pretty.unwrap_or_else(|_| payload.to_vec()))
        .map_err(|error| cannot("cannot write a file to edit", &error))?;
    // As git does: the variable may have arguments.
    let status = Command::new("sh").args(["-c", &format!("{editor} \"$1\""), "sh"]).arg(&scratch.0).status();
    match status {
        Ok(status) if status.success() => {}
        Ok(status) => return Err(output::trouble(&format!("{editor} ended with {status}: nothing was changed"))),
        Err(error) => return Err(cannot(&format!("cannot run {editor}"), &error)),
    }
    let edited = std::fs::read(&scratch.0).map_err(|error| cannot("cannot read the edited file", &error))?;
    // As events are written: on one line.
    Ok(serde_json::from_slice::<Value>(&edited).and_then(|value| serde_json::to_vec(&value)).unwrap_or(edited))
}

/// A file that nobody else may read and that is removed in the end.
struct Scratch(PathBuf);

impl Scratch {
    fn new(content: &[u8]) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("conecta-dlq-{}.json", std::process::id()));
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(&path)?.write_all(content)?;
        Ok(Self(path))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Says in what a mended payload breaks the contract, if it does.
fn refused(contract: &Contract, topic: &str, payload: &[u8]) -> Result<Option<Exit>, Exit> {
    let faults = match serde_json::from_slice(payload) {
        Ok(value) => contract.faults(topic, &value)?,
        Err(error) => vec![format!("it is no JSON: {error}")],
    };
    if faults.is_empty() {
        return Ok(None);
    }
    output::note("the mended payload breaks the contract, nothing was changed:");
    faults.iter().for_each(|fault| output::note(&format!("  {fault}")));
    Ok(Some(Exit::Findings))
}

/// A line on stderr that is written over, where that is a terminal.
struct Progress {
    what: &'static str,
    shown: Option<Instant>,
    is_terminal: bool,
}

impl Progress {
    fn new(settlement: Settlement) -> Self {
        Self { what: past(settlement), shown: None, is_terminal: io::stderr().is_terminal() }
    }

    fn show(&mut self, settled: u64) {
        if self.is_terminal && self.shown.is_none_or(|shown| shown.elapsed() >= REFRESH) {
            self.shown = Some(Instant::now());
            let _ = write!(io::stderr(), "\r{settled} {} …", self.what);
        }
    }

    fn end(&self) {
        if self.shown.is_some() {
            // Clears the line.
            let _ = write!(io::stderr(), "\r\u{1b}[K");
        }
    }
}
