//! The page that lists a directory.

use std::path::Path;

use http::StatusCode;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::lookup::Entry;
use super::media::MediaTypes;
use crate::answer::{self, Response, escape};

/// Lists the entries of the directory with this encoded path.
pub(super) fn page(path: &str, entries: &[Entry], types: &MediaTypes) -> Response {
    let title = escape(&percent_decode_str(path).decode_utf8_lossy());
    let mut rows = String::new();
    if path != "/" {
        rows.push_str(&row("..", "..", "", ""));
    }
    for entry in entries {
        rows.push_str(&entry_row(entry, types));
    }
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>{STYLE}</style></head>\n<body><h1>{title}</h1>\n<table>\n\
         <tr><th>Name</th><th>Size</th><th>Type</th></tr>\n{rows}</table></body></html>\n"
    );
    answer::page(StatusCode::OK, html)
}

fn entry_row(entry: &Entry, types: &MediaTypes) -> String {
    let href = utf8_percent_encode(&entry.name, REFERENCE);
    let name = escape(&entry.name);
    if !entry.is_file {
        return row(&format!("{href}/"), &format!("{name}/"), "", "directory");
    }
    let media = types.of(Path::new(&entry.name));
    let media_type = escape(media.content_type.to_str().unwrap_or_default());
    row(
        &href.to_string(),
        &name,
        &entry.length.to_string(),
        &media_type,
    )
}

fn row(href: &str, name: &str, size: &str, media_type: &str) -> String {
    format!("<tr><td><a href=\"{href}\">{name}</a></td><td>{size}</td><td>{media_type}</td></tr>\n")
}

/// What is encoded in a reference to a name: all that could be taken for a scheme, a query or a path.
const REFERENCE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

const STYLE: &str = "body{font-family:sans-serif;margin:2em}td,th{padding:.2em 1em .2em 0;text-align:left}\
                     td:nth-child(2){text-align:right}";
