/* The peer's side of the comparison: what its jobs share. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH 32
#define QUEUES 8
#define RING_RECORDS 1024
#define INDIRECTION 512
#define FRAME_STRIDE 64

/* A flow's addresses and ports in network byte order, then the protocol: what is hashed (12 bytes) and matched (16). */
struct flow_key {
	uint32_t source, destination;
	uint16_t source_port, destination_port;
	uint32_t protocol;
} __attribute__((aligned(16)));

/* What crosses a ring: as the engine's record, 16 bytes. */
struct descriptor {
	uint32_t hash, flow;
	uint32_t frame;
	uint16_t bytes, queue;
};

/* The workload both sides read: written by the runner, native byte order where not stated otherwise. */
struct workload {
	uint32_t frames, frame_bytes, flows, live_flows;
	const uint8_t *rss_key;          /* 40 bytes */
	const struct flow_key *keys;     /* `flows` of them; the frames use the first `live_flows` */
	const uint8_t *bytes;            /* `frames` frames, FRAME_STRIDE apart */
};

/* One timed run: items done, ns they took, and a sum over the results that both sides must agree on. */
struct sample {
	double items, ns;
	uint64_t check;
};

int nic_path_set_up(const struct workload *w);
struct sample nic_path_in_place(uint32_t passes);
struct sample nic_path_copied(uint32_t passes);
struct sample nic_path_ptype(uint32_t passes);
struct sample parse_alone(uint32_t passes);

int toeplitz_set_up(const struct workload *w);
struct sample toeplitz_table(uint32_t passes);
struct sample toeplitz_bulk(uint32_t passes);

int exact_match_set_up(const struct workload *w);
struct sample exact_match_bulk(uint32_t passes);

int gro_set_up(void);
struct sample gro_burst_1(uint32_t passes);
struct sample gro_burst_64(uint32_t passes);
struct sample gro_kept_64(uint32_t passes);

int ring_set_up(const struct workload *w);
struct sample ring_one_core(uint32_t passes);
struct sample ring_two_cores(uint32_t passes);

static inline double clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static inline uint64_t xorshift(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}
