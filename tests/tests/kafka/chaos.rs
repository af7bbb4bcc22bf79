//! Consumers that die, come and go under load. Judged from outside: what was published against the effects in a file.
//!
//! `CONECTA_SOAK=1` makes each of them twenty times as long.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use conecta_tests::contract::Contract;
use conecta_tests::effects::{Effects, Verdict};
use conecta_tests::wire::until;
use conecta_tests::worker::Workers;

const CASES: i64 = 500;
const LIMIT: Duration = Duration::from_secs(120);
const TOPIC: &str = "casos.creados";

/// A broker with some 20,000 events on it, and what watches over them.
struct Chaos {
    contract: Contract,
    published: HashMap<i64, u32>,
    folder: tempfile::TempDir,
}

impl Chaos {
    async fn start() -> Self {
        let contract = Contract::start().await;
        let each = if std::env::var_os("CONECTA_SOAK").is_some() { 800 } else { 40 };
        contract.publish_cases(CASES, each).await;
        let published = (0..CASES).map(|case| (case, each)).collect();
        Self { contract, published, folder: tempfile::tempdir().unwrap() }
    }

    fn workers<'a>(&'a self, group: &'a str) -> Workers<'a> {
        let program = Path::new(env!("CARGO_BIN_EXE_worker"));
        Workers { program, brokers: self.contract.kafka.brokers(), group, work: Duration::from_millis(1) }
    }

    fn events(&self) -> usize {
        self.published.values().map(|&each| each as usize).sum()
    }

    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("effects")
    }

    fn effects(&self) -> Effects {
        Effects::in_file(&self.file())
    }

    /// Waits until a share of the events has had its effect.
    fn wait_for(&self, share: f64) {
        let wanted = (self.events() as f64 * share) as usize;
        until(LIMIT, &format!("{wanted} effects"), || (self.effects().count() >= wanted).then_some(()));
    }

    fn wait_until_committed(&self, group: &str) {
        until(LIMIT, "everything to be committed", || (self.contract.kafka.lag(group, TOPIC) == 0).then_some(()));
    }

    /// At least once is what is promised without an inbox that outlives the process: doubled effects are counted, and
    /// none may be lost or out of order.
    #[allow(clippy::print_stdout, reason = "the line is for whoever runs `make chaos`")]
    fn judge(&self, name: &str) -> Verdict {
        let verdict = self.effects().verdict(&self.published);
        println!("CHAOS name={name} {verdict} promise=at-least-once");
        assert_eq!((verdict.lost, verdict.disordered, verdict.invented), (0, 0, 0), "{verdict}");
        verdict
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_killed_in_the_middle_loses_nothing_and_keeps_the_order_of_each_case() {
    let chaos = Chaos::start().await;
    let workers = chaos.workers("kill");
    for share in [0.2, 0.5, 0.7] {
        let worker = workers.start(&chaos.file());
        chaos.wait_for(share);
        worker.kill();
        assert!(chaos.effects().verdict(&chaos.published).lost > 0, "it was killed before it was through");
    }
    let last = workers.start(&chaos.file());
    chaos.wait_until_committed("kill");
    assert!(last.terminate().success(), "SIGTERM is an orderly end");
    chaos.judge("kill-9");
}
