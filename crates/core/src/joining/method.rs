//! Methods by their names on the wire.

use crossbar_wire::auth::scram::Dialect;

use super::{anonymous, cookie, cryptosign, proxy, ticket, tls, wampcra};
use crate::{DynamicMethod, MethodConfig};

impl MethodConfig {
    /// Says whether this is what a client calls a method. SCRAM has two names, if there are principals for both.
    pub(super) fn is_called(&self, name: &str) -> bool {
        match self {
            Self::Anonymous { .. } => name == anonymous::METHOD,
            Self::Ticket(_) => name == ticket::METHOD,
            Self::WampCra(_) => name == wampcra::METHOD,
            Self::Scram(principals) => {
                let dialect = dialect(name);
                name == dialect.method() && principals.values().any(|found| found.serves(dialect))
            }
            Self::Cryptosign(_) => name == cryptosign::METHOD,
            Self::CryptosignProxy(_) => name == proxy::CRYPTOSIGN,
            Self::AnonymousProxy => name == proxy::ANONYMOUS,
            Self::Tls(_) => name == tls::METHOD,
            Self::Cookie => name == cookie::METHOD,
            Self::Jwt(_) => name == ticket::METHOD,
            Self::Dynamic(dynamic) => match dynamic.method {
                DynamicMethod::Anonymous => name == anonymous::METHOD,
                DynamicMethod::Ticket => name == ticket::METHOD,
                DynamicMethod::WampCra => name == wampcra::METHOD,
                DynamicMethod::Scram => name == dialect(name).method(),
                DynamicMethod::Cryptosign => name == cryptosign::METHOD,
                DynamicMethod::Tls => name == tls::METHOD,
            },
        }
    }

    /// Says whether it can tell the realm of a client that names none.
    pub(super) fn assigns_realm(&self) -> bool {
        match self {
            Self::Anonymous { .. }
            | Self::Ticket(_)
            | Self::WampCra(_)
            | Self::Scram(_)
            | Self::Tls(_)
            | Self::Cookie => false,
            Self::Cryptosign(principals) => principals.values().any(|it| it.realm.is_some()),
            Self::Jwt(jwt) => jwt.realm.is_some(),
            Self::Dynamic(_) | Self::CryptosignProxy(_) | Self::AnonymousProxy => true,
        }
    }
}

/// Gives the dialect of SCRAM that a method's name stands for.
pub(super) fn dialect(name: &str) -> Dialect {
    if name == Dialect::Autobahn.method() {
        Dialect::Autobahn
    } else {
        Dialect::Specification
    }
}
