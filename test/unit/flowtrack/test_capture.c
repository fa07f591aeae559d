/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the tests of capture.c; each file is malloc'd to its size, so that sanitizers see a read
 *       beyond it. test/app/flowtrack/test_captures.py holds the same files against libpcap.
 * Must not: open files.
 * Called by: meson test.
 */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capture.h"

static const uint8_t pcap_header[24] = { 0xd4, 0xc3, 0xb2, 0xa1, 2, 0,	  4,	0, 0, 0, 0,
					 0,    0,    0,	   0,	 0, 0xff, 0xff, 0, 0, 1 };

static const uint8_t pcap_header_swapped[24] = { 0xa1, 0xb2, 0x3c, 0x4d, 0, 2, 0, 4,
						 0,    0,    0,	   0,	 0, 0, 0, 0,
						 0,    0,    0xff, 0xff, 0, 0, 0, 1 };

/* A section, an Ethernet interface, a packet of 4 bytes that had 60, statistics. */
static const uint8_t pcapng[28 + 20 + 36 + 24] = {
	0x0a,
	0x0d,
	0x0d,
	0x0a,
	28,
	0,
	0,
	0,
	0x4d,
	0x3c,
	0x2b,
	0x1a,
	1,
	0,
	0,
	0,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	0xff,
	28,
	0,
	0,
	0,
	/* interface at 28 */
	1,
	0,
	0,
	0,
	20,
	0,
	0,
	0,
	1,
	0,
	0,
	0,
	0,
	0,
	1,
	0,
	20,
	0,
	0,
	0,
	/* packet at 48 */
	6,
	0,
	0,
	0,
	36,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	4,
	0,
	0,
	0,
	60,
	0,
	0,
	0,
	1,
	2,
	3,
	4,
	36,
	0,
	0,
	0,
	/* statistics at 84 */
	5,
	0,
	0,
	0,
	24,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	0,
	24,
	0,
	0,
	0,
};

static char error[256];

static int
check(const void *data, size_t size, struct capture_info *info)
{
	void *copy = malloc(size);
	int ret;

	memcpy(copy, data, size);
	error[0] = '\0';
	ret = capture_check(copy, size, info, error, sizeof(error));
	free(copy);
	/* A failure says why. */
	assert_int_equal(ret != 0, error[0] != '\0');
	return ret;
}

/* Records of these lengths behind a header. */
static size_t
append_record(uint8_t *file, size_t at, uint32_t captured, uint32_t original)
{
	memset(file + at, 0, 16 + captured);
	memcpy(file + at + 8, &captured, sizeof(captured));
	memcpy(file + at + 12, &original, sizeof(original));
	return at + 16 + captured;
}

static void
pcap_is_counted(void **state)
{
	uint8_t file[1024];
	struct capture_info info;
	size_t size = sizeof(pcap_header);

	(void)state;
	memcpy(file, pcap_header, sizeof(pcap_header));
	size = append_record(file, size, 100, 100);
	size = append_record(file, size, 60, 1500);
	size = append_record(file, size, 0, 0);
	assert_int_equal(check(file, size, &info), 0);
	assert_string_equal(info.format, "pcap");
	assert_int_equal(info.nb_packets, 3);
	assert_int_equal(info.nb_cut, 1);
	assert_false(info.is_truncated);
}

static void
pcap_of_another_machine_is_counted(void **state)
{
	uint8_t file[24 + 16 + 5] = { 0 };
	struct capture_info info;

	(void)state;
	memcpy(file, pcap_header_swapped, sizeof(pcap_header_swapped));
	file[24 + 11] = 5;
	file[24 + 15] = 5;
	assert_int_equal(check(file, sizeof(file), &info), 0);
	assert_string_equal(info.format, "pcap (nanoseconds)");
	assert_int_equal(info.nb_packets, 1);
}

static void
pcap_cut_anywhere_is_truncated(void **state)
{
	uint8_t file[256];
	struct capture_info info;
	size_t first;
	size_t size;
	size_t cut;

	(void)state;
	memcpy(file, pcap_header, sizeof(pcap_header));
	first = append_record(file, sizeof(pcap_header), 20, 20);
	size = append_record(file, first, 30, 30);
	for (cut = 0; cut < sizeof(pcap_header); cut++)
		assert_int_equal(check(file, cut, &info), -EINVAL);
	for (; cut <= size; cut++) {
		assert_int_equal(check(file, cut, &info), 0);
		assert_int_equal(info.nb_packets, (cut >= first) + (cut >= size));
		assert_int_equal(info.is_truncated,
				 cut != sizeof(pcap_header) && cut != first && cut != size);
	}
}

static void
pcap_with_bad_fields_is_refused(void **state)
{
	uint8_t file[64] = { 0 };
	struct capture_info info;

	(void)state;
	memcpy(file, pcap_header, sizeof(pcap_header));
	file[20] = 101;
	assert_int_equal(check(file, sizeof(pcap_header), &info), -ENOTSUP);
	assert_non_null(strstr(error, "raw IP"));
	/* What is above the link type tells of check sequences. */
	file[20] = 1;
	file[23] = 0xf4;
	assert_int_equal(check(file, sizeof(pcap_header), &info), 0);
	file[4] = 3;
	assert_int_equal(check(file, sizeof(pcap_header), &info), -ENOTSUP);
	file[4] = 2;
	/* A length that cannot be: 262145. */
	memset(file + 24, 0, 16);
	file[24 + 8] = 1;
	file[24 + 10] = 4;
	assert_int_equal(check(file, sizeof(file), &info), -EINVAL);
	assert_non_null(strstr(error, "262145"));
}

static void
a_packet_longer_than_the_port_takes_is_refused(void **state)
{
	uint8_t *file = malloc(24 + 16 + 65536);
	struct capture_info info;
	size_t size;

	(void)state;
	memcpy(file, pcap_header, sizeof(pcap_header));
	size = append_record(file, sizeof(pcap_header), 65535, 65535);
	assert_int_equal(check(file, size, &info), 0);
	size = append_record(file, sizeof(pcap_header), 65536, 65536);
	assert_int_equal(check(file, size, &info), -ENOTSUP);
	free(file);
}

static void
pcapng_is_counted(void **state)
{
	struct capture_info info;

	(void)state;
	assert_int_equal(check(pcapng, sizeof(pcapng), &info), 0);
	assert_string_equal(info.format, "pcapng");
	assert_int_equal(info.nb_packets, 1);
	assert_int_equal(info.nb_cut, 1);
	assert_false(info.is_truncated);
}

static void
pcapng_cut_anywhere_is_truncated(void **state)
{
	struct capture_info info;
	size_t cut;

	(void)state;
	for (cut = 0; cut < 48; cut++)
		assert_int_equal(check(pcapng, cut, &info), -EINVAL);
	for (; cut <= sizeof(pcapng); cut++) {
		assert_int_equal(check(pcapng, cut, &info), 0);
		assert_int_equal(info.nb_packets, cut >= 84);
		assert_int_equal(info.is_truncated,
				 cut != 48 && cut != 84 && cut != sizeof(pcapng));
	}
}

/* Any byte of the file may be wrong; none may lead beyond it. */
static void
any_byte_may_be_wrong(void **state)
{
	static const uint8_t values[] = { 0, 1, 2, 4, 12, 13, 0x7f, 0x80, 0xff };
	uint8_t file[sizeof(pcapng)];
	struct capture_info info;
	size_t at;
	size_t i;

	(void)state;
	for (at = 0; at < sizeof(file); at++) {
		for (i = 0; i < sizeof(values); i++) {
			memcpy(file, pcapng, sizeof(file));
			file[at] = values[i];
			if (check(file, sizeof(file), &info) == 0)
				assert_true(info.nb_packets <= 1);
		}
	}
}

static void
pcapng_with_bad_blocks_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		int ret;
	} bad[] = {
		{ 0, 0x0b, -EINVAL },  /* no capture at all */
		{ 8, 0x4e, -ENOTSUP }, /* byte order */
		{ 12, 2, -ENOTSUP },   /* version */
		{ 32, 24, -EINVAL },   /* interface: length */
		{ 32, 12, -EINVAL },   /* too short, and another trailer */
		{ 36, 113, -ENOTSUP }, /* link type */
		{ 52, 37, -EINVAL },   /* packet: length */
		{ 56, 1, -EINVAL },    /* interface */
		{ 68, 5, -EINVAL },    /* more than the block has */
		{ 80, 32, -EINVAL },   /* trailer */
	};
	uint8_t file[sizeof(pcapng)];
	struct capture_info info;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		memcpy(file, pcapng, sizeof(file));
		file[bad[i].at] = bad[i].value;
		assert_int_equal(check(file, sizeof(file), &info), bad[i].ret);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pcap_is_counted),
		cmocka_unit_test(pcap_of_another_machine_is_counted),
		cmocka_unit_test(pcap_cut_anywhere_is_truncated),
		cmocka_unit_test(pcap_with_bad_fields_is_refused),
		cmocka_unit_test(a_packet_longer_than_the_port_takes_is_refused),
		cmocka_unit_test(pcapng_is_counted),
		cmocka_unit_test(pcapng_cut_anywhere_is_truncated),
		cmocka_unit_test(any_byte_may_be_wrong),
		cmocka_unit_test(pcapng_with_bad_blocks_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
