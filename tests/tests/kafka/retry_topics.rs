//! Events that are tried again later, through topics of their group.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use conecta_runtime::consumer::{Consumer, ConsumerError, retry_topic};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::{Contract, Running, effect};
use conecta_tests::effects::Effect;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

const LIMIT: Duration = Duration::from_secs(60);
const TOPIC: &str = "casos.creados";
const GROUP: &str = "insiste";
const DELAYS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];

/// Remembers when it was given what. The second event of case 3 never succeeds, that of case 4 at the third try; that of case 5 is
/// poison.
#[derive(Clone, Default)]
struct Handler(Arc<Mutex<Vec<(Effect, Instant)>>>);

impl Handler {
    fn of(&self, effect: Effect) -> Vec<Instant> {
        self.0.lock().unwrap().iter().filter(|(seen, _)| *seen == effect).map(|(_, at)| *at).collect()
    }
}

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        assert_eq!(caso.record.topic(), TOPIC, "whatever it was read from");
        let effect = effect(&caso);
        self.0.lock().unwrap().push((effect, Instant::now()));
        match (effect.key, effect.seq, self.of(effect).len()) {
            (3, 1, _) | (4, 1, 1..=2) => Err(HandlerError::transient("busy")),
            (5, 1, _) => Err(HandlerError::poison("never")),
            _ => Ok(()),
        }
    }
}

/// A shared retry topic, as others have it, replays to every group.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_tried_again_after_each_delay_by_its_own_group_and_then_given_up_with_its_first_place() {
    let contract = Contract::start().await;
    let (handler, other) = (Handler::default(), Handler::default());
    let consumer = Consumer::new(&contract.settings, GROUP)
        .on(casos_creados::consume(handler.clone()).retry_topics(DELAYS))
        .retries(1)
        .backoff(Duration::from_millis(1), 1, Duration::from_millis(1));
    let bystander = Consumer::new(&contract.settings, "otro").on(casos_creados::consume(other.clone())).retries(0);
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let by_standing = Running::new(|shutdown| bystander.run(shutdown));
    contract.publish_cases(6, 3).await;
    eventually("what is left of it to be given up", LIMIT, || metrics.snapshot().topic(TOPIC).dead_lettered == 2)
        .await
        .unwrap();
    eventually("the other to succeed", LIMIT, || handler.of(Effect { key: 4, seq: 1 }).len() == 3).await.unwrap();
    running.stop().await.unwrap();
    by_standing.stop().await.unwrap();

    // Twice in each place, and no sooner than told.
    let tries = handler.of(Effect { key: 3, seq: 1 });
    assert_eq!(tries.len(), 6);
    assert!(tries[2] - tries[1] >= DELAYS[0] && tries[4] - tries[3] >= DELAYS[1], "{tries:?}");
    // The order is lost: what came later was not kept waiting.
    assert!(handler.of(Effect { key: 3, seq: 2 })[0] < tries[2]);
    assert_eq!(handler.of(Effect { key: 5, seq: 1 }).len(), 1, "poison is poison");
    assert_eq!(metrics.snapshot().topic(TOPIC).postponed, 3);
    assert_eq!(metrics.snapshot().topics.len(), 1, "counted as events of the topic");
    assert_eq!(other.of(Effect { key: 4, seq: 1 }).len(), 1, "another group sees nothing of it");

    let source: HashMap<_, _> = contract.kafka.read(TOPIC).into_iter().map(|it| (it.header("evento_id"), it)).collect();
    for (number, expected) in [(1, 2), (2, 1)] {
        let records = contract.kafka.read(&retry_topic(TOPIC, GROUP, number));
        assert_eq!(records.len(), expected);
        assert_eq!(contract.kafka.ends(&retry_topic(TOPIC, GROUP, number)).len(), 6, "partitions as the topic has");
    }
    let letters = contract.kafka.read(&format!("{TOPIC}.{GROUP}.dlq"));
    let letter = letters.iter().find(|it| it.header("conecta-error-code").as_deref() == Some("failed")).unwrap();
    let first = &source[&letter.header("evento_id")];
    assert_eq!(letter.header("__connect.errors.topic").as_deref(), Some(TOPIC));
    assert_eq!(letter.header("__connect.errors.offset"), Some(first.offset.to_string()));
    assert_eq!(letter.payload, first.payload);
    let names = letter.headers.iter().filter(|(name, _)| name == "kafka_dlt-original-topic").count();
    assert_eq!(names, 1, "said once, however often it was postponed");
}

#[tokio::test]
async fn a_handler_cannot_have_both_retry_topics_and_dead_letters_in_order() {
    let contract = Contract::start().await;
    let both = casos_creados::consume(Handler::default()).ordered_dead_letters().retry_topics(DELAYS);
    let refused = Consumer::new(&contract.settings, GROUP).on(both).run(std::future::pending()).await;
    assert!(matches!(refused, Err(ConsumerError::OrderLost { topic: TOPIC })), "{refused:?}");
}
