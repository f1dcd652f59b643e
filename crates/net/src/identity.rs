use std::sync::{Arc, OnceLock};

use crossbar_wire::auth::cryptosign::PrivateKey;

/// Who the router is towards clients.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    key: OnceLock<Arc<PrivateKey>>,
    disguise: OnceLock<Disguise>,
}

/// What unknown clients are challenged with is made from this.
struct Disguise([u8; 32]);

impl Identity {
    /// Sets the key, if none is set.
    pub(crate) fn set(&self, key: PrivateKey) {
        self.key.get_or_init(|| Arc::new(key));
    }

    /// Gives the key.
    pub(crate) fn key(&self) -> Option<Arc<PrivateKey>> {
        self.key.get().cloned()
    }

    /// Gives a secret that stays the same: derived from the key, so that it outlives the process, or else drawn at random.
    pub(crate) fn disguise(&self) -> [u8; 32] {
        let make = || match self.key.get() {
            Some(key) => Disguise(key.derive(b"crossbar: challenges for unknown clients")),
            None => {
                let mut secret = [0; 32];
                // Without random numbers no session is opened at all.
                let _ = getrandom::fill(&mut secret);
                Disguise(secret)
            }
        };
        self.disguise.get_or_init(make).0
    }
}

impl std::fmt::Debug for Disguise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}
