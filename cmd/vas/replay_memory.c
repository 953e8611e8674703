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

#include "replay_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "replay_shadow.h"
#include "replay_store.h"

#define ENDLESS	   (UINT64_C(1) << 42) /* bytes of a file whose size is not known */
#define NAME_BYTES 16		       /* what a program writes first */
#define COUNT_EACH 64		       /* touches between two looks at how much is in use */

/* A file or shared memory of the trace; in a list. */
struct replay_object {
	struct replay_object *next, **place;
	struct replay_memory *memory;
	struct vas_file *opened; /* the machine's */
	unsigned users;		 /* files of the trace */
	bool known;		 /* by device and inode */
	uint32_t major, minor;
	uint64_t inode;
	struct shadow_object shadow;
	struct replay_store store; /* not of shared memory */
};

struct replay_memory {
	const struct replay_memory_options *options;
	struct vas_machine *machine; /* NULL until the first space is made */
	uint32_t free;		     /* frames, when it was new */
	int swap;		     /* a descriptor */
	struct replay_disk disk;
	struct replay_object *objects;
	uint64_t last_object;
	struct shadow shadow;
	struct replay_memory_counts counts;
	uint64_t touches;
	char full[96];
};

/* ---- creation ---- */

static struct shadow_object *object_of(const struct vas_area *area)
{
	const struct traced_file *traced = area->file == NULL ? NULL : area->file->data;
	struct replay_object *object = traced == NULL ? NULL : traced->memory;

	return object == NULL || vas_area_anonymous(area) ? NULL : &object->shadow;
}

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
	memory->shadow.object_of = object_of;
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
		.swap = options->swap_bytes == 0 ? NULL : &vas_descriptor_store,
		.swap_data = vas_store_descriptor(memory->swap, false),
		.swap_slots = (uint32_t)(options->swap_bytes >> VAS_PAGE_SHIFT),
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

static uint64_t count_areas(struct replay_memory *memory)
{
	struct vas_space *space = NULL;
	uint64_t areas = 0;

	while ((space = shadow_next(&memory->shadow, space)) != NULL) {
		struct vas_counts counts;

		vas_space_count(space, &counts);
		areas += counts.areas;
	}
	return areas;
}

/* Looks at how much of everything there is now. */
static void look(struct replay_memory *memory)
{
	struct replay_memory_counts *counts = &memory->counts;
	struct vas_machine_counts *machine = &counts->machine;

	vas_machine_count(memory->machine, machine);
	counts->areas = count_areas(memory);
	counts->rmap_bytes = machine->rmap_bytes;
	counts->tables = machine->tables;
	counts->swap_used = machine->swap_used;
	if (counts->most_areas < counts->areas)
		counts->most_areas = counts->areas;
	if (counts->most_rmap_bytes < counts->rmap_bytes)
		counts->most_rmap_bytes = counts->rmap_bytes;
	if (counts->most_tables < counts->tables)
		counts->most_tables = counts->tables;
}

const struct replay_memory_counts *replay_memory_counts(const struct replay_memory *memory)
{
	return &memory->counts;
}

/* ---- objects ---- */

static void put_object(void *data)
{
	struct replay_object *object = data;

	if (--object->users > 0)
		return;
	*object->place = object->next;
	if (object->next != NULL)
		object->next->place = object->place;
	vas_file_put(object->opened);
	replay_store_free(&object->store);
	shadow_object_free(&object->shadow);
	free(object);
}

/* Shared memory that has no name is known by the trace's own record of it only. */
static struct replay_object *find_object(struct replay_memory *memory,
					 const struct traced_file *traced)
{
	const struct vas_file *file = &traced->file;
	struct replay_object *object = memory->objects;

	if (traced->learn_inode || file->inode == 0)
		return NULL;
	while (object != NULL && (!object->known || object->inode != file->inode ||
				  object->major != file->major || object->minor != file->minor))
		object = object->next;
	return object;
}

static struct replay_object *make_object(struct replay_memory *memory,
					 const struct traced_file *traced)
{
	const struct vas_file *file = &traced->file;
	bool shared_memory = (file->flags & VAS_FILE_SHARED_MEMORY) != 0;
	uint64_t size = file->size > ENDLESS ? ENDLESS : file->size;
	struct replay_object *object = calloc(1, sizeof(*object));
	struct vas_object_open open = {
		.store = shared_memory ? NULL : &replay_store,
		.size = size,
		.flags = file->flags,
	};

	if (object == NULL)
		return NULL;
	object->memory = memory;
	object->known = !traced->learn_inode && file->inode != 0;
	object->major = file->major;
	object->minor = file->minor;
	object->inode = file->inode;
	memory->last_object++;
	shadow_object_init(&object->shadow, memory->last_object, size, shared_memory ? 0 : size);
	replay_store_init(&object->store, &memory->disk, memory->last_object, size);
	open.store_data = &object->store;
	if (vas_object_open(memory->machine, &open, &object->opened) != 0) {
		free(object);
		return NULL;
	}
	object->next = memory->objects;
	object->place = &memory->objects;
	if (object->next != NULL)
		object->next->place = &object->next;
	memory->objects = object;
	return object;
}

static int open_file(void *data, struct traced_file *traced)
{
	static const char anonymous_inode[] = "anon_inode:";
	const uint32_t without =
		VAS_FILE_DEVICE | VAS_FILE_DEVICE_ZERO | VAS_FILE_HUGE_PAGES | VAS_FILE_NO_MMAP;
	struct replay_memory *memory = data;
	struct replay_object *object;

	if (traced->memory != NULL || memory->machine == NULL ||
	    (traced->file.flags & without) != 0 ||
	    strncmp(traced->name, anonymous_inode, strlen(anonymous_inode)) == 0)
		return 0;
	object = find_object(memory, traced);
	if (object == NULL)
		object = make_object(memory, traced);
	if (object == NULL)
		return -VAS_ENOMEM;
	object->users++;
	traced->memory = object;
	traced->put_memory = put_object;
	traced->file.object = object->opened->object;
	return 0;
}

static int resize(struct replay_memory *memory, struct replay_object *object, uint64_t size)
{
	shadow_resize(&memory->shadow, &object->shadow, size);
	return vas_truncate(object->opened, size);
}

static int told_size(void *data, struct traced_file *traced)
{
	struct replay_object *object = traced->memory;

	if (object == NULL || traced->file.size > ENDLESS ||
	    traced->file.size == object->shadow.size)
		return 0;
	return resize(data, object, traced->file.size);
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
	return memory->full;
}

static const char *access_name(enum vas_access how)
{
	return how == VAS_ACCESS_WRITE ? "write" : how == VAS_ACCESS_EXEC ? "fetch" : "read";
}

/* The kernel's access went well, ours did not. */
static void failed(struct replay_memory *memory, struct interpreter *in, int pid, uint64_t address,
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

static void wrong_contents(struct interpreter *in, int pid, const char *what, uint64_t address,
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

/* One touch of one page. */
struct touch {
	struct replay_memory *memory;
	struct interpreter *in;
	int pid;
	struct vas_space *space;
	const struct vas_area *area;
	uint64_t page; /* its address */
	enum vas_access how;
};

/* Has what is mapped here no contents that a program could count on? */
static bool left_alone(const struct vas_area *area)
{
	const uint64_t flags = VAS_AREA_IO | VAS_AREA_RAW_FRAMES | VAS_AREA_MIXED |
			       VAS_AREA_HUGE_PAGES | VAS_AREA_NO_SPLIT;

	return (area->flags & flags) != 0 ||
	       (!vas_area_anonymous(area) && area->file->object == NULL);
}

/* The page as it was read; `changed` bytes at its beginning have just been written. */
static void check(const struct touch *touch, const unsigned char *found, const void *written,
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
		wrong_contents(touch->in, touch->pid, "the page at", touch->page, &token, found);
		token.kind = TOKEN_UNKNOWN;
	}
	shadow_set(shadow, touch->area, touch->page, &token);
}

static int read_page(const struct touch *touch)
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
		shadow_shared(touch->area) ? object_of(touch->area) : NULL;
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

/* A touch behind the end of its file: then the file has grown unseen. */
static bool grow(const struct touch *touch)
{
	const struct traced_file *traced =
		touch->area->file == NULL ? NULL : touch->area->file->data;
	struct replay_object *object = traced == NULL ? NULL : traced->memory;
	uint64_t index = shadow_index(touch->area, touch->page);

	if (object == NULL || shadow_valid(&object->shadow, index) != 0 ||
	    index >= (UINT64_C(1) << 50) ||
	    resize(touch->memory, object, (index + 1) << VAS_PAGE_SHIFT) != 0)
		return false;
	touch->memory->counts.grown++;
	return true;
}

static int touch_page(struct touch *touch)
{
	bool write = touch->how == VAS_ACCESS_WRITE;
	int err = write ? write_page(touch) : read_page(touch);

	if (err == -VAS_EOVERFLOW && grow(touch))
		err = write ? write_page(touch) : read_page(touch);
	if (err == 0 && write)
		touch->memory->counts.written++;
	else if (err == 0)
		touch->memory->counts.read++;
	if (err == 0 || err == -VAS_EFAULT || err == -VAS_EACCES)
		return err;
	failed(touch->memory, touch->in, touch->pid, touch->page, touch->how, err);
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
		int err = vas_touch(space, address, how);

		if (err == -VAS_ENOMEM)
			failed(memory, in, touch.pid, address, how, err);
		if (err != 0)
			return err == -VAS_ENOMEM ? 0 : err;
		touch.area = vas_find(space, address);
	}
	if (touch.area == NULL)
		return -VAS_EFAULT;
	if (left_alone(touch.area)) {
		memory->counts.left_alone++;
		return 0;
	}
	if (++memory->touches % COUNT_EACH == 0)
		look(memory);
	return touch_page(&touch);
}

const struct interpreter_memory replay_memory_calls = {
	.space = make_space,
	.open = open_file,
	.told = told_size,
	.touch = touch_address,
	.full = memory_full,
};

/* ---- reading all once more ---- */

static void read_again(void *context, uint64_t address)
{
	struct touch *touch = context;
	int err;

	touch->area = vas_find(touch->space, address);
	if (touch->area == NULL || (touch->area->flags & VAS_AREA_ACCESS) == 0 ||
	    left_alone(touch->area))
		return;
	touch->page = address;
	err = read_page(touch);
	if (err != 0)
		failed(touch->memory, touch->in, touch->pid, address, touch->how, err);
	touch->memory->counts.read_again++;
}

struct object_reading {
	struct touch *touch;
	struct replay_object *object; /* NULL: through the area */
	uint64_t start, first;	      /* where the area begins, in the space and in the object */
};

static void read_mapped(void *context, uint64_t page, void *record)
{
	const struct object_reading *reading = context;

	if (((const struct token *)record)->kind != TOKEN_NONE)
		read_again(reading->touch,
			   reading->start + ((page - reading->first) << VAS_PAGE_SHIFT));
}

/* Shared memory that goes with this space. */
static void read_shared(struct touch *touch)
{
	struct vas_walk walk;
	struct vas_area *area;

	vas_walk_start(&walk, touch->space, 0);
	while ((area = vas_walk_next(&walk)) != NULL) {
		const struct shadow_object *object = shadow_shared(area) ? object_of(area) : NULL;
		const struct object_reading reading = { touch, NULL, area->range.start,
							area->offset };

		if (object != NULL && area->file->references == 1)
			page_map_each(&object->tokens, area->offset,
				      area->offset + vas_area_pages(area) - 1, read_mapped,
				      (void *)(uintptr_t)&reading);
	}
}

static void read_space(struct replay_memory *memory, struct interpreter *in, int pid,
		       struct vas_space *space)
{
	struct touch touch = {
		.memory = memory,
		.in = in,
		.pid = pid,
		.space = space,
		.how = VAS_ACCESS_READ,
	};

	shadow_each(space, read_again, &touch);
	read_shared(&touch);
}

void replay_memory_leave(struct replay_memory *memory, struct interpreter *interpreter,
			 struct thread *thread)
{
	const struct traced_space *traced = thread->process->space;

	if (traced == NULL || traced->users > 1 || memory->machine == NULL)
		return;
	look(memory);
	read_space(memory, interpreter, thread->tid, traced->space);
}

static void read_object_page(void *context, uint64_t page, void *record)
{
	const struct object_reading *reading = context;
	struct replay_object *object = reading->object;
	const struct token *token = record;
	unsigned char wanted[VAS_PAGE_SIZE], found[VAS_PAGE_SIZE] = { 0 };
	int err;

	if (token->kind == TOKEN_NONE || token->kind == TOKEN_UNKNOWN ||
	    shadow_valid(&object->shadow, page) == 0)
		return;
	err = vas_file_read(object->opened, page << VAS_PAGE_SHIFT, found, sizeof(found), NULL);
	reading->touch->memory->counts.read_again++;
	if (err != 0) {
		failed(reading->touch->memory, reading->touch->in, 0, page << VAS_PAGE_SHIFT,
		       VAS_ACCESS_READ, err);
		return;
	}
	token_bytes(token, wanted);
	if (memcmp(wanted, found, sizeof(wanted)) != 0)
		wrong_contents(reading->touch->in, 0, "a file at", page << VAS_PAGE_SHIFT, token,
			       found);
}

/* ---- the end ---- */

struct broken {
	char text[256];
	size_t length;
};

static void print_broken(void *context, const char *text, size_t length)
{
	struct broken *broken = context;
	size_t room = sizeof(broken->text) - 1 - broken->length;

	length = length < room ? length : room;
	memcpy(broken->text + broken->length, text, length);
	broken->length += length;
}

static void validate(struct replay_memory *memory, struct interpreter *in, const char *when)
{
	struct broken broken = { 0 };
	const struct vas_printer printer = { print_broken, &broken };

	if (vas_machine_validate(memory->machine, &printer))
		return;
	while (broken.length > 0 && broken.text[broken.length - 1] == '\n')
		broken.text[--broken.length] = '\0';
	interpreter_diverged(in, &(struct divergence){
					 .kind = DIVERGENCE_MACHINE,
					 .call = when,
					 .model = broken.text,
					 .kernel = "no broken invariant",
				 });
}

void replay_memory_over(struct replay_memory *memory, struct interpreter *in)
{
	struct touch touch = { .memory = memory, .in = in };
	struct vas_space *space = NULL;

	if (memory->machine == NULL)
		return;
	look(memory);
	while ((space = shadow_next(&memory->shadow, space)) != NULL)
		read_space(memory, in, 0, space);
	for (struct replay_object *object = memory->objects; object != NULL;
	     object = object->next) {
		struct object_reading reading = { .touch = &touch, .object = object };

		page_map_each(&object->shadow.tokens, 0, PAGE_MAP_LAST, read_object_page, &reading);
	}
	vas_machine_count(memory->machine, &memory->counts.machine);
	validate(memory, in, "the machine when the trace is over");
}

void replay_memory_emptied(struct replay_memory *memory, struct interpreter *in)
{
	struct vas_machine_counts counts;
	char model[96];

	if (memory->machine == NULL)
		return;
	validate(memory, in, "the machine when all is gone");
	vas_machine_count(memory->machine, &counts);
	if (counts.free == memory->free && counts.swap_used == 0)
		return;
	snprintf(model, sizeof(model), "%" PRIu32 " frames and %" PRIu32 " slots in use",
		 memory->free - counts.free, counts.swap_used);
	interpreter_diverged(in, &(struct divergence){
					 .kind = DIVERGENCE_MACHINE,
					 .call = "the machine when all is gone",
					 .model = model,
					 .kernel = "none",
				 });
}
