//! Metrics of this process from `/proc`, under the names that every Prometheus client uses. Without `/proc` there are none.

use metrics::{Counter, Gauge};

use super::{allocator::Allocator, catalogue, handles};

pub struct Process {
    cpu: Counter,
    rss: Gauge,
    anonymous: Gauge,
    virt: Gauge,
    fds: Gauge,
    max_fds: Gauge,
    threads: Gauge,
    start: Gauge,
    ticks_per_second: f64,
    page_bytes: f64,
    allocator: Allocator,
}

/// The fields of `/proc/self/stat` that are used, see proc(5).
struct Stat {
    cpu_ticks: f64,
    threads: f64,
    start_ticks: f64,
    virtual_bytes: f64,
    resident_pages: f64,
}

impl Process {
    #[must_use]
    #[allow(clippy::new_without_default, clippy::cast_precision_loss)]
    pub fn new() -> Self {
        let gauge = |m| handles::gauge(m, &[]);
        Self {
            cpu: handles::counter(&catalogue::PROCESS_CPU, &[]),
            rss: gauge(&catalogue::PROCESS_RSS),
            anonymous: gauge(&catalogue::PROCESS_ANONYMOUS),
            virt: gauge(&catalogue::PROCESS_VIRTUAL),
            fds: gauge(&catalogue::PROCESS_FDS),
            max_fds: gauge(&catalogue::PROCESS_MAX_FDS),
            threads: gauge(&catalogue::PROCESS_THREADS),
            start: gauge(&catalogue::PROCESS_START),
            ticks_per_second: rustix::param::clock_ticks_per_second() as f64,
            page_bytes: rustix::param::page_size() as f64,
            allocator: Allocator::new(),
        }
    }

    /// Reads once and sets all of them.
    pub fn observe(&self) {
        if let Some(stat) = read("/proc/self/stat").as_deref().and_then(parse) {
            // The counter is of whole numbers; CPU seconds are counted in full ones.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            self.cpu
                .absolute((stat.cpu_ticks / self.ticks_per_second) as u64);
            self.rss.set(stat.resident_pages * self.page_bytes);
            self.virt.set(stat.virtual_bytes);
            self.threads.set(stat.threads);
            if let Some(boot) = boot_time() {
                self.start
                    .set(boot + stat.start_ticks / self.ticks_per_second);
            }
        }
        self.allocator.observe();
        if let Some(kib) = read("/proc/self/status").as_deref().and_then(anonymous_kib) {
            self.anonymous.set(kib * 1024.0);
        }
        if let Ok(open) = std::fs::read_dir("/proc/self/fd") {
            #[allow(clippy::cast_precision_loss)]
            self.fds.set(open.count() as f64);
        }
        if let Some(limit) = max_fds() {
            self.max_fds.set(limit);
        }
    }
}

/// Bytes of this process that are in RAM.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
pub fn resident_bytes() -> Option<u64> {
    let pages = parse(&read("/proc/self/stat")?)?.resident_pages as u64;
    Some(pages * rustix::param::page_size() as u64)
}

/// Memory that this process may use: the control group's limit, else the machine's.
#[must_use]
pub fn memory_limit_bytes() -> Option<u64> {
    let group = read("/sys/fs/cgroup/memory.max").and_then(|t| t.trim().parse().ok());
    group.or_else(|| meminfo("MemTotal:"))
}

/// Memory of the control group that is in use, else of the machine. Not counted are pages of files without recent use:
/// the kernel takes them back before it runs short, and every large file that is written once leaves some.
#[must_use]
pub fn memory_used_bytes() -> Option<u64> {
    let group: Option<u64> =
        read("/sys/fs/cgroup/memory.current").and_then(|t| t.trim().parse().ok());
    let idle = || inactive_file_bytes(&read("/sys/fs/cgroup/memory.stat")?);
    match group {
        Some(used) => Some(used.saturating_sub(idle().unwrap_or(0))),
        None => Some(meminfo("MemTotal:")?.saturating_sub(meminfo("MemAvailable:")?)),
    }
}

fn inactive_file_bytes(stat: &str) -> Option<u64> {
    let line = stat
        .lines()
        .find_map(|l| l.strip_prefix("inactive_file "))?;
    line.trim().parse().ok()
}

fn meminfo(name: &str) -> Option<u64> {
    let info = read("/proc/meminfo")?;
    let line = info.lines().find_map(|l| l.strip_prefix(name))?;
    let kib: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kib * 1024)
}

fn read(path: &str) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

fn parse(stat: &str) -> Option<Stat> {
    // The second field is the program's name in brackets, and may hold anything.
    let fields: Vec<f64> = stat
        .rsplit_once(')')?
        .1
        .split_whitespace()
        .skip(1)
        .map(|f| f.parse().unwrap_or(0.0))
        .collect();
    let field = |n: usize| fields.get(n - 4).copied();
    Some(Stat {
        cpu_ticks: field(14)? + field(15)?,
        threads: field(20)?,
        start_ticks: field(22)?,
        virtual_bytes: field(23)?,
        resident_pages: field(24)?,
    })
}

fn anonymous_kib(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|l| l.strip_prefix("RssAnon:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}

fn boot_time() -> Option<f64> {
    let stat = read("/proc/stat")?;
    stat.lines()
        .find_map(|l| l.strip_prefix("btime "))?
        .trim()
        .parse()
        .ok()
}

fn max_fds() -> Option<f64> {
    let limits = read("/proc/self/limits")?;
    let line = limits.lines().find(|l| l.starts_with("Max open files"))?;
    line.split_whitespace().nth(3)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_nothing_backs_is_found() {
        assert_eq!(
            anonymous_kib("VmRSS:\t  900 kB\nRssAnon:\t     700 kB\n"),
            Some(700.0)
        );
        assert_eq!(anonymous_kib(""), None);
    }

    #[test]
    fn pages_that_can_be_had_back_are_found() {
        let stat = "anon 34\nfile 500\nactive_file 1\ninactive_file 490\n";
        assert_eq!(inactive_file_bytes(stat), Some(490));
        assert_eq!(inactive_file_bytes("anon 34\n"), None);
    }

    #[test]
    fn a_name_with_brackets_and_spaces_shifts_nothing() {
        let stat = "7 (a) b) (c) S 1 1 1 0 -1 4 0 0 0 0 150 50 0 0 20 0 9 0 1234 4096 77 0";
        let stat = parse(stat).unwrap();
        assert_eq!((stat.cpu_ticks, stat.threads), (200.0, 9.0));
        assert_eq!(
            (stat.start_ticks, stat.virtual_bytes, stat.resident_pages),
            (1234.0, 4096.0, 77.0)
        );
    }
}
