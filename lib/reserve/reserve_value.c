/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the forms of what stands in a plan: nodes, sizes, counts, words.
 * Must not: know keys, or the machine.
 * Called by: reserve_key.c, reserve_file.c, reserve_line.c and reserve_plan.c.
 */

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include <rte_numa.h>

#include "reserve_priv.h"

#define THREADS_MAX	64 /* that prefault a node */
#define NB_ELEMS(array) (sizeof(array) / sizeof((array)[0]))

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

struct rsv_text
rsv_part(const struct rsv_text *text, size_t from, size_t len)
{
	struct rsv_text part = *text;

	while (len > 0 && blank(text->at[from])) {
		from++;
		len--;
	}
	while (len > 0 && blank(text->at[from + len - 1]))
		len--;
	part.at += from;
	part.column += (unsigned int)from;
	part.len = len;
	return part;
}

bool
rsv_equals(const struct rsv_text *text, const char *word)
{
	return text->len == strlen(word) && strncasecmp(text->at, word, text->len) == 0;
}

bool
rsv_next(struct rsv_text *rest, char separator, struct rsv_text *piece)
{
	const char *end;
	size_t len;

	if (rest->at == NULL)
		return false;
	end = memchr(rest->at, separator, rest->len);
	len = end != NULL ? (size_t)(end - rest->at) : rest->len;
	*piece = rsv_part(rest, 0, len);
	if (end == NULL) {
		rest->at = NULL;
	} else {
		rest->at += len + 1;
		rest->len -= len + 1;
		rest->column += (unsigned int)len + 1;
	}
	return true;
}

/* Digits at the front, and how many; 0: none, or too large a number. */
static size_t
number(const struct rsv_text *text, uint64_t *value)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < text->len && isdigit((unsigned char)text->at[i]); i++) {
		unsigned int digit = (unsigned int)(text->at[i] - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return 0;
		sum = sum * 10 + digit;
	}
	*value = sum;
	return i;
}

/* Nothing but a number of `min` to `max`. */
static bool
whole_number(const struct rsv_text *text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t found;

	if (text->len == 0 || number(text, &found) != text->len || found < min || found > max)
		return false;
	*value = found;
	return true;
}

static const char *const node_words[] = {
	[RSV_ANY] = "any",
	[RSV_EACH] = "each",
	[RSV_LOCAL] = "local",
	[RSV_CPU_NODES] = "cpu-nodes",
	[RSV_MEMORY_NODES] = "memory-nodes",
};

const char *
rsv_nodes_name(enum rsv_nodes nodes)
{
	return node_words[nodes];
}

#define NEAR	 "near:"
#define NEAR_LEN (sizeof(NEAR) - 1)

static int
parse_near(const struct rsv_text *text, struct rsv_selector *selector)
{
	struct rsv_text device = rsv_part(text, NEAR_LEN, text->len - NEAR_LEN);

	bool good = device.len != 0 && device.len < RSV_NEAR_MAX;

	/* None that a plan in one line gives a meaning, nor any that no device has. */
	for (size_t i = 0; good && i < device.len; i++)
		good = isgraph((unsigned char)device.at[i]) &&
		       strchr(",/=[];#", device.at[i]) == NULL;
	if (!good)
		return rsv_expected(&device,
				    "a PCI address or an interface, as in near:0000:3b:00.0");
	*selector = (struct rsv_selector){ .nodes = RSV_NEAR };
	memcpy(selector->near, device.at, device.len);
	return 0;
}

int
rsv_parse_selector(const struct rsv_text *text, struct rsv_selector *selector)
{
	const char *nearest;
	uint64_t id;

	if (whole_number(text, 0, RTE_NUMA_MAX_NODES - 1, &id)) {
		*selector = (struct rsv_selector){ .nodes = RSV_NODE, .node_id = (int)id };
		return 0;
	}
	for (size_t i = RSV_ANY; i < NB_ELEMS(node_words); i++)
		if (rsv_equals(text, node_words[i])) {
			*selector = (struct rsv_selector){ .nodes = (enum rsv_nodes)i };
			return 0;
		}
	if (text->len >= NEAR_LEN && strncasecmp(text->at, NEAR, NEAR_LEN) == 0)
		return parse_near(text, selector);
	nearest = rsv_nearest(text, node_words + RSV_ANY, NB_ELEMS(node_words) - RSV_ANY);
	if (nearest != NULL)
		return rsv_fail_at(text, "\"%s\" is no node; did you mean \"%s\"?",
				   rsv_quote(text).text, nearest);
	return rsv_expected(text, "a node: its id, any, each, local, cpu-nodes, memory-nodes or "
				  "near:DEVICE");
}

#define A_SIZE "a size with its unit, such as 512M or 2G"

/* "2G", "512MiB", "64kB": units are powers of 1024. 0 is no size. */
static bool
bytes_of(const struct rsv_text *text, uint64_t *bytes)
{
	static const char units[] = "kmgt";
	uint64_t value;
	size_t digits = number(text, &value);
	struct rsv_text unit = rsv_part(text, digits, text->len - digits);
	const char *found;
	unsigned int shift;

	if (digits == 0 || value == 0 || unit.len == 0)
		return false;
	found = strchr(units, tolower((unsigned char)unit.at[0]));
	if (found == NULL || *found == '\0')
		return false;
	unit = rsv_part(&unit, 1, unit.len - 1);
	if (unit.len != 0 && !rsv_equals(&unit, "b") && !rsv_equals(&unit, "ib"))
		return false;
	shift = 10 * ((unsigned int)(found - units) + 1);
	/* What no machine has could overflow sums. */
	if (value > UINT64_C(1) << 56 >> shift)
		return false;
	*bytes = value << shift;
	return true;
}

int
rsv_parse_bytes(const struct rsv_text *text, uint64_t *bytes)
{
	return bytes_of(text, bytes) ? 0 : rsv_expected(text, A_SIZE);
}

int
rsv_parse_size(const struct rsv_text *text, struct rsv_size *size)
{
	struct rsv_text digits;
	uint64_t percent, bytes;

	if (text->len != 0 && text->at[text->len - 1] == '%') {
		digits = rsv_part(text, 0, text->len - 1);
		if (!whole_number(&digits, 1, 100, &percent))
			return rsv_expected(text, "a share of 1% to 100%");
		*size = (struct rsv_size){ .percent = (unsigned int)percent };
		return 0;
	}
	if (!bytes_of(text, &bytes))
		return rsv_expected(text, A_SIZE ", or a share such as 50%");
	*size = (struct rsv_size){ .bytes = bytes };
	return 0;
}

int
rsv_parse_page(const struct rsv_text *text, uint64_t *page_size)
{
	uint64_t bytes;

	if (rsv_equals(text, "any")) {
		*page_size = 0;
		return 0;
	}
	if (!bytes_of(text, &bytes) || (bytes & (bytes - 1)) != 0 || bytes < UINT64_C(1) << 21)
		return rsv_expected(text, "a size of hugepages: 2M, 1G or any");
	*page_size = bytes;
	return 0;
}

int
rsv_parse_limit(const struct rsv_text *text, uint64_t *limit)
{
	if (rsv_equals(text, "none"))
		*limit = UINT64_MAX;
	else if (!bytes_of(text, limit))
		return rsv_expected(text, A_SIZE ", or none");
	return 0;
}

int
rsv_parse_bool(const struct rsv_text *text, bool *on)
{
	static const char *const words[2][4] = { { "off", "no", "false", "0" },
						 { "on", "yes", "true", "1" } };

	for (int value = 0; value < 2; value++)
		for (size_t i = 0; i < NB_ELEMS(words[0]); i++)
			if (rsv_equals(text, words[value][i])) {
				*on = value;
				return 0;
			}
	return rsv_expected(text, "on or off, yes or no");
}

/* The bound behind a word: "<=20". Empty without one. */
static int
bound(const struct rsv_text *text, const char *sign, struct rsv_text *value)
{
	size_t len = strlen(sign);

	*value = *text;
	if (text->len == 0)
		return 0;
	if (text->len < len || memcmp(text->at, sign, len) != 0)
		return -EINVAL;
	*value = rsv_part(text, len, text->len - len);
	return value->len == 0 ? -EINVAL : 0;
}

static const char *const shortage_words[] = {
	[RSV_FAIL] = "fail",
	[RSV_OTHER_NODE] = "other-node",
	[RSV_SMALLER_PAGES] = "smaller-pages",
	[RSV_LESS] = "less",
};

const char *
rsv_shortage_name(enum rsv_shortage shortage)
{
	return shortage_words[shortage];
}

static int
no_policy(const struct rsv_text *word)
{
	const char *nearest = rsv_nearest(word, shortage_words, NB_ELEMS(shortage_words));

	if (nearest != NULL)
		return rsv_fail_at(word,
				   "\"%s\" is nothing to do on shortage; did you mean \"%s\"?",
				   rsv_quote(word).text, nearest);
	return rsv_expected(word, "fail, other-node, smaller-pages or less");
}

int
rsv_parse_policy(const struct rsv_text *text, struct rsv_policy *policy)
{
	struct rsv_policy found = { .distance = UINT_MAX, .floor = UINT64_C(1) << 21 };
	struct rsv_text word, rest, value;
	uint64_t distance;
	size_t i, len = 0;

	while (len < text->len && (isalpha((unsigned char)text->at[len]) || text->at[len] == '-'))
		len++;
	word = rsv_part(text, 0, len);
	rest = rsv_part(text, len, text->len - len);
	for (i = 0; i < NB_ELEMS(shortage_words) && !rsv_equals(&word, shortage_words[i]); i++)
		;
	if (i == NB_ELEMS(shortage_words))
		return no_policy(word.len != 0 ? &word : text);
	found.shortage = (enum rsv_shortage)i;
	if (bound(&rest, found.shortage == RSV_LESS ? ">=" : "<=", &value) < 0 ||
	    (value.len != 0 && found.shortage != RSV_LESS && found.shortage != RSV_OTHER_NODE))
		return rsv_expected(&rest, found.shortage == RSV_LESS ? "a floor: >=SIZE" :
					   found.shortage == RSV_OTHER_NODE ?
									"a bound: <=DISTANCE" :
									"nothing more");
	if (value.len != 0 && found.shortage == RSV_LESS && !bytes_of(&value, &found.floor))
		return rsv_expected(&value, A_SIZE);
	if (value.len != 0 && found.shortage == RSV_OTHER_NODE) {
		if (!whole_number(&value, 10, 255, &distance))
			return rsv_expected(&value, "a distance as the firmware states it, 10 to "
						    "255");
		found.distance = (unsigned int)distance;
	}
	*policy = found;
	return 0;
}

#define BLOCK_MAX (UINT64_C(1) << 20) /* of lib/fastmem's size classes */

/* "64x10000", "2Kx4096" */
static int
parse_warm_item(const struct rsv_text *text, struct rsv_warm *warm)
{
	const char *x = text->len == 0 ? NULL : memchr(text->at, 'x', text->len);
	struct rsv_text size, n;

	if (x == NULL)
		return rsv_expected(text, "SIZExCOUNT, such as 64x10000");
	size = rsv_part(text, 0, (size_t)(x - text->at));
	n = rsv_part(text, (size_t)(x - text->at) + 1, text->len - (size_t)(x - text->at) - 1);
	if ((!whole_number(&size, 1, UINT64_MAX, &warm->size) && !bytes_of(&size, &warm->size)) ||
	    warm->size > BLOCK_MAX)
		return rsv_expected(&size, "the size of blocks in bytes, up to 1M");
	if (!whole_number(&n, 1, UINT32_MAX, &warm->n))
		return rsv_expected(&n, "a count of blocks");
	return 0;
}

int
rsv_parse_threads(const struct rsv_text *text, unsigned int *threads)
{
	uint64_t n;

	if (!whole_number(text, 1, THREADS_MAX, &n))
		return rsv_expected(text, "a number of threads, 1 to 64");
	*threads = (unsigned int)n;
	return 0;
}

int
rsv_parse_warm(const struct rsv_text *text, struct rsv_warm_list *list)
{
	struct rsv_text rest = *text, piece;
	struct rsv_warm warm;
	unsigned int n = list->n;
	/* In one line commas are between nodes. */
	char separator = memchr(text->at, '+', text->len) != NULL ? '+' : ',';
	int ret;

	while (rsv_next(&rest, separator, &piece)) {
		ret = parse_warm_item(&piece, &warm);
		if (ret < 0)
			return ret;
		if (n == RSV_MAX_WARM)
			return rsv_fail_at(&piece, "more than %d sizes to warm", RSV_MAX_WARM);
		list->item[n++] = warm;
	}
	list->n = n;
	return 0;
}
