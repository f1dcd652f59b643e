//! `auth.anonymous`

use crossbar_core::MethodConfig;
use crossbar_wire::Text;
use serde::Deserialize;
use serde_json::Value;

use crate::place::Place;
use crate::reading::Reading;
use crate::written::Written;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnonymousAsWritten {
    role: Option<String>,
    authid: Option<String>,
}

impl Written for AnonymousAsWritten {
    const IGNORED: &'static [(&'static str, &'static str)] =
        &[("realm", "clients name the realm they join")];
}

pub(super) fn read(reading: &mut Reading, body: Value, at: &Place) -> Option<MethodConfig> {
    let written: AnonymousAsWritten = reading.read(body, at)?;
    let role = written
        .role
        .map_or(Text::from_static("anonymous"), Text::from);
    reading.uses_role(&role, &at.key("role"));
    Some(MethodConfig::Anonymous {
        role,
        authid: written.authid.map(Text::from),
    })
}
