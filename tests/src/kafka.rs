//! Apache Kafka: one broker shared by the tests of a process, or a cluster of a test's own.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, ResourceSpecifier, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer as _};
use rdkafka::{Offset, TopicPartitionList};

use crate::proxy::Proxy;
use crate::service::{Kept, note};
use crate::wire::until;

/// A running Kafka. One that was started here ends with this value, and at the latest with the process, however that
/// ends.
#[derive(Debug)]
pub struct KafkaService {
    brokers: String,
    started: Option<Kept>,
}

impl KafkaService {
    /// The broker that the tests of this process share: the one at `CONECTA_KAFKA` (`host:port`) where that is set,
    /// else one that is started now.
    ///
    /// Topics are shared too: a test on it makes its own with [`unique`](crate::wire::unique) names, or counts its
    /// own events only. A test that needs the contract's topics for itself [`start`](Self::start)s a broker.
    ///
    /// # Panics
    /// When no broker can be had.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<KafkaService> = OnceLock::new();
        SHARED.get_or_init(|| match std::env::var("CONECTA_KAFKA") {
            Ok(brokers) if !brokers.is_empty() => {
                note(&format!("Kafka at {brokers} (CONECTA_KAFKA)"));
                Self { brokers, started: None }
            }
            _ => Self::start(1),
        })
    }

    /// A cluster of so many nodes, for one test alone. Takes about two seconds a node.
    ///
    /// # Panics
    /// When it does not come up; the script's own words say why.
    #[must_use]
    pub fn start(nodes: u32) -> Self {
        Self::run(script(), nodes)
    }

    /// A broker whose JVM is set for speed, as in production, rather than for a quick start.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn for_benchmarks() -> Self {
        let mut script = script();
        script.env("CONECTA_BROKER_JVM", "bench").env("CONECTA_BROKER_HEAP", "2g");
        Self::run(script, 1)
    }

    /// A broker that can be reached by way of a proxy as well: that is told where it leads to.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn behind(proxy: &Proxy) -> Self {
        let mut script = script();
        script.env("CONECTA_BROKER_PROXY", proxy.port().to_string());
        let kafka = Self::run(script, 1);
        let dir = kafka.dir();
        proxy.leads_to(std::fs::read_to_string(dir.join("proxied")).unwrap().trim().parse().unwrap());
        kafka
    }

    /// A broker that can be reached over TLS and by SASL too; see [`secured`](Self::secured). The user is `casos`.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    #[must_use]
    pub fn start_secured(password: &str) -> Self {
        let mut script = script();
        script.env("CONECTA_BROKER_SECURED", "1").env("CONECTA_BROKER_PASSWORD", password);
        Self::run(script, 1)
    }

    /// The address of a secured listener: `TLS`, `EXPIRED`, `SCRAM` or `OPEN`, as kafka.sh describes them.
    ///
    /// # Panics
    /// When the broker has none of that name.
    #[must_use]
    pub fn secured(&self, listener: &str) -> String {
        let listed = std::fs::read_to_string(self.dir().join("secured")).unwrap();
        let found = listed.lines().find_map(|line| line.strip_prefix(listener)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no listener {listener} in {listed}")).to_owned()
    }

    /// A file of certificates that was made for a secured broker: `ca.pem`, `other-ca.pem`, `client.pem`, `client.key`.
    ///
    /// # Panics
    /// When this broker was not started here.
    #[must_use]
    pub fn certificate(&self, name: &str) -> String {
        self.dir().join("tls").join(name).to_str().unwrap().to_owned()
    }

    fn dir(&self) -> &Path {
        self.started.as_ref().expect("the cluster was started here").dir()
    }

    fn run(mut script: Command, nodes: u32) -> Self {
        script.args(["run", &nodes.to_string()]);
        let (kept, brokers) = Kept::start(script, "Kafka");
        note(&format!("Apache Kafka {}, {nodes} node(s), started by the tests", version()));
        Self { brokers, started: Some(kept) }
    }

    /// The addresses, `host:port,…`.
    #[must_use]
    pub fn brokers(&self) -> &str {
        &self.brokers
    }

    /// The address of one node, counted from 1.
    #[must_use]
    pub fn broker(&self, node: u32) -> &str {
        self.brokers.split(',').nth(node as usize - 1).expect("the cluster has that node")
    }

    /// The settings that every client of it needs.
    #[must_use]
    pub fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        config
    }

    /// Creates a topic and waits until each partition has a leader.
    ///
    /// # Panics
    /// When it exists already or cannot be made.
    pub async fn create_topic(&self, name: &str, partitions: i32, replication_factor: i32, config: &[(&str, &str)]) {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let mut topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replication_factor));
        for (key, value) in config {
            topic = topic.set(key, value);
        }
        let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(30)));
        for result in admin.create_topics([&topic], &options).await.unwrap() {
            result.unwrap_or_else(|(topic, code)| panic!("cannot create {topic}: {code}"));
        }
        self.wait_for_topic(name, partitions);
    }

    /// A topic with nothing in it: deleted where it exists, and created.
    ///
    /// # Panics
    /// When the broker does not carry it out within half a minute.
    pub async fn empty_topic(&self, name: &str, partitions: i32) {
        if self.has_topic(name) {
            let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
            admin.delete_topics(&[name], &AdminOptions::new()).await.unwrap();
            until(Duration::from_secs(30), "the topic to be gone", || (!self.has_topic(name)).then_some(()));
        }
        self.create_topic(name, partitions, 1, &[]).await;
    }

    /// Whether there is a topic of that name.
    ///
    /// # Panics
    /// When no broker answers.
    #[must_use]
    pub fn has_topic(&self, name: &str) -> bool {
        let client: BaseConsumer = self.client().create().unwrap();
        // Of all topics: asked for by name, a topic is created on some brokers.
        let metadata = client.fetch_metadata(None, Duration::from_secs(10)).unwrap();
        metadata.topics().iter().any(|topic| topic.name() == name)
    }

    /// Sets a group without members back to the beginning of a topic.
    ///
    /// # Panics
    /// When the group has members.
    pub fn set_back(&self, group: &str, topic: &str) {
        let client: BaseConsumer = self.client().set("group.id", group).create().unwrap();
        let mut beginning = TopicPartitionList::new();
        for (partition, (low, _)) in self.ends(topic) {
            beginning.add_partition_offset(topic, partition, Offset::Offset(low)).unwrap();
        }
        client.commit(&beginning, CommitMode::Sync).unwrap();
    }

    /// The configuration of a topic, defaults included.
    ///
    /// # Panics
    /// When there is no such topic.
    pub async fn topic_config(&self, name: &str) -> HashMap<String, String> {
        let admin: AdminClient<DefaultClientContext> = self.client().create().unwrap();
        let found = admin.describe_configs([&ResourceSpecifier::Topic(name)], &AdminOptions::new()).await.unwrap();
        let resource = found.into_iter().next().unwrap().unwrap();
        resource.entries.into_iter().filter_map(|entry| Some((entry.name, entry.value?))).collect()
    }

    /// Waits until a topic has so many partitions, each with a leader.
    ///
    /// # Panics
    /// After half a minute.
    pub fn wait_for_topic(&self, name: &str, partitions: i32) {
        let client: BaseConsumer = self.client().create().unwrap();
        until(Duration::from_secs(30), &format!("{name} to have {partitions} partitions with a leader"), || {
            let metadata = client.fetch_metadata(Some(name), Duration::from_secs(10)).ok()?;
            let found = metadata.topics().first()?.partitions();
            let led = found.iter().filter(|partition| partition.leader() >= 0).count();
            (led == usize::try_from(partitions).ok()?).then_some(())
        });
    }

    /// Waits until a group is of so many members, and has shared its partitions out.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_members(&self, group: &str, members: usize) {
        let client: BaseConsumer = self.client().create().unwrap();
        until(Duration::from_secs(60), &format!("{group} to have {members} member(s)"), || {
            let groups = client.fetch_group_list(Some(group), Duration::from_secs(10)).ok()?;
            let found = groups.groups().first()?;
            (found.state() == "Stable" && found.members().len() == members).then_some(())
        });
    }

    /// Waits until each partition of a topic has so many copies that are in step.
    ///
    /// # Panics
    /// After a minute.
    pub fn wait_for_copies(&self, name: &str, copies: usize) {
        let client: BaseConsumer = self.client().create().unwrap();
        until(Duration::from_secs(60), &format!("{copies} copies of {name} to be in step"), || {
            let metadata = client.fetch_metadata(Some(name), Duration::from_secs(10)).ok()?;
            let found = metadata.topics().first()?.partitions();
            found.iter().all(|partition| partition.isr().len() == copies).then_some(())
        });
    }

    /// Kills a node as `kill -9` does.
    ///
    /// # Panics
    /// When this cluster was not started here.
    pub fn kill_node(&self, node: u32) {
        self.control("kill-node", node);
    }

    /// Stops a node in an orderly way.
    ///
    /// # Panics
    /// As [`kill_node`](Self::kill_node).
    pub fn stop_node(&self, node: u32) {
        self.control("stop-node", node);
    }

    /// Starts a node again, and waits until it serves.
    ///
    /// # Panics
    /// As [`kill_node`](Self::kill_node).
    pub fn start_node(&self, node: u32) {
        self.control("start-node", node);
    }

    fn control(&self, command: &str, node: u32) {
        let status = script().arg(command).arg(self.dir()).arg(node.to_string()).stdin(Stdio::null()).status().unwrap();
        assert!(status.success(), "kafka.sh {command} {node}: {status}");
    }
}

/// Runs one of Kafka's own command line tools and returns what it prints.
///
/// # Panics
/// When it fails.
#[must_use]
pub fn tool(class: &str, args: &[&str]) -> String {
    let output = script().args(["tool", class]).args(args).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{class} {args:?}: {}\n{text}{}", output.status, lossy(&output.stderr));
    text
}

/// Where Kafka's jars are.
///
/// # Panics
/// When `make deps` was not run.
#[must_use]
pub fn jars() -> PathBuf {
    // Set to nothing is as good as not set, as it is to the scripts.
    let cache = std::env::var_os("CONECTA_CACHE").filter(|cache| !cache.is_empty());
    let cache = cache.map_or_else(|| root().join(".cache"), PathBuf::from);
    let jars = cache.join("kafka/libs");
    assert!(jars.is_dir(), "Kafka's jars are not in {}; to fetch them: make deps", cache.display());
    jars
}

/// The project's root.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn script() -> Command {
    crate::service::script("kafka.sh")
}

fn version() -> String {
    let jar = std::fs::read_dir(jars()).unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    jar.into_iter()
        .find_map(|name| Some(name.strip_prefix("kafka-clients-")?.strip_suffix(".jar")?.to_owned()))
        .expect("Kafka's client is among its jars")
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
