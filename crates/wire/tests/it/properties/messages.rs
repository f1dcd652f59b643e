//! Every message, with every combination of its attributes.

use bytes::Bytes;
use crossbar_wire::{
    Abort, Audience, Authenticate, Call, CallResult, Cancel, CancelMode, Challenge, Error, Event,
    EventReceived, Features, Goodbye, Hello, Identity, Interrupt, Invocation, InvocationPolicy,
    MAX_ID, MatchPolicy, Message, Passthru, Payload, PublicationId, Publish, Published, Register,
    Registered, RegistrationId, RequestId, Role, Roles, SessionId, Subscribe, Subscribed,
    SubscriptionId, Text, Unregister, Unregistered, Unsubscribe, Unsubscribed, Value, Welcome,
    Yield,
};
use proptest::option::of;
use proptest::prelude::*;

use super::values::{dict, format, value};

pub(super) fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        session_messages().boxed(),
        publishing_messages().boxed(),
        calling_messages().boxed(),
        answering_messages().boxed(),
        subscribing_messages().boxed(),
        registering_messages().boxed(),
    ]
}

fn session_messages() -> impl Strategy<Value = Message> {
    let names = || (of(text()), of(text()), of(text()), of(text()), of(text()));
    prop_oneof![
        (of(text()), roles(), names(), list(text()), extra()).prop_map(
            |(realm, roles, (agent, authid, authrole, ..), authmethods, authextra)| {
                Message::Hello(Box::new(Hello {
                    realm,
                    roles: roles.with(Role::Caller, Features::NONE),
                    agent,
                    authmethods,
                    authid,
                    authrole,
                    authextra,
                }))
            }
        ),
        (id(), roles(), names(), of(text()), extra()).prop_map(
            |(session, roles, (a, b, c, d, e), realm, authextra)| {
                Message::Welcome(Box::new(Welcome {
                    session: SessionId::new(session).unwrap(),
                    realm,
                    roles,
                    agent: a,
                    authid: b,
                    authrole: c,
                    authmethod: d,
                    authprovider: e,
                    authextra,
                }))
            }
        ),
        (of(text()), of(text()), text(), payload()).prop_map(
            |(message, scram, reason, payload)| {
                Message::Abort(Box::new(Abort {
                    message,
                    scram,
                    reason,
                    payload,
                }))
            }
        ),
        (text(), dict(value())).prop_map(|(method, extra)| {
            Message::Challenge(Box::new(Challenge {
                method,
                extra: extra.into(),
            }))
        }),
        (text(), dict(value())).prop_map(|(signature, extra)| {
            Message::Authenticate(Box::new(Authenticate {
                signature,
                extra: extra.into(),
            }))
        }),
        (of(text()), text())
            .prop_map(|(message, reason)| Message::Goodbye(Box::new(Goodbye { message, reason }))),
    ]
}

fn publishing_messages() -> impl Strategy<Value = Message> {
    let publish = (flags(), audience(), passthru(), text(), (id(), payload()));
    let event = (
        flags(),
        identity(),
        passthru(),
        (of(text()), of(any::<u32>())),
        (id(), payload()),
    );
    prop_oneof![
        publish.prop_map(
            |([a, b, c, d], audience, passthru, topic, (request, payload))| {
                Message::Publish(Publish {
                    request: RequestId::new(request).unwrap(),
                    acknowledge: a,
                    exclude_me: b,
                    disclose_me: c,
                    retain: d,
                    audience,
                    payload: fit(payload, passthru.as_deref()),
                    passthru,
                    topic,
                })
            }
        ),
        event.prop_map(
            |([a, b, ..], publisher, passthru, (topic, trustlevel), (id, payload))| {
                Message::Event(Event {
                    subscription: SubscriptionId::new(id).unwrap(),
                    publication: PublicationId::new(MAX_ID).unwrap(),
                    publisher,
                    topic,
                    trustlevel,
                    retained: a,
                    acknowledged_delivery: b,
                    payload: fit(payload, passthru.as_deref()),
                    passthru,
                })
            }
        ),
        (request(), id()).prop_map(|(request, publication)| {
            Message::Published(Published {
                request,
                publication: PublicationId::new(publication).unwrap(),
            })
        }),
        id().prop_map(|publication| {
            Message::EventReceived(EventReceived {
                publication: PublicationId::new(publication).unwrap(),
            })
        }),
    ]
}

fn calling_messages() -> impl Strategy<Value = Message> {
    let common = || (request(), flags(), identity(), passthru(), payload());
    prop_oneof![
        (common(), of(id()), text()).prop_map(|(common, timeout, procedure)| {
            let (request, [a, b, c, _], caller, passthru, payload) = common;
            Message::Call(Call {
                request,
                receive_progress: a,
                progress: b,
                timeout,
                disclose_me: c,
                caller,
                payload: fit(payload, passthru.as_deref()),
                passthru,
                procedure,
            })
        }),
        (common(), of(id()), of(text()), of(any::<u32>())).prop_map(
            |(common, timeout, procedure, trustlevel)| {
                let (request, [a, b, ..], caller, passthru, payload) = common;
                Message::Invocation(Invocation {
                    request,
                    registration: RegistrationId::new(1).unwrap(),
                    receive_progress: a,
                    progress: b,
                    timeout,
                    caller,
                    procedure,
                    trustlevel,
                    payload: fit(payload, passthru.as_deref()),
                    passthru,
                })
            }
        ),
    ]
}

fn answering_messages() -> impl Strategy<Value = Message> {
    let common = || (request(), flags(), identity(), passthru(), payload());
    prop_oneof![
        common().prop_map(|(request, [progress, ..], _, passthru, payload)| {
            Message::Yield(Yield {
                request,
                progress,
                payload: fit(payload, passthru.as_deref()),
                passthru,
            })
        }),
        common().prop_map(|(request, [progress, ..], callee, passthru, payload)| {
            Message::Result(CallResult {
                request,
                progress,
                callee,
                payload: fit(payload, passthru.as_deref()),
                passthru,
            })
        }),
        (common(), any::<u16>(), text()).prop_map(|(common, request_type, error)| {
            let (request, _, callee, passthru, payload) = common;
            Message::Error(Error {
                request_type,
                request,
                callee,
                payload: fit(payload, passthru.as_deref()),
                passthru,
                error,
            })
        }),
        (request(), of(mode()), links()).prop_map(|(request, mode, forward_for)| {
            Message::Cancel(Cancel {
                request,
                mode,
                forward_for,
            })
        }),
        (request(), of(mode()), of(text())).prop_map(|(request, mode, reason)| {
            Message::Interrupt(Interrupt {
                request,
                mode,
                reason,
            })
        }),
    ]
}

fn subscribing_messages() -> impl Strategy<Value = Message> {
    prop_oneof![
        (request(), of(policy()), flags(), links(), text()).prop_map(
            |(request, policy, [get_retained, ..], forward_for, topic)| {
                Message::Subscribe(Subscribe {
                    request,
                    policy,
                    get_retained,
                    forward_for,
                    topic,
                })
            }
        ),
        (request(), subscription()).prop_map(|(request, subscription)| {
            Message::Subscribed(Subscribed {
                request,
                subscription,
            })
        }),
        (request(), subscription(), links()).prop_map(|(request, subscription, forward_for)| {
            Message::Unsubscribe(Unsubscribe {
                request,
                subscription,
                forward_for,
            })
        }),
        (request(), of(subscription()), of(text())).prop_map(|(request, subscription, reason)| {
            Message::Unsubscribed(Unsubscribed {
                request,
                subscription,
                reason,
            })
        }),
    ]
}

fn registering_messages() -> impl Strategy<Value = Message> {
    prop_oneof![
        (
            request(),
            of(policy()),
            of(invoke()),
            (flags(), of(any::<u32>())),
            (links(), text())
        )
            .prop_map(
                |(request, policy, invoke, (flags, concurrency), (forward_for, procedure))| {
                    let [a, b, c, _] = flags;
                    Message::Register(Register {
                        request,
                        policy,
                        invoke,
                        concurrency,
                        force_reregister: a,
                        disclose_caller: b,
                        forward_timeout: c,
                        forward_for,
                        procedure,
                    })
                }
            ),
        (request(), registration()).prop_map(|(request, registration)| {
            Message::Registered(Registered {
                request,
                registration,
            })
        }),
        (request(), registration(), links()).prop_map(|(request, registration, forward_for)| {
            Message::Unregister(Unregister {
                request,
                registration,
                forward_for,
            })
        }),
        (request(), of(registration()), of(text())).prop_map(|(request, registration, reason)| {
            Message::Unregistered(Unregistered {
                request,
                registration,
                reason,
            })
        }),
    ]
}

/// Puts one opaque value in the place of `args` where that is allowed.
fn fit(payload: Payload, passthru: Option<&Passthru>) -> Payload {
    let opaque = passthru.is_some_and(|passthru| passthru.enc_algo.is_some());
    if !opaque || payload.args.is_empty() {
        return payload;
    }
    let args = Value::Binary(vec![1, 2]).encode(payload.format).unwrap();
    Payload {
        args: Bytes::from(args),
        ..payload
    }
}

fn id() -> impl Strategy<Value = u64> {
    prop_oneof![1..300_u64, 1..=MAX_ID]
}

fn request() -> impl Strategy<Value = RequestId> {
    id().prop_map(|id| RequestId::new(id).unwrap())
}

fn subscription() -> impl Strategy<Value = SubscriptionId> {
    id().prop_map(|id| SubscriptionId::new(id).unwrap())
}

fn registration() -> impl Strategy<Value = RegistrationId> {
    id().prop_map(|id| RegistrationId::new(id).unwrap())
}

fn text() -> impl Strategy<Value = Text> {
    prop_oneof!["[a-z.]{0,60}", "[\u{1}-\u{30}\"\\\\é😀]{0,10}"].prop_map(Text::from)
}

fn list<S: Strategy>(item: S) -> impl Strategy<Value = Vec<S::Value>>
where
    S::Value: 'static,
{
    prop::collection::vec(item, 0..4)
}

fn flags() -> impl Strategy<Value = [Option<bool>; 4]> {
    prop::array::uniform4(of(any::<bool>()))
}

fn extra() -> impl Strategy<Value = Value> {
    of(dict(value())).prop_map(Value::from)
}

fn roles() -> impl Strategy<Value = Roles> {
    list((
        prop::sample::select(Role::ALL.to_vec()),
        prop::collection::vec(feature(), 0..30),
    ))
    .prop_map(|roles| {
        let join = |features: Vec<_>| features.into_iter().fold(Features::NONE, Features::union);
        roles
            .into_iter()
            .fold(Roles::default(), |roles, (role, features)| {
                roles.with(role, join(features))
            })
    })
}

fn feature() -> impl Strategy<Value = Features> {
    prop::sample::select(Features::NAMES.iter().map(|(_, f)| *f).collect::<Vec<_>>())
}

fn mode() -> impl Strategy<Value = CancelMode> {
    prop::sample::select(vec![
        CancelMode::Skip,
        CancelMode::Kill,
        CancelMode::KillNoWait,
    ])
}

fn policy() -> impl Strategy<Value = MatchPolicy> {
    prop::sample::select(vec![
        MatchPolicy::Exact,
        MatchPolicy::Prefix,
        MatchPolicy::Wildcard,
    ])
}

fn invoke() -> impl Strategy<Value = InvocationPolicy> {
    prop::sample::select(InvocationPolicy::NAMES.to_vec())
        .prop_map(|name| InvocationPolicy::named(name).unwrap())
}

fn some_identity() -> impl Strategy<Value = Identity> {
    (of(id()), of(text()), of(text())).prop_map(|(session, authid, authrole)| Identity {
        session: session.and_then(SessionId::new),
        authid,
        authrole,
    })
}

/// An identity of which nothing is known leaves no trace on the wire.
fn identity() -> impl Strategy<Value = Option<Box<Identity>>> {
    some_identity().prop_map(|one| (one != Identity::default()).then(|| Box::new(one)))
}

fn links() -> impl Strategy<Value = Vec<Identity>> {
    prop::collection::vec(some_identity(), 0..3)
}

fn audience() -> impl Strategy<Value = Option<Box<Audience>>> {
    let sessions = || of(list(id().prop_map(|id| SessionId::new(id).unwrap())));
    let texts = || of(list(text()));
    (sessions(), texts(), texts(), sessions(), texts(), texts()).prop_map(|(a, b, c, d, e, f)| {
        let audience = Audience {
            eligible: a,
            eligible_authid: b,
            eligible_authrole: c,
            exclude: d,
            exclude_authid: e,
            exclude_authrole: f,
        };
        (audience != Audience::default()).then(|| Box::new(audience))
    })
}

fn passthru() -> impl Strategy<Value = Option<Box<Passthru>>> {
    let algorithm = prop::sample::select(vec!["cryptobox", "mqtt", "xbr", "x_own"]);
    let serializer = prop::sample::select(vec!["json", "flatbuffers", "x_", "x_own_1"]);
    let texts = (of(text()), of(text()), of(text()), of(text()), of(text()));
    let names = (of(algorithm), of(serializer));
    (texts, names, of(text()), links()).prop_map(
        |((a, b, c, d, e), (algorithm, serializer), hash, forward_for)| {
            let passthru = Passthru {
                ppt_scheme: a,
                ppt_serializer: b,
                ppt_cipher: c,
                ppt_keyid: d,
                enc_algo: algorithm.map(Text::from),
                enc_key: e,
                enc_serializer: serializer.map(Text::from),
                transaction_hash: hash,
                forward_for,
            };
            (passthru != Passthru::default()).then(|| Box::new(passthru))
        },
    )
}

fn payload() -> BoxedStrategy<Payload> {
    (
        format(),
        prop::collection::vec(value(), 0..3),
        dict(value()),
    )
        .prop_map(|(format, args, kwargs)| Payload::new(format, &args, &kwargs).unwrap())
        .boxed()
}
