use std::fmt::Write as _;
use std::path::Path;

use crate::crossbar;

/// The whole help text is a file; with `UPDATE_SNAPSHOTS` set the test writes it.
#[test]
fn the_help_text_is_as_written_down() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut text = crossbar(here, &["--help"]).stdout;
    let commands: Vec<String> = text
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .map_while(|line| line.split_whitespace().next().map(str::to_owned))
        .collect();
    assert!(commands.len() > 5, "{commands:?}");
    for command in commands {
        let help = crossbar(here, &[&command, "--help"]);
        assert_eq!((help.code, &*help.stderr), (Some(0), ""));
        let _ = write!(text, "\n$ crossbar {command} --help\n{}", help.stdout);
    }
    let file = here.join("tests/help.txt");
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, written, "set UPDATE_SNAPSHOTS=1 to write it down");
}

#[test]
fn no_command_gives_the_usage() {
    let call = crossbar(Path::new("."), &[]);
    assert_eq!((call.code, &*call.stderr), (Some(0), ""));
    assert!(call.stdout.contains("Usage: crossbar"), "{}", call.stdout);
}

#[test]
fn a_wrong_call_ends_with_2() {
    for line in [&["strat"][..], &["check", "--nope"], &["edge", "check"]] {
        let call = crossbar(Path::new("."), line);
        assert_eq!((call.code, &*call.stdout), (Some(2), ""), "{line:?}");
        assert!(!call.stderr.is_empty());
    }
}
