/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * `vas designs`: the interchangeable answers to each question, and where they come from. Which
 * ones there are, the library says.
 */

#include <string.h>

#include <vas/anon_rmap.h>
#include <vas/file_rmap.h>
#include <vas/index.h>

#include "cmd.h"
#include "output.h"

static const char usage[] =
	"usage: vas designs [--json]\n"
	"\n"
	"Lists the designs that can be chosen, by the question that they answer, with the year and\n"
	"the source of each. The first of each question is the default.\n"
	"\n"
	"  --json      as one JSON object\n"
	"  -h, --help  this text\n";

/* One question and its designs, as text or, with `array`, as JSON. */
struct listing {
	const char *question;
	bool first;
	json_t *array; /* NULL: text */
};

static void begin(struct listing *listing, const char *question, const char *asks)
{
	if (listing->array == NULL)
		printf("%s%s: %s\n", listing->question != NULL ? "\n" : "", question, asks);
	listing->question = question;
	listing->first = true;
}

static void add(struct listing *listing, const char *name, int year, const char *source)
{
	json_t *design;

	if (listing->array == NULL) {
		printf("  %-15s  %d  %s\n", name, year, source);
		return;
	}
	design = json_object();
	report_set(design, "question", json_string(listing->question));
	report_set(design, "name", json_string(name));
	report_set(design, "default", json_boolean(listing->first));
	report_set(design, "year", json_integer(year));
	report_set(design, "source", json_string(source));
	report_append(listing->array, design);
	listing->first = false;
}

static void add_index(struct listing *listing, const char *name)
{
	static const struct {
		const char *name;
		int year;
		const char *source;
	} origins[] = {
		{ "list", 1994, "Linux 1.0: a sorted list" },
		{ "list-cache", 2005,
		  "Wander, Linux 2.6.12 to 3.7: and the largest hole passed over" },
		{ "list-cache-bare", 2002,
		  "Molnar, Linux 2.5 to 2.6.11: where the last search ended" },
		{ "avl", 1995, "Linux 1.3 to 2.4.9, asked back by LaHaise in 1998: an AVL tree" },
		{ "rbtree", 2012,
		  "van Riel, Lespinasse, Linux 3.8 to 6.0: an augmented red-black tree" },
		{ "btree", 2026,
		  "vas, beside the maple tree of Linux 6.1: a B-tree with gaps in its nodes" },
	};

	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++)
		if (strcmp(origins[i].name, name) == 0) {
			add(listing, name, origins[i].year, origins[i].source);
			return;
		}
	add(listing, name, 0, "?");
}

static void list_all(struct listing *listing)
{
	const struct vas_anon_rmap_design *const *rmap = vas_anon_rmap_designs();
	const struct vas_file_rmap_design *const *file = vas_file_rmap_designs();
	const char *const *index;

	begin(listing, "index", "which area is at this address, and where is a gap?");
	for (index = vas_index_designs(); *index != NULL; index++)
		add_index(listing, *index);
	begin(listing, "gap-history", "how were gaps chosen once? (to compare in vas bench)");
	for (index = vas_index_historic_designs(); *index != NULL; index++)
		add_index(listing, *index);
	begin(listing, "anonymous", "which areas may map this anonymous page?");
	for (; *rmap != NULL; rmap++)
		add(listing, (*rmap)->name, (*rmap)->year, (*rmap)->source);
	begin(listing, "file", "which areas map this page of a file?");
	for (; *file != NULL; file++)
		add(listing, (*file)->name, (*file)->year, (*file)->source);
}

int cmd_designs(int argc, char **argv)
{
	enum { OPTION_JSON = 256 };
	static const struct option options[] = {
		{ "json", no_argument, NULL, OPTION_JSON },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	struct listing listing = { 0 };
	json_t *report;
	int option;
	bool json = false;

	while ((option = next_option(argc, argv, "h", options)) != -1) {
		switch (option) {
		case OPTION_JSON:
			json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return finish_output(STATUS_OK);
		default:
			return STATUS_TROUBLE;
		}
	}
	if (optind != argc)
		return wrong_usage(argv[0], "no arguments are expected");

	if (!json) {
		list_all(&listing);
		return finish_output(STATUS_OK);
	}
	report = report_new("designs");
	listing.array = json_array();
	list_all(&listing);
	report_set(report, "designs", listing.array);
	return report_print(report, STATUS_OK);
}
