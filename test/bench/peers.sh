# For test/bench/run to source: the tools that it compares with.
#
# Each is optional and has three functions: install_NAME makes sure that the
# tool is there and prints its version, write_NAME writes the migrations in its
# form into the directory $peer_files, and run_NAME applies them to the database
# that libpq's variables name.  All are told to do what we do, which is to
# commit each migration by itself, and to say as little as they can.
# shellcheck shell=bash disable=SC2154 # what run sets

all_peers=(dbmate node_pg_migrate graphile_migrate sqitch alembic)

# Sets $peers to those that are to be had, and $versions.
install_peers() {
	local peer
	peers=()
	versions=
	for peer in "${all_peers[@]}"; do
		progress "installing $peer"
		if "install_$peer" >"$work/version"; then
			peers+=("$peer")
			versions+=", ${peer//_/-} $(grep -oEm 1 '[0-9]+(\.[0-9]+)+' "$work/version")"
		else
			progress "no $peer to be had: without it"
		fi
	done
}

npm_install() { # package...
	quietly "$top/test/npm" "$work/npm" "$@"
}

# Of a program that has the name of its package, if it runs at all.
npm_version() { # program
	npm_run "$1" --version >/dev/null &&
		node -p "require('$work/npm/node_modules/$1/package.json').version"
}

npm_run() { # program, argument...
	"$work/npm/node_modules/.bin/$1" "${@:2}"
}

debian_install() { # package...
	if ! can_install; then
		progress "not root on Debian, to install $1"
		return 1
	fi
	quietly apt update && quietly apt install --no-install-recommends "$@" >&2
}

# dbmate: the package has the program in a package of its own for each platform;
# it reads the files that we read.

install_dbmate() {
	npm_install dbmate || return 1
	for dbmate in "$work"/npm/node_modules/@dbmate/*/bin/dbmate; do :; done
	"$dbmate" --version || {
		dbmate=
		return 1
	}
}

run_dbmate() {
	"$dbmate" --no-dump-schema --migrations-dir "$files/native" \
		--url "postgres://$PGUSER@/$PGDATABASE?host=$PGHOST&port=$PGPORT&sslmode=disable" up
}

# node-pg-migrate: commits once, unless told not to.

install_node_pg_migrate() {
	npm_install node-pg-migrate pg && npm_version node-pg-migrate
}

write_node_pg_migrate() {
	for ((i = 1; i <= number; i++)); do
		migration "$i"
		printf -- '-- Up Migration\n%s\n-- Down Migration\nDROP TABLE t%d;\n' \
			"$script" "$i" >"$peer_files/$name.sql"
	done
}

run_node_pg_migrate() {
	npm_run node-pg-migrate up --no-single-transaction --no-verbose -m "$peer_files"
}

# graphile-migrate: the hash of each is made with that of the one before.

install_graphile_migrate() {
	npm_install graphile-migrate && npm_version graphile-migrate
}

write_graphile_migrate() {
	local hash previous=
	mkdir "$peer_files/committed"
	echo "{\"migrationsFolder\": \"$peer_files\"}" >"$peer_files/.gmrc"
	for ((i = 1; i <= number; i++)); do
		migration "$i"
		hash=$(printf '%s%s' "${previous:+$previous$'\n'}" "$script" | sha1sum)
		hash=sha1:${hash%% *}
		printf -- '--! Previous: %s\n--! Hash: %s\n\n%s' "${previous:--}" "$hash" \
			"$script" >"$peer_files/committed/${name%%_*}.sql"
		previous=$hash
	done
}

run_graphile_migrate() {
	DATABASE_URL="socket://$PGUSER@$PGHOST?db=$PGDATABASE" \
		npm_run graphile-migrate -c "$peer_files/.gmrc" migrate
}

# Sqitch: every script has its own BEGIN and COMMIT and is run by a psql.

install_sqitch() {
	{ command -v sqitch && perl -MDBD::Pg -e 1; } >/dev/null 2>&1 ||
		debian_install sqitch libdbd-pg-perl || return 1
	sqitch --version
}

write_sqitch() {
	mkdir "$peer_files/deploy"
	printf '[core]\n\tengine = pg\n[user]\n\tname = bench\n\temail = bench@localhost\n' \
		>"$peer_files/sqitch.conf"
	printf '%%syntax-version=1.0.0\n%%project=bench\n\n' >"$peer_files/sqitch.plan"
	for ((i = 1; i <= number; i++)); do
		migration "$i"
		echo "$name 2024-01-01T00:00:00Z bench <bench@localhost>" >>"$peer_files/sqitch.plan"
		printf 'BEGIN;\n%sCOMMIT;\n' "$script" >"$peer_files/deploy/$name.sql"
	done
}

run_sqitch() {
	sqitch --chdir "$peer_files" deploy --quiet db:pg:
}

# Alembic: Debian's, with Debian's Python, for another one would not find it.

install_alembic() {
	python=/usr/bin/python3
	"$python" -c 'import alembic, psycopg2' 2>/dev/null ||
		debian_install alembic python3-psycopg2 || return 1
	"$python" -m alembic --version
}

write_alembic() {
	local previous=None
	mkdir "$peer_files/versions"
	printf '[alembic]\nscript_location = %s\n' "$peer_files" >"$peer_files/alembic.ini"
	cat >"$peer_files/env.py" <<-'END'
		from alembic import context
		from sqlalchemy import create_engine

		with create_engine('postgresql+psycopg2://').connect() as connection:
		    context.configure(connection=connection, transaction_per_migration=True)
		    with context.begin_transaction():
		        context.run_migrations()
	END
	for ((i = 1; i <= number; i++)); do
		migration "$i"
		cat >"$peer_files/versions/$name.py" <<-END
			from alembic import op

			revision = '$name'
			down_revision = $previous


			def upgrade():
			    op.execute("""$script""")


			def downgrade():
			    op.execute("DROP TABLE t$i")
		END
		previous="'$name'"
	done
}

run_alembic() {
	"$python" -m alembic -c "$peer_files/alembic.ini" upgrade head
}
