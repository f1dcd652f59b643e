use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Message, Roles, SessionId, Text, Value};

/// `[WELCOME, Session, Details]`
#[derive(Clone, Debug, PartialEq)]
pub struct Welcome {
    /// The new session.
    pub session: SessionId,
    /// `details.realm`
    pub realm: Option<Text>,
    /// `details.roles`
    pub roles: Roles,
    /// `details.agent`
    pub agent: Option<Text>,
    /// `details.authid`
    pub authid: Option<Text>,
    /// `details.authrole`
    pub authrole: Option<Text>,
    /// `details.authmethod`
    pub authmethod: Option<Text>,
    /// `details.authprovider`
    pub authprovider: Option<Text>,
    /// `details.authextra`
    pub authextra: Value,
}

impl Welcome {
    /// The message's type code.
    pub const CODE: u16 = 2;
    /// The message's name.
    pub const NAME: &'static str = "WELCOME";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            session: fields.id("session")?,
            realm: None,
            roles: Roles::default(),
            agent: None,
            authid: None,
            authrole: None,
            authmethod: None,
            authprovider: None,
            authextra: Value::Null,
        };
        fields.dict("details", |key, fields| match key {
            "realm" => fields.string(&mut message.realm),
            "roles" => {
                message.roles = Roles::read(fields)?;
                Ok(())
            }
            "agent" => fields.string(&mut message.agent),
            "authid" => fields.string(&mut message.authid),
            "authrole" => fields.string(&mut message.authrole),
            "authmethod" => fields.string(&mut message.authmethod),
            "authprovider" => fields.string(&mut message.authprovider),
            "authextra" => fields.dictionary(&mut message.authextra),
            _ => fields.skip(),
        })?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Welcome(Box::new(message)))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.session.value());
        let mut details = DictWriter::begin(out);
        details.text("realm", self.realm.as_ref())?;
        details.text("authid", self.authid.as_ref())?;
        details.text("authrole", self.authrole.as_ref())?;
        details.text("authmethod", self.authmethod.as_ref())?;
        details.text("authprovider", self.authprovider.as_ref())?;
        details.value("authextra", &self.authextra)?;
        self.roles.write("roles", &mut details);
        details.text("agent", self.agent.as_ref())?;
        details.end();
        out.end_message();
        Ok(())
    }
}
