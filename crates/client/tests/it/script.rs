//! A router that says and expects what it is told, in JSON over RawSocket.

use std::time::Duration;

use crossbar_client::{ConnectError, Format, Options, Session, connect_stream};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::timeout;

/// How long anything may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// What most scripts begin with.
pub(crate) const WELCOME: &str = r#"[2,7,{"realm":"realm1","authid":"joe","authrole":"user","authmethod":"anonymous","roles":{"broker":{"features":{}},"dealer":{"features":{"call_canceling":true,"call_timeout":true}}}}]"#;

pub(crate) struct Router<S> {
    stream: S,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Router<S> {
    /// Accepts a client: handshake and HELLO, which is given back; says nothing yet.
    pub(crate) async fn accept(mut stream: S) -> (Self, String) {
        let mut request = [0; 4];
        stream.read_exact(&mut request).await.unwrap();
        assert_eq!(request, [0x7f, 0xf1, 0, 0]);
        stream.write_all(&request).await.unwrap();
        let mut router = Self { stream };
        let hello = router.hears().await;
        (router, hello)
    }

    /// Takes a connection after its handshake.
    pub(crate) const fn over(stream: S) -> Self {
        Self { stream }
    }

    /// Accepts a client and opens the session.
    pub(crate) async fn welcome(stream: S) -> Self {
        let (mut router, _) = Self::accept(stream).await;
        router.says(WELCOME).await;
        router
    }

    pub(crate) async fn says(&mut self, message: &str) {
        self.says_frame(0, message).await;
    }

    pub(crate) async fn says_frame(&mut self, kind: u8, payload: &str) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![kind, length[1], length[2], length[3]];
        frame.extend_from_slice(payload.as_bytes());
        self.stream.write_all(&frame).await.unwrap();
    }

    pub(crate) async fn hears(&mut self) -> String {
        let (kind, payload) = self.hears_frame().await;
        assert_eq!(kind, 0);
        payload
    }

    pub(crate) async fn hears_frame(&mut self) -> (u8, String) {
        let read = async {
            let mut header = [0; 4];
            self.stream.read_exact(&mut header).await.unwrap();
            let length = u32::from_be_bytes([0, header[1], header[2], header[3]]);
            let mut payload = vec![0; usize::try_from(length).unwrap()];
            self.stream.read_exact(&mut payload).await.unwrap();
            (header[0], String::from_utf8(payload).unwrap())
        };
        timeout(PATIENCE, read)
            .await
            .expect("the client says something")
    }

    pub(crate) async fn expects(&mut self, message: &str) {
        assert_eq!(self.hears().await, message);
    }

    /// Expects that the client closes without another word.
    pub(crate) async fn expects_end(&mut self) {
        let mut rest = Vec::new();
        let read = self.stream.read_to_end(&mut rest);
        timeout(PATIENCE, read)
            .await
            .expect("the client closes")
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&rest), "");
    }
}

pub(crate) fn json() -> Options {
    Options {
        formats: vec![Format::Json],
        ..Options::realm("realm1")
    }
}

/// Opens a session with a scripted router.
pub(crate) async fn session() -> (Session, Router<DuplexStream>) {
    let (near, far) = duplex(1 << 20);
    let (session, router) = tokio::join!(connect_stream(near, json()), Router::welcome(far));
    (session.unwrap(), router)
}

/// Opens a connection and lets `script` play the router up to the session.
pub(crate) async fn opening<F>(
    options: Options,
    script: impl FnOnce(Router<DuplexStream>, String) -> F,
) -> Result<Session, ConnectError>
where
    F: Future<Output = Router<DuplexStream>>,
{
    let (near, far) = duplex(1 << 20);
    let router = async {
        let (router, hello) = Router::accept(far).await;
        script(router, hello).await
    };
    let (session, _router) = tokio::join!(connect_stream(near, options), router);
    session
}

/// Waits for something that must come.
pub(crate) async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it comes in time")
}
