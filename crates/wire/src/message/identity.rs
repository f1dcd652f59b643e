use crate::codec::Reader;
use crate::fields::{Decoded, Fields};
use crate::{SessionId, Text};

/// Who did something: disclosed with an event, an invocation or a result.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Identity {
    /// The session.
    pub session: Option<SessionId>,
    /// Its authid.
    pub authid: Option<Text>,
    /// Its authrole.
    pub authrole: Option<Text>,
}

impl Identity {
    /// Copies the identity, so that it shares no memory with the frame it came in.
    #[must_use]
    pub fn compact(&self) -> Self {
        Self {
            session: self.session,
            authid: self.authid.as_ref().map(Text::compact),
            authrole: self.authrole.as_ref().map(Text::compact),
        }
    }

    /// The keys that disclose a caller.
    pub(crate) const CALLER: [&'static str; 3] = ["caller", "caller_authid", "caller_authrole"];
    /// The keys that disclose a callee.
    pub(crate) const CALLEE: [&'static str; 3] = ["callee", "callee_authid", "callee_authrole"];
    /// The keys that disclose a publisher.
    pub(crate) const PUBLISHER: [&'static str; 3] =
        ["publisher", "publisher_authid", "publisher_authrole"];
    /// The keys within an item of `forward_for`.
    pub(crate) const LINK: [&'static str; 3] = ["session", "authid", "authrole"];

    /// Reads the value of one of three keys that disclose somebody; a null leaves no trace.
    pub(super) fn read<'f, R: Reader<'f>>(
        slot: &mut Option<Box<Self>>,
        key: &str,
        fields: &mut Fields<'f, R>,
    ) -> Decoded<()> {
        let identity = slot.get_or_insert_default();
        if key.ends_with("_authid") {
            fields.string(&mut identity.authid)
        } else if key.ends_with("_authrole") {
            fields.string(&mut identity.authrole)
        } else {
            fields.identifier(&mut identity.session)
        }?;
        if **identity == Self::default() {
            *slot = None;
        }
        Ok(())
    }

    /// Reads `forward_for`, the way over links between routers. What comes behind [`MOST_LINKS`] is left out: an empty entry
    /// takes one octet in a frame and many in memory.
    pub(super) fn read_list<'f, R: Reader<'f>>(
        list: &mut Vec<Self>,
        fields: &mut Fields<'f, R>,
    ) -> Decoded<()> {
        list.clear();
        fields.items(|fields| {
            if list.len() == MOST_LINKS {
                return fields.skip();
            }
            let mut identity = Self::default();
            fields.entries(|key, fields| match key {
                "session" => fields.identifier(&mut identity.session),
                "authid" => fields.string(&mut identity.authid),
                "authrole" => fields.string(&mut identity.authrole),
                _ => fields.skip(),
            })?;
            list.push(identity);
            Ok(())
        })?;
        Ok(())
    }
}

/// Longer ways than any that leads somewhere.
const MOST_LINKS: usize = 64;

#[cfg(test)]
mod tests {
    use crate::{Format, Message};

    #[test]
    fn x04_a_long_way_over_links_is_cut() {
        let links = vec!["{}"; 1000].join(",");
        let frame = format!("[49, 1, {{\"forward_for\": [{links}], \"mode\": \"kill\"}}]");
        let Message::Cancel(cancel) = Message::decode(Format::Json, &frame.into()).unwrap() else {
            panic!("another message");
        };
        assert_eq!(cancel.forward_for.len(), super::MOST_LINKS);
        assert_eq!(cancel.mode, Some(crate::CancelMode::Kill));
    }
}
