//! `get_rps_cpu` and `set_rps_cpu` (net/core/dev.c): which CPU a frame is for, and the device told where a flow went.

use super::flows::FlowSlot;
use crate::path::Host;
use crate::skb::Skb;
use crate::socket::FlowKey;
use crate::steering::SockSteeringCounter;
use stage::{
    BufferPool, Context, CpuId, OldRule, Op, QueueId, Region, RxPacket, RxQueues, SteerRequest, Touch,
};

/// The CPU a frame is for.
pub(crate) struct Target {
    pub(crate) cpu: CpuId,
    /// Where to note how far its backlog is filled then.
    pub(crate) flow: Option<FlowSlot>,
}

impl Host {
    /// The CPU for a frame, by where its flow is read, then by its hash; `None`: the CPU it is on.
    pub(crate) fn rps_cpu<C: Context>(
        &mut self,
        skb: &Skb,
        rx: &mut impl RxQueues,
        buffers: &BufferPool,
        context: &mut C,
    ) -> Option<Target> {
        context.op(Op::RpsSteer, 1);
        context.touch(Op::RpsSteer, Touch::read(Region::RpsTable, 0, 0, 64));
        if let Some(target) = self.rfs_cpu(skb, rx, buffers, context) {
            return Some(target);
        }
        let cpu = super::choose(&self.config.rps.cpus, skb.packet.hash)?;
        if !self.is_online(cpu) {
            self.sock_steering.add(SockSteeringCounter::Offline, 1);
            return None;
        }
        Some(Target { cpu, flow: None })
    }

    fn rfs_cpu<C: Context>(
        &mut self,
        skb: &Skb,
        rx: &mut impl RxQueues,
        buffers: &BufferPool,
        context: &mut C,
    ) -> Option<Target> {
        let (hash, queue, now_ns) = (skb.packet.hash, skb.packet.queue, context.now_ns());
        let rfs = self.rfs.as_ref().filter(|_| hash != 0)?;
        context.touch(Op::RpsSteer, Touch::read(Region::SockFlow, 0, rfs.sock_flow_at(hash), 4));
        let desired = rfs.desired(hash)?;
        let mut at = rfs.slot(queue.0, hash);
        context.touch(Op::RpsSteer, Touch::write(Region::DevFlow, u32::from(queue.0), 16 * at.slot, 16));
        let flow = *rfs.flow(at)?;
        let mut cpu = flow.cpu();
        if cpu != Some(desired) {
            // Unset, offline, or all that went there has been dequeued: then none can be overtaken.
            let may_move = cpu
                .is_none_or(|cpu| !self.is_online(cpu) || self.backlog_done(cpu, now_ns) >= flow.last_qtail);
            if may_move {
                if cpu.is_some() {
                    self.sock_steering.add(SockSteeringCounter::Moved, 1);
                }
                at = self.set_rps_cpu(&skb.packet, at, desired, rx, buffers, context);
                cpu = Some(desired);
            } else {
                self.sock_steering.add(SockSteeringCounter::Kept, 1);
            }
        }
        match cpu {
            Some(cpu) if self.is_online(cpu) => Some(Target { cpu, flow: Some(at) }),
            _ => {
                self.sock_steering.add(SockSteeringCounter::Offline, 1);
                None
            }
        }
    }

    /// Let a flow go to a CPU from now on; answers its slot, which is another queue's where the device was told.
    fn set_rps_cpu<C: Context>(
        &mut self,
        packet: &RxPacket,
        at: FlowSlot,
        cpu: CpuId,
        rx: &mut impl RxQueues,
        buffers: &BufferPool,
        context: &mut C,
    ) -> FlowSlot {
        let told = self.tell_device(packet, at, cpu, rx, buffers, context);
        let now_ns = context.now_ns();
        let head = self.backlog_done(cpu, now_ns);
        let at = told.unwrap_or(at);
        if let Some(flow) = self.rfs.as_mut().and_then(|rfs| rfs.flow_mut(at)) {
            flow.last_qtail = head;
            flow.set_cpu(cpu);
        }
        at
    }

    /// aRFS: have the device send the flow to a queue of that CPU (`ndo_rx_flow_steer`).
    fn tell_device<C: Context>(
        &mut self,
        packet: &RxPacket,
        from: FlowSlot,
        cpu: CpuId,
        rx: &mut impl RxQueues,
        buffers: &BufferPool,
        context: &mut C,
    ) -> Option<FlowSlot> {
        let rfs = self.rfs.as_ref().filter(|rfs| rfs.accelerated)?;
        let queue = self.queue_for(cpu, packet.hash)?;
        if queue == packet.queue {
            return None;
        }
        let now_ns = context.now_ns();
        let at = rfs.slot(queue.0, packet.hash);
        // An active flow keeps the slot it shares (since Linux 6.18, which compares the hashes).
        let other = rfs.flow(at)?;
        let in_use = other.filter.is_some()
            && self.is_active(other.cpu(), other.last_qtail, now_ns)
            && (other.hash != packet.hash || other.cpu() == Some(cpu));
        // Tunnels are not what the device names flows by.
        if in_use || packet.headers.ip_layers > 1 {
            return None;
        }
        let key = FlowKey::of(&packet.headers, buffers.bytes(packet.buffer)).device_key();
        let request = SteerRequest { key, hash: packet.hash, queue, priority: 0, rate_fps: 0 };
        let rule = match rx.steer_flow(now_ns, &request) {
            Ok(written) => written.rule,
            Err(_) => {
                self.sock_steering.add(SockSteeringCounter::Refused, 1);
                return None;
            }
        };
        context.op(Op::SteerProgram, 1);
        self.sock_steering.add(SockSteeringCounter::Programmed, 1);
        let rfs = self.rfs.as_mut()?;
        if let Some(old) = rfs.flow_mut(from).filter(|old| old.filter == Some(rule)) {
            old.filter = None;
        }
        let flow = rfs.flow_mut(at)?;
        (flow.filter, flow.hash) = (Some(rule), packet.hash);
        Some(at)
    }

    /// Whether a rule of the device may go (`rps_may_expire_flow`).
    pub(crate) fn may_expire_flow(&self, old: &OldRule, now_ns: stage::Nanos) -> bool {
        let Some(rfs) = &self.rfs else { return true };
        let Some(flow) = rfs.flow(rfs.slot(old.queue.0, old.hash)) else { return true };
        flow.filter != Some(old.rule) || !self.is_active(flow.cpu(), flow.last_qtail, now_ns)
    }

    fn is_active(&self, cpu: Option<CpuId>, last_qtail: u64, now_ns: stage::Nanos) -> bool {
        let active = self.rfs.as_ref().map_or(0, |rfs| rfs.active_frames());
        cpu.is_some_and(|cpu| self.backlog_done(cpu, now_ns).saturating_sub(last_qtail) < active)
    }

    /// Frames of a CPU's backlog that are done with (`input_queue_head`).
    fn backlog_done(&self, cpu: CpuId, now_ns: stage::Nanos) -> u64 {
        self.softnets.get(cpu.index()).map_or(0, |softnet| softnet.progress.done(now_ns))
    }

    /// The queue whose frames a CPU takes, one of them for each flow; that of the nearest CPU which has one.
    pub(crate) fn queue_for(&self, cpu: CpuId, hash: u32) -> Option<QueueId> {
        let distance = |other: usize| other.abs_diff(cpu.index());
        let by_cpu = self.config.steering.cpu_queues.iter().enumerate();
        let (_, queues) = by_cpu
            .filter(|(_, queues)| !queues.is_empty())
            .min_by_key(|(other, _)| (distance(*other), *other))?;
        queues.get(hash as usize % queues.len()).copied()
    }
}
