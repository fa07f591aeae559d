/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the program's own command line and its defaults.
 * Must not: touch EAL, files or the machine: what is asked, not whether it can be had.
 * Called by: main.c, first of all.
 */

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "options.h"

#define DEFAULT_RESERVE	       ((size_t)64 << 20)
#define DEFAULT_TOP	       10
#define DEFAULT_MAX_FLOWS      65536
#define DEFAULT_FLOW_TIMEOUT_S 60
#define DEFAULT_WINDOW	       (256 << 10)

/* Bounds that keep tables and times in range; far from what anyone needs. */
#define MAX_FLOWS   (1u << 24)
#define MAX_TOP	    (1u << 20)
#define MAX_SECONDS (365u * 24 * 3600)
#define MAX_WINDOW  ((uint64_t)1 << 30)

const char options_usage[] =
	"usage: fastmem-flowtrack [EAL options] -- [options]\n"
	"\n"
	"Track the flows of an Ethernet capture, or of EAL's ports until SIGINT or SIGTERM, with every\n"
	"flow record, timer and held TCP segment from one reservation per node.\n"
	"\n"
	"  --capture FILE       read this pcap or pcapng file to its end\n"
	"  --reserve SIZE | NODE=SIZE[,NODE=SIZE...]\n"
	"                       memory to reserve on the main lcore's node, or on each of these;\n"
	"                       a number of bytes, or with K, M or G (64M)\n"
	"  --fastmem-reserve PLAN, --fastmem-config FILE\n"
	"                       a plan of what to reserve instead, such as 0=2G@1G,any=64M;\n"
	"                       FASTMEM_PLAN and FASTMEM_CONFIG in the environment count too\n"
	"  --interval SEC       report every SEC seconds as well, not only at the end\n"
	"  --json FILE          write each report to FILE as well, replacing the one before\n"
	"  --top N              list the N flows with the most bytes (10)\n"
	"  --max-flows N        flows that each worker tracks at once; one more drops the oldest,\n"
	"                       the one that was silent the longest (65536)\n"
	"  --flow-timeout SEC   a flow ends after so long a silence (60)\n"
	"  --window SIZE        most bytes held for one flow while a gap is open (256K)\n"
	"  --help               this text\n";

enum {
	OPT_CAPTURE = 256,
	OPT_RESERVE,
	OPT_PLAN,
	OPT_INTERVAL,
	OPT_JSON,
	OPT_TOP,
	OPT_MAX_FLOWS,
	OPT_FLOW_TIMEOUT,
	OPT_WINDOW,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "capture", required_argument, NULL, OPT_CAPTURE },
	{ "reserve", required_argument, NULL, OPT_RESERVE },
	{ "fastmem-reserve", required_argument, NULL, OPT_PLAN },
	{ "fastmem-config", required_argument, NULL, OPT_PLAN },
	{ "interval", required_argument, NULL, OPT_INTERVAL },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "top", required_argument, NULL, OPT_TOP },
	{ "max-flows", required_argument, NULL, OPT_MAX_FLOWS },
	{ "flow-timeout", required_argument, NULL, OPT_FLOW_TIMEOUT },
	{ "window", required_argument, NULL, OPT_WINDOW },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Read digits only; end is left behind them. */
static bool
read_number(const char *text, uint64_t *number, const char **end)
{
	char *stop;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*number = strtoull(text, &stop, 10);
	*end = stop;
	return errno == 0;
}

static bool
parse_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	const char *end;

	return read_number(text, number, &end) && *end == '\0' && *number >= min && *number <= max;
}

static bool
parse_uint(const char *text, unsigned int min, unsigned int max, unsigned int *value)
{
	uint64_t number;

	if (!parse_number(text, min, max, &number))
		return false;
	*value = number;
	return true;
}

/* A number with K, M or G; end is left behind it. */
static bool
read_size(const char *text, uint64_t *size, const char **end)
{
	static const char units[] = "KMG";
	const char *unit;
	unsigned int shift;

	if (!read_number(text, size, end))
		return false;
	if (**end == '\0' || **end == ',')
		return true;
	unit = strchr(units, toupper((unsigned char)**end));
	if (unit == NULL)
		return false;
	(*end)++;
	shift = 10 * (unit - units + 1);
	if (*size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return true;
}

static bool
parse_size(const char *text, uint64_t max, uint64_t *size)
{
	const char *end;

	return read_size(text, size, &end) && *end == '\0' && *size > 0 && *size <= max;
}

/* One SIZE or NODE=SIZE; returns what follows it, NULL if it is neither. */
static const char *
parse_reserve_one(const char *text, struct option_reserve *reserve)
{
	const char *end;
	uint64_t number;

	reserve->node_id = OPTIONS_MAIN_NODE;
	if (!read_number(text, &number, &end))
		return NULL;
	if (*end == '=') {
		if (number > INT16_MAX)
			return NULL;
		reserve->node_id = number;
		text = end + 1;
	}
	if (!read_size(text, &number, &end) || number == 0 || number > SIZE_MAX / 2)
		return NULL;
	reserve->size = number;
	return end;
}

static bool
parse_reserve(const char *text, struct options *opts)
{
	unsigned int n;

	for (n = 0; n < OPTIONS_RESERVES_MAX; n++) {
		text = parse_reserve_one(text, &opts->reserve[n]);
		if (text == NULL)
			return false;
		/* A size without a node stands alone. */
		if (opts->reserve[n].node_id == OPTIONS_MAIN_NODE && (n > 0 || *text != '\0'))
			return false;
		if (*text == '\0') {
			opts->nb_reserves = n + 1;
			return true;
		}
		if (*text++ != ',')
			return false;
	}
	return false;
}

static bool
parse_window(const char *text, struct options *opts)
{
	uint64_t size;

	if (!parse_size(text, MAX_WINDOW, &size))
		return false;
	opts->window = size;
	return true;
}

/* Returns what was expected where the argument is wrong, NULL where it is right. */
static const char *
parse_option(int opt, const char *arg, struct options *opts)
{
	switch (opt) {
	case OPT_CAPTURE:
		opts->capture = arg;
		return *arg == '\0' ? "a file" : NULL;
	case OPT_JSON:
		opts->json = arg;
		return *arg == '\0' ? "a file" : NULL;
	case OPT_RESERVE:
		opts->reserve_given = true;
		return parse_reserve(arg, opts) ? NULL : "SIZE, or NODE=SIZE[,NODE=SIZE...]";
	case OPT_PLAN:
		opts->plan_given = true;
		return NULL;
	case OPT_INTERVAL:
		return parse_uint(arg, 1, MAX_SECONDS, &opts->interval_s) ? NULL : "seconds, > 0";
	case OPT_TOP:
		return parse_uint(arg, 0, MAX_TOP, &opts->top) ? NULL : "a number, at most 1048576";
	case OPT_MAX_FLOWS:
		return parse_uint(arg, 1, MAX_FLOWS, &opts->max_flows) ? NULL :
									 "a number, 1 to 16777216";
	case OPT_FLOW_TIMEOUT:
		return parse_uint(arg, 1, MAX_SECONDS, &opts->flow_timeout_s) ?
			       NULL :
			       "seconds, 1 to 31536000";
	default:
		return parse_window(arg, opts) ? NULL : "a size, 1 to 1G";
	}
}

static void
options_defaults(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->reserve[0].node_id = OPTIONS_MAIN_NODE;
	opts->reserve[0].size = DEFAULT_RESERVE;
	opts->nb_reserves = 1;
	opts->top = DEFAULT_TOP;
	opts->max_flows = DEFAULT_MAX_FLOWS;
	opts->flow_timeout_s = DEFAULT_FLOW_TIMEOUT_S;
	opts->window = DEFAULT_WINDOW;
}

int
options_parse(int argc, char **argv, struct options *opts, char *error, size_t error_size)
{
	const char *expected;
	int index;
	int opt;

	options_defaults(opts);
	/* 0 makes getopt start anew, and its own messages know nothing of what was expected. */
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", long_options, &index)) != -1) {
		if (opt == OPT_HELP)
			return 1;
		if (opt == '?' || opt == ':') {
			snprintf(error, error_size, "%s: %s", argv[optind - 1],
				 opt == ':' ? "needs a value" : "no such option");
			return -EINVAL;
		}
		expected = parse_option(opt, optarg, opts);
		if (expected != NULL) {
			snprintf(error, error_size, "--%s: expected %s, got '%s'",
				 long_options[index].name, expected, optarg);
			return -EINVAL;
		}
	}
	if (optind < argc) {
		snprintf(error, error_size, "%s: not an option", argv[optind]);
		return -EINVAL;
	}
	if (opts->reserve_given && opts->plan_given) {
		snprintf(error, error_size, "--reserve: not with a plan, which says it all");
		return -EINVAL;
	}
	return 0;
}
