use crossbar_wire::auth::cryptosign::{self, PrivateKey, PublicKey};
use crossbar_wire::auth::hex;
use crossbar_wire::auth::scram::{self, Dialect, Exchange, Kdf, Keys, Said, SaltedPassword};
use crossbar_wire::{Authenticate, Challenge, Dict, Value, Welcome};

use crate::{Auth, ConnectError, Options};

/// What a client proves in one opening of a session, and what it demands of the router.
pub(super) struct Proving {
    /// Who the client says it is.
    authid: Option<String>,
    /// The nonce for SCRAM, in base64.
    nonce: String,
    /// The challenge for a router that is to show its key.
    challenge: cryptosign::Nonce,
    /// What binds to the TLS connection.
    channel: Option<[u8; 32]>,
    /// What the router is to say at the end to show that it knows the password.
    expected: Option<Expected>,
    /// Whether the router has shown that it is the one that is meant.
    known: bool,
}

struct Expected {
    dialect: Dialect,
    exchange: Exchange,
    keys: Keys,
}

impl Proving {
    /// Draws what an opening needs.
    pub(super) fn new(channel: Option<[u8; 32]>, options: &Options) -> Self {
        let (mut nonce, mut challenge) = ([0; 18], [0; 32]);
        getrandom::fill(&mut nonce).expect("the system has a random generator");
        getrandom::fill(&mut challenge).expect("the system has a random generator");
        Self {
            authid: options.authid.clone(),
            nonce: scram::base64(&nonce),
            challenge,
            channel,
            expected: None,
            known: false,
        }
    }

    /// Adds to HELLO's `authextra` what the methods need.
    ///
    /// # Errors
    /// A method is to bind to TLS, and there is none.
    pub(super) fn authextra(&self, options: &Options) -> Result<Value, ConnectError> {
        let mut extra = options.authextra.as_dict().cloned().unwrap_or_default();
        for auth in &options.auth {
            match auth {
                Auth::Anonymous | Auth::Tls | Auth::Ticket(_) | Auth::Wampcra(_) => {}
                Auth::WampScram { binding, .. } => {
                    set(&mut extra, "nonce", self.nonce.clone());
                    self.bind(*binding, &mut extra)?;
                }
                Auth::Scram(_) => set(&mut extra, "nonce", self.nonce.clone()),
                Auth::Cryptosign {
                    key,
                    router,
                    binding,
                } => {
                    set(&mut extra, "pubkey", key.public().to_string());
                    if router.is_some() {
                        set(&mut extra, "challenge", hex(&self.challenge));
                    }
                    self.bind(*binding, &mut extra)?;
                }
            }
        }
        Ok(match extra.is_empty() {
            true => options.authextra.clone(),
            false => Value::Dict(extra),
        })
    }

    /// Answers a challenge.
    ///
    /// # Errors
    /// The router asks for what the options do not give, or does not show what it should.
    pub(super) async fn answer(
        &mut self,
        challenge: &Challenge,
        options: &Options,
    ) -> Result<Authenticate, ConnectError> {
        let method = challenge.method.as_str();
        let chosen = options.auth.iter().find(|auth| auth.method() == method);
        let (signature, extra) = match chosen {
            Some(Auth::Ticket(ticket)) => (ticket.expose().to_owned(), Dict::new()),
            Some(Auth::Wampcra(secret)) => {
                let signature = super::sign(secret.expose(), &challenge.extra)?;
                (signature, Dict::new())
            }
            Some(Auth::WampScram { password, binding }) => {
                let channel = self.channel.filter(|_| *binding);
                let password = password.expose();
                self.prove(Dialect::Specification, password, channel, challenge)
                    .await?
            }
            Some(Auth::Scram(password)) => {
                let password = password.expose();
                self.prove(Dialect::Autobahn, password, None, challenge)
                    .await?
            }
            Some(Auth::Cryptosign {
                key,
                router,
                binding,
            }) => {
                let channel = self.channel.filter(|_| *binding);
                let signature = self.sign(key, router.as_ref(), channel, &challenge.extra)?;
                (signature, Dict::new())
            }
            Some(Auth::Anonymous | Auth::Tls) | None => {
                return Err(ConnectError::Challenge(challenge.method.compact()));
            }
        };
        Ok(Authenticate {
            signature: signature.into(),
            extra: Value::Dict(extra),
        })
    }

    /// Checks that the router has shown all that it must.
    ///
    /// # Errors
    /// It has not.
    pub(super) fn check(&self, welcome: &Welcome, options: &Options) -> Result<(), ConnectError> {
        let Some(expected) = &self.expected else {
            let mutual = |auth: &Auth| auth.is_mutual();
            let needed = !options.auth.is_empty() && options.auth.iter().all(mutual);
            return if needed && !self.known {
                Err(ConnectError::Impostor("it has not shown who it is"))
            } else {
                Ok(())
            };
        };
        let verifier = welcome
            .authextra
            .get(expected.dialect.verifier())
            .and_then(Value::as_str);
        match verifier {
            Some(verifier) if expected.exchange.is_signature(&expected.keys, verifier) => Ok(()),
            Some(_) | None => Err(ConnectError::Impostor("it does not know the password")),
        }
    }

    /// Asks for binding to TLS.
    fn bind(&self, binding: bool, extra: &mut Dict) -> Result<(), ConnectError> {
        if !binding {
            return Ok(());
        }
        if self.channel.is_none() {
            return Err(ConnectError::Unbound);
        }
        set(extra, "channel_binding", EXPORTER.to_owned());
        Ok(())
    }

    /// Signs a challenge with a key, if the router is the one that is meant.
    fn sign(
        &mut self,
        key: &PrivateKey,
        router: Option<&PublicKey>,
        channel: Option<[u8; 32]>,
        extra: &Value,
    ) -> Result<String, ConnectError> {
        let text = |key| extra.get(key).and_then(Value::as_str);
        let challenge = text("challenge")
            .and_then(cryptosign::read_challenge)
            .ok_or(ConnectError::BadChallenge(
                "it has no challenge of 64 hexadecimal digits",
            ))?;
        if channel.is_some() != (text("channel_binding") == Some(EXPORTER)) {
            return Err(ConnectError::Unbound);
        }
        if let Some(router) = router {
            let shown =
                text("signature").ok_or(ConnectError::Impostor("it does not show its key"))?;
            router
                .verify(shown, &self.challenge, channel.as_ref())
                .map_err(|_| ConnectError::Impostor("it does not have the key it should"))?;
            self.known = true;
        }
        Ok(key.sign(&challenge, channel.as_ref()))
    }

    /// Proves to know a password, without saying it.
    async fn prove(
        &mut self,
        dialect: Dialect,
        password: &str,
        channel: Option<[u8; 32]>,
        challenge: &Challenge,
    ) -> Result<(String, Dict), ConnectError> {
        let asked = Asked::read(dialect, &challenge.extra)?;
        if !dialect.continues(asked.nonce, &self.nonce) {
            return Err(ConnectError::Impostor(
                "its nonce does not go on from this client's",
            ));
        }
        let authid = self.authid.as_deref().and_then(scram::normalize);
        let authid = authid.ok_or(ConnectError::BadChallenge("SCRAM needs an authid"))?;
        let exchange = Exchange::new(
            dialect,
            &Said {
                authid: &authid,
                client_nonce: &self.nonce,
                nonce: asked.nonce,
                salt: asked.salt,
                iterations: asked.kdf.iterations(),
                binding: channel.as_ref().map(|channel| (EXPORTER, &channel[..])),
            },
        );
        let salted = salt(dialect, password, &asked).await?;
        let proof = exchange.proof(&salted);
        let keys = salted.keys();
        self.expected = Some(Expected {
            dialect,
            exchange,
            keys,
        });
        let extra = match dialect {
            Dialect::Autobahn => Dict::new(),
            Dialect::Specification => {
                let text = |text: String| Value::Text(text);
                let kind = channel.map_or(Value::Null, |_| text(EXPORTER.to_owned()));
                let data = channel.map_or(Value::Null, |channel| text(scram::base64(&channel)));
                vec![
                    ("nonce".to_owned(), text(asked.nonce.to_owned())),
                    ("channel_binding".to_owned(), kind),
                    ("cbind_data".to_owned(), data),
                ]
            }
        };
        Ok((proof, extra))
    }
}

/// What a challenge of SCRAM asks for.
struct Asked<'a> {
    nonce: &'a str,
    salt: &'a str,
    kdf: Kdf,
}

impl<'a> Asked<'a> {
    /// Reads a challenge. Costs that make a password easy to guess are refused as those that keep a processor busy for long.
    fn read(dialect: Dialect, extra: &'a Value) -> Result<Self, ConnectError> {
        let text = |key| extra.get(key).and_then(Value::as_str);
        let number = |key| {
            let number = extra.get(key).and_then(Value::as_u64);
            number.and_then(|number| u32::try_from(number).ok())
        };
        let (Some(nonce), Some(salt), Some(name), Some(iterations)) = (
            text("nonce"),
            text("salt"),
            text("kdf"),
            number("iterations"),
        ) else {
            return Err(ConnectError::BadChallenge(
                "it lacks nonce, salt, kdf or iterations",
            ));
        };
        let argon2 = number("memory").map(|memory| Kdf::Argon2id { iterations, memory });
        let known = [argon2, Some(Kdf::Pbkdf2 { iterations })];
        let kdf = known
            .into_iter()
            .flatten()
            .find(|kdf| dialect.kdf(*kdf) == name)
            .ok_or(ConnectError::BadChallenge(
                "its key derivation is not known",
            ))?;
        let cost = u64::from(iterations) * u64::from(kdf.memory().unwrap_or(1));
        let costs = match kdf {
            Kdf::Argon2id { .. } => MIN_ARGON2..=MAX_ARGON2,
            Kdf::Pbkdf2 { .. } => MIN_PBKDF2..=super::MAX_ITERATIONS.into(),
        };
        if !costs.contains(&cost) || kdf.memory().is_some_and(|memory| memory > MAX_MEMORY) {
            return Err(ConnectError::BadChallenge(
                "its key derivation costs too little or too much",
            ));
        }
        Ok(Self { nonce, salt, kdf })
    }
}

/// Salts a password on a thread of its own: that takes long, and is meant to.
async fn salt(
    dialect: Dialect,
    password: &str,
    asked: &Asked<'_>,
) -> Result<SaltedPassword, ConnectError> {
    let salt = scram::from_base64(asked.salt)
        .ok_or(ConnectError::BadChallenge("its salt is not in base64"))?;
    let (kdf, password) = (asked.kdf, password.to_owned());
    let salting =
        tokio::task::spawn_blocking(move || SaltedPassword::new(dialect, kdf, &password, &salt));
    match salting.await {
        Ok(Ok(salted)) => Ok(salted),
        Ok(Err(_)) => Err(ConnectError::BadChallenge(
            "the password cannot be salted as it asks",
        )),
        Err(_) => Err(ConnectError::BadChallenge("the runtime stops")),
    }
}

fn set(extra: &mut Dict, key: &str, value: String) {
    extra.retain(|(other, _)| other != key);
    extra.push((key.to_owned(), Value::Text(value)));
}

/// The binding of TLS 1.3 (RFC 9266).
const EXPORTER: &str = "tls-exporter";
/// Iterations, as RFC 7677 recommends at least.
const MIN_PBKDF2: u64 = 4096;
/// Passes times KiB.
const MIN_ARGON2: u64 = 1024;
const MAX_ARGON2: u64 = 1 << 24;
/// KiB
const MAX_MEMORY: u32 = 1 << 20;
