use std::collections::HashSet;

use crossbar_wire::{Audience, SessionId, Text};
use foldhash::fast::RandomState;
use indexmap::IndexSet;

use crate::broker::Subscription;
use crate::role::Roles;
use crate::session::{Session, Sessions};

/// Whom one publication may reach, made ready for many look-ups (WAMP spec, "Subscriber Black- and Whitelisting").
pub(super) struct Filter<'a> {
    eligible: Option<IndexSet<SessionId, RandomState>>,
    eligible_authid: Option<Set<&'a Text>>,
    eligible_authrole: Option<Set<&'a Text>>,
    exclude: Set<SessionId>,
    exclude_authid: Set<&'a Text>,
    exclude_authrole: Set<&'a Text>,
}

type Set<T> = HashSet<T, RandomState>;

impl<'a> Filter<'a> {
    pub(super) fn new(audience: &'a Audience) -> Self {
        Self {
            eligible: audience
                .eligible
                .as_ref()
                .map(|ids| ids.iter().copied().collect()),
            eligible_authid: audience
                .eligible_authid
                .as_ref()
                .map(|list| list.iter().collect()),
            eligible_authrole: audience
                .eligible_authrole
                .as_ref()
                .map(|list| list.iter().collect()),
            exclude: audience.exclude.iter().flatten().copied().collect(),
            exclude_authid: audience.exclude_authid.iter().flatten().collect(),
            exclude_authrole: audience.exclude_authrole.iter().flatten().collect(),
        }
    }

    /// Gives the subscribers who may have the event.
    pub(super) fn select<'s>(
        &'s self,
        subscription: &'s Subscription,
        sessions: &'s Sessions,
        roles: &'s Roles,
    ) -> Box<dyn Iterator<Item = SessionId> + 's> {
        let admitted = move |id: &SessionId| self.admits(*id, sessions, roles);
        match &self.eligible {
            // A few chosen of many subscribers cost no walk over all of them.
            Some(few) if few.len() < subscription.len() => Box::new(
                few.iter()
                    .copied()
                    .filter(|&id| subscription.contains(id))
                    .filter(admitted),
            ),
            Some(_) | None => Box::new(subscription.iter().filter(admitted)),
        }
    }

    /// Says whether a session may have the event: it is in all eligible lists that are there, and in no exclude list.
    fn admits(&self, id: SessionId, sessions: &Sessions, roles: &Roles) -> bool {
        if self.exclude.contains(&id) || self.eligible.as_ref().is_some_and(|e| !e.contains(&id)) {
            return false;
        }
        let Some(session) = sessions.get(id) else {
            return false;
        };
        let role = roles.name(session.role);
        in_all(self.eligible_authid.as_ref(), &session.authid)
            && in_all(self.eligible_authrole.as_ref(), role)
            && !self.exclude_authid.contains(&session.authid)
            && !self.exclude_authrole.contains(role)
    }
}

/// Says whether one session may have an event: what [`Filter`] says, without preparation.
pub(super) fn is_among(audience: &Audience, id: SessionId, session: &Session, role: &Text) -> bool {
    let listed = |list: &Option<Vec<Text>>, text: &Text| list.as_ref().map(|it| it.contains(text));
    let among = |list: &Option<Vec<SessionId>>| list.as_ref().map(|it| it.contains(&id));
    among(&audience.eligible) != Some(false)
        && listed(&audience.eligible_authid, &session.authid) != Some(false)
        && listed(&audience.eligible_authrole, role) != Some(false)
        && among(&audience.exclude) != Some(true)
        && listed(&audience.exclude_authid, &session.authid) != Some(true)
        && listed(&audience.exclude_authrole, role) != Some(true)
}

fn in_all(eligible: Option<&Set<&Text>>, text: &Text) -> bool {
    eligible.is_none_or(|eligible| eligible.contains(text))
}
