//! What a user has to build.

use std::process::Command;

use conecta_tests::kafka::root;

/// What is needed to talk to a cluster, and nothing else needs.
const CLUSTER: [&str; 3] = ["rdkafka", "tokio", "conecta-runtime"];

fn tree(args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--edges", "normal,build", "-p", "conecta-gen"])
        .args(args)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn has(tree: &str, package: &str) -> bool {
    tree.lines().any(|line| line.split(' ').next() == Some(package))
}

#[test]
fn a_build_script_and_a_command_line_without_a_cluster_build_no_kafka() {
    for features in [&["--no-default-features"][..], &["--no-default-features", "--features", "cli"]] {
        let tree = tree(features);
        assert!(has(&tree, "typify"), "{tree}");
        for package in CLUSTER {
            assert!(!has(&tree, package), "{package} with {features:?}");
        }
    }
    let whole = tree(&[]);
    assert!(CLUSTER.iter().all(|package| has(&whole, package)), "the program has `dlq`");
}
