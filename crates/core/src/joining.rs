mod anonymous;
mod cookie;
mod cryptosign;
mod dynamic;
mod jwt;
mod likeness;
mod method;
mod proof;
mod proxy;
mod scram;
mod ticket;
mod tls;
mod wampcra;

use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::auth::cryptosign::PrivateKey;
use crossbar_wire::auth::scram::Dialect;
use crossbar_wire::{
    Abort, Authenticate, Challenge, Dict, Hello, Role, SessionId, Text, Uri, UriCheck, Value,
};

use crate::abort::{abort, protocol_violation, shortened};
use crate::role::TRUSTED;
use crate::{
    Access, CookieLogin, Credentials, Dynamic, Jwt, KeySource, Limits, MethodConfig, Principal,
    Timestamp, TransportDetails, uris,
};

pub(crate) use anonymous::authid_of;
pub use dynamic::{AuthenticatorFailure, BadAnswer};

use dynamic::Asked;
use jwt::Unkeyed;
use method::dialect;
use proof::Proof;

/// A client on its way into a realm: HELLO, perhaps CHALLENGE and AUTHENTICATE.
///
/// Whether the realm is there is for the shell to say, whether it has the role for [`crate::Realm::admits`].
#[derive(Debug)]
pub struct Joining {
    /// The pending session.
    pub session: SessionId,
    stage: Stage,
}

/// How far a client has come.
#[derive(Debug)]
enum Stage {
    /// It is known who it says it is; with the right answer it is in.
    Proving(Box<Join>, Proof),
    /// It is to show a ticket, from which follows who it is.
    Ticket(Box<Client>, Issuer),
    /// An authenticator is asked.
    Asked(Box<Asked>),
    /// The keys for its token are looked up.
    Unkeyed(Box<Unkeyed>),
}

/// Who knows what a ticket is worth.
#[derive(Debug)]
enum Issuer {
    Jwt(Arc<Jwt>),
    Dynamic(Arc<Dynamic>),
}

/// What follows a message of a client that is joining.
#[derive(Debug)]
pub enum Step {
    /// The client is challenged; `Joining` waits for its answer.
    Challenge(Challenge, Joining),
    /// The client is who it says: join this realm.
    Join(Box<Join>),
    /// The client is refused.
    Abort(Abort),
    /// The client is refused, for it has not shown that it is who it says.
    Denied(Abort),
    /// Who the client is tells an authenticator; [`Joining::answered`] takes what it says.
    Ask(Box<Inquiry>, Joining),
    /// The client's token needs keys from elsewhere; [`Joining::keyed`] takes them.
    Keys(KeyRequest, Joining),
}

/// A question to a procedure. `Debug` does not show its arguments, which may be secrets.
#[derive(Clone, PartialEq)]
pub struct Inquiry {
    /// The realm that the procedure is registered in.
    pub realm: Text,
    /// The procedure.
    pub procedure: Text,
    /// Its arguments.
    pub arguments: Vec<Value>,
    /// How long it has to answer.
    pub limit: Duration,
}

impl std::fmt::Debug for Inquiry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inquiry")
            .field("realm", &self.realm)
            .field("procedure", &self.procedure)
            .finish_non_exhaustive()
    }
}

/// A wish for the keys that tokens are verified with.
#[derive(Clone, Debug)]
pub struct KeyRequest {
    /// Where they are.
    pub source: Arc<KeySource>,
    /// The id of the one that is needed, if the token names one.
    pub kid: Option<Text>,
}

/// A request to join a realm.
#[derive(Clone, Debug)]
pub struct Join {
    /// The pending session.
    pub session: SessionId,
    /// The realm.
    pub realm: Text,
    /// Who joins.
    pub principal: Principal,
    /// What it announced.
    pub hello: Hello,
    /// What it comes over, as far as the shell tells.
    pub transport: Option<TransportDetails>,
    /// Whether its request ids must count up from 1; a gap or a repeat then breaks the protocol.
    pub strict_request_ids: bool,
    /// When the session ends at the latest.
    pub expires: Option<Timestamp>,
    /// What its transport allows it to have and send, if that says something.
    pub limits: Option<Arc<Limits>>,
    /// Whether a cookie may stand for what the client has proven.
    pub remembered: bool,
}

/// What the shell knows when a HELLO comes.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The id that the session will have.
    pub session: SessionId,
    /// Octets of the system's generator, for nonces and generated authids.
    pub random: [u8; 32],
    /// The time of day.
    pub time: Timestamp,
    /// What the connection proves by itself.
    pub credentials: Option<Arc<Credentials>>,
    /// Who has come in with its cookie before.
    pub cookie: Option<Arc<CookieLogin>>,
    /// The node's own key, by which a client may know the router.
    pub identity: Option<Arc<PrivateKey>>,
    /// A secret that makes what unknown clients are challenged with look like that of known ones, always in the same way.
    pub disguise: [u8; 32],
    /// What the client comes over.
    pub transport: Option<TransportDetails>,
}

impl Joining {
    /// Takes the HELLO of a client.
    #[must_use]
    pub fn hello(access: &Arc<Access>, hello: Hello, opening: Opening) -> Step {
        let realm = match check(&hello) {
            Ok(realm) => realm,
            Err(abort) => return Step::Abort(*abort),
        };
        let client = Client {
            opening,
            realm,
            hello,
            remembered: false,
        };
        match access.as_ref() {
            Access::Open => client.open(),
            Access::Fixed(principal) => client.join(principal.clone()),
            Access::Methods(methods) => client.choose(methods),
        }
    }

    /// Gives the request that a right answer to the challenge leads to, if it is known before that who the client is.
    #[must_use]
    pub fn request(&self) -> Option<&Join> {
        match &self.stage {
            Stage::Proving(join, _) => Some(join),
            Stage::Ticket(..) | Stage::Asked(_) | Stage::Unkeyed(_) => None,
        }
    }

    /// Says whether it takes milliseconds to check the answer to the challenge, as with hashes of passwords.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        match &self.stage {
            Stage::Proving(_, proof) => proof.is_slow(),
            Stage::Ticket(..) | Stage::Asked(_) | Stage::Unkeyed(_) => false,
        }
    }

    /// Takes the answer to the challenge.
    #[must_use]
    pub fn authenticate(self, authenticate: &Authenticate) -> Step {
        let ticket = &authenticate.signature;
        match self.stage {
            Stage::Proving(mut join, proof) => {
                match proof.verify(authenticate, &mut join.principal) {
                    Ok(()) => Step::Join(join),
                    Err(wrong) => Step::Denied(wrong.abort()),
                }
            }
            Stage::Ticket(client, Issuer::Jwt(jwt)) => client.token(&jwt, ticket.as_bytes()),
            Stage::Ticket(client, Issuer::Dynamic(dynamic)) => client.ask_about(&dynamic, ticket),
            Stage::Asked(_) | Stage::Unkeyed(_) => {
                Step::Abort(protocol_violation("AUTHENTICATE without a challenge"))
            }
        }
    }
}

/// A client that said HELLO.
#[derive(Debug)]
struct Client {
    opening: Opening,
    /// The realm that it asks for; some methods can do without.
    realm: Option<Text>,
    hello: Hello,
    /// Whether a cookie may stand for the method that was chosen.
    remembered: bool,
}

impl Client {
    /// Lets everybody in who does not insist on another method than `anonymous`.
    fn open(self) -> Step {
        if self.offers(anonymous::METHOD) {
            let role = Text::from_static(anonymous::METHOD);
            self.anonymous(&role, None)
        } else {
            self.no_method()
        }
    }

    /// Takes the first method of the client's list that is configured; no list means `anonymous`.
    fn choose(mut self, methods: &[MethodConfig]) -> Step {
        let default = [Text::from_static(anonymous::METHOD)];
        let offered = if self.hello.authmethods.is_empty() {
            &default[..]
        } else {
            &self.hello.authmethods[..]
        };
        // A cookie that nobody has come in with does not stand in the way of the method by which it gets to be worth something.
        let usable = |method: &MethodConfig| {
            !matches!(method, MethodConfig::Cookie) || self.cookie_login(methods).is_some()
        };
        let chosen = offered.iter().find_map(|name| {
            methods
                .iter()
                .find(|method| method.is_called(name) && usable(method))
                .map(|m| (m, name))
        });
        match chosen {
            Some((MethodConfig::Cookie, _)) => self.cookie(methods),
            Some((method, name)) => {
                let dialect = dialect(name);
                self.remembered = method.is_remembered();
                self.take(method, dialect)
            }
            None => self.no_method(),
        }
    }

    /// Authenticates a client by one method.
    fn take(self, method: &MethodConfig, dialect: Dialect) -> Step {
        if self.realm.is_none() && !method.assigns_realm() {
            return Step::Abort(no_realm());
        }
        match method {
            MethodConfig::Anonymous { role, authid } => self.anonymous(role, authid.clone()),
            MethodConfig::Ticket(principals) => self.ticket(principals),
            MethodConfig::WampCra(users) => self.wampcra(users),
            MethodConfig::Scram(principals) => self.scram(principals, dialect),
            MethodConfig::Cryptosign(principals) => self.cryptosign(principals),
            MethodConfig::CryptosignProxy(proxies) => self.cryptosign_proxy(proxies),
            MethodConfig::AnonymousProxy => self.anonymous_proxy(),
            MethodConfig::Tls(principals) => self.tls(principals),
            MethodConfig::Cookie => self.no_method(),
            MethodConfig::Jwt(jwt) => self.expect_ticket(Issuer::Jwt(Arc::clone(jwt))),
            MethodConfig::Dynamic(dynamic) => self.dynamic(dynamic, dialect),
        }
    }

    fn offers(&self, method: &str) -> bool {
        let offered = &self.hello.authmethods;
        offered.is_empty() || offered.iter().any(|name| name.as_str() == method)
    }

    /// Gives the authid that the client announced; some send an empty one for none.
    fn authid(&self) -> Option<&Text> {
        self.hello
            .authid
            .as_ref()
            .filter(|authid| !authid.as_bytes().is_empty())
    }

    /// Gives what binds to the connection, if TLS has it.
    fn channel(&self) -> Option<&[u8; 32]> {
        self.opening.credentials.as_ref()?.channel.as_ref()
    }

    /// Chooses the realm for a client, whatever it asked for.
    fn assign(mut self, realm: &str) -> Result<Self, Box<Abort>> {
        self.realm = Some(check_realm(&Text::from(realm))?);
        Ok(self)
    }

    fn challenge(self, extra: Dict, principal: Principal, proof: Proof) -> Step {
        let method = principal.authmethod.clone();
        self.challenge_by(method, extra, principal, proof)
    }

    /// The same by a method that is not the principal's.
    fn challenge_by(self, method: Text, extra: Dict, principal: Principal, proof: Proof) -> Step {
        let challenge = Challenge {
            method,
            extra: Value::Dict(extra),
        };
        let session = self.opening.session;
        match self.admit(principal) {
            Ok(join) => Step::Challenge(
                challenge,
                Joining {
                    session,
                    stage: Stage::Proving(join, proof),
                },
            ),
            Err(abort) => Step::Abort(*abort),
        }
    }

    /// Challenges a client for a ticket that tells who it is.
    fn expect_ticket(self, issuer: Issuer) -> Step {
        let challenge = Challenge {
            method: Text::from_static(ticket::METHOD),
            extra: Value::Dict(Dict::new()),
        };
        let session = self.opening.session;
        let stage = Stage::Ticket(Box::new(self), issuer);
        Step::Challenge(challenge, Joining { session, stage })
    }

    /// Lets a client in whose principal was found; nobody from outside gets the role of the node's own sessions.
    fn admit(self, principal: Principal) -> Result<Box<Join>, Box<Abort>> {
        if principal.authrole == TRUSTED {
            let message = format!("the role \"{TRUSTED}\" is not for clients");
            return Err(Box::new(abort(uris::NO_SUCH_ROLE, message)));
        }
        self.into_join(principal)
    }

    /// Lets a client in that has nothing more to show.
    fn enter(self, principal: Principal) -> Step {
        entered(self.admit(principal))
    }

    fn join(self, principal: Principal) -> Step {
        entered(self.into_join(principal))
    }

    fn into_join(self, principal: Principal) -> Result<Box<Join>, Box<Abort>> {
        let Some(realm) = self.realm else {
            return Err(Box::new(no_realm()));
        };
        Ok(Box::new(Join {
            session: self.opening.session,
            realm,
            principal,
            hello: self.hello,
            transport: self.opening.transport.clone(),
            strict_request_ids: false,
            expires: None,
            limits: None,
            remembered: self.remembered,
        }))
    }

    fn no_method(self) -> Step {
        let offered: Vec<&str> = self.hello.authmethods.iter().map(Text::as_str).collect();
        let offered = format!("{offered:?}");
        let what = "cannot authenticate using any of the offered authmethods";
        let message = format!("{what} {}", shortened(&offered));
        Step::Abort(abort(uris::NO_AUTH_METHOD, message))
    }

    /// Refuses a client whose authid no principal has.
    fn no_principal(self) -> Step {
        let message = match self.authid() {
            Some(authid) => format!("no principal with authid \"{}\" exists", shortened(authid)),
            None => "this authentication method needs an authid".to_owned(),
        };
        Step::Denied(abort(uris::NOT_AUTHORIZED, message))
    }
}

/// Makes a principal of the static configuration.
fn principal(authid: &Text, role: &Text, method: &'static str) -> Principal {
    Principal {
        authid: authid.compact(),
        authrole: role.clone(),
        authmethod: Text::from_static(method),
        authprovider: Text::from_static("static"),
        authextra: Value::Null,
    }
}

/// Joins, if that may be.
fn entered(join: Result<Box<Join>, Box<Abort>>) -> Step {
    match join {
        Ok(join) => Step::Join(join),
        Err(abort) => Step::Abort(*abort),
    }
}

/// Checks what every HELLO must have, and gives its realm, if it names one.
fn check(hello: &Hello) -> Result<Option<Text>, Box<Abort>> {
    let roles = [
        Role::Publisher,
        Role::Subscriber,
        Role::Caller,
        Role::Callee,
    ];
    if roles
        .iter()
        .all(|&role| hello.roles.features(role).is_none())
    {
        let message = "HELLO announces none of the roles publisher, subscriber, caller and callee";
        return Err(Box::new(protocol_violation(message)));
    }
    if hello
        .authid
        .as_deref()
        .is_some_and(|it| it.len() > MAX_AUTHID)
    {
        let message = format!("the authid has more than {MAX_AUTHID} octets");
        return Err(Box::new(abort(uris::NOT_AUTHORIZED, message)));
    }
    hello.realm.as_ref().map(check_realm).transpose()
}

/// Says whether this can be an authid. It is kept with the session, and goes with all that the session discloses itself to.
fn is_authid(authid: &str) -> bool {
    authid.len() <= MAX_AUTHID && !authid.contains(char::is_control)
}

/// How long an authid may be, in octets.
const MAX_AUTHID: usize = 1024;

fn no_realm() -> Abort {
    let message = "HELLO names no realm, and none is assigned".to_owned();
    abort(uris::NO_SUCH_REALM, message)
}

fn check_realm(realm: &Text) -> Result<Text, Box<Abort>> {
    match Uri::check(realm, UriCheck::Loose) {
        Ok(()) => Ok(realm.compact()),
        Err(fault) => {
            let message = format!("invalid realm \"{}\": {fault}", shortened(realm));
            Err(Box::new(abort(uris::INVALID_URI, message)))
        }
    }
}

/// The channel binding that TLS 1.3 has (RFC 9266).
const EXPORTER: &str = "tls-exporter";
