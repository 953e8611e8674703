/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

#include "lockstep.h"

#include "subject.h"

enum { DESIGNS_MAX = 8, REMEMBERED = 8 };

struct lockstep {
	struct subject subjects[DESIGNS_MAX];
	size_t count;
	struct subject_rules rules;
	struct call last[REMEMBERED];
	uint64_t step;
};

static void start(struct lockstep *all, struct source *source)
{
	/* Those whose rules were tried, the newest most often. */
	static const uint32_t kernels[] = { VAS_KERNEL(6, 18), VAS_KERNEL(6, 18), VAS_KERNEL(6, 12),
					    VAS_KERNEL(6, 1) };
	const char *const *designs = vas_index_designs();

	subject_rules_draw(&all->rules, source);
	all->rules.heads = source_pick(source, 2) == 1;
	all->rules.huge_pages = source_pick(source, 2) == 1;
	all->rules.kernel = kernels[source_pick(source, 4)];
	if (source_pick(source, 4) == 3)
		all->rules.max_map_count = (uint32_t)source_pick(source, 30);
	for (all->count = 0; designs[all->count] != NULL && all->count < DESIGNS_MAX; all->count++)
		subject_start(&all->subjects[all->count], designs[all->count], &all->rules);
	all->step = 0;
}

static void report(const struct lockstep *all, size_t i, const char *what, FILE *stream)
{
	const struct subject *subject = &all->subjects[i];
	uint64_t first = all->step < REMEMBERED ? 0 : all->step - REMEMBERED + 1;

	fprintf(stream, "# %s: %s, call %llu\n# ", subject->design, what,
		(unsigned long long)all->step);
	subject_rules_print(stream, &all->rules);
	for (uint64_t step = first; step <= all->step; step++) {
		fprintf(stream, "# %llu: ", (unsigned long long)step);
		call_print(stream, &all->last[step % REMEMBERED]);
	}
	fprintf(stream, "%s", twin_log(subject->twin));
	subject_print(&all->subjects[0], stream);
	if (i != 0)
		subject_print(subject, stream);
}

/* One call, done by all. */
static bool step(struct lockstep *all, const struct call *call, FILE *stream)
{
	int result = 0;
	uint64_t address = 0;

	for (size_t i = 0; i < all->count; i++) {
		struct subject *subject = &all->subjects[i];
		uint64_t its_address;
		int its_result;
		const char *wrong;

		twin_clear_log(subject->twin);
		its_result = subject_do(subject, call, &its_address);
		wrong = subject_check(subject);
		if (i == 0) {
			result = its_result;
			address = its_address;
		} else if (wrong == NULL && (its_result != result || its_address != address)) {
			wrong = "another result";
		} else if (wrong == NULL && !subject_equal(&all->subjects[0], subject)) {
			wrong = "another space";
		}
		if (wrong != NULL) {
			report(all, i, wrong, stream);
			return false;
		}
	}
	return true;
}

bool lockstep_run(struct source *source, uint64_t calls, FILE *stream)
{
	static struct lockstep all;
	struct call_range range = { .kinds = CALL_KINDS };
	bool well = true;

	start(&all, source);
	range.spaces = 1 + (unsigned)source_pick(source, CALL_SPACES);
	for (; well && all.step < calls; all.step++) {
		struct call *call = &all.last[all.step % REMEMBERED];

		if (source->bytes != NULL && source->left == 0)
			break;
		call_draw(call, source, &range);
		well = step(&all, call, stream);
	}
	for (size_t i = 0; i < all.count; i++) {
		const char *wrong = subject_finish(&all.subjects[i]);

		if (wrong != NULL) {
			fprintf(stream, "# %s: at the end, %s\n", all.subjects[i].design, wrong);
			well = false;
		}
	}
	return well;
}
