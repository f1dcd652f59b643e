//! CALL, CANCEL, INVOCATION, INTERRUPT.

use super::contents::Contents;
use super::draft::Draft;
use super::peers::{Peer, boxed, draft_links, links, read_links};
use super::table::{Slot, Table, Words, slot};
use super::{Tabled, lacking, refuse};
use crate::fields::Decoded;
use crate::{Call, Cancel, CancelMode, EncodeError, Identity, Interrupt, Invocation, Passthru};

/// `Call`
mod call {
    use super::{Contents, Identity, Peer, Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const PROCEDURE: Slot = slot(2, "procedure");
    pub(super) const CONTENTS: Contents = Contents(3);
    pub(super) const TIMEOUT: Slot = slot(10, "timeout");
    pub(super) const RECEIVE_PROGRESS: Slot = slot(11, "receive_progress");
    pub(super) const TRANSACTION_HASH: Slot = slot(12, "transaction_hash");
    pub(super) const CALLER: Peer = Peer(13, &Identity::CALLER);
    pub(super) const FORWARD_FOR: Slot = slot(16, "forward_for");
}

impl Tabled for Call {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = Passthru {
            transaction_hash: table.text(call::TRANSACTION_HASH)?,
            forward_for: read_links(table, call::FORWARD_FOR)?,
            ..Passthru::default()
        };
        Ok(Self {
            request: table.id(call::REQUEST)?,
            receive_progress: table.set_flag(call::RECEIVE_PROGRESS)?,
            progress: None,
            timeout: read_timeout(table, call::TIMEOUT)?,
            disclose_me: None,
            caller: call::CALLER.read(table)?,
            procedure: table.required_text(call::PROCEDURE)?,
            payload: call::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(self.progress == Some(true), "progress in CALL")?;
        refuse(self.disclose_me == Some(true), "disclose_me")?;
        let passthru = self.passthru.as_deref();
        let mut draft = Draft::new();
        draft.id(call::REQUEST, self.request);
        draft.text(call::PROCEDURE, Some(&self.procedure));
        call::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        draft.number32(call::TIMEOUT, timeout_number(self.timeout)?);
        draft.flag(call::RECEIVE_PROGRESS, self.receive_progress);
        let hash = passthru.and_then(|passthru| passthru.transaction_hash.as_deref());
        draft.text(call::TRANSACTION_HASH, hash);
        call::CALLER.write(&mut draft, self.caller.as_deref());
        draft.tables(call::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

/// `Invocation`
mod invocation {
    use super::{Contents, Identity, Peer, Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const REGISTRATION: Slot = slot(2, "registration");
    pub(super) const CONTENTS: Contents = Contents(3);
    pub(super) const PROCEDURE: Slot = slot(10, "procedure");
    pub(super) const TIMEOUT: Slot = slot(11, "timeout");
    pub(super) const RECEIVE_PROGRESS: Slot = slot(12, "receive_progress");
    pub(super) const TRANSACTION_HASH: Slot = slot(13, "transaction_hash");
    pub(super) const CALLER: Peer = Peer(14, &Identity::CALLER);
    pub(super) const FORWARD_FOR: Slot = slot(17, "forward_for");
}

impl Tabled for Invocation {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = Passthru {
            transaction_hash: table.text(invocation::TRANSACTION_HASH)?,
            forward_for: read_links(table, invocation::FORWARD_FOR)?,
            ..Passthru::default()
        };
        Ok(Self {
            request: table.id(invocation::REQUEST)?,
            registration: table.id(invocation::REGISTRATION)?,
            receive_progress: table.set_flag(invocation::RECEIVE_PROGRESS)?,
            progress: None,
            timeout: read_timeout(table, invocation::TIMEOUT)?,
            caller: invocation::CALLER.read(table)?,
            procedure: table.text(invocation::PROCEDURE)?,
            trustlevel: None,
            payload: invocation::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        refuse(self.progress == Some(true), "progress in INVOCATION")?;
        let passthru = self.passthru.as_deref();
        let mut draft = Draft::new();
        draft.id(invocation::REQUEST, self.request);
        draft.id(invocation::REGISTRATION, self.registration);
        invocation::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        draft.text(invocation::PROCEDURE, self.procedure.as_deref());
        draft.number32(invocation::TIMEOUT, timeout_number(self.timeout)?);
        draft.flag(invocation::RECEIVE_PROGRESS, self.receive_progress);
        let hash = passthru.and_then(|passthru| passthru.transaction_hash.as_deref());
        draft.text(invocation::TRANSACTION_HASH, hash);
        invocation::CALLER.write(&mut draft, self.caller.as_deref());
        draft.tables(invocation::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

/// Reads a timeout; 0 is none.
fn read_timeout(table: &Table<'_>, slot: Slot) -> Decoded<Option<u64>> {
    let timeout = table.number32(slot)?;
    Ok((timeout != 0).then(|| timeout.into()))
}

fn timeout_number(timeout: Option<u64>) -> Result<u32, EncodeError> {
    u32::try_from(timeout.unwrap_or_default()).map_err(|_| lacking("a timeout beyond 32 bits"))
}

/// `Cancel`
mod cancel {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const MODE: Slot = slot(2, "mode");
    pub(super) const FORWARD_FOR: Slot = slot(3, "forward_for");
}

impl Tabled for Cancel {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(cancel::REQUEST)?,
            mode: CancelMode::named(table.word(cancel::MODE, SKIP, MODES)?),
            forward_for: read_links(table, cancel::FORWARD_FOR)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(cancel::REQUEST, self.request);
        // The mode that other serializers mean when they do not say one.
        let mode = self.mode.unwrap_or(CancelMode::KillNoWait);
        draft.number8(cancel::MODE, mode_number(mode), SKIP);
        draft.tables(cancel::FORWARD_FOR, draft_links(&self.forward_for));
        Ok(draft)
    }
}

/// `Interrupt`
mod interrupt {
    use super::{Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const MODE: Slot = slot(2, "mode");
    pub(super) const REASON: Slot = slot(3, "reason");
}

impl Tabled for Interrupt {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        Ok(Self {
            request: table.id(interrupt::REQUEST)?,
            mode: CancelMode::named(table.word(interrupt::MODE, KILL, MODES)?),
            reason: table.text(interrupt::REASON)?,
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let mut draft = Draft::new();
        draft.id(interrupt::REQUEST, self.request);
        let mode = self.mode.map_or(KILL, mode_number);
        draft.number8(interrupt::MODE, mode, KILL);
        draft.text(interrupt::REASON, self.reason.as_deref());
        Ok(draft)
    }
}

/// `CancelMode`
const MODES: Words = CancelMode::NAMES;
/// The default of CANCEL.
const SKIP: u8 = mode_number(CancelMode::Skip);
/// The default of INTERRUPT.
const KILL: u8 = mode_number(CancelMode::Kill);

const fn mode_number(mode: CancelMode) -> u8 {
    match mode {
        CancelMode::Skip => 0,
        CancelMode::Kill => 1,
        CancelMode::KillNoWait => 2,
    }
}
