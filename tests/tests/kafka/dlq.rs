//! `conecta-gen dlq`, as a person at 3 a.m. has it in hands.

use std::process::{Command, Stdio};
use std::time::Duration;

use conecta_runtime::consumer::redrive_topic;
use conecta_tests::contract::Contract;
use conecta_tests::kafka::root;
use conecta_tests::wire::until;
use serde_json::Value;

use crate::dead_letters::given_up;

const TOPIC: &str = "casos.creados";

struct Console<'c> {
    contract: &'c Contract,
    group: &'static str,
}

/// What a command said.
#[derive(Debug)]
struct Said {
    exit: i32,
    out: String,
    err: String,
}

impl Console<'_> {
    fn command(&self, subcommand: &str, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_conecta_gen"));
        command.args(["dlq", subcommand, TOPIC, self.group, "--brokers", self.contract.kafka.brokers()]).args(args);
        command.current_dir(root()).stdin(Stdio::null());
        command
    }

    fn dlq(&self, subcommand: &str, args: &[&str]) -> Said {
        let output = self.command(subcommand, args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { exit: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    fn lines(&self, args: &[&str]) -> usize {
        let said = self.dlq("list", args);
        assert_eq!(said.exit, 0, "{said:?}");
        said.out.lines().count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_up_is_found_looked_at_mended_brought_back_and_skipped() {
    let contract = Contract::start().await;
    given_up(&contract, "consola", 6, 2).await;
    let console = Console { contract: &contract, group: "consola" };
    let spec = ["--contract", "specs/conecta360/asyncapi.yaml"];

    // Found: by key, code and time, and without the payload.
    let all = console.dlq("list", &[]);
    assert_eq!((all.exit, all.out.lines().count(), all.err.as_str()), (0, 12, "conecta-gen: 12 dead letters\n"));
    assert!(all.out.contains("rejected") && all.out.contains("not today"), "{}", all.out);
    assert!(!all.out.contains("Bache"), "no payload: {}", all.out);
    assert_eq!(console.lines(&["--key", "3"]), 2);
    assert_eq!(console.lines(&["--key", "3", "--key", "4", "--code", "rejected", "--since", "1h"]), 4);
    assert_eq!(console.lines(&["--code", "undecodable"]), 0);
    assert_eq!(console.lines(&["--until", "1h"]), 0);
    assert_eq!(console.lines(&["--limit", "5"]), 5);
    let found = console.dlq("list", &["--key", "3", "--format", "json"]);
    let found: Vec<Value> = found.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let place = found[0]["place"].as_str().unwrap();
    assert_eq!(found[0]["origin"]["topic"], TOPIC);

    // Looked at: the payload only when asked for, and masked as the contract's configuration says.
    let shown = console.dlq("show", &[place]);
    assert!(shown.out.contains("evento_id: ") && !shown.out.contains("Bache"), "{}", shown.out);
    assert_eq!(console.dlq("show", &[place, "--payload"]).exit, 2, "what is to be masked?");
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("conecta-gen.toml");
    std::fs::write(&config, "[sensitive]\nfields = [\"titulo\"]\n").unwrap();
    let masked = [&[place, "--payload", "--config", config.to_str().unwrap()][..], &spec].concat();
    let masked = console.dlq("show", &masked);
    assert!(masked.out.contains("\"titulo\": \"***\"") && masked.out.contains("\"caso_id\": 3"), "{masked:?}");
    assert!(console.dlq("show", &[place, "--unmasked"]).out.contains("Bache"));
    assert_eq!(console.dlq("show", &["0@4711"]).exit, 1);

    // Exported whole.
    let export = console.dlq("export", &["--key", "3"]);
    let exported: Vec<Value> = export.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let payload = exported[0]["payload"].as_str().unwrap();
    assert!(payload.contains("Bache"));

    // Nothing happens by accident.
    assert_eq!(console.dlq("redrive", &[]).exit, 2, "all of them must be said");
    let dry = console.dlq("redrive", &["--all", "--dry-run"]);
    assert_eq!((dry.exit, dry.out.as_str()), (0, "12 redriven, 0 left open (dry run: nothing was changed)\n"));
    assert_eq!(console.lines(&[]), 12);

    // Mended: what breaks the contract is not brought back.
    let file = folder.path().join("mended.json");
    let edit = format!("--edit={}", file.display());
    let edit = [&["--at", place, &edit][..], &spec].concat();
    std::fs::write(&file, payload.replace("CRV-2026-", "CRV-26-")).unwrap();
    let refused = console.dlq("redrive", &edit);
    assert!(refused.exit == 1 && refused.err.contains("datos.numero_caso"), "{refused:?}");
    assert_eq!(console.lines(&[]), 12);
    std::fs::write(&file, payload.replace("Bache", "Hueco")).unwrap();
    let mended = console.dlq("redrive", &edit);
    assert_eq!((mended.exit, mended.out.as_str()), (0, "1 redriven, 11 left open\n"), "{mended:?}");
    let back = contract.kafka.read(&redrive_topic(TOPIC, "consola"));
    assert_eq!(back.len(), 1);
    assert!(back[0].json()["datos"]["titulo"].as_str().unwrap().contains("Hueco"));

    let skipped = console.dlq("skip", &["--key", "4", "--format", "json"]);
    let skipped: Value = serde_json::from_str(&skipped.out).unwrap();
    assert_eq!(skipped["skipped"], 2);
    let rest = console.dlq("redrive", &["--all"]);
    assert_eq!(rest.out, "9 redriven, 0 left open\n", "{rest:?}");
    assert_eq!(console.dlq("redrive", &["--all"]).exit, 1, "nothing is left");
    assert_eq!((console.lines(&[]), console.lines(&["--settled"])), (0, 12));
    assert_eq!(contract.kafka.read(&redrive_topic(TOPIC, "consola")).len(), 10);

    let unknown = Console { contract: &contract, group: "nadie" }.dlq("list", &[]);
    assert!(unknown.exit == 2 && unknown.err.contains("there is no topic casos.creados.nadie.dlq"), "{unknown:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_that_is_killed_is_run_again_and_brings_nothing_back_twice() {
    let contract = Contract::start().await;
    given_up(&contract, "corta", 30, 50).await;
    let console = Console { contract: &contract, group: "corta" };
    let redrive = redrive_topic(TOPIC, "corta");
    for _ in 0..3 {
        let before: i64 = match contract.kafka.has_topic(&redrive) {
            true => contract.kafka.ends(&redrive).values().map(|(_, high)| high).sum(),
            false => 0,
        };
        let mut running =
            console.command("redrive", &["--all"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let begun = || {
            let ended = running.try_wait().unwrap().is_some();
            let grown = || contract.kafka.ends(&redrive).values().map(|(_, high)| high).sum::<i64>() > before;
            (ended || contract.kafka.has_topic(&redrive) && grown()).then_some(())
        };
        until(Duration::from_secs(60), "something to be brought back", begun);
        // Dead already, where it was quicker than this.
        let _ = running.kill();
        running.wait().unwrap();
    }
    let last = console.dlq("redrive", &["--all"]);
    assert!(last.exit < 2, "{last:?}");
    let mut ids: Vec<String> =
        contract.kafka.read(&redrive).iter().map(|record| record.header("evento_id").unwrap()).collect();
    let written = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((written, ids.len()), (1_500, 1_500));
}
