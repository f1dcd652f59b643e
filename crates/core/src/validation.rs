use crossbar_wire::Shape;

/// What the arguments of messages must be (Crossbar.io: `validate`). What is absent is not checked, but for updates, which must
/// fit what they are updates of.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Validation {
    /// `call`: CALL, of a progressive call the first one.
    pub call: Option<Shape>,
    /// `call_progress`: the further CALLs of a progressive call; as `call` if absent.
    pub call_progress: Option<Shape>,
    /// `call_result`: the last RESULT.
    pub call_result: Option<Shape>,
    /// `call_result_progress`: the progressive RESULTs before it; as `call_result` if absent.
    pub call_result_progress: Option<Shape>,
    /// `call_error`: an ERROR of the callee, whatever its URI.
    pub call_error: Option<Shape>,
    /// `event`: PUBLISH.
    pub event: Option<Shape>,
}

impl Validation {
    /// Names that Crossbar.io knows as well: no message carries what `event_confirmation`, also called `event_result`, is about,
    /// and `extra` is for others to read.
    pub const WITHOUT_EFFECT: [&str; 3] = ["event_confirmation", "event_result", "extra"];

    /// Gives what is to be set by one of the names above.
    pub fn named(&mut self, name: &str) -> Option<&mut Option<Shape>> {
        Some(match name {
            "call" => &mut self.call,
            "call_progress" => &mut self.call_progress,
            "call_result" => &mut self.call_result,
            "call_result_progress" => &mut self.call_result_progress,
            "call_error" => &mut self.call_error,
            "event" => &mut self.event,
            _ => return None,
        })
    }

    /// Says whether nothing is checked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Gives what the arguments of a message must fit.
    pub(crate) fn shape(&self, what: Checked) -> Option<&Shape> {
        match what {
            Checked::Call => self.call.as_ref(),
            Checked::CallProgress => self.call_progress.as_ref().or(self.call.as_ref()),
            Checked::Result => self.call_result.as_ref(),
            Checked::ResultProgress => {
                let progress = self.call_result_progress.as_ref();
                progress.or(self.call_result.as_ref())
            }
            Checked::Error => self.call_error.as_ref(),
            Checked::Event => self.event.as_ref(),
        }
    }
}

/// Which message is checked.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Checked {
    Call,
    CallProgress,
    Result,
    ResultProgress,
    Error,
    Event,
}

impl Checked {
    /// Names the message.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Call | Self::CallProgress => "call",
            Self::Result | Self::ResultProgress => "result",
            Self::Error => "error",
            Self::Event => "event",
        }
    }
}
