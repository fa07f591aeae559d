/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the command line and its defaults.
 * Must not: touch EAL, files or the machine, or know which scenarios there are.
 * Called by: main.c, first of all.
 */

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "options.h"

#define DEFAULT_ROUNDS	  11
#define DEFAULT_SAMPLE_MS 4.0
#define QUICK_RENEWALS	  3
#define QUICK_ROUNDS	  7
#define QUICK_SAMPLE_MS	  1.0
#define DEFAULT_RESERVE	  ((size_t)256 << 20)

#define CACHES_MAX 256
#define CHURN_MAX  UINT64_C(1000000000000)

const char options_usage[] =
	"usage: fastmem-perf [EAL options --] [options] [scenario...]\n"
	"\n"
	"Run fastmem, rte_mempool, rte_malloc, glibc, jemalloc, mimalloc and tcmalloc on the same\n"
	"work in turn, and show what each costs. Without EAL options it takes the first two CPUs,\n"
	"and hugepages where there are enough.\n"
	"\n"
	"  --list           name the scenarios\n"
	"  --quick          less exact, in under a minute\n"
	"  --instructions   count instructions a pair under valgrind, which repeat exactly\n"
	"  --rounds N       rounds of each measurement (11; 7 with --quick)\n"
	"  --time MS        milliseconds of a single measurement (4; 1 with --quick)\n"
	"  --reserve SIZE   memory that fastmem reserves, with K, M or G (256M)\n"
	"  --caches N       let N further threads hold caches meanwhile (0)\n"
	"  --churn N        N operations of all sizes before each scenario (0)\n"
	"  --json FILE      write all figures to FILE\n"
	"  --csv FILE       the same as a table, one figure a line\n"
	"  --plot DIR       draw them into DIR with gnuplot, as SVG and PNG\n"
	"  --help           this text\n";

enum {
	OPT_LIST = 256,
	OPT_QUICK,
	OPT_INSTRUCTIONS,
	OPT_COUNTED,
	OPT_ROUNDS,
	OPT_TIME,
	OPT_RESERVE,
	OPT_CACHES,
	OPT_CHURN,
	OPT_JSON,
	OPT_CSV,
	OPT_PLOT,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "list", no_argument, NULL, OPT_LIST },
	{ "quick", no_argument, NULL, OPT_QUICK },
	{ "instructions", no_argument, NULL, OPT_INSTRUCTIONS },
	{ "counted", no_argument, NULL, OPT_COUNTED },
	{ "rounds", required_argument, NULL, OPT_ROUNDS },
	{ "time", required_argument, NULL, OPT_TIME },
	{ "reserve", required_argument, NULL, OPT_RESERVE },
	{ "caches", required_argument, NULL, OPT_CACHES },
	{ "churn", required_argument, NULL, OPT_CHURN },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "csv", required_argument, NULL, OPT_CSV },
	{ "plot", required_argument, NULL, OPT_PLOT },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

static bool
parse_real(const char *text, double min, double max, double *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	*value = strtod(text, &end);
	return *end == '\0' && *value >= min && *value <= max;
}

/* A whole number, written as one or as 1e9. */
static bool
parse_whole(const char *text, uint64_t max, uint64_t *number)
{
	double value;

	if (!parse_real(text, 0, (double)max, &value) || value != (double)(uint64_t)value)
		return false;
	*number = (uint64_t)value;
	return true;
}

/* A number of bytes, or with K, M or G. */
static bool
parse_size(const char *text, size_t *size)
{
	static const char units[] = "KMG";
	const char *unit;
	char *end;
	uint64_t number;
	unsigned int shift = 0;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (*end != '\0') {
		unit = strchr(units, toupper((unsigned char)*end));
		if (unit == NULL || end[1] != '\0')
			return false;
		shift = 10 * (unit - units + 1);
	}
	if (errno != 0 || number == 0 || number > SIZE_MAX >> (shift + 1))
		return false;
	*size = number << shift;
	return true;
}

/* Returns what was expected where the argument is wrong, NULL where it is right. */
static const char *
parse_option(int opt, const char *arg, struct options *opts)
{
	uint64_t number;

	switch (opt) {
	case OPT_LIST:
		opts->list = true;
		return NULL;
	case OPT_QUICK:
		opts->is_quick = true;
		return NULL;
	case OPT_INSTRUCTIONS:
		opts->instructions = true;
		return NULL;
	case OPT_COUNTED:
		opts->counted = true;
		return NULL;
	case OPT_ROUNDS:
		if (!parse_whole(arg, OPTIONS_ROUNDS_MAX, &number) || number == 0)
			return "a number, 1 to 60";
		opts->rounds = (unsigned int)number;
		return NULL;
	case OPT_TIME:
		return parse_real(arg, 0.001, 1000, &opts->sample_ms) ?
			       NULL :
			       "milliseconds, 0.001 to 1000";
	case OPT_RESERVE:
		return parse_size(arg, &opts->reserve) ? NULL : "a size, such as 256M";
	case OPT_CACHES:
		if (!parse_whole(arg, CACHES_MAX, &number))
			return "a number, at most 256";
		opts->caches = (unsigned int)number;
		return NULL;
	case OPT_CHURN:
		return parse_whole(arg, CHURN_MAX, &opts->churn) ? NULL : "a number, at most 1e12";
	case OPT_JSON:
		opts->json = arg;
		break;
	case OPT_CSV:
		opts->csv = arg;
		break;
	default:
		opts->plot = arg;
		break;
	}
	return *arg == '\0' ? "a path" : NULL;
}

/* What stands before "--" is EAL's; returns how many arguments that is, "--" not counted. */
static int
take_eal_arguments(int argc, char **argv, struct options *opts)
{
	int end, i;

	for (end = 1; end < argc && strcmp(argv[end], "--") != 0; end++)
		;
	if (end == argc)
		return 0;
	if (end >= EAL_ARGUMENTS_MAX)
		return -EINVAL;
	for (i = 0; i < end; i++)
		opts->eal.argv[i] = argv[i];
	opts->eal.argc = end;
	return end;
}

static int
take_scenarios(int argc, char **argv, struct options *opts, char *error, size_t error_size)
{
	for (; optind < argc; optind++) {
		if (opts->nb_scenarios == OPTIONS_SCENARIOS_MAX) {
			snprintf(error, error_size, "more than %d scenarios",
				 OPTIONS_SCENARIOS_MAX);
			return -EINVAL;
		}
		opts->scenarios[opts->nb_scenarios++] = argv[optind];
	}
	return 0;
}

int
options_parse(int argc, char **argv, struct options *opts, char *error, size_t error_size)
{
	const char *expected;
	int index;
	int skip;
	int opt;

	memset(opts, 0, sizeof(*opts));
	opts->reserve = DEFAULT_RESERVE;
	skip = take_eal_arguments(argc, argv, opts);
	if (skip < 0) {
		snprintf(error, error_size, "more than %d arguments before \"--\"",
			 EAL_ARGUMENTS_MAX - 1);
		return skip;
	}
	argc -= skip;
	argv += skip;

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
	if (opts->rounds == 0)
		opts->rounds = opts->is_quick ? QUICK_ROUNDS : DEFAULT_ROUNDS;
	opts->renewals = opts->is_quick ? RTE_MIN(opts->rounds, QUICK_RENEWALS) : opts->rounds;
	if (opts->sample_ms == 0)
		opts->sample_ms = opts->is_quick ? QUICK_SAMPLE_MS : DEFAULT_SAMPLE_MS;
	return take_scenarios(argc, argv, opts, error, error_size);
}

bool
options_want(const struct options *opts, const char *scenario)
{
	unsigned int i;

	for (i = 0; i < opts->nb_scenarios; i++)
		if (strcmp(opts->scenarios[i], scenario) == 0)
			return true;
	return opts->nb_scenarios == 0;
}
