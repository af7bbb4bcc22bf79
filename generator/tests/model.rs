//! What a document means, whatever it is written in.
#![allow(clippy::unwrap_used)]

use conecta_gen::{
    Loaded, Source,
    api::{Action, AdditionalProperties, Api, Items, Payload, Schema, SchemaId, TypeSet},
    document::{DiskFiles, MemoryFiles, NoFiles},
    load,
};

fn read(document: &str) -> Loaded {
    load(Source::new("spec.yaml", document), None, &NoFiles)
}

fn model(document: &str) -> Api {
    let loaded = read(document);
    let errors: Vec<_> = loaded.diagnostics.iter().filter(|d| d.severity.as_str() == "error").collect();
    assert!(errors.is_empty(), "{errors:#?}");
    loaded.api.unwrap()
}

fn conecta360() -> Loaded {
    let specs = concat!(env!("CARGO_MANIFEST_DIR"), "/../specs/conecta360");
    let source = |name: &str| Source::new(name, std::fs::read(format!("{specs}/{name}")).unwrap());
    load(source("asyncapi.yaml"), Some(source("topics.yaml")), &DiskFiles::new(specs))
}

fn payload(api: &Api, message: &str) -> SchemaId {
    let message = api.messages.iter().find(|m| m.name == message).unwrap();
    let Payload::Schema(id) = message.payload else { panic!("{} is not typed", message.name) };
    id
}

/// The schema at a path of properties below a message's payload.
fn at<'a>(api: &'a Api, message: &str, path: &[&str]) -> (SchemaId, &'a Schema) {
    let id = path.iter().fold(payload(api, message), |id, name| api.schemas[id].properties[*name]);
    (id, &api.schemas[id])
}

#[test]
fn conecta360_is_read_whole() {
    let loaded = conecta360();
    let api = loaded.api.unwrap();
    assert_eq!((api.channels.len(), api.messages.len(), api.servers.len()), (9, 9, 2));
    assert_eq!(api.servers[1].address, "kafka-staging.conecta360.gov.cv:9092");
    let operations: Vec<_> = api.channels[0].operations.iter().map(|o| (o.action, o.id.as_deref().unwrap())).collect();
    assert_eq!(operations, [(Action::Publish, "publicarCasoCreado"), (Action::Subscribe, "consumirCasoCreado")]);

    let (_, event) = at(&api, "CasoCreado", &[]);
    assert_eq!(event.component.as_deref(), Some("CasoCreadoPayload"));
    let names: Vec<_> = event.properties.keys().collect();
    assert_eq!(names, ["evento_id", "evento_tipo", "evento_version", "timestamp", "origen", "datos", "metadata"]);
    assert_eq!(event.required.last().unwrap(), "datos");

    let (_, data) = at(&api, "CasoCreado", &["datos"]);
    assert_eq!((data.owner.as_deref(), data.path.as_slice()), (Some("CasoCreadoPayload"), &["datos".to_owned()][..]));
    assert_eq!((data.properties.len(), data.required.len()), (11, 7));
    assert_eq!(data.description.as_deref(), Some("Datos específicos del evento"));
    let (_, place) = at(&api, "CasoCreado", &["datos", "ubicacion"]);
    assert_eq!(place.path, ["datos", "ubicacion"]);
    let (_, state) = at(&api, "CasoCreado", &["datos", "estado"]);
    assert_eq!(state.enumeration.as_ref().unwrap(), &["PENDIENTE"]);
}

#[test]
fn what_a_merge_leaves_alone_is_one_schema_and_what_it_changes_is_another() {
    let api = conecta360().api.unwrap();
    let (metadata, schema) = at(&api, "CasoCreado", &["metadata"]);
    assert_eq!((schema.owner.as_deref(), schema.path.as_slice()), (Some("EventoBase"), &["metadata".to_owned()][..]));
    for message in &api.messages {
        assert_eq!(at(&api, &message.name, &["metadata"]).0, metadata, "{}", message.name);
    }
    assert_ne!(at(&api, "CasoCreado", &["datos"]).0, at(&api, "CasoAsignado", &["datos"]).0);
}

#[test]
fn headers_of_one_trait_take_its_name() {
    let api = conecta360().api.unwrap();
    let headers: Vec<_> = api.messages.iter().map(|m| (m.headers.unwrap(), m.headers_name.as_deref())).collect();
    assert!(headers.iter().all(|h| *h == (headers[0].0, Some("CommonHeaders"))), "{headers:?}");
    assert_eq!(api.schemas[headers[0].0].properties.len(), 6);
}

#[test]
fn the_topics_file_is_laid_over_the_channels() {
    let api = conecta360().api.unwrap();
    let topic = api.channels[0].topic.as_ref().unwrap();
    assert_eq!((topic.partitions, topic.replication_factor, topic.retention_ms), (Some(6), Some(3), Some(604_800_000)));
    let key = topic.key.as_ref().unwrap();
    assert_eq!(key.path, ["datos", "caso_id"]);
    assert_eq!(api.schemas[key.schemas[0]].types, TypeSet::INTEGER);
    let keys: Vec<_> =
        api.channels.iter().map(|c| c.topic.as_ref().unwrap().key.as_ref().unwrap().path[1].as_str()).collect();
    let expected = [
        "caso_id",
        "caso_id",
        "caso_id",
        "caso_id",
        "notificacion_id",
        "sla_id",
        "sla_id",
        "ciudadano_id",
        "dependencia_id",
    ];
    assert_eq!(keys, expected);
}

#[test]
fn an_example_that_contradicts_its_schema_is_marked_and_spares_the_types() {
    let mut loaded = conecta360();
    let api = loaded.api.as_ref().unwrap();
    let refused: Vec<_> = api.messages.iter().flat_map(|m| &m.examples).filter_map(|e| e.refused.as_deref()).collect();
    assert_eq!(refused, ["datos.cambios[0].valor_anterior: expected a string, found an integer"]);
    assert!(!loaded.blocked());
    loaded.tolerate_examples();
    assert!(loaded.diagnostics.iter().all(|d| d.severity.as_str() != "error"));
}

const TWO: &str = "asyncapi: 2.6.0
info: { title: t, version: 1.0.0 }
servers:
  main: { url: 'kafka://host:9092', protocol: kafka }
channels:
  orders:
    bindings: { kafka: { topic: orders-v1, partitions: 3, replicas: 2, topicConfiguration: { retention.ms: 1000, cleanup.policy: [delete, compact] } } }
    publish:
      operationId: placeOrder
      message: { $ref: '#/components/messages/Placed' }
components:
  messages:
    Placed: { payload: { type: object, properties: { id: { type: string } } } }
";

const THREE: &str = "asyncapi: 3.0.0
info: { title: t, version: 1.0.0 }
servers:
  main: { host: 'host:9092', protocol: kafka }
channels:
  orders:
    bindings: { kafka: { topic: orders-v1, partitions: 3, replicas: 2, topicConfiguration: { retention.ms: 1000, cleanup.policy: [delete, compact] } } }
    messages:
      Placed: { $ref: '#/components/messages/Placed' }
operations:
  placeOrder:
    action: send
    channel: { $ref: '#/channels/orders' }
    messages: [{ $ref: '#/channels/orders/messages/Placed' }]
components:
  messages:
    Placed: { payload: { type: object, properties: { id: { type: string } } } }
";

#[test]
fn two_and_three_give_the_same_model() {
    let (two, three) = (model(TWO), model(THREE));
    for api in [&two, &three] {
        assert_eq!((api.servers[0].address.as_str(), api.servers[0].protocol.as_str()), ("host:9092", "kafka"));
        let channel = &api.channels[0];
        assert_eq!((channel.address.as_str(), channel.kafka, channel.messages.len()), ("orders", true, 1));
        assert_eq!(channel.operations[0].id.as_deref(), Some("placeOrder"));
        assert_eq!(channel.operations[0].messages, channel.messages);
        let topic = channel.topic.as_ref().unwrap();
        assert_eq!((topic.name.as_str(), topic.partitions, topic.replication_factor), ("orders-v1", Some(3), Some(2)));
        assert_eq!((topic.retention_ms, topic.config["cleanup.policy"].as_str()), (Some(1000), "delete,compact"));
        assert_eq!(api.messages[0].name, "Placed");
    }
    assert_eq!(
        (two.channels[0].operations[0].action, three.channels[0].operations[0].action),
        (Action::Publish, Action::Send)
    );
}

#[test]
fn yaml_and_json_give_the_same_model() {
    let value: serde_json::Value = serde_yaml::from_str(TWO).unwrap();
    let json = load(Source::new("spec.json", value.to_string()), None, &NoFiles).api.unwrap();
    assert_eq!(format!("{:?}", model(TWO)), format!("{json:?}"));
}

#[test]
fn in_two_a_trait_patches_the_message_and_in_three_the_message_wins() {
    let traits = "Placed: { title: own, traits: [{ title: first, summary: first }, { summary: second }], payload";
    let two = model(&TWO.replace("Placed: { payload", traits));
    let message = &two.messages[0];
    assert_eq!((message.title.as_deref(), message.summary.as_deref()), (Some("first"), Some("second")));
    let three = model(&THREE.replace("Placed: { payload", traits));
    let message = &three.messages[0];
    assert_eq!((message.title.as_deref(), message.summary.as_deref()), (Some("own"), Some("second")));
}

#[test]
fn headers_of_a_message_and_of_a_trait_are_merged_deeply() {
    let document = TWO.replace(
        "Placed: { payload",
        "Placed: { headers: { type: object, properties: { a: { type: string } } }, traits: [{ headers: { properties: { b: { type: integer } } } }], payload",
    );
    let api = model(&document);
    let headers = &api.schemas[api.messages[0].headers.unwrap()];
    assert_eq!(headers.properties.keys().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(api.messages[0].headers_name, None);
}

const PAYLOAD: &str = "{ type: object, properties: { id: { type: string } } }";

fn with_payload(payload: &str) -> Api {
    model(&TWO.replace(PAYLOAD, payload))
}

#[test]
fn all_of_is_an_intersection() {
    let api = with_payload(
        "{ allOf: [{ properties: { k: { enum: [a, b] }, n: { type: number, minimum: 1, maximum: 9 } }, required: [k] },
                   { properties: { k: { enum: [b, c] }, n: { type: integer, minimum: 3 } }, required: [n, k] }] }",
    );
    assert_eq!(at(&api, "Placed", &[]).1.required, ["k", "n"]);
    let number = at(&api, "Placed", &["n"]).1;
    assert_eq!(number.types, TypeSet::INTEGER);
    let bounds = [&number.minimum, &number.maximum].map(|b| b.as_ref().unwrap().as_i64());
    assert_eq!(bounds, [Some(3), Some(9)]);
    assert_eq!(at(&api, "Placed", &["k"]).1.enumeration.as_ref().unwrap(), &["b"]);
}

#[test]
fn thirty_levels_of_one_reference_twice_are_one_schema_each() {
    let mut document = TWO.replace(PAYLOAD, "{ $ref: '#/components/schemas/S30' }");
    document += "  schemas:\n    S0: { type: object, properties: { id: { type: string } } }\n";
    for level in 1..=30 {
        let below = format!("{{ $ref: '#/components/schemas/S{}' }}", level - 1);
        document += &format!("    S{level}: {{ allOf: [{below}, {below}], title: S{level} }}\n");
    }
    let api = model(&document);
    assert!(api.schemas.0.len() < 100, "{}", api.schemas.0.len());
    assert_eq!(at(&api, "Placed", &["id"]).1.types, TypeSet::STRING);
}

#[test]
fn a_described_reference_is_the_type_it_refers_to() {
    let money = "$ref: '#/components/schemas/Money'";
    let properties = format!(
        "{{ type: object, properties: {{ a: {{ {money} }}, b: {{ allOf: [{{ {money} }}], description: mine }}, c: {{ allOf: [{{ {money} }}] }} }} }}"
    );
    let document = TWO.replace(PAYLOAD, &properties)
        + "  schemas:\n    Money: { type: object, properties: { amount: { type: number } } }\n";
    let api = model(&document);
    let (money, _) = at(&api, "Placed", &["a"]);
    let (described, schema) = at(&api, "Placed", &["b"]);
    assert_ne!(described, money);
    assert_eq!((schema.same_as, schema.description.as_deref()), (Some(money), Some("mine")));
    assert_eq!(at(&api, "Placed", &["c"]).0, money, "an `allOf` of one and nothing else is that one");
}

#[test]
fn schemas_are_named_by_their_way_down() {
    let api = with_payload(
        "{ type: object, properties: { list: { type: array, items: { type: object, properties: { properties: { type: object, properties: { x: { type: string } } } } } }, either: { oneOf: [{ type: string }, { type: object }] }, map: { additionalProperties: { type: object } } } }",
    );
    let path = |id: SchemaId| api.schemas[id].path.join("/");
    let Some(Items::All(item)) = at(&api, "Placed", &["list"]).1.items else { panic!("no items") };
    let inner = api.schemas[item].properties["properties"];
    assert_eq!(path(api.schemas[inner].properties["x"]), "list/items/properties/x");
    assert_eq!(path(at(&api, "Placed", &["either"]).1.one_of[0][1]), "either/oneOf/1");
    let AdditionalProperties::Schema(value) = at(&api, "Placed", &["map"]).1.additional else { panic!("no values") };
    assert_eq!(path(value), "map/additionalProperties");
    assert_eq!(at(&api, "Placed", &[]).1.owner, None);
}

#[test]
fn files_may_come_from_memory() {
    let common = format!("Order: {PAYLOAD}").into_bytes();
    let files = MemoryFiles([("common.yaml".to_owned(), common)].into());
    let document = TWO.replace(PAYLOAD, "{ $ref: 'common.yaml#/Order' }");
    let loaded = load(Source::new("dir/spec.yaml", document), None, &files);
    assert_eq!(loaded.diagnostics, []);
    assert_eq!(loaded.document.files()[1].name, "dir/common.yaml");
    assert_eq!(at(&loaded.api.unwrap(), "Placed", &["id"]).1.types, TypeSet::STRING);
}

#[test]
fn merge_keys_of_yaml_add_what_is_not_there() {
    let document = TWO.replace(
        PAYLOAD,
        "{ type: object, properties: { a: &a { type: string, maxLength: 5, description: one }, b: { <<: *a, description: two }, c: { <<: [{ type: integer }, *a] } } }",
    );
    let api = model(&document);
    let b = at(&api, "Placed", &["b"]).1;
    assert_eq!((b.types, b.max_length, b.description.as_deref()), (TypeSet::STRING, Some(5), Some("two")));
    let c = at(&api, "Placed", &["c"]).1;
    assert_eq!((c.types, c.max_length), (TypeSet::INTEGER, Some(5)), "the first of several wins");
}

#[test]
fn payloads_in_other_languages_pass_untyped_with_a_warning() {
    let avro = "Placed: { schemaFormat: 'application/vnd.apache.avro;version=1.9.0', payload";
    let loaded = read(&TWO.replace("Placed: { payload", avro));
    assert_eq!(loaded.diagnostics.iter().map(|d| d.code.to_string()).collect::<Vec<_>>(), ["CG0513"]);
    assert!(matches!(&loaded.api.unwrap().messages[0].payload, Payload::Opaque(format) if format.contains("avro")));

    let named = format!("{{ schemaFormat: 'application/schema+json;version=draft-07', schema: {PAYLOAD} }}");
    assert_eq!(at(&model(&THREE.replace(PAYLOAD, &named)), "Placed", &["id"]).1.types, TypeSet::STRING);
}

#[test]
fn tags_bindings_and_extensions_of_everything_are_kept() {
    let api = model(
        "asyncapi: 3.0.0
info: { title: t, version: 1.0.0 }
servers:
  main:
    host: broker:9092
    protocol: kafka
    tags: [{ $ref: '#/components/tags/shared' }]
    bindings: { kafka: { schemaRegistryUrl: 'http://registry' } }
    x-owner: platform
channels:
  orders:
    tags: [{ name: of channel }]
    x-owner: sales
    messages:
      Placed:
        payload: {}
        tags: [{ name: own }]
        traits: [{ x-owner: shared, x-more: 1, bindings: { kafka: { key: { type: string } } } }]
        x-owner: sales
operations:
  place:
    action: send
    channel: { $ref: '#/channels/orders' }
    tags: [{ name: of operation }]
    bindings: { kafka: { groupId: { type: string, const: billing } } }
    traits: [{ bindings: { kafka: { clientId: { type: string } } }, x-since: 2 }]
components:
  tags: { shared: { name: shared } }
",
    );
    let (server, channel, message) = (&api.servers[0], &api.channels[0], &api.messages[0]);
    let operation = &channel.operations[0];
    assert_eq!(server.tags, ["shared"]);
    assert_eq!(server.kafka_binding.as_ref().unwrap()["schemaRegistryUrl"], "http://registry");
    assert_eq!((&server.extensions["x-owner"], &channel.extensions["x-owner"]), (&"platform".into(), &"sales".into()));
    assert_eq!(
        (&channel.tags, &operation.tags, &message.tags),
        (&vec!["of channel".to_owned()], &vec!["of operation".to_owned()], &vec!["own".to_owned()])
    );
    assert_eq!(operation.extensions["x-since"], 2);
    assert_eq!((&message.extensions["x-owner"], &message.extensions["x-more"]), (&"sales".into(), &1.into()));
    assert_eq!(message.kafka_binding.as_ref().unwrap()["key"]["type"], "string");
    // The binding of a trait and that of the operation are one.
    let binding = operation.kafka_binding.as_ref().unwrap();
    assert_eq!((&binding["groupId"]["const"], &binding["clientId"]["type"]), (&"billing".into(), &"string".into()));
}

#[test]
fn an_operation_takes_its_traits_in_the_order_of_its_version() {
    let traits = "summary: own, traits: [{ summary: first, description: first }, { description: second }]";
    let two = format!(
        "asyncapi: 2.6.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels:\n  a: {{ publish: {{ operationId: x, {traits}, \
         message: {{ payload: {{}} }} }} }}\n"
    );
    let three = format!(
        "asyncapi: 3.0.0\ninfo: {{ title: t, version: 1.0.0 }}\nchannels: {{ a: {{ messages: {{ M: {{ payload: {{}} }} }} }} }}\n\
         operations:\n  x: {{ action: send, channel: {{ $ref: '#/channels/a' }}, {traits} }}\n"
    );
    for (document, summary) in [(two, "first"), (three, "own")] {
        let api = model(&document);
        let operation = &api.channels[0].operations[0];
        assert_eq!((operation.summary.as_deref(), operation.description.as_deref()), (Some(summary), Some("second")));
    }
}
