//! The driver's scan for rules that have had their day.

use crate::path::Host;
use stage::{Context, Op, RxQueues};

impl Host {
    /// Look at the next rules of the device if it is time, and remove those nobody has use for: by aRFS' own answer
    /// (`rps_may_expire_flow`), and where the callback wrote them, those that had no frame for long.
    pub(crate) fn scan_rules<C: Context>(&mut self, rx: &mut impl RxQueues, context: &mut C) {
        let now_ns = context.now_ns();
        let steering = &self.config.steering;
        if steering.scan_interval_ns == 0 || now_ns < self.next_scan_ns {
            return;
        }
        self.next_scan_ns = now_ns + steering.scan_interval_ns;
        let (limit, idle_ns) = (steering.scan_rules as usize, steering.idle_ns);
        let mut gone = std::mem::take(&mut self.expired);
        gone.clear();
        let looked = rx.expire_flows(now_ns, limit, &mut |old| {
            let expires = if self.callback.is_some() {
                now_ns.saturating_sub(old.idle_since_ns) >= idle_ns
            } else {
                self.may_expire_flow(&old, now_ns)
            };
            if expires {
                gone.push(old.rule);
            }
            expires
        });
        context.queue(None);
        context.op(Op::SteerScan, looked as u32);
        for rule in &gone {
            self.forget_rule(*rule, now_ns);
        }
        self.expired = gone;
    }
}
