//! Endpoints of different transports that exclude each other.

use crate::place::Place;
use crate::reading::Reading;
use crate::{
    Endpoint, Interface, Node, Ports, Problem, ServerTls, TcpEndpoint, Transport, Worker,
    WorkerKind,
};

/// Notes every transport whose address an earlier one has taken. Workers that are disabled take none.
pub(crate) fn check(reading: &mut Reading, workers: &[(Worker, Place)]) {
    let mut taken: Vec<(&Endpoint, Place)> = Vec::new();
    for (transport, at) in transports(workers) {
        let endpoint = &transport.endpoint;
        let other = taken.iter().find(|(other, _)| clash(endpoint, other));
        if let Some((_, other)) = other {
            let (what, value, key) = match endpoint {
                Endpoint::Tcp(tcp) => ("the TCP port", port_text(tcp), "port"),
                Endpoint::Unix(unix) => ("the path", unix.path.display().to_string(), "path"),
            };
            let other = other.to_string();
            let problem = Problem::Duplicate { what, value, other };
            reading.fault(&at.key("endpoint").key(key), problem, None);
        } else {
            taken.push((endpoint, at));
        }
    }
}

fn transports(workers: &[(Worker, Place)]) -> Vec<(&Transport, Place)> {
    let workers = workers.iter().map(|(worker, at)| (worker, at.clone()));
    workers
        .flat_map(|(worker, at)| worker.transports(&at))
        .collect()
}

impl Worker {
    /// Gives its transports, each with its place; none if it is disabled.
    fn transports(&self, at: &Place) -> Vec<(&Transport, Place)> {
        if self.options.disabled {
            return Vec::new();
        }
        match &self.kind {
            WorkerKind::Router(router) => {
                let at = at.key("transports");
                let places = router.transports.iter().enumerate();
                places.map(|(index, it)| (it, at.index(index))).collect()
            }
            WorkerKind::WebSocketTestee(transport) => vec![(&**transport, at.key("transport"))],
        }
    }
}

impl Node {
    /// Gives the TLS of all endpoints that will listen, each with its place: `workers[0].transports[1].endpoint.tls`.
    #[must_use]
    pub fn listening_tls(&self) -> Vec<(String, &ServerTls)> {
        let all = Place::root().key("workers");
        let workers = self.workers.iter().enumerate();
        workers
            .flat_map(|(index, worker)| worker.transports(&all.index(index)))
            .filter_map(|(transport, at)| match &transport.endpoint {
                Endpoint::Tcp(tcp) => {
                    let at = at.key("endpoint").key("tls");
                    Some((at.to_string(), tcp.tls.as_deref()?))
                }
                Endpoint::Unix(_) => None,
            })
            .collect()
    }
}

fn clash(one: &Endpoint, other: &Endpoint) -> bool {
    match (one, other) {
        (Endpoint::Unix(one), Endpoint::Unix(other)) => one.path == other.path,
        (Endpoint::Tcp(one), Endpoint::Tcp(other)) => {
            one.fixed_port().is_some()
                && one.fixed_port() == other.fixed_port()
                && !(one.shared && other.shared)
                && one.interface.overlaps(&other.interface)
        }
        (Endpoint::Tcp(_), Endpoint::Unix(_)) | (Endpoint::Unix(_), Endpoint::Tcp(_)) => false,
    }
}

fn port_text(endpoint: &TcpEndpoint) -> String {
    endpoint.fixed_port().unwrap_or_default().to_string()
}

impl TcpEndpoint {
    /// Gives the port, if it is not for the system to choose or one of several.
    fn fixed_port(&self) -> Option<u16> {
        match self.ports {
            Ports::One(port) => (port != 0).then_some(port),
            Ports::Range(_) => None,
        }
    }
}

impl Interface {
    /// Says whether two are certain to have an address in common.
    fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => true,
            (Self::AllOf(one), Self::AllOf(other)) => one == other,
            (one, other) => one == other,
        }
    }
}
