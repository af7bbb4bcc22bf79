//! One request of HTTP/1.1, and its answer's status. There is no more that a webhook needs of HTTP.

use std::io::{Error, ErrorKind};

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::WebhookError;
#[cfg(feature = "webhook-ssl")]
use super::tls::Tls;

/// How much of an answer is read, in search of its status.
const LONGEST: usize = 256;

/// Where to post.
#[derive(Clone)]
pub(super) struct Target {
    /// A name, or an address; one of IPv6 without brackets.
    host: Box<str>,
    port: u16,
    /// What the header `Host` says.
    authority: Box<str>,
    path: Box<str>,
    /// Where it is asked for.
    #[cfg(feature = "webhook-ssl")]
    tls: Option<Tls>,
}

impl Target {
    pub(super) fn parse(url: &str) -> Result<Self, WebhookError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(WebhookError::Url)?;
        let is_secure = scheme.eq_ignore_ascii_case("https");
        if !is_secure && !scheme.eq_ignore_ascii_case("http") {
            return Err(WebhookError::Url);
        }
        if is_secure && !cfg!(feature = "webhook-ssl") {
            return Err(WebhookError::NoTls);
        }
        // Nothing of it may end a line of the request.
        if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(WebhookError::Url);
        }
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        let is_port = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if is_port(port) => (host, port.parse().map_err(|_| WebhookError::Url)?),
            _ => (authority, if is_secure { 443 } else { 80 }),
        };
        let host = match host.strip_prefix('[').map(|host| host.strip_suffix(']')) {
            Some(address) => address.filter(|it| it.parse::<std::net::Ipv6Addr>().is_ok()),
            None => Some(host).filter(|host| !host.is_empty() && !host.contains([':', '@', '[', ']'])),
        };
        let host = host.ok_or(WebhookError::Url)?;
        Ok(Self {
            host: host.into(),
            port,
            authority: authority.into(),
            path: path.into(),
            #[cfg(feature = "webhook-ssl")]
            tls: is_secure.then(|| Tls::new(None)).transpose()?,
        })
    }

    /// Trusts the certificates in that file, instead of the system's.
    #[cfg(feature = "webhook-ssl")]
    pub(super) fn ca(&mut self, file: &std::path::Path) -> Result<(), WebhookError> {
        if self.tls.is_some() {
            self.tls = Some(Tls::new(Some(file))?);
        }
        Ok(())
    }

    pub(super) fn host(&self) -> &str {
        &self.host
    }

    /// Posts JSON, with further headers. Returns the status of the answer.
    pub(super) async fn post(&self, headers: &str, body: &str) -> std::io::Result<u16> {
        let stream = TcpStream::connect((&*self.host, self.port)).await?;
        #[cfg(feature = "webhook-ssl")]
        if let Some(tls) = &self.tls {
            return self.ask(tls.connect(&self.host, stream).await?, headers, body).await;
        }
        self.ask(stream, headers, body).await
    }

    async fn ask(
        &self,
        mut stream: impl AsyncRead + AsyncWrite + Unpin,
        headers: &str,
        body: &str,
    ) -> std::io::Result<u16> {
        let Self { authority, path, .. } = self;
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: conecta\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::with_capacity(LONGEST);
        loop {
            if let Some(end) = answer.iter().position(|byte| *byte == b'\n') {
                return status(&answer[..end])
                    .ok_or_else(|| Error::new(ErrorKind::InvalidData, "no answer of HTTP/1.1"));
            }
            if answer.len() >= LONGEST || stream.read_buf(&mut answer).await? == 0 {
                return Err(Error::new(ErrorKind::UnexpectedEof, "the answer ends before its status"));
            }
        }
    }
}

/// Of `HTTP/1.1 204 No Content`.
fn status(line: &[u8]) -> Option<u16> {
    let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    line.split(' ').nth(1)?.trim().parse().ok().filter(|status| (100..600).contains(status))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        for (url, expected) in [
            ("http://example.org", ("example.org", 80, "example.org", "/")),
            ("HTTP://example.org:8080/a/b?c=d#e", ("example.org", 8080, "example.org:8080", "/a/b?c=d")),
            ("http://127.0.0.1:1?x", ("127.0.0.1", 1, "127.0.0.1:1", "/?x")),
            ("http://[::1]:9/x", ("::1", 9, "[::1]:9", "/x")),
        ] {
            let target = Target::parse(url).unwrap();
            assert_eq!((&*target.host, target.port, &*target.authority, &*target.path), expected, "{url}");
        }
        for url in [
            "",
            "example.org",
            "ftp://example.org",
            "http://",
            "http:///x",
            "http://user:word@example.org/",
            "http://example.org:99999/",
            "http://a b/",
            "http://example.org/\r\nX: y",
            "http://ex\u{e4}mple.org/",
            "http://[::1/",
            "http://::1/",
        ] {
            assert_eq!(Target::parse(url).err(), Some(WebhookError::Url), "{url}");
        }
        #[cfg(not(feature = "webhook-ssl"))]
        assert_eq!(Target::parse("https://example.org").err(), Some(WebhookError::NoTls));
        #[cfg(feature = "webhook-ssl")]
        assert_eq!(Target::parse("HTTPS://example.org/x").unwrap().port, 443);
    }

    #[test]
    fn the_status_of_an_answer_is_found() {
        assert_eq!(status(b"HTTP/1.1 204 No Content\r"), Some(204));
        assert_eq!(status(b"HTTP/1.0 503\r"), Some(503));
        for line in [&b"HTTP/2 200"[..], b"SMTP", b"HTTP/1.1 x", b"HTTP/1.1", b"HTTP/1.1 99999", b"\xff"] {
            assert_eq!(status(line), None);
        }
    }
}
