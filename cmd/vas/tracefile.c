/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */

/*
 * Trace files as streams.
 *
 * A trace is text, and most of it is fault lines that look alike, so it compresses ten times and
 * better. Compression happens in the process that records, between two stops of the program;
 * so it has to be cheap: zstd at level 1 or gzip at level 1. Reading goes by the first bytes of
 * the file and not by its name, since traces are often piped and renamed.
 *
 *     trace_write -> plain buffer -> (deflate | zstd) -> write(2)
 *     read(2) -> (inflate | zstd) -> text buffer -> lines
 *
 * Both sides move whole buffers; a line costs one memchr when read.
 */

#include "tracefile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum format { FORMAT_PLAIN, FORMAT_GZIP, FORMAT_ZSTD };

enum {
	TEXT_BYTES = 256 * 1024, /* plain text on its way to the compressor */
	FILE_BYTES = 128 * 1024, /* bytes on their way from or to the file */
	LINE_LIMIT = 16 << 20,	 /* a longer line is not text */
	COMPRESSION_LEVEL = 1,
	GZIP_WINDOW = 15 + 16, /* zlib's way to say "gzip header" */
	GZIP_MEMORY = 8,
};

struct trace_writer {
	enum format format;
	int fd;
	int error;
	bool pending;
	size_t used; /* of text */
	z_stream gzip;
	ZSTD_CStream *zstd;
	char text[TEXT_BYTES];
	unsigned char file[FILE_BYTES];
};

static bool ends_in(const char *path, const char *suffix)
{
	size_t path_length = strlen(path), suffix_length = strlen(suffix);

	return path_length >= suffix_length &&
	       strcmp(path + path_length - suffix_length, suffix) == 0;
}

static bool start_zstd(struct trace_writer *writer)
{
	writer->zstd = ZSTD_createCStream();
	return writer->zstd &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_compressionLevel,
						    COMPRESSION_LEVEL)) &&
	       !ZSTD_isError(ZSTD_CCtx_setParameter(writer->zstd, ZSTD_c_checksumFlag, 1));
}

static bool start_compressor(struct trace_writer *writer)
{
	switch (writer->format) {
	case FORMAT_PLAIN:
		return true;
	case FORMAT_GZIP:
		return deflateInit2(&writer->gzip, COMPRESSION_LEVEL, Z_DEFLATED, GZIP_WINDOW,
				    GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
	case FORMAT_ZSTD:
		return start_zstd(writer);
	}
	return false;
}

struct trace_writer *trace_writer_open(const char *path)
{
	struct trace_writer *writer = calloc(1, sizeof(*writer));

	if (!writer)
		return NULL;
	writer->format = ends_in(path, ".gz")	 ? FORMAT_GZIP
			 : ends_in(path, ".zst") ? FORMAT_ZSTD
						 : FORMAT_PLAIN;
	if (!start_compressor(writer)) {
		ZSTD_freeCStream(writer->zstd);
		free(writer);
		errno = ENOMEM;
		return NULL;
	}
	if (strcmp(path, "-") == 0)
		writer->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	else
		writer->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (writer->fd < 0) {
		int error = errno;

		trace_writer_close(writer);
		errno = error;
		return NULL;
	}
	return writer;
}

static void write_out(struct trace_writer *writer, const void *data, size_t size)
{
	const char *from = data;

	while (size > 0 && !writer->error) {
		ssize_t written = write(writer->fd, from, size);

		if (written < 0 && errno != EINTR)
			writer->error = errno;
		if (written < 0)
			continue;
		from += written;
		size -= (size_t)written;
	}
}

static void gzip_out(struct trace_writer *writer, int flush)
{
	writer->gzip.next_in = (unsigned char *)writer->text;
	writer->gzip.avail_in = (unsigned)writer->used;
	do {
		writer->gzip.next_out = writer->file;
		writer->gzip.avail_out = FILE_BYTES;
		deflate(&writer->gzip, flush);
		write_out(writer, writer->file, FILE_BYTES - writer->gzip.avail_out);
	} while (writer->gzip.avail_out == 0);
}

static void zstd_out(struct trace_writer *writer, ZSTD_EndDirective end)
{
	ZSTD_inBuffer in = { .src = writer->text, .size = writer->used };
	size_t left;

	do {
		ZSTD_outBuffer out = { .dst = writer->file, .size = FILE_BYTES };

		left = ZSTD_compressStream2(writer->zstd, &out, &in, end);
		if (ZSTD_isError(left)) {
			writer->error = EIO;
			return;
		}
		write_out(writer, writer->file, out.pos);
	} while (end == ZSTD_e_continue ? in.pos < in.size : left > 0);
}

enum step { STEP_MORE, STEP_FLUSH, STEP_END };

static void push(struct trace_writer *writer, enum step step)
{
	static const int gzip_flush[] = { Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH };
	static const ZSTD_EndDirective zstd_end[] = { ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end };

	if (writer->format == FORMAT_GZIP)
		gzip_out(writer, gzip_flush[step]);
	else if (writer->format == FORMAT_ZSTD)
		zstd_out(writer, zstd_end[step]);
	else
		write_out(writer, writer->text, writer->used);
	writer->used = 0;
	writer->pending = step == STEP_MORE && writer->format != FORMAT_PLAIN;
}

void trace_write(struct trace_writer *writer, const char *data, size_t size)
{
	while (size > 0) {
		size_t part = TEXT_BYTES - writer->used;

		if (part > size)
			part = size;
		memcpy(writer->text + writer->used, data, part);
		writer->used += part;
		data += part;
		size -= part;
		if (writer->used == TEXT_BYTES)
			push(writer, STEP_MORE);
	}
}

void trace_writer_flush(struct trace_writer *writer)
{
	if (trace_writer_pending(writer))
		push(writer, STEP_FLUSH);
}

bool trace_writer_pending(const struct trace_writer *writer)
{
	return writer->used > 0 || writer->pending;
}

int trace_writer_error(const struct trace_writer *writer)
{
	return writer->error;
}

int trace_writer_close(struct trace_writer *writer)
{
	int error;

	if (writer->fd >= 0) {
		push(writer, STEP_END);
		if (close(writer->fd) < 0 && !writer->error)
			writer->error = errno;
	}
	if (writer->format == FORMAT_GZIP)
		deflateEnd(&writer->gzip);
	ZSTD_freeCStream(writer->zstd);
	error = writer->error;
	free(writer);
	return error;
}

struct trace_reader {
	enum format format;
	FILE *stream;
	const char *name;
	uint64_t done, size; /* bytes of the file */
	uint64_t number;     /* of the line handed out last */
	bool started, file_ended, text_ended;
	bool frame_open;  /* the compressed stream has not come to its end */
	bool cut_off;	  /* see trace_reader_cut_off */
	bool output_full; /* the decompressor may hold more text than it could give */
	size_t file_at, file_used;
	char *text; /* [text_at, text_used) is not handed out yet */
	size_t text_at, text_used, text_size;
	z_stream gzip;
	ZSTD_DStream *zstd;
	unsigned char file[FILE_BYTES];
	char message[512];
};

struct trace_reader *trace_reader_from(FILE *stream, const char *name)
{
	struct trace_reader *reader = calloc(1, sizeof(*reader));
	struct stat status;

	if (!reader) {
		fclose(stream);
		errno = ENOMEM;
		return NULL;
	}
	reader->stream = stream;
	reader->name = name;
	if (fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode))
		reader->size = (uint64_t)status.st_size;
	return reader;
}

struct trace_reader *trace_reader_open(const char *path)
{
	FILE *stream;

	if (strcmp(path, "-") == 0) {
		int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

		stream = fd < 0 ? NULL : fdopen(fd, "r");
		path = "standard input";
	} else {
		stream = fopen(path, "re");
	}
	return stream ? trace_reader_from(stream, path) : NULL;
}

__attribute__((format(printf, 2, 3))) static int trouble(struct trace_reader *reader,
							 const char *format, ...)
{
	va_list arguments;
	int used = snprintf(reader->message, sizeof(reader->message), "%.300s:%llu: ", reader->name,
			    (unsigned long long)reader->number + 1);

	va_start(arguments, format);
	vsnprintf(reader->message + used, sizeof(reader->message) - (size_t)used, format,
		  arguments);
	va_end(arguments);
	return -1;
}

/* Reads the next bytes of the file when none are left. */
static int fill_file(struct trace_reader *reader)
{
	if (reader->file_at < reader->file_used || reader->file_ended)
		return 0;
	reader->file_at = 0;
	errno = 0;
	reader->file_used = fread(reader->file, 1, FILE_BYTES, reader->stream);
	reader->done += reader->file_used;
	if (reader->file_used == 0)
		reader->file_ended = true;
	if (ferror(reader->stream))
		return trouble(reader, "cannot read: %s", strerror(errno));
	return 0;
}

static int start_reading(struct trace_reader *reader)
{
	static const unsigned char gzip_magic[] = { 0x1f, 0x8b };
	static const unsigned char zstd_magic[] = { 0x28, 0xb5, 0x2f, 0xfd };

	reader->started = true;
	reader->text_size = 2 * FILE_BYTES;
	reader->text = malloc(reader->text_size);
	if (!reader->text)
		return trouble(reader, "out of memory");
	if (fill_file(reader) < 0)
		return -1;
	if (reader->file_used >= 2 && memcmp(reader->file, gzip_magic, 2) == 0) {
		if (inflateInit2(&reader->gzip, GZIP_WINDOW) != Z_OK)
			return trouble(reader, "out of memory");
		reader->format = FORMAT_GZIP;
	} else if (reader->file_used >= 4 && memcmp(reader->file, zstd_magic, 4) == 0) {
		reader->zstd = ZSTD_createDStream();
		if (!reader->zstd)
			return trouble(reader, "out of memory");
		reader->format = FORMAT_ZSTD;
	}
	return 0;
}

/* Each of these moves some bytes from the file buffer to [into, into + room). */
static ssize_t copy_plain(struct trace_reader *reader, char *into, size_t room)
{
	size_t part = reader->file_used - reader->file_at;

	if (part > room)
		part = room;
	memcpy(into, reader->file + reader->file_at, part);
	reader->file_at += part;
	return (ssize_t)part;
}

static ssize_t inflate_some(struct trace_reader *reader, char *into, size_t room)
{
	int result;

	reader->cut_off = reader->file_ended && !reader->output_full;
	if (reader->cut_off)
		return trouble(reader, "the gzip data end too early");
	reader->gzip.next_in = reader->file + reader->file_at;
	reader->gzip.avail_in = (unsigned)(reader->file_used - reader->file_at);
	reader->gzip.next_out = (unsigned char *)into;
	reader->gzip.avail_out = (unsigned)room;
	result = inflate(&reader->gzip, Z_NO_FLUSH);
	if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
		return trouble(reader, "bad gzip data");
	reader->file_at = reader->file_used - reader->gzip.avail_in;
	reader->frame_open = result != Z_STREAM_END;
	if (result == Z_STREAM_END)
		inflateReset(&reader->gzip);
	return (ssize_t)(room - reader->gzip.avail_out);
}

static ssize_t unzstd_some(struct trace_reader *reader, char *into, size_t room)
{
	ZSTD_inBuffer in = { .src = reader->file,
			     .size = reader->file_used,
			     .pos = reader->file_at };
	ZSTD_outBuffer out = { .dst = into, .size = room };
	size_t left;

	reader->cut_off = reader->file_ended && !reader->output_full;
	if (reader->cut_off)
		return trouble(reader, "the zstd data end too early");
	left = ZSTD_decompressStream(reader->zstd, &out, &in);
	if (ZSTD_isError(left))
		return trouble(reader, "bad zstd data");
	reader->file_at = in.pos;
	reader->frame_open = left != 0;
	return (ssize_t)out.pos;
}

/* Adds text to the text buffer, or sets text_ended. */
static int fill_text(struct trace_reader *reader)
{
	ssize_t got;

	if (reader->text_at > 0) {
		memmove(reader->text, reader->text + reader->text_at,
			reader->text_used - reader->text_at);
		reader->text_used -= reader->text_at;
		reader->text_at = 0;
	}
	if (reader->text_size - reader->text_used < FILE_BYTES + 1) {
		size_t size = reader->text_size * 2 + 2 * FILE_BYTES;
		char *text;

		if (reader->text_used > LINE_LIMIT)
			return trouble(reader, "a line of more than %d bytes", LINE_LIMIT);
		text = realloc(reader->text, size);
		if (!text)
			return trouble(reader, "out of memory");
		reader->text = text;
		reader->text_size = size;
	}
	if (!reader->output_full && fill_file(reader) < 0)
		return -1;
	if (reader->file_at == reader->file_used && !reader->frame_open) {
		reader->text_ended = reader->file_ended;
		reader->output_full = false;
		return 0;
	}
	got = (reader->format == FORMAT_GZIP ? inflate_some
	       : reader->format == FORMAT_ZSTD
		       ? unzstd_some
		       : copy_plain)(reader, reader->text + reader->text_used, FILE_BYTES);
	if (got < 0)
		return -1;
	reader->output_full = got == FILE_BYTES;
	reader->text_used += (size_t)got;
	return 0;
}

int trace_reader_line(struct trace_reader *reader, char **line, size_t *length)
{
	size_t searched = 0;

	if (!reader->started && start_reading(reader) < 0)
		return -1;
	for (;;) {
		char *from = reader->text + reader->text_at;
		size_t have = reader->text_used - reader->text_at;
		char *end = have > searched ? memchr(from + searched, '\n', have - searched) : NULL;

		if (end || (reader->text_ended && have > 0)) {
			*line = from;
			*length = end ? (size_t)(end - from) : have;
			reader->text_at += *length + (end ? 1 : 0);
			from[*length] = '\0';
			reader->number++;
			reader->cut_off = !end;
			return 1;
		}
		if (reader->text_ended)
			return 0;
		searched = have;
		if (fill_text(reader) < 0)
			return -1;
	}
}

uint64_t trace_reader_number(const struct trace_reader *reader)
{
	return reader->number;
}

void trace_reader_progress(const struct trace_reader *reader, uint64_t *done, uint64_t *size)
{
	*done = reader->done - (reader->file_used - reader->file_at);
	*size = reader->size;
}

bool trace_reader_cut_off(const struct trace_reader *reader)
{
	return reader->cut_off;
}

const char *trace_reader_message(const struct trace_reader *reader)
{
	return reader->message;
}

void trace_reader_close(struct trace_reader *reader)
{
	if (reader->format == FORMAT_GZIP)
		inflateEnd(&reader->gzip);
	ZSTD_freeDStream(reader->zstd);
	fclose(reader->stream);
	free(reader->text);
	free(reader);
}
