//! An asynchronous client for WAMP routers: caller, callee, publisher and subscriber in one session.
//!
//! ```no_run
//! use crossbar_client::{Failure, Invocation, Options, RegisterOptions, SubscribeOptions, connect};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let target = "ws://127.0.0.1:8080/ws".parse()?;
//! let session = connect(&target, Options::realm("realm1")).await?;
//!
//! let add = |call: Invocation| async move {
//!     let (a, b): (i64, i64) = call.args()?;
//!     Ok::<_, Failure>(crossbar_client::Value::from(a + b))
//! };
//! session.register("com.example.add", RegisterOptions::default(), add).await?;
//! let sum: i64 = session.call("com.example.add", &(2, 3)).await?;
//! assert_eq!(sum, 5);
//!
//! let mut greetings = session.subscribe("com.example.hello", SubscribeOptions::default()).await?;
//! session.publish("com.example.hello", &("world",)).await?;
//! if let Some(event) = greetings.next().await {
//!     let (name,): (String,) = event.args()?;
//!     println!("hello {name}");
//! }
//! session.leave().await;
//! # Ok(())
//! # }
//! ```
//!
//! Invariants:
//! - One task per connection; it never waits for the application. What the application takes too slowly is dropped and
//!   counted ([`Subscription::missed`]), what it sends too fast makes it wait.
//! - All that waits to be sent goes in one write.
//! - Arguments are decoded where they are asked for, in the application's task.
//! - A router that breaks the protocol ends the connection with a reason, never in a panic.

mod call;
mod callee;
mod content;
mod driver;
mod error;
mod framing;
mod inbox;
mod input;
mod join;
mod link;
mod open;
mod options;
mod pubsub;
mod raw;
mod session;
mod target;
mod tls;

pub use call::{CallOptions, PendingCall};
pub use callee::{Failure, Interrupts, Invocation, RegisterOptions, Registration};
pub use content::{Arguments, Content};
pub use crossbar_wire::auth::cryptosign::{PrivateKey, PublicKey};
pub use crossbar_wire::{
    Audience, CancelMode, Dict, Format, InvocationPolicy, MatchPolicy, Payload, PublicationId,
    RegistrationId, SessionId, SubscriptionId, Text, Value,
};
pub use error::{CloseReason, ConnectError, ContentError, LinkError, Refused, RequestError};
pub use join::Details;
pub use options::{Auth, Options, Reconnect, Secret, Tls, TlsCertificate, TlsFiles};
pub use pubsub::{Disclosure, Event, PublishOptions, SubscribeOptions, Subscription};
pub use raw::RawConnection;
pub use rustls;
pub use session::{Session, connect, connect_stream};
pub use target::{Address, Framing, Target, TargetError};
pub use tls::connect_tls;
