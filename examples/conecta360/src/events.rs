//! The publishing side: three events of each kind, built by name, and the two that mean trouble.

use std::error::Error;

use conecta_runtime::{DateTime, Event, Headers, Message, Publisher};
use conecta360_events::*;

/// The cases that the events are about: two events of one case, so that there is an order to keep, and one of another.
const CASES: [i64; 3] = [1, 1, 2];

/// What was published.
#[derive(Default)]
pub(crate) struct Published {
    pub(crate) events: Vec<PublishedEvent>,
    /// The identifier of the event that breaks the contract.
    pub(crate) poison: String,
}

/// An event that was published, once or more.
pub(crate) struct PublishedEvent {
    pub(crate) id: String,
    pub(crate) topic: &'static str,
    pub(crate) copies: usize,
}

impl Published {
    fn add<E: Event>(&mut self, event: &E, copies: usize) {
        let id = event.id().unwrap_or_default().into_owned();
        self.events.push(PublishedEvent { id, topic: E::TOPIC.name, copies });
    }
}

pub(crate) async fn publish(publisher: &impl Publisher) -> Result<Published, Box<dyn Error>> {
    let mut published = Published::default();
    macro_rules! publish {
        ($event:expr, $method:ident) => {{
            let event = $event?;
            publisher.$method(&event).await?;
            published.add(&event, 1);
        }};
    }
    for (n, caso_id) in CASES.into_iter().enumerate() {
        publish!(caso_creado(caso_id), publicar_caso_creado);
        publish!(caso_asignado(caso_id), publicar_caso_asignado);
        publish!(caso_actualizado(caso_id), publicar_caso_actualizado);
        let cerrado = caso_cerrado(caso_id)?;
        // The first one twice, as a producer does that did not hear the acknowledgement of an earlier try. The next event
        // of the case comes behind it: when that is handled, this one has been skipped.
        let copies = if n == 0 { 2 } else { 1 };
        for _ in 0..copies {
            publisher.publicar_caso_cerrado(&cerrado).await?;
        }
        published.add(&cerrado, copies);
        publish!(notificacion_enviada(caso_id), publicar_notificacion_enviada);
        publish!(sla_violado(caso_id), publicar_sla_violado);
        publish!(sla_cumplido(caso_id), publicar_sla_cumplido);
        publish!(ciudadano_registrado(caso_id), publicar_ciudadano_registrado);
        publish!(dependencia_configurada(caso_id), publicar_dependencia_configurada);
    }
    published.poison = publish_poison(publisher).await?;
    Ok(published)
}

/// An event that no typed producer would let out: its `numero_caso` breaks the contract's pattern. Gives its identifier.
async fn publish_poison(publisher: &impl Publisher) -> Result<String, Box<dyn Error>> {
    let caso = caso_creado(1)?;
    let mut body = Vec::new();
    caso.encode(&mut body)?;
    let body = String::from_utf8(body)?.replace(caso.datos.numero_caso.as_ref(), "CRV-1");
    let mut headers = Headers::new();
    headers.push("evento_id", &caso.evento_id);
    let message = Message::new(CasoCreado::TOPIC.name, caso.key(), headers, Some(body.into_bytes()));
    publisher.send(message).await?.await?;
    Ok(caso.evento_id)
}

type Built<T> = Result<T, Box<dyn Error>>;

fn numero(caso_id: i64) -> String {
    format!("CRV-2026-{caso_id:08}")
}

fn caso_creado(caso_id: i64) -> Built<CasoCreado> {
    let ubicacion = CasoCreadoDatosUbicacion::builder().lat(-12.046_374).lng(-77.042_793).build()?;
    let datos = CasoCreadoDatos::builder()
        .caso_id(caso_id)
        .numero_caso(numero(caso_id).parse()?)
        .ciudadano_id(5432)
        .categoria_id(5)
        .dependencia_id(1)
        .titulo("Bache en calle principal")
        .estado(CasoCreadoDatosEstado::Pendiente)
        .prioridad(CasoCreadoDatosPrioridad::Alta)
        .fecha_creacion(DateTime::now())
        .ubicacion(ubicacion)
        .build()?;
    Ok(CasoCreado::new("microservicio-casos", datos))
}

fn caso_asignado(caso_id: i64) -> Built<CasoAsignado> {
    let datos = CasoAsignadoDatos::builder()
        .caso_id(caso_id)
        .numero_caso(numero(caso_id))
        .dependencia_id(1)
        .dependencia_nombre("Ministerio de Obras Públicas")
        .fecha_asignacion(DateTime::now())
        .estado_nuevo(CasoAsignadoDatosEstadoNuevo::Asignado)
        .build()?;
    Ok(CasoAsignado::new("microservicio-derivacion", datos))
}

fn caso_actualizado(caso_id: i64) -> Built<CasoActualizado> {
    let datos = CasoActualizadoDatos::builder()
        .caso_id(caso_id)
        .numero_caso(numero(caso_id))
        .comentario("Cuadrilla en camino")
        .fecha_actualizacion(DateTime::now())
        .build()?;
    Ok(CasoActualizado::new("microservicio-casos", datos))
}

fn caso_cerrado(caso_id: i64) -> Built<CasoCerrado> {
    let datos = CasoCerradoDatos::builder()
        .caso_id(caso_id)
        .numero_caso(numero(caso_id))
        .motivo_cierre(CasoCerradoDatosMotivoCierre::Resuelto)
        .estado_final(CasoCerradoDatosEstadoFinal::Cerrado)
        .fecha_cierre(DateTime::now())
        .satisfaccion_ciudadano(5.try_into()?)
        .build()?;
    Ok(CasoCerrado::new("microservicio-casos", datos))
}

fn notificacion_enviada(caso_id: i64) -> Built<NotificacionEnviada> {
    let datos = NotificacionEnviadaDatos::builder()
        .notificacion_id(900 + caso_id)
        .caso_id(caso_id)
        .tipo(NotificacionEnviadaDatosTipo::Creacion)
        .canal(NotificacionEnviadaDatosCanal::Email)
        .estado(NotificacionEnviadaDatosEstado::Enviado)
        .fecha_envio(DateTime::now())
        .build()?;
    Ok(NotificacionEnviada::new("microservicio-notificaciones", datos))
}

fn sla_violado(caso_id: i64) -> Built<SlaViolado> {
    let datos = SlaVioladoDatos::builder()
        .sla_id(700 + caso_id)
        .caso_id(caso_id)
        .numero_caso(numero(caso_id))
        .tiempo_resolucion_horas(168)
        .tiempo_transcurrido_horas(170.5)
        .fecha_violacion(DateTime::now())
        .build()?;
    Ok(SlaViolado::new("microservicio-sla", datos))
}

fn sla_cumplido(caso_id: i64) -> Built<SlaCumplido> {
    let datos = SlaCumplidoDatos::builder()
        .sla_id(800 + caso_id)
        .caso_id(caso_id)
        .numero_caso(numero(caso_id))
        .tiempo_resolucion_horas(168)
        .tiempo_real_horas(36.25)
        .fecha_resolucion(DateTime::now())
        .build()?;
    Ok(SlaCumplido::new("microservicio-sla", datos))
}

fn ciudadano_registrado(ciudadano_id: i64) -> Built<CiudadanoRegistrado> {
    let datos = CiudadanoRegistradoDatos::builder()
        .ciudadano_id(ciudadano_id)
        .documento_identidad("12345678")
        .fecha_registro(DateTime::now())
        .canal_registro(CiudadanoRegistradoDatosCanalRegistro::CallCenter)
        .build()?;
    Ok(CiudadanoRegistrado::new("microservicio-ciudadanos", datos))
}

fn dependencia_configurada(dependencia_id: i64) -> Built<DependenciaConfigurada> {
    let datos = DependenciaConfiguradaDatos::builder()
        .dependencia_id(dependencia_id)
        .codigo("MIN-OBRAS")
        .fecha_actualizacion(DateTime::now())
        .build()?;
    Ok(DependenciaConfigurada::new("microservicio-dependencias", datos))
}
