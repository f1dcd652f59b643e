//! Conversations with one realm, each named by the row of the feature list that it shows.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]
#![expect(
    clippy::disallowed_methods,
    reason = "the ban on clocks is for the core itself"
)]

mod attacks;
mod authentication;
mod authorization;
mod authorizers;
mod calls;
mod canceling;
mod compatibility;
mod cookies;
mod cryptosign;
mod dynamic;
mod history;
mod ids;
mod jwt;
mod leaving;
mod limits;
mod meta;
mod model;
mod narrowing;
mod passthru;
mod permissions;
mod pubsub;
mod queues;
mod registrations;
mod rerouting;
mod retained;
mod scram;
mod sessions;
mod simulation;
mod streams;
mod testaments;
mod trustlevels;
mod validation;

use crossbar_testkit::stage;
use stage::check;
