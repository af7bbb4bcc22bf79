//! TLS and SASL on a real broker, with certificates made for the occasion.

use std::sync::OnceLock;
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::{Admin, KafkaPublisher, KafkaSettings, ReachError};
use conecta_runtime::settings::Settings;
use conecta_runtime::testing::eventually;
use conecta_runtime::{Delivery, HandlerError};
use conecta_tests::KafkaService;
use conecta_tests::contract::{Running, caso_creado};
use conecta_tests::effects::Effect;
use conecta360_events::{CasoCreado, ConsumirCasoCreado, PublicarCasoCreado as _, casos_creados};

const PASSWORD: &str = "clave-de-prueba";
const LIMIT: Duration = Duration::from_secs(60);

/// One broker for all of them.
fn broker() -> &'static KafkaService {
    static BROKER: OnceLock<KafkaService> = OnceLock::new();
    BROKER.get_or_init(|| KafkaService::start_secured(PASSWORD))
}

fn settings(listener: &str, properties: &[(&str, &str)]) -> KafkaSettings {
    let settings = KafkaSettings::new(broker().secured(listener)).unwrap().replication_factor(1);
    properties.iter().fold(settings, |settings, (name, value)| settings.property(*name, *value))
}

fn ca() -> String {
    broker().certificate("ca.pem")
}

struct Nothing;

impl ConsumirCasoCreado for Nothing {
    async fn consumir_caso_creado(&self, _: Delivery<CasoCreado>) -> Result<(), HandlerError> {
        Ok(())
    }
}

/// Topics made, an event published, consumed by a group of that name and committed.
async fn works(settings: &KafkaSettings, group: &str) {
    settings.reach(LIMIT).await.unwrap();
    Admin::new(settings).unwrap().create_topics(conecta360_events::topics()).await.unwrap();
    let publisher = KafkaPublisher::new(settings).unwrap();
    publisher.publicar_caso_creado(&caso_creado(Effect { key: 1, seq: 0 })).await.unwrap();
    let consumer = Consumer::new(settings, group).on(casos_creados::consume(Nothing));
    let metrics = consumer.metrics();
    let running = Running::new(|shutdown| consumer.run(shutdown));
    eventually("an event", LIMIT, || metrics.snapshot().topic("casos.creados").handled > 0).await.unwrap();
    running.stop().await.unwrap();
    // Other tests publish meanwhile.
    assert!(!broker().committed(group, "casos.creados").is_empty(), "{group} has committed nothing");
}

/// Why the cluster does not let us in. It is said at once, not after the whole limit.
async fn refused(settings: &KafkaSettings) -> String {
    match settings.reach(LIMIT).await {
        Err(error @ ReachError::Refused { .. }) => {
            let said = error.to_string();
            assert!(!format!("{said} {error:?}").contains(PASSWORD) && !said.contains("otra-clave"), "{said}");
            said
        }
        other => panic!("it should be refused: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_with_the_right_authority_works_with_a_certificate_of_ones_own_too() {
    works(&settings("TLS", &[("security.protocol", "ssl"), ("ssl.ca.location", &ca())]), "tls").await;
    let (certificate, key) = (broker().certificate("client.pem"), broker().certificate("client.key"));
    let own = [
        ("security.protocol", "ssl"),
        ("ssl.ca.location", &ca()),
        ("ssl.certificate.location", &certificate),
        ("ssl.key.location", &key),
    ];
    works(&settings("TLS", &own), "mtls").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_mechanism_of_sasl_works_over_tls_and_the_password_may_come_from_the_environment() {
    for mechanism in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] {
        let file = format!(
            "[kafka]\nbrokers = '{}'\nreplication_factor = 1\n[kafka.properties]\nsecurity.protocol = 'sasl_ssl'\n\
             sasl.mechanism = '{mechanism}'\nsasl.username = 'casos'\nssl.ca.location = '{}'\n",
            broker().secured("SCRAM"),
            ca()
        );
        let secret = ("CONECTA_KAFKA_SASL_PASSWORD".to_owned(), PASSWORD.to_owned());
        let settings = Settings::read(Some(("conecta.toml", &file)), [secret]).unwrap();
        works(&settings.kafka, mechanism).await;
    }
    let open = [
        ("security.protocol", "sasl_plaintext"),
        ("sasl.mechanism", "SCRAM-SHA-512"),
        ("sasl.username", "casos"),
        ("sasl.password", PASSWORD),
    ];
    works(&settings("OPEN", &open), "sin-tls").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_told_as_one_and_never_quoted() {
    for (listener, protocol) in [("SCRAM", "sasl_ssl"), ("OPEN", "sasl_plaintext")] {
        for mechanism in ["PLAIN", "SCRAM-SHA-256"] {
            let wrong = [
                ("security.protocol", protocol),
                ("ssl.ca.location", &ca()),
                ("sasl.mechanism", mechanism),
                ("sasl.username", "casos"),
                ("sasl.password", "otra-clave"),
            ];
            let said = refused(&settings(listener, &wrong)).await;
            assert!(said.contains("check `sasl.username` and `sasl.password`"), "{said}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_another_authority_and_one_that_is_over_say_where_to_look() {
    let other = broker().certificate("other-ca.pem");
    for (listener, authority) in [("TLS", &other), ("EXPIRED", &ca())] {
        let wrong = [("security.protocol", "ssl"), ("ssl.ca.location", authority)];
        let said = refused(&settings(listener, &wrong)).await;
        assert!(said.contains("`ssl.ca.location`, or is over") && said.contains("openssl s_client"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_is_not_there_is_refused_before_anything_is_tried() {
    let nowhere = [("security.protocol", "ssl"), ("ssl.ca.location", "nowhere/ca.pem")];
    let error = settings("TLS", &nowhere).reach(LIMIT).await.unwrap_err();
    assert!(error.to_string().ends_with("is the file there, readable, and in PEM?"), "{error}");
    assert!(matches!(error, ReachError::Settings(_)) && error.to_string().contains("ssl.ca.location"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_that_is_away_is_told_from_one_that_refuses() {
    let settings = KafkaSettings::new("127.0.0.1:1").unwrap();
    let error = settings.reach(Duration::from_secs(3)).await.unwrap_err();
    assert!(matches!(error, ReachError::Away { .. }), "{error:?}");
    assert!(error.to_string().contains("127.0.0.1:1") && error.to_string().contains("Connection refused"), "{error}");
}
