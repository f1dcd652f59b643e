use std::time::Duration;

use crossbar_wire::Text;

/// An authenticator: a procedure that tells who a client is (Crossbar.io: a method of the type `dynamic`).
#[derive(Clone, Debug)]
pub struct Dynamic {
    /// The method that it answers for.
    pub method: DynamicMethod,
    /// `authenticator`: the procedure.
    pub procedure: Text,
    /// `authenticator-realm`: where the procedure is registered; in the realm that the client asks for if absent.
    pub realm: Option<Text>,
    /// `default-role`: the role of a client for whom the procedure tells none.
    pub default_role: Option<Text>,
    /// `authenticator-timeout`: how long the procedure has to answer.
    pub limit: Duration,
}

/// A method that can have an authenticator.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DynamicMethod {
    /// `anonymous`
    Anonymous,
    /// `ticket`
    Ticket,
    /// `wampcra`
    WampCra,
    /// `scram`, also by the specification's name `wamp-scram`
    Scram,
    /// `cryptosign`
    Cryptosign,
    /// `tls`
    Tls,
}

impl DynamicMethod {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Anonymous,
        Self::Ticket,
        Self::WampCra,
        Self::Scram,
        Self::Cryptosign,
        Self::Tls,
    ];

    /// Gives the method's name in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymous => "anonymous",
            Self::Ticket => "ticket",
            Self::WampCra => "wampcra",
            Self::Scram => "scram",
            Self::Cryptosign => "cryptosign",
            Self::Tls => "tls",
        }
    }
}
