//! Channels with several messages, and messages on several channels: from the side of who uses the crate.
#![allow(clippy::unwrap_used)]

#[path = "support/crates.rs"]
mod crates;

use crates::{Crates, generate};

/// Every finding of a document's crate, `CG0808 line: message`.
fn findings(document: &str, config: &str) -> Vec<String> {
    let (_, loaded) = generate("found", document, None, config);
    let line = |d: &conecta_gen::diagnostic::Diagnostic| {
        let span = d.at.and_then(|at| loaded.document.span(at))?;
        Some(loaded.document.files().first()?.text[..span.start as usize].matches('\n').count() + 1)
    };
    let found = loaded.diagnostics.iter().filter(|d| d.severity.as_str() != "note");
    found.map(|d| format!("{} {}: {}", d.code, line(d).unwrap_or_default(), d.message)).collect()
}

/// A module of the crate, without the line that bears the hash.
fn module(document: &str, topics: Option<&str>, path: &str) -> String {
    let (files, loaded) = generate("shown", document, topics, "");
    let files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    files.get(path).unwrap().split_once('\n').unwrap().1.to_owned()
}

const HEAD: &str = "asyncapi: 2.6.0\ninfo: { title: Small, version: 1.0.0 }\n";

/// Two messages of one channel with these payloads.
fn two(placed: &str, paid: &str) -> String {
    format!(
        "{HEAD}channels:
  orders:
    publish:
      operationId: publishOrders
      message:
        oneOf:
          - {{ name: Placed, payload: {placed} }}
          - {{ name: Paid, payload: {paid} }}
"
    )
}

/// Orders, told apart by a constant; the second message stands on another channel as well, with another key there.
const ORDERS: &str = "\
asyncapi: 2.6.0
info: { title: Orders, version: 1.0.0 }
channels:
  orders:
    publish:
      operationId: publishOrders
      message:
        oneOf:
          - { $ref: '#/components/messages/OrderPlaced' }
          - { $ref: '#/components/messages/OrderPaid' }
  payments:
    subscribe:
      operationId: onPayment
      message: { $ref: '#/components/messages/OrderPaid' }
components:
  messages:
    OrderPlaced:
      summary: An order was placed.
      headers: { type: object, properties: { event-type: { type: string, const: placed } } }
      payload:
        type: object
        required: [kind, id]
        properties:
          kind: { type: string, const: order.placed }
          id: { type: integer }
      examples:
        - payload: { kind: order.placed, id: 7 }
    OrderPaid:
      headers: { type: object, properties: { event-type: { type: string, const: paid } } }
      payload:
        type: object
        required: [kind, id, account]
        properties:
          kind: { type: string, const: order.paid }
          id: { type: integer }
          account: { type: string }
";

const TOPICS: &str = "\
Topics:
  orders: { partitions: 3, partition_key: id }
  payments: { partitions: 3, partition_key: account }
";

const AUTHOR: &str = include_str!("author/orders.rs");

#[test]
fn several_messages_and_several_channels_work_from_the_side_of_the_author() {
    let (files, loaded) = generate("orders-events", ORDERS, Some(TOPICS), "");
    let mut files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    files.insert("tests/author.rs", AUTHOR.to_owned());
    let forms = two("{ type: string }", "{ type: object, required: [id], properties: { id: { type: integer } } }");
    let (by_structure, loaded) = generate("forms-events", &forms, None, "");
    let mut by_structure = by_structure.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    by_structure.insert("tests/author.rs", include_str!("author/forms.rs").to_owned());
    let config = "[channels.orders]\ntype = \"header:kind\"\n[messages.Placed]\ntype = \"order.placed\"\n";
    let (by_header, loaded) = generate("kinds-events", &forms, None, config);
    let mut by_header = by_header.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    by_header.insert("tests/author.rs", include_str!("author/kinds.rs").to_owned());
    let all = [("orders-events", &files), ("forms-events", &by_structure), ("kinds-events", &by_header)];
    let crates = Crates::write("channels", all.map(|(name, files)| (name.to_owned(), files)));
    for command in [&["test", "--quiet"][..], &["doc", "--no-deps", "--quiet"]] {
        let built = crates.cargo(command);
        assert!(built.is_ok(), "{}", built.unwrap_err());
    }
}

#[test]
fn an_enum_of_its_messages_is_read_where_a_channel_carries_several() {
    insta::assert_snapshot!("orders", module(ORDERS, Some(TOPICS), "src/orders.rs"));
    insta::assert_snapshot!("payments", module(ORDERS, Some(TOPICS), "src/payments.rs"));
}

#[test]
fn channels_of_one_address_are_one_topic_as_the_one_that_says_more_of_it_has_it() {
    let channel = |name: &str, more: &str| {
        format!("  {name}:\n    address: orders\n    messages: {{ {name}: {{ payload: {{ type: string }} }} }}\n{more}")
    };
    let binding = "    bindings: { kafka: { partitions: 3 } }\n";
    let head = "asyncapi: 3.0.0\ninfo: { title: Orders, version: 1.0.0 }\nchannels:\n";
    let document = format!("{head}{}{}", channel("placed", ""), channel("paid", binding));
    let root = module(&document, None, "src/lib.rs");
    assert!(root.contains("&[paid::TOPIC]") && !root.contains("placed::TOPIC"), "{root}");
}

/// The part of the module that says how messages are told apart.
fn told(document: &str, config: &str) -> String {
    let (files, loaded) = generate("shown", document, None, config);
    let files = files.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics));
    let text = files.get("src/orders.rs").unwrap();
    let from = text.find("    channel \"orders\"").unwrap();
    let to = from + text[from..].find("\n}\n").unwrap();
    text[from..to].lines().skip(1).map(str::trim).collect::<Vec<_>>().join(" ")
}

#[test]
fn messages_are_told_apart_by_the_first_of_these_that_does() {
    let object = |required: &str, properties: &str| {
        format!("{{ type: object, required: [{required}], properties: {{ {properties} }} }}")
    };
    // A text with other values in each, however deep.
    let deep = |value: &str| {
        object("a, meta", &format!("a: {{}}, meta: {}", object("kind", &format!("kind: {{ enum: [{value}] }}"))))
    };
    assert_eq!(
        told(&two(&deep("A, B"), &deep("C")), ""),
        r#"by payload "meta"."kind" { "A" | "B" => Placed, "C" => Paid, }"#
    );
    // The envelope's type, from what examples say, or the configuration.
    let envelope = object("evento_id, evento_tipo", "evento_id: { type: string }, evento_tipo: { type: string }");
    let by_name = two(&envelope, &envelope);
    assert_eq!(told(&by_name, ""), r#"by payload "evento_tipo" { "Placed" => Placed, "Paid" => Paid, }"#);
    assert_eq!(
        findings(&by_name, ""),
        [
            "CG0809 9: the type of `Placed` is taken to be its name",
            "CG0809 10: the type of `Paid` is taken to be its name"
        ]
    );
    let config = "[messages.Placed]\ntype = \"p\"\n[messages.Paid]\ntype = \"q\"\n";
    assert_eq!(told(&by_name, config), r#"by payload "evento_tipo" { "p" => Placed, "q" => Paid, }"#);
    assert_eq!(findings(&by_name, config), [""; 0]);
    // Structure, where nothing is both: what one requires, the other forbids, or gives another type.
    let structure = r#"structure { "Placed" => Placed, "Paid" => Paid, }"#;
    let closed = "{ type: object, additionalProperties: false, properties: { a: { type: string } } }";
    assert_eq!(told(&two(&object("b", "b: { type: string }"), closed), ""), structure);
    assert_eq!(told(&two(&object("b", "b: { type: string }"), &object("", "b: { type: integer }")), ""), structure);
    assert_eq!(told(&two("{ type: string }", "{ type: object }"), ""), structure);
    // What the configuration says wins over all of them.
    let config = "[channels.orders]\ntype = \"header:kind\"\n";
    assert_eq!(
        told(&two(&deep("A, B"), &deep("C")), config),
        r#"by header "kind" { "Placed" => Placed, "Paid" => Paid, }"#
    );
}

#[test]
fn a_discriminator_tells_its_schemas_by_their_names() {
    let document = format!(
        "{}components:
  schemas:
    Event: {{ type: object, required: [kind], discriminator: kind, properties: {{ kind: {{ type: string }} }} }}
    PlacedV1: {{ allOf: [{{ $ref: '#/components/schemas/Event' }}] , properties: {{ a: {{ type: string }} }} }}
    PaidV1: {{ allOf: [{{ $ref: '#/components/schemas/Event' }}], properties: {{ a: {{ type: string }} }} }}
",
        two("{ $ref: '#/components/schemas/PlacedV1' }", "{ $ref: '#/components/schemas/PaidV1' }")
    );
    assert_eq!(told(&document, ""), r#"by payload "kind" { "PlacedV1" => Placed, "PaidV1" => Paid, }"#);
}

#[test]
fn messages_that_one_value_can_be_are_an_error_at_both() {
    let alike = [
        ("{ type: object }", "{ type: object }"),
        ("{}", "{ type: string }"),
        (
            "{ type: object, required: [a], properties: { a: { type: string } } }",
            "{ type: object, properties: { b: {} } }",
        ),
        ("{ type: object, properties: { a: { const: x } } }", "{ type: object, properties: { a: { const: y } } }"),
    ];
    for (one, other) in alike {
        let (files, loaded) = generate("found", &two(one, other), None, "");
        // What is sound of it is there.
        let files = files.unwrap();
        let text = files.get("src/orders.rs").unwrap();
        assert!(text.contains("fn publish_orders_placed<") && !text.contains("Delivery"), "{text}");
        let found: Vec<_> = loaded.diagnostics.iter().filter(|d| d.code.to_string() == "CG0808").collect();
        let [found] = found.as_slice() else { panic!("{one} {other}: {:#?}", loaded.diagnostics) };
        assert_eq!(found.message, "`Placed` and `Paid` cannot be told apart on `orders`");
        assert_eq!(found.related.len(), 1);
        let help = found.help.as_deref().unwrap();
        assert!(help.contains("[channels.\"orders\"]") && help.contains("[messages.\"Placed\"]"), "{help}");
    }
}

#[test]
fn messages_that_share_a_name_are_known_by_their_pointers() {
    let document = format!(
        "{HEAD}channels:\n  company:\n    subscribe:\n      operationId: onCompany\n      message:\n        oneOf:\n\
         \x20         - payload: {{ $ref: '#/components/schemas/Webhook' }}\n\
         \x20         - payload: {{ $ref: '#/components/schemas/Webhook' }}\n\
         components:\n  schemas:\n    Webhook: {{ type: object, properties: {{ kind: {{ type: string }} }} }}\n"
    );
    let (_, loaded) = generate("found", &document, None, "");
    let found: Vec<_> = loaded.diagnostics.iter().filter(|d| d.code.to_string() == "CG0808").collect();
    let help = found[0].help.as_deref().unwrap();
    let said = "[messages.\"/channels/company/subscribe/message/oneOf/0\"]";
    assert!(help.contains(said), "{help}");
    let config = format!(
        "[channels.company]\ntype = \"payload:kind\"\n{said}\ntype = \"company.creation\"\n{}\ntype = \"company.deletion\"\n",
        said.replace("oneOf/0", "oneOf/1")
    );
    let (files, loaded) = generate("found", &document, None, &config);
    let text = files.unwrap().get("src/company.rs").unwrap().to_owned();
    assert!(text.contains("pub trait OnCompany") && text.contains("\"company.deletion\""), "{text}");
    let codes: Vec<String> = loaded.diagnostics.iter().map(|d| d.code.to_string()).collect();
    assert!(!codes.iter().any(|code| ["CG0808", "CG0809", "CG0810"].contains(&code.as_str())), "{codes:?}");
    let wrong = config.replace("oneOf/1", "oneOf/2");
    assert!(findings(&document, &wrong).iter().any(|found| found.starts_with("CG0810 ")));
}

#[test]
fn messages_of_many_parts_are_compared_only_so_far() {
    let mut document =
        format!("{HEAD}channels:\n  c:\n    publish:\n      operationId: publishIt\n      message:\n        oneOf:\n");
    for side in ["A", "B"] {
        document += &format!("          - {{ name: {side}, payload: {{ $ref: '#/components/schemas/{side}0' }} }}\n");
    }
    document += "components:\n  schemas:\n";
    for side in ["A", "B"] {
        for level in 0..7 {
            let names: Vec<String> = (0..30).map(|n| format!("p{n}")).collect();
            let below = match level {
                6 => "type: string".to_owned(),
                _ => format!("$ref: '#/components/schemas/{side}{}'", level + 1),
            };
            let properties: Vec<String> = names.iter().map(|name| format!("{name}: {{ {below} }}")).collect();
            document += &format!(
                "    {side}{level}: {{ type: object, required: [{}], properties: {{ {} }} }}\n",
                names.join(", "),
                properties.join(", ")
            );
        }
    }
    let found = findings(&document, "");
    assert!(matches!(&found[..], [only] if only.starts_with("CG0808 ")), "{found:#?}");
}

#[test]
fn what_the_configuration_names_must_be_there() {
    let document = two("{ type: string }", "{ type: object }");
    let config = "[channels.order]\ntype = \"header:x\"\n[messages.Payd]\ntype = \"x\"\n";
    let found = findings(&document, config);
    assert_eq!(
        found,
        ["CG0810 0: the contract has no channel \"order\"", "CG0810 0: the contract has no message \"Payd\""]
    );
    assert_eq!(
        findings(&document, "[channels.orders]\ntype = \"kind\"\n"),
        ["CG0810 4: \"kind\" is no place of a message's type"]
    );
}

#[test]
fn an_operation_of_some_of_a_channels_messages_passes_the_others_over() {
    let document = format!(
        "{HEAD}channels:
  orders:
    publish: {{ operationId: publishPlaced, message: {{ name: Placed, payload: {{ type: string }} }} }}
    subscribe: {{ operationId: onPaid, message: {{ name: Paid, payload: {{ type: object }} }} }}
"
    );
    let text = module(&document, None, "src/orders.rs");
    for expected in [
        "pub trait PublishPlaced: Publisher",
        "pub trait PublishPaid: Publisher",
        "pub trait OnPaid<",
        "pub trait ConsumePlaced<",
        "pub fn consume_placed<",
        "pub fn consume_on_paid<",
        "pub fn batch_consume_on_paid<",
        "Some(batch) => handler.on_paid(batch).await,",
        "OrdersMessage::Paid(event) => handler.on_paid(rest.with(event)).await,",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}
