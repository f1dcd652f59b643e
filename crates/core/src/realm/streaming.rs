//! Calls whose arguments come step by step (WAMP spec, "Progressive Call Invocations").

use crossbar_wire::{
    Call as CallMessage, CancelMode, Features, Invocation, Message, Role, SessionId,
};

use super::passthru::is_opaque;
use super::{Realm, send};
use crate::calls::{Call, CallKey, Chunk, Invoked, Kept, Stage};
use crate::refusal::Refusal;
use crate::validation::Checked;
use crate::{Outbox, uris};

/// What a CALL is that repeats the request id of a call in flight.
enum Repeat {
    /// More arguments for its callee.
    Chunk(SessionId, Invocation),
    /// More arguments, which wait with the first.
    Waiting,
    /// More arguments, which nobody wants any longer.
    Dropped,
    /// There is no room for what waits.
    NoRoom,
    /// The arguments do not fit.
    Unfit(Refusal),
    Violation(&'static str),
}

impl Realm {
    /// Takes a CALL that says `progress`, or whose request id is not beyond those of the progressive calls that its session
    /// has begun: it begins or continues one, or comes after the end of one and is dropped.
    pub(super) fn take_chunk(&mut self, from: SessionId, call: CallMessage, out: &mut Outbox) {
        let Some(session) = self.sessions.get_mut(from) else {
            return;
        };
        if !session.supports(Role::Caller, Features::PROGRESSIVE_CALL_INVOCATIONS) {
            let text = "CALL with \"progress\", which the session did not announce";
            self.violate(from, text, out);
            return;
        }
        match session.calls.get(&call.request).copied() {
            Some(key) => self.continue_call(from, key, call, out),
            None if session.begin_stream(call.request) => self.call(from, call, out),
            None => {} // the call is over, and its caller was or is about to be told
        }
    }

    fn continue_call(
        &mut self,
        from: SessionId,
        key: CallKey,
        message: CallMessage,
        out: &mut Outbox,
    ) {
        let room = self.calls.has_room(from, message.payload.len());
        let fits = self.calls.get(key).map_or(Ok(()), |call| {
            let passthru = message.passthru.as_deref();
            let validation = call.validation.as_ref();
            Self::validate(
                validation,
                Checked::CallProgress,
                &message.payload,
                passthru,
            )
        });
        let repeat = self
            .calls
            .change(key, |call| repeat(call, message, fits, room));
        match repeat {
            Some(Repeat::Chunk(callee, chunk)) => send(out, callee, Message::Invocation(chunk)),
            Some(Repeat::Violation(text)) => self.violate(from, text, out),
            Some(Repeat::NoRoom) => {
                let text = "too many arguments wait for callees";
                self.fail(key, Refusal::new(uris::MAX_CONCURRENCY_REACHED, text), out);
            }
            Some(Repeat::Unfit(refusal)) => {
                self.interrupt(key, CancelMode::KillNoWait, out);
                self.fail_unfit(from, key, refusal, out);
            }
            Some(Repeat::Waiting | Repeat::Dropped) | None => {}
        }
    }

    /// Sends the chunks that waited with the first one.
    pub(super) fn send_waiting(&mut self, key: CallKey, chunks: Vec<Chunk>, out: &mut Outbox) {
        for chunk in chunks {
            let next = self.calls.change(key, |call| match &mut call.stage {
                Stage::Invoked(Invoked { callee, kept, .. }) => {
                    let stream = kept.as_deref_mut().and_then(Kept::stream);
                    stream.map(|stream| (*callee, stream.next(chunk)))
                }
                Stage::Queued(_) => None,
            });
            if let Some((callee, invocation)) = next.flatten() {
                send(out, callee, Message::Invocation(invocation));
            }
        }
    }
}

/// Takes a CALL that repeats the request id of `call`. Of its options only `progress` counts.
fn repeat(call: &mut Call, message: CallMessage, fits: Result<(), Refusal>, room: bool) -> Repeat {
    if let Err(text) = check(call, &message) {
        return Repeat::Violation(text);
    }
    if call.killed {
        return Repeat::Dropped; // the callee was told to stop
    }
    if let Err(refusal) = fits {
        return Repeat::Unfit(refusal);
    }
    let chunk = Chunk {
        last: message.progress != Some(true),
        payload: message.payload,
    };
    match &mut call.stage {
        Stage::Queued(queued) => {
            if room && queued.push(chunk) {
                Repeat::Waiting
            } else {
                Repeat::NoRoom
            }
        }
        Stage::Invoked(Invoked { callee, kept, .. }) => {
            match kept.as_deref_mut().and_then(Kept::stream) {
                Some(stream) => Repeat::Chunk(*callee, stream.next(chunk)),
                None => Repeat::Dropped,
            }
        }
    }
}

/// Checks that a CALL continues the one whose request id it repeats.
fn check(call: &Call, message: &CallMessage) -> Result<(), &'static str> {
    let (procedure, passthru, open) = match &call.stage {
        Stage::Queued(queued) => {
            let first = &queued.order.call;
            (
                &first.procedure,
                first.passthru.as_deref(),
                queued.is_open(),
            )
        }
        Stage::Invoked(invoked) => match invoked.kept.as_deref() {
            Some(Kept::Stream(stream)) => {
                let passthru = stream.template.passthru.as_deref();
                (&stream.procedure, passthru, stream.open)
            }
            Some(Kept::Rerouting(_)) | None => return Err(COMPLETE),
        },
    };
    if !open {
        return Err(COMPLETE);
    }
    if *procedure != message.procedure {
        return Err("CALL that continues a progressive call with another procedure");
    }
    if is_opaque(passthru) != is_opaque(message.passthru.as_deref()) {
        return Err("CALL that continues a progressive call with another form of arguments");
    }
    Ok(())
}

const COMPLETE: &str = "CALL that repeats the request id of a call whose arguments are complete";
