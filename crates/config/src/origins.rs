//! `allowed_origins`: whose pages may connect.

use crossbar_core::{Access, Dynamic, DynamicMethod, MethodConfig};

use crate::place::Place;
use crate::reading::Reading;

/// Says whether a pattern of `allowed_origins` names a host, at least in part, rather than all there are.
#[must_use]
pub fn names_host(pattern: &str) -> bool {
    let host = match pattern.split_once("://") {
        Some((_, host)) => host,
        None => pattern
            .trim_start_matches("https")
            .trim_start_matches("http"),
    };
    let host = match host.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => host,
        Some(_) | None => host,
    };
    host.bytes().any(|octet| octet.is_ascii_alphanumeric())
}

/// Gives notice where pages may connect only because all may, and clients can log in by what their connections prove.
pub(crate) fn check_certificates(
    reading: &mut Reading,
    access: &Access,
    allowed: &[String],
    at: &Place,
) {
    let dynamic = |dynamic: &Dynamic| dynamic.method == DynamicMethod::Tls;
    let by_certificate = |method: &MethodConfig| {
        matches!(method, MethodConfig::Tls(_))
            || matches!(method, MethodConfig::Dynamic(it) if dynamic(it))
    };
    let Access::Methods(methods) = access else {
        return;
    };
    if methods.iter().any(by_certificate) && !allowed.iter().any(|it| names_host(it)) {
        let text = "no host is named: only pages of the host that is asked may log in by their readers' certificates";
        reading.notice(&at.key("allowed_origins"), text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_in_origins() {
        for pattern in [
            "https://example.com",
            "https://*.example.com:443",
            "*.org",
            "http://[::1]",
            "http://[::1]:80",
            "*intranet*",
        ] {
            assert!(names_host(pattern), "{pattern}");
        }
        for pattern in [
            "*",
            "",
            "http*",
            "https://*",
            "*://*.*",
            "https://*:443",
            "*s://*:*",
        ] {
            assert!(!names_host(pattern), "{pattern}");
        }
    }
}
