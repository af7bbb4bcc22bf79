//! Bringing dead letters back, and skipping them: each once, in order, whatever becomes of who does it.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, redrive_topic};
use conecta_runtime::kafka::{Choice, DeadLetter, DeadLetters, DeadLettersError, Settlement};
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::contract::{Contract, Running, effect};
use conecta_tests::effects::{Effect, Verdict};
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

const LIMIT: Duration = Duration::from_secs(120);
const TOPIC: &str = "casos.creados";

/// Refuses everything.
struct Refuses;

impl ConsumirCasoCreado for Refuses {
    async fn consumir_caso_creado(&self, _: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        Err(HandlerError::poison("not today"))
    }
}

/// Takes everything, and remembers it.
#[derive(Clone, Default)]
struct Takes(Arc<Mutex<Vec<Effect>>>);

impl Takes {
    fn seen(&self) -> Vec<Effect> {
        self.0.lock().unwrap().clone()
    }
}

impl ConsumirCasoCreado for Takes {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        self.0.lock().unwrap().push(effect(&caso));
        Ok(())
    }
}

/// Has a group give up so many events of so many cases.
pub(crate) async fn given_up(contract: &Contract, group: &str, cases: i64, each: u32) -> DeadLetters {
    contract.publish_cases(cases, each).await;
    let consumer = Consumer::new(&contract.settings, group).on(casos_creados::consume(Refuses));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let all = u64::from(each) * u64::try_from(cases).unwrap();
    eventually("all to be given up", LIMIT, || metrics.snapshot().topic(TOPIC).dead_lettered == all).await.unwrap();
    running.stop().await.unwrap();
    DeadLetters::new(&contract.settings, TOPIC, group)
}

fn open(letters: &DeadLetters) -> Vec<DeadLetter> {
    let mut open = Vec::new();
    letters
        .read(|letter| {
            if letter.is_open {
                open.push(letter.clone());
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    open
}

fn key(letter: &DeadLetter) -> i64 {
    std::str::from_utf8(letter.key.as_deref().unwrap()).unwrap().parse().unwrap()
}

fn redriver(contract: &Contract, group: &str, point: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_redriver"))
        .args([contract.kafka.brokers(), TOPIC, group])
        .args(point)
        .output()
        .unwrap()
}

/// Run by `make chaos` too.
mod chaos {
    use super::{
        Consumer, Contract, ExitStatusExt, HashMap, LIMIT, Running, TOPIC, Takes, Verdict, casos_creados, eventually,
        given_up, open, redrive_topic, redriver,
    };

    #[tokio::test(flavor = "multi_thread")]
    #[allow(clippy::print_stdout, reason = "the line is for whoever runs `make chaos`")]
    async fn dead_letters_are_brought_back_once_and_in_order_though_the_redriver_is_killed_at_every_point() {
        let contract = Contract::start().await;
        let (cases, each) = (60, if std::env::var_os("CONECTA_SOAK").is_some() { 1_000 } else { 50 });
        let letters = given_up(&contract, "vuelve", cases, each).await;

        // A partition is a transaction; of six, these end five.
        for (point, times) in [
            ("began", "1"),
            ("began", "2"),
            ("written", "1"),
            ("written", "2"),
            ("offsets", "1"),
            ("offsets", "2"),
            ("committed", "2"),
        ] {
            let killed = redriver(&contract, "vuelve", &[point, times]);
            let said = String::from_utf8_lossy(&killed.stderr);
            assert_eq!(killed.status.signal(), Some(9), "{point} {times}: killed in the middle, not {said}");
        }
        let last = redriver(&contract, "vuelve", &[]);
        assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
        let settled: u32 = String::from_utf8(last.stdout).unwrap().trim().parse().unwrap();
        assert!(settled > 0, "something was left for the last one");
        assert!(open(&letters).is_empty());

        let handler = Takes::default();
        let consumer = Consumer::new(&contract.settings, "vuelve").on(casos_creados::consume(handler.clone()));
        let running = Running::new(|shutdown| consumer.run(shutdown));
        let published: HashMap<i64, u32> = (0..cases).map(|case| (case, each)).collect();
        let events = published.values().sum::<u32>() as usize;
        eventually("all to be handled", LIMIT, || handler.seen().len() >= events).await.unwrap();
        // All that there is of it: what was written twice would be seen here.
        let written = contract.kafka.read(&redrive_topic(TOPIC, "vuelve")).len();
        running.stop().await.unwrap();
        let verdict = Verdict::of(&handler.seen(), &published);
        println!("CHAOS name=redrive-killed {verdict}");
        assert_eq!(written, events);
        assert_eq!(verdict, Verdict { events, ..Verdict::default() });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_chosen_is_settled_and_the_rest_stays_open_in_whatever_order_it_is_chosen() {
    let contract = Contract::start().await;
    // Cases 0, 4, 8 … are one kind, and so on: each partition has letters of every kind.
    let letters = given_up(&contract, "elige", 40, 3).await;
    let by = |settlement, kinds: &[i64]| {
        let choose = |letter: &DeadLetter| match kinds.contains(&(key(letter) % 4)) {
            true => Choice::Take,
            false => Choice::Leave,
        };
        letters.settle(settlement, choose, |_| {}).unwrap()
    };
    let kinds = || open(&letters).iter().map(|letter| key(letter) % 4).collect::<BTreeSet<_>>();
    let first = by(Settlement::Skip, &[3]);
    assert_eq!((first.settled, first.left), (30, 90));
    assert_eq!(kinds(), BTreeSet::from([0, 1, 2]));
    assert_eq!(by(Settlement::Redrive, &[1]).settled, 30);
    assert_eq!(by(Settlement::Redrive, &[1, 3]).settled, 0, "once");
    assert_eq!(kinds(), BTreeSet::from([0, 2]));
    let last = by(Settlement::Redrive, &[0, 2]);
    assert_eq!((last.settled, last.left), (60, 0));
    assert!(open(&letters).is_empty());

    let handler = Takes::default();
    let consumer = Consumer::new(&contract.settings, "elige").on(casos_creados::consume(handler.clone()));
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("what was not skipped", LIMIT, || handler.seen().len() == 90).await.unwrap();
    running.stop().await.unwrap();
    assert!(handler.seen().iter().all(|effect| effect.key % 4 != 3));

    // With nothing left above an open letter, the offsets say all, and the marks are withdrawn.
    let marks = contract.kafka.read("casos.creados.elige.dlq.settled");
    let mut last = HashMap::new();
    marks.into_iter().for_each(|mark| drop(last.insert(mark.key, mark.payload)));
    assert!(!last.is_empty() && last.values().all(Option::is_none), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_can_be_mended_on_the_way_and_who_brings_back_second_takes_over() {
    let contract = Contract::start().await;
    let letters = given_up(&contract, "mano", 1, 2).await;
    let [first, second] = &open(&letters)[..] else { panic!("two letters") };
    let mended =
        String::from_utf8(first.payload.clone().unwrap()).unwrap().replace("\"ciudadano_id\":0", "\"ciudadano_id\":7");
    let mut overtaken = None;
    let outer = letters.settle(
        Settlement::Redrive,
        |letter| match letter.offset == first.offset {
            true => {
                let edit = Choice::Edit(mended.clone().into_bytes());
                let choose =
                    |letter: &DeadLetter| if letter.offset == first.offset { edit.clone() } else { Choice::Leave };
                overtaken = Some(letters.settle(Settlement::Redrive, choose, |_| {}).unwrap());
                Choice::Take
            }
            false => Choice::Take,
        },
        |_| {},
    );
    assert!(matches!(outer, Err(DeadLettersError::TakenOver)), "{outer:?}");
    assert_eq!(overtaken.map(|it| it.settled), Some(1));
    let left = open(&letters);
    assert_eq!(left.iter().map(|letter| letter.offset).collect::<Vec<_>>(), [second.offset]);
    let back = contract.kafka.read(&redrive_topic(TOPIC, "mano"));
    let [back] = back.as_slice() else { panic!("one record, not {back:?}") };
    assert_eq!(back.json()["datos"]["ciudadano_id"], 7);
    assert_eq!(back.header("conecta-redrives").as_deref(), Some("1"));
    assert_eq!(back.header("kafka_dlt-original-topic").as_deref(), Some(TOPIC));
    assert_eq!(back.header("conecta-error-code"), None, "nothing of the failure goes with it");
    assert!(back.header("evento_id").is_some(), "its own headers do");
}
