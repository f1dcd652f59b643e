//! The rows: what WAMP asks of a router, cut into pieces that can be tested.

use crate::failure::Failure;

/// All rows, in groups.
#[derive(Debug)]
pub(crate) struct Rows {
    /// The groups, in the order of the file.
    pub(crate) groups: Vec<Group>,
}

/// Rows under one heading.
#[derive(Debug)]
pub(crate) struct Group {
    /// The heading.
    pub(crate) title: String,
    /// Its rows.
    pub(crate) rows: Vec<Row>,
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// `C-04`; tests are named by it.
    pub(crate) id: String,
    /// What is done about it.
    pub(crate) state: State,
    /// What it is about.
    pub(crate) about: String,
    /// How the specification is read, or why it is not done; may be empty.
    pub(crate) note: String,
}

/// What is done about a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// As the specification says.
    Implemented,
    /// Left out for good; peers meet what the row says.
    Refused,
    /// To come.
    Planned,
    /// Nothing is asked of a router.
    Void,
}

impl State {
    /// The word in the document.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Implemented => "implemented",
            Self::Refused => "refused",
            Self::Planned => "planned",
            Self::Void => "nothing to do",
        }
    }

    /// Whether peers can see what the row says.
    pub(crate) const fn wants_a_test(self) -> bool {
        matches!(self, Self::Implemented | Self::Refused)
    }

    /// Whether the row must say why it is so.
    pub(crate) const fn wants_a_reason(self) -> bool {
        !matches!(self, Self::Implemented)
    }

    fn read(word: &str) -> Option<Self> {
        match word {
            "implemented" => Some(Self::Implemented),
            "refused" => Some(Self::Refused),
            "planned" => Some(Self::Planned),
            "void" => Some(Self::Void),
            _ => None,
        }
    }
}

impl Rows {
    /// Reads `rows.txt`.
    pub(crate) fn read() -> Result<Self, Failure> {
        Self::parse(include_str!("rows.txt"))
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        let mut groups: Vec<Group> = Vec::new();
        let lines = text.lines().map(str::trim);
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with("//")) {
            if let Some(title) = line.strip_prefix("= ") {
                groups.push(Group {
                    title: title.to_owned(),
                    rows: Vec::new(),
                });
                continue;
            }
            let row = row(line).ok_or_else(|| Failure::new(format!("not a row: {line}")))?;
            let known = groups.iter().flat_map(|group| &group.rows);
            if known.filter(|known| known.id == row.id).count() > 0 {
                return Err(Failure::new(format!("{} is there twice", row.id)));
            }
            let group = groups
                .last_mut()
                .ok_or_else(|| Failure::new("a row stands before the first heading"))?;
            group.rows.push(row);
        }
        Ok(Self { groups })
    }

    /// Every row.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Row> {
        self.groups.iter().flat_map(|group| &group.rows)
    }
}

fn row(line: &str) -> Option<Row> {
    let mut cells = line.splitn(4, '|').map(str::trim);
    Some(Row {
        id: cells.next()?.to_owned(),
        state: State::read(cells.next()?)?,
        about: cells.next()?.to_owned(),
        note: cells.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::{Rows, State};

    #[test]
    fn rows_have_four_cells_and_a_known_state() {
        let rows = Rows::parse("// why\n= Calls\nC-01 | planned | one | soon").expect("rows");
        let row = rows.all().next().expect("a row");
        assert_eq!((row.id.as_str(), row.state), ("C-01", State::Planned));
        assert!(Rows::parse("= A\nC-01 | implemented | no fourth cell").is_err());
        assert!(Rows::parse("= A\nC-01 | done | a |").is_err());
        assert!(Rows::parse("C-01 | implemented | a |").is_err());
        assert!(Rows::parse("= A\nC-01 | void | a | b\nC-01 | void | a | b").is_err());
    }
}
