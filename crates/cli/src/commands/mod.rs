//! The commands. Each module has its arguments and a `run`.

pub(crate) mod check;
pub(crate) mod convert;
pub(crate) mod exec_worker;
pub(crate) mod init;
pub(crate) mod keygen;
pub(crate) mod keys;
pub(crate) mod start;
pub(crate) mod status;
pub(crate) mod stop;
pub(crate) mod version;
