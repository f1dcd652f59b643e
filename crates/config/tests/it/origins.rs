//! Whose pages may log in by what their readers' connections prove.

use crate::{load_json, router};

fn notices(kind: &str, method: &str, options: &str) -> Vec<String> {
    let fingerprint = "ab".repeat(32);
    let method = match method {
        "static" => format!(
            r#"{{"type": "static", "principals": {{"a": {{"certificate-sha256": "{fingerprint}", "role": "r"}}}}}}"#
        ),
        other => format!(r#"{{"type": "{other}", "authenticator": "com.auth"}}"#),
    };
    let service =
        format!(r#"{{"type": "{kind}", "auth": {{"tls": {method}}}, "options": {options}}}"#);
    let transport = format!(
        r#"{{"type": "web", "endpoint": {{"type": "tcp", "port": 1}}, "paths": {{"/": {service}}}}}"#
    );
    let node = load_json(&router("", &transport)).unwrap_or_else(|faults| panic!("{faults}"));
    let notices = node.notices.iter().map(ToString::to_string);
    notices
        .filter(|it| it.contains("allowed_origins"))
        .collect()
}

#[test]
fn certificates_of_a_pages_readers_need_pages_with_names() {
    let told = "workers[0].transports[0].paths[\"/\"].options.allowed_origins: no host is named: only pages of the host that is asked may log in by their readers' certificates";
    for kind in ["websocket", "longpoll"] {
        for method in ["static", "dynamic"] {
            assert_eq!(notices(kind, method, "{}"), [told]);
            let everybody = r#"{"allowed_origins": ["https://*", "*:443"]}"#;
            assert_eq!(notices(kind, method, everybody), [told]);
            let named = r#"{"allowed_origins": ["*", "https://*.example.com"]}"#;
            assert_eq!(notices(kind, method, named), [""; 0]);
        }
    }
}
