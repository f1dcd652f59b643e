//! `nodeinfo`: a page about the node.

use std::time::Duration;

use http::StatusCode;
use http::header::{self, HeaderValue};
use serde_json::Value;
use tracing::warn;

use crate::answer::{self, Response, escape, failure, readable};
use crate::asked::Asked;
use crate::service::StatusSource;

/// A page with what the node tells of itself when it is asked for.
pub(crate) struct NodeInfo {
    status: StatusSource,
}

impl NodeInfo {
    pub(crate) fn new(status: StatusSource) -> Self {
        Self { status }
    }

    pub(crate) async fn serve(&self, asked: &Asked<'_>) -> Response {
        if let Err(answer) = readable(asked.method) {
            return *answer;
        }
        let status = tokio::time::timeout(PATIENCE, (self.status)()).await;
        let mut page = if let Ok(Some(status)) = status {
            answer::page(StatusCode::OK, html(&status))
        } else {
            warn!("the node did not tell its status for the page about it");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        };
        page.headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        page
    }
}

fn html(status: &Value) -> String {
    let rows = ROWS
        .iter()
        .map(|(key, label)| (label, text(status.get(key))))
        .chain([(&"Process of this page", std::process::id().to_string())])
        .filter(|(_, value)| !value.is_empty())
        .map(|(label, value)| format!("<tr><th>{label}</th><td>{value}</td></tr>\n"))
        .collect::<String>();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{TITLE}</title>\
         <style>{STYLE}</style></head>\n<body><h1>{TITLE}</h1>\n<table>\n{rows}</table></body></html>\n"
    )
}

/// A value as text that HTML shows as it is; empty if there is none.
fn text(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => escape(text),
        Some(other @ (Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
            escape(&other.to_string())
        }
    }
}

const TITLE: &str = "Crossbar.io in Rust";

/// What is shown of the status, with its labels. The node's directory and its version are not: the page may be public.
const ROWS: [(&str, &str); 5] = [
    ("started", "Started"),
    ("controller_pid", "Controller process"),
    ("running_workers", "Workers"),
    ("workers_by_type", "Workers by type"),
    ("pubkey", "Public key of the node"),
];

/// How long the node may take to tell its status.
const PATIENCE: Duration = Duration::from_secs(5);

const STYLE: &str = "body{font-family:sans-serif;margin:2em}th,td{padding:.3em 1em .3em 0;text-align:left}\
                     td{font-family:monospace;overflow-wrap:anywhere}";
