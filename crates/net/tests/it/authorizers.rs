//! Requests that wait for an authorizer.

use std::time::Duration;

use crossbar_core::{Authorization, Authorizer, Limits, RoleConfig};
use crossbar_wire::Text;

use crate::peer::Raw;
use crate::server::{REALM, Server};

#[tokio::test]
async fn z03_a_late_authorizer_holds_up_only_the_session_that_it_is_asked_about() {
    let server = Server::start();
    let mut judge = Raw::join(server.address).await;
    let registered = judge.ask(r#"[64,1,{},"com.auth"]"#).await;
    assert_eq!(registered[0], 65);
    let role = RoleConfig {
        name: Text::from_static("anonymous"),
        authorization: Authorization::Dynamic(Authorizer {
            procedure: Text::from_static("com.auth"),
            timeout: Duration::from_millis(500),
            cache_ttl: Duration::from_secs(60),
        }),
        trustlevel: None,
        limits: Limits::default(),
        max_sessions: None,
    };
    server.router.set_role(&REALM, role).unwrap();
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
