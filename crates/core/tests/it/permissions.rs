//! Tables of permissions against what they are expected to say.

use std::fmt::Write;

use crate::check;

/// One table, as `uri match actions`, and what a session of its role may do: `action uri match`, allowed or not.
struct Case {
    table: &'static [(&'static str, &'static str, &'static str)],
    expected: &'static [(&'static str, &'static str, &'static str, bool)],
}

const CASES: &[Case] = &[
    Case {
        table: &[],
        expected: &[
            ("call", "com.x", "", false),
            ("publish", "com.x", "", false),
            ("subscribe", "com.x", "", false),
            ("subscribe", "", "prefix", false),
            ("register", "com.x", "", false),
        ],
    },
    // Each action is its own.
    Case {
        table: &[
            ("com.call", "exact", "call"),
            ("com.register", "exact", "register"),
            ("com.publish", "exact", "publish"),
            ("com.subscribe", "exact", "subscribe"),
        ],
        expected: &[
            ("call", "com.call", "", true),
            ("register", "com.call", "", false),
            ("call", "com.register", "", false),
            ("register", "com.register", "exact", true),
            ("publish", "com.publish", "", true),
            ("subscribe", "com.publish", "", false),
            ("publish", "com.subscribe", "", false),
            ("subscribe", "com.subscribe", "exact", true),
            ("subscribe", "com.subscribe", "prefix", false),
            ("subscribe", "com.subscribe", "wildcard", false),
        ],
    },
    // An exact entry shadows a prefix for its own URI only.
    Case {
        table: &[
            ("com.", "prefix", "subscribe publish"),
            ("com.foo", "exact", ""),
        ],
        expected: &[
            ("subscribe", "com.foo", "", false),
            ("publish", "com.foo", "", false),
            ("subscribe", "com.foobar", "", true),
            ("subscribe", "com.foo.bar", "", true),
            ("subscribe", "com.", "prefix", false),
            ("subscribe", "com.f", "prefix", false),
            ("subscribe", "com.foo.", "prefix", true),
            ("subscribe", "com.g", "prefix", true),
            ("subscribe", "com..x", "wildcard", true),
            ("subscribe", "com.", "wildcard", false),
        ],
    },
    // A denied part of a granted prefix cannot be had by a wider pattern.
    Case {
        table: &[
            ("com.", "prefix", "subscribe register"),
            ("com.secret.", "prefix", ""),
            ("com.secret.open", "exact", "subscribe"),
        ],
        expected: &[
            ("subscribe", "com.x", "", true),
            ("subscribe", "com.secret.x", "", false),
            ("subscribe", "com.secret.open", "", true),
            ("subscribe", "com.secret", "", true),
            ("subscribe", "com.", "prefix", false),
            ("subscribe", "com.s", "prefix", false),
            ("subscribe", "com.secret", "prefix", false),
            ("subscribe", "com.secret.o", "prefix", false),
            ("subscribe", "com.public.", "prefix", true),
            ("subscribe", "", "prefix", false),
            ("subscribe", "com..x", "wildcard", false),
            ("subscribe", "com.public.", "wildcard", true),
            ("subscribe", "com.", "wildcard", true),
            ("register", "com.", "prefix", false),
            ("register", "com.public.", "prefix", true),
            ("register", "com.secret.open", "", false),
            ("register", "com..", "wildcard", false),
        ],
    },
    // Wildcards go before prefixes, the more literal ones first.
    Case {
        table: &[
            ("com.", "prefix", "call"),
            ("com..delete", "wildcard", ""),
            ("com.mine.", "wildcard", "call"),
        ],
        expected: &[
            ("call", "com.a.delete", "", false),
            ("call", "com.a.b.delete", "", true),
            ("call", "com.mine.delete", "", true),
            ("call", "com.delete", "", true),
        ],
    },
    // Open components at the beginning, at the end, everywhere.
    Case {
        table: &[
            (".status", "wildcard", "subscribe"),
            ("com..", "wildcard", "subscribe"),
            ("..z", "wildcard", ""),
        ],
        expected: &[
            ("subscribe", "app.status", "", true),
            ("subscribe", "a.b.status", "", false),
            ("subscribe", "com.a.b", "", true),
            ("subscribe", "com.a.z", "", true),
            ("subscribe", "org.a.z", "", false),
            ("subscribe", ".status", "wildcard", true),
            ("subscribe", "com..", "wildcard", true),
            ("subscribe", "com..z", "wildcard", true),
            ("subscribe", "..", "wildcard", false),
        ],
    },
    // Everything.
    Case {
        table: &[("", "prefix", "call subscribe publish register")],
        expected: &[
            ("call", "com.x", "", true),
            ("subscribe", "com..x", "wildcard", true),
            ("subscribe", "wamp.session.on_join", "", true),
            ("register", "a", "prefix", true),
            ("subscribe", "c", "prefix", true),
        ],
    },
    // The reserved namespace and the router's own procedures need a grant as others do.
    Case {
        table: &[
            ("wamp.session.", "prefix", "call"),
            ("wamp.session.kill", "exact", ""),
        ],
        expected: &[
            ("call", "wamp.session.count", "", true),
            ("call", "wamp.session.kill", "", false),
            ("call", "wamp.registration.list", "", false),
            ("subscribe", "wamp.session.on_join", "", false),
        ],
    },
    // An entry that names the pattern itself grants it, but not what others deny.
    Case {
        table: &[
            ("g..h", "exact", "subscribe"),
            ("i..j", "exact", "subscribe"),
            ("i.x.j", "exact", ""),
        ],
        expected: &[
            ("subscribe", "g..h", "wildcard", true),
            ("subscribe", "g.x.h", "", false),
            ("subscribe", "i..j", "wildcard", false),
        ],
    },
];

#[test]
fn z02_z05_permissions_say_what_is_expected() {
    for case in CASES {
        check(&script(case));
    }
}

fn script(case: &Case) -> String {
    let entries = case.table.iter().map(|(uri, policy, actions)| {
        let actions: Vec<String> = actions
            .split_whitespace()
            .map(|a| format!("{a:?}"))
            .collect();
        let actions = actions.join(", ");
        format!(r#"{{"uri": "{uri}", "match": "{policy}", "allow": [{actions}]}}"#)
    });
    let entries: Vec<String> = entries.collect();
    let mut script = format!(
        "role guest {{\"permissions\": [{}]}}\nbob joins as guest\n",
        entries.join(", ")
    );
    for (place, &(action, uri, policy, allowed)) in case.expected.iter().enumerate() {
        ask(&mut script, place + 1, (action, uri, policy), allowed);
    }
    script
}

fn ask(
    script: &mut String,
    request: usize,
    (action, uri, policy): (&str, &str, &str),
    allowed: bool,
) {
    let options = if policy.is_empty() {
        String::new()
    } else {
        format!(r#""match": "{policy}""#)
    };
    let (code, options) = match action {
        "call" => (48, options),
        "register" => (64, options),
        "publish" => (16, r#""acknowledge": true"#.to_owned()),
        _ => (32, options),
    };
    let answer = match (action, allowed) {
        (_, false) => format!(r#"[8, {code}, {request}, {{}}, "wamp.error.not_authorized", "*"]"#),
        ("call", true) if uri.starts_with("wamp.") => format!(r#"[50, {request}, {{}}, "*"]"#),
        ("call", true) => {
            format!(r#"[8, {code}, {request}, {{}}, "wamp.error.no_such_procedure", "*"]"#)
        }
        (_, true) => format!(r#"[{}, {request}, "*"]"#, code + 1),
    };
    writeln!(
        script,
        r#"bob > [{code}, {request}, {{{options}}}, "{uri}"]"#
    )
    .unwrap();
    writeln!(script, "bob < {answer}").unwrap();
}

#[test]
fn z01_a_denial_does_not_tell_what_is_there() {
    check(
        r#"
        role guest {"permissions": [{"uri": "com.public", "allow": ["call"]}]}
        alice joins
        bob joins as guest
        alice > [64, 1, {}, "com.private.there"]
        alice < [65, 1, 1]
        bob > [48, 1, {}, "com.private.there"]
        bob < [8, 48, 1, {}, "wamp.error.not_authorized", ["session (authid \"bob\", authrole \"guest\") is not authorized to call procedure <com.private.there> on realm \"realm1\""]]
        bob > [48, 2, {}, "com.private.gone"]
        bob < [8, 48, 2, {}, "wamp.error.not_authorized", ["session (authid \"bob\", authrole \"guest\") is not authorized to call procedure <com.private.gone> on realm \"realm1\""]]
        bob > [64, 3, {}, "com.private.there"]
        bob < [8, 64, 3, {}, "wamp.error.not_authorized", "*"]
        bob > [64, 4, {"invoke": "roundrobin"}, "com.private.gone"]
        bob < [8, 64, 4, {}, "wamp.error.not_authorized", "*"]
        bob > [64, 5, {"force_reregister": true}, "com.private.there"]
        bob < [8, 64, 5, {}, "wamp.error.not_authorized", "*"]
        bob > [48, 6, {}, "wamp.registration.lookup", ["com.private.there"]]
        bob < [8, 48, 6, {}, "wamp.error.not_authorized", "*"]
        "#,
    );
}
