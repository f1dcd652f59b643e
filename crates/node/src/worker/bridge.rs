//! A realm's meta API on the management realm (`bridge_meta_api`).

use std::sync::Arc;
use std::time::Duration;

use crossbar_client::{
    Arguments, CallOptions, Content, Failure, Invocation, Options, PublishOptions, RegisterOptions,
    Registration, Session, SubscribeOptions, Subscription, connect_stream,
};
use crossbar_config::{QueueLimits, RawSocket};
use crossbar_core::{Access, Principal};
use crossbar_net::{Router, serve_stream};
use crossbar_wire::{Format, MatchPolicy, Text, Value};
use tracing::debug;

use crate::api::{ApiError, error};

/// Lets callers of the management realm call `<root>wamp.session.list` and so on, and publishes the realm's meta events there, with `-` for
/// each full stop of the topic. It ends with the realm.
pub(super) async fn start(
    management: &Session,
    net: &Arc<Router>,
    realm: &Text,
    root: String,
) -> Result<(), ApiError> {
    let inside = join(net, realm).await?;
    let options = SubscribeOptions {
        policy: MatchPolicy::Prefix,
        ..SubscribeOptions::default()
    };
    let events = inside.subscribe(META, options).await;
    let events = events.map_err(|failure| failed(&failure))?;
    let options = RegisterOptions {
        policy: MatchPolicy::Prefix,
        ..RegisterOptions::default()
    };
    let prefix = root.clone();
    let answer = move |invocation| answer(inside.clone(), prefix.clone(), invocation);
    let registration = management
        .register(&format!("{root}{META}"), options, answer)
        .await
        .map_err(|failure| failed(&failure))?;
    tokio::spawn(pass_on(management.clone(), root, events, registration));
    Ok(())
}

/// Opens a session of the node's own in the realm.
async fn join(net: &Arc<Router>, realm: &Text) -> Result<Session, ApiError> {
    let (outside, inside) = tokio::io::duplex(BUFFER);
    let principal = Principal {
        authid: Text::from_static("meta-api-bridge"),
        authrole: Text::from_static("trusted"),
        authmethod: Text::from_static("trusted"),
        authprovider: Text::from_static("static"),
        authextra: Value::Null,
    };
    let settings = RawSocket {
        formats: vec![Format::MsgPack],
        max_message_size: 16 << 20,
        queue: QueueLimits::default(),
        hello_timeout: Some(Duration::from_secs(30)),
        strict_request_ids: false,
        limits: Arc::default(),
        access: Access::Fixed(principal),
    };
    serve_stream(inside, &settings, net);
    let options = Options {
        formats: vec![Format::MsgPack],
        ..Options::realm(realm)
    };
    let joined = connect_stream(outside, options).await;
    joined.map_err(|failure| failed(&failure))
}

async fn answer(inside: Session, root: String, invocation: Invocation) -> Result<Content, Failure> {
    let procedure = invocation.procedure.as_ref();
    let procedure = procedure.and_then(|uri| uri.strip_prefix(root.as_str()));
    let Some(procedure) = procedure.map(str::to_owned) else {
        return Err(Failure::new(
            error::NO_SUCH_PROCEDURE,
            "there is no such procedure",
        ));
    };
    let content = invocation.content.clone();
    let mut call = inside
        .call_with(&procedure, content, CallOptions::default())
        .await?;
    Ok(call.result().await?)
}

async fn pass_on(
    management: Session,
    root: String,
    mut events: Subscription,
    registration: Registration,
) {
    while let Some(event) = events.next().await {
        let Some(topic) = event.topic else { continue };
        let topic = format!("{root}{}", topic.replace('.', "-"));
        let content = Arguments::from(event.content);
        let options = PublishOptions::default();
        if let Err(error) = management.publish_with(&topic, content, options).await {
            debug!(topic, %error, "a meta event could not be passed on");
        }
    }
    if let Err(error) = registration.unregister().await {
        debug!(%error, "the bridge of a realm went with the management session");
    }
}

fn failed(failure: &dyn std::error::Error) -> ApiError {
    let text = format!("the realm's meta API cannot be bridged: {failure}");
    ApiError::new(error::CANNOT_START, text)
}

/// What is bridged.
const META: &str = "wamp.";
/// How many octets may be on their way between both sessions.
const BUFFER: usize = 64 << 10;
