//! Consumers that die, come and go under load, with each of Kafka's ways to share partitions out. Judged from outside:
//! what was published against the effects in a file.
//!
//! `CONECTA_SOAK=1` makes each of them twenty times as long.

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use conecta_tests::contract::Contract;
use conecta_tests::effects::{Effects, Verdict};
use conecta_tests::wire::until;
use conecta_tests::worker::{Worker, Workers};

const CASES: i64 = 500;
/// How long a handler takes: so that a rebalance comes while there is still something to do.
const WORK: Duration = Duration::from_millis(5);
const LIMIT: Duration = Duration::from_secs(120);
const TOPIC: &str = "casos.creados";
const GROUP: &str = "chaos";

/// How partitions are shared out. The death of a member is to be noticed within a test's patience; with the new protocol
/// that is the broker's affair.
const EAGER: &[&str] = &["partition.assignment.strategy=range", "session.timeout.ms=6000", "heartbeat.interval.ms=500"];
const COOPERATIVE: &[&str] =
    &["partition.assignment.strategy=cooperative-sticky", "session.timeout.ms=6000", "heartbeat.interval.ms=500"];
const NEW_PROTOCOL: &[&str] = &["group.protocol=consumer"];

/// A broker with some 20,000 events on it, and what watches over them.
struct Chaos {
    contract: Contract,
    published: HashMap<i64, u32>,
    folder: tempfile::TempDir,
    properties: &'static [&'static str],
}

impl Chaos {
    async fn start(properties: &'static [&'static str]) -> Self {
        let contract = Contract::start().await;
        let each = if std::env::var_os("CONECTA_SOAK").is_some() { 800 } else { 40 };
        contract.publish_cases(CASES, each).await;
        let published = (0..CASES).map(|case| (case, each)).collect();
        Self { contract, published, folder: tempfile::tempdir().unwrap(), properties }
    }

    fn worker(&self) -> Worker {
        self.worker_that_takes(WORK)
    }

    fn worker_that_takes(&self, work: Duration) -> Worker {
        let workers = Workers {
            program: Path::new(env!("CARGO_BIN_EXE_worker")),
            brokers: self.contract.kafka.brokers(),
            group: GROUP,
            work,
            properties: self.properties,
        };
        workers.start(&self.file())
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

    /// Waits until a member has handled something.
    fn wait_for_member(&self, process: u32) {
        until(LIMIT, "a member to take part", || (self.effects().of_process(process) > 0).then_some(()));
    }

    fn wait_until_committed(&self) {
        until(LIMIT, "everything to be committed", || (self.contract.kafka.lag(GROUP, TOPIC) == 0).then_some(()));
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
    let chaos = Chaos::start(COOPERATIVE).await;
    for share in [0.2, 0.5, 0.7] {
        let worker = chaos.worker();
        chaos.wait_for(share);
        worker.kill();
        assert!(chaos.effects().verdict(&chaos.published).lost > 0, "it was killed before it was through");
    }
    let last = chaos.worker();
    chaos.wait_until_committed();
    assert!(last.terminate().success(), "SIGTERM is an orderly end");
    chaos.judge("kill-9");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_member_joins_a_group_of_two_by_eager_rebalances() {
    a_third_member_joins("third-member-eager", EAGER).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_member_joins_a_group_of_two_by_cooperative_rebalances() {
    a_third_member_joins("third-member-cooperative", COOPERATIVE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_third_member_joins_a_group_of_two_by_the_new_protocol() {
    a_third_member_joins("third-member-new-protocol", NEW_PROTOCOL).await;
}

async fn a_third_member_joins(name: &str, properties: &'static [&'static str]) {
    let chaos = Chaos::start(properties).await;
    let first = [chaos.worker(), chaos.worker()];
    chaos.wait_for(0.2);
    let third = chaos.worker();
    let process = third.id();
    chaos.wait_until_committed();
    for worker in first.into_iter().chain([third]) {
        assert!(worker.terminate().success(), "SIGTERM is an orderly end");
    }
    let verdict = chaos.judge(name);
    assert!(chaos.effects().of_process(process) > 0, "the third member took part");
    assert_eq!(verdict.doubled, 0, "nobody died: what was handled was committed before its partition moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn members_leave_and_die_while_others_take_over() {
    let chaos = Chaos::start(COOPERATIVE).await;
    // So slow that each member has a share of the work before it is through.
    let worker = || chaos.worker_that_takes(6 * WORK);
    let (leaves, dies, stays) = (worker(), worker(), worker());
    chaos.wait_for_member(leaves.id());
    assert!(leaves.terminate().success());
    chaos.wait_for_member(dies.id());
    dies.kill();
    assert!(chaos.effects().verdict(&chaos.published).lost > 0, "it was killed before all was through");
    chaos.wait_until_committed();
    assert!(stays.terminate().success());
    chaos.judge("leave-and-die");
}
