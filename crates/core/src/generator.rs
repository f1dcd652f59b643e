use crossbar_wire::{PublicationId, RegistrationId, SubscriptionId};

use crate::Timestamp;

/// What something that comes to be is given: an id, and the time of day.
#[derive(Debug)]
pub(crate) struct Making<'a> {
    pub(crate) ids: &'a mut Generator,
    pub(crate) time: Timestamp,
}

/// Where ids come from. Nothing else assumes how an id is made.
#[derive(Debug)]
pub(crate) struct Generator {
    /// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators").
    state: [u64; 4],
    subscriptions: u64,
    registrations: u64,
}

impl Generator {
    /// Seeds the generator; the same seed gives the same ids.
    pub(crate) fn new(seed: [u8; 32]) -> Self {
        let mut state = [0; 4];
        for (word, octets) in state.iter_mut().zip(seed.chunks_exact(8)) {
            *word = octets
                .iter()
                .fold(0, |word, &octet| word << 8 | u64::from(octet));
        }
        if state == [0; 4] {
            state = [1; 4]; // the one state that this generator never leaves
        }
        Self {
            state,
            subscriptions: 0,
            registrations: 0,
        }
    }

    /// Draws a publication id. Subscribers see it, so it is no secret; it only has to be spread evenly.
    pub(crate) fn publication(&mut self) -> PublicationId {
        loop {
            if let Some(id) = PublicationId::new(self.next() >> 11) {
                return id;
            }
        }
    }

    /// Gives the next subscription id of the realm.
    pub(crate) fn subscription(&mut self) -> SubscriptionId {
        self.subscriptions += 1;
        SubscriptionId::new(self.subscriptions).expect("a realm never counts to 2^53")
    }

    /// Gives the next registration id of the realm.
    pub(crate) fn registration(&mut self) -> RegistrationId {
        self.registrations += 1;
        RegistrationId::new(self.registrations).expect("a realm never counts to 2^53")
    }

    /// Draws an index below `bound`, which is not 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    fn next(&mut self) -> u64 {
        let [a, b, c, d] = self.state;
        let result = a.wrapping_add(d).rotate_left(23).wrapping_add(a);
        let (c, d) = (c ^ a, d ^ b);
        self.state = [a ^ d, b ^ c, c ^ (b << 17), d.rotate_left(45)];
        result
    }
}
