use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, Roles, Text, Value};

/// `[HELLO, Realm, Details]`
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hello {
    /// The realm to join; absent if the authenticator is to assign it.
    pub realm: Option<Text>,
    /// `details.roles`
    pub roles: Roles,
    /// `details.agent`
    pub agent: Option<Text>,
    /// `details.authmethods`, in the client's order; absent, null and empty all read as empty.
    pub authmethods: Vec<Text>,
    /// `details.authid`
    pub authid: Option<Text>,
    /// `details.authrole`
    pub authrole: Option<Text>,
    /// `details.authextra`
    pub authextra: Value,
}

impl Hello {
    /// The message's type code.
    pub const CODE: u16 = 1;
    /// The message's name.
    pub const NAME: &'static str = "HELLO";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            realm: fields.text_or_null("realm")?,
            ..Self::default()
        };
        fields.dict("details", |key, fields| match key {
            "roles" => {
                message.roles = Roles::read(fields)?;
                Ok(())
            }
            "agent" => fields.string(&mut message.agent),
            "authmethods" => {
                let mut methods = None;
                fields.strings(&mut methods)?;
                message.authmethods = methods.unwrap_or_default();
                Ok(())
            }
            "authid" => fields.string(&mut message.authid),
            "authrole" => fields.string(&mut message.authrole),
            "authextra" => fields.dictionary(&mut message.authextra),
            _ => fields.skip(),
        })?;
        if message.roles.is_empty() {
            return Err(fields.missing_key("roles"));
        }
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Hello(Box::new(message)))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        match &self.realm {
            Some(realm) => out.text(realm)?,
            None => out.null(),
        }
        let mut details = DictWriter::begin(out);
        self.roles.write("roles", &mut details);
        details.text("agent", self.agent.as_ref())?;
        if !self.authmethods.is_empty() {
            details.texts("authmethods", Some(&self.authmethods))?;
        }
        details.text("authid", self.authid.as_ref())?;
        details.text("authrole", self.authrole.as_ref())?;
        details.value("authextra", &self.authextra)?;
        details.end();
        out.end_message();
        Ok(())
    }
}
