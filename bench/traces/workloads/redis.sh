# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A database in memory that writes itself to disk from a forked child (redis), while clients go on
# changing it. Two times.

needs redis-server redis-server
needs redis-tools redis-benchmark

client() {
	plainly redis-cli -s "$PWD/socket" "$@" >/dev/null
}

# Sets keys that are there already, in any order.
change() {
	plainly redis-benchmark -s "$PWD/socket" -q -c 4 -n $((4000 * times)) -r $((20000 * times)) \
		-d 100 set key:__rand_int__ __data__ >/dev/null
}

run() {
	# Wait: the children take long enough to meet changes.
	recorded redis-server --port 0 --unixsocket "$PWD/socket" --dir "$PWD" --save '' \
		--enable-debug-command yes --rdb-key-save-delay 10 &
	eventually redis-cli -s "$PWD/socket" ping &&
		client debug populate $((20000 * times)) key 100 &&
		client bgsave && change && change &&
		eventually sh -c "redis-cli -s socket info | grep -q rdb_bgsave_in_progress:0" &&
		client bgrewriteaof && change
	loaded=$?
	client shutdown nosave
	wait $! && [ $loaded -eq 0 ]
}
