//! Roles: a table with a table of flags for each. Features that the schema does not know are left out.

use super::draft::Draft;
use super::table::{Slot, Table, slot};
use crate::fields::Decoded;
use crate::{Features, Role, Roles};

/// A table of roles: each role's field, and what the flags of its table stand for, in their order.
pub(super) struct RoleTable(&'static [(Slot, Role, &'static [Features])]);

impl RoleTable {
    pub(super) fn read(&self, table: &Table<'_>) -> Decoded<Roles> {
        let mut roles = Roles::default();
        for (slot, role, flags) in self.0 {
            if let Some(table) = table.table(*slot)? {
                roles = roles.with(*role, read_flags(&table, flags)?);
            }
        }
        Ok(roles)
    }

    pub(super) fn draft(&self, roles: &Roles) -> Draft<'static> {
        let mut draft = Draft::new();
        for (slot, role, flags) in self.0 {
            if let Some(features) = roles.features(*role) {
                draft.table(*slot, draft_flags(features, flags));
            }
        }
        draft
    }
}

fn read_flags(table: &Table<'_>, flags: &[Features]) -> Decoded<Features> {
    let mut all = Features::NONE;
    for (number, feature) in (0..).zip(flags) {
        if table.flag(slot(number, "feature"))? {
            all = all.union(*feature);
        }
    }
    Ok(all)
}

fn draft_flags(features: Features, flags: &[Features]) -> Draft<'static> {
    let mut draft = Draft::new();
    for (number, feature) in (0..).zip(flags) {
        let there = !feature.is_empty() && features.contains(*feature);
        draft.flag(slot(number, "feature"), Some(there));
    }
    draft
}

/// `ClientRoles`
pub(super) const CLIENT: RoleTable = RoleTable(&[
    (slot(0, "publisher"), Role::Publisher, PUBLISHER),
    (slot(1, "subscriber"), Role::Subscriber, SUBSCRIBER),
    (slot(2, "caller"), Role::Caller, CALLER),
    (slot(3, "callee"), Role::Callee, CALLEE),
]);

/// `RouterRoles`
pub(super) const ROUTER: RoleTable = RoleTable(&[
    (slot(0, "broker"), Role::Broker, BROKER),
    (slot(1, "dealer"), Role::Dealer, DEALER),
]);

/// The roles of a client that does not write any, which the schema forbids and Autobahn does: what it announces over the
/// other serializers.
pub(super) const UNWRITTEN: Roles = Roles::NONE
    .with(
        Role::Publisher,
        union(&[
            Features::PUBLISHER_IDENTIFICATION,
            Features::SUBSCRIBER_BLACKWHITE_LISTING,
            Features::PUBLISHER_EXCLUSION,
            Features::PAYLOAD_TRANSPARENCY,
            Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
        ]),
    )
    .with(
        Role::Subscriber,
        union(&[
            Features::PUBLISHER_IDENTIFICATION,
            Features::PATTERN_BASED_SUBSCRIPTION,
            Features::SUBSCRIPTION_REVOCATION,
            Features::PAYLOAD_TRANSPARENCY,
            Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
        ]),
    )
    .with(
        Role::Caller,
        union(&[
            Features::CALLER_IDENTIFICATION,
            Features::PROGRESSIVE_CALL_RESULTS,
            Features::CALL_CANCELING,
            Features::PAYLOAD_TRANSPARENCY,
            Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
        ]),
    )
    .with(
        Role::Callee,
        union(&[
            Features::CALLER_IDENTIFICATION,
            Features::PATTERN_BASED_REGISTRATION,
            Features::SHARED_REGISTRATION,
            Features::PROGRESSIVE_CALL_RESULTS,
            Features::REGISTRATION_REVOCATION,
            Features::CALL_CANCELING,
            Features::PAYLOAD_TRANSPARENCY,
            Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
        ]),
    );

const fn union(features: &[Features]) -> Features {
    match features {
        [] => Features::NONE,
        [first, rest @ ..] => first.union(union(rest)),
    }
}

/// `acknowledge_event_received` and `acknowledge_subscriber_received`, which no other serializer has.
const NONE: Features = Features::NONE;

const PUBLISHER: &[Features] = &[
    Features::PUBLISHER_IDENTIFICATION,
    Features::PUBLISHER_EXCLUSION,
    Features::SUBSCRIBER_BLACKWHITE_LISTING,
    NONE,
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];

const SUBSCRIBER: &[Features] = &[
    Features::PUBLISHER_IDENTIFICATION,
    Features::PATTERN_BASED_SUBSCRIPTION,
    Features::PUBLICATION_TRUSTLEVELS,
    Features::SUBSCRIPTION_REVOCATION,
    Features::EVENT_HISTORY,
    NONE,
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];

const CALLER: &[Features] = &[
    Features::CALLER_IDENTIFICATION,
    Features::CALL_TIMEOUT,
    Features::CALL_CANCELING,
    Features::PROGRESSIVE_CALL_RESULTS,
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];

const CALLEE: &[Features] = &[
    Features::CALLER_IDENTIFICATION,
    Features::CALL_TRUSTLEVELS,
    Features::CALL_TIMEOUT,
    Features::CALL_CANCELING,
    Features::PROGRESSIVE_CALL_RESULTS,
    Features::REGISTRATION_REVOCATION,
    Features::PATTERN_BASED_REGISTRATION,
    Features::SHARED_REGISTRATION,
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];

const BROKER: &[Features] = &[
    Features::PUBLISHER_IDENTIFICATION,
    Features::PUBLISHER_EXCLUSION,
    Features::SUBSCRIBER_BLACKWHITE_LISTING,
    Features::PATTERN_BASED_SUBSCRIPTION,
    Features::PUBLICATION_TRUSTLEVELS,
    Features::SUBSCRIPTION_REVOCATION,
    Features::SESSION_META_API,
    Features::SUBSCRIPTION_META_API,
    Features::EVENT_RETENTION,
    Features::EVENT_HISTORY,
    NONE,
    NONE,
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];

const DEALER: &[Features] = &[
    Features::CALLER_IDENTIFICATION,
    Features::CALL_TRUSTLEVELS,
    Features::CALL_TIMEOUT,
    Features::CALL_CANCELING,
    Features::PROGRESSIVE_CALL_RESULTS,
    Features::REGISTRATION_REVOCATION,
    Features::PATTERN_BASED_REGISTRATION,
    Features::SHARED_REGISTRATION,
    Features::SESSION_META_API,
    Features::REGISTRATION_META_API,
    Features::TESTAMENT_META_API,
    Features::PAYLOAD_TRANSPARENCY,
    Features::PAYLOAD_ENCRYPTION_CRYPTOBOX,
];
