use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::api::ApiError;

/// Gives the processors that this process may use, as it was started.
pub(crate) fn allowed() -> Result<Vec<usize>, ApiError> {
    // The first process of the system is held to no processors but those of the machine or container.
    of(rustix::process::Pid::INIT).or_else(|_| current())
}

/// Gives the processors that this process runs on.
pub(crate) fn current() -> Result<Vec<usize>, ApiError> {
    of_thread(None)
}

/// Sets the processors that this process runs on. Relative numbers count among those that it runs on at present.
pub(crate) fn set_affinity(cpus: &[usize], relative: bool) -> Result<Vec<usize>, ApiError> {
    let present = current()?;
    let mut chosen = Vec::with_capacity(cpus.len());
    for &cpu in cpus {
        let number = if relative {
            present.get(cpu).copied()
        } else {
            Some(cpu).filter(|&cpu| cpu < CpuSet::MAX_CPU)
        };
        let Some(number) = number else {
            let text = format!("there is no processor {cpu} among {present:?}");
            return Err(ApiError::new(RUNTIME_ERROR, text));
        };
        chosen.push(number);
    }
    let mut set = CpuSet::new();
    for &cpu in &chosen {
        set.set(cpu);
    }
    for thread in threads() {
        sched_setaffinity(Some(thread), &set).map_err(failed)?;
    }
    Ok(chosen)
}

fn of(process: rustix::process::Pid) -> Result<Vec<usize>, ApiError> {
    of_thread(Some(process))
}

fn of_thread(thread: Option<rustix::process::Pid>) -> Result<Vec<usize>, ApiError> {
    let set = sched_getaffinity(thread).map_err(failed)?;
    let numbers = (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu));
    Ok(numbers.collect())
}

fn threads() -> Vec<rustix::process::Pid> {
    let Ok(entries) = std::fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(rustix::process::Pid::from_raw)
        .collect()
}

fn failed(errno: rustix::io::Errno) -> ApiError {
    ApiError::new(RUNTIME_ERROR, errno.to_string())
}

/// What the original answers here, other than the generic `wamp.error.runtime_error`.
const RUNTIME_ERROR: &str = "crossbar.error.runtime_error";
