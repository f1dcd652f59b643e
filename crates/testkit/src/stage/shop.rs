use std::sync::Arc;

use crossbar_wire::Inventory;

/// Gives the types of a made-up shop (`tests/schemas/shop.fbs`).
#[must_use]
pub fn shop() -> Arc<Inventory> {
    const SCHEMA: &[u8] = include_bytes!("../../../../tests/schemas/shop.bfbs");
    let mut inventory = Inventory::default();
    inventory.add(&SCHEMA.to_vec().into()).unwrap();
    Arc::new(inventory)
}
