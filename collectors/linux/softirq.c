/* Time, count and raise-to-entry delay of NET_TX and NET_RX on each CPU; what NAPI polls took.
   The raise is seen on the CPU whose softirq it is (kernel/softirq.c, __raise_softirq_irqoff). */
#define NET_TX 2
#define NET_RX 3

struct softirq_sum { u64 count, ns, delay_ns, delays, entered_ns, raised_ns; };
BPF_PERCPU_ARRAY(softirq_sums, struct softirq_sum, 2);
BPF_PERCPU_ARRAY(softirq_delay, struct log_linear, 2);
BPF_PERCPU_ARRAY(softirq_time, struct log_linear, 2);

TRACEPOINT_PROBE(irq, softirq_raise) {
  u32 vector = args->vec - NET_TX;
  if (vector > 1) return 0;
  struct softirq_sum *sum = softirq_sums.lookup(&vector);
  /* The first raise since the last entry: later ones find the bit set already. */
  if (sum && !sum->raised_ns) sum->raised_ns = bpf_ktime_get_ns();
  return 0;
}

TRACEPOINT_PROBE(irq, softirq_entry) {
  u32 vector = args->vec - NET_TX;
  if (vector > 1) return 0;
  struct softirq_sum *sum = softirq_sums.lookup(&vector);
  if (!sum) return 0;
  u64 now = bpf_ktime_get_ns();
  sum->count += 1;
  sum->entered_ns = now;
  if (sum->raised_ns) {
    u64 delay = now - sum->raised_ns;
    sum->raised_ns = 0;
    sum->delay_ns += delay;
    sum->delays += 1;
    struct log_linear *delays = softirq_delay.lookup(&vector);
    if (delays) log_linear_count(delays, delay);
  }
  return 0;
}

TRACEPOINT_PROBE(irq, softirq_exit) {
  u32 vector = args->vec - NET_TX;
  if (vector > 1) return 0;
  struct softirq_sum *sum = softirq_sums.lookup(&vector);
  if (!sum || !sum->entered_ns) return 0;
  u64 spent = bpf_ktime_get_ns() - sum->entered_ns;
  sum->entered_ns = 0;
  sum->ns += spent;
  struct log_linear *times = softirq_time.lookup(&vector);
  if (times) log_linear_count(times, spent);
  return 0;
}

struct napi_key { u32 cpu; char device[16]; };
struct napi_sum { u64 polls, work, full_budget; };
BPF_TABLE("lru_hash", struct napi_key, struct napi_sum, napi_sums, 4096);
BPF_PERCPU_ARRAY(napi_work, struct log_linear, 1);

TRACEPOINT_PROBE(napi, napi_poll) {
  struct napi_key key = {.cpu = bpf_get_smp_processor_id()};
  struct napi_sum none = {}, *sum;
  u32 zero = 0;
  TP_DATA_LOC_READ_STR(&key.device, dev_name, sizeof(key.device));
  sum = napi_sums.lookup_or_try_init(&key, &none);
  if (sum) { /* one CPU's alone, and polls do not nest */
    sum->polls += 1;
    sum->work += args->work;
    if (args->work >= args->budget) sum->full_budget += 1;
  }
  struct log_linear *works = napi_work.lookup(&zero);
  if (works) log_linear_count(works, args->work);
  return 0;
}
