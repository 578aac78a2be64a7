/* A NIC's receive path as a DPDK application would write it: hand parse with bounds checks, rte_thash_gfni_bulk,
 * an indirection table, rte_hash with the RSS hash as signature, rte_ring per queue; batches of 32 with prefetch. */
#define ALLOW_EXPERIMENTAL_API
#include <rte_byteorder.h>
#include <rte_ether.h>
#include <rte_hash.h>
#include <rte_ip.h>
#include <rte_malloc.h>
#include <rte_mbuf.h>
#include <rte_memcpy.h>
#include <rte_net.h>
#include <rte_prefetch.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_tcp.h>
#include <rte_thash.h>
#include <rte_thash_gfni.h>
#include <rte_udp.h>

#include "peer.h"

static struct workload work;
static uint64_t matrices[40];
static struct rte_hash *flows;
static uint16_t indirection[INDIRECTION];
static struct rte_ring *descriptor_rings[QUEUES], *mbuf_rings[QUEUES];
static struct rte_mempool *pool;

int nic_path_set_up(const struct workload *w)
{
	work = *w;
	rte_thash_complete_matrix(matrices, w->rss_key, 40);
	struct rte_hash_parameters p = {.name = "flows", .entries = w->flows * 1.3, .key_len = sizeof(struct flow_key)};
	flows = rte_hash_create(&p);
	pool = rte_pktmbuf_pool_create("frames", 8191, 512, 0, RTE_PKTMBUF_HEADROOM + 2048, 0);
	if (!flows || !pool)
		return -1;
	for (uint32_t i = 0; i < w->flows; i++) {
		uint32_t hash = rte_thash_gfni(matrices, (const uint8_t *)&w->keys[i], 12);
		if (rte_hash_add_key_with_hash_data(flows, &w->keys[i], hash, (void *)(uintptr_t)(i + 1)))
			return -1;
	}
	for (int i = 0; i < INDIRECTION; i++)
		indirection[i] = i % QUEUES;
	for (int i = 0; i < QUEUES; i++) {
		char name[32];
		snprintf(name, sizeof name, "descriptors%d", i);
		descriptor_rings[i] = rte_ring_create_elem(name, sizeof(struct descriptor), RING_RECORDS, 0,
							   RING_F_SP_ENQ | RING_F_SC_DEQ);
		snprintf(name, sizeof name, "mbufs%d", i);
		mbuf_rings[i] = rte_ring_create(name, RING_RECORDS, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
		if (!descriptor_rings[i] || !mbuf_rings[i])
			return -1;
	}
	return 0;
}

/* Ethernet, at most one VLAN tag, IPv4 with options, TCP or UDP; anything else is refused. */
static inline int parse(const uint8_t *frame, uint32_t length, struct flow_key *key)
{
	if (unlikely(length < sizeof(struct rte_ether_hdr)))
		return 0;
	const struct rte_ether_hdr *ether = (const void *)frame;
	uint32_t l3 = sizeof *ether;
	rte_be16_t type = ether->ether_type;
	if (unlikely(type == rte_cpu_to_be_16(RTE_ETHER_TYPE_VLAN))) {
		if (length < l3 + sizeof(struct rte_vlan_hdr))
			return 0;
		type = ((const struct rte_vlan_hdr *)(frame + l3))->eth_proto;
		l3 += sizeof(struct rte_vlan_hdr);
	}
	if (unlikely(type != rte_cpu_to_be_16(RTE_ETHER_TYPE_IPV4) || length < l3 + sizeof(struct rte_ipv4_hdr)))
		return 0;
	const struct rte_ipv4_hdr *ip = (const void *)(frame + l3);
	uint32_t header = (ip->version_ihl & 15) * 4, total = rte_be_to_cpu_16(ip->total_length);
	if (unlikely(ip->version_ihl >> 4 != 4 || header < 20 || l3 + total > length || total < header))
		return 0;
	if (unlikely(ip->fragment_offset & rte_cpu_to_be_16(0x3fff)))
		return 0;
	uint32_t needed = ip->next_proto_id == IPPROTO_UDP ? sizeof(struct rte_udp_hdr) : sizeof(struct rte_tcp_hdr);
	if (unlikely((ip->next_proto_id != IPPROTO_UDP && ip->next_proto_id != IPPROTO_TCP) || total < header + needed))
		return 0;
	const struct rte_udp_hdr *ports = (const void *)(frame + l3 + header);
	key->source = ip->src_addr;
	key->destination = ip->dst_addr;
	key->source_port = ports->src_port;
	key->destination_port = ports->dst_port;
	key->protocol = ip->next_proto_id;
	return 1;
}

struct batch {
	struct flow_key keys[BATCH];
	const void *key_pointers[BATCH];
	uint8_t *tuples[BATCH];
	uint32_t hashes[BATCH];
	void *found[BATCH];
};

static void point(struct batch *b)
{
	for (int i = 0; i < BATCH; i++) {
		b->key_pointers[i] = &b->keys[i];
		b->tuples[i] = (uint8_t *)&b->keys[i];
	}
}

static inline void hash_and_find(struct batch *b, uint32_t n)
{
	uint64_t hits = 0;
	rte_thash_gfni_bulk(matrices, 12, b->tuples, b->hashes, n);
	rte_hash_lookup_with_hash_bulk_data(flows, b->key_pointers, b->hashes, n, &hits, b->found);
	for (uint32_t i = 0; i < n; i++)
		if (unlikely(!(hits >> i & 1)))
			b->found[i] = NULL;
}

struct sample nic_path_in_place(uint32_t passes)
{
	struct batch b;
	uint64_t check = 0;
	point(&b);
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t pass = 0; pass < passes; pass++)
		for (uint32_t at = 0; at < work.frames; at += BATCH) {
			uint32_t next = at + BATCH == work.frames ? 0 : at + BATCH, n = 0, numbers[BATCH];
			for (int i = 0; i < BATCH; i++)
				rte_prefetch0(work.bytes + (size_t)(next + i) * FRAME_STRIDE);
			for (int i = 0; i < BATCH; i++) {
				numbers[n] = at + i;
				n += parse(work.bytes + (size_t)(at + i) * FRAME_STRIDE, work.frame_bytes, &b.keys[n]);
			}
			hash_and_find(&b, n);
			struct descriptor staged[QUEUES][BATCH], taken[BATCH];
			uint32_t count[QUEUES] = {0};
			for (uint32_t i = 0; i < n; i++) {
				uint16_t queue = indirection[b.hashes[i] % INDIRECTION];
				staged[queue][count[queue]++] = (struct descriptor){
					.hash = b.hashes[i], .flow = (uintptr_t)b.found[i], .frame = numbers[i],
					.bytes = work.frame_bytes, .queue = queue};
			}
			for (int q = 0; q < QUEUES; q++)
				if (count[q])
					rte_ring_sp_enqueue_burst_elem(descriptor_rings[q], staged[q],
								       sizeof(struct descriptor), count[q], NULL);
			for (int q = 0; q < QUEUES; q++) {
				uint32_t got = rte_ring_sc_dequeue_burst_elem(descriptor_rings[q], taken,
									      sizeof(struct descriptor), BATCH, NULL);
				for (uint32_t i = 0; i < got; i++)
					check += taken[i].hash + (uint64_t)taken[i].flow + taken[i].frame + taken[i].bytes;
			}
		}
	return (struct sample){(double)passes * work.frames, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}

/* What rte_net_get_ptype finds, kept in the mbuf as a driver without parser hardware does; then the key. */
static inline int parse_ptype(struct rte_mbuf *m, struct flow_key *key)
{
	struct rte_net_hdr_lens lengths;
	m->packet_type = rte_net_get_ptype(m, &lengths, RTE_PTYPE_L2_MASK | RTE_PTYPE_L3_MASK | RTE_PTYPE_L4_MASK);
	m->l2_len = lengths.l2_len;
	m->l3_len = lengths.l3_len;
	m->l4_len = lengths.l4_len;
	uint32_t l4 = m->packet_type & RTE_PTYPE_L4_MASK;
	if (unlikely(!RTE_ETH_IS_IPV4_HDR(m->packet_type) || (l4 != RTE_PTYPE_L4_UDP && l4 != RTE_PTYPE_L4_TCP)))
		return 0;
	return parse(rte_pktmbuf_mtod(m, const uint8_t *), m->data_len, key);
}

static inline __attribute__((always_inline)) struct sample copied(uint32_t passes, int ptype)
{
	struct batch b;
	uint64_t check = 0;
	point(&b);
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t pass = 0; pass < passes; pass++)
		for (uint32_t at = 0; at < work.frames; at += BATCH) {
			uint32_t next = at + BATCH == work.frames ? 0 : at + BATCH, n = 0;
			struct rte_mbuf *frames[BATCH], *parsed[BATCH], *taken[BATCH];
			if (rte_pktmbuf_alloc_bulk(pool, frames, BATCH))
				break;
			for (int i = 0; i < BATCH; i++)
				rte_prefetch0(work.bytes + (size_t)(next + i) * FRAME_STRIDE);
			for (int i = 0; i < BATCH; i++) {
				char *to = rte_pktmbuf_append(frames[i], work.frame_bytes);
				rte_memcpy(to, work.bytes + (size_t)(at + i) * FRAME_STRIDE, work.frame_bytes);
				parsed[n] = frames[i];
				if (likely(ptype ? parse_ptype(frames[i], &b.keys[n])
						 : parse((uint8_t *)to, frames[i]->data_len, &b.keys[n])))
					n++;
				else
					rte_pktmbuf_free(frames[i]);
			}
			hash_and_find(&b, n);
			struct rte_mbuf *staged[QUEUES][BATCH];
			uint32_t count[QUEUES] = {0};
			for (uint32_t i = 0; i < n; i++) {
				uint16_t queue = indirection[b.hashes[i] % INDIRECTION];
				parsed[i]->hash.fdir.lo = b.hashes[i];
				parsed[i]->hash.fdir.hi = (uintptr_t)b.found[i];
				staged[queue][count[queue]++] = parsed[i];
			}
			for (int q = 0; q < QUEUES; q++)
				if (count[q])
					rte_ring_sp_enqueue_burst(mbuf_rings[q], (void **)staged[q], count[q], NULL);
			for (int q = 0; q < QUEUES; q++) {
				uint32_t got = rte_ring_sc_dequeue_burst(mbuf_rings[q], (void **)taken, BATCH, NULL);
				for (uint32_t i = 0; i < got; i++)
					check += taken[i]->hash.fdir.lo + (uint64_t)taken[i]->hash.fdir.hi +
						 taken[i]->pkt_len;
				rte_pktmbuf_free_bulk(taken, got);
			}
		}
	return (struct sample){(double)passes * work.frames, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}

struct sample nic_path_copied(uint32_t passes)
{
	return copied(passes, 0);
}

struct sample nic_path_ptype(uint32_t passes)
{
	return copied(passes, 1);
}

struct sample parse_alone(uint32_t passes)
{
	uint64_t check = 0;
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t pass = 0; pass < passes; pass++)
		for (uint32_t at = 0; at < work.frames; at++) {
			struct flow_key key;
			check += parse(work.bytes + (size_t)at * FRAME_STRIDE, work.frame_bytes, &key);
			/* The key has to exist: in memory, as the other side's. */
			__asm__ volatile("" : : "r"(&key) : "memory");
		}
	return (struct sample){(double)passes * work.frames, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}
