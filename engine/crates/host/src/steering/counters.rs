//! What the host's side of steering counts.

stage::counters! {
    /// Steering by where sockets are read: RFS, and the scheduler's callback.
    pub enum SockSteeringCounter in "sock_steering" {
        /// Flows RFS moved to another CPU.
        Moved = "rfs_moved" : "moves",
        /// Frames RFS kept on the old CPU, whose backlog still held earlier ones.
        Kept = "rfs_ooo_prevented" : "frames",
        /// Frames whose CPU is offline: left where they were.
        Offline = "steer_offline" : "frames",
        /// Frames that came to their socket after a later one of their flow.
        Overtaken = "steer_ooo_seen" : "frames",
        /// Rules the device wrote.
        Programmed = "device_rules_written" : "rules",
        /// Rules the device refused: the flow stays with its hash.
        Refused = "device_rules_refused" : "rules",
        /// Sockets announced because their reader was moved.
        Migrated = "announced_migration" : "sockets",
        /// Sockets announced because they were read on another CPU than before.
        Read = "announced_read" : "sockets",
        /// Sockets announced because they were handed over after accept.
        HandedOver = "announced_accept" : "sockets",
        /// Announcements that the next one of their socket overtook before the device was told.
        Merged = "announced_merged" : "sockets",
        /// Announcements not passed on, since the flow had just been moved.
        Damped = "announced_damped" : "sockets",
        /// Announcements of sockets or tasks that are not there (ENOENT).
        Unknown = "announced_unknown" : "sockets",
        /// Announcements for a CPU that is offline.
        Unplugged = "announced_offline" : "sockets",
    }
}
