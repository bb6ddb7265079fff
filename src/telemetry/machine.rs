//! Metrics of the runtime, the control group, and the disk of the data.

use std::path::{Path, PathBuf};

use metrics::{Counter, Gauge};

use super::{catalogue, handles, process};

pub struct Machine {
    data_dir: PathBuf,
    memory_used: Gauge,
    memory_limit: Gauge,
    disk_free: Gauge,
    disk_size: Gauge,
    workers: Gauge,
    tasks: Gauge,
    queue: Gauge,
    busy: Counter,
}

impl Machine {
    /// `data_dir`: the folder whose disk is measured.
    #[must_use]
    pub fn new(data_dir: &Path) -> Self {
        let gauge = |m| handles::gauge(m, &[]);
        Self {
            data_dir: data_dir.to_owned(),
            memory_used: gauge(&catalogue::MEMORY_USED),
            memory_limit: gauge(&catalogue::MEMORY_LIMIT),
            disk_free: gauge(&catalogue::DISK_FREE),
            disk_size: gauge(&catalogue::DISK_SIZE),
            workers: gauge(&catalogue::TOKIO_WORKERS),
            tasks: gauge(&catalogue::TOKIO_TASKS),
            queue: gauge(&catalogue::TOKIO_QUEUE),
            busy: handles::counter(&catalogue::TOKIO_BUSY, &[]),
        }
    }

    /// Measures once and sets all of them. Call it on the runtime to be measured.
    #[allow(clippy::cast_precision_loss)] // gauges
    pub fn observe(&self) {
        let set = |gauge: &Gauge, value: Option<u64>| {
            if let Some(value) = value {
                gauge.set(value as f64);
            }
        };
        set(&self.memory_used, process::memory_used_bytes());
        set(&self.memory_limit, process::memory_limit_bytes());
        if let Ok(disk) = rustix::fs::statvfs(&self.data_dir) {
            let bytes = |blocks: u64| Some(blocks.saturating_mul(disk.f_frsize));
            set(&self.disk_free, bytes(disk.f_bavail));
            set(&self.disk_size, bytes(disk.f_blocks));
        }
        let runtime = tokio::runtime::Handle::current().metrics();
        self.workers.set(runtime.num_workers() as f64);
        self.tasks.set(runtime.num_alive_tasks() as f64);
        self.queue.set(runtime.global_queue_depth() as f64);
        let busy =
            (0..runtime.num_workers()).map(|worker| runtime.worker_total_busy_duration(worker));
        self.busy.absolute(busy.map(|b| b.as_secs()).sum());
    }
}
