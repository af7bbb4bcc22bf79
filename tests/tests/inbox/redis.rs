//! What the inbox in Redis keeps beyond what every inbox does: a lease, an end to what it remembers; and members that are killed.

mod chaos;

use std::time::{Duration, Instant};

use conecta_runtime::consumer::{Consumer, ConsumerError};
use conecta_runtime::inbox::redis::{RedisInbox, RedisSession, redis};
use conecta_runtime::inbox::{Admission, EventKey, Inbox};
use conecta_runtime::kafka::KafkaSettings;
use conecta_runtime::{Delivery, FailureKind, HandlerError};
use conecta_tests::RedisService;
use conecta_tests::wire::unique;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

use Admission::{Duplicate, Fresh};

/// An inbox, a group of the test's own, and a connection that owes nothing to the runtime.
struct World {
    inbox: RedisInbox,
    group: String,
    client: redis::Client,
}

impl World {
    fn new(set: impl FnOnce(RedisInbox) -> RedisInbox) -> Self {
        Self::on(RedisService::shared(), set)
    }

    fn on(service: &RedisService, set: impl FnOnce(RedisInbox) -> RedisInbox) -> Self {
        let inbox = set(RedisInbox::new(service.url()).unwrap());
        Self { inbox, group: unique("redis"), client: redis::Client::open(service.url()).unwrap() }
    }

    async fn begin(&self, session: &mut RedisSession, ids: &[&str]) -> Result<Vec<Admission>, HandlerError> {
        let keys: Vec<_> = ids.iter().map(|id| EventKey { group: &self.group, id }).collect();
        let mut admissions = Vec::new();
        self.inbox.begin(session, &keys, &mut admissions).await?;
        Ok(admissions)
    }

    async fn handle(&self, id: &str) -> Result<Admission, HandlerError> {
        let mut session = self.inbox.open().await?;
        let admission = self.begin(&mut session, &[id]).await?[0];
        self.inbox.commit(&mut session).await?;
        Ok(admission)
    }

    async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let mut connection = self.client.get_multiplexed_async_connection().await.unwrap();
        let (name, args) = command.split_first().unwrap();
        redis::cmd(name).arg(args).query_async(&mut connection).await.unwrap()
    }

    fn key(&self, id: &str) -> String {
        format!("conecta:{{{}}}:{id}", self.group)
    }
}

fn kind<T>(result: Result<T, HandlerError>) -> FailureKind {
    result.err().expect("it fails").kind()
}

struct Nothing;

impl ConsumirCasoCreado for Nothing {
    async fn consumir_caso_creado(&self, _: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[tokio::test]
async fn a_consumer_does_not_run_with_an_inbox_that_forgets_what_its_topic_still_has() {
    // Neither is needed to find that out.
    let settings = KafkaSettings::new("127.0.0.1:1").unwrap();
    let inbox = RedisInbox::new("redis://127.0.0.1:1/").unwrap().retention(Duration::from_secs(6 * 86_400));
    let consumer = Consumer::new(&settings, "g").on(casos_creados::consume(Nothing)).inbox(inbox);
    let error = consumer.run(std::future::pending()).await.unwrap_err();
    assert!(matches!(&error, ConsumerError::ForgetsTooSoon { topic, .. } if topic == "casos.creados"), "{error:?}");
}

#[tokio::test]
async fn an_event_of_a_member_that_is_gone_is_fresh_when_its_lease_has_run_out() {
    let world = World::new(|inbox| inbox);
    // As one leaves it that is killed.
    let () = world.ask(&["SET", &world.key("a"), "token", "PX", "700"]).await;
    let start = Instant::now();
    assert_eq!(world.handle("a").await.unwrap(), Fresh);
    let waited = start.elapsed();
    assert!(waited > Duration::from_millis(300) && waited < Duration::from_secs(10), "{waited:?}");
}

#[tokio::test]
async fn a_handler_that_takes_longer_than_the_lease_keeps_its_event() {
    let world = World::new(|inbox| inbox.lease(Duration::from_millis(300)));
    let mut first = world.inbox.open().await.unwrap();
    world.begin(&mut first, &["a"]).await.unwrap();
    let mut second = world.inbox.open().await.unwrap();
    {
        let second = world.begin(&mut second, &["a"]);
        let early = tokio::time::timeout(Duration::from_millis(1500), second).await;
        assert!(early.is_err(), "the second got it: {early:?}");
    }
    world.inbox.commit(&mut first).await.unwrap();
    assert_eq!(world.begin(&mut second, &["a"]).await.unwrap(), [Duplicate]);
}

#[tokio::test]
async fn a_unit_whose_lease_was_lost_says_so_and_leaves_the_event_to_the_other() {
    let world = World::new(|inbox| inbox);
    let mut first = world.inbox.open().await.unwrap();
    world.begin(&mut first, &["a", "b"]).await.unwrap();
    let () = world.ask(&["SET", &world.key("a"), "another"]).await;
    let error = world.inbox.commit(&mut first).await.unwrap_err();
    assert_eq!(error.kind(), FailureKind::Transient);
    assert!(error.to_string().contains("lease ran out"), "{error}");
    let held: String = world.ask(&["GET", &world.key("a")]).await;
    assert_eq!(held, "another");
    assert_eq!(world.handle("b").await.unwrap(), Duplicate);
}

/// eventuate-tram-core#46, here too.
#[tokio::test]
async fn what_it_remembers_ends_with_the_retention_and_takes_little_until_then() {
    const EVENTS: usize = 10_000;
    let service = RedisService::start();
    let world = World::on(&service, |inbox| inbox.retention(Duration::from_secs(3)));
    let used = async || {
        let info: String = world.ask(&["INFO", "memory"]).await;
        let line = info.lines().find_map(|line| line.strip_prefix("used_memory_dataset:")).unwrap();
        line.trim().parse::<usize>().unwrap()
    };
    let before = used().await;
    let ids: Vec<String> = (0..EVENTS).map(|i| format!("0190b6f2-7c1e-7a3b-9d4e-{i:012}")).collect();
    let mut session = world.inbox.open().await.unwrap();
    for unit in ids.chunks(1_000) {
        let unit: Vec<&str> = unit.iter().map(String::as_str).collect();
        assert_eq!(world.begin(&mut session, &unit).await.unwrap(), vec![Fresh; unit.len()]);
        world.inbox.commit(&mut session).await.unwrap();
    }
    let each = used().await.saturating_sub(before) / EVENTS;
    assert!(each < 200, "{each} bytes an event");
    let deadline = Instant::now() + Duration::from_secs(30);
    while world.ask::<usize>(&["DBSIZE"]).await > 0 {
        assert!(Instant::now() < deadline, "they are still there");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(world.handle(&ids[0]).await.unwrap(), Fresh);
}

#[tokio::test]
async fn a_redis_that_is_full_or_away_is_a_dependency_that_is_down() {
    let service = RedisService::start();
    let world = World::on(&service, |inbox| inbox);
    assert_eq!(world.handle("a").await.unwrap(), Fresh);
    let () = world.ask(&["CONFIG", "SET", "maxmemory", "1"]).await;
    assert_eq!(kind(world.handle("b").await), FailureKind::Dependency);
    let () = world.ask(&["CONFIG", "SET", "maxmemory", "0"]).await;
    assert_eq!(world.handle("b").await.unwrap(), Fresh);

    let mut session = world.inbox.open().await.unwrap();
    world.begin(&mut session, &["c"]).await.unwrap();
    service.crash();
    assert_eq!(kind(world.inbox.commit(&mut session).await), FailureKind::Dependency);
    assert_eq!(kind(world.handle("d").await), FailureKind::Dependency);
    let theirs = redis::Client::open(service.url()).unwrap().get_multiplexed_async_connection().await.unwrap_err();
    assert_eq!(HandlerError::from(theirs).kind(), FailureKind::Dependency, "what a handler returns with `?`");
    service.start_again();
    assert_eq!(world.handle("a").await.unwrap(), Duplicate, "it was written to disk");
    assert_eq!(world.handle("d").await.unwrap(), Fresh);
}
