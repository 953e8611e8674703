# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# make -j2 of the library's lowest layers: 21 compilers, by twos. Large: of all layers.

needs make make
needs gcc gcc
needs binutils ar

run() {
	cp -r "$root/include" "$root/src" .
	# Those are compiled with flags of their own.
	rm src/tree/btree_avx*.c
	folders='src/base src/tree'
	[ "$times" -eq 1 ] || folders='src/*'
	cat >Makefile <<-MAKEFILE
		CFLAGS = -std=gnu11 -O2 -Iinclude -Isrc
		folders = \$(wildcard $folders)
		sources = \$(foreach folder,\$(folders),\$(wildcard \$(folder)/*.c))
		objects = \$(patsubst %.c,%.o,\$(sources))
		libvas.a: \$(objects); \$(AR) rcs \$@ \$^
	MAKEFILE
	recorded make -j2
}
