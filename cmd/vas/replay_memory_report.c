/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/* What a replay with memory has counted, as text or as JSON. */

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
#include "replay.h"
#include "work_clock.h"

static json_t *json_faults(const struct vas_machine_counts *machine)
{
	json_t *faults = json_object();

	report_set(faults, "zero", json_count(machine->faults_zero));
	report_set(faults, "new", json_count(machine->faults_new));
	report_set(faults, "file", json_count(machine->faults_file));
	report_set(faults, "read_in", json_count(machine->faults_read_in));
	report_set(faults, "write", json_count(machine->faults_write));
	report_set(faults, "copied", json_count(machine->faults_copied));
	report_set(faults, "reused", json_count(machine->faults_reused));
	report_set(faults, "swap", json_count(machine->faults_swap));
	return faults;
}

static json_t *json_rmap(const struct replay_memory_counts *counts)
{
	const struct vas_machine_counts *machine = &counts->machine;
	json_t *rmap = json_object();

	report_set(rmap, "walks", json_count(machine->walks));
	report_set(rmap, "candidates", json_count(machine->candidates));
	report_set(rmap, "hits", json_count(machine->hits));
	report_set(rmap, "file_walks", json_count(machine->file_walks));
	report_set(rmap, "file_candidates", json_count(machine->file_candidates));
	report_set(rmap, "file_hits", json_count(machine->file_hits));
	report_set(rmap, "anon_bytes", json_count(counts->anon_rmap_bytes));
	report_set(rmap, "most_anon_bytes", json_count(counts->most_anon_rmap_bytes));
	report_set(rmap, "file_bytes", json_count(counts->file_rmap_bytes));
	report_set(rmap, "most_file_bytes", json_count(counts->most_file_rmap_bytes));
	return rmap;
}

/* "areas that moved: 3" becomes "areas_that_moved": 3. */
static json_t *json_figures(const char *text)
{
	json_t *figures = json_object();

	while (*text != '\0') {
		const char *end = strchr(text, '\n'), *colon = strchr(text, ':');
		char name[80];
		size_t length = 0;

		if (end == NULL || colon == NULL || colon > end)
			break;
		for (const char *at = text; at < colon && length + 1 < sizeof(name); at++) {
			if (isalnum((unsigned char)*at))
				name[length++] = *at;
			else if (length > 0 && name[length - 1] != '_')
				name[length++] = '_';
		}
		name[length] = '\0';
		report_set(figures, name, json_integer((json_int_t)strtoll(colon + 1, NULL, 10)));
		text = end + 1;
	}
	return figures;
}

json_t *replay_memory_json(const struct replay_memory_summary *summary)
{
	const struct replay_memory_counts *counts = &summary->counts;
	const struct vas_machine_counts *machine = &counts->machine;
	json_t *memory = json_object();

	report_set(memory, "anon_rmap", json_string(summary->anon_rmap));
	report_set(memory, "file_rmap", json_string(summary->file_rmap));
	report_set(memory, "merges_as_linux", json_boolean(!summary->own_rule));
	report_set(memory, "frames", json_count(machine->frames));
	report_set(memory, "unlimited_frames",
		   summary->unlimited == 0 ? json_null() : json_count(summary->unlimited));
	report_set(memory, "peak_frames", json_count(machine->peak));
	report_set(memory, "slots", json_count(machine->swap_slots));
	report_set(memory, "slots_used", json_count(counts->swap_used));
	report_set(memory, "written", json_count(counts->written));
	report_set(memory, "read", json_count(counts->read));
	report_set(memory, "read_again", json_count(counts->read_again));
	report_set(memory, "left_alone", json_count(counts->left_alone));
	report_set(memory, "files_grown", json_count(counts->grown));
	report_set(memory, "faults", json_faults(machine));
	report_set(memory, "forks", json_count(machine->forks));
	report_set(memory, "fork_entries", json_count(machine->fork_entries));
	report_set(memory, "entries_moved", json_count(machine->entries_moved));
	report_set(memory, "scanned", json_count(machine->scanned));
	report_set(memory, "activated", json_count(machine->activated));
	report_set(memory, "reclaimed", json_count(machine->reclaimed));
	report_set(memory, "rmap", json_rmap(counts));
	report_set(memory, "design_figures", json_figures(summary->figures));
	report_set(memory, "swapped_out", json_count(machine->swapped_out));
	report_set(memory, "swapped_in", json_count(machine->swapped_in));
	report_set(memory, "file_pages_written", json_count(machine->written));
	report_set(memory, "write_errors", json_count(machine->write_errors));
	report_set(memory, "table_frames", json_count(counts->tables));
	report_set(memory, "most_table_frames", json_count(counts->most_tables));
	report_set(memory, "areas", json_count(counts->areas));
	report_set(memory, "ended_areas", json_count(counts->ended_areas));
	report_set(memory, "most_areas", json_count(counts->most_areas));
	report_set(memory, "space_bytes", json_count(counts->space_bytes));
	report_set(memory, "most_space_bytes", json_count(counts->most_space_bytes));
	report_set(memory, "pages", json_count(counts->pages));
	report_set(memory, "most_pages", json_count(counts->most_pages));
	return memory;
}

static double each(uint64_t sum, uint64_t walks)
{
	return walks == 0 ? 0 : (double)sum / (double)walks;
}

void replay_memory_print(const struct replay_memory_summary *summary, FILE *stream)
{
	const struct replay_memory_counts *counts = &summary->counts;
	const struct vas_machine_counts *machine = &counts->machine;

	fprintf(stream, "  memory        %" PRIu32 " frames", machine->frames);
	if (summary->unlimited != 0)
		fprintf(stream, " (%" PRIu32 " without limit)", summary->unlimited);
	fprintf(stream, ", at most %" PRIu32 " in use; %" PRIu32 " slots, %" PRIu32 " in use\n",
		machine->peak, machine->swap_slots, counts->swap_used);
	fprintf(stream, "  designs       %s, %s%s\n", summary->anon_rmap, summary->file_rmap,
		summary->own_rule ? "; areas merge by a rule of its own, compared by coverage"
				  : "");
	fprintf(stream,
		"  contents      %" PRIu64 " pages written, %" PRIu64 " read, %" PRIu64
		" read again at an end",
		counts->written, counts->read, counts->read_again);
	if (counts->left_alone > 0)
		fprintf(stream, "; %" PRIu64 " touches left alone", counts->left_alone);
	if (counts->grown > 0)
		fprintf(stream, "; %" PRIu64 " times a file grew unseen", counts->grown);
	fprintf(stream,
		"\n  faults        zero %" PRIu64 ", new %" PRIu64 ", file %" PRIu64 " (%" PRIu64
		" read in), writable %" PRIu64 ", copied %" PRIu64 ", reused %" PRIu64
		", swap %" PRIu64 "\n",
		machine->faults_zero, machine->faults_new, machine->faults_file,
		machine->faults_read_in, machine->faults_write, machine->faults_copied,
		machine->faults_reused, machine->faults_swap);
	fprintf(stream, "  forks         %" PRIu64 ", %" PRIu64 " entries copied\n", machine->forks,
		machine->fork_entries);
	fprintf(stream,
		"  reclaim       %" PRIu64 " pages scanned, %" PRIu64 " kept as used, %" PRIu64
		" reclaimed\n",
		machine->scanned, machine->activated, machine->reclaimed);
	fprintf(stream,
		"  reverse maps  %" PRIu64
		" walks, each %.2f candidates and %.2f hits; "
		"at most %" PRIu64 " bytes for private pages, %" PRIu64 " for objects\n",
		machine->walks, each(machine->candidates, machine->walks),
		each(machine->hits, machine->walks), counts->most_anon_rmap_bytes,
		counts->most_file_rmap_bytes);
	for (const char *at = summary->figures, *end; (end = strchr(at, '\n')) != NULL;
	     at = end + 1)
		fprintf(stream, "                %.*s\n", (int)(end - at), at);
	fprintf(stream, "  swap          %" PRIu64 " pages out, %" PRIu64 " in\n",
		machine->swapped_out, machine->swapped_in);
	fprintf(stream, "  files         %" PRIu64 " pages written\n", machine->written);
	fprintf(stream,
		"  page tables   %" PRIu32 " frames, at most %" PRIu32 "; areas %" PRIu64
		", at most %" PRIu64 "\n",
		counts->tables, counts->most_tables, counts->areas, counts->most_areas);
}

json_t *replay_times_json(const struct work_times *times, size_t passes)
{
	json_t *json = json_object();

	report_set(json, "passes", json_count(passes));
	report_set(json, "total_ns", json_count(times->total_ns));
	for (unsigned kind = WORK_MAP; kind < WORKS; kind++) {
		char name[32];

		snprintf(name, sizeof(name), "%s_ns", work_names[kind]);
		report_set(json, name, json_count(times->ns[kind]));
	}
	report_set(json, "anon_walk_ns", json_count(times->anon_walk_ns));
	report_set(json, "anon_walks", json_count(times->anon_walks));
	report_set(json, "file_walk_ns", json_count(times->file_walk_ns));
	report_set(json, "file_walks", json_count(times->file_walks));
	report_set(json, "clock_ns", json_real(work_clock_cost()));
	return json;
}

void replay_times_print(const struct work_times *times, size_t passes, FILE *stream)
{
	fprintf(stream, "  times         ");
	for (unsigned kind = WORK_MAP; kind < WORKS; kind++)
		fprintf(stream, "%s %.3f, ", work_names[kind], (double)times->ns[kind] * 1e-6);
	fprintf(stream, "together %.3f ms; of %zu passes\n", (double)times->total_ns * 1e-6,
		passes);
	fprintf(stream, "                %.0f ns a walk for an anonymous page, %.0f for a file's\n",
		each(times->anon_walk_ns, times->anon_walks),
		each(times->file_walk_ns, times->file_walks));
}
