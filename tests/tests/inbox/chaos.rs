//! Effects that happen once, whatever becomes of the processes and of the database. Judged from outside: what was published
//! against the effects in the database.
//!
//! `CONECTA_SOAK=1` publishes 100,000 events rather than 4,000.

mod ordered;

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use conecta_runtime::inbox::postgres::TokioPostgres;
use conecta_runtime::inbox::postgres::sqlx::Sqlx;
use conecta_tests::contract::Contract;
use conecta_tests::effects::{Effect, Verdict};
use conecta_tests::postgres::{Database, Over};
use conecta_tests::wire::{unique, until};
use conecta_tests::worker::Worker;
use conecta_tests::{PostgresService, over_each_driver};
use nix::sys::signal::Signal;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

const CASES: i64 = 500;
const TOPIC: &str = "casos.creados";
/// The death of a member is to be noticed within a test's patience.
const PROPERTIES: &[&str] =
    &["partition.assignment.strategy=cooperative-sticky", "session.timeout.ms=2000", "heartbeat.interval.ms=200"];

fn soaks() -> bool {
    std::env::var_os("CONECTA_SOAK").is_some()
}

/// For how long to wait for anything.
fn limit() -> Duration {
    Duration::from_secs(if soaks() { 1_800 } else { 180 })
}

/// Events on a broker; each group that handles them has a database of its own.
struct Chaos {
    contract: Contract,
    postgres: PostgresService,
    published: HashMap<i64, u32>,
}

impl Chaos {
    async fn start() -> Self {
        let contract = Contract::start().await;
        let each = if soaks() { 200 } else { 8 };
        contract.publish_cases(CASES, each).await;
        let published = (0..CASES).map(|case| (case, each)).collect();
        Self { contract, postgres: PostgresService::start(), published }
    }

    fn events(&self) -> u32 {
        self.published.values().sum()
    }

    /// A group whose handlers take so many events at a time, or as `postgres_worker` is told, over that driver.
    async fn group<D: Over>(&self, name: &str, batch: impl ToString) -> Group<'_> {
        let database = self.postgres.database().await;
        let client = database.client().await;
        // Nothing in it keeps an effect from happening twice, and `place` is their order.
        let table = "CREATE TABLE effects (place bigint GENERATED ALWAYS AS IDENTITY, key bigint, seq bigint)";
        client.batch_execute(table).await.unwrap();
        Group { chaos: self, driver: D::NAME, name: unique(name), batch: batch.to_string(), database, client }
    }
}

struct Group<'a> {
    chaos: &'a Chaos,
    driver: &'static str,
    name: String,
    batch: String,
    database: Database,
    client: Client,
}

impl Group<'_> {
    fn worker(&self, fault: &str) -> Worker {
        let kafka = &self.chaos.contract.kafka;
        Worker::start(
            Command::new(env!("CARGO_BIN_EXE_postgres_worker"))
                .args([self.driver, kafka.brokers(), &self.name, &self.database.url, fault, &self.batch])
                .args(PROPERTIES),
        )
    }

    fn wait_until_committed(&self) {
        let kafka = &self.chaos.contract.kafka;
        until(limit(), "everything to be committed", || (kafka.lag(&self.name, TOPIC) == 0).then_some(()));
    }

    async fn wait_for_effects(&self, wanted: i64) {
        let deadline = std::time::Instant::now() + limit();
        loop {
            let row = self.client.query_one("SELECT count(*) FROM effects", &[]).await.unwrap();
            if row.get::<_, i64>(0) >= wanted {
                return;
            }
            assert!(std::time::Instant::now() < deadline, "{wanted} effects did not come in time");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Each event has had its effect, once and in order, and none was given up.
    async fn judge(&self, name: &str) {
        self.judge_effects(name).await;
        let dead = conecta_runtime::consumer::dead_letter::topic_name(TOPIC, &self.name);
        let written =
            if self.chaos.contract.kafka.has_topic(&dead) { self.chaos.contract.kafka.read(&dead).len() } else { 0 };
        assert_eq!(written, 0, "{name}: nothing was given up");
    }

    /// Each event has had its effect, once and in order.
    #[allow(clippy::print_stdout, reason = "the line is for whoever runs `make chaos`")]
    async fn judge_effects(&self, name: &str) {
        // The database may have been restarted.
        let client = self.database.client().await;
        let rows = client.query("SELECT key, seq FROM effects ORDER BY place", &[]).await.unwrap();
        let effects: Vec<Effect> = rows
            .iter()
            .map(|row| Effect { key: row.get(0), seq: u32::try_from(row.get::<_, i64>(1)).unwrap() })
            .collect();
        let verdict = Verdict::of(&effects, &self.chaos.published);
        println!("CHAOS name={}-{name} {verdict} promise=exactly-once", self.driver);
        let expected = Verdict { events: self.chaos.events() as usize, ..Verdict::default() };
        assert_eq!(verdict, expected, "{name}");
    }
}

over_each_driver! {
    members_killed_at_any_point_lose_no_effect_and_double_none,
    members_killed_at_any_point_of_a_batch_lose_no_effect_and_double_none,
    a_member_frozen_in_its_transaction_keeps_nobody_waiting_and_doubles_nothing_when_it_thaws,
    a_member_frozen_in_the_transaction_of_a_batch_doubles_nothing_when_it_thaws,
    a_database_that_crashes_and_comes_back_costs_no_event,
}

async fn members_killed_at_any_point_lose_no_effect_and_double_none<D: Over>() {
    kill_at_every_point::<D>(1, "kill").await;
}

async fn members_killed_at_any_point_of_a_batch_lose_no_effect_and_double_none<D: Over>() {
    kill_at_every_point::<D>(50, "batch-kill").await;
}

async fn kill_at_every_point<D: Over>(batch: u32, name: &str) {
    let chaos = Chaos::start().await;
    for point in ["before-effect", "after-effect", "before-commit", "after-commit"] {
        let group = chaos.group::<D>(point, batch).await;
        // Three members, each of which kills itself before it is through with its share; and three more.
        let at = |part: u32| format!("{point}:{}:SIGKILL", (chaos.events() / part / batch).max(1));
        let mut members = [group.worker(&at(40)), group.worker(&at(30)), group.worker(&at(20))];
        for fault in [at(15), at(10), "none".to_owned()] {
            until(limit(), "a member to kill itself", || {
                let dead = members.iter_mut().find_map(|member| member.is_dead().then_some(member))?;
                *dead = group.worker(&fault);
                Some(())
            });
        }
        group.wait_until_committed();
        drop(members);
        group.judge(&format!("{name}-{point}")).await;
    }
}

async fn a_member_frozen_in_its_transaction_keeps_nobody_waiting_and_doubles_nothing_when_it_thaws<D: Over>() {
    freeze_and_thaw::<D>(1, "after-effect:500:SIGSTOP", "frozen-in-transaction").await;
}

async fn a_member_frozen_in_the_transaction_of_a_batch_doubles_nothing_when_it_thaws<D: Over>() {
    freeze_and_thaw::<D>(50, "after-effect:10:SIGSTOP", "batch-frozen-in-transaction").await;
}

/// A member that freezes at this point; another that does its work; and it thaws.
async fn freeze_and_thaw<D: Over>(batch: u32, fault: &str, name: &str) {
    let chaos = Chaos::start().await;
    let group = chaos.group::<D>("frozen", batch).await;
    let frozen = group.worker(fault);
    until(limit(), "the member to freeze", || frozen.is_frozen().then_some(()));
    let other = group.worker("none");
    group.wait_until_committed();
    frozen.signal(Signal::SIGCONT);
    // It may be thrown out of the group by now, or have to begin anew; either way it is to end well.
    assert!(frozen.terminate().success());
    assert!(other.terminate().success());
    group.judge(name).await;
}

async fn a_database_that_crashes_and_comes_back_costs_no_event<D: Over>() {
    while_working::<D>("database-crash", async |group| {
        group.chaos.postgres.crash();
        group.chaos.postgres.start_again();
    })
    .await;
}

/// Two members, to whose database something happens when they have done a fifth of their work.
async fn while_working<D: Over>(name: &str, happens: impl AsyncFnOnce(&Group<'_>)) {
    let chaos = Chaos::start().await;
    let group = chaos.group::<D>(name, 1).await;
    let members = [group.worker("none"), group.worker("none")];
    group.wait_for_effects(i64::from(chaos.events() / 5)).await;
    happens(&group).await;
    group.wait_until_committed();
    for member in members {
        assert!(member.terminate().success());
    }
    group.judge(name).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_read_only_for_a_while_costs_no_event_and_gives_none_up() {
    while_working::<TokioPostgres>("database-read-only", async |group| {
        let postgres = &group.chaos.postgres;
        postgres.crash();
        postgres.start_again_read_only();
        let client = group.database.client().await;
        let refused = client.execute("INSERT INTO effects (key) VALUES (1)", &[]).await.unwrap_err();
        assert_eq!(refused.code(), Some(&SqlState::READ_ONLY_SQL_TRANSACTION));
        // Every try begins so.
        let tries = || postgres.log().matches("cannot set transaction read-write mode during recovery").count();
        until(limit(), "many tries to be refused", || (tries() >= 4).then_some(()));
        postgres.crash();
        postgres.start_again();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_becomes_slow_costs_no_event() {
    while_working::<TokioPostgres>("database-slow", async |group| {
        // Longer than a session of the group lasts.
        let slow = "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN PERFORM pg_sleep(2.5); RETURN NEW; END $$;
            CREATE TRIGGER slow BEFORE INSERT ON effects FOR EACH ROW EXECUTE FUNCTION slow()";
        group.client.batch_execute(slow).await.unwrap();
        let now: i64 = group.client.query_one("SELECT count(*) FROM effects", &[]).await.unwrap().get(0);
        group.wait_for_effects(now + 40).await;
        group.client.batch_execute("DROP TRIGGER slow ON effects").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_set_back_to_the_beginning_doubles_nothing() {
    let chaos = Chaos::start().await;
    // The second member has the other driver: to the database they are the same.
    let mut group = chaos.group::<TokioPostgres>("replay", 1).await;
    let first = group.worker("none");
    group.wait_until_committed();
    assert!(first.terminate().success());
    chaos.contract.kafka.set_back(&group.name, TOPIC);
    assert_eq!(chaos.contract.kafka.lag(&group.name, TOPIC), i64::from(chaos.events()));
    group.driver = Sqlx::NAME;
    let second = group.worker("none");
    group.wait_until_committed();
    assert!(second.terminate().success());
    group.judge("replay").await;
}
