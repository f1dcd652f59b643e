use std::fmt::Write;

use super::deflate::Takeover;
use super::{Compressor, Decompressor, HandshakeFault, Side};

const NAME: &str = "permessage-deflate";

/// What a server does about permessage-deflate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DeflatePolicy {
    /// Let go of the server's own window after each message.
    pub no_context_takeover: bool,
    /// The server's own window, 9 to 15 bits; 15 if unset.
    pub max_window_bits: Option<u8>,
    /// Ask the client to let go of its window after each message.
    pub request_no_context_takeover: bool,
    /// Ask the client for a window of so many bits, 9 to 15, where it offers to be asked.
    pub request_max_window_bits: Option<u8>,
}

impl DeflatePolicy {
    /// Chooses among the offers of a client, the text of its `Sec-WebSocket-Extensions`: the first that can be served.
    #[must_use]
    pub fn choose(&self, offers: &str) -> Option<Deflate> {
        extensions(offers)
            .filter_map(|(name, parameters)| {
                (name == NAME)
                    .then(|| Parameters::read(&parameters))
                    .flatten()
            })
            .find_map(|offer| self.serve(offer))
    }

    fn serve(&self, offer: Parameters) -> Option<Deflate> {
        let own = self.max_window_bits.unwrap_or(15);
        let server_bits = match offer.server_max_window_bits {
            // zlib writes no raw stream with a window of 256 octets.
            Some(bits) if bits < 9 => return None,
            Some(bits) => bits.min(own),
            None => own,
        };
        let client_bits = offer
            .client_max_window_bits
            .map_or(15, |bits| bits.unwrap_or(15))
            .min(match offer.client_max_window_bits {
                Some(_) => self.request_max_window_bits.unwrap_or(15),
                None => 15,
            });
        Some(Deflate {
            server_takeover: takeover(self.no_context_takeover || offer.server_no_context_takeover),
            client_takeover: takeover(
                self.request_no_context_takeover || offer.client_no_context_takeover,
            ),
            server_bits,
            client_bits,
            say_client_bits: offer.client_max_window_bits.is_some() && client_bits < 15,
            say_server_bits: offer.server_max_window_bits.is_some() || server_bits < 15,
        })
    }
}

/// Compression as agreed for a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Deflate {
    server_takeover: Takeover,
    client_takeover: Takeover,
    server_bits: u8,
    client_bits: u8,
    say_server_bits: bool,
    say_client_bits: bool,
}

impl Deflate {
    /// What a client sends as `Sec-WebSocket-Extensions`.
    pub const OFFER: &'static str = "permessage-deflate; client_max_window_bits";

    /// Reads a server's answer to [`Deflate::OFFER`], the text of its `Sec-WebSocket-Extensions`.
    ///
    /// # Errors
    /// [`HandshakeFault::Extension`] if it is none that was offered, or says what it may not.
    pub fn agreed(answer: &str) -> Result<Self, HandshakeFault> {
        let fault = || HandshakeFault::Extension(answer.to_owned());
        let mut answers = extensions(answer);
        let (Some((NAME, parameters)), None) = (answers.next(), answers.next()) else {
            return Err(fault());
        };
        let parameters = Parameters::read(&parameters).ok_or_else(fault)?;
        let client_bits = match parameters.client_max_window_bits {
            Some(None | Some(..9)) => return Err(fault()),
            Some(Some(bits)) => bits,
            None => 15,
        };
        Ok(Self {
            server_takeover: takeover(parameters.server_no_context_takeover),
            client_takeover: takeover(parameters.client_no_context_takeover),
            server_bits: parameters.server_max_window_bits.unwrap_or(15),
            client_bits,
            say_server_bits: parameters.server_max_window_bits.is_some(),
            say_client_bits: parameters.client_max_window_bits.is_some(),
        })
    }

    /// Gives the server's answer, for its `Sec-WebSocket-Extensions`.
    #[must_use]
    pub fn answer(&self) -> String {
        let mut text = NAME.to_owned();
        if self.server_takeover == Takeover::Drop {
            text.push_str("; server_no_context_takeover");
        }
        if self.client_takeover == Takeover::Drop {
            text.push_str("; client_no_context_takeover");
        }
        let mut bits = |key, bits| {
            write!(text, "; {key}={bits}").expect("a string takes all that is written to it");
        };
        if self.say_server_bits {
            bits("server_max_window_bits", self.server_bits);
        }
        if self.say_client_bits {
            bits("client_max_window_bits", self.client_bits);
        }
        text
    }

    /// Makes the compressor of what `side` sends.
    #[must_use]
    pub const fn compressor(&self, side: Side) -> Compressor {
        match side {
            Side::Server => Compressor::new(self.server_bits, self.server_takeover),
            Side::Client => Compressor::new(self.client_bits, self.client_takeover),
        }
    }

    /// Makes the decompressor of what `side` receives.
    #[must_use]
    pub const fn decompressor(&self, side: Side) -> Decompressor {
        Decompressor::new(match side {
            Side::Server => self.client_takeover,
            Side::Client => self.server_takeover,
        })
    }
}

const fn takeover(drop: bool) -> Takeover {
    if drop { Takeover::Drop } else { Takeover::Keep }
}

/// The parameters of permessage-deflate (RFC 7692 §7.1) in an offer or an answer.
#[derive(Clone, Copy, Default)]
struct Parameters {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// `Some(None)` is the bare parameter: the client takes any number.
    client_max_window_bits: Option<Option<u8>>,
}

impl Parameters {
    /// Gives `None` for an unknown parameter, one that comes twice, or a value that cannot be.
    fn read(parameters: &[(&str, Option<&str>)]) -> Option<Self> {
        let mut all = Self::default();
        for &(key, value) in parameters {
            match (key, value) {
                ("server_no_context_takeover", None) if !all.server_no_context_takeover => {
                    all.server_no_context_takeover = true;
                }
                ("client_no_context_takeover", None) if !all.client_no_context_takeover => {
                    all.client_no_context_takeover = true;
                }
                ("server_max_window_bits", Some(value)) if all.server_max_window_bits.is_none() => {
                    all.server_max_window_bits = Some(window_bits(value)?);
                }
                ("client_max_window_bits", value) if all.client_max_window_bits.is_none() => {
                    let bits = match value {
                        Some(value) => Some(window_bits(value)?),
                        None => None,
                    };
                    all.client_max_window_bits = Some(bits);
                }
                _ => return None,
            }
        }
        Some(all)
    }
}

/// Reads 8 to 15, without leading zeros.
fn window_bits(value: &str) -> Option<u8> {
    match value {
        "8" | "9" | "10" | "11" | "12" | "13" | "14" | "15" => value.parse().ok(),
        _ => None,
    }
}

type Extension<'a> = (&'a str, Vec<(&'a str, Option<&'a str>)>);

/// Reads a list of extensions with their parameters (RFC 6455 §9.1).
fn extensions(header: &str) -> impl Iterator<Item = Extension<'_>> {
    // Quoted values of permessage-deflate are tokens: they hold neither comma nor semicolon.
    header.split(',').filter_map(|extension| {
        let mut parts = extension.split(';').map(str::trim);
        let name = parts.next().filter(|name| !name.is_empty())?;
        let parameters = parts
            .map(|part| match part.split_once('=') {
                Some((key, value)) => (key.trim(), Some(unquoted(value.trim()))),
                None => (part, None),
            })
            .collect();
        Some((name, parameters))
    })
}

fn unquoted(value: &str) -> &str {
    value
        .strip_prefix('"')
        .and_then(|value| value.strip_suffix('"'))
        .unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(policy: &DeflatePolicy, offers: &str) -> Option<String> {
        policy.choose(offers).map(|deflate| deflate.answer())
    }

    #[test]
    fn offers_are_answered() {
        let plain = DeflatePolicy::default();
        for (offers, expected) in [
            ("permessage-deflate", Some("permessage-deflate")),
            (
                "permessage-deflate; client_max_window_bits",
                Some("permessage-deflate"),
            ),
            (
                "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
                Some("permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
            ),
            (
                "permessage-deflate;server_max_window_bits=\"10\";client_max_window_bits = 12",
                Some("permessage-deflate; server_max_window_bits=10; client_max_window_bits=12"),
            ),
            ("permessage-deflate; server_max_window_bits=8", None),
            (
                "permessage-deflate; server_max_window_bits=8, permessage-deflate",
                Some("permessage-deflate"),
            ),
            ("x-webkit-deflate-frame", None),
            ("permessage-deflate; client_max_window_bits=16", None),
            ("permessage-deflate; client_max_window_bits=09", None),
            ("permessage-deflate; server_max_window_bits", None),
            ("permessage-deflate; server_no_context_takeover=1", None),
            (
                "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
                None,
            ),
            ("permessage-deflate; what", None),
            ("", None),
        ] {
            assert_eq!(answer(&plain, offers).as_deref(), expected, "{offers}");
        }
    }

    #[test]
    fn the_policy_is_said() {
        let policy = DeflatePolicy {
            no_context_takeover: true,
            max_window_bits: Some(10),
            request_no_context_takeover: true,
            request_max_window_bits: Some(11),
        };
        assert_eq!(
            answer(&policy, "permessage-deflate; client_max_window_bits=9").unwrap(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=9"
        );
        assert_eq!(
            answer(&policy, "permessage-deflate").unwrap(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10"
        );
        assert_eq!(
            answer(&policy, Deflate::OFFER).unwrap(),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; \
             server_max_window_bits=10; client_max_window_bits=11"
        );
    }

    #[test]
    fn answers_are_read() {
        let policy = DeflatePolicy {
            max_window_bits: Some(12),
            request_max_window_bits: Some(9),
            ..DeflatePolicy::default()
        };
        let chosen = policy.choose(Deflate::OFFER).unwrap();
        assert_eq!(Deflate::agreed(&chosen.answer()), Ok(chosen));
        for answer in [
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate; client_max_window_bits=8",
            "permessage-deflate, permessage-deflate",
            "permessage-bzip2",
            "permessage-deflate; what",
            "",
        ] {
            assert!(Deflate::agreed(answer).is_err(), "{answer}");
        }
    }
}
