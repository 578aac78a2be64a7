/* Tasks that read sockets: on which CPU, and where the scheduler moves them; how long woken tasks wait. */
struct reader_key { s32 tid; u32 cpu; };
struct reader_sum { u64 reads, bytes; char comm[16]; };
BPF_TABLE("lru_hash", struct reader_key, struct reader_sum, reader_sums, 16384);
BPF_TABLE("lru_hash", s32, u32, reader_cpu, 16384);

TRACEPOINT_PROBE(sock, sock_recv_length) {
  if (args->ret <= 0) return 0;
  u32 cpu = bpf_get_smp_processor_id();
  struct reader_key key = {.tid = (s32)bpf_get_current_pid_tgid(), .cpu = cpu};
  struct reader_sum none = {}, *sum = reader_sums.lookup(&key);
  if (!sum) {
    bpf_get_current_comm(&none.comm, sizeof(none.comm));
    sum = reader_sums.lookup_or_try_init(&key, &none);
  }
  if (sum) {
    sum->reads += 1;
    sum->bytes += args->ret;
  }
  reader_cpu.update(&key.tid, &cpu);
#ifdef STREAM_READS
  stream(2, key.tid, cpu, cpu);
#endif
  return 0;
}

TRACEPOINT_PROBE(sched, sched_migrate_task) {
  s32 tid = args->pid;
  if (reader_cpu.lookup(&tid)) stream(1, tid, args->orig_cpu, args->dest_cpu);
  return 0;
}

struct wait_sum { u64 count, delay_ns; };
BPF_TABLE("lru_hash", s32, u64, woken_ns, 65536);
BPF_PERCPU_ARRAY(wait_sums, struct wait_sum, 1);
BPF_PERCPU_ARRAY(runqueue_delay, struct log_linear, 1);

TRACEPOINT_PROBE(sched, sched_wakeup) {
  s32 tid = args->pid;
  u64 now = bpf_ktime_get_ns();
  woken_ns.update(&tid, &now);
  return 0;
}

TRACEPOINT_PROBE(sched, sched_wakeup_new) {
  s32 tid = args->pid;
  u64 now = bpf_ktime_get_ns();
  woken_ns.update(&tid, &now);
  return 0;
}

TRACEPOINT_PROBE(sched, sched_switch) {
  s32 tid = args->next_pid;
  u32 zero = 0;
  u64 *woken = woken_ns.lookup(&tid);
  if (!woken) return 0;
  u64 delay = bpf_ktime_get_ns() - *woken;
  woken_ns.delete(&tid);
  struct wait_sum *sum = wait_sums.lookup(&zero);
  if (sum) {
    sum->count += 1;
    sum->delay_ns += delay;
  }
  struct log_linear *delays = runqueue_delay.lookup(&zero);
  if (delays) log_linear_count(delays, delay);
  return 0;
}
