/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: the program's course: options, EAL, reservation, ports, workers, reports, end.
 * Must not: handle packets. Errors say what was asked, what there is, and what to do.
 * Called by: the user. Read it top-down: main() comes first, then each step in its order.
 */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_cycles.h>
#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_ethdev.h>
#include <rte_fastmem.h>
#include <rte_launch.h>
#include <rte_lcore.h>
#include <rte_reserve.h>

#include "capture_file.h"
#include "options.h"
#include "port.h"
#include "report.h"
#include "worker.h"

/* What the steps hand on to each other. */
struct app {
	struct options opts;
	int own_argc; /* what follows "--" */
	char **own_argv;
	int capture_fd; /* -1: live ports */
	struct capture_info capture_info;
	int node_ids[OPTIONS_RESERVES_MAX]; /* with a reservation */
	unsigned int nb_nodes;
	uint16_t ports[RTE_MAX_ETHPORTS];
	unsigned int nb_ports;
	unsigned int nb_started;
	unsigned int lcores[RTE_MAX_LCORE]; /* that can be workers */
	unsigned int nb_lcores;
	struct worker *workers[RTE_MAX_LCORE];
	unsigned int nb_workers;
	uint64_t start_tsc;
	uint64_t next_report_tsc;
	struct report report;
};

static int
read_command_line(struct app *app, int argc, char **argv);
static int
start_eal(int argc, char **argv);
static int
reserve_memory(struct app *app);
static int
find_ports(struct app *app);
static void
find_lcores(struct app *app);
static int
start_ports_and_workers(struct app *app);
static void
run(struct app *app);
static int
finish(struct app *app);
static void
close_ports(struct app *app);

int
main(int argc, char **argv)
{
	static struct app app;
	int ret;

	ret = read_command_line(&app, argc, argv);
	if (ret != 0)
		return ret > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
	if (start_eal(argc, argv) < 0)
		return EXIT_FAILURE;

	/* Memory first, before anything else can take it; nothing grows once this is done. */
	ret = reserve_memory(&app);
	if (ret == 0)
		ret = find_ports(&app);
	if (ret == 0) {
		find_lcores(&app);
		ret = start_ports_and_workers(&app);
	}
	if (ret == 0) {
		run(&app);
		ret = finish(&app);
	}

	close_ports(&app);
	rte_fastmem_deinit();
	rte_eal_cleanup();
	return ret == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The own part of the command line; its first argument, the name, is the "--". */
static char **
own_arguments(int argc, char **argv, int *own_argc)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--") == 0) {
			*own_argc = argc - i;
			return argv + i;
		}
	}
	*own_argc = 1;
	return argv;
}

/* Before EAL starts, so that what is wrong is said at once. 1: there is nothing to do. */
static int
read_command_line(struct app *app, int argc, char **argv)
{
	char error[256];
	int ret;

	app->capture_fd = -1;
	app->own_argv = own_arguments(argc, argv, &app->own_argc);
	ret = options_parse(app->own_argc, app->own_argv, &app->opts, error, sizeof(error));
	if (ret > 0)
		fputs(options_usage, stdout);
	else if (ret < 0)
		fprintf(stderr, "%s\n\n%s", error, options_usage);
	if (ret != 0 || app->opts.capture == NULL)
		return ret;

	app->capture_fd = capture_file_open(app->opts.capture, &app->capture_info);
	return app->capture_fd < 0 ? app->capture_fd : 0;
}

static void
print_usage(const char *program)
{
	RTE_SET_USED(program);
	printf("\n%s", options_usage);
}

static void
on_signal(int number)
{
	RTE_SET_USED(number);
	worker_stop_all();
}

static int
start_eal(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_signal };

	rte_set_application_usage_hook(print_usage);
	if (rte_eal_init(argc, argv) < 0) {
		fprintf(stderr,
			"EAL did not start: %s; without hugepages give it --no-huge -m 512\n",
			rte_strerror(rte_errno));
		return -rte_errno;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	return 0;
}

static bool
is_reserved(const struct app *app, int node_id)
{
	unsigned int i;

	for (i = 0; i < app->nb_nodes; i++)
		if (app->node_ids[i] == node_id)
			return true;
	return false;
}

static bool
is_set(const char *variable)
{
	const char *value = getenv(variable);

	return value != NULL && *value != '\0';
}

/* Whether it is a plan that says what to reserve; --reserve is more than what the environment says. */
static bool
has_plan(const struct app *app)
{
	return app->opts.plan_given ||
	       (!app->opts.reserve_given &&
		(is_set(RTE_RESERVE_ENV_PLAN) || is_set(RTE_RESERVE_ENV_CONFIG)));
}

/* --reserve, as a plan. */
static int
apply_option(const struct app *app)
{
	char text[OPTIONS_RESERVES_MAX * 32] = "";
	const struct option_reserve *reserve;
	struct rte_reserve_plan *plan;
	size_t len = 0;
	unsigned int i;
	int node_id;
	int ret;

	for (i = 0; i < app->opts.nb_reserves; i++) {
		reserve = &app->opts.reserve[i];
		node_id = reserve->node_id;
		if (node_id == OPTIONS_MAIN_NODE)
			node_id = rte_lcore_to_socket_id(rte_get_main_lcore());
		len += snprintf(text + len, sizeof(text) - len, "%s%d=%zuK", i == 0 ? "" : ",",
				node_id, (reserve->size + 1023) >> 10);
	}
	ret = rte_reserve_parse(NULL, text, &plan);
	if (ret == 0) {
		ret = rte_reserve_apply(plan);
		rte_reserve_plan_free(plan);
	}
	return ret;
}

/* The only memory that flows will ever have. */
static int
reserve_memory(struct app *app)
{
	const struct rte_numa_topology *topo;
	int node_id;
	int ret;

	ret = has_plan(app) ? rte_reserve_from_args(&app->own_argc, app->own_argv) :
			      apply_option(app);
	if (ret != 0) {
		fprintf(stderr, "cannot reserve memory: %s\n", rte_reserve_error());
		return ret;
	}
	rte_fastmem_set_growth(RTE_NUMA_NODE_ANY, false);
	topo = rte_numa_topology_self();
	RTE_NUMA_FOREACH_NODE(node_id, topo, RTE_NUMA_WITH_MEMORY)
		if (rte_fastmem_reserved(node_id) != 0 && app->nb_nodes < RTE_DIM(app->node_ids))
			app->node_ids[app->nb_nodes++] = node_id;
	return 0;
}

/* The capture's port alone where there is one, else all that EAL has. */
static int
find_ports(struct app *app)
{
	uint16_t port_id;
	int ret;

	if (app->capture_fd >= 0) {
		ret = port_add_capture(app->capture_fd, &app->ports[0]);
		app->nb_ports = ret == 0;
		return ret;
	}
	RTE_ETH_FOREACH_DEV(port_id)
		app->ports[app->nb_ports++] = port_id;
	if (app->nb_ports == 0) {
		fprintf(stderr, "no port: give --capture FILE after --, or EAL's -a or --vdev "
				"before it\n");
		return -ENODEV;
	}
	return 0;
}

/* The worker lcores; the main lcore does it all where it is alone. */
static void
find_lcores(struct app *app)
{
	unsigned int lcore_id;

	RTE_LCORE_FOREACH_WORKER(lcore_id)
		app->lcores[app->nb_lcores++] = lcore_id;
	if (app->nb_lcores == 0)
		app->lcores[app->nb_lcores++] = rte_get_main_lcore();
}

/* Whether time is what packets say: only if all do, since two kinds of time cannot be mixed. */
static bool
use_packet_time(const struct app *app)
{
	unsigned int i;

	for (i = 0; i < app->nb_ports; i++)
		if (!port_has_packet_time(app->ports[i]))
			return false;
	return true;
}

static int
add_worker(struct app *app)
{
	unsigned int lcore_id = app->lcores[app->nb_workers];
	struct worker_config config = {
		.lcore_id = lcore_id,
		.flow = {
			.id = lcore_id,
			.node_id = rte_lcore_to_socket_id(lcore_id),
			.max_flows = app->opts.max_flows,
			.timeout_s = app->opts.flow_timeout_s,
			.window = app->opts.window,
			.top = app->opts.top,
		},
		.capture_packets = app->capture_info.nb_packets,
		.is_capture = app->capture_fd >= 0,
		.packet_time = use_packet_time(app),
	};
	struct worker *worker;

	if (!is_reserved(app, config.flow.node_id)) {
		fprintf(stderr,
			"lcore %u is on node %d, of which nothing is reserved; add %d=SIZE to "
			"--reserve or to the plan, or leave the lcore out of EAL's -l\n",
			lcore_id, config.flow.node_id, config.flow.node_id);
		return -EINVAL;
	}
	worker = worker_create(&config);
	if (worker == NULL) {
		fprintf(stderr,
			"lcore %u: no memory for a worker with %u flows: %s; reserve more on node "
			"%d, or give EAL more\n",
			lcore_id, config.flow.max_flows, rte_strerror(rte_errno),
			config.flow.node_id);
		return -rte_errno;
	}
	app->workers[app->nb_workers++] = worker;
	return 0;
}

/* Deal a port's queues out to the workers, in turn. */
static int
add_queues(struct app *app, uint16_t port_id, unsigned int nb_queues, unsigned int *turn)
{
	struct worker *worker;
	unsigned int i;

	for (i = 0; i < nb_queues; i++) {
		worker = app->workers[(*turn)++ % app->nb_workers];
		if (!worker_add_queue(worker, port_id, i)) {
			fprintf(stderr,
				"a worker can poll %u queues, and there are more; use more "
				"lcores\n",
				WORKER_QUEUES_MAX);
			return -ENOSPC;
		}
	}
	return 0;
}

/* As many workers as there are queues, at most one an lcore. */
static int
add_workers(struct app *app, unsigned int nb_queues)
{
	int ret = 0;

	while (app->nb_workers < RTE_MIN(nb_queues, app->nb_lcores) && ret == 0)
		ret = add_worker(app);
	if (ret == 0 && app->nb_workers < app->nb_lcores)
		printf("%u receive queue%s in all: %u of %u worker lcores stay idle\n", nb_queues,
		       nb_queues == 1 ? "" : "s", app->nb_lcores - app->nb_workers, app->nb_lcores);
	return ret;
}

static int
start_ports_and_workers(struct app *app)
{
	unsigned int queues[RTE_MAX_ETHPORTS];
	unsigned int nb_queues = 0;
	unsigned int turn = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < app->nb_ports; i++) {
		queues[i] = port_queues(app->ports[i], app->nb_lcores);
		ret = port_start(app->ports[i], queues[i]);
		if (ret != 0)
			return ret;
		app->nb_started++;
		nb_queues += queues[i];
	}
	/* After the ports: a driver makes the field of the packets' time when it starts. */
	ret = add_workers(app, nb_queues);
	for (i = 0; i < app->nb_ports && ret == 0; i++)
		ret = add_queues(app, app->ports[i], queues[i], &turn);
	if (ret == 0)
		ret = report_init(&app->report, app->opts.top);
	return ret;
}

/* Print the report, and write it. The parts that were added are those of the moment. */
static int
publish(struct app *app)
{
	struct report *report = &app->report;
	int ret;

	report->capture = app->opts.capture;
	report->capture_info = app->capture_info;
	report->seconds = (double)(rte_rdtsc() - app->start_tsc) / rte_get_tsc_hz();
	report_end(report);
	report_print(report);
	if (app->opts.json == NULL)
		return 0;
	ret = report_write_json(report, app->opts.json);
	if (ret != 0)
		fprintf(stderr, "cannot write the report to %s: %s\n", app->opts.json,
			strerror(-ret));
	return ret;
}

/* Whether --interval says that it is time for a report. */
static bool
is_report_due(struct app *app)
{
	uint64_t now = rte_rdtsc();

	if (app->opts.interval_s == 0 || now < app->next_report_tsc)
		return false;
	app->next_report_tsc = now + app->opts.interval_s * rte_get_tsc_hz();
	return true;
}

static void
report_now(struct app *app, bool on_main)
{
	const struct worker_snapshot *snapshot;
	struct worker *worker;
	unsigned int i;

	report_begin(&app->report, app->node_ids, app->nb_nodes);
	for (i = 0; i < app->nb_workers; i++) {
		worker = app->workers[i];
		snapshot = on_main ? worker_snapshot(worker) : worker_snapshot_running(worker);
		report_add_memory(&app->report, worker_node(worker), &snapshot->mem,
				  rte_fastmem_usable_size(worker));
		report_add_traffic(&app->report, snapshot);
	}
	/* A report that cannot be written now is said to be so; the last one decides the exit. */
	publish(app);
}

/* Alone, the main lcore polls, and reports in between. */
static void
run_on_main(struct app *app)
{
	while (!worker_is_done(app->workers[0])) {
		worker_poll(app->workers[0]);
		if (is_report_due(app))
			report_now(app, true);
	}
}

static bool
is_any_running(void)
{
	unsigned int lcore_id;

	RTE_LCORE_FOREACH_WORKER(lcore_id) {
		if (rte_eal_get_lcore_state(lcore_id) == RUNNING)
			return true;
	}
	return false;
}

/* Run a function with each worker, on the worker's own lcore. */
static void
launch(struct app *app, lcore_function_t *function)
{
	unsigned int i;

	for (i = 0; i < app->nb_workers; i++)
		rte_eal_remote_launch(function, app->workers[i], app->lcores[i]);
}

static void
run_on_workers(struct app *app)
{
	launch(app, worker_run);
	while (is_any_running()) {
		rte_delay_us_sleep(1000);
		if (is_report_due(app))
			report_now(app, false);
	}
	rte_eal_mp_wait_lcore();
}

static bool
is_main_alone(const struct app *app)
{
	return app->lcores[0] == rte_get_main_lcore();
}

/* Until the capture is read or someone says stop. */
static void
run(struct app *app)
{
	app->start_tsc = rte_rdtsc();
	app->next_report_tsc = app->start_tsc + app->opts.interval_s * rte_get_tsc_hz();
	if (is_main_alone(app))
		run_on_main(app);
	else
		run_on_workers(app);
}

/* A capture has to be read to its end, unless someone said stop. */
static int
check_capture_read(const struct app *app)
{
	uint64_t packets = app->report.total.counters.packets;

	if (app->capture_fd < 0 || worker_stopping() || packets == app->capture_info.nb_packets)
		return 0;
	fprintf(stderr,
		"only %" PRIu64 " of %" PRIu64 " packets of %s could be read; ports lost %" PRIu64
		" for want of buffers; was the file changed meanwhile?\n",
		packets, app->capture_info.nb_packets, app->opts.capture,
		app->report.losses.no_mbufs);
	return -EIO;
}

/* Everything was given back, so nothing can be in use. */
static int
check_nothing_left(struct app *app)
{
	struct rte_fastmem_stats stats;

	rte_fastmem_stats(&stats);
	app->report.left_bytes = stats.bytes_in_use;
	if (stats.bytes_in_use == 0)
		return 0;
	fprintf(stderr,
		"%" PRIu64 " bytes are still in use after everything was given back: this "
		"is a bug, please report it\n",
		stats.bytes_in_use);
	return -EBUSY;
}

/* The memory as it is at the end of the traffic, before flows give it back. */
static void
add_memory(struct app *app)
{
	const struct worker_snapshot *snapshot;
	unsigned int i;

	report_begin(&app->report, app->node_ids, app->nb_nodes);
	for (i = 0; i < app->nb_workers; i++) {
		snapshot = worker_snapshot(app->workers[i]);
		report_add_memory(&app->report, worker_node(app->workers[i]), &snapshot->mem,
				  rte_fastmem_usable_size(app->workers[i]));
	}
}

/* End all flows, which delivers what is held; then the traffic's sums are final. */
static void
end_flows(struct app *app)
{
	unsigned int i;

	if (is_main_alone(app)) {
		worker_finish(app->workers[0]);
	} else {
		launch(app, worker_finish);
		rte_eal_mp_wait_lcore();
	}
	for (i = 0; i < app->nb_workers; i++) {
		report_add_traffic(&app->report, worker_snapshot(app->workers[i]));
		worker_free(app->workers[i]);
	}
}

static int
finish(struct app *app)
{
	int ret_left;
	int ret_read;
	int ret;

	app->report.is_final = true;
	add_memory(app);
	end_flows(app);
	ret_left = check_nothing_left(app);
	ret_read = check_capture_read(app);
	ret = publish(app);
	report_free(&app->report);
	if (ret == 0)
		ret = ret_read;
	return ret == 0 ? ret_left : ret;
}

static void
close_ports(struct app *app)
{
	unsigned int i;

	for (i = 0; i < app->nb_started; i++)
		port_close(app->ports[i]);
	if (app->capture_fd >= 0)
		close(app->capture_fd);
}
