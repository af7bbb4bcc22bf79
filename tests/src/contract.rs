//! The Conecta360 contract on a broker of a test's own, and consumers that run until they are told to stop.

use std::future::Future;
use std::ops::Range;
use std::time::Duration;

use conecta_runtime::consumer::Consumer;
use conecta_runtime::kafka::{Admin, KafkaPublisher, KafkaSettings};
use conecta_runtime::{DateTime, Delivery, Event, HandlerError, PublisherExt as _};
use conecta360_events::{CasoCreado, CasoCreadoDatos, CasoCreadoDatosEstado};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::KafkaService;
use crate::effects::Effect;

/// A broker with the contract's topics and nothing in them.
#[derive(Debug)]
pub struct Contract {
    /// The broker.
    pub kafka: KafkaService,
    /// How the runtime reaches it.
    pub settings: KafkaSettings,
    /// Publishes to it.
    pub publisher: KafkaPublisher,
}

impl Contract {
    /// Starts one.
    ///
    /// # Panics
    /// When that cannot be done.
    pub async fn start() -> Self {
        Self::on(KafkaService::start(1), 1).await
    }

    /// Has that cluster get the contract's topics, with so many copies.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub async fn on(kafka: KafkaService, copies: i16) -> Self {
        let settings = KafkaSettings::new(kafka.brokers()).unwrap().replication_factor(copies);
        Admin::new(&settings).unwrap().create_topics(conecta360_events::topics()).await.unwrap();
        for topic in conecta360_events::topics() {
            kafka.wait_for_topic(topic.name, topic.partitions.unwrap_or(1));
        }
        let publisher = KafkaPublisher::new(&settings).unwrap();
        Self { kafka, settings, publisher }
    }

    /// Publishes cases' events so that the `seq`-th of each case is the same distance from the next: `0/0 1/0 2/0 … 0/1`.
    ///
    /// # Panics
    /// When one is not acknowledged.
    pub async fn publish_cases(&self, cases: i64, each: u32) {
        self.publish_part(cases, 0..each).await;
    }

    /// The same of some events of each case.
    ///
    /// # Panics
    /// When one is not acknowledged.
    pub async fn publish_part(&self, cases: i64, each: Range<u32>) {
        let events: Vec<CasoCreado> =
            each.flat_map(|seq| (0..cases).map(move |key| caso_creado(Effect { key, seq }))).collect();
        let receipts = self.publisher.publish_all(&events).await.unwrap();
        assert_eq!(receipts.len(), events.len());
    }
}

/// An event that can be told from every other: `datos.caso_id` is the key, `datos.ciudadano_id` its place in it.
///
/// # Panics
/// Never: it keeps the contract.
#[must_use]
pub fn caso_creado(Effect { key, seq }: Effect) -> CasoCreado {
    let datos = CasoCreadoDatos::builder()
        .caso_id(key)
        .numero_caso(format!("CRV-2026-{key:08}").parse().unwrap())
        .ciudadano_id(i64::from(seq))
        .categoria_id(5)
        .dependencia_id(1)
        .titulo("Bache en calle principal")
        .estado(CasoCreadoDatosEstado::Pendiente)
        .fecha_creacion(DateTime::now())
        .build()
        .unwrap();
    CasoCreado::new("microservicio-casos", datos)
}

/// Which event of [`caso_creado`]'s it is.
///
/// # Panics
/// When it is none of them.
#[must_use]
pub fn effect(caso: &CasoCreado) -> Effect {
    Effect { key: caso.datos.caso_id, seq: u32::try_from(caso.datos.ciudadano_id).unwrap() }
}

/// A consumer that runs in a task.
#[derive(Debug)]
pub struct Running<T> {
    stop: oneshot::Sender<()>,
    task: JoinHandle<T>,
}

impl<T: Send + 'static> Running<T> {
    /// Runs what `start` makes of a future that resolves when it is to stop.
    pub fn new<F>(start: impl FnOnce(std::pin::Pin<Box<dyn Future<Output = ()> + Send>>) -> F) -> Self
    where
        F: Future<Output = T> + Send + 'static,
    {
        let (stop, stopped) = oneshot::channel();
        let shutdown = Box::pin(async {
            let _ = stopped.await;
        });
        Self { stop, task: tokio::spawn(start(shutdown)) }
    }

    /// Tells it to stop and gives what it ends with.
    ///
    /// # Panics
    /// When it does not end within half a minute, or has panicked.
    pub async fn stop(self) -> T {
        // It may have ended by itself already.
        let _ = self.stop.send(());
        tokio::time::timeout(Duration::from_secs(30), self.task).await.expect("the consumer stops in time").unwrap()
    }
}

/// What takes any event of the contract: [`consume_all`] makes it the handler of all nine.
pub trait Takes: Clone + Send + Sync + 'static {
    /// Takes one.
    ///
    /// # Errors
    /// As a handler does.
    fn take<E: Event>(&self, event: &Delivery<E>) -> Result<(), HandlerError>;
}

/// A handler of each of the nine events.
#[derive(Clone, Debug)]
struct OfAll<T>(T);

macro_rules! nine {
    ($($module:ident::$consume:ident::$method:ident($event:ident)),* $(,)?) => {
        $(impl<T: Takes> conecta360_events::$consume for OfAll<T> {
            async fn $method(&self, event: Delivery<conecta360_events::$event>) -> Result<(), HandlerError> {
                self.0.take(&event)
            }
        })*

        /// Has a consumer give all nine events of the contract to one handler.
        pub fn consume_all<T: Takes>(consumer: Consumer, handler: T) -> Consumer {
            let handler = OfAll(handler);
            consumer$(.on(conecta360_events::$module::consume(handler.clone())))*
        }
    };
}

nine! {
    casos_creados::ConsumirCasoCreado::consumir_caso_creado(CasoCreado),
    casos_asignados::ConsumirCasoAsignado::consumir_caso_asignado(CasoAsignado),
    casos_actualizados::ConsumirCasoActualizado::consumir_caso_actualizado(CasoActualizado),
    casos_cerrados::ConsumirCasoCerrado::consumir_caso_cerrado(CasoCerrado),
    notificaciones_enviadas::ConsumirNotificacionEnviada::consumir_notificacion_enviada(NotificacionEnviada),
    sla_violados::ConsumirSlaViolado::consumir_sla_violado(SlaViolado),
    sla_cumplidos::ConsumirSlaCumplido::consumir_sla_cumplido(SlaCumplido),
    ciudadanos_registrados::ConsumirCiudadanoRegistrado::consumir_ciudadano_registrado(CiudadanoRegistrado),
    dependencias_configuradas::ConsumirDependenciaConfigurada::consumir_dependencia_configurada(DependenciaConfigurada),
}
