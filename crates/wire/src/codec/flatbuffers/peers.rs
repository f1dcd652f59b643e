//! Peers that a message names: three fields that follow one another, or a list of `Principal`.

use super::draft::Draft;
use super::table::{Slot, Table, slot};
use crate::fields::Decoded;
use crate::{Identity, Passthru};

/// Where the three fields of a disclosed peer begin in a message, with their names.
pub(super) struct Peer(pub(super) u16, pub(super) &'static [&'static str; 3]);

impl Peer {
    const fn slots(&self) -> [Slot; 3] {
        let [session, authid, authrole] = *self.1;
        [
            slot(self.0, session),
            slot(self.0 + 1, authid),
            slot(self.0 + 2, authrole),
        ]
    }

    pub(super) fn read(&self, table: &Table<'_>) -> Decoded<Option<Box<Identity>>> {
        let [session, authid, authrole] = self.slots();
        let identity = Identity {
            session: table.optional_id(session)?,
            authid: table.text(authid)?,
            authrole: table.text(authrole)?,
        };
        Ok((identity != Identity::default()).then(|| Box::new(identity)))
    }

    pub(super) fn write<'m>(&self, draft: &mut Draft<'m>, identity: Option<&'m Identity>) {
        let Some(identity) = identity else {
            return;
        };
        let [session, authid, authrole] = self.slots();
        draft.optional_id(session, identity.session);
        draft.text(authid, identity.authid.as_deref());
        draft.text(authrole, identity.authrole.as_deref());
    }
}

/// Reads `forward_for`, the way over links between routers.
pub(super) fn read_links(table: &Table<'_>, slot: Slot) -> Decoded<Vec<Identity>> {
    table.tables(slot, |table| {
        let identity = PRINCIPAL.read(table)?;
        Ok(identity.map_or_else(Identity::default, |identity| *identity))
    })
}

pub(super) fn draft_links(links: &[Identity]) -> Vec<Draft<'_>> {
    let drafts = links.iter().map(|link| {
        let mut draft = Draft::new();
        PRINCIPAL.write(&mut draft, Some(link));
        draft
    });
    drafts.collect()
}

/// Gives the links of a message that may have none.
pub(super) fn links(passthru: Option<&Passthru>) -> &[Identity] {
    passthru.map_or(&[], |passthru| &passthru.forward_for)
}

/// Boxes attributes if there are any.
pub(super) fn boxed(passthru: Passthru) -> Option<Box<Passthru>> {
    (passthru != Passthru::default()).then(|| Box::new(passthru))
}

const PRINCIPAL: Peer = Peer(0, &Identity::LINK);
