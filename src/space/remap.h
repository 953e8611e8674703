/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_SRC_SPACE_REMAP_H
#define VAS_SRC_SPACE_REMAP_H

/* mremap on its way, shared by what does it (remap.c) and what reserves for it (remap_reserve.c). */

#include "area.h"

struct vas_move {
	struct vas_space *space;
	uint64_t old, old_length;
	uint64_t to, new_length;
	uint64_t flags;
	struct vas_area *area; /* that holds `old` */
	bool populate;	       /* a locked area grew */
	bool foreseen;	       /* `place` is where it will go */
	uint64_t place;
	uint64_t grown;
	uint64_t cut; /* bytes that a move to a fixed place has left behind and unmapped */
};

static inline bool vas_has_target(const struct vas_move *move)
{
	return (move->flags & (VAS_REMAP_FIXED | VAS_REMAP_DONTUNMAP)) != 0;
}

/* Bytes of the pages that so much of this area touches: it may have huge ones. */
static inline uint64_t vas_whole_pages(const struct vas_area *area, uint64_t length)
{
	uint64_t mask;

	if (area == NULL || (area->flags & VAS_AREA_HUGE_PAGES) == 0 || area->file == NULL)
		return length;
	mask = area->file->huge_page - 1;
	return (length + mask) & ~mask;
}

/* Can the area grow at its end, where it is? */
bool vas_move_fits_in_place(const struct vas_move *move);

/* Where it goes, into move->to; what was foreseen is taken. */
int vas_move_choose_target(struct vas_move *move);

/* Reserves for all of it; `many`: for several areas. Fills in `area` and what can be foreseen. */
int vas_move_reserve(struct vas_space *space, struct vas_move *move, bool many);

#endif
