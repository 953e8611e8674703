/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The lists by age, and what the validator says when they are not whole. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "world.h"

static struct world world;
static char said[512];
static unsigned part; /* of the lists, where the pages lie */

static void listen(void *context, const char *text, size_t length)
{
	size_t at = strlen(said);

	(void)context;
	if (length > sizeof(said) - 1 - at)
		length = sizeof(said) - 1 - at;
	memcpy(said + at, text, length);
	said[at + length] = '\0';
}

static void expect_broken(const char *id)
{
	const struct vas_printer printer = { .print = listen };

	said[0] = '\0';
	assert_false(vas_memory_validate(&world.memory, &printer));
	assert_int_equal(strncmp(said, id, strlen(id)), 0);
}

/* Five pages in one part of the lists; pages[0] is the oldest. */
static void start(struct vas_page *pages[5])
{
	struct world_space *in;
	size_t found = 0;

	world_start(&world, NULL, NULL, 128, 0);
	in = world_space(&world, 64);
	for (uint64_t page = 0; page < 64; page++)
		world_put(in, page, 1);
	part = vas_frame_number(world.memory.frames, world_page(in, 63)) % VAS_SHARED_SLOTS;
	for (uint64_t page = 0; page < 64 && found < 5; page++) {
		uint32_t number = vas_frame_number(world.memory.frames, world_page(in, page));

		if (number % VAS_SHARED_SLOTS == part)
			pages[found++] = world_page(in, page);
	}
	assert_int_equal(found, 5);
}

static void the_oldest_come_first(void **state)
{
	struct vas_page *pages[5], *taken[8];
	struct vas_lru *lru = &world.memory.lru;

	(void)state;
	start(pages);
	vas_lru_activate(lru, pages[1]);
	vas_lru_age(lru, pages[4]);
	assert_int_equal(vas_lru_take_oldest(lru, part, VAS_LRU_PRIVATE_INACTIVE, taken, 3), 3);
	assert_ptr_equal(taken[0], pages[4]);
	assert_ptr_equal(taken[1], pages[0]);
	assert_ptr_equal(taken[2], pages[2]);
	assert_int_equal(vas_lru_count(lru, part, VAS_LRU_PRIVATE_ACTIVE), 1);
	/* On no list: nothing moves them. */
	vas_lru_activate(lru, taken[0]);
	assert_int_equal(taken[0]->flags & VAS_PAGE_LISTED, 0);
	for (int i = 0; i < 3; i++) {
		vas_lru_add(lru, taken[i], false);
		vas_lru_add(lru, taken[i], true); /* is there already */
		vas_page_put(&world.memory, taken[i]);
	}
	assert_int_equal(vas_lru_total(lru), 64);
	world_check(&world);
	world_finish(&world);
}

static void the_validator_names_what_is_broken(void **state)
{
	struct vas_page *pages[5];
	struct vas_lru_list *list;
	uint32_t kept;

	(void)state;
	start(pages);
	list = &world.memory.lru.parts[part].lists[VAS_LRU_PRIVATE_INACTIVE];
	kept = pages[1]->prev;
	pages[1]->prev = 0;
	expect_broken("LRU-1");
	pages[1]->prev = kept;

	list->count++;
	expect_broken("LRU-2");
	list->count--;
	kept = list->last;
	list->last = 0;
	expect_broken("LRU-2");
	list->last = kept;

	pages[2]->flags |= VAS_PAGE_ACTIVE;
	expect_broken("LRU-3");
	pages[2]->flags &= ~(uint32_t)VAS_PAGE_ACTIVE;

	pages[2]->references -= 1;
	expect_broken("LRU-4");
	pages[2]->references += 1;

	vas_lru_remove(&world.memory.lru, pages[0]);
	expect_broken("LRU-5");
	vas_lru_add(&world.memory.lru, pages[0], false);

	pages[3]->flags |= VAS_PAGE_LOCKED;
	expect_broken("LRU-6");
	pages[3]->flags &= ~(uint32_t)VAS_PAGE_LOCKED;

	pages[3]->mapcount++;
	expect_broken("LRU-7");
	pages[3]->mapcount--;
	world_check(&world);
	world_finish(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_oldest_come_first),
		cmocka_unit_test(the_validator_names_what_is_broken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
