//! The error and close URIs that the router itself uses (WAMP spec, "URIs").

pub(crate) const INVALID_URI: &str = "wamp.error.invalid_uri";
pub(crate) const INVALID_ARGUMENT: &str = "wamp.error.invalid_argument";
pub(crate) const NO_SUCH_PROCEDURE: &str = "wamp.error.no_such_procedure";
pub(crate) const PROCEDURE_ALREADY_EXISTS: &str = "wamp.error.procedure_already_exists";
pub(crate) const DIFFERENT_INVOCATION_POLICY: &str =
    "wamp.error.procedure_exists_with_different_invocation_policy";
pub(crate) const NO_SUCH_REGISTRATION: &str = "wamp.error.no_such_registration";
pub(crate) const NO_SUCH_SUBSCRIPTION: &str = "wamp.error.no_such_subscription";
pub(crate) const CANCELED: &str = "wamp.error.canceled";
pub(crate) const UNAVAILABLE: &str = "wamp.error.unavailable";
pub(crate) const NO_AVAILABLE_CALLEE: &str = "wamp.error.no_available_callee";
pub(crate) const TIMEOUT: &str = "wamp.error.timeout";
pub(crate) const PAYLOAD_SIZE_EXCEEDED: &str = "wamp.error.payload_size_exceeded";
pub(crate) const FEATURE_NOT_SUPPORTED: &str = "wamp.error.feature_not_supported";
pub(crate) const PROTOCOL_VIOLATION: &str = "wamp.error.protocol_violation";
pub(crate) const TESTAMENT_ERROR: &str = "wamp.error.testament_error";
pub(crate) const HISTORY_UNAVAILABLE: &str = "wamp.error.history_unavailable";
pub(crate) const AUTHORIZATION_FAILED: &str = "wamp.error.authorization_failed";
pub(crate) const NOT_AUTHORIZED: &str = "wamp.error.not_authorized";
pub(crate) const DISCLOSE_ME: &str = "wamp.error.option_disallowed.disclose_me";
pub(crate) const NO_SUCH_SESSION: &str = "wamp.error.no_such_session";
pub(crate) const NO_SUCH_REALM: &str = "wamp.error.no_such_realm";
pub(crate) const NO_SUCH_ROLE: &str = "wamp.error.no_such_role";
pub(crate) const NO_SUCH_PRINCIPAL: &str = "wamp.error.no_such_principal";
pub(crate) const AUTHENTICATION_FAILED: &str = "wamp.error.authentication_failed";
/// What let the session in has an end: a token has expired.
pub(crate) const EXPIRED: &str = "wamp.close.expired";
pub(crate) const NO_AUTH_METHOD: &str = "wamp.error.no_auth_method";
/// The session has as much as it may have.
pub(crate) const LIMIT_EXCEEDED: &str = "crossbar.error.limit_exceeded";
pub(crate) const MAX_CONCURRENCY_REACHED: &str = "crossbar.error.max_concurrency_reached";
/// The reason of a revocation by `force_reregister` (Crossbar.io).
pub(crate) const UNREGISTERED: &str = "wamp.error.unregistered";
pub(crate) const GOODBYE_AND_OUT: &str = "wamp.close.goodbye_and_out";
pub(crate) const KILLED: &str = "wamp.close.killed";
/// The client logs out: its cookie is worth nothing any more (Crossbar.io).
pub(crate) const LOGOUT: &str = "wamp.close.logout";
pub(crate) const CLOSE_NORMAL: &str = "wamp.close.normal";

/// Says whether a URI or pattern lies in the namespace that applications must not use: `wamp` is its first
/// component (WAMP spec, "Reserved URIs").
pub(crate) fn is_reserved(uri: &[u8]) -> bool {
    uri.strip_prefix(b"wamp")
        .is_some_and(|rest| rest.first().is_none_or(|&next| next == b'.'))
}

/// Says whether a URI is the router's own, where those who act are always disclosed to the router.
pub(crate) fn is_own(uri: &[u8]) -> bool {
    uri.starts_with(b"wamp.") || uri.starts_with(b"crossbar.")
}
