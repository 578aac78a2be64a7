/* Reads "job passes" lines, runs the job once, answers "ns-per-item check". The runner interleaves. */
#define ALLOW_EXPERIMENTAL_API
#include <rte_eal.h>
#include <rte_thash.h>
#include <rte_thash_gfni.h>

#include "peer.h"

/* rte_thash_gfni_supported() answers for how Debian built the library; the functions are inline and built here. */
#ifndef RTE_THASH_GFNI_DEFINED
#error "this compiler target has no GFNI: the peer's Toeplitz would be empty"
#endif

static const struct job {
	const char *name;
	struct sample (*run)(uint32_t passes);
} jobs[] = {
	{"nic_path_in_place", nic_path_in_place}, {"nic_path_copied", nic_path_copied},
	{"nic_path_ptype", nic_path_ptype},
	{"parse_alone", parse_alone},             {"toeplitz_table", toeplitz_table},
	{"toeplitz_bulk", toeplitz_bulk},         {"exact_match_bulk", exact_match_bulk},
	{"gro_burst_1", gro_burst_1},             {"gro_burst_64", gro_burst_64},
	{"gro_kept_64", gro_kept_64},
	{"ring_one_core", ring_one_core},         {"ring_two_cores", ring_two_cores},
};

/* Layout: frames, frame_bytes, flows, live_flows (uint32), 40 bytes of RSS key, 8 of padding, keys, frames. */
static int read_workload(const char *path, struct workload *w)
{
	FILE *file = fopen(path, "rb");
	if (!file)
		return -1;
	fseek(file, 0, SEEK_END);
	long size = ftell(file);
	rewind(file);
	uint8_t *all = aligned_alloc(64, (size + 63) & ~63l);
	if (!all || fread(all, 1, size, file) != (size_t)size)
		return -1;
	fclose(file);
	memcpy(w, all, 16);
	size_t expected = 64 + (size_t)w->flows * sizeof(struct flow_key) + (size_t)w->frames * FRAME_STRIDE;
	if ((size_t)size != expected || w->frames % BATCH)
		return -1;
	w->rss_key = all + 16;
	w->keys = (const struct flow_key *)(all + 64);
	w->bytes = all + 64 + (size_t)w->flows * sizeof(struct flow_key);
	return 0;
}

int main(int argc, char **argv)
{
	int used = rte_eal_init(argc, argv);
	struct workload w;
	if (used < 0)
		return 1;
	if (argc - used < 2 || read_workload(argv[used + 1], &w))
		return 1;
	if (nic_path_set_up(&w) || toeplitz_set_up(&w) || exact_match_set_up(&w) || ring_set_up(&w) || gro_set_up())
		return 2;
	printf("ready\n");
	fflush(stdout);
	char name[64];
	uint32_t passes;
	while (scanf("%63s %u", name, &passes) == 2) {
		const struct job *job = NULL;
		for (size_t i = 0; i < sizeof jobs / sizeof *jobs; i++)
			if (!strcmp(jobs[i].name, name))
				job = &jobs[i];
		if (job) {
			struct sample s = job->run(passes);
			printf("%.4f %lu\n", s.ns / s.items, (unsigned long)s.check);
		} else {
			printf("unknown\n");
		}
		fflush(stdout);
	}
	rte_eal_cleanup();
	return 0;
}
