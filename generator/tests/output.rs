//! What a person sees: the human format, GitHub's, `explain`, help and exit codes.
#![allow(clippy::unwrap_used)]

mod support;

use std::process::{Command, Stdio};

use support::{Folder, text};

const SPEC: &str = "asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
channels:
  casos.creados:
    publish:
      operationId: publicar
      message:
        payload:
          type: object
          properties:
            valor: { type: string }
        examples:
          - payload: { valor: 168 }
  casos.cerrados:
    publish: { operationId: publicar, sumary: s }
";

fn shown(args: &[&str]) -> String {
    let output = Folder::new().with("spec.yaml", SPEC).run(args);
    assert_eq!(text(&output.stderr), "");
    text(&output.stdout).to_owned()
}

#[test]
fn findings_are_drawn_for_people() {
    let output = shown(&["check", "spec.yaml"]);
    assert!(!output.contains('\u{1b}'), "no colour in a pipe");
    insta::assert_snapshot!(output);
}

#[test]
fn findings_are_written_for_github() {
    insta::assert_snapshot!(shown(&["check", "spec.yaml", "--format", "github"]));
}

#[test]
fn findings_are_written_as_json() {
    insta::assert_snapshot!(shown(&["check", "spec.yaml", "--format", "json"]));
}

#[test]
fn a_sound_document_says_so_and_its_json_is_an_empty_list() {
    let folder = Folder::new().with("spec.yaml", "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\n");
    let output = folder.run(&["check", "spec.yaml"]);
    assert_eq!((text(&output.stdout), output.status.code()), ("no findings\n", Some(0)));
    let output = folder.run(&["check", "spec.yaml", "--format", "json"]);
    assert_eq!((text(&output.stdout), output.status.code()), ("[]\n", Some(0)));
}

#[test]
fn conecta360_has_two_errors_and_a_note() {
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/conecta360");
    let folder = Folder::new();
    for name in ["asyncapi.yaml", "topics.yaml"] {
        std::fs::copy(format!("{specs}/{name}"), folder.path().join(name)).unwrap();
    }
    let findings = folder.check(&["asyncapi.yaml"]);
    let briefs: Vec<_> = findings.iter().map(|f| f.brief()).collect();
    assert_eq!(briefs, ["CG0601 433:35", "CG0601 434:32"]);
    let related: Vec<_> = findings.iter().map(|f| (f.related[0].1, f.related[0].2)).collect();
    assert_eq!(related, [(852, 25), (854, 25)], "the schema's own `type: string`");

    let output = folder.run(&["check", "asyncapi.yaml", "--topics", "topics.yaml"]);
    insta::assert_snapshot!(text(&output.stdout));
}

#[test]
fn a_code_is_explained() {
    insta::assert_snapshot!(shown(&["explain", "CG0703"]));
}

#[test]
fn help_shows_examples_and_fits_eighty_columns() {
    insta::assert_snapshot!("help_of_check", shown(&["help", "check"]));
    insta::assert_snapshot!("help_of_generate", shown(&["help", "generate"]));
    for args in [&["help"][..], &["help", "check"], &["help", "generate"], &["help", "explain"], &["help", "schema"]] {
        let help = shown(args);
        let wide: Vec<_> = help.lines().filter(|line| line.chars().count() > 80).collect();
        assert!(wide.is_empty(), "{args:?}: {wide:#?}");
        assert!(args.len() == 1 || help.contains("Examples:\n  conecta-gen "), "{args:?} has examples");
    }
}

#[test]
fn line_breaks_of_the_document_draw_no_lines() {
    let forged = "x\\nerror[CG0101]: forged\\n::error::forged";
    let spec = format!(
        "asyncapi: 2.6.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels:\n  c: {{ publish: {{ \"{forged}\": 1, operationId: \"{forged}\" }}, subscribe: {{ operationId: \"{forged}\" }} }}\n"
    );
    let folder = Folder::new().with("spec.yaml", spec);
    for format in ["human", "github"] {
        let output = folder.run(&["check", "spec.yaml", "--format", format]);
        let shown = text(&output.stdout);
        assert!(shown.contains("forged"), "{shown}");
        let forged =
            shown.lines().find(|line| line.trim_start().starts_with("error[CG0101]") || line.starts_with("::error::"));
        assert_eq!(forged, None, "{shown}");
    }
}

#[test]
fn usage_and_missing_files_exit_with_two_and_print_no_result() {
    let folder = Folder::new();
    for args in [&["check"][..], &["check", "gone.yaml"], &["check", "."], &["explain", "CG9999"], &["frobnicate"]] {
        let output = folder.run(args);
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert_eq!(text(&output.stdout), "", "{args:?}");
        assert_ne!(text(&output.stderr), "", "{args:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let folder = Folder::new().with("spec.yaml", SPEC);
    let mut child = Command::new(env!("CARGO_BIN_EXE_conecta-gen"))
        .args(["explain", "--all"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(text(&output.stderr), "");
}

#[test]
fn a_minified_document_is_not_printed_whole() {
    let fields: Vec<String> = (0..3000).map(|i| format!("\"field{i}é\": 1")).collect();
    let document = format!(
        "{{\"asyncapi\": \"2.6.0\", \"info\": {{\"title\": \"t\", \"version\": \"1\"}}, \"channels\": {{}}, {}}}",
        fields.join(", ")
    );
    let folder = Folder::new().with("spec.json", document);
    let output = folder.run(&["check", "spec.json"]);
    let shown = text(&output.stdout);
    assert!(shown.len() < 1_000_000, "{} bytes", shown.len());
    insta::assert_snapshot!(shown.lines().take(4).collect::<Vec<_>>().join("\n"));
}
