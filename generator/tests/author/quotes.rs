//! What the author of a service that answers requests writes; `replies.rs` compiles and runs it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use conecta_runtime::publisher::MemoryPublisher;
use conecta_runtime::{Delivery, HandlerError, RawRecord, RecordParts};
use quotes_events::{
    OrderAccepted, PlaceOrderReply, QuoteGiven, QuoteGivenHeaders, QuoteRequested, QuoteRequestedHeaders,
    ReceiveQuoteRequest, ReceiveQuoteRequestReply, SendQuoteRequest, SendQuoteRequestReply,
};

fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing here waits"),
    }
}

/// Answers where the request says.
struct Quotes(MemoryPublisher);

impl ReceiveQuoteRequest for Quotes {
    async fn receive_quote_request(&self, asked: Delivery<QuoteRequested>) -> Result<(), HandlerError> {
        let QuoteRequestedHeaders { correlation_id, reply_to } = asked.headers()?;
        let reply_to = reply_to.ok_or_else(|| HandlerError::poison("the request does not say where to answer"))?;
        let given = QuoteGiven::builder().cents(1250).build()?;
        self.0.send_quote_request_reply_with(&reply_to, &given, &QuoteGivenHeaders { correlation_id }).await?;
        Ok(())
    }
}

#[test]
fn a_request_is_answered_where_it_says_and_bears_its_correlation() {
    let client = MemoryPublisher::new();
    let asked = QuoteRequested::builder().sku("A-1").build().unwrap();
    let headers =
        QuoteRequestedHeaders { correlation_id: Some("c-7".to_owned()), reply_to: Some("quotes.of.ana".to_owned()) };
    now(client.send_quote_request_with(&asked, &headers)).unwrap();
    let request = client.sent().remove(0);
    assert_eq!(request.topic, "quotes.requests");

    let service = Quotes(MemoryPublisher::new());
    let parts = RecordParts { headers: request.headers, payload: request.payload, ..RecordParts::default() };
    now(service.receive_quote_request(Delivery::new(asked, RawRecord::new(parts), 1, ()))).unwrap();
    let reply = service.0.sent().remove(0);
    assert_eq!((&*reply.topic, reply.headers.text("correlationId")), ("quotes.of.ana", Some("c-7")));
}

struct Client;

impl ReceiveQuoteRequestReply for Client {
    async fn receive_quote_request_reply(&self, _: Delivery<QuoteGiven>) -> Result<(), HandlerError> {
        Ok(())
    }
}

impl PlaceOrderReply for Client {
    async fn place_order_reply(&self, _: Delivery<OrderAccepted>) -> Result<(), HandlerError> {
        Ok(())
    }
}

#[test]
fn replies_are_consumed_where_they_were_asked_to() {
    assert_eq!(quotes_events::replies::consume("quotes.of.ana", Client).topic().name, "quotes.of.ana");
    assert_eq!(quotes_events::receipts::consume(Client).topic().name, "receipts");
}
