//! The real program, called as a user calls it.

mod commands;
mod cookies;
mod help;
mod node;
mod ordering;
mod running;
mod secrets;
mod terminal;
mod tls;

use std::path::Path;
use std::process::{Command, Output};

/// What a call of the program left behind.
struct Call {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

/// Calls the program in a directory.
fn crossbar(directory: &Path, arguments: &[&str]) -> Call {
    let output = Command::new(env!("CARGO_BIN_EXE_crossbar"))
        .args(arguments)
        .current_dir(directory)
        .env_remove("CROSSBAR_DIR")
        .output()
        .expect("the program starts");
    Call::from(output)
}

impl From<Output> for Call {
    fn from(output: Output) -> Self {
        let text = |octets| String::from_utf8(octets).expect("the program writes UTF-8");
        Self {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }
}
