#![allow(clippy::unwrap_used)]
use rdkafka::error::KafkaError;

use super::*;

fn settings() -> KafkaSettings {
    KafkaSettings::new("localhost:9092").unwrap()
}

#[test]
fn secrets_appear_neither_in_debug_nor_in_errors() {
    let settings = settings()
        .property("sasl.username", "casos")
        .property("sasl.password", "hunter2")
        .consumer_property("ssl.key.pem", "hunter2")
        .producer_property("sasl.oauthbearer.client.secret", "hunter2");
    let shown = format!("{settings:?}");
    assert!(shown.contains("casos") && shown.contains("sasl.password"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");

    let error = SettingsError::from_client(KafkaError::ClientConfig(
        rdkafka::types::RDKafkaConfRes::RD_KAFKA_CONF_INVALID,
        "Invalid value \"hunter2\"".into(),
        "sasl.password".into(),
        "hunter2".into(),
    ));
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

#[test]
fn an_address_without_a_port_is_refused_with_what_to_write() {
    for address in ["", "localhost", "localhost:", "localhost:kafka", ":9092", "a:1,,b:2", "{env}.example.org:9092"] {
        let error = KafkaSettings::new(address).unwrap_err();
        assert!(matches!(error, SettingsError::Address { .. }), "{address}: {error}");
    }
    for address in ["localhost:9092", "a:1, b:2", "[::1]:9092", "plaintext://a:9092"] {
        KafkaSettings::new(address).unwrap();
    }
}

#[test]
fn a_server_of_the_contract_is_picked_by_name() {
    let server = |name, protocol| Server { name, address: "kafka.example.org:9092", protocol, description: "" };
    let servers = [server("kafka-prod", "kafka"), server("mqtt", "mqtt"), server("tls", "kafka-secure")];
    assert_eq!(KafkaSettings::named(&servers, "kafka-prod").unwrap().bootstrap_servers(), "kafka.example.org:9092");
    assert_eq!(KafkaSettings::named(&servers, "tls").unwrap().consumer_value("security.protocol"), Some("ssl"));
    let unknown = KafkaSettings::named(&servers, "prod").unwrap_err().to_string();
    assert!(unknown.contains("kafka-prod, mqtt, tls"), "{unknown}");
    assert!(matches!(KafkaSettings::named(&servers, "mqtt"), Err(SettingsError::Protocol { .. })));
}

#[test]
fn the_environment_gives_brokers_and_properties() {
    let variable = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let settings = KafkaSettings::from_vars([
        variable("BROKERS", "localhost:9092"),
        variable("CONECTA_KAFKA_SASL_PASSWORD", "hunter2"),
        variable("KAFKA_HOME", "elsewhere"),
    ])
    .unwrap();
    assert_eq!(settings.consumer_value("sasl.password"), Some("hunter2"));
    assert_eq!(settings.common.len(), 1);
    assert!(matches!(KafkaSettings::from_vars([]), Err(SettingsError::NoBrokers)));
}

#[test]
fn properties_that_break_a_promise_are_refused_and_others_pass() {
    let refused = |settings: KafkaSettings| {
        matches!(settings.consumer_config("g"), Err(SettingsError::Reserved { .. }))
            || matches!(settings.producer_config(), Err(SettingsError::Reserved { .. }))
    };
    assert!(refused(settings().consumer_property("enable.auto.commit", "true")));
    assert!(refused(settings().property("group.id", "g")));
    assert!(refused(settings().property("acks", "1")));
    assert!(refused(settings().producer_property("enable.idempotence", "false")));
    assert!(!refused(settings().property("socket.timeout.ms", "10000").property("acks", "-1")));

    let config = settings().consumer_property("fetch.wait.max.ms", "42").consumer_config("g").unwrap();
    assert_eq!(config.get("fetch.wait.max.ms"), Some("42"));
    assert_eq!(config.get("fetch.queue.backoff.ms"), Some("5"));
    assert!(matches!(settings().consumer_config(""), Err(SettingsError::NoGroup)));
}

#[test]
fn an_unknown_property_is_named() {
    let error = settings().property("fetch.wait.max", "42").consumer_config("g").unwrap_err();
    assert!(matches!(&error, SettingsError::Property { property, .. } if property == "fetch.wait.max"), "{error}");
}

#[test]
fn the_new_group_protocol_is_not_given_what_it_refuses() {
    let config = settings().consumer_property("group.protocol", "consumer").consumer_config("g").unwrap();
    assert_eq!(config.get("partition.assignment.strategy"), None);
    let config = settings().consumer_config("g").unwrap();
    assert_eq!(config.get("partition.assignment.strategy"), Some("cooperative-sticky"));
}
