use crossbar_core::Access;
use crossbar_wire::Format;

use crate::QueueLimits;

/// RawSocket on a transport, or as a part of a `universal` one.
#[derive(Clone, Debug)]
pub struct RawSocket {
    /// `serializers`, in the router's order of preference.
    pub formats: Vec<Format>,
    /// `options.max_message_size`: octets of a message that a client may send, 512 to 16 MiB.
    pub max_message_size: usize,
    /// `options.send_queue_limit`, `options.send_queue_overflow`
    pub queue: QueueLimits,
    /// `auth`
    pub access: Access,
}
