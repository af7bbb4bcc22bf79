//! What the figures were taken on.

use std::fs::read_to_string;
use std::process::Command;

/// One paragraph: processor, cores, memory, system, compiler, date.
pub(crate) fn description() -> String {
    let field = |file: &str, name: &str| {
        let text = read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map_or("unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory_kb: u64 = field("/proc/meminfo", "MemTotal").trim_end_matches(" kB").parse().unwrap_or(0);
    format!(
        "{cores} cores of {}, {} GiB of memory, {}, {}, Apache Kafka 4.1.0 on the same machine; {}.",
        field("/proc/cpuinfo", "model name"),
        memory_kb.div_ceil(1024 * 1024),
        output("uname", &["-sr"]),
        output("rustc", &["--version"]),
        output("date", &["-u", "+%Y-%m-%d"]),
    )
}

fn output(command: &str, args: &[&str]) -> String {
    let found = Command::new(command).args(args).output();
    found.map_or("unknown".to_owned(), |output| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}
