//! Carries out what a realm commands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::task::Waker;
use std::time::Instant;

use bytes::Bytes;
use crossbar_core::{
    Command, Join, Limit, Outbox, Realm, SessionTraffic, StatisticsRule, Transport, Undecided,
    Undeliverable,
};
use crossbar_wire::{Abort, Event, Format, Message, Payload, SessionId, Text};
use foldhash::fast::RandomState;
use tracing::{debug, warn};

use crate::asking::{Asked, Desk, NO_REALM};
use crate::framing::Framing;
use crate::large::{LARGE, Large, SLOTS, payload_length, slot};
use crate::meter::Meter;
use crate::outlet::{Ending, Outlet, Rejection};
use crate::statistics::Counters;
use crate::throttle::Throttle;

/// A realm and the outlets of its sessions. Each method leaves the outbox empty: what the realm commanded is done.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) realm: Realm,
    seats: HashMap<SessionId, Seat, RandomState>,
    outbox: Outbox,
    encoder: Encoder,
    /// The tasks that have something to write.
    pub(crate) wakes: Vec<Waker>,
    /// The session that was last told that it broke the protocol.
    violator: Option<SessionId>,
    counters: Arc<Counters>,
    metering: Option<Metering>,
    /// Where the router itself asks, once it has.
    desk: Option<Desk>,
    /// What has been logged lately of the authorizer of each role.
    undecided: BTreeMap<Text, Throttle>,
}

/// Where what is for a session goes.
#[derive(Debug)]
struct Seat {
    outlet: Arc<Outlet>,
    meter: Option<Box<Meter>>,
}

/// What is to be told of the traffic of sessions.
#[derive(Debug)]
struct Metering {
    rule: StatisticsRule,
    /// The sessions that something was counted for.
    touched: Vec<SessionId>,
    /// What was counted for sessions that have begun or ended.
    told: Vec<SessionTraffic>,
}

/// From how many octets of payload an event is shared by its receivers' outlets rather than copied into each.
const SHARED: usize = 2048;

/// The reason of the ABORT for a peer that broke the protocol.
pub(crate) const PROTOCOL_VIOLATION: &str = "wamp.error.protocol_violation";

impl Delivery {
    pub(crate) fn new(
        realm: Realm,
        counters: Arc<Counters>,
        statistics: Option<StatisticsRule>,
    ) -> Self {
        Self {
            realm,
            seats: HashMap::default(),
            outbox: Outbox::new(),
            encoder: Encoder::default(),
            wakes: Vec::new(),
            violator: None,
            counters,
            metering: statistics.map(|rule| Metering {
                rule,
                touched: Vec::new(),
                told: Vec::new(),
            }),
            desk: None,
            undecided: BTreeMap::new(),
        }
    }

    /// Gives how many sessions are open.
    pub(crate) fn sessions(&self) -> usize {
        self.seats.len()
    }

    /// Opens a session whose messages go to `outlet`.
    ///
    /// # Errors
    /// Gives the ABORT to send instead.
    pub(crate) fn join(&mut self, join: Join, outlet: &Arc<Outlet>) -> Result<(), Box<Abort>> {
        let session = join.session;
        let now = Instant::now();
        let mut meter = self.metering.as_ref().map(|metering| {
            let meter = Meter::new(metering.rule, &join, outlet.format, now);
            Box::new(meter)
        });
        self.realm
            .join(join, now, &mut self.outbox)
            .map_err(Box::new)?;
        if let (Some(metering), Some(meter)) = (&mut self.metering, &mut meter) {
            metering.told.extend(meter.begin(now));
        }
        let outlet = Arc::clone(outlet);
        self.seats.insert(session, Seat { outlet, meter });
        self.dispatch();
        Ok(())
    }

    /// Hands in a message.
    pub(crate) fn handle(&mut self, from: SessionId, message: Message, now: Instant) {
        self.realm.handle(from, message, now, &mut self.outbox);
        self.dispatch();
    }

    /// Ends a session whose connection is gone.
    pub(crate) fn leave(&mut self, session: SessionId) {
        self.vacate(session);
        self.act(|realm, outbox| realm.leave(session, Instant::now(), outbox));
    }

    /// Ends all sessions, and their connections.
    pub(crate) fn stop(&mut self) {
        for (session, seat) in std::mem::take(&mut self.seats) {
            self.act(|realm, outbox| realm.leave(session, Instant::now(), outbox));
            seat.outlet.end(Ending::Stop, &mut self.wakes);
        }
    }

    /// Calls a procedure for the router itself; `session` is its session's id if it has none yet.
    ///
    /// # Errors
    /// Says why not.
    pub(crate) fn ask(
        &mut self,
        session: SessionId,
        procedure: Text,
        payload: Payload,
    ) -> Result<Asked, &'static str> {
        let now = Instant::now();
        if self.desk.is_none() {
            let (desk, join) = Desk::new(session, self.realm.name().clone());
            let joined = self.realm.join(join, now, &mut self.outbox);
            joined.map_err(|_| NO_REALM)?;
            self.desk = Some(desk);
            self.dispatch();
        }
        let desk = self.desk.as_mut().ok_or(NO_REALM)?;
        let (call, asked) = desk.ask(procedure, payload)?;
        self.handle(asked.desk, call, now);
        Ok(asked)
    }

    /// Ends the call of a question that nobody wants to be answered any more. Another desk has other questions by the same ids.
    pub(crate) fn give_up(&mut self, asked: &Asked) {
        if let Some(desk) = &mut self.desk
            && desk.session == asked.desk
            && let Some(cancel) = desk.give_up(asked.request)
        {
            let from = desk.session;
            self.handle(from, cancel, Instant::now());
        }
    }

    /// Takes a message for the router's own session.
    fn tell_desk(&mut self, to: SessionId, message: Message) {
        let over = match &mut self.desk {
            Some(desk) if desk.session == to => desk.take(message),
            Some(_) | None => return,
        };
        if over {
            self.desk = None;
            self.realm.leave(to, Instant::now(), &mut self.outbox);
        }
    }

    /// Lets the realm do something.
    pub(crate) fn act(&mut self, act: impl FnOnce(&mut Realm, &mut Outbox)) {
        act(&mut self.realm, &mut self.outbox);
        self.dispatch();
    }

    /// Counts messages of a client, by their lengths in octets.
    pub(crate) fn received(&mut self, from: SessionId, lengths: &mut Vec<usize>) {
        let meter = self.seats.get_mut(&from).and_then(|s| s.meter.as_mut());
        if let (Some(metering), Some(meter)) = (&mut self.metering, meter) {
            for length in lengths.drain(..) {
                meter.received(length);
            }
            metering.touched.push(from);
        }
        lengths.clear();
    }

    /// Publishes what was counted, where a cycle is over. What that itself makes to be counted waits for the next time.
    pub(crate) fn tell_traffic(&mut self) {
        let Some(metering) = &mut self.metering else {
            return;
        };
        if metering.touched.is_empty() && metering.told.is_empty() {
            return;
        }
        let now = Instant::now();
        let mut told = std::mem::take(&mut metering.told);
        for session in metering.touched.drain(..) {
            let meter = self.seats.get_mut(&session).and_then(|s| s.meter.as_mut());
            told.extend(meter.and_then(|meter| meter.turn(now)));
        }
        for traffic in told {
            self.act(|realm, outbox| realm.publish_traffic(&traffic, now, outbox));
        }
    }

    fn dispatch(&mut self) {
        while let Some(command) = self.outbox.pop_front() {
            match command {
                Command::Send { to, message } => self.send(to, message),
                Command::Publish { to, event } => self.publish(&to, event),
                Command::End { session, transport } => self.end(session, transport),
                Command::Limited { session, limit } => self.limited(session, limit),
                Command::Undecided(undecided) => self.undecided(&undecided),
                Command::Unfit { session, why } => self.unfit(session, &why),
            }
        }
    }

    fn send(&mut self, to: SessionId, message: Message) {
        let Some(seat) = self.seats.get_mut(&to) else {
            self.tell_desk(to, message);
            return;
        };
        let outlet = &seat.outlet;
        if payload_length(&message) >= LARGE {
            let large = Arc::new(Large::new(message));
            match outlet.push_large(Arc::clone(&large), &mut self.wakes) {
                Ok(()) => seat.count(to, large.payload_length(), &mut self.metering),
                Err(rejection) => self.reject(to, &large.message, rejection),
            }
            return;
        }
        if let Message::Abort(abort) = &message
            && abort.reason == PROTOCOL_VIOLATION
        {
            self.violator = Some(to);
        }
        self.encoder.begin();
        let queued = match self.encoder.body(&message, outlet.format) {
            Some(body) => {
                (outlet.push(body, outlet.room(&message), &mut self.wakes)).map(|()| body.len())
            }
            None => Err(Rejection::Undeliverable(Undeliverable::Unrepresentable)),
        };
        match queued {
            Ok(octets) => seat.count(to, octets, &mut self.metering),
            Err(rejection) => self.reject(to, &message, rejection),
        }
    }

    /// Queues one event for all its receivers, encoded once for each serializer among them.
    fn publish(&mut self, to: &[SessionId], event: Event) {
        let message = Message::Event(event);
        let length = payload_length(&message);
        let large = (length >= LARGE).then(|| Arc::new(Large::new(message.clone())));
        let shared = length >= SHARED && to.len() > 1;
        self.encoder.begin();
        for &session in to {
            let Some(seat) = self.seats.get_mut(&session) else {
                continue;
            };
            let outlet = &seat.outlet;
            let queued = match &large {
                Some(large) => outlet
                    .push_large(Arc::clone(large), &mut self.wakes)
                    .map(|()| length),
                None if shared && outlet.framing() != Framing::Staged => {
                    match self.encoder.frame(&message, outlet) {
                        Some((frame, octets)) => outlet
                            .push_shared(frame, octets, &mut self.wakes)
                            .map(|()| octets),
                        None => Err(Rejection::Undeliverable(Undeliverable::Unrepresentable)),
                    }
                }
                None => match self.encoder.body(&message, outlet.format) {
                    Some(body) => (outlet.push(body, outlet.room(&message), &mut self.wakes))
                        .map(|()| body.len()),
                    None => Err(Rejection::Undeliverable(Undeliverable::Unrepresentable)),
                },
            };
            match queued {
                Ok(octets) => seat.count(session, octets, &mut self.metering),
                Err(rejection) => self.reject(session, &message, rejection),
            }
        }
    }

    fn end(&mut self, session: SessionId, transport: Transport) {
        let violation = self.violator.take() == Some(session);
        debug!(%session, "session ended");
        if let Some(outlet) = self.vacate(session) {
            let ending = Ending::Session {
                transport,
                violation,
            };
            outlet.end(ending, &mut self.wakes);
        }
    }

    /// Takes note that a session wanted more than it may have.
    fn limited(&self, session: SessionId, limit: Limit) {
        Counters::add(&self.counters.limited, 1);
        if let Some(hidden) = self.counters.told.limited.due() {
            let (who, transport) = self.realm.describe(session).unzip();
            let role = who.and_then(|who| who.authrole);
            let peer = transport.flatten().and_then(|transport| transport.peer);
            warn!(realm = %self.realm.name(), %session, role = ?role.as_deref(), ?peer, limit = limit.name(), hidden, "a session was refused more than it may have");
        }
    }

    /// Tells the operator that an authorizer does not do what it is there for.
    #[cold]
    fn undecided(&mut self, undecided: &Undecided) {
        let Undecided {
            session,
            role,
            procedure,
            why,
        } = undecided;
        let told = self.undecided.entry(role.clone()).or_default();
        if let Some(hidden) = told.due() {
            warn!(realm = %self.realm.name(), %role, %procedure, %why, %session, hidden, "an authorizer did not decide: the request is refused");
        }
    }

    fn unfit(&self, session: SessionId, why: &str) {
        Counters::add(&self.counters.unfit, 1);
        if let Some(hidden) = self.counters.told.unfit.due() {
            let who = self.realm.describe(session).map(|(who, _)| who);
            let role = who.and_then(|who| who.authrole);
            warn!(realm = %self.realm.name(), %session, role = ?role.as_deref(), why, hidden, "a session sent arguments that do not fit");
        }
    }

    /// Takes a session's outlet away.
    fn vacate(&mut self, session: SessionId) -> Option<Arc<Outlet>> {
        let seat = self.seats.remove(&session)?;
        if let (Some(metering), Some(meter)) = (&mut self.metering, seat.meter) {
            metering.told.extend(meter.end(Instant::now()));
        }
        Some(seat.outlet)
    }

    fn reject(&mut self, to: SessionId, message: &Message, rejection: Rejection) {
        let is_event = matches!(message, Message::Event(_));
        match rejection {
            Rejection::Undeliverable(_) | Rejection::Full { drop_events: true } if is_event => {
                Counters::add(&self.counters.events_dropped, 1);
            }
            Rejection::Undeliverable(_) if matches!(message, Message::Welcome(_)) => {
                warn!(session = %to, "session closed: its client takes no message as long as WELCOME");
                self.close(
                    to,
                    Ending::Session {
                        transport: Transport::Close,
                        violation: false,
                    },
                );
            }
            Rejection::Undeliverable(why) => {
                Counters::add(&self.counters.undeliverable, 1);
                self.realm.undeliverable(to, message, why, &mut self.outbox);
            }
            Rejection::Full { .. } if self.is_spared(to, message) => {
                Counters::add(&self.counters.undeliverable, 1);
                if let Some(hidden) = self.counters.told.busy.due() {
                    warn!(realm = %self.realm.name(), session = %to, hidden, "a callee does not read what waits for it: its callers get errors");
                }
                let why = Undeliverable::Full;
                self.realm.undeliverable(to, message, why, &mut self.outbox);
            }
            Rejection::Full { .. } => {
                warn!(session = %to, "session closed: too much waits for it to read");
                Counters::add(&self.counters.sessions_overflowed, 1);
                self.close(to, Ending::Overflow);
            }
        }
    }

    /// Says whether a session stays although there is no room for a message: others have caused it, and it is given time to read.
    fn is_spared(&self, to: SessionId, message: &Message) -> bool {
        matches!(message, Message::Invocation(_) | Message::Interrupt(_))
            && (self.seats.get(&to)).is_some_and(|seat| !seat.outlet.is_stuck())
    }

    fn close(&mut self, session: SessionId, ending: Ending) {
        if let Some(outlet) = self.vacate(session) {
            outlet.end(ending, &mut self.wakes);
        }
        self.realm.leave(session, Instant::now(), &mut self.outbox);
    }
}

impl Seat {
    /// Counts a message to the session, if that is to be told.
    fn count(&mut self, session: SessionId, octets: usize, metering: &mut Option<Metering>) {
        if let (Some(meter), Some(metering)) = (&mut self.meter, metering) {
            meter.sent(octets);
            metering.touched.push(session);
        }
    }
}

/// Encodes one message at a time, once for each serializer, into buffers that stay.
#[derive(Debug, Default)]
struct Encoder {
    bodies: [Vec<u8>; SLOTS],
    /// Whether the body of that serializer is there (true) or cannot be (false).
    states: [Option<bool>; SLOTS],
    /// The body in a frame of its own, by framing and serializer.
    frames: [[Option<Bytes>; SLOTS]; 2],
    /// Whether there is such a frame.
    framed: bool,
}

impl Encoder {
    /// Forgets the last message.
    fn begin(&mut self) {
        self.states = [None; SLOTS];
        if self.framed {
            self.frames = Default::default();
            self.framed = false;
        }
    }

    /// Gives the frame that carries a message to an outlet, the same for all alike, and the length of the message in it.
    fn frame(&mut self, message: &Message, outlet: &Outlet) -> Option<(Bytes, usize)> {
        let (format, framing) = (outlet.format, outlet.framing());
        self.body(message, format)?;
        let body = &self.bodies[slot(format)];
        let kind = usize::from(framing == Framing::WebSocket);
        let frame = self.frames[kind][slot(format)].get_or_insert_with(|| {
            let mut frame = Vec::with_capacity(body.len() + 16);
            framing.put(format, body, &mut frame);
            Bytes::from(frame)
        });
        self.framed = true;
        Some((frame.clone(), body.len()))
    }

    /// Gives the octets of a message, the same since the last [`Encoder::begin`]; none if there can be none.
    fn body(&mut self, message: &Message, format: Format) -> Option<&[u8]> {
        let slot = slot(format);
        let body = &mut self.bodies[slot];
        let there = *self.states[slot].get_or_insert_with(|| {
            body.clear();
            message.encode(format, body).is_ok()
        });
        there.then_some(body)
    }
}
