/// What a worker does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum WorkerType {
    /// `router`: realms and transports.
    Router,
    /// `websocket-testee`: sends back what it gets.
    WebSocketTestee,
}

impl WorkerType {
    /// Gives the word of the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::WebSocketTestee => "websocket-testee",
        }
    }

    /// Reads the word of the configuration.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Router, Self::WebSocketTestee]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// Gives the word of log lines.
    pub(crate) const fn label(self) -> &'static str {
        match self {
            Self::Router => "Router",
            Self::WebSocketTestee => "WebSocketTestee",
        }
    }

    /// Gives the word in the topics `crossbar.on_<word>_started`.
    pub(crate) const fn event_name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::WebSocketTestee => "websocket_testee",
        }
    }
}
