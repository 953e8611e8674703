# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A database that forks a process for each connection, all with one segment of shared memory:
# PostgreSQL, and pgbench, which connects anew for each of 100 transactions.

bin=$(echo /usr/lib/postgresql/*/bin)
needs postgresql "$bin/postgres"

configuration() {
	cat <<-CONFIGURATION
		listen_addresses = ''
		unix_socket_directories = '$PWD'
		shared_buffers = 8MB
		autovacuum_naptime = 1s
	CONFIGURATION
}

run() {
	user=$(of postgres)
	plainly $user "$bin/initdb" -A trust -U postgres -D data >/dev/null
	configuration >>data/postgresql.conf
	recorded $user "$bin/postgres" -D "$PWD/data" &
	set -- -h "$PWD" -U postgres
	eventually "$bin/pgbench" "$@" -q -i postgres &&
		plainly "$bin/pgbench" "$@" -n -C -c 4 -t $((25 * times)) postgres >/dev/null
	loaded=$?
	kill "$(head -n 1 data/postmaster.pid)"
	wait $! && [ $loaded -eq 0 ]
}
