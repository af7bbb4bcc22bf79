//! What the author of a service writes over the crate of channels whose addresses have parameters; `addresses.rs` compiles
//! and runs it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use conecta_runtime::publisher::MemoryPublisher;
use conecta_runtime::topic::Parameters as _;
use conecta_runtime::{Delivery, Event as _, HandlerError, PublisherExt as _, RawRecord, RecordParts};
use tenants_events::{
    Bill, BillUser, BillsParameters, ConsumeOrder, LogAsked, LogMessage, LogParameters, Order, OrdersParameters,
    OrdersRegion, PublishBill, PublishLog, PublishOrder,
};

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn order() -> Order {
    Order::builder().kind(Default::default()).id(7).user("ana").build().unwrap()
}

fn bill() -> Bill {
    Bill::builder().kind(Default::default()).user(BillUser::builder().id(9).build().unwrap()).build().unwrap()
}

fn gob() -> OrdersParameters {
    OrdersParameters { tenant: "gob".into(), region: OrdersRegion::Us1 }
}

fn topics(publisher: &MemoryPublisher) -> Vec<(String, Option<String>)> {
    let text = |key: Vec<u8>| String::from_utf8(key).unwrap();
    publisher.sent().into_iter().map(|m| (m.topic.to_string(), m.key.map(text))).collect()
}

fn to(topic: &str, key: Option<&str>) -> (String, Option<String>) {
    (topic.to_owned(), key.map(str::to_owned))
}

#[test]
fn parameters_are_given_by_name_or_taken_from_the_event() {
    let publisher = MemoryPublisher::new();
    now(publisher.publish_order(&gob(), &order())).unwrap();
    now(publisher.publish_bill(&bill())).unwrap();
    let asked = LogAsked { tenant: "gob".into() };
    now(publisher.publish_log_order(&asked, &order())).unwrap();
    let headers = tenants_events::OrderHeaders { user: Some("eva".into()) };
    now(publisher.publish_log_order_with(&asked, &order(), &headers)).unwrap();
    let expected = [
        to("tenants.gob.us-1.orders", Some("7")),
        to("bills.9", Some("9")),
        to("log.gob.ana", None),
        to("log.gob.eva", None),
    ];
    assert_eq!(topics(&publisher), expected);
    // What cannot be part of a topic's name is not published, and neither is what does not say its topic.
    let error = now(publisher.publish_order(&OrdersParameters { tenant: "a.b".into(), ..gob() }, &order())).unwrap_err();
    assert_eq!(error.to_string(), "tenant: may hold letters, digits, `_` and `-` only");
    let error = now(publisher.publish_log_bill(&asked, &bill())).unwrap_err();
    assert_eq!(error.to_string(), "userId: is absent in the event, and its address needs it");
    assert_eq!(publisher.sent().len(), 4);
}

#[test]
fn batches_and_pipelines_take_addressed_events() {
    let publisher = MemoryPublisher::new();
    let orders = [order(), order()];
    let addressed: Vec<_> = orders.iter().map(|order| gob().address(order)).collect();
    now(publisher.publish_all(&addressed)).unwrap();
    now(publisher.publish_all(&[bill()])).unwrap();
    let mut pipeline = publisher.pipeline(4);
    now(pipeline.push(&gob().address(&order()))).unwrap();
    now(pipeline.push(&bill())).unwrap();
    now(pipeline.finish()).unwrap();
    let message = LogMessage::from(order());
    let log = LogParameters { tenant: "gob".into(), user_id: "ana".into() };
    now(publisher.publish(&log.address(&message))).unwrap();
    let told: Vec<_> = topics(&publisher).into_iter().map(|(topic, _)| topic).collect();
    let orders = "tenants.gob.us-1.orders";
    assert_eq!(told, [orders, orders, "bills.9", orders, "bills.9", "log.gob.ana"]);
}

struct Service;

impl ConsumeOrder for Service {
    async fn consume_order(&self, order: Delivery<Order>) -> Result<(), HandlerError> {
        let OrdersParameters { tenant, region } = order.parameters()?;
        if (tenant.as_str(), region) == ("gob", OrdersRegion::Us1) { Ok(()) } else { Err(HandlerError::poison("other")) }
    }
}

#[test]
fn a_delivery_says_its_parameters() {
    let record = |topic: &str| RawRecord::new(RecordParts { topic: topic.into(), ..RecordParts::default() });
    let handled = |topic| now(Service.consume_order(Delivery::new(order(), record(topic), 1, ())));
    assert!(handled("tenants.gob.us-1.orders").is_ok());
    for topic in ["tenants.gob.eu.orders", "tenants.gob.asia.orders", "orders"] {
        assert!(handled(topic).is_err(), "{topic}");
    }
    let registration = tenants_events::orders::consume(Service);
    assert_eq!(registration.topic().name, "tenants.{tenant}.{region}.orders");
    assert_eq!(registration.address().unwrap().regex(), r"^tenants\.[a-zA-Z0-9_-]+\.(eu|us-1)\.orders$");
    assert_eq!(BillsParameters::of_topic("bills.9").unwrap(), BillsParameters { user_id: "9".into() });
    assert_eq!(bill().topic(&bill().headers()).unwrap(), "bills.9");
    assert!(order().topic(&order().headers()).is_err());
}
