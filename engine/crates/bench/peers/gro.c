/* DPDK's generic receive offload: bursts of 64 segments of 1,460 bytes, of one flow or of 64 in turn. */
#define ALLOW_EXPERIMENTAL_API
#include <rte_ether.h>
#include <rte_gro.h>
#include <rte_ip.h>
#include <rte_mbuf.h>
#include <rte_tcp.h>

#include "peer.h"

#define BURST 64
#define PAYLOAD 1460
#define MAX_FLOWS 64

static struct rte_mempool *pool;
static void *kept;
static uint32_t sequences[MAX_FLOWS];

int gro_set_up(void)
{
	struct rte_gro_param p = {
		.gro_types = RTE_GRO_TCP_IPV4, .max_flow_num = MAX_FLOWS, .max_item_per_flow = 64};
	pool = rte_pktmbuf_pool_create("gro", 16383, 512, 0, 2176, 0);
	kept = rte_gro_ctx_create(&p);
	return pool && kept ? 0 : -1;
}

/* A burst of mbufs with their headers; not timed. */
static int prepare(struct rte_mbuf **burst, uint32_t flows)
{
	if (rte_pktmbuf_alloc_bulk(pool, burst, BURST))
		return -1;
	for (uint32_t i = 0; i < BURST; i++) {
		uint32_t flow = i % flows;
		struct rte_mbuf *m = burst[i];
		struct rte_ether_hdr *ethernet = rte_pktmbuf_mtod(m, struct rte_ether_hdr *);
		struct rte_ipv4_hdr *ip = (void *)(ethernet + 1);
		struct rte_tcp_hdr *tcp = (void *)(ip + 1);
		memset(ethernet, 0, 54);
		ethernet->ether_type = rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4);
		ip->version_ihl = 0x45;
		ip->total_length = rte_cpu_to_be_16(40 + PAYLOAD);
		ip->fragment_offset = rte_cpu_to_be_16(RTE_IPV4_HDR_DF_FLAG);
		ip->time_to_live = 64;
		ip->next_proto_id = 6;
		ip->src_addr = rte_cpu_to_be_32(flow + 1);
		ip->dst_addr = rte_cpu_to_be_32(7);
		tcp->src_port = rte_cpu_to_be_16(flow);
		tcp->dst_port = rte_cpu_to_be_16(80);
		tcp->sent_seq = rte_cpu_to_be_32(sequences[flow]);
		tcp->recv_ack = rte_cpu_to_be_32(1);
		tcp->data_off = 0x50;
		tcp->tcp_flags = RTE_TCP_ACK_FLAG;
		tcp->rx_win = rte_cpu_to_be_16(256);
		sequences[flow] += PAYLOAD;
		m->data_len = m->pkt_len = 54 + PAYLOAD;
		m->l2_len = 14;
		m->l3_len = m->l4_len = 20;
		m->packet_type = RTE_PTYPE_L2_ETHER | RTE_PTYPE_L3_IPV4 | RTE_PTYPE_L4_TCP;
	}
	return 0;
}

/* Segments in frames that came out. */
static uint64_t release(struct rte_mbuf **frames, int count)
{
	uint64_t segments = 0;
	for (int i = 0; i < count; i++) {
		segments += frames[i]->nb_segs;
		rte_pktmbuf_free(frames[i]);
	}
	return segments;
}

static struct sample in_bursts(uint32_t passes, uint32_t flows)
{
	struct rte_gro_param p = {
		.gro_types = RTE_GRO_TCP_IPV4, .max_flow_num = MAX_FLOWS, .max_item_per_flow = 64};
	struct rte_mbuf *burst[BURST];
	uint64_t check = 0;
	double ns = 0;
	for (uint32_t pass = 0; pass < passes && !prepare(burst, flows); pass++) {
		double start = clock_ns(CLOCK_MONOTONIC);
		uint16_t left = rte_gro_reassemble_burst(burst, BURST, &p);
		ns += clock_ns(CLOCK_MONOTONIC) - start;
		check += release(burst, left);
	}
	return (struct sample){(double)passes * BURST, ns, check};
}

struct sample gro_burst_1(uint32_t passes)
{
	return in_bursts(passes, 1);
}

struct sample gro_burst_64(uint32_t passes)
{
	return in_bursts(passes, 64);
}

struct sample gro_kept_64(uint32_t passes)
{
	struct rte_mbuf *burst[BURST], *out[4096];
	uint64_t check = 0, timeout = rte_get_tsc_hz() / 20000;
	double ns = 0;
	for (uint32_t pass = 0; pass < passes && !prepare(burst, 64); pass++) {
		double start = clock_ns(CLOCK_MONOTONIC);
		uint16_t unmerged = rte_gro_reassemble(burst, BURST, kept);
		uint16_t flushed = rte_gro_timeout_flush(kept, timeout, RTE_GRO_TCP_IPV4, out, RTE_DIM(out));
		ns += clock_ns(CLOCK_MONOTONIC) - start;
		check += release(burst, unmerged) + release(out, flushed);
	}
	check += release(out, rte_gro_timeout_flush(kept, 0, RTE_GRO_TCP_IPV4, out, RTE_DIM(out)));
	return (struct sample){(double)passes * BURST, ns, check};
}
