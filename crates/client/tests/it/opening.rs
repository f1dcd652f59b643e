use crossbar_client::{
    Auth, CloseReason, ConnectError, Options, RawConnection, Value, connect_stream,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

use crate::script::{Router, WELCOME, json, opening, session, soon};

#[tokio::test]
async fn hello_says_what_the_client_does() {
    let session = opening(json(), async |mut router: Router<_>, hello: String| {
        let hello: serde_json::Value = serde_json::from_str(&hello).unwrap();
        assert_eq!(hello[0], 1);
        assert_eq!(hello[1], "realm1");
        assert_eq!(hello[2]["authmethods"], serde_json::json!(["anonymous"]));
        let caller = &hello[2]["roles"]["caller"]["features"];
        assert_eq!(caller["progressive_call_results"], true);
        assert_eq!(
            hello[2]["roles"]["callee"]["features"]["call_canceling"],
            true
        );
        router.says(WELCOME).await;
        router
    })
    .await
    .unwrap();
    let details = session.details().unwrap();
    assert_eq!(details.session.value(), 7);
    assert_eq!(details.realm, "realm1");
    assert_eq!(details.authid.as_deref(), Some("joe"));
    assert_eq!(details.authrole.as_deref(), Some("user"));
}

fn as_joe(auth: Vec<Auth>) -> Options {
    Options {
        authid: Some("joe".to_owned()),
        auth,
        ..json()
    }
}

/// Answers HELLO with a challenge; gives what the client says then.
async fn challenged(auth: Auth, challenge: &str) -> String {
    let mut answer = String::new();
    opening(
        as_joe(vec![auth]),
        async |mut router: Router<_>, hello: String| {
            assert!(hello.contains(r#""authid":"joe""#), "{hello}");
            router.says(challenge).await;
            answer = router.hears().await;
            router.says(WELCOME).await;
            router
        },
    )
    .await
    .unwrap();
    answer
}

#[tokio::test]
async fn a_ticket_is_given() {
    let answer = challenged(Auth::Ticket("sesame".into()), r#"[4,"ticket",{}]"#).await;
    assert_eq!(answer, r#"[5,"sesame",{}]"#);
}

#[tokio::test]
async fn a_challenge_is_signed_as_it_came() {
    let answer = challenged(
        Auth::Wampcra("secret".into()),
        r#"[4,"wampcra",{"challenge":"{\"session\": 1}"}]"#,
    )
    .await;
    // Computed with Python's hmac, hashlib and base64, here and below.
    assert_eq!(
        answer,
        r#"[5,"nLftrb9NK1xR6CO/8WbrLOvga7R9BK2VW7c/0iRLiPA=",{}]"#
    );
    let answer = challenged(
        Auth::Wampcra("secret".into()),
        r#"[4,"wampcra",{"challenge":"{\"session\": 1}","salt":"pepper","iterations":100,"keylen":16}]"#,
    )
    .await;
    assert_eq!(
        answer,
        r#"[5,"HtkTUBde9x2q/ofHm3w4ZIn40PkDi2jJIVqW6vzf9pE=",{}]"#
    );
}

#[tokio::test]
async fn a_challenge_without_an_answer_is_an_error() {
    for (challenge, expected) in [
        (r#"[4,"wampcra",{"challenge":"x"}]"#, "wampcra"),
        (r#"[4,"scram",{}]"#, "scram"),
    ] {
        let auth = vec![Auth::Anonymous, Auth::Ticket("sesame".into())];
        let error = opening(as_joe(auth), async |mut router: Router<_>, _| {
            router.says(challenge).await;
            router
        })
        .await
        .unwrap_err();
        assert!(matches!(error, ConnectError::Challenge(method) if method == expected));
    }
    let auth = vec![Auth::Wampcra("secret".into())];
    let error = opening(as_joe(auth), async |mut router: Router<_>, _| {
        router
            .says(r#"[4,"wampcra",{"challenge":"x","salt":"y","iterations":4000000000}]"#)
            .await;
        router
    })
    .await
    .unwrap_err();
    assert!(matches!(error, ConnectError::BadChallenge(_)), "{error}");
}

#[tokio::test]
async fn an_abort_gives_reason_and_message() {
    let error = opening(json(), async |mut router: Router<_>, _| {
        router
            .says(r#"[3,{"message":"no realm there"},"wamp.error.no_such_realm"]"#)
            .await;
        router
    })
    .await
    .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the router refused the session: wamp.error.no_such_realm (no realm there)"
    );
}

#[tokio::test]
async fn what_is_out_of_turn_is_an_error() {
    let error = opening(json(), async |mut router: Router<_>, _| {
        router.says(r"[33,1,1]").await;
        router
    })
    .await
    .unwrap_err();
    assert!(
        matches!(error, ConnectError::OutOfTurn("SUBSCRIBED")),
        "{error}"
    );
}

#[tokio::test]
async fn a_refused_handshake_is_an_error() {
    for (reply, text) in [
        ([0x7f, 0x10, 0, 0], "serializer unsupported"),
        ([0x7f, 0x40, 0, 0], "maximum connection count reached"),
        ([0x7f, 0xf2, 0, 0], "serializer 2"),
        (*b"HTTP", "0x48"),
    ] {
        let (near, mut far) = duplex(64);
        let (error, ()) = tokio::join!(connect_stream(near, json()), async {
            far.read_exact(&mut [0; 4]).await.unwrap();
            far.write_all(&reply).await.unwrap();
        });
        let ConnectError::RawSocket(error) = error.unwrap_err() else {
            panic!("another error");
        };
        assert!(error.to_string().contains(text), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_router_that_says_nothing_is_given_up() {
    let (near, _far) = duplex(64);
    let error = connect_stream(near, json()).await.unwrap_err();
    assert!(matches!(error, ConnectError::Timeout(_)), "{error}");
}

#[tokio::test]
async fn this_side_says_goodbye() {
    let (session, mut router) = session().await;
    tokio::join!(session.leave(), async {
        router.expects(r#"[6,{},"wamp.close.close_realm"]"#).await;
        router.says(r#"[6,{},"wamp.close.goodbye_and_out"]"#).await;
        router.expects_end().await;
    });
    assert!(matches!(soon(session.closed()).await, CloseReason::Left));
    assert!(session.details().is_none());
    session.leave().await;
    let error = session.call::<Value>("com.x", &()).await.unwrap_err();
    assert_eq!(error.to_string(), "not connected");
}

#[tokio::test]
async fn the_last_handle_says_goodbye() {
    let (session, mut router) = session().await;
    drop(session);
    router.expects(r#"[6,{},"wamp.close.close_realm"]"#).await;
}

#[tokio::test]
async fn the_router_says_goodbye() {
    let (session, mut router) = session().await;
    let caller = session.clone();
    let call = tokio::spawn(async move { caller.call::<Value>("com.x", &()).await });
    router.expects(r#"[48,1,{},"com.x"]"#).await;
    router
        .says(r#"[6,{"message":"shutting down"},"wamp.close.system_shutdown"]"#)
        .await;
    router
        .expects(r#"[6,{},"wamp.close.goodbye_and_out"]"#)
        .await;
    router.expects_end().await;
    assert_eq!(
        soon(session.closed()).await.to_string(),
        "the router said goodbye: wamp.close.system_shutdown (shutting down)"
    );
    let error = soon(call).await.unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "the connection was lost before the answer came"
    );
}

#[tokio::test]
async fn garbage_is_answered_with_abort() {
    for (garbage, detail) in [
        ("[36", None),
        (r"[33,9,9]", Some("SUBSCRIBED without a request")),
        (r#"[2,7,{"roles":{"broker":{}}}]"#, Some("no router sends")),
    ] {
        let (session, mut router) = session().await;
        router.says(garbage).await;
        let abort = router.hears().await;
        assert!(abort.starts_with(r#"[3,{"message":""#), "{abort}");
        assert!(
            abort.ends_with(r#""wamp.error.protocol_violation"]"#),
            "{abort}"
        );
        if let Some(detail) = detail {
            assert!(abort.contains(detail), "{abort}");
        }
        router.expects_end().await;
        assert!(matches!(soon(session.closed()).await, CloseReason::Lost(_)));
    }
}

#[tokio::test]
async fn pings_are_answered() {
    let (_session, mut router) = session().await;
    router.says_frame(1, "hello").await;
    assert_eq!(router.hears_frame().await, (2, "hello".to_owned()));
}

#[tokio::test]
async fn raw_connections_pass_frames_in_batches() {
    let (near, far) = duplex(1 << 20);
    let options = json();
    let (raw, mut router) = tokio::join!(
        RawConnection::connect_stream(near, &options),
        Router::welcome(far)
    );
    let mut raw = raw.unwrap();
    assert_eq!(raw.details().session.value(), 7);
    let mut frames = Vec::new();
    let message = crossbar_wire::Message::EventReceived(crossbar_wire::EventReceived {
        publication: crossbar_wire::PublicationId::new(5).unwrap(),
    });
    raw.frame(&message, &mut frames).unwrap();
    raw.send(&frames.repeat(2)).await.unwrap();
    router.expects("[337,5]").await;
    router.expects("[337,5]").await;
    router.says("[1]").await;
    router.says("[2]").await;
    raw.queue(&frames);
    let mut batch = Vec::new();
    soon(raw.receive(&mut batch)).await.unwrap();
    assert_eq!(batch, ["[1]", "[2]"]);
    router.expects("[337,5]").await;
}
