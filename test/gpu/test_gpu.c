/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: measuring what pinning by the driver "cuda" gives on a machine with a GPU, and checking that what
 *   the GPU reads and writes is what is in the memory.
 * Must not: judge speeds: it prints them.
 * Called by: run.sh, as: test_gpu PLUGIN [quick]; --kernels prints the kernels.
 */

#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_fastmem.h>
#include <rte_fastmem_pin.h>
#include <rte_memalloc_pinned.h>
#include <rte_memregion.h>
#include <rte_numa_where.h>

#include "gpu.h"

#define KIB	((size_t)1 << 10)
#define MIB	((size_t)1 << 20)
#define SKIPPED 77
#define FLAGS	(RTE_MEMPIN_F_MAPPED | RTE_MEMPIN_F_PORTABLE)
#define DEVICE	0

static const struct rte_mempin_driver *cuda;
static size_t largest = 256 * MIB;
static unsigned int nb_rounds = 11;

/* ---- measuring */

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int
by_value(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

struct work {
	char *host;
	size_t size;
	gpu_address device; /* memory of the GPU's own, or where it sees the host's */
	gpu_address sum;
	void **packets;
	unsigned int nb;
};

/* The median of the seconds that it takes, the first time left out. */
static double
seconds(void (*work)(const struct work *), const struct work *arg)
{
	double taken[64];

	for (unsigned int i = 0; i <= nb_rounds; i++) {
		taken[i] = now();
		work(arg);
		gpu_wait();
		taken[i] = now() - taken[i];
	}
	qsort(taken + 1, nb_rounds, sizeof(taken[0]), by_value);
	return taken[1 + nb_rounds / 2];
}

/* ---- what is there */

static void
must(int ret, const char *what)
{
	if (ret != 0)
		give_up("%s: %s", what, rte_memalloc_error());
}

/* The bus's limit in GB/s by what sysfs says of the link; 0: it does not. */
static double
bus_limit(void)
{
	char path[128];
	double speed = 0, width = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/max_link_speed", gpu_pci_address());
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%lf", &speed) != 1)
		speed = 0;
	if (file != NULL)
		fclose(file);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/max_link_width", gpu_pci_address());
	file = fopen(path, "r");
	if (file == NULL || fscanf(file, "%lf", &width) != 1)
		width = 0;
	if (file != NULL)
		fclose(file);
	/* From 8 GT/s on 128 of 130 bits are data, before 8 of 10. */
	return speed * width / 8 * (speed >= 8 ? 128.0 / 130 : 0.8);
}

/* Run beside the device: memory comes from there then. */
static void
move_to(int node_id)
{
	const struct rte_numa_topology *topo = rte_numa_topology_self();
	cpu_set_t may, there;

	if (node_id < 0 || topo == NULL ||
	    rte_numa_cpus_of_node(topo, node_id, &there, sizeof(there)) < 0 ||
	    sched_getaffinity(0, sizeof(may), &may) != 0)
		return;
	CPU_AND(&there, &there, &may);
	if (CPU_COUNT(&there) == 0 || sched_setaffinity(0, sizeof(there), &there) != 0)
		printf("no CPU of node %d may be used: memory is of another node\n", node_id);
}

static void
show_device(void)
{
	struct rte_mempin_device info;
	double limit = bus_limit();

	must(rte_mempin_device(cuda, DEVICE, &info), "asking what the device is");
	printf("device %d: %s, %.1f GiB, at %s, node %d, flags %#x\n", DEVICE, info.name,
	       (double)info.size / (double)(1024 * MIB), gpu_pci_address(), info.node_id,
	       info.flags);
	if (limit > 0)
		printf("its link carries %.1f GB/s at most in each direction\n", limit);
	move_to(info.node_id);
	if ((info.flags & FLAGS) != FLAGS)
		give_up("the device cannot access host memory by address");
}

/* ---- bandwidth, and a kernel's own look */

static void
put(const struct work *work)
{
	gpu_put(work->device, work->host, work->size);
}

static void
get(const struct work *work)
{
	gpu_get(work->host, work->device, work->size);
}

static void
sum(const struct work *work)
{
	gpu_sum_words(work->device, work->size / 4, work->sum);
}

static void
fill(char *mem, size_t size, uint32_t seed)
{
	uint32_t *words = (uint32_t *)mem;

	for (size_t i = 0; i < size / 4; i++)
		words[i] = (uint32_t)i * 2654435761u + seed;
}

static uint64_t
sum_here(const void *mem, size_t size)
{
	const uint32_t *words = mem;
	uint64_t total = 0;

	for (size_t i = 0; i < size / 4; i++)
		total += words[i];
	return total;
}

/* What the GPU reads where it lies. */
static uint64_t
sum_there(gpu_address at, size_t size, gpu_address result)
{
	uint64_t total = 0;

	gpu_put(result, &total, sizeof(total));
	gpu_wait();
	gpu_sum_words(at, size / 4, result);
	gpu_get(&total, result, sizeof(total));
	gpu_wait();
	return total;
}

/* Put there and back again; nothing is lost. */
static void
check_copies(char *host, gpu_address device)
{
	uint64_t total;

	fill(host, largest, 1);
	total = sum_here(host, largest);
	gpu_put(device, host, largest);
	gpu_wait();
	memset(host, 0, largest);
	gpu_get(host, device, largest);
	gpu_wait();
	if (sum_here(host, largest) != total)
		give_up("what was copied to the GPU and back is something else");
}

static void
check_mapped(char *host, gpu_address mapped, gpu_address result)
{
	for (uint32_t seed = 0; seed < 3; seed++) {
		fill(host, largest, seed);
		if (sum_there(mapped, largest, result) != sum_here(host, largest))
			give_up("the kernel reads something else than what is in the memory");
	}
}

static void
measure_bandwidth(void)
{
	struct rte_memregion_opts opts = { .flags = RTE_MEMREGION_F_PREFAULT };
	struct rte_memregion *region;
	struct work work = { .size = largest };
	double pageable[2][8], took;
	gpu_address device, result;
	struct rte_mempin *pin;
	unsigned int nb = 0;
	uint64_t mapped;

	if (rte_memregion_create(largest, &opts, &region) != 0)
		give_up("%s", rte_memregion_error());
	work.host = rte_memregion_addr(region);
	work.device = device = gpu_alloc(largest);
	result = gpu_alloc(sizeof(uint64_t));
	check_copies(work.host, device);
	for (work.size = 64 * KIB; work.size <= largest; work.size *= 8, nb++) {
		pageable[0][nb] = seconds(put, &work);
		pageable[1][nb] = seconds(get, &work);
	}
	took = now();
	must(rte_mempin_pin(cuda, work.host, largest, DEVICE, FLAGS, &pin), "pinning a region");
	printf("pinning %zu MiB took %.2f ms\n\n", largest / MIB, (now() - took) * 1e3);
	must(rte_mempin_device_addr(pin, work.host, DEVICE, &mapped), "asking where it is seen");
	check_copies(work.host, device);
	check_mapped(work.host, mapped, result);
	printf("GB/s             host to device              device to host        kernel reads\n"
	       "       size   pageable  pinned  ratio   pageable  pinned  ratio   where it lies\n");
	work.sum = result;
	nb = 0;
	for (work.size = 64 * KIB; work.size <= largest; work.size *= 8, nb++) {
		double there, back, read, size = (double)work.size * 1e-9;

		work.device = device;
		there = seconds(put, &work);
		back = seconds(get, &work);
		work.device = mapped;
		read = seconds(sum, &work);
		printf("%7zu KiB %10.2f %7.2f %6.2f %10.2f %7.2f %6.2f %12.2f\n", work.size / KIB,
		       size / pageable[0][nb], size / there, pageable[0][nb] / there,
		       size / pageable[1][nb], size / back, pageable[1][nb] / back, size / read);
	}
	must(rte_mempin_unpin(pin), "unpinning a region");
	gpu_free(result);
	gpu_free(device);
	rte_memregion_destroy(region);
}

/* ---- batches of small packets */

/* One by one, as a program does that has them here and there. */
static void
put_packets(const struct work *work)
{
	for (unsigned int i = 0; i < work->nb; i++)
		gpu_put(work->device + i * work->size, work->packets[i], work->size);
}

/* Gathered first, in memory that is pinned: one copy, and the CPU's work. */
static void
put_gathered(const struct work *work)
{
	for (unsigned int i = 0; i < work->nb; i++)
		memcpy(work->host + i * work->size, work->packets[i], work->size);
	gpu_put(work->device, work->host, work->nb * work->size);
}

/* By addresses that the GPU has of them. */
static void
read_packets(const struct work *work)
{
	gpu_sum_packets(work->device, work->nb, (uint32_t)(work->size / 4), work->sum);
}

static void
check_sums(const struct work *work, const char *what)
{
	uint64_t *sums = calloc(work->nb, sizeof(*sums));

	if (sums == NULL)
		give_up("out of memory");
	gpu_put(work->sum, sums, work->nb * sizeof(*sums));
	gpu_wait();
	read_packets(work);
	gpu_get(sums, work->sum, work->nb * sizeof(*sums));
	gpu_wait();
	for (unsigned int i = 0; i < work->nb; i++) {
		if (sums[i] != sum_here(work->packets[i], work->size))
			give_up("the GPU reads something else in packet %u %s", i, what);
	}
	free(sums);
}

/* An array of addresses of the GPU's, in its memory. */
static void
put_addresses(const struct work *work, gpu_address to)
{
	uint64_t *addresses = calloc(work->nb, sizeof(*addresses));

	if (addresses == NULL)
		give_up("out of memory");
	for (unsigned int i = 0; i < work->nb; i++)
		must(rte_fastmem_device_addr(work->packets[i], cuda, DEVICE, &addresses[i]),
		     "asking where a packet is seen");
	gpu_put(to, addresses, work->nb * sizeof(*addresses));
	gpu_wait();
	free(addresses);
}

static void
measure_batch(unsigned int nb, size_t size, struct rte_memalloc *alloc)
{
	struct work work = { .size = size, .nb = nb };
	gpu_address copies = gpu_alloc(nb * size), addresses = gpu_alloc(nb * sizeof(uint64_t));
	void *of_malloc[1024], *of_fastmem[1024];
	double pageable, pinned, gathered, read;

	must(rte_memalloc_alloc(alloc, nb * size, 0, (void **)&work.host),
	     "allocating pinned memory");
	work.sum = gpu_alloc(nb * sizeof(uint64_t));
	for (unsigned int i = 0; i < nb; i++) {
		of_malloc[i] = malloc(size);
		of_fastmem[i] = rte_fastmem_alloc(size, 64, 0);
		if (of_malloc[i] == NULL || of_fastmem[i] == NULL)
			give_up("out of memory");
		fill(of_malloc[i], size, i);
		fill(of_fastmem[i], size, i + nb);
	}
	work.device = copies;
	work.packets = of_malloc;
	pageable = seconds(put_packets, &work);
	work.packets = of_fastmem;
	pinned = seconds(put_packets, &work);
	gathered = seconds(put_gathered, &work);
	put_addresses(&work, addresses);
	work.device = addresses;
	check_sums(&work, "of the reservation");
	read = seconds(read_packets, &work);
	printf("%7u %7zu %12.1f %12.1f %12.1f %12.1f %11.2f %10.2f\n", nb, size, pageable * 1e6,
	       pinned * 1e6, gathered * 1e6, read * 1e6, nb / gathered * 1e-6, nb / read * 1e-6);
	for (unsigned int i = 0; i < nb; i++) {
		free(of_malloc[i]);
		rte_fastmem_free(of_fastmem[i]);
	}
	must(rte_memalloc_free(alloc, work.host), "freeing pinned memory");
	gpu_free(work.sum);
	gpu_free(addresses);
	gpu_free(copies);
}

static void
start_eal(const char *program)
{
	char *with[] = { (char *)(uintptr_t)program, (char[]){ "--in-memory" },
			 (char[]){ "--no-pci" },     (char[]){ "--no-telemetry" },
			 (char[]){ "--log-level" },  (char[]){ "error" } };
	char *without[] = { (char *)(uintptr_t)program,
			    (char[]){ "--no-huge" },
			    (char[]){ "-m" },
			    (char[]){ "256" },
			    (char[]){ "--no-shconf" },
			    (char[]){ "--no-pci" },
			    (char[]){ "--no-telemetry" },
			    (char[]){ "--log-level" },
			    (char[]){ "error" } };
	const char *huge = getenv("FASTMEM_HUGE");
	int ret;

	if (huge != NULL && strcmp(huge, "1") == 0)
		ret = rte_eal_init(6, with);
	else
		ret = rte_eal_init(9, without);
	if (ret < 0)
		give_up("EAL does not start");
	printf("\npackets out of a pinned reservation, %s hugepages\n",
	       rte_eal_has_hugepages() ? "with" : "without");
}

static void
measure_packets(const char *program)
{
	static const unsigned int nbs[] = { 32, 256, 1024 };
	static const size_t sizes[] = { 64, 256, 1500 };
	struct rte_memalloc *alloc;
	double took;

	start_eal(program);
	if (rte_fastmem_init() != 0 || rte_fastmem_reserve(64 * MIB, RTE_NUMA_NODE_ANY) != 0)
		give_up("the reservation of 64 MiB fails: see the log");
	took = now();
	must(rte_fastmem_pin(RTE_NUMA_NODE_ANY, cuda, DEVICE, FLAGS), "pinning the reservation");
	printf("pinning 64 MiB of it took %.2f ms\n\n", (now() - took) * 1e3);
	printf("                  us a batch:                                          "
	       "millions of packets/s\n"
	       "packets   bytes  copied from  copied from  gathered and   read where    "
	       "gathered       read\n"
	       "                      malloc  reservation   copied once     they lie\n");
	must(rte_memalloc_pinned_open("cuda", DEVICE, 0, &alloc), "opening pinned memory");
	for (size_t i = 0; i < sizeof(nbs) / sizeof(nbs[0]); i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++)
			measure_batch(nbs[i], sizes[j], alloc);
	}
	must(rte_memalloc_destroy(alloc), "closing pinned memory");
	must(rte_fastmem_unpin(RTE_NUMA_NODE_ANY, cuda), "unpinning the reservation");
	rte_fastmem_deinit();
	rte_eal_cleanup();
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--kernels") == 0) {
		fputs(gpu_kernels, stdout);
		return 0;
	}
	if (argc < 2) {
		fprintf(stderr, "usage: %s PLUGIN [quick] | --kernels\n", argv[0]);
		return 2;
	}
	if (argc > 2 && strcmp(argv[2], "quick") == 0) {
		largest = 4 * MIB;
		nb_rounds = 3;
	}
	must(rte_mempin_load(argv[1]), "loading the driver");
	must(rte_mempin_find("cuda", &cuda), "finding the driver");
	if (rte_mempin_nb_devices(cuda) < 0 || !gpu_open(DEVICE)) {
		printf("skipped: %s\n", rte_memalloc_error());
		return SKIPPED;
	}
	show_device();
	measure_bandwidth();
	measure_packets(argv[0]);
	must(rte_mempin_release(cuda), "releasing contexts");
	gpu_close();
	puts("\nall sums are right: the GPU has read what is in the memory");
	return 0;
}
