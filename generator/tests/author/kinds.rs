//! What is on the wire where conecta-gen.toml alone names the header that tells messages apart; `channels.rs` compiles and runs it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use conecta_runtime::publisher::MemoryPublisher;
use conecta_runtime::{Event, PublisherExt, RawRecord, RecordParts};
use kinds_events::{OrdersMessage, Paid, Placed, PublishOrders};

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn the_header_is_set_and_read_back() {
    let publisher = MemoryPublisher::new();
    let (placed, paid) = (Placed("new".to_owned()), Paid::builder().id(7).build().unwrap());
    now(publisher.publish_orders_placed(&placed)).unwrap();
    now(publisher.publish_orders_paid(&paid)).unwrap();
    now(publisher.publish(&OrdersMessage::from(paid.clone()))).unwrap();
    let sent = publisher.sent();
    let told: Vec<_> = sent.iter().map(|message| message.headers.text("kind").unwrap()).collect();
    assert_eq!(told, ["order.placed", "Paid", "Paid"]);
    let read: Vec<_> = sent
        .iter()
        .map(|message| {
            let (headers, payload) = (message.headers.clone(), message.payload.clone());
            OrdersMessage::decode(&RawRecord::new(RecordParts { headers, payload, ..RecordParts::default() })).unwrap()
        })
        .collect();
    assert_eq!(read, [OrdersMessage::from(placed), OrdersMessage::from(paid.clone()), OrdersMessage::from(paid)]);
}
