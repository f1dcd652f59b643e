use crate::{load_file, load_json, load_json_with, load_yaml, router};
use crossbar_config::Faults;

/// Checks that a document has exactly these faults, in this order.
#[track_caller]
fn check(document: &str, expected: &[&str]) {
    let faults = load_json(document).expect_err("there are faults");
    assert_eq!(lines(&faults), expected);
}

/// As [`check`], for one transport of a router; its place is left out.
#[track_caller]
fn check_transport(transport: &str, expected: &[&str]) {
    let faults = load_json(&router("", transport)).expect_err("there are faults");
    let prefix = "workers[0].transports[0]";
    let lines = lines(&faults);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| line.strip_prefix(prefix).expect("in the transport"))
        .collect();
    assert_eq!(lines, expected);
}

/// As [`check`], for one realm of a router; its place is left out.
#[track_caller]
fn check_realm(realm: &str, expected: &[&str]) {
    let faults = load_json(&router(realm, "")).expect_err("there are faults");
    let lines = lines(&faults);
    let lines: Vec<&str> = lines
        .iter()
        .map(|line| {
            line.strip_prefix("workers[0].realms[0]")
                .expect("in the realm")
        })
        .collect();
    assert_eq!(lines, expected);
}

fn lines(faults: &Faults) -> Vec<String> {
    faults.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn five_faults_are_told_at_once() {
    check(
        r#"{
            "version": 2,
            "controler": {},
            "workers": [
                {"type": "ruoter"},
                {"type": "router",
                 "realms": [{"name": "1realm", "roles": [{"name": "anonymous", "permissions": [{"uri": "", "match": "prefx"}]}]}],
                 "transports": [
                    {"type": "websocket", "endpoint": {"type": "tcp", "port": "8080"}},
                    {"type": "rawsocket", "endpoint": {"type": "tcp", "port": 8081, "backlog": 0}}
                 ]}
            ]
        }"#,
        &[
            r#"controler: unknown key (did you mean "controller"?)"#,
            r#"workers[0].type: unknown worker type "ruoter" (did you mean "router"?)"#,
            r#"workers[1].realms[0].name: a realm's name is a letter followed by 2 to 254 of A-Z, a-z, 0-9, _, -, @ and ., found "1realm""#,
            r#"workers[1].realms[0].roles[0].permissions[0].match: unknown match policy "prefx" (did you mean "prefix"?)"#,
            r#"workers[1].transports[0].endpoint.port: invalid type: string "8080", expected an integer from 0 to 65535 (write the number without quotes)"#,
            r#"workers[1].transports[1].endpoint.backlog: invalid value: integer `0`, expected an integer from 1 to 65535"#,
        ],
    );
}

#[test]
fn version() {
    let old = "version: the configuration has version 1, but version 2 is needed (Crossbar.io's `crossbar upgrade` rewrites it; a new file begins with \"version\": 2)";
    check("{}", &[old]);
    check(r#"{"version": null}"#, &[old]);
    check(r#"{"version": 1}"#, &[old]);
    check(
        r#"{"version": 3}"#,
        &[
            "version: the configuration has version 3, but version 2 is needed (there is no such version of Crossbar.io's configuration)",
        ],
    );
    check(
        r#"{"version": "2"}"#,
        &["version: invalid type: string \"2\", expected u64 (write the number without quotes)"],
    );
}

#[test]
fn syntax() {
    let told = |faults: Faults| {
        let line = faults.to_string();
        line.split_once("config.").map(|(_, end)| end.to_owned())
    };
    assert_eq!(
        load_json("{\n  \"version\": 2,\n}").map_err(told).err(),
        Some(Some("json: trailing comma at line 3 column 1".to_owned()))
    );
    assert_eq!(
        load_yaml("version: 2\nworkers: [\n").map_err(told).err(),
        Some(Some(
            "yaml: did not find expected node content at line 3 column 1, while parsing a flow node".to_owned()
        ))
    );
    let error = load_file("config.yml", "", &[]).expect_err("no such file");
    assert!(
        error
            .to_string()
            .ends_with("there is no configuration file (`crossbar init` writes one, `crossbar start` serves a default node without)"),
        "{error}"
    );
}

#[test]
fn other_extensions_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let name = std::path::Path::new("node.yml");
    std::fs::write(directory.path().join(name), "version: 2").unwrap();
    let error = crossbar_config::load(directory.path(), Some(name), &Default::default())
        .expect_err("the extension");
    let text = error.to_string();
    assert!(
        text.ends_with("node.yml is neither a .json nor a .yaml file"),
        "{text}"
    );
}

#[test]
fn shapes() {
    check("[]", &["expected an object, found []"]);
    check(
        r#"{"version": 2, "workers": {}}"#,
        &["workers: expected a list, found an object"],
    );
    check(
        r#"{"version": 2, "workers": [1, {}, {"type": 5}]}"#,
        &[
            "workers[0]: expected an object, found 1",
            "workers[1]: missing key \"type\"",
            "workers[2].type: expected a string, found 5",
        ],
    );
}

#[test]
fn features_of_later_versions_are_named() {
    check(
        r#"{"version": 2, "controller": {"manhole": {"users": []}, "fabric": {"transport": {}}}, "workers": [
            {"type": "container", "components": []},
            {"type": "guest", "executable": "node"},
            {"type": "proxy"},
            {"type": "xbrmm"},
            {"type": "router", "components": [{"type": "class"}], "connections": []}
        ]}"#,
        &[
            r#"controller.manhole: the key "manhole" is not supported: there is no Python shell to open"#,
            r#"controller.fabric: the key "fabric" is not supported: it belongs to Crossbar.io's closed features"#,
            r#"workers[0].type: the worker type "container" is not supported by this version yet"#,
            r#"workers[1].type: the worker type "guest" is not supported by this version yet"#,
            r#"workers[2].type: the worker type "proxy" is not supported by this version yet"#,
            r#"workers[3].type: the worker type "xbrmm" is not supported: it belongs to XBR"#,
            r#"workers[4].components: the key "components" is not supported by this version yet"#,
        ],
    );
}

#[test]
fn x03_pages_of_catalogs_and_other_inventories_are_refused() {
    check_transport(
        r#"{"type": "web", "endpoint": {"type": "tcp", "port": 8080}, "paths": {"/": {"type": "catalog"}}}"#,
        &[
            r#".paths["/"].type: the Web service type "catalog" is not supported: it belongs to XBR"#,
        ],
    );
    check_realm(
        r#"{"name": "realm1", "inventory": {"type": "wamp.xbr", "catalogs": []}}"#,
        &[r#".inventory.type: unknown inventory type "wamp.xbr" (known: wamp.eth)"#],
    );
}

#[test]
fn controller() {
    check(
        r#"{"version": 2, "controller": {"id": "N", "options": {"title": 5, "shutdown": ["shutdown_on_worker_exits", 1]}}}"#,
        &[
            r#"controller.id: an id is a lower case letter followed by 2 to 63 of a-z, 0-9 and _, found "N""#,
            "controller.options.title: invalid type: integer `5`, expected a string",
            r#"controller.options.shutdown[0]: unknown shutdown rule "shutdown_on_worker_exits" (did you mean "shutdown_on_worker_exit"?)"#,
            "controller.options.shutdown[1]: expected a string, found 1",
        ],
    );
}

#[test]
fn workers() {
    check(
        r#"{"version": 2, "workers": [
            {"type": "router", "id": "abc", "options": {"env": {"inherit": [1], "vars": {"A": 1}}, "cpu_affinity": [-1]}},
            {"type": "router", "id": "abc"},
            {"type": "websocket-testee"},
            {"type": "websocket-testee", "transport": {"type": "web"}}
        ]}"#,
        &[
            "workers[0].options.cpu_affinity[0]: invalid value: integer `-1`, expected usize",
            "workers[0].options.env.vars.A: invalid type: integer `1`, expected a string",
            "workers[0].options.env.inherit: expected true, false or a list of names, found [1]",
            "workers[2]: missing key \"transport\"",
            "workers[3].transport: missing key \"endpoint\"",
            r#"workers[3].transport.type: unknown transport type "web" (known: websocket)"#,
        ],
    );
    check(
        r#"{"version": 2, "workers": [{"type": "router", "id": "abc"}, {"type": "router", "id": "abc"}]}"#,
        &[r#"workers[1].id: the id "abc" is already taken by workers[0].id"#],
    );
}

#[test]
fn realms_and_roles() {
    check_realm(
        r#"{"roles": [{"permissions": []}], "compat": "crosbar", "nam": "x"}"#,
        &[
            r#".nam: unknown key (did you mean "name"?)"#,
            r#": missing key "name""#,
        ],
    );
    check_realm(
        r#"{"name": "realm1", "compat": "crosbar", "options": {"uri_check": "stric", "bridge_meta_api": "yes"},
            "store": {"type": "cfxdb", "path": "db"}, "rlinks": [{}], "inventory": {"type": "wamp.eth"},
            "roles": [{"name": "trusted", "permissions": []},
                      {"name": "user", "authorizer": "com..auth", "permissions": [], "authorizer-timeout": 0},
                      {"name": "user", "allow-by-default": true, "authorizer-cache-ttl": 5},
                      {"name": "guest", "authorizer": "com..auth", "permissions": []},
                      {"name": "guest2", "authoriser": "com.auth"}]}"#,
        &[
            r#".rlinks: the key "rlinks" is not supported by this version yet"#,
            r#".compat: unknown value "crosbar" (did you mean "crossbar"?)"#,
            r#".options.bridge_meta_api: invalid type: string "yes", expected a boolean (write true or false, without quotes)"#,
            r#".options.uri_check: unknown value "stric" (did you mean "strict"?)"#,
            r#".store.type: the store "cfxdb" is not supported by this version yet"#,
            r#".inventory: missing key "catalogs""#,
            r#".roles[0].name: the role "trusted" is reserved for internal sessions"#,
            ".roles[1].authorizer-timeout: invalid value: integer `0`, expected an integer from 1 to 3600",
            r#".roles[1].authorizer: a role has either "permissions" or an "authorizer""#,
            r#".roles[1].authorizer: an authorizer is a procedure: components of a-z, 0-9 and _ with full stops between, not below "wamp.", found "com..auth""#,
            r#".roles[2].authorizer-cache-ttl: it has a meaning only with "authorizer""#,
            r#".roles[3].authorizer: a role has either "permissions" or an "authorizer""#,
            r#".roles[3].authorizer: an authorizer is a procedure: components of a-z, 0-9 and _ with full stops between, not below "wamp.", found "com..auth""#,
            r#".roles[4].authoriser: unknown key (did you mean "authorizer"?)"#,
            r#".roles[2].name: the role "user" is already taken by workers[0].realms[0].roles[1].name"#,
        ],
    );
}

#[test]
fn statistics_of_realms() {
    check_realm(
        r#"{"name": "realm1", "stats": {"trigger_on_leave": true}}"#,
        &[
            ".stats: one of trigger_after_rated_messages and trigger_after_duration must be there and not 0",
        ],
    );
    check_realm(
        r#"{"name": "realm1", "stats": {"rated_message_size": 511, "trigger_after_duration": 60000000000}}"#,
        &[".stats.rated_message_size: the size of a rated message must be an even number"],
    );
    check_realm(
        r#"{"name": "realm1", "stats": {"trigger_on_joining": true}, "options": {"enable_meta_api": "yes"}}"#,
        &[
            r#".options.enable_meta_api: invalid type: string "yes", expected a boolean (write true or false, without quotes)"#,
            r#".stats.trigger_on_joining: unknown key (did you mean "trigger_on_join"?)"#,
            ".stats: one of trigger_after_rated_messages and trigger_after_duration must be there and not 0",
        ],
    );
}

#[test]
fn stores_of_realms() {
    check_realm(
        r#"{"name": "realm1", "store": {"limit": 5}}"#,
        &[r#".store: missing key "type""#],
    );
    check_realm(
        r#"{"name": "realm1", "store": {"type": "redis"}}"#,
        &[r#".store.type: unknown store type "redis" (known: memory)"#],
    );
    check_realm(
        r#"{"name": "realm1", "store": {"type": "memory", "limit": 0,
            "event-history": [{"uri": "com.x"}, {"uri": "com..y"}, {"uri": "com.x", "match": "exact"}, {"match": "prefix"}],
            "call-queue": [{"uri": "com..y", "match": "wild"}, {"uri": "com.x", "limit": "1"}],
            "call-queues": []}}"#,
        &[
            r#".store.call-queues: unknown key (did you mean "call-queue"?)"#,
            r#".store.limit: invalid value: integer `0`, expected an integer from 1 to 1000000"#,
            r#".store.event-history[1].uri: not a URI or pattern that the realm's clients could use, found "com..y""#,
            r#".store.event-history[3]: missing key "uri""#,
            r#".store.event-history[2].uri: the pattern "com.x (exact)" is already taken by workers[0].realms[0].store.event-history[0].uri"#,
            r#".store.call-queue[0].match: unknown match policy "wild" (known: exact, prefix, wildcard)"#,
            r#".store.call-queue[1].limit: invalid type: string "1", expected an integer from 1 to 1000000 (write the number without quotes)"#,
        ],
    );
}

#[test]
fn permissions() {
    check_realm(
        r##"{"name": "realm1", "roles": [{"name": "user", "permissions": [
            {"match": "exact"},
            {"uri": "com. x"},
            {"uri": "a", "allow": {"calls": true, "call": "yes"}, "disclose": {"caller": "always", "publisher": 1}},
            {"uri": "a", "validate": {"call": "x"}, "cache": 1, "trustlevel": -1}
        ]}]}"##,
        &[
            r#".roles[0].permissions[0]: missing key "uri""#,
            r#".roles[0].permissions[1].uri: a URI has no white space and no #, found "com. x""#,
            r#".roles[0].permissions[2].allow.calls: unknown key (did you mean "call"?)"#,
            r#".roles[0].permissions[2].allow.call: invalid type: string "yes", expected a boolean (write true or false, without quotes)"#,
            r#".roles[0].permissions[2].disclose.caller: expected true, false, "on_request" or "never", found "always""#,
            r#".roles[0].permissions[2].disclose.publisher: expected true, false, "on_request" or "never", found 1"#,
            ".roles[0].permissions[3].cache: invalid type: integer `1`, expected a boolean",
            ".roles[0].permissions[3].trustlevel: invalid value: integer `-1`, expected an integer from 0 to 4294967295",
            r#".roles[0].permissions[3].validate.call: the realm has no "inventory", which has the types"#,
        ],
    );
}

#[test]
fn no_authentication_is_told_from_none_configured() {
    check_transport(
        r#"{"type": "websocket", "endpoint": {"type": "tcp", "port": 1}, "auth": null}"#,
        &[".auth: expected an object"],
    );
}

#[test]
fn long_values_are_cut() {
    let long = "x".repeat(10_000);
    let document = router(
        "",
        &format!(r#"{{"type": "{long}", "endpoint": ["{long}"]}}"#),
    );
    let text = load_json(&document).expect_err("two faults").to_string();
    assert!(text.len() < 700, "{text}");
}

#[test]
fn two_realms_of_a_name() {
    let document = router(r#"{"name": "realm1"}, {"name": "realm1"}"#, "");
    check(
        &document,
        &[
            r#"workers[0].realms[1].name: the realm name "realm1" is already taken by workers[0].realms[0].name"#,
        ],
    );
}

#[test]
fn endpoints() {
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp"}}"#,
        &[r#".endpoint: missing key "port" (or give "portrange")"#],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "portrange": [9000, 8000], "version": 5, "tls": {"key": "k"}}}"#,
        &[
            ".endpoint.version: the IP version is 4 or 6, found 5",
            ".endpoint.portrange: the second port is lower than the first, found [9000,8000]",
            r#".endpoint.tls: missing key "certificate" (a certificate and its key belong together)"#,
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": true, "interface": "::1", "version": 4, "user_timeout": 70000}}"#,
        &[
            ".endpoint.port: invalid type: boolean `true`, expected an integer from 0 to 65535",
            ".endpoint.user_timeout: invalid value: integer `70000`, expected an integer from 0 to 65535",
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 80, "interface": "::1", "version": 4}}"#,
        &[
            r#".endpoint.interface: the address is of another IP version than "version" says, found "::1""#,
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "unix", "path": "x"}, "max_connection": 1, "trusted_proxy": []}"#,
        &[
            r#".max_connection: unknown key (did you mean "max_connections"?)"#,
            r#".trusted_proxy: unknown key (did you mean "trusted_proxies"?)"#,
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "unix", "path": "", "port": 1}}"#,
        &[
            ".endpoint.port: unknown key (known: path, backlog, proxy_protocol)",
            ".endpoint.path: the path of the socket is empty",
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "twisted", "server_string": "tcp:80"}}"#,
        &[
            r#".endpoint.type: the endpoint type "twisted" is not supported: it is an endpoint string of Twisted; write tcp or unix"#,
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "max_connections": 0}"#,
        &[
            r#": missing key "endpoint""#,
            ".max_connections: invalid value: integer `0`, expected an integer from 1 to 2147483648",
        ],
    );
}

#[test]
fn addresses_that_are_taken() {
    let document = router(
        "",
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 8080}},
           {"type": "websocket", "endpoint": {"type": "tcp", "port": 8080, "interface": "127.0.0.1"}},
           {"type": "rawsocket", "endpoint": {"type": "unix", "path": "sock"}},
           {"type": "rawsocket", "endpoint": {"type": "unix", "path": "./sock"}},
           {"type": "websocket", "endpoint": {"type": "tcp", "port": 0}},
           {"type": "websocket", "endpoint": {"type": "tcp", "port": 0}}"#,
    );
    let faults = load_json(&document).expect_err("two addresses are taken");
    let lines = lines(&faults);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        lines[0],
        r#"workers[0].transports[1].endpoint.port: the TCP port "8080" is already taken by workers[0].transports[0]"#
    );
    assert!(
        lines[1].starts_with("workers[0].transports[3].endpoint.path: the path"),
        "{lines:?}"
    );
}

#[test]
fn addresses_that_are_not_taken() {
    let document = router(
        "",
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 8080, "interface": "127.0.0.2"}},
           {"type": "websocket", "endpoint": {"type": "tcp", "port": 8080, "interface": "127.0.0.1"}},
           {"type": "websocket", "endpoint": {"type": "tcp", "port": 8081, "shared": true}},
           {"type": "websocket", "endpoint": {"type": "tcp", "port": 8081, "shared": true}}"#,
    );
    load_json(&document).expect("no address is taken twice");
}

#[test]
fn variables() {
    let port = router(
        "",
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": "$PORT"}}"#,
    );
    let told = |environment: &[(&str, &str)]| {
        let read = load_json_with(&port, environment);
        read.expect_err("the port").to_string()
    };
    let at = "workers[0].transports[0].endpoint.port: the environment variable \"PORT\"";
    assert_eq!(told(&[]), format!("{at} is not set"));
    assert_eq!(told(&[("PORT", "x")]), format!("{at} is not an integer"));
    assert!(told(&[("PORT", "70000")]).contains("integer `70000`"));
    let ticket = router(
        "",
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1}, "auth": {"ticket": {"type": "static", "principals": {"joe": {"ticket": "${TICKET}", "role": "user"}}}}}"#,
    );
    for environment in [&[][..], &[("TICKET", "")]] {
        let node = load_json_with(&ticket, environment).unwrap();
        let notices: Vec<String> = node.notices.iter().map(ToString::to_string).collect();
        let told = notices
            .iter()
            .any(|notice| notice.ends_with("nobody can log in"));
        assert!(told, "{notices:?}");
    }
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "unix", "path": "$NOWHERE/sock"}}"#,
        &[
            r#".endpoint.path: the environment variable "NOWHERE" is not set (set it, or write the path without $)"#,
        ],
    );
}

#[test]
fn transports() {
    check_transport(
        r#"{"type": "mqtt", "id": "T", "endpoint": {"type": "tcp", "port": 1883}}"#,
        &[
            r#".type: the transport type "mqtt" is not supported by this version yet"#,
            r#".id: an id is a lower case letter followed by 2 to 63 of a-z, 0-9 and _, found "T""#,
        ],
    );
    check_transport(
        r#"{"type": "rawsocket", "endpoint": {"type": "tcp", "port": 1}, "serializers": ["json", "flatbufers", "yaml", 1], "ubjson": "bjdta",
            "options": {"max_message_size": 100, "send_queue_overflow": "drp"}, "max_message_size": 5}"#,
        &[
            ".max_message_size: unknown key (known: serializers, ubjson, options, auth, limits)",
            r#".ubjson: unknown variant of UBJSON "bjdta" (did you mean "bjdata"?)"#,
            r#".serializers[1]: unknown serializer "flatbufers" (did you mean "flatbuffers"?)"#,
            r#".serializers[2]: unknown serializer "yaml" (known: cbor, msgpack, json, ubjson, flatbuffers)"#,
            ".serializers[3]: expected a string, found 1",
            ".options.max_message_size: invalid value: integer `100`, expected an integer from 512 to 16777216",
            r#".options.send_queue_overflow: unknown value "drp" (did you mean "drop"?)"#,
        ],
    );
    check_transport(
        r#"{"type": "websocket", "endpoint": {"type": "tcp", "port": 1}, "url": "http://x", "cookie": {"store": {}}, "serializers": [],
            "options": {"auto_ping_interval": 500, "auto_ping_size": 4, "max_frame_size": 100000000, "flash_policy": "x",
                        "compression": {"deflate": {"max_window_bits": 8, "request_max_window_bits": 5}, "bzip2": {}}}}"#,
        &[
            r#".url: not a URL of the form ws://host:port/path or wss://…, found "http://x""#,
            ".serializers: at least one serializer is needed",
            r#".cookie.store: missing key "type""#,
            r#".options.flash_policy: the key "flash_policy" is not supported: no browser runs Flash"#,
            ".options.auto_ping_interval: invalid value: integer `500`, expected milliseconds: 0 or at least 1000",
            ".options.auto_ping_size: invalid value: integer `4`, expected an integer from 12 to 125",
            ".options.max_frame_size: invalid value: integer `100000000`, expected an integer from 0 to 67108864",
            ".options.compression.bzip2: unknown key (known: deflate)",
            ".options.compression.deflate.max_window_bits: invalid value: integer `8`, expected an integer from 9 to 15",
            ".options.compression.deflate.request_max_window_bits: a window has 9 to 15 bits, or 0 for no limit",
        ],
    );
    check_transport(
        r#"{"type": "universal", "endpoint": {"type": "tcp", "port": 1}, "options": {}, "mqtt": {"options": {}},
            "rawsocket": {"type": "websocket"}, "websocket": {"a/b": {}}, "web": {"paths": {"x": {"type": "caller"}}}}"#,
        &[
            ".options: unknown key (known: rawsocket, websocket, web)",
            r#".mqtt: the key "mqtt" is not supported by this version yet"#,
            r#".rawsocket.type: unknown type "websocket" (did you mean "rawsocket"?)"#,
            r#".websocket["a/b"]: a path is "/" or one component of A-Z, a-z, 0-9, _ and -, without a slash"#,
            r#".web.paths.x.type: the Web service type "caller" is not supported by this version yet"#,
        ],
    );
}

#[test]
fn authentication() {
    check_transport(
        r#"{"type": "websocket", "endpoint": {"type": "tcp", "port": 1}, "auth": {
            "cookie": {"type": "static"},
            "tiket": {},
            "anonymous": {"type": "static", "role": "trusted", "user": 1},
            "ticket": {"type": "function", "create": "auth.make"},
            "wampcra": {"type": "static", "users": {"joe": {"secret": 12345, "role": "user"}, "eve": {"secret": "", "role": "user"}, "ann": {"secret": "x"}, "bob": 5}}
        }}"#,
        &[
            r#".auth.tiket: unknown authentication method "tiket" (did you mean "ticket"?)"#,
            ".auth.anonymous.user: unknown key (known: role, authid)",
            r#".auth.anonymous.role: the role "trusted" is reserved for internal sessions"#,
            r#".auth.ticket.type: authentication of type "function" is not supported: it is Python code within the router; have a component register that as a procedure, and use "dynamic""#,
            ".auth.wampcra.users.joe.secret: invalid type: expected a string",
            ".auth.wampcra.users.eve.secret: an empty secret, which everybody knows",
            r#".auth.wampcra.users.ann: missing key "role""#,
            ".auth.wampcra.users.bob: expected an object",
            r#".auth.cookie: the method needs "cookie" beside "auth""#,
        ],
    );
}

#[test]
fn web_services() {
    check_transport(
        r#"{"type": "web", "endpoint": {"type": "tcp", "port": 1}, "options": {"hsts": "on", "client_timeout": 0}, "paths": {
            "/": {"type": "static", "package": "crossbar", "options": {"cache_timeout": -1}},
            "a": {"type": "redirect"},
            "b": {"type": "json", "options": {"pretty": true}},
            "c": {"type": "path", "paths": {"d.e": {"type": "nodeinfo", "x": 1}}},
            "e": {"type": "longpoll", "cookie": {}, "auth": null, "options": {"session_timeout": -1, "reqest_timeout": 1}},
            "f": {"type": "upload"},
            "g": {"type": "statik"},
            "h": {"type": "longpoll", "options": {"debug_transport_id": "a/b"}}
        }}"#,
        &[
            r#".paths["/"].package: the key "package" is not supported by this version yet"#,
            r#".paths["/"]: missing key "directory""#,
            r#".paths.a: missing key "url""#,
            r#".paths.b: missing key "value""#,
            r#".paths.b.options.pretty: unknown key (did you mean "prettify"?)"#,
            r#".paths.c.paths["d.e"]: a path is "/" or one component of A-Z, a-z, 0-9, _ and -, without a slash"#,
            r#".paths.c.paths["d.e"].x: unknown key (known: )"#,
            r#".paths.e.cookie: unknown key (known: serializers, ubjson, options, auth, limits)"#,
            ".paths.e.auth: expected an object",
            ".paths.e.options.reqest_timeout: unknown key (did you mean \"request_timeout\"?)",
            ".paths.e.options.session_timeout: invalid value: integer `-1`, expected an integer from 0 to 86400",
            r#".paths.f.type: the Web service type "upload" is not supported: Crossbar.io has not had it since 2018"#,
            r#".paths.g.type: unknown Web service type "statik" (did you mean "static"?)"#,
            ".paths.h.options.debug_transport_id: an id of a transport has A-Z, a-z, 0-9, _ and - only, found \"a/b\"",
            r#".options.hsts: invalid type: string "on", expected a boolean (write true or false, without quotes)"#,
            ".options.client_timeout: invalid value: integer `0`, expected an integer from 1 to 86400",
        ],
    );
}
