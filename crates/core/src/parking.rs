//! Requests that wait until an authorizer has decided.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

use crossbar_wire::{MatchPolicy, Message, Passthru, RequestId, Text};

use crate::kept::{audience_octets, passthru_octets};
use crate::role::{Action, Grant};

/// What an authorizer is asked about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Matter {
    pub(crate) action: Action,
    pub(crate) policy: MatchPolicy,
    pub(crate) uri: Text,
}

/// What came of asking.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Ruling {
    Allowed(Grant),
    Denied,
    /// Nobody decided, for this reason.
    Failed(String),
}

/// For whom a ruling is kept.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) enum Keep {
    #[default]
    Nobody,
    Session(Option<Duration>),
    Role(Option<Duration>),
}

/// The rulings that are kept, each until its time is over.
#[derive(Debug, Default)]
pub(crate) struct Rulings {
    by_matter: BTreeMap<(Action, &'static str, Text), (Ruling, Option<Instant>)>,
}

impl Rulings {
    pub(crate) fn get(&self, matter: &Matter, now: Instant) -> Option<&Ruling> {
        let (ruling, until) = self.by_matter.get(&key(matter))?;
        until.is_none_or(|until| now < until).then_some(ruling)
    }

    /// Keeps a ruling. If there are `most`, those go whose time is over, or else all.
    pub(crate) fn keep(
        &mut self,
        matter: &Matter,
        ruling: Ruling,
        (until, now): (Option<Instant>, Instant),
        most: usize,
    ) {
        if self.by_matter.len() >= most {
            let lasts = |until: &Option<Instant>| until.is_none_or(|until| now < until);
            self.by_matter.retain(|_, (_, until)| lasts(until));
        }
        if self.by_matter.len() >= most {
            self.by_matter.clear();
        }
        self.by_matter.insert(key(matter), (ruling, until));
    }

    pub(crate) fn clear(&mut self) {
        self.by_matter.clear();
    }
}

fn key(matter: &Matter) -> (Action, &'static str, Text) {
    (matter.action, matter.policy.name(), matter.uri.clone())
}

/// A message that waits for its turn.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) message: Message,
    /// It is longer than its sender may send.
    pub(crate) is_large: bool,
    /// The call was cancelled, and its caller told so.
    pub(crate) is_canceled: bool,
    /// Its request id was checked.
    pub(crate) is_numbered: bool,
}

impl Waiting {
    pub(crate) const fn new(message: Message, is_large: bool) -> Self {
        Self {
            message,
            is_large,
            is_canceled: false,
            is_numbered: false,
        }
    }

    /// Gives the request id of a CALL that more arguments follow.
    pub(crate) fn begins_stream(&self) -> Option<RequestId> {
        if let Message::Call(call) = &self.message {
            return (call.progress == Some(true)).then_some(call.request);
        }
        None
    }

    fn calls(&self, request: RequestId) -> bool {
        matches!(&self.message, Message::Call(call) if call.request == request)
    }

    /// Counts the octets of memory, about, of a compact message.
    fn octets(&self) -> usize {
        let passthru = |it: &Option<Box<Passthru>>| it.as_deref().map_or(0, passthru_octets);
        let own = size_of::<Self>();
        if let Message::Call(call) = &self.message {
            own + call.procedure.len() + call.payload.len() + passthru(&call.passthru)
        } else if let Message::Publish(publish) = &self.message {
            let audience = publish.audience.as_deref().map_or(0, audience_octets);
            let payload = publish.payload.len() + passthru(&publish.passthru);
            own + publish.topic.len() + payload + audience
        } else if let Message::Subscribe(subscribe) = &self.message {
            own + subscribe.topic.len()
        } else if let Message::Register(register) = &self.message {
            own + register.procedure.len()
        } else {
            own
        }
    }

    /// Copies what counts, so that it shares no memory with the frame it came in, and drops what does not: a session that is
    /// judged speaks for nobody else.
    fn compact(&mut self) {
        if let Message::Call(call) = &mut self.message {
            call.caller = None;
            call.procedure = call.procedure.compact();
            call.payload = call.payload.compact();
            compact_passthru(&mut call.passthru);
        } else if let Message::Publish(publish) = &mut self.message {
            publish.topic = publish.topic.compact();
            publish.payload = publish.payload.compact();
            publish.audience = publish.audience.take().map(|it| Box::new(it.compact()));
            compact_passthru(&mut publish.passthru);
        } else if let Message::Subscribe(subscribe) = &mut self.message {
            subscribe.forward_for = Vec::new();
            subscribe.topic = subscribe.topic.compact();
        } else if let Message::Unsubscribe(unsubscribe) = &mut self.message {
            unsubscribe.forward_for = Vec::new();
        } else if let Message::Register(register) = &mut self.message {
            register.forward_for = Vec::new();
            register.procedure = register.procedure.compact();
        } else if let Message::Unregister(unregister) = &mut self.message {
            unregister.forward_for = Vec::new();
        } else if let Message::Goodbye(goodbye) = &mut self.message {
            goodbye.message = None; // nobody is told
            goodbye.reason = goodbye.reason.compact();
        }
    }
}

fn compact_passthru(passthru: &mut Option<Box<Passthru>>) {
    if let Some(mut own) = passthru.take() {
        own.forward_for = Vec::new();
        *passthru = Some(Box::new(own.compact()));
    }
}

/// What was cancelled of what waits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Canceled {
    /// How many calls.
    pub(crate) calls: usize,
    /// What was asked about the first message.
    pub(crate) question: Option<RequestId>,
}

/// What a session of a role with an authorizer has: its requests that wait, in order, and what is known already.
#[derive(Debug, Default)]
pub(crate) struct Parking {
    /// The first is the one that is asked about.
    line: VecDeque<Waiting>,
    octets: usize,
    /// The question that is open.
    pub(crate) asked: Option<RequestId>,
    /// What was answered about the first in the line.
    pub(crate) ruled: Vec<(Matter, Ruling)>,
    /// What holds for further requests.
    pub(crate) kept: Rulings,
}

impl Parking {
    /// Adds a message at the end. Says whether there was room.
    pub(crate) fn push(&mut self, mut waiting: Waiting) -> bool {
        if self.asked.is_some() {
            waiting.compact();
        }
        let octets = waiting.octets();
        let has_room = self.line.len() < MAX_WAITING && self.octets + octets <= MAX_OCTETS;
        if has_room || self.line.is_empty() {
            self.octets += octets;
            self.line.push_back(waiting);
            return true;
        }
        false
    }

    /// Takes the first message out, if nothing is asked about it.
    pub(crate) fn take_next(&mut self) -> Option<Waiting> {
        if self.asked.is_some() {
            return None;
        }
        let waiting = self.line.pop_front()?;
        self.octets -= waiting.octets();
        Some(waiting)
    }

    /// Puts the first message back, about which a question is asked.
    pub(crate) fn put_back(&mut self, mut waiting: Waiting, question: RequestId) {
        waiting.compact();
        self.octets += waiting.octets();
        self.line.push_front(waiting);
        self.asked = Some(question);
    }

    /// Cancels the calls with a request id that wait, if there are any.
    pub(crate) fn cancel(&mut self, request: RequestId) -> Option<Canceled> {
        let mut canceled = None;
        let mut follows = false; // it is more of the call before
        for (place, waiting) in self.line.iter_mut().enumerate() {
            if !waiting.calls(request) {
                continue;
            }
            let begins = !std::mem::replace(&mut follows, waiting.begins_stream().is_some());
            if std::mem::replace(&mut waiting.is_canceled, true) {
                continue;
            }
            let canceled = canceled.get_or_insert(Canceled::default());
            canceled.calls += usize::from(begins);
            if place == 0 {
                canceled.question = self.asked.take();
                self.ruled.clear();
            }
        }
        canceled
    }

    /// Names what does not hold between two inputs: what waits is counted, and waits for a question.
    pub(crate) fn audit(&self, found: &mut Vec<String>) {
        let octets: usize = self.line.iter().map(Waiting::octets).sum();
        if octets != self.octets {
            found.push(format!("{octets} octets wait, and {} count", self.octets));
        }
        if self.asked.is_none() && !(self.line.is_empty() && self.ruled.is_empty()) {
            found.push("requests wait, and nobody is asked".to_owned());
        }
        if self.asked.is_some() && self.line.is_empty() {
            found.push("somebody is asked, and nothing waits".to_owned());
        }
    }

    pub(crate) fn ruling(&self, matter: &Matter) -> Option<&Ruling> {
        let mut ruled = self.ruled.iter();
        ruled.find(|(about, _)| about == matter).map(|(_, it)| it)
    }
}

/// How many messages of a session may wait.
const MAX_WAITING: usize = 1024;

/// How many octets these may take; a single one may take more.
const MAX_OCTETS: usize = 4 << 20;

#[cfg(test)]
mod tests {
    use super::*;
    use crossbar_wire::Format;

    fn waiting(json: &str) -> Waiting {
        let message = Message::decode(Format::Json, &json.to_owned().into()).unwrap();
        Waiting::new(message, false)
    }

    fn parked() -> Parking {
        let mut parking = Parking::default();
        let first = waiting(r#"[16, 1, {}, "com.x"]"#);
        parking.put_back(first, RequestId::new(1).unwrap());
        parking
    }

    #[test]
    fn z03_all_that_waits_counts() {
        let ids = vec!["123456789"; 10_000].join(",");
        let names = vec![r#""joe""#; 3000].join(",");
        let text = "x".repeat(100_000);
        for json in [
            format!(r#"[16, 2, {{"exclude": [{ids}]}}, "com.x"]"#),
            format!(r#"[16, 2, {{"eligible_authid": [{names}]}}, "com.x"]"#),
            format!(r#"[16, 2, {{"ppt_scheme": "{text}"}}, "com.x"]"#),
            format!(r#"[16, 2, {{}}, "com.x", ["{text}"]]"#),
            format!(r#"[16, 2, {{}}, "com.x", [], {{"key": "{text}"}}]"#),
            format!(r#"[48, 2, {{"ppt_scheme": "{text}"}}, "com.x"]"#),
            format!(r#"[48, 2, {{}}, "{text}"]"#),
            format!(r#"[32, 2, {{}}, "{text}"]"#),
            format!(r#"[64, 2, {{}}, "{text}"]"#),
        ] {
            let mut parking = parked();
            let mut count = 0;
            while parking.push(waiting(&json)) {
                count += 1;
            }
            assert!((30..60).contains(&count), "{count} of {}", &json[..40]);
        }
    }

    #[test]
    fn z03_what_says_nothing_is_not_kept() {
        let links = r#"{"session": 7, "authid": "root", "authrole": "trusted"}"#;
        let links = vec![links; 10_000].join(",");
        for json in [
            format!(r#"[16, 2, {{"forward_for": [{links}], "ppt_keyid": "x"}}, "com.x"]"#),
            format!(r#"[48, 2, {{"forward_for": [{links}], "caller": 7}}, "com.x"]"#),
            format!(r#"[32, 2, {{"forward_for": [{links}]}}, "com.x"]"#),
            format!(r#"[34, 2, 1, {{"forward_for": [{links}]}}]"#),
            format!(r#"[64, 2, {{"forward_for": [{links}]}}, "com.x"]"#),
            format!(r#"[66, 2, 1, {{"forward_for": [{links}]}}]"#),
            r#"[6, {"message": "bye"}, "com.x"]"#.to_owned(),
        ] {
            let mut parking = parked();
            assert!(parking.push(waiting(&json)));
            let kept = parking.line.pop_back().unwrap().message;
            let mut octets = Vec::new();
            kept.encode(Format::Json, &mut octets).unwrap();
            assert!(octets.len() < 60, "{}", String::from_utf8_lossy(&octets));
        }
    }

    #[test]
    #[expect(
        clippy::disallowed_methods,
        reason = "the ban on clocks is for the core itself"
    )]
    fn z03_rulings_are_bounded() {
        let now = Instant::now();
        let matter = |number: usize| Matter {
            action: Action::Call,
            policy: MatchPolicy::Exact,
            uri: Text::from(format!("com.x{number}")),
        };
        let mut rulings = Rulings::default();
        for number in 0..100 {
            let until = now + Duration::from_secs(u64::try_from(number).unwrap());
            rulings.keep(&matter(number), Ruling::Denied, (Some(until), now), 10);
            assert!(rulings.by_matter.len() <= 10);
        }
        assert_eq!(rulings.get(&matter(99), now), Some(&Ruling::Denied));
        let later = now + Duration::from_secs(99);
        assert_eq!(rulings.get(&matter(99), later), None);
    }
}
