use std::net::{Ipv4Addr, Ipv6Addr};

/// What a certificate says (RFC 5280), as far as others are told. Nothing of it is verified here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Certificate {
    /// The serial number in hexadecimal.
    pub serial: String,
    /// By which algorithm it is signed: OpenSSL's name, or the identifier in numbers.
    pub algorithm: String,
    /// Who has issued it.
    pub issuer: Name,
    /// From when it is valid: `20261129123456Z`.
    pub not_before: String,
    /// Until when it is valid.
    pub not_after: String,
    /// Whom it is for.
    pub subject: Name,
    /// The subject's alternative names, as OpenSSL prints them: `DNS:localhost`.
    pub names: Vec<String>,
}

/// The attributes of a name: OpenSSL's short words in lower case (`cn`), and their values.
pub type Name = Vec<(String, String)>;

impl Certificate {
    /// Reads a certificate (DER); none if it is damaged.
    #[must_use]
    pub fn read(der: &[u8]) -> Option<Self> {
        let mut outer = Fields(der);
        let mut certificate = Fields(outer.take(SEQUENCE)?);
        let mut signed = Fields(certificate.take(SEQUENCE)?);
        signed.take_if(VERSION);
        let serial = signed.take(INTEGER)?;
        let mut algorithm = Fields(signed.take(SEQUENCE)?);
        let issuer = name(signed.take(SEQUENCE)?)?;
        let mut validity = Fields(signed.take(SEQUENCE)?);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let subject = name(signed.take(SEQUENCE)?)?;
        let _key = signed.take(SEQUENCE)?;
        while signed
            .take_if(ISSUER_ID)
            .or(signed.take_if(SUBJECT_ID))
            .is_some()
        {}
        let extensions = signed.take_if(EXTENSIONS).unwrap_or_default();
        Some(Self {
            serial: crate::auth::hex(serial).to_uppercase(),
            algorithm: word(algorithm.take(OBJECT_ID)?, &ALGORITHMS),
            issuer,
            not_before,
            not_after,
            subject,
            names: alternative_names(extensions).unwrap_or_default(),
        })
    }
}

const BOOLEAN: u8 = 0x01;
const INTEGER: u8 = 0x02;
const OCTETS: u8 = 0x04;
const OBJECT_ID: u8 = 0x06;
const TELETEX: u8 = 0x14;
const BMP: u8 = 0x1e;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const VERSION: u8 = 0xa0;
const ISSUER_ID: u8 = 0x81;
const SUBJECT_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

/// Values in DER, one after the other.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    /// Takes the content of the next value, which has this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.next()?;
        (found == tag).then_some(content)
    }

    /// Takes the content of the next value if it has this tag.
    fn take_if(&mut self, tag: u8) -> Option<&'a [u8]> {
        (self.0.first() == Some(&tag)).then(|| self.take(tag))?
    }

    /// Takes the next value: its tag and its content.
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81 => (usize::from(*rest.first()?), rest.get(1..)?),
            0x82 => {
                let (&octets, rest) = rest.split_first_chunk()?;
                (usize::from(u16::from_be_bytes(octets)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// Takes a time, whose year gets four digits.
    fn time(&mut self) -> Option<String> {
        let (tag, content) = self.next()?;
        let text = std::str::from_utf8(content).ok()?;
        if !text.ends_with('Z') || !text[..text.len() - 1].bytes().all(|it| it.is_ascii_digit()) {
            return None;
        }
        match (tag, text.len()) {
            (UTC_TIME, 13) if text < "50" => Some(format!("20{text}")),
            (UTC_TIME, 13) => Some(format!("19{text}")),
            (GENERALIZED_TIME, 15) => Some(text.to_owned()),
            _ => None,
        }
    }
}

/// Reads the attributes of a name.
fn name(content: &[u8]) -> Option<Name> {
    let mut attributes = Name::new();
    let mut sets = Fields(content);
    while !sets.0.is_empty() {
        let mut set = Fields(sets.take(SET)?);
        while !set.0.is_empty() {
            let mut attribute = Fields(set.take(SEQUENCE)?);
            let kind = word(attribute.take(OBJECT_ID)?, &ATTRIBUTES);
            let (tag, value) = attribute.next()?;
            attributes.push((kind, text(tag, value)));
        }
    }
    Some(attributes)
}

fn text(tag: u8, content: &[u8]) -> String {
    match tag {
        BMP => {
            let pairs = content.chunks_exact(2);
            let units: Vec<u16> = pairs.map(|it| u16::from_be_bytes([it[0], it[1]])).collect();
            String::from_utf16_lossy(&units)
        }
        TELETEX => content.iter().copied().map(char::from).collect(),
        _ => String::from_utf8_lossy(content).into_owned(),
    }
}

/// Reads the subject's alternative names out of all extensions.
fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let mut extensions = Fields(Fields(extensions).take(SEQUENCE)?);
    while !extensions.0.is_empty() {
        let mut extension = Fields(extensions.take(SEQUENCE)?);
        let kind = extension.take(OBJECT_ID)?;
        extension.take_if(BOOLEAN);
        let value = extension.take(OCTETS)?;
        if kind != ALTERNATIVE_NAMES {
            continue;
        }
        let mut names = Vec::new();
        let mut fields = Fields(Fields(value).take(SEQUENCE)?);
        while !fields.0.is_empty() {
            let (tag, content) = fields.next()?;
            names.extend(alternative_name(tag, content));
        }
        return Some(names);
    }
    None
}

fn alternative_name(tag: u8, content: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(content);
    match tag {
        0x81 => Some(format!("email:{text}")),
        0x82 => Some(format!("DNS:{text}")),
        0x86 => Some(format!("URI:{text}")),
        0x87 => match content.len() {
            4 => <[u8; 4]>::try_from(content)
                .ok()
                .map(|it| format!("IP Address:{}", Ipv4Addr::from(it))),
            16 => <[u8; 16]>::try_from(content)
                .ok()
                .map(|it| format!("IP Address:{}", Ipv6Addr::from(it))),
            _ => None,
        },
        _ => None,
    }
}

/// Gives the word for an object identifier, or its numbers.
fn word(identifier: &[u8], words: &[(&str, &str)]) -> String {
    let numbers = numbers(identifier);
    let mut words = words.iter();
    let found = words.find(|(known, _)| *known == numbers);
    found.map_or(numbers, |(_, word)| (*word).to_owned())
}

fn numbers(identifier: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u64;
    for &octet in identifier {
        number = (number << 7) | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            numbers.push(number);
            number = 0;
        }
    }
    if let Some(&both) = numbers.first() {
        let first = (both / 40).min(2);
        numbers.splice(..1, [first, both - 40 * first]);
    }
    let words: Vec<String> = numbers.iter().map(u64::to_string).collect();
    words.join(".")
}

/// 2.5.29.17
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

const ATTRIBUTES: [(&str, &str); 14] = [
    ("2.5.4.3", "cn"),
    ("2.5.4.4", "sn"),
    ("2.5.4.5", "serialnumber"),
    ("2.5.4.6", "c"),
    ("2.5.4.7", "l"),
    ("2.5.4.8", "st"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "o"),
    ("2.5.4.11", "ou"),
    ("2.5.4.12", "title"),
    ("2.5.4.42", "givenname"),
    ("0.9.2342.19200300.100.1.1", "uid"),
    ("0.9.2342.19200300.100.1.25", "dc"),
    ("1.2.840.113549.1.9.1", "emailaddress"),
];

const ALGORITHMS: [(&str, &str); 8] = [
    ("1.2.840.113549.1.1.10", "rsassaPss"),
    ("1.2.840.113549.1.1.11", "sha256WithRSAEncryption"),
    ("1.2.840.113549.1.1.12", "sha384WithRSAEncryption"),
    ("1.2.840.113549.1.1.13", "sha512WithRSAEncryption"),
    ("1.2.840.10045.4.3.2", "ecdsa-with-SHA256"),
    ("1.2.840.10045.4.3.3", "ecdsa-with-SHA384"),
    ("1.2.840.10045.4.3.4", "ecdsa-with-SHA512"),
    ("1.3.101.112", "ed25519"),
];

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::prelude::BASE64_STANDARD;

    use super::*;

    #[test]
    fn a_certificate_made_by_openssl_is_read() {
        let der = BASE64_STANDARD.decode(CERTIFICATE).unwrap();
        let read = Certificate::read(&der).unwrap();
        let name = |entries: &[(&str, &str)]| -> Name {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            entries.iter().map(owned).collect()
        };
        let subject = [
            ("c", "DE"),
            ("o", "Büro"),
            ("cn", "gateway"),
            ("emailaddress", "gateway@example.com"),
            ("2.5.4.15", "machine"),
        ];
        let expected = Certificate {
            serial: "0123456789ABCDEF0123".to_owned(),
            algorithm: "ecdsa-with-SHA256".to_owned(),
            issuer: name(&subject),
            not_before: "20261129133458Z".to_owned(),
            not_after: "21261105133458Z".to_owned(),
            subject: name(&subject),
            names: [
                "DNS:gateway.example.com",
                "IP Address:192.0.2.7",
                "IP Address:2001:db8::7",
                "email:a@example.com",
                "URI:urn:x:1",
            ]
            .map(str::to_owned)
            .to_vec(),
        };
        assert_eq!(read, expected);
        for end in 0..der.len() {
            assert_eq!(Certificate::read(&der[..end]), None, "{end}");
        }
        // Whatever stands there, it ends.
        for at in 0..der.len() {
            let mut broken = der.clone();
            broken[at] ^= 0xff;
            let _ = Certificate::read(&broken);
        }
    }

    const CERTIFICATE: &str = "\
        MIICxzCCAmygAwIBAgIKASNFZ4mrze8BIzAKBggqhkjOPQQDAjBlMQswCQYDVQQGEwJERTEOMAwGA1UECgwFQsO8cm8xEDAOBgNV\
        BAMMB2dhdGV3YXkxIjAgBgkqhkiG9w0BCQEWE2dhdGV3YXlAZXhhbXBsZS5jb20xEDAOBgNVBA8MB21hY2hpbmUwIBcNMjYxMTI5\
        MTMzNDU4WhgPMjEyNjExMDUxMzM0NThaMGUxCzAJBgNVBAYTAkRFMQ4wDAYDVQQKDAVCw7xybzEQMA4GA1UEAwwHZ2F0ZXdheTEi\
        MCAGCSqGSIb3DQEJARYTZ2F0ZXdheUBleGFtcGxlLmNvbTEQMA4GA1UEDwwHbWFjaGluZTBZMBMGByqGSM49AgEGCCqGSM49AwEH\
        A0IABNUlNycu4qx+oSBO25vSzNDl/logtuXF3zKHUeNLMXEy32m2HuDa8m/8qiG/q1OzuPv9xvfEybBaOOsPfO8hAnSjggEAMIH9\
        MAkGA1UdEwQCMAAwHQYDVR0OBBYEFCmk3fNjTv9dDzjiQB4cNdg8wG1bMIGABgNVHSMEeTB3oWmkZzBlMQswCQYDVQQGEwJERTEO\
        MAwGA1UECgwFQsO8cm8xEDAOBgNVBAMMB2dhdGV3YXkxIjAgBgkqhkiG9w0BCQEWE2dhdGV3YXlAZXhhbXBsZS5jb20xEDAOBgNV\
        BA8MB21hY2hpbmWCCgEjRWeJq83vASMwTgYDVR0RBEcwRYITZ2F0ZXdheS5leGFtcGxlLmNvbYcEwAACB4cQIAENuAAAAAAAAAAA\
        AAAAB4ENYUBleGFtcGxlLmNvbYYHdXJuOng6MTAKBggqhkjOPQQDAgNJADBGAiEAqz0yZva+wzzcGh7Xz03MW0lhuh7WEX3xg0JQ\
        ra2Hm44CIQCn26ZF54iZFBXtssIjIp/15rc2/3EX5y7BLmP973565g==";
}
