use super::*;

/// Feeds octets as a reader would, and checks that never more than the header is asked for.
fn read(octets: &[u8]) -> Result<(Source, usize), ProxyFault> {
    let mut taken = 0;
    loop {
        match step(&octets[..taken])? {
            Step::Done(source) => return Ok((source, taken)),
            Step::Read(count) => {
                assert!(count > 0);
                taken += count;
                assert!(taken <= octets.len(), "asks for more than there is");
            }
        }
    }
}

fn client(address: &str) -> Source {
    Source::Client(address.parse().unwrap())
}

/// A header of version 2 with this command, family and rest.
fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [binary::SIGNATURE, &[command, family], &length, rest].concat()
}

const TCP4: [u8; 12] = [192, 0, 2, 7, 10, 0, 0, 1, 0x30, 0x39, 0x01, 0xBB];

fn tcp6() -> Vec<u8> {
    let mut rest = [0; 36];
    rest[..2].copy_from_slice(&[0x20, 0x01]);
    rest[15] = 9;
    rest[32..].copy_from_slice(&[0, 80, 1, 0xBB]);
    rest.to_vec()
}

#[test]
fn lines_end_where_the_client_begins() {
    let longest = format!("PROXY UNKNOWN {}\r\n", "f".repeat(107 - 16));
    for (header, source) in [
        ("PROXY UNKNOWN\r\n", Source::Own),
        ("PROXY UNKNOWN what ever it is\r\n", Source::Own),
        (&longest, Source::Own),
        (
            "PROXY TCP4 192.0.2.7 10.0.0.1 12345 443\r\n",
            client("192.0.2.7:12345"),
        ),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 0 1\r\n", client("1.1.1.1:0")),
        (
            "PROXY TCP6 2001:db8::9 ::1 65535 1\r\n",
            client("[2001:db8::9]:65535"),
        ),
        ("PROXY TCP6 :: :: 1 1\r\n", client("[::]:1")),
    ] {
        let octets = format!("{header}GET / HTTP/1.1\r\n\r\n{}", " ".repeat(120));
        assert_eq!(
            read(octets.as_bytes()),
            Ok((source, header.len())),
            "{header}"
        );
    }
}

#[test]
fn broken_lines() {
    let long = format!("PROXY UNKNOWN {}\r\n", "f".repeat(107 - 15));
    for (header, fault) in [
        ("GET / HTTP/1.1\r\n\r\n", ProxyFault::Signature),
        ("proxy TCP4 1.1.1.1 2.2.2.2 1 2\r\n", ProxyFault::Signature),
        ("POST /open HTTP/1.1\r\n", ProxyFault::Signature),
        (&long, ProxyFault::Length),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n", ProxyFault::Line),
        ("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 +1 2\r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 65536 2\r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.01 2.2.2.2 1 2\r\n", ProxyFault::Line),
        ("PROXY TCP4 1.1.1.256 2.2.2.2 1 2\r\n", ProxyFault::Line),
        ("PROXY TCP4 ::1 ::1 1 2\r\n", ProxyFault::Line),
        ("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n", ProxyFault::Line),
        ("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", ProxyFault::Line),
        ("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n", ProxyFault::Line),
        ("PROXY UNKNOWNS\r\n   ", ProxyFault::Line),
    ] {
        let octets = format!("{header}{}", " ".repeat(120));
        assert_eq!(read(octets.as_bytes()), Err(fault), "{header:?}");
    }
}

#[test]
fn binary_headers_end_where_the_client_begins() {
    let unix = [b'/'; 216];
    let extended = [&TCP4[..], &[0x04, 0, 2, 9, 9], &[0xE0, 0, 0]].concat();
    let full = [&TCP4[..], &[0x04, 0x0F, 0xF1], &[0; 4081]].concat();
    for (header, source) in [
        (binary(0x20, 0x00, &[]), Source::Own),
        (binary(0x20, 0x11, &TCP4), Source::Own),
        (binary(0x21, 0x00, &[]), Source::Own),
        (binary(0x21, 0x31, &unix), Source::Own),
        (binary(0x21, 0x11, &TCP4), client("192.0.2.7:12345")),
        (binary(0x21, 0x11, &extended), client("192.0.2.7:12345")),
        (binary(0x21, 0x11, &full), client("192.0.2.7:12345")),
        (binary(0x21, 0x21, &tcp6()), client("[2001::9]:80")),
    ] {
        let octets = [&header[..], &[0x16; 64]].concat();
        assert_eq!(read(&octets), Ok((source, header.len())), "{header:?}");
    }
}

#[test]
fn broken_binary_headers() {
    let mut wrong_signature = binary(0x21, 0x11, &TCP4);
    wrong_signature[11] = b'\r';
    let too_long = [&TCP4[..], &[0; 4085]].concat();
    for (header, fault) in [
        (wrong_signature, ProxyFault::Signature),
        (binary(0x11, 0x11, &TCP4), ProxyFault::Command),
        (binary(0x22, 0x11, &TCP4), ProxyFault::Command),
        (binary(0x21, 0x12, &TCP4), ProxyFault::Addresses),
        (binary(0x21, 0x41, &TCP4), ProxyFault::Addresses),
        (binary(0x21, 0x11, &TCP4[..11]), ProxyFault::Addresses),
        (binary(0x21, 0x21, &TCP4), ProxyFault::Addresses),
        (binary(0x21, 0x31, &TCP4), ProxyFault::Addresses),
        (binary(0x21, 0x11, &too_long), ProxyFault::Length),
        (
            binary(0x21, 0x11, &[&TCP4[..], &[4, 0]].concat()),
            ProxyFault::Extensions,
        ),
        (
            binary(0x21, 0x11, &[&TCP4[..], &[4, 0, 2, 1]].concat()),
            ProxyFault::Extensions,
        ),
        (
            binary(0x21, 0x11, &[&TCP4[..], &[3, 0, 4, 1, 2, 3, 4]].concat()),
            ProxyFault::Checksum,
        ),
        (
            binary(0x21, 0x11, &[&TCP4[..], &[3, 0, 0]].concat()),
            ProxyFault::Checksum,
        ),
    ] {
        let octets = [&header[..], &[0x16; 64]].concat();
        assert_eq!(read(&octets), Err(fault), "{header:?}");
    }
}

#[test]
fn a_local_connections_addresses_are_ignored() {
    for header in [
        binary(0x20, 0x31, &TCP4),
        binary(0x20, 0x11, &[]),
        binary(0x20, 0x42, &TCP4),
    ] {
        assert_eq!(read(&header), Ok((Source::Own, header.len())), "{header:?}");
    }
}

#[test]
fn checksums_are_compared() {
    let rest = [&TCP4[..], &[3, 0, 4, 0, 0, 0, 0]].concat();
    let mut header = binary(0x21, 0x11, &rest);
    let sum = u32::to_be_bytes(!header.iter().fold(!0, |sum: u32, &octet| {
        (0..8).fold(sum ^ u32::from(octet), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0x82F6_3B78
            } else {
                sum >> 1
            }
        })
    }));
    let at = header.len() - 4;
    header[at..].copy_from_slice(&sum);
    assert_eq!(read(&header), Ok((client("192.0.2.7:12345"), header.len())));
    header[at - 4] ^= 1;
    assert!(read(&header).is_err());
    // The check value of CRC-32C (RFC 3720, B.4, and every catalogue).
    assert_eq!(binary::checksum(b"123456789", 0..0), 0xE306_9283);
}

#[test]
fn any_octets_end_in_a_step_or_a_fault() {
    let mut octets = binary(0x21, 0x11, &TCP4);
    for at in 0..octets.len() {
        let whole = octets[at];
        for octet in 0..=255 {
            octets[at] = octet;
            for end in 0..=octets.len() {
                let _ = step(&octets[..end]);
            }
        }
        octets[at] = whole;
    }
}
