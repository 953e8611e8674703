/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Memory behind a replay.
 *
 *	trace ---> interpreter ---> spaces of a machine ---> frames, swap
 *	               |                  |        \-------> objects ---> stores (replay_store.c)
 *	               |                  | operations
 *	               |                  v
 *	               \---touches---> shadow: what each page must hold (replay_shadow.c)
 *
 * A recorded page fault becomes a real access. A write puts a token into its page: first its
 * beginning, as a program would; then the rest of the page must still be what the shadow says, so
 * that a wrong copy-on-write or a wrong page from swap is seen; then the rest is written too. A
 * read must find the whole page as the shadow has it.
 *
 * A trace has faults only, not the accesses between them, so a page that was touched once is
 * perhaps never looked at again. Therefore all that a process has is read once more when it ends,
 * or execs: no byte may be lost until then.
 *
 * A file of the trace becomes an object, one for each device and inode, with the size that the
 * trace tells; that of a program or library which exec mapped is not told, and taken to be
 * endless. Files that programs write or lengthen by other calls than those on memory do so unseen:
 * a touch behind the end shows it, and the object grows.
 */

#include "replay_memory_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "work_clock.h"

#define NAME_BYTES 16 /* what a program writes first */
#define COUNT_EACH 64 /* touches between two looks at how much is in use */

/* ---- creation ---- */

static int open_swap(const char *path, char *error, size_t size)
{
	struct replay_disk temporary;
	int descriptor;

	if (path != NULL) {
		descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (descriptor < 0)
			snprintf(error, size, "%.3000s: %s", path, strerror(errno));
		return descriptor;
	}
	if (replay_disk_open(&temporary) == 0)
		return temporary.descriptor;
	snprintf(error, size, "a temporary file: %s", strerror(errno));
	return -1;
}

struct replay_memory *replay_memory_create(const struct replay_memory_options *options, char *error,
					   size_t size)
{
	struct replay_memory *memory = calloc(1, sizeof(*memory));

	if (memory == NULL) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	memory->options = options;
	memory->shadow.object_of = replay_object_of;
	memory->shadow.spaces_only = options->timed;
	memory->swap = open_swap(options->swap, error, size);
	if (memory->swap < 0) {
		free(memory);
		return NULL;
	}
	if (replay_disk_open(&memory->disk) == 0)
		return memory;
	snprintf(error, size, "a temporary file: %s", strerror(errno));
	close(memory->swap);
	free(memory);
	return NULL;
}

void replay_memory_destroy(struct replay_memory *memory)
{
	if (memory == NULL)
		return;
	vas_machine_destroy(memory->machine);
	close(memory->swap);
	replay_disk_close(&memory->disk);
	free(memory);
}

/* The trace's settings are known when the first space is made. */
static int make_machine(struct replay_memory *memory, struct vas_settings *settings,
			enum vas_huge_faults huge_faults)
{
	const struct replay_memory_options *options = memory->options;
	const struct vas_machine_config config = {
		.frames = (uint32_t)(options->frames >> VAS_PAGE_SHIFT),
		.settings = settings,
		.anon_rmap = options->anon_rmap,
		.file_rmap = options->file_rmap,
		.huge_faults = huge_faults,
		.swap = options->swap_bytes == 0 ? NULL : &replay_swap_store,
		.swap_data = vas_store_descriptor(memory->swap, false),
		.swap_slots = (uint32_t)(options->swap_bytes >> VAS_PAGE_SHIFT),
		.work = options->timed ? work_heard : NULL,
	};
	struct vas_machine_counts counts;
	int err = vas_machine_create(&config, &memory->machine);

	if (err != 0)
		return err;
	vas_machine_count(memory->machine, &counts);
	memory->free = counts.free;
	return 0;
}

static int make_space(void *data, const struct vas_space_config *config,
		      enum vas_huge_faults huge_faults, struct vas_space **space)
{
	struct replay_memory *memory = data;
	int err = 0;

	if (memory->machine == NULL)
		err = make_machine(memory, config->settings, huge_faults);
	return err != 0 ? err : vas_machine_space(memory->machine, config, space);
}

const struct vas_listener *replay_memory_listener(struct replay_memory *memory, void **data)
{
	*data = &memory->shadow;
	return &shadow_listener;
}

/* ---- figures ---- */

static void count_spaces(struct replay_memory *memory)
{
	struct replay_memory_counts *all = &memory->counts;
	struct vas_space *space = NULL;

	all->areas = 0;
	all->space_bytes = 0;
	while ((space = shadow_next(&memory->shadow, space)) != NULL) {
		struct vas_counts counts;

		vas_space_count(space, &counts);
		all->areas += counts.areas;
		all->space_bytes += counts.bytes;
	}
}

static void keep_most(uint64_t *most, uint64_t now)
{
	if (*most < now)
		*most = now;
}

void replay_memory_look_locks(struct replay_memory *memory, const struct vas_space *space)
{
	struct vas_space *each = NULL;
	struct vas_counts counts;
	uint64_t locked = 0;

	vas_space_count(space, &counts);
	if (counts.locked == 0)
		return;
	while ((each = shadow_next(&memory->shadow, each)) != NULL) {
		vas_space_count(each, &counts);
		locked += counts.locked;
	}
	keep_most(&memory->counts.most_locked, locked);
}

void replay_look(struct replay_memory *memory)
{
	struct replay_memory_counts *counts = &memory->counts;
	struct vas_machine_counts *machine = &counts->machine;

	vas_machine_count(memory->machine, machine);
	count_spaces(memory);
	counts->pages = machine->frames - machine->free - machine->tables;
	counts->anon_rmap_bytes = machine->anon_rmap_bytes;
	counts->file_rmap_bytes = machine->file_rmap_bytes;
	counts->tables = machine->tables;
	counts->swap_used = machine->swap_used;
	keep_most(&counts->most_areas, counts->areas);
	keep_most(&counts->most_space_bytes, counts->space_bytes);
	keep_most(&counts->most_pages, counts->pages);
	keep_most(&counts->most_anon_rmap_bytes, counts->anon_rmap_bytes);
	keep_most(&counts->most_file_rmap_bytes, counts->file_rmap_bytes);
	if (counts->most_tables < counts->tables)
		counts->most_tables = counts->tables;
}

struct text {
	char *at;
	size_t left;
};

static void add_text(void *context, const char *text, size_t length)
{
	struct text *to = context;

	if (length >= to->left)
		length = to->left - 1;
	memcpy(to->at, text, length);
	to->at += length;
	to->left -= length;
	*to->at = '\0';
}

void replay_memory_figures(const struct replay_memory *memory, char *text, size_t size)
{
	struct text to = { text, size };

	*text = '\0';
	if (memory->machine != NULL) /* NULL: no process ever ran */
		vas_machine_print(memory->machine, &(struct vas_printer){ add_text, &to });
}

const struct replay_memory_counts *replay_memory_counts(const struct replay_memory *memory)
{
	return &memory->counts;
}

/* ---- what is wrong ---- */

static const char *memory_full(void *data)
{
	struct replay_memory *memory = data;
	struct vas_machine_counts counts;

	if (memory->machine == NULL)
		return NULL;
	vas_machine_count(memory->machine, &counts);
	snprintf(memory->full, sizeof(memory->full),
		 "memory full: %" PRIu32 " frames and %" PRIu32 " slots are not enough",
		 counts.frames, counts.swap_slots);
	if (counts.write_errors > 0)
		snprintf(memory->full, sizeof(memory->full),
			 "swap or a file could not be written: is TMPDIR full?");
	return memory->full;
}

static const char *access_name(enum vas_access how)
{
	return how == VAS_ACCESS_WRITE ? "write" : how == VAS_ACCESS_EXEC ? "fetch" : "read";
}

void replay_failed(struct replay_memory *memory, struct interpreter *in, int pid, uint64_t address,
		   enum vas_access how, int err)
{
	char call[64], model[32];

	snprintf(call, sizeof(call), "%s at %#" PRIx64, access_name(how), address);
	snprintf(model, sizeof(model), "-1 %s", vas_error_name(err));
	interpreter_diverged(in, &(struct divergence){
					 .kind = DIVERGENCE_ACCESS,
					 .pid = pid,
					 .call = call,
					 .model = model,
					 .kernel = "a page",
					 .reason = err == -VAS_ENOMEM ? memory_full(memory) : NULL,
				 });
}

void replay_wrong(struct interpreter *in, int pid, const char *what, uint64_t address,
		  const struct token *wanted, const unsigned char *found)
{
	char call[64], model[160], expected[96];

	snprintf(call, sizeof(call), "contents of %s %#" PRIx64, what, address);
	token_text_found(found, model, sizeof(model));
	token_text(wanted, expected, sizeof(expected));
	interpreter_diverged(in, &(struct divergence){
					 .kind = DIVERGENCE_CONTENTS,
					 .pid = pid,
					 .call = call,
					 .model = model,
					 .kernel = expected,
				 });
}

/* ---- accesses ---- */

bool replay_left_alone(const struct vas_area *area)
{
	const uint64_t flags = VAS_AREA_IO | VAS_AREA_RAW_FRAMES | VAS_AREA_MIXED |
			       VAS_AREA_HUGE_PAGES | VAS_AREA_NO_SPLIT;

	return (area->flags & flags) != 0 ||
	       (!vas_area_anonymous(area) && area->file->object == NULL);
}

static bool bytes_are_zero(const unsigned char *bytes, size_t length)
{
	return length == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, length - 1) == 0);
}

/* The page as it was read; `changed` bytes at its beginning have just been written. */
static void check(const struct touch *touch, unsigned char *found, const void *written,
		  size_t changed)
{
	struct shadow *shadow = &touch->memory->shadow;
	struct token token = shadow_expected(shadow, touch->area, touch->page);
	unsigned char wanted[VAS_PAGE_SIZE];

	if (token.kind == TOKEN_UNKNOWN)
		return;
	token_bytes(&token, wanted);
	memcpy(wanted, written, changed);
	if (memcmp(found, wanted, sizeof(wanted)) == 0)
		return;
	memset(wanted, 0, sizeof(wanted));
	memcpy(wanted, written, changed);
	if (token.may_be_zero && memcmp(found, wanted, sizeof(wanted)) == 0) {
		token = (struct token){ .kind = TOKEN_ZERO };
	} else {
		if (bytes_are_zero(found + changed, VAS_PAGE_SIZE - changed))
			memset(found, 0, changed); /* what was there before is told */
		replay_wrong(touch->in, touch->pid, "the page at", touch->page, &token, found);
		token.kind = TOKEN_UNKNOWN;
	}
	shadow_set(shadow, touch->area, touch->page, &token);
}

int replay_read_page(const struct touch *touch)
{
	unsigned char found[VAS_PAGE_SIZE];
	int err = 0;

	if (touch->how == VAS_ACCESS_EXEC)
		err = vas_access(touch->space, touch->page, touch->how);
	if (err == 0)
		err = vas_read(touch->space, touch->page, found, sizeof(found), NULL);
	if (err == 0)
		check(touch, found, found, 0);
	return err;
}

static int write_page(const struct touch *touch)
{
	struct shadow *shadow = &touch->memory->shadow;
	const struct shadow_object *object =
		shadow_shared(touch->area) ? replay_object_of(touch->area) : NULL;
	unsigned char bytes[VAS_PAGE_SIZE], found[VAS_PAGE_SIZE];
	struct token token = { .word = touch->page,
			       .length = VAS_PAGE_SIZE,
			       .kind = TOKEN_WRITTEN };
	size_t first;
	int err;

	if (object != NULL)
		token.length =
			(uint16_t)shadow_valid(object, shadow_index(touch->area, touch->page));
	if (token.length == 0)
		return vas_access(touch->space, touch->page, VAS_ACCESS_WRITE);
	token.number = ++shadow->number;
	token_bytes(&token, bytes);
	first = token.length < NAME_BYTES ? token.length : NAME_BYTES;
	err = vas_write(touch->space, touch->page, bytes, first, NULL);
	if (err == 0)
		err = vas_read(touch->space, touch->page, found, sizeof(found), NULL);
	if (err != 0)
		return err;
	check(touch, found, bytes, first);
	err = vas_write(touch->space, touch->page, bytes, token.length, NULL);
	shadow_set(shadow, touch->area, touch->page, &token);
	return err;
}

static int access_page(const struct touch *touch)
{
	if (touch->memory->options->timed)
		return TIMED(WORK_FAULT, vas_access(touch->space, touch->page, touch->how));
	return touch->how == VAS_ACCESS_WRITE ? write_page(touch) : replay_read_page(touch);
}

static int touch_page(struct touch *touch)
{
	bool write = touch->how == VAS_ACCESS_WRITE;
	int err = access_page(touch);

	if (err == -VAS_EOVERFLOW && replay_grow(touch))
		err = access_page(touch);
	if (err == 0 && write)
		touch->memory->counts.written++;
	else if (err == 0)
		touch->memory->counts.read++;
	if (err == 0 || err == -VAS_EFAULT || err == -VAS_EACCES)
		return err;
	replay_failed(touch->memory, touch->in, touch->pid, touch->page, touch->how, err);
	return 0;
}

static int touch_address(void *data, struct interpreter *in, struct thread *thread,
			 uint64_t address, enum vas_access how)
{
	struct replay_memory *memory = data;
	struct vas_space *space = thread->process->space->space;
	struct touch touch = {
		.memory = memory,
		.in = in,
		.pid = thread->tid,
		.space = space,
		.area = vas_find(space, address),
		.page = vas_page_down(address),
		.how = how,
	};

	if (touch.area == NULL) { /* perhaps a stack grows */
		int err = TIMED(WORK_FAULT, vas_touch(space, address, how));

		if (err == -VAS_ENOMEM)
			replay_failed(memory, in, touch.pid, address, how, err);
		if (err != 0)
			return err == -VAS_ENOMEM ? 0 : err;
		touch.area = vas_find(space, address);
	}
	if (touch.area == NULL)
		return -VAS_EFAULT;
	if (replay_left_alone(touch.area)) {
		memory->counts.left_alone++;
		return 0;
	}
	if (!memory->options->timed && ++memory->touches % COUNT_EACH == 0)
		replay_look(memory);
	return touch_page(&touch);
}

const struct interpreter_memory replay_memory_calls = {
	.space = make_space,
	.open = replay_open_file,
	.told = replay_told_size,
	.touch = touch_address,
	.full = memory_full,
};
