use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Identity, Text};

/// Attributes that travel with a payload the router does not look into.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Passthru {
    /// `ppt_scheme` (WAMP spec, "Payload Passthru Mode")
    pub ppt_scheme: Option<Text>,
    /// `ppt_serializer`
    pub ppt_serializer: Option<Text>,
    /// `ppt_cipher`
    pub ppt_cipher: Option<Text>,
    /// `ppt_keyid`
    pub ppt_keyid: Option<Text>,
    /// `enc_algo` (Autobahn's payload transparency)
    pub enc_algo: Option<Text>,
    /// `enc_key`
    pub enc_key: Option<Text>,
    /// `enc_serializer`
    pub enc_serializer: Option<Text>,
    /// `transaction_hash` (Autobahn), forwarded unchanged.
    pub transaction_hash: Option<Text>,
    /// `forward_for` of router-to-router links; empty if absent.
    pub forward_for: Vec<Identity>,
}

impl Passthru {
    /// Copies the attributes, so that they share no memory with the frame they came in.
    #[must_use]
    pub fn compact(&self) -> Self {
        let text = |text: &Option<Text>| text.as_ref().map(Text::compact);
        Self {
            ppt_scheme: text(&self.ppt_scheme),
            ppt_serializer: text(&self.ppt_serializer),
            ppt_cipher: text(&self.ppt_cipher),
            ppt_keyid: text(&self.ppt_keyid),
            enc_algo: text(&self.enc_algo),
            enc_key: text(&self.enc_key),
            enc_serializer: text(&self.enc_serializer),
            transaction_hash: text(&self.transaction_hash),
            forward_for: self.forward_for.iter().map(Identity::compact).collect(),
        }
    }

    /// Gives all texts.
    pub fn texts(&self) -> impl Iterator<Item = &Text> {
        let own = [
            &self.ppt_scheme,
            &self.ppt_serializer,
            &self.ppt_cipher,
            &self.ppt_keyid,
            &self.enc_algo,
            &self.enc_key,
            &self.enc_serializer,
            &self.transaction_hash,
        ];
        let links = self.forward_for.iter();
        let links = links.flat_map(|link| [&link.authid, &link.authrole]);
        own.into_iter().chain(links).flatten()
    }

    /// Reads the value of one of the keys, or skips that of an unknown key; a null leaves no trace.
    pub(super) fn read<'f, R: Reader<'f>>(
        slot: &mut Option<Box<Self>>,
        key: &str,
        fields: &mut Fields<'f, R>,
    ) -> Decoded<()> {
        if !Self::KEYS.contains(&key) {
            return fields.skip();
        }
        let passthru = slot.get_or_insert_default();
        match key {
            "ppt_scheme" => fields.string(&mut passthru.ppt_scheme),
            "ppt_serializer" => fields.string(&mut passthru.ppt_serializer),
            "ppt_cipher" => fields.string(&mut passthru.ppt_cipher),
            "ppt_keyid" => fields.string(&mut passthru.ppt_keyid),
            "enc_algo" => fields.word(&mut passthru.enc_algo, ENCRYPTIONS, |name| {
                known(name, ENCRYPTIONS)
            }),
            "enc_key" => fields.string(&mut passthru.enc_key),
            "enc_serializer" => {
                fields.word(&mut passthru.enc_serializer, ENC_SERIALIZERS, |name| {
                    known(name, ENC_SERIALIZERS)
                })
            }
            "transaction_hash" => fields.string(&mut passthru.transaction_hash),
            _ => Identity::read_list(&mut passthru.forward_for, fields),
        }?;
        if **passthru == Self::default() {
            *slot = None;
        }
        Ok(())
    }

    pub(super) fn write<W: Writer>(
        passthru: Option<&Self>,
        dict: &mut DictWriter<'_, W>,
    ) -> Result<(), EncodeError> {
        let Some(passthru) = passthru else {
            return Ok(());
        };
        passthru.write_attributes(dict)?;
        dict.identities("forward_for", &passthru.forward_for)
    }

    /// Writes `forward_for` before the rest, as Autobahn does in EVENT.
    pub(super) fn write_links_first<W: Writer>(
        passthru: Option<&Self>,
        dict: &mut DictWriter<'_, W>,
    ) -> Result<(), EncodeError> {
        let Some(passthru) = passthru else {
            return Ok(());
        };
        dict.identities("forward_for", &passthru.forward_for)?;
        passthru.write_attributes(dict)
    }

    fn write_attributes<W: Writer>(&self, dict: &mut DictWriter<'_, W>) -> Result<(), EncodeError> {
        dict.text("ppt_scheme", self.ppt_scheme.as_ref())?;
        dict.text("ppt_serializer", self.ppt_serializer.as_ref())?;
        dict.text("ppt_cipher", self.ppt_cipher.as_ref())?;
        dict.text("ppt_keyid", self.ppt_keyid.as_ref())?;
        dict.text("enc_algo", self.enc_algo.as_ref())?;
        dict.text("enc_key", self.enc_key.as_ref())?;
        dict.text("enc_serializer", self.enc_serializer.as_ref())?;
        dict.text("transaction_hash", self.transaction_hash.as_ref())
    }

    const KEYS: [&'static str; 9] = [
        "ppt_scheme",
        "ppt_serializer",
        "ppt_cipher",
        "ppt_keyid",
        "enc_algo",
        "enc_key",
        "enc_serializer",
        "transaction_hash",
        "forward_for",
    ];
}

/// Says whether one binary or text value may stand in the place of `args`.
pub(super) fn is_opaque(passthru: Option<&Passthru>) -> bool {
    passthru.is_some_and(|passthru| passthru.enc_algo.is_some())
}

/// Checks a name of Autobahn's payload transparency. One that Autobahn refuses would end the receivers' sessions.
fn known(name: &str, standard: &[&str]) -> Option<Text> {
    (standard.contains(&name) || is_custom(name)).then(|| Text::from(name))
}

/// Says whether a name is one that applications may choose: `x_`, alone or with a word.
fn is_custom(name: &str) -> bool {
    let Some(word) = name.strip_prefix("x_") else {
        return false;
    };
    let inner = |octet: &u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || *octet == b'_';
    match word.as_bytes() {
        [] => true,
        [first, rest @ ..] => {
            first.is_ascii_lowercase() && !rest.is_empty() && rest.iter().all(inner)
        }
    }
}

const ENCRYPTIONS: &[&str] = &["cryptobox", "mqtt", "xbr"];

/// The values of `enc_serializer` that are not an application's own.
pub(crate) const ENC_SERIALIZERS: &[&str] = &["json", "msgpack", "cbor", "ubjson", "flatbuffers"];
