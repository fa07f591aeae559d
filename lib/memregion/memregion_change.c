/* SPDX-License-Identifier: BSD-3-Clause */
/* Copyright (c) 2026 The fastmem authors */

/*
 * Owns: a region's pages after it was made: another policy, what has drifted, bringing it back.
 * Must not: make system calls itself, or change a mapping.
 * Called by: applications and every library above.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memregion_priv.h"

/* Into so many stretches at most is a region cut to spread it over nodes. */
#define STRETCHES 4096

/* This library says ENOTSUP for what a kernel does not have. */
static int
fail_as_membind(int error, const struct mr_place *place)
{
	struct mr_nodes_text nodes;
	bool any = !rte_numa_mask_empty(&place->nodes);

	return mr_fail(error == -ENOSYS ? -ENOTSUP : error, "policy %s%s%s: %s",
		       rte_membind_policy_name(place->policy), any ? " on " : "",
		       any ? mr_nodes_text(&nodes, &place->nodes) : "", rte_membind_error());
}

static uint64_t
bytes_on(const struct rte_membind_location *location, const struct rte_numa_mask *nodes)
{
	uint64_t bytes = 0;
	int node_id;

	RTE_NUMA_MASK_FOREACH(node_id, nodes)
		bytes += location->on_node[node_id];
	return bytes;
}

/*
 * Interleaving decides about pages to come: those that are there stay if they are on one of the
 * nodes. Move them in turn, stretch by stretch.
 */
static void
spread(struct rte_memregion *region, const struct mr_place *place)
{
	size_t step = region->size / STRETCHES / region->rung.page_size * region->rung.page_size;
	struct rte_numa_mask one;
	int node_id = -1;

	if (step == 0)
		step = region->rung.page_size;
	for (size_t offset = 0; offset < region->size; offset += step) {
		size_t left = region->size - offset;

		node_id = rte_numa_mask_next(&place->nodes, node_id);
		if (node_id < 0)
			node_id = rte_numa_mask_next(&place->nodes, -1);
		rte_numa_mask_only(&one, node_id);
		/* A page that stays is seen afterwards. */
		rte_membind_migrate(region->addr + offset, left < step ? left : step, &one, 0, NULL,
				    NULL, 0);
	}
}

/* Set a policy, and take the pages that are there along. */
static int
enforce(struct rte_memregion *region, const struct mr_place *place)
{
	unsigned int strict = region->wished.strict ? RTE_MEMBIND_F_STRICT : 0;
	int ret;

	ret = rte_membind_set_range(region->addr, region->size, place->policy, &place->nodes,
				    RTE_MEMBIND_F_MIGRATE | strict);
	/* First touch moves nothing by itself, and neither does a policy whose nodes suit a page. */
	if (ret == 0)
		ret = rte_membind_migrate(region->addr, region->size, &place->targets, strict, NULL,
					  NULL, 0);
	if (ret < 0)
		return fail_as_membind(ret, place);
	return 0;
}

/* How far the policy is met now. */
static void
judge_policy(const struct rte_memregion *region, struct mr_sight *sight,
	     struct rte_memregion_account *account)
{
	struct rte_memregion_account accounts[RTE_MEMREGION_NB_WISHES];

	mr_build_look(region, sight);
	mr_judge(region, sight, accounts);
	*account = accounts[RTE_MEMREGION_WISH_POLICY];
}

/* The policy that the region has now; of a strict one it is seen to. */
static int
enforce_all(struct rte_memregion *region, struct mr_sight *sight)
{
	struct rte_memregion_account account;
	int ret = enforce(region, &region->place);

	if (ret < 0)
		return ret;
	judge_policy(region, sight, &account);
	if (region->place.policy == RTE_MEMBIND_INTERLEAVE &&
	    account.reason == RTE_MEMREGION_REASON_MISPLACED) {
		spread(region, &region->place);
		judge_policy(region, sight, &account);
	}
	/* Pages that do not exist come by the policy when they do. */
	if (region->wished.strict && account.level > RTE_MEMREGION_ENFORCED &&
	    account.reason != RTE_MEMREGION_REASON_NOT_YET)
		return mr_fail(mr_reason_errno(account.reason), "policy %s: %s",
			       rte_membind_policy_name(region->place.policy), account.text);
	return 0;
}

/* As far as it goes: the failure that led here is what the caller is told. */
static void
put_back(struct rte_memregion *region)
{
	const struct mr_place *place = &region->place;
	unsigned int strict = region->wished.strict ? RTE_MEMBIND_F_STRICT : 0;

	if (rte_membind_set_range(region->addr, region->size, place->policy, &place->nodes,
				  RTE_MEMBIND_F_MIGRATE | strict) < 0 &&
	    strict != 0)
		rte_membind_set_range(region->addr, region->size, place->policy, &place->nodes,
				      RTE_MEMBIND_F_MIGRATE);
	rte_membind_migrate(region->addr, region->size, &place->targets, 0, NULL, NULL, 0);
}

/* What rebinding changes. */
struct binding {
	struct mr_wished wished;
	struct mr_place place;
	struct mr_fault fault;
};

static struct binding
binding_of(const struct rte_memregion *region)
{
	return (struct binding){
		.wished = region->wished,
		.place = region->place,
		.fault = region->faults[RTE_MEMREGION_WISH_POLICY],
	};
}

static void
set_binding(struct rte_memregion *region, const struct binding *binding)
{
	region->wished = binding->wished;
	region->place = binding->place;
	region->faults[RTE_MEMREGION_WISH_POLICY] = binding->fault;
}

/* What a region's wishes come to on this machine as it is now. */
static int
plan(struct binding *binding, const struct mr_facts *facts)
{
	memset(&binding->fault, 0, sizeof(binding->fault));
	mr_place_plan(&binding->wished, facts, &binding->place, &binding->fault);
	if (binding->wished.strict && binding->fault.reason != RTE_MEMREGION_REASON_NONE)
		return mr_fail(mr_reason_errno(binding->fault.reason), "policy %s: %s",
			       rte_membind_policy_name(binding->wished.policy),
			       binding->fault.text);
	return 0;
}

static int
rebind(struct rte_memregion *region, const struct binding *next, struct mr_sight *sight)
{
	struct binding before = binding_of(region);
	int ret;

	set_binding(region, next);
	ret = enforce_all(region, sight);
	if (ret < 0) {
		set_binding(region, &before);
		put_back(region);
	}
	mr_build_remember(region);
	return ret;
}

int
rte_memregion_rebind(struct rte_memregion *region, enum rte_membind_policy policy,
		     const struct rte_numa_mask *nodes)
{
	struct mr_sight *sight = malloc(sizeof(*sight));
	struct mr_facts facts;
	struct binding next;
	int ret;

	if (sight == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	pthread_mutex_lock(&region->lock);
	next = binding_of(region);
	ret = mr_opts_check_policy(policy, nodes, &next.wished);
	if (ret == 0)
		ret = mr_facts_nodes(&facts);
	if (ret == 0)
		ret = plan(&next, &facts);
	if (ret == 0)
		ret = rebind(region, &next, sight);
	pthread_mutex_unlock(&region->lock);
	free(sight);
	return ret;
}

/* The first page that is on none of the nodes; there is one. */
static char *
first_elsewhere(const struct rte_memregion *region, const struct rte_numa_mask *nodes,
		struct rte_membind_location *location)
{
	size_t page = region->rung.page_size, left = region->size;
	char *addr = region->addr;

	while (left > page) {
		size_t half = left / page / 2 * page;

		if (rte_membind_locate(addr, half, location) < 0)
			return addr;
		if (location->present > bytes_on(location, nodes)) {
			left = half;
		} else {
			addr += half;
			left -= half;
		}
	}
	return addr;
}

/*
 * Automatic balancing leaves alone what has a policy of its own, as regions have wherever one could
 * be set.
 */
static bool
may_be_balanced(const struct rte_memregion *region)
{
	char balancing[8];

	return (!region->bound_known || region->bound_policy == RTE_MEMBIND_DEFAULT) &&
	       mr_os_read("/proc/sys/kernel/numa_balancing", balancing, sizeof(balancing)) == 0 &&
	       balancing[0] != '0';
}

/* What may have moved pages, as far as it can be told afterwards. */
static void
guess_cause(const struct rte_memregion *region, struct rte_memregion_audit *audit)
{
	struct mr_nodes_text nodes, allowed;
	struct mr_facts facts;

	if (audit->drifted > 0)
		mr_text_add(audit->text, sizeof(audit->text), "%zu of %zu bytes have left %s for ",
			    (size_t)audit->drifted, region->size,
			    rte_numa_mask_within(&audit->drifted_to, &region->place.targets) ?
				    "their share" :
				    mr_nodes_text(&nodes, &region->place.targets));
	if (audit->drifted > 0)
		mr_text_add(audit->text, sizeof(audit->text), "%s; ",
			    mr_nodes_text(&nodes, &audit->drifted_to));
	if (mr_facts_nodes(&facts) == 0 &&
	    !rte_numa_mask_within(&region->place.targets, &facts.allowed))
		mr_text_add(audit->text, sizeof(audit->text), "the cpuset allows only %s now",
			    mr_nodes_text(&allowed, &facts.allowed));
	else if (audit->policy_changed)
		mr_text_add(audit->text, sizeof(audit->text),
			    "the policy of the mapping was changed, by mbind(2) or a cpuset");
	else if (audit->drifted > 0 && may_be_balanced(region))
		mr_text_add(audit->text, sizeof(audit->text),
			    "automatic NUMA balancing is on (sysctl kernel.numa_balancing=0)");
	else if (audit->drifted > 0)
		mr_text_add(audit->text, sizeof(audit->text),
			    "moved by somebody: migrate_pages(2), move_pages(2), a cpuset");
}

static bool
policy_changed(const struct rte_memregion *region)
{
	enum rte_membind_policy policy;
	struct rte_numa_mask nodes;

	return region->bound_known &&
	       rte_membind_get_range(region->addr, region->size, &policy, &nodes, 0) == 0 &&
	       (policy != region->bound_policy ||
		!rte_numa_mask_equal(&nodes, &region->bound_nodes));
}

static int
audit_region(const struct rte_memregion *region, struct rte_membind_location *location,
	     struct rte_memregion_audit *result)
{
	struct rte_memregion_audit audit = { 0 };
	struct rte_numa_mask crowded;
	uint64_t uneven;
	int ret = rte_membind_locate(region->addr, region->size, location);

	if (ret < 0)
		return mr_fail(ret, "%s", rte_membind_error());
	audit.in_place = bytes_on(location, &region->place.targets);
	audit.drifted = location->present - audit.in_place;
	audit.absent = region->size - location->present;
	rte_numa_mask_andnot(&audit.drifted_to, &location->nodes, &region->place.targets);
	audit.policy_changed = policy_changed(region);
	uneven = mr_judge_uneven(region, location, &crowded);
	if (audit.drifted > 0)
		audit.first_drifted = first_elsewhere(region, &region->place.targets, location);
	audit.in_place -= uneven;
	audit.drifted += uneven;
	rte_numa_mask_or(&audit.drifted_to, &audit.drifted_to, &crowded);
	if (audit.drifted > 0 || audit.policy_changed)
		guess_cause(region, &audit);
	*result = audit;
	return 0;
}

int
rte_memregion_audit(struct rte_memregion *region, struct rte_memregion_audit *result)
{
	struct rte_membind_location *location;
	int ret;

	if (result == NULL)
		return mr_fail(-EINVAL, "nowhere to put the answer: the pointer to it is NULL");
	location = malloc(sizeof(*location));
	if (location == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	pthread_mutex_lock(&region->lock);
	ret = audit_region(region, location, result);
	pthread_mutex_unlock(&region->lock);
	free(location);
	return ret;
}

/* What was local to the creator stays so, wherever the one who repairs it runs. */
static int
repair(struct rte_memregion *region, struct mr_sight *sight)
{
	struct binding now = binding_of(region);
	struct mr_facts facts;
	int ret;

	if (region->wished.policy != RTE_MEMBIND_FIRST_TOUCH) {
		ret = mr_facts_nodes(&facts);
		if (ret == 0)
			ret = plan(&now, &facts);
		if (ret < 0)
			return ret;
		set_binding(region, &now);
	}
	ret = enforce_all(region, sight);
	mr_build_remember(region);
	return ret;
}

int
rte_memregion_repair(struct rte_memregion *region, struct rte_memregion_audit *result)
{
	struct mr_sight *sight = malloc(sizeof(*sight));
	struct rte_memregion_audit audit;
	int ret, seen;

	if (sight == NULL)
		return mr_fail(-ENOMEM, "out of memory");
	pthread_mutex_lock(&region->lock);
	ret = repair(region, sight);
	if (ret == 0 || ret == -EXDEV) {
		seen = audit_region(region, &sight->location, &audit);
		if (seen < 0)
			ret = seen;
		else if (result != NULL)
			*result = audit;
		if (ret == 0 && audit.drifted > 0)
			ret = mr_fail(-EXDEV, "some pages cannot be moved back: %s", audit.text);
	}
	pthread_mutex_unlock(&region->lock);
	free(sight);
	return ret;
}
