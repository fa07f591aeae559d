/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of thresholds: which are valid, which level a shortage comes to, and that what
 *   wobbles about a threshold makes no flood.
 * Must not: look at the machine.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "memwatch_priv.h"

#define MEMORY RTE_MEMWATCH_SOURCE_MEMORY

static struct rte_memwatch_config
usual(void)
{
	struct rte_memwatch_config config;

	rte_memwatch_config_init(&config);
	return config;
}

static void
the_usual_thresholds_are_as_documented(void **state)
{
	static const struct {
		unsigned int shortage;
		enum rte_memwatch_level level;
	} shares[] = {
		{ 0, RTE_MEMWATCH_LOW },	{ 749, RTE_MEMWATCH_LOW },
		{ 750, RTE_MEMWATCH_MEDIUM },	{ 899, RTE_MEMWATCH_MEDIUM },
		{ 900, RTE_MEMWATCH_HIGH },	{ 949, RTE_MEMWATCH_HIGH },
		{ 950, RTE_MEMWATCH_CRITICAL }, { 1000, RTE_MEMWATCH_CRITICAL },
	};
	struct rte_memwatch_config config = usual();
	const struct rte_memwatch_thresholds *t = config.thresholds;

	(void)state;
	assert_int_equal(mw_config_check(&config), 0);
	for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++)
		assert_int_equal(mw_level_of(&t[MEMORY], shares[i].shortage), shares[i].level);
	/* memory.high slows down, and no more. */
	assert_int_equal(mw_level_of(&t[RTE_MEMWATCH_SOURCE_CGROUP_HIGH], 1000), RTE_MEMWATCH_HIGH);
	assert_int_equal(mw_level_of(&t[RTE_MEMWATCH_SOURCE_CGROUP_EVENTS], 500),
			 RTE_MEMWATCH_MEDIUM);
	assert_int_equal(mw_level_of(&t[RTE_MEMWATCH_SOURCE_CGROUP_EVENTS], 1000),
			 RTE_MEMWATCH_CRITICAL);
	assert_int_equal(mw_level_of(&t[RTE_MEMWATCH_SOURCE_STALL], 49), RTE_MEMWATCH_LOW);
	assert_int_equal(mw_level_of(&t[RTE_MEMWATCH_SOURCE_STALL], 150), RTE_MEMWATCH_HIGH);
}

static void
thresholds_may_skip_levels(void **state)
{
	struct rte_memwatch_config config = usual();
	struct rte_memwatch_thresholds *t = &config.thresholds[MEMORY];

	(void)state;
	*t = (struct rte_memwatch_thresholds){ 500, 500, RTE_MEMWATCH_NEVER };
	assert_int_equal(mw_config_check(&config), 0);
	assert_int_equal(mw_level_of(t, 499), RTE_MEMWATCH_LOW);
	assert_int_equal(mw_level_of(t, 500), RTE_MEMWATCH_HIGH);
	assert_int_equal(mw_level_of(t, 1000), RTE_MEMWATCH_HIGH);
}

#define WITH(field, value) \
	do { \
		config = usual(); \
		config.field = (value); \
	} while (0)

static void
assert_refused(const struct rte_memwatch_config *config, const char *word)
{
	assert_int_equal(mw_config_check(config), -EINVAL);
	print_message("%s\n", rte_memwatch_error());
	assert_non_null(strstr(rte_memwatch_error(), word));
	assert_int_equal(rte_memwatch_start(config), -EINVAL);
}

static void
what_is_not_valid_is_refused_with_its_bounds(void **state)
{
	struct rte_memwatch_config config;

	(void)state;
	WITH(flags, 2);
	assert_refused(&config, "unknown flags 0x2");
	WITH(sources, 0);
	assert_refused(&config, "sources");
	WITH(sources, 1u << RTE_MEMWATCH_NB_SOURCES);
	assert_refused(&config, "sources");
	WITH(period_ms, 9);
	assert_refused(&config, "from 10 to 3600000");
	WITH(period_ms, 3600001);
	assert_refused(&config, "3600001");
	WITH(hold_ms, 3600001);
	assert_refused(&config, "3600001");
	WITH(thresholds[MEMORY].medium, 0);
	assert_refused(&config, "medium of memory is 0");
	WITH(thresholds[MEMORY].critical, 1001);
	assert_refused(&config, "critical of memory is 1001");
	WITH(thresholds[RTE_MEMWATCH_SOURCE_FASTMEM].high, 700);
	assert_refused(&config, "high of fastmem is 700, below the 750 of medium");
	WITH(hysteresis, 50);
	assert_refused(&config, "medium of stalls is 50");
	/* What does not count need not be valid. */
	config.sources = RTE_MEMWATCH_SOURCE_BIT(MEMORY);
	assert_int_equal(mw_config_check(&config), 0);
}

static enum rte_memwatch_level
next(const struct rte_memwatch_config *config, struct mw_history *history, unsigned int shortage,
     uint64_t now_ms)
{
	return mw_level_next(config, MEMORY, history, shortage, now_ms);
}

static void
it_rises_at_once_and_falls_below_the_hysteresis(void **state)
{
	struct rte_memwatch_config config = usual();
	struct mw_history history = { 0 };

	(void)state;
	config.hold_ms = 0;
	assert_int_equal(next(&config, &history, 749, 0), RTE_MEMWATCH_LOW);
	assert_int_equal(next(&config, &history, 950, 0), RTE_MEMWATCH_CRITICAL);
	assert_int_equal(next(&config, &history, 931, 0), RTE_MEMWATCH_CRITICAL);
	assert_int_equal(next(&config, &history, 929, 0), RTE_MEMWATCH_HIGH);
	assert_int_equal(next(&config, &history, 880, 0), RTE_MEMWATCH_HIGH);
	assert_int_equal(next(&config, &history, 879, 0), RTE_MEMWATCH_MEDIUM);
	assert_int_equal(next(&config, &history, 0, 0), RTE_MEMWATCH_LOW);
	assert_int_equal(next(&config, &history, 1000, 0), RTE_MEMWATCH_CRITICAL);
	assert_int_equal(next(&config, &history, 0, 0), RTE_MEMWATCH_LOW);
}

static void
a_fall_is_held(void **state)
{
	struct rte_memwatch_config config = usual();
	struct mw_history history = { 0 };

	(void)state;
	config.hold_ms = 5000;
	assert_int_equal(next(&config, &history, 950, 100), RTE_MEMWATCH_CRITICAL);
	assert_int_equal(next(&config, &history, 100, 1000), RTE_MEMWATCH_CRITICAL);
	assert_int_equal(next(&config, &history, 800, 5999), RTE_MEMWATCH_CRITICAL);
	/* From when on it would have been lower counts; how low it is then is where it falls to. */
	assert_int_equal(next(&config, &history, 800, 6000), RTE_MEMWATCH_MEDIUM);
	/* One look back up, and the wait begins anew. */
	assert_int_equal(next(&config, &history, 100, 7000), RTE_MEMWATCH_MEDIUM);
	assert_int_equal(next(&config, &history, 740, 8000), RTE_MEMWATCH_MEDIUM);
	assert_int_equal(next(&config, &history, 100, 9000), RTE_MEMWATCH_MEDIUM);
	assert_int_equal(next(&config, &history, 100, 13999), RTE_MEMWATCH_MEDIUM);
	assert_int_equal(next(&config, &history, 100, 14000), RTE_MEMWATCH_LOW);
}

/* A thousand looks at what wobbles, by the hysteresis or by more than that. */
static void
what_wobbles_makes_no_flood(void **state)
{
	struct rte_memwatch_config config = usual();
	struct mw_history history = { 0 };
	enum rte_memwatch_level level, last = RTE_MEMWATCH_LOW;
	unsigned int changes = 0;

	(void)state;
	config.hold_ms = 0;
	for (unsigned int i = 0; i < 1000; i++, last = level) {
		level = next(&config, &history, i % 2 == 0 ? 900 : 881, i);
		changes += level != last;
	}
	assert_int_equal(changes, 1);
	config.hold_ms = 5000;
	for (unsigned int i = 0; i < 1000; i++, last = level) {
		level = next(&config, &history, i % 2 == 0 ? 1000 : 0, 1000 * i);
		changes += level != last;
	}
	assert_int_equal(changes, 2);
}

static void
names_are_told(void **state)
{
	(void)state;
	assert_string_equal(rte_memwatch_level_name(RTE_MEMWATCH_CRITICAL), "critical");
	assert_string_equal(rte_memwatch_level_name((enum rte_memwatch_level)17), "unknown");
	assert_string_equal(rte_memwatch_source_name(RTE_MEMWATCH_SOURCE_STALL), "stalls");
	assert_string_equal(rte_memwatch_source_name((enum rte_memwatch_source) - 1), "unknown");
	for (int i = 0; i < RTE_MEMWATCH_NB_SOURCES; i++)
		assert_string_not_equal(rte_memwatch_source_name(i), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_usual_thresholds_are_as_documented),
		cmocka_unit_test(thresholds_may_skip_levels),
		cmocka_unit_test(what_is_not_valid_is_refused_with_its_bounds),
		cmocka_unit_test(it_rises_at_once_and_falls_below_the_hysteresis),
		cmocka_unit_test(a_fall_is_held),
		cmocka_unit_test(what_wobbles_makes_no_flood),
		cmocka_unit_test(names_are_told),
	};

	return cmocka_run_group_tests_name("memwatch/level", tests, NULL, NULL);
}
