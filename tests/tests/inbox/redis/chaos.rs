//! Members and servers that are killed: nothing is lost, the order is kept, and what happens twice is what was under way.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use conecta_tests::RedisService;
use conecta_tests::contract::Contract;
use conecta_tests::effects::{Effects, Verdict};
use conecta_tests::wire::{unique, until};
use conecta_tests::worker::Worker;
use nix::sys::signal::Signal;
use tempfile::TempDir;

const CASES: i64 = 500;
const EACH: u32 = 8;
const EVENTS: usize = 4_000;
const TOPIC: &str = "casos.creados";
const LIMIT: Duration = Duration::from_secs(180);
/// What one member has under way.
const LANES: usize = 64;
/// The death of a member is to be noticed within a test's patience.
const PROPERTIES: &[&str] =
    &["partition.assignment.strategy=cooperative-sticky", "session.timeout.ms=2000", "heartbeat.interval.ms=200"];

/// Events on a broker, and a Redis.
struct Chaos {
    contract: Contract,
    redis: RedisService,
    scratch: TempDir,
}

impl Chaos {
    async fn start() -> Self {
        let contract = Contract::start().await;
        contract.publish_cases(CASES, EACH).await;
        Self { contract, redis: RedisService::start(), scratch: tempfile::tempdir().unwrap() }
    }

    fn group(&self, name: &str) -> Group<'_> {
        let name = unique(name);
        let effects = self.scratch.path().join(&name);
        Group { chaos: self, name, effects }
    }
}

struct Group<'a> {
    chaos: &'a Chaos,
    name: String,
    effects: std::path::PathBuf,
}

impl Group<'_> {
    fn worker(&self, fault: &str) -> Worker {
        Worker::start(
            Command::new(env!("CARGO_BIN_EXE_redis_worker"))
                .args([self.chaos.contract.kafka.brokers(), &self.name, &self.chaos.redis.url()])
                .arg(&self.effects)
                .arg(fault)
                .args(PROPERTIES),
        )
    }

    fn wait_until_committed(&self) {
        let kafka = &self.chaos.contract.kafka;
        until(LIMIT, "everything to be committed", || (kafka.lag(&self.name, TOPIC) == 0).then_some(()));
    }

    fn wait_for_effects(&self, wanted: usize) {
        let effects = Effects::in_file(&self.effects);
        until(LIMIT, "effects", || (effects.count() >= wanted).then_some(()));
    }

    /// Each event has had its effect, in order; so many of them at the most a second one.
    #[allow(clippy::print_stdout, reason = "the line is for whoever runs `make chaos`")]
    fn judge(&self, name: &str, most_doubled: usize) {
        let published: HashMap<i64, u32> = (0..CASES).map(|case| (case, EACH)).collect();
        let verdict = Effects::in_file(&self.effects).verdict(&published);
        println!("CHAOS name={name} {verdict} promise=at-least-once");
        let doubled = verdict.doubled;
        assert_eq!(Verdict { doubled: 0, ..verdict }, Verdict { events: EVENTS, ..Verdict::default() }, "{name}");
        assert!(doubled <= most_doubled, "{name}: {doubled} twice, of {most_doubled} that were under way");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn members_killed_between_reserving_and_confirming_lose_no_effect() {
    let chaos = Chaos::start().await;
    for point in ["before-effect", "after-effect", "before-commit", "after-commit"] {
        let group = chaos.group(point);
        let at = |part: usize| format!("{point}:{}:SIGKILL", EVENTS / part);
        let mut members = [group.worker(&at(40)), group.worker(&at(20))];
        for fault in [at(10), "none".to_owned()] {
            until(LIMIT, "a member to kill itself", || {
                let dead = members.iter_mut().find_map(|member| member.is_dead().then_some(member))?;
                *dead = group.worker(&fault);
                Some(())
            });
        }
        group.wait_until_committed();
        drop(members);
        group.judge(&format!("redis-kill-{point}"), 3 * LANES);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_frozen_beyond_its_lease_loses_nothing_when_it_thaws() {
    let chaos = Chaos::start().await;
    let group = chaos.group("frozen");
    let frozen = group.worker("after-effect:500:SIGSTOP");
    group.wait_for_effects(400);
    let other = group.worker("none");
    group.wait_until_committed();
    frozen.signal(Signal::SIGCONT);
    assert!(frozen.terminate().success());
    assert!(other.terminate().success());
    group.judge("redis-frozen", LANES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_crashes_and_comes_back_costs_no_event() {
    let chaos = Chaos::start().await;
    let group = chaos.group("crash");
    let members = [group.worker("none"), group.worker("none")];
    group.wait_for_effects(EVENTS / 5);
    chaos.redis.crash();
    chaos.redis.start_again();
    group.wait_until_committed();
    for member in members {
        assert!(member.terminate().success());
    }
    group.judge("redis-crash", 2 * LANES);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_set_back_to_the_beginning_doubles_nothing() {
    let chaos = Chaos::start().await;
    let group = chaos.group("replay");
    for round in 0..2 {
        let member = group.worker("none");
        group.wait_until_committed();
        assert!(member.terminate().success());
        if round == 0 {
            chaos.contract.kafka.set_back(&group.name, TOPIC);
            assert_eq!(chaos.contract.kafka.lag(&group.name, TOPIC), EVENTS as i64);
        }
    }
    group.judge("redis-replay", 0);
}
