//! One WAMP realm as a value: its sessions, what they may do, its broker and its dealer.
//!
//! Messages and the time go in, [`Command`]s come out in the order in which they are to be carried out. Nothing here does
//! I/O, reads a clock, draws true random numbers, locks or awaits: the same input gives the same output.
//!
//! Invariants:
//! - A table and its inverse change in one method; when the last session has left, every table is empty
//!   ([`Realm::statistics`]).
//! - A CALL gets exactly one final answer, whatever the order in which callee, caller, time limit and cancellation come.
//! - Nothing is sent to a session after its GOODBYE or ABORT.
//! - What is kept for longer than one message does not pin the frame that it came in.
//! - Hash tables serve lookups only; what is iterated has an order.
//!
//! The way of a message: [`Joining`] turns a HELLO into a [`Join`]; [`Realm::join`] opens the session; then
//! [`Realm::handle`] hands each message to the broker or to the dealer, after the session's role has allowed it.

mod abort;
mod access;
mod broker;
mod calls;
mod clock;
mod command;
mod credentials;
mod dealer;
mod definitions;
mod generator;
mod history;
mod index;
mod joining;
mod kept;
mod limits;
mod options;
mod parking;
mod permission;
mod realm;
mod refusal;
mod request_ids;
mod retained;
mod role;
mod session;
mod testaments;
mod traffic;
mod transport_details;
mod uris;
mod validation;

pub use abort::*;
pub use access::*;
pub use clock::*;
pub use command::*;
pub use credentials::*;
pub use history::{HistoryQuery, HistoryStore, MemoryHistory, PastEvent};
pub use joining::*;
pub use kept::*;
pub use limits::*;
pub use options::*;
pub use permission::*;
pub use realm::*;
pub use traffic::*;
pub use transport_details::*;
pub use validation::Validation;
