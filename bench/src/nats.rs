//! Speaks to a NATS server, the measure from another field: request and reply, publish and subscribe.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::socket::{Protocol, Socket};
use crate::speaker::Part;

pub(crate) struct Nats {
    callee: bool,
    /// Where replies to this connection go; the slot follows.
    inbox: String,
    subject: String,
    payload: Vec<u8>,
}

impl Nats {
    pub(crate) async fn open(address: &str, part: Part, payload: usize) -> io::Result<Socket> {
        let mut stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let port = stream.local_addr()?.port();
        let inbox = format!("inbox.{port}.");
        let subscription = match part {
            Part::Caller(_) => format!("SUB {inbox}* 1\r\n"),
            Part::Callee(number) => format!("SUB call.{number} 1\r\n"),
            Part::Publisher(_) => String::new(),
            Part::Subscriber(number) => format!("SUB topic.{number} 1\r\n"),
        };
        let subject = match part {
            Part::Caller(number) | Part::Callee(number) => format!("call.{number}"),
            Part::Publisher(number) | Part::Subscriber(number) => format!("topic.{number}"),
        };
        let opening =
            format!("CONNECT {{\"verbose\":false,\"pedantic\":false}}\r\n{subscription}PING\r\n");
        stream.write_all(opening.as_bytes()).await?;
        let mut greeting = Vec::new();
        while !greeting.ends_with(b"PONG\r\n") {
            greeting.push(stream.read_u8().await?);
        }
        let callee = matches!(part, Part::Callee(_));
        let payload = vec![b'x'; payload];
        let nats = Self {
            callee,
            inbox,
            subject,
            payload,
        };
        Ok(Socket::new(stream, Box::new(nats)))
    }

    fn put(&self, header: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(header.as_bytes());
        out.extend_from_slice(&self.payload);
        out.extend_from_slice(b"\r\n");
    }
}

impl Protocol for Nats {
    fn call(&mut self, slot: usize, out: &mut Vec<u8>) {
        let header = format!(
            "PUB {} {}{slot} {}\r\n",
            self.subject,
            self.inbox,
            self.payload.len()
        );
        self.put(&header, out);
    }

    fn publish(&mut self, out: &mut Vec<u8>) {
        let header = format!("PUB {} {}\r\n", self.subject, self.payload.len());
        self.put(&header, out);
    }

    fn read(
        &mut self,
        input: &[u8],
        out: &mut Vec<u8>,
        results: &mut Vec<usize>,
    ) -> io::Result<usize> {
        let mut used = 0;
        while let Some(end) = input[used..].iter().position(|&octet| octet == b'\n') {
            let line = std::str::from_utf8(&input[used..used + end])
                .map_err(|_| io::ErrorKind::InvalidData)?
                .trim_end();
            let body = used + end + 1;
            if line == "PING" {
                out.extend_from_slice(b"PONG\r\n");
                used = body;
                continue;
            }
            // MSG subject sid [reply] length
            let words: Vec<&str> = line.split(' ').collect();
            let ["MSG", subject, _, .., length] = words[..] else {
                used = body;
                continue;
            };
            let length: usize = length.parse().map_err(|_| io::ErrorKind::InvalidData)?;
            let next = body + length + 2;
            if input.len() < next {
                break;
            }
            if let (true, [_, _, _, reply, _]) = (self.callee, &words[..]) {
                let header = format!("PUB {reply} {length}\r\n");
                self.put(&header, out);
            } else {
                let slot = subject
                    .rsplit('.')
                    .next()
                    .and_then(|slot| slot.parse().ok());
                results.push(slot.unwrap_or_default());
            }
            used = next;
        }
        Ok(used)
    }
}
