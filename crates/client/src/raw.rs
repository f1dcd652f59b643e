use std::sync::Arc;

use bytes::Bytes;
use crossbar_wire::{Format, Message};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::timeout;

use crate::join::join;
use crate::link::Link;
use crate::{ConnectError, Details, LinkError, Options, Target, open};

/// An open session below the API: frames go out as they are given and come in as they are, in batches.
///
/// For load generators, bridges and tests. PINGs are answered while [`RawConnection::receive`] is awaited.
pub struct RawConnection {
    link: Link,
    details: Arc<Details>,
}

impl RawConnection {
    /// Connects to the router at `target` and opens a session.
    ///
    /// # Errors
    /// Says at which step it failed.
    pub async fn connect(target: &Target, options: &Options) -> Result<Self, ConnectError> {
        let opening = async {
            let link = open::open(target, options).await?;
            Self::join(link, options).await
        };
        timeout(options.connect_timeout, opening)
            .await
            .map_err(|_| ConnectError::Timeout(options.connect_timeout))?
    }

    /// Opens a session with RawSocket over a stream.
    ///
    /// # Errors
    /// Says at which step it failed.
    pub async fn connect_stream<S>(stream: S, options: &Options) -> Result<Self, ConnectError>
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let opening = async {
            let link = open::rawsocket(Box::new(stream), options).await?;
            Self::join(link, options).await
        };
        timeout(options.connect_timeout, opening)
            .await
            .map_err(|_| ConnectError::Timeout(options.connect_timeout))?
    }

    async fn join(mut link: Link, options: &Options) -> Result<Self, ConnectError> {
        let details = join(&mut link, options).await?;
        Ok(Self { link, details })
    }

    /// Tells what the router said about the session.
    #[must_use]
    pub fn details(&self) -> &Details {
        &self.details
    }

    /// Gives the serializer in use.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.link.format()
    }

    /// Appends a message to `out` as this connection frames it, to be queued now or later, once or often.
    ///
    /// # Errors
    /// When the message cannot be sent; `out` is then as it was.
    pub fn frame(&mut self, message: &Message, out: &mut Vec<u8>) -> Result<(), LinkError> {
        self.link.frame(message, out)
    }

    /// Queues framed messages; they are written by [`RawConnection::flush`] and [`RawConnection::receive`].
    pub fn queue(&mut self, frames: &[u8]) {
        self.link.put_octets(frames);
    }

    /// Gives the number of octets that are queued.
    #[must_use]
    pub const fn queued(&self) -> usize {
        self.link.queued()
    }

    /// Writes all that is queued.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn flush(&mut self) -> Result<(), LinkError> {
        self.link.flush().await
    }

    /// Queues framed messages and writes all that is queued.
    ///
    /// # Errors
    /// When the connection is broken.
    pub async fn send(&mut self, frames: &[u8]) -> Result<(), LinkError> {
        self.queue(frames);
        self.flush().await
    }

    /// Waits until at least one message has come and appends the octets of all that have to `batch`; writes what is
    /// queued meanwhile. Nothing is lost when this is dropped before it is done.
    ///
    /// # Errors
    /// When the connection is broken or the router broke the framing.
    pub async fn receive(&mut self, batch: &mut Vec<Bytes>) -> Result<(), LinkError> {
        let before = batch.len();
        loop {
            while let Some(frame) = self.link.next_frame()? {
                batch.push(frame);
            }
            if batch.len() > before {
                return Ok(());
            }
            self.link.exchange().await?;
        }
    }
}

pub(crate) fn parts(connection: RawConnection) -> (Link, Arc<Details>) {
    (connection.link, connection.details)
}
