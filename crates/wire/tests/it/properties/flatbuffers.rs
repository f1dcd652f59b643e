//! FlatBuffers: every message that its schema can express.

use bytes::Bytes;
use crossbar_wire::{
    Call, CancelMode, Event, Features, Format, Hello, Invocation, InvocationPolicy, MatchPolicy,
    Message, Passthru, Payload, Publish, Register, Role, Roles, Text, Value, Welcome,
};
use proptest::prelude::*;

use super::messages::message;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn f05_a_message_that_the_schema_has_survives(message in message()) {
        let message = expressible(message);
        let mut out = b"before".to_vec();
        message.encode(Format::FlatBuffers, &mut out).unwrap();
        prop_assert!(out.starts_with(b"before"));
        let frame = Bytes::from(out).slice(6..);
        prop_assert_eq!(Message::decode(Format::FlatBuffers, &frame).unwrap(), message);
    }

    #[test]
    fn f05_any_message_is_written_or_refused(message in message()) {
        let mut out = Vec::new();
        if message.encode(Format::FlatBuffers, &mut out).is_err() {
            prop_assert!(out.is_empty());
            return Ok(());
        }
        let arrived = Message::decode(Format::FlatBuffers, &out.clone().into()).unwrap();
        let mut again = Vec::new();
        arrived.encode(Format::FlatBuffers, &mut again).unwrap();
        prop_assert_eq!(out, again);
    }

    #[test]
    fn f05_a_changed_message_does_no_harm(
        message in message(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut out = Vec::new();
        expressible(message).encode(Format::FlatBuffers, &mut out).unwrap();
        for (at, octet) in changes {
            let at = at.index(out.len());
            out[at] = octet;
        }
        let Ok(message) = Message::decode(Format::FlatBuffers, &out.into()) else {
            return Ok(());
        };
        for format in Format::ALL {
            let mut out = Vec::new();
            if message.encode(format, &mut out).is_ok() {
                Message::decode(format, &out.into()).unwrap();
            }
        }
    }
}

/// Takes away what the schema has no place for, and what it says by saying nothing.
fn expressible(mut message: Message) -> Message {
    match &mut message {
        Message::Hello(message) => hello(message),
        Message::Welcome(message) => welcome(message),
        Message::Abort(abort) => {
            abort.payload = Payload::EMPTY;
            abort.scram = None;
        }
        Message::Challenge(challenge) => {
            challenge.method = pick(&challenge.method, &METHODS);
            challenge.extra = one_entry(&challenge.extra, Value::Dict(Vec::new()));
        }
        Message::Authenticate(authenticate) => {
            authenticate.extra = one_entry(&authenticate.extra, Value::Dict(Vec::new()));
        }
        Message::Error(error) => {
            error.callee = None;
            answer(&mut error.passthru, &mut error.payload);
        }
        Message::Publish(message) => publish(message),
        Message::Subscribe(subscribe) => {
            policy(&mut subscribe.policy);
            set(&mut subscribe.get_retained);
            subscribe.forward_for.clear();
        }
        Message::Unsubscribe(unsubscribe) => unsubscribe.forward_for.clear(),
        Message::Event(message) => event(message),
        Message::Call(message) => call(message),
        Message::Cancel(cancel) => {
            cancel.mode.get_or_insert(CancelMode::KillNoWait);
        }
        Message::Result(result) => {
            set(&mut result.progress);
            answer(&mut result.passthru, &mut result.payload);
        }
        Message::Register(message) => register(message),
        Message::Unregister(unregister) => unregister.forward_for.clear(),
        Message::Invocation(message) => invocation(message),
        Message::Interrupt(interrupt) => {
            interrupt.mode.get_or_insert(CancelMode::Kill);
        }
        Message::Yield(r#yield) => {
            set(&mut r#yield.progress);
            answer(&mut r#yield.passthru, &mut r#yield.payload);
        }
        Message::Goodbye(_)
        | Message::Published(_)
        | Message::Subscribed(_)
        | Message::Unsubscribed(_)
        | Message::EventReceived(_)
        | Message::Registered(_)
        | Message::Unregistered(_) => {}
    }
    message
}

fn hello(hello: &mut Hello) {
    hello.roles = known(&hello.roles, &CLIENT);
    hello.agent = None;
    let mut methods: Vec<Text> = Vec::new();
    for method in &hello.authmethods {
        let method = pick(method, &METHODS);
        if !methods.contains(&method) {
            methods.push(method);
        }
    }
    hello.authmethods = methods;
    hello.authextra = one_entry(&hello.authextra, Value::Null);
}

fn welcome(welcome: &mut Welcome) {
    welcome.roles = known(&welcome.roles, &ROUTER);
    welcome.agent = None;
    let method = welcome.authmethod.take();
    welcome.authmethod = method.map(|method| pick(&method, &METHODS[1..]));
    welcome.authextra = one_entry(&welcome.authextra, Value::Null);
}

fn publish(publish: &mut Publish) {
    set(&mut publish.acknowledge);
    publish.exclude_me.take_if(|exclude_me| *exclude_me);
    publish.disclose_me = None;
    set(&mut publish.retain);
    contents(&mut publish.passthru, &mut publish.payload);
}

fn event(event: &mut Event) {
    event.trustlevel = None;
    set(&mut event.retained);
    set(&mut event.acknowledged_delivery);
    contents(&mut event.passthru, &mut event.payload);
}

fn call(call: &mut Call) {
    set(&mut call.receive_progress);
    call.progress = None;
    timeout(&mut call.timeout);
    call.disclose_me = None;
    contents(&mut call.passthru, &mut call.payload);
}

fn invocation(invocation: &mut Invocation) {
    set(&mut invocation.receive_progress);
    invocation.progress = None;
    timeout(&mut invocation.timeout);
    invocation.trustlevel = None;
    contents(&mut invocation.passthru, &mut invocation.payload);
}

fn register(register: &mut Register) {
    policy(&mut register.policy);
    register
        .invoke
        .take_if(|invoke| *invoke == InvocationPolicy::Single);
    let concurrency = register.concurrency.map(|number| number % 0x1_0000);
    register.concurrency = concurrency.filter(|number| *number != 0);
    set(&mut register.force_reregister);
    register.disclose_caller = None;
    register.forward_timeout = None;
    register.forward_for.clear();
}

fn policy(policy: &mut Option<MatchPolicy>) {
    policy.take_if(|policy| *policy == MatchPolicy::Exact);
}

/// Makes a flag absent unless it is set.
fn set(flag: &mut Option<bool>) {
    flag.take_if(|flag| !*flag);
}

fn timeout(timeout: &mut Option<u64>) {
    let short = timeout.map(|timeout| timeout % (1 << 32));
    *timeout = short.filter(|timeout| *timeout != 0);
}

fn answer(passthru: &mut Option<Box<Passthru>>, payload: &mut Payload) {
    if let Some(passthru) = passthru {
        passthru.transaction_hash = None;
    }
    contents(passthru, payload);
}

/// Gives the attributes values of the schema, and the payload the serializer that they name.
fn contents(passthru: &mut Option<Box<Passthru>>, payload: &mut Payload) {
    let mut attributes = passthru
        .take()
        .map_or_else(Passthru::default, |boxed| *boxed);
    let name = |text: Option<Text>, words: &[&'static str]| text.map(|text| pick(&text, words));
    let mut format = Format::Cbor;
    attributes.ppt_cipher = name(attributes.ppt_cipher, &["xsalsa20poly1305", "aes256gcm"]);
    if let Some(algorithm) = attributes.enc_algo.take() {
        attributes.enc_algo = Some(pick(&algorithm, &["cryptobox", "mqtt", "xbr"]));
        attributes.enc_serializer = name(attributes.enc_serializer, &ENC_SERIALIZERS);
        attributes.ppt_scheme = None;
        attributes.ppt_serializer = None;
        attributes.ppt_keyid = None;
        payload.kwargs = Bytes::new();
    } else {
        attributes.enc_key = None;
        attributes.enc_serializer = None;
        let schemes = ["cryptobox", "mqtt", "xbr", "opaque"];
        attributes.ppt_scheme = name(attributes.ppt_scheme, &schemes);
        attributes.ppt_serializer = name(attributes.ppt_serializer, &SERIALIZERS);
        if attributes.ppt_scheme.is_none() {
            attributes.ppt_serializer = None;
        }
        format = match attributes.ppt_serializer.as_deref() {
            Some("json") => Format::Json,
            Some("msgpack") => Format::MsgPack,
            Some("ubjson") => Format::Bjdata,
            _ => Format::Cbor,
        };
    }
    *payload = payload.transcode(format).unwrap();
    *passthru = (attributes != Passthru::default()).then(|| Box::new(attributes));
}

/// Chooses a word by a text's length.
fn pick(text: &Text, words: &[&'static str]) -> Text {
    Text::from_static(words[text.len() % words.len()])
}

fn one_entry(dict: &Value, empty: Value) -> Value {
    let first = dict.as_dict().and_then(|dict| dict.first().cloned());
    let Some((key, value)) = first else {
        return empty;
    };
    let value = value.as_str().map_or(Value::Null, Value::from);
    Value::Dict(vec![(key, value)])
}

/// Leaves the roles and features that a table has.
fn known(roles: &Roles, table: &[(Role, &[Features])]) -> Roles {
    let mut known = Roles::default();
    for (role, features) in table {
        let Some(announced) = roles.features(*role) else {
            continue;
        };
        let all = features.iter().filter(|f| announced.contains(**f));
        known = known.with(*role, all.fold(Features::NONE, |all, f| all.union(*f)));
    }
    known
}

const METHODS: [&str; 5] = ["anonymous", "ticket", "wampcra", "wamp-scram", "cryptosign"];

const ENC_SERIALIZERS: [&str; 5] = ["json", "msgpack", "cbor", "ubjson", "flatbuffers"];

const SERIALIZERS: [&str; 7] = [
    "json",
    "msgpack",
    "cbor",
    "ubjson",
    "opaque",
    "flatbuffers",
    "flexbuffers",
];

const PAYLOAD: [Features; 2] = [
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];

const CLIENT: [(Role, &[Features]); 4] = [
    (
        Role::Publisher,
        &[
            Features::PUBLISHER_IDENTIFICATION,
            Features::PUBLISHER_EXCLUSION,
            Features::SUBSCRIBER_BLACKWHITE_LISTING,
            PAYLOAD[0],
            PAYLOAD[1],
        ],
    ),
    (
        Role::Subscriber,
        &[
            Features::PUBLISHER_IDENTIFICATION,
            Features::PATTERN_BASED_SUBSCRIPTION,
            Features::PUBLICATION_TRUSTLEVELS,
            Features::SUBSCRIPTION_REVOCATION,
            Features::EVENT_HISTORY,
            PAYLOAD[0],
            PAYLOAD[1],
        ],
    ),
    (
        Role::Caller,
        &[
            Features::CALLER_IDENTIFICATION,
            Features::CALL_TIMEOUT,
            Features::CALL_CANCELING,
            Features::PROGRESSIVE_CALL_RESULTS,
            PAYLOAD[0],
            PAYLOAD[1],
        ],
    ),
    (
        Role::Callee,
        &[
            Features::CALLER_IDENTIFICATION,
            Features::CALL_TRUSTLEVELS,
            Features::CALL_TIMEOUT,
            Features::CALL_CANCELING,
            Features::PROGRESSIVE_CALL_RESULTS,
            Features::REGISTRATION_REVOCATION,
            Features::PATTERN_BASED_REGISTRATION,
            Features::SHARED_REGISTRATION,
            PAYLOAD[0],
            PAYLOAD[1],
        ],
    ),
];

const ROUTER: [(Role, &[Features]); 2] = [
    (
        Role::Broker,
        &[
            Features::PUBLISHER_IDENTIFICATION,
            Features::PUBLISHER_EXCLUSION,
            Features::SUBSCRIBER_BLACKWHITE_LISTING,
            Features::PATTERN_BASED_SUBSCRIPTION,
            Features::PUBLICATION_TRUSTLEVELS,
            Features::SUBSCRIPTION_REVOCATION,
            Features::SESSION_META_API,
            Features::SUBSCRIPTION_META_API,
            Features::EVENT_RETENTION,
            Features::EVENT_HISTORY,
            PAYLOAD[0],
            PAYLOAD[1],
        ],
    ),
    (
        Role::Dealer,
        &[
            Features::CALLER_IDENTIFICATION,
            Features::CALL_TRUSTLEVELS,
            Features::CALL_TIMEOUT,
            Features::CALL_CANCELING,
            Features::PROGRESSIVE_CALL_RESULTS,
            Features::REGISTRATION_REVOCATION,
            Features::PATTERN_BASED_REGISTRATION,
            Features::SHARED_REGISTRATION,
            Features::SESSION_META_API,
            Features::REGISTRATION_META_API,
            Features::TESTAMENT_META_API,
            PAYLOAD[0],
            PAYLOAD[1],
        ],
    ),
];
