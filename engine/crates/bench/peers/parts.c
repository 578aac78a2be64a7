/* DPDK's parts one at a time: Toeplitz, exact match, ring. */
#define ALLOW_EXPERIMENTAL_API
#include <rte_hash.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_malloc.h>
#include <rte_pause.h>
#include <rte_ring.h>
#include <rte_ring_elem.h>
#include <rte_thash.h>
#include <rte_thash_gfni.h>

#include "peer.h"

#define INPUTS 4096
static uint64_t matrices[40];
static uint8_t cpu_order_key[40];
static struct flow_key inputs[INPUTS];
static uint32_t cpu_order_inputs[INPUTS][3];
static uint8_t *pointers[INPUTS];

int toeplitz_set_up(const struct workload *w)
{
	rte_thash_complete_matrix(matrices, w->rss_key, 40);
	rte_convert_rss_key((const uint32_t *)w->rss_key, (uint32_t *)cpu_order_key, 40);
	for (int i = 0; i < INPUTS; i++) {
		inputs[i] = w->keys[i];
		pointers[i] = (uint8_t *)&inputs[i];
		for (int j = 0; j < 3; j++)
			cpu_order_inputs[i][j] = rte_be_to_cpu_32(((const uint32_t *)&inputs[i])[j]);
	}
	return 0;
}

struct sample toeplitz_table(uint32_t passes)
{
	uint64_t check = 0;
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t pass = 0; pass < passes; pass++)
		for (int i = 0; i < INPUTS; i++)
			check += rte_softrss_be(cpu_order_inputs[i], 3, cpu_order_key);
	return (struct sample){(double)passes * INPUTS, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}

struct sample toeplitz_bulk(uint32_t passes)
{
	uint64_t check = 0;
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t pass = 0; pass < passes; pass++)
		for (int at = 0; at < INPUTS; at += BATCH) {
			uint32_t hashes[BATCH];
			rte_thash_gfni_bulk(matrices, 12, pointers + at, hashes, BATCH);
			for (int i = 0; i < BATCH; i++)
				check += hashes[i];
		}
	return (struct sample){(double)passes * INPUTS, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}

static struct rte_hash *table;
static struct flow_key *queries;
static uint32_t *signatures, queried;

int exact_match_set_up(const struct workload *w)
{
	struct rte_hash_parameters p = {.name = "match", .entries = w->flows * 1.3, .key_len = sizeof(struct flow_key)};
	table = rte_hash_create(&p);
	queried = 1 << 16;
	queries = rte_malloc(NULL, (size_t)queried * sizeof *queries, 64);
	signatures = rte_malloc(NULL, (size_t)queried * sizeof *signatures, 64);
	if (!table || !queries || !signatures)
		return -1;
	for (uint32_t i = 0; i < w->flows; i++) {
		uint32_t hash = rte_thash_gfni(matrices, (const uint8_t *)&w->keys[i], 12);
		if (rte_hash_add_key_with_hash_data(table, &w->keys[i], hash, (void *)(uintptr_t)(i + 1)))
			return -1;
	}
	uint64_t seed = 88172645463325252ull;
	for (uint32_t i = 0; i < queried; i++) {
		queries[i] = w->keys[xorshift(&seed) % w->flows];
		signatures[i] = rte_thash_gfni(matrices, (const uint8_t *)&queries[i], 12);
	}
	return 0;
}

struct sample exact_match_bulk(uint32_t passes)
{
	uint64_t check = 0;
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint32_t pass = 0; pass < passes; pass++)
		for (uint32_t at = 0; at < queried; at += BATCH) {
			const void *keys[BATCH];
			void *found[BATCH];
			uint64_t hits = 0;
			for (int i = 0; i < BATCH; i++)
				keys[i] = &queries[at + i];
			rte_hash_lookup_with_hash_bulk_data(table, keys, signatures + at, BATCH, &hits, found);
			for (int i = 0; i < BATCH; i++)
				if (likely(hits >> i & 1))
					check += (uintptr_t)found[i];
		}
	return (struct sample){(double)passes * queried, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}

static struct rte_ring *ring;
static uint64_t crossing;

int ring_set_up(const struct workload *w)
{
	(void)w;
	ring = rte_ring_create_elem("ring", sizeof(struct descriptor), RING_RECORDS, 0, RING_F_SP_ENQ | RING_F_SC_DEQ);
	return ring ? 0 : -1;
}

static void number(struct descriptor *records, uint64_t first)
{
	for (uint32_t i = 0; i < BATCH; i++)
		records[i] = (struct descriptor){.hash = (uint32_t)(first + i), .flow = 1};
}

struct sample ring_one_core(uint32_t passes)
{
	struct descriptor in[BATCH], out[BATCH];
	uint64_t check = 0, items = (uint64_t)passes * 4096;
	double start = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (uint64_t at = 0; at < items; at += BATCH) {
		number(in, at);
		rte_ring_sp_enqueue_burst_elem(ring, in, sizeof *in, BATCH, NULL);
		uint32_t got = rte_ring_sc_dequeue_burst_elem(ring, out, sizeof *out, BATCH, NULL);
		for (uint32_t i = 0; i < got; i++)
			check += out[i].hash + (uint64_t)out[i].flow;
	}
	return (struct sample){items, clock_ns(CLOCK_THREAD_CPUTIME_ID) - start, check};
}

static int consume(void *sum)
{
	struct descriptor out[BATCH];
	uint64_t check = 0;
	for (uint64_t taken = 0; taken < crossing;) {
		uint32_t got = rte_ring_sc_dequeue_burst_elem(ring, out, sizeof *out, BATCH, NULL);
		for (uint32_t i = 0; i < got; i++)
			check += out[i].hash + (uint64_t)out[i].flow;
		taken += got;
		if (!got)
			rte_pause();
	}
	*(uint64_t *)sum = check;
	return 0;
}

struct sample ring_two_cores(uint32_t passes)
{
	struct descriptor in[BATCH];
	uint64_t check = 0;
	unsigned int other = rte_get_next_lcore(-1, 1, 0);
	crossing = (uint64_t)passes * 4096;
	if (other == RTE_MAX_LCORE)
		return (struct sample){1, 0, 0};
	double start = clock_ns(CLOCK_MONOTONIC);
	rte_eal_remote_launch(consume, &check, other);
	for (uint64_t at = 0; at < crossing; at += BATCH) {
		number(in, at);
		for (uint32_t sent = 0; sent < BATCH;) {
			uint32_t n = rte_ring_sp_enqueue_burst_elem(ring, in + sent, sizeof *in, BATCH - sent, NULL);
			sent += n;
			if (!n)
				rte_pause();
		}
	}
	rte_eal_wait_lcore(other);
	return (struct sample){crossing, clock_ns(CLOCK_MONOTONIC) - start, check};
}
