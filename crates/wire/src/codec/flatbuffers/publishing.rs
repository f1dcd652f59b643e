//! PUBLISH, PUBLISHED, EVENT, EVENT_RECEIVED.

use super::contents::Contents;
use super::draft::Draft;
use super::peers::{Peer, boxed, draft_links, links, read_links};
use super::table::{Slot, Table, slot};
use super::{Tabled, refuse};
use crate::fields::Decoded;
use crate::{Audience, EncodeError, Event, EventReceived, Identity, Passthru, Publish, Published};

/// `Publish`
mod publish {
    use super::{Contents, Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const TOPIC: Slot = slot(2, "topic");
    pub(super) const CONTENTS: Contents = Contents(3);
    pub(super) const ACKNOWLEDGE: Slot = slot(10, "acknowledge");
    pub(super) const EXCLUDE_ME: Slot = slot(11, "exclude_me");
    pub(super) const EXCLUDE: Slot = slot(12, "exclude");
    pub(super) const EXCLUDE_AUTHID: Slot = slot(13, "exclude_authid");
    pub(super) const EXCLUDE_AUTHROLE: Slot = slot(14, "exclude_authrole");
    pub(super) const ELIGIBLE: Slot = slot(15, "eligible");
    pub(super) const ELIGIBLE_AUTHID: Slot = slot(16, "eligible_authid");
    pub(super) const ELIGIBLE_AUTHROLE: Slot = slot(17, "eligible_authrole");
    pub(super) const RETAIN: Slot = slot(18, "retain");
    pub(super) const TRANSACTION_HASH: Slot = slot(19, "transaction_hash");
    pub(super) const FORWARD_FOR: Slot = slot(20, "forward_for");
}

impl Tabled for Publish {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = Passthru {
            transaction_hash: table.text(publish::TRANSACTION_HASH)?,
            forward_for: read_links(table, publish::FORWARD_FOR)?,
            ..Passthru::default()
        };
        let exclude_me = table.number8(publish::EXCLUDE_ME, 1)? != 0;
        Ok(Self {
            request: table.id(publish::REQUEST)?,
            acknowledge: table.set_flag(publish::ACKNOWLEDGE)?,
            exclude_me: (!exclude_me).then_some(false),
            disclose_me: None,
            retain: table.set_flag(publish::RETAIN)?,
            audience: read_audience(table)?,
            topic: table.required_text(publish::TOPIC)?,
            payload: publish::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(self.disclose_me == Some(true), "disclose_me")?;
        let passthru = self.passthru.as_deref();
        let mut draft = Draft::new();
        draft.id(publish::REQUEST, self.request);
        draft.text(publish::TOPIC, Some(&self.topic));
        publish::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        draft.flag(publish::ACKNOWLEDGE, self.acknowledge);
        let exclude_me = self.exclude_me.unwrap_or(true);
        draft.number8(publish::EXCLUDE_ME, u8::from(exclude_me), 1);
        draft.flag(publish::RETAIN, self.retain);
        if let Some(audience) = &self.audience {
            draft_audience(&mut draft, audience);
        }
        let hash = passthru.and_then(|passthru| passthru.transaction_hash.as_deref());
        draft.text(publish::TRANSACTION_HASH, hash);
        draft.tables(publish::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

fn read_audience(table: &Table<'_>) -> Decoded<Option<Box<Audience>>> {
    let audience = Audience {
        eligible: table.ids(publish::ELIGIBLE)?,
        eligible_authid: table.texts(publish::ELIGIBLE_AUTHID)?,
        eligible_authrole: table.texts(publish::ELIGIBLE_AUTHROLE)?,
        exclude: table.ids(publish::EXCLUDE)?,
        exclude_authid: table.texts(publish::EXCLUDE_AUTHID)?,
        exclude_authrole: table.texts(publish::EXCLUDE_AUTHROLE)?,
    };
    Ok((audience != Audience::default()).then(|| Box::new(audience)))
}

fn draft_audience<'m>(draft: &mut Draft<'m>, audience: &'m Audience) {
    draft.ids(publish::ELIGIBLE, audience.eligible.as_deref());
    let (authids, authroles) = (&audience.eligible_authid, &audience.eligible_authrole);
    draft.texts(publish::ELIGIBLE_AUTHID, authids.as_deref());
    draft.texts(publish::ELIGIBLE_AUTHROLE, authroles.as_deref());
    draft.ids(publish::EXCLUDE, audience.exclude.as_deref());
    let (authids, authroles) = (&audience.exclude_authid, &audience.exclude_authrole);
    draft.texts(publish::EXCLUDE_AUTHID, authids.as_deref());
    draft.texts(publish::EXCLUDE_AUTHROLE, authroles.as_deref());
}

/// `Published`
mod published {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const PUBLICATION: Slot = slot(2, "publication");
}

impl Tabled for Published {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(published::REQUEST)?,
            publication: table.id(published::PUBLICATION)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(published::REQUEST, self.request);
        draft.id(published::PUBLICATION, self.publication);
        Ok(draft)
    }
}

/// `Event`
mod event {
    use super::{Contents, Identity, Peer, Slot, slot};

    pub(super) const SUBSCRIPTION: Slot = slot(1, "subscription");
    pub(super) const PUBLICATION: Slot = slot(2, "publication");
    pub(super) const CONTENTS: Contents = Contents(3);
    pub(super) const PUBLISHER: Peer = Peer(10, &Identity::PUBLISHER);
    pub(super) const TOPIC: Slot = slot(13, "topic");
    pub(super) const RETAINED: Slot = slot(14, "retained");
    pub(super) const TRANSACTION_HASH: Slot = slot(15, "transaction_hash");
    pub(super) const ACKNOWLEDGE: Slot = slot(16, "acknowledge");
    pub(super) const FORWARD_FOR: Slot = slot(17, "forward_for");
}

impl Tabled for Event {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = Passthru {
            transaction_hash: table.text(event::TRANSACTION_HASH)?,
            forward_for: read_links(table, event::FORWARD_FOR)?,
            ..Passthru::default()
        };
        Ok(Self {
            subscription: table.id(event::SUBSCRIPTION)?,
            publication: table.id(event::PUBLICATION)?,
            publisher: event::PUBLISHER.read(table)?,
            topic: table.text(event::TOPIC)?,
            trustlevel: None,
            retained: table.set_flag(event::RETAINED)?,
            acknowledged_delivery: table.set_flag(event::ACKNOWLEDGE)?,
            payload: event::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let passthru = self.passthru.as_deref();
        let mut draft = Draft::new();
        draft.id(event::SUBSCRIPTION, self.subscription);
        draft.id(event::PUBLICATION, self.publication);
        event::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        event::PUBLISHER.write(&mut draft, self.publisher.as_deref());
        draft.text(event::TOPIC, self.topic.as_deref());
        draft.flag(event::RETAINED, self.retained);
        let hash = passthru.and_then(|passthru| passthru.transaction_hash.as_deref());
        draft.text(event::TRANSACTION_HASH, hash);
        draft.flag(event::ACKNOWLEDGE, self.acknowledged_delivery);
        draft.tables(event::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

/// `EventReceived`
const RECEIVED: Slot = slot(1, "publication");

impl Tabled for EventReceived {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let publication = table.id(RECEIVED)?;
        Ok(Self { publication })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(RECEIVED, self.publication);
        Ok(draft)
    }
}
