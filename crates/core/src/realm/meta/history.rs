//! The procedure that answers with past events (WAMP spec, "Event History").

use std::ops::ControlFlow;

use crossbar_wire::{
    Dict, EncodeError, Format, Identity, MatchPolicy, Passthru, Payload, PublicationId, Record,
    SessionId, SubscriptionId, Text, Value,
};

use super::arguments::{Arguments, invalid};
use super::{Asker, EncodingProcedure};
use crate::realm::Realm;
use crate::realm::audience::is_among;
use crate::refusal::Refusal;
use crate::role::Action;
use crate::{HistoryQuery, KeptEvent, PastEvent, Timestamp, uris};

pub(super) const GET_EVENTS: EncodingProcedure = EncodingProcedure {
    uri: "wamp.subscription.get_events",
    run: get_events,
};

/// `wamp.subscription.get_events(subscription, limit?, reverse?, …)`: the events of a subscription that its history has.
///
/// Events that the caller would not have received for its authid or authrole are left out, as are those that its serializer cannot
/// express. Callers that take progress get the events in pieces. An answer that had to be cut short says `more` in its keyword
/// arguments.
fn get_events(
    realm: &mut Realm,
    asker: Asker,
    arguments: Arguments,
) -> Result<Vec<Payload>, Refusal> {
    let caller = asker.session;
    let format = arguments.format();
    let wanted = Wanted::read(arguments, realm.options.compat_crossbar)?;
    let subject = realm.history_of(caller, wanted.subscription)?;
    let mut answer = Answer::new(asker.progressive);
    let now = realm.time();
    let Realm {
        name,
        options,
        history,
        sessions,
        roles,
        ..
    } = realm;
    let (Some(history), Some(session)) = (history, sessions.get(caller)) else {
        return Err(unavailable("this realm keeps no events"));
    };
    let role = roles.name(session.role);
    history.query(subject.rule, &wanted.query, now, &mut |past| {
        if answer.count >= wanted.limit {
            return ControlFlow::Break(());
        }
        let audience = past.event.audience.as_deref();
        if audience.is_some_and(|audience| !is_among(audience, caller, session, role)) {
            return ControlFlow::Continue(());
        }
        let entries = if options.compat_crossbar {
            entries_of_crossbar(past, name) // compat: what Crossbar.io tells of an event
        } else {
            subject.entries(past)
        };
        answer.add(&entries, &past.event.payload, format)
    });
    answer
        .into_results(format)
        .map_err(|error| invalid(error.to_string()))
}

impl Realm {
    /// Finds the history of a subscription that a session might have itself.
    fn history_of(&self, caller: SessionId, id: SubscriptionId) -> Result<Subject, Refusal> {
        let Some(history) = &self.history else {
            return Err(unavailable("this realm keeps no events"));
        };
        let Some(subscription) = self.broker.get(id) else {
            let text = format!("there is no subscription {id}");
            return Err(Refusal::new(uris::NO_SUCH_SUBSCRIPTION, text));
        };
        let topic = subscription.topic();
        if let Some(session) = self.sessions.get(caller) {
            self.authorize(session, Action::Subscribe, topic.text(), topic.policy())?;
        }
        let rule = history
            .rule_of(id)
            .ok_or_else(|| unavailable("the events of this subscription are not kept"))?;
        Ok(Subject {
            subscription: id,
            rule,
            by_pattern: topic.policy() != MatchPolicy::Exact,
        })
    }
}

fn unavailable(text: &str) -> Refusal {
    Refusal::new(uris::HISTORY_UNAVAILABLE, text)
}

/// What a caller asks for.
struct Wanted {
    subscription: SubscriptionId,
    limit: usize,
    query: HistoryQuery,
}

impl Wanted {
    fn read(mut arguments: Arguments, compat: bool) -> Result<Self, Refusal> {
        let subscription = arguments.id("subscription", SubscriptionId::new)?;
        let limit = read_limit(&mut arguments, compat)?;
        // compat: Crossbar.io gives the newest first
        let reverse = arguments.take_bool("reverse")?.unwrap_or(compat);
        let mut time = |name| match arguments.take_text(name)? {
            None => Ok(None),
            Some(text) => Timestamp::read(&text).map(Some).ok_or_else(|| {
                invalid(format!(
                    "the argument \"{name}\" must be a time as in RFC 3339"
                ))
            }),
        };
        let (from_time, after_time) = (time("from_time")?, time("after_time")?);
        let (before_time, until_time) = (time("before_time")?, time("until_time")?);
        let topic = arguments.take_text("topic")?;
        let mut publication = |name| arguments.take_id(name, PublicationId::new);
        let query = HistoryQuery {
            reverse,
            from_time,
            after_time,
            before_time,
            until_time,
            topic,
            from_publication: publication("from_publication")?,
            after_publication: publication("after_publication")?,
            before_publication: publication("before_publication")?,
            until_publication: publication("until_publication")?,
        };
        arguments.end()?;
        Ok(Self {
            subscription,
            limit,
            query,
        })
    }
}

/// Reads `limit`, which is unlimited if absent.
fn read_limit(arguments: &mut Arguments, compat: bool) -> Result<usize, Refusal> {
    let least = if compat { 0 } else { 1 }; // compat: Crossbar.io takes 0
    match arguments.take_given("limit") {
        None if compat => Ok(10), // compat: Crossbar.io's default
        None | Some(Value::Null) => Ok(usize::MAX),
        Some(value) => match value.as_u64() {
            Some(limit) if limit >= least => Ok(usize::try_from(limit).unwrap_or(usize::MAX)),
            Some(_) | None => Err(invalid(format!(
                "the argument \"limit\" must be an integer from {least} on"
            ))),
        },
    }
}

/// Whose history is asked for.
struct Subject {
    subscription: SubscriptionId,
    rule: usize,
    by_pattern: bool,
}

impl Subject {
    /// Gives what is told of an event, but its arguments.
    fn entries(&self, past: &PastEvent) -> Dict {
        let event = &*past.event;
        vec![
            entry("timestamp", past.time.to_string()),
            entry("subscription", self.subscription),
            entry("publication", event.publication),
            entry("details", Value::Dict(details(event, self.by_pattern))),
        ]
    }
}

/// Gives the details that the EVENT had.
fn details(event: &KeptEvent, by_pattern: bool) -> Dict {
    let mut details = Dict::new();
    let keys = ["publisher", "publisher_authid", "publisher_authrole"];
    details.extend(event.publisher.iter().flat_map(|it| identity(it, keys)));
    details.extend(by_pattern.then(|| entry("topic", &event.topic)));
    details.extend(
        event
            .trustlevel
            .map(|level| entry("trustlevel", u64::from(level))),
    );
    details.extend(event.passthru.iter().flat_map(|it| attributes(it)));
    details
}

fn identity(identity: &Identity, keys: [&'static str; 3]) -> Dict {
    let [session, authid, authrole] = keys;
    let mut entries = Dict::new();
    entries.extend(identity.session.map(|id| entry(session, id)));
    entries.extend(identity.authid.as_ref().map(|text| entry(authid, text)));
    entries.extend(identity.authrole.as_ref().map(|text| entry(authrole, text)));
    entries
}

fn attributes(passthru: &Passthru) -> Dict {
    let texts = [
        ("ppt_scheme", &passthru.ppt_scheme),
        ("ppt_serializer", &passthru.ppt_serializer),
        ("ppt_cipher", &passthru.ppt_cipher),
        ("ppt_keyid", &passthru.ppt_keyid),
        ("enc_algo", &passthru.enc_algo),
        ("enc_key", &passthru.enc_key),
        ("enc_serializer", &passthru.enc_serializer),
        ("transaction_hash", &passthru.transaction_hash),
    ];
    let texts = texts.into_iter();
    let mut entries: Dict = texts
        .filter_map(|(key, text)| Some(entry(key, text.as_ref()?)))
        .collect();
    if !passthru.forward_for.is_empty() {
        let links = passthru.forward_for.iter();
        let keys = ["session", "authid", "authrole"];
        let links = links
            .map(|link| Value::Dict(identity(link, keys)))
            .collect();
        entries.push(entry("forward_for", Value::List(links)));
    }
    entries
}

/// Gives what Crossbar.io tells of an event; of its publisher only what the subscribers were told.
fn entries_of_crossbar(past: &PastEvent, realm: &Text) -> Dict {
    let event = &*past.event;
    let nobody = Identity::default();
    let publisher = event.publisher.as_deref().unwrap_or(&nobody);
    let text = |text: &Option<Text>| text.as_ref().map_or(Value::Null, Value::from);
    let nanoseconds = past.time.as_duration().as_nanos();
    let mut entries = vec![
        entry("time_ns", u64::try_from(nanoseconds).unwrap_or(u64::MAX)),
        entry("realm", realm),
        entry(
            "session_id",
            publisher.session.map_or(Value::Null, Value::from),
        ),
        entry("authid", text(&publisher.authid)),
        entry("authrole", text(&publisher.authrole)),
        entry("publication", event.publication),
        entry("topic", &event.topic),
    ];
    let absent = [
        ("args", &event.payload.args),
        ("kwargs", &event.payload.kwargs),
    ];
    let absent = absent.into_iter().filter(|(_, part)| part.is_empty());
    entries.extend(absent.map(|(key, _)| entry(key, Value::Null)));
    entries
}

fn entry(key: &str, value: impl Into<Value>) -> (String, Value) {
    (key.to_owned(), value.into())
}

/// The events that an answer has so far.
struct Answer {
    pieces: Vec<Vec<Vec<u8>>>,
    /// The octets that are left of the last piece.
    room: usize,
    count: usize,
    octets: usize,
    is_cut: bool,
    bounds: &'static Bounds,
}

/// How many octets of events an answer has at most; a single event may be larger.
struct Bounds {
    piece: usize,
    whole: usize,
}

impl Answer {
    fn new(progressive: bool) -> Self {
        let bounds = if progressive { &PROGRESSIVE } else { &AT_ONCE };
        Self {
            pieces: vec![Vec::new()],
            room: bounds.piece,
            count: 0,
            octets: 0,
            is_cut: false,
            bounds,
        }
    }

    /// Adds an event, if there is room.
    fn add(&mut self, entries: &Dict, payload: &Payload, format: Format) -> ControlFlow<()> {
        let Ok(record) = (Record { entries, payload }).encode(format) else {
            return ControlFlow::Continue(());
        };
        let octets = record.len();
        if self.count > 0 && self.octets + octets > self.bounds.whole {
            self.is_cut = true;
            return ControlFlow::Break(());
        }
        if octets > self.room && self.pieces.last().is_some_and(|piece| !piece.is_empty()) {
            self.pieces.push(Vec::new());
            self.room = self.bounds.piece;
        }
        if let Some(piece) = self.pieces.last_mut() {
            piece.push(record);
        }
        self.room = self.room.saturating_sub(octets);
        self.count += 1;
        self.octets += octets;
        ControlFlow::Continue(())
    }

    fn into_results(self, format: Format) -> Result<Vec<Payload>, EncodeError> {
        let more = [entry("more", true)];
        let last = self.pieces.len() - 1;
        let result = |(number, piece): (usize, &Vec<Vec<u8>>)| {
            let is_cut = self.is_cut && number == last;
            let kwargs: &[(String, Value)] = if is_cut { &more } else { &[] };
            Payload::listing(format, piece, kwargs)
        };
        self.pieces.iter().enumerate().map(result).collect()
    }
}

const AT_ONCE: Bounds = Bounds {
    piece: 1 << 20,
    whole: 1 << 20,
};

/// Less than the default of what may wait for a session.
const PROGRESSIVE: Bounds = Bounds {
    piece: 1 << 16,
    whole: 1 << 22,
};
