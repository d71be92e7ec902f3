//! What the demo prints about a regime.
//!
//! Owns: the lines and their units.

use super::{demo::Regime, load::Measured, server::ServerStats};
use std::fmt::Write;

/// Above this share of a core the load generator may be what limits the figures.
const SATURATED: f64 = 0.95;

/// The figures of one regime, one per line.
pub fn lines(regime: &Regime, measured: &Measured, stats: &ServerStats) -> String {
    let seconds = measured.elapsed.as_secs_f64().max(1e-9);
    let rate = measured.messages as f64 / seconds;
    let mebibytes = rate * regime.size as f64 / f64::from(1 << 20);
    let mut text = String::new();
    let mut line = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<22} {value}");
    };
    line("messages/s", format!("{rate:.0}"));
    line("MiB/s each way", format!("{mebibytes:.1}"));
    line("latency p50", microseconds(measured.latencies.value_at_quantile(0.50)));
    line("latency p99", microseconds(measured.latencies.value_at_quantile(0.99)));
    line("server CPU/message", server_cpu(measured, seconds));
    line("syscalls/message", syscalls(measured, stats));
    line("load generator", own_cpu(measured, seconds));
    let bytes = measured.checked * regime.size as u64;
    line("checked", format!("{} messages, {bytes} bytes: all right", measured.checked));
    text
}

fn microseconds(ns: u64) -> String {
    format!("{:.1} us", ns as f64 / 1000.0)
}

fn server_cpu(measured: &Measured, seconds: f64) -> String {
    let Some(ns) = measured.server_cpu_ns else {
        return "unknown (this kernel has no /proc/PID/schedstat)".into();
    };
    let each = ns as f64 / measured.messages.max(1) as f64 / 1000.0;
    let share = ns as f64 / 1e9 / seconds * 100.0;
    format!("{each:.2} us ({share:.0} % of a core)")
}

/// From the start of the server to its end, over all messages of that time.
fn syscalls(measured: &Measured, stats: &ServerStats) -> String {
    let each = stats.syscalls as f64 / measured.checked.max(1) as f64;
    format!("{each:.4} (ringline_stats: {} enters)", stats.syscalls)
}

fn own_cpu(measured: &Measured, seconds: f64) -> String {
    let share = measured.own_cpu_ns as f64 / 1e9 / seconds;
    let note = if share > SATURATED { ", which may limit the figures above" } else { "" };
    format!("{:.0} % of a core{note}", share * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hdrhistogram::Histogram;
    use std::time::Duration;

    fn measured() -> Measured {
        let mut latencies = Histogram::new_with_bounds(1, 1_000_000_000, 3).expect("histogram");
        for _ in 0..98 {
            latencies.record(10_000).expect("record");
        }
        latencies.record_n(90_000, 2).expect("record");
        Measured {
            messages: 1000,
            checked: 1128,
            elapsed: Duration::from_secs(2),
            latencies,
            server_cpu_ns: Some(1_000_000_000),
            own_cpu_ns: 1_990_000_000,
        }
    }

    #[test]
    fn each_figure_is_over_its_own_count() {
        let regime = Regime { connections: 128, size: 65536 };
        let text = lines(&regime, &measured(), &ServerStats { syscalls: 564 });
        for expected in [
            "messages/s             500\n",
            "MiB/s each way         31.2\n",
            "latency p50            10.0 us\n",
            "latency p99            90.",
            "server CPU/message     1000.00 us (50 % of a core)\n",
            "syscalls/message       0.5000 (",
            "99 % of a core, which may limit",
            "1128 messages, 73924608 bytes: all right",
        ] {
            assert!(text.contains(expected), "{expected:?} is not in\n{text}");
        }
    }

    #[test]
    fn unknown_cpu_is_said() {
        let unknown = Measured { server_cpu_ns: None, own_cpu_ns: 0, ..measured() };
        let regime = Regime { connections: 1, size: 64 };
        let text = lines(&regime, &unknown, &ServerStats { syscalls: 1 });
        assert!(text.contains("server CPU/message     unknown"), "{text}");
        assert!(!text.contains("limit the figures"), "{text}");
    }
}
