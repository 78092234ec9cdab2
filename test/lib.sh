# For the scripts beside this file to source: a server to throw away.
#
# Everything is in $work, a new directory that is removed at the end, and that
# the server's operating system user can read.  The server listens on a Unix
# socket in there and nowhere else, so it meets no other one.
# shellcheck shell=bash
set -eu -o pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PATH=$PATH:/usr/sbin:/sbin
umask 022
export LC_ALL=C.UTF-8
# nothing of the caller's may decide which server is met, or how make works
for variable in $(compgen -e PG | grep -vx PG_CONFIG) MAKEFLAGS MAKELEVEL; do
	unset "$variable"
done

clean_up() {
	if [ -e "$work/data/postmaster.pid" ]; then
		as_server pg_ctl -s -D "$work/data" -m immediate stop || true
	fi
	cd /
	rm -rf "$work"
}
work=$(mktemp -d "${TMPDIR:-/tmp}/migrate.XXXXXX")
trap clean_up EXIT
trap 'exit 130' INT TERM HUP
chmod 755 "$work"

# A server does not run as root.
as_server() {
	if [ "$(id -u)" = 0 ]; then
		runuser -u postgres -- "$@"
	else
		"$@"
	fi
}

# A copy of a directory, without .git, as $work/NAME, that is the server
# user's: the original may be out of its reach.
copy_for_server() { # directory, name
	mkdir "$work/$2"
	tar -C "$1" --exclude=./.git -cf - . | tar -C "$work/$2" -xf - --no-same-owner
	chmod -R u+rwX "$work/$2"
	[ "$(id -u)" != 0 ] || chown -R postgres: "$work/$2"
}

# Builds and installs the extension of this checkout.
install_extension() {
	# callers ask for the status, and then errexit does not apply in here
	"$top/test/prerequisites" &&
		make -s -j "$(nproc)" -C "$top" all &&
		make -s -C "$top" install || return 1
	PATH=$("${PG_CONFIG:-pg_config}" --bindir):$PATH
}

# Starts a server and points libpq at it; arguments are options of postgres.
start_server() {
	mkdir "$work/socket" "$work/data"
	chmod 700 "$work/socket" "$work/data"
	[ "$(id -u)" != 0 ] || chown postgres: "$work/socket" "$work/data"
	export PGHOST=$work/socket PGPORT=5432 PGUSER=postgres PGDATABASE=postgres
	# where psql and others look for a person's settings
	export HOME=$work
	cd "$work"
	as_server initdb -D "$work/data" -U postgres -A trust -E UTF8 --no-locale \
		--no-sync >"$work/initdb.log" || { cat "$work/initdb.log"; return 1; }
	as_server pg_ctl -s -w -D "$work/data" -l "$work/data/server.log" \
		-o "-k '$work/socket' -c listen_addresses='' $*" start ||
		{ cat "$work/data/server.log"; return 1; }
}

# psql that does what it is told and nothing else.
sql() {
	psql -X -q -v ON_ERROR_STOP=1 -P pager=off "$@"
}

# The value of a query.
value() {
	sql -At -c "$1"
}
