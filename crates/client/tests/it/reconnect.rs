use std::time::Duration;

use crossbar_client::{
    CloseReason, Failure, Options, Reconnect, RegisterOptions, RequestError, SubscribeOptions,
    Target, Value, connect,
};
use tokio::net::TcpListener;

use crate::script::{Router, json, soon};

async fn listener() -> (TcpListener, Target) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, format!("rs://{address}").parse().unwrap())
}

fn quick() -> Options {
    Options {
        reconnect: Some(Reconnect {
            first: Duration::from_millis(5),
            attempts: Some(3),
            ..Reconnect::default()
        }),
        ..json()
    }
}

#[tokio::test]
async fn a_new_connection_has_what_the_old_one_had() {
    let (listener, target) = listener().await;
    let (session, mut router) = tokio::join!(connect(&target, quick()), async {
        Router::welcome(listener.accept().await.unwrap().0).await
    });
    let session = session.unwrap();
    let handler = async |_| Ok::<_, Failure>(());
    let (registration, ()) = tokio::join!(
        session.register("com.p", RegisterOptions::default(), handler),
        async {
            router.hears().await;
            router.says("[65,1,11]").await;
        }
    );
    registration.unwrap();
    let (subscription, ()) = tokio::join!(
        session.subscribe("com.t", SubscribeOptions::default()),
        async {
            router.hears().await;
            router.says("[33,2,21]").await;
        }
    );
    let mut subscription = subscription.unwrap();
    let caller = session.clone();
    let pending = tokio::spawn(async move { caller.call::<Value>("com.c", &()).await });
    router.expects(r#"[48,3,{},"com.c"]"#).await;

    drop(router);
    assert!(matches!(
        soon(pending).await.unwrap(),
        Err(RequestError::Lost)
    ));
    let mut router = Router::welcome(listener.accept().await.unwrap().0).await;
    let register = router.hears().await;
    assert!(
        register.starts_with("[64,1,") && register.ends_with(r#","com.p"]"#),
        "{register}"
    );
    router.expects(r#"[32,2,{"match":"exact"},"com.t"]"#).await;
    // The router still holds the session before: the registration is tried again.
    router
        .says(r#"[8,64,1,{},"wamp.error.procedure_already_exists"]"#)
        .await;
    router.says("[33,2,31]").await;
    router.says("[36,31,1,{}]").await;
    soon(subscription.next()).await.unwrap();
    soon(session.opened()).await.unwrap();
    let register = router.hears().await;
    assert!(register.starts_with("[64,3,"), "{register}");
    router.says("[65,3,41]").await;
    router.says("[68,1,41,{}]").await;
    router.expects("[70,1,{}]").await;
    session.publish("com.t", &()).await.unwrap();
    router.expects(r#"[16,4,{},"com.t"]"#).await;
}

#[tokio::test]
async fn without_a_router_it_gives_up_and_says_why() {
    let (listener, target) = listener().await;
    let (session, router) = tokio::join!(connect(&target, quick()), async {
        Router::welcome(listener.accept().await.unwrap().0).await
    });
    let session = session.unwrap();
    drop((listener, router));
    let reason = soon(session.closed()).await;
    assert!(matches!(reason, CloseReason::GaveUp(_)), "{reason}");
    assert!(
        reason.to_string().contains("cannot connect to 127.0.0.1:"),
        "{reason}"
    );
}

#[tokio::test]
async fn a_router_that_refuses_who_one_is_is_not_tried_again() {
    let (listener, target) = listener().await;
    let (session, router) = tokio::join!(connect(&target, quick()), async {
        Router::welcome(listener.accept().await.unwrap().0).await
    });
    let session = session.unwrap();
    drop(router);
    let (mut router, _) = Router::accept(listener.accept().await.unwrap().0).await;
    router.says(r#"[3,{},"wamp.error.not_authorized"]"#).await;
    let reason = soon(session.closed()).await;
    assert!(
        reason.to_string().ends_with("wamp.error.not_authorized"),
        "{reason}"
    );
}

#[tokio::test]
async fn leaving_ends_the_attempts() {
    let (listener, target) = listener().await;
    let mut options = quick();
    options.reconnect = Some(Reconnect {
        first: Duration::from_secs(3600),
        longest: Duration::from_secs(3600),
        ..Reconnect::default()
    });
    let (session, mut router) = tokio::join!(connect(&target, options), async {
        Router::welcome(listener.accept().await.unwrap().0).await
    });
    let session = session.unwrap();
    router.says(r#"[6,{},"wamp.close.system_shutdown"]"#).await;
    router
        .expects(r#"[6,{},"wamp.close.goodbye_and_out"]"#)
        .await;
    router.expects_end().await;
    soon(async {
        while session.details().is_some() {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let error = session.publish("com.t", &()).await.unwrap_err();
    assert!(matches!(error, RequestError::NotConnected));
    soon(session.leave()).await;
    assert!(matches!(soon(session.closed()).await, CloseReason::Left));
}
