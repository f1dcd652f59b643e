//! WebSocket services: what a connection is once its handshake is done.

use std::sync::Arc;

use crossbar_config::{WebSocket, WebSocketOptions};
use crossbar_core::Access;
use crossbar_wire::websocket::{Decoder, Limits, Masking, Side};
use crossbar_wire::{Format, MAX_BATCHED};
use tokio::io::{AsyncRead, AsyncWrite};

use crate::allowance::{self, Allowance};
use crate::connection::{Connection, Parts};
use crate::cookies::{CookieStoreError, Cookies};
use crate::framing::{Batches, Framing, Masks, Stage};
use crate::inlet::{self, Inlet};
use crate::keepalive::KeepAlive;
use crate::manners::Manners;
use crate::outlet::Outlet;
use crate::router::Router;
use crate::session::Session;
use crate::site::Client;
use crate::upgrade::Agreement;

/// A WebSocket endpoint of a transport: its settings and the realms behind it.
#[derive(Debug)]
pub struct WebSocketService {
    /// The serializers that a client can ask for; none if messages are echoed.
    pub(crate) formats: Option<Vec<Format>>,
    pub(crate) options: WebSocketOptions,
    access: Arc<Access>,
    pub(crate) cookies: Option<Arc<Cookies>>,
    limits: Option<Arc<crossbar_core::Limits>>,
    router: Arc<Router>,
}

impl WebSocketService {
    /// Makes one that leads to the realms of a router.
    ///
    /// # Errors
    /// Its cookies cannot be kept where they are to be.
    pub fn new(config: &WebSocket, router: &Arc<Router>) -> Result<Arc<Self>, CookieStoreError> {
        let cookies = config.cookie.as_ref();
        let cookies = cookies.map(|cookie| Cookies::open(cookie, router.cookie_stores()));
        Ok(Arc::new(Self {
            formats: Some(config.formats.clone()),
            options: config.options.clone(),
            access: Arc::new(config.access.clone()),
            cookies: cookies.transpose()?,
            limits: allowance::shared(&config.limits),
            router: Arc::clone(router),
        }))
    }

    /// Makes one that sends back every message.
    #[must_use]
    pub fn echo(options: &WebSocketOptions, router: &Arc<Router>) -> Arc<Self> {
        Arc::new(Self {
            formats: None,
            options: options.clone(),
            access: Arc::new(Access::Open),
            cookies: None,
            limits: None,
            router: Arc::clone(router),
        })
    }

    /// Makes the connection of a stream on which the handshake is done.
    pub(crate) fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        agreement: Agreement,
        client: Client,
        early: &[u8],
    ) -> Connection<S> {
        let format = client.transport.format;
        let stage = self.stage(agreement);
        let framing = if stage.is_some() {
            Framing::Staged
        } else {
            Framing::WebSocket
        };
        let longest = if agreement.batched {
            MAX_BATCHED
        } else {
            usize::MAX
        };
        let outlet = Arc::new(Outlet::new(format, framing, longest, self.options.queue));
        let mut session = Session::new(&self.router, &self.access, &outlet, client);
        session.strict_request_ids = self.options.strict_request_ids;
        session.allowance = Allowance::new(self.limits.as_ref());
        let parts = Parts {
            stream,
            inlet: self.inlet(agreement, format),
            outlet,
            framing,
            stage: stage.map(Box::new),
            session,
            keep_alive: self.options.auto_ping.map(KeepAlive::new).map(Box::new),
            manners: self.manners(),
        };
        Connection::new(parts, early)
    }

    fn inlet(&self, agreement: Agreement, format: Format) -> Inlet {
        let decoder = self.decoder(agreement);
        if agreement.batched {
            Inlet::Batched(Box::new(inlet::Batches::new(decoder, format)))
        } else {
            Inlet::Web(Box::new(decoder), format)
        }
    }

    /// Makes what reads a client's frames.
    pub(crate) fn decoder(&self, agreement: Agreement) -> Decoder {
        let options = &self.options;
        let limits = Limits {
            max_frame: options.max_frame_size.unwrap_or(usize::MAX),
            max_message: options.max_message_size.unwrap_or(usize::MAX),
        };
        let mut decoder = Decoder::new(Side::Server, limits);
        if !options.require_masked_client_frames {
            decoder = decoder.with_masking(Masking::Lenient);
        }
        // The reader of JSON checks it as well, and has to.
        if !options.validate_utf8 || agreement.format.is_some() {
            decoder = decoder.without_utf8_check();
        }
        if let Some(deflate) = agreement.deflate {
            decoder = decoder.with_deflate(deflate.decompressor(Side::Server));
        }
        decoder
    }

    /// Makes what turns messages into frames, where a header is not enough.
    pub(crate) fn stage(&self, agreement: Agreement) -> Option<Stage> {
        let options = &self.options;
        let stage = Stage {
            compressor: agreement
                .deflate
                .map(|deflate| deflate.compressor(Side::Server)),
            fragment: options.auto_fragment_size,
            masks: options.mask_server_frames.then(Masks::new),
            batches: agreement
                .batched
                .then(|| Batches::new(options.max_message_size.unwrap_or(usize::MAX))),
        };
        let needed = stage.compressor.is_some()
            || stage.fragment.is_some()
            || stage.masks.is_some()
            || stage.batches.is_some();
        needed.then_some(stage)
    }

    fn manners(&self) -> Manners {
        Manners {
            hello: self.options.hello_timeout,
            close: self.options.close_handshake_timeout,
            fail_by_drop: self.options.fail_by_drop,
            echo_close: self.options.echo_close_codereason,
        }
    }
}
