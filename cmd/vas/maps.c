/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas maps`: the areas and the gaps of a process, drawn. Pictures come from explain_input.c.
 *
 *	maps_draw.c	runs of areas in proportion, a letter for each kind
 *	maps_list.c	areas and gaps, line by line, with bars on a logarithmic scale
 *	maps_json.c	JSON
 */

#include <inttypes.h>
#include <stdlib.h>

#include "cmd.h"
#include "explain_format.h"
#include "explain_report.h"
#include "maps_show.h"
#include "output.h"

enum { GAPS = 5, GAPS_MOST = 1000000 };

static const char usage[] =
	"usage: vas maps [OPTION...] PID|TRACE\n"
	"\n"
	"Shows the areas of a process and the gaps between them: drawn, line by line, and the\n"
	"largest gaps. The argument is the number of a process, a trace of 'vas record' or strace,\n"
	"or a saved copy of /proc/PID/smaps or maps; '-' reads from standard input.\n"
	"\n"
	"  --all         show every line, also of areas that repeat themselves many times\n"
	"  --gaps=N      show so many of the largest gaps (5)\n"
	"  --quick       do not read smaps, which takes long for a process with much memory\n"
	"  --pid=PID     of a trace, this process; else the one with the most areas at its end\n"
	"  --at=LINE     of a trace, after this line; 'peak': when the process had the most areas\n"
	"  --json        as one JSON object\n"
	"  -h, --help    this text\n"
	"\n"
	"Exit status: 0, or 2 for trouble.\n";

struct choice {
	struct picture_options picture;
	uint64_t gaps;
	bool all, json;
};

bool maps_next_gap(const struct picture *picture, size_t *at, struct vas_range *gap)
{
	for (; *at <= picture->count; ++*at) {
		gap->start = *at == 0 ? picture->lowest : picture->areas[*at - 1].range.end;
		gap->end = *at == picture->count ? picture->top : picture->areas[*at].range.start;
		if (gap->start < gap->end) {
			++*at;
			return true;
		}
	}
	return false;
}

/* The larger first; of equal ones the lower. */
static bool before(const struct vas_range *a, const struct vas_range *b)
{
	uint64_t left = vas_range_length(*a), right = vas_range_length(*b);

	return left != right ? left > right : a->start < b->start;
}

static void sink(struct vas_range *heap, size_t count, size_t at)
{
	for (;;) {
		size_t last = at, child = 2 * at + 1;
		struct vas_range kept = heap[at];

		if (child < count && before(&heap[last], &heap[child]))
			last = child;
		if (child + 1 < count && before(&heap[last], &heap[child + 1]))
			last = child + 1;
		if (last == at)
			return;
		heap[at] = heap[last];
		heap[last] = kept;
		at = last;
	}
}

static int compare_gaps(const void *a, const void *b)
{
	return before(a, b) ? -1 : before(b, a) ? 1 : 0;
}

/* A heap of the largest so far, the smallest of them on top. */
size_t maps_largest_gaps(const struct picture *picture, struct vas_range *gaps, size_t count)
{
	struct vas_range gap;
	size_t at = 0, found = 0;

	while (count > 0 && maps_next_gap(picture, &at, &gap)) {
		if (found < count) {
			gaps[found++] = gap;
			if (found == count)
				for (size_t i = count / 2; i-- > 0;)
					sink(gaps, count, i);
		} else if (before(&gap, &gaps[0])) {
			gaps[0] = gap;
			sink(gaps, count, 0);
		}
	}
	if (found > 0)
		qsort(gaps, found, sizeof(*gaps), compare_gaps);
	return found;
}

static void print_gaps(const struct vas_range *gaps, size_t count)
{
	if (count == 0)
		return;
	puts("\nLargest gaps");
	for (size_t i = 0; i < count; i++)
		printf("  %12" PRIx64 "-%-12" PRIx64 "  %10s\n", gaps[i].start, gaps[i].end,
		       format_size(vas_range_length(gaps[i])).at);
}

static int show(const struct picture *picture, const struct choice *choice)
{
	size_t wanted =
		choice->gaps < picture->count + 1 ? (size_t)choice->gaps : picture->count + 1;
	struct vas_range *gaps = calloc(wanted + 1, sizeof(*gaps));
	int status = STATUS_OK;
	json_t *report;
	size_t count;

	if (gaps == NULL) {
		complain("out of memory");
		return STATUS_TROUBLE;
	}
	count = maps_largest_gaps(picture, gaps, wanted);
	if (choice->json) {
		report = report_new("maps");
		picture_json_head(report, picture);
		maps_json(report, picture, gaps, count);
		free(gaps);
		return report_print(report, STATUS_OK);
	}
	picture_print_head(picture);
	maps_draw(picture, use_colour(stdout));
	if (maps_list(picture, choice->all) != 0)
		status = STATUS_TROUBLE;
	print_gaps(gaps, count);
	free(gaps);
	return finish_output(status);
}

int cmd_maps(int argc, char **argv)
{
	enum { OPTION_JSON = 256, OPTION_ALL, OPTION_GAPS };
	static const struct option options[] = {
		{ "all", no_argument, NULL, OPTION_ALL },
		{ "gaps", required_argument, NULL, OPTION_GAPS },
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		PICTURE_OPTION_AT,
		PICTURE_OPTION_PID,
		PICTURE_OPTION_QUICK,
		{ NULL, 0, NULL, 0 },
	};
	struct choice choice = { .gaps = GAPS };
	struct picture picture = { 0 };
	int option, status;

	while ((option = next_option(argc, argv, "h", options)) != -1) {
		switch (option) {
		case OPTION_ALL:
			choice.all = true;
			break;
		case OPTION_GAPS:
			if (!parse_number(optarg, GAPS_MOST, &choice.gaps))
				return wrong_usage(argv[0], "--gaps wants a number");
			break;
		case OPTION_JSON:
			choice.json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		default:
			if (!picture_option(&choice.picture, argv[0], option))
				return STATUS_TROUBLE;
		}
	}
	if (optind + 1 != argc)
		return wrong_usage(argv[0], "one process or one trace is expected");
	status = picture_take(&picture, argv[optind], &choice.picture) == 0
			 ? show(&picture, &choice)
			 : STATUS_TROUBLE;
	picture_free(&picture);
	return status;
}
