//! RESULT, YIELD, ERROR.

use super::contents::Contents;
use super::draft::Draft;
use super::peers::{Peer, boxed, draft_links, links, read_links};
use super::table::{Slot, Table, slot};
use super::{Tabled, refuse};
use crate::fields::Decoded;
use crate::{CallResult, EncodeError, Error, Identity, Passthru, Yield};

/// `Result`, `Yield`
mod answer {
    use super::{Contents, Identity, Peer, Slot, slot};

    pub(super) const REQUEST: Slot = slot(1, "request");
    pub(super) const CONTENTS: Contents = Contents(2);
    pub(super) const PROGRESS: Slot = slot(9, "progress");
    pub(super) const CALLEE: Peer = Peer(10, &Identity::CALLEE);
    pub(super) const FORWARD_FOR: Slot = slot(13, "forward_for");
}

impl Tabled for CallResult {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = read_passthru(table, answer::FORWARD_FOR)?;
        Ok(Self {
            request: table.id(answer::REQUEST)?,
            progress: table.set_flag(answer::PROGRESS)?,
            callee: answer::CALLEE.read(table)?,
            payload: answer::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let passthru = self.passthru.as_deref();
        refuse_hash(passthru)?;
        let mut draft = Draft::new();
        draft.id(answer::REQUEST, self.request);
        answer::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        draft.flag(answer::PROGRESS, self.progress);
        answer::CALLEE.write(&mut draft, self.callee.as_deref());
        draft.tables(answer::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

impl Tabled for Yield {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = read_passthru(table, answer::FORWARD_FOR)?;
        Ok(Self {
            request: table.id(answer::REQUEST)?,
            progress: table.set_flag(answer::PROGRESS)?,
            payload: answer::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let passthru = self.passthru.as_deref();
        refuse_hash(passthru)?;
        let mut draft = Draft::new();
        draft.id(answer::REQUEST, self.request);
        answer::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        draft.flag(answer::PROGRESS, self.progress);
        draft.tables(answer::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

/// `Error`
mod error {
    use super::{Contents, Slot, slot};

    pub(super) const REQUEST_TYPE: Slot = slot(1, "request_type");
    pub(super) const REQUEST: Slot = slot(2, "request");
    pub(super) const ERROR: Slot = slot(3, "error");
    pub(super) const CONTENTS: Contents = Contents(4);
    pub(super) const FORWARD_FOR: Slot = slot(11, "forward_for");
}

impl Tabled for Error {
    fn read(table: &Table<'_>) -> Decoded<Self> {
        let mut passthru = read_passthru(table, error::FORWARD_FOR)?;
        Ok(Self {
            request_type: table.number16(error::REQUEST_TYPE)?,
            request: table.id(error::REQUEST)?,
            callee: None,
            error: table.required_text(error::ERROR)?,
            payload: error::CONTENTS.read(table, &mut passthru)?,
            passthru: boxed(passthru),
        })
    }

    fn draft(&self) -> Result<Draft<'_>, EncodeError> {
        let passthru = self.passthru.as_deref();
        refuse_hash(passthru)?;
        let mut draft = Draft::new();
        draft.number16(error::REQUEST_TYPE, self.request_type);
        draft.id(error::REQUEST, self.request);
        draft.text(error::ERROR, Some(&self.error));
        error::CONTENTS.write(&mut draft, &self.payload, passthru)?;
        draft.tables(error::FORWARD_FOR, draft_links(links(passthru)));
        Ok(draft)
    }
}

fn read_passthru(table: &Table<'_>, links: Slot) -> Decoded<Passthru> {
    Ok(Passthru {
        forward_for: read_links(table, links)?,
        ..Passthru::default()
    })
}

/// Refuses a transaction's hash, which only requests and what comes of them have.
fn refuse_hash(passthru: Option<&Passthru>) -> Result<(), EncodeError> {
    let hash = passthru.and_then(|passthru| passthru.transaction_hash.as_ref());
    refuse(hash.is_some(), "transaction_hash in an answer")
}
