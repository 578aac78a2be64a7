//! What the flow table counts.

use stage::Counters;

stage::counters! {
    /// Counters of the NIC's flow table. Each insertion asked for ends as one of ok, nospace, busy, notsupp or einval.
    pub enum SteeringCounter in "steering" {
        /// Rules asked for, new or changed.
        Add = "steer_add" : "rules",
        /// Rules written.
        Ok = "steer_ok" : "rules",
        /// Rules refused for a full table (ENOSPC).
        NoSpace = "steer_nospace" : "rules",
        /// Rules refused for full ways or for too many insertions (EBUSY).
        Busy = "steer_busy" : "rules",
        /// Rules refused for what is no flow to the table (EOPNOTSUPP).
        NotSupported = "steer_notsupp" : "rules",
        /// Rules refused for naming a queue or priority that is not there (EINVAL).
        Invalid = "steer_einval" : "rules",
        /// Rules written that changed where a flow goes.
        Move = "steer_move" : "rules",
        /// Rules removed to make room.
        Evict = "steer_evict" : "rules",
        /// Rules removed because the host had no use for them any more.
        Expire = "steer_expire" : "rules",
        /// Rules removed by request.
        Delete = "steer_del" : "rules",
        /// Rules in the table now.
        Occupancy = "steer_occupancy" : "rules",
        /// Frames asked about.
        Lookup = "steer_lookup" : "frames",
        /// Frames that a flow's rule sent to its queue.
        Hit = "steer_hit" : "frames",
        /// Frames that another flow's rule sent to its queue, by an equal signature.
        Collision = "steer_collision" : "frames",
        /// Changes of queue that took effect.
        Moved = "steer_moved" : "moves",
        /// Frames kept on the old queue so as not to overtake.
        OooPrevented = "steer_ooo_prevented" : "frames",
        /// Changes of queue behind a barrier, since the flow did not pause.
        Barrier = "steer_barrier" : "moves",
        /// Frames that an explicit rule sent to a queue.
        NtupleHit = "ntuple_hit" : "frames",
        /// Frames that an explicit rule dropped.
        NtupleDrop = "ntuple_drop" : "frames",
    }
}

/// The counts as the table keeps them.
pub(super) type Tally = Counters<SteeringCounter>;
