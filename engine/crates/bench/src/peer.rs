//! The peer process: built from `peers/*.c` when DPDK is installed, then asked for one sample at a time.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::job::Sample;

/// A running peer.
pub(crate) struct Peer {
    child: Child,
    requests: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// DPDK's cores: every job runs on `core`, the two-core ring also on `other`.
pub(crate) struct Cores {
    /// Where single-core jobs run.
    pub(crate) core: usize,
    /// The other end of the two-core ring; `None` on a machine with one core.
    pub(crate) other: Option<usize>,
}

impl Peer {
    /// Build and start the peer over a workload file.
    ///
    /// Errors: one line that says what is missing; it becomes the table's peer column.
    pub(crate) fn start(
        directory: &Path,
        workload: &Path,
        cores: &Cores,
        huge_pages: bool,
    ) -> Result<Self, String> {
        let binary = build(directory)?;
        let list = match cores.other {
            Some(other) => format!("{},{other}", cores.core),
            None => cores.core.to_string(),
        };
        let mut command = Command::new(binary);
        command.args(["-l", &list, &format!("--main-lcore={}", cores.core)]);
        command.args(["--in-memory", "--no-telemetry", "--no-pci", "--log-level=lib.eal:3"]);
        command.arg("--force-max-simd-bitwidth=512");
        if !huge_pages {
            command.args(["--no-huge", "-m", "512"]);
        }
        let mut child = command
            .arg("--")
            .arg(workload)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("does not start: {error}"))?;
        let requests = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("has no output")?);
        let mut peer = Peer { child, requests, answers };
        match peer.line()?.as_str() {
            "ready" => Ok(peer),
            other => Err(format!("does not get ready: {other:?}")),
        }
    }

    /// One timed run of a job over so many passes.
    ///
    /// Errors: the peer died or does not know the job.
    pub(crate) fn sample(&mut self, job: &str, passes: u32) -> Result<Sample, String> {
        let requests = self.requests.as_mut().ok_or("is gone")?;
        writeln!(requests, "{job} {passes}").and_then(|()| requests.flush()).map_err(|e| e.to_string())?;
        let line = self.line()?;
        let mut words = line.split_whitespace();
        let ns = words.next().and_then(|word| word.parse().ok());
        let check = words.next().and_then(|word| word.parse().ok());
        match (ns, check) {
            (Some(ns_per_item), Some(check)) => Ok(Sample::new(ns_per_item, check)),
            _ => Err(format!("answers {line:?} to {job}")),
        }
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // End of input ends the peer.
        drop(self.requests.take());
        let _ = self.child.wait();
    }
}

/// Compile with the host's own instruction set, as DPDK applications are.
fn build(directory: &Path) -> Result<PathBuf, String> {
    let sources = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
    let flags = |kind: &str| -> Result<Vec<String>, String> {
        let output = Command::new("pkg-config").args([kind, "libdpdk"]).output();
        let output = output.ok().filter(|o| o.status.success()).ok_or("not installed (libdpdk)")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // pkg-config asks for the distribution's oldest CPU; the peer gets this one.
        Ok(text.split_whitespace().filter(|flag| !flag.starts_with("-march=")).map(str::to_owned).collect())
    };
    let binary = directory.join("dpdk_peer");
    let output = Command::new("cc")
        .args(["-O3", "-march=native", "-o"])
        .arg(&binary)
        .args(["main.c", "nic_path.c", "parts.c", "gro.c"].map(|file| format!("{sources}/{file}")))
        .args(flags("--cflags")?)
        .args(flags("--libs")?)
        .output()
        .map_err(|error| format!("not built: cc: {error}"))?;
    if output.status.success() {
        Ok(binary)
    } else {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let first = text.lines().find(|line| line.contains("error")).unwrap_or("cc failed").to_owned();
        Err(format!("not built: {first}"))
    }
}
