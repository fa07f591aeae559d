/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the knowledge of capture files' framing: pcap (both byte orders, us and ns) and pcapng.
 * Must not: look into packets, nor open or read files.
 * Called by: capture_file.c, before the port is made.
 */

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <rte_byteorder.h>
#include <rte_common.h>

#include "capture.h"

#define PCAP_MAGIC_US	  0xa1b2c3d4u
#define PCAP_MAGIC_NS	  0xa1b23c4du
#define PCAPNG_SHB	  0x0a0d0d0au
#define PCAPNG_BYTE_ORDER 0x1a2b3c4du

#define LINKTYPE_ETHERNET 1u
/* The bits above tell about frame check sequences. */
#define LINKTYPE_MASK 0x03ffffffu

/* The longest packet that libpcap takes for real. */
#define PACKET_MAX 262144u
/* The longest that the port hands on whole: net_pcap keeps 16 bits of the length. */
#define PACKET_PORT_MAX 65535u
/* The longest pcapng block that libpcap reads. */
#define BLOCK_MAX (16u << 20)

struct pcap_header {
	uint32_t magic;
	uint16_t version_major;
	uint16_t version_minor;
	uint32_t reserved[2];
	uint32_t snaplen;
	uint32_t linktype;
};

struct pcap_record {
	uint32_t time[2];
	uint32_t captured;
	uint32_t original;
};

enum block_type {
	BLOCK_INTERFACE = 1,
	BLOCK_PACKET_OLD = 2,
	BLOCK_PACKET_SIMPLE = 3,
	BLOCK_PACKET = 6,
};

/* Where in the file the walk is. */
struct walk {
	const uint8_t *data;
	size_t size;
	size_t at;
	bool swap;		/* written on a machine of the other byte order */
	uint32_t nb_interfaces; /* pcapng, of this section */
	uint32_t snaplen;
	struct capture_info info;
	char *error;
	size_t error_size;
};

static int
fail(struct walk *w, int err, const char *format, ...) __rte_format_printf(3, 4);

static int
fail(struct walk *w, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(w->error, w->error_size, format, ap);
	va_end(ap);
	return err;
}

static size_t
left(const struct walk *w)
{
	return w->size - w->at;
}

static uint32_t
get32(const struct walk *w, size_t offset)
{
	uint32_t v;

	memcpy(&v, w->data + w->at + offset, sizeof(v));
	return w->swap ? rte_bswap32(v) : v;
}

static uint16_t
get16(const struct walk *w, size_t offset)
{
	uint16_t v;

	memcpy(&v, w->data + w->at + offset, sizeof(v));
	return w->swap ? rte_bswap16(v) : v;
}

static const char *
linktype_name(uint32_t linktype)
{
	switch (linktype) {
	case 0:
		return "BSD loopback";
	case 12:
	case 101:
		return "raw IP";
	case 105:
		return "IEEE 802.11";
	case 113:
	case 276:
		return "Linux cooked, as from tcpdump -i any";
	case 127:
		return "IEEE 802.11 with radiotap";
	default:
		return "not known here";
	}
}

static int
check_linktype(struct walk *w, uint32_t linktype)
{
	if (linktype == LINKTYPE_ETHERNET)
		return 0;
	return fail(w, -ENOTSUP,
		    "its link type is %u (%s), and only Ethernet (1) can be read; capture on one "
		    "Ethernet interface: tcpdump -i eth0 -w FILE",
		    linktype, linktype_name(linktype));
}

static int
count_packet(struct walk *w, uint32_t captured, uint32_t original)
{
	if (captured > PACKET_MAX)
		return fail(w, -EINVAL,
			    "it is corrupt: packet %" PRIu64
			    " at offset %zu claims %u bytes, and the "
			    "most is %u; keep what is before it: editcap -r IN OUT 1-%" PRIu64,
			    w->info.nb_packets + 1, w->at, captured, PACKET_MAX,
			    w->info.nb_packets);
	w->info.nb_packets++;
	if (captured > PACKET_PORT_MAX)
		return fail(w, -ENOTSUP,
			    "packet %" PRIu64
			    " has %u bytes, and net_pcap reads %u at most; cut such "
			    "packets: editcap -s %u IN OUT",
			    w->info.nb_packets, captured, PACKET_PORT_MAX, PACKET_PORT_MAX);
	if (captured < original)
		w->info.nb_cut++;
	return 0;
}

static int
walk_pcap_records(struct walk *w)
{
	uint32_t captured;
	int ret;

	while (left(w) >= sizeof(struct pcap_record)) {
		captured = get32(w, offsetof(struct pcap_record, captured));
		/* A length that is nonsense is no truncation: count_packet() refuses it. */
		if (captured <= PACKET_MAX && captured > left(w) - sizeof(struct pcap_record))
			break;
		ret = count_packet(w, captured, get32(w, offsetof(struct pcap_record, original)));
		if (ret != 0)
			return ret;
		w->at += sizeof(struct pcap_record) + captured;
	}
	w->info.is_truncated = left(w) != 0;
	return 0;
}

static int
walk_pcap(struct walk *w, uint32_t magic)
{
	uint16_t major;
	uint16_t minor;
	int ret;

	if (w->size < sizeof(struct pcap_header))
		return fail(w, -EINVAL, "it ends inside the file header, after %zu of %zu bytes",
			    w->size, sizeof(struct pcap_header));
	w->info.format = magic == PCAP_MAGIC_NS ? "pcap (nanoseconds)" : "pcap";
	major = get16(w, offsetof(struct pcap_header, version_major));
	minor = get16(w, offsetof(struct pcap_header, version_minor));
	if (major != 2 || minor != 4)
		return fail(w, -ENOTSUP, "its pcap version is %u.%u, and only 2.4 can be read",
			    major, minor);
	ret = check_linktype(w, get32(w, offsetof(struct pcap_header, linktype)) & LINKTYPE_MASK);
	if (ret != 0)
		return ret;
	w->at = sizeof(struct pcap_header);
	return walk_pcap_records(w);
}

static int
block_too_short(struct walk *w, uint32_t type, uint32_t len)
{
	return fail(w, -EINVAL,
		    "it is corrupt: the block of type %u at offset %zu has %u bytes only", type,
		    w->at, len);
}

/* A section may be of another byte order, its own length included. */
static int
check_byte_order(struct walk *w)
{
	if (left(w) < 28 || get32(w, 8) == PCAPNG_BYTE_ORDER)
		return 0;
	return fail(
		w, -ENOTSUP,
		"the section at offset %zu has another byte order, which libpcap does not read; "
		"convert it: editcap -F pcap IN OUT",
		w->at);
}

/* A section: interfaces anew. */
static int
walk_section(struct walk *w, uint32_t len)
{
	if (len < 28)
		return block_too_short(w, PCAPNG_SHB, len);
	if (get16(w, 12) != 1)
		return fail(w, -ENOTSUP, "its pcapng version is %u.%u, and only 1.x can be read",
			    get16(w, 12), get16(w, 14));
	w->nb_interfaces = 0;
	return 0;
}

static int
walk_interface(struct walk *w, uint32_t len)
{
	uint32_t snaplen;
	int ret;

	if (len < 20)
		return block_too_short(w, BLOCK_INTERFACE, len);
	ret = check_linktype(w, get16(w, 8));
	if (ret != 0)
		return ret;
	/* libpcap reads 0 as no limit, and refuses interfaces that differ. */
	snaplen = get32(w, 12);
	if (snaplen == 0 || snaplen > PACKET_MAX)
		snaplen = PACKET_MAX;
	if (w->snaplen != 0 && w->snaplen != snaplen)
		return fail(w, -ENOTSUP,
			    "its interfaces have different snapshot lengths, %u and %u, which "
			    "libpcap does not read; convert it: editcap -F pcap IN OUT",
			    w->snaplen, snaplen);
	w->snaplen = snaplen;
	w->nb_interfaces++;
	return 0;
}

static int
check_interface(struct walk *w, uint32_t interface)
{
	if (interface < w->nb_interfaces)
		return 0;
	return fail(
		w, -EINVAL,
		"it is corrupt: the packet at offset %zu is of interface %u, and %u are described",
		w->at, interface, w->nb_interfaces);
}

static int
walk_packet(struct walk *w, uint32_t type, uint32_t len)
{
	/* Both kinds keep the lengths at the same place; fixed part and trailer are 32 bytes. */
	uint32_t interface = type == BLOCK_PACKET ? get32(w, 8) : get16(w, 8);
	uint32_t captured;
	int ret;

	if (len < 32)
		return block_too_short(w, type, len);
	ret = check_interface(w, interface);
	if (ret != 0)
		return ret;
	captured = get32(w, 20);
	if (captured <= PACKET_MAX && captured > len - 32)
		return fail(w, -EINVAL,
			    "it is corrupt: the packet at offset %zu has %u bytes in a block of %u",
			    w->at, captured, len);
	return count_packet(w, captured, get32(w, 24));
}

static int
walk_packet_simple(struct walk *w, uint32_t len)
{
	uint32_t original;
	int ret;

	if (len < 16)
		return block_too_short(w, BLOCK_PACKET_SIMPLE, len);
	ret = check_interface(w, 0);
	if (ret != 0)
		return ret;
	original = get32(w, 8);
	if (RTE_MIN(original, w->snaplen) > len - 16)
		return fail(w, -EINVAL,
			    "it is corrupt: the packet at offset %zu has %u bytes in a block of %u",
			    w->at, original, len);
	return count_packet(w, RTE_MIN(original, w->snaplen), original);
}

static int
walk_block(struct walk *w, uint32_t type, uint32_t len)
{
	switch (type) {
	case PCAPNG_SHB:
		return walk_section(w, len);
	case BLOCK_INTERFACE:
		return walk_interface(w, len);
	case BLOCK_PACKET:
	case BLOCK_PACKET_OLD:
		return walk_packet(w, type, len);
	case BLOCK_PACKET_SIMPLE:
		return walk_packet_simple(w, len);
	default:
		/* Statistics, names, comments and the like. */
		return 0;
	}
}

/* The length of the block at hand, 0 if the file ends in it. */
static int
block_len(struct walk *w, uint32_t *len)
{
	*len = get32(w, 4);
	if (*len < 12 || *len % 4 != 0 || *len > BLOCK_MAX)
		return fail(w, -EINVAL, "it is corrupt: the block at offset %zu claims %u bytes",
			    w->at, *len);
	if (*len > left(w))
		*len = 0;
	else if (get32(w, *len - 4) != *len)
		return fail(w, -EINVAL,
			    "it is corrupt: the block at offset %zu begins with length %u and ends "
			    "with %u",
			    w->at, *len, get32(w, *len - 4));
	return 0;
}

static int
walk_blocks(struct walk *w)
{
	bool any_interface = false;
	uint32_t type;
	uint32_t len;
	int ret = 0;

	while (left(w) >= 12) {
		type = get32(w, 0);
		if (type == PCAPNG_SHB)
			ret = check_byte_order(w);
		if (ret == 0)
			ret = block_len(w, &len);
		if (ret != 0)
			return ret;
		if (len == 0)
			break;
		ret = walk_block(w, type, len);
		if (ret != 0)
			return ret;
		any_interface |= w->nb_interfaces > 0;
		w->at += len;
	}
	if (!any_interface)
		return fail(w, -EINVAL, "it describes no interface, so there is no link type");
	w->info.is_truncated = left(w) != 0;
	return 0;
}

static int
walk_pcapng(struct walk *w)
{
	w->info.format = "pcapng";
	if (left(w) < 28)
		return fail(w, -EINVAL, "it ends inside the section header, after %zu bytes",
			    w->size);
	w->swap = get32(w, 8) == rte_bswap32(PCAPNG_BYTE_ORDER);
	return walk_blocks(w);
}

static int
walk_file(struct walk *w)
{
	uint32_t magic;

	if (w->size == 0)
		return fail(w, -EINVAL, "it is empty");
	if (w->size < sizeof(magic))
		return fail(w, -EINVAL, "it has %zu bytes, fewer than any capture", w->size);

	magic = get32(w, 0);
	if (magic == PCAPNG_SHB)
		return walk_pcapng(w);
	if (magic == rte_bswap32(PCAP_MAGIC_US) || magic == rte_bswap32(PCAP_MAGIC_NS)) {
		w->swap = true;
		magic = rte_bswap32(magic);
	}
	if (magic == PCAP_MAGIC_US || magic == PCAP_MAGIC_NS)
		return walk_pcap(w, magic);
	return fail(w, -EINVAL,
		    "it begins with %08x, which is neither pcap nor pcapng; if it is compressed, "
		    "expand it, and if it is another tool's format, convert it: "
		    "editcap -F pcap IN OUT",
		    magic);
}

int
capture_check(const void *data, size_t size, struct capture_info *info, char *error,
	      size_t error_size)
{
	struct walk w = { .data = data, .size = size, .error = error, .error_size = error_size };
	int ret = walk_file(&w);

	if (ret == 0)
		*info = w.info;
	return ret;
}
