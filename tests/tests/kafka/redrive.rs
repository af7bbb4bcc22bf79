//! What comes back to a group through `<topic>.<group>.redrive`.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use conecta_runtime::consumer::{Consumer, redrive_topic};
use conecta_runtime::inbox::MemoryInbox;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, Event as _, HandlerError, Headers, Message, Publisher as _};
use conecta_tests::contract::{Contract, Running, caso_creado, effect};
use conecta_tests::effects::Effect;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, casos_creados};

const LIMIT: Duration = Duration::from_secs(60);
const TOPIC: &str = "casos.creados";

/// Remembers what it is given, and refuses the events of case 13.
#[derive(Clone, Default)]
struct Handler(Arc<Mutex<Vec<Effect>>>);

impl Handler {
    fn seen(&self) -> Vec<Effect> {
        self.0.lock().unwrap().clone()
    }
}

impl ConsumirCasoCreado for Handler {
    async fn consumir_caso_creado(&self, caso: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        assert_eq!(caso.record.topic(), TOPIC, "whatever it was read from");
        self.0.lock().unwrap().push(effect(&caso));
        if effect(&caso).key == 13 { Err(HandlerError::poison("bad luck")) } else { Ok(()) }
    }
}

/// The `seq`-th event of a case as it is brought back, from a place that was not there.
fn brought_back(group: &str, key: i64, seq: u32) -> Message {
    let caso = caso_creado(Effect { key, seq });
    let mut body = Vec::new();
    caso.encode(&mut body).unwrap();
    let mut headers = Headers::new();
    headers.push("origen", "microservicio-casos");
    headers.push("kafka_dlt-original-topic", TOPIC);
    headers.push("kafka_dlt-original-partition", 4_i32.to_be_bytes());
    headers.push("kafka_dlt-original-offset", 4711_i64.to_be_bytes());
    headers.push("conecta-redrives", "1");
    Message::new(redrive_topic(TOPIC, group), Some(key.to_string().into_bytes()), headers, Some(body))
}

/// A shared retry topic, as others have it, replays to every group.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_is_read_as_soon_as_its_topic_exists_and_by_the_one_group_alone() {
    let contract = Contract::start().await;
    contract.publish_cases(3, 1).await;
    let (handler, other) = (Handler::default(), Handler::default());
    let consumer = Consumer::new(&contract.settings, "vuelve")
        .on(casos_creados::consume(handler.clone()))
        .inbox(MemoryInbox::default());
    let metrics = consumer.metrics();
    let bystander = Consumer::new(&contract.settings, "otro").on(casos_creados::consume(other.clone()));
    let running = Running::new(|shutdown| consumer.run(shutdown));
    let by_standing = Running::new(|shutdown| bystander.run(shutdown));
    eventually("the events", LIMIT, || handler.seen().len() == 3 && other.seen().len() == 3).await.unwrap();

    let redrive = redrive_topic(TOPIC, "vuelve");
    contract.kafka.create_topic(&redrive, 6, 1, &[]).await;
    for seq in 1..=5 {
        for key in [7, 8] {
            contract.publisher.send(brought_back("vuelve", key, seq)).await.unwrap().await.unwrap();
        }
    }
    eventually("what was brought back", LIMIT, || handler.seen().len() == 13).await.unwrap();
    let of = |key| handler.seen().iter().filter(|it| it.key == key).map(|it| it.seq).collect::<Vec<_>>();
    assert_eq!((of(7), of(8)), (vec![1, 2, 3, 4, 5], vec![1, 2, 3, 4, 5]), "in the order of each key");
    assert_eq!(metrics.snapshot().topic(TOPIC).handled, 13, "counted as events of the topic");
    assert_eq!(metrics.snapshot().topics.len(), 1);

    // The same events once more: the inbox knows them, whatever topic they come through.
    let copies: Vec<_> = contract.kafka.read(TOPIC).into_iter().map(|record| (record.key, record.payload)).collect();
    for (key, payload) in copies {
        let message = Message::new(redrive.clone(), key, Headers::new(), payload);
        contract.publisher.send(message).await.unwrap().await.unwrap();
    }
    eventually("the copies to be recognised", LIMIT, || metrics.snapshot().topic(TOPIC).duplicates == 3).await.unwrap();
    running.stop().await.unwrap();
    by_standing.stop().await.unwrap();
    assert_eq!(contract.kafka.lag("vuelve", &redrive), 0);
    assert_eq!((handler.seen().len(), other.seen().len()), (13, 3));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_back_and_fails_again_is_a_dead_letter_of_the_topic_with_its_first_place() {
    let contract = Contract::start().await;
    let redrive = redrive_topic(TOPIC, "terco");
    contract.kafka.create_topic(&redrive, 6, 1, &[]).await;
    contract.publisher.send(brought_back("terco", 13, 0)).await.unwrap().await.unwrap();
    let consumer = Consumer::new(&contract.settings, "terco").on(casos_creados::consume(Handler::default()));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("a dead letter", LIMIT, || metrics.snapshot().topic(TOPIC).dead_lettered == 1).await.unwrap();
    running.stop().await.unwrap();

    let letters = contract.kafka.read("casos.creados.terco.dlq");
    let [letter] = letters.as_slice() else { panic!("one dead letter, not {letters:?}") };
    assert_eq!(letter.header_bytes("kafka_dlt-original-partition"), Some(&4_i32.to_be_bytes()[..]));
    assert_eq!(letter.header_bytes("kafka_dlt-original-offset"), Some(&4711_i64.to_be_bytes()[..]));
    assert_eq!(letter.header("__connect.errors.topic").as_deref(), Some(TOPIC));
    assert_eq!(letter.header("origen").as_deref(), Some("microservicio-casos"), "its own headers are kept");
    assert_eq!(letter.header("conecta-redrives").as_deref(), Some("1"));
    let names = letter.headers.iter().filter(|(name, _)| name.starts_with("kafka_dlt-original-topic")).count();
    assert_eq!(names, 1, "said once, however often it comes back");
    assert_eq!(contract.kafka.lag("terco", &redrive), 0);
}
