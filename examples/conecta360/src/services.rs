//! The consuming side: every service of the flow in one, which remembers what it was handed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use conecta_runtime::{Delivery, Event, HandlerError};
use conecta360_events::*;

use crate::events::Published;

/// Handles all nine events. Clones share what they remember.
#[derive(Clone, Default)]
pub(crate) struct Services(Arc<Mutex<HashMap<String, Calls>>>);

/// How often a handler was called with one event.
#[derive(Clone, Copy, Default)]
pub(crate) struct Calls {
    /// Calls that succeeded.
    pub(crate) handled: usize,
    /// Calls after the first attempt.
    pub(crate) retried: usize,
}

impl Services {
    /// The calls with that event.
    pub(crate) fn calls(&self, id: &str) -> Calls {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(id).copied().unwrap_or_default()
    }

    pub(crate) fn handled_all(&self, published: &Published) -> bool {
        published.events.iter().all(|event| self.calls(&event.id).handled > 0)
    }

    fn remember<E: Event>(&self, delivery: &Delivery<E>, handled: bool) {
        let id = delivery.event.id().unwrap_or_default().into_owned();
        let mut calls = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let calls = calls.entry(id).or_default();
        calls.handled += usize::from(handled);
        calls.retried += usize::from(delivery.attempt > 1);
    }
}

impl ConsumirCasoAsignado for Services {
    async fn consumir_caso_asignado(&self, caso: Delivery<CasoAsignado>) -> Result<(), HandlerError> {
        // The second case's first attempt meets a service that is busy; any error is retried.
        let busy = caso.datos.caso_id == 2 && caso.attempt == 1;
        self.remember(&caso, !busy);
        if busy { Err("the ministry's mail server is busy".into()) } else { Ok(()) }
    }
}

macro_rules! handles {
    ($($consumer:ident::$method:ident($event:ident);)*) => { $(
        impl $consumer for Services {
            async fn $method(&self, event: Delivery<$event>) -> Result<(), HandlerError> {
                self.remember(&event, true);
                Ok(())
            }
        }
    )* };
}

handles! {
    ConsumirCasoCreado::consumir_caso_creado(CasoCreado);
    ConsumirCasoActualizado::consumir_caso_actualizado(CasoActualizado);
    ConsumirCasoCerrado::consumir_caso_cerrado(CasoCerrado);
    ConsumirNotificacionEnviada::consumir_notificacion_enviada(NotificacionEnviada);
    ConsumirSlaViolado::consumir_sla_violado(SlaViolado);
    ConsumirSlaCumplido::consumir_sla_cumplido(SlaCumplido);
    ConsumirCiudadanoRegistrado::consumir_ciudadano_registrado(CiudadanoRegistrado);
    ConsumirDependenciaConfigurada::consumir_dependencia_configurada(DependenciaConfigurada);
}
