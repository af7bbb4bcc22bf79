//! A network that can be cut.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Carries connections to a service on this machine until it is cut: then not a byte goes through, in either direction and
/// without a word to anybody, as when a cable is pulled. When it is restored, the connections of before are gone.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    upstream: Arc<OnceLock<SocketAddr>>,
    is_cut: watch::Sender<bool>,
}

impl Proxy {
    /// Starts one that is not connected to anything yet. Ends with the runtime.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (is_cut, watched) = watch::channel(false);
        let upstream = Arc::new(OnceLock::new());
        let proxy = Self { address, upstream: Arc::clone(&upstream), is_cut };
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if let Some(&to) = upstream.get() {
                    tokio::spawn(carry(client, to, watched.clone()));
                }
            }
        });
        proxy
    }

    /// Where it listens, `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Its port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Says where it leads to.
    ///
    /// # Panics
    /// When it leads somewhere already.
    pub fn leads_to(&self, service: SocketAddr) {
        self.upstream.set(service).expect("it leads nowhere yet");
    }

    /// Cuts it.
    pub fn cut(&self) {
        self.is_cut.send_replace(true);
    }

    /// Lets new connections through.
    pub fn restore(&self) {
        self.is_cut.send_replace(false);
    }
}

async fn carry(mut client: TcpStream, to: SocketAddr, mut is_cut: watch::Receiver<bool>) {
    // Whoever comes while it is cut hears nothing, and is gone with the others.
    if *is_cut.borrow() {
        let _ = is_cut.wait_for(|cut| !*cut).await;
        return;
    }
    let Ok(mut service) = TcpStream::connect(to).await else { return };
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut client, &mut service) => return,
        _ = is_cut.wait_for(|cut| *cut) => {}
    }
    // Both ends stay open.
    let _ = is_cut.wait_for(|cut| !*cut).await;
}
