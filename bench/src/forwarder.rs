//! The bare forwarder: frames passed on with nothing decoded, on one thread.
//!
//! A connection begins with one line, `caller N`, `callee N`, `publisher N` or `subscriber N`. What a caller sends goes
//! to the callee of that number and back; what a publisher sends goes to every subscriber.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::rc::Rc;

use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

type Queues = Rc<RefCell<HashMap<String, Vec<mpsc::UnboundedSender<Bytes>>>>>;

/// Listens on a free port of the loopback interface, prints it, and serves until it is killed.
#[expect(clippy::print_stdout, reason = "tells the port to who started it")]
pub(crate) async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let queues = Queues::default();
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let queues = queues.clone();
        tokio::task::spawn_local(async move { serve(stream, queues).await });
    }
}

async fn serve(mut stream: TcpStream, queues: Queues) -> io::Result<()> {
    let mut name = String::new();
    loop {
        match stream.read_u8().await? {
            b'\n' => break,
            octet => name.push(char::from(octet)),
        }
    }
    let target = match name.split_once(' ') {
        Some(("caller", number)) => format!("callee {number}"),
        Some(("callee", number)) => format!("caller {number}"),
        Some(("publisher", number)) => format!("subscriber {number}"),
        _ => String::new(),
    };
    let (sender, mut receiver) = mpsc::unbounded_channel::<Bytes>();
    queues.borrow_mut().entry(name).or_default().push(sender);
    stream.write_u8(b'\n').await?;
    let (mut from, mut to) = stream.into_split();
    tokio::task::spawn_local(async move {
        while let Some(first) = receiver.recv().await {
            let mut batch = vec![first];
            while let Ok(more) = receiver.try_recv() {
                batch.push(more);
            }
            write_all(&mut to, &batch).await?;
        }
        io::Result::Ok(())
    });
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let octets = Bytes::copy_from_slice(&buffer[..count]);
        for queue in queues.borrow().get(&target).into_iter().flatten() {
            // A receiver that has gone takes nothing any more.
            let _ = queue.send(octets.clone());
        }
    }
}

async fn write_all(to: &mut tokio::net::tcp::OwnedWriteHalf, batch: &[Bytes]) -> io::Result<()> {
    match batch {
        [one] => to.write_all(one).await,
        many => to.write_all(&many.concat()).await,
    }
}
