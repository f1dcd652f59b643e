//! What finds out who clients are.

use std::sync::Arc;

use crate::computing::Computing;
use crate::cookies::Stores;
use crate::failures::Failures;
use crate::identity::Identity;
use crate::keys::KeyStore;

/// What a router needs to know its clients, and to be known by them.
#[derive(Debug, Default)]
pub(crate) struct Admission {
    /// Who failed to prove who it is.
    pub(crate) failures: Failures,
    /// Where passwords are hashed.
    pub(crate) computing: Arc<Computing>,
    /// The keys that tokens are verified with.
    pub(crate) keys: KeyStore,
    /// Where logins are kept that cookies stand for.
    pub(crate) cookies: Stores,
    /// Who the router is.
    pub(crate) identity: Identity,
}
