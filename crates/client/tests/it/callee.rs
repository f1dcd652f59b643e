use crossbar_client::{
    Arguments, Failure, Interrupts, Invocation, InvocationPolicy, MatchPolicy, RegisterOptions,
    Registration, Session, Value,
};
use tokio::io::DuplexStream;
use tokio::sync::mpsc;

use crate::script::{Router, session, soon};

type Script = Router<DuplexStream>;

/// Registers `handler` as registration 11 and gives the handle.
async fn registered<H, F, R>(
    session: &Session,
    router: &mut Script,
    options: RegisterOptions,
    handler: H,
) -> Registration
where
    H: Fn(Invocation) -> F + Send + Sync + 'static,
    F: Future<Output = Result<R, Failure>> + Send + 'static,
    R: Into<Arguments>,
{
    let (registration, ()) = tokio::join!(session.register("com.x", options, handler), async {
        let register = router.hears().await;
        assert!(register.starts_with("[64,1,"), "{register}");
        router.says("[65,1,11]").await;
    });
    registration.unwrap()
}

#[tokio::test]
async fn options_are_sent_and_refusals_told() {
    let (session, mut router) = session().await;
    let options = RegisterOptions {
        policy: MatchPolicy::Prefix,
        invoke: InvocationPolicy::RoundRobin,
        concurrency: Some(4),
        force_reregister: true,
        interrupts: Interrupts::Abort,
    };
    let handler = async |_| Ok::<_, Failure>(());
    let (refused, ()) = tokio::join!(session.register("com.x", options, handler), async {
        let register: serde_json::Value = serde_json::from_str(&router.hears().await).unwrap();
        assert_eq!(
            register,
            serde_json::json!([64, 1, {"match": "prefix", "invoke": "roundrobin", "concurrency": 4, "force_reregister": true}, "com.x"])
        );
        router
            .says(r#"[8,64,1,{},"wamp.error.procedure_already_exists"]"#)
            .await;
    });
    let error = refused.unwrap_err();
    assert_eq!(error.uri(), Some("wamp.error.procedure_already_exists"));
}

#[tokio::test]
async fn invocations_are_answered() {
    let (session, mut router) = session().await;
    let add = async |call: Invocation| {
        let (a, b): (i64, i64) = call.args()?;
        if b == 0 {
            return Err(Failure::new("com.error.zero", "no zero"));
        }
        Ok(Value::from(a + b))
    };
    registered(&session, &mut router, RegisterOptions::default(), add).await;
    router.says("[68,1,11,{},[2,3]]").await;
    router.expects("[70,1,{},[5]]").await;
    router.says("[68,2,11,{},[2,0]]").await;
    router
        .expects(r#"[8,68,2,{},"com.error.zero",["no zero"]]"#)
        .await;
    router.says(r#"[68,3,11,{},["x"]]"#).await;
    let error = router.hears().await;
    assert!(
        error.starts_with(r#"[8,68,3,{},"wamp.error.invalid_argument",["#),
        "{error}"
    );
    router.says("[68,4,12,{},[2,0]]").await;
    let error = router.hears().await;
    assert!(
        error.starts_with(r#"[8,68,4,{},"wamp.error.no_such_registration""#),
        "{error}"
    );
}

#[tokio::test]
async fn handlers_learn_who_calls_what() {
    let (session, mut router) = session().await;
    let (seen, mut calls) = mpsc::unbounded_channel();
    let handler = move |call: Invocation| {
        seen.send((call.caller.clone(), call.procedure.clone()))
            .unwrap();
        async { Ok::<_, Failure>(()) }
    };
    registered(&session, &mut router, RegisterOptions::default(), handler).await;
    router
        .says(r#"[68,1,11,{"procedure":"com.x.y","caller":9,"caller_authid":"eve","caller_authrole":"user"}]"#)
        .await;
    router.expects("[70,1,{}]").await;
    let (caller, procedure) = soon(calls.recv()).await.unwrap();
    let caller = caller.unwrap();
    assert_eq!(caller.session.unwrap().value(), 9);
    assert_eq!(caller.authid.as_deref(), Some("eve"));
    assert_eq!(procedure.as_deref(), Some("com.x.y"));
}

#[tokio::test]
async fn steps_come_before_the_result_and_only_if_wanted() {
    let (session, mut router) = session().await;
    let handler = async |call: Invocation| {
        for step in 1..=3 {
            call.progress(Value::from(step)).await?;
        }
        Ok::<_, Failure>(Value::from(call.wants_progress()))
    };
    registered(&session, &mut router, RegisterOptions::default(), handler).await;
    router.says(r#"[68,1,11,{"receive_progress":true}]"#).await;
    for step in 1..=3 {
        router
            .expects(&format!(r#"[70,1,{{"progress":true}},[{step}]]"#))
            .await;
    }
    router.expects("[70,1,{},[true]]").await;
    router.says("[68,2,11,{}]").await;
    router.expects("[70,2,{},[false]]").await;
}

#[tokio::test]
async fn an_interrupt_ends_the_handler() {
    let (session, mut router) = session().await;
    let (started, mut starts) = mpsc::unbounded_channel::<mpsc::UnboundedSender<()>>();
    let (alive, mut ended) = mpsc::unbounded_channel();
    started.send(alive).unwrap();
    let alive = soon(starts.recv()).await.unwrap();
    let alive = std::sync::Mutex::new(Some(alive));
    let handler = move |_: Invocation| {
        let alive = alive.lock().unwrap().take();
        async move {
            let _alive = alive;
            std::future::pending::<Result<(), Failure>>().await
        }
    };
    registered(&session, &mut router, RegisterOptions::default(), handler).await;
    router.says("[68,1,11,{}]").await;
    router.says(r#"[69,1,{"mode":"kill"}]"#).await;
    router
        .expects(r#"[8,68,1,{},"wamp.error.canceled",["the caller cancelled the call"]]"#)
        .await;
    assert_eq!(soon(ended.recv()).await, None, "the future is dropped");
    router.says("[69,1,{}]").await;
    router.says("[68,2,12,{}]").await;
    let answer = router.hears().await;
    assert!(
        answer.starts_with("[8,68,2,"),
        "a late interrupt has no answer: {answer}"
    );
}

#[tokio::test]
async fn a_handler_can_take_the_interrupt_itself() {
    let (session, mut router) = session().await;
    let options = RegisterOptions {
        interrupts: Interrupts::Deliver,
        ..RegisterOptions::default()
    };
    let handler = async |call: Invocation| {
        let mode = call.interrupted().await;
        Ok::<_, Failure>(Value::from(format!("{mode:?}")))
    };
    registered(&session, &mut router, options, handler).await;
    router.says("[68,1,11,{}]").await;
    router.says(r#"[69,1,{"mode":"killnowait"}]"#).await;
    router.expects(r#"[70,1,{},["KillNoWait"]]"#).await;
}

#[tokio::test]
async fn a_panic_is_an_error_to_the_caller() {
    let (session, mut router) = session().await;
    let handler = async |call: Invocation| {
        let (panics,): (bool,) = call.args()?;
        assert!(!panics, "as asked for");
        Ok::<_, Failure>(())
    };
    registered(&session, &mut router, RegisterOptions::default(), handler).await;
    router.says("[68,1,11,{},[true]]").await;
    router
        .expects(r#"[8,68,1,{},"wamp.error.runtime_error",["the callee failed"]]"#)
        .await;
    router.says("[68,2,11,{},[false]]").await;
    router.expects("[70,2,{}]").await;
}

#[tokio::test]
async fn a_panic_before_the_future_is_one_too() {
    let (session, mut router) = session().await;
    let handler = |call: Invocation| {
        let (panics,): (bool,) = call.args().unwrap();
        assert!(!panics, "as asked for");
        async { Ok::<_, Failure>(()) }
    };
    registered(&session, &mut router, RegisterOptions::default(), handler).await;
    router.says("[68,1,11,{},[true]]").await;
    router
        .expects(r#"[8,68,1,{},"wamp.error.runtime_error",["the callee failed"]]"#)
        .await;
    router.says("[68,2,11,{},[false]]").await;
    router.expects("[70,2,{}]").await;
}

#[tokio::test]
async fn a_handler_that_never_ends_does_not_keep_the_session() {
    let (session, mut router) = session().await;
    let handler = async |_: Invocation| std::future::pending::<Result<(), Failure>>().await;
    let registration = registered(&session, &mut router, RegisterOptions::default(), handler).await;
    router.says("[68,1,11,{}]").await;
    router.says_frame(1, "").await;
    router.hears_frame().await;
    drop((session, registration));
    router.expects(r#"[6,{},"wamp.close.close_realm"]"#).await;
}

#[tokio::test]
async fn unregistering_answers_what_is_under_way() {
    let (session, mut router) = session().await;
    let handler = async |_| Ok::<_, Failure>(());
    let registration = registered(&session, &mut router, RegisterOptions::default(), handler).await;
    assert_eq!(registration.id().value(), 11);
    let (done, ()) = tokio::join!(registration.unregister(), async {
        router.expects("[66,2,11]").await;
        router.says("[68,1,11,{}]").await;
        router.expects("[70,1,{}]").await;
        router.says("[67,2]").await;
    });
    done.unwrap();
    router.says("[68,2,11,{}]").await;
    let answer = router.hears().await;
    assert!(answer.contains("no_such_registration"), "{answer}");
}
