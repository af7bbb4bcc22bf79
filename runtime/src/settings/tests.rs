#![allow(clippy::unwrap_used)]
use super::*;

fn variables(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn read(file: &str, list: &[(&str, &str)]) -> Result<Settings, SettingsFaults> {
    Settings::read(Some(("conecta.toml", file)), variables(list))
}

#[test]
fn a_file_and_the_environment_make_one_struct() {
    let file = "
[kafka]
brokers = ['a:1', 'b:2']
replication_factor = 2
[kafka.properties]
socket.timeout.ms = 10000
'socket.keepalive.enable' = true
[kafka.consumer]
group.protocol = 'consumer'
[consumer]
concurrency = 128
max_in_flight_bytes = '16 MiB'
handler_deadline = '30 s'
create_dead_letter_topics = false
backoff.cap = '1 min'
";
    let settings = read(file, &[("CONECTA_KAFKA_SASL_USERNAME", "casos"), ("CONECTA_CONSUMER_RETRIES", "0")]).unwrap();
    assert_eq!(settings.kafka.bootstrap_servers(), "a:1,b:2");
    assert_eq!(settings.kafka.replication_override(), Some(2));
    for (name, value) in [
        ("socket.timeout.ms", "10000"),
        ("socket.keepalive.enable", "true"),
        ("group.protocol", "consumer"),
        ("sasl.username", "casos"),
    ] {
        assert_eq!(settings.kafka.consumer_value(name), Some(value), "{name}");
    }
    let expected = ConsumerSettings {
        concurrency: Some(128),
        max_in_flight_bytes: Some(16 << 20),
        retries: Some(0),
        handler_deadline: Some(Duration::from_secs(30)),
        create_dead_letter_topics: Some(false),
        backoff: Backoff { cap: Duration::from_secs(60), ..Backoff::default() },
        ..ConsumerSettings::default()
    };
    assert_eq!(settings.consumer, expected);
}

#[test]
fn the_environment_counts_more_than_the_file() {
    let file = "
kafka.brokers = 'a:1'
kafka.consumer.fetch.wait.max.ms = 1
kafka.properties.socket.timeout.ms = 1000
consumer.concurrency = 1
";
    let settings = read(
        file,
        &[
            ("BROKERS", "b:2"),
            ("CONECTA_KAFKA_FETCH_WAIT_MAX_MS", "2"),
            ("CONECTA_KAFKA_SOCKET_TIMEOUT_MS", "2000"),
            ("CONECTA_CONSUMER_CONCURRENCY", "2"),
        ],
    )
    .unwrap();
    assert_eq!(settings.kafka.bootstrap_servers(), "b:2");
    assert_eq!(settings.kafka.consumer_value("fetch.wait.max.ms"), Some("2"));
    assert_eq!(settings.kafka.consumer_value("socket.timeout.ms"), Some("2000"));
    assert_eq!(settings.consumer.concurrency, Some(2));
}

#[test]
fn every_fault_is_in_one_report_at_its_place_with_the_nearest_name() {
    let file = "
[kafka]
broker = 'localhost:9092'
ssl.ca.location = 'ca.pem'
properties.fetch.wait.max = 42
properties.acks = 1
consumer.enable.auto.commit = true
producer.linger.ms = 'soon'

[consumer]
concurrency = 0
retrys = 3
drain_timeout = '10'
backoff = { base = '1 fortnight' }
retries = [1]

[konsumer]
";
    let faults =
        read(file, &[("CONECTA_CONSUMER_CONCURENCY", "4"), ("CONECTA_KAFKA_SASL_PASWORD", "hunter2")]).unwrap_err();
    let said: Vec<String> = faults.faults().iter().map(ToString::to_string).collect();
    let expected = [
        "BROKERS: no brokers: set BROKERS to host:port, several separated by commas, or kafka.brokers in the file that \
         CONECTA_CONFIG names",
        "CONECTA_CONSUMER_CONCURENCY: is no setting; did you mean `CONECTA_CONSUMER_CONCURRENCY`?",
        "CONECTA_KAFKA_SASL_PASWORD: librdkafka refuses `sasl.pasword`: No such configuration property: \"sasl.pasword\"; did \
         you mean `sasl.password`?",
        "conecta.toml:3:1: `kafka.broker` is not known; did you mean `brokers`?",
        "conecta.toml:4:1: `kafka.ssl` is not known; properties of librdkafka stand under [kafka.properties]",
        "conecta.toml:5:23: librdkafka refuses `fetch.wait.max`: No such configuration property: \"fetch.wait.max\"; did you \
         mean `fetch.wait.max.ms`?",
        "conecta.toml:6:12: `acks` cannot be set to that: an acknowledged message could be lost with one broker",
        "conecta.toml:7:22: `enable.auto.commit` cannot be set to that: offsets would be committed before their events are \
         handled",
        "conecta.toml:8:17: librdkafka refuses `linger.ms`: Invalid value for configuration property \"queue.buffering.max.ms\"",
        "conecta.toml:11:1: `consumer.concurrency`: a number above 0 is expected",
        "conecta.toml:12:1: `consumer.retrys` is not known; did you mean `retries`?",
        "conecta.toml:13:1: `consumer.drain_timeout`: a number and a unit are expected: 250 ms, 30 s, 5 min, 2 h, 7 d",
        "conecta.toml:14:13: `consumer.backoff.base`: a number and a unit are expected: 250 ms, 30 s, 5 min, 2 h, 7 d",
        "conecta.toml:15:1: `consumer.retries` takes a single value",
        "conecta.toml:17:2: `konsumer` is not known; did you mean `consumer`?",
    ];
    assert_eq!(said, expected);
    assert!(faults.to_string().starts_with("15 settings are wrong:\n  BROKERS: "), "{faults}");
}

#[test]
fn secrets_are_shown_neither_whole_nor_in_faults() {
    let right = read("kafka.brokers = 'a:1'\nkafka.properties.sasl.password = 'hunter2'\n", &[]).unwrap();
    assert!(!format!("{right:?}").contains("hunter2"));
    for (file, environment) in [
        // Not TOML, in the line of the secret.
        ("kafka.properties.sasl.password = 'hunter2", &[][..]),
        ("kafka.properties.sasl.password = hunter2", &[]),
        ("kafka.properties.sasl.password = ['hunter2']", &[]),
        ("kafka.properties.sasl.pasword = 'hunter2'", &[]),
        ("kafka.properties.ssl.key.pem = 'hunter2'\nkafka.properties.sasl.passwords = 'hunter2'", &[]),
        ("", &[("CONECTA_KAFKA_SASL_PASWORD", "hunter2"), ("CONECTA_CONSUMER_PASSWORD", "hunter2")]),
    ] {
        let faults = read(file, environment).unwrap_err();
        assert!(!format!("{faults} {faults:?}").contains("hunter2"), "{file}: {faults}");
    }
}

#[test]
fn alerts_are_set_by_file_and_environment() {
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let file = "
[kafka]
brokers = 'a:1'
[alerts]
interval = '5 min'
max_lag = 1000
stalled_after = '1 min'
";
    let settings = read(file, &[("CONECTA_ALERTS_MAX_LAG", "2000")]).unwrap();
    let shown = format!("{:?}", settings.alerts.alerts());
    for expected in ["interval: 300s", "max_lag: Some(2000)", "stalled_after: 60s"] {
        assert!(shown.contains(expected), "{shown}");
    }
    let webhook = [("CONECTA_ALERTS_WEBHOOK_SECRET", secret)];
    let with_url = format!("{file}webhook.url = 'http://alerts.example.org/hunter2'\n");
    #[cfg(feature = "webhook")]
    {
        let settings = read(&with_url, &webhook).unwrap();
        let shown = format!("{settings:?} {:?}", settings.alerts.alerts());
        assert!(shown.contains("alerts.example.org") && shown.contains("is_signed: true"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("MfKQ"), "{shown}");
        for (file, name, value) in [
            (file, "CONECTA_ALERTS_WEBHOOK_SECRET", secret),
            (&with_url, "CONECTA_ALERTS_WEBHOOK_SECRET", "hunter2"),
            (file, "CONECTA_ALERTS_WEBHOOK_URL", "hunter2"),
            (file, "CONECTA_ALERTS_WEBHOK_URL", "http://hunter2"),
        ] {
            let faults = read(file, &[(name, value)]).unwrap_err();
            assert!(faults.to_string().starts_with(name) && !faults.to_string().contains("hunter2"), "{faults}");
        }
    }
    #[cfg(not(feature = "webhook"))]
    {
        let faults = read(&with_url, &webhook).unwrap_err();
        assert_eq!(faults.faults().len(), 2);
        assert!(faults.to_string().contains("takes the feature `webhook`"), "{faults}");
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let faults = Settings::load(Some(Path::new("nowhere/conecta.toml"))).unwrap_err();
    assert!(faults.to_string().starts_with("nowhere/conecta.toml: cannot be read: "), "{faults}");
}

#[test]
fn every_key_and_every_variable_is_taken() {
    for key in keys::CONSUMER.keys {
        let variable = keys::CONSUMER.variable(key.name);
        let value = ["7", "7 s", "true"].into_iter().find(|value| {
            Settings::read(None, variables(&[("BROKERS", "a:1"), (&variable, value)]))
                .is_ok_and(|settings| settings.consumer != ConsumerSettings::default())
        });
        assert!(value.is_some(), "{}", key.name);
        let value = value.unwrap();
        let file = read(&format!("kafka.brokers = 'a:1'\nconsumer.{} = '{value}'", key.name), &[]).unwrap();
        let by_variable = Settings::read(None, variables(&[("BROKERS", "a:1"), (&variable, value)])).unwrap();
        assert_eq!(file.consumer, by_variable.consumer);
    }
}
