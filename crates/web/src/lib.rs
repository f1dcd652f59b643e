//! The Web services of a transport: a tree of paths, each with a service.
//!
//! A [`Tree`] is made from the configuration and answers the requests of a transport that `net` runs. Its services can be
//! started and stopped while it serves.
//!
//! What always holds:
//! - A request's path is cut and decoded once (`trail`); no component that a service sees is empty, `.` or `..`, or holds a
//!   separator.
//! - The longest configured path wins; a service on `/` gets what no other takes, whatever its type.
//! - No failure page tells anything about the node.
//! - No service but `longpoll` reads a request's body. Nothing here speaks WAMP or WebSocket: `net` does.

mod answer;
mod asked;
mod error;
mod files;
mod json;
mod longpoll;
mod nodeinfo;
mod redirect;
mod service;
mod trail;
mod tree;
mod welcome;

pub use error::ServiceError;
pub use service::{Context, StatusSource};
pub use tree::Tree;
