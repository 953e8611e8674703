#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT

# usage: bench/peers/linux.sh FOLDER
#
# Compiles data structures of Linux 6.12 into plug-ins:
#
#   FOLDER/linux_maple.so           vas bench index --peer: the maple tree at its best
#   FOLDER/linux_maple_rcu.so       vas bench index --peer: the maple tree as the kernel pays for it
#   FOLDER/linux_rbtree.so          vas bench index --peer: the red-black tree with gaps, as of 2012
#   FOLDER/linux_interval_tree.so   vas bench file-rmap --peer
#
# The sources come from Debian's package linux-source-6.12, are unpacked into a folder of their own
# under $TMPDIR, and are removed again. The results are under their licence, the GPL: they are for
# measuring, not for keeping.
#
# Status 0; 3 where the package is not installed; 2 for other trouble.
set -eu

folder=${1:?usage: $0 FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
source=/usr/src/linux-source-6.12.tar.xz
top=linux-source-6.12

if [ ! -r "$source" ]; then
	echo "linux: no linux-source-6.12: 'apt-get install linux-source-6.12' brings it" >&2
	exit 3
fi
mkdir -p "$folder" || exit 2
work=$(mktemp -d) || exit 2
trap 'rm -rf "$work"' EXIT
trap 'exit 2' INT TERM

echo "$0: unpacking a few files of $source" >&2
tar -xJf "$source" -C "$work" \
	"$top/lib/maple_tree.c" "$top/lib/rbtree.c" \
	"$top/include/linux/interval_tree_generic.h" "$top/include/linux/maple_tree.h" \
	"$top/include/linux/rbtree.h" "$top/include/linux/rbtree_augmented.h" \
	"$top/include/linux/rbtree_types.h" "$top/include/linux/xarray.h" || exit 2

# All other headers of the kernel that these name are one: linux_stand_in.h.
for header in asm/barrier linux/bitmap linux/bug linux/compiler linux/container_of linux/err \
	linux/export linux/gfp linux/kconfig linux/kernel linux/limits linux/lockdep linux/rcupdate \
	linux/sched/mm linux/slab linux/spinlock linux/stddef linux/types trace/events/maple_tree; do
	mkdir -p "$(dirname "$work/stand-in/$header")"
	echo '#include "linux_stand_in.h"' >"$work/stand-in/$header.h"
done

# The options of the kernel, as far as they change what the compiler makes of C.
options='-O2 -fno-strict-aliasing -fno-strict-overflow -fno-delete-null-pointer-checks'

plug_in() { # name, source, and more options
	output=$folder/$1.so
	input=$here/$2
	shift 2
	# $options are words.
	# shellcheck disable=SC2086
	${CC:-cc} -std=gnu11 $options "-DPEER_FLAGS=$options" -D_GNU_SOURCE -w -fPIC -shared \
		-fvisibility=hidden -I"$work/stand-in" -I"$here" -I"$work/$top/include" \
		-I"$work/$top" -I"$here/../../include" "$@" "$input" -o "$output" || exit 2
}

plug_in linux_maple linux_maple.c
plug_in linux_maple_rcu linux_maple.c -DMAPLE_RCU
plug_in linux_rbtree linux_rbtree.c
plug_in linux_interval_tree linux_interval_tree.c
