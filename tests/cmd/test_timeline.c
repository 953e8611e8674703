/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The timeline of a trace against what the interpreter shows while the same trace is replayed: the
 * areas at many moments, page by page what is present and shared, and who forked whom. What is
 * compared is the JSON, as the report's page gets it. If recorded traces are named on the command
 * line, these are tried instead.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <vas/machine.h>

#include "../../cmd/vas/timeline.h"

enum {
	MOST_SEEN = 1 << 18,
	CHECK_EACH = 7,	      /* moments */
	MANY_AREAS = 1 << 12, /* from here on fewer moments are checked */
	LARGE_AREA = 1 << 16, /* pages: not counted one by one */
	FRAMES = 1 << 21,
};

/* An area, or the memory of a process, as the interpreter had it at a moment. */
struct seen_area {
	uint32_t moment;
	int pid;
	unsigned long space;
	uint64_t page, pages, object_page;
	unsigned prot;
	char name[64]; /* the end of its object's; "" for anonymous memory */
};

struct seen_memory {
	uint32_t moment;
	int pid;
	uint64_t resident, shared;
};

static struct seen_area *areas;
static size_t area_count;
static struct seen_memory memory[1 << 14];
static size_t memory_count;
static uint32_t moments[1 << 16];
static size_t moment_count;
static json_t *timeline;
static char **traces;
static int trace_count;

/* ---- what the interpreter shows ---- */

static struct process *next_process(struct interpreter *in, size_t *position)
{
	struct process_table *table = interpreter_processes(in);
	struct thread *thread;

	while ((thread = process_table_next(table, position)) != NULL)
		if (process_table_leads(table, thread) && thread->process->space != NULL)
			return thread->process;
	return NULL;
}

/* Of the processes that share a space (vfork) one stands for all. */
static bool first_user(struct interpreter *in, const struct process *process)
{
	const struct process *other;
	size_t position = 0;

	while ((other = next_process(in, &position)) != process)
		if (other->space == process->space)
			return false;
	return true;
}

static void copy_end(char *to, size_t size, const char *name)
{
	size_t length = strlen(name);

	snprintf(to, size, "%s", length < size ? name : name + length - size + 1);
}

static void see_areas(void *context, struct interpreter *in, uint32_t moment)
{
	struct process *process;
	size_t position = 0;

	(void)context;
	if (moment % CHECK_EACH != 0 && area_count > MANY_AREAS)
		return;
	if (area_count + MANY_AREAS > MOST_SEEN ||
	    moment_count == sizeof(moments) / sizeof(*moments))
		return;
	moments[moment_count++] = moment;
	while ((process = next_process(in, &position)) != NULL) {
		const struct vas_area *area = vas_find_ge(process->space->space, 0);

		for (; area != NULL && area_count < MOST_SEEN; area = vas_area_next(area)) {
			struct seen_area *seen = &areas[area_count++];
			bool anonymous = area->file == NULL || vas_area_anonymous(area);

			*seen = (struct seen_area){ moment,
						    process->pid,
						    process->space->number,
						    area->range.start >> VAS_PAGE_SHIFT,
						    vas_area_pages(area),
						    anonymous ? 0 : area->offset,
						    (unsigned)(area->flags & VAS_AREA_ACCESS),
						    "" };
			if ((area->flags & VAS_AREA_MAY_SHARE) != 0)
				seen->prot |= 8;
			if (!anonymous)
				copy_end(seen->name, sizeof(seen->name), area->file->name);
		}
	}
}

/* Calls `fn` for each page that is present. */
static void each_present(struct vas_space *space, void (*fn)(void *context, uint32_t frame),
			 void *context)
{
	const struct vas_area *area = vas_find_ge(space, 0);
	struct vas_view view;

	for (; area != NULL; area = vas_area_next(area)) {
		for (uint64_t at = area->range.start;
		     at < area->range.end && vas_area_pages(area) < LARGE_AREA;
		     at += VAS_PAGE_SIZE) {
			vas_look(space, at, &view);
			if (view.present && !view.zero && view.frame < FRAMES)
				fn(context, view.frame);
		}
	}
}

static unsigned char *owners; /* spaces by frame, so far: 0, 1, 2: more */
static unsigned *last_owner;

static void own(void *context, uint32_t frame)
{
	unsigned number = *(unsigned *)context;

	if (last_owner[frame] != number && owners[frame] < 2)
		owners[frame]++;
	last_owner[frame] = number;
}

static void count_frame(void *context, uint32_t frame)
{
	struct seen_memory *seen = context;

	seen->resident++;
	if (owners[frame] > 1)
		seen->shared++;
}

static void see_memory(void *context, struct interpreter *in, uint32_t moment)
{
	struct process *process;
	size_t position = 0;

	(void)context;
	memset(owners, 0, FRAMES);
	memset(last_owner, 0, FRAMES * sizeof(*last_owner));
	while ((process = next_process(in, &position)) != NULL) {
		unsigned number = (unsigned)process->space->number;

		if (first_user(in, process))
			each_present(process->space->space, own, &number);
	}
	position = 0;
	while ((process = next_process(in, &position)) != NULL &&
	       memory_count < sizeof(memory) / sizeof(*memory)) {
		struct seen_memory *seen = &memory[memory_count++];

		*seen = (struct seen_memory){ .moment = moment, .pid = process->pid };
		each_present(process->space->space, count_frame, seen);
	}
}

/* ---- the timeline ---- */

struct text {
	char *at;
	size_t length, size;
};

static void add_text(void *context, const char *piece, size_t length)
{
	struct text *text = context;

	if (text->length + length > text->size) {
		text->size = (text->length + length) * 2;
		text->at = realloc(text->at, text->size);
		assert_non_null(text->at);
	}
	memcpy(text->at + text->length, piece, length);
	text->length += length;
}

static void read_trace(const char *path, size_t most_areas, size_t most_samples)
{
	const struct timeline_options options = {
		.most_areas = most_areas,
		.most_samples = most_samples,
		.moment = see_areas,
		.sample = see_memory,
	};
	struct text text = { .at = NULL };
	struct timeline *read;

	area_count = memory_count = moment_count = 0;
	json_decref(timeline);
	timeline = NULL;
	read = timeline_read(path, &options);
	assert_non_null(read);
	timeline_write(read, &(struct vas_printer){ add_text, &text });
	timeline_destroy(read);
	timeline = json_loadb(text.at, text.length, 0, NULL);
	assert_non_null(timeline);
	free(text.at);
}

static const json_t *column(const char *table, const char *name)
{
	return json_object_get(json_object_get(timeline, table), name);
}

static int64_t number(const json_t *of, size_t row)
{
	return json_integer_value(json_array_get(of, row));
}

static int64_t field(const char *list, int64_t row, const char *name)
{
	return json_integer_value(json_object_get(
		json_array_get(json_object_get(timeline, list), (size_t)row), name));
}

static bool alive(int64_t born, int64_t died, uint32_t moment)
{
	return born <= moment && (died < 0 || moment < died);
}

/* The program that is in a process at a moment. A log without ids calls its first process 0 until
 * it learns better. */
static int64_t process_at(int pid, uint32_t moment)
{
	if (pid == 0)
		return 0;
	for (size_t i = 0; i < json_array_size(json_object_get(timeline, "processes")); i++) {
		int64_t row = (int64_t)i;

		if (field("processes", row, "pid") == pid &&
		    alive(field("processes", row, "born"), field("processes", row, "died"), moment))
			return row;
	}
	return -1;
}

/* Whose space a process uses. */
static int64_t owner_at(int pid, uint32_t moment)
{
	int64_t process = process_at(pid, moment), owner;

	assert_true(process >= 0);
	if (json_object_get(json_array_get(json_object_get(timeline, "processes"), (size_t)process),
			    "borrows") == NULL)
		return process;
	owner = field("processes", process, "borrows");
	return alive(field("processes", owner, "born"), field("processes", owner, "died"), moment)
		       ? owner
		       : process;
}

/* ---- areas ---- */

static int compare_numbers(const void *left, const void *right)
{
	const uint64_t *a = left, *b = right;

	for (int i = 0; i < 2; i++)
		if (a[i] != b[i])
			return a[i] < b[i] ? -1 : 1;
	return 0;
}

static void check_area(const struct seen_area *seen, size_t row)
{
	int64_t object = number(column("areas", "object"), row);
	char name[sizeof(seen->name)] = "";

	assert_int_equal(number(column("areas", "page"), row), seen->page);
	assert_int_equal(number(column("areas", "pages"), row), seen->pages);
	assert_int_equal(number(column("areas", "prot"), row), seen->prot);
	assert_int_equal(number(column("areas", "object_page"), row), seen->object_page);
	if (object >= 0)
		copy_end(name, sizeof(name),
			 json_string_value(json_object_get(
				 json_array_get(json_object_get(timeline, "objects"),
						(size_t)object),
				 "name")));
	assert_string_equal(name, seen->name);
}

/* The rectangles of one process that are alive at a moment, upwards: page and row. */
static size_t find_alive(int64_t process, uint32_t moment, uint64_t (*found)[2])
{
	const json_t *whose = column("areas", "process"), *born = column("areas", "born"),
		     *died = column("areas", "died"), *page = column("areas", "page");
	size_t rows = json_array_size(page), count = 0;

	for (size_t row = 0; row < rows && number(born, row) <= moment; row++) {
		if (number(whose, row) != process ||
		    !alive(number(born, row), number(died, row), moment))
			continue;
		found[count][0] = (uint64_t)number(page, row);
		found[count++][1] = row;
	}
	qsort(found, count, sizeof(*found), compare_numbers);
	return count;
}

static void check_areas(void)
{
	static uint64_t found[MOST_SEEN][2];

	assert_true(area_count > 0);
	for (size_t i = 0, next; i < area_count; i = next) {
		uint32_t moment = areas[i].moment;
		size_t count = find_alive(owner_at(areas[i].pid, moment), moment, found);

		for (next = i; next < area_count && areas[next].moment == moment &&
			       areas[next].pid == areas[i].pid;
		     next++)
			if (next - i < count)
				check_area(&areas[next], found[next - i][1]);
		assert_int_equal(next - i, count);
	}
}

/* At each moment that was looked at there is a rectangle for each area, and no other. */
static void check_totals(void)
{
	const json_t *born = column("areas", "born"), *died = column("areas", "died");
	size_t rows = json_array_size(born), at = 0;

	for (size_t i = 0; i < moment_count; i++) {
		size_t there = 0, wanted = 0;

		for (size_t row = 0; row < rows; row++)
			there += alive(number(born, row), number(died, row), moments[i]);
		for (; at < area_count && areas[at].moment == moments[i]; at++) {
			bool again = false;

			/* A space that two processes share is seen twice. */
			for (size_t j = at; j > 0 && areas[j - 1].moment == moments[i] && !again;
			     j--)
				again = areas[j - 1].space == areas[at].space &&
					areas[j - 1].pid != areas[at].pid;
			wanted += !again;
		}
		assert_int_equal(there, wanted);
	}
}

/* ---- memory ---- */

static void check_memory(void)
{
	const json_t *when = column("memory", "moment"), *whose = column("memory", "process");
	size_t rows = json_array_size(when);

	assert_true(rows > 0);
	for (size_t row = 0; row < rows; row++) {
		uint32_t moment = (uint32_t)number(when, row);
		int64_t process = number(whose, row);
		bool found = false;

		for (size_t i = 0; i < memory_count && !found; i++) {
			if (memory[i].moment != moment ||
			    process_at(memory[i].pid, moment) != process)
				continue;
			found = true;
			assert_int_equal(number(column("memory", "resident"), row),
					 memory[i].resident);
			assert_int_equal(number(column("memory", "shared"), row), memory[i].shared);
		}
		assert_true(found || memory_count == sizeof(memory) / sizeof(*memory));
	}
}

/* ---- processes ---- */

/* The program that was born at the moment of a line. */
static int64_t born_at(unsigned long line, int pid)
{
	size_t count = json_array_size(json_object_get(timeline, "processes"));

	for (size_t i = 0; i < count; i++) {
		int64_t born = field("processes", (int64_t)i, "born");

		if (number(column("moments", "line"), (size_t)born) == (int64_t)line &&
		    field("processes", (int64_t)i, "pid") == pid)
			return (int64_t)i;
	}
	return -1;
}

static void check_fork(const struct trace_event *event)
{
	int64_t child = born_at(event->line, (int)event->call.value), parent;

	assert_true(child >= 0);
	parent = field("processes", child, "parent");
	assert_int_equal(field("processes", parent, "pid"), event->pid);
	assert_true(alive(field("processes", parent, "born"), field("processes", parent, "died"),
			  (uint32_t)field("processes", child, "born")));
}

static void check_exec(const struct trace_event *event)
{
	int64_t program = born_at(event->line, event->pid);
	const json_t *row;
	char name[4096];

	assert_true(program >= 0);
	row = json_array_get(json_object_get(timeline, "processes"), (size_t)program);
	snprintf(name, sizeof(name), "\"%s\"", json_string_value(json_object_get(row, "name")));
	assert_true(slice_equal(event->call.arguments[0], name));
	if (json_object_get(row, "exec_of") != NULL) {
		int64_t old = field("processes", program, "exec_of");

		assert_int_equal(field("processes", old, "pid"), event->pid);
		assert_int_equal(field("processes", old, "parent"),
				 field("processes", program, "parent"));
		assert_int_equal(field("processes", old, "died"),
				 field("processes", program, "born"));
	}
}

/* => a recorded trace; who forks is no thread */
static void check_processes(const char *path)
{
	const char *error;
	struct trace *trace = trace_open(path, &error);
	struct trace_event event;
	size_t births = 0;

	assert_non_null(trace);
	while (trace_next(trace, &event) > 0) {
		if (event.kind != TRACE_CALL || event.call.result != RESULT_VALUE)
			continue;
		if (event.call.kind == CALL_EXECVE) {
			check_exec(&event);
			births++;
		}
		if ((event.call.kind == CALL_FORK || event.call.kind == CALL_VFORK ||
		     event.call.kind == CALL_CLONE || event.call.kind == CALL_CLONE3) &&
		    memmem(event.text.at, event.text.length, "CLONE_THREAD", 12) == NULL) {
			check_fork(&event);
			births++;
		}
	}
	assert_int_equal(births, json_array_size(json_object_get(timeline, "processes")));
	trace_close(trace);
}

/* ---- tests ---- */

static char path[4096];

static const char *fixture(const char *name)
{
	snprintf(path, sizeof(path), "%s/%s", traces[1], name);
	return path;
}

static void a_recorded_trace(void **state)
{
	(void)state;
	read_trace(fixture("recorded.trace"), 0, 0);
	check_areas();
	check_totals();
	check_memory();
	check_processes(fixture("recorded.trace"));
	assert_true(json_is_false(json_object_get(timeline, "cut")));
}

static void logs_of_strace(void **state)
{
	static const char *const names[] = { "strace-plain.log", "strace-memory.log",
					     "strace-stderr.log", "strace-no-f.log" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		read_trace(fixture(names[i]), 0, 0);
		check_areas();
		check_totals();
		check_memory();
	}
}

static void traces_of_the_command_line(void **state)
{
	(void)state;
	for (int i = 2; i < trace_count; i++) {
		print_message("# %s\n", traces[i]);
		read_trace(traces[i], 0, 0);
		check_areas();
		check_totals();
		check_memory();
		check_processes(traces[i]);
	}
}

static void few_samples_are_kept(void **state)
{
	const json_t *when;
	size_t samples = 0;

	(void)state;
	read_trace(fixture("recorded.trace"), 0, 4);
	when = column("memory", "moment");
	for (size_t row = 0; row < json_array_size(when); row++)
		samples += row == 0 || number(when, row) != number(when, row - 1);
	assert_in_range(samples, 2, 4);
	check_memory();
}

static void too_many_areas_are_cut_off(void **state)
{
	(void)state;
	read_trace(fixture("recorded.trace"), 30, 0);
	assert_true(json_is_true(json_object_get(timeline, "cut")));
	assert_int_equal(json_array_size(column("areas", "page")), 30);
}

/* ---- made-up traces ---- */

static void write_and_read(const char *text)
{
	char name[] = "/tmp/timeline-XXXXXX";
	int descriptor = mkstemp(name);

	assert_true(descriptor >= 0);
	assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
	close(descriptor);
	read_trace(name, 0, 0);
	unlink(name);
}

static void a_space_passes_to_who_borrows_it(void **state)
{
	int64_t last;

	(void)state;
	write_and_read(
		"10 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n"
		"10 clone(child_stack=NULL, flags=CLONE_VM|SIGCHLD) = 11\n"
		"10 +++ exited with 0 +++\n"
		"11 mprotect(0x7f0000000000, 4096, PROT_NONE) = 0\n");
	check_areas();
	check_totals();
	last = (int64_t)json_array_size(column("moments", "line")) - 1;
	assert_int_equal(process_at(10, (uint32_t)last), -1);
	assert_int_equal(owner_at(11, (uint32_t)last), process_at(11, (uint32_t)last));
}

static void an_id_is_used_again(void **state)
{
	(void)state;
	write_and_read(
		"10 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n"
		"10 fork() = 11\n"
		"11 +++ exited with 0 +++\n"
		"10 fork() = 11\n"
		"11 munmap(0x7f0000000000, 4096) = 0\n"
		"10 fork() = 11\n");
	check_areas();
	check_totals();
	assert_int_equal(json_array_size(json_object_get(timeline, "processes")), 4);
	for (int64_t i = 1; i < 4; i++)
		assert_int_equal(field("processes", i, "parent"), 0);
	assert_true(field("processes", 2, "died") >= 0);
	assert_int_equal(field("processes", 3, "died"), -1);
}

static void pairs_are_counted(void **state)
{
	const json_t *sharing;

	(void)state;
	write_and_read(
		"@vas-trace 1 kernel=6.18.0 machine=x86_64 recorder=vas-0.1.0\n@faults tracepoint\n"
		"10 mmap(NULL, 16384, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000\n"
		"10 @touch w 0x7f0000000000\n10 @touch w 0x7f0000001000\n10 @touch w 0x7f0000002000\n"
		"10 fork() = 11\n"
		"11 @touch w 0x7f0000001000\n"
		"11 +++ exited with 0 +++\n");
	check_memory();
	sharing = json_object_get(timeline, "sharing");
	assert_int_equal(json_array_size(sharing), 2);
	assert_int_equal(field("sharing", 0, "pages"), 3);
	assert_int_equal(field("sharing", 1, "pages"), 2);
}

/* mremap of no length maps shared memory once more. */
static void a_page_that_is_mapped_twice_counts_once_for_a_pair(void **state)
{
	const json_t *sharing;

	(void)state;
	write_and_read(
		"@vas-trace 1 kernel=6.18.0 machine=x86_64 recorder=vas-0.1.0\n"
		"@faults tracepoint\n"
		"10 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS, -1, 0) "
		"= 0x7f0000000000\n"
		"10 mremap(0x7f0000000000, 0, 4096, MREMAP_MAYMOVE) = 0x7f0000100000\n"
		"10 @touch w 0x7f0000000000\n10 @touch w 0x7f0000100000\n"
		"10 fork() = 11\n"
		"11 @touch w 0x7f0000000000\n11 @touch w 0x7f0000100000\n"
		"11 +++ exited with 0 +++\n");
	check_areas();
	check_memory();
	sharing = json_object_get(timeline, "sharing");
	assert_true(json_array_size(sharing) > 0);
	assert_int_equal(field("sharing", (int64_t)json_array_size(sharing) - 1, "pages"), 1);
}

static void memory_that_is_too_small_at_first(void **state)
{
	const json_t *resident;
	int64_t most = 0;

	(void)state;
	write_and_read(
		"10 mmap(NULL, 314572800, PROT_READ|PROT_WRITE, "
		"MAP_PRIVATE|MAP_ANONYMOUS|MAP_POPULATE, -1, 0) = 0x7f0000000000\n"
		"10 fork() = 11\n");
	resident = column("memory", "resident");
	for (size_t row = 0; row < json_array_size(resident); row++)
		most = number(resident, row) > most ? number(resident, row) : most;
	assert_int_equal(most, 314572800 >> VAS_PAGE_SHIFT);
	assert_int_equal(field("sharing", 0, "pages"), most);
}

static int set_up(void **state)
{
	(void)state;
	areas = malloc(MOST_SEEN * sizeof(*areas));
	owners = malloc(FRAMES);
	last_owner = malloc(FRAMES * sizeof(*last_owner));
	return areas == NULL || owners == NULL || last_owner == NULL;
}

static int tear_down(void **state)
{
	(void)state;
	json_decref(timeline);
	free(areas);
	free(owners);
	free(last_owner);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recorded_trace),
		cmocka_unit_test(logs_of_strace),
		cmocka_unit_test(few_samples_are_kept),
		cmocka_unit_test(too_many_areas_are_cut_off),
		cmocka_unit_test(a_space_passes_to_who_borrows_it),
		cmocka_unit_test(an_id_is_used_again),
		cmocka_unit_test(pairs_are_counted),
		cmocka_unit_test(a_page_that_is_mapped_twice_counts_once_for_a_pair),
		cmocka_unit_test(memory_that_is_too_small_at_first),
	};

	const struct CMUnitTest others[] = { cmocka_unit_test(traces_of_the_command_line) };

	traces = argv;
	trace_count = argc;
	if (argc > 2)
		return cmocka_run_group_tests(others, set_up, tear_down);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
