//! How many connections one address may have.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use foldhash::fast::RandomState;
use parking_lot::Mutex;

/// How many connections of a transport each address has. There is no more in it than there are connections.
#[derive(Debug)]
pub(crate) struct Places {
    most: usize,
    taken: Mutex<HashMap<IpAddr, usize, RandomState>>,
}

/// A connection that counts, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Arc<Places>,
    address: IpAddr,
}

impl Places {
    pub(crate) fn new(most: usize) -> Arc<Self> {
        Arc::new(Self {
            most,
            taken: Mutex::default(),
        })
    }

    /// Takes a place for an address, if it has not as many as it may.
    pub(crate) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        let address = neighbourhood(address);
        let mut taken = self.taken.lock();
        let count = taken.entry(address).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Place {
            places: Arc::clone(self),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock();
        if let Some(count) = taken.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.address);
            }
        }
    }
}

/// Gives what counts as one address: of IPv6 all that one network hands out to a site, 64 bits.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn each_address_has_its_places_and_gives_them_back() {
        let places = Places::new(2);
        let first = places.take(address("192.0.2.1")).unwrap();
        let second = places.take(address("::ffff:192.0.2.1")).unwrap();
        assert!(places.take(address("192.0.2.1")).is_none());
        let other = places.take(address("192.0.2.2")).unwrap();
        drop(first);
        assert!(places.take(address("192.0.2.1")).is_some());
        drop((second, other));
        assert!(places.taken.lock().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one_address() {
        let places = Places::new(1);
        let _one = places.take(address("2001:db8::1")).unwrap();
        assert!(places.take(address("2001:db8::ffff:1")).is_none());
        assert!(places.take(address("2001:db8:0:1::1")).is_some());
    }
}
