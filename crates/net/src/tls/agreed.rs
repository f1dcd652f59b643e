//! What may be agreed on with a client.

use std::sync::Arc;

use crossbar_config::{CipherSuite, ServerTls};
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::{self, cipher_suite};
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedCipherSuite, SupportedProtocolVersion};

use super::files::Loaded;
use super::names::ByName;
use super::{Protocols, TlsFault, TlsProblem};

/// Makes what handshakes go by.
pub(crate) fn config(
    tls: &ServerTls,
    loaded: Loaded,
    protocols: Protocols,
) -> Result<ServerConfig, TlsFault> {
    let setup = |at: &str| {
        let at = at.to_owned();
        move |error| TlsFault {
            at,
            problem: TlsProblem::Setup(error),
        }
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(provider(&tls.ciphers)))
        .with_protocol_versions(&versions(tls))
        .map_err(setup("versions"))?;
    let builder = match loaded.clients {
        Some(clients) => builder.with_client_cert_verifier(clients),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(Arc::new(ByName(loaded.certificates)));
    // Tickets are read only by this process, and only as long as these files are in force.
    config.ticketer = ring::Ticketer::new().map_err(setup("key"))?;
    if protocols == Protocols::Http {
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
    }
    Ok(config)
}

/// Gives ring's cryptography, cut down to the suites that were chosen.
pub(crate) fn provider(ciphers: &[CipherSuite]) -> CryptoProvider {
    let mut provider = ring::default_provider();
    if !ciphers.is_empty() {
        provider.cipher_suites = ciphers.iter().map(|suite| supported(*suite)).collect();
    }
    provider
}

fn versions(tls: &ServerTls) -> Vec<&'static SupportedProtocolVersion> {
    let v1_2 = tls.versions.v1_2
        && (tls.ciphers.is_empty() || tls.ciphers.iter().any(|suite| !suite.is_v1_3()));
    let chosen = [(tls.versions.v1_3, &TLS13), (v1_2, &TLS12)];
    let chosen = chosen.into_iter().filter(|(chosen, _)| *chosen);
    chosen.map(|(_, version)| version).collect()
}

const fn supported(suite: CipherSuite) -> SupportedCipherSuite {
    match suite {
        CipherSuite::Aes256GcmSha384 => cipher_suite::TLS13_AES_256_GCM_SHA384,
        CipherSuite::Aes128GcmSha256 => cipher_suite::TLS13_AES_128_GCM_SHA256,
        CipherSuite::ChaCha20Poly1305Sha256 => cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
        CipherSuite::EcdheEcdsaAes256GcmSha384 => {
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384
        }
        CipherSuite::EcdheEcdsaAes128GcmSha256 => {
            cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        }
        CipherSuite::EcdheEcdsaChaCha20Poly1305 => {
            cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256
        }
        CipherSuite::EcdheRsaAes256GcmSha384 => cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
        CipherSuite::EcdheRsaAes128GcmSha256 => cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        CipherSuite::EcdheRsaChaCha20Poly1305 => {
            cipher_suite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256
        }
    }
}
