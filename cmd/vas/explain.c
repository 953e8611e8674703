/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas explain`: why a process has so many areas.
 *
 * A process may have vm.max_map_count areas, 65,530 unless told otherwise; then mmap, mprotect and
 * their like fail with ENOMEM, though there is memory enough, and most programs die of it. The
 * number of areas is one more than that of the pairs of neighbours that are not one area, so the
 * question "why so many" is: what keeps each pair apart? Pairs of the same kinds, kept apart by the
 * same things, are one line here.
 *
 *	explain_input.c     what the argument is	explain_picture.c  areas, from text
 *	explain_live.c      a process			explain_kind.c     what an area is for
 *	explain_trace.c     a trace, interpreted	explain_origin.c   which call made an area
 *	explain_pair.c      what keeps two apart	explain_summary.c  figures
 *	explain_advice.c    what would help		explain_format.c   figures and reasons as text
 *	explain_report.c    the report as text	explain_json.c     and as JSON
 *	explain_head.c      how both begin, shared with maps
 */

#include "cmd.h"
#include "explain_report.h"
#include "output.h"

enum { ROWS = 8, ROWS_MOST = 1000000 };

static const char usage[] =
	"usage: vas explain [OPTION...] PID|TRACE\n"
	"\n"
	"Says why a process has so many areas (mappings, lines in /proc/PID/maps): what they are,\n"
	"what keeps neighbours from being one, what would help, and how far the limit of\n"
	"vm.max_map_count is. The argument is the number of a process, a trace of 'vas record' or\n"
	"strace, or a saved copy of /proc/PID/smaps or maps; '-' reads from standard input.\n"
	"\n"
	"  --quick       do not read smaps, which takes long for a process with much memory;\n"
	"                the flags of areas are then not known\n"
	"  --pid=PID     of a trace, this process; else the one with the most areas at its end\n"
	"  --at=LINE     of a trace, after this line; 'peak': when the process had the most areas\n"
	"  --rows=N      show so many rows of each list (8)\n"
	"  --json        as one JSON object\n"
	"  -h, --help    this text\n"
	"\n"
	"Exit status: 0 all was seen, 2 trouble, 3 something could not be seen.\n";

struct choice {
	struct picture_options picture;
	uint64_t rows;
	bool json;
};

static int explain(const struct picture *picture, const struct choice *choice)
{
	int status = picture->note != NULL ? STATUS_INCOMPLETE : STATUS_OK;
	struct advice list[ADVICE_MOST];
	struct summary summary;
	json_t *report;
	size_t count;

	if (summarize(picture, &summary) != 0)
		return STATUS_TROUBLE;
	count = advise(picture, &summary, list);
	if (choice->json) {
		report = report_new("explain");
		explain_json(report, picture, &summary, list, count, (size_t)choice->rows);
		status = report_print(report, status);
	} else {
		explain_print(picture, &summary, list, count, (size_t)choice->rows);
		status = finish_output(status);
	}
	summary_free(&summary);
	return status;
}

int cmd_explain(int argc, char **argv)
{
	enum { OPTION_JSON = 256, OPTION_ROWS };
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "rows", required_argument, NULL, OPTION_ROWS },
		{ "help", no_argument, NULL, 'h' },
		PICTURE_OPTION_AT,
		PICTURE_OPTION_PID,
		PICTURE_OPTION_QUICK,
		{ NULL, 0, NULL, 0 },
	};
	struct choice choice = { .rows = ROWS };
	struct picture picture = { 0 };
	int option, status;

	while ((option = next_option(argc, argv, "h", options)) != -1) {
		switch (option) {
		case OPTION_JSON:
			choice.json = true;
			break;
		case OPTION_ROWS:
			if (!parse_number(optarg, ROWS_MOST, &choice.rows))
				return wrong_usage(argv[0], "--rows wants a number");
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
			 ? explain(&picture, &choice)
			 : STATUS_TROUBLE;
	picture_free(&picture);
	return status;
}
