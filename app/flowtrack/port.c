/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the ports: the one of a capture file, queues, mbufs, start and end.
 * Must not: receive packets: workers do.
 * Called by: main.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "port.h"

#define RX_DESCRIPTORS 1024
#define TX_DESCRIPTORS 64
#define MBUF_CACHE     256
/* Enough for several bursts of the longest packets, 32 mbufs each. */
#define MBUFS_MIN	 8191
#define RSS_KEY_SIZE_MAX 128
#define CAPTURE_DEVICE	 "net_pcap_flowtrack"
int
port_add_capture(int fd, uint16_t *port_id)
{
	char args[64];
	int ret;

	/* Through the descriptor, so that a comma in the name does no harm to the arguments. */
	snprintf(args, sizeof(args), "rx_pcap=/proc/self/fd/%d", fd);
	ret = rte_eal_hotplug_add("vdev", CAPTURE_DEVICE, args);
	if (ret == 0)
		ret = rte_eth_dev_get_port_by_name(CAPTURE_DEVICE, port_id);
	if (ret != 0)
		fprintf(stderr,
			"cannot make a port of the capture with net_pcap (%s): %s; is the driver "
			"installed (Debian: librte-net-pcap23)?\n",
			args, strerror(-ret));
	return ret;
}

static bool
is_pcap(const struct rte_eth_dev_info *info)
{
	return strcmp(info->driver_name, "net_pcap") == 0;
}

unsigned int
port_queues(uint16_t port_id, unsigned int nb_workers)
{
	struct rte_eth_dev_info info;

	/* What is wrong with the port is said when it is started. */
	if (rte_eth_dev_info_get(port_id, &info) != 0)
		return 1;
	/* Each of its queues is a source of its own, which another queue does not stand in for. */
	if (is_pcap(&info))
		return info.max_rx_queues;
	return RTE_MAX(1u, RTE_MIN(nb_workers, (unsigned int)info.max_rx_queues));
}

bool
port_has_packet_time(uint16_t port_id)
{
	struct rte_eth_dev_info info;

	return rte_eth_dev_info_get(port_id, &info) == 0 && is_pcap(&info);
}

/*
 * The port's own mbufs come from a mempool, as its driver requires. Everything that the program
 * makes itself comes from fastmem.
 */
static struct rte_mempool *
make_mbufs(uint16_t port_id, uint16_t nb_queues)
{
	unsigned int n = RTE_MAX(MBUFS_MIN, nb_queues * (RX_DESCRIPTORS + 2 * MBUF_CACHE));
	char name[RTE_MEMPOOL_NAMESIZE];
	struct rte_mempool *pool;

	snprintf(name, sizeof(name), "flowtrack_mbufs_%u", port_id);
	pool = rte_pktmbuf_pool_create(name, n, MBUF_CACHE, 0, RTE_MBUF_DEFAULT_BUF_SIZE,
				       rte_eth_dev_socket_id(port_id));
	if (pool == NULL)
		fprintf(stderr,
			"port %u: no memory for %u packet buffers, %u MiB: %s; give EAL more with "
			"-m, or more hugepages\n",
			port_id, n, n * (RTE_MBUF_DEFAULT_BUF_SIZE + 192) >> 20,
			rte_strerror(rte_errno));
	return pool;
}

/* Both directions of a flow have to reach the same worker: this key makes RSS symmetric. */
static void
set_rss(const struct rte_eth_dev_info *info, struct rte_eth_conf *conf,
	uint8_t key[RSS_KEY_SIZE_MAX])
{
	unsigned int i;

	for (i = 0; i < RSS_KEY_SIZE_MAX; i += 2) {
		key[i] = 0x6d;
		key[i + 1] = 0x5a;
	}
	conf->rx_adv_conf.rss_conf.rss_hf = info->flow_type_rss_offloads &
					    (RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP);
	if (conf->rx_adv_conf.rss_conf.rss_hf == 0)
		return;
	conf->rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
	if (info->hash_key_size <= RSS_KEY_SIZE_MAX) {
		conf->rx_adv_conf.rss_conf.rss_key = key;
		conf->rx_adv_conf.rss_conf.rss_key_len = info->hash_key_size;
	}
}

static int
setup_queues(uint16_t port_id, uint16_t nb_rx, uint16_t nb_tx)
{
	int node_id = rte_eth_dev_socket_id(port_id);
	uint16_t rx_descriptors = RX_DESCRIPTORS;
	uint16_t tx_descriptors = TX_DESCRIPTORS;
	struct rte_mempool *mbufs;
	uint16_t i;
	int ret;

	mbufs = make_mbufs(port_id, nb_rx);
	if (mbufs == NULL)
		return -rte_errno;
	ret = rte_eth_dev_adjust_nb_rx_tx_desc(port_id, &rx_descriptors, &tx_descriptors);
	for (i = 0; i < nb_rx && ret == 0; i++)
		ret = rte_eth_rx_queue_setup(port_id, i, rx_descriptors, node_id, NULL, mbufs);
	for (i = 0; i < nb_tx && ret == 0; i++)
		ret = rte_eth_tx_queue_setup(port_id, i, tx_descriptors, node_id, NULL);
	return ret;
}

int
port_start(uint16_t port_id, uint16_t nb_queues)
{
	uint8_t rss_key[RSS_KEY_SIZE_MAX];
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	uint16_t nb_tx;
	int ret;

	ret = rte_eth_dev_info_get(port_id, &info);
	if (ret != 0)
		goto fail;
	if (nb_queues > 1)
		set_rss(&info, &conf, rss_key);
	/* Nothing is sent, but some drivers want as many queues in both directions. */
	nb_tx = RTE_MIN(nb_queues, info.max_tx_queues);
	ret = rte_eth_dev_configure(port_id, nb_queues, nb_tx, &conf);
	if (ret == 0)
		ret = setup_queues(port_id, nb_queues, nb_tx);
	if (ret == 0)
		ret = rte_eth_dev_start(port_id);
	if (ret != 0)
		goto fail;
	/* A port that cannot see what is not for it still sees what is. */
	ret = rte_eth_promiscuous_enable(port_id);
	if (ret != 0 && ret != -ENOTSUP)
		fprintf(stderr, "port %u: cannot be made promiscuous: %s\n", port_id,
			strerror(-ret));
	return 0;

fail:
	fprintf(stderr, "port %u: cannot be started with %u receive queues: %s\n", port_id,
		nb_queues, strerror(-ret));
	return ret;
}

void
port_close(uint16_t port_id)
{
	rte_eth_dev_stop(port_id);
	rte_eth_dev_close(port_id);
}

void
port_get_losses(struct port_losses *losses)
{
	struct rte_eth_stats stats;
	uint16_t port_id;

	memset(losses, 0, sizeof(*losses));
	RTE_ETH_FOREACH_DEV(port_id) {
		if (rte_eth_stats_get(port_id, &stats) != 0)
			continue;
		losses->missed += stats.imissed;
		losses->errors += stats.ierrors;
		losses->no_mbufs += stats.rx_nombuf;
	}
}
