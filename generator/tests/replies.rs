//! Requests and their replies, and the end of a 3.x document that is asked for.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use conecta_gen::files::FileSet;
use crates::{Crates, generate};

/// Two requests: one is answered wherever it says, the other on a channel with an address.
const QUOTES: &str = "\
asyncapi: 3.0.0
info: { title: Quotes, version: 1.0.0 }
channels:
  requests:
    address: quotes.requests
    messages:
      QuoteRequested:
        correlationId: { location: '$message.header#/correlationId' }
        headers: { type: object, properties: { correlationId: { type: string }, replyTo: { type: string } } }
        payload: { type: object, required: [sku], properties: { sku: { type: string } } }
  replies:
    address: null
    messages:
      QuoteGiven:
        correlationId: { location: '$message.header#/correlationId' }
        headers: { type: object, properties: { correlationId: { type: string } } }
        payload: { type: object, required: [cents], properties: { cents: { type: integer } } }
  orders:
    address: orders
    messages:
      OrderPlaced: { payload: { type: object, required: [id], properties: { id: { type: integer } } } }
  receipts:
    address: receipts
    messages:
      OrderAccepted: { payload: { type: object, required: [id], properties: { id: { type: integer } } } }
operations:
  receiveQuoteRequest:
    action: receive
    channel: { $ref: '#/channels/requests' }
    reply:
      address: { location: '$message.header#/replyTo' }
      channel: { $ref: '#/channels/replies' }
  placeOrder:
    action: send
    channel: { $ref: '#/channels/orders' }
    reply: { channel: { $ref: '#/channels/receipts' } }
";

fn files(document: &str, config: &str) -> (FileSet, Vec<String>) {
    let (files, loaded) = generate("quotes-events", document, None, config);
    let files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    (files, loaded.diagnostics.iter().map(|d| d.code.to_string()).filter(|code| code != "CG0820").collect())
}

/// The traits of a crate, `channel: Trait`.
fn traits(files: &FileSet) -> Vec<String> {
    let mut found = Vec::new();
    for module in ["requests", "replies", "orders", "receipts"] {
        let text = files.get(&format!("src/{module}.rs")).unwrap();
        let names = text.split("pub trait ").skip(1).map(|rest| rest.split([':', '<']).next().unwrap());
        found.extend(names.map(|name| format!("{module}: {name}")));
    }
    found
}

#[test]
fn a_reply_works_from_the_side_of_the_author() {
    let (mut files, found) = files(QUOTES, "");
    assert_eq!(found, Vec::<String>::new());
    files.insert("tests/author.rs", include_str!("author/quotes.rs").to_owned());
    let crates = Crates::write("replies", [("quotes-events".to_owned(), &files)]);
    for command in
        [&["test", "--quiet"][..], &["clippy", "--quiet", "--", "-D", "warnings"], &["doc", "--no-deps", "--quiet"]]
    {
        let built = crates.cargo(command);
        assert!(built.is_ok(), "{}", built.unwrap_err());
    }
}

#[test]
fn a_reply_is_an_operation_on_its_channel() {
    let (files, _) = files(QUOTES, "");
    insta::assert_snapshot!("replies", files.get("src/replies.rs").unwrap().split_once('\n').unwrap().1);
    let root = files.get("src/lib.rs").unwrap();
    assert!(root.contains("&[requests::TOPIC, orders::TOPIC, receipts::TOPIC]"), "{root}");
}

#[test]
fn a_reply_that_an_operation_writes_out_is_not_written_twice() {
    let operation = "  takeReceipt: { action: receive, channel: { $ref: '#/channels/receipts' } }\n";
    let (files, _) = files(&format!("{QUOTES}{operation}"), "");
    let receipts: Vec<_> = traits(&files).into_iter().filter(|name| name.starts_with("receipts")).collect();
    assert_eq!(receipts, ["receipts: PublishTakeReceipt", "receipts: TakeReceipt"]);
}

#[test]
fn a_role_gives_one_end_of_each_operation() {
    let of = |role: &str| traits(&files(QUOTES, &format!("[crate]\nrole = \"{role}\"\n")).0);
    assert_eq!(
        of("application"),
        [
            "requests: ReceiveQuoteRequest",
            "replies: SendQuoteRequestReply",
            "orders: PlaceOrder",
            "receipts: PlaceOrderReply"
        ]
    );
    assert_eq!(
        of("client"),
        [
            "requests: SendQuoteRequest",
            "replies: ReceiveQuoteRequestReply",
            "orders: ConsumePlaceOrder",
            "receipts: PublishPlaceOrderReply"
        ]
    );
    assert_eq!(of("both").len(), 8);
}

#[test]
fn the_documentation_of_a_trait_says_whose_end_it_is() {
    let (files, _) = files(QUOTES, "");
    let orders = files.get("src/orders.rs").unwrap().replace("\n///", "");
    assert!(orders.contains("`placeOrder` (`send`): this is the application's end."), "{orders}");
    assert!(orders.contains("`placeOrder` (`send`): this is the end of its clients."), "{orders}");
    let receipts = files.get("src/receipts.rs").unwrap().replace("\n///", "");
    assert!(
        receipts.contains("It is the reply to the operation `placeOrder`: this is the application's end."),
        "{receipts}"
    );
}

#[test]
fn a_role_is_said_to_mean_nothing_in_two() {
    let two = "asyncapi: 2.6.0
info: { title: Small, version: 1.0.0 }
channels:
  a: { publish: { operationId: publishA, message: { name: A, payload: { type: string } } } }
";
    let (files, found) = files(two, "[crate]\nrole = \"client\"\n");
    assert_eq!(found, ["CG0816"]);
    let text = files.get("src/a.rs").unwrap();
    assert!(text.contains("pub trait PublishA:") && text.contains("pub trait ConsumeA<"), "{text}");
}
