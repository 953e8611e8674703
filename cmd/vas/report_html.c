/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * The file of the report: a page that was made when vas was built, with the data in the place of its
 * mark. The data is JSON inside a script element that browsers do not run, so nothing in it may end
 * that element or begin a comment: every '<', which JSON has in strings only, is written \u003c.
 *
 *	{"schema":1,"tool":"vas","version":"0.1.0","kind":"report",
 *	 "compare":{...},"traces":[{"name":"a.trace","timeline":{...}},...]}
 *
 * More than a megabyte of it is compressed as it is written: "deflate-raw:" and base64, which the
 * page unpacks with what browsers bring. So a file with a million areas can still be sent by mail.
 * What has been written is forgotten at once: no more than the first megabyte is ever held.
 */

#include "report_html.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

#include "cmd.h"
#include "output.h"
#include "report_template.h"
#include "timeline.h"

enum { PLAIN_MOST = 1 << 20, PIECE = 3 << 13 }; /* bytes; a piece is a multiple of three */

/* Where the data goes. */
struct sink {
	FILE *file;
	char *plain; /* PLAIN_MOST bytes, until it is known whether that is all */
	size_t used;
	bool compressed;
	z_stream stream;
	unsigned char piece[PIECE]; /* compressed */
};

/* ---- compressed ---- */

static void put_base64(FILE *file, const unsigned char *bytes, size_t length)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned bits = (unsigned)bytes[i] << 16;

		bits |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
		bits |= left > 2 ? (unsigned)bytes[i + 2] : 0;
		putc_unlocked(digits[bits >> 18], file);
		putc_unlocked(digits[bits >> 12 & 63], file);
		putc_unlocked(left > 1 ? digits[bits >> 6 & 63] : '=', file);
		putc_unlocked(left > 2 ? digits[bits & 63] : '=', file);
	}
}

/* Hands bytes to the compressor, and what comes out of it to the file, in whole pieces. */
static void compress_text(struct sink *sink, const char *text, size_t length, int flush)
{
	z_stream *stream = &sink->stream;

	stream->next_in = (z_const Bytef *)text;
	stream->avail_in = (uInt)length;
	for (;;) {
		int status = deflate(stream, flush);

		if (stream->avail_out > 0 && status != Z_STREAM_END)
			return;
		put_base64(sink->file, sink->piece, sizeof(sink->piece) - stream->avail_out);
		stream->next_out = sink->piece;
		stream->avail_out = sizeof(sink->piece);
		if (status == Z_STREAM_END)
			return;
	}
}

static void begin_compressed(struct sink *sink)
{
	sink->compressed = true;
	sink->stream.next_out = sink->piece;
	sink->stream.avail_out = sizeof(sink->piece);
	if (deflateInit2(&sink->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS,
			 MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK) {
		complain("out of memory");
		exit(STATUS_TROUBLE);
	}
	fputs("deflate-raw:", sink->file);
	compress_text(sink, sink->plain, sink->used, Z_NO_FLUSH);
	sink->used = 0;
}

/* ---- text ---- */

static void put_bytes(struct sink *sink, const char *text, size_t length)
{
	if (!sink->compressed && length > PLAIN_MOST - sink->used)
		begin_compressed(sink);
	if (sink->compressed) {
		compress_text(sink, text, length, Z_NO_FLUSH);
		return;
	}
	memcpy(sink->plain + sink->used, text, length);
	sink->used += length;
}

static void put_text(struct sink *sink, const char *text)
{
	put_bytes(sink, text, strlen(text));
}

/* JSON on its way into HTML. */
static void put_json(void *context, const char *text, size_t length)
{
	const char *end = text + length, *less;

	while ((less = memchr(text, '<', (size_t)(end - text))) != NULL) {
		put_bytes(context, text, (size_t)(less - text));
		put_text(context, "\\u003c");
		text = less + 1;
	}
	put_bytes(context, text, (size_t)(end - text));
}

static int dump_json(const char *text, size_t length, void *context)
{
	put_json(context, text, length);
	return 0;
}

/* ---- the data ---- */

static void put_value(struct sink *sink, const json_t *value)
{
	if (json_dump_callback(value, dump_json, sink, JSON_COMPACT | JSON_ENCODE_ANY) == 0)
		return;
	complain("out of memory");
	exit(STATUS_TROUBLE);
}

static void put_name(struct sink *sink, const char *path)
{
	const char *slash = strrchr(path, '/');
	json_t *name = json_text(slash == NULL ? path : slash + 1);

	put_value(sink, name);
	json_decref(name);
}

/* false: a trace could not be read. */
static bool put_data(struct sink *sink, json_t *compare, char *const *traces, size_t count)
{
	put_text(sink, "{\"schema\":1,\"tool\":\"vas\",\"version\":\"" VAS_VERSION
		       "\",\"kind\":\"report\",\"compare\":");
	if (compare == NULL)
		put_text(sink, "null");
	else
		put_value(sink, compare);
	put_text(sink, ",\"traces\":[");
	for (size_t i = 0; i < count; i++) {
		struct timeline *timeline = timeline_read(traces[i], NULL);

		if (timeline == NULL)
			return false;
		put_text(sink, i == 0 ? "{\"name\":" : ",{\"name\":");
		put_name(sink, traces[i]);
		put_text(sink, ",\"timeline\":");
		timeline_write(timeline, &(struct vas_printer){ put_json, sink });
		put_text(sink, "}");
		timeline_destroy(timeline);
	}
	put_text(sink, "]}");
	return true;
}

static bool put_page(FILE *file, const struct report_page *page, const char *mark, json_t *compare,
		     char *const *traces, size_t count)
{
	struct sink *sink = calloc(1, sizeof(*sink));
	const char *rest = mark + strlen(REPORT_MARK);
	bool done = false;

	if (sink != NULL)
		sink->plain = malloc(PLAIN_MOST);
	if (sink == NULL || sink->plain == NULL) {
		complain("out of memory");
	} else {
		sink->file = file;
		fwrite(page->text, 1, (size_t)(mark - page->text), file);
		done = put_data(sink, compare, traces, count);
		if (sink->compressed) {
			compress_text(sink, NULL, 0, Z_FINISH);
			deflateEnd(&sink->stream);
		}
		fwrite(sink->plain, 1, sink->used, file);
		fwrite(rest, 1, (size_t)(page->text + page->size - rest), file);
	}
	if (sink != NULL)
		free(sink->plain);
	free(sink);
	return done;
}

/* ---- the file ---- */

/* An existing path where what it leads to is written over in place: a device, a pipe. */
static bool stays(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode);
}

/* What takes a page: a file beside `path`, which gets its name once it is whole. */
static FILE *open_file(const char *path, char *temporary, size_t size)
{
	int descriptor;

	*temporary = '\0';
	if (stays(path))
		return fopen(path, "we");
	snprintf(temporary, size, "%.4096s.%d.part", path, (int)getpid());
	descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	return descriptor < 0 ? NULL : fdopen(descriptor, "w");
}

static int close_file(FILE *file, const char *path, const char *temporary, bool done)
{
	bool bad;

	errno = 0;
	bad = fflush(file) != 0 || ferror(file) != 0;
	if (bad && errno == 0)
		errno = ENOSPC; /* of a write before: what else stops one? */
	bad = fclose(file) != 0 || bad;
	if (done && !bad && (*temporary == '\0' || rename(temporary, path) == 0))
		return STATUS_OK;
	if (done)
		complain_errno("%s", path);
	if (*temporary != '\0')
		unlink(temporary);
	return STATUS_TROUBLE;
}

int report_html_write_page(const struct report_page *page, const char *path, json_t *compare,
			   char *const *traces, size_t count)
{
	const char *mark = memmem(page->text, page->size, REPORT_MARK, strlen(REPORT_MARK));
	char *target, temporary[4200];
	int status = STATUS_TROUBLE;
	FILE *file;

	if (mark == NULL) {
		complain("the page that this vas was built with has no place for its data");
		return STATUS_TROUBLE;
	}
	target = realpath(path, NULL); /* a symbolic link stays one */
	path = target != NULL ? target : path;
	file = open_file(path, temporary, sizeof(temporary));
	if (file == NULL)
		complain_errno("%s", path);
	else
		status = close_file(file, path, temporary,
				    put_page(file, page, mark, compare, traces, count));
	free(target);
	return status;
}

static bool built_in(void)
{
	if (vas_report_template_size > 0)
		return true;
	complain("this vas was built without the report (Node.js was missing then)");
	return false;
}

bool report_html_possible(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct stat status;
	char *folder;
	bool good;

	if (!built_in())
		return false;
	if (stays(path))
		return true;
	folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
	good = folder != NULL && access(folder, W_OK) == 0;
	if (good && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
		errno = EISDIR;
		good = false;
	}
	if (!good)
		complain_errno("%s", path);
	free(folder);
	return good;
}

int report_html_write(const char *path, json_t *compare, char *const *traces, size_t count)
{
	const struct report_page page = { vas_report_template, vas_report_template_size };

	if (!built_in())
		return STATUS_TROUBLE;
	return report_html_write_page(&page, path, compare, traces, count);
}
