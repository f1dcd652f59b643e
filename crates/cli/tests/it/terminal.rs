//! A node and the terminal that it was started in.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::running::{config, directory, send, wait_gone};

/// The other end of a new terminal, and the terminal.
fn terminal() -> (File, File) {
    // Were the node to inherit it, the terminal would never hang up.
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
    let master = openpt(flags).expect("the system has terminals");
    grantpt(&master).expect("it is ours");
    unlockpt(&master).expect("it is ours");
    let name = ptsname(&master, Vec::new()).expect("it has a name");
    let path = Path::new(name.to_str().expect("it is a path"));
    let terminal = OpenOptions::new().read(true).write(true).open(path);
    (File::from(master), terminal.expect("it can be opened"))
}

/// Starts a node as the shell of a terminal, after something else; gives the terminal's other end once the node is up.
fn up(shell: &str, directory: &Path) -> (Child, File) {
    let (master, terminal) = terminal();
    let stream = || terminal.try_clone().expect("there are descriptors");
    let script = format!("{shell} && exec \"$0\" start --logtofile --cbdir \"$1\"");
    let node = Command::new("setsid")
        .args(["--ctty", "sh", "-c", &script])
        .arg(env!("CARGO_BIN_EXE_crossbar"))
        .arg(directory)
        .env_remove("CROSSBAR_DIR")
        .stdin(stream())
        .stdout(stream())
        .stderr(stream())
        .spawn();
    wait_for(directory, "NODE_BOOT_COMPLETE");
    (node.expect("util-linux is installed"), master)
}

fn wait_for(directory: &Path, text: &str) {
    let start = Instant::now();
    let log = || std::fs::read_to_string(directory.join("node.log")).unwrap_or_default();
    while !log().contains(text) {
        assert!(start.elapsed() < PATIENCE, "no {text:?} in {}", log());
        std::thread::yield_now();
    }
}

fn workers(node: &Child) -> Vec<i32> {
    let pid = node.id();
    let children = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
    let children = children.expect("the controller runs");
    let pids = children.split_whitespace();
    pids.map(|pid| pid.parse().expect("it is a number"))
        .collect()
}

fn ends(mut node: Child) {
    let start = Instant::now();
    let status = loop {
        if let Some(status) = node.try_wait().expect("it is our child") {
            break status;
        }
        if start.elapsed() > PATIENCE {
            let _ = node.kill();
            panic!("the node does not end");
        }
        std::thread::yield_now();
    };
    assert_eq!(status.code(), Some(0));
}

#[test]
fn a_node_ends_with_its_terminal() {
    let directory = directory(&config());
    let (node, master) = up("true", directory.path());
    let workers = workers(&node);
    assert_eq!(workers.len(), 1);
    drop(master);
    ends(node);
    for worker in workers {
        wait_gone(worker);
    }
    let told = "Shutting down on SIGHUP, the terminal is gone";
    wait_for(directory.path(), told);
}

#[test]
fn a_node_that_was_told_to_outlives_its_terminal() {
    let directory = directory(&config());
    let (node, master) = up("trap '' HUP", directory.path());
    drop(master);
    wait_for(directory.path(), "Reloading certificates on SIGHUP");
    let pid = i32::try_from(node.id()).expect("ids are small");
    send(pid, Signal::TERM);
    ends(node);
    wait_for(directory.path(), "Shutting down on SIGTERM");
}

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);
