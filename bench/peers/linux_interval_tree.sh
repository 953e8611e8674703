#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT

# usage: bench/peers/linux_interval_tree.sh OUTPUT.so
#
# Compiles the interval tree of Linux 6.12 into a plug-in for 'vas bench file-rmap --peer=OUTPUT.so'.
# The sources come from Debian's package linux-source-6.12, are unpacked into a folder of their own
# under $TMPDIR, and are removed again. The result is under their licence, the GPL: it is for
# measuring, not for keeping.
#
# Status 0; 3 where the package is not installed; 2 for other trouble.
set -eu

output=${1:?usage: $0 OUTPUT.so}
here=$(cd "$(dirname "$0")" && pwd)
source=/usr/src/linux-source-6.12.tar.xz

if [ ! -r "$source" ]; then
	echo "$0: no $source: 'apt-get install linux-source-6.12' brings it" >&2
	exit 3
fi
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM

top=linux-source-6.12
echo "$0: unpacking five files of $source" >&2
tar -xJf "$source" -C "$work" \
	"$top/lib/rbtree.c" \
	"$top/include/linux/interval_tree_generic.h" "$top/include/linux/rbtree.h" \
	"$top/include/linux/rbtree_augmented.h" "$top/include/linux/rbtree_types.h" || exit 2

# What those five want of the kernel, for a program of one thread.
stand_in="$work/stand-in/linux"
mkdir -p "$stand_in"
cat >"$stand_in/compiler.h" <<'END'
#pragma once
#include <stdbool.h>
#include <stddef.h>
#define __always_inline inline __attribute__((always_inline))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
END
cat >"$stand_in/container_of.h" <<'END'
#pragma once
#include <linux/compiler.h>
#define container_of(at, type, member) ((type *)((char *)(at) - offsetof(type, member)))
END
cat >"$stand_in/rcupdate.h" <<'END'
#pragma once
#include <linux/compiler.h>
#define __rcu
#define rcu_assign_pointer(at, value) __atomic_store_n(&(at), value, __ATOMIC_RELEASE)
#define rcu_dereference_raw(at) READ_ONCE(at)
END
cat >"$stand_in/export.h" <<'END'
#pragma once
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
END
echo '#include <linux/compiler.h>' >"$stand_in/stddef.h"

${CC:-cc} -std=gnu11 -O2 -w -fPIC -shared -fvisibility=hidden \
	-I"$work/stand-in" -I"$work/$top/include" -I"$here/../../include" \
	"$here/linux_interval_tree.c" "$work/$top/lib/rbtree.c" -o "$output" || exit 2
