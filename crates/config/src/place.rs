use std::fmt;

/// Where a value stands in the document: `workers[0].transports[1].endpoint.port`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Place(String);

impl Place {
    /// The document itself.
    pub(crate) const fn root() -> Self {
        Self(String::new())
    }

    /// The value of a key below.
    pub(crate) fn key(&self, key: &str) -> Self {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '$');
        if key.is_empty() || !key.chars().all(plain) {
            Self(format!("{}[{key:?}]", self.0))
        } else if self.0.is_empty() {
            Self(key.to_owned())
        } else {
            Self(format!("{}.{key}", self.0))
        }
    }

    /// The value at an index below.
    pub(crate) fn index(&self, index: usize) -> Self {
        Self(format!("{}[{index}]", self.0))
    }

    /// Says whether what stands here may be a secret that is out of place.
    pub(crate) fn is_among_secrets(&self) -> bool {
        self.0.contains(".auth.") || self.0.ends_with(".auth")
    }

    /// The value that a deserializer stumbled upon.
    pub(crate) fn below(&self, path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        path.iter()
            .fold(self.clone(), |place, segment| match segment {
                Segment::Seq { index } => place.index(*index),
                Segment::Map { key } => place.key(key),
                Segment::Enum { variant } => place.key(variant),
                Segment::Unknown => place,
            })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
