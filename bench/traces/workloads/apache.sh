# SPDX-FileCopyrightText: 2026 the vas authors
# SPDX-License-Identifier: MIT
#
# A web server that forks before requests come (apache2 with the module prefork), under load: 400
# requests, 8 at a time, compressed; each server process ends after 40.

needs apache2-bin apache2
needs apache2-utils ab

port=18080

configuration() {
	modules=/usr/lib/apache2/modules
	cat <<-CONFIGURATION
		ServerRoot $PWD
		ServerName localhost
		Listen 127.0.0.1:$port
		PidFile apache.pid
		ErrorLog error.log
		DocumentRoot $PWD/pages
		User www-data
		Group www-data
		LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
		LoadModule authz_core_module $modules/mod_authz_core.so
		LoadModule dir_module $modules/mod_dir.so
		LoadModule filter_module $modules/mod_filter.so
		LoadModule deflate_module $modules/mod_deflate.so
		SetOutputFilter DEFLATE
		StartServers 4
		MinSpareServers 2
		MaxSpareServers 4
		MaxRequestWorkers 16
		MaxConnectionsPerChild 40
	CONFIGURATION
}

run() {
	mkdir pages
	seq 20000 >pages/index.html
	configuration >apache.conf
	recorded apache2 -f "$PWD/apache.conf" &
	eventually ab -q -n 1 "http://127.0.0.1:$port/" &&
		plainly ab -q -n $((400 * times)) -c 8 -H 'Accept-Encoding: gzip' \
			"http://127.0.0.1:$port/" >/dev/null
	loaded=$?
	kill "$(cat apache.pid)"
	wait $! && [ $loaded -eq 0 ]
}
