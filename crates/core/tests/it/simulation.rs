//! Long random conversations, valid and invalid, with whatever can go wrong between a realm and its clients.
//!
//! The seeds are fixed, so that a run is the same everywhere. `CROSSBAR_SIMULATION_SEED=7` plays one seed,
//! `CROSSBAR_SIMULATION_SEEDS=10000` plays so many.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most messages tell a client or the referee nothing"
)]

mod client;
mod docket;
mod naive;
mod peer;
mod random;
mod referee;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use world::{Odds, Story, World};

const PROMPT: Odds = Odds {
    loss: 8,
    undeliverable: 0,
    overflow: 0,
    close: 1,
    prompt: true,
    waiting: false,
    judged: false,
    compat: false,
};

const FAULTY: Odds = Odds {
    loss: 6,
    undeliverable: 30,
    overflow: 2,
    close: 1,
    prompt: false,
    waiting: false,
    judged: false,
    compat: false,
};

#[test]
fn r03_s13_whatever_comes_in_every_call_is_answered_once_and_nothing_is_left() {
    play(PROMPT);
}

#[test]
fn c11_c12_whatever_comes_in_calls_that_wait_or_are_passed_on_are_answered_once() {
    play(Odds {
        waiting: true,
        ..PROMPT
    });
}

#[test]
fn s11_r08_r09_whatever_breaks_every_call_is_answered_once_and_nothing_is_left() {
    play(FAULTY);
}

#[test]
fn s11_c11_c12_whatever_breaks_calls_that_wait_or_are_passed_on_are_answered_once() {
    play(Odds {
        waiting: true,
        ..FAULTY
    });
}

#[test]
fn r03_compat_whatever_comes_in_and_breaks_every_call_is_answered_once() {
    play(Odds {
        waiting: true,
        compat: true,
        ..FAULTY
    });
}

#[test]
fn z03_whatever_an_authorizer_says_only_what_it_allows_happens_and_in_order() {
    play(Odds {
        judged: true,
        ..PROMPT
    });
}

#[test]
fn z03_c11_whatever_breaks_only_what_an_authorizer_allows_happens_and_nothing_is_left() {
    play(Odds {
        judged: true,
        waiting: true,
        ..FAULTY
    });
}

#[test]
fn the_same_input_gives_the_same_output() {
    for odds in [PROMPT, FAULTY] {
        for seed in 1..4 {
            let digest = || run(seed, odds).digest();
            assert_eq!(digest(), digest(), "seed {seed}");
        }
    }
    assert_ne!(run(1, PROMPT).digest(), run(2, PROMPT).digest());
}

fn play(odds: Odds) {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    if let Some(seed) = number("CROSSBAR_SIMULATION_SEED") {
        run(seed, odds);
        return;
    }
    let mut seen = BTreeMap::<String, usize>::new();
    for seed in 0..number("CROSSBAR_SIMULATION_SEEDS").unwrap_or(SEEDS) {
        for (kind, count) in run(seed, odds).seen {
            *seen.entry(kind).or_default() += count;
        }
    }
    let refused: &[&str] = if odds.judged { &REFUSED } else { &[] };
    for kind in USUAL.iter().chain(refused).copied() {
        assert!(seen.contains_key(kind), "no {kind} in {seen:?}");
    }
}

/// Plays one conversation.
fn run(seed: u64, odds: Odds) -> Story {
    let mut world = World::new(seed, odds);
    let played = catch_unwind(AssertUnwindSafe(|| {
        for _ in 0..STEPS {
            world.step();
        }
        world.end();
    }));
    if let Err(panic) = played {
        let text = panic.downcast_ref::<String>();
        let story: Vec<String> = world.story.last.into();
        panic!("seed {seed}: {text:?}\n{}", story.join("\n"));
    }
    world.story
}

const SEEDS: u64 = 25;
const STEPS: usize = 800;

/// What comes out besides if an authorizer decides.
const REFUSED: [&str; 2] = [
    "wamp.error.not_authorized",
    "wamp.error.authorization_failed",
];

/// What comes out of every run that is worth its time.
const USUAL: [&str; 23] = [
    "WELCOME",
    "ABORT",
    "GOODBYE",
    "SUBSCRIBED",
    "UNSUBSCRIBED",
    "PUBLISHED",
    "EVENT",
    "retained EVENT",
    "REGISTERED",
    "UNREGISTERED",
    "INVOCATION",
    "INTERRUPT",
    "RESULT",
    "progressive RESULT",
    "com.error",
    "wamp.error.unavailable",
    "wamp.error.canceled",
    "wamp.error.timeout",
    "wamp.error.no_such_procedure",
    "wamp.error.procedure_already_exists",
    "wamp.error.invalid_uri",
    "wamp.error.feature_not_supported",
    "crossbar.error.max_concurrency_reached",
];
