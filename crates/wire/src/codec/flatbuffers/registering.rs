//! REGISTER, REGISTERED, UNREGISTER, UNREGISTERED.

use super::draft::Draft;
use super::subscribing::{policy_number, read_policy};
use super::table::{Slot, Table, Words, slot};
use super::{Tabled, lacking, refuse};
use crate::fields::Decoded;
use crate::{EncodeError, InvocationPolicy, Register, Registered, Unregister, Unregistered};

/// `Register`
mod register {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const PROCEDURE: Slot = slot(2, "procedure");
    pub(super) const MATCH: Slot = slot(3, "match");
    pub(super) const INVOKE: Slot = slot(4, "invoke");
    pub(super) const CONCURRENCY: Slot = slot(5, "concurrency");
    pub(super) const FORCE_REREGISTER: Slot = slot(6, "force_reregister");
}

impl Tabled for Register {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let invoke = table.optional_word(register::INVOKE, INVOCATION_POLICIES)?;
        let concurrency = table.number16(register::CONCURRENCY)?;
        Ok(Self {
            request: table.id(register::REQUEST)?,
            policy: read_policy(table, register::MATCH)?,
            invoke: invoke.and_then(InvocationPolicy::named),
            concurrency: (concurrency != 0).then(|| concurrency.into()),
            force_reregister: table.set_flag(register::FORCE_REREGISTER)?,
            disclose_caller: None,
            forward_timeout: None,
            forward_for: Vec::new(),
            procedure: table.required_text(register::PROCEDURE)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(self.disclose_caller == Some(true), "disclose_caller")?;
        refuse(self.forward_timeout == Some(true), "forward_timeout")?;
        refuse(!self.forward_for.is_empty(), "forward_for in REGISTER")?;
        let mut draft = Draft::new();
        draft.id(register::REQUEST, self.request);
        draft.text(register::PROCEDURE, Some(&self.procedure));
        draft.number8(register::MATCH, policy_number(self.policy), 0);
        let invoke = self.invoke.unwrap_or_default();
        draft.number8(register::INVOKE, invocation_policy_number(invoke), 0);
        let concurrency = u16::try_from(self.concurrency.unwrap_or_default());
        let concurrency = concurrency.map_err(|_| lacking("a concurrency beyond 65535"))?;
        draft.number16(register::CONCURRENCY, concurrency);
        draft.flag(register::FORCE_REREGISTER, self.force_reregister);
        Ok(draft)
    }
}

/// `InvocationPolicy`
const INVOCATION_POLICIES: Words = &["single", "first", "last", "roundrobin", "random"];

const fn invocation_policy_number(policy: InvocationPolicy) -> u8 {
    match policy {
        InvocationPolicy::Single => 0,
        InvocationPolicy::First => 1,
        InvocationPolicy::Last => 2,
        InvocationPolicy::RoundRobin => 3,
        InvocationPolicy::Random => 4,
    }
}

/// `Registered`, `Unregister`
mod registered {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const REGISTRATION: Slot = slot(2, "registration");
}

impl Tabled for Registered {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(registered::REQUEST)?,
            registration: table.id(registered::REGISTRATION)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(registered::REQUEST, self.request);
        draft.id(registered::REGISTRATION, self.registration);
        Ok(draft)
    }
}

impl Tabled for Unregister {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(registered::REQUEST)?,
            registration: table.id(registered::REGISTRATION)?,
            forward_for: Vec::new(),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(!self.forward_for.is_empty(), "forward_for in UNREGISTER")?;
        let mut draft = Draft::new();
        draft.id(registered::REQUEST, self.request);
        draft.id(registered::REGISTRATION, self.registration);
        Ok(draft)
    }
}

/// `Unregistered`
mod unregistered {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const REGISTRATION: Slot = slot(2, "registration");
    pub(super) const REASON: Slot = slot(3, "reason");
}

impl Tabled for Unregistered {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(unregistered::REQUEST)?,
            registration: table.optional_id(unregistered::REGISTRATION)?,
            reason: table.text(unregistered::REASON)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(unregistered::REQUEST, self.request);
        draft.optional_id(unregistered::REGISTRATION, self.registration);
        draft.text(unregistered::REASON, self.reason.as_deref());
        Ok(draft)
    }
}
