use std::io;

use crossbar_wire::Format;
use crossbar_wire::rawsocket::{Deframer, Handshake, Length};
use crossbar_wire::websocket::{ClientHandshake, Decoder, Limits, Side};
use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::framing::Frames;
use crate::link::{Bound, Io, Link};
use crate::{Address, ConnectError, Framing, LinkError, Options, Target, tls};

/// Connects and does the handshakes below WAMP.
pub(crate) async fn open(target: &Target, options: &Options) -> Result<Link, ConnectError> {
    let (io, channel) = connect(target, options).await?;
    let link = match &target.framing {
        Framing::RawSocket => rawsocket(io, options).await?,
        Framing::WebSocket { resource } => websocket(io, &target.host(), resource, options).await?,
    };
    Ok(link.bound_to(channel))
}

async fn connect(target: &Target, options: &Options) -> Result<Bound, ConnectError> {
    match &target.address {
        Address::Tcp { host, port } => {
            let unreachable = |source| ConnectError::Unreachable {
                address: format!("{host}:{port}"),
                source,
            };
            let stream = TcpStream::connect((&**host, *port))
                .await
                .map_err(unreachable)?;
            stream.set_nodelay(true).map_err(unreachable)?;
            if let Some(time) = options.keepalive {
                let keepalive = TcpKeepalive::new().with_time(time);
                SockRef::from(&stream)
                    .set_tcp_keepalive(&keepalive)
                    .map_err(unreachable)?;
            }
            if target.tls {
                tls::connect(&options.tls, host, stream)
                    .await
                    .map_err(ConnectError::Tls)
            } else {
                Ok((Box::new(stream), None))
            }
        }
        Address::Unix(path) => Ok((unix(path).await?, None)),
    }
}

#[cfg(unix)]
async fn unix(path: &std::path::Path) -> Result<Box<dyn Io>, ConnectError> {
    match tokio::net::UnixStream::connect(path).await {
        Ok(stream) => Ok(Box::new(stream)),
        Err(source) => Err(ConnectError::Unreachable {
            address: path.display().to_string(),
            source,
        }),
    }
}

#[cfg(not(unix))]
async fn unix(_path: &std::path::Path) -> Result<Box<dyn Io>, ConnectError> {
    Err(ConnectError::NoUnixSockets)
}

/// Does the RawSocket handshake.
pub(crate) async fn rawsocket(
    mut io: Box<dyn Io>,
    options: &Options,
) -> Result<Link, ConnectError> {
    let format = *options.formats.first().ok_or(ConnectError::NoFormat)?;
    let request = Handshake {
        length: Length::covering(options.max_message_size),
        format,
    };
    io.write_all(&request.octets())
        .await
        .map_err(LinkError::Io)?;
    io.flush().await.map_err(LinkError::Io)?;
    let mut reply = [0; 4];
    io.read_exact(&mut reply).await.map_err(ended)?;
    let frames = Frames::RawSocket {
        deframer: Deframer::new(request.length.octets()),
        limit: Handshake::parse_reply(reply, format)?.octets(),
    };
    Ok(Link::new(io, frames, format))
}

async fn websocket(
    mut io: Box<dyn Io>,
    host: &str,
    resource: &str,
    options: &Options,
) -> Result<Link, ConnectError> {
    if options.formats.is_empty() {
        return Err(ConnectError::NoFormat);
    }
    let mut nonce = [0; 16];
    getrandom::fill(&mut nonce).expect("the system has a random generator");
    let mut handshake = ClientHandshake::new(host, resource, nonce);
    handshake.protocols = options
        .formats
        .iter()
        .map(|&format| subprotocol(format))
        .collect();
    handshake.offer_deflate = options.deflate;
    handshake.headers.clone_from(&options.headers);
    io.write_all(&handshake.request()?)
        .await
        .map_err(LinkError::Io)?;
    io.flush().await.map_err(LinkError::Io)?;

    let mut octets = Vec::with_capacity(512);
    let reply = loop {
        if io.read_buf(&mut octets).await.map_err(LinkError::Io)? == 0 {
            return Err(LinkError::Ended.into());
        }
        if let Some(reply) = handshake.parse_reply(&octets)? {
            break reply;
        }
    };
    let format = options
        .formats
        .iter()
        .copied()
        .find(|&format| reply.protocol.as_deref() == Some(&*subprotocol(format)))
        .ok_or(ConnectError::NoSubprotocol)?;
    let limits = Limits {
        max_frame: options.max_message_size,
        max_message: options.max_message_size,
    };
    let mut decoder = Decoder::new(Side::Client, limits);
    if let Some(deflate) = &reply.deflate {
        decoder = decoder.with_deflate(deflate.decompressor(Side::Client));
    }
    decoder.feed(&octets[reply.length..]);
    let compressor = reply
        .deflate
        .map(|deflate| deflate.compressor(Side::Client));
    Ok(Link::new(
        io,
        Frames::websocket(decoder, compressor),
        format,
    ))
}

fn subprotocol(format: Format) -> String {
    format!("wamp.2.{}", format.name())
}

fn ended(error: io::Error) -> LinkError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        LinkError::Ended
    } else {
        LinkError::Io(error)
    }
}
