/* Which CPU reads a flow, told by the scheduler; and when its packets come after the reader.
   Flows are of IPv4 sockets in one network namespace, NETNS (its inode). */
#define MOVED 1
#define FIRST_PACKET 3
#define FIRST_READ 4

/* As a received packet has it; an unconnected UDP socket has no remote end, one bound to any address no
   local address. Addresses and ports in network order. */
struct rx_flow { u32 source, destination; u16 source_port, destination_port; u32 protocol; };
struct rx_follow {
  u64 late;
  s32 tid;
  u32 cpu, awaits_packet, awaits_read, last_source;
  u16 last_source_port, padding;
};
BPF_TABLE("lru_hash", struct rx_flow, struct rx_follow, followed, 4096);
BPF_TABLE("lru_hash", s32, struct rx_flow, flow_of_task, 4096);

/* For whoever steers by 5-tuples: a move and the flow it is about. */
struct rx_steer { u64 time_ns; struct rx_flow flow; u32 cpu; s32 tid; };
#ifdef STEERS
BPF_RINGBUF_OUTPUT(steers, 8);
BPF_PERCPU_ARRAY(steers_lost, u64, 1);
static inline void tell(struct rx_flow *flow, struct rx_follow *known) {
  struct rx_steer told = {.time_ns = bpf_ktime_get_ns(), .flow = *flow, .cpu = known->cpu, .tid = known->tid};
  u32 zero = 0;
  if (!told.flow.source) { /* the socket takes from everybody: who sent last */
    told.flow.source = known->last_source;
    told.flow.source_port = known->last_source_port;
    if (!told.flow.source) return;
  }
  if (!steers.ringbuf_output(&told, sizeof(told), 0)) return;
  u64 *lost = steers_lost.lookup(&zero);
  if (lost) *lost += 1;
}
#else
#define tell(flow, known)
#endif

enum { REDIRECTED, PASSED, CPUMAP_DROPS, REDIRECT_ERRORS, IN_STACK, PLACES };
BPF_PERCPU_ARRAY(places, u64, PLACES);
static inline void count(int place, u64 packets) {
  u64 *sum = places.lookup(&place);
  if (sum) *sum += packets;
}

/* As inet_lookup goes: the connected socket first, then the one that takes from everybody. */
static inline struct rx_follow *find(struct rx_flow *flow) {
  struct rx_flow open = *flow;
  struct rx_follow *found = followed.lookup(&open);
  if (found) return found;
  open.source = 0;
  open.source_port = 0;
  found = followed.lookup(&open);
  if (found) return found;
  open.destination = 0;
  return followed.lookup(&open);
}

TRACEPOINT_PROBE(sock, sock_recv_length) {
  struct sock *sock = (struct sock *)args->sk;
  struct rx_flow flow = {.protocol = args->protocol};
  struct rx_follow fresh = {.tid = (s32)bpf_get_current_pid_tgid(), .cpu = bpf_get_smp_processor_id()}, *known;
  struct net *net = 0;
  u32 inode = 0;
  u16 port = 0;
  if (args->ret <= 0 || args->family != 2) return 0;
  bpf_probe_read_kernel(&net, sizeof(net), &sock->__sk_common.skc_net.net);
  bpf_probe_read_kernel(&inode, sizeof(inode), &net->ns.inum);
  if (inode != NETNS) return 0;
  bpf_probe_read_kernel(&flow.source, 4, &sock->__sk_common.skc_daddr);
  bpf_probe_read_kernel(&flow.destination, 4, &sock->__sk_common.skc_rcv_saddr);
  bpf_probe_read_kernel(&flow.source_port, 2, &sock->__sk_common.skc_dport);
  bpf_probe_read_kernel(&port, 2, &sock->__sk_common.skc_num);
  flow.destination_port = bpf_htons(port);
  known = followed.lookup(&flow);
  if (!known) {
    followed.update(&flow, &fresh);
    flow_of_task.update(&fresh.tid, &flow);
    tell(&flow, &fresh);
    return 0;
  }
  if (known->tid != fresh.tid) {
    known->tid = fresh.tid;
    flow_of_task.update(&fresh.tid, &flow);
  }
  known->cpu = fresh.cpu;
  if (known->awaits_read) {
    known->awaits_read = 0;
    stream(FIRST_READ, fresh.tid, fresh.cpu, fresh.cpu);
  }
  return 0;
}

TRACEPOINT_PROBE(sched, sched_migrate_task) {
  s32 tid = args->pid;
  struct rx_flow *flow = flow_of_task.lookup(&tid);
  struct rx_follow *known = flow ? followed.lookup(flow) : 0;
  if (!known) return 0;
  known->late = 0;
  known->cpu = args->dest_cpu;
  known->awaits_packet = 1;
  known->awaits_read = 1;
  stream(MOVED, tid, args->orig_cpu, args->dest_cpu);
  tell(flow, known);
  return 0;
}

/* Here data is the IP header: the link's header was taken off (eth_type_trans). */
TRACEPOINT_PROBE(net, netif_receive_skb) {
  struct sk_buff *skb = (struct sk_buff *)args->skbaddr;
  struct rx_flow flow = {};
  struct rx_follow *known;
  struct net_device *device = 0;
  struct net *net = 0;
  unsigned char *data = 0, *head = 0;
  struct iphdr ip;
  u32 inode = 0, end = 0;
  u16 segments = 0;
  bpf_probe_read_kernel(&device, sizeof(device), &skb->dev);
  bpf_probe_read_kernel(&net, sizeof(net), &device->nd_net.net);
  bpf_probe_read_kernel(&inode, sizeof(inode), &net->ns.inum);
  if (inode != NETNS) return 0;
  bpf_probe_read_kernel(&data, sizeof(data), &skb->data);
  if (bpf_probe_read_kernel(&ip, sizeof(ip), data) || ip.version != 4) return 0;
  flow.source = ip.saddr;
  flow.destination = ip.daddr;
  flow.protocol = ip.protocol;
  bpf_probe_read_kernel(&flow.source_port, 4, data + (ip.ihl & 15) * 4);
  known = find(&flow);
  if (!known) return 0;
  /* GRO may have made one of several. */
  bpf_probe_read_kernel(&head, sizeof(head), &skb->head);
  bpf_probe_read_kernel(&end, sizeof(end), &skb->end);
  bpf_probe_read_kernel(&segments, sizeof(segments), &((struct skb_shared_info *)(head + end))->gso_segs);
  if (!segments) segments = 1;
  count(IN_STACK, segments);
  known->last_source = flow.source;
  known->last_source_port = flow.source_port;
  if (!known->awaits_packet) return 0;
  if (known->cpu != bpf_get_smp_processor_id()) {
    known->late += segments;
    return 0;
  }
  known->awaits_packet = 0;
  stream(FIRST_PACKET, known->tid, known->late, known->cpu);
  return 0;
}
