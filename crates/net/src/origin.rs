//! Where a browser's page comes from.

use std::borrow::Cow;

use crossbar_config::names_host;
use http::HeaderMap;
use http::header::{HOST, ORIGIN};

/// Whose page sends a request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Page {
    /// None that says so: the client is no browser, or the page is the node's own and only reads.
    Unnamed,
    /// One that the configuration names, or an encrypted one of the host that is asked.
    Named,
    /// One of those that may come because all may.
    Any,
}

/// A page that may not connect, by its origin.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("origin \"{0}\" is not allowed to connect")]
pub struct Foreign(pub String);

/// Checks where a browser's page comes from. Other clients send no origin. Which host is asked makes no difference to whether it
/// may: names that an attacker owns may lead here, too.
///
/// # Errors
/// Gives the origin, if it is not allowed.
pub(crate) fn check(
    headers: &HeaderMap,
    allowed: &[String],
    allow_null: bool,
) -> Result<Page, Foreign> {
    let mut origins = headers.get_all(ORIGIN).iter();
    let Some(origin) = origins.next() else {
        return Ok(Page::Unnamed);
    };
    let text = origin.to_str().unwrap_or("(not text)");
    // compat: a page from a file has no origin, whatever its browser calls that.
    let is_null = text.eq_ignore_ascii_case("null") || text.starts_with("file:");
    let page = if is_null {
        allow_null.then_some(Page::Any)
    } else {
        let whole = with_port(text);
        let fits = |pattern: &[u8]| {
            matches(pattern, text.as_bytes()) || matches(pattern, whole.as_bytes())
        };
        let mut fitting = (allowed.iter()).filter(|pattern| fits(pattern.as_bytes()));
        fitting.next().map(|first| {
            let named = std::iter::once(first)
                .chain(fitting)
                .any(|pattern| names_host(pattern));
            if named || is_own(headers, &whole) {
                Page::Named
            } else {
                Page::Any
            }
        })
    };
    match page {
        Some(page) if origins.next().is_none() => Ok(page),
        Some(_) | None => Err(Foreign(text.to_owned())),
    }
}

/// Says whether an encrypted page of the very host that is asked sends a request. That the host is who it says it is has been
/// proven to the browser by TLS, so no name of an attacker's can lead here.
fn is_own(headers: &HeaderMap, whole: &str) -> bool {
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    host.is_some_and(|host| with_port(&format!("https://{host}")).eq_ignore_ascii_case(whole))
}

/// Says whether the cookie of a request counts: no page sends it, or one that is named, or one of the host that is asked. A browser
/// has the cookie for that host's name, whatever the port, and no attacker owns it.
pub(crate) fn is_trusted_with_cookie(headers: &HeaderMap, page: Page) -> bool {
    match page {
        Page::Unnamed | Page::Named => return true,
        Page::Any => {}
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let page = text(ORIGIN).and_then(|origin| origin.split_once("://"));
    let page = page.map(|(_, authority)| without_port(authority));
    let asked = text(HOST).map(without_port);
    page.is_some_and(|page| {
        !page.is_empty() && asked.is_some_and(|asked| asked.eq_ignore_ascii_case(page))
    })
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        Some(_) | None => authority,
    }
}

/// Writes an origin with its port, which browsers leave out where it is the scheme's: patterns may name it.
fn with_port(origin: &str) -> Cow<'_, str> {
    let port = match origin.split_once("://") {
        Some((_, host)) if host.rsplit(']').next().is_some_and(|end| end.contains(':')) => "",
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => ":443",
        Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => ":80",
        Some(_) | None => "",
    };
    if port.is_empty() {
        Cow::Borrowed(origin)
    } else {
        Cow::Owned(format!("{origin}{port}"))
    }
}

/// Compares with a pattern in which `*` stands for any octets.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0, 0);
    let mut star = None;
    while from < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(octet) if octet.eq_ignore_ascii_case(&text[from]) => {
                at += 1;
                from += 1;
            }
            Some(_) | None => match star {
                Some((star_at, star_from)) => {
                    star = Some((star_at, star_from + 1));
                    at = star_at + 1;
                    from = star_from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&octet| octet == b'*')
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn patterns_that_fit_everybody_name_nobody() {
        let mut headers = HeaderMap::new();
        let origin = HeaderValue::from_static("https://app.example.com");
        headers.insert(ORIGIN, origin);
        for (pattern, page) in [
            ("*", Page::Any),
            ("http*", Page::Any),
            ("https://*", Page::Any),
            ("*://*.*", Page::Any),
            ("*s://*:*", Page::Any),
            ("https://*:443", Page::Any),
            ("https://*.example.com", Page::Named),
            ("*.example.com", Page::Named),
            ("*://app.example.com:443", Page::Named),
        ] {
            let allowed = ["http://other".to_owned(), pattern.to_owned()];
            assert_eq!(check(&headers, &allowed, false), Ok(page), "{pattern}");
        }
        let foreign = check(&headers, &["https://example.com".to_owned()], true);
        assert!(foreign.is_err());
        assert_eq!(check(&HeaderMap::new(), &[], false), Ok(Page::Unnamed));
    }

    #[test]
    fn pages_of_the_host_that_is_asked_are_its_own_over_tls_only() {
        for (origin, host, page) in [
            ("https://example.com", "example.com", Page::Named),
            ("https://example.com", "EXAMPLE.com:443", Page::Named),
            ("https://example.com:8443", "example.com:8443", Page::Named),
            ("https://[::1]:8443", "[::1]:8443", Page::Named),
            ("https://example.com", "example.com:8443", Page::Any),
            ("http://example.com", "example.com", Page::Any),
            ("http://example.com:443", "example.com", Page::Any),
            ("https://evil.net", "example.com", Page::Any),
            ("null", "example.com", Page::Any),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
            headers.insert(HOST, HeaderValue::from_static(host));
            let checked = check(&headers, &["*".to_owned()], true);
            assert_eq!(checked, Ok(page), "{origin} {host}");
            assert!(check(&headers, &[], false).is_err());
        }
    }
}
