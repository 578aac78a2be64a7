//! A CPU goes offline: what waited on it waits on another (`dev_cpu_dead`, net/core/dev.c).

use crate::path::Host;
use crate::softirq::NapiId;
use stage::CpuId;

impl Host {
    /// Whether a CPU is online.
    #[inline]
    pub fn is_online(&self, cpu: CpuId) -> bool {
        self.softnets.get(cpu.index()).is_some_and(|softnet| softnet.online)
    }

    /// Take a CPU offline: its polls, its backlog and its deferred work go to `to`, whose softirq is then pending.
    /// Nothing is lost, and nothing happens where either is not an online CPU or both are the same.
    pub fn unplug(&mut self, cpu: CpuId, to: CpuId) {
        if cpu == to || !self.is_online(cpu) || !self.is_online(to) {
            return;
        }
        let Some(dead) = self.softnets.get_mut(cpu.index()) else { return };
        dead.online = false;
        let mut polls = dead.take_polls();
        let mut backlog = std::mem::take(&mut dead.backlog);
        let owed = std::mem::take(&mut dead.ipi_to);
        dead.backlog_scheduled = false;
        dead.progress.take(u64::from(backlog.frames()));
        dead.progress.all_done(0);
        let Some(heir) = self.softnets.get_mut(to.index()) else { return };
        polls.retain(|napi| *napi != NapiId::Backlog);
        polls.into_iter().for_each(|napi| heir.schedule(napi));
        while let Some(skb) = self.skbs.pop(&mut backlog) {
            heir.tail += 1;
            self.skbs.push(&mut heir.backlog, skb);
        }
        if !heir.backlog.is_empty() && !heir.backlog_scheduled {
            heir.backlog_scheduled = true;
            heir.schedule(NapiId::Backlog);
        }
        // Its backlog is scheduled and waits for the interrupt the dead CPU owes it.
        if owed.contains(&to) {
            heir.schedule(NapiId::Backlog);
        }
        heir.ipi_to.extend(owed.into_iter().filter(|target| *target != cpu && *target != to));
        let by_cpu = &mut self.config.steering.cpu_queues;
        let queues = by_cpu.get_mut(cpu.index()).map(std::mem::take).unwrap_or_default();
        if let Some(heirs) = by_cpu.get_mut(to.index()) {
            heirs.extend(queues);
        }
        if let Some(callback) = &mut self.callback {
            callback.hand_work(cpu, to);
        }
    }
}
