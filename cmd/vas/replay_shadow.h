/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_REPLAY_SHADOW_H
#define VAS_CMD_REPLAY_SHADOW_H

/*
 * What every page of every space must hold: tokens, kept beside the machine and told of changes by
 * the spaces' operations only.
 */

#include <vas/space.h>

#include "page_map.h"
#include "replay_token.h"

/* A file or a piece of shared memory. */
struct shadow_object {
	struct page_map tokens; /* of struct token */
	uint64_t number;
	uint64_t size, made_up; /* bytes; below made_up it holds TOKEN_FILE, else zeroes */
};

struct shadow {
	struct shadow_space *first; /* all spaces */
	uint64_t number;	    /* of the last token */
	bool spaces_only;	    /* no tokens are kept */
	/* The object that an area maps; NULL: none. */
	struct shadow_object *(*object_of)(const struct vas_area *area);
};

/* A listener for all spaces; its data is the shadow. */
extern const struct vas_listener shadow_listener;

void shadow_object_init(struct shadow_object *object, uint64_t number, uint64_t size,
			uint64_t made_up);
void shadow_object_free(struct shadow_object *object);
/* Before the machine hears of it. */
void shadow_resize(struct shadow *shadow, struct shadow_object *object, uint64_t size);

/* How many bytes of a page of this object lie before its end. */
size_t shadow_valid(const struct shadow_object *object, uint64_t page);

/* What the page at an address of the area holds. */
struct token shadow_expected(struct shadow *shadow, const struct vas_area *area, uint64_t address);
struct token shadow_object_expected(const struct shadow_object *object, uint64_t page);

/* From now on it holds this. */
void shadow_set(struct shadow *shadow, const struct vas_area *area, uint64_t address,
		const struct token *token);

/* May others see what is written to the area? */
static inline bool shadow_shared(const struct vas_area *area)
{
	return (area->flags & (VAS_AREA_SHARED | VAS_AREA_MAY_SHARE)) != 0;
}

/* The page of its object that an area shows at an address. */
uint64_t shadow_index(const struct vas_area *area, uint64_t address);

/* Calls `visit` with each address of the space that holds a token of its own. It must not change
 * areas. */
typedef void shadow_fn(void *context, uint64_t address);
void shadow_each(struct vas_space *space, shadow_fn *visit, void *context);

/* All spaces, one after the other; NULL: the first; returns NULL after the last. */
struct vas_space *shadow_next(struct shadow *shadow, struct vas_space *space);

#endif
