//! What may not stand in a file of the project.

use std::process::Command;

use conecta_tests::kafka::root;

/// Folders of one machine, and hosts of registries: what a file says of either is true in one place only. Written in
/// halves, so that this file does not find itself.
const FORBIDDEN: [&[&str]; 2] = [
    &["/t\0mp/", "/wo\0rk/", "/ro\0ot/", "/ho\0me/"],
    &[
        "static.cr\0ates.io",
        "index.cr\0ates.io",
        "repo1.ma\0ven",
        "repo.ma\0ven",
        "registry.np\0mjs",
        "py\0pi.org",
        "proxy.go\0lang",
    ],
];

#[test]
fn no_file_names_a_folder_of_one_machine_or_a_registry_host() {
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().unwrap();
    assert!(listed.status.success(), "git ls-files: {}", String::from_utf8_lossy(&listed.stderr));
    let names = String::from_utf8(listed.stdout).unwrap();
    let mut found = Vec::new();
    for name in names.split_terminator('\0').filter(|name| *name != "Cargo.lock") {
        // A file may be deleted and not yet committed, or be no text.
        let Ok(text) = std::fs::read_to_string(root().join(name)) else { continue };
        found.extend(offences(&text).map(|(line, what)| format!("{name}:{line}: {what}")));
    }
    assert!(found.is_empty(), "of one machine only:\n{}", found.join("\n"));
}

#[test]
fn a_folder_counts_only_where_a_path_begins() {
    let path = |text: &str| text.replace('_', "");
    assert_eq!(offences(&path("a\nb \"/t_mp/x\"\n")).count(), 1);
    assert_eq!(offences(&path("https://repo1.ma_ven.example/x")).count(), 1);
    assert_eq!(offences(&path("https://example.org/ho_me/x and target/t_mp/x")).count(), 0);
}

fn offences(text: &str) -> impl Iterator<Item = (usize, String)> {
    let [folders, hosts] = FORBIDDEN.map(|list| list.iter().map(|half| half.replace('\0', "")).collect::<Vec<_>>());
    text.lines().enumerate().filter_map(move |(number, line)| {
        let folder = folders.iter().find(|folder| begins_a_path(line, folder));
        let found = folder.or_else(|| hosts.iter().find(|host| line.contains(host.as_str())))?;
        Some((number + 1, found.clone()))
    })
}

/// Whether the folder stands where an absolute path begins, and is followed by a name.
fn begins_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + folder.len()..].chars().next();
        !before.is_some_and(|c| c.is_alphanumeric() || "_.".contains(c)) && after.is_some_and(char::is_alphabetic)
    })
}
