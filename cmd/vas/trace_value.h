/* SPDX-FileCopyrightText: 2026 the vas authors */
/* SPDX-License-Identifier: MIT */
#ifndef VAS_CMD_TRACE_VALUE_H
#define VAS_CMD_TRACE_VALUE_H

/*
 * Values as strace prints them among a call's arguments. Comments are skipped everywhere, so that
 * a value reads the same with strace's -X raw, abbrev and verbose.
 */

#include <stdint.h>

#include "constants.h"
#include "slice.h"

/* A number: "4096", "0x1000", "0600", "-1" (wraps), "NULL", "8192*1024", and any of them with a
 * comment after it. false: it is none, or does not fit into 64 bits. */
bool value_number(struct slice text, uint64_t *value);

/* Names and numbers with '|' between them, and "21<<MAP_HUGE_SHIFT". false: *unknown is the part
 * that is neither. */
bool value_flags(struct slice text, enum constant_set set, uint64_t *value, struct slice *unknown);

/* A descriptor: "3", "3</path>", "3</path>(deleted)", "-1", "0xffffffff". *path is what stands in
 * the angles, escapes as they stand, "" without -y. */
bool value_descriptor(struct slice text, int *fd, struct slice *path, bool *deleted);

/* The value of "name=" in "{a=1, name=2, ...}", at any depth; the first one. */
bool value_field(struct slice structure, const char *name, struct slice *value);

/* The first element of "[a, b]" or "{...}" lists; *rest is moved past it. false: no more. Start
 * with the text between the brackets. */
bool value_element(struct slice *rest, struct slice *element);

/* Without the brackets, braces or quotes around it; as it is when there are none. */
struct slice value_inside(struct slice text);

/*
 * Copies a string without its quotes, escapes resolved, terminated; returns its whole length, so
 * that `result >= size` means "cut off here". A string that strace cut off ("abc"...) is copied
 * as far as it goes.
 */
size_t value_string(struct slice text, char *buffer, size_t size);

/* Is it an address of a thing that strace did not look into (raw), rather than the thing? */
bool value_is_pointer(struct slice text);

/*
 * Skips one value: up to a ',' or closing bracket that stands outside of strings, brackets, angles
 * and comments. Returns its length; SIZE_MAX: the text ends inside of something.
 */
size_t value_length(struct slice text);

#endif
