use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::message::passthru::is_opaque;
use crate::{EncodeError, Message, Passthru, Payload, RequestId, SessionId, Text};

/// `[PUBLISH, Request, Options, Topic, Args?, Kwargs?]`
#[derive(Clone, Debug, PartialEq)]
pub struct Publish {
    /// The request.
    pub request: RequestId,
    /// `options.acknowledge`
    pub acknowledge: Option<bool>,
    /// `options.exclude_me`; absent means true.
    pub exclude_me: Option<bool>,
    /// `options.disclose_me`
    pub disclose_me: Option<bool>,
    /// `options.retain`
    pub retain: Option<bool>,
    /// `options.eligible…`, `options.exclude…`
    pub audience: Option<Box<Audience>>,
    /// Payload passthru attributes.
    pub passthru: Option<Box<Passthru>>,
    /// The topic.
    pub topic: Text,
    /// The arguments.
    pub payload: Payload,
}

/// Whom a publication may reach (WAMP spec, "Subscriber Black- and Whitelisting").
///
/// A subscriber receives the event if it is in all lists of `eligible` that are present and in none of `exclude`.
/// An empty eligible list is present and matches nobody.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audience {
    /// `eligible`
    pub eligible: Option<Vec<SessionId>>,
    /// `eligible_authid`
    pub eligible_authid: Option<Vec<Text>>,
    /// `eligible_authrole`
    pub eligible_authrole: Option<Vec<Text>>,
    /// `exclude`
    pub exclude: Option<Vec<SessionId>>,
    /// `exclude_authid`
    pub exclude_authid: Option<Vec<Text>>,
    /// `exclude_authrole`
    pub exclude_authrole: Option<Vec<Text>>,
}

impl Publish {
    /// The message's type code.
    pub const CODE: u16 = 16;
    /// The message's name.
    pub const NAME: &'static str = "PUBLISH";
    const ELEMENTS: u8 = 6;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let request = fields.id("request")?;
        let mut acknowledge = None;
        let mut exclude_me = None;
        let mut disclose_me = None;
        let mut retain = None;
        let mut audience = None;
        let mut passthru = None;
        fields.dict("options", |key, fields| match key {
            "acknowledge" => fields.boolean(&mut acknowledge),
            "exclude_me" => fields.boolean(&mut exclude_me),
            "disclose_me" => fields.boolean(&mut disclose_me),
            "retain" => fields.boolean(&mut retain),
            _ if Audience::KEYS.contains(&key) => Audience::read(&mut audience, key, fields),
            _ => Passthru::read(&mut passthru, key, fields),
        })?;
        let topic = fields.text("topic")?;
        let payload = fields.payload(is_opaque(passthru.as_deref()))?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Publish(Self {
            request,
            acknowledge,
            exclude_me,
            disclose_me,
            retain,
            audience,
            passthru,
            topic,
            payload,
        }))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(4 + self.payload.elements());
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.boolean("acknowledge", self.acknowledge);
        options.boolean("exclude_me", self.exclude_me);
        options.boolean("disclose_me", self.disclose_me);
        options.boolean("retain", self.retain);
        Audience::write(self.audience.as_deref(), &mut options)?;
        Passthru::write(self.passthru.as_deref(), &mut options)?;
        options.end();
        out.text(&self.topic)?;
        self.payload.write(out)?;
        out.end_message();
        Ok(())
    }
}

impl Audience {
    /// Copies the lists, so that they share no memory with the frame they came in.
    #[must_use]
    pub fn compact(&self) -> Self {
        let texts = |list: &Option<Vec<Text>>| {
            let list = list.as_ref()?.iter();
            Some(list.map(Text::compact).collect())
        };
        Self {
            eligible: self.eligible.clone(),
            eligible_authid: texts(&self.eligible_authid),
            eligible_authrole: texts(&self.eligible_authrole),
            exclude: self.exclude.clone(),
            exclude_authid: texts(&self.exclude_authid),
            exclude_authrole: texts(&self.exclude_authrole),
        }
    }

    /// Says whether everybody may have the event.
    #[must_use]
    pub fn is_everybody(&self) -> bool {
        let none = |list: &Option<Vec<Text>>| list.as_ref().is_none_or(Vec::is_empty);
        self.eligible.is_none()
            && self.eligible_authid.is_none()
            && self.eligible_authrole.is_none()
            && self.exclude.as_ref().is_none_or(Vec::is_empty)
            && none(&self.exclude_authid)
            && none(&self.exclude_authrole)
    }

    const KEYS: [&'static str; 6] = [
        "eligible",
        "eligible_authid",
        "eligible_authrole",
        "exclude",
        "exclude_authid",
        "exclude_authrole",
    ];

    /// Reads the value of one of the keys; a null leaves no trace.
    fn read<'f, R: Reader<'f>>(
        slot: &mut Option<Box<Self>>,
        key: &str,
        fields: &mut Fields<'f, R>,
    ) -> Decoded<()> {
        let audience = slot.get_or_insert_default();
        match key {
            "eligible" => fields.identifiers(&mut audience.eligible),
            "eligible_authid" => fields.strings(&mut audience.eligible_authid),
            "eligible_authrole" => fields.strings(&mut audience.eligible_authrole),
            "exclude" => fields.identifiers(&mut audience.exclude),
            "exclude_authid" => fields.strings(&mut audience.exclude_authid),
            _ => fields.strings(&mut audience.exclude_authrole),
        }?;
        if **audience == Self::default() {
            *slot = None;
        }
        Ok(())
    }

    fn write<W: Writer>(
        audience: Option<&Self>,
        options: &mut DictWriter<'_, W>,
    ) -> Result<(), EncodeError> {
        let Some(audience) = audience else {
            return Ok(());
        };
        options.ids("eligible", audience.eligible.as_deref());
        options.texts("eligible_authid", audience.eligible_authid.as_deref())?;
        options.texts("eligible_authrole", audience.eligible_authrole.as_deref())?;
        options.ids("exclude", audience.exclude.as_deref());
        options.texts("exclude_authid", audience.exclude_authid.as_deref())?;
        options.texts("exclude_authrole", audience.exclude_authrole.as_deref())
    }
}
