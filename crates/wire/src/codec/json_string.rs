//! Strings in JSON: finding their end, escapes, and WAMP's binary strings.
//!
//! Binary is a string that starts with an escaped NUL; the rest is padded base64 of the standard alphabet
//! (WAMP spec, "Binary support in JSON").

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::Malformation;

/// What was met next in a string.
pub(super) enum Piece {
    /// The closing quote, at this offset.
    End(usize),
    /// A well-formed escape sequence.
    Escape,
    Fault(Malformation),
}

/// Steps from `at` past the next escape sequence or the closing quote.
#[inline]
pub(super) fn next(octets: &[u8], at: &mut usize) -> Piece {
    let rest = octets.get(*at..).unwrap_or_default();
    let Some(plain) = plain_length(rest) else {
        *at = octets.len();
        return Piece::Fault(Malformation::End);
    };
    *at += plain;
    match octets.get(*at) {
        Some(b'"') => {
            *at += 1;
            Piece::End(*at - 1)
        }
        Some(b'\\') => escape(octets, at),
        _ => Piece::Fault(Malformation::Control),
    }
}

/// Counts the octets before the first quote, backslash or control character.
#[inline]
pub(crate) fn plain_length(octets: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(block) = octets.get(at..).and_then(<[u8]>::first_chunk::<BLOCK>) {
        // Without a branch an octet, so that the compiler compares many at a time.
        let special = block
            .iter()
            .fold(false, |any, &octet| any | is_special(octet));
        if special {
            break;
        }
        at += BLOCK;
    }
    while let Some(chunk) = octets.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let special = special_octets(u64::from_le_bytes(*chunk));
        if special != 0 {
            let octet = special.trailing_zeros() / 8;
            return Some(at + usize::try_from(octet).unwrap_or_default());
        }
        at += 8;
    }
    let rest = octets.get(at..)?;
    let tail = rest.iter().position(|&octet| is_special(octet))?;
    Some(at + tail)
}

#[inline]
const fn is_special(octet: u8) -> bool {
    octet < 0x20 || octet == b'"' || octet == b'\\'
}

const BLOCK: usize = 32;

/// Marks the high bit of the lowest octet of `word` that is a quote, a backslash or below 0x20 (bits above it may be marked wrongly).
#[inline]
const fn special_octets(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGH: u64 = ONES << 7;
    let quote = word ^ (ONES * 0x22);
    let backslash = word ^ (ONES * 0x5c);
    let below = word.wrapping_sub(ONES * 0x20) & !word;
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    (below | is_quote | is_backslash) & HIGH
}

fn escape(octets: &[u8], at: &mut usize) -> Piece {
    let Some(&kind) = octets.get(*at + 1) else {
        return Piece::Fault(Malformation::End);
    };
    match kind {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
            *at += 2;
            Piece::Escape
        }
        b'u' => match code_unit(octets, *at) {
            Some(0xd800..=0xdbff) => match code_unit(octets, *at + 6) {
                Some(0xdc00..=0xdfff) => {
                    *at += 12;
                    Piece::Escape
                }
                _ => Piece::Fault(Malformation::Surrogate),
            },
            Some(0xdc00..=0xdfff) => Piece::Fault(Malformation::Surrogate),
            Some(_) => {
                *at += 6;
                Piece::Escape
            }
            None => Piece::Fault(Malformation::Escape),
        },
        _ => Piece::Fault(Malformation::Escape),
    }
}

/// Reads the four hexadecimal digits of the escape sequence at `at`, if one stands there.
fn code_unit(octets: &[u8], at: usize) -> Option<u32> {
    let [b'\\', b'u', digits @ ..] = octets.get(at..at + 6)? else {
        return None;
    };
    digits.iter().try_fold(0, |value, &digit| {
        let digit = char::from(digit).to_digit(16)?;
        Some(value << 4 | digit)
    })
}

/// Says whether the inside of a string stands for binary.
pub(super) fn is_binary(raw: &str) -> bool {
    raw.starts_with(NUL)
}

/// Decodes a binary string's inside; none if it is not base64.
pub(super) fn binary(raw: &str) -> Option<Vec<u8>> {
    let base64 = raw.strip_prefix(NUL)?;
    if base64.contains('\\') {
        return STANDARD.decode(unescape(base64)).ok();
    }
    STANDARD.decode(base64).ok()
}

/// Resolves the escapes of a string's inside, which [`next`] found well formed.
pub(super) fn unescape(raw: &str) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, after)) = rest.split_once('\\') {
        text.push_str(plain);
        let escape = rest.get(plain.len()..).unwrap_or_default().as_bytes();
        let (character, length) = resolve(escape);
        text.push(character);
        rest = after.get(length - 1..).unwrap_or_default();
    }
    text.push_str(rest);
    text
}

/// Gives the character of the escape sequence that `octets` start with, and its length.
fn resolve(octets: &[u8]) -> (char, usize) {
    let character = match octets.get(1) {
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let first = code_unit(octets, 0).unwrap_or_default();
            if let Some(character) = char::from_u32(first) {
                return (character, 6);
            }
            let second = code_unit(octets, 6).unwrap_or(0xdc00);
            let point = 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
            return (
                char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER),
                12,
            );
        }
        Some(&other) => char::from(other),
        None => char::REPLACEMENT_CHARACTER,
    };
    (character, 2)
}

/// Appends a string with its quotes.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(plain) = plain_length(rest) {
        let (before, after) = rest.split_at(plain);
        out.extend_from_slice(before);
        let Some((&special, tail)) = after.split_first() else {
            break;
        };
        write_escape(special, out);
        rest = tail;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

fn write_escape(octet: u8, out: &mut Vec<u8>) {
    let short = match octet {
        b'"' | b'\\' => octet,
        0x08 => b'b',
        0x0c => b'f',
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let hex = |digit: u8| b"0123456789abcdef"[usize::from(digit)];
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(octet >> 4), hex(octet & 15)]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

/// Appends a binary string with its quotes.
pub(super) fn write_binary(octets: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(NUL.as_bytes());
    let start = out.len();
    let length = base64::encoded_len(octets.len(), true).unwrap_or_default();
    out.resize(start + length, 0);
    if let Some(room) = out.get_mut(start..) {
        let written = STANDARD.encode_slice(octets, room).unwrap_or_default();
        out.truncate(start + written);
    }
    out.push(b'"');
}

/// A binary string's first character, as every encoder writes it. (NUL has no other escape in JSON: hexadecimal
/// digits of zero have one spelling.)
const NUL: &str = "\\u0000";
