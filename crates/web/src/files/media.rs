//! The type of a file, by its name.

use std::collections::HashMap;
use std::path::Path;

use std::collections::BTreeMap;

use http::header::HeaderValue;

use crate::ServiceError;

/// The built-in types and those of the configuration, which go before.
pub(super) struct MediaTypes {
    configured: HashMap<String, HeaderValue>,
}

/// What is said of a file's content.
pub(super) struct Media {
    /// `Content-Type`
    pub(super) content_type: HeaderValue,
    /// `Content-Encoding`, if the name tells one.
    pub(super) encoding: Option<&'static str>,
}

impl MediaTypes {
    /// Takes the types by extension with its dot.
    pub(super) fn new(types: &BTreeMap<String, String>) -> Result<Self, ServiceError> {
        let configured = types
            .iter()
            .map(|(extension, media_type)| {
                let value = HeaderValue::from_str(media_type);
                let value = value.map_err(|_| ServiceError::MediaType {
                    extension: extension.clone(),
                    media_type: media_type.clone(),
                })?;
                let extension = extension.trim_start_matches('.').to_ascii_lowercase();
                Ok((extension, value))
            })
            .collect::<Result<_, ServiceError>>()?;
        Ok(Self { configured })
    }

    /// The type of the file with this name.
    ///
    /// A name such as `map.js.gz` is JavaScript that is compressed for the transfer.
    pub(super) fn of(&self, name: &Path) -> Media {
        let encoding = match extension(name).as_deref() {
            Some("gz") => Some("gzip"),
            Some("bz2") => Some("x-bzip2"),
            Some("jgz") => {
                return Media {
                    content_type: HeaderValue::from_static("text/javascript"),
                    encoding: Some("gzip"),
                };
            }
            _ => None,
        };
        let inner = encoding.and_then(|encoding| {
            let content_type = self.by_extension(Path::new(name.file_stem()?))?;
            Some(Media {
                content_type,
                encoding: Some(encoding),
            })
        });
        inner.unwrap_or_else(|| Media {
            content_type: self.by_extension(name).unwrap_or(UNKNOWN),
            encoding: None,
        })
    }

    fn by_extension(&self, name: &Path) -> Option<HeaderValue> {
        let extension = extension(name)?;
        if let Some(configured) = self.configured.get(&extension) {
            return Some(configured.clone());
        }
        let built_in = mime_guess::from_ext(&extension).first_raw()?;
        Some(HeaderValue::from_static(built_in))
    }
}

fn extension(name: &Path) -> Option<String> {
    Some(name.extension()?.to_str()?.to_ascii_lowercase())
}

const UNKNOWN: HeaderValue = HeaderValue::from_static("application/octet-stream");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_by_name() {
        let configured = BTreeMap::from([
            (".wad".to_owned(), "application/x-doom".to_owned()),
            (".TXT".to_owned(), "text/x-mine".to_owned()),
        ]);
        let types = MediaTypes::new(&configured).unwrap();
        for (name, content_type, encoding) in [
            ("index.html", "text/html", None),
            ("a.SVG", "image/svg+xml", None),
            ("a.js", "text/javascript", None),
            ("a.min.js", "text/javascript", None),
            ("a.js.gz", "text/javascript", Some("gzip")),
            ("a.jgz", "text/javascript", Some("gzip")),
            ("a.svg.bz2", "image/svg+xml", Some("x-bzip2")),
            ("backup.gz", "application/gzip", None),
            ("a.wasm", "application/wasm", None),
            ("doom.wad", "application/x-doom", None),
            ("readme.txt", "text/x-mine", None),
            ("README", "application/octet-stream", None),
            (".html", "application/octet-stream", None),
            ("a.unheard-of", "application/octet-stream", None),
        ] {
            let media = types.of(Path::new(name));
            assert_eq!(media.content_type, content_type, "{name}");
            assert_eq!(media.encoding, encoding, "{name}");
        }
    }
}
