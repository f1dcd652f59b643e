//! How the document reads: one table of all rows, then each row with its tests.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::evidence::{Evidence, Kind, Test};
use super::rows::{Row, Rows};

/// The whole document.
pub(crate) fn text(rows: &Rows, evidence: &Evidence) -> String {
    let mut out = INTRODUCTION.to_owned();
    for group in &rows.groups {
        push(&mut out, format_args!("\n## {}\n", group.title));
        push(
            &mut out,
            format_args!(
                "\n| row | state | tests | Crossbar.io 26.10.1 |\n| --- | --- | --- | --- |\n"
            ),
        );
        for row in &group.rows {
            let tests: Vec<_> = evidence.of(&row.id).collect();
            push(
                &mut out,
                format_args!(
                    "| {} {} | {} | {} | {} |\n",
                    row.id,
                    row.about,
                    row.state.name(),
                    count(&tests),
                    verdict(&tests)
                ),
            );
        }
        for row in &group.rows {
            details(&mut out, row, &evidence.of(&row.id).collect::<Vec<_>>());
        }
    }
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a String takes all text");
}

fn details(out: &mut String, row: &Row, tests: &[&Test]) {
    if row.note.is_empty() && tests.is_empty() {
        return;
    }
    push(out, format_args!("\n### {} {}\n", row.id, row.about));
    if !row.note.is_empty() {
        push(out, format_args!("\n{}\n", row.note));
    }
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut conversations = Vec::new();
    for test in tests {
        match &test.kind {
            Kind::Crate(name) | Kind::Script(name) => {
                places.entry(name).or_default().push(&test.name);
            }
            Kind::Conversation(differs) => conversations.push((&test.name, differs)),
        }
    }
    if !tests.is_empty() {
        out.push('\n');
    }
    for (place, names) in places {
        push(out, format_args!("- {place}: `{}`\n", names.join("`, `")));
    }
    for (name, differs) in conversations {
        match differs {
            Some(why) => push(out, format_args!("- `{name}` differs: {why}\n")),
            None => push(out, format_args!("- `{name}`: the same\n")),
        }
    }
}

/// `12 (conversations: 2, with clients: 1)`
fn count(tests: &[&Test]) -> String {
    let conversations = tests
        .iter()
        .filter(|test| matches!(test.kind, Kind::Conversation(_)))
        .count();
    let clients = tests
        .iter()
        .filter(|test| matches!(test.kind, Kind::Script(_)))
        .count();
    let mut parts = Vec::new();
    if conversations > 0 {
        parts.push(format!("conversations: {conversations}"));
    }
    if clients > 0 {
        parts.push(format!("with clients: {clients}"));
    }
    match (tests.len(), parts.join(", ")) {
        (0, _) => "–".to_owned(),
        (all, parts) if parts.is_empty() => all.to_string(),
        (all, parts) => format!("{all} ({parts})"),
    }
}

/// How Crossbar.io does in the row's conversations.
fn verdict(tests: &[&Test]) -> String {
    let played: Vec<_> = tests
        .iter()
        .filter_map(|test| match &test.kind {
            Kind::Conversation(differs) => Some(differs.is_some()),
            Kind::Crate(_) | Kind::Script(_) => None,
        })
        .collect();
    let differing = played.iter().filter(|differs| **differs).count();
    match (played.len(), differing) {
        (0, _) => "no conversation".to_owned(),
        (_, 0) => "the same".to_owned(),
        (all, _) if all == differing => "differs".to_owned(),
        (all, _) => format!("differs in {differing} of {all}"),
    }
}

const INTRODUCTION: &str = "# WAMP conformance

What the WAMP specification, basic and advanced profile, asks of a router, row by row: what is done, which tests show it, and how Crossbar.io
26.10.1 does in the same conversations. Rows that the specification leaves open say how they are read here. `cargo xtask conformance` writes
this page from `xtask/src/conformance/rows.txt`, the names of the tests, and [differences.md](differences.md); nothing of it is written by hand.

Rust tests are named by the row (`c04_skip_…`), and stand under their crate. Conversations (`C-04 skip`) are in `tests/oracle/conversations`;
`cargo xtask test` plays each against Crossbar.io and ours over three transports and serializers. Checks with real clients are functions of the
scripts below `tests/python`, `tests/js` and `tests/xconn`. Where it says \"no conversation\", what the row is about does not show in one (random
ids), or Crossbar.io cannot be configured for it.
";
