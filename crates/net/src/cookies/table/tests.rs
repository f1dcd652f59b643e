use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crossbar_core::Principal;
use proptest::prelude::*;

use super::super::value::CookieValue;
use super::*;

fn at(seconds: u64) -> Timestamp {
    Timestamp::since_1970(Duration::from_secs(seconds))
}

fn value(number: usize) -> CookieValue {
    CookieValue::read(&format!("cookie{number}")).unwrap()
}

fn issued(number: usize) -> Arc<Issued> {
    Arc::new(Issued {
        name: value(number).as_str().into(),
        digest: value(number).digest(),
        alias: CookieAlias::new([7; 24]),
        created: at(0),
        spent: AtomicBool::new(false),
    })
}

fn login(authid: &str) -> CookieLogin {
    CookieLogin {
        realm: Text::from_static("realm1"),
        principal: Principal {
            authid: Text::from(authid),
            ..Principal::default()
        },
        expires: None,
    }
}

fn bind(table: &mut Table, number: usize, authid: &str, until: u64) -> Vec<Change> {
    let cookie = issued(number);
    table.issue(&cookie, None);
    table.bind(id(), &cookie, (login(authid), at(until)), at(1))
}

fn id() -> LoginId {
    LoginId::draw().unwrap()
}

fn who(table: &mut Table, number: usize, now: u64) -> Option<String> {
    let (_, login) = table.login(value(number).digest(), at(now))?;
    Some(login.principal.authid.to_string())
}

/// Says that the table and its inverses fit each other.
fn audit(table: &Table) {
    let mut cookies = 0;
    for (id, kept) in &table.logins {
        assert!(!kept.cookies.is_empty());
        cookies += kept.cookies.len();
        for cookie in &kept.cookies {
            let standing = &table.by_digest[&cookie.digest];
            assert!(matches!(standing, Standing::Login(other) if other == id));
            assert!(!cookie.is_spent());
        }
        assert!(table.ends.contains(&(kept.until, *id)));
        assert!(table.of_principals[&principal(&kept.login)].contains(id));
    }
    let of_principals: usize = table.of_principals.values().map(VecDeque::len).sum();
    assert_eq!(of_principals, table.logins.len());
    assert_eq!(table.ends.len(), table.logins.len());
    let standing = table.by_digest.values();
    let waiting = standing
        .filter(|it| matches!(it, Standing::Waiting(..)))
        .count();
    assert_eq!(waiting + cookies, table.by_digest.len());
    assert!(table.waiting.len() <= table.room.waiting);
    assert!(waiting <= table.waiting.len());
    assert!(table.logins.len() <= table.room.logins);
}

#[test]
fn a11_a_login_ends_with_its_time_whatever_the_browser_thinks() {
    let mut table = Table::default();
    bind(&mut table, 1, "joe", 100);
    assert_eq!(who(&mut table, 1, 99).as_deref(), Some("joe"));
    assert_eq!(who(&mut table, 1, 100), None);
    assert_eq!(who(&mut table, 1, 50), None, "it does not come back");
    assert!(table.records(at(0)).is_empty());
    audit(&table);
}

#[test]
fn a11_cookies_that_nobody_logs_in_with_are_bounded_and_replace_the_oldest() {
    let mut table = Table::new(Room {
        waiting: 3,
        ..Room::default()
    });
    let first = issued(1);
    table.issue(&first, None);
    for number in 2..=1000 {
        table.issue(&issued(number), None);
        audit(&table);
    }
    let found = |table: &mut Table, number| table.find(&[value(number).digest()], at(1)).is_some();
    assert_eq!(
        [1, 997, 998, 1000].map(|it| found(&mut table, it)),
        [false, false, true, true]
    );
    // On the connection that it was given out on, the first is good still.
    table.bind(id(), &first, (login("joe"), at(100)), at(1));
    assert_eq!(who(&mut table, 1, 1).as_deref(), Some("joe"));
    audit(&table);
}

#[test]
fn a11_logins_are_bounded_for_each_client_and_in_all() {
    let mut table = Table::new(Room {
        logins: 5,
        of_one: 2,
        waiting: 3,
    });
    for number in 1..=4 {
        bind(
            &mut table,
            number,
            "joe",
            100 + u64::try_from(number).unwrap(),
        );
        audit(&table);
    }
    assert_eq!(
        [1, 2, 3, 4].map(|it| who(&mut table, it, 1).is_some()),
        [false, false, true, true]
    );
    for (number, authid) in [(5, "ann"), (6, "bob"), (7, "eve"), (8, "sue")] {
        let changes = bind(&mut table, number, authid, 200);
        let deleted = changes.iter().filter(|it| matches!(it, Change::Delete(..)));
        assert_eq!(deleted.count(), usize::from(number == 8));
        audit(&table);
    }
    assert_eq!(who(&mut table, 3, 1), None, "it would have ended first");
    assert_eq!(who(&mut table, 4, 1).as_deref(), Some("joe"));
}

#[test]
fn what_is_restored_is_what_was_recorded() {
    let mut table = Table::default();
    let parent = issued(1);
    table.issue(&parent, None);
    table.issue(&issued(2), Some(parent.digest));
    table.bind(id(), &parent, (login("joe"), at(100)), at(1));
    bind(&mut table, 3, "ann", 50);
    let records = table.records(at(1));
    let mut restored = Table::default();
    for record in &records {
        let digest = CookieValue::read(&record.name).unwrap().digest();
        restored.restore(record, digest, CookieAlias::new([8; 24]));
    }
    audit(&restored);
    assert_eq!(restored.records(at(1)), records);
    assert_eq!(restored.logins.len(), 2);
    let (group, _) = restored.login(value(2).digest(), at(1)).unwrap();
    assert_eq!(restored.end(group, at(2)).0.len(), 2);
    assert_eq!(who(&mut restored, 1, 2), None);
}

#[derive(Clone, Debug)]
enum Act {
    /// A connection comes with a cookie, or with none.
    Connect(Option<usize>),
    /// A client logs in on a connection.
    LogIn(usize, u8),
    /// It logs out.
    LogOut(usize),
    Wait(u8),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        3 => proptest::option::of(0..40_usize).prop_map(Act::Connect),
        3 => (0..40_usize, 0..3_u8).prop_map(|(connection, who)| Act::LogIn(connection, who)),
        1 => (0..40_usize).prop_map(Act::LogOut),
        1 => (1..30_u8).prop_map(Act::Wait),
    ];
    proptest::collection::vec(act, 1..60)
}

/// What each value may let in, by the rules alone: a login on a connection reaches the value that was given out on it and what
/// was given out since to requests that had it, and nothing else.
#[derive(Default)]
struct Model {
    parents: BTreeMap<usize, usize>,
    spent: BTreeSet<usize>,
}

impl Model {
    fn descends(&self, mut value: usize, from: usize) -> bool {
        loop {
            if value == from {
                return true;
            }
            match self.parents.get(&value) {
                Some(parent) => value = *parent,
                None => return false,
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a11_a_login_reaches_no_value_that_was_known_before(acts in acts()) {
        let mut table = Table::new(Room { logins: 6, of_one: 3, waiting: 8 });
        let mut model = Model::default();
        // Each connection's cookie, and whether that was given out on it.
        let mut connections: Vec<(Arc<Issued>, usize, bool)> = Vec::new();
        let (mut now, mut values) = (1, 0);
        for act in acts {
            match act {
                Act::Connect(with) => {
                    let shown = with.and_then(|it| connections.get(it)).map(|it| it.1);
                    let digests: Vec<_> = shown.map(|it| value(it).digest()).into_iter().collect();
                    let found = table.find(&digests, at(now));
                    if let (Some(Presented::Login(cookie)), Some(shown)) = (&found, shown) {
                        connections.push((Arc::clone(cookie), shown, false));
                        continue;
                    }
                    values += 1;
                    let cookie = issued(values);
                    let parent = match &found {
                        Some(Presented::Waiting(parent)) => Some(parent.digest),
                        Some(Presented::Login(_)) | None => None,
                    };
                    if let (Some(_), Some(shown)) = (parent, shown) {
                        model.parents.insert(values, shown);
                    }
                    table.issue(&cookie, parent);
                    connections.push((cookie, values, true));
                }
                Act::LogIn(connection, authid) => {
                    let Some((cookie, number, true)) = connections.get(connection) else {
                        continue;
                    };
                    let before: Vec<_> = (1..=values).map(|it| who(&mut table, it, now)).collect();
                    if cookie.is_spent() {
                        continue;
                    }
                    let until = at(now + 40);
                    let authid = format!("user{authid}");
                    table.bind(id(), cookie, (login(&authid), until), at(now));
                    prop_assert_eq!(who(&mut table, *number, now), Some(authid));
                    for other in (1..=values).filter(|&it| !model.descends(it, *number)) {
                        let after = who(&mut table, other, now);
                        let same = after == before[other - 1];
                        prop_assert!(after.is_none() || same, "{} gained a login", other);
                    }
                }
                Act::LogOut(connection) => {
                    let Some((cookie, number, _)) = connections.get(connection) else {
                        continue;
                    };
                    if let Some((id, _)) = table.login(cookie.digest, at(now)) {
                        table.end(id, at(now));
                        model.spent.insert(*number);
                    }
                }
                Act::Wait(seconds) => now += u64::from(seconds),
            }
            audit(&table);
            for &number in &model.spent {
                prop_assert_eq!(who(&mut table, number, now), None);
            }
        }
    }
}
