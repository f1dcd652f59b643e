//! CPU time and memory of processes, from Linux's `/proc`.

use std::collections::BTreeSet;
use std::time::Duration;

/// Lists the processes and all their descendants.
fn family(roots: &[u32]) -> BTreeSet<u32> {
    let mut family: BTreeSet<u32> = roots.iter().copied().collect();
    let parents: Vec<(u32, u32)> = std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, field(pid, 1)?)))
        .collect();
    loop {
        let before = family.len();
        for &(pid, parent) in &parents {
            if family.contains(&parent) {
                family.insert(pid);
            }
        }
        if family.len() == before {
            return family;
        }
    }
}

/// Reads a number of `/proc/PID/stat`, counted from the state, which is 0.
fn field<T: std::str::FromStr>(pid: u32, index: usize) -> Option<T> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(") ")?;
    fields.split(' ').nth(index)?.parse().ok()
}

/// Sums the CPU time that the processes and their descendants have used.
pub(crate) fn cpu(roots: &[u32]) -> Duration {
    // schedstat counts nanoseconds for each thread; stat only ticks of 10 ms.
    let nanoseconds = family(roots)
        .into_iter()
        .flat_map(|pid| {
            std::fs::read_dir(format!("/proc/{pid}/task"))
                .into_iter()
                .flatten()
        })
        .flatten()
        .filter_map(|task| std::fs::read_to_string(task.path().join("schedstat")).ok())
        .filter_map(|text| text.split(' ').next()?.parse::<u64>().ok())
        .sum();
    Duration::from_nanos(nanoseconds)
}

/// Sums the resident memory of the processes and their descendants, in octets.
///
/// Pages that several of the processes share count once each time (`Pss` needs rights that a container may lack).
pub(crate) fn resident(roots: &[u32]) -> u64 {
    family(roots)
        .into_iter()
        .filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/statm")).ok())
        .filter_map(|text| text.split(' ').nth(1)?.parse::<u64>().ok())
        .map(|pages| pages * 4096)
        .sum()
}
