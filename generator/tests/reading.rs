//! What cannot be read is refused at its place, quickly, and nothing but the finding is printed.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use support::{Folder, briefs};

#[test]
fn an_empty_file_is_refused() {
    assert_eq!(briefs(""), ["CG0101 1:1"]);
    assert_eq!(briefs("# only a comment\n"), ["CG0101 1:1"]);
    assert_eq!(briefs("\u{feff}"), ["CG0101 1:1"]);
}

#[test]
fn a_list_at_the_top_is_refused() {
    assert_eq!(briefs("- asyncapi: 2.6.0\n"), ["CG0115 1:1"]);
}

#[test]
fn a_tab_is_named_as_such() {
    assert_eq!(briefs("asyncapi: 2.6.0\ninfo:\n\ttitle: t\n"), ["CG0104 3:1"]);
}

#[test]
fn a_duplicate_key_is_shown_with_both_places() {
    let document = "asyncapi: 2.6.0\ninfo:\n  title: t\n  version: 1.0.0\n  title: u\nchannels: {}\n";
    let findings = Folder::new().with("spec.yaml", document).check(&["spec.yaml"]);
    assert_eq!(findings[0].brief(), "CG0105 5:3");
    assert_eq!(findings[0].related, [("spec.yaml".to_owned(), 3, 3)]);
    assert_eq!(findings.len(), 1, "nothing follows from it: {findings:#?}");
}

#[test]
fn a_duplicate_key_is_found_in_json_and_in_large_mappings() {
    let json = r#"{"asyncapi": "2.6.0", "info": {"title": "t", "version": "1", "title": "u"}, "channels": {}}"#;
    let findings = Folder::new().with("spec.json", json).check(&["spec.json"]);
    assert_eq!(findings.iter().map(|f| f.brief()).collect::<Vec<_>>(), ["CG0105 1:62"]);

    let mut large = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels:\n".to_owned();
    for i in 0..40 {
        large += &format!("  c{}: {{}}\n", i % 39);
    }
    assert_eq!(briefs(large), ["CG0105 43:3"]);
}

#[test]
fn an_alias_bomb_of_110_kilobytes_costs_nothing() {
    // Each level stands for nine of the one before; the padding makes it as large as one that was seen to take 2 GB.
    let mut bomb =
        "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\nx-0: &a0 [x, x, x, x, x, x, x, x, x]\n"
            .to_owned();
    for level in 1..12 {
        let alias = format!("*a{}", level - 1);
        bomb += &format!("x-{level}: &a{level} [{}]\n", [alias.as_str(); 9].join(", "));
    }
    while bomb.len() < 110_000 {
        bomb += "# padding\n";
    }
    let started = Instant::now();
    let found = briefs(bomb);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("CG0109 9:"), "{found:?}");
    assert!(started.elapsed() < Duration::from_secs(2));
}

#[test]
fn an_alias_within_its_own_anchor_is_refused() {
    assert_eq!(briefs("asyncapi: 2.6.0\nx-me: &me\n  again: *me\n"), ["CG0110 3:10"]);
}

#[test]
fn a_few_aliases_are_fine() {
    let document = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels:\n  a: &a\n    publish:\n      message: { payload: { type: string } }\n  b: *a\n";
    assert_eq!(briefs(document), [""; 0]);
}

#[test]
fn truncated_json_is_refused_where_it_ends() {
    let folder = Folder::new().with("spec.json", "{\"asyncapi\": \"2.6.0\",\n  \"info\": {\"title\": \"t\"");
    let findings = folder.check(&["spec.json"]);
    assert_eq!(findings[0].brief(), "CG0103 2:24");
    assert_eq!(findings[0].related, [("spec.json".to_owned(), 2, 11)], "what is not closed");
    assert_eq!(findings.len(), 1);
}

#[test]
fn columns_count_characters_not_bytes() {
    assert_eq!(briefs("asyncapi: 2.6.0\ninfo: { title: ñandú 🦤, version: 1 }\nchannels: {}\n"), ["CG0304 2:34"]);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_change_nothing() {
    let plain = "asyncapi: 2.6.0\ninfo:\n  title: t\n  version: 1\nchannels: {}\n";
    let windows = format!("\u{feff}{}", plain.replace('\n', "\r\n"));
    assert_eq!(briefs(plain), ["CG0304 4:12"]);
    assert_eq!(briefs(windows), briefs(plain));
}

#[test]
fn utf_16_and_latin_1_are_named() {
    let utf16: Vec<u8> = "\u{feff}asyncapi: 2.6.0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(briefs(utf16), ["CG0102 1:1"]);
    assert_eq!(briefs(b"asyncapi: 2.6.0\ninfo: { title: \xf1 }\n"), ["CG0102 2:16"]);
}

#[test]
fn a_second_document_in_the_file_is_refused() {
    assert_eq!(briefs("asyncapi: 2.6.0\n---\nasyncapi: 2.6.0\n"), ["CG0106 2:1"]);
}

#[test]
fn depth_is_bounded_in_yaml_and_json() {
    let deep = format!("asyncapi: 2.6.0\nx-deep: {}{}\n", "[".repeat(5000), "]".repeat(5000));
    assert!(briefs(deep)[0].starts_with("CG0108 2:"));
    let deep: String = (0..200).map(|level| format!("{}k:\n", " ".repeat(level))).collect();
    assert_eq!(briefs(deep), ["CG0108 101:101"]);
    let deep = format!("{{\"x-deep\": {}{}}}", "[".repeat(5000), "]".repeat(5000));
    assert_eq!(briefs(deep), ["CG0108 1:111"]);
}

#[test]
fn numbers_that_json_has_not_are_refused() {
    assert_eq!(briefs("asyncapi: 2.6.0\nx-a: .inf\n"), ["CG0111 2:6"]);
    assert_eq!(briefs("asyncapi: 2.6.0\nx-a: 1e999\n"), ["CG0111 2:6"]);
}

#[test]
fn tags_and_keys_that_json_has_not_are_refused() {
    assert_eq!(briefs("asyncapi: 2.6.0\nx-a: !mine 1\n"), ["CG0113 2:12"]);
    assert_eq!(briefs("asyncapi: 2.6.0\n? [a]\n: 1\n"), ["CG0114 2:3"]);
    assert_eq!(briefs("asyncapi: !!str 2.6.0\ninfo: { title: t, version: !!str 1 }\nchannels: {}\n"), [""; 0]);
}

#[test]
fn control_characters_of_a_document_never_reach_the_terminal() {
    let document =
        "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\n\"bad\\e[31m\\u202ekey\": 1 # \u{202e}\n";
    let folder = Folder::new().with("spec.yaml", document);
    for format in ["human", "github"] {
        let output = folder.run(&["check", "spec.yaml", "--format", format]);
        let shown = support::text(&output.stdout);
        assert!(shown.contains("bad"), "{shown}");
        assert!(!shown.contains(|c: char| (c.is_control() && c != '\n') || c == '\u{202e}'), "{shown:?}");
    }
}

/// Neither a device without end nor a pipe that nobody writes to is waited for.
#[cfg(unix)]
#[test]
fn only_regular_files_are_read_and_no_more_of_them_than_the_limit() {
    let document = "asyncapi: 2.6.0\ninfo: { title: t, version: 1.0.0 }\nchannels: {}\n";
    let folder = Folder::new().with("spec.yaml", document);
    let cases: [&[&str]; 4] = [
        &["check", "/dev/zero"],
        &["check", "spec.yaml", "--topics", "/dev/zero"],
        &["check", "spec.yaml", "--config", "/dev/zero"],
        &["generate", "/dev/zero", "--output", "crate"],
    ];
    for args in cases {
        let output = folder.run(args);
        let said = support::text(&output.stderr);
        assert!(output.status.code() == Some(2) && said.contains("it is not a regular file"), "{args:?}: {said}");
    }
    let small = Folder::new().with("spec.yaml", document).with("conecta-gen.toml", "[limits]\nbytes = 20\n");
    let sparse = std::fs::File::create(small.path().join("spec.yaml"));
    sparse.and_then(|file| file.set_len(1 << 40)).expect("a file of a terabyte that holds nothing");
    let found = small.check(&["spec.yaml"]);
    assert_eq!(found.iter().map(support::Finding::brief).collect::<Vec<_>>(), ["CG0107 1:1"]);
}
