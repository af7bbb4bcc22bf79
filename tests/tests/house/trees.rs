//! What a user has to build.

use std::process::Command;

use conecta_tests::kafka::root;

/// What is needed to talk to a cluster, and nothing else needs.
const CLUSTER: [&str; 3] = ["rdkafka", "tokio", "conecta-runtime"];

fn tree(package: &str, args: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .args(["tree", "--locked", "--prefix", "none", "--edges", "normal,build", "-p", package])
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

/// What services may ask for, and a crate of events must not pay for.
const OPTIONAL: [&str; 12] = [
    "openssl",
    "tokio-openssl",
    "opentelemetry",
    "tracing-opentelemetry",
    "metrics",
    "metrics-exporter-prometheus",
    "openssl-sys",
    "toml",
    "strsim",
    "tokio",
    "rdkafka",
    "tracing",
];

#[test]
fn a_crate_of_events_builds_none_of_what_operates_a_service_and_kafka_alone_little_of_it() {
    let of = |features: &[&str]| tree("conecta-runtime", features);
    let (events, kafka, all) =
        (of(&["--no-default-features"]), of(&[]), of(&["--features", "http,opentelemetry,settings,ssl,webhook-ssl"]));
    for package in OPTIONAL {
        assert!(!has(&events, package), "{package} in a crate of events");
        assert!(has(&all, package), "no {package} where it is asked for");
    }
    for package in &OPTIONAL[..9] {
        assert!(!has(&kafka, package), "{package} with the default features");
    }
}

#[test]
fn each_driver_of_the_inbox_comes_without_the_other_and_without_tls() {
    let of = |feature| tree("conecta-runtime", &["--no-default-features", "--features", feature]);
    for (feature, driver, other) in [("postgres", "tokio-postgres", "sqlx"), ("sqlx", "sqlx", "tokio-postgres")] {
        let tree = of(feature);
        assert!(has(&tree, driver), "{tree}");
        for package in [other, "rustls", "native-tls", "openssl", "sqlx-macros", "sqlx-mysql", "sqlx-sqlite"] {
            assert!(!has(&tree, package), "{package} with {feature}");
        }
    }
}

#[test]
fn a_build_script_and_a_command_line_without_a_cluster_build_no_kafka() {
    for features in [&["--no-default-features"][..], &["--no-default-features", "--features", "cli"]] {
        let tree = tree("conecta-gen", features);
        assert!(has(&tree, "typify"), "{tree}");
        for package in CLUSTER {
            assert!(!has(&tree, package), "{package} with {features:?}");
        }
    }
    let whole = tree("conecta-gen", &[]);
    assert!(CLUSTER.iter().all(|package| has(&whole, package)), "the program has `dlq`");
}
