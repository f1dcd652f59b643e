//! Archives of catalogs (WAMP spec, "Interface Catalogs"): ZIP files with an index, `catalog.yaml`, and schemas.

use std::collections::BTreeMap;
use std::io::Read;

use flate2::bufread::DeflateDecoder;
use rawzip::{CompressionMethod, ZipArchive, ZipArchiveEntryWayfinder, ZipSliceArchive};
use serde::Deserialize;

/// An archive, with what is in it by name.
pub(super) struct Archive<'a> {
    archive: ZipSliceArchive<&'a [u8]>,
    entries: BTreeMap<Vec<u8>, (ZipArchiveEntryWayfinder, CompressionMethod)>,
}

/// Of `catalog.yaml` what has a meaning here.
#[derive(Deserialize)]
pub(super) struct Index {
    pub(super) name: String,
    /// Where the schemas lie in the archive.
    pub(super) schemas: Vec<String>,
}

impl<'a> Archive<'a> {
    pub(super) fn open(octets: &'a [u8]) -> Result<Self, String> {
        let broken = |error: rawzip::Error| format!("it is no ZIP archive: {error}");
        let archive = ZipArchive::from_slice(octets).map_err(broken)?;
        let mut entries = BTreeMap::new();
        let mut records = archive.entries();
        while let Some(record) = records.next_entry().map_err(broken)? {
            if entries.len() == MAX_ENTRIES {
                return Err(format!("it has more than {MAX_ENTRIES} files"));
            }
            let name = record.file_path().as_bytes().to_vec();
            entries.insert(name, (record.wayfinder(), record.compression_method()));
        }
        Ok(Self { archive, entries })
    }

    pub(super) fn index(&self) -> Result<Index, String> {
        let text = self.file(INDEX, MAX_INDEX)?;
        let index: Index =
            serde_yaml_ng::from_slice(&text).map_err(|error| format!("{INDEX}: {error}"))?;
        if index.schemas.len() > MAX_ENTRIES {
            return Err(format!("{INDEX}: it lists more than {MAX_ENTRIES} schemas"));
        }
        Ok(index)
    }

    /// Reads a file of at most `most` octets out of the archive.
    pub(super) fn file(&self, name: &str, most: u64) -> Result<Vec<u8>, String> {
        let entry = self.entries.get(name.as_bytes());
        let &(wayfinder, method) = entry.ok_or_else(|| format!("there is no {name} in it"))?;
        let entry = self.archive.get_entry(wayfinder);
        let entry = entry.map_err(|error| format!("{name}: {error}"))?;
        let mut octets = Vec::new();
        let read = match method {
            CompressionMethod::STORE => {
                let reader = entry.verifying_reader(entry.data());
                reader.take(most + 1).read_to_end(&mut octets)
            }
            CompressionMethod::DEFLATE => {
                let reader = entry.verifying_reader(DeflateDecoder::new(entry.data()));
                reader.take(most + 1).read_to_end(&mut octets)
            }
            other => return Err(format!("{name}: the compression {other:?} is not known")),
        };
        let length = read.map_err(|error| format!("{name}: {error}"))?;
        if u64::try_from(length).is_ok_and(|length| length <= most) {
            return Ok(octets);
        }
        Err(format!("{name}: it has more than {most} octets"))
    }
}

/// The file that says what is in an archive.
const INDEX: &str = "catalog.yaml";

/// How many octets it may have.
const MAX_INDEX: u64 = 1 << 20;

/// How many files an archive may have.
const MAX_ENTRIES: usize = 10_000;
