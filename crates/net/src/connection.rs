//! One connection, from its transport's handshake on.

use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use crossbar_core::Transport;
use crossbar_wire::rawsocket::{FrameHeader, FrameKind};
use crossbar_wire::websocket::{self, CloseCode, CloseFrame, Opcode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tracing::debug;

use crate::clock::{Clock, Due};
use crate::driver::wake;
use crate::framing::{Framing, Stage};
use crate::inlet::{Fault, Inbound, Inlet};
use crate::keepalive::{KeepAlive, Tick};
use crate::manners::{Farewell, Going, Gone, Life, Manners};
use crate::outlet::{Ending, Outlet};
use crate::sending::Sending;
use crate::session::{Change, LONGEST_OPENING, Session, Work};

/// A connection that speaks WAMP. One poll reads what has come, hands it to the realm and writes what waits; while
/// nothing moves, it holds no buffer.
pub(crate) struct Connection<S> {
    stream: S,
    inlet: Inlet,
    sending: Sending,
    session: Session,
    life: Life,
    clock: Clock,
    keep_alive: Option<Box<KeepAlive>>,
    manners: Manners,
    /// What was read while it is decided about the client, in octets.
    ahead: usize,
}

/// The parts of a connection.
pub(crate) struct Parts<S> {
    /// The socket, after the transport's handshake.
    pub(crate) stream: S,
    /// The receiving side.
    pub(crate) inlet: Inlet,
    /// The sending side.
    pub(crate) outlet: Arc<Outlet>,
    /// How the outlet stores messages.
    pub(crate) framing: Framing,
    /// Makes frames of what the outlet stores, if it is staged.
    pub(crate) stage: Option<Box<Stage>>,
    /// What messages do.
    pub(crate) session: Session,
    /// Pings, if configured.
    pub(crate) keep_alive: Option<Box<KeepAlive>>,
    /// How it ends.
    pub(crate) manners: Manners,
}

struct Scratch {
    input: Vec<u8>,
    work: Work,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch {
        input: vec![0; READ],
        work: Work::default(),
    });
}

/// The most that one read brings, in octets.
const READ: usize = 64 * 1024;
/// How much is read while it is decided about a client, in octets.
const AHEAD: usize = READ;
/// How many reads a poll makes at most, so that others get their turn.
const READS: usize = 4;

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    /// Starts to serve. `early` is what came after the handshake in the same read.
    pub(crate) fn new(parts: Parts<S>, early: &[u8]) -> Self {
        let mut connection = Self {
            clock: Clock::new(Due::Hello, parts.manners.hello),
            stream: parts.stream,
            inlet: parts.inlet,
            sending: Sending::new(parts.outlet, parts.framing, parts.stage),
            session: parts.session,
            life: Life::Live,
            keep_alive: parts.keep_alive,
            manners: parts.manners,
            ahead: 0,
        };
        connection.inlet.confine(LONGEST_OPENING);
        if !early.is_empty() {
            connection.inlet.feed(early);
        }
        connection
    }

    fn turn(&mut self, context: &mut Context<'_>) -> Going {
        if let Some(ending) = self.sending.outlet.awake() {
            self.ending(ending)?;
        }
        SCRATCH.with_borrow_mut(|scratch| {
            let read = self.read(scratch, context);
            wake(&mut scratch.work.wakes);
            read
        })?;
        self.write(context)?;
        self.mind_clock(context)
    }

    /// Reads and takes what has come.
    fn read(&mut self, scratch: &mut Scratch, context: &mut Context<'_>) -> Going {
        self.consume(&mut scratch.work)?;
        for _ in 0..READS {
            if self.session.is_deciding() {
                self.decide(&mut scratch.work, context)?;
                if self.session.is_deciding() {
                    return self.listen(scratch, context);
                }
                self.ahead = 0;
                self.consume(&mut scratch.work)?;
                continue;
            }
            if self.session.is_over_rate() {
                if self.session.poll_pace(context).is_pending() {
                    return Ok(());
                }
                self.consume(&mut scratch.work)?;
                continue;
            }
            if self.inlet.is_paused() {
                break;
            }
            let mut buffer = ReadBuf::new(&mut scratch.input);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(error)) => return Err(Gone::lost(&error)),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return self.end_of_input(),
                Poll::Ready(Ok(())) => {
                    // A fault is told once; what follows it is read, so that the peer can read that.
                    if self.life != Life::Live && matches!(self.inlet, Inlet::Raw(_)) {
                        continue;
                    }
                    self.inlet.feed(buffer.filled());
                    self.consume(&mut scratch.work)?;
                }
            }
        }
        context.waker().wake_by_ref();
        Ok(())
    }

    /// Reads on while it is decided about the client, though nothing is taken, so as to notice that it goes: nobody else is then
    /// kept from what it occupies. Who goes before its refusal comes does not get out of waiting for that.
    fn listen(&mut self, scratch: &mut Scratch, context: &mut Context<'_>) -> Going {
        while self.ahead < AHEAD && self.session.is_dispensable() {
            let mut buffer = ReadBuf::new(&mut scratch.input);
            match Pin::new(&mut self.stream).poll_read(context, &mut buffer) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(error)) => return Err(Gone::lost(&error)),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return self.end_of_input(),
                Poll::Ready(Ok(())) => {
                    self.ahead += buffer.filled().len();
                    self.inlet.feed(buffer.filled());
                }
            }
        }
        Ok(())
    }

    /// Takes the frames that are there whole.
    fn consume(&mut self, work: &mut Work) -> Going {
        while !self.session.is_deciding() && !self.session.is_over_rate() {
            match self.inlet.next() {
                Ok(None) => break,
                Ok(Some(inbound)) => self.take(inbound, work)?,
                Err(fault) => {
                    self.fault(&fault, work)?;
                    break;
                }
            }
        }
        self.session.flush(work);
        Ok(())
    }

    fn take(&mut self, inbound: Inbound, work: &mut Work) -> Going {
        if self.life != Life::Live {
            return match inbound {
                Inbound::Close(_) if self.life == Life::Lingering => Err(Gone),
                Inbound::Close(_) => {
                    self.life = Life::Flushing(Farewell::Drop);
                    Ok(())
                }
                Inbound::Message(_) | Inbound::Ping(_) | Inbound::Pong(_) => Ok(()),
            };
        }
        if let Some(keep_alive) = &mut self.keep_alive {
            keep_alive.heard();
        }
        match inbound {
            Inbound::Message(body) => {
                let change = self.session.take(&body, work);
                self.heed(change)?;
            }
            Inbound::Ping(payload) => {
                let change = self.session.note_control(payload.len(), work);
                self.heed(change)?;
                self.pong(&payload)?;
            }
            Inbound::Pong(payload) => match &mut self.keep_alive {
                Some(keep_alive) => keep_alive.answered(&payload),
                // Nobody asked for it.
                None => {
                    let change = self.session.note_control(payload.len(), work);
                    self.heed(change)?;
                }
            },
            Inbound::Close(frame) => self.closed_by_peer(frame)?,
        }
        Ok(())
    }

    /// Goes on once it is known what follows a message.
    fn decide(&mut self, work: &mut Work, context: &mut Context<'_>) -> Going {
        match self.session.poll_decided(context, work) {
            Poll::Pending => Ok(()),
            Poll::Ready(change) => self.heed(change),
        }
    }

    fn heed(&mut self, change: Change) -> Going {
        match change {
            Change::None => {}
            Change::Opened => self.opened(),
            Change::Goodbye => {
                if let Some(ending) = self.sending.outlet.awake() {
                    self.ending(ending)?;
                }
            }
            Change::Refused => self.close(CloseCode::NORMAL, "")?,
            Change::Violation(what) => self.close(CloseCode::PROTOCOL_ERROR, &what)?,
        }
        Ok(())
    }

    fn opened(&mut self) {
        self.inlet.release();
        match &self.keep_alive {
            Some(keep_alive) => self.clock.set(Due::Ping, keep_alive.interval()),
            None => self.clock.clear(),
        }
    }

    /// Answers a breach of the transport's rules.
    fn fault(&mut self, fault: &Fault, work: &mut Work) -> Going {
        if self.life != Life::Live {
            return Ok(());
        }
        if self.manners.fail_by_drop && !matches!(self.inlet, Inlet::Raw(_)) {
            debug!(what = fault.text, "connection dropped");
            return Err(Gone);
        }
        self.session.violate(&fault.text, work);
        self.close(fault.code, &fault.text)
    }

    fn ending(&mut self, ending: Ending) -> Going {
        match ending {
            Ending::Session {
                transport,
                violation,
            } => {
                if violation && self.life == Life::Live {
                    self.session.note_violation("told in the ABORT");
                }
                self.session.ended(transport);
                match transport {
                    Transport::Keep if self.session.is_last() => {
                        self.close(CloseCode::GOING_AWAY, "shutting down")
                    }
                    Transport::Keep => {
                        self.inlet.confine(LONGEST_OPENING);
                        self.clock.set(Due::Hello, AFTER_GOODBYE);
                        Ok(())
                    }
                    Transport::Close if violation => {
                        self.close(CloseCode::PROTOCOL_ERROR, "protocol violation")
                    }
                    Transport::Close => self.close(CloseCode::NORMAL, ""),
                }
            }
            Ending::Stop => {
                self.session.leave();
                self.close(CloseCode::GOING_AWAY, "shutting down")
            }
            Ending::Overflow => {
                self.session.ended(Transport::Close);
                Err(Gone)
            }
        }
    }

    /// Closes the connection once what is queued is written.
    fn close(&mut self, code: CloseCode, reason: &str) -> Going {
        if self.life != Life::Live {
            return Ok(());
        }
        let farewell = match self.inlet {
            Inlet::Raw(_) => Farewell::Shutdown,
            Inlet::Web(..) | Inlet::Batched(_) => {
                let mut frame = Vec::new();
                websocket::put_close(&mut frame, Some(code), reason, None);
                self.sending.push_frame(&frame)?;
                Farewell::AwaitClose
            }
        };
        self.life = Life::Flushing(farewell);
        self.clock.set(Due::Close, self.manners.close);
        Ok(())
    }

    fn closed_by_peer(&mut self, frame: Option<CloseFrame>) -> Going {
        self.session.leave();
        let mut reply = Vec::new();
        match frame {
            Some(frame) if self.manners.echo_close => {
                websocket::put_close(&mut reply, Some(frame.code), &frame.reason, None);
            }
            Some(_) | None => websocket::put_close(&mut reply, Some(CloseCode::NORMAL), "", None),
        }
        self.sending.push_frame(&reply)?;
        self.life = Life::Flushing(Farewell::Drop);
        self.clock.set(Due::Close, self.manners.close);
        Ok(())
    }

    /// The peer sends no more. What it has coming is still written.
    fn end_of_input(&mut self) -> Going {
        if self.life == Life::Lingering {
            return Err(Gone);
        }
        self.session.leave();
        self.life = Life::Flushing(Farewell::Drop);
        self.clock.set(Due::Close, self.manners.close);
        Ok(())
    }

    fn pong(&self, payload: &[u8]) -> Going {
        let mut frame = Vec::new();
        match self.inlet {
            Inlet::Raw(_) => {
                if let Ok(header) = FrameHeader::new(FrameKind::Pong, payload.len()) {
                    frame.extend_from_slice(&header.octets());
                    frame.extend_from_slice(payload);
                }
            }
            Inlet::Web(..) | Inlet::Batched(_) => {
                websocket::put_control(&mut frame, Opcode::Pong, payload, None);
            }
        }
        self.sending.push_frame(&frame)
    }

    /// Writes what waits, until nothing does or the socket takes no more.
    fn write(&mut self, context: &mut Context<'_>) -> Going {
        loop {
            let separator = self.inlet.separator();
            let sent = (self.sending).poll(&mut self.stream, separator, &self.session, context);
            match sent {
                Poll::Pending => return Ok(()),
                Poll::Ready(Ok(Some(ending))) => self.ending(ending)?,
                Poll::Ready(Ok(None)) => return self.written(context),
                Poll::Ready(Err(error)) => return Err(Gone::lost(&error)),
            }
        }
    }

    /// All is written.
    fn written(&mut self, context: &mut Context<'_>) -> Going {
        match self.life {
            Life::Live | Life::Lingering => Ok(()),
            Life::Flushing(Farewell::Drop) => {
                let _ = Pin::new(&mut self.stream).poll_shutdown(context);
                Err(Gone)
            }
            Life::Flushing(farewell) => {
                if farewell == Farewell::Shutdown {
                    let _ = Pin::new(&mut self.stream).poll_shutdown(context);
                }
                self.life = Life::Lingering;
                Ok(())
            }
        }
    }

    fn mind_clock(&mut self, context: &mut Context<'_>) -> Going {
        while let Poll::Ready(due) = self.clock.poll(context) {
            match due {
                // The client's time is its own: it does not pay for what the router, or an authenticator, takes.
                Due::Hello if self.session.is_deciding() => {
                    self.clock.set(Due::Hello, self.manners.hello);
                }
                Due::Hello if self.life == Life::Live => {
                    self.session.time_out();
                    self.close(CloseCode::POLICY_VIOLATION, "no session was opened in time")?;
                    context.waker().wake_by_ref();
                }
                Due::Hello | Due::Close => return Err(Gone),
                Due::Ping => self.tick(context)?,
            }
        }
        Ok(())
    }

    fn tick(&mut self, context: &Context<'_>) -> Going {
        let Some(keep_alive) = &mut self.keep_alive else {
            return Ok(());
        };
        if self.session.is_over_rate() {
            keep_alive.excuse(); // its pongs wait to be read
        }
        match keep_alive.tick() {
            Tick::Wait(time) => self.clock.set(Due::Ping, time),
            Tick::Ping(frame, time) => {
                self.clock.set(Due::Ping, time);
                self.sending.push_frame(&frame)?;
                context.waker().wake_by_ref();
            }
            Tick::Dead => {
                debug!("connection dropped: a ping was not answered in time");
                return Err(Gone);
            }
        }
        Ok(())
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Future for Connection<S> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        match self.get_mut().turn(context) {
            Ok(()) => Poll::Pending,
            Err(Gone) => Poll::Ready(()),
        }
    }
}

/// How long a connection may go on without a session after GOODBYE. The client closes it, or opens another session.
const AFTER_GOODBYE: Duration = Duration::from_secs(60);
