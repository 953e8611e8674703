/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME): names for anonymous areas. */

#include "each.h"
#include "edit.h"

#define NAME_AREAS 2
#define NAME_MAX   80 /* with the final zero */

static bool valid(const char *name)
{
	for (size_t i = 0; i < NAME_MAX; i++) {
		char c = name[i];

		if (c == '\0')
			return true;
		if (c < ' ' || c > '~' || c == '\\' || c == '`' || c == '$' || c == '[' || c == ']')
			return false;
	}
	return false;
}

static int name_area(struct vas_area *area, struct vas_range part, void *data, uint64_t *past)
{
	struct vas_name *name = data;
	struct vas_attributes to = { area->flags, name, area->policy };
	int err;

	if (area->file != NULL && ((area->file->flags & VAS_FILE_SHARED_MEMORY) == 0 ||
				   (area->flags & VAS_AREA_MAY_SHARE) == 0))
		return -VAS_EBADF;
	if (vas_name_equal(area->name, name))
		return 0;
	err = vas_modify(area, part, to, past);
	return err == -VAS_ENOMEM ? -VAS_EAGAIN : err;
}

static int do_set_name(struct vas_space *space, uint64_t start, uint64_t length, const char *text)
{
	struct vas_need need = { .areas = NAME_AREAS };
	struct vas_range range = { start, start + vas_page_up(length) };
	struct vas_name *name;
	int err;

	if (!space->settings->area_names || (text != NULL && !valid(text)))
		return -VAS_EINVAL;
	if ((start & VAS_PAGE_MASK) != 0 || (length != 0 && vas_page_up(length) == 0) ||
	    range.end < start)
		return -VAS_EINVAL;
	if (range.end == start)
		return 0;
	err = vas_name_create(space, text, &name);
	if (err != 0)
		return err;
	need.range = range;
	err = vas_space_reserve(space, &need);
	if (err == 0) {
		err = vas_each_area(space, range, name_area, name);
		vas_space_settle(space);
	}
	vas_name_put(space, name);
	return err;
}

int vas_set_name(struct vas_space *space, uint64_t start, uint64_t length, const char *text)
{
	return VAS_CALL(space, do_set_name(space, start, length, text));
}
