//! A program that exports its spans to an OpenTelemetry collector, over HTTP.

use std::fmt;
use std::future::Future;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::pin::Pin;
use std::time::Duration;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Has all spans of this process exported to a collector, under that name of a service. The provider is to be shut down at the
/// end.
///
/// # Panics
/// When the process has a subscriber already.
#[must_use]
pub fn export_to(collector: &str, service: &'static str) -> SdkTracerProvider {
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client)
        .with_protocol(Protocol::HttpJson)
        .with_endpoint(collector)
        .with_timeout(Duration::from_secs(10))
        .build()
        .unwrap();
    let resource = Resource::builder().with_service_name(service).build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("conecta"));
    tracing_subscriber::registry().with(layer).init();
    provider
}

/// Posts, and blocks meanwhile: exporting has a thread of its own.
struct Client;

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}

impl HttpClient for Client {
    fn send_bytes<'s, 'a>(
        &'s self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'a>>
    where
        's: 'a,
        Self: 'a,
    {
        Box::pin(async move { post(&request) })
    }
}

fn post(request: &Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let (uri, body) = (request.uri(), request.body());
    let host = uri.authority().ok_or("no host")?.as_str();
    let mut text = format!("POST {} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n", uri.path(), body.len());
    for (name, value) in request.headers() {
        text.push_str(&format!("{name}: {}\r\n", value.to_str()?));
    }
    let mut stream = TcpStream::connect(host)?;
    stream.write_all(format!("{text}Connection: close\r\n\r\n").as_bytes())?;
    stream.write_all(body)?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("no answer")?;
    let status: u16 = head.split(' ').nth(1).ok_or("no status")?.parse()?;
    Ok(Response::builder().status(status).body(Bytes::from(body.to_owned()))?)
}
