//! Generating crates of many channels: time, memory and growth.
//!
//! The least of [`ROUNDS`]: of a new crate the time by the clock, of `check` and of an unchanged crate the processor's.
//!
//! Where a folder of thousands of files was removed a moment ago, ext4 makes this slower than the work is: for each new
//! file it looks at every inode that was freed in the last minute or more (`recently_deleted`), 2.7 s of 4.2 s at 3,000
//! channels, against 0.2 s of 1.7 s in memory-backed storage.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use conecta_tests::kafka::root;

use crate::report::Report;

/// What makes this program [`measure`] a command and end.
pub(crate) const MEASURE: &str = "--measure-command";

const ROUNDS: usize = 5;

/// What a command took.
#[derive(Clone, Copy)]
pub(crate) struct Cost {
    /// Seconds by the clock.
    pub(crate) clock: f64,
    /// Seconds of the processor, in user code.
    pub(crate) user: f64,
    /// Largest resident memory in MB.
    memory: f64,
}

/// Against the goals of 0.6 s for 1,000 channels, 1.9 s and 200 MB for 3,000.
pub(crate) fn figures(report: &mut Report, tool: &Path) {
    let scratch = tempfile::tempdir().unwrap();
    let mut generated = Vec::new();
    for (channels, seconds) in [(1_000, 0.6), (3_000, 1.9)] {
        let document = scratch.path().join(format!("{channels}.yaml"));
        fs::write(&document, contract(channels)).unwrap();
        let crate_folder = scratch.path().join(format!("crate-{channels}"));
        let arguments = |words: &[&str]| {
            let mut all: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            all.push(document.display().to_string());
            all
        };
        let output = ["-o".to_owned(), crate_folder.display().to_string()];
        let write = [arguments(&["generate"]), output.to_vec()].concat();
        let compare = [arguments(&["generate", "--check"]), output.to_vec()].concat();
        let cost = least(tool, &write, || drop(fs::remove_dir_all(&crate_folder)));
        let unchanged = least(tool, &compare, || {});
        let checked = least(tool, &arguments(&["check"]), || {});
        report.seconds(&format!("generate-{channels}-s"), cost.clock, seconds);
        report.seconds(&format!("generate-{channels}-unchanged-s"), unchanged.user, cost.user);
        report.seconds(&format!("check-{channels}-s"), checked.user, cost.user);
        report.info(&format!("generate-{channels}"), format_args!("user={:.2} mb={:.0}", cost.user, cost.memory));
        generated.push(cost);
    }
    let [small, large] = generated[..] else { return };
    report.ceiling("generate-3000-mb", large.memory, 200.0);
    report.seconds("generate-growth", large.user / small.user, 3.3);
}

/// The least of several runs of a command, each after `before`.
pub(crate) fn least(tool: &Path, arguments: &[String], before: impl Fn()) -> Cost {
    let mut best: Option<Cost> = None;
    for _ in 0..ROUNDS {
        before();
        let cost = once(tool, arguments, None).unwrap();
        let best = best.get_or_insert(cost);
        *best = Cost {
            clock: best.clock.min(cost.clock),
            user: best.user.min(cost.user),
            memory: best.memory.min(cost.memory),
        };
    }
    best.unwrap()
}

/// What one run of a command takes. Of another's tool: so many seconds at most, with a home of its own; that it is no person keeps the CLI from reporting to its makers.
pub(crate) fn once(tool: &Path, arguments: &[String], bounds: Option<(u32, &Path)>) -> Result<Cost, String> {
    // In a process of its own, since the kernel tells the largest memory of all children there were.
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.current_dir(root()).arg(MEASURE);
    if let Some((seconds, home)) = bounds {
        command
            .current_dir(home)
            .env("HOME", home)
            .env("CI", "true")
            .args(["timeout", "--kill-after=5"])
            .arg(seconds.to_string());
    }
    let output = command.arg(tool).args(arguments).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        return Err(match bounds {
            Some((seconds, _)) if said.contains("exit status: 124") => format!("longer than {seconds} s"),
            _ => format!("it failed: {}", said.lines().rfind(|line| line.contains("exit status")).unwrap_or(&said)),
        });
    }
    let figures: Vec<f64> = text.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    let [clock, user, memory] = figures[..] else { panic!("{text}") };
    Ok(Cost { clock, user, memory })
}

/// Runs a command and prints what it took: seconds by the clock, seconds of user code, largest resident memory in MB.
pub(crate) fn measure(mut command: impl Iterator<Item = String>) {
    let start = std::time::Instant::now();
    let status = Command::new(command.next().unwrap())
        .args(command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .status()
        .unwrap();
    let clock = start.elapsed().as_secs_f64();
    assert!(status.success(), "{status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap();
    let user = usage.user_time().tv_sec() as f64 + usage.user_time().tv_usec() as f64 / 1e6;
    println!("{clock} {user} {}", usage.max_rss() as f64 / 1000.0);
}

/// A contract of so many channels, each like one of Conecta360: an envelope that all share, and a body of its own with
/// a text that has a pattern, an enumeration, a date, an object, and an example.
pub(crate) fn contract(channels: usize) -> String {
    let mut text = String::from("asyncapi: 2.6.0\ninfo: {title: Many channels, version: 1.0.0}\n");
    text += "defaultContentType: application/json\nchannels:\n";
    for i in 0..channels {
        let message = format!("      message: {{$ref: '#/components/messages/Event{i}'}}\n");
        write!(text, "  area{i}.event{i}:\n    description: Event {i}\n").unwrap();
        write!(text, "    publish:\n      operationId: publishEvent{i}\n{message}").unwrap();
        write!(text, "    subscribe:\n      operationId: consumeEvent{i}\n{message}").unwrap();
    }
    text += "components:\n  messages:\n";
    for i in 0..channels {
        write!(
            text,
            "    Event{i}:
      name: Event{i}
      summary: The event of number {i}
      traits:
        - $ref: '#/components/messageTraits/Common'
      payload:
        $ref: '#/components/schemas/Event{i}Payload'
      examples:
        - payload:
            evento_id: \"e-{i}\"
            evento_tipo: \"area{i}.event{i}\"
            evento_version: \"1.0\"
            timestamp: \"2024-01-15T10:30:00Z\"
            datos:
              id_{i}: {i}
              number: \"CRV-2024-00012345\"
              state: OPEN
              since: \"2024-01-15T10:30:00Z\"
              place:
                lat: -12.5
                lng: -77.5
"
        )
        .unwrap();
    }
    text += "  messageTraits:
    Common:
      headers:
        type: object
        properties:
          evento_id:
            type: string
          correlation_id:
            type: string
  schemas:
    Envelope:
      type: object
      required: [evento_id, evento_tipo, evento_version, timestamp, datos]
      properties:
        evento_id:
          type: string
        evento_tipo:
          type: string
        evento_version:
          type: string
          pattern: '^[0-9]+\\.[0-9]+$'
        timestamp:
          type: string
          format: date-time
        datos:
          type: object
";
    for i in 0..channels {
        write!(
            text,
            "    Event{i}Payload:
      allOf:
        - $ref: '#/components/schemas/Envelope'
        - type: object
          properties:
            datos:
              type: object
              required: [id_{i}, number, state]
              properties:
                id_{i}:
                  type: integer
                number:
                  type: string
                  pattern: '^CRV-[0-9]{{4}}-[0-9]{{8}}$'
                state:
                  type: string
                  enum: [OPEN, GIVEN, CLOSED]
                since:
                  type: string
                  format: date-time
                remark:
                  type: string
                  maxLength: 500
                place:
                  type: object
                  properties:
                    lat:
                      type: number
                    lng:
                      type: number
"
        )
        .unwrap();
    }
    text
}
