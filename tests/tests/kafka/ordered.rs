//! Dead letters that the later events of their key follow.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::{
    Admin, Choice, DeadLetter, DeadLetters, DeadLettersError, Settled, Settlement, TopicSpec,
};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::{Contract, Running, effect};
use conecta_tests::effects::{Effect, Verdict};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

const LIMIT: Duration = Duration::from_secs(60);
const TOPIC: &str = "casos.creados";

/// Remembers what it has handled. Refuses the second event of case 3 until it is mended.
#[derive(Clone, Default)]
struct Handler {
    handled: Arc<Mutex<Vec<Effect>>>,
    mended: Arc<AtomicBool>,
}

impl Handler {
    /// The events of a case, in the order in which they were handled.
    fn of(&self, key: i64) -> Vec<u32> {
        self.handled.lock().unwrap().iter().filter(|it| it.key == key).map(|it| it.seq).collect()
    }

    fn count(&self) -> usize {
        self.handled.lock().unwrap().len()
    }
}

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        let effect = effect(&caso);
        if effect == (Effect { key: 3, seq: 1 }) && !self.mended.load(Ordering::SeqCst) {
            return Err(HandlerError::poison("not today"));
        }
        self.handled.lock().unwrap().push(effect);
        Ok(())
    }
}

pub(crate) fn open(letters: &DeadLetters) -> Vec<DeadLetter> {
    let mut open = Vec::new();
    let read = letters.read(|letter| {
        open.extend(Some(letter.clone()).filter(|letter| letter.is_open));
        ControlFlow::Continue(())
    });
    match read {
        // Until something fails there is no topic.
        Ok(()) | Err(DeadLettersError::NoTopic { .. }) => open,
        Err(error) => panic!("{error}"),
    }
}

fn codes(letters: &[DeadLetter]) -> Vec<&str> {
    letters.iter().filter_map(DeadLetter::code).collect()
}

/// Brings back what may be brought back.
pub(crate) fn redrive(letters: &DeadLetters) -> Settled {
    letters.settle(Settlement::Redrive, |_| Choice::Take, |_| {}).unwrap()
}

/// wolverine#3476: events with a key leapfrog its dead letter.
#[tokio::test(flavor = "multi_thread")]
async fn later_events_of_a_key_follow_its_dead_letter_and_are_handled_behind_it_when_it_comes_back() {
    let contract = Contract::start().await;
    let handler = Handler::default();
    let letters = DeadLetters::new(&contract.settings, TOPIC, "ordena");
    let start = || {
        let handler = casos_creados::consume(handler.clone()).ordered_dead_letters();
        let consumer = Consumer::new(&contract.settings, "ordena").on(handler);
        Running::new(|shutdown| consumer.run(shutdown))
    };
    contract.publish_cases(6, 4).await;
    let running = start();
    eventually("three dead letters", LIMIT, || open(&letters).len() == 3).await.unwrap();
    eventually("the others", LIMIT, || handler.count() == 21).await.unwrap();
    assert_eq!(codes(&open(&letters)), ["rejected", "follows", "follows"]);
    assert_eq!(handler.of(3), [0], "nothing leapfrogs its dead letter");

    // A restart knows of it, too; other cases go on.
    running.stop().await.unwrap();
    contract.publish_part(6, 4..6).await;
    let running = start();
    eventually("the others", LIMIT, || handler.count() == 31).await.unwrap();
    eventually("two more dead letters", LIMIT, || open(&letters).len() == 5).await.unwrap();
    assert_eq!(handler.of(3), [0]);

    // Brought back before it is mended, all of it becomes dead letters again, in order, and what comes meanwhile behind it.
    let redriven = redrive(&letters);
    assert_eq!((redriven.settled, redriven.left), (5, 0));
    contract.publish_part(6, 6..8).await;
    eventually("dead letters again", LIMIT, || open(&letters).len() == 7).await.unwrap();
    assert_eq!(handler.of(3), [0]);

    handler.mended.store(true, Ordering::SeqCst);
    // Behind one that is left nothing is brought back.
    let left = letters.settle(
        Settlement::Redrive,
        |letter| if letter.code() == Some("rejected") { Choice::Leave } else { Choice::Take },
        |_| {},
    );
    assert_eq!(left.map(|it| (it.settled, it.left)).unwrap(), (0, 7));
    // As long as it is not committed that they failed again, they count as on their way.
    let mut redriven = 0;
    let all_redriven = || {
        redriven += redrive(&letters).settled;
        redriven == 7
    };
    eventually("all to be brought back", LIMIT, all_redriven).await.unwrap();
    contract.publish_part(6, 8..10).await;
    eventually("all to be handled", LIMIT, || handler.count() == 60).await.unwrap();
    assert_eq!(handler.of(3), (0..10).collect::<Vec<_>>());
    assert!(open(&letters).is_empty());
    running.stop().await.unwrap();
    let published = (0..6).map(|case| (case, 10)).collect();
    let verdict = Verdict::of(&handler.handled.lock().unwrap(), &published);
    assert_eq!(verdict, Verdict { events: 60, ..Verdict::default() });
}

/// Elsewhere than in the partition of the same number its copies would be overtaken.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_brought_back_to_a_redrive_topic_of_fewer_partitions() {
    let contract = Contract::start().await;
    let handler = Handler::default();
    let letters = DeadLetters::new(&contract.settings, TOPIC, "estrecha");
    let consumer = Consumer::new(&contract.settings, "estrecha")
        .on(casos_creados::consume(handler.clone()).ordered_dead_letters());
    let running = Running::new(|shutdown| consumer.run(shutdown));
    contract.publish_cases(6, 4).await;
    eventually("three dead letters", LIMIT, || open(&letters).len() == 3).await.unwrap();
    running.stop().await.unwrap();
    assert!(open(&letters)[0].partition > 0, "case 3 is not of the partition that there is");

    contract.kafka.create_topic("casos.creados.estrecha.redrive", 1, 1, &[]).await;
    let refused = letters.settle(Settlement::Redrive, |_| Choice::Take, |_| {});
    assert!(matches!(refused, Err(DeadLettersError::TooFewPartitions { partitions: 1, .. })), "{refused:?}");
    assert_eq!(open(&letters).len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_whose_dead_letters_are_skipped_goes_on() {
    let contract = Contract::start().await;
    let handler = Handler::default();
    let letters = DeadLetters::new(&contract.settings, TOPIC, "salta");
    let consumer =
        Consumer::new(&contract.settings, "salta").on(casos_creados::consume(handler.clone()).ordered_dead_letters());
    let running = Running::new(|shutdown| consumer.run(shutdown));
    contract.publish_cases(6, 4).await;
    eventually("three dead letters", LIMIT, || open(&letters).len() == 3).await.unwrap();
    let skipped = letters.settle(Settlement::Skip, |_| Choice::Take, |_| {}).unwrap();
    assert_eq!(skipped.settled, 3);
    contract.publish_part(6, 4..5).await;
    eventually("what came later", LIMIT, || handler.of(3).len() == 2).await.unwrap();
    assert_eq!(handler.of(3), [0, 4]);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_waits_as_long_as_the_dead_letter_topic_has_no_place_for_it() {
    let contract = Contract::start().await;
    let handler = Handler::default();
    let letters = DeadLetters::new(&contract.settings, TOPIC, "estrecha");
    contract.kafka.create_topic(&letters.topic_name(), 1, 1, &[]).await;
    contract.publish_cases(12, 2).await;
    let of_first = contract.kafka.read(TOPIC).iter().filter(|record| record.partition == 0).count();
    assert!((1..24).contains(&of_first));
    let consumer = Consumer::new(&contract.settings, "estrecha")
        .on(casos_creados::consume(handler.clone()).ordered_dead_letters());
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("the partition that has a place", LIMIT, || handler.count() == of_first).await.unwrap();

    let spec =
        TopicSpec { name: letters.topic_name(), partitions: Some(6), replication_factor: None, config: Vec::new() };
    let admin = Admin::new(&contract.settings).unwrap();
    let plan = admin.plan(&[spec]).await.unwrap();
    assert_eq!(handler.count(), of_first, "the others wait");
    admin.apply(&plan, |_| {}).await.unwrap();
    eventually("the others", LIMIT, || handler.count() + open(&letters).len() == 24).await.unwrap();
    running.stop().await.unwrap();
}
