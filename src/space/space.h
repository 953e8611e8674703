/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_SPACE_H
#define VAS_SRC_SPACE_SPACE_H

/*
 * The space itself, seen from inside.
 *
 * Each call has two phases. First vas_space_reserve gets every node that the call can need: spare
 * areas, index nodes, what the listeners ask for. Then the call commits, in the same small steps
 * as the kernel's (split, take, drop, insert), none of which can fail for want of memory. What can
 * still stop a call half-way are Linux's own reasons (a sealed area, the number of areas), with
 * Linux's partial effects.
 */

#include <vas/space.h>

struct vas_name {
	uint32_t references;
	uint32_t length;
	char text[];
};

struct vas_space {
	struct vas_index *index;
	const struct vas_allocator *allocator;
	struct vas_settings *settings;
	struct vas_layout layout;
	struct vas_limits limits;
	uint32_t privileges;
	uint32_t personality;
	bool refuse_exec_gain, exec_gain_inherited;
	enum vas_fit fit;
	uint64_t future_flags; /* mlockall(MCL_FUTURE) */
	uint64_t total, locked, data, exec, stack;
	uint64_t locked_lost; /* of `locked`: pages that no locked area has (remap.c tells why) */
	uint32_t keys;	      /* protection keys in use, a bit each */

	struct vas_area *spare; /* reserved areas, chained through `user` */
	size_t spares;
	size_t link_bytes, area_bytes;
	size_t size; /* of this structure with the listeners' bytes */
	struct {
		const struct vas_listener *listener;
		void *data;
		size_t offset;	     /* of its bytes in an area */
		size_t space_offset; /* and in the space, behind this structure */
	} listeners[VAS_LISTENERS_MAX];
	unsigned listener_count;
	void *home; /* the machine's data for this space; NULL: it has no machine */
	bool quiet; /* nothing is told: the listeners have not heard of these areas */
};

/*
 * Every public call that changes a space is made so: the listeners' locks around it, and once more
 * when a listener could not get what it needs at first and has it now.
 */
void vas_enter(struct vas_space *space);
bool vas_leave(struct vas_space *space, int *err);

#define VAS_CALL(space, call)                                                                      \
	({                                                                                         \
		int err_;                                                                          \
                                                                                                   \
		do {                                                                               \
			vas_enter(space);                                                          \
			err_ = (call);                                                             \
		} while (vas_leave(space, &err_));                                                 \
		err_;                                                                              \
	})

/* Spare areas that stay with the space between calls. */
#define VAS_SPARES_KEPT 4

/* vas_space_create, for a fork's child too: `parent` is NULL or its parent. */
int vas_space_make(const struct vas_space_config *config, struct vas_space *parent,
		   struct vas_space **space);

/* Where a listener's bytes stand, counted from an area. => it listens to the space. */
static inline size_t vas_space_area_offset(const struct vas_space *space,
					   const struct vas_listener *listener)
{
	unsigned i = 0;

	while (space->listeners[i].listener != listener)
		i++;
	return space->listeners[i].offset;
}

/* May it be accessed so? As Linux on x86: what may be written or executed may be read. */
static inline bool vas_area_allows(const struct vas_area *area, enum vas_access access)
{
	if ((access & VAS_ACCESS_WRITE) != 0)
		return (area->flags & VAS_AREA_WRITE) != 0;
	if ((access & VAS_ACCESS_EXEC) != 0)
		return (area->flags & VAS_AREA_EXEC) != 0;
	return (area->flags & VAS_AREA_ACCESS) != 0;
}

static inline bool vas_space_may(const struct vas_space *space, uint32_t privilege)
{
	return (space->privileges & privilege) != 0;
}

static inline bool vas_space_full(const struct vas_space *space)
{
	return vas_index_count(space->index) >= space->settings->max_map_count;
}

#endif
