//! Consumers that die, come and go under load, with each of Kafka's ways to share partitions out. Judged from outside:
//! what was published against the effects in a file.
//!
//! `CONECTA_SOAK=1` makes each of them twenty times as long.

mod brokers;
mod letters;
mod network;
mod ordered;
mod records;
mod retries;

use std::collections::HashMap;
use std::path::Path;
use std::time::Duration;

use conecta_tests::contract::Contract;
use conecta_tests::effects::{Effects, Verdict};
use conecta_tests::wire::until;
use conecta_tests::worker::{Worker, Workers};
use nix::sys::signal::Signal;

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

/// How many events of each case.
fn each() -> u32 {
    if is_soak() { 800 } else { 40 }
}

fn is_soak() -> bool {
    std::env::var_os("CONECTA_SOAK").is_some()
}

impl Chaos {
    async fn start(properties: &'static [&'static str]) -> Self {
        let chaos = Self::on(Contract::start().await, properties);
        chaos.contract.publish_cases(CASES, each()).await;
        chaos
    }

    /// Where [`CASES`] with [`each`] event are yet to be published.
    fn on(contract: Contract, properties: &'static [&'static str]) -> Self {
        let published = (0..CASES).map(|case| (case, each())).collect();
        Self { contract, published, folder: tempfile::tempdir().unwrap(), properties }
    }

    fn worker(&self) -> Worker {
        self.worker_that_takes(WORK)
    }

    fn worker_that_takes(&self, work: Duration) -> Worker {
        self.worker_through(self.contract.kafka.brokers(), work)
    }

    fn worker_through(&self, brokers: &str, work: Duration) -> Worker {
        self.program(env!("CARGO_BIN_EXE_worker"), brokers, work)
    }

    fn program(&self, program: &str, brokers: &str, work: Duration) -> Worker {
        let workers = Workers { program: Path::new(program), brokers, group: GROUP, work, properties: self.properties };
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

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_never_left_in_peace_loses_nothing_and_doubles_nothing() {
    let chaos = Chaos::start(COOPERATIVE).await;
    let stays = chaos.worker();
    chaos.wait_for_member(stays.id());
    // Each of them joins, handles something and leaves: two rebalances.
    let mut comings = 0;
    while chaos.contract.kafka.lag(GROUP, TOPIC) > 0 && comings < if is_soak() { 60 } else { 6 } {
        let passing = chaos.worker();
        let handled = || chaos.effects().of_process(passing.id()) > 0 || chaos.contract.kafka.lag(GROUP, TOPIC) == 0;
        until(LIMIT, "a member to take part", || handled().then_some(()));
        assert!(passing.terminate().success(), "SIGTERM is an orderly end");
        comings += 1;
    }
    assert!(comings > 2, "there was time for {comings} members to come and go");
    chaos.wait_until_committed();
    assert!(stays.terminate().success());
    let verdict = chaos.judge("rebalances-without-end");
    assert_eq!(verdict.doubled, 0, "nobody died: what was handled was committed before its partition moved");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_frozen_past_its_session_disturbs_nobody_when_it_thaws() {
    let chaos = Chaos::start(COOPERATIVE).await;
    let (frozen, other) = (chaos.worker(), chaos.worker());
    chaos.wait_for_member(frozen.id());
    frozen.signal(Signal::SIGSTOP);
    let before = chaos.effects().of_process(other.id());
    // Its partitions are handled to their ends while it knows nothing.
    chaos.wait_until_committed();
    assert!(chaos.effects().of_process(other.id()) > before);
    let missing = chaos.effects().verdict(&chaos.published).lost;
    frozen.signal(Signal::SIGCONT);
    assert!(frozen.terminate().success() && other.terminate().success());
    assert_eq!(missing, 0, "all was handled without the frozen member");
    chaos.judge("frozen-and-thawed");
}
