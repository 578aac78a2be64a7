/* The card's part, as native XDP: a followed flow's packet goes to the CPU of its reader through a cpumap. */
BPF_CPUMAP(cpus, CPUS);
BPF_ARRAY(own_map, u32, 1);

int steer(struct xdp_md *frame) {
  void *data = (void *)(long)frame->data, *end = (void *)(long)frame->data_end;
  struct ethhdr *ethernet = data;
  struct iphdr *ip = data + sizeof(*ethernet);
  if ((void *)(ip + 1) > end || ethernet->h_proto != bpf_htons(0x0800)) return XDP_PASS;
  u16 *ports = (void *)ip + ip->ihl * 4;
  if ((void *)(ports + 2) > end || (ip->protocol != 6 && ip->protocol != 17)) return XDP_PASS;
  if (ip->frag_off & bpf_htons(0x3fff)) return XDP_PASS; /* a fragment: no ports, or not all of it */
  struct rx_flow flow = {.source = ip->saddr, .destination = ip->daddr, .source_port = ports[0],
                         .destination_port = ports[1], .protocol = ip->protocol};
  struct rx_follow *known = find(&flow);
  if (!known) return XDP_PASS;
  int verdict = cpus.redirect_map(known->cpu, XDP_PASS);
  count(verdict == XDP_REDIRECT ? REDIRECTED : PASSED, 1);
  return verdict;
}

TRACEPOINT_PROBE(xdp, xdp_cpumap_enqueue) {
  u32 zero = 0, *own = own_map.lookup(&zero);
  if (own && *own == args->map_id && args->drops) count(CPUMAP_DROPS, args->drops);
  return 0;
}

TRACEPOINT_PROBE(xdp, xdp_redirect_err) {
  u32 zero = 0, *own = own_map.lookup(&zero);
  if (own && *own == args->map_id) count(REDIRECT_ERRORS, 1);
  return 0;
}
