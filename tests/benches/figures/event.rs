//! The reference's event: the contract's `CasoCreado` as someone would write it with serde's derives and nothing else.

use conecta_runtime::RawRecord;
use serde::{Deserialize, Serialize};

/// How many different keys the events have, unless a figure is about their number.
pub(crate) const KEYS: usize = 10_000;

#[derive(Serialize, Deserialize)]
pub(crate) struct CasoCreado {
    pub(crate) evento_id: String,
    pub(crate) evento_tipo: String,
    pub(crate) evento_version: String,
    pub(crate) timestamp: String,
    pub(crate) origen: String,
    pub(crate) datos: Datos,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Metadata>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Datos {
    pub(crate) caso_id: i64,
    pub(crate) numero_caso: String,
    pub(crate) ciudadano_id: i64,
    pub(crate) categoria_id: i64,
    pub(crate) dependencia_id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) canal_atencion_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) titulo: Option<String>,
    pub(crate) estado: Estado,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) prioridad: Option<Prioridad>,
    pub(crate) fecha_creacion: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ubicacion: Option<Ubicacion>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Estado {
    Pendiente,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Prioridad {
    Baja,
    Media,
    Alta,
    Urgente,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Ubicacion {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lat: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) lng: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) direccion: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) barrio: Option<String>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) usuario_id: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ip_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
}

impl CasoCreado {
    /// The `i`-th event, of one of so many keys: about 706 bytes of JSON.
    pub(crate) fn nth(i: usize, keys: usize) -> Self {
        let caso_id = (i % keys) as i64;
        let prioridad = [Prioridad::Baja, Prioridad::Media, Prioridad::Alta, Prioridad::Urgente][i % 4];
        Self {
            evento_id: format!("0190b6f2-7c1e-7a3b-9d4e-{i:012}"),
            evento_tipo: "casos.creados".into(),
            evento_version: "1.0".into(),
            timestamp: "2024-01-15T10:30:00Z".into(),
            origen: "microservicio-casos".into(),
            datos: Datos {
                caso_id,
                numero_caso: format!("CRV-2024-{caso_id:08}"),
                ciudadano_id: 5432,
                categoria_id: 5,
                dependencia_id: 1,
                canal_atencion_id: Some(1),
                titulo: Some("Bache en la calle principal, frente al mercado".into()),
                estado: Estado::Pendiente,
                prioridad: Some(prioridad),
                fecha_creacion: "2024-01-15T10:30:00Z".into(),
                ubicacion: Some(Ubicacion {
                    lat: Some(-12.046_374),
                    lng: Some(-77.042_793),
                    direccion: Some("Calle Principal 123, Barrio Los Rosales".into()),
                    barrio: Some("Los Rosales".into()),
                }),
            },
            metadata: Some(Metadata {
                request_id: Some(format!("req_{i:012}")),
                usuario_id: Some(5432),
                ip_address: Some("192.168.1.100".into()),
                user_agent: Some("Mozilla/5.0 (X11; Linux x86_64)".into()),
            }),
        }
    }

    /// What the contract puts in the headers, as the publisher of ours writes it.
    pub(crate) fn headers(&self) -> Vec<(&'static str, &str)> {
        let mut headers = vec![
            ("evento_id", self.evento_id.as_str()),
            ("evento_tipo", &self.evento_tipo),
            ("evento_version", &self.evento_version),
            ("timestamp", &self.timestamp),
            ("origen", &self.origen),
        ];
        headers.extend(self.metadata.as_ref().and_then(|m| m.request_id.as_deref()).map(|id| ("correlation_id", id)));
        headers
    }
}

/// The same event as the generated crate has it.
pub(crate) fn nth_typed(i: usize) -> conecta360_events::CasoCreado {
    let body = serde_json::to_vec(&CasoCreado::nth(i, KEYS)).unwrap();
    conecta_runtime::Event::decode(&RawRecord::from_payload(&body)).unwrap()
}
