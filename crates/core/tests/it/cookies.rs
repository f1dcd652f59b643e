//! Who comes in by what was proven before.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crossbar_core::{
    Access, CookieLogin, Dynamic, DynamicMethod, Join, Joining, MethodConfig, Opening, Principal,
    Secret, Step, TicketPrincipal, Timestamp,
};
use crossbar_wire::{Authenticate, Features, Hello, Role, Roles, SessionId, Text, Value};
use serde_json::json;

fn ticket(authid: &'static str, role: &'static str) -> MethodConfig {
    let principal = TicketPrincipal {
        ticket: Some(Secret::new(Text::from_static("secret")).into()),
        role: Text::from_static(role),
    };
    MethodConfig::Ticket(BTreeMap::from([(Text::from_static(authid), principal)]))
}

fn dynamic(method: DynamicMethod) -> MethodConfig {
    MethodConfig::Dynamic(Arc::new(Dynamic {
        method,
        procedure: Text::from_static("com.example.authenticate"),
        realm: None,
        default_role: None,
        limit: Duration::from_secs(1),
    }))
}

fn anonymous() -> MethodConfig {
    MethodConfig::Anonymous {
        role: Text::from_static("anonymous"),
        authid: None,
    }
}

/// A login that somebody vouched for, as `authprovider` says.
fn vouched(by: &'static str) -> CookieLogin {
    let principal = Principal {
        authprovider: Text::from_static(by),
        ..login().principal
    };
    CookieLogin {
        principal,
        ..login()
    }
}

fn login() -> CookieLogin {
    CookieLogin {
        realm: Text::from_static("realm1"),
        principal: Principal {
            authid: Text::from_static("joe"),
            authrole: Text::from_static("user"),
            authmethod: Text::from_static("ticket"),
            authprovider: Text::from_static("static"),
            authextra: Value::from(json!({"team": 7})),
        },
        expires: None,
    }
}

fn step(methods: Vec<MethodConfig>, offered: &[&'static str], cookie: Option<CookieLogin>) -> Step {
    let hello = Hello {
        realm: Some(Text::from_static("realm1")),
        roles: Roles::default().with(Role::Caller, Features::default()),
        authmethods: offered.iter().map(|name| Text::from_static(name)).collect(),
        authid: Some(Text::from_static("joe")),
        ..Hello::default()
    };
    let opening = Opening {
        session: SessionId::new(77).unwrap(),
        random: [9; 32],
        time: Timestamp::since_1970(Duration::from_secs(1000)),
        credentials: None,
        cookie: cookie.map(Arc::new),
        identity: None,
        disguise: [0; 32],
        transport: None,
    };
    Joining::hello(&Arc::new(Access::Methods(methods)), hello, opening)
}

/// Gives who comes in at once.
fn joins(methods: Vec<MethodConfig>, cookie: CookieLogin) -> Option<Box<Join>> {
    let step = step(methods, &["cookie"], Some(cookie));
    if let Step::Join(join) = step {
        return Some(join);
    }
    let Step::Abort(abort) = step else {
        panic!("{step:?}");
    };
    assert_eq!(abort.reason, "wamp.error.no_auth_method");
    None
}

#[test]
fn a11_the_principal_stays_what_it_was_and_only_the_provider_is_another() {
    let join = joins(vec![ticket("joe", "user"), MethodConfig::Cookie], login()).unwrap();
    let expected = Principal {
        authprovider: Text::from_static("cookie"),
        ..login().principal
    };
    assert_eq!(join.principal, expected);
    assert_eq!(join.expires, None);
    assert!(!join.remembered, "it is what is remembered");
}

#[test]
fn a11_the_methods_of_today_stand_for_the_login_of_yesterday() {
    let is_in_by = |methods: Vec<MethodConfig>, by| {
        let all = methods.into_iter().chain([MethodConfig::Cookie]).collect();
        joins(all, vouched(by)).is_some()
    };
    let is_in = |methods| is_in_by(methods, "static");
    assert!(is_in(vec![anonymous(), ticket("joe", "user")]));
    // Crossbar.io's stores do not say who vouched for it.
    for (by, fixed, asked) in [
        ("static", true, false),
        ("dynamic", false, true),
        ("jwt", false, false),
        ("cookie", true, true),
    ] {
        assert_eq!(is_in_by(vec![ticket("joe", "user")], by), fixed, "{by}");
        let procedure = vec![dynamic(DynamicMethod::Ticket)];
        assert_eq!(is_in_by(procedure, by), asked, "{by}");
    }
    for other in [
        vec![],
        vec![anonymous()],
        vec![ticket("ann", "user")],
        vec![ticket("joe", "guest")],
        vec![dynamic(DynamicMethod::WampCra)],
        vec![
            dynamic(DynamicMethod::Tls),
            dynamic(DynamicMethod::Anonymous),
        ],
        vec![MethodConfig::WampCra(BTreeMap::new())],
    ] {
        assert!(!is_in(other.clone()), "{other:?}");
    }
    let without = joins(vec![ticket("joe", "user")], login());
    assert!(without.is_none(), "the method is not configured");
}

#[test]
fn a11_a_cookie_outlives_no_token() {
    let methods = || vec![dynamic(DynamicMethod::Ticket), MethodConfig::Cookie];
    let until = |seconds| CookieLogin {
        expires: Some(Timestamp::since_1970(Duration::from_secs(seconds))),
        ..vouched("dynamic")
    };
    let join = joins(methods(), until(1001)).unwrap();
    assert_eq!(join.expires, until(1001).expires);
    assert!(joins(methods(), until(1000)).is_none());
}

#[test]
fn a11_nobody_gets_the_role_of_the_nodes_own_sessions() {
    let mut login = vouched("dynamic");
    login.principal.authrole = Text::from_static("trusted");
    let methods = vec![dynamic(DynamicMethod::Ticket), MethodConfig::Cookie];
    let step = step(methods, &["cookie"], Some(login));
    assert!(matches!(step, Step::Abort(abort) if abort.reason == "wamp.error.no_such_role"));
}

#[test]
fn a00_a11_a_cookie_that_is_worth_nothing_is_skipped() {
    let methods = || vec![ticket("joe", "user"), MethodConfig::Cookie, anonymous()];
    let offered = ["cookie", "ticket", "anonymous"];
    assert!(matches!(
        step(methods(), &offered, None),
        Step::Challenge(..)
    ));
    assert!(matches!(
        step(methods(), &["cookie", "anonymous"], None),
        Step::Join(_)
    ));
    assert!(matches!(
        step(methods(), &["ticket", "cookie"], Some(login())),
        Step::Challenge(..)
    ));
    assert!(
        matches!(step(methods(), &[], Some(login())), Step::Join(join) if join.principal.authmethod == "anonymous")
    );
}

#[test]
fn a11_only_what_was_proven_is_remembered() {
    let Step::Challenge(_, joining) = step(vec![ticket("joe", "user")], &["ticket"], None) else {
        panic!("a challenge");
    };
    let answer = Authenticate {
        signature: Text::from_static("secret"),
        extra: Value::Null,
    };
    let Step::Join(mut join) = joining.authenticate(&answer) else {
        panic!("it is the ticket");
    };
    let told = json!({"team": 7, "verifier": "x", "scram_server_signature": "y"});
    join.principal.authextra = Value::from(told);
    let kept = join.cookie_login().unwrap();
    assert_eq!(kept, login());
    let Step::Join(join) = step(vec![anonymous()], &["anonymous"], None) else {
        panic!("everybody may");
    };
    assert_eq!(join.cookie_login(), None);
}
