#!/bin/sh
# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT

# usage: bench/peers/other.sh FOLDER [NAME...]
#
# Compiles those peers of 'vas bench index' that come from other libraries than the kernel into
# plug-ins, FOLDER/NAME.so for --peer: std_map, boost_icl, tree_h, abseil, judy, or those named.
# For each that cannot be had it says which package brings it, and goes on.
#
# Status 0; 2 when one that can be had does not compile.
set -u

folder=${1:?usage: $0 FOLDER [NAME...]}
shift
here=$(cd "$(dirname "$0")" && pwd)
flags='-O2 -DNDEBUG'
status=0

lacks()
{
	echo "$1: no $2: 'apt-get install $2' brings it" >&2
}

# compile NAME PACKAGE HEADER SOURCE [LIBRARY]: a source of C++ if it ends in .cc, of C else
compile()
{
	name=$1 package=$2 header=$3 source=$4
	shift 4
	case " $wanted " in
	*" $name "*) ;;
	*) return ;;
	esac
	case $source in
	*.cc) language=c++ standard=gnu++17 compiler=${CXX:-c++} from=g++ ;;
	*) language=c standard=gnu11 compiler=${CC:-cc} from=gcc ;;
	esac
	rm -f "$folder/$name.so"
	if ! command -v "${compiler%% *}" >/dev/null; then
		lacks "$name" $from
		return
	fi
	# $compiler and $flags are words.
	# shellcheck disable=SC2086
	if ! echo "#include <$header>" | $compiler -E -x $language - >/dev/null 2>&1; then
		lacks "$name" "$package"
		return
	fi
	# shellcheck disable=SC2086
	$compiler -std=$standard $flags "-DPEER_FLAGS=$flags" -w -fPIC -shared -fvisibility=hidden \
		-I"$here/../../include" "$here/$source" -o "$folder/$name.so" "$@" || status=2
}

mkdir -p "$folder" || exit 2
wanted=${*:-std_map boost_icl tree_h abseil judy}
compile std_map libstdc++-12-dev map std_map.cc
compile boost_icl libboost-dev boost/icl/interval_map.hpp boost_icl.cc
compile tree_h libbsd-dev bsd/sys/tree.h tree_h.c
compile abseil libabsl-dev absl/container/btree_map.h abseil.cc
compile judy libjudy-dev Judy.h judy.c -lJudy
exit $status
