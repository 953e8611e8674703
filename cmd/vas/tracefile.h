/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_TRACEFILE_H
#define VAS_TRACEFILE_H

/*
 * Trace files as streams: a writer that compresses by the file's name, and a reader that
 * decompresses by the file's first bytes and hands out numbered lines. Neither knows what a
 * line means; vas-trace(5) says that.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct trace_writer;
struct trace_reader;

/*
 * Creates or empties `path` ("-": standard output). A name that ends in ".gz" or ".zst" is
 * written compressed.
 *  => returns NULL with errno set when the file cannot be made or memory is short
 */
struct trace_writer *trace_writer_open(const char *path);

/*
 * Appends bytes. Buffered; the first error sticks, later bytes are thrown away, and
 * trace_writer_error tells.
 */
void trace_write(struct trace_writer *writer, const char *data, size_t size);

/* Hands everything so far to the kernel, so that a reader can see it. */
void trace_writer_flush(struct trace_writer *writer);

/* True when bytes wait for a flush. */
bool trace_writer_pending(const struct trace_writer *writer);

/* 0, or the errno of the first write that failed. */
int trace_writer_error(const struct trace_writer *writer);

/* Flushes, ends the compressed stream, closes, frees. Returns what trace_writer_error would. */
int trace_writer_close(struct trace_writer *writer);

/*
 * Opens a plain, gzip or zstd stream ("-": standard input).
 *  => returns NULL with errno set when it cannot be opened or memory is short
 */
struct trace_reader *trace_reader_open(const char *path);

/* The same over an open stdio stream, which the reader then owns; `name` is for messages. */
struct trace_reader *trace_reader_from(FILE *file, const char *name);

/*
 * The next line, without its newline, terminated by NUL (a line may hold NULs of its own);
 * valid until the next call. A last line without a newline counts.
 *  => 1: *line and *length are set
 *  => 0: the end
 *  => -1: trouble; trace_reader_message says what ("FILE:LINE: ...")
 */
int trace_reader_line(struct trace_reader *reader, char **line, size_t *length);

/* Number of the line that was handed out last, from 1; 0 before the first. */
uint64_t trace_reader_number(const struct trace_reader *reader);

/* Bytes of the file (compressed ones) consumed so far, and its size or 0: for a progress bar. */
void trace_reader_progress(const struct trace_reader *reader, uint64_t *done, uint64_t *size);

/* Did the last line have no newline, or is the trouble that compressed data end too early? Then
 * whoever wrote the file did not come to its end. */
bool trace_reader_cut_off(const struct trace_reader *reader);

/* What went wrong: one line without a newline. */
const char *trace_reader_message(const struct trace_reader *reader);

void trace_reader_close(struct trace_reader *reader);

#endif
