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
        check(&script(case.table, case.expected));
    }
}

/// An entry that goes before another where both match: `uri match`; and a URI that both match, and one that only the second does.
struct Pair {
    first: (&'static str, &'static str),
    second: (&'static str, &'static str),
    both: &'static str,
    second_only: &'static str,
    /// A pattern that the second covers and that has nothing in common with the first.
    apart: (&'static str, &'static str),
}

const PAIRS: &[Pair] = &[
    Pair {
        first: ("com.a.x", "exact"),
        second: ("com..x", "wildcard"),
        both: "com.a.x",
        second_only: "com.b.x",
        apart: ("", ""),
    },
    Pair {
        first: ("com.a.x", "exact"),
        second: ("com.", "prefix"),
        both: "com.a.x",
        second_only: "com.a.xx",
        apart: ("com.b", "prefix"),
    },
    Pair {
        first: ("com.a.x", "exact"),
        second: ("com.a.x", "prefix"),
        both: "com.a.x",
        second_only: "com.a.x.y",
        apart: ("com.a.x.", "prefix"),
    },
    Pair {
        first: ("com..x", "wildcard"),
        second: ("com.a.", "prefix"),
        both: "com.a.x",
        second_only: "com.a.y",
        apart: ("com.a..z", "wildcard"),
    },
    Pair {
        first: ("..x", "wildcard"),
        second: ("com.a.x", "prefix"),
        both: "com.a.x",
        second_only: "com.a.xy",
        apart: ("com.a.x.", "prefix"),
    },
    // The first literal component from the left decides among wildcards.
    Pair {
        first: ("com..", "wildcard"),
        second: (".a.x", "wildcard"),
        both: "com.a.x",
        second_only: "org.a.x",
        apart: ("org.a.x", "wildcard"),
    },
    Pair {
        first: ("com.a.", "wildcard"),
        second: ("com..x", "wildcard"),
        both: "com.a.x",
        second_only: "com.b.x",
        apart: ("com.b.x", "wildcard"),
    },
    Pair {
        first: ("com.a.", "wildcard"),
        second: ("com.", "prefix"),
        both: "com.a.x",
        second_only: "com.a.x.y",
        apart: ("com.b.", "wildcard"),
    },
    Pair {
        first: (".a", "wildcard"),
        second: ("", "prefix"),
        both: "com.a",
        second_only: "com.b",
        apart: ("com.a.", "prefix"),
    },
    Pair {
        first: ("com.a.", "prefix"),
        second: ("com.", "prefix"),
        both: "com.a.x",
        second_only: "com.a",
        apart: ("com.b.", "prefix"),
    },
    Pair {
        first: ("com.a.", "prefix"),
        second: ("", "prefix"),
        both: "com.a.x",
        second_only: "org",
        apart: (".b.", "wildcard"),
    },
];

/// Of two entries that match, the first decides, and denies the patterns of the second that reach into it; for each action
/// for itself, and whatever order they are written in.
#[test]
fn z02_z05_each_kind_of_entry_goes_before_the_next_for_every_action() {
    const ACTIONS: [&str; 4] = ["call", "register", "publish", "subscribe"];
    for pair in PAIRS {
        for action in ACTIONS {
            let others: Vec<&str> = ACTIONS.into_iter().filter(|it| *it != action).collect();
            let others = others.join(" ");
            for first_allows in [true, false] {
                let allow = |allows: bool| if allows { action } else { others.as_str() };
                let first = (pair.first.0, pair.first.1, allow(first_allows));
                let second = (pair.second.0, pair.second.1, allow(!first_allows));
                let mut expected = vec![
                    (action, pair.both, "", first_allows),
                    (action, pair.second_only, "", !first_allows),
                ];
                if matches!(action, "register" | "subscribe") {
                    let (uri, policy) = pair.second;
                    expected.push((action, uri, policy, false)); // one of both denies part of it
                    if pair.first.1 != "exact" {
                        let (uri, policy) = pair.first;
                        expected.push((action, uri, policy, first_allows));
                    }
                    let (uri, policy) = pair.apart;
                    if !policy.is_empty() {
                        expected.push((action, uri, policy, !first_allows));
                    }
                }
                for table in [[first, second], [second, first]] {
                    check(&script(&table, &expected));
                }
            }
        }
    }
}

/// One line of a table, and one question with its answer.
type Entry<'a> = (&'a str, &'a str, &'a str);
type Expected<'a> = (&'a str, &'a str, &'a str, bool);

fn script(table: &[Entry<'_>], expected: &[Expected<'_>]) -> String {
    let entries = table.iter().map(|(uri, policy, actions)| {
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
    for (place, &(action, uri, policy, allowed)) in expected.iter().enumerate() {
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
