use crate::Text;

/// How strictly URIs are read (realm option `uri_check`; WAMP spec, "URIs").
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum UriCheck {
    /// Components hold anything but `.`, `#` and white space.
    #[default]
    Loose,
    /// Components hold `[0-9a-z_]` only.
    Strict,
}

/// How a subscription's, registration's or permission's URI is compared (WAMP spec, "Pattern-based ...").
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum MatchPolicy {
    /// Equal.
    #[default]
    Exact,
    /// A plain string prefix; the empty prefix matches everything.
    Prefix,
    /// Empty components match any one component; the count must be equal.
    Wildcard,
}

/// A checked URI without empty components.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Uri(Text);

/// A checked URI together with its match policy. Only patterns may have empty components.
#[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Pattern {
    uri: Text,
    policy: MatchPolicy,
}
