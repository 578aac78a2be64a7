//! `bench [--rounds N] [--samples N] [--sample-ms N] [--only TEXT] [--json FILE]`: the packet path beside its peers, in one table.

#![forbid(unsafe_code)]

mod arguments;
mod clock;
mod huge_pages;
mod job;
mod jobs;
mod machine;
mod peer;
mod report;
mod rounds;
mod target;
mod workload;

use std::process::ExitCode;

use arguments::Arguments;
use huge_pages::HugePages;
use machine::Machine;
use peer::{Cores, Peer};
use workload::Workload;

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("bench: {reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), String> {
    let mut machine = Machine::look();
    let workload = Workload::new();
    let directory = std::env::temp_dir().join(format!("rxbench-peer-{}", std::process::id()));
    std::fs::create_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let huge_pages = HugePages::reserve();
    let cores = Cores { core: machine.core, other: machine.other };
    let file = directory.join("workload");
    let start = || {
        workload.write(&file).map_err(|error| error.to_string())?;
        Peer::start(&directory, &file, &cores, huge_pages.available())
    };
    let outcome = compare(arguments, &mut machine, &workload, start, huge_pages.available());
    let _ = std::fs::remove_dir_all(&directory);
    outcome
}

fn compare(
    arguments: &Arguments,
    machine: &mut Machine,
    workload: &Workload,
    peer: impl FnOnce() -> Result<Peer, String>,
    huge_pages: bool,
) -> Result<(), String> {
    machine.pinned = clock::pin(machine.core);
    machine.gfni = jobs::gfni_present();
    let mut jobs = jobs::all(workload, machine)?;
    jobs.retain(|job| arguments.wants(job.name()));
    let compared = jobs.iter().any(|job| job.peer().is_some());
    let peer = if compared { peer() } else { Err("not asked for".to_owned()) };
    let (mut peer, peer_state) = match peer {
        Ok(peer) if huge_pages => (Some(peer), "built, huge pages".to_owned()),
        Ok(peer) => (Some(peer), "built, no huge pages".to_owned()),
        Err(reason) => (None, reason),
    };
    let mut results = Vec::new();
    for job in &mut jobs {
        results.push(rounds::measure(job.as_mut(), peer.as_mut(), arguments.effort)?);
    }
    print!("{}{}", report::preamble(machine, &peer_state), report::table(&results, &peer_state));
    if let Some(path) = &arguments.json {
        let document = format!("{:#}\n", report::document(&results, machine, &peer_state));
        std::fs::write(path, document).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
