mod material;

use std::sync::Arc;

use crossbar_wire::auth::scram::Dialect;
use crossbar_wire::{Abort, Dict, Text, Uri, UriCheck, Value};

use super::anonymous::draw_authid;
use super::tls::no_certificate;
use super::{Client, Inquiry, Issuer, Joining, Stage, Step, cryptosign, entered};
use crate::abort::abort;
use crate::role::TRUSTED;
use crate::{ClientCertificate, Dynamic, DynamicMethod, Principal, uris};

/// A client about whom an authenticator is asked.
#[derive(Debug)]
pub(super) struct Asked {
    client: Client,
    dynamic: Arc<Dynamic>,
    /// The method by the name that the client used.
    method: &'static str,
    /// The authid if the authenticator tells none.
    authid: Option<Text>,
}

/// Why an authenticator did not tell who a client is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AuthenticatorFailure {
    /// It refuses the client, with this error and its first argument.
    Refused {
        /// The error's URI.
        uri: Text,
        /// What the client is told.
        message: Option<String>,
    },
    /// There is none, it has gone or it has not answered in time.
    Unavailable,
}

/// What an authenticator said that means nothing. Its operator should know; the client is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct BadAnswer {
    /// What is wrong.
    pub what: String,
    /// What the client gets.
    pub abort: Abort,
}

impl Client {
    /// Begins a method that has an authenticator. The dialect is that of SCRAM.
    pub(super) fn dynamic(self, dynamic: &Arc<Dynamic>, dialect: Dialect) -> Step {
        let method = dynamic.method.name();
        match dynamic.method {
            DynamicMethod::Ticket => self.expect_ticket(Issuer::Dynamic(Arc::clone(dynamic))),
            DynamicMethod::Anonymous => {
                let authid = draw_authid(&self.opening.random);
                self.ask(dynamic, method, Some(authid), Dict::new())
            }
            DynamicMethod::Scram => {
                let authid = self.authid().map(Text::compact);
                self.ask(dynamic, dialect.method(), authid, Dict::new())
            }
            DynamicMethod::Tls if self.certificate().is_none() => no_certificate(),
            DynamicMethod::Tls => {
                let authid = self.authid().map(Text::compact);
                self.ask(dynamic, method, authid, Dict::new())
            }
            DynamicMethod::WampCra | DynamicMethod::Cryptosign => {
                let authid = self.authid().map(Text::compact);
                let authrole = self.hello.authrole.as_ref();
                let more = vec![
                    ("authid".to_owned(), text_or_null(authid.as_ref())),
                    ("authrole".to_owned(), text_or_null(authrole)),
                ];
                self.ask(dynamic, method, authid, more)
            }
        }
    }

    /// Asks about a client that has shown a ticket.
    pub(super) fn ask_about(self, dynamic: &Arc<Dynamic>, ticket: &Text) -> Step {
        let authid = self.authid().map(Text::compact);
        let more = vec![("ticket".to_owned(), Value::from(ticket))];
        self.ask(dynamic, dynamic.method.name(), authid, more)
    }

    /// Asks with the arguments that Crossbar.io's authenticators take: realm, authid and details.
    fn ask(
        self,
        dynamic: &Arc<Dynamic>,
        method: &'static str,
        authid: Option<Text>,
        more: Dict,
    ) -> Step {
        let Some(realm) = dynamic.realm.clone().or_else(|| self.realm.clone()) else {
            return Step::Abort(super::no_realm());
        };
        let inquiry = Inquiry {
            realm,
            procedure: dynamic.procedure.clone(),
            arguments: vec![
                text_or_null(self.realm.as_ref()),
                text_or_null(authid.as_ref()),
                Value::Dict(self.details(method, more)),
            ],
            limit: dynamic.limit,
        };
        let session = self.opening.session;
        let asked = Asked {
            client: self,
            dynamic: Arc::clone(dynamic),
            method,
            authid,
        };
        let stage = Stage::Asked(Box::new(asked));
        Step::Ask(Box::new(inquiry), Joining { session, stage })
    }

    fn details(&self, method: &'static str, more: Dict) -> Dict {
        let transport = self.opening.transport.as_ref().map(|transport| {
            let mut transport = Value::from(transport);
            let certificate = self.certificate().map_or(Value::Null, shown);
            if let Value::Dict(transport) = &mut transport {
                transport.retain(|(key, _)| key != "peer_cert");
                // Crossbar.io's two names for the certificate.
                transport.push(("peer_cert".to_owned(), certificate.clone()));
                transport.push(("client_cert".to_owned(), certificate));
            }
            transport
        });
        let session = self.opening.session;
        let mut details = vec![
            ("transport".to_owned(), transport.unwrap_or_default()),
            ("session".to_owned(), session.into()),
            ("authmethod".to_owned(), method.into()),
            ("authextra".to_owned(), self.hello.authextra.clone()),
        ];
        details.extend(more);
        details
    }
}

impl Joining {
    /// Says whether it takes milliseconds to take what an authenticator says, as where a key is derived.
    #[must_use]
    pub fn is_slow_to_take(&self, answer: &Result<Value, AuthenticatorFailure>) -> bool {
        match (&self.stage, answer) {
            (Stage::Asked(asked), Ok(answer)) => asked.is_slow(answer),
            (Stage::Asked(_) | Stage::Proving(..) | Stage::Ticket(..) | Stage::Unkeyed(_), _) => {
                false
            }
        }
    }

    /// Takes what an authenticator says: a role, or a dictionary of a principal.
    ///
    /// # Errors
    /// It says something that means nothing.
    pub fn answered(
        self,
        answer: Result<Value, AuthenticatorFailure>,
    ) -> Result<Step, Box<BadAnswer>> {
        let Stage::Asked(asked) = self.stage else {
            return Err(bad("nothing was asked"));
        };
        match answer {
            Ok(answer) => asked.take(answer),
            Err(failure) => failure.into_step(),
        }
    }
}

impl Asked {
    /// Says whether a key has to be derived from an answer.
    pub(super) fn is_slow(&self, answer: &Value) -> bool {
        self.dynamic.method == DynamicMethod::WampCra
            && answer.get("salt").is_some_and(|salt| *salt != Value::Null)
    }

    fn take(self, answer: Value) -> Result<Step, Box<BadAnswer>> {
        let answer = if let Value::Text(role) = answer {
            Value::Dict(vec![("role".to_owned(), Value::Text(role))])
        } else {
            answer
        };
        if answer.as_dict().is_none() {
            let what = format!("{} in place of a role or a dictionary", answer.kind());
            return Err(bad(&what));
        }
        let client = match text(&answer, "realm")? {
            Some(realm) => self.dynamic.assign(self.client, realm)?,
            None => self.client,
        };
        let authid = text(&answer, "authid")?.map(Text::from).or(self.authid);
        if authid.as_deref().is_some_and(|it| !super::is_authid(it)) {
            return Err(bad("an authid with control characters, or a very long one"));
        }
        let Some(authid) = authid.filter(|authid| !authid.as_bytes().is_empty()) else {
            let message = "no authid is assigned".to_owned();
            return Ok(Step::Abort(abort(uris::NO_SUCH_PRINCIPAL, message)));
        };
        let authrole = text(&answer, "role")?.map(Text::from);
        let Some(authrole) = authrole.or_else(|| self.dynamic.default_role.clone()) else {
            let message = "no authrole is assigned".to_owned();
            return Ok(Step::Abort(abort(uris::NO_SUCH_ROLE, message)));
        };
        if authrole == TRUSTED {
            return Err(bad("the role \"trusted\", which is not for clients"));
        }
        let principal = Principal {
            authid,
            authrole,
            authmethod: Text::from_static(self.method),
            authprovider: Text::from_static("dynamic"),
            authextra: extra(&answer)?,
        };
        client.prove(self.dynamic.method, principal, &answer)
    }
}

impl Dynamic {
    /// Gives a client the realm that the authenticator says. One that was asked in the client's own realm decides about that
    /// alone: whoever may register procedures there must not open other realms.
    fn assign(&self, client: Client, realm: &str) -> Result<Client, Box<BadAnswer>> {
        let asked = client.realm.as_deref();
        if self.realm.is_none() && asked != Some(realm) {
            return Err(bad(
                "another realm than its own, for which the configuration must name its realm",
            ));
        }
        client.assign(realm).map_err(|abort| {
            let what = "a realm that is no URI".to_owned();
            Box::new(BadAnswer {
                what,
                abort: *abort,
            })
        })
    }
}

impl Client {
    /// Lets a client in, or challenges it with what the authenticator knows of it.
    fn prove(
        self,
        method: DynamicMethod,
        principal: Principal,
        answer: &Value,
    ) -> Result<Step, Box<BadAnswer>> {
        match method {
            DynamicMethod::Anonymous | DynamicMethod::Ticket | DynamicMethod::Tls => {
                Ok(entered(self.admit(principal)))
            }
            DynamicMethod::WampCra => {
                let (key, salting) = material::wampcra(answer)?;
                Ok(self.prove_wampcra(principal, key, salting, |proof| proof))
            }
            DynamicMethod::Scram => {
                let dialect = super::dialect(&principal.authmethod);
                let found = material::scram(answer, dialect)?;
                Ok(self.prove_scram(dialect, principal, &found, |proof| proof))
            }
            DynamicMethod::Cryptosign => {
                let key = material::cryptosign(answer)?;
                Ok(self.prove_cryptosign(cryptosign::METHOD, principal, key, true))
            }
        }
    }
}

/// Shows a certificate to an authenticator: as in the meta API, and whole.
fn shown(certificate: &ClientCertificate) -> Value {
    let mut shown = Value::from(certificate);
    if let Value::Dict(shown) = &mut shown {
        // TLS has just verified it.
        shown.push(("expired".to_owned(), false.into()));
        shown.push(("der".to_owned(), certificate.der.as_ref().into()));
    }
    shown
}

impl AuthenticatorFailure {
    fn into_step(self) -> Result<Step, Box<BadAnswer>> {
        match self {
            Self::Unavailable => {
                let message = "the authenticator is not available".to_owned();
                Ok(Step::Abort(abort(uris::AUTHENTICATION_FAILED, message)))
            }
            Self::Refused { uri, message } => {
                if Uri::check(&uri, UriCheck::Loose).is_err() {
                    return Err(bad("an error that is no URI"));
                }
                Ok(Step::Denied(Abort {
                    message: message.map(|message| Text::from(shortened(message))),
                    reason: uri,
                    ..Abort::default()
                }))
            }
        }
    }
}

/// Reads `extra`, which the client gets as `authextra`.
fn extra(answer: &Value) -> Result<Value, Box<BadAnswer>> {
    match answer.get("extra") {
        None | Some(Value::Null) => Ok(Value::Null),
        Some(extra @ Value::Dict(_)) => Ok(extra.clone()),
        Some(other) => Err(bad(&format!(
            "extra is not a dictionary but {}",
            other.kind()
        ))),
    }
}

fn text<'a>(answer: &'a Value, key: &str) -> Result<Option<&'a str>, Box<BadAnswer>> {
    match answer.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Text(text)) => Ok(Some(text)),
        Some(other) => Err(bad(&format!("{key} is not text but {}", other.kind()))),
    }
}

fn bad(what: &str) -> Box<BadAnswer> {
    let message = "the authenticator's answer is invalid".to_owned();
    Box::new(BadAnswer {
        what: what.to_owned(),
        abort: abort(uris::AUTHENTICATION_FAILED, message),
    })
}

fn text_or_null(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, Value::from)
}

/// Cuts a message to the client that is longer than anybody reads.
fn shortened(mut message: String) -> String {
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE) {
        message.truncate(end);
    }
    message
}

const MAX_MESSAGE: usize = 1000;
