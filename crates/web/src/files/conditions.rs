//! Conditional requests (RFC 9110, "Conditional Requests").

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::HeaderMap;
use http::header::{self, HeaderName, HeaderValue};

/// What tells one state of a file from another.
pub(super) struct Validators {
    /// Strong: it changes with the length and the nanosecond of the last change.
    tag: String,
    /// In whole seconds, as HTTP writes it.
    modified: Option<SystemTime>,
}

/// What the conditions of a request lead to.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// The file is sent.
    Send,
    /// The client has it.
    NotModified,
    /// The client wants another state of it.
    Failed,
}

impl Validators {
    /// Takes the length in octets and the time of the last change.
    pub(super) fn new(length: u64, modified: Option<SystemTime>) -> Self {
        let since_epoch = modified.and_then(|modified| modified.duration_since(UNIX_EPOCH).ok());
        let nanoseconds = since_epoch.map_or(0, |since| since.as_nanos());
        Self {
            tag: format!("\"{nanoseconds:x}-{length:x}\""),
            modified: since_epoch
                .filter(|since| since.as_secs() < YEAR_10000)
                .map(|since| UNIX_EPOCH + Duration::from_secs(since.as_secs())),
        }
    }

    /// Writes `ETag` and `Last-Modified`.
    pub(super) fn announce(&self, headers: &mut HeaderMap) {
        if let Ok(tag) = HeaderValue::from_str(&self.tag) {
            headers.insert(header::ETAG, tag);
        }
        let modified = self.modified.map(httpdate::fmt_http_date);
        if let Some(Ok(modified)) = modified.map(HeaderValue::try_from) {
            headers.insert(header::LAST_MODIFIED, modified);
        }
    }

    /// Asks the conditions, in the order that RFC 9110 gives ("Precedence of Preconditions").
    pub(super) fn judge(&self, headers: &HeaderMap) -> Verdict {
        if headers.contains_key(header::IF_MATCH) {
            if !self.listed(headers, &header::IF_MATCH, Comparison::Strong) {
                return Verdict::Failed;
            }
        } else if let Some(date) = date(headers, &header::IF_UNMODIFIED_SINCE)
            && self.modified.is_some_and(|modified| modified > date)
        {
            return Verdict::Failed;
        }
        if headers.contains_key(header::IF_NONE_MATCH) {
            if self.listed(headers, &header::IF_NONE_MATCH, Comparison::Weak) {
                return Verdict::NotModified;
            }
        } else if let Some(date) = date(headers, &header::IF_MODIFIED_SINCE)
            && self.modified.is_some_and(|modified| modified <= date)
        {
            return Verdict::NotModified;
        }
        Verdict::Send
    }

    /// Whether a `Range` counts: always, unless `If-Range` names another state of the file.
    pub(super) fn allow_range(&self, headers: &HeaderMap) -> bool {
        let Some(condition) = headers.get(header::IF_RANGE) else {
            return true;
        };
        let Ok(condition) = condition.to_str() else {
            return false;
        };
        if condition.starts_with(['"', 'W']) && condition.ends_with('"') {
            return condition == self.tag;
        }
        httpdate::parse_http_date(condition)
            .is_ok_and(|date| self.modified.is_some_and(|modified| modified == date))
    }

    fn listed(&self, headers: &HeaderMap, name: &HeaderName, comparison: Comparison) -> bool {
        headers
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
            // a comma inside a tag cuts it into pieces that equal none of ours
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| match comparison {
                _ if tag == "*" => true,
                Comparison::Strong => tag == self.tag,
                Comparison::Weak => tag.strip_prefix("W/").unwrap_or(tag) == self.tag,
            })
    }
}

/// How tags are compared (RFC 9110, "Comparison").
#[derive(Clone, Copy)]
enum Comparison {
    Strong,
    Weak,
}

fn date(headers: &HeaderMap, name: &HeaderName) -> Option<SystemTime> {
    let value = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(value).ok()
}

/// Seconds from the epoch to the first year that an HTTP date cannot hold.
const YEAR_10000: u64 = 253_402_300_800;

#[cfg(test)]
mod tests {
    use super::*;

    /// 1994-11-06 08:49:37 and a half
    fn validators() -> Validators {
        let modified = UNIX_EPOCH + Duration::from_millis(784_111_777_500);
        Validators::new(255, Some(modified))
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        lines
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::from_static(name);
                (name, HeaderValue::from_str(value).unwrap())
            })
            .collect()
    }

    const TAG: &str = "\"ae1b981da166f00-ff\"";
    const THEN: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sun, 06 Nov 1994 08:49:38 GMT";

    #[test]
    fn announces_both() {
        let mut announced = HeaderMap::new();
        validators().announce(&mut announced);
        assert_eq!(announced[header::LAST_MODIFIED], THEN);
        assert_eq!(announced[header::ETAG], TAG);
    }

    #[test]
    fn judges() {
        let weak = format!("W/{TAG}");
        let list = format!("\"x\", {weak}");
        for (lines, verdict) in [
            (&[][..], Verdict::Send),
            (&[("if-none-match", TAG)], Verdict::NotModified),
            (&[("if-none-match", &*list)], Verdict::NotModified),
            (&[("if-none-match", "*")], Verdict::NotModified),
            (&[("if-none-match", "\"x\"")], Verdict::Send),
            (&[("if-modified-since", THEN)], Verdict::NotModified),
            (&[("if-modified-since", AFTER)], Verdict::NotModified),
            (&[("if-modified-since", BEFORE)], Verdict::Send),
            (&[("if-modified-since", "yesterday")], Verdict::Send),
            (
                &[("if-none-match", "\"x\""), ("if-modified-since", AFTER)],
                Verdict::Send,
            ),
            (&[("if-match", TAG)], Verdict::Send),
            (&[("if-match", &*weak)], Verdict::Failed),
            (&[("if-match", "\"x\"")], Verdict::Failed),
            (&[("if-unmodified-since", BEFORE)], Verdict::Failed),
            (&[("if-unmodified-since", THEN)], Verdict::Send),
            (
                &[("if-match", TAG), ("if-unmodified-since", BEFORE)],
                Verdict::Send,
            ),
        ] {
            assert_eq!(validators().judge(&headers(lines)), verdict, "{lines:?}");
        }
    }

    #[test]
    fn ranges_of_the_same_state_only() {
        for (condition, allowed) in [
            (TAG, true),
            ("\"x\"", false),
            ("W/\"ae1b981da166f00-ff\"", false),
            (THEN, true),
            (AFTER, false),
            ("garbage", false),
        ] {
            let headers = headers(&[("if-range", condition)]);
            assert_eq!(validators().allow_range(&headers), allowed, "{condition}");
        }
        assert!(validators().allow_range(&HeaderMap::new()));
    }
}
