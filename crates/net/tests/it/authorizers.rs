//! Requests that wait for an authorizer.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossbar_core::{Authorization, Authorizer, Limits, RoleConfig};
use crossbar_wire::Text;

use crate::peer::Raw;
use crate::server::{REALM, Server};

/// Has a procedure decide about all further sessions.
fn judge(server: &Server, timeout: Duration) {
    let role = RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Dynamic(Authorizer {
            procedure: Text::from_static("com.auth"),
            timeout,
            cache_ttl: Duration::from_secs(60),
        }),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    };
    server.router.set_role(&REALM, role).unwrap();
}

#[tokio::test]
async fn z03_a_late_authorizer_holds_up_only_the_session_that_it_is_asked_about() {
    let server = Server::start();
    let mut judge = Raw::join(server.address).await;
    let registered = judge.ask(r#"[64,1,{},"com.auth"]"#).await;
    assert_eq!(registered[0], 65);
    self::judge(&server, Duration::from_millis(500));
    let mut parked = Raw::join(server.address).await;
    let mut other = Raw::join(server.address).await;
    parked.send(r#"[32,1,{},"com.x"]"#).await;
    let question = judge.receive().await;
    assert_eq!(
        (&question[0], &question[4][1]),
        (&68.into(), &"com.x".into())
    );
    parked.send(r#"[32,2,{},"com.y"]"#).await;
    other.send(r#"[32,1,{},"com.z"]"#).await;
    let question = judge.receive().await;
    assert_eq!(question[4][1], "com.z");
    judge
        .send(&format!(r#"[70,{},{{}},[true]]"#, question[1]))
        .await;
    assert_eq!(other.receive().await[0], 33);
    let failed = parked.receive().await;
    assert_eq!(failed[4], "wamp.error.authorization_failed", "{failed}");
    let question = judge.receive().await;
    assert_eq!(question[4][1], "com.y");
    judge
        .send(&format!(r#"[70,{},{{}},[false]]"#, question[1]))
        .await;
    let denied = parked.receive().await;
    assert_eq!(denied[4], "wamp.error.not_authorized", "{denied}");
}

/// What was logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Lines {
    /// Gives what was logged since, and forgets it.
    fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
    }
}

impl std::io::Write for Lines {
    fn write(&mut self, octets: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(octets);
        Ok(octets.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

const SECRET: &str = r#"[48,1,{},"com.x",["secret"],{"a":"secret"}]"#;

#[tokio::test]
async fn z03_an_operator_is_told_of_an_authorizer_that_does_not_decide() {
    for (answer, why) in [
        (None, "nobody has registered it"),
        (Some(""), "the authorizer did not answer in time"),
        (
            Some(r#"[8,68,1,{},"com.broken",["secret"]]"#),
            "it gave the error <com.broken>",
        ),
        (
            Some(r#"[70,1,{},["secret"]]"#),
            "the authorizer gave neither a bool nor a dictionary",
        ),
    ] {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let server = Server::start();
        let mut authorizer = Raw::join(server.address).await;
        if answer.is_some() {
            let registered = authorizer.ask(r#"[64,1,{},"com.auth"]"#).await;
            assert_eq!(registered[0], 65);
        }
        let is_silent = answer.is_none_or(str::is_empty);
        judge(
            &server,
            Duration::from_millis(if is_silent { 100 } else { 10_000 }),
        );
        let mut client = Raw::join(server.address).await;
        lines.take();
        client.send(SECRET).await;
        if let Some(answer) = answer {
            assert_eq!(authorizer.receive().await[0], 68);
            if !answer.is_empty() {
                authorizer.send(answer).await;
            }
        }
        let failed = client.receive().await;
        assert_eq!(failed[4], "wamp.error.authorization_failed", "{failed}");
        let told = lines.take();
        for part in [
            " WARN ",
            "realm=realm1",
            "role=anonymous",
            "procedure=com.auth",
            &format!("why={why}"),
            "hidden=0",
        ] {
            assert!(told.contains(part), "{part} in {told}");
        }
        assert!(!told.contains("secret"), "{told}");
        assert_eq!(told.lines().count(), 1, "{told}");
        // Once in a while is enough.
        drop(authorizer);
        server.sessions(1).await;
        lines.take();
        assert_eq!(client.ask(SECRET).await[4], failed[4]);
        assert_eq!(lines.take(), "");
    }
}
