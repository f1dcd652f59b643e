//! Nodes as processes: their start, their faults, their end, and what becomes of killed ones.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use crossbar_client::{Failure, Invocation, Options, RegisterOptions, Session, Target, connect};
use rustix::process::Signal;
use serde_json::json;

use crate::crossbar;
use crate::running::{Running, config, directory, send, socket, wait_gone};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system gives what it takes")
        .block_on(async {
            let limited = tokio::time::timeout(Duration::from_secs(20), future).await;
            limited.expect("in time")
        })
}

async fn join(directory: &Path) -> Session {
    let target = format!("unix:{}", socket(directory).display());
    let target: Target = target.parse().expect("it is a URL");
    let session = connect(&target, Options::realm("realm1")).await;
    session.expect("the router takes everybody")
}

async fn double(invocation: Invocation) -> Result<crossbar_client::Arguments, Failure> {
    let (number,): (u64,) = invocation.args()?;
    Ok(crossbar_client::Arguments::positional(&(number * 2,))?)
}

#[test]
fn a_node_serves_and_ends_on_sigterm_with_code_0() {
    let directory = directory(&config());
    let mut node = Running::up(directory.path(), &[]);
    run(async {
        let session = join(directory.path()).await;
        let options = RegisterOptions::default();
        session
            .register("com.double", options, double)
            .await
            .unwrap();
        let result: u64 = session.call("com.double", &(21,)).await.unwrap();
        assert_eq!(result, 42);
    });
    for text in [
        "[Controller ",
        "[Router     ",
        "Ok, Router worker001 has started Transport transport001",
        "Ok, Transport transport002 has started Web Service webservice001",
        "NODE_BOOT_COMPLETE[node_id=\"node1\"]",
    ] {
        assert!(node.log.iter().any(|line| line.contains(text)), "{text}");
    }
    let workers = node.workers();
    assert_eq!(workers.len(), 1);
    node.signal(Signal::TERM);
    node.wait_for("Node has ended");
    let (status, _) = node.end();
    assert_eq!(status.code(), Some(0));
    workers.into_iter().for_each(wait_gone);
    assert!(!directory.path().join("node.pid").exists());
    assert!(directory.path().join("key.pub").exists());
}

#[test]
fn the_page_about_the_node_asks_the_controller() {
    let directory = directory(&config());
    let node = Running::up(directory.path(), &[]);
    let line = node
        .log
        .iter()
        .rev()
        .find(|line| line.contains("listening on 127.0.0.1"));
    let address = line.unwrap().split("listening on ").nth(1).unwrap();
    let address = address.split(' ').next().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut page = String::new();
    stream.read_to_string(&mut page).unwrap();
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("Controller process"), "{page}");
}

#[test]
fn status_and_stop() {
    let directory = directory(&config());
    let path = directory.path();
    let here = ["--cbdir", path.to_str().unwrap()];
    let call = |words: &[&str]| {
        let call = crossbar(path, &[words, &here[..]].concat());
        (call.code, call.stdout + &call.stderr)
    };
    assert_eq!(
        call(&["status"]),
        (Some(0), "Status is STOPPED\n".to_owned())
    );
    let (code, text) = call(&["stop"]);
    assert_eq!(code, Some(69));
    assert!(text.contains("No Crossbar.io is currently running from node directory"));
    let node = Running::up(path, &[]);
    assert_eq!(
        call(&["status"]),
        (Some(0), "Status is RUNNING\n".to_owned())
    );
    let (code, text) = call(&["status", "--assert", "running"]);
    assert_eq!(code, Some(0));
    assert_eq!(text, "Assert status RUNNING succeeded: status is RUNNING\n");
    let (code, text) = call(&["status", "--assert", "stopped"]);
    assert_eq!(code, Some(69));
    assert!(text.contains("Assert status STOPPED failed: status is RUNNING"));
    let (code, text) = call(&["start"]);
    assert_eq!(code, Some(1));
    assert!(
        text.contains("already running from node directory"),
        "{text}"
    );
    let (code, text) = call(&["stop"]);
    assert_eq!(code, Some(0));
    assert!(text.contains("gracefully"), "{text}");
    assert_eq!(node.end().0.code(), Some(0));
    assert_eq!(call(&["stop"]).0, Some(69));
}

#[test]
fn a_worker_killed_under_load_comes_back_with_its_configuration() {
    let directory = directory(&config());
    let mut node = Running::up(directory.path(), &[]);
    let killed = node.workers()[0];
    run(async {
        let session = join(directory.path()).await;
        let options = RegisterOptions::default();
        session
            .register("com.double", options, double)
            .await
            .unwrap();
        let mut calls = tokio::task::JoinSet::new();
        for number in 0..64u64 {
            let session = session.clone();
            calls.spawn(async move {
                // Until the router is gone, every call has its own answer.
                let mut answered = 0;
                while let Ok(result) = session.call::<u64>("com.double", &(number,)).await {
                    assert_eq!(result, number * 2);
                    answered += 1;
                    if answered == 20 && number == 7 {
                        send(killed, Signal::KILL);
                    }
                }
            });
        }
        while let Some(result) = calls.join_next().await {
            result.unwrap();
        }
    });
    node.wait_for("is back with PID");
    assert_ne!(node.workers(), [killed]);
    run(async {
        let session = join(directory.path()).await;
        let options = RegisterOptions::default();
        session
            .register("com.double", options, double)
            .await
            .unwrap();
        let result: u64 = session.call("com.double", &(4,)).await.unwrap();
        assert_eq!(result, 8);
    });
    node.signal(Signal::INT);
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn no_worker_outlives_a_killed_controller_and_the_node_starts_again() {
    let directory = directory(&config());
    let node = Running::up(directory.path(), &[]);
    let workers = node.workers();
    assert_eq!(workers.len(), 1);
    node.signal(Signal::KILL);
    node.end();
    workers.into_iter().for_each(wait_gone);
    assert!(directory.path().join("node.pid").exists());
    let node = Running::up(directory.path(), &[]);
    node.signal(Signal::TERM);
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn even_a_worker_that_is_stuck_does_not_outlive_its_controller() {
    let directory = directory(&config());
    let node = Running::up(directory.path(), &[]);
    let worker = node.workers()[0];
    send(worker, Signal::STOP);
    node.signal(Signal::KILL);
    node.end();
    wait_gone(worker);
}

#[test]
fn a_stuck_worker_does_not_hold_up_the_end_of_its_node() {
    let directory = directory(&config());
    let mut node = Running::up(directory.path(), &[]);
    send(node.workers()[0], Signal::STOP);
    node.signal(Signal::TERM);
    node.wait_for("Shutting down on SIGTERM");
    // The second signal spares the wait.
    node.signal(Signal::TERM);
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn several_workers_start_at_a_time_and_disabled_ones_do_not() {
    let worker = |id: &str, disabled: bool| {
        let options = json!({"disabled": disabled, "env": {"inherit": false}});
        json!({"type": "router", "id": id, "options": options})
    };
    let config = json!({
        "version": 2,
        "controller": {"options": {"enable_parallel_worker_start": true}},
        "workers": [worker("first", true), worker("second", false), worker("third", false)],
    });
    let directory = directory(&config);
    let node = Running::up(directory.path(), &[]);
    assert_eq!(node.workers().len(), 2);
    let log = node.log.join("\n");
    assert!(log.contains("Router second has been started"), "{log}");
    assert!(!log.contains("first"), "{log}");
}

#[test]
fn a_worker_ignores_an_interrupt() {
    let directory = directory(&config());
    let mut node = Running::up(directory.path(), &["--loglevel", "debug"]);
    send(node.workers()[0], Signal::INT);
    node.wait_for("Ignoring SIGINT in worker.");
    node.signal(Signal::INT);
    node.wait_for("Shutting down on SIGINT");
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn five_faults_are_all_told_and_nothing_starts() {
    let mut config = config();
    config["controller"]["options"] = json!({"titel": "x"});
    config["workers"][0]["realms"][0]["roles"][0]["permissions"][0]["match"] = json!("prefixx");
    config["workers"][0]["transports"][0]["endpoint"]["type"] = json!("unixx");
    config["workers"][0]["transports"][1]["endpoint"]["port"] = json!("80");
    config["workers"][0]["transports"][1]["paths"]["ws"]["type"] = json!("websockets");
    let directory = directory(&config);
    let (status, log) = Running::start(directory.path(), &[]).end();
    assert_eq!(status.code(), Some(1));
    let log = log.join("\n");
    for text in [
        "Invalid node configuration",
        "controller.options.titel",
        "workers[0].realms[0].roles[0].permissions[0].match",
        "workers[0].transports[0].endpoint.type",
        "workers[0].transports[1].endpoint.port",
        "workers[0].transports[1].paths.ws.type",
    ] {
        assert!(log.contains(text), "no {text} in {log}");
    }
    assert!(!directory.path().join("node.pid").exists());
}

#[test]
fn a_port_in_use_ends_the_start_with_code_1() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = config();
    let port = taken.local_addr().unwrap().port();
    config["workers"][0]["transports"][1]["endpoint"]["port"] = json!(port);
    let directory = directory(&config);
    let (status, log) = Running::start(directory.path(), &[]).end();
    assert_eq!(status.code(), Some(1));
    let log = log.join("\n");
    assert!(log.contains("Address already in use"), "{log}");
    assert!(!log.contains("NODE_BOOT_COMPLETE"), "{log}");
}

#[test]
fn the_rules_of_the_configuration_end_the_node_with_its_worker() {
    let mut config = config();
    config["controller"]["options"] = json!({"shutdown": ["shutdown_on_worker_exit"]});
    let directory = directory(&config);
    let node = Running::up(directory.path(), &[]);
    send(node.workers()[0], Signal::KILL);
    let (status, log) = node.end();
    assert_eq!(status.code(), Some(1), "{log:#?}");
}

#[test]
fn a_node_ends_by_itself_and_logs_to_a_file() {
    let directory = directory(&config());
    let arguments = ["--shutdownafter", "1", "--logtofile", "--logdir", "logs"];
    let (status, log) = Running::start(directory.path(), &arguments).end();
    assert_eq!(status.code(), Some(0), "{log:#?}");
    assert_eq!(log, Vec::<String>::new());
    let log = std::fs::read_to_string(directory.path().join("logs/node.log")).unwrap();
    assert!(log.contains("NODE_BOOT_COMPLETE"), "{log}");
    assert!(log.contains("[Router "), "{log}");
}

#[test]
fn a_testee_sends_back_what_it_gets() {
    let transport = json!({
        "type": "websocket",
        "endpoint": {"type": "tcp", "port": 0, "interface": "127.0.0.1"},
        "url": "ws://localhost",
    });
    let worker = json!({"type": "websocket-testee", "transport": transport});
    let directory = directory(&json!({"version": 2, "workers": [worker]}));
    let mut node = Running::start(directory.path(), &[]);
    node.wait_for("WebSocketTestee worker001 has started Transport");
    node.wait_for("NODE_BOOT_COMPLETE");
    node.signal(Signal::TERM);
    assert_eq!(node.end().0.code(), Some(0));
}

#[test]
fn a_worker_takes_the_descriptors_that_there_are_and_tells_if_they_are_few() {
    let mut config = config();
    for transport in 0..2 {
        config["workers"][0]["transports"][transport]["max_connections"] = json!(1000);
    }
    let directory = directory(&config);
    for (most, is_enough) in [(2000, false), (2001, true)] {
        let shell = format!("ulimit -Sn 256 && ulimit -Hn {most}");
        let node = Running::up_after(&shell, directory.path());
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", node.workers()[0]));
        let limits = limits.expect("the worker runs");
        let line = limits
            .lines()
            .find(|line| line.starts_with("Max open files"));
        let (soft, hard) = (most.to_string(), most.to_string());
        let numbers: Vec<&str> = line.unwrap().split_whitespace().skip(3).collect();
        assert_eq!(numbers[..2], [soft, hard]);
        node.signal(Signal::TERM);
        let (_, log) = node.end();
        let told = format!("may have 2000 connections, and the system allows this process {most} ");
        let lines = log.iter().filter(|line| line.contains(&told)).count();
        assert_eq!(lines, usize::from(!is_enough), "{log:#?}");
    }
}
