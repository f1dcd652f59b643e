//! `docs/wamp-conformance.md`: every row of the WAMP features, its state, its tests, and how Crossbar.io behaves.
//!
//! The rows are in `rows.txt`; the tests are found by their names, which begin with the row's id (`c04_skip_…`, `# C-04 skip`).
//! Nothing is run for it.

mod document;
mod evidence;
mod rows;

use std::path::PathBuf;

use crate::failure::Failure;
use crate::project::Project;
use crate::report;
use evidence::Evidence;
use rows::Rows;

/// The `conformance` command: writes the document and names the rows without a test.
pub(crate) fn run(project: &Project) -> Result<(), Failure> {
    let (rows, evidence) = (Rows::read()?, Evidence::collect(project)?);
    let path = path(project);
    std::fs::write(&path, document::text(&rows, &evidence)).map_err(Failure::at(&path, "write"))?;
    for fault in faults(&rows, &evidence) {
        report::line(&fault);
    }
    Ok(())
}

fn path(project: &Project) -> PathBuf {
    project.root.join("docs/wamp-conformance.md")
}

/// What is wrong with the names of tests and with the rows.
fn faults(rows: &Rows, evidence: &Evidence) -> Vec<String> {
    let unknown = evidence
        .tests()
        .filter(|test| !rows.all().any(|row| row.id == test.row))
        .map(|test| format!("{}: there is no row {}", test.name, test.row));
    let untested = rows
        .all()
        .filter(|row| row.state.wants_a_test() && evidence.of(&row.id).next().is_none())
        .map(|row| format!("{} {}: no test is named by it", row.id, row.about));
    let unexplained = rows
        .all()
        .filter(|row| row.state.wants_a_reason() && row.note.is_empty())
        .map(|row| format!("{}: the row does not say why", row.id));
    unknown.chain(untested).chain(unexplained).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_tests_and_every_test_its_row() {
        let project = Project::find().expect("the tests run in a checkout");
        let rows = Rows::read().expect("the rows are well formed");
        let evidence = Evidence::collect(&project).expect("the files of the checkout");
        let faults = faults(&rows, &evidence);
        assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
    }
    #[test]
    fn the_page_is_what_is_generated() {
        let project = Project::find().expect("the tests run in a checkout");
        let rows = Rows::read().expect("the rows are well formed");
        let evidence = Evidence::collect(&project).expect("the files of the checkout");
        let page = std::fs::read_to_string(path(&project)).expect("the page");
        assert!(
            page == document::text(&rows, &evidence),
            "docs/wamp-conformance.md is stale: run cargo xtask conformance"
        );
    }
}
