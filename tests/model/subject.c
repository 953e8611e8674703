/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "subject.h"

#include <stdlib.h>
#include <string.h>

#include <vas/anon_vma_chain.h>

void subject_rules_draw(struct subject_rules *rules, struct source *source)
{
	*rules = (struct subject_rules){
		.direction = source_pick(source, 3) == 2 ? VAS_BOTTOM_UP : VAS_TOP_DOWN,
		.fit = source_pick(source, 4) == 3 ? VAS_FIT_EXACT : VAS_FIT_LINUX,
		.address_space = VAS_UNLIMITED,
		.locked = (10 + source_pick(source, CALL_PAGES)) * VAS_PAGE_SIZE,
		.commit_limit = 2 * CALL_PAGES,
		.total_pages = VAS_UNLIMITED,
		.max_map_count = 65530,
		.stack_guard_gap = source_pick(source, 8) * VAS_PAGE_SIZE,
		.kernel = VAS_KERNEL(6, 18),
	};
	switch (source_pick(source, 6)) {
	case 1:
		rules->address_space = (40 + source_pick(source, CALL_PAGES)) * VAS_PAGE_SIZE;
		break;
	case 2:
		rules->total_pages = 10 + source_pick(source, CALL_PAGES / 2);
		break;
	case 3:
		rules->overcommit_memory = 1;
		break;
	case 4:
		rules->overcommit_memory = 2;
		rules->commit_limit = 50 + source_pick(source, 2 * CALL_PAGES);
		break;
	default:
		break;
	}
}

void subject_rules_print(FILE *stream, const struct subject_rules *rules)
{
	fprintf(stream,
		"rules: %s, %s fit, RLIMIT_AS 0x%llx, RLIMIT_MEMLOCK 0x%llx, overcommit %d, commit "
		"limit %llu, total pages %llu, max_map_count %u, guard gap 0x%llx, kernel %u.%u%s%s\n",
		rules->direction == VAS_TOP_DOWN ? "top-down" : "bottom-up",
		rules->fit == VAS_FIT_LINUX ? "linux" : "exact",
		(unsigned long long)rules->address_space, (unsigned long long)rules->locked,
		rules->overcommit_memory, (unsigned long long)rules->commit_limit,
		(unsigned long long)rules->total_pages, rules->max_map_count,
		(unsigned long long)rules->stack_guard_gap, rules->kernel >> 16,
		rules->kernel & 0xffff, rules->huge_pages ? ", huge pages" : "",
		rules->heads ? ", heads" : "");
}

static void set_files(struct subject *subject)
{
	static const uint32_t flags[CALL_FILES] = {
		0,
		VAS_FILE_READ | VAS_FILE_WRITE,
		VAS_FILE_READ | VAS_FILE_NO_EXEC,
		VAS_FILE_READ | VAS_FILE_WRITE | VAS_FILE_SHARED_MEMORY,
	};
	static const char *const names[CALL_FILES] = { NULL, "/one", "/two", "/memfd:three" };

	for (uint32_t i = 0; i < CALL_FILES; i++)
		subject->files[i] = (struct vas_file){
			.references = 1,
			.flags = flags[i],
			.inode = i,
			.size = UINT64_MAX,
			.name = names[i],
		};
}

static void set_rules(struct subject *subject, const struct subject_rules *rules)
{
	struct vas_settings *settings = &subject->settings;
	struct vas_space_config *config = &subject->config;

	vas_settings_default(settings);
	settings->mmap_min_addr = settings->fixed_min_addr = CALL_BASE;
	settings->huge_pages = rules->huge_pages;
	settings->kernel = rules->kernel;
	settings->overcommit_memory = rules->overcommit_memory;
	settings->commit_limit = rules->commit_limit;
	settings->total_pages = rules->total_pages;
	settings->max_map_count = rules->max_map_count;
	settings->stack_guard_gap = rules->stack_guard_gap;
	vas_space_default(config, settings);
	config->index = subject->design;
	config->allocator = &subject->memory.allocator;
	config->layout = (struct vas_layout){
		.task_size = CALL_END,
		.map_window = CALL_END,
		.map_base = CALL_BASE + (CALL_PAGES - 20) * VAS_PAGE_SIZE,
		.legacy_base = CALL_BASE + 30 * VAS_PAGE_SIZE,
		.low_base = CALL_BASE,
		.start_brk = CALL_BASE,
		.brk = CALL_BASE,
		.direction = rules->direction,
	};
	config->limits.address_space = rules->address_space;
	config->limits.locked = rules->locked;
	config->limits.stack = VAS_UNLIMITED;
	config->fit = rules->fit;
}

static void create(struct subject *subject, unsigned i)
{
	if (vas_space_create(&subject->config, &subject->spaces[i]) != 0)
		abort();
}

void subject_start(struct subject *subject, const char *design, const struct subject_rules *rules)
{
	memset(subject, 0, sizeof(*subject));
	subject->design = design;
	failing_allocator_init(&subject->memory);
	set_files(subject);
	set_rules(subject, rules);
	subject->twin = twin_create(CALL_BASE);
	twin_listen(subject->twin, &subject->config);
	if (!rules->heads)
		twin_ignore_clones(subject->twin);
	if (rules->heads) {
		const struct vas_anon_rmap_config config = {
			.allocator = &subject->memory.allocator,
			.settings = &subject->settings,
		};

		if (vas_anon_vma_chain_create(&config, &subject->chain) != 0)
			abort();
		subject->config.listeners[1].listener = &vas_anon_vma_chain_listener;
		subject->config.listeners[1].data = subject->chain;
	}
	for (unsigned i = 0; i < CALL_SPACES; i++)
		create(subject, i);
}

const char *subject_finish(struct subject *subject)
{
	const char *wrong = NULL;

	for (unsigned i = 0; i < CALL_SPACES; i++)
		vas_space_destroy(subject->spaces[i]);
	vas_anon_vma_chain_destroy(subject->chain);
	if (!twin_is_empty(subject->twin))
		wrong = "the twin is not empty";
	if (subject->settings.committed != 0)
		wrong = "promises are left over";
	for (unsigned i = 0; i < CALL_FILES; i++)
		if (subject->files[i].references != 1)
			wrong = "a file is still held";
	twin_destroy(subject->twin);
	if (failing_allocator_finish(&subject->memory) != 0)
		wrong = "memory is left over";
	return wrong;
}

static int do_map(struct subject *subject, const struct call *call, uint64_t *address)
{
	const struct vas_map map = {
		.length = call->length,
		.prot = call->prot,
		.flags = call->flags,
		.file = call->number == 0 ? NULL : &subject->files[call->number],
		.offset = call->offset,
	};

	*address = call->start;
	return vas_map(subject->spaces[call->space], &map, address);
}

static int do_remap(struct vas_space *space, const struct call *call, uint64_t *address)
{
	const struct vas_remap remap = {
		.old = call->start,
		.old_length = call->length,
		.new_length = call->new_length,
		.flags = call->flags,
		.new_address = call->target,
	};

	return vas_remap(space, &remap, address);
}

static int do_fork(struct subject *subject, const struct call *call)
{
	struct vas_space *child;
	int err;

	if (call->space == call->other)
		return 0;
	vas_space_destroy(subject->spaces[call->other]);
	err = vas_fork(subject->spaces[call->space], &child);
	if (err == 0)
		subject->spaces[call->other] = child;
	else
		create(subject, call->other);
	return err;
}

static int do_exit(struct subject *subject, unsigned i)
{
	vas_space_destroy(subject->spaces[i]);
	create(subject, i);
	return 0;
}

static int do_attach(struct subject *subject, const struct call *call, uint64_t *address)
{
	uint64_t length = call->length > CALL_END ? VAS_PAGE_SIZE : call->length;

	*address = call->start;
	return vas_attach(subject->spaces[call->space], &subject->files[call->number], length,
			  call->flags, address);
}

int subject_do(struct subject *subject, const struct call *call, uint64_t *address)
{
	struct vas_space *space = subject->spaces[call->space];
	uint64_t start = call->start, length = call->length;

	*address = 0;
	switch (call->kind) {
	case CALL_MAP:
		return do_map(subject, call, address);
	case CALL_UNMAP:
		return vas_unmap(space, start, length);
	case CALL_PROTECT:
		return vas_protect(space, start, length, call->prot, -1);
	case CALL_REMAP:
		return do_remap(space, call, address);
	case CALL_BRK:
		return vas_brk(space, start, address);
	case CALL_ADVISE:
		return vas_advise(space, start, length, call->number);
	case CALL_LOCK:
		return vas_lock(space, start, length, call->flags);
	case CALL_UNLOCK:
		return vas_unlock(space, start, length);
	case CALL_LOCK_ALL:
		return vas_lock_all(space, call->flags);
	case CALL_UNLOCK_ALL:
		return vas_unlock_all(space);
	case CALL_SEAL:
		return vas_seal(space, start, length, 0);
	case CALL_NAME:
		return vas_set_name(space, start, length, call_name(call->number));
	case CALL_BIND:
		return vas_bind(space, start, length, (uint64_t)call->number);
	case CALL_TOUCH:
		return vas_touch(space, start, call->prot);
	case CALL_FORK:
		return do_fork(subject, call);
	case CALL_EXIT:
		return do_exit(subject, call->space);
	case CALL_ATTACH:
		return do_attach(subject, call, address);
	case CALL_DETACH:
		return vas_detach(space, start);
	case CALL_FILE_PAGES:
		return vas_remap_file_pages(space, start, length, 0, call->offset, 0);
	case CALL_USERFAULT:
		return vas_userfault(space, start, length, call->flags, (uint64_t)call->number);
	case CALL_EXEC:
		vas_exec(space, &subject->config.layout);
		return 0;
	case CALL_KINDS:
		break;
	}
	abort();
}

static void print_to(void *context, const char *text, size_t length)
{
	fwrite(text, 1, length, context);
}

const char *subject_check(struct subject *subject)
{
	const struct vas_printer printer = { print_to, stderr };

	for (unsigned i = 0; i < CALL_SPACES; i++) {
		const char *wrong = twin_check(subject->twin, subject->spaces[i]);

		if (wrong != NULL)
			return wrong;
		if (!vas_space_validate(subject->spaces[i], &printer))
			return "the space is not valid";
	}
	if (subject->chain != NULL && !vas_anon_vma_chain_validate(subject->chain, &printer))
		return "the chains are not valid";
	return NULL;
}

/* Which of its subject's files an area maps. */
static ptrdiff_t file_number(const struct subject *subject, const struct vas_area *area)
{
	return area->file == NULL ? -1 : area->file - subject->files;
}

static bool areas_equal(const struct subject *a, const struct vas_area *x, const struct subject *b,
			const struct vas_area *y)
{
	return x->range.start == y->range.start && x->range.end == y->range.end &&
	       x->flags == y->flags && x->offset == y->offset && x->policy == y->policy &&
	       file_number(a, x) == file_number(b, y) &&
	       strcmp(vas_area_name(x), vas_area_name(y)) == 0;
}

bool subject_equal(const struct subject *a, const struct subject *b)
{
	for (unsigned i = 0; i < CALL_SPACES; i++) {
		const struct vas_area *x = vas_find_ge(a->spaces[i], 0);
		const struct vas_area *y = vas_find_ge(b->spaces[i], 0);
		struct vas_counts counts[2];

		for (; x != NULL && y != NULL; x = vas_area_next(x), y = vas_area_next(y))
			if (!areas_equal(a, x, b, y))
				return false;
		vas_space_count(a->spaces[i], &counts[0]);
		vas_space_count(b->spaces[i], &counts[1]);
		counts[0].bytes = counts[1].bytes = 0;
		if (x != NULL || y != NULL ||
		    memcmp(&counts[0], &counts[1], sizeof(counts[0])) != 0)
			return false;
	}
	return a->settings.committed == b->settings.committed &&
	       strcmp(twin_log(a->twin), twin_log(b->twin)) == 0;
}

void subject_print(const struct subject *subject, FILE *stream)
{
	const struct vas_printer printer = { print_to, stream };

	for (unsigned i = 0; i < CALL_SPACES; i++) {
		struct vas_counts counts;

		vas_space_count(subject->spaces[i], &counts);
		fprintf(stream, "%s, space %u: %llu areas, %llu pages, %llu locked\n",
			subject->design, i, (unsigned long long)counts.areas,
			(unsigned long long)counts.total, (unsigned long long)counts.locked);
		vas_space_print(subject->spaces[i], &printer);
	}
	fprintf(stream, "promised: %llu\n", (unsigned long long)subject->settings.committed);
}
