//! The clock of the benchmarks: processor time, so that other work on the machine counts for little.

/// Processor time of this thread in seconds.
#[cfg(unix)]
pub(crate) fn processor_seconds() -> f64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 * 1e-9
}

/// Elsewhere the clock on the wall has to do.
#[cfg(not(unix))]
pub(crate) fn processor_seconds() -> f64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64()
}
