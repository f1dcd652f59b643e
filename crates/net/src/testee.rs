//! Servers that send back what comes: for test suites.

use bytes::BytesMut;
use crossbar_wire::websocket::{
    self, CloseCode, Decoder, Incoming, MessageKind, Opcode, Violation,
};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::framing::Stage;
use crate::http::Upgraded;

/// How long a peer may take to close where the options set no limit: a test suite never ends otherwise.
const PATIENCE: Duration = Duration::from_secs(5);
/// Octets of a read.
const READ: usize = 64 * 1024;

/// Sends back the messages of a WebSocket connection until it closes.
pub(crate) async fn echo<S: AsyncRead + AsyncWrite + Unpin>(upgraded: Upgraded<S>) {
    let Upgraded {
        mut stream,
        early,
        service,
        agreement,
        peer: _,
        cookie: _,
    } = upgraded;
    let stage = service.stage(agreement).unwrap_or_default();
    let mut echo = Echo {
        decoder: service.decoder(agreement),
        stage,
        echo_close: service.options.echo_close_codereason,
        fail_by_drop: service.options.fail_by_drop,
        out: Vec::new(),
    };
    echo.decoder.feed(&early);
    let mut input = BytesMut::with_capacity(READ);
    loop {
        let over = echo.answer();
        let written = stream.write_all(&echo.out).await;
        echo.out.clear();
        if let Err(error) = written {
            debug!(%error, "testee lost its peer");
            return;
        }
        if over {
            part(
                stream,
                service.options.close_handshake_timeout.unwrap_or(PATIENCE),
            )
            .await;
            return;
        }
        input.clear();
        match stream.read_buf(&mut input).await {
            Ok(0) | Err(_) => return,
            Ok(_) => echo.decoder.feed(&input),
        }
    }
}

struct Echo {
    decoder: Decoder,
    stage: Stage,
    echo_close: bool,
    fail_by_drop: bool,
    out: Vec<u8>,
}

impl Echo {
    /// Answers what is there whole. Says whether the connection is to close.
    fn answer(&mut self) -> bool {
        loop {
            match self.decoder.next_message() {
                Ok(None) => return false,
                Ok(Some(Incoming::Message { kind, octets })) => self.send(kind, &octets),
                Ok(Some(Incoming::Ping(payload))) => {
                    websocket::put_control(&mut self.out, Opcode::Pong, &payload, None);
                }
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(frame))) => {
                    match frame {
                        Some(frame) if self.echo_close => {
                            let code = Some(frame.code);
                            websocket::put_close(&mut self.out, code, &frame.reason, None);
                        }
                        Some(_) | None => {
                            let code = Some(CloseCode::NORMAL);
                            websocket::put_close(&mut self.out, code, "", None);
                        }
                    }
                    return true;
                }
                Err(violation) => {
                    self.fail(violation);
                    return true;
                }
            }
        }
    }

    fn send(&mut self, kind: MessageKind, octets: &[u8]) {
        self.stage.put_message(kind, octets, &mut self.out);
    }

    fn fail(&mut self, violation: Violation) {
        debug!(%violation, "testee closes");
        if !self.fail_by_drop {
            let code = Some(violation.close_code());
            websocket::put_close(&mut self.out, code, &violation.to_string(), None);
        }
    }
}

/// Ends the stream and lets the peer read what it has coming.
async fn part<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, patience: Duration) {
    let read_to_end = async {
        stream.shutdown().await?;
        tokio::io::copy(&mut stream, &mut tokio::io::sink()).await
    };
    match tokio::time::timeout(patience, read_to_end).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => debug!(%error, "testee's peer went early"),
        Err(_) => debug!("testee's peer did not close"),
    }
}

/// Sends back the octets of a stream until it ends.
pub(crate) async fn echo_octets<S: AsyncRead + AsyncWrite>(stream: S, stop: &CancellationToken) {
    let (mut reader, mut writer) = tokio::io::split(stream);
    tokio::select! {
        () = stop.cancelled() => {}
        copied = tokio::io::copy(&mut reader, &mut writer) => {
            if let Err(error) = copied {
                debug!(%error, "testee lost its peer");
            }
        }
    }
}
