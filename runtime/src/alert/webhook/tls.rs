//! TLS for a webhook: with OpenSSL, since that is what librdkafka has.

use std::io;
use std::path::Path;
use std::pin::Pin;

use openssl::ssl::{SslConnector, SslMethod};
use tokio::net::TcpStream;
use tokio_openssl::SslStream;

use super::WebhookError;

/// Whom a webhook trusts.
#[derive(Clone)]
pub(super) struct Tls(SslConnector);

impl Tls {
    /// The system's certificates, or those in a file. Made once: reading the system's takes some milliseconds.
    pub(super) fn new(ca: Option<&Path>) -> Result<Self, WebhookError> {
        let mut builder = SslConnector::builder(SslMethod::tls_client()).map_err(|_| WebhookError::Certificates)?;
        if let Some(file) = ca {
            // In the place of the system's, which the builder has put in.
            let store = openssl::x509::store::X509StoreBuilder::new().map_err(|_| WebhookError::Certificates)?;
            builder.set_cert_store(store.build());
            builder.set_ca_file(file).map_err(|_| WebhookError::Certificates)?;
        }
        Ok(Self(builder.build()))
    }

    /// Greets the receiver, and holds its certificate against the host's name.
    pub(super) async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<SslStream<TcpStream>> {
        let ssl = self.0.configure().and_then(|it| it.into_ssl(host)).map_err(io::Error::other)?;
        let mut stream = SslStream::new(ssl, stream).map_err(io::Error::other)?;
        Pin::new(&mut stream).connect().await.map_err(io::Error::other)?;
        Ok(stream)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use openssl::asn1::Asn1Time;
    use openssl::bn::BigNum;
    use openssl::hash::MessageDigest;
    use openssl::pkey::{PKey, Private};
    use openssl::rsa::Rsa;
    use openssl::ssl::{Ssl, SslAcceptor};
    use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
    use openssl::x509::{X509, X509NameBuilder};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;
    use crate::alert::Webhook;

    /// A certificate of its own for that host.
    fn certificate(host: &str) -> (X509, PKey<Private>) {
        let key = PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let mut name = X509NameBuilder::new().unwrap();
        name.append_entry_by_text("CN", host).unwrap();
        let name = name.build();
        let mut certificate = X509::builder().unwrap();
        certificate.set_version(2).unwrap();
        certificate.set_serial_number(&BigNum::from_u32(1).unwrap().to_asn1_integer().unwrap()).unwrap();
        certificate.set_subject_name(&name).unwrap();
        certificate.set_issuer_name(&name).unwrap();
        certificate.set_pubkey(&key).unwrap();
        certificate.set_not_before(&Asn1Time::days_from_now(0).unwrap()).unwrap();
        certificate.set_not_after(&Asn1Time::days_from_now(1).unwrap()).unwrap();
        certificate.append_extension(BasicConstraints::new().critical().ca().build().unwrap()).unwrap();
        let names = SubjectAlternativeName::new().dns(host).build(&certificate.x509v3_context(None, None)).unwrap();
        certificate.append_extension(names).unwrap();
        certificate.sign(&key, MessageDigest::sha256()).unwrap();
        (certificate.build(), key)
    }

    /// What comes of posting to a receiver on this machine, whose certificate is for that host.
    async fn post(host: &str, trusted: bool) -> io::Result<u16> {
        let (certificate, key) = certificate(host);
        let mut acceptor = SslAcceptor::mozilla_intermediate_v5(SslMethod::tls_server()).unwrap();
        acceptor.set_certificate(&certificate).unwrap();
        acceptor.set_private_key(&key).unwrap();
        let acceptor = acceptor.build();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let serving = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = SslStream::new(Ssl::new(acceptor.context()).unwrap(), stream).unwrap();
            if Pin::new(&mut stream).accept().await.is_err() {
                return String::new();
            }
            let mut text = Vec::new();
            while !text.ends_with(b"{}") && stream.read_buf(&mut text).await.unwrap_or(0) > 0 {}
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await.unwrap();
            String::from_utf8(text).unwrap()
        });
        let folder = std::env::temp_dir().join(format!("conecta-webhook-{}-{port}", std::process::id()));
        std::fs::write(&folder, certificate.to_pem().unwrap()).unwrap();
        let mut webhook = Webhook::new(&format!("https://localhost:{port}/hook")).unwrap();
        if trusted {
            webhook = webhook.ca(&folder).unwrap();
        }
        std::fs::remove_file(&folder).unwrap();
        let status = webhook.target.post("", "{}").await;
        let received = serving.await.unwrap();
        assert_eq!(received.starts_with("POST /hook "), status.is_ok(), "{received}");
        status
    }

    #[tokio::test]
    async fn a_receiver_is_posted_to_whose_certificate_is_trusted_and_of_its_name_and_no_other() {
        assert_eq!(post("localhost", true).await.unwrap(), 204);
        for (host, trusted) in [("localhost", false), ("example.org", true)] {
            let error = post(host, trusted).await.unwrap_err().to_string();
            assert!(error.contains("certificate verify failed"), "{error}");
        }
    }

    #[test]
    fn certificates_that_cannot_be_read_are_a_fault_of_the_settings() {
        let webhook = Webhook::new("https://localhost/").unwrap();
        assert_eq!(webhook.ca("nowhere/ca.pem").err(), Some(WebhookError::Certificates));
    }
}
