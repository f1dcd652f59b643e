use std::time::Instant;

use crossbar_wire::{Dict, Value};

use super::events::of_the_nodes_own;
use super::text;
use crate::realm::Realm;
use crate::role::TRUSTED;
use crate::{Outbox, SessionTraffic, Traffic};

impl Realm {
    /// Publishes what a session has sent and received (Crossbar.io: `wamp.session.on_stats`).
    pub fn publish_traffic(&mut self, traffic: &SessionTraffic, now: Instant, out: &mut Outbox) {
        self.now = now;
        let args = |realm: &Self| {
            let who = Value::Dict(vec![
                text("realm", &realm.name),
                ("session".to_owned(), traffic.session.into()),
                text("authid", &traffic.authid),
                text("authrole", &traffic.authrole),
            ]);
            vec![who, counted(realm, traffic)]
        };
        let whom = &(traffic.authrole == TRUSTED).then(of_the_nodes_own);
        self.publish_own_for("wamp.session.on_stats", whom, args, out);
    }
}

/// Gives both directions together with Crossbar.io's keys, and each for itself. Times are in nanoseconds.
fn counted(realm: &Realm, traffic: &SessionTraffic) -> Value {
    let entry = |key: &str, value: Value| (key.to_owned(), value);
    let nanoseconds = |time: std::time::Duration| {
        Value::Integer(i128::try_from(time.as_nanos()).unwrap_or(i128::MAX))
    };
    let since = realm.clock.at(traffic.since).as_duration();
    let duration = realm.now.saturating_duration_since(traffic.since);
    let mut all = traffic.received;
    all.add(traffic.sent);
    let mut dict = vec![
        entry("cycle", traffic.cycle.into()),
        entry("serializer", traffic.format.name().into()),
        entry("timestamp", nanoseconds(since)),
        entry("duration", nanoseconds(duration)),
    ];
    dict.extend(direction(all));
    dict.extend([
        entry("received", Value::Dict(direction(traffic.received))),
        entry("sent", Value::Dict(direction(traffic.sent))),
        entry("first", traffic.first.into()),
        entry("last", traffic.last.into()),
    ]);
    Value::Dict(dict)
}

fn direction(traffic: Traffic) -> Dict {
    vec![
        ("bytes".to_owned(), traffic.octets.into()),
        ("messages".to_owned(), traffic.messages.into()),
        ("rated_messages".to_owned(), traffic.rated_messages.into()),
    ]
}
