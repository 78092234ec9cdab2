# For the benchmarks beside this file to source: a database of many tables, and
# a clock.
# shellcheck shell=bash

# Seconds of a command by the client's clock, into a file.
clock() { # file, command...
	local file=$1 start end
	shift
	start=${EPOCHREALTIME/[.,]/}
	"$@" >/dev/null
	end=${EPOCHREALTIME/[.,]/}
	echo "$((end - start))" >>"$file"
}

median() { # file
	sort -n "$1" | awk '{ v[NR] = $1 } END { printf "%.3f", v[int((NR + 1) / 2)] / 1000000 }'
}

# Each table has ten columns, a primary key, an index, a constraint and a view.
fill() { # tables
	seq "$1" | awk '{
		printf "CREATE TABLE bench.t%d (id bigint PRIMARY KEY, a text NOT NULL, b integer DEFAULT 0,", $1
		printf " c timestamptz DEFAULT now(), d numeric(10,2), e uuid, f jsonb, g date, h varchar(20), i boolean NOT NULL,"
		printf " CONSTRAINT c%d CHECK (b >= 0 AND h IN (\047x\047, \047y\047)));\n", $1
		printf "CREATE INDEX i%d ON bench.t%d (a, c DESC);\n", $1, $1
		printf "CREATE VIEW bench.v%d AS SELECT t.id, t.a, t.b, t.c, t.d, t.e, t.f, t.g, t.h, t.i", $1
		printf " FROM bench.t%d t WHERE t.i AND t.b > 0;\n", $1 }' |
		sql -c 'CREATE SCHEMA bench' -f - >/dev/null
	sql -c 'VACUUM ANALYZE' >/dev/null
}
