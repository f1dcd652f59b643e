use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;

use serde_json::{Value, json};

use crate::clock::Utc;

/// Gives `get_process_info`: what the process holds open.
pub(crate) fn info() -> io::Result<Value> {
    let mut files = Vec::new();
    let mut sockets = Vec::new();
    let mut descriptors = 0;
    for entry in fs::read_dir("/proc/self/fd")? {
        let path = entry?.path();
        // The descriptor of this listing itself is closed by the time it is looked at.
        let (Ok(target), Ok(metadata)) = (fs::read_link(&path), fs::metadata(&path)) else {
            continue;
        };
        descriptors += 1;
        if metadata.file_type().is_socket() {
            sockets.push(json!({"type": "socket", "local": target.to_string_lossy()}));
        } else if metadata.is_file() {
            files.push(target.to_string_lossy().into_owned());
        }
    }
    let status = Status::read()?;
    Ok(json!({
        "descriptors": descriptors,
        "threads": status.number("Threads"),
        "files": files,
        "sockets": sockets,
    }))
}

/// Gives `get_process_stats`: time, memory and traffic used so far.
pub(crate) fn stats() -> io::Result<Value> {
    let status = Status::read()?;
    let times = Times::read()?;
    let io = Counters::read();
    let resident = status.number("VmRSS") * 1024;
    let total = memory_total().max(1);
    Ok(json!({
        "ts": Utc::now().iso(),
        "time": Utc::now().iso(),
        "pid": std::process::id(),
        "status": status.state(),
        "voluntary": status.number("voluntary_ctxt_switches"),
        "nonvoluntary": status.number("nonvoluntary_ctxt_switches"),
        "user": times.user(),
        "system": times.system(),
        "cpu_percent": times.percent(),
        "resident": resident,
        "virtual": status.number("VmSize") * 1024,
        "mem_percent": per_mille(resident, total) / 10.0,
        "reads": io.number("syscr"),
        "writes": io.number("syscw"),
    }))
}

/// Gives `get_process_monitor`.
pub(crate) fn monitor() -> io::Result<Value> {
    let status = Status::read()?;
    let times = Times::read()?;
    let io = Counters::read();
    Ok(json!({
        "type": "process",
        "pid": std::process::id(),
        "status": status.state(),
        "num_fds": fs::read_dir("/proc/self/fd")?.count(),
        "num_threads": status.number("Threads"),
        "num_ctx_switches_voluntary": status.number("voluntary_ctxt_switches"),
        "num_ctx_switches_involuntary": status.number("nonvoluntary_ctxt_switches"),
        "read_ios": io.number("syscr"),
        "write_ios": io.number("syscw"),
        "read_bytes": io.number("read_bytes"),
        "write_bytes": io.number("write_bytes"),
        "cpu_user": times.user(),
        "cpu_system": times.system(),
    }))
}

/// `/proc/self/status`, `Name: value` a line.
struct Status(String);

/// `/proc/self/io`, of the same form; not readable everywhere.
struct Counters(String);

/// Processor time and age, in seconds.
struct Times {
    user: u64,
    system: u64,
    age: f64,
}

impl Status {
    fn read() -> io::Result<Self> {
        fs::read_to_string("/proc/self/status").map(Self)
    }

    fn number(&self, name: &str) -> u64 {
        number_in(&self.0, name)
    }

    fn state(&self) -> &str {
        let state = field(&self.0, "State").unwrap_or_default();
        state.trim().split(['(', ')']).nth(1).unwrap_or("unknown")
    }
}

impl Counters {
    fn read() -> Self {
        Self(fs::read_to_string("/proc/self/io").unwrap_or_default())
    }

    fn number(&self, name: &str) -> u64 {
        number_in(&self.0, name)
    }
}

impl Times {
    fn read() -> io::Result<Self> {
        let stat = fs::read_to_string("/proc/self/stat")?;
        // The name in the second field may hold blanks; the third field is the first after its parenthesis.
        let fields: Vec<&str> = stat
            .rsplit_once(')')
            .map(|(_, rest)| rest.split_whitespace().collect())
            .unwrap_or_default();
        let number = |index: usize| -> u64 {
            let field = fields.get(index - 3);
            field.and_then(|text| text.parse().ok()).unwrap_or_default()
        };
        let boot: f64 = fs::read_to_string("/proc/uptime")?
            .split(' ')
            .next()
            .and_then(|text| text.parse().ok())
            .unwrap_or_default();
        Ok(Self {
            user: number(14),
            system: number(15),
            age: (boot - seconds(number(22))).max(0.01),
        })
    }

    fn user(&self) -> f64 {
        seconds(self.user)
    }

    fn system(&self) -> f64 {
        seconds(self.system)
    }

    fn percent(&self) -> f64 {
        (self.user() + self.system()) / self.age * 100.0
    }
}

/// Converts clock ticks, of which the kernel shows 100 a second to programs on all common architectures.
fn seconds(ticks: u64) -> f64 {
    std::time::Duration::from_millis(ticks * 10).as_secs_f64()
}

fn per_mille(part: u64, whole: u64) -> f64 {
    let per_mille = u32::try_from(part.saturating_mul(1000) / whole).unwrap_or(u32::MAX);
    f64::from(per_mille)
}

fn memory_total() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    number_in(&text, "MemTotal") * 1024
}

/// Gives the number of a line `Name: number …`; 0 if there is none.
pub(super) fn number_in(text: &str, name: &str) -> u64 {
    field(text, name)
        .and_then(|value| value.split_whitespace().next())
        .and_then(|number| number.parse().ok())
        .unwrap_or_default()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
}
