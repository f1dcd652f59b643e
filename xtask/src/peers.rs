//! The real clients: Autobahn for Python, for Node.js and for the browser, xconn and wampy.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::node::{Node, Ports};
use crate::project::{Project, succeed};
use crate::report::{self, Tally};
use crate::setup::{CHROMIUM, Tools};

mod methods;

use methods::Methods;

/// Autobahn|Python on asyncio and on Twisted, and xconn, every transport and serializer, with a node directory that Crossbar.io made.
pub(crate) fn python(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let served = Served::new(project, tools, program, "python")?;
    let mut sum = Tally::default();
    for framework in ["asyncio", "twisted"] {
        for name in [
            "python/clients.py",
            "python/features.py",
            "python/older_ubjson.py",
            "python/validation.py",
        ] {
            let mut script = Command::new(&tools.python);
            script.arg(project.tests(name)).arg(framework);
            sum = sum.plus(tally(script.arg(&served.places))?);
        }
    }
    let mut script = Command::new(&tools.xconn);
    script.arg(project.tests("xconn/features.py"));
    sum = sum.plus(tally(script.arg(&served.places))?);
    served.stop()?;
    let sum = sum.plus(methods_in_python(project, tools, program)?);
    let sum = sum.plus(flatbuffers(project, tools, program)?);
    Ok(sum.plus(cookies_in_python(project, tools, program)?))
}

/// Autobahn|Python with cookies.
fn cookies_in_python(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let (node, places) = cookies(project, program, "python-cookies")?;
    let mut sum = Tally::default();
    for framework in ["asyncio", "twisted"] {
        let mut script = Command::new(&tools.python);
        script
            .arg(project.tests("python/cookies.py"))
            .arg(framework);
        sum = sum.plus(tally(script.arg(&places))?);
    }
    node.stop()?;
    Ok(sum)
}

/// A node whose clients come in by cookies, and where it is.
fn cookies(project: &Project, program: &Path, name: &str) -> Result<(Node, PathBuf), Failure> {
    let ports = Ports::pick()?;
    let folder = project.copy_of_node("cookies", name)?;
    let places = folder.join("places.json");
    std::fs::write(&places, ports.places()).map_err(Failure::at(&places, "write"))?;
    Ok((Node::start(program, &folder, &ports)?, places))
}

/// Autobahn|Python and xconn with every method of authentication. Most of it is waiting, so both frameworks run at a time, each at a
/// node of its own.
fn methods_in_python(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let autobahn = |framework: &str, methods: &Methods| {
        let mut script = Command::new(&tools.python);
        script
            .arg(project.tests("python/methods.py"))
            .arg(framework);
        tally(script.arg(&methods.places))
    };
    std::thread::scope(|scope| {
        let twisted = scope.spawn(|| {
            let methods = Methods::start(project, tools, program, "twisted-methods")?;
            let mut xconn = Command::new(&tools.xconn);
            xconn.arg(project.tests("xconn/methods.py"));
            xconn.env("SSL_CERT_FILE", &methods.authority);
            let sum = autobahn("twisted", &methods)?.plus(tally(xconn.arg(&methods.places))?);
            methods.stop().map(|()| sum)
        });
        let methods = Methods::start(project, tools, program, "asyncio-methods")?;
        let sum = autobahn("asyncio", &methods)?;
        methods.stop()?;
        match twisted.join() {
            Ok(others) => others.map(|others| sum.plus(others)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Autobahn|Python with FlatBuffers, on a node of its own: Crossbar.io reads no configuration that names it.
fn flatbuffers(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let ports = Ports::pick()?;
    let folder = project.copy_of_node("flatbuffers", "flatbuffers")?;
    let places = folder.join("places.json");
    std::fs::write(&places, ports.places()).map_err(Failure::at(&places, "write"))?;
    let node = Node::start(program, &folder, &ports)?;
    let mut sum = Tally::default();
    for framework in ["asyncio", "twisted"] {
        let mut script = Command::new(&tools.python);
        script
            .arg(project.tests("python/flatbuffers.py"))
            .arg(framework);
        sum = sum.plus(tally(script.arg(&places))?);
    }
    node.stop()?;
    Ok(sum)
}

/// Autobahn|JS and wampy in Node.js, over WebSocket and with every method of authentication.
pub(crate) fn node(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let modules = tools.javascript.join("node_modules");
    let served = Served::new(project, tools, program, "node")?;
    let mut sum = Tally::default();
    for name in ["js/clients.cjs", "js/features.cjs", "js/wampy.cjs"] {
        let mut script = Command::new("node");
        script.arg(project.tests(name)).arg(&served.places);
        sum = sum.plus(tally(script.env("NODE_PATH", &modules))?);
    }
    served.stop()?;
    let methods = Methods::start(project, tools, program, "node-methods")?;
    let mut script = Command::new("node");
    script
        .arg(project.tests("js/methods.cjs"))
        .arg(&methods.places)
        .env("NODE_EXTRA_CA_CERTS", &methods.authority);
    sum = sum.plus(tally(script.env("NODE_PATH", &modules))?);
    methods.stop()?;
    Ok(sum)
}

/// Chromium on the page of the node that starts where there is no configuration, the programs of the README, long-poll from a
/// page of another origin, and cookies.
pub(crate) fn browser(project: &Project, tools: &Tools, program: &Path) -> Result<Tally, Failure> {
    let folder = project.fresh("browser")?;
    let node = Node::start(program, &folder, &Ports::pick()?)?;
    let modules = tools.javascript.join("node_modules");
    let mut page = Command::new("node");
    page.arg(project.tests("js/page.cjs"))
        .arg(CHROMIUM)
        .arg("http://127.0.0.1:8080/")
        .arg(&tools.python);
    let mut readme = Command::new("node");
    readme
        .arg(project.tests("js/readme.cjs"))
        .arg(project.root.join("README.md"))
        .arg(CHROMIUM)
        .arg(&tools.python)
        .arg(program);
    let sum =
        tally(page.env("NODE_PATH", &modules))?.plus(tally(readme.env("NODE_PATH", &modules))?);
    let status = node.stop()?;
    let served = Served::new(project, tools, program, "browser-longpoll")?;
    let mut longpoll = Command::new("node");
    longpoll
        .arg(project.tests("js/longpoll.cjs"))
        .arg(&served.places)
        .arg(CHROMIUM);
    let sum = sum.plus(tally(longpoll.env("NODE_PATH", &modules))?);
    served.stop()?;
    let (node, places) = cookies(project, program, "browser-cookies")?;
    let mut script = Command::new("node");
    script
        .arg(project.tests("js/cookies.cjs"))
        .arg(places)
        .arg(CHROMIUM);
    let sum = sum.plus(tally(script.env("NODE_PATH", &modules))?);
    node.stop()?;
    Ok(sum.plus(Tally {
        passed: usize::from(status.success()),
        failed: usize::from(!status.success()),
    }))
}

/// Two nodes: one on a directory that `crossbar init` of Crossbar.io made, one on the tests' own with authentication.
struct Served {
    nodes: [Node; 2],
    places: PathBuf,
}

impl Served {
    fn new(project: &Project, tools: &Tools, program: &Path, name: &str) -> Result<Self, Failure> {
        let ports = Ports::pick()?;
        let full = project.copy_of_node("full", name)?;
        let plain = project.fresh(&format!("{name}-init"))?;
        succeed(
            Command::new(&tools.crossbar)
                .arg("init")
                .arg("--appdir")
                .arg(&plain),
        )?;
        succeed(
            Command::new(program)
                .arg("check")
                .arg("--cbdir")
                .arg(plain.join(".crossbar")),
        )?;
        let mut script = Command::new(&tools.python);
        succeed(
            script
                .arg(project.tests("node/loopback.py"))
                .arg(plain.join(".crossbar/config.json")),
        )?;
        let places = full.join("places.json");
        std::fs::write(&places, ports.places()).map_err(Failure::at(&places, "write"))?;
        let nodes = [
            Node::start(program, &plain, &ports)?,
            Node::start(program, &full, &ports)?,
        ];
        Ok(Self { nodes, places })
    }

    fn stop(self) -> Result<(), Failure> {
        self.nodes
            .into_iter()
            .try_for_each(|node| node.stop().map(drop))
    }
}

fn tally(script: &mut Command) -> Result<Tally, Failure> {
    let output = script
        .output()
        .map_err(|error| Failure::new(format!("cannot run {script:?}: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let tally = Tally::read(&text).ok_or_else(|| {
        Failure::new(format!(
            "{script:?}:\n{text}{}",
            String::from_utf8_lossy(&output.stderr)
        ))
    })?;
    if tally.failed > 0 {
        report::line(text.trim_end());
    }
    Ok(tally)
}
