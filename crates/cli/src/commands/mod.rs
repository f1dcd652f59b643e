//! The commands. Each module has its arguments and a `run`.

pub(crate) mod keygen;
pub(crate) mod version;
