/// Any value that a WAMP serializer can carry, for the few places that look inside (authentication extras, meta API,
/// management API, typed clients). The routing path never builds one.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// Null (CBOR `undefined` and MessagePack ext 0 read as this, too).
    #[default]
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer of up to 64 bits and a sign.
    Integer(i128),
    /// A floating-point number.
    Float(f64),
    /// Text.
    Text(String),
    /// Octets.
    Binary(Vec<u8>),
    /// A list.
    List(Vec<Value>),
    /// A dictionary, in the order of the wire.
    Dict(Dict),
}

/// A dictionary with text keys, in the order of the wire.
pub type Dict = Vec<(String, Value)>;
