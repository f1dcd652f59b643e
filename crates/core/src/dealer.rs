mod audit;
mod queue;
mod reading;

use std::collections::{BTreeMap, BTreeSet};

use crossbar_wire::{InvocationPolicy, MatchPolicy, Pattern, Register, RegistrationId, SessionId};
use foldhash::fast::RandomState;
use indexmap::IndexMap;

use self::queue::Queues;
use crate::Timestamp;
use crate::calls::{CallKey, Place};
use crate::generator::{Generator, Making};
use crate::index::PatternIndex;
use crate::uris;

/// The registrations of a realm.
#[derive(Debug, Default)]
pub(crate) struct Dealer {
    registrations: IndexMap<RegistrationId, Registration, RandomState>,
    by_procedure: PatternIndex<RegistrationId>,
    last_endpoint: u64,
    queues: Queues,
}

/// All who serve one procedure or pattern.
#[derive(Debug)]
pub(crate) struct Registration {
    procedure: Pattern,
    invoke: InvocationPolicy,
    created: Timestamp,
    /// Oldest first.
    endpoints: Vec<Endpoint>,
    /// Whose turn it is.
    turn: usize,
    /// The calls that wait for a callee, by their tickets.
    waiting: BTreeMap<u64, CallKey>,
}

/// One callee of a registration.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint {
    /// Tells this stay of the callee in the registration from an earlier one.
    key: u64,
    pub(crate) callee: SessionId,
    /// How many invocations the callee takes at a time.
    limit: Option<u32>,
    active: u32,
    pub(crate) forward_timeout: bool,
    pub(crate) disclose_caller: bool,
}

impl Endpoint {
    fn is_free(&self, tried: &BTreeSet<SessionId>) -> bool {
        self.limit.is_none_or(|limit| self.active < limit) && !tried.contains(&self.callee)
    }
}

/// What becomes of a REGISTER whose procedure is taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Clash {
    /// One callee only.
    Single,
    /// The callees that are there were registered with another policy.
    Policy,
}

impl Dealer {
    /// Adds a callee to the registration of a procedure, which is created if it is the first.
    ///
    /// # Errors
    /// Says why the procedure does not take another callee.
    pub(crate) fn register(
        &mut self,
        callee: SessionId,
        procedure: Pattern,
        register: &Register,
        making: &mut Making<'_>,
    ) -> Result<RegistrationId, Clash> {
        let invoke = register.invoke.unwrap_or_default();
        let id = self
            .by_procedure
            .get(procedure.as_bytes(), procedure.policy())
            .unwrap_or_else(|| self.create(procedure, invoke, making));
        let Some(registration) = self.registrations.get_mut(&id) else {
            return Ok(id);
        };
        if !registration.endpoints.is_empty() {
            if registration.invoke == InvocationPolicy::Single {
                return Err(Clash::Single);
            }
            if registration.invoke != invoke {
                return Err(Clash::Policy);
            }
        }
        if registration.endpoints.iter().all(|e| e.callee != callee) {
            self.last_endpoint += 1;
            registration.endpoints.push(Endpoint {
                key: self.last_endpoint,
                callee,
                limit: register.concurrency,
                active: 0,
                forward_timeout: register.forward_timeout == Some(true),
                disclose_caller: register.disclose_caller == Some(true),
            });
            if !registration.waiting.is_empty() {
                self.queues.free(id);
            }
        }
        Ok(id)
    }

    /// Takes a callee away; the last one takes the registration along. Says whether it was registered.
    pub(crate) fn unregister(&mut self, callee: SessionId, id: RegistrationId) -> bool {
        let Some(registration) = self.registrations.get_mut(&id) else {
            return false;
        };
        let was_there = registration.remove(callee);
        if registration.endpoints.is_empty() {
            self.delete(id);
        }
        was_there
    }

    /// Takes all callees of a procedure away, and gives them.
    pub(crate) fn evict(
        &mut self,
        procedure: &Pattern,
    ) -> Option<(RegistrationId, Vec<SessionId>)> {
        let id = self
            .by_procedure
            .get(procedure.as_bytes(), procedure.policy())?;
        let registration = self.delete(id)?;
        let callees = registration.endpoints.iter().map(|e| e.callee).collect();
        Some((id, callees))
    }

    /// Gives the registration of a procedure as such.
    pub(crate) fn exact(&self, procedure: &[u8]) -> Option<RegistrationId> {
        self.by_procedure.exact(procedure)
    }

    /// Gives the registration of the pattern that serves a procedure. One in the reserved namespace is only served by a
    /// pattern that names this namespace.
    pub(crate) fn pattern(&self, procedure: &[u8]) -> Option<RegistrationId> {
        if !self.by_procedure.has_patterns() {
            return None;
        }
        if uris::is_reserved(procedure) {
            return self.reserved_pattern(procedure);
        }
        self.by_procedure.best_pattern(procedure)
    }

    /// Gives the longest prefix, else the best wildcard, among those that name the reserved namespace.
    fn reserved_pattern(&self, procedure: &[u8]) -> Option<RegistrationId> {
        let policy = |id: &RegistrationId| {
            let registration = self.registrations.get(id)?;
            let reserved = uris::is_reserved(registration.procedure.as_bytes());
            reserved.then(|| registration.policy())
        };
        let found = self.by_procedure.patterns(procedure).into_iter();
        let mut found = found.filter_map(|id| Some((id, policy(&id)?)));
        let first = found.next()?; // prefixes come from short to long, then wildcards from the best on
        let prefixes = found.take_while(|(_, policy)| *policy == MatchPolicy::Prefix);
        Some(match first {
            (_, MatchPolicy::Prefix) => prefixes.last().unwrap_or(first).0,
            (id, MatchPolicy::Exact | MatchPolicy::Wildcard) => id,
        })
    }

    pub(crate) fn get(&self, id: RegistrationId) -> Option<&Registration> {
        self.registrations.get(&id)
    }

    /// Chooses the callee of a call, but none of those who were tried, and takes a place at it, if it limits its
    /// concurrency. `None`: all are busy.
    pub(crate) fn choose(
        &mut self,
        id: RegistrationId,
        tried: &BTreeSet<SessionId>,
        ids: &mut Generator,
    ) -> Option<(Endpoint, Option<Place>)> {
        self.registrations.get_mut(&id)?.take_place(id, tried, ids)
    }

    /// The same for a call that has just come: none as long as others wait, since nobody overtakes them.
    pub(crate) fn choose_for_new(
        &mut self,
        id: RegistrationId,
        ids: &mut Generator,
    ) -> Option<(Endpoint, Option<Place>)> {
        let registration = self.registrations.get_mut(&id)?;
        if !registration.waiting.is_empty() {
            return None;
        }
        registration.take_place(id, &BTreeSet::new(), ids)
    }

    /// Gives a place at a callee back. Nothing happens if the callee has left the registration.
    pub(crate) fn release(&mut self, place: Place) {
        if let Some(registration) = self.registrations.get_mut(&place.registration)
            && let Some(endpoint) = registration
                .endpoints
                .iter_mut()
                .find(|endpoint| endpoint.key == place.endpoint)
        {
            endpoint.active = endpoint.active.saturating_sub(1);
            if !registration.waiting.is_empty() {
                self.queues.free(place.registration);
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        debug_assert_eq!(self.registrations.len(), self.by_procedure.len());
        self.registrations.len()
    }

    fn create(
        &mut self,
        procedure: Pattern,
        invoke: InvocationPolicy,
        making: &mut Making<'_>,
    ) -> RegistrationId {
        let id = making.ids.registration();
        self.by_procedure
            .insert(procedure.text().clone(), procedure.policy(), id);
        let registration = Registration {
            procedure,
            invoke,
            created: making.time,
            endpoints: Vec::with_capacity(1),
            turn: 0,
            waiting: BTreeMap::new(),
        };
        self.registrations.insert(id, registration);
        id
    }

    fn delete(&mut self, id: RegistrationId) -> Option<Registration> {
        let mut registration = self.registrations.swap_remove(&id)?;
        self.queues
            .abandon(std::mem::take(&mut registration.waiting));
        let procedure = &registration.procedure;
        self.by_procedure
            .remove(procedure.as_bytes(), procedure.policy());
        Some(registration)
    }
}

impl Registration {
    /// Says whether there is more than one callee.
    pub(crate) const fn is_shared(&self) -> bool {
        self.endpoints.len() > 1
    }

    pub(crate) fn policy(&self) -> MatchPolicy {
        self.procedure.policy()
    }

    fn take_place(
        &mut self,
        id: RegistrationId,
        tried: &BTreeSet<SessionId>,
        ids: &mut Generator,
    ) -> Option<(Endpoint, Option<Place>)> {
        let chosen = self.choose(tried, ids)?;
        let endpoint = self.endpoints.get_mut(chosen)?;
        let place = endpoint.limit.map(|_| {
            endpoint.active += 1;
            Place {
                registration: id,
                endpoint: endpoint.key,
            }
        });
        Some((*endpoint, place))
    }

    /// Gives the place of the callee that the invocation policy names among those that are free.
    fn choose(&mut self, tried: &BTreeSet<SessionId>, ids: &mut Generator) -> Option<usize> {
        let count = self.endpoints.len();
        let start = match self.invoke {
            InvocationPolicy::Single | InvocationPolicy::First => 0,
            InvocationPolicy::RoundRobin => self.turn,
            InvocationPolicy::Last => return self.endpoints.iter().rposition(|e| e.is_free(tried)),
            InvocationPolicy::Random => return self.choose_random(tried, ids),
        };
        let chosen = (start..count)
            .chain(0..start)
            .find(|&place| self.endpoints[place].is_free(tried))?;
        self.turn = (chosen + 1) % count;
        Some(chosen)
    }

    /// Draws among those that are free, each with the same weight.
    fn choose_random(&self, tried: &BTreeSet<SessionId>, ids: &mut Generator) -> Option<usize> {
        let is_free = |place: &usize| self.endpoints[*place].is_free(tried);
        let free = (0..self.endpoints.len()).filter(is_free).count();
        if free == 0 {
            return None;
        }
        let drawn = ids.below(free);
        (0..self.endpoints.len()).filter(is_free).nth(drawn)
    }

    /// Takes a callee out; the turn stays with the one that had it.
    fn remove(&mut self, callee: SessionId) -> bool {
        let Some(place) = self.endpoints.iter().position(|e| e.callee == callee) else {
            return false;
        };
        self.endpoints.remove(place);
        if place < self.turn {
            self.turn -= 1;
        }
        if self.turn >= self.endpoints.len() {
            self.turn = 0;
        }
        true
    }
}
