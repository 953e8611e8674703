/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Listeners: what they are told by each call, in order, and how they can stop one before it begins.
 * The operations of merges stand in test_merge.c, those of fork in test_fork.c, and so on.
 */

#include "fixture.h"

/* A listener that looks around whenever it is told something: nothing is half done then. */

struct watcher {
	const struct vas_space *space;
	uint64_t told;
	bool fails; /* reserve gives -VAS_ENOMEM */
	int open;   /* reserves without settle */
	uint64_t reserves;
};

static void look_around(const struct vas_space *space)
{
	struct vas_walk walk;
	struct vas_area *area;
	uint64_t end = 0;

	vas_walk_start(&walk, space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		assert_true(area->range.start >= end && area->range.start < area->range.end);
		assert_ptr_equal(area->space, space);
		assert_ptr_equal(vas_find(space, area->range.start), area);
		assert_ptr_equal(vas_find(space, area->range.end - 1), area);
		end = area->range.end;
	}
}

static void watch(void *data, struct vas_space *space, const struct vas_op *op)
{
	struct watcher *watcher = data;
	uint64_t *mark = vas_area_data(op->area, (const struct vas_listener *)NULL);

	assert_null(mark); /* nobody's bytes */
	watcher->told++;
	look_around(space);
	if (op->kind != VAS_OP_UNMAP && op->kind != VAS_OP_FREE && op->start < op->end)
		assert_ptr_equal(vas_find(space, op->start),
				 op->kind == VAS_OP_SPLIT ? op->other : op->area);
}

static int watch_reserve(void *data, struct vas_space *space, const struct vas_budget *budget)
{
	struct watcher *watcher = data;

	(void)budget;
	look_around(space);
	watcher->reserves++;
	if (watcher->fails)
		return -VAS_ENOMEM;
	watcher->open = 1;
	return 0;
}

static void watch_settle(void *data, struct vas_space *space)
{
	struct watcher *watcher = data;

	look_around(space);
	watcher->open = 0;
}

static const struct vas_listener watching = {
	.reserve = watch_reserve,
	.settle = watch_settle,
	.apply = watch,
};

static void use_watcher(struct fixture *f, struct watcher *watcher)
{
	f->config.listeners[1].listener = &watching;
	f->config.listeners[1].data = watcher;
	fixture_restart(f);
}

/* One of each call, over areas that it changes. */

static void set_up(struct fixture *f)
{
	f->settings.stack_guard_gap = 2 * VAS_PAGE_SIZE;
	assert_ok(map_pages(f, 0, 8, RW, VAS_POPULATE));
	assert_ok(map_pages(f, 8, 4, VAS_READ, 0));
	assert_ok(map_pages(f, 40, 4, RW, VAS_GROWSDOWN));
}

static int call_map(struct fixture *f)
{
	return map_pages(f, 2, 8, VAS_NONE, VAS_POPULATE);
}

static int call_unmap(struct fixture *f)
{
	return unmap_pages(f, 2, 2);
}

static int call_protect(struct fixture *f)
{
	return protect_pages(f, 2, 8, RX);
}

static int call_advise(struct fixture *f)
{
	return advise_pages(f, 2, 8, VAS_ADVICE_DONTFORK);
}

static int call_lock(struct fixture *f)
{
	return lock_pages(f, 2, 8);
}

static int call_unlock(struct fixture *f)
{
	return unlock_pages(f, 2, 8);
}

static int call_lock_all(struct fixture *f)
{
	return vas_lock_all(f->space, VAS_LOCK_ALL_CURRENT);
}

static int call_unlock_all(struct fixture *f)
{
	return vas_unlock_all(f->space);
}

static int call_seal(struct fixture *f)
{
	return seal_pages(f, 2, 2);
}

static int call_name(struct fixture *f)
{
	return name_pages(f, 2, 8, "x");
}

static int call_userfault(struct fixture *f)
{
	return vas_userfault(f->space, at(2), 8 * VAS_PAGE_SIZE, VAS_AREA_USERFAULT_MISSING, 1);
}

static int call_bind(struct fixture *f)
{
	return vas_bind(f->space, at(2), 8 * VAS_PAGE_SIZE, 1);
}

static int call_shrink(struct fixture *f)
{
	return remap_pages(f, 0, 8, 4, 0, NULL);
}

static int call_move(struct fixture *f)
{
	uint64_t to = 20;

	return remap_pages(f, 2, 8, 8, VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED, &to);
}

static int call_move_and_leave(struct fixture *f)
{
	uint64_t to = 20;

	return remap_pages(f, 0, 8, 8, VAS_REMAP_MAYMOVE | VAS_REMAP_DONTUNMAP, &to);
}

static int call_grow(struct fixture *f)
{
	return remap_pages(f, 8, 4, 10, VAS_REMAP_MAYMOVE, NULL);
}

static int call_brk(struct fixture *f)
{
	uint64_t now;

	return vas_brk(f->space, at(56), &now);
}

static int call_touch(struct fixture *f)
{
	return touch_page(f, 30, VAS_ACCESS_WRITE);
}

static int call_place(struct fixture *f)
{
	return vas_place(f->space,
			 &(struct vas_place){ { at(20), at(21) }, VAS_AREA_READ, 0, NULL, "[x]" });
}

static int call_fork(struct fixture *f)
{
	struct vas_space *child;
	int err = vas_fork(f->space, &child);

	if (err == 0)
		fixture_check(f, child);
	vas_space_destroy(child);
	return err;
}

static const struct {
	int (*call)(struct fixture *f);
} calls[] = {
	{ call_map },	 { call_unmap },  { call_protect },	   { call_advise },
	{ call_lock },	 { call_unlock }, { call_lock_all },	   { call_unlock_all },
	{ call_seal },	 { call_name },	  { call_userfault },	   { call_bind },
	{ call_shrink }, { call_move },	  { call_move_and_leave }, { call_grow },
	{ call_brk },	 { call_touch },  { call_place },	   { call_fork },
};

enum { CALLS = sizeof(calls) / sizeof(calls[0]) };

static void nothing_is_half_done(void **state)
{
	struct fixture *f = *state;
	static struct watcher watcher; /* heard of until the fixture is taken down */

	watcher = (struct watcher){ 0 };
	f->config.layout.start_brk = at(54);
	f->config.layout.brk = at(54);
	use_watcher(f, &watcher);
	for (size_t i = 0; i < CALLS; i++) {
		set_up(f);
		watcher.reserves = 0;
		assert_ok(calls[i].call(f));
		assert_true(watcher.reserves > 0);
		assert_int_equal(watcher.open, 0);
		fixture_restart(f);
	}
	assert_true(watcher.told > 100);
}

/* A listener that cannot stops the call: nothing has changed, nobody was told. */
static void a_listener_without_memory(void **state)
{
	struct fixture *f = *state;
	static struct watcher watcher; /* heard of until the fixture is taken down */
	struct vas_counts before, after;

	watcher = (struct watcher){ 0 };
	f->config.layout.start_brk = at(54);
	f->config.layout.brk = at(54);
	use_watcher(f, &watcher);
	for (size_t i = 0; i < CALLS; i++) {
		set_up(f);
		vas_space_count(f->space, &before);
		twin_clear_log(f->twin);
		watcher.fails = true;
		assert_error(VAS_ENOMEM, calls[i].call(f));
		watcher.fails = false;
		assert_told(f, "");
		assert_ruler(f, "AAAAAAAABBBB............................CCCC");
		assert_access(f, "wwwwwwwwrrrr............................wwww");
		vas_space_count(f->space, &after);
		/* The index may keep the nodes that it would have needed. */
		after.bytes = before.bytes;
		assert_memory_equal(&before, &after, sizeof(before));
		fixture_restart(f);
	}
}

/* Each listener has bytes of its own in every area, zero in a new one. */

static const struct vas_listener one = { .area_bytes = 1 };
static const struct vas_listener many = { .area_bytes = 100 };

static void bytes_in_each_area(void **state)
{
	struct fixture *f = *state;
	unsigned char *first, *second;

	f->config.listeners[1].listener = &one;
	f->config.listeners[2].listener = &many;
	fixture_restart(f);
	for (int round = 0; round < 3; round++) {
		assert_ok(map_pages(f, 0, 4, RW, 0));
		first = vas_area_data(vas_find(f->space, at(0)), &one);
		second = vas_area_data(vas_find(f->space, at(0)), &many);
		assert_null(vas_area_data(vas_find(f->space, at(0)), &watching));
		assert_int_equal((uintptr_t)second % sizeof(void *), 0);
		assert_int_equal(*first, 0);
		for (size_t i = 0; i < 100; i++) {
			assert_int_equal(second[i], 0);
			second[i] = 0xff;
		}
		*first = 0xee;
		/* Splits and merges leave them alone. */
		assert_ok(protect_pages(f, 2, 2, VAS_READ));
		assert_int_equal(*(unsigned char *)vas_area_data(vas_find(f->space, at(2)), &one),
				 0);
		assert_ok(protect_pages(f, 2, 2, RW));
		assert_int_equal(*first, 0xee);
		assert_ok(unmap_pages(f, 0, 4));
	}
}

/* They are told one after the other, as they stand in the configuration. */

static int order[16];
static size_t ordered;

static void first_apply(void *data, struct vas_space *space, const struct vas_op *op)
{
	(void)space;
	(void)op;
	if (ordered < 16)
		order[ordered++] = *(int *)data;
}

static void order_of_listeners(void **state)
{
	struct fixture *f = *state;
	static const struct vas_listener speaker = { .apply = first_apply };
	static int numbers[] = { 1, 2 };

	for (size_t i = 0; i < 2; i++) {
		f->config.listeners[i + 1].listener = &speaker;
		f->config.listeners[i + 1].data = &numbers[i];
	}
	fixture_restart(f);
	ordered = 0;
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(protect_pages(f, 0, 4, VAS_READ));
	assert_int_equal(ordered, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(order[i], i % 2 + 1);
}

/* One "no" is enough. */

static bool refuse(void *data, const struct vas_area *target, const struct vas_area *source,
		   bool copied)
{
	(void)data;
	(void)target;
	(void)source;
	(void)copied;
	return false;
}

static void any_listener_can_refuse_a_merge(void **state)
{
	struct fixture *f = *state;
	static const struct vas_listener refusing = { .may_merge = refuse };

	f->config.listeners[1].listener = &one;
	f->config.listeners[2].listener = &refusing;
	fixture_restart(f);
	assert_ok(map_pages(f, 0, 4, RW, 0));
	assert_ok(map_pages(f, 4, 4, RW, 0));
	assert_ruler(f, "AAAABBBB");
}

/* A space without listeners needs none. */
static void no_listener(void **state)
{
	struct fixture *f = *state;
	struct vas_space *space, *child;
	uint64_t address = at(0);

	f->config.listeners[0].listener = NULL;
	assert_ok(vas_space_create(&f->config, &space));
	assert_ok(vas_map(space, &(struct vas_map){ 5 * VAS_PAGE_SIZE, RW, HERE, NULL, 0 },
			  &address));
	assert_ok(vas_protect(space, at(1), VAS_PAGE_SIZE, VAS_READ, -1));
	assert_ok(vas_fork(space, &child));
	assert_ruler_of(f, child, "ABCCC");
	vas_space_destroy(space);
	vas_space_destroy(child);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		fixture_test(nothing_is_half_done),
		fixture_test(a_listener_without_memory),
		fixture_test(bytes_in_each_area),
		fixture_test(order_of_listeners),
		fixture_test(any_listener_can_refuse_a_merge),
		fixture_test(no_listener),
	};

	return fixture_run("listener", tests);
}
