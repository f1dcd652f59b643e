use crate::codec::dict::DictWriter;
use crate::codec::{Reader, Writer};
use crate::fields::{Decoded, Fields};
use crate::{EncodeError, Identity, Message, RequestId};

/// `[CANCEL, CALL.Request, Options]`
#[derive(Clone, Debug, PartialEq)]
pub struct Cancel {
    /// The call to cancel.
    pub request: RequestId,
    /// `options.mode`
    pub mode: Option<CancelMode>,
    /// `options.forward_for`; empty if absent.
    pub forward_for: Vec<Identity>,
}

/// How a call is cancelled (WAMP spec, "Call Canceling").
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum CancelMode {
    /// The caller gets an error, the callee hears nothing.
    Skip,
    /// The callee is interrupted and its answer forwarded.
    Kill,
    /// The callee is interrupted and the caller gets an error at once.
    KillNoWait,
}

impl Cancel {
    /// The message's type code.
    pub const CODE: u16 = 49;
    /// The message's name.
    pub const NAME: &'static str = "CANCEL";
    const ELEMENTS: u8 = 3;

    pub(super) fn decode<'f, R: Reader<'f>>(fields: &mut Fields<'f, R>) -> Decoded<Message> {
        fields.name(Self::NAME);
        let mut message = Self {
            request: fields.id("request")?,
            mode: None,
            forward_for: Vec::new(),
        };
        fields.dict("options", |key, fields| match key {
            "mode" => fields.word(&mut message.mode, CancelMode::NAMES, CancelMode::named),
            "forward_for" => Identity::read_list(&mut message.forward_for, fields),
            _ => fields.skip(),
        })?;
        fields.close(Self::ELEMENTS)?;
        Ok(Message::Cancel(message))
    }

    pub(super) fn encode<W: Writer>(&self, out: &mut W) -> Result<(), EncodeError> {
        out.begin_message(3);
        out.unsigned(Self::CODE.into());
        out.unsigned(self.request.value());
        let mut options = DictWriter::begin(out);
        options.word("mode", self.mode.map(CancelMode::name));
        options.identities("forward_for", &self.forward_for)?;
        options.end();
        out.end_message();
        Ok(())
    }
}

impl CancelMode {
    /// Every mode's word.
    pub const NAMES: &'static [&'static str] = &["skip", "kill", "killnowait"];

    /// Gives the word on the wire.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Kill => "kill",
            Self::KillNoWait => "killnowait",
        }
    }

    /// Gives the mode that a word stands for.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "skip" => Some(Self::Skip),
            "kill" => Some(Self::Kill),
            "killnowait" => Some(Self::KillNoWait),
            _ => None,
        }
    }
}
