use bytes::{Buf, Bytes, BytesMut};

/// The octets of a connection that are not consumed, for the deframers.
///
/// A batch is copied in once; what is cut out shares that copy. Between batches only an incomplete frame is held, in
/// an allocation of its own, so that a few octets never keep a whole batch alive.
#[derive(Debug)]
pub(crate) struct Stream {
    octets: BytesMut,
    /// Whether something was cut out of the allocation that `octets` lies in.
    shared: bool,
}

impl Stream {
    pub(crate) fn new() -> Self {
        Self {
            octets: BytesMut::new(),
            shared: false,
        }
    }

    /// Appends what one read brought.
    pub(crate) fn feed(&mut self, octets: &[u8]) {
        if self.octets.is_empty() {
            self.octets = BytesMut::from(octets);
            self.shared = false;
        } else {
            self.octets.extend_from_slice(octets);
        }
    }

    /// Shows the octets that are not consumed.
    pub(crate) fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Shows them to be changed in place.
    pub(crate) fn octets_mut(&mut self) -> &mut [u8] {
        &mut self.octets
    }

    /// Consumes `length` octets, which must be there.
    pub(crate) fn skip(&mut self, length: usize) {
        self.octets.advance(length);
        self.shared = true;
    }

    /// Cuts out `length` octets, which must be there.
    pub(crate) fn take(&mut self, length: usize) -> Bytes {
        self.shared = true;
        if length == 0 {
            return Bytes::new();
        }
        self.octets.split_to(length).freeze()
    }

    /// Prepares to wait for more octets, until there are `wanted`: lets go of a batch of which only a rest is left.
    ///
    /// `wanted` comes from the peer: no more is reserved than twice what the peer has sent, and 4 KiB.
    pub(crate) fn settle(&mut self, wanted: usize) {
        if self.octets.is_empty() {
            self.octets = BytesMut::new();
        } else if self.shared {
            let here = self.octets.len();
            let mut rest = BytesMut::with_capacity(wanted.min(2 * here + 4096).max(here));
            rest.extend_from_slice(&self.octets);
            self.octets = rest;
        }
        self.shared = false;
    }
}
