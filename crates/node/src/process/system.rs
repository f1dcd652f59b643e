use std::fs;

use serde_json::{Map, Value, json};

use super::inspect::number_in;

/// Gives `get_system_stats`: what the machine has done since it was started. `uptime` is in nanoseconds, times of
/// processors are in seconds, sizes in octets.
pub(crate) fn system_stats() -> Value {
    json!({
        "uptime": uptime(),
        "network": network(),
        "disk": disk(),
        "cpu": cpu(),
        "memory": memory(),
    })
}

fn uptime() -> u64 {
    let text = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = text.split('.').next().and_then(|text| text.parse().ok());
    seconds.unwrap_or(0u64).saturating_mul(1_000_000_000)
}

/// Sums the interfaces, the loopback one left out.
fn network() -> Value {
    let text = fs::read_to_string("/proc/net/dev").unwrap_or_default();
    let mut sums = [0u64; 16];
    for line in text.lines() {
        let Some((name, counters)) = line.split_once(':') else {
            continue;
        };
        if name.trim() != "lo" {
            add(&mut sums, counters);
        }
    }
    json!({
        "bytes_recv": sums[0], "packets_recv": sums[1], "errin": sums[2], "dropin": sums[3],
        "bytes_sent": sums[8], "packets_sent": sums[9], "errout": sums[10], "dropout": sums[11],
    })
}

/// Sums the disks, partitions and devices without a disk of their own left out.
fn disk() -> Value {
    let text = fs::read_to_string("/proc/diskstats").unwrap_or_default();
    let mut sums = [0u64; 11];
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(name) = words.nth(2) else {
            continue;
        };
        let is_disk = fs::exists(format!("/sys/block/{name}/device")).unwrap_or(false);
        if is_disk {
            add(&mut sums, &words.collect::<Vec<_>>().join(" "));
        }
    }
    json!({
        "read_count": sums[0], "read_bytes": sums[2] * SECTOR, "read_time": sums[3],
        "write_count": sums[4], "write_bytes": sums[6] * SECTOR, "write_time": sums[7],
    })
}

fn cpu() -> Value {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let names = [
        "user",
        "nice",
        "system",
        "idle",
        "iowait",
        "irq",
        "softirq",
        "steal",
        "guest",
        "guest_nice",
    ];
    let mut ticks = [0u64; 10];
    let mut values = Map::new();
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("cpu", rest)) => add(&mut ticks, rest),
            Some(("ctxt", rest)) => count(&mut values, "ctx_switches", rest),
            Some(("intr", rest)) => count(&mut values, "interrupts", rest),
            Some(("softirq", rest)) => count(&mut values, "soft_interrupts", rest),
            _ => {}
        }
    }
    for (name, ticks) in names.into_iter().zip(ticks) {
        let seconds = std::time::Duration::from_millis(ticks * 10).as_secs_f64();
        values.insert(name.to_owned(), json!(seconds));
    }
    Value::Object(values)
}

fn memory() -> Value {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let octets = |name| number_in(&text, name) * 1024;
    let (total, available) = (octets("MemTotal"), octets("MemAvailable"));
    let used = total.saturating_sub(available);
    json!({
        "total": total,
        "available": available,
        "used": used,
        "free": octets("MemFree"),
        "percent": used.saturating_mul(100) / total.max(1),
        "active": octets("Active"),
        "inactive": octets("Inactive"),
        "buffers": octets("Buffers"),
        "cached": octets("Cached"),
        "shared": octets("Shmem"),
        "slab": octets("Slab"),
    })
}

fn add(sums: &mut [u64], words: &str) {
    for (sum, word) in sums.iter_mut().zip(words.split_whitespace()) {
        *sum += word.parse().unwrap_or(0u64);
    }
}

fn count(values: &mut Map<String, Value>, name: &str, words: &str) {
    let number: u64 = words
        .split(' ')
        .next()
        .and_then(|word| word.parse().ok())
        .unwrap_or_default();
    values.insert(name.to_owned(), json!(number));
}

/// Octets of a sector in `/proc/diskstats`, whatever the disk's own are.
const SECTOR: u64 = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_hang_together() {
        let stats = system_stats();
        let number = |pointer: &str| stats.pointer(pointer).and_then(Value::as_u64);
        assert!(number("/uptime") > Some(0));
        assert!(number("/memory/total") > number("/memory/free"));
        assert!(number("/cpu/ctx_switches") > Some(0));
        assert!(stats.pointer("/cpu/user").and_then(Value::as_f64) > Some(0.0));
    }
}
