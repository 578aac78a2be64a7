//! A CPU's run queue, fair by virtual runtime (kernel/sched/fair.c, all weights equal).

use stage::TaskId;
use stats::Picos;

/// Something the scheduler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entity {
    /// The CPU's softirq thread.
    Ksoftirqd,
    /// The CPU's thread for deferred work (kworker).
    Worker,
    /// An application.
    App(TaskId),
}

#[derive(Clone, Copy, Debug)]
struct Runnable {
    entity: Entity,
    vruntime_ps: Picos,
    /// Order of arrival, to break ties.
    order: u64,
}

/// The runnable entities of one CPU.
#[derive(Debug)]
pub(crate) struct RunQueue {
    runnable: Vec<Runnable>,
    current: Option<Entity>,
    /// What the current entity has run since it was picked.
    ran_ps: Picos,
    min_vruntime_ps: Picos,
    base_slice_ps: Picos,
    arrivals: u64,
}

impl RunQueue {
    pub(crate) fn new(base_slice_ps: Picos) -> Self {
        RunQueue {
            runnable: Vec::new(),
            current: None,
            ran_ps: 0,
            min_vruntime_ps: 0,
            base_slice_ps,
            arrivals: 0,
        }
    }

    /// Make an entity runnable; answers whether it should preempt the present one. A sleeper comes back at most one
    /// slice ahead of the others (`place_entity`).
    pub(crate) fn enqueue(&mut self, entity: Entity) -> bool {
        if self.contains(entity) {
            return false;
        }
        let vruntime_ps = self.min_vruntime_ps.saturating_sub(self.base_slice_ps / 2);
        self.arrivals += 1;
        self.runnable.push(Runnable { entity, vruntime_ps, order: self.arrivals });
        match self.current.and_then(|current| self.vruntime_of(current)) {
            Some(current_ps) => vruntime_ps + self.base_slice_ps / 4 < current_ps,
            None => true,
        }
    }

    /// Whether nobody wants to run.
    pub(crate) fn is_empty(&self) -> bool {
        self.runnable.is_empty()
    }

    /// Whether an entity is runnable here.
    pub(crate) fn contains(&self, entity: Entity) -> bool {
        self.runnable.iter().any(|r| r.entity == entity)
    }

    /// Take an entity off: it sleeps, or goes elsewhere.
    pub(crate) fn dequeue(&mut self, entity: Entity) {
        self.runnable.retain(|r| r.entity != entity);
        if self.current == Some(entity) {
            self.current = None;
        }
    }

    fn vruntime_of(&self, entity: Entity) -> Option<Picos> {
        self.runnable.iter().find(|r| r.entity == entity).map(|r| r.vruntime_ps)
    }

    /// Who runs next, and whether that is a switch. The current entity keeps the CPU until it has used its slice or
    /// is asked to make room.
    pub(crate) fn pick(&mut self, resched: bool) -> Option<(Entity, bool)> {
        if let Some(current) = self.current
            && !(resched || self.ran_ps >= self.base_slice_ps && self.runnable.len() > 1)
        {
            return Some((current, false));
        }
        let next = self.runnable.iter().min_by_key(|r| (r.vruntime_ps, r.order))?;
        let switched = self.current != Some(next.entity);
        self.current = Some(next.entity);
        self.ran_ps = 0;
        Some((next.entity, switched))
    }

    /// The current entity ran.
    pub(crate) fn charge(&mut self, entity: Entity, ran_ps: Picos) {
        if let Some(r) = self.runnable.iter_mut().find(|r| r.entity == entity) {
            r.vruntime_ps += ran_ps;
        }
        self.ran_ps += ran_ps;
        let least = self.runnable.iter().map(|r| r.vruntime_ps).min();
        self.min_vruntime_ps = self.min_vruntime_ps.max(least.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Entity = Entity::App(TaskId(0));
    const B: Entity = Entity::App(TaskId(1));

    #[test]
    fn two_busy_tasks_share_evenly() {
        let mut queue = RunQueue::new(3_000);
        queue.enqueue(A);
        queue.enqueue(B);
        let mut ran = [0u64; 2];
        for _ in 0..10_000 {
            let (entity, _) = queue.pick(false).unwrap();
            ran[usize::from(entity == B)] += 70;
            queue.charge(entity, 70);
        }
        assert!(ran[0].abs_diff(ran[1]) <= 2 * 3_070, "{ran:?}");
    }

    #[test]
    fn a_long_sleeper_does_not_starve_the_others() {
        let mut queue = RunQueue::new(3_000);
        queue.enqueue(A);
        for _ in 0..1_000 {
            queue.pick(false);
            queue.charge(A, 100);
        }
        assert!(queue.enqueue(B), "it may preempt at once");
        let mut before_a = 0;
        while queue.pick(false).unwrap().0 != A || before_a == 0 {
            queue.charge(B, 100);
            before_a += 100;
            if before_a > 10_000 {
                break;
            }
            if queue.pick(true).unwrap().0 == A {
                break;
            }
        }
        assert!(before_a <= 6_000, "ran {before_a} ahead of A");
    }

    #[test]
    fn the_present_one_keeps_its_slice() {
        let mut queue = RunQueue::new(3_000);
        queue.enqueue(A);
        queue.enqueue(B);
        let (first, switched) = queue.pick(false).unwrap();
        assert!(switched);
        queue.charge(first, 1_000);
        assert_eq!(queue.pick(false), Some((first, false)));
        queue.charge(first, 2_000);
        assert_ne!(queue.pick(false).unwrap().0, first);
        queue.dequeue(A);
        queue.dequeue(B);
        assert_eq!(queue.pick(false), None);
    }
}
