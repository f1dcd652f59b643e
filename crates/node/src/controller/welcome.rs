use crossbar_config::{Node, Worker};
use crossbar_wire::Value;
use tracing::info;

use crate::link::Link;

/// Tells on one screen where the built-in default node serves. A node with a configuration needs no telling.
pub(crate) async fn tell(node: &Node, link: &Link) {
    if node.source.is_some() {
        return;
    }
    for worker in &node.workers {
        for address in addresses(worker, link).await {
            info!("{}", screen(&address));
        }
    }
}

/// Asks a worker where its transports listen.
async fn addresses(worker: &Worker, link: &Link) -> Vec<String> {
    let procedure = format!("crossbar.worker.{}.get_router_transports", worker.id);
    let transports = link.call(&procedure, Vec::new()).await;
    let transports = transports.unwrap_or_default();
    let transports = transports.as_list().unwrap_or_default().iter();
    transports
        .filter_map(|transport| transport.get("address").and_then(Value::as_str))
        .map(str::to_owned)
        .collect()
}

fn screen(address: &str) -> String {
    format!(
        "There is no configuration here, so this is the default node. It serves on this machine only:\n\
         \n\
         \x20   Try it in a browser   http://{address}/\n\
         \x20   WebSocket clients     ws://{address}/ws\n\
         \x20   RawSocket clients     rs://{address}\n\
         \x20   Realm                 realm1\n\
         \n\
         `crossbar init` writes a configuration of your own. Ctrl-C ends the node."
    )
}
