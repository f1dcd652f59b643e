use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crossbar_wire::Text;
use crossbar_wire::jwt::{Algorithm, KeySet};

/// How JSON Web Tokens are verified, and what their claims mean.
#[derive(Clone, Debug)]
pub struct Jwt {
    /// The keys.
    pub keys: JwtKeys,
    /// `algorithms`: those that are allowed.
    pub algorithms: Vec<Algorithm>,
    /// `issuer`: of whom a token must be; of anybody who has the key if empty.
    pub issuers: Vec<Text>,
    /// `audience`: for one of whom a token must be. If empty, it must be for nobody in particular.
    pub audiences: Vec<Text>,
    /// `leeway`: how far the issuer's clock may be off.
    pub leeway: Duration,
    /// `require-exp`: whether a token must say when it expires.
    pub needs_expiry: bool,
    /// `authid-claim`: the claim that is the authid.
    pub authid: Text,
    /// How the role is found.
    pub role: JwtRole,
    /// `realm-claim`: the claim that names the realm, or a list of realms, that the client may join.
    pub realm: Option<Text>,
    /// `extra-claims`: the claims that go into `authextra`.
    pub extra: Vec<Text>,
}

/// Where the keys for tokens are.
#[derive(Clone, Debug)]
pub enum JwtKeys {
    /// In the configuration.
    Fixed(KeySet),
    /// Elsewhere, where they change.
    Source(Arc<KeySource>),
}

/// A JSON Web Key Set that is read again from time to time.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct KeySource {
    /// Where it is.
    pub place: KeyPlace,
    /// `jwks-refresh`: how long a reading is good.
    pub refresh: Duration,
}

/// Where a key set is.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum KeyPlace {
    /// `jwks-file`
    File(PathBuf),
    /// `jwks-url`
    Url {
        /// The URL: `http` or `https`.
        url: Text,
        /// `jwks-ca-certificates`: files of the authorities that are trusted; those of the system if empty.
        authorities: Vec<PathBuf>,
    },
}

/// How the role of a token is found.
#[derive(Clone, Debug, Default)]
pub struct JwtRole {
    /// `role-claim`: the claim that names the role, or a list.
    pub claim: Option<Text>,
    /// `roles`: the roles by values of the claim, the one to prefer first; values that are not here count for nothing. If
    /// absent, the value is the role.
    pub allowed: Option<Vec<(Text, Text)>>,
    /// `role`: the role of a token whose claim tells none.
    pub default: Option<Text>,
}
