use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};

/// A role of a WAMP peer (WAMP spec, "Peers and Roles").
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Role {
    /// Publishes events (client).
    Publisher,
    /// Receives events (client).
    Subscriber,
    /// Issues calls (client).
    Caller,
    /// Answers calls (client).
    Callee,
    /// Routes events (router).
    Broker,
    /// Routes calls (router).
    Dealer,
}

impl Role {
    /// Every role, clients' first.
    pub const ALL: [Self; 6] = [
        Self::Publisher,
        Self::Subscriber,
        Self::Caller,
        Self::Callee,
        Self::Broker,
        Self::Dealer,
    ];

    /// Every role, in the order in which a dictionary of roles is written.
    const WRITTEN: [Self; 6] = [
        Self::Subscriber,
        Self::Publisher,
        Self::Caller,
        Self::Callee,
        Self::Broker,
        Self::Dealer,
    ];

    /// Gives the key in `details.roles`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Publisher => "publisher",
            Self::Subscriber => "subscriber",
            Self::Caller => "caller",
            Self::Callee => "callee",
            Self::Broker => "broker",
            Self::Dealer => "dealer",
        }
    }
}

/// A set of advanced features that a peer announced for one role.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Features(u32);

macro_rules! features {
    ($($(#[$doc:meta])* $constant:ident = $bit:literal, $name:literal;)*) => {
        impl Features {
            $($(#[$doc])* pub const $constant: Self = Self(1 << $bit);)*

            /// Every feature with its key in `details.roles.<role>.features`.
            pub const NAMES: &'static [(&'static str, Self)] = &[$(($name, Self::$constant)),*];
        }
    };
}

features! {
    /// A call can yield results step by step.
    PROGRESSIVE_CALL_RESULTS = 0, "progressive_call_results";
    /// A call's arguments can come step by step.
    PROGRESSIVE_CALL_INVOCATIONS = 1, "progressive_call_invocations";
    /// Calls have a time limit.
    CALL_TIMEOUT = 2, "call_timeout";
    /// Calls can be cancelled.
    CALL_CANCELING = 3, "call_canceling";
    /// Callers are disclosed.
    CALLER_IDENTIFICATION = 4, "caller_identification";
    /// Calls carry a trust level.
    CALL_TRUSTLEVELS = 5, "call_trustlevels";
    /// The registration meta API.
    REGISTRATION_META_API = 6, "registration_meta_api";
    /// Prefix and wildcard registrations.
    PATTERN_BASED_REGISTRATION = 7, "pattern_based_registration";
    /// Several callees for one procedure.
    SHARED_REGISTRATION = 8, "shared_registration";
    /// A registration can be taken away by the router.
    REGISTRATION_REVOCATION = 9, "registration_revocation";
    /// A call moves on when a callee is unavailable.
    CALL_REROUTE = 10, "call_reroute";
    /// The session meta API.
    SESSION_META_API = 11, "session_meta_api";
    /// Testaments.
    TESTAMENT_META_API = 12, "testament_meta_api";
    /// Publications to chosen subscribers only.
    SUBSCRIBER_BLACKWHITE_LISTING = 13, "subscriber_blackwhite_listing";
    /// A publisher can receive its own event.
    PUBLISHER_EXCLUSION = 14, "publisher_exclusion";
    /// Publishers are disclosed.
    PUBLISHER_IDENTIFICATION = 15, "publisher_identification";
    /// Publications carry a trust level.
    PUBLICATION_TRUSTLEVELS = 16, "publication_trustlevels";
    /// The subscription meta API.
    SUBSCRIPTION_META_API = 17, "subscription_meta_api";
    /// Prefix and wildcard subscriptions.
    PATTERN_BASED_SUBSCRIPTION = 18, "pattern_based_subscription";
    /// A subscription can be taken away by the router.
    SUBSCRIPTION_REVOCATION = 19, "subscription_revocation";
    /// Past events can be asked for.
    EVENT_HISTORY = 20, "event_history";
    /// The last event of a topic can be kept.
    EVENT_RETENTION = 21, "event_retention";
    /// Payload passthru mode (`ppt_*`).
    PAYLOAD_PASSTHRU_MODE = 22, "payload_passthru_mode";
    /// Autobahn's predecessor of payload passthru (`enc_*`).
    PAYLOAD_TRANSPARENCY = 23, "payload_transparency";
    /// Autobahn's end-to-end encryption with cryptobox.
    PAYLOAD_ENCRYPTION_CRYPTOBOX = 24, "payload_encryption_cryptobox";
    /// Autobahn's experiment with acknowledged delivery.
    X_ACKNOWLEDGED_EVENT_DELIVERY = 25, "x_acknowledged_event_delivery";
    /// What there is can be listed and described; stands right in the role.
    REFLECTION = 26, "reflection";
}

impl Features {
    /// No feature.
    pub const NONE: Self = Self(0);

    /// Says whether every feature of `other` is in this set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Says whether the set is empty.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Gives the feature of that key.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = match name {
            "call_cancelling" => "call_canceling", // how one section of the specification spells it
            name => name,
        };
        let (_, feature) = Self::NAMES.iter().find(|(known, _)| *known == name)?;
        Some(*feature)
    }

    /// Joins two sets.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Takes the features of `other` out.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

/// The roles of a peer, each with its features (`HELLO.Details.roles`, `WELCOME.Details.roles`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Roles([Option<Features>; 6]);

impl Roles {
    /// No role.
    pub const NONE: Self = Self([None; 6]);

    /// Adds a role, or replaces its features.
    #[must_use]
    pub const fn with(mut self, role: Role, features: Features) -> Self {
        self.0[Self::index(role)] = Some(features);
        self
    }

    /// Gives the features of a role, if the peer has it.
    #[must_use]
    pub const fn features(&self, role: Role) -> Option<Features> {
        self.0[Self::index(role)]
    }

    /// Says whether the peer has the role with all these features.
    #[must_use]
    pub fn supports(&self, role: Role, features: Features) -> bool {
        self.features(role).is_some_and(|f| f.contains(features))
    }

    /// Says whether there is no role.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    /// Reads the dictionary of roles. Unknown roles and features are skipped.
    pub(crate) fn read<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Self> {
        let mut roles = Self::default();
        fields.entries(|name, fields| {
            let Some(role) = Role::ALL.into_iter().find(|role| role.name() == name) else {
                return fields.skip();
            };
            roles = roles.with(role, Self::read_role(fields)?);
            Ok(())
        })?;
        Ok(roles)
    }

    /// Reads one role: its `features`, and flags that some clients put right into the role.
    fn read_role<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Features> {
        let mut all = Features::NONE;
        fields.entries(|key, fields| match (key, Features::named(key)) {
            ("features", _) => fields.entries(|key, fields| {
                let Some(feature) = Features::named(key) else {
                    return fields.skip();
                };
                let mut flag = None;
                fields.boolean(&mut flag)?;
                if flag == Some(true) {
                    all = all.union(feature);
                }
                Ok(())
            }),
            (_, Some(feature)) => {
                if fields.flag()? {
                    all = all.union(feature);
                }
                Ok(())
            }
            (_, None) => fields.skip(),
        })?;
        Ok(all)
    }

    pub(crate) fn write<W: Writer>(&self, key: &'static str, dict: &mut DictWriter<'_, W>) {
        let mut roles = DictWriter::begin(dict.name(key));
        for role in Role::WRITTEN {
            let Some(features) = self.features(role) else {
                continue;
            };
            let mut written = DictWriter::begin(roles.name(role.name()));
            let reflects = features.contains(Features::REFLECTION);
            let features = features.without(Features::REFLECTION);
            if !features.is_empty() {
                let mut flags = DictWriter::begin(written.name("features"));
                for (name, feature) in Features::NAMES {
                    flags.boolean(name, features.contains(*feature).then_some(true));
                }
                flags.end();
            }
            written.boolean("reflection", reflects.then_some(true));
            written.end();
        }
        roles.end();
    }

    const fn index(role: Role) -> usize {
        match role {
            Role::Publisher => 0,
            Role::Subscriber => 1,
            Role::Caller => 2,
            Role::Callee => 3,
            Role::Broker => 4,
            Role::Dealer => 5,
        }
    }
}
