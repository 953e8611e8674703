/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* The map beside its naive twin: changes and comparisons. */

#include "file_maps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Ends the test unless `condition` holds. */
#define must(maps, condition, ...)                                                                 \
	do {                                                                                       \
		if (!(condition))                                                                  \
			differs(maps, #condition, __VA_ARGS__);                                    \
	} while (0)

#define PAGES "pages %llu to %llu"
#define LL(x) ((unsigned long long)(x))

__attribute__((format(printf, 3, 4))) static void
differs(const struct file_maps *maps, const char *condition, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail_msg("%s, %s: %s (%s); VAS_SEED=%llu, after %llu changes, %zu links",
		 maps->design->name, maps->doing, text, condition, LL(maps->seed), LL(maps->steps),
		 maps->count);
}

struct file_maps *file_maps_start(const char *doing, const struct vas_file_rmap_design *design,
				  uint64_t seed)
{
	struct file_maps *maps = calloc(1, sizeof(*maps));

	assert_non_null(maps);
	maps->doing = doing;
	maps->design = design;
	maps->seed = seed;
	maps->random.state = seed;
	failing_allocator_init(&maps->memory);
	vas_pool_init(&maps->pool, &maps->memory.allocator);
	vas_pool_init(&maps->other, &maps->memory.allocator);
	maps->map = malloc(design->map_bytes);
	assert_non_null(maps->map);
	memset(maps->map, 0xa5, design->map_bytes);
	vas_file_map_init(maps->map, design, &maps->memory.allocator);
	assert_int_equal(maps->memory.live_blocks, 0);
	return maps;
}

/*
 * So many changes are wanted. A design that reserves gets no memory until `done`, and often the
 * pool has nothing but what is promised. One that does not has to do without when there is none.
 */
static void prepare(struct file_maps *maps, size_t changes)
{
	if (!maps->from_other && maps->steps % 4 == 0)
		vas_pool_trim(&maps->pool, 0);
	if (maps->design->reserve != NULL) {
		if (!maps->from_other)
			must(maps, maps->design->reserve(&maps->pool, changes) == 0,
			     "reserve failed");
		failing_allocator_fail_from(&maps->memory, 1);
	} else if (random_below(&maps->random, 4) == 0) {
		failing_allocator_fail_from(&maps->memory, 1 + random_below(&maps->random, 4));
	}
}

static void done(struct file_maps *maps)
{
	must(maps, maps->design->reserve == NULL || maps->memory.failures == 0,
	     "memory was asked for after the reserve");
	failing_allocator_fail_at(&maps->memory, 0);
	if (!maps->from_other)
		vas_pool_trim(&maps->pool, maps->steps % 8);
	maps->steps++;
}

static struct vas_pool *pool_of(struct file_maps *maps)
{
	return maps->from_other ? &maps->other : &maps->pool;
}

static struct file_record *add(struct file_maps *maps, unsigned int space, uint64_t first,
			       uint64_t last)
{
	struct file_record *record = calloc(1, sizeof(*record));
	struct vas_file_link *link = malloc(maps->design->link_bytes);

	if (record == NULL || link == NULL)
		abort();
	memset(link, 0xa5, maps->design->link_bytes);
	if (maps->count == maps->room) {
		maps->room = maps->room * 2 + 16;
		maps->records = realloc(maps->records, maps->room * sizeof(*maps->records));
		if (maps->records == NULL)
			abort();
	}
	*record = (struct file_record){
		.link = link,
		.first = first,
		.last = last,
		.start = random_next(&maps->random) << VAS_PAGE_SHIFT,
		.space = space,
		.place = maps->count,
		.changed = maps->steps + 1,
	};
	maps->records[maps->count++] = record;
	link->first = first;
	link->last = last;
	link->start = record->start;
	link->space = (struct vas_space *)(uintptr_t)(space * 64);
	link->area = record;
	vas_file_map_insert(maps->map, link, pool_of(maps));
	return record;
}

static void drop(struct file_maps *maps, struct file_record *record)
{
	struct file_record *moved = maps->records[--maps->count];

	vas_file_map_remove(maps->map, record->link, pool_of(maps));
	maps->records[record->place] = moved;
	moved->place = record->place;
	memset(record->link, 0xdb, maps->design->link_bytes);
	free(record->link);
	free(record);
}

struct file_record *file_maps_insert(struct file_maps *maps, unsigned int space, uint64_t first,
				     uint64_t last)
{
	struct file_record *record;

	prepare(maps, 1);
	record = add(maps, space, first, last);
	done(maps);
	return record;
}

void file_maps_remove(struct file_maps *maps, struct file_record *record)
{
	prepare(maps, 1);
	drop(maps, record);
	done(maps);
}

void file_maps_resize(struct file_maps *maps, struct file_record *record, uint64_t first,
		      uint64_t last)
{
	struct vas_file_link *link = record->link;

	prepare(maps, 1);
	record->start += (first - record->first) << VAS_PAGE_SHIFT;
	record->first = first;
	record->last = last;
	record->changed = maps->steps + 1;
	vas_file_map_resize(maps->map, link, first, last, record->start, pool_of(maps));
	must(maps,
	     link->first == first && link->last == last && link->start == record->start &&
		     link->area == record,
	     "a resize to " PAGES " left " PAGES, LL(first), LL(last), LL(link->first),
	     LL(link->last));
	done(maps);
}

void file_maps_fork(struct file_maps *maps, unsigned int from, unsigned int to)
{
	size_t parents = maps->count, copies = 0;

	for (size_t i = 0; i < parents; i++)
		copies += maps->records[i]->space == from;
	prepare(maps, copies);
	for (size_t i = 0; i < parents; i++) {
		const struct file_record *record = maps->records[i];

		if (record->space == from)
			add(maps, to, record->first, record->last);
	}
	done(maps);
}

void file_maps_exit(struct file_maps *maps, unsigned int space)
{
	size_t links = 0;

	for (size_t i = 0; i < maps->count; i++)
		links += maps->records[i]->space == space;
	prepare(maps, links);
	for (size_t i = maps->count; i-- > 0;)
		if (maps->records[i]->space == space)
			drop(maps, maps->records[i]);
	done(maps);
}

/* The record of a link that a walk over [first, last] visited. */
static struct file_record *visited(struct file_maps *maps, struct vas_file_link *link,
				   uint64_t first, uint64_t last)
{
	struct file_record *record = link->area;

	must(maps, record->link == link && maps->records[record->place] == record,
	     "a walk visited what is no link");
	must(maps,
	     link->first == record->first && link->last == record->last &&
		     link->start == record->start &&
		     link->space == (struct vas_space *)(uintptr_t)(record->space * 64),
	     "a link has changed by itself");
	must(maps, record->first <= last && record->last >= first,
	     "a walk of " PAGES " visited " PAGES, LL(first), LL(last), LL(record->first),
	     LL(record->last));
	return record;
}

static bool overlaps(const struct file_record *record, uint64_t first, uint64_t last)
{
	return record->first <= last && record->last >= first;
}

/* A walk in one go. */
struct whole {
	struct file_maps *maps;
	uint64_t first, last;
	size_t visits, stop_at;
};

static bool visit_whole(void *context, struct vas_file_link *link)
{
	struct whole *whole = context;
	struct file_maps *maps = whole->maps;
	struct file_record *record = visited(maps, link, whole->first, whole->last);

	must(maps, record->walk != maps->walks, "a walk visited " PAGES " twice", LL(record->first),
	     LL(record->last));
	record->walk = maps->walks;
	return ++whole->visits != whole->stop_at;
}

/* Places are what their links say; then as if each link were visited. */
static bool visit_each(struct file_maps *maps, uint64_t first, const struct vas_file_place *places,
		       size_t count, uint64_t offset, void *context,
		       bool (*visit)(void *context, struct vas_file_link *link))
{
	must(maps, count > 0, "no places");
	for (size_t i = 0; i < count; i++) {
		const struct vas_file_link *link = places[i].link;
		uint64_t from = first > link->first ? first - link->first : 0;

		must(maps,
		     places[i].space == link->space && places[i].start == link->start &&
			     offset == from << VAS_PAGE_SHIFT,
		     "a place of " PAGES " is not its link's", LL(link->first), LL(link->last));
		if (!visit(context, places[i].link))
			return false;
	}
	return true;
}

static bool visit_whole_places(void *context, const struct vas_file_place *places, size_t count,
			       uint64_t offset)
{
	struct whole *whole = context;

	return visit_each(whole->maps, whole->first, places, count, offset, whole, visit_whole);
}

static size_t walk_whole(struct file_maps *maps, uint64_t first, uint64_t last, size_t stop_at)
{
	struct whole whole = { .maps = maps, .first = first, .last = last, .stop_at = stop_at };
	struct vas_file_walk walk = {
		.first = first,
		.last = last,
		.visit = visit_whole,
		.context = &whole,
	};

	maps->walks++;
	/* Who stops does so between two links. */
	if (stop_at == 0 && maps->walks % 2 == 0)
		walk.visit_places = visit_whole_places;
	must(maps, !vas_file_map_walk(maps->map, &walk), "a walk in one go wants to go on");
	must(maps, walk.hits == whole.visits && walk.candidates >= walk.hits,
	     "%zu visits are counted as %llu of %llu candidates", whole.visits, LL(walk.hits),
	     LL(walk.candidates));
	maps->visits += walk.hits;
	maps->candidates += walk.candidates;
	return whole.visits;
}

void file_maps_walk(struct file_maps *maps, uint64_t first, uint64_t last)
{
	size_t visits = walk_whole(maps, first, last, 0), wanted = 0;

	for (size_t i = 0; i < maps->count; i++) {
		const struct file_record *record = maps->records[i];

		if (!overlaps(record, first, last))
			continue;
		wanted++;
		must(maps, record->walk == maps->walks, "a walk of " PAGES " missed " PAGES,
		     LL(first), LL(last), LL(record->first), LL(record->last));
	}
	must(maps, visits == wanted, "%zu visits, %zu wanted", visits, wanted);
	if (visits > 1)
		must(maps, walk_whole(maps, first, last, visits / 2) == visits / 2,
		     "a visitor that said stop was not obeyed");
}

static bool visit_interrupted(void *context, struct vas_file_link *link)
{
	struct file_interrupted *mine = context;
	struct file_record *record = visited(mine->maps, link, mine->walk.first, mine->walk.last);

	record->seen[mine - mine->maps->interrupted]++;
	mine->visits++;
	mine->in_batch++;
	return true;
}

static bool visit_interrupted_places(void *context, const struct vas_file_place *places,
				     size_t count, uint64_t offset)
{
	struct file_interrupted *mine = context;

	return visit_each(mine->maps, mine->walk.first, places, count, offset, mine,
			  visit_interrupted);
}

void file_maps_begin(struct file_maps *maps, unsigned int number, uint64_t first, uint64_t last,
		     size_t batch)
{
	struct file_interrupted *mine = &maps->interrupted[number];

	*mine = (struct file_interrupted){ .maps = maps, .under_way = true, .began = maps->steps };
	mine->walk = (struct vas_file_walk){
		.first = first,
		.last = last,
		.batch = batch,
		.visit = visit_interrupted,
		.context = mine,
	};
	if (maps->steps % 2 == 0)
		mine->walk.visit_places = visit_interrupted_places;
	for (size_t i = 0; i < maps->count; i++)
		maps->records[i]->seen[number] = 0;
}

/* The walk is over: what did not change was visited once, the rest at least once. */
static void compare_interrupted(struct file_maps *maps, unsigned int number)
{
	struct file_interrupted *mine = &maps->interrupted[number];

	for (size_t i = 0; i < maps->count; i++) {
		const struct file_record *record = maps->records[i];
		bool same = record->changed <= mine->began;

		if (!overlaps(record, mine->walk.first, mine->walk.last))
			continue;
		must(maps, record->seen[number] > 0,
		     "a walk of " PAGES " in batches of %zu missed " PAGES ", %s",
		     LL(mine->walk.first), LL(mine->walk.last), mine->walk.batch, LL(record->first),
		     LL(record->last), same ? "which did not change" : "which changed meanwhile");
		must(maps, !same || record->seen[number] == 1,
		     "a walk of " PAGES " in batches of %zu visited " PAGES " %u times",
		     LL(mine->walk.first), LL(mine->walk.last), mine->walk.batch, LL(record->first),
		     LL(record->last), record->seen[number]);
	}
	must(maps, mine->walk.hits == mine->visits, "%zu visits are counted as %llu", mine->visits,
	     LL(mine->walk.hits));
}

bool file_maps_go_on(struct file_maps *maps, unsigned int number)
{
	struct file_interrupted *mine = &maps->interrupted[number];

	mine->in_batch = 0;
	mine->under_way = vas_file_map_walk(maps->map, &mine->walk);
	if (mine->under_way)
		must(maps, mine->in_batch <= mine->walk.batch, "%zu visits in a batch of %zu",
		     mine->in_batch, mine->walk.batch);
	else
		compare_interrupted(maps, number);
	return mine->under_way;
}

static void print_to_stderr(void *context, const char *text, size_t length)
{
	(void)context;
	fwrite(text, 1, length, stderr);
}

static size_t in_pool(const struct vas_pool *pool)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < VAS_POOL_CLASSES; i++)
		bytes += pool->classes[i].count * vas_pool_size((size_t)32 << i);
	return bytes;
}

void file_maps_check(struct file_maps *maps)
{
	const struct vas_printer printer = { print_to_stderr, NULL };
	size_t behind = maps->design->link_bytes - sizeof(struct vas_file_link);
	size_t bytes;

	must(maps, maps->map->count == maps->count, "it counts %zu links", maps->map->count);
	must(maps, maps->design->validate(maps->map, &printer), "it is broken");
	bytes = maps->design->map_bytes + maps->count * behind + maps->memory.live_bytes -
		in_pool(&maps->pool) - in_pool(&maps->other);
	must(maps, maps->design->bytes(maps->map) == bytes, "it counts %zu bytes, has %zu",
	     maps->design->bytes(maps->map), bytes);
}

void file_maps_finish(struct file_maps *maps)
{
	file_maps_check(maps);
	while (maps->count > 0)
		file_maps_remove(maps, maps->records[random_below(&maps->random, maps->count)]);
	file_maps_check(maps);
	vas_file_map_destroy(maps->map);
	vas_pool_trim(&maps->pool, 0);
	must(maps, failing_allocator_finish(&maps->memory) == 0, "memory is left");
	free(maps->map);
	free(maps->records);
	free(maps);
}
