//! What the author of a service writes over the crate of a channel with two messages; `channels.rs` compiles and runs it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use conecta_runtime::publisher::MemoryPublisher;
use conecta_runtime::{Delivery, Event, HandlerError, Headers, RawRecord, RecordParts, TypedHeaders};
use orders_events::{
    ConsumeOrders, MESSAGES, OnPayment, OrderPaid, OrderPaidHeaders, OrderPlaced, OrderPlacedHeaders, OrdersMessage,
    PublishOrders, PublishPayment,
};

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

fn paid() -> OrderPaid {
    OrderPaid::builder().kind(Default::default()).id(7).account("ES91").build().unwrap()
}

fn record(message: conecta_runtime::Message) -> RawRecord {
    RawRecord::new(RecordParts { headers: message.headers, payload: message.payload, ..RecordParts::default() })
}

#[test]
fn each_message_goes_to_the_channel_that_it_is_published_to_with_the_key_it_has_there() {
    let publisher = MemoryPublisher::new();
    let placed = OrderPlaced::builder().kind(Default::default()).id(8).build().unwrap();
    now(publisher.publish_orders_order_paid(&paid())).unwrap();
    now(publisher.publish_payment(&paid())).unwrap();
    now(publisher.publish_orders_order_placed(&placed)).unwrap();
    now(conecta_runtime::PublisherExt::publish(&publisher, &OrdersMessage::from(placed))).unwrap();
    let sent: Vec<_> = publisher.sent().into_iter().map(|m| (m.topic.to_string(), m.key.unwrap())).collect();
    let to = |topic: &str, key: &str| (topic.to_owned(), key.as_bytes().to_vec());
    assert_eq!(sent, [to("orders", "7"), to("payments", "ES91"), to("orders", "8"), to("orders", "8")]);
    let told: Vec<_> = publisher.sent().into_iter().map(|m| m.headers.text("event-type").unwrap().to_owned()).collect();
    assert_eq!(told, ["paid", "paid", "placed", "placed"]);
}

#[test]
fn a_record_is_read_as_the_message_that_it_is() {
    let message = paid().to_message(&paid().headers()).unwrap();
    assert_eq!(OrdersMessage::decode(&record(message.clone())).unwrap(), OrdersMessage::OrderPaid(paid()));
    // Without its header the payload says it.
    let bare = conecta_runtime::Message::new("", None, Headers::new(), message.payload.clone());
    assert_eq!(OrdersMessage::decode(&record(bare)).unwrap(), OrdersMessage::OrderPaid(paid()));
    let error = OrdersMessage::decode(&RawRecord::from_payload(br#"{"kind": "order.lost", "id": 1}"#)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "none of the channel's messages: the header `event-type` names none, `kind` names none"
    );
    let error = OrdersMessage::decode(&RawRecord::from_payload(br#"{"kind": "order.paid", "id": "x"}"#)).unwrap_err();
    assert_eq!(error.path(), "id");
}

#[test]
fn every_message_is_listed_once() {
    let names: Vec<_> = MESSAGES.iter().map(|message| (message.name, message.topic)).collect();
    assert_eq!(names, [("OrderPlaced", "orders"), ("OrderPaid", "orders")]);
    let body = br#"{"kind":"order.paid","id":7,"account":"ES91"}"#;
    assert_eq!((MESSAGES[1].transcode)(body).unwrap(), body);
    assert!((MESSAGES[0].transcode)(body).is_err());
}

struct Service;

impl ConsumeOrders for Service {
    async fn consume_orders(&self, message: Delivery<OrdersMessage>) -> Result<(), HandlerError> {
        match message.event {
            OrdersMessage::OrderPlaced(_) | OrdersMessage::OrderPaid(_) => Ok(()),
        }
    }
}

impl OnPayment for Service {
    async fn on_payment(&self, paid: Delivery<OrderPaid>) -> Result<(), HandlerError> {
        if paid.account.is_empty() { Err(HandlerError::poison("no account")) } else { Ok(()) }
    }
}

#[test]
fn handlers_are_registered_for_the_channel_that_they_are_of() {
    assert_eq!(orders_events::orders::consume(Service).topic().name, "orders");
    assert_eq!(orders_events::payments::consume(Service).topic().name, "payments");
}

#[test]
fn headers_are_read_as_those_of_the_variant() {
    let message = paid().to_message(&paid().headers()).unwrap();
    let record = record(message);
    assert_eq!(OrderPaidHeaders::read(record.headers()).unwrap(), paid().headers());
    assert!(OrderPlacedHeaders::read(record.headers()).is_err());
}
