//! Speaks to the bare forwarder: frames of a 4-octet length and as many octets as a router's would have.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket::{Protocol, Socket};
use crate::speaker::Part;

/// Octets of a WAMP envelope around the argument, as MessagePack over RawSocket has them.
const ENVELOPE: usize = 28;

pub(crate) struct Raw {
    callee: bool,
    frame: Vec<u8>,
}

impl Raw {
    pub(crate) async fn open(address: &str, part: Part, payload: usize) -> io::Result<Socket> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = match part {
            Part::Caller(number) => format!("caller {number}\n"),
            Part::Callee(number) => format!("callee {number}\n"),
            Part::Publisher(number) => format!("publisher {number}\n"),
            Part::Subscriber(number) => format!("subscriber {number}\n"),
        };
        stream.write_all(name.as_bytes()).await?;
        stream.read_u8().await?;
        let length = ENVELOPE + payload;
        let mut frame = u32::try_from(length)
            .unwrap_or_default()
            .to_be_bytes()
            .to_vec();
        frame.resize(4 + length, b'x');
        let callee = matches!(part, Part::Callee(_));
        Ok(Socket::new(stream, Box::new(Self { callee, frame })))
    }
}

impl Protocol for Raw {
    fn call(&mut self, slot: usize, out: &mut Vec<u8>) {
        let begin = out.len() + 4;
        out.extend_from_slice(&self.frame);
        out[begin..begin + 4]
            .copy_from_slice(&u32::try_from(slot).unwrap_or_default().to_be_bytes());
    }

    fn publish(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.frame);
    }

    fn read(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        results: &mut Vec<usize>,
    ) -> io::Result<usize> {
        let length = self.frame.len();
        let frames = input.chunks_exact(length);
        let used = input.len() - frames.remainder().len();
        for frame in frames {
            if self.callee {
                out.extend_from_slice(frame);
            } else {
                let slot = frame[4..8]
                    .try_into()
                    .map(u32::from_be_bytes)
                    .unwrap_or_default();
                results.push(usize::try_from(slot).unwrap_or_default());
            }
        }
        Ok(used)
    }
}
