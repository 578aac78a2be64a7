/* Packets freed as drops, by reason and place; consume_skb is another tracepoint and not seen here. */
struct drop_key { u64 location; u32 cpu, reason; };
BPF_TABLE("lru_hash", struct drop_key, u64, drop_counts, 16384);

TRACEPOINT_PROBE(skb, kfree_skb) {
  struct drop_key key = {.location = (u64)args->location, .cpu = bpf_get_smp_processor_id(),
                         .reason = args->reason};
  u64 none = 0, *count = drop_counts.lookup_or_try_init(&key, &none);
  if (count) __sync_fetch_and_add(count, 1); /* an interrupt may drop while a task does */
  return 0;
}
