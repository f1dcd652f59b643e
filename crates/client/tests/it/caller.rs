use std::time::Duration;

use crossbar_client::{Arguments, CallOptions, CancelMode, RequestError, Session, Value};
use tokio::time::{Instant, advance};

use crate::script::{Router, session, soon};

#[tokio::test]
async fn calls_are_typed() {
    let (session, mut router) = session().await;
    let script = async {
        router.expects(r#"[48,1,{},"com.add",[2,3]]"#).await;
        router.says("[50,1,{},[5]]").await;
        router.expects(r#"[48,2,{},"com.nothing"]"#).await;
        router.says("[50,2,{}]").await;
        router.expects(r#"[48,3,{},"com.one",["x"]]"#).await;
        router.says(r#"[50,3,{},["a",true]]"#).await;
    };
    let calls = async {
        assert_eq!(session.call::<i64>("com.add", &(2, 3)).await.unwrap(), 5);
        session.call::<()>("com.nothing", &()).await.unwrap();
        let pair: (String, bool) = session.call("com.one", "x").await.unwrap();
        assert_eq!(pair, ("a".to_owned(), true));
    };
    tokio::join!(script, calls);
}

#[tokio::test]
async fn named_arguments_and_options_are_sent() {
    let (session, mut router) = session().await;
    let arguments = Arguments::positional(&[1])
        .unwrap()
        .with_named(&std::collections::BTreeMap::from([("depth", 2)]))
        .unwrap();
    let options = CallOptions {
        timeout: Some(Duration::from_millis(1500)),
        disclose_me: Some(true),
        ..CallOptions::default()
    };
    let mut call = session
        .call_with("com.x", arguments, options)
        .await
        .unwrap();
    let heard = router.hears().await;
    let heard: serde_json::Value = serde_json::from_str(&heard).unwrap();
    assert_eq!(
        heard,
        serde_json::json!([48, 1, {"timeout": 1500, "disclose_me": true}, "com.x", [1], {"depth": 2}])
    );
    router.says(r#"[50,1,{},[],{"answer":42}]"#).await;
    let content = soon(call.result()).await.unwrap();
    assert_eq!(
        content.named_values().unwrap(),
        [("answer".to_owned(), Value::Integer(42))]
    );
}

#[tokio::test]
async fn errors_are_told() {
    let (session, mut router) = session().await;
    let (error, ()) = tokio::join!(session.call::<i64>("com.add", &()), async {
        router.hears().await;
        router
            .says(r#"[8,48,1,{},"com.error.odd",["how odd",1]]"#)
            .await;
    });
    let error = error.unwrap_err();
    assert_eq!(error.uri(), Some("com.error.odd"));
    assert_eq!(error.to_string(), "com.error.odd: how odd");
    let RequestError::Refused(refused) = error else {
        panic!("another error");
    };
    assert_eq!(refused.content.args::<(String, i64)>().unwrap().1, 1);

    let (error, ()) = tokio::join!(session.call::<i64>("com.add", &()), async {
        router.hears().await;
        router.says(r#"[50,2,{},["text"]]"#).await;
    });
    assert!(matches!(error, Err(RequestError::Result(_))));
}

#[tokio::test]
async fn results_come_step_by_step() {
    let (session, mut router) = session().await;
    let options = CallOptions {
        receive_progress: true,
        ..CallOptions::default()
    };
    let mut call = session.call_with("com.x", (), options).await.unwrap();
    router
        .expects(r#"[48,1,{"receive_progress":true},"com.x"]"#)
        .await;
    router.says(r#"[50,1,{"progress":true},[1]]"#).await;
    router.says(r#"[50,1,{"progress":true},[2]]"#).await;
    router.says("[50,1,{},[3]]").await;
    for step in 1..=2 {
        let content = soon(call.progress()).await.unwrap();
        assert_eq!(content.single::<i64>().unwrap(), step);
    }
    assert!(soon(call.progress()).await.is_none());
    assert_eq!(
        soon(call.result()).await.unwrap().single::<i64>().unwrap(),
        3
    );
    assert_eq!(call.missed(), 0);
}

#[tokio::test]
async fn steps_that_nobody_takes_are_counted() {
    let (session, mut router) = session().await;
    let options = CallOptions {
        receive_progress: true,
        progress_capacity: 2,
        ..CallOptions::default()
    };
    let mut call = session.call_with("com.x", (), options).await.unwrap();
    router.hears().await;
    for _ in 0..5 {
        router.says(r#"[50,1,{"progress":true},[1]]"#).await;
    }
    router.says("[50,1,{},[3]]").await;
    soon(call.result()).await.unwrap();
    assert_eq!(call.missed(), 3);
}

async fn started(
    session: &Session,
    router: &mut Router<tokio::io::DuplexStream>,
) -> crossbar_client::PendingCall {
    let call = session
        .call_with("com.x", (), CallOptions::default())
        .await
        .unwrap();
    router.expects(r#"[48,1,{},"com.x"]"#).await;
    call
}

#[tokio::test]
async fn calls_are_cancelled() {
    for (mode, name) in [
        (CancelMode::Skip, "skip"),
        (CancelMode::Kill, "kill"),
        (CancelMode::KillNoWait, "killnowait"),
    ] {
        let (session, mut router) = session().await;
        let mut call = started(&session, &mut router).await;
        call.cancel(mode).await.unwrap();
        router
            .expects(&format!(r#"[49,1,{{"mode":"{name}"}}]"#))
            .await;
        router.says(r#"[8,48,1,{},"wamp.error.canceled"]"#).await;
        let error = soon(call.result()).await.unwrap_err();
        assert_eq!(error.uri(), Some("wamp.error.canceled"));
    }
}

#[tokio::test]
async fn a_dropped_call_is_cancelled_and_its_late_answer_ignored() {
    let (session, mut router) = session().await;
    drop(started(&session, &mut router).await);
    router.expects(r#"[49,1,{"mode":"killnowait"}]"#).await;
    router.says("[50,1,{},[3]]").await;
    router.says(r#"[8,48,1,{},"wamp.error.canceled"]"#).await;
    let (next, ()) = tokio::join!(session.call::<i64>("com.x", &()), async {
        router.expects(r#"[48,2,{},"com.x"]"#).await;
        router.says("[50,2,{},[4]]").await;
    });
    assert_eq!(next.unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn this_side_watches_the_time_if_the_router_does_not() {
    let (near, far) = tokio::io::duplex(1 << 16);
    let welcome = r#"[2,7,{"roles":{"broker":{},"dealer":{"features":{"call_canceling":true}}}}]"#;
    let (session, mut router) = tokio::join!(
        crossbar_client::connect_stream(near, crate::script::json()),
        async {
            let (mut router, _) = Router::accept(far).await;
            router.says(welcome).await;
            router
        }
    );
    let session = session.unwrap();
    let options = CallOptions {
        timeout: Some(Duration::from_secs(3)),
        ..CallOptions::default()
    };
    let mut call = session.call_with("com.x", (), options).await.unwrap();
    router.expects(r#"[48,1,{"timeout":3000},"com.x"]"#).await;
    let start = Instant::now();
    advance(Duration::from_secs(2)).await;
    assert!(matches!(call.result().await, Err(RequestError::Timeout)));
    assert_eq!(start.elapsed().as_secs(), 3);
    drop(call);
    router.expects(r#"[49,1,{"mode":"killnowait"}]"#).await;
}

#[tokio::test]
async fn a_message_over_the_routers_limit_fails_alone() {
    let (near, mut far) = tokio::io::duplex(1 << 16);
    let (session, mut router) = tokio::join!(
        crossbar_client::connect_stream(near, crate::script::json()),
        async {
            use tokio::io::{AsyncReadExt, AsyncWriteExt};
            far.read_exact(&mut [0; 4]).await.unwrap();
            far.write_all(&[0x7f, 0x21, 0, 0]).await.unwrap();
            let mut router = Router::over(far);
            router.hears().await;
            router.says(crate::script::WELCOME).await;
            router
        }
    );
    let session = session.unwrap();
    let error = session
        .call::<()>("com.x", &"x".repeat(2048))
        .await
        .unwrap_err();
    let RequestError::Send(error) = error else {
        panic!("{error}");
    };
    assert!(
        error
            .to_string()
            .contains("over the router's limit of 2048"),
        "{error}"
    );
    let ((), result) = tokio::join!(
        async {
            router.expects(r#"[48,2,{},"com.x",["x"]]"#).await;
            router.says("[50,2,{}]").await;
        },
        session.call::<()>("com.x", "x")
    );
    result.unwrap();
}
