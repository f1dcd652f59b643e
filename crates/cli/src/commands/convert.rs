//! `crossbar convert`

use std::path::Path;

use crossbar_config::Notation;

use crate::configuration::Configuration;
use crate::failure::{Failure, Kind};
use crate::output;

/// Write the node's configuration file in the other notation, JSON or YAML
///
/// The file is checked before. It stays; the new one is written beside it, in the place of one that is there already.
#[derive(clap::Args, Debug)]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    configuration: Configuration,
}

/// Runs the command.
pub(crate) fn run(args: &ConvertArgs) -> Result<(), Failure> {
    let (file, _) = args.configuration.check()?;
    let document = crossbar_config::read_document(&file)
        .map_err(|faults| Failure::new(Kind::General, "the file has changed").caused_by(&faults))?;
    let (notation, extension) = match Notation::of(&file) {
        Some(Notation::Json) => (Notation::Yaml, "yaml"),
        Some(Notation::Yaml) | None => (Notation::Json, "json"),
    };
    let other = file.with_extension(extension);
    write(&other, &notation.text(&document))?;
    output::line(&format!("Configuration written to {}", other.display()))?;
    if extension == "yaml" {
        let name = file.file_name().unwrap_or_default().display();
        output::error_line(&format!(
            "crossbar: from now on the YAML file is read; remove it to go back to {name}"
        ));
    }
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<(), Failure> {
    std::fs::write(file, text).map_err(|error| {
        Failure::new(Kind::General, format!("cannot write {}", file.display())).caused_by(&error)
    })
}
