//! `bench [--rounds N] [--samples N] [--only TEXT] [--json FILE]`: the packet path beside its peers, in one table.

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
    let peer = workload
        .write(&file)
        .map_err(|error| error.to_string())
        .and_then(|()| Peer::start(&directory, &file, &cores, huge_pages.available()));
    let outcome = compare(arguments, &mut machine, &workload, peer, huge_pages.available());
    let _ = std::fs::remove_dir_all(&directory);
    outcome
}

fn compare(
    arguments: &Arguments,
    machine: &mut Machine,
    workload: &Workload,
    peer: Result<Peer, String>,
    huge_pages: bool,
) -> Result<(), String> {
    let (mut peer, peer_state) = match peer {
        Ok(peer) if huge_pages => (Some(peer), "built, huge pages".to_owned()),
        Ok(peer) => (Some(peer), "built, no huge pages".to_owned()),
        Err(reason) => (None, reason),
    };
    machine.pinned = clock::pin(machine.core);
    machine.gfni = jobs::gfni_present();
    let mut results = Vec::new();
    for job in &mut jobs::all(workload, machine)? {
        if arguments.wants(job.name()) {
            results.push(rounds::measure(job.as_mut(), peer.as_mut(), arguments.effort)?);
        }
    }
    print!("{}{}", report::preamble(machine, &peer_state), report::table(&results, &peer_state));
    if let Some(path) = &arguments.json {
        let document = format!("{:#}\n", report::document(&results, machine, &peer_state));
        std::fs::write(path, document).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}
