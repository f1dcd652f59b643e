//! Whether the tables of a realm agree.

use super::Realm;

impl Realm {
    /// Names what is wrong with the tables: entries that name what is gone, entries that their inverse lacks, counts that are
    /// off. Anything is a fault of this crate. It walks over everything; tests call it.
    #[doc(hidden)]
    #[must_use]
    pub fn discords(&self) -> Vec<String> {
        let mut found = Vec::new();
        let (broker, dealer, calls) = (&self.broker, &self.dealer, &self.calls);
        self.sessions.audit(broker, dealer, calls, &mut found);
        broker.audit(&self.sessions, &mut found);
        dealer.audit(&self.sessions, calls, &mut found);
        calls.audit(&self.sessions, dealer, &mut found);
        self.authorizing.audit(&self.sessions, calls, &mut found);
        found
    }
}
