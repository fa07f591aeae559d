/* SPDX-License-Identifier: BSD-3-Clause
 * Copyright (c) 2026 The fastmem authors
 *
 * A secondary that does what a line of its input says, and answers with a line. Its arguments are
 * EAL's.
 *
 *   take SIZE   allocate a block, write to all of it, keep it; 1, or 0: there was none
 *   intact      whether the kept blocks have what was written to them: 1 or 0
 *   fill SIZE   how many blocks there are; frees them again
 *   quit
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_fastmem.h>

#define MAX 65536

static struct {
	unsigned char *ptr;
	size_t size;
} kept[MAX];
static unsigned int nb_kept;

static int
take(size_t size)
{
	unsigned char *ptr = nb_kept < MAX ? rte_fastmem_alloc(size, 0, 0) : NULL;

	if (ptr == NULL)
		return 0;
	memset(ptr, (int)(nb_kept % 251 + 1), size);
	kept[nb_kept].ptr = ptr;
	kept[nb_kept++].size = size;
	return 1;
}

static int
intact(void)
{
	for (unsigned int i = 0; i < nb_kept; i++)
		for (size_t k = 0; k < kept[i].size; k++)
			if (kept[i].ptr[k] != i % 251 + 1)
				return 0;
	return 1;
}

static unsigned int
fill(size_t size)
{
	static void *block[MAX];
	unsigned int n = 0, found;

	while (n < MAX && (block[n] = rte_fastmem_alloc(size, 0, 0)) != NULL)
		n++;
	found = n;
	while (n > 0)
		rte_fastmem_free(block[--n]);
	return found;
}

int
main(int argc, char **argv)
{
	char line[128];
	size_t size;

	if (rte_eal_init(argc, argv) < 0)
		return EXIT_FAILURE;
	puts("up");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin) != NULL && strcmp(line, "quit\n") != 0) {
		if (sscanf(line, "take %zu", &size) == 1)
			printf("%d\n", take(size));
		else if (sscanf(line, "fill %zu", &size) == 1)
			printf("%u\n", fill(size));
		else if (strcmp(line, "intact\n") == 0)
			printf("%d\n", intact());
		fflush(stdout);
	}
	rte_fastmem_deinit();
	rte_eal_cleanup();
	return EXIT_SUCCESS;
}
