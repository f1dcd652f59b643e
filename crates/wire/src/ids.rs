/// The greatest id: 2^53 (WAMP spec, "IDs").
pub const MAX_ID: u64 = 1 << 53;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident: $zero:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name(u64);

        impl $name {
            /// Checks that `id` lies in the range of this kind of id.
            #[must_use]
            pub const fn new(id: u64) -> Option<Self> {
                if id <= MAX_ID && (id != 0 || $zero) { Some(Self(id)) } else { None }
            }

            /// Gives the number on the wire.
            #[must_use]
            pub const fn value(self) -> u64 {
                self.0
            }
        }

        impl crate::fields::Id for $name {
            const LEAST: u64 = if $zero { 0 } else { 1 };

            fn from_number(number: u64) -> Option<Self> {
                Self::new(number)
            }

            fn number(self) -> u64 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// Names a session; random, global scope (WAMP spec, "IDs").
    SessionId: false;
    /// Names a publication; random, global scope.
    PublicationId: false;
    /// Names a subscription: one topic or pattern of a realm, shared by all its subscribers.
    SubscriptionId: false;
    /// Names a registration: one procedure or pattern of a realm, shared by all its callees.
    RegistrationId: false;
    /// Names a request of one session in one direction. 0 stands in revocations, and old clients send it.
    RequestId: true;
}
