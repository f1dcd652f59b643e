//! `crossbar version`

use crate::failure::Failure;
use crate::output;

/// Print the version of this program and of what it is made for
#[derive(clap::Args, Debug)]
pub(crate) struct VersionArgs {}

/// Runs the command.
pub(crate) fn run(_args: &VersionArgs) -> Result<(), Failure> {
    output::text(&table())
}

fn table() -> String {
    let rows = [
        ("Crossbar in Rust", env!("CARGO_PKG_VERSION")),
        ("Compatible with", "Crossbar.io 26.10.1"),
        ("Serializers", "cbor, msgpack, json"),
        ("Transports", "websocket, rawsocket, web, universal"),
        ("Operating system", std::env::consts::OS),
        ("Processor", std::env::consts::ARCH),
        ("Licence", env!("CARGO_PKG_LICENSE")),
    ];
    rows.iter()
        .map(|(label, value)| format!("{label:<17}: {value}\n"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_aligned_and_names_the_version() {
        let table = table();
        assert!(table.starts_with(concat!(
            "Crossbar in Rust : ",
            env!("CARGO_PKG_VERSION"),
            "\n"
        )));
        assert!(table.lines().all(|line| line.find(':') == Some(17)));
    }
}
