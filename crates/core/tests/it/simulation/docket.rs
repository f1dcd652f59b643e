//! What an authorizer is asked and decides, and that nothing happens which it did not allow.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crossbar_wire::{Call, MatchPolicy, Message, Payload, Publish, Value};

use super::naive::Pattern;
use super::peer::signature;
use super::referee::request_of;

/// Who asks the realm for what: an action, a URI and how it is to be matched.
type Matter = (&'static str, String, MatchPolicy);

/// For whom a decision is kept; nobody stands for a whole role.
type Scope = Option<u64>;

/// The requests of the sessions that are judged, and what was decided.
#[derive(Default)]
pub(super) struct Docket {
    pub(super) now: Duration,
    lines: BTreeMap<u64, Line>,
    /// The questions that are open, by who was asked with which invocation.
    questions: BTreeMap<(u64, u64), Question>,
    /// The decisions that are kept, each until its time is over.
    kept: BTreeMap<(Scope, Matter), (bool, Duration)>,
    /// Session and request id of what was allowed.
    allowed: BTreeSet<(u64, u64)>,
    /// The requests by what tells them on their way: who said this, and what number it has.
    said: BTreeMap<(u64, u64), (u64, Matter)>,
    last: u64,
}

/// What a session has sent that may wait, oldest first.
#[derive(Default)]
struct Line {
    waiting: VecDeque<(u64, Message)>,
    /// The request ids of calls that do not wait any longer.
    calls: BTreeSet<u64>,
}

struct Question {
    of: u64,
    matter: Matter,
    /// The message that waits for the answer, by its number.
    about: Option<u64>,
    /// The role was set anew since: the answer counts nothing.
    is_stale: bool,
    /// The answer is not kept.
    is_purged: bool,
}

/// What a callee says to a question.
struct Decision {
    allow: Option<bool>,
    scope: Option<&'static str>,
    ttl: Option<Duration>,
}

impl Docket {
    /// Has what a session sends judged from now on.
    pub(super) fn judge(&mut self, session: u64) {
        self.lines.insert(session, Line::default());
    }

    pub(super) fn is_judged(&self, session: u64) -> bool {
        self.lines.contains_key(&session)
    }

    /// Takes note that a session is over.
    pub(super) fn end(&mut self, session: u64) {
        self.lines.remove(&session);
        self.questions
            .retain(|&(asked, _), question| asked != session && question.of != session);
    }

    /// Takes note that nothing that was decided is kept.
    pub(super) fn purge(&mut self) {
        self.kept.clear();
        for question in self.questions.values_mut() {
            question.is_purged = true;
        }
    }

    /// Takes note that the role was set anew.
    pub(super) fn set_anew(&mut self) {
        self.kept.clear();
        for question in self.questions.values_mut() {
            question.is_stale = true;
        }
    }

    /// Takes note of what a session sends.
    pub(super) fn sends(&mut self, from: u64, message: &Message) {
        self.takes_answer(from, message);
        let Some(line) = self.lines.get_mut(&from) else {
            return;
        };
        if waits(message) {
            self.last += 1;
            line.waiting.push_back((self.last, message.clone()));
        }
        if !is_own(message)
            && let Some(matter) = matter(message)
            && let Some(signature) = message.payload().and_then(signature)
        {
            self.said.insert(signature, (request_of(message), matter));
        }
    }

    /// Takes note of what the realm asks.
    pub(super) fn asks(&mut self, whom: u64, invocation: u64, payload: &Payload) {
        let Some((of, matter)) = question(payload) else {
            return;
        };
        let Some(line) = self.lines.get_mut(&of) else {
            return; // it ended while this was on its way
        };
        let others = self.questions.values().filter(|it| it.of == of).count();
        assert_eq!(others, 0, "{of} is asked about twice at a time");
        while let Some((_, message)) = line.waiting.front()
            && !is_about(message, &matter)
        {
            line.pop();
        }
        let about = line.waiting.front().map(|&(number, _)| number);
        assert!(about.is_some(), "{of} did not ask for {matter:?}");
        let question = Question {
            of,
            matter,
            about,
            is_stale: false,
            is_purged: false,
        };
        self.questions.insert((whom, invocation), question);
    }

    /// Takes note that a question is over without an answer.
    pub(super) fn withdraws(&mut self, whom: u64, invocation: u64) {
        if let Some(question) = self.questions.remove(&(whom, invocation))
            && !question.is_stale
        {
            self.leaves(&question);
        }
    }

    /// Takes note that a callee has got a call of a procedure that the realm might have served itself.
    pub(super) fn begins(&mut self, of: u64, procedure: &str) {
        if let Some(line) = self.lines.get_mut(&of)
            && let Some((_, Message::Call(call))) = line.waiting.front()
            && call.procedure.as_str() == procedure
        {
            line.pop();
        }
    }

    /// Takes note that a call has had its final answer.
    pub(super) fn ends_call(&mut self, of: u64, request: u64) {
        if let Some(line) = self.lines.get_mut(&of) {
            let calls = |message: &Message| matches!(message, Message::Call(_));
            line.waiting
                .retain(|(_, message)| !calls(message) || request_of(message) != request);
            line.calls.insert(request);
        }
    }

    /// Checks that a message which goes to others was allowed.
    pub(super) fn check(&mut self, signature: (u64, u64)) {
        if let Some((request, matter)) = self.said.get(&signature).cloned() {
            self.check_request(signature.0, request, &matter);
        }
    }

    /// Checks that a session got what it was allowed to ask for.
    pub(super) fn check_own(
        &mut self,
        of: u64,
        request: u64,
        (uri, policy): &Pattern,
        action: &'static str,
    ) {
        if self.lines.contains_key(&of) {
            self.check_request(of, request, &(action, uri.clone(), *policy));
        }
    }

    fn check_request(&mut self, of: u64, request: u64, matter: &Matter) {
        if self.allowed.contains(&(of, request)) {
            return;
        }
        let found = |scope: Scope| {
            let &(allow, until) = self.kept.get(&(scope, matter.clone()))?;
            (self.now < until).then_some(allow)
        };
        let kept = found(Some(of)).or_else(|| found(None));
        assert_eq!(kept, Some(true), "{of} was not allowed {matter:?}");
        self.allowed.insert((of, request)); // what follows under the same request needs no further leave
    }

    /// Gives the publication that goes on if `from` says this, and its session.
    pub(super) fn lets_pass(&self, from: u64, message: &Message) -> Option<(u64, Publish)> {
        let question = self.questions.get(&(from, answered(message)?))?;
        let decision = decision(message);
        let line = self.lines.get(&question.of)?;
        let (_, message) = line.waiting.front()?;
        match message {
            Message::Publish(publish) if decision.allow == Some(true) && !question.is_stale => {
                Some((question.of, publish.clone()))
            }
            _ => None,
        }
    }

    fn takes_answer(&mut self, from: u64, message: &Message) {
        let Some(question) = answered(message).and_then(|it| self.questions.remove(&(from, it)))
        else {
            return;
        };
        if question.is_stale {
            return;
        }
        let decision = decision(message);
        let scope = match decision.scope {
            Some("role") => Some(None),
            Some(_) => Some(Some(question.of)),
            None => None,
        };
        if let (Some(allow), Some(scope), false) = (decision.allow, scope, question.is_purged) {
            let until = self.now + decision.ttl.unwrap_or(CACHE_TTL);
            let key = (scope, question.matter.clone());
            self.kept.insert(key, (allow, until));
        }
        let line = self.lines.get(&question.of);
        let first = line.and_then(|line| line.waiting.front());
        if decision.allow == Some(true)
            && let Some((_, message)) = first
        {
            self.allowed.insert((question.of, request_of(message)));
            if is_own(message) {
                return; // there may be another question about it
            }
        }
        self.leaves(&question);
    }

    /// Takes note that the message that waited for a question is dealt with.
    fn leaves(&mut self, question: &Question) {
        if let Some(line) = self.lines.get_mut(&question.of)
            && line.waiting.front().map(|&(number, _)| number) == question.about
        {
            line.pop();
        }
    }

    /// Counts the realm's own calls.
    pub(super) fn open_questions(&self) -> usize {
        self.questions.len()
    }

    /// Says what must hold between two inputs: without a question nothing waits. Counts the calls of a session that have not
    /// begun.
    pub(super) fn settle(&mut self, session: u64) -> usize {
        let asked = self.questions.values().any(|it| it.of == session);
        let Some(line) = self.lines.get_mut(&session) else {
            return 0;
        };
        while !asked && !line.waiting.is_empty() {
            line.pop();
        }
        let calls = line
            .waiting
            .iter()
            .filter(|(_, it)| matches!(it, Message::Call(_)));
        let parked: BTreeSet<u64> = calls.map(|(_, message)| request_of(message)).collect();
        parked.difference(&line.calls).count()
    }

    /// Says whether a request waits.
    pub(super) fn holds(&self, session: u64, code: u16, request: u64) -> bool {
        let line = self.lines.get(&session);
        line.is_some_and(|line| {
            let mut waiting = line.waiting.iter();
            waiting.any(|(_, it)| it.code() == code && request_of(it) == request)
        })
    }
}

impl Line {
    fn pop(&mut self) {
        if let Some((_, message)) = self.waiting.pop_front()
            && matches!(message, Message::Call(_))
        {
            self.calls.insert(request_of(&message));
        }
    }
}

/// Gives the invocation that a message answers finally.
fn answered(message: &Message) -> Option<u64> {
    match message {
        Message::Yield(answer) if answer.progress != Some(true) => Some(answer.request.value()),
        Message::Error(error) => Some(error.request.value()),
        _ => None,
    }
}

fn decision(message: &Message) -> Decision {
    let mut decision = Decision {
        allow: None,
        scope: None,
        ttl: None,
    };
    let args = match message {
        Message::Yield(answer) => answer.payload.args().unwrap(),
        _ => Vec::new(),
    };
    match args.as_slice() {
        [Value::Bool(allow)] => decision.allow = Some(*allow),
        [Value::Dict(dict)] => {
            for (key, value) in dict {
                match (key.as_str(), value) {
                    ("allow", Value::Bool(allow)) => decision.allow = Some(*allow),
                    ("cache", Value::Bool(true)) => decision.scope = Some("session"),
                    ("cache", Value::Text(_)) => decision.scope = Some("role"),
                    ("cache_ttl", Value::Integer(seconds)) => {
                        let seconds = u64::try_from(*seconds).unwrap();
                        decision.ttl = Some(Duration::from_secs(seconds));
                    }
                    _ => panic!("{key} in {message:?}"),
                }
            }
        }
        _ => {}
    }
    decision
}

/// Reads what an authorizer is asked: about which session, and what it wants.
fn question(payload: &Payload) -> Option<(u64, Matter)> {
    let args = payload.args().unwrap();
    let [
        Value::Dict(details),
        Value::Text(uri),
        Value::Text(action),
        Value::Dict(options),
    ] = args.as_slice()
    else {
        return None;
    };
    let session = details.iter().find(|(key, _)| key == "session");
    let session = session.and_then(|(_, session)| session.as_u64())?;
    let policy = options.iter().find(|(key, _)| key == "match");
    let policy = policy.map_or(MatchPolicy::Exact, |(_, policy)| match policy {
        Value::Text(word) => MatchPolicy::named(word).unwrap(),
        _ => panic!("{options:?}"),
    });
    let actions = ["call", "register", "publish", "subscribe"];
    let action = actions.into_iter().find(|it| it == action).unwrap();
    Some((session, (action, uri.clone(), policy)))
}

/// Gives what a message has to be allowed for its own sake.
fn matter(message: &Message) -> Option<Matter> {
    let exact = MatchPolicy::Exact;
    match message {
        Message::Call(call) => Some(("call", call.procedure.to_string(), exact)),
        Message::Publish(publish) => Some(("publish", publish.topic.to_string(), exact)),
        Message::Subscribe(it) => {
            let policy = it.policy.unwrap_or_default();
            Some(("subscribe", it.topic.to_string(), policy))
        }
        Message::Register(it) => {
            let policy = it.policy.unwrap_or_default();
            Some(("register", it.procedure.to_string(), policy))
        }
        _ => None,
    }
}

fn is_about(message: &Message, asked: &Matter) -> bool {
    let further = match message {
        Message::Call(call) => match call.procedure.as_str() {
            "wamp.session.add_testament" => "publish",
            "wamp.subscription.get_events" => "subscribe",
            _ => "",
        },
        _ => "",
    };
    asked.0 == further || matter(message).is_some_and(|matter| matter == *asked)
}

/// Says whether a message calls the realm itself, which may ask about what the procedure is for, too.
fn is_own(message: &Message) -> bool {
    matches!(message, Message::Call(Call { procedure, .. }) if procedure.starts_with("wamp."))
}

fn waits(message: &Message) -> bool {
    matches!(
        message,
        Message::Call(_)
            | Message::Publish(_)
            | Message::Subscribe(_)
            | Message::Unsubscribe(_)
            | Message::Register(_)
            | Message::Unregister(_)
            | Message::Goodbye(_)
    )
}

/// How long decisions are kept that do not say so.
pub(super) const CACHE_TTL: Duration = Duration::from_millis(100);
