use crossbar_wire::Text;
use crossbar_wire::auth::cryptosign::PublicKey;

/// A principal that signs a challenge with a private key.
#[derive(Clone, Debug)]
pub struct CryptosignPrincipal {
    /// The public keys, any of which will do.
    pub authorized_keys: Vec<PublicKey>,
    /// The role it gets.
    pub role: Text,
    /// The realm it gets into whatever it asks for, if that is fixed.
    pub realm: Option<Text>,
}
