use super::*;
use graph::scenario::Format;

fn plan(document: &str, oversubscribe: bool, machine: &[usize]) -> Result<Plan, ScenarioError> {
    let scenario = Scenario::parse(document, Format::Toml).unwrap();
    Plan::new(&scenario, &Settings { oversubscribe, ..Settings::default() }, machine)
}

#[test]
fn each_cpu_that_takes_interrupts_gets_a_thread_and_the_nic_one_of_its_own() {
    let document = "version = 1\n[nic]\nqueues = 3\nirq_cpus = [2, 0]\n[host]\ncpus = 4";
    let plan = plan(document, false, &[4, 6, 7]).unwrap();
    assert_eq!((plan.nic_machine_cpu, plan.crowded), (4, false));
    let threads: Vec<_> = plan.hosts.iter().map(|h| (h.cpu.0, h.machine_cpu, h.queues.as_slice())).collect();
    assert_eq!(threads, [(0, 6, [QueueId(1)].as_slice()), (2, 7, &[QueueId(0), QueueId(2)])]);
}

#[test]
fn too_few_cpus_are_refused_naming_both_numbers_or_shared_when_told() {
    let document = "version = 1\n[nic]\nqueues = 2\n[host]\ncpus = 2";
    let refused = plan(document, false, &[0, 1]).unwrap_err();
    assert_eq!(refused.value, "2, 3 threads with the NIC's");
    assert!(refused.allowed.contains("2 CPUs") && refused.allowed.contains("oversubscribe"), "{refused}");
    assert!(plan(document, true, &[0, 1]).unwrap().crowded);
}

#[test]
fn what_real_time_cannot_do_is_refused_by_its_key() {
    for (document, key) in [
        ("[host]\nrps = { cpus = [1] }", "host.rps.cpus"),
        ("[host]\napps = { pinned = false }", "host.apps.pinned"),
        ("[host]\napps = { migrations_per_second = 1 }", "host.apps.migrations_per_second"),
        ("[host]\napps = { migrations = [{ at_ns = 1 }] }", "host.apps.migrations"),
        ("[host]\napps = { count = 2, acceptors = 1 }", "host.apps.acceptors"),
        ("[host]\napps = { count = 2, readers_per_socket = 2 }", "host.apps.readers_per_socket"),
        ("[host]\nunplug = [{ at_ns = 1, cpu = 1 }]", "host.unplug"),
        ("[steering]\nmode = \"rps\"", "steering.mode"),
        ("[steering]\nmode = \"rfs\"", "steering.mode"),
        ("[steering]\nmode = \"arfs\"", "steering.mode"),
        ("[steering]\nmode = \"callback\"", "steering.mode"),
        ("[host]\napps = { work_per_message = 2 }", "host.apps.work_per_message"),
        ("[host]\ncpus = 2\napps = { cpus = [1] }", "host.apps.count"),
        ("[[costs]]\nop = \"napi.poll\"\nns = 1.0\nsource = \"x\"", "costs"),
    ] {
        assert_eq!(plan(&format!("version = 1\n{document}"), true, &[0]).unwrap_err().key, key);
    }
}
