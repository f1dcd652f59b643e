use crossbar_client::{
    Arguments, Audience, MatchPolicy, PublishOptions, Session, SubscribeOptions, Subscription,
};
use tokio::io::DuplexStream;

use crate::script::{Router, session, soon};

type Script = Router<DuplexStream>;

/// Subscribes with request `request`; the router gives subscription 21.
async fn subscribed(
    session: &Session,
    router: &mut Script,
    request: u64,
    options: SubscribeOptions,
) -> Subscription {
    let (subscription, ()) = tokio::join!(session.subscribe("com.x", options), async {
        let subscribe = router.hears().await;
        assert!(
            subscribe.starts_with(&format!("[32,{request},")),
            "{subscribe}"
        );
        router.says(&format!("[33,{request},21]")).await;
    });
    subscription.unwrap()
}

async fn number(subscription: &mut Subscription) -> i64 {
    let event = soon(subscription.next()).await.expect("an event");
    let (number,): (i64,) = event.args().unwrap();
    number
}

#[tokio::test]
async fn events_come_with_their_details() {
    let (session, mut router) = session().await;
    let options = SubscribeOptions {
        policy: MatchPolicy::Wildcard,
        get_retained: true,
        capacity: 0,
    };
    let (subscription, ()) = tokio::join!(session.subscribe("com..x", options), async {
        let subscribe: serde_json::Value = serde_json::from_str(&router.hears().await).unwrap();
        assert_eq!(
            subscribe,
            serde_json::json!([32, 1, {"match": "wildcard", "get_retained": true}, "com..x"])
        );
        router.says("[33,1,21]").await;
        router
            .says(r#"[36,21,99,{"topic":"com.a.x","publisher":5,"publisher_authid":"eve","retained":true},[1],{"k":"v"}]"#)
            .await;
    });
    let mut subscription = subscription.unwrap();
    assert_eq!(subscription.id().value(), 21);
    let event = soon(subscription.next()).await.unwrap();
    assert_eq!(event.publication.value(), 99);
    assert_eq!(event.topic.as_deref(), Some("com.a.x"));
    assert!(event.retained);
    let publisher = event.publisher.as_ref().unwrap();
    assert_eq!(publisher.session.unwrap().value(), 5);
    assert_eq!(publisher.authid.as_deref(), Some("eve"));
    let kwargs: std::collections::BTreeMap<String, String> = event.kwargs().unwrap();
    assert_eq!(kwargs["k"], "v");
}

#[tokio::test]
async fn a_refused_subscription_is_told() {
    let (session, mut router) = session().await;
    let options = SubscribeOptions::default();
    let (refused, ()) = tokio::join!(session.subscribe("com.x", options), async {
        router.hears().await;
        router
            .says(r#"[8,32,1,{},"wamp.error.not_authorized"]"#)
            .await;
    });
    assert_eq!(
        refused.unwrap_err().uri(),
        Some("wamp.error.not_authorized")
    );
}

#[tokio::test]
async fn handles_share_a_subscription_and_the_last_ends_it() {
    let (session, mut router) = session().await;
    let mut one = subscribed(&session, &mut router, 1, SubscribeOptions::default()).await;
    let mut two = subscribed(&session, &mut router, 2, SubscribeOptions::default()).await;
    router.says("[36,21,1,{},[1]]").await;
    assert_eq!(number(&mut one).await, 1);
    assert_eq!(number(&mut two).await, 1);
    soon(one.unsubscribe()).await.unwrap();
    router.says("[36,21,2,{},[2]]").await;
    assert_eq!(number(&mut two).await, 2);
    let (done, ()) = tokio::join!(two.unsubscribe(), async {
        router.expects("[34,3,21]").await;
        router.says("[36,21,3,{},[3]]").await;
        router.says("[35,3]").await;
    });
    done.unwrap();
}

#[tokio::test]
async fn a_dropped_handle_unsubscribes() {
    let (session, mut router) = session().await;
    drop(subscribed(&session, &mut router, 1, SubscribeOptions::default()).await);
    router.expects("[34,2,21]").await;
    router
        .says(r#"[8,34,2,{},"wamp.error.no_such_subscription"]"#)
        .await;
    let mut again = subscribed(&session, &mut router, 3, SubscribeOptions::default()).await;
    router.says("[36,21,1,{},[1]]").await;
    assert_eq!(number(&mut again).await, 1);
}

#[tokio::test]
async fn a_new_handle_outlives_the_end_of_an_older_one() {
    let (session, mut router) = session().await;
    let one = subscribed(&session, &mut router, 1, SubscribeOptions::default()).await;
    let (two, ()) = tokio::join!(
        session.subscribe("com.x", SubscribeOptions::default()),
        async {
            router.expects(r#"[32,2,{"match":"exact"},"com.x"]"#).await;
            // The router has this request before the end of the first handle, which takes both away.
            drop(one);
            router.expects("[34,3,21]").await;
            router.says("[33,2,21]").await;
            router.expects(r#"[32,4,{"match":"exact"},"com.x"]"#).await;
            router.says("[35,3]").await;
            router.says("[33,4,22]").await;
            router.says("[36,22,1,{},[7]]").await;
        }
    );
    assert_eq!(number(&mut two.unwrap()).await, 7);
}

#[tokio::test]
async fn events_that_nobody_takes_are_counted() {
    let (session, mut router) = session().await;
    let options = SubscribeOptions {
        capacity: 2,
        ..SubscribeOptions::default()
    };
    let mut slow = subscribed(&session, &mut router, 1, options).await;
    for count in 1..=5 {
        router
            .says(&format!("[36,21,{count},{{}},[{count}]]"))
            .await;
    }
    // The answer to a ping shows that all before it was read.
    router.says_frame(1, "").await;
    router.hears_frame().await;
    assert_eq!(slow.missed(), 3);
    assert_eq!(number(&mut slow).await, 1);
    assert_eq!(number(&mut slow).await, 2);
}

#[tokio::test]
async fn a_revoked_subscription_ends() {
    let (session, mut router) = session().await;
    let mut events = subscribed(&session, &mut router, 1, SubscribeOptions::default()).await;
    router
        .says(r#"[35,0,{"subscription":21,"reason":"wamp.error.not_authorized"}]"#)
        .await;
    assert!(soon(events.next()).await.is_none());
}

#[tokio::test]
async fn events_are_published() {
    let (session, mut router) = session().await;
    session.publish("com.x", &("a", 1)).await.unwrap();
    router.expects(r#"[16,1,{},"com.x",["a",1]]"#).await;
    let options = PublishOptions {
        acknowledge: true,
        include_me: true,
        disclose_me: Some(true),
        retain: true,
        audience: Some(Audience {
            eligible_authrole: Some(vec!["user".into()]),
            ..Audience::default()
        }),
    };
    let publish = session.publish_with("com.x", Arguments::none(), options);
    let (published, ()) = tokio::join!(publish, async {
        let publish: serde_json::Value = serde_json::from_str(&router.hears().await).unwrap();
        assert_eq!(
            publish,
            serde_json::json!([16, 2, {"acknowledge": true, "exclude_me": false, "disclose_me": true, "retain": true, "eligible_authrole": ["user"]}, "com.x"])
        );
        router.says("[17,2,77]").await;
    });
    assert_eq!(published.unwrap().unwrap().value(), 77);
    let options = PublishOptions {
        acknowledge: true,
        ..PublishOptions::default()
    };
    let publish = session.publish_with("com.x", Arguments::none(), options);
    let (refused, ()) = tokio::join!(publish, async {
        router.hears().await;
        router
            .says(r#"[8,16,3,{},"wamp.error.not_authorized"]"#)
            .await;
    });
    assert_eq!(
        refused.unwrap_err().uri(),
        Some("wamp.error.not_authorized")
    );
}
