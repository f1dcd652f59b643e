//! The key pair of a node, in the files `key.priv` and `key.pub` of its directory.

use std::collections::BTreeMap;
use std::fs::{OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crossbar_wire::auth::cryptosign::PrivateKey;
use ed25519_dalek::{Signer, SigningKey};

use crate::clock::Utc;

/// An Ed25519 key pair that names a node.
pub struct NodeKey {
    signing: SigningKey,
}

/// What a key file tells about its making, besides the key.
#[derive(Clone, Debug)]
pub struct KeyOrigin {
    /// `node-authid`: the name of the node towards others.
    pub node_authid: String,
    /// `node-cluster-ip`
    pub node_cluster_ip: String,
}

/// Why a node key cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// A file cannot be read or written.
    #[error("cannot access the node key file {}", path.display())]
    Access {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A line of a file is no `tag: value`.
    #[error("Corrupt node key file {}: line {line} is not of the form \"tag: value\"", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Number of the line, from 1.
        line: usize,
    },
    /// A tag is not known.
    #[error("Corrupt node key file {}: unknown tag \"{tag}\"", path.display())]
    UnknownTag {
        /// The file.
        path: PathBuf,
        /// The tag.
        tag: String,
    },
    /// A tag stands there twice.
    #[error("Corrupt node key file {}: duplicate tag \"{tag}\"", path.display())]
    DuplicateTag {
        /// The file.
        path: PathBuf,
        /// The tag.
        tag: String,
    },
    /// A tag is not there.
    #[error("Corrupt node key file {}: tag \"{tag}\" is missing", path.display())]
    MissingTag {
        /// The file.
        path: PathBuf,
        /// The tag.
        tag: &'static str,
    },
    /// A key is no 32 octets in hexadecimal.
    #[error("Corrupt node key file {}: the value of \"{tag}\" is not 64 hexadecimal digits", path.display())]
    NotHexadecimal {
        /// The file.
        path: PathBuf,
        /// The tag.
        tag: &'static str,
    },
    /// The public key does not belong to the private one.
    #[error("Inconsistent node key file {}: the public key is not that of the private key in key.priv", path.display())]
    Inconsistent {
        /// The file.
        path: PathBuf,
    },
    /// The system gives no random octets.
    #[error("no random numbers from the system")]
    Random(#[from] getrandom::Error),
}

impl NodeKey {
    /// Draws a key at random.
    ///
    /// # Errors
    /// When the system gives no random octets.
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        let signing = SigningKey::from_bytes(&seed);
        Ok(Self { signing })
    }

    /// Reads the key of a node directory, if it has one. Puts the files' modes right and writes a missing `key.pub`.
    ///
    /// # Errors
    /// When a file cannot be accessed, is corrupt, or the two do not fit together.
    pub fn load(directory: &Path) -> Result<Option<Self>, KeyError> {
        let path = directory.join(PRIVATE_FILE);
        let Some(text) = read(&path)? else {
            return Ok(None);
        };
        let tags = parse(&text, &path)?;
        let seed = octets(&tags, "private-key-ed25519", &path)?;
        let key = Self {
            signing: SigningKey::from_bytes(&seed),
        };
        key.check_public(&tags, &path)?;
        set_mode(&path, PRIVATE_MODE)?;
        key.load_public(directory, &text)?;
        Ok(Some(key))
    }

    /// Reads the key of a node directory, or makes one and writes its files. Says whether it is new.
    ///
    /// # Errors
    /// As [`NodeKey::load`].
    pub fn load_or_create(directory: &Path, origin: &KeyOrigin) -> Result<(Self, bool), KeyError> {
        if let Some(key) = Self::load(directory)? {
            return Ok((key, false));
        }
        let key = Self::generate()?;
        let private = key.private_file(origin);
        write(&directory.join(PRIVATE_FILE), PRIVATE_MODE, &private)?;
        let public = public_of(&private);
        replace(&directory.join(PUBLIC_FILE), &public)?;
        Ok((key, true))
    }

    /// Gives the public key in 64 hexadecimal digits.
    #[must_use]
    pub fn public_hex(&self) -> String {
        hex(self.signing.verifying_key().as_bytes())
    }

    /// Gives the private key's seed in 64 hexadecimal digits.
    #[must_use]
    pub fn private_hex(&self) -> String {
        hex(self.signing.as_bytes())
    }

    /// Signs octets (Ed25519, 64 octets).
    #[must_use]
    pub fn sign(&self, data: &[u8]) -> [u8; 64] {
        self.signing.sign(data).to_bytes()
    }

    /// Gives the key as routers show it to clients.
    pub(crate) fn identity(&self) -> PrivateKey {
        PrivateKey::from_seed(self.signing.as_bytes())
    }

    fn load_public(&self, directory: &Path, private: &str) -> Result<(), KeyError> {
        let path = directory.join(PUBLIC_FILE);
        let Some(text) = read(&path)? else {
            return replace(&path, &public_of(private));
        };
        let tags = parse(&text, &path)?;
        self.check_public(&tags, &path)?;
        set_mode(&path, PUBLIC_MODE)
    }

    fn check_public(&self, tags: &Tags, path: &Path) -> Result<(), KeyError> {
        let public = octets(tags, "public-key-ed25519", path)?;
        if public == *self.signing.verifying_key().as_bytes() {
            return Ok(());
        }
        let path = path.to_path_buf();
        Err(KeyError::Inconsistent { path })
    }

    fn private_file(&self, origin: &KeyOrigin) -> String {
        let host = host_name();
        let user = std::env::var("USER").unwrap_or_else(|_| "root".to_owned());
        let lines = [
            ("creator", format!("{user}@{host}")),
            ("created-at", Utc::now().iso()),
            ("machine-id", machine_id().unwrap_or(host)),
            ("node-authid", origin.node_authid.clone()),
            ("node-cluster-ip", origin.node_cluster_ip.clone()),
            ("public-key-ed25519", self.public_hex()),
            (PRIVATE_TAG, self.private_hex()),
        ];
        let mut text = format!("{PRIVATE_TITLE}\n\n");
        for (tag, value) in lines {
            text.push_str(&format!("{tag}: {value}\n"));
        }
        text
    }
}

impl std::fmt::Debug for NodeKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "NodeKey({})", self.public_hex())
    }
}

impl Default for KeyOrigin {
    /// Takes `CROSSBAR_NODE_ID` and `CROSSBAR_NODE_CLUSTER_IP`, else the host's name and the loopback address.
    fn default() -> Self {
        let node_authid = std::env::var("CROSSBAR_NODE_ID").unwrap_or_else(|_| host_name());
        let node_cluster_ip =
            std::env::var("CROSSBAR_NODE_CLUSTER_IP").unwrap_or_else(|_| "127.0.0.1".to_owned());
        Self {
            node_authid,
            node_cluster_ip,
        }
    }
}

/// Gives the host's name.
pub(crate) fn host_name() -> String {
    let name = rustix::system::uname();
    name.nodename().to_string_lossy().into_owned()
}

/// The lines of a key file by tag.
type Tags = BTreeMap<String, String>;

fn parse(text: &str, path: &Path) -> Result<Tags, KeyError> {
    let mut tags = Tags::new();
    let path = path.to_path_buf();
    // The first line is the title.
    for (index, line) in text.lines().enumerate().skip(1) {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let Some((tag, value)) = line.split_once(':') else {
            let line = index + 1;
            return Err(KeyError::Line { path, line });
        };
        let (tag, value) = (tag.trim().to_owned(), value.trim().to_owned());
        if !KNOWN_TAGS.contains(&tag.as_str()) {
            return Err(KeyError::UnknownTag { path, tag });
        }
        if tags.insert(tag.clone(), value).is_some() {
            return Err(KeyError::DuplicateTag { path, tag });
        }
    }
    for tag in REQUIRED_TAGS {
        if !tags.contains_key(tag) {
            return Err(KeyError::MissingTag { path, tag });
        }
    }
    Ok(tags)
}

fn octets(tags: &Tags, tag: &'static str, path: &Path) -> Result<[u8; 32], KeyError> {
    let path = || path.to_path_buf();
    let Some(text) = tags.get(tag) else {
        return Err(KeyError::MissingTag { path: path(), tag });
    };
    from_hex(text).ok_or_else(|| KeyError::NotHexadecimal { path: path(), tag })
}

fn from_hex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut octets = [0; 32];
    for (index, octet) in octets.iter_mut().enumerate() {
        *octet = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(octets)
}

fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Makes the public file out of the private one: other title, private lines left out.
fn public_of(private: &str) -> String {
    let mut text = PUBLIC_TITLE.to_owned();
    for line in private.lines().skip(1) {
        if !line.starts_with("private-key-") {
            text.push('\n');
            text.push_str(line);
        }
    }
    text.push('\n');
    text
}

fn read(path: &Path) -> Result<Option<String>, KeyError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(access(path, source)),
    }
}

/// Writes a file that must not be there yet, and is never readable for others than `mode` says.
fn write(path: &Path, mode: u32, text: &str) -> Result<(), KeyError> {
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| access(path, source))?;
    set_mode(path, mode)
}

fn replace(path: &Path, text: &str) -> Result<(), KeyError> {
    std::fs::write(path, text).map_err(|source| access(path, source))?;
    set_mode(path, PUBLIC_MODE)
}

fn set_mode(path: &Path, mode: u32) -> Result<(), KeyError> {
    let metadata = path.metadata().map_err(|source| access(path, source))?;
    if metadata.permissions().mode() & 0o777 == mode {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|source| access(path, source))
}

fn access(path: &Path, source: io::Error) -> KeyError {
    let path = path.to_path_buf();
    KeyError::Access { path, source }
}

fn machine_id() -> Option<String> {
    ["/var/lib/dbus/machine-id", "/etc/machine-id"]
        .iter()
        .find_map(|path| std::fs::read_to_string(path).ok())
        .map(|id| id.trim().to_owned())
        .filter(|id| !id.is_empty())
}

const PRIVATE_FILE: &str = "key.priv";
const PUBLIC_FILE: &str = "key.pub";
const PRIVATE_MODE: u32 = 0o600;
const PUBLIC_MODE: u32 = 0o644;
const PRIVATE_TITLE: &str = "Crossbar.io node private key - KEEP THIS SAFE!";
const PUBLIC_TITLE: &str = "Crossbar.io node public key";
const PRIVATE_TAG: &str = "private-key-ed25519";
/// The Ethereum keys of Crossbar.io are read over: nothing here uses them.
const KNOWN_TAGS: [&str; 9] = [
    "creator",
    "created-at",
    "machine-id",
    "node-authid",
    "node-cluster-ip",
    "public-key-ed25519",
    "public-adr-eth",
    PRIVATE_TAG,
    "private-key-eth",
];
const REQUIRED_TAGS: [&str; 4] = ["creator", "created-at", "machine-id", "public-key-ed25519"];

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    fn create(directory: &Path) -> NodeKey {
        let origin = KeyOrigin {
            node_authid: "node1".to_owned(),
            node_cluster_ip: "127.0.0.1".to_owned(),
        };
        let (key, new) = NodeKey::load_or_create(directory, &origin).unwrap();
        assert!(new);
        key
    }

    /// Makes a key, changes a file, and gives what loading says then.
    fn load_changed(name: &str, change: impl Fn(String) -> String) -> String {
        let directory = tempfile::tempdir().unwrap();
        create(directory.path());
        let path = directory.path().join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, change(text)).unwrap();
        NodeKey::load(directory.path()).unwrap_err().to_string()
    }

    #[test]
    fn writes_both_files_and_reads_them_again() {
        let directory = tempfile::tempdir().unwrap();
        assert!(NodeKey::load(directory.path()).unwrap().is_none());
        let key = create(directory.path());
        let (private, public) = (
            directory.path().join(PRIVATE_FILE),
            directory.path().join(PUBLIC_FILE),
        );
        assert_eq!((mode(&private), mode(&public)), (0o600, 0o644));
        let text = std::fs::read_to_string(&public).unwrap();
        let mut lines = text.lines();
        assert_eq!(lines.next(), Some("Crossbar.io node public key"));
        assert_eq!(lines.next(), Some(""));
        let line = format!("public-key-ed25519: {}", key.public_hex());
        assert!(lines.any(|found| found == line));
        assert!(!text.contains("private"));
        let again = NodeKey::load(directory.path()).unwrap().unwrap();
        assert_eq!(again.private_hex(), key.private_hex());
    }

    #[test]
    fn a_missing_public_file_is_written_and_modes_are_put_right() {
        let directory = tempfile::tempdir().unwrap();
        let key = create(directory.path());
        let (private, public) = (
            directory.path().join(PRIVATE_FILE),
            directory.path().join(PUBLIC_FILE),
        );
        std::fs::remove_file(&public).unwrap();
        std::fs::set_permissions(&private, Permissions::from_mode(0o666)).unwrap();
        NodeKey::load(directory.path()).unwrap();
        let text = std::fs::read_to_string(&public).unwrap();
        assert!(text.contains(&key.public_hex()));
        assert_eq!((mode(&private), mode(&public)), (0o600, 0o644));
    }

    #[test]
    fn faults_are_named() {
        let twice = load_changed(PRIVATE_FILE, |text| text + "creator: me\n");
        assert!(twice.contains("duplicate tag \"creator\""), "{twice}");
        let unknown = load_changed(PRIVATE_FILE, |text| text + "colour: red\n");
        assert!(unknown.contains("unknown tag \"colour\""), "{unknown}");
        let missing = load_changed(PRIVATE_FILE, |text| {
            text.replace("machine-id: ", "creator: ")
        });
        assert!(missing.contains("duplicate"), "{missing}");
        let line = load_changed(PRIVATE_FILE, |text| text + "what\n");
        assert!(line.contains("line 10"), "{line}");
        let digits = load_changed(PRIVATE_FILE, |text| {
            text.replace("public-key-ed25519: ", "public-key-ed25519: zz")
        });
        assert!(digits.contains("64 hexadecimal"), "{digits}");
        let other = "public-key-ed25519: ".to_owned() + &"1".repeat(64);
        let inconsistent = load_changed(PUBLIC_FILE, |text| {
            text.lines()
                .map(|line| {
                    let is_key = line.starts_with("public-key");
                    let line = if is_key { &other } else { line };
                    format!("{line}\n")
                })
                .collect()
        });
        assert!(inconsistent.starts_with("Inconsistent"), "{inconsistent}");
    }

    #[test]
    fn the_files_of_crossbar_with_ethereum_keys_are_read() {
        let directory = tempfile::tempdir().unwrap();
        create(directory.path());
        let path = directory.path().join(PRIVATE_FILE);
        let text = std::fs::read_to_string(&path).unwrap();
        let more =
            "public-adr-eth: 0x0000000000000000000000000000000000000001\nprivate-key-eth: 01\n";
        std::fs::write(&path, text + more).unwrap();
        assert!(NodeKey::load(directory.path()).unwrap().is_some());
    }
}
