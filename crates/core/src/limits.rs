/// How much a session may have and send: the own key `limits` of a role or of a transport. What is absent is not limited
/// there; of two limits the stricter holds.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Limits {
    /// `subscriptions`: how many topics and patterns a session may be subscribed to at a time.
    pub subscriptions: Option<usize>,
    /// `registrations`: how many procedures and patterns a session may serve at a time.
    pub registrations: Option<usize>,
    /// `wildcards`: how many of both may be wildcard patterns, together.
    pub wildcards: Option<usize>,
    /// `open_calls`: how many calls of a session may be in flight at a time.
    pub open_calls: Option<usize>,
    /// `uri_length`: how many octets a URI or pattern may have.
    pub uri_length: Option<usize>,
    /// `message_size`: how many octets a message may have that the router is to act upon.
    pub message_size: Option<usize>,
    /// `messages_per_second`, `octets_per_second`, `burst`, `over_rate`. The shell heeds them.
    pub rate: Rate,
}

/// How fast a client may send.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rate {
    /// `messages_per_second`
    pub messages: Option<u64>,
    /// `octets_per_second`: of messages, without the transport's framing.
    pub octets: Option<u64>,
    /// `burst`: for how many seconds a client that was idle may save up; 1 if absent.
    pub burst: Option<u64>,
    /// `over_rate`: what becomes of a client that sends faster.
    pub over: OverRate,
}

/// `over_rate`: what becomes of a client that sends faster than it may.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum OverRate {
    /// `wait`: it is not read until it may send again.
    #[default]
    Wait,
    /// `close`: its session is ended.
    Close,
}

/// What a session wanted more of than it may have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Limit {
    /// [`Limits::subscriptions`]
    Subscriptions,
    /// [`Limits::wildcards`]
    Wildcards,
    /// [`Limits::registrations`]
    Registrations,
    /// [`Limits::open_calls`]
    OpenCalls,
    /// [`Limits::uri_length`]
    UriLength,
    /// [`Limits::message_size`]
    MessageSize,
}

impl Limits {
    /// Gives, of each limit, the stricter one.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        Self {
            subscriptions: least(self.subscriptions, other.subscriptions),
            registrations: least(self.registrations, other.registrations),
            wildcards: least(self.wildcards, other.wildcards),
            open_calls: least(self.open_calls, other.open_calls),
            uri_length: least(self.uri_length, other.uri_length),
            message_size: least(self.message_size, other.message_size),
            rate: self.rate.stricter(other.rate),
        }
    }

    /// Gives one limit.
    pub(crate) const fn of(&self, limit: Limit) -> Option<usize> {
        match limit {
            Limit::Subscriptions => self.subscriptions,
            Limit::Registrations => self.registrations,
            Limit::Wildcards => self.wildcards,
            Limit::OpenCalls => self.open_calls,
            Limit::UriLength => self.uri_length,
            Limit::MessageSize => self.message_size,
        }
    }
}

impl Rate {
    /// Says whether there is none.
    #[must_use]
    pub const fn is_unlimited(&self) -> bool {
        self.messages.is_none() && self.octets.is_none()
    }

    fn stricter(self, other: Self) -> Self {
        // What a limit's place says of bursts goes with the limit; a place without a rate says nothing.
        match (self.is_unlimited(), other.is_unlimited()) {
            (true, _) => other,
            (_, true) => self,
            (false, false) => Self {
                messages: least(self.messages, other.messages),
                octets: least(self.octets, other.octets),
                burst: least(self.burst, other.burst),
                over: self.over.max(other.over),
            },
        }
    }
}

impl Limit {
    /// Gives the name of the key in a configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Subscriptions => "subscriptions",
            Self::Registrations => "registrations",
            Self::Wildcards => "wildcards",
            Self::OpenCalls => "open_calls",
            Self::UriLength => "uri_length",
            Self::MessageSize => "message_size",
        }
    }

    /// Gives what holds where nothing is configured. The realm is held up by the end of a session for about a microsecond for
    /// each thing that it has. Wildcard patterns can be made so that a publication or a call has to look at all of them.
    pub(crate) const fn default(self) -> usize {
        match self {
            Self::Subscriptions | Self::Registrations => 20_000,
            Self::Wildcards => 1000,
            Self::OpenCalls => 65_536,
            Self::UriLength => 4096,
            Self::MessageSize => usize::MAX,
        }
    }
}

pub(crate) fn least<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_limits_the_stricter_holds() {
        let role = Limits {
            subscriptions: Some(10),
            open_calls: Some(5),
            rate: Rate {
                messages: Some(100),
                burst: Some(3),
                ..Rate::default()
            },
            ..Limits::default()
        };
        let transport = Limits {
            subscriptions: Some(20),
            registrations: Some(7),
            rate: Rate {
                messages: Some(200),
                octets: Some(1000),
                over: OverRate::Close,
                ..Rate::default()
            },
            ..Limits::default()
        };
        let both = Limits {
            subscriptions: Some(10),
            registrations: Some(7),
            open_calls: Some(5),
            rate: Rate {
                messages: Some(100),
                octets: Some(1000),
                burst: Some(3),
                over: OverRate::Close,
            },
            ..Limits::default()
        };
        assert_eq!(role.stricter(transport), both);
        assert_eq!(transport.stricter(role), both);
        assert_eq!(role.stricter(Limits::default()), role);
    }
}
