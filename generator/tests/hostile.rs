//! Documents made to hurt a reader, a generator or its output: each gets its verdict in time and memory, and what is
//! accepted compiles.
//!
//! Those of a corpus are read in place where there is one beside the project (`shared/corpus`), and passed over with a word
//! where there is none; ours, of the same kinds, are always tried.
#![allow(clippy::unwrap_used, clippy::print_stderr)]

#[path = "support/crates.rs"]
mod crates;
mod support;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use conecta_gen::config::Config;
use conecta_gen::document::DiskFiles;
use conecta_gen::files::FileSet;
use conecta_gen::render::Templates;
use conecta_gen::{CrateOptions, Source, generate_crate, load};

use crates::{Crates, runtime};
use support::Folder;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Verdict {
    Reject,
    Accept,
    AcceptWarn,
    Either,
}

const TIME: Duration = Duration::from_secs(2);
const MEMORY_KB: u64 = 256 << 10;

/// What the program made of a document.
struct Run {
    code: Option<i32>,
    said: String,
    took: Duration,
    /// The most memory it was seen to hold; 0 where the system does not tell.
    memory_kb: u64,
    written: bool,
}

/// Runs `generate` as a person would.
fn generate(spec: &Path, out: &Path) -> Run {
    let started = Instant::now();
    let mut program = Command::new(env!("CARGO_BIN_EXE_conecta-gen"))
        .args(["generate", "--name", "hostile-events", "-o"])
        .args([out, spec])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stderr = program.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        stderr.read_to_end(&mut said).map(|_| said)
    });
    // The kernel keeps the highest mark, so only what is allocated in the last moment is not seen.
    let mut memory_kb = 0;
    let status = loop {
        memory_kb = high_water(program.id()).unwrap_or(memory_kb);
        if let Some(status) = program.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > 10 * TIME {
            program.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(1));
    };
    let said = String::from_utf8(reader.join().unwrap().unwrap()).expect("what is said is UTF-8");
    Run { code: status.code(), said, took: started.elapsed(), memory_kb, written: out.join("Cargo.toml").exists() }
}

/// <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
fn high_water(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// What is wrong with a run.
fn fault(run: &Run, verdict: Verdict) -> Option<String> {
    let first = || run.said.lines().next().unwrap_or_default().to_owned();
    let refused = !run.written && run.code == Some(1) && run.said.starts_with("error[CG") && run.said.contains("--> ");
    let accepted = run.written && run.code == Some(0);
    if run.code.is_none() || run.said.contains("panicked at") {
        return Some(format!("ended with {:?}: {}", run.code, first()));
    }
    if run.took > TIME {
        return Some(format!("took {:?}", run.took));
    }
    if run.memory_kb > MEMORY_KB {
        return Some(format!("took {} MB", run.memory_kb >> 10));
    }
    let warned = run.said.contains("warning[CG");
    let right = match verdict {
        Verdict::Reject => refused,
        Verdict::Accept => accepted,
        Verdict::AcceptWarn => accepted && warned,
        Verdict::Either => accepted || refused,
    };
    (!right).then(|| format!("{verdict:?} is wanted, it ended with {:?}: {}", run.code, first()))
}

/// The crate of an accepted document.
fn files(spec: &Path, name: &str) -> FileSet {
    let source = Source::new(spec.file_name().unwrap().to_string_lossy(), fs::read(spec).unwrap());
    let mut loaded = load(source, None, &DiskFiles::beside(spec));
    loaded.tolerate_examples();
    let options = CrateOptions { name: Some(name.to_owned()), runtime: runtime(), topics: None };
    generate_crate(&mut loaded, &Config::default(), &options, &Templates::default()).unwrap().expect("it was accepted")
}

/// Tries documents; what is accepted is compiled together.
fn try_all(workspace: &str, documents: &[(PathBuf, Verdict)]) {
    let folder = Folder::new();
    let (mut faults, mut accepted) = (Vec::new(), Vec::new());
    for (index, (spec, verdict)) in documents.iter().enumerate() {
        let run = generate(spec, &folder.path().join(format!("out-{index}")));
        if let Some(fault) = fault(&run, *verdict) {
            faults.push(format!("{}: {fault}", spec.file_name().unwrap().display()));
        } else if run.written {
            let name = format!("hostile-{index}");
            accepted.push((name.clone(), files(spec, &name)));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    let crates = Crates::write(workspace, accepted.iter().map(|(name, files)| (name.clone(), files)));
    let built = crates.cargo(&["check", "--quiet", "--keep-going", "--message-format", "short"]);
    assert!(built.is_ok(), "{}", built.unwrap_err());
}

#[test]
fn hostile_documents_of_the_corpus_get_their_verdict() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let corpus = workspace.ancestors().map(|above| above.join("shared/corpus/hostile")).find(|found| found.is_dir());
    let Some(corpus) = corpus else {
        eprintln!("shared/corpus is not beside the project: only hostile documents of ours are tried");
        return;
    };
    let index = fs::read_to_string(corpus.join("INDEX.tsv")).unwrap();
    let documents: Vec<_> = index
        .lines()
        .skip(1)
        .map(|line| {
            let mut columns = line.split('\t');
            let path = corpus.join(columns.next().unwrap());
            let verdict = match columns.next().unwrap() {
                "REJECT" => Verdict::Reject,
                "ACCEPT" => Verdict::Accept,
                "ACCEPT-WARN" => Verdict::AcceptWarn,
                "ACCEPT-OR-REJECT" => Verdict::Either,
                other => panic!("an unknown verdict: {other}"),
            };
            (path, verdict)
        })
        .collect();
    assert!(!documents.is_empty());
    try_all("hostile-corpus", &documents);
}

const HEAD: &str = "asyncapi: 2.6.0\ninfo: { title: Hostile, version: 1.0.0 }\nchannels:\n  c:\n    publish:\n      message: { name: M, payload: { $ref: '#/components/schemas/Root' } }\n";

/// A document whose payload is the schema `Root` of these.
fn schemas(schemas: &str) -> String {
    format!("{HEAD}components:\n  schemas:\n{schemas}\n")
}

/// A document whose payload is this schema.
fn root(schema: &str) -> String {
    schemas(&format!("    Root: {schema}"))
}

#[test]
fn hostile_documents_of_ours_get_their_verdict() {
    use Verdict::{Accept, AcceptWarn, Either, Reject};
    let chain =
        (0..2000).map(|n| format!("    S{n}: {{ $ref: '#/components/schemas/S{}' }}\n", n + 1)).collect::<String>();
    let twice = |n: usize| format!("{{ $ref: '#/components/schemas/S{n}' }}");
    let doubled = (0..28).map(|n| format!("    S{n}: {{ allOf: [{0}, {0}] }}\n", twice(n + 1))).collect::<String>();
    let choices =
        (0..8).map(|n| format!("{{ type: object, properties: {{ p{n}: {{ type: string }} }}, required: [p{n}] }}"));
    let choices = choices.collect::<Vec<_>>().join(", ");
    let product = (0..8).map(|_| format!("{{ oneOf: [{choices}] }}")).collect::<Vec<_>>().join(", ");
    let mut bomb =
        "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\nx-0: &a0 [x, x, x, x, x, x, x, x]\n"
            .to_owned();
    for n in 1..10 {
        bomb += &format!("x-{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 8].join(", "));
    }
    let long = "n".repeat(60_000);
    let reference = |to: &str| root(&format!("{{ $ref: '{to}' }}"));
    let utf16: Vec<u8> = root("{ type: string }").encode_utf16().flat_map(u16::to_le_bytes).collect();

    let documents: Vec<(&str, Vec<u8>, Verdict)> = [
        ("alias-bomb.yaml", bomb, Reject),
        ("cyclic-alias.yaml", format!("{HEAD}x: &x [*x]\n"), Reject),
        ("allof-twice.yaml", schemas(&format!("    Root: {}\n{doubled}    S28: {{ type: object, properties: {{ a: {{ type: string }} }} }}", twice(0))), Accept),
        ("one-of-product.yaml", root(&format!("{{ allOf: [{product}] }}")), Either),
        ("deep.json", format!("{{\"asyncapi\": {}1{}}}", "[".repeat(5000), "]".repeat(5000)), Reject),
        ("deep-flow.yaml", format!("asyncapi: {}1{}", "[".repeat(5000), "]".repeat(5000)), Reject),
        ("deep-block.yaml", (0..900).map(|n| format!("{}a:\n", " ".repeat(n))).collect(), Reject),
        ("ref-chain.yaml", schemas(&format!("    Root: {}\n{chain}    S2000: {{ type: string }}", twice(0))), Either),
        ("long-name.yaml", root(&format!("{{ type: object, properties: {{ {long}: {{ type: string }}, {long}2: {{ type: string }} }} }}")), Either),
        ("huge-minimum.yaml", root("{ type: array, minItems: 1000000000, items: { type: string, minLength: 1000000000 } }"), Accept),
        ("patterns.yaml", root(r"{ type: object, properties: { a: { type: string, pattern: '^(a|a)+$' }, b: { type: string, pattern: '(?=x)y' }, c: { type: string, pattern: '(x)\1' }, d: { type: string, pattern: '^(\w{1,900}){1,900}$' } } }"), AcceptWarn),
        ("allof-cycle.yaml", schemas("    Root: { allOf: [{ $ref: '#/components/schemas/B' }] }\n    B: { allOf: [{ $ref: '#/components/schemas/Root' }] }"), Reject),
        ("ref-ring.yaml", schemas("    Root: { $ref: '#/components/schemas/B' }\n    B: { $ref: '#/components/schemas/Root' }"), Reject),
        ("ref-itself.yaml", reference("#/components/schemas/Root"), Reject),
        ("infinite.yaml", root("{ type: object, required: [next], properties: { next: { $ref: '#/components/schemas/Root' } } }"), AcceptWarn),
        ("lists-of-lists.yaml", root("{ type: array, items: { $ref: '#/components/schemas/Root' } }"), Accept),
        ("own-alternative.yaml", root("{ anyOf: [{ $ref: '#/components/schemas/Root' }, { type: 'null' }] }"), Either),
        ("own-alternatives.yaml", schemas("    Root: { oneOf: [{ $ref: '#/components/schemas/B' }, { type: 'null' }] }\n    B: { anyOf: [{ $ref: '#/components/schemas/Root' }, { type: 'null' }] }"), Either),
        ("only-itself.yaml", root("{ anyOf: [{ $ref: '#/components/schemas/Root' }] }"), Either),
        ("maps-of-maps.yaml", root("{ type: object, additionalProperties: { $ref: '#/components/schemas/Root' } }"), Accept),
        ("ref-file-url.yaml", reference("file:///etc/passwd"), Reject),
        ("ref-device.yaml", reference("/dev/zero"), Reject),
        ("ref-device-up.yaml", reference("../../../../../../../dev/zero"), Reject),
        ("ref-up.yaml", reference("../../../../../../../../etc/passwd#/x"), Reject),
        ("ref-http.yaml", reference("http://127.0.0.1:9/x.json#/X"), Reject),
        ("ref-protocol-relative.yaml", reference("//127.0.0.1/x.json"), Reject),
        ("ref-unc.yaml", reference(r"\\server\share\x.json"), Reject),
        ("ref-itself-file.yaml", reference("ref-itself-file.yaml"), Either),
        ("duplicate.yaml", format!("{HEAD}channels: {{}}\n"), Reject),
        ("duplicate.json", r#"{"asyncapi": "2.6.0", "info": {"title": "t", "title": "u", "version": "1"}, "channels": {}}"#.into(), Reject),
        ("bom-crlf.yaml", format!("\u{feff}{}", root("{ type: string }").replace('\n', "\r\n")), Accept),
        ("tabs.yaml", "asyncapi: 2.6.0\ninfo:\n\ttitle: t\n".into(), Reject),
        ("empty.yaml", String::new(), Reject),
        ("list.yaml", "- asyncapi: 2.6.0\n".into(), Reject),
        ("two.yaml", format!("{0}---\n{0}", root("{ type: string }")), Reject),
        ("truncated.json", r#"{"asyncapi": "2.6.0", "info": {"title": "t"#.into(), Reject),
        ("old.yaml", "asyncapi: 1.2.0\n".into(), Reject),
        ("new.yaml", "asyncapi: 7.0.0\n".into(), Reject),
        ("not-a-number.yaml", root("{ type: number, maximum: .inf }"), Reject),
        ("too-large.yaml", root("{ type: number, maximum: 1e999 }"), Reject),
        ("no-step.yaml", root("{ type: number, multipleOf: 0 }"), Reject),
        ("negative-length.yaml", root("{ type: string, minLength: -1 }"), Reject),
        ("prelude.yaml", schemas("    Root: { type: object, properties: { a: { $ref: '#/components/schemas/Option' }, b: { $ref: '#/components/schemas/Vec' }, c: { $ref: '#/components/schemas/Result' }, d: { $ref: '#/components/schemas/Event' }, self: { type: object, properties: { Self: { type: string } } } }, required: [b] }\n    Option: { type: object, properties: { None: { type: string } } }\n    Vec: { type: string, enum: [Some, None, Ok, Err, Self] }\n    Result: { type: array, minItems: 1, items: { $ref: '#/components/schemas/Vec' } }\n    Event: { type: object, properties: { build: { type: string }, new: { type: string }, key: { type: integer }, id: { type: string }, clone: { type: boolean } } }"), Accept),
        ("clashes.yaml", root("{ type: object, properties: { aB: { type: string }, a_b: { type: string }, 'a b': { type: string }, A_B: { enum: [x, X, 'x ', ' x', '-x', ''] } } }"), Accept),
        ("deceptive.yaml", root("{ allOf: [{ type: object, properties: { k: { enum: [a, b] } } }, { type: object, required: [k], properties: { k: { enum: [b, c] } } }] }"), Accept),
        ("many-types.yaml", root(&format!("{{ type: object, properties: {{ {} }} }}", (0..400).map(|n| format!("p{n}: {{ type: string, maxLength: {n} }}")).collect::<Vec<_>>().join(", "))), Accept),
    ]
    .into_iter()
    .map(|(name, text, verdict)| (name, text.into_bytes(), verdict))
    .chain([("utf-16.yaml", [vec![0xff, 0xfe], utf16].concat(), Either), ("bytes.yaml", vec![0xc3, 0x28, 0x00, 0xff], Reject)])
    .collect();

    let mut folder = Folder::new();
    for (name, bytes, _) in &documents {
        folder = folder.with(name, bytes);
    }
    let documents: Vec<_> = documents.iter().map(|(name, _, verdict)| (folder.path().join(name), *verdict)).collect();
    try_all("hostile", &documents);
}
