use std::path::PathBuf;

/// Why the TLS of a transport cannot be set up.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {problem}")]
pub struct TlsFault {
    /// Where, below `tls`: `key`, `certificates[1].certificate`, `ca_certificates[0]`.
    pub at: String,
    /// What is wrong.
    pub problem: TlsProblem,
}

/// What is wrong with a file of TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsProblem {
    /// The file is not there or may not be read.
    #[error("cannot read {path}: {reason}", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's words.
        reason: std::io::Error,
    },
    /// The file has nothing of the kind in PEM.
    #[error("{path} has no {what} in PEM", path = path.display())]
    NotPem {
        /// The file.
        path: PathBuf,
        /// What it should have.
        what: &'static str,
    },
    /// The private key is protected by a passphrase.
    #[error("the key in {path} is encrypted: a node has nobody to ask for the passphrase (`openssl pkey` writes it without one)", path = path.display())]
    Encrypted {
        /// The file.
        path: PathBuf,
    },
    /// The private key is of a kind that is not known, or damaged.
    #[error("the key in {path} cannot be used: RSA (2048 to 8192 bit), ECDSA (P-256, P-384) and Ed25519 can", path = path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// Anybody may change the private key.
    #[error("everybody may write {path}: nobody but its owner should (`chmod 600`)", path = path.display())]
    Writable {
        /// The file.
        path: PathBuf,
    },
    /// The certificate is for another key.
    #[error("the key in {key} does not fit the certificate in {certificate}", key = key.display(), certificate = certificate.display())]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
    },
    /// A certificate is damaged, or something other than X.509 version 3.
    #[error("certificate {number} in {path} is damaged or of a kind that is not known", path = path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// Which in the file, from 1.
        number: usize,
    },
    /// A certificate of the chain has not issued the one before.
    #[error("certificate {number} in {path} has not issued the one before it: the order is own certificate, its issuer, that one's issuer", path = path.display())]
    Order {
        /// The file.
        path: PathBuf,
        /// Which in the file, from 1.
        number: usize,
    },
    /// What is configured does not go together.
    #[error("TLS cannot be set up")]
    Setup(#[source] rustls::Error),
}

/// Something about a file of TLS that works, but should be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{at}: {what}")]
pub struct TlsWarning {
    /// Where, as [`TlsFault::at`].
    pub at: String,
    /// What.
    pub what: TlsConcern,
}

/// What should be looked at.
#[derive(Debug, thiserror::Error)]
pub enum TlsConcern {
    /// Others may read the private key.
    #[error("others than its owner may read {path} (`chmod 600`)", path = path.display())]
    Readable {
        /// The file.
        path: PathBuf,
    },
    /// The certificate is of the past.
    #[error("the certificate in {path} expired on {date}: clients refuse it", path = path.display())]
    Expired {
        /// The file.
        path: PathBuf,
        /// When.
        date: String,
    },
    /// The certificate is of the future.
    #[error("the certificate in {path} is not valid before {date}: clients refuse it", path = path.display())]
    NotYetValid {
        /// The file.
        path: PathBuf,
        /// When.
        date: String,
    },
}
