//! The channel `casos.creados` as `conecta-gen` writes it.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use conecta_runtime::{DateTime, Delivery, HandlerError, PublishError, PublisherExt, Receipt, Registration};

/// The topic, as the contract's topics file describes it.
pub const TOPIC: ::conecta_runtime::Topic = ::conecta_runtime::Topic {
    name: "casos.creados",
    partitions: Some(6),
    replication_factor: Some(3),
    retention_ms: Some(604_800_000),
    key: Some("datos.caso_id"),
    config: &[],
};

::conecta_runtime::object! {
    /// Evento que indica que se ha creado un nuevo caso
    pub struct CasoCreado {
        /// ID único del evento (UUID)
        pub evento_id: String,
        /// Tipo del evento
        pub evento_tipo: String,
        pub evento_version: EventoBaseEventoVersion,
        pub timestamp: ::conecta_runtime::DateTime,
        pub origen: String,
        pub datos: CasoCreadoDatos,
        pub metadata: Option<EventoBaseMetadata>,
    }
}

::conecta_runtime::object! {
    #[object(builder = CasoCreadoDatosBuilder)]
    pub struct CasoCreadoDatos {
        pub caso_id: i64,
        pub numero_caso: CasoCreadoDatosNumeroCaso,
        pub ciudadano_id: i64,
        pub categoria_id: i64,
        pub dependencia_id: i64,
        pub canal_atencion_id: Option<i64>,
        pub titulo: Option<String>,
        pub estado: CasoCreadoDatosEstado,
        pub prioridad: Option<CasoCreadoDatosPrioridad>,
        pub fecha_creacion: ::conecta_runtime::DateTime,
        pub ubicacion: Option<CasoCreadoDatosUbicacion>,
    }
}

::conecta_runtime::object! {
    #[object(builder = CasoCreadoDatosUbicacionBuilder)]
    pub struct CasoCreadoDatosUbicacion {
        pub lat: Option<f64>,
        pub lng: Option<f64>,
        pub direccion: Option<String>,
        pub barrio: Option<String>,
    }
}

::conecta_runtime::object! {
    /// Metadatos adicionales (opcional)
    #[object(builder = EventoBaseMetadataBuilder)]
    pub struct EventoBaseMetadata {
        pub request_id: Option<String>,
        pub usuario_id: Option<i64>,
        #[json(sensitive)]
        pub ip_address: Option<String>,
        pub user_agent: Option<String>,
    }
}

::conecta_runtime::text! {
    /// Versión del esquema del evento
    #[check(pattern = "^\\d+\\.\\d+$")]
    pub struct EventoBaseEventoVersion(String);
}

::conecta_runtime::text! {
    #[check(pattern = "^CRV-\\d{4}-\\d{8}$")]
    pub struct CasoCreadoDatosNumeroCaso(String);
}

::conecta_runtime::enumeration! {
    pub enum CasoCreadoDatosEstado {
        /// `PENDIENTE`
        Pendiente = "PENDIENTE",
    }
}

::conecta_runtime::enumeration! {
    pub enum CasoCreadoDatosPrioridad {
        /// `BAJA`
        Baja = "BAJA",
        /// `MEDIA`
        Media = "MEDIA",
        /// `ALTA`
        Alta = "ALTA",
        /// `URGENTE`
        Urgente = "URGENTE",
    }
}

::conecta_runtime::headers! {
    /// Headers of every message.
    pub struct CommonHeaders {
        /// ID único del evento
        pub evento_id: Option<String>,
        pub evento_tipo: Option<String>,
        pub evento_version: Option<String>,
        pub timestamp: Option<::conecta_runtime::DateTime>,
        pub origen: Option<String>,
        #[json(correlation)]
        pub correlation_id: Option<String>,
    }
}

impl CasoCreado {
    /// A new event: id (UUIDv7), type, version and time are filled in.
    pub fn new(origen: impl Into<String>, datos: CasoCreadoDatos) -> Self {
        Self {
            evento_id: ::conecta_runtime::new_event_id(),
            evento_tipo: "casos.creados".to_owned(),
            evento_version: EventoBaseEventoVersion::from_contract("1.0"),
            timestamp: DateTime::now(),
            origen: origen.into(),
            datos,
            metadata: None,
        }
    }
}

impl ::conecta_runtime::Event for CasoCreado {
    const NAME: &'static str = "CasoCreado";
    const TOPIC: ::conecta_runtime::Topic = TOPIC;
    const TYPE: &'static str = "casos.creados";
    type Headers = CommonHeaders;

    fn id(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.evento_id))
    }
    fn version(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(&self.evento_version))
    }
    fn key(&self) -> Option<Vec<u8>> {
        ::conecta_runtime::codec::key(&self.datos.caso_id)
    }
    fn headers(&self) -> CommonHeaders {
        CommonHeaders {
            evento_id: Some(self.evento_id.clone()),
            evento_tipo: Some(self.evento_tipo.clone()),
            evento_version: Some(self.evento_version.to_string()),
            timestamp: Some(self.timestamp),
            origen: Some(self.origen.clone()),
            correlation_id: self.metadata.as_ref().and_then(|metadata| metadata.request_id.clone()),
        }
    }
    ::conecta_runtime::json_body!();
}

/// Publicar evento de caso creado
pub trait PublicarCasoCreado: ::conecta_runtime::Publisher {
    /// Publishes the event, with the headers that its envelope gives.
    fn publicar_caso_creado<'a>(
        &'a self,
        evento: &CasoCreado,
    ) -> impl Future<Output = Result<Receipt, PublishError>> + Send + use<'a, Self> {
        PublisherExt::publish(self, evento)
    }
}

impl<P: ::conecta_runtime::Publisher + ?Sized> PublicarCasoCreado for P {}

/// Consumir evento de caso creado
pub trait ConsumirCasoCreado<C = ()>: Send + Sync + 'static {
    /// Handles the event.
    fn consumir_caso_creado(
        &self,
        evento: Delivery<CasoCreado, C>,
    ) -> impl Future<Output = Result<(), HandlerError>> + Send;
}

/// Registers a handler with a consumer.
pub fn consume<C: Send + 'static, H: ConsumirCasoCreado<C>>(handler: H) -> Registration<C> {
    Registration::new(TOPIC, handler, |handler: Arc<H>, evento: Delivery<CasoCreado, C>| async move {
        handler.consumir_caso_creado(evento).await
    })
}
