//! One realm as a value.

mod access;
mod command;
mod joining;
mod permission;
mod realm;

pub use access::*;
pub use command::*;
pub use joining::*;
pub use permission::*;
pub use realm::*;
