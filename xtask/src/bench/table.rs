//! Medians and ratios, as a Markdown table.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::bench::scenarios::Scenario;

/// All figures of a run, in the order of their rows.
#[derive(Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

struct Row {
    name: String,
    unit: &'static str,
    fewer_is_better: bool,
    /// Router → figures of the rounds.
    figures: BTreeMap<String, Vec<f64>>,
}

impl Table {
    /// Adds one figure of one round.
    pub(crate) fn add(&mut self, scenario: &Scenario, wire: &str, router: &str, figure: f64) {
        let wires: &[&str] = if wire.is_empty() { WIRES } else { &[wire] };
        for wire in wires {
            let name = if scenario.once() {
                scenario.name.clone()
            } else {
                format!("{}, {wire}", scenario.name)
            };
            let row = match self.rows.iter_mut().position(|row| row.name == name) {
                Some(index) => &mut self.rows[index],
                None => {
                    self.rows.push(Row {
                        name,
                        unit: scenario.unit,
                        fewer_is_better: scenario.fewer_is_better(),
                        figures: BTreeMap::new(),
                    });
                    let last = self.rows.len() - 1;
                    &mut self.rows[last]
                }
            };
            row.figures
                .entry(router.to_owned())
                .or_default()
                .push(figure);
            if scenario.once() {
                break;
            }
        }
    }

    /// Renders the rows of one scenario, as progress.
    pub(crate) fn section(&self, scenario: &Scenario) -> String {
        let rows = self
            .rows
            .iter()
            .filter(|row| row.name.starts_with(&scenario.name));
        let mut text = String::new();
        for row in rows {
            let _ = write!(text, "{}:", row.name);
            for (router, figures) in &row.figures {
                let _ = write!(text, "  {router} {}", short(median(figures)));
            }
            text.push('\n');
        }
        text
    }

    /// Renders everything.
    pub(crate) fn render(&self) -> String {
        let mut routers: Vec<&String> = self
            .rows
            .iter()
            .flat_map(|row| row.figures.keys())
            .collect();
        routers.sort();
        routers.dedup();
        let mut text = String::from("| measure |");
        for router in &routers {
            let _ = write!(text, " {router} |");
        }
        text.push_str(" ours : Crossbar.io |\n| --- |");
        text.push_str(&" ---: |".repeat(routers.len() + 1));
        text.push('\n');
        for row in &self.rows {
            let _ = write!(text, "| {} ({}) |", row.name, row.unit);
            for router in &routers {
                let figure = row
                    .figures
                    .get(*router)
                    .map_or("–".to_owned(), |figures| short(median(figures)));
                let _ = write!(text, " {figure} |");
            }
            let _ = writeln!(text, " {} |", row.ratio());
        }
        text
    }
}

impl Row {
    fn ratio(&self) -> String {
        let (Some(ours), Some(theirs)) =
            (self.figures.get("ours"), self.figures.get("Crossbar.io"))
        else {
            return "–".to_owned();
        };
        let (ours, theirs) = (median(ours), median(theirs));
        let ratio = if self.fewer_is_better {
            theirs / ours
        } else {
            ours / theirs
        };
        format!("{ratio:.1} ×")
    }
}

fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

fn short(figure: f64) -> String {
    match figure {
        f if f >= 1e6 => format!("{:.2} M", f / 1e6),
        f if f >= 1e4 => format!("{:.0} k", f / 1e3),
        f if f >= 100.0 => format!("{f:.0}"),
        f => format!("{f:.1}"),
    }
}

/// The columns of figures that have no WAMP format of their own stand beside each of these.
const WIRES: &[&str] = &["msgpack/RawSocket", "json/WebSocket", "cbor/WebSocket"];
