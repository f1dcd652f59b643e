use crate::{
    Payload, PublicationId, RegistrationId, RequestId, Roles, SessionId, SubscriptionId, Text,
    Value,
};

/// A WAMP message (WAMP spec, "Messages"). The names are the specification's.
///
/// Options and details hold what this implementation understands; unknown keys are skipped. `None` means that the
/// key was absent (or null, which some clients send for "unset"). URIs are text as it came: the one who routes
/// checks them, since a bad URI is answered and not a fault of the frame.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// 1
    Hello(Box<Hello>),
    /// 2
    Welcome(Box<Welcome>),
    /// 3
    Abort(Box<Abort>),
    /// 4
    Challenge(Box<Challenge>),
    /// 5
    Authenticate(Box<Authenticate>),
    /// 6
    Goodbye(Box<Goodbye>),
    /// 8
    Error(Error),
    /// 16
    Publish(Publish),
    /// 17
    Published(Published),
    /// 32
    Subscribe(Subscribe),
    /// 33
    Subscribed(Subscribed),
    /// 34
    Unsubscribe(Unsubscribe),
    /// 35
    Unsubscribed(Unsubscribed),
    /// 36
    Event(Event),
    /// 337
    EventReceived(EventReceived),
    /// 48
    Call(Call),
    /// 49
    Cancel(Cancel),
    /// 50
    Result(CallResult),
    /// 64
    Register(Register),
    /// 65
    Registered(Registered),
    /// 66
    Unregister(Unregister),
    /// 67
    Unregistered(Unregistered),
    /// 68
    Invocation(Invocation),
    /// 69
    Interrupt(Interrupt),
    /// 70
    Yield(Yield),
}

/// `[HELLO, Realm, Details]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hello {
    /// The realm to join; absent if the authenticator is to assign it.
    pub realm: Option<Text>,
    /// `details.roles`
    pub roles: Roles,
    /// `details.agent`
    pub agent: Option<Text>,
    /// `details.authmethods`, in the client's order; absent, null and empty all read as empty.
    pub authmethods: Vec<Text>,
    /// `details.authid`
    pub authid: Option<Text>,
    /// `details.authrole`
    pub authrole: Option<Text>,
    /// `details.authextra`
    pub authextra: Value,
}

/// `[WELCOME, Session, Details]`
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// The new session.
    pub session: SessionId,
    /// `details.realm`
    pub realm: Option<Text>,
    /// `details.roles`
    pub roles: Roles,
    /// `details.agent`
    pub agent: Option<Text>,
    /// `details.authid`
    pub authid: Option<Text>,
    /// `details.authrole`
    pub authrole: Option<Text>,
    /// `details.authmethod`
    pub authmethod: Option<Text>,
    /// `details.authprovider`
    pub authprovider: Option<Text>,
    /// `details.authextra`
    pub authextra: Value,
}

/// `[ABORT, Details, Reason, Args?, Kwargs?]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Abort {
    /// `details.message`
    pub message: Option<Text>,
    /// The reason URI.
    pub reason: Text,
    /// Arguments (newer specification; never sent by a router, since Autobahn refuses them).
    pub payload: Payload,
}

/// `[CHALLENGE, AuthMethod, Extra]`
#[derive(Clone, Debug, PartialEq)]
pub struct Challenge {
    /// The authentication method.
    pub method: Text,
    /// What the client needs to answer; always a dictionary.
    pub extra: Value,
}

/// `[AUTHENTICATE, Signature, Extra]`
#[derive(Clone, PartialEq)]
pub struct Authenticate {
    /// Signature, or the ticket itself.
    pub signature: Text,
    /// Further answers; a dictionary.
    pub extra: Value,
}

impl std::fmt::Debug for Authenticate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Authenticate { signature: ***, .. }")
    }
}

/// `[GOODBYE, Details, Reason]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Goodbye {
    /// `details.message`
    pub message: Option<Text>,
    /// The reason URI.
    pub reason: Text,
}

/// `[ERROR, REQUEST.Type, REQUEST.Request, Details, Error, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Error {
    /// The type code of the message that failed.
    pub request_type: u16,
    /// The request that failed.
    pub request: RequestId,
    /// Payload passthru attributes and other forwarded details.
    pub passthru: Option<Box<Passthru>>,
    /// Disclosure of the callee (Autobahn: `callee`, `callee_authid`, `callee_authrole`).
    pub callee: Option<Box<Identity>>,
    /// The error URI.
    pub error: Text,
    /// The arguments.
    pub payload: Payload,
}

/// `[PUBLISH, Request, Options, Topic, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Publish {
    /// The request.
    pub request: RequestId,
    /// `options.acknowledge`
    pub acknowledge: Option<bool>,
    /// `options.exclude_me`; absent means true.
    pub exclude_me: Option<bool>,
    /// `options.disclose_me`
    pub disclose_me: Option<bool>,
    /// `options.retain`
    pub retain: Option<bool>,
    /// `options.eligible…`, `options.exclude…`
    pub audience: Option<Box<Audience>>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The topic.
    pub topic: Text,
    /// The arguments.
    pub payload: Payload,
}

/// Whom a publication may reach (WAMP spec, "Subscriber Black- and Whitelisting").
///
/// A subscriber receives the event if it is in all lists of `eligible` that are present and in none of `exclude`.
/// An empty eligible list is present and matches nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audience {
    /// `eligible`
    pub eligible: Option<Vec<SessionId>>,
    /// `eligible_authid`
    pub eligible_authid: Option<Vec<Text>>,
    /// `eligible_authrole`
    pub eligible_authrole: Option<Vec<Text>>,
    /// `exclude`
    pub exclude: Option<Vec<SessionId>>,
    /// `exclude_authid`
    pub exclude_authid: Option<Vec<Text>>,
    /// `exclude_authrole`
    pub exclude_authrole: Option<Vec<Text>>,
}

/// Attributes that travel with a payload the router does not look into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passthru {
    /// `ppt_scheme` (WAMP spec, "Payload Passthru Mode")
    pub ppt_scheme: Option<Text>,
    /// `ppt_serializer`
    pub ppt_serializer: Option<Text>,
    /// `ppt_cipher`
    pub ppt_cipher: Option<Text>,
    /// `ppt_keyid`
    pub ppt_keyid: Option<Text>,
    /// `enc_algo` (Autobahn's payload transparency)
    pub enc_algo: Option<Text>,
    /// `enc_key`
    pub enc_key: Option<Text>,
    /// `enc_serializer`
    pub enc_serializer: Option<Text>,
    /// `transaction_hash` (Autobahn), forwarded unchanged.
    pub transaction_hash: Option<Text>,
    /// `forward_for` of router-to-router links; empty if absent.
    pub forward_for: Vec<Identity>,
}

/// Who did something: disclosed with an event, an invocation or a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The session.
    pub session: Option<SessionId>,
    /// Its authid.
    pub authid: Option<Text>,
    /// Its authrole.
    pub authrole: Option<Text>,
}

/// `[PUBLISHED, PUBLISH.Request, Publication]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The request.
    pub request: RequestId,
    /// The publication.
    pub publication: PublicationId,
}

/// `[SUBSCRIBE, Request, Options, Topic]`
#[derive(Clone, Debug, PartialEq)]
pub struct Subscribe {
    /// The request.
    pub request: RequestId,
    /// `options.match`
    pub policy: Option<crate::MatchPolicy>,
    /// `options.get_retained`
    pub get_retained: Option<bool>,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
    /// The topic or pattern.
    pub topic: Text,
}

/// `[SUBSCRIBED, SUBSCRIBE.Request, Subscription]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subscribed {
    /// The request.
    pub request: RequestId,
    /// The subscription.
    pub subscription: SubscriptionId,
}

/// `[UNSUBSCRIBE, Request, Subscription]`
#[derive(Clone, Debug, PartialEq)]
pub struct Unsubscribe {
    /// The request.
    pub request: RequestId,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
}

/// `[UNSUBSCRIBED, UNSUBSCRIBE.Request]`, or `[UNSUBSCRIBED, 0, Details]` for a revocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Unsubscribed {
    /// The request; 0 for a revocation.
    pub request: RequestId,
    /// `details.subscription` of a revocation.
    pub subscription: Option<SubscriptionId>,
    /// `details.reason` of a revocation.
    pub reason: Option<Text>,
}

/// `[EVENT, Subscription, Publication, Details, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The publication.
    pub publication: PublicationId,
    /// `details.publisher`, `publisher_authid`, `publisher_authrole`
    pub publisher: Option<Box<Identity>>,
    /// `details.topic`, for pattern subscriptions.
    pub topic: Option<Text>,
    /// `details.trustlevel`
    pub trustlevel: Option<u32>,
    /// `details.retained`
    pub retained: Option<bool>,
    /// `details.x_acknowledged_delivery` (Autobahn)
    pub acknowledged_delivery: Option<bool>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The arguments.
    pub payload: Payload,
}

/// `[EVENT_RECEIVED, EVENT.Publication]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventReceived {
    /// The publication.
    pub publication: PublicationId,
}

/// `[CALL, Request, Options, Procedure, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// The request.
    pub request: RequestId,
    /// `options.receive_progress`
    pub receive_progress: Option<bool>,
    /// `options.progress`: more arguments follow under the same request.
    pub progress: Option<bool>,
    /// `options.timeout`, in the unit that the realm says; 0 reads as given.
    pub timeout: Option<u64>,
    /// `options.disclose_me`
    pub disclose_me: Option<bool>,
    /// `options.caller…`, set by links only.
    pub caller: Option<Box<Identity>>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The procedure.
    pub procedure: Text,
    /// The arguments.
    pub payload: Payload,
}

/// How a call is cancelled (WAMP spec, "Call Canceling").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CancelMode {
    /// The caller gets an error, the callee hears nothing.
    Skip,
    /// The callee is interrupted and its answer forwarded.
    Kill,
    /// The callee is interrupted and the caller gets an error at once.
    KillNoWait,
}

/// `[CANCEL, CALL.Request, Options]`
#[derive(Clone, Debug, PartialEq)]
pub struct Cancel {
    /// The call to cancel.
    pub request: RequestId,
    /// `options.mode`
    pub mode: Option<CancelMode>,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
}

/// `[RESULT, CALL.Request, Details, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct CallResult {
    /// The call.
    pub request: RequestId,
    /// `details.progress`
    pub progress: Option<bool>,
    /// `details.callee…` (compatibility with Crossbar.io)
    pub callee: Option<Box<Identity>>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The result.
    pub payload: Payload,
}

/// How calls are spread over the callees of a registration (WAMP spec, "Shared Registration").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum InvocationPolicy {
    /// One callee only.
    #[default]
    Single,
    /// In turn.
    RoundRobin,
    /// Any.
    Random,
    /// The oldest.
    First,
    /// The newest.
    Last,
}

/// `[REGISTER, Request, Options, Procedure]`
#[derive(Clone, Debug, PartialEq)]
pub struct Register {
    /// The request.
    pub request: RequestId,
    /// `options.match`
    pub policy: Option<crate::MatchPolicy>,
    /// `options.invoke`
    pub invoke: Option<InvocationPolicy>,
    /// `options.concurrency`: how many invocations this callee takes at a time (Crossbar.io).
    pub concurrency: Option<u32>,
    /// `options.force_reregister` (Crossbar.io)
    pub force_reregister: Option<bool>,
    /// `options.disclose_caller`
    pub disclose_caller: Option<bool>,
    /// `options.forward_timeout`
    pub forward_timeout: Option<bool>,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
    /// The procedure or pattern.
    pub procedure: Text,
}

/// `[REGISTERED, REGISTER.Request, Registration]`
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Registered {
    /// The request.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
}

/// `[UNREGISTER, Request, Registration]`
#[derive(Clone, Debug, PartialEq)]
pub struct Unregister {
    /// The request.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
}

/// `[UNREGISTERED, UNREGISTER.Request]`, or `[UNREGISTERED, 0, Details]` for a revocation.
#[derive(Clone, Debug, PartialEq)]
pub struct Unregistered {
    /// The request; 0 for a revocation.
    pub request: RequestId,
    /// `details.registration` of a revocation.
    pub registration: Option<RegistrationId>,
    /// `details.reason` of a revocation.
    pub reason: Option<Text>,
}

/// `[INVOCATION, Request, Registration, Details, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Invocation {
    /// The invocation: counts up from 1 for each callee session.
    pub request: RequestId,
    /// The registration.
    pub registration: RegistrationId,
    /// `details.receive_progress`
    pub receive_progress: Option<bool>,
    /// `details.progress`
    pub progress: Option<bool>,
    /// `details.timeout`
    pub timeout: Option<u64>,
    /// `details.caller`, `caller_authid`, `caller_authrole`
    pub caller: Option<Box<Identity>>,
    /// `details.procedure`, for pattern registrations.
    pub procedure: Option<Text>,
    /// `details.trustlevel`
    pub trustlevel: Option<u32>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The arguments.
    pub payload: Payload,
}

/// `[INTERRUPT, INVOCATION.Request, Options]`
#[derive(Clone, Debug, PartialEq)]
pub struct Interrupt {
    /// The invocation.
    pub request: RequestId,
    /// `options.mode`
    pub mode: Option<CancelMode>,
    /// `options.reason` (later drafts; the error the call ended with).
    pub reason: Option<Text>,
}

/// `[YIELD, INVOCATION.Request, Options, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Yield {
    /// The invocation.
    pub request: RequestId,
    /// `options.progress`
    pub progress: Option<bool>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The result.
    pub payload: Payload,
}
