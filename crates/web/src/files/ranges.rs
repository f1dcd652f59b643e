//! Parts of a file (RFC 9110, "Range Requests").

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::ops::RangeInclusive;

use bytes::Bytes;
use http::StatusCode;
use http::header::HeaderValue;

use super::body::Piece;

/// What of a file is sent.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Selection {
    /// All of it.
    All,
    /// These parts, in this order; at least one, all in the file.
    Ranges(Vec<RangeInclusive<u64>>),
    /// Nothing of what was asked for is there.
    Unsatisfiable,
}

/// A response's body and what describes it.
pub(super) struct Parts {
    /// 200 or 206.
    pub(super) status: StatusCode,
    /// `Content-Type`
    pub(super) content_type: HeaderValue,
    /// `Content-Range`, for one part.
    pub(super) content_range: Option<HeaderValue>,
    /// The body.
    pub(super) pieces: VecDeque<Piece>,
}

impl Parts {
    /// The body's length in octets.
    pub(super) fn length(&self) -> u64 {
        self.pieces.iter().map(Piece::length).sum()
    }
}

impl Selection {
    /// Reads the header `Range` for a file of so many octets. One that cannot be read counts as none.
    pub(super) fn of(header: Option<&HeaderValue>, length: u64) -> Self {
        let parsed = header
            .and_then(|header| header.to_str().ok())
            .and_then(|header| http_range_header::parse_range_header(header).ok());
        let Some(parsed) = parsed else {
            return Self::All;
        };
        if length == 0 {
            return Self::Unsatisfiable;
        }
        parsed
            .validate(length)
            .map_or(Self::Unsatisfiable, Self::Ranges)
    }

    /// Lays out the response; none if there is nothing to send.
    pub(super) fn parts(self, length: u64, content_type: &HeaderValue) -> Option<Parts> {
        match self {
            Self::Unsatisfiable => None,
            Self::All => Some(Parts {
                status: StatusCode::OK,
                content_type: content_type.clone(),
                content_range: None,
                pieces: VecDeque::from([Piece::Span(0..length)]),
            }),
            Self::Ranges(ranges) => match &*ranges {
                [range] => Some(Parts {
                    status: StatusCode::PARTIAL_CONTENT,
                    content_type: content_type.clone(),
                    content_range: HeaderValue::try_from(content_range(range, length)).ok(),
                    pieces: VecDeque::from([span(range)]),
                }),
                ranges => several(ranges, length, content_type),
            },
        }
    }
}

/// A `multipart/byteranges` body.
fn several(
    ranges: &[RangeInclusive<u64>],
    length: u64,
    content_type: &HeaderValue,
) -> Option<Parts> {
    let boundary = boundary();
    let part_type = content_type.to_str().ok()?;
    let mut pieces = VecDeque::new();
    for range in ranges {
        let head = format!(
            "\r\n--{boundary}\r\nContent-Type: {part_type}\r\nContent-Range: {}\r\n\r\n",
            content_range(range, length)
        );
        pieces.push_back(Piece::Octets(Bytes::from(head)));
        pieces.push_back(span(range));
    }
    let end = format!("\r\n--{boundary}--\r\n");
    pieces.push_back(Piece::Octets(Bytes::from(end)));
    let content_type = format!("multipart/byteranges; boundary={boundary}");
    Some(Parts {
        status: StatusCode::PARTIAL_CONTENT,
        content_type: HeaderValue::try_from(content_type).ok()?,
        content_range: None,
        pieces,
    })
}

/// Text that no file holds, but by an accident that is not to be expected: 128 random bits.
fn boundary() -> String {
    let draw = || RandomState::new().hash_one(());
    format!("{:016x}{:016x}", draw(), draw())
}

fn span(range: &RangeInclusive<u64>) -> Piece {
    Piece::Span(*range.start()..range.end().saturating_add(1))
}

fn content_range(range: &RangeInclusive<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start(), range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selects() {
        let many = format!("bytes={}0-0", "0-0,".repeat(1000));
        for (header, length, selection) in [
            ("bytes=0-3", 10, Selection::Ranges(vec![0..=3])),
            ("bytes=8-20", 10, Selection::Ranges(vec![8..=9])),
            ("bytes=5-", 10, Selection::Ranges(vec![5..=9])),
            ("bytes=-3", 10, Selection::Ranges(vec![7..=9])),
            ("bytes=-30", 10, Selection::Ranges(vec![0..=9])),
            ("bytes=0-0, 2-3", 10, Selection::Ranges(vec![0..=0, 2..=3])),
            ("bytes=10-", 10, Selection::Unsatisfiable),
            ("bytes=0-", 0, Selection::Unsatisfiable),
            ("bytes=-1", 0, Selection::Unsatisfiable),
            ("bytes=0-5,1-6,2-7", 10, Selection::Unsatisfiable),
            ("bytes=3-x", 10, Selection::All),
            ("lines=0-3", 10, Selection::All),
            (&many, 10, Selection::All),
        ] {
            let value = HeaderValue::from_str(header).unwrap();
            assert_eq!(Selection::of(Some(&value), length), selection, "{header}");
        }
        assert_eq!(Selection::of(None, 10), Selection::All);
    }
}
