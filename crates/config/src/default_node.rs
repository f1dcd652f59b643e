use std::path::Path;

use crate::{Node, Surroundings};

/// Gives the node that runs where there is no configuration: realm `realm1`, whose role `anonymous` may do everything;
/// RawSocket, WebSocket on `/ws` and the welcome page on port 8080 of the loopback interface.
///
/// # Panics
/// Never: the built-in document is part of the program and has no fault.
#[must_use]
pub fn default_node(cbdir: &Path) -> Node {
    let document = serde_json::from_str(include_str!("default_node.json"))
        .expect("the built-in configuration is JSON");
    let surroundings = Surroundings {
        cbdir: cbdir.to_owned(),
        ..Surroundings::default()
    };
    Node::read(document, &surroundings).expect("the built-in configuration has no fault")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_has_no_fault_and_no_notice() {
        let node = default_node(Path::new("/nowhere"));
        assert_eq!(node.notices, []);
        assert_eq!(node.workers.len(), 1);
    }
}
