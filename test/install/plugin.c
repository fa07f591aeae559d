/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/* What a program does that takes a plugin: linked, by name, or, given options of EAL's, by these. */

#include <stdio.h>

#include <rte_eal.h>
#include <rte_mempin.h>

int
main(int argc, char **argv)
{
	const struct rte_mempin_driver *driver;

	if (argc == 2 && rte_mempin_load(argv[1]) != 0) {
		fprintf(stderr, "%s\n", rte_memalloc_error());
		return 1;
	}
	if (argc > 2 && rte_eal_init(argc, argv) < 0)
		return 1;
	if (rte_mempin_find("cuda", &driver) != 0) {
		fprintf(stderr, "%s\n", rte_memalloc_error());
		return 1;
	}
	printf("%s\n", driver->name);
	return argc > 2 ? rte_eal_cleanup() : 0;
}
