//! What GRO counts, per NAPI.

stage::counters! {
    /// Generic receive offload of one queue's NAPI.
    pub enum GroCounter in "gro" {
        /// Frames that became part of an earlier one (GRO_MERGED).
        Merged = "gro_merged" : "frames",
        /// Frames held as the first of a flow (GRO_HELD).
        Held = "gro_held" : "frames",
        /// Frames that went on alone (GRO_NORMAL).
        Normal = "gro_normal" : "frames",
        /// Skbs of two or more segments handed on.
        Packets = "gro_packets" : "skbs",
        /// Wire frames in them.
        WirePackets = "gro_wire_packets" : "frames",
        /// Flows handed on because their bucket was full.
        BucketFull = "gro_bucket_full" : "skbs",
    }
}
