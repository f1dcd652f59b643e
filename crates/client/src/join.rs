mod proving;

use std::sync::Arc;

use crossbar_wire::auth::wampcra;
use crossbar_wire::{
    Abort, Features, Format, Hello, Message, Role, Roles, SessionId, Text, Value, Welcome,
};

use crate::link::Link;
use crate::{ConnectError, Options};
use proving::Proving;

/// What a session is, as the router said when it opened.
#[derive(Clone, Debug)]
pub struct Details {
    /// The session's id.
    pub session: SessionId,
    /// The realm.
    pub realm: String,
    /// Who the router takes this client for.
    pub authid: Option<String>,
    /// With which role.
    pub authrole: Option<String>,
    /// How it knows.
    pub authmethod: Option<String>,
    /// From where it knows.
    pub authprovider: Option<String>,
    /// What the authenticator added; a dictionary, or null.
    pub authextra: Value,
    /// What the router can do.
    pub roles: Roles,
    /// The router's name.
    pub agent: Option<String>,
    /// The serializer in use.
    pub format: Format,
}

/// Opens a session: HELLO, perhaps CHALLENGE and AUTHENTICATE, WELCOME. A router that cannot be trusted gets ABORT.
pub(crate) async fn join(link: &mut Link, options: &Options) -> Result<Arc<Details>, ConnectError> {
    let mut proving = Proving::new(link.channel(), options);
    let hello = hello(options, proving.authextra(options)?);
    link.put(&Message::Hello(Box::new(hello)))?;
    loop {
        let message = loop {
            match link.next_message()? {
                Some(message) => break message,
                None => link.exchange().await?,
            }
        };
        if let Message::Challenge(challenge) = message {
            match proving.answer(&challenge, options).await {
                Ok(answer) => link.put(&Message::Authenticate(Box::new(answer)))?,
                Err(error) => return Err(give_up(link, error).await),
            }
        } else if let Message::Welcome(welcome) = message {
            if let Err(error) = proving.check(&welcome, options) {
                return Err(give_up(link, error).await);
            }
            return Ok(Arc::new(details(*welcome, options, link.format())));
        } else if let Message::Abort(abort) = message {
            return Err(ConnectError::Aborted {
                reason: abort.reason.compact(),
                message: abort.message.as_ref().map(Text::compact),
            });
        } else {
            return Err(ConnectError::OutOfTurn(message.name()));
        }
    }
}

/// Tells the router that this client does not go on.
async fn give_up(link: &mut Link, error: ConnectError) -> ConnectError {
    let abort = Abort {
        message: Some(Text::from(error.to_string())),
        reason: Text::from_static("wamp.error.authentication_failed"),
        ..Abort::default()
    };
    // The connection is given up whether or not this arrives.
    if link.put(&Message::Abort(Box::new(abort))).is_ok() {
        drop(link.shut_down().await);
    }
    error
}

fn hello(options: &Options, authextra: Value) -> Hello {
    let authmethods = if options.auth.is_empty() {
        vec![Text::from_static("anonymous")]
    } else {
        options
            .auth
            .iter()
            .map(|auth| Text::from_static(auth.method()))
            .collect()
    };
    Hello {
        realm: options.realm.as_deref().map(Text::from),
        roles: roles(),
        agent: Some(Text::from_static(concat!(
            "crossbar-client-",
            env!("CARGO_PKG_VERSION")
        ))),
        authmethods,
        authid: options.authid.as_deref().map(Text::from),
        authrole: None,
        authextra,
    }
}

/// What this client announces: only what it does.
fn roles() -> Roles {
    let all = |features: &[Features]| {
        features
            .iter()
            .fold(Features::NONE, |all, &feature| all.union(feature))
    };
    Roles::default()
        .with(
            Role::Caller,
            all(&[
                Features::PROGRESSIVE_CALL_RESULTS,
                Features::CALL_TIMEOUT,
                Features::CALL_CANCELING,
                Features::CALLER_IDENTIFICATION,
            ]),
        )
        .with(
            Role::Callee,
            all(&[
                Features::PROGRESSIVE_CALL_RESULTS,
                Features::CALL_CANCELING,
                Features::CALLER_IDENTIFICATION,
                Features::PATTERN_BASED_REGISTRATION,
                Features::SHARED_REGISTRATION,
                Features::REGISTRATION_REVOCATION,
            ]),
        )
        .with(
            Role::Publisher,
            all(&[
                Features::SUBSCRIBER_BLACKWHITE_LISTING,
                Features::PUBLISHER_EXCLUSION,
                Features::PUBLISHER_IDENTIFICATION,
            ]),
        )
        .with(
            Role::Subscriber,
            all(&[
                Features::PATTERN_BASED_SUBSCRIPTION,
                Features::PUBLISHER_IDENTIFICATION,
                Features::EVENT_RETENTION,
                Features::SUBSCRIPTION_REVOCATION,
            ]),
        )
}

/// Signs the challenge exactly as it was received; a salt makes the key a derived one.
fn sign(secret: &str, extra: &Value) -> Result<String, ConnectError> {
    let challenge = extra
        .get("challenge")
        .and_then(Value::as_str)
        .ok_or(ConnectError::BadChallenge("it has no text to sign"))?;
    let Some(salt) = extra.get("salt").and_then(Value::as_str) else {
        return Ok(wampcra::sign(secret.as_bytes(), challenge.as_bytes()));
    };
    let number = |key, default| match extra.get(key) {
        None | Some(Value::Null) => Ok(default),
        Some(value) => value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|number| (1..=MAX_ITERATIONS).contains(number))
            .ok_or(ConnectError::BadChallenge(
                "its iterations or key length cannot be",
            )),
    };
    let iterations = number("iterations", wampcra::ITERATIONS)?;
    let length = number("keylen", DEFAULT_KEY_LENGTH)?;
    if length > MAX_KEY_LENGTH {
        return Err(ConnectError::BadChallenge("its key length cannot be"));
    }
    let length = usize::try_from(length).unwrap_or(wampcra::KEY_LENGTH);
    let key = wampcra::derive_key(secret.as_bytes(), salt.as_bytes(), iterations, length);
    Ok(wampcra::sign(key.as_bytes(), challenge.as_bytes()))
}

fn details(welcome: Welcome, options: &Options, format: Format) -> Details {
    let text = |text: Option<Text>| text.map(|text| text.as_str().to_owned());
    Details {
        session: welcome.session,
        realm: text(welcome.realm)
            .or_else(|| options.realm.clone())
            .unwrap_or_default(),
        authid: text(welcome.authid),
        authrole: text(welcome.authrole),
        authmethod: text(welcome.authmethod),
        authprovider: text(welcome.authprovider),
        authextra: welcome.authextra,
        roles: welcome.roles,
        agent: text(welcome.agent),
        format,
    }
}

/// What a router may ask for at most: a hostile one must not keep the processor busy.
const MAX_ITERATIONS: u32 = 10_000_000;
const DEFAULT_KEY_LENGTH: u32 = 32;
const MAX_KEY_LENGTH: u32 = 1024;
