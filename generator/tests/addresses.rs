//! Channels whose addresses have parameters: from the side of who uses the crate.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use crates::{Crates, generate};

/// One channel whose parameters are asked for, one whose parameter the event has, one of several messages that has both.
const TENANTS: &str = "\
asyncapi: 3.0.0
info: { title: Tenants, version: 1.0.0 }
channels:
  orders:
    address: tenants.{tenant}.{region}.orders
    parameters:
      tenant: { description: Whose orders. }
      region: { enum: [eu, us-1], default: eu }
    messages:
      Order: { $ref: '#/components/messages/Order' }
  bills:
    address: bills.{userId}
    parameters:
      userId: { location: $message.payload#/user/id }
    messages:
      Bill: { $ref: '#/components/messages/Bill' }
  log:
    address: log.{tenant}.{userId}
    parameters:
      tenant: {}
      userId: { location: '$message.header#/user' }
    messages:
      Bill: { $ref: '#/components/messages/Bill' }
      Order: { $ref: '#/components/messages/Order' }
operations:
  publishOrder: { action: send, channel: { $ref: '#/channels/orders' } }
  publishBill: { action: send, channel: { $ref: '#/channels/bills' } }
  publishLog: { action: send, channel: { $ref: '#/channels/log' } }
components:
  messages:
    Order:
      headers: { type: object, properties: { user: { type: string } } }
      payload:
        type: object
        required: [kind, id, user]
        properties:
          kind: { const: order }
          id: { type: integer }
          user: { type: string }
    Bill:
      headers: { type: object, properties: { user: { type: string } } }
      payload:
        type: object
        required: [kind, user]
        properties:
          kind: { const: bill }
          user: { type: object, required: [id], properties: { id: { type: integer } } }
";

const TOPICS: &str = "\
Topics:
  tenants.{tenant}.{region}.orders: { partitions: 3, partition_key: id }
  bills.{userId}: { partitions: 2, partition_key: user.id }
";

/// A module of the crate, without the line that bears the hash.
fn module(document: &str, path: &str) -> String {
    let (files, loaded) = generate("shown", document, Some(TOPICS), "");
    let files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    files.get(path).unwrap().split_once('\n').unwrap().1.to_owned()
}

#[test]
fn addresses_with_parameters_work_from_the_side_of_the_author() {
    let (files, loaded) = generate("tenants-events", TENANTS, Some(TOPICS), "");
    let mut files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    files.insert("tests/author.rs", include_str!("author/tenants.rs").to_owned());
    let readme = include_str!("../../README.md");
    let example = readme.split("```rs\n").skip(1).find(|code| code.contains("tenants_events")).unwrap();
    let (example, _) = example.split_once("```").unwrap();
    let used = "#[test]\nfn its_handler_is_the_channels() {\n    let _ = |publisher: &conecta_runtime::publisher::MemoryPublisher, order: &Order| drop(place(publisher, order));\n    \
                assert_eq!(tenants_events::orders::consume(Billing).event(), \"Order\");\n}\n";
    files.insert("tests/readme.rs", format!("//! What README.md shows.\n{example}\n{used}"));
    let crates = Crates::write("addresses", [("tenants-events".to_owned(), &files)]);
    for command in [&["test", "--quiet"][..], &["doc", "--no-deps", "--quiet"]] {
        let built = crates.cargo(command);
        assert!(built.is_ok(), "{}", built.unwrap_err());
    }
}

#[test]
fn the_parameters_of_an_address_are_a_struct_and_its_consumer_takes_all_its_topics() {
    insta::assert_snapshot!("orders", module(TENANTS, "src/orders.rs"));
    insta::assert_snapshot!("bills", module(TENANTS, "src/bills.rs"));
    insta::assert_snapshot!("log", module(TENANTS, "src/log.rs"));
}

#[test]
fn elsewhere_than_on_kafka_there_is_no_topic_to_name() {
    let servers = "channels:\n  orders:\n    servers: [{ $ref: '#/servers/mq' }]\n";
    let document =
        TENANTS.replace("channels:\n  orders:\n", servers) + "servers: { mq: { host: mq, protocol: amqp } }\n";
    let text = module(&document, "src/orders.rs");
    assert!(!text.contains("Parameters"), "{text}");
    assert!(text.contains("fn publish_order<'a>(\n        &'a self,\n        event: &Order,"), "{text}");
}

#[test]
fn a_location_that_leads_nowhere_is_told_and_the_parameter_asked_for() {
    for (location, code, said) in [
        ("user/name", "CG0414", "`Bill` has no property `name`"),
        ("user", "CG0817", "`$message.payload#/user` leads to no scalar of `Bill`"),
    ] {
        let document = TENANTS.replace("$message.payload#/user/id", &format!("$message.payload#/{location}"));
        let (files, loaded) = generate("found", &document, None, "");
        let found: Vec<_> = loaded.diagnostics.iter().map(|d| (d.code.to_string(), &*d.message)).collect();
        let found: Vec<_> = found.iter().filter(|(code, _)| ["CG0414", "CG0817"].contains(&&**code)).collect();
        assert_eq!(found, [&(code.to_owned(), said)]);
        let text = files.unwrap().get("src/bills.rs").unwrap().to_owned();
        assert!(text.contains("parameters: &BillsParameters,"), "{text}");
    }
}
