//! Brings a group's dead letters back, and kills itself in the middle where it is told to.
//!
//! ```text
//! redriver BROKERS TOPIC GROUP [began|written|offsets|committed TIMES]
//! ```
//! Prints how many it has settled, when it is let.

use conecta_runtime::kafka::{Choice, DeadLetters, KafkaSettings, Settlement, Step};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[allow(clippy::print_stdout, reason = "what it has to say")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [brokers, topic, group, point @ ..] = args.as_slice() else {
        return Err("usage: redriver BROKERS TOPIC GROUP [POINT TIMES]".into());
    };
    let (point, mut times) = match point {
        [point, times] => (point.as_str(), times.parse::<u32>()?),
        _ => ("", 0),
    };
    let letters = DeadLetters::new(&KafkaSettings::new(brokers)?.replication_factor(1), topic, group);
    let settled = letters.settle(
        Settlement::Redrive,
        |_| Choice::Take,
        |step| {
            let name = match step {
                Step::Began => "began",
                Step::Written => "written",
                Step::OffsetsSent => "offsets",
                Step::Committed(_) => "committed",
                _ => "unknown",
            };
            if name == point {
                times -= 1;
                if times == 0 {
                    // A signal that is sent to oneself has arrived when the call returns.
                    let _ = kill(Pid::this(), Signal::SIGKILL);
                }
            }
        },
    )?;
    println!("{}", settled.settled);
    Ok(())
}
