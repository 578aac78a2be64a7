/* Calls and time of interrupt handlers per line and CPU. Lines that devices share call several handlers. */
struct hardirq_key { u32 cpu; s32 irq; };
struct hardirq_sum { u64 count, ns; };
BPF_HASH(hardirq_sums, struct hardirq_key, struct hardirq_sum, 16384);
BPF_PERCPU_ARRAY(hardirq_entered, u64, 1);

TRACEPOINT_PROBE(irq, irq_handler_entry) {
  u32 zero = 0;
  u64 now = bpf_ktime_get_ns();
  hardirq_entered.update(&zero, &now);
  return 0;
}

TRACEPOINT_PROBE(irq, irq_handler_exit) {
  u32 zero = 0;
  u64 *entered = hardirq_entered.lookup(&zero);
  if (!entered || !*entered) return 0;
  struct hardirq_key key = {.cpu = bpf_get_smp_processor_id(), .irq = args->irq};
  struct hardirq_sum none = {}, *sum = hardirq_sums.lookup_or_try_init(&key, &none);
  if (sum) {
    sum->count += 1;
    sum->ns += bpf_ktime_get_ns() - *entered;
  }
  *entered = 0;
  return 0;
}
