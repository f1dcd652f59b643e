//! The Web services that have more than a key or two.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::{Refusal, Whole, Written, given};
use crate::{JsonDocument, StaticFiles};

/// `static` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaticAsWritten {
    directory: String,
    options: Option<Value>,
}

impl Written for StaticAsWritten {
    const REQUIRED: &'static [&'static str] = &["directory"];
    const REFUSED: &'static [(&'static str, Refusal)] =
        &[("package", Refusal::NotYet), ("resource", Refusal::NotYet)];
}

/// `options` of `static` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StaticOptionsAsWritten {
    enable_directory_listing: Option<bool>,
    mime_types: Option<BTreeMap<String, String>>,
    /// Seconds; null for no caching headers.
    #[serde(default, deserialize_with = "given")]
    cache_timeout: Option<Option<Whole<0, 4_294_967_295>>>,
    default_file: Option<String>,
    allow_cross_origin: Option<bool>,
}

impl Written for StaticOptionsAsWritten {}

impl StaticFiles {
    pub(crate) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: StaticAsWritten = reading.read(body, at)?;
        let at = at.key("options");
        let options: StaticOptionsAsWritten = reading.read_or_empty(written.options, &at)?;
        let mut mime_types = BTreeMap::new();
        for (extension, mime_type) in options.mime_types.unwrap_or_default() {
            if !extension.starts_with('.') {
                let at = at.key("mime_types").key(&extension);
                reading.notice(&at, "has no effect: an extension begins with a dot");
            }
            mime_types.insert(extension.to_lowercase(), mime_type);
        }
        let cache_timeout = options.cache_timeout.map_or(Some(HALF_A_DAY), |timeout| {
            timeout.map(|seconds| Duration::from_secs(seconds.get()))
        });
        Some(Self {
            directory: reading.surroundings.path(&written.directory),
            directory_listing: options.enable_directory_listing.unwrap_or(false),
            mime_types,
            cache_timeout,
            default_file: options.default_file,
            allow_cross_origin: options.allow_cross_origin.unwrap_or(true),
        })
    }
}

/// `json` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonAsWritten {
    #[serde(default, deserialize_with = "given")]
    value: Option<Value>,
    options: Option<Value>,
}

impl Written for JsonAsWritten {
    const REQUIRED: &'static [&'static str] = &["value"];
}

/// `options` of `json` as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct JsonOptionsAsWritten {
    prettify: Option<bool>,
    allow_cross_origin: Option<bool>,
    discourage_caching: Option<bool>,
}

impl Written for JsonOptionsAsWritten {}

impl JsonDocument {
    pub(crate) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<Self> {
        let written: JsonAsWritten = reading.read(body, at)?;
        let options = reading.read_or_empty(written.options, &at.key("options"))?;
        let JsonOptionsAsWritten {
            prettify,
            allow_cross_origin,
            discourage_caching,
        } = options;
        Some(Self {
            value: written.value?,
            prettify: prettify.unwrap_or(false),
            allow_cross_origin: allow_cross_origin.unwrap_or(true),
            discourage_caching: discourage_caching.unwrap_or(false),
        })
    }
}

/// compat: what browsers may keep files for.
const HALF_A_DAY: Duration = Duration::from_secs(43_200);
