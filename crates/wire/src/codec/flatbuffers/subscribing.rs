//! SUBSCRIBE, SUBSCRIBED, UNSUBSCRIBE, UNSUBSCRIBED.

use super::draft::Draft;
use super::table::{Slot, Table, Words, slot};
use super::{Tabled, refuse};
use crate::fields::Decoded;
use crate::{EncodeError, MatchPolicy, Subscribe, Subscribed, Unsubscribe, Unsubscribed};

/// `Subscribe`
mod subscribe {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const TOPIC: Slot = slot(2, "topic");
    pub(super) const MATCH: Slot = slot(3, "match");
    pub(super) const GET_RETAINED: Slot = slot(4, "get_retained");
}

impl Tabled for Subscribe {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(subscribe::REQUEST)?,
            policy: read_policy(table, subscribe::MATCH)?,
            get_retained: table.set_flag(subscribe::GET_RETAINED)?,
            forward_for: Vec::new(),
            topic: table.required_text(subscribe::TOPIC)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(!self.forward_for.is_empty(), "forward_for in SUBSCRIBE")?;
        let mut draft = Draft::new();
        draft.id(subscribe::REQUEST, self.request);
        draft.text(subscribe::TOPIC, Some(&self.topic));
        draft.number8(subscribe::MATCH, policy_number(self.policy), 0);
        draft.flag(subscribe::GET_RETAINED, self.get_retained);
        Ok(draft)
    }
}

/// `Subscribed`, `Unsubscribe`
mod subscribed {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const SUBSCRIPTION: Slot = slot(2, "subscription");
}

impl Tabled for Subscribed {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(subscribed::REQUEST)?,
            subscription: table.id(subscribed::SUBSCRIPTION)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(subscribed::REQUEST, self.request);
        draft.id(subscribed::SUBSCRIPTION, self.subscription);
        Ok(draft)
    }
}

impl Tabled for Unsubscribe {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(subscribed::REQUEST)?,
            subscription: table.id(subscribed::SUBSCRIPTION)?,
            forward_for: Vec::new(),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(!self.forward_for.is_empty(), "forward_for in UNSUBSCRIBE")?;
        let mut draft = Draft::new();
        draft.id(subscribed::REQUEST, self.request);
        draft.id(subscribed::SUBSCRIPTION, self.subscription);
        Ok(draft)
    }
}

/// `Unsubscribed`
mod unsubscribed {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const SUBSCRIPTION: Slot = slot(2, "subscription");
    pub(super) const REASON: Slot = slot(3, "reason");
}

impl Tabled for Unsubscribed {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(unsubscribed::REQUEST)?,
            subscription: table.optional_id(unsubscribed::SUBSCRIPTION)?,
            reason: table.text(unsubscribed::REASON)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(unsubscribed::REQUEST, self.request);
        draft.optional_id(unsubscribed::SUBSCRIPTION, self.subscription);
        draft.text(unsubscribed::REASON, self.reason.as_deref());
        Ok(draft)
    }
}

/// `Match`
const POLICIES: Words = MatchPolicy::NAMES;

/// Reads how a URI matches; absent if exactly.
pub(super) fn read_policy(table: &Table<'_>, slot: Slot) -> Decoded<Option<MatchPolicy>> {
    let word = table.optional_word(slot, POLICIES)?;
    Ok(word.and_then(MatchPolicy::named))
}

pub(super) const fn policy_number(policy: Option<MatchPolicy>) -> u8 {
    match policy {
        None | Some(MatchPolicy::Exact) => 0,
        Some(MatchPolicy::Prefix) => 1,
        Some(MatchPolicy::Wildcard) => 2,
    }
}
