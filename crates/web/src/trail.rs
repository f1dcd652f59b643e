//! The path of a request, cut into its components.

use percent_encoding::percent_decode_str;

/// A request's path: its decoded components, none of which is empty or could leave a directory.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Trail {
    components: Vec<String>,
    ends_with_slash: bool,
}

impl Trail {
    /// Cuts an encoded path such as `/docs/a%20b.html`.
    ///
    /// None if a component is empty, `.`, `..`, not UTF-8, or contains a separator or NUL once decoded:
    /// nothing is served there.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let path = path.strip_prefix('/')?;
        if path.is_empty() {
            return Some(Self {
                components: Vec::new(),
                ends_with_slash: true,
            });
        }
        let (path, ends_with_slash) = match path.strip_suffix('/') {
            Some(path) => (path, true),
            None => (path, false),
        };
        let components = path.split('/').map(component).collect::<Option<_>>()?;
        Some(Self {
            components,
            ends_with_slash,
        })
    }

    /// The components, outermost first.
    pub(crate) fn components(&self) -> &[String] {
        &self.components
    }

    /// Whether the path ends with a slash, as that of a directory does.
    pub(crate) const fn ends_with_slash(&self) -> bool {
        self.ends_with_slash
    }
}

fn component(encoded: &str) -> Option<String> {
    let decoded = percent_decode_str(encoded).decode_utf8().ok()?;
    let harmless = !decoded.is_empty()
        && decoded != "."
        && decoded != ".."
        && !decoded.contains(['/', '\\', '\0']);
    harmless.then(|| decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_and_decodes() {
        for (path, components, ends_with_slash) in [
            ("/", &[][..], true),
            ("/a", &["a"], false),
            ("/a/", &["a"], true),
            ("/a%20b/c.html", &["a b", "c.html"], false),
            ("/%C3%A4/...", &["ä", "..."], false),
        ] {
            let trail = Trail::parse(path).unwrap();
            assert_eq!(trail.components(), components, "{path}");
            assert_eq!(trail.ends_with_slash(), ends_with_slash, "{path}");
        }
    }

    #[test]
    fn refuses_what_could_leave() {
        for path in [
            "",
            "*",
            "a",
            "//",
            "//a",
            "/a//b",
            "/a//",
            "/..",
            "/../a",
            "/a/..",
            "/%2e%2e/a",
            "/.%2E",
            "/.",
            "/a%2fb",
            "/a%2F..%2F..",
            "/a%5c..",
            "/a\\b",
            "/a%00.html",
            "/%ff",
            "/a/%2e/b",
        ] {
            assert_eq!(Trail::parse(path), None, "{path}");
        }
    }
}
