//! What an authorizer is told, and what its answer means.

use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::{
    Audience, Call as CallMessage, Dict, Inventory, InvocationPolicy, MatchPolicy, Message,
    Payload, RequestId, SessionId, Shape, Text, Value,
};

use super::{Answer, realm_itself};
use crate::calls::{CallKey, Order};
use crate::parking::{Keep, Matter, Ruling};
use crate::realm::Realm;
use crate::realm::meta::session_details;
use crate::refusal::{Refusal, said};
use crate::role::Grant;
use crate::{Disclosure, Outbox, Validation, uris};

impl Realm {
    /// Makes the arguments of an authorizer, as Crossbar.io does: who, what it is about, what is wanted, and how.
    pub(super) fn arguments(&self, from: SessionId, matter: &Matter, message: &Message) -> Payload {
        said(&[
            session_details(self, from),
            matter.uri.as_str().into(),
            matter.action.name().into(),
            Value::Dict(options(message)),
        ])
    }

    /// Calls a procedure for the realm itself; the outcome is told to [`super::Authorizing::answer`].
    pub(super) fn call_as_realm(
        &mut self,
        request: RequestId,
        procedure: Text,
        payload: Payload,
        out: &mut Outbox,
    ) -> Result<CallKey, Refusal> {
        let registration = self.dealer.exact(procedure.as_bytes());
        let registration = registration.or_else(|| self.dealer.pattern(procedure.as_bytes()));
        let Some(registration) = registration else {
            let text = format!("no callee registered for procedure <{procedure}>");
            return Err(Refusal::new(uris::NO_SUCH_PROCEDURE, text));
        };
        let order = Order {
            registration,
            grant: Grant::default(),
            received: self.now,
            is_compact: true,
            call: CallMessage {
                request,
                receive_progress: None,
                progress: None,
                timeout: None,
                disclose_me: None,
                caller: None,
                passthru: None,
                procedure,
                payload,
            },
        };
        self.begin(realm_itself(), order, out)
    }
}

/// Gives the options of a request that were set, under their names on the wire.
fn options(message: &Message) -> Dict {
    let mut dict = Dict::new();
    let mut put = |key: &str, value: Option<Value>| {
        dict.extend(value.map(|value| (key.to_owned(), value)));
    };
    let policy = |policy: Option<MatchPolicy>| {
        policy
            .filter(|&policy| policy != MatchPolicy::Exact)
            .map(|policy| policy.name().into())
    };
    if let Message::Call(call) = message {
        put("timeout", call.timeout.map(Value::from));
        put("receive_progress", call.receive_progress.map(Value::from));
        put("progress", call.progress.map(Value::from));
        put("disclose_me", call.disclose_me.map(Value::from));
    } else if let Message::Publish(publish) = message {
        put("acknowledge", publish.acknowledge.map(Value::from));
        put("exclude_me", publish.exclude_me.map(Value::from));
        put("disclose_me", publish.disclose_me.map(Value::from));
        put("retain", publish.retain.map(Value::from));
        if let Some(audience) = publish.audience.as_deref() {
            audience_options(audience, put);
        }
    } else if let Message::Subscribe(subscribe) = message {
        put("match", policy(subscribe.policy));
        put("get_retained", subscribe.get_retained.map(Value::from));
    } else if let Message::Register(register) = message {
        put("match", policy(register.policy));
        let invoke = register.invoke.filter(|&it| it != InvocationPolicy::Single);
        put("invoke", invoke.map(|invoke| invoke.name().into()));
        put("concurrency", register.concurrency.map(Value::from));
        put(
            "force_reregister",
            register.force_reregister.map(Value::from),
        );
    }
    dict
}

fn audience_options(audience: &Audience, mut put: impl FnMut(&str, Option<Value>)) {
    let ids = |ids: &Option<Vec<SessionId>>| listed(ids.as_ref()?, |id| Value::from(*id));
    let texts = |texts: &Option<Vec<Text>>| listed(texts.as_ref()?, |text| Value::from(text));
    put("eligible", ids(&audience.eligible));
    put("eligible_authid", texts(&audience.eligible_authid));
    put("eligible_authrole", texts(&audience.eligible_authrole));
    put("exclude", ids(&audience.exclude));
    put("exclude_authid", texts(&audience.exclude_authid));
    put("exclude_authrole", texts(&audience.exclude_authrole));
}

/// Writes a list of receivers; in place of a long one, with which a client could fill an authorizer's queue, how long it is.
fn listed<T>(list: &[T], value: impl Fn(&T) -> Value) -> Option<Value> {
    if list.len() > MOST_LISTED {
        return Some(Value::from(u64::try_from(list.len()).unwrap_or(u64::MAX)));
    }
    Some(Value::List(list.iter().map(value).collect()))
}

const MOST_LISTED: usize = 256;

impl Answer {
    /// Says for the operator what is wrong with it, if that is known before it is read.
    pub(super) fn trouble(&self) -> Option<Text> {
        match self {
            Self::Given(_) | Self::Late => None,
            Self::Error(uri, _) => Some(match uri.as_str() {
                uris::NO_SUCH_PROCEDURE => Text::from_static("nobody has registered it"),
                uris::CANCELED => Text::from_static("its session has ended"),
                _ => Text::from(format!("it gave the error <{}>", shortened(uri))),
            }),
        }
    }
}

/// Cuts a text, which may have any length, to what fits into a line.
fn shortened(text: &str) -> String {
    text.chars().take(MOST_SHOWN).collect()
}

const MOST_SHOWN: usize = 100;

/// Reads an answer: what is decided, and for whom that is kept.
pub(super) fn read(answer: Answer, inventory: Option<&Arc<Inventory>>) -> (Ruling, Keep) {
    let failed = |why: String| (Ruling::Failed(why), Keep::Nobody);
    match answer {
        Answer::Late => failed("the authorizer did not answer in time".to_owned()),
        Answer::Error(uri, payload) => {
            let args = payload.args().unwrap_or_default();
            if let Some(Value::Text(text)) = args.into_iter().next() {
                failed(format!("{uri}: {text}"))
            } else {
                failed(uri.to_string())
            }
        }
        Answer::Given(payload) => {
            let args = payload.args().unwrap_or_default();
            let [value] = args.as_slice() else {
                return failed("the authorizer gave no single result".to_owned());
            };
            read_value(value, inventory)
                .unwrap_or_else(|why| failed(format!("the authorizer gave {why}")))
        }
    }
}

fn read_value(value: &Value, inventory: Option<&Arc<Inventory>>) -> Result<(Ruling, Keep), String> {
    match value {
        Value::Bool(true) => Ok((Ruling::Allowed(Grant::default()), Keep::Nobody)),
        Value::Bool(false) => Ok((Ruling::Denied, Keep::Nobody)),
        Value::Dict(dict) => read_dict(dict, inventory),
        Value::Null
        | Value::Integer(_)
        | Value::Float(_)
        | Value::Text(_)
        | Value::Binary(_)
        | Value::List(_) => Err("neither a bool nor a dictionary".to_owned()),
    }
}

fn read_dict(dict: &Dict, inventory: Option<&Arc<Inventory>>) -> Result<(Ruling, Keep), String> {
    let mut validation = None;
    let (mut allow, mut disclose, mut cache, mut ttl) = (None, false, Keep::Nobody, None);
    for (key, value) in dict {
        match (key.as_str(), value) {
            ("allow", Value::Bool(value)) => allow = Some(*value),
            ("disclose", Value::Bool(value)) => disclose = *value,
            ("cache", Value::Bool(false)) => cache = Keep::Nobody,
            ("cache", Value::Bool(true)) => cache = Keep::Session(None),
            ("cache", Value::Text(word)) if word == "session" => cache = Keep::Session(None),
            ("cache", Value::Text(word)) if word == "role" => cache = Keep::Role(None),
            ("cache_ttl", Value::Integer(seconds)) => ttl = Some(lifetime(*seconds)?),
            ("validate", Value::Null) => {}
            ("validate", Value::Dict(types)) => validation = read_types(types, inventory)?,
            ("allow" | "disclose" | "cache" | "cache_ttl" | "validate", _) => {
                return Err(format!("a wrong \"{key}\""));
            }
            _ => return Err(format!("the unknown key \"{}\"", shortened(key))),
        }
    }
    let keep = match cache {
        Keep::Nobody => Keep::Nobody,
        Keep::Session(_) => Keep::Session(ttl),
        Keep::Role(_) => Keep::Role(ttl),
    };
    let disclosure = if disclose {
        Disclosure::Always
    } else {
        Disclosure::default()
    };
    match allow {
        None => Err("no \"allow\"".to_owned()),
        Some(false) => Ok((Ruling::Denied, keep)),
        Some(true) => Ok((
            Ruling::Allowed(Grant {
                disclosure,
                trustlevel: None,
                validation,
            }),
            keep,
        )),
    }
}

/// Reads what the arguments of messages must be.
fn read_types(
    types: &Dict,
    inventory: Option<&Arc<Inventory>>,
) -> Result<Option<Arc<Validation>>, String> {
    let mut validation = Validation::default();
    for (key, value) in types {
        if Validation::WITHOUT_EFFECT.contains(&key.as_str()) {
            continue;
        }
        let (Some(slot), Some(name)) = (validation.named(key), value.as_str()) else {
            return Err(format!("\"validate\" with a wrong {:?}", shortened(key)));
        };
        let Some(inventory) = inventory else {
            return Err("\"validate\", and the realm has no inventory".to_owned());
        };
        let shape = Shape::find(inventory, name).map_err(|fault| {
            let fault = shortened(&fault.to_string());
            format!("\"validate\": {fault}")
        });
        *slot = Some(shape?);
    }
    Ok((!validation.is_empty()).then(|| Arc::new(validation)))
}

fn lifetime(seconds: i128) -> Result<Duration, String> {
    let seconds = u32::try_from(seconds).map_err(|_| "a wrong \"cache_ttl\"".to_owned())?;
    Ok(Duration::from_secs(seconds.into()))
}
