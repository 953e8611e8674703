/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Calls that choose an address: mmap, mremap, brk, shmat, io_setup.
 *
 * Three cases of each:
 *
 *	the kernel refused	the model must refuse with the same error; what it did is undone
 *	the space is known	the model chooses; if it chose otherwise, that is told, and the area
 *				goes where the kernel put it
 *	the space is partial	the area goes where the kernel put it
 *
 * Two things about a layout are not known exactly at first, and are learnt from what the kernel
 * chose. The base of top-down searches is taken to be the end of what exec mapped highest below
 * the stack; as long as no search has proved it, an area above it moves it up. And MAP_32BIT looks
 * upwards from a place that is random anew for each call, within 32 MiB.
 */

#include "interpret_inside.h"

#include <stdlib.h>

#define HUGE_PAGE    (UINT64_C(2) << 20)
#define LOW_BASE     UINT64_C(0x40000000)
#define LOW_BASE_TOP UINT64_C(0x41fff000) /* the last page that the random start can be */
#define RING_MOST    (UINT64_C(64) << 20)

struct mapping {
	struct vas_map map;
	uint64_t hint;
	uint64_t length; /* whole pages */
	struct traced_file *file;
};

/* ---- mmap: arguments ---- */

static struct traced_file *huge_memory(uint32_t flags)
{
	struct traced_file *file = interpret_shared_memory("/anon_hugepage (deleted)", UINT64_MAX);
	uint32_t shift = flags >> 26 & 63;

	if (file == NULL)
		return NULL;
	file->file.flags |= VAS_FILE_HUGE_PAGES;
	file->file.huge_page =
		shift < VAS_PAGE_SHIFT || shift > 47 ? HUGE_PAGE : UINT64_C(1) << shift;
	return file;
}

/* /dev/zero, mapped shared, is a new piece of shared memory each time. */
static int replace_zero(const struct call_context *context, struct mapping *mapping)
{
	struct traced_file *zero = mapping->file, *file;
	const uint32_t modes = VAS_FILE_READ | VAS_FILE_WRITE;

	if (zero == NULL || (zero->file.flags & VAS_FILE_DEVICE_ZERO) == 0 ||
	    (mapping->map.flags & VAS_MAP_TYPE) == VAS_PRIVATE)
		return 0;
	file = interpret_shared_memory("/dev/zero (deleted)", mapping->length);
	if (file == NULL)
		return interpret_no_memory(context->in, context->event);
	file->file.flags = (file->file.flags & ~modes) | (zero->file.flags & modes);
	file->file.flags |= VAS_FILE_DEVICE_ZERO;
	file->file.limit = UINT64_MAX;
	vas_file_put(&zero->file);
	mapping->file = file;
	return 0;
}

static int find_mapped_file(const struct call_context *context, struct mapping *mapping)
{
	uint32_t flags = mapping->map.flags;
	int fd;

	mapping->file = NULL;
	if ((flags & VAS_ANONYMOUS) == 0) {
		if (interpret_descriptor(context, 4, &fd, &mapping->file) < 0 ||
		    replace_zero(context, mapping) < 0)
			return -1;
		if (mapping->file == NULL)
			return 0;
		/* Whether a file system or a driver can map at all is known from its answer only.
		 */
		if (!kernel_succeeded(context) && context->call->error == VAS_ENODEV)
			mapping->file->file.flags |= VAS_FILE_NO_MMAP;
		else if (kernel_succeeded(context))
			mapping->file->file.flags &= ~(uint32_t)VAS_FILE_NO_MMAP;
		return 0;
	}
	if ((flags & VAS_HUGETLB) != 0)
		mapping->file = huge_memory(flags);
	else if ((flags & VAS_MAP_TYPE) == VAS_SHARED)
		mapping->file = interpret_shared_memory("/dev/zero (deleted)", mapping->length);
	else
		return 0;
	return mapping->file != NULL ? 0 : interpret_no_memory(context->in, context->event);
}

static int read_mmap(const struct call_context *context, struct mapping *mapping)
{
	uint64_t length, prot, flags, offset;

	if (argument_number(context, 0, &mapping->hint) < 0 ||
	    argument_number(context, 1, &length) < 0 ||
	    argument_flags(context, 2, CONSTANTS_PROT, &prot) < 0 ||
	    argument_flags(context, 3, CONSTANTS_MAP, &flags) < 0 ||
	    argument_number(context, 5, &offset) < 0)
		return -1;
	mapping->length = vas_page_up(length);
	mapping->map = (struct vas_map){
		.length = length,
		.prot = (uint32_t)prot,
		.flags = (uint32_t)flags,
		.offset = offset,
	};
	if (find_mapped_file(context, mapping) < 0)
		return -1;
	if (mapping->file != NULL) {
		mapping->map.file = &mapping->file->file;
		if (interpret_open(context->in, context->event, mapping->file) < 0) {
			vas_file_put(&mapping->file->file);
			return -1;
		}
		if ((mapping->map.file->flags & VAS_FILE_HUGE_PAGES) != 0 && length != 0) {
			uint64_t mask = mapping->map.file->huge_page - 1;

			mapping->length = (length + mask) & ~mask;
		}
	}
	return 0;
}

static bool is_fixed(const struct mapping *mapping)
{
	return (mapping->map.flags & (VAS_FIXED | VAS_FIXED_NOREPLACE)) != 0;
}

/* ---- mmap: in step ---- */

static struct outcome try_map(const struct call_context *context, const struct mapping *mapping)
{
	uint64_t at = mapping->hint;
	int err = TIMED(WORK_MAP, vas_map(context->space, &mapping->map, &at));

	return (struct outcome){ -err, err == 0 ? at : 0 };
}

static void undo_map(const struct call_context *context, const struct mapping *mapping,
		     struct outcome model)
{
	if (model.error == 0)
		(void)!vas_unmap(context->space, model.value, mapping->length);
}

/* The flags that a mapping has which only the kernel could make. */
static uint64_t likely_flags(const struct mapping *mapping)
{
	uint64_t flags = (mapping->map.prot & VAS_AREA_ACCESS) | VAS_AREA_MAY_READ |
			 VAS_AREA_MAY_WRITE | VAS_AREA_MAY_EXEC;

	if ((mapping->map.flags & VAS_MAP_TYPE) != VAS_PRIVATE)
		flags |= VAS_AREA_SHARED | VAS_AREA_MAY_SHARE;
	return flags;
}

/* Puts the mapping where the kernel has it. */
static void force_map(const struct call_context *context, const struct mapping *mapping)
{
	struct vas_map map = mapping->map;
	uint64_t at = context->call->value;
	struct vas_place place = {
		.range = { at, at + mapping->length },
		.flags = likely_flags(mapping),
		.file = map.file,
		.offset = (map.file == NULL ? at : map.offset) >> VAS_PAGE_SHIFT,
	};

	map.flags = (map.flags & ~(uint32_t)(VAS_FIXED_NOREPLACE | VAS_32BIT)) | VAS_FIXED;
	if (vas_map(context->space, &map, &at) == 0)
		return;
	if (vas_unmap(context->space, place.range.start, mapping->length) == 0)
		(void)!vas_place(context->space, &place);
}

static bool searched_top_down(const struct call_context *context, const struct mapping *mapping)
{
	return !is_fixed(mapping) && (mapping->map.flags & VAS_32BIT) == 0 &&
	       vas_space_layout(context->space)->direction == VAS_TOP_DOWN &&
	       mapping->hint != context->call->value;
}

/* The kernel found room above what we took for the base: moves it there. */
static bool move_base(const struct call_context *context, const struct mapping *mapping,
		      struct outcome *model)
{
	struct vas_layout *layout = vas_space_layout(context->space);
	uint64_t base = layout->map_base, end = context->call->value + mapping->length;

	if (context->traced->base_proved || !searched_top_down(context, mapping) || end <= base ||
	    end > layout->task_size)
		return false;
	undo_map(context, mapping, *model);
	layout->map_base = end;
	*model = try_map(context, mapping);
	if (model->error == 0 && model->value == context->call->value)
		return true;
	layout->map_base = base;
	return false;
}

/* The kernel went lower than we took for its least. */
static void lower_least(const struct call_context *context, const struct mapping *mapping,
			struct outcome *model)
{
	struct vas_settings *settings = &context->in->settings;

	if (context->call->value >= settings->mmap_min_addr ||
	    settings->mmap_min_addr == context->in->told_min_addr)
		return;
	settings->mmap_min_addr = context->in->told_min_addr;
	undo_map(context, mapping, *model);
	*model = try_map(context, mapping);
}

/*
 * Where MAP_32BIT's search may have begun to find what it found: right there; or, as what starts at
 * a huge page was found before it, up to a huge page lower.
 */
static bool learn_low_base(const struct call_context *context, const struct mapping *mapping,
			   uint64_t lower)
{
	uint64_t value = context->call->value;

	if ((mapping->map.flags & VAS_32BIT) == 0 || !context->in->randomized ||
	    (context->thread->process->personality & PERSONALITY_NO_RANDOMIZE) != 0 ||
	    !kernel_succeeded(context) || value < LOW_BASE)
		return false;
	value = value - LOW_BASE < lower ? LOW_BASE : value - lower;
	vas_space_layout(context->space)->low_base = value < LOW_BASE_TOP ? value : LOW_BASE_TOP;
	return true;
}

static int map_known(const struct call_context *context, const struct mapping *mapping)
{
	uint64_t value = context->call->value;
	struct outcome model;

	(void)learn_low_base(context, mapping, 0);
	model = try_map(context, mapping);
	if ((model.error != 0 || model.value != value) &&
	    learn_low_base(context, mapping, HUGE_PAGE - VAS_PAGE_SIZE)) {
		undo_map(context, mapping, model);
		model = try_map(context, mapping);
	}
	if ((model.error != 0 || model.value != value) &&
	    apply_begun(context, value, value + mapping->length)) {
		undo_map(context, mapping, model);
		model = try_map(context, mapping);
	}
	if (model.error != 0 || model.value != value)
		lower_least(context, mapping, &model);
	if ((model.error != 0 || model.value != value) && !move_base(context, mapping, &model)) {
		(void)outcome_check(context, model, NULL);
		undo_map(context, mapping, model);
		force_map(context, mapping);
		return 0;
	}
	if (searched_top_down(context, mapping) && mapping->length < HUGE_PAGE)
		context->traced->base_proved = true;
	(void)outcome_check(context, model, NULL);
	return 0;
}

static int map_partial(const struct call_context *context, const struct mapping *mapping)
{
	struct mapping forced = *mapping;
	uint64_t value = context->call->value, end = value + mapping->length;
	struct vas_area *area = vas_find_ge(context->space, value);
	struct outcome model;

	if (area != NULL && area->range.start < end && !is_fixed(mapping)) {
		apply_begun(context, value, end);
		area = vas_find_ge(context->space, value);
		if (area != NULL && area->range.start < end)
			outcome_skip(context, SKIP_UNKNOWN_AREA);
	}
	forced.hint = value;
	forced.map.flags &= ~(uint32_t)(VAS_FIXED_NOREPLACE | VAS_32BIT);
	forced.map.flags |= VAS_FIXED;
	model = try_map(context, &forced);
	if (is_fixed(mapping) || model.error != 0)
		(void)outcome_check(context, model, NULL);
	else
		outcome_skip(context, SKIP_ADDRESS);
	if (model.error != 0)
		force_map(context, mapping);
	return 0;
}

/* May the kernel have refused what the model does? MAP_SYNC is a file system's affair too, and how
 * long its files can be. */
static bool may_refuse(const struct call_context *context, const struct mapping *mapping)
{
	return mapping->file != NULL &&
	       (mapping->file->own_rules || (mapping->map.flags & VAS_SYNC) != 0 ||
		context->call->error == VAS_EOVERFLOW);
}

/* Was it refused because there are too few huge pages? How many there were is not told. */
static bool lacks_huge_pages(const struct call_context *context, const struct vas_file *file)
{
	return !kernel_succeeded(context) && context->call->error == VAS_ENOMEM &&
	       (file->flags & VAS_FILE_HUGE_PAGES) != 0;
}

static int map_refused(const struct call_context *context, const struct mapping *mapping)
{
	struct saved_areas saved = { 0 };
	struct outcome model;

	if ((mapping->map.flags & VAS_HUGETLB) != 0 ||
	    (mapping->file != NULL && lacks_huge_pages(context, &mapping->file->file))) {
		outcome_skip(context, SKIP_ERROR);
		return 0;
	}
	if (is_fixed(mapping) && mapping->file != NULL && mapping->file->own_rules) {
		outcome_skip(context, SKIP_DRIVER); /* what is there must not be cut */
		return 0;
	}
	if (is_fixed(mapping) && save_areas(context, mapping->hint, mapping->length, &saved) < 0)
		return -1;
	model = try_map(context, mapping);
	if (model.error != context->call->error && may_refuse(context, mapping)) {
		outcome_skip(context, SKIP_DRIVER);
	} else if (outcome_check(context, model, NULL) || model.error != 0) {
		drop_saved(&saved);
		return 0;
	}
	undo_map(context, mapping, model);
	restore_areas(context, &saved);
	return 0;
}

int interpret_mmap(struct call_context *context)
{
	struct mapping mapping;
	int err;

	if (read_mmap(context, &mapping) < 0)
		return -1;
	if (!kernel_succeeded(context))
		err = map_refused(context, &mapping);
	else if ((context->call->value & VAS_PAGE_MASK) != 0)
		err = interpret_fail(context->in, context->event,
				     "mmap: a result that is no page's address");
	else if (context->traced->partial)
		err = map_partial(context, &mapping);
	else
		err = map_known(context, &mapping);
	if (mapping.file != NULL)
		vas_file_put(&mapping.file->file);
	return err;
}

/* ---- mremap ---- */

static struct outcome try_remap(const struct call_context *context, const struct vas_remap *remap)
{
	uint64_t at = 0;
	int err = TIMED(WORK_REMAP, vas_remap(context->space, remap, &at));

	return (struct outcome){ -err, err == 0 ? at : 0 };
}

/* The kernel moved or resized what the model would not. */
static void force_remap(const struct call_context *context, const struct vas_remap *remap)
{
	uint64_t to = context->call->value, new_length = vas_page_up(remap->new_length);
	uint64_t old_length = vas_page_up(remap->old_length);
	struct vas_area *area = vas_find(context->space, remap->old);
	struct vas_place place = { .range = { to, to + new_length } };

	if (area == NULL)
		return;
	if (to == remap->old && new_length <= old_length) {
		(void)!vas_unmap(context->space, to + new_length, old_length - new_length);
		return;
	}
	if (to == remap->old)
		place.range.start = to + old_length;
	place.flags = area->flags;
	place.offset = area->offset + ((remap->old - area->range.start) >> VAS_PAGE_SHIFT);
	if (to == remap->old)
		place.offset += old_length >> VAS_PAGE_SHIFT;
	place.file = area->file == NULL ? NULL : vas_file_get(area->file);
	if (to != remap->old && (remap->flags & VAS_REMAP_DONTUNMAP) == 0 && old_length != 0)
		(void)!vas_unmap(context->space, remap->old, old_length);
	if (vas_unmap(context->space, place.range.start, vas_range_length(place.range)) == 0)
		(void)!vas_place(context->space, &place);
	if (place.file != NULL)
		vas_file_put(place.file);
}

/* From where the model put it to where the kernel did. */
static void move_after(const struct call_context *context, uint64_t from, uint64_t length,
		       uint64_t to, uint64_t new_length)
{
	const struct vas_remap move = {
		.old = from,
		.old_length = vas_page_up(length),
		.new_length = vas_page_up(new_length),
		.flags = VAS_REMAP_MAYMOVE | (from == to ? 0 : VAS_REMAP_FIXED),
		.new_address = to,
	};

	(void)try_remap(context, &move);
}

/* mremap refuses a range of two areas; where they are cut does not matter at this level. */
static bool boundaries_matter(const struct call_context *context, int error)
{
	return error == VAS_EFAULT && context->in->options.level == COMPARE_COVERAGE;
}

static int remap_known(const struct call_context *context, const struct vas_remap *remap)
{
	struct outcome model = try_remap(context, remap);
	uint64_t value = context->call->value;

	if (model.error == 0 && model.value != value && !context->traced->base_proved) {
		struct vas_layout *layout = vas_space_layout(context->space);
		uint64_t end = value + vas_page_up(remap->new_length);

		if (end > layout->map_base && end <= layout->task_size) {
			layout->map_base = end;
			move_after(context, model.value, remap->new_length, value,
				   remap->new_length);
			model.value = value;
		}
	}
	if (boundaries_matter(context, model.error))
		outcome_skip(context, SKIP_ERROR);
	else if (outcome_check(context, model, NULL))
		return 0;
	if (model.error != 0)
		force_remap(context, remap);
	else
		move_after(context, model.value, remap->new_length, value, remap->new_length);
	return 0;
}

static int remap_partial(const struct call_context *context, const struct vas_remap *remap)
{
	struct vas_remap forced = *remap;
	uint64_t value = context->call->value;
	uint64_t length = vas_page_up(remap->old_length);
	struct outcome model;

	if (learn_areas(context, remap->old, remap->old + (length == 0 ? 1 : length)) < 0)
		return -1;
	if (value == remap->old) {
		apply_begun(context, value, value + vas_page_up(remap->new_length));
		forced.flags &= ~(uint64_t)(VAS_REMAP_MAYMOVE | VAS_REMAP_FIXED);
	} else {
		forced.flags |= VAS_REMAP_FIXED | VAS_REMAP_MAYMOVE;
		forced.new_address = value;
	}
	model = try_remap(context, &forced);
	if ((remap->flags & VAS_REMAP_FIXED) != 0 || model.error != 0)
		(void)outcome_check(context, model, NULL);
	else
		outcome_skip(context, SKIP_ADDRESS);
	if (model.error != 0)
		force_remap(context, remap);
	return 0;
}

/* Of huge pages the kernel looks at the new address even where there is none, which is not in the
 * trace. */
static bool unseen_target(const struct call_context *context, const struct vas_remap *remap)
{
	const struct vas_area *area = vas_find(context->space, remap->old);

	return area != NULL && (area->flags & VAS_AREA_HUGE_PAGES) != 0 &&
	       !argument_exists(context, 4) && context->call->error == VAS_EINVAL;
}

static int remap_refused(const struct call_context *context, const struct vas_remap *remap)
{
	struct saved_areas source = { 0 }, target = { 0 };
	uint64_t length =
		remap->old_length > remap->new_length ? remap->old_length : remap->new_length;
	struct outcome model;
	bool moved, fixed = (remap->flags & VAS_REMAP_FIXED) != 0;

	if (refused_by_driver(context, remap->old, remap->old_length))
		return 0;
	if (unseen_target(context, remap)) {
		outcome_skip(context, SKIP_ERROR);
		return 0;
	}
	if (save_areas(context, remap->old, length, &source) < 0)
		return -1;
	if (fixed && save_areas(context, remap->new_address, remap->new_length, &target) < 0) {
		drop_saved(&source);
		return -1;
	}
	model = try_remap(context, remap);
	moved = model.error == 0;
	if (moved && boundaries_matter(context, context->call->error))
		outcome_skip(context, SKIP_ERROR);
	else
		(void)outcome_check(context, model, NULL);
	if (moved && !fixed && model.value != remap->old)
		(void)!vas_unmap(context->space, model.value, vas_page_up(remap->new_length));
	if (moved) {
		restore_areas(context, &target);
		restore_areas(context, &source);
	}
	drop_saved(&source);
	drop_saved(&target);
	return 0;
}

int interpret_mremap(struct call_context *context)
{
	struct vas_remap remap = { 0 };

	if (argument_number(context, 0, &remap.old) < 0 ||
	    argument_number(context, 1, &remap.old_length) < 0 ||
	    argument_number(context, 2, &remap.new_length) < 0 ||
	    argument_flags(context, 3, CONSTANTS_MREMAP, &remap.flags) < 0)
		return -1;
	if (argument_exists(context, 4) && argument_number(context, 4, &remap.new_address) < 0)
		return -1;
	if (!kernel_succeeded(context))
		return remap_refused(context, &remap);
	if ((context->call->value & VAS_PAGE_MASK) != 0)
		return interpret_fail(context->in, context->event,
				      "mremap: a result that is no page's address");
	if (context->traced->partial)
		return remap_partial(context, &remap);
	return remap_known(context, &remap);
}

/* ---- brk ---- */

static void force_brk(const struct call_context *context)
{
	struct vas_layout *layout = vas_space_layout(context->space);
	uint64_t value = context->call->value;
	uint64_t end = vas_page_up(value), old_end = vas_page_up(layout->brk);
	const struct vas_place place = {
		.range = { old_end, end },
		.flags = VAS_AREA_READ | VAS_AREA_WRITE | VAS_AREA_MAY_READ | VAS_AREA_MAY_WRITE |
			 VAS_AREA_MAY_EXEC | VAS_AREA_ACCOUNT,
		.offset = old_end >> VAS_PAGE_SHIFT,
	};

	if (end < old_end)
		(void)!vas_unmap(context->space, end, old_end - end);
	else if (end > old_end && vas_unmap(context->space, old_end, end - old_end) == 0)
		(void)!vas_place(context->space, &place);
	layout->brk = value;
	if (layout->start_brk > value)
		layout->start_brk = value;
}

int interpret_brk(struct call_context *context)
{
	struct vas_layout *layout = vas_space_layout(context->space);
	uint64_t address, now, value = context->call->value;

	if (argument_number(context, 0, &address) < 0)
		return -1;
	if (!kernel_succeeded(context) || value >= layout->task_size)
		return interpret_fail(context->in, context->event, "brk: an impossible result");
	if (context->traced->partial && layout->start_brk == 0) {
		layout->start_brk = value;
		layout->brk = value;
		outcome_skip(context, SKIP_ADDRESS);
		return 0;
	}
	if (TIMED(WORK_MAP, vas_brk(context->space, address, &now)) != 0)
		return interpret_no_memory(context->in, context->event);
	if (context->traced->partial && now != value)
		outcome_skip(context, SKIP_ERROR);
	else if (outcome_check(context, (struct outcome){ 0, now }, NULL))
		return 0;
	force_brk(context);
	return 0;
}

/* ---- shmat ---- */

static int attach_known(const struct call_context *context, struct traced_file *segment,
			uint64_t flags, uint64_t address)
{
	uint64_t at = address, size = segment->file.size, value = context->call->value;
	int err = TIMED(WORK_MAP,
			vas_attach(context->space, &segment->file, size, (uint32_t)flags, &at));
	const uint32_t replace = 040000, round = 020000;

	if (outcome_check(context, (struct outcome){ -err, err == 0 ? at : 0 }, NULL))
		return 0;
	if (err == 0)
		(void)!vas_unmap(context->space, at, vas_page_up(size));
	if (!kernel_succeeded(context))
		return 0;
	(void)!vas_attach(context->space, &segment->file, size,
			  ((uint32_t)flags | replace) & ~round, &value);
	return 0;
}

int interpret_shmat(struct call_context *context)
{
	uint64_t id, address, flags, value = context->call->value;
	struct traced_file *segment;
	int err;

	if (argument_number(context, 0, &id) < 0 || argument_number(context, 1, &address) < 0 ||
	    argument_flags(context, 2, CONSTANTS_SHM, &flags) < 0)
		return -1;
	segment = file_map_find(&context->in->segments, id);
	if (segment == NULL) {
		outcome_skip(context, kernel_succeeded(context) ? SKIP_UNKNOWN_AREA : SKIP_ERROR);
		return 0;
	}
	if (lacks_huge_pages(context, &segment->file)) {
		outcome_skip(context, SKIP_ERROR);
		return 0;
	}
	if (interpret_open(context->in, context->event, segment) < 0)
		return -1;
	if (!context->traced->partial || !kernel_succeeded(context))
		return attach_known(context, segment, flags, address);
	apply_begun(context, value, value + vas_page_up(segment->file.size));
	flags = (flags | 040000) & ~UINT64_C(020000);
	err = TIMED(WORK_MAP, vas_attach(context->space, &segment->file, segment->file.size,
					 (uint32_t)flags, &value));
	if (err != 0)
		(void)outcome_check(context, (struct outcome){ -err, 0 }, NULL);
	else
		outcome_skip(context, SKIP_ADDRESS);
	return 0;
}

/* ---- io_setup ---- */

/*
 * The kernel maps the ring of events as a caller of mmap would; how large it is depends on the
 * number of processors, which a trace does not tell. A top-down search puts it at the end of a
 * gap: so its end is the next area's start.
 */
int interpret_io_setup(struct call_context *context)
{
	struct vas_layout *layout = vas_space_layout(context->space);
	struct mapping mapping = { 0 };
	struct vas_area *above;
	struct slice inside;
	uint64_t at, end;

	if (!kernel_succeeded(context) || context->call->count < 2)
		return 0;
	inside = value_inside(context->call->arguments[1]);
	if (value_is_pointer(context->call->arguments[1]) || !value_number(inside, &at) ||
	    (at & VAS_PAGE_MASK) != 0) {
		outcome_skip(context, SKIP_POLICY);
		return 0;
	}
	above = vas_find_ge(context->space, at);
	end = above == NULL || above->range.start > layout->map_base ? layout->map_base
								     : above->range.start;
	if (end <= at || end - at > RING_MOST)
		end = at + VAS_PAGE_SIZE;
	mapping.file = interpret_shared_memory("/[aio] (deleted)", UINT64_MAX);
	if (mapping.file == NULL)
		return interpret_no_memory(context->in, context->event);
	mapping.file->file.area_flags = VAS_AREA_DONT_EXPAND;
	if (interpret_open(context->in, context->event, mapping.file) < 0) {
		vas_file_put(&mapping.file->file);
		return -1;
	}
	mapping.hint = at;
	mapping.length = end - at;
	mapping.map = (struct vas_map){
		.length = mapping.length,
		.prot = VAS_READ | VAS_WRITE,
		.flags = VAS_SHARED | VAS_FIXED,
		.file = &mapping.file->file,
	};
	(void)try_map(context, &mapping);
	outcome_skip(context, SKIP_ADDRESS);
	vas_file_put(&mapping.file->file);
	return 0;
}

int interpret_io_destroy(struct call_context *context)
{
	uint64_t at;
	struct vas_area *area;

	if (!kernel_succeeded(context))
		return 0;
	if (argument_number(context, 0, &at) < 0)
		return -1;
	area = vas_find(context->space, at);
	if (area != NULL && area->range.start == at && area->file != NULL)
		(void)!vas_unmap(context->space, at, vas_range_length(area->range));
	return 0;
}
