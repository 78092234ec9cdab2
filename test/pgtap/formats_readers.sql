-- Whole directories of the formats whose files say too little alone: what
-- migrate_register_files() makes of them, and what it refuses.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap formats_readers';
SET LOCAL migrate.variables = 'COLUMN=c';

-- Registers files, given as path, content, path, content ..., and describes
-- each migration on a line, in the order in which they would run.  Or the
-- error with its detail.  Nothing of it stays.
CREATE FUNCTION pg_temp.load(files text[], scripts boolean DEFAULT false) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
BEGIN
	PERFORM migrate_register_files(
		(SELECT array_agg(f ORDER BY n) FROM unnest(files) WITH ORDINALITY u (f, n) WHERE n % 2 = 1),
		(SELECT array_agg(f ORDER BY n) FROM unnest(files) WITH ORDINALITY u (f, n) WHERE n % 2 = 0));
	SELECT string_agg(concat_ws(' ', m.format, m.kind, m.version,
								'(' || m.name || ')',
								m.hook,
								'requires ' || nullif(array_to_string(m.requires, ' '), ''),
								'@' || nullif(array_to_string(m.tags, ' @'), ''),
								CASE WHEN m.up_no_transaction THEN 'no transaction' END,
								m.up_variables,
								'hole: ' || m.hole,
								CASE WHEN m.down IS NOT NULL THEN 'down' END,
								CASE WHEN m.down_no_transaction THEN 'no transaction' END,
								m.down_variables,
								CASE WHEN scripts THEN format('%s<%s>', m.up_line, m.up) || CASE WHEN m.down IS NOT NULL THEN format('%s<%s>', m.down_line, m.down) ELSE '' END END),
					  E'\n' ORDER BY m.order_key)
	  INTO result
	  FROM migrate_migration m WHERE project = migrate_project();
	RAISE EXCEPTION USING errcode = 'PGTAP', message = coalesce(result, '');
EXCEPTION
	WHEN SQLSTATE 'PGTAP' THEN
		RETURN SQLERRM;
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		RETURN SQLSTATE || ': ' || SQLERRM || coalesce(' | ' || nullif(detail, ''), '');
END $$;

-- An atlas.sum as Atlas makes it; files as above, in order of name, without
-- directories.  A file whose name ends in "!" has text that does not count.
CREATE FUNCTION pg_temp.sum(files text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	hashed bytea := '';
	lines text := '';
	total text := '';
	hash text;
	name text;
BEGIN
	FOR i IN 1 .. cardinality(files) BY 2 LOOP
		name := rtrim(files[i], '!');
		hashed := hashed || convert_to(name, 'UTF8');
		CONTINUE WHEN name <> files[i];
		hashed := hashed || convert_to(files[i + 1], 'UTF8');
		hash := encode(sha256(hashed), 'base64');
		lines := lines || name || ' h1:' || hash || E'\n';
		total := total || name || hash;
	END LOOP;
	RETURN 'h1:' || encode(sha256(convert_to(total, 'UTF8')), 'base64') || E'\n' || lines;
END $$;

-- A directory of Atlas with its atlas.sum.
CREATE FUNCTION pg_temp.atlas(files text[]) RETURNS text[] LANGUAGE sql AS $$
	SELECT array_agg(CASE WHEN n % 2 = 1 THEN 'm/' || rtrim(f, '!') ELSE f END ORDER BY n)
		   || ARRAY['m/atlas.sum', pg_temp.sum(files)]
	  FROM unnest(files) WITH ORDINALITY u (f, n)
$$;

CREATE TEMP TABLE cases (
	n int GENERATED ALWAYS AS IDENTITY,
	what text NOT NULL,
	files text[] NOT NULL,
	result text NOT NULL,
	scripts boolean NOT NULL DEFAULT false
);

-- sql-migrate
INSERT INTO cases (what, files, result, scripts) VALUES
	('sql-migrate: both sections', ARRAY['m/1-a.sql', E'-- c\n-- +migrate Up\n-- +migrate StatementBegin\nA;\n-- +migrate StatementEnd\n-- +migrate Down\nB;\n'],
	 E'sql-migrate versioned 1 (a) down 3<-- +migrate StatementBegin\nA;\n-- +migrate StatementEnd\n>7<B;\n>', true),
	('sql-migrate: Down first, no final semicolon, CRLF', ARRAY['m/1_a.sql', E'-- +migrate Down\r\nB\r\n-- +migrate Up\r\nA'],
	 E'sql-migrate versioned 1 (a) down 4<A>2<B\r\n>', true),
	('sql-migrate: an empty Down, byte order mark, any case', ARRAY['m/1_a.sql', E'\uFEFF--+MIGRATE up\nA;\n-- +migrate down'],
	 E'sql-migrate versioned 1 (a) down 2<A;\n>4<>', true),
	('sql-migrate: notransaction is of a section', ARRAY['m/1_a.sql', E'-- +migrate Up notransaction\nA;\n-- +migrate Down\n', 'm/2_a.sql', E'-- +migrate Up\nA;\n-- +migrate Down NOTRANSACTION\n'],
	 E'sql-migrate versioned 1 (a) no transaction down\nsql-migrate versioned 2 (a) down no transaction', false),
	('sql-migrate: numbers first, by number; then the rest, by name', ARRAY['m/10-b.sql', E'-- +migrate Up\n', 'm/9-a.sql', E'-- +migrate Up\n', 'm/init.sql', E'-- +migrate Up\n', 'm/010-a.sql', E'-- +migrate Up\n', 'm/README.md', 'x'],
	 E'sql-migrate versioned 9 (a)\nsql-migrate versioned 010 (a)\nsql-migrate versioned 10-b (b)\nsql-migrate versioned init (init)', false),
	('sql-migrate: a number is a name as well', ARRAY['m/20200101.sql', E'-- +migrate Up\n'],
	 'sql-migrate versioned 20200101 (20200101)', false),
	('sql-migrate: an unknown option', ARRAY['m/1_a.sql', E'-- +migrate Up x\n'],
	 'MG010: unknown option "x" of "-- +migrate Up" in file "m/1_a.sql", line 1 | The one option is notransaction.', false),
	('sql-migrate: an unknown directive', ARRAY['m/1_a.sql', E'-- +migrate Up\nA;\n-- +migrate Dwon\n'],
	 'MG010: unknown directive "-- +migrate Dwon" in file "m/1_a.sql", line 3 | The directives are Up, Down, StatementBegin and StatementEnd.', false),
	('sql-migrate: an indented directive', ARRAY['m/1_a.sql', E'-- +migrate Up\nA;\n  -- +migrate Down\n'],
	 'MG010: indented directive in file "m/1_a.sql", line 3 | A directive''s dashes must be the first characters of its line.', false),
	('sql-migrate: no Up', ARRAY['m/1_a.sql', E'-- +migrate Down\nB;\n'],
	 'MG010: file "m/1_a.sql" has no line "-- +migrate Up" | It has other directives of sql-migrate, which requires that line before the script.', false),
	('sql-migrate: text before Up', ARRAY['m/1_a.sql', E'A;\n-- +migrate Up\n'],
	 'MG010: text before "-- +migrate Up" in file "m/1_a.sql", line 1 | Only comments and blank lines may precede the first section.', false),
	('sql-migrate: a statement without an end', ARRAY['m/1_a.sql', E'-- +migrate Up\n-- +migrate StatementBegin\nA;\n-- +migrate Down\n'],
	 'MG010: unterminated "-- +migrate StatementBegin" in file "m/1_a.sql", line 2 | The statement must end with a line "-- +migrate StatementEnd".', false),
	('sql-migrate: a file without directives', ARRAY['m/1_a.sql', E'-- +migrate Up\n', 'm/2_a.sql', 'A'],
	 'MG010: file "m/2_a.sql" has no line "-- +migrate Up" | Other migrations of its directory, such as "m/1_a.sql", are in the format sql-migrate, which requires that line before the script.', false),
	('sql-migrate: a directive in a string is none', ARRAY['m/1_a.sql', E'-- +migrate Up\nSELECT ''\n-- +migrate Down\n'';\n'],
	 E'sql-migrate versioned 1 (a) 2<SELECT ''\n-- +migrate Down\n'';\n>', true);

-- goose, in directories
INSERT INTO cases (what, files, result) VALUES
	('goose: a migration in Go is a hole', ARRAY['m/00001_a.sql', E'-- +goose Up\n', 'm/00002_b.go', 'package m', 'm/00002_b_test.go', 'package m', 'm/embed.go', 'package m', 'm/00003_c.sql', E'-- +goose Up\n'],
	 E'goose versioned 00001 (a)\ngoose versioned 00002 (b) hole: it is written in Go\ngoose versioned 00003 (c)'),
	('goose: variables of sections', ARRAY['m/1_a.sql', E'-- +goose ENVSUB ON\n-- +goose Up\n-- +goose Down\n', 'm/2_b.sql', E'-- +goose Up\n-- +GOOSE envsub on\n-- +goose ENVSUB OFF\n-- +goose Down\n', 'm/3_c.sql', E'-- +goose Up\n-- +goose ENVSUB ON\n-- +goose Down\n'],
	 E'goose versioned 1 (a) goose-on down goose-on\ngoose versioned 2 (b) goose down\ngoose versioned 3 (c) goose down goose-on'),
	('goose: only Go', ARRAY['m/1_a.go', 'package m', 'm/main.go', 'package main'],
	 'goose versioned 1 (a) hole: it is written in Go');

-- Atlas
INSERT INTO cases (what, files, result) VALUES
	('atlas: by name, not by number', pg_temp.atlas(ARRAY['10_b.sql', 'A;', '9_a.sql', 'B']),
	 E'atlas versioned 10 (b)\natlas versioned 9 (a)'),
	('atlas: no name, a dash, other files', pg_temp.atlas(ARRAY['20200101.sql', '-- c', '20200102-x_y_z.sql', '']) || ARRAY['m/README', 'x', 'm/old/1_a.sql', 'X'],
	 E'atlas versioned 20200101 (20200101)\natlas versioned 20200102-x (y_z)'),
	('atlas: txmode', pg_temp.atlas(ARRAY['1_a.sql', E'-- c\n-- atlas:txmode none\n\nA;', '2_b.sql', E'-- atlas:txmode NONE\r\n\r\nA;', '3_c.sql', E'-- atlas:txmode file\n\nA;', '4_d.sql', E'-- atlas:txmode none\nA;', '5_e.sql', E'A;\n\n-- atlas:txmode none\n\nB;', '6_f.sql', E'#atlas:txmode none\n\nB;']),
	 E'atlas versioned 1 (a) no transaction\natlas versioned 2 (b) no transaction\natlas versioned 3 (c)\natlas versioned 4 (d)\natlas versioned 5 (e)\natlas versioned 6 (f) no transaction'),
	('atlas: an unknown txmode', pg_temp.atlas(ARRAY['1_a.sql', E'-- atlas:txmode never\n\nA;']),
	 'MG010: unknown txmode "never" in file "m/1_a.sql", line 1 | It must be none, file or all.'),
	('atlas: a text that does not count', pg_temp.atlas(ARRAY['1_a.sql', 'A', '2_b.sql!', E'-- atlas:sum ignore\nA;', '3_c.sql', 'B']),
	 E'atlas versioned 1 (a)\natlas versioned 2 (b)\natlas versioned 3 (c)'),
	('atlas: delimiters', pg_temp.atlas(ARRAY['1_a.sql', E'-- atlas:delimiter \\n\\n\\n\n\nA;', '2_b.sql', E'-- atlas:delimiter -- end\n\nA;', '3_c.sql', E'-- atlas:delimiter ;\nA;', '4_c.sql', E'-- atlas:nolint\n-- atlas:delimiter //\nA//']),
	 'MG010: unsupported delimiter "//" in file "m/4_c.sql", line 2 | Statements must end with semicolons; line ends and comments may be delimiters as well.'),
	('atlas: files in a file', pg_temp.atlas(ARRAY['1_a.sql', E'-- atlas:txtar\n\n-- checks.sql --\nSELECT 1;']),
	 'MG010: unsupported directive "atlas:txtar" in file "m/1_a.sql", line 1 | Write the statements themselves into the file.'),
	('atlas: another tool''s directives', pg_temp.atlas(ARRAY['1_a.sql', E'-- +goose Up\nA;']),
	 'MG010: file "m/1_a.sql" is not in the format of Atlas | It has directives of another tool.'),
	('atlas: golang-migrate''s files, which it hashes as well', pg_temp.atlas(ARRAY['1_a.up.sql', 'A;']) || ARRAY['m/1_a.down.sql', 'B;'],
	 'golang-migrate versioned 1 (a) down'),
	('atlas: a changed text', ARRAY['m/1_a.sql', 'A;', 'm/2_b.sql', 'C;', 'm/3_c.sql', 'D', 'm/4_d.sql', '', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;', '2_b.sql', 'B;', '3_c.sql', 'D', '4_d.sql', ''])],
	 'MG022: file "m/2_b.sql" is not what atlas.sum says | Its text has another hash.'),
	('atlas: the last text changed', ARRAY['m/1_a.sql', 'A;', 'm/2_b.sql', 'C;', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;', '2_b.sql', 'B;'])],
	 'MG022: file "m/2_b.sql" is not what atlas.sum says | Its text has another hash.'),
	('atlas: the first text changed', ARRAY['m/1_a.sql', 'A', 'm/2_b.sql', 'B;', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;', '2_b.sql', 'B;'])],
	 'MG022: file "m/1_a.sql" is not what atlas.sum says | Its text has another hash.'),
	('atlas: a file too few', ARRAY['m/2_b.sql', 'B;', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;', '2_b.sql', 'B;'])],
	 'MG022: file "m/1_a.sql" is not what atlas.sum says | There is no such file.'),
	('atlas: the last file missing', ARRAY['m/1_a.sql', 'A;', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;', '2_b.sql', 'B;'])],
	 'MG022: file "m/2_b.sql" is not what atlas.sum says | There is no such file.'),
	('atlas: a file too many', ARRAY['m/1_a.sql', 'A;', 'm/2_b.sql', 'B;', 'm/3_c.sql', 'C;', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;', '3_c.sql', 'C;'])],
	 'MG022: file "m/2_b.sql" is not what atlas.sum says | It is not in the list.'),
	('atlas: a last file too many', ARRAY['m/1_a.sql', 'A;', 'm/2_b.sql', 'B;', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;'])],
	 'MG022: file "m/2_b.sql" is not what atlas.sum says | It is not in the list.'),
	('atlas: another first line', ARRAY['m/1_a.sql', 'A;', 'm/atlas.sum', overlay(pg_temp.sum(ARRAY['1_a.sql', 'A;']) PLACING 'AAAA' FROM 4)],
	 'MG022: the first line of file "m/atlas.sum" is not the hash of the others'),
	('atlas: no list', ARRAY['m/1_a.sql', 'A;', 'm/atlas.sum', E'h1:x\n1_a.sql\n'],
	 'MG010: no hash in file "m/atlas.sum", line 2 | A line is a file''s name and its hash, the first one the hash alone.'),
	('atlas: an empty atlas.sum', ARRAY['m/1_a.sql', 'A;', 'm/atlas.sum', ''],
	 'MG022: the first line of file "m/atlas.sum" is not the hash of the others'),
	('atlas: a directory within another', ARRAY['1_a.sql', 'A;', 'old/1_a.sql', 'A;', 'old/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;'])],
	 'MG010: file "1_a.sql" lies above the migrations | By "old/atlas.sum" the migrations are those of that file''s directory.'),
	('atlas: a directory beside others', ARRAY['m/1_a.sql', 'A;', 'seeds/a.sql', 'X', 'm/atlas.sum', pg_temp.sum(ARRAY['1_a.sql', 'A;'])],
	 'atlas versioned 1 (a)'),
	('atlas: a checkpoint with a tag', pg_temp.atlas(ARRAY['1_a.sql', 'A', '2_c.sql', E'-- atlas:checkpoint v1\n\nA;', '3_b.sql', 'B']),
	 E'atlas baseline 2 (c) @v1\natlas versioned 1 (a)\natlas versioned 3 (b)');

-- drizzle
INSERT INTO cases (what, files, result) VALUES
	('drizzle: the journal''s order', ARRAY['m/0000_steep_colossus.sql', E'A;--> statement-breakpoint\nB;', 'm/0001_x.sql', 'C', 'm/meta/_journal.json',
		'{"version": "7", "dialect": "postgresql", "entries": [{"idx": 1, "when": 1700000000001, "tag": "0001_x", "breakpoints": true}, {"idx": 0, "when": 1700000000000, "tag": "0000_steep_colossus", "breakpoints": true}]}',
		'm/meta/0000_snapshot.json', '{}'],
	 E'drizzle versioned 0001 (x)\ndrizzle versioned 0000 (steep_colossus) drizzle'),
	('drizzle: a number twice, none, and what the journal does not name', ARRAY['m/0000_a.sql', 'A', 'm/0000_b.sql', 'B', 'm/c.sql', 'C', 'm/0002_gone.sql', 'X', 'm/sub/0003_x.sql', 'X', 'm/meta/_journal.json',
		'{"entries": [{"tag": "0000_b"}, {"tag": "0000_a"}, {"tag": "c"}]}'],
	 E'drizzle versioned 0000 (b)\ndrizzle versioned 0000_a (a)\ndrizzle versioned c (c)'),
	('drizzle: a directory within another', ARRAY['1_a.sql', 'A', 'm/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": [{"tag": "0000_a"}]}'],
	 'MG010: file "1_a.sql" lies above the migrations | By "m/meta/_journal.json" the migrations are those of that file''s directory.'),
	('drizzle: a file that is missing', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": [{"tag": "0000_a"}, {"tag": "0001_b"}]}'],
	 'MG010: file "m/0001_b.sql" is in the journal, but not in the directory'),
	('drizzle: no files at all', ARRAY['m/meta/_journal.json', '{"entries": [{"tag": "0001_b"}]}'],
	 'MG010: file "m/0001_b.sql" is in the journal, but not in the directory'),
	('drizzle: no entries yet', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": []}'],
	 ''),
	('drizzle: a tag twice', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": [{"tag": "0000_a"}, {"tag": "0000_a"}]}'],
	 'MG010: file "m/meta/_journal.json" is no journal of drizzle | It has "0000_a" twice.'),
	('drizzle: another database', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"dialect": "mysql", "entries": [{"tag": "0000_a"}]}'],
	 'MG010: file "m/meta/_journal.json" is no journal of drizzle | Its dialect is "mysql".'),
	('drizzle: an entry without a tag', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": [{"tag": 1}]}'],
	 'MG010: file "m/meta/_journal.json" is no journal of drizzle | Entry 0 has no string "tag".'),
	('drizzle: entries that are none', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": 1}'],
	 'MG010: file "m/meta/_journal.json" is no journal of drizzle | It has no array "entries".'),
	('drizzle: an array', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '[]'],
	 'MG010: file "m/meta/_journal.json" is no journal of drizzle | It is no object.'),
	('drizzle: no JSON', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": ['],
	 'MG010: file "m/meta/_journal.json" is not valid JSON | The input string ended unexpectedly.'),
	('drizzle: a zero byte in JSON', ARRAY['m/0000_a.sql', 'A', 'm/meta/_journal.json', '{"entries": "\u0000"}'],
	 'MG010: file "m/meta/_journal.json" is not valid JSON | \u0000 cannot be converted to text.');

-- graphile-migrate.  The hashes are those of other tools' SHA-1.
INSERT INTO cases (what, files, result, scripts) VALUES
	('graphile: a chain', ARRAY['migrations/committed/000001.sql', E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n\nCREATE TABLE a ();\n',
		'migrations/committed/000002-index.sql', E'--! Previous: sha1:370757d654a15d29e824a96c113d86b77588d500\n--! Hash: sha1:74549db610ca6ebb4442c626619aaa8e02356f00\n--! Message: an index\n\n--! no-transaction\nCREATE INDEX CONCURRENTLY i ON a (:COLUMN)\n',
		'migrations/committed/000003.sql', E'--! Previous: sha1:74549db610ca6ebb4442c626619aaa8e02356f00\n--! Hash: sha1:cd41ff4d05fc3d299c9e1e1288950179c6cf407c\n--! Message: no slug\n\n\n\n--! split: 1-x.sql\nSELECT ''ä'';\n\n',
		'migrations/committed/000004.sql', E'--! Previous: sha1:cd41ff4d05fc3d299c9e1e1288950179c6cf407c\n--! Hash: sha1:75fcf11260ce6902dd32414bbd9e835376a2a8e2\n\n',
		'migrations/current.sql', 'SELECT 1', 'migrations/fixtures/x.sql', 'X', 'migrations/afterReset.sql', 'X', 'migrations/fixtures/1_y.sql', 'Y'],
	 E'graphile-migrate versioned 000001 (000001) graphile\ngraphile-migrate versioned 000002 (index) no transaction graphile\ngraphile-migrate versioned 000003 (no slug) graphile\ngraphile-migrate versioned 000004 (000004) graphile', false),
	('graphile: the directory itself, CRLF, the text as it is', ARRAY['000001.sql', E'--! Previous: -\r\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\r\n\r\nCREATE TABLE a ();'],
	 E'graphile-migrate versioned 000001 (000001) graphile 1<--! Previous: -\r\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\r\n\r\nCREATE TABLE a ();>', true),
	('graphile: a directory of what is not committed', ARRAY['m/committed/000001.sql', E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n\nCREATE TABLE a ();', 'm/current/1-current.sql', 'X', 'm/current/2.sql', 'X'],
	 'graphile-migrate versioned 000001 (000001) graphile', false),
	('graphile: a changed text', ARRAY['000001.sql', E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n\nCREATE TABLE b ();'],
	 'MG022: file "000001.sql" is not what its hash says | The header has sha1:370757d654a15d29e824a96c113d86b77588d500, the text sha1:5eb79855dcde4592386be5462e5b4a716be96832.', false),
	('graphile: a changed text that may be', ARRAY['000001.sql', E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n--! AllowInvalidHash\n\nCREATE TABLE b ();', '000002.sql', E'--! Previous: sha1:370757d654a15d29e824a96c113d86b77588d500\n--! Hash: x\n--! AllowInvalidHash\n\n'],
	 E'graphile-migrate versioned 000001 (000001) graphile\ngraphile-migrate versioned 000002 (000002) graphile', false),
	('graphile: one is missing', ARRAY['000001.sql', E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\n\nCREATE TABLE a ();', '000003.sql', E'--! Previous: x\n--! Hash: y\n--! AllowInvalidHash\n\n'],
	 'MG022: file "000003.sql" does not follow the one before it | It says that the one before has the hash x, but that of "000001.sql" is sha1:370757d654a15d29e824a96c113d86b77588d500.', false),
	('graphile: the first is missing', ARRAY['000002.sql', E'--! Previous: x\n--! Hash: y\n--! AllowInvalidHash\n\n'],
	 'MG022: file "000002.sql" does not follow the one before it | It says that the one before has the hash x, but there is none.', false),
	('graphile: two that are the first', ARRAY['000001.sql', E'--! Previous: -\n--! Hash: y\n--! AllowInvalidHash\n\n', '000002.sql', E'--! Previous: -\n--! Hash: z\n--! AllowInvalidHash\n\n'],
	 'MG022: file "000002.sql" does not follow the one before it | It says that the one before has the hash -, but that of "000001.sql" is y.', false),
	('graphile: no hash', ARRAY['000001.sql', E'--! Previous: -\n\nA;\n'],
	 'MG010: no proper headers in file "000001.sql", line 2 | The file must begin with lines "--! Previous:" and "--! Hash:".', false),
	('graphile: headers that do not begin the file', ARRAY['000001.sql', E'\n--! Previous: -\n--! Hash: x\n\nA;\n'],
	 'MG010: no proper headers in file "000001.sql", line 1 | The file must begin with lines "--! Previous:" and "--! Hash:".', false),
	('graphile: no empty line', ARRAY['000001.sql', E'--! Previous: -\n--! Hash: sha1:370757d654a15d29e824a96c113d86b77588d500\nCREATE TABLE a ();'],
	 'MG010: no empty line after the headers in file "000001.sql", line 3 | It ends them.', false),
	('graphile: no number', ARRAY['a.sql', E'--! Previous: -\n--! Hash: x\n\nA;\n'],
	 'MG010: file "a.sql" is not named as a migration of format graphile-migrate | Files of this format are named committed/<number>-<name>.sql.', false),
	('graphile: a file without headers', ARRAY['m/000001.sql', E'--! Previous: -\n--! Hash: x\n--! AllowInvalidHash\n\nA;\n', 'm/000002-a.sql', 'A'],
	 'MG010: file "m/000002-a.sql" has no line "--! Previous:" | Other migrations of its directory, such as "m/000001.sql", are in the format graphile-migrate, which requires that line before the script.', false);

-- node-pg-migrate, knex and others in JavaScript; Rails, Ecto
INSERT INTO cases (what, files, result, scripts) VALUES
	('node: both sections', ARRAY['m/1700000000000_a-b.sql', E'-- c\n-- Up Migration\nA;\n\n-- Down Migration\nB;\n'],
	 E'node-pg-migrate versioned 1700000000000 (a-b) down 3<A;\n\n>6<B;\n>', true),
	('node: any case, more dashes and blanks, indented, Down first', ARRAY['m/1-a.sql', E'  ---- DOWN  migrations:\r\nB\r\n--up\tmigration\r\nA -- down migration\r\n'],
	 E'node-pg-migrate versioned 1 (a) down 4<A -- down migration\r\n>2<B\r\n>', true),
	('node: only the first of each begins a section', ARRAY['m/1_a.sql', E'-- Up Migration\nA;\n-- up migration of more\nB;\n-- upmigration\n-- up the migration\n'],
	 E'node-pg-migrate versioned 1 (a) 2<A;\n-- up migration of more\nB;\n-- upmigration\n-- up the migration\n>', true),
	('node: without sections all is up', ARRAY['m/1_a.sql', E'-- Up Migration\n', 'm/2_b.sql', 'A', 'm/0003_c.js', 'x', 'm/004_d.ts', 'x', 'm/004_d.d.ts', 'x', 'm/types.ts', 'x', 'm/5-e.CJS', 'x'],
	 E'node-pg-migrate versioned 1 (a)\nnode-pg-migrate versioned 2 (b)\nnode-pg-migrate versioned 0003 (c) hole: it is written in JavaScript\nnode-pg-migrate versioned 004 (d) hole: it is written in TypeScript\nnode-pg-migrate versioned 5 (e) hole: it is written in JavaScript', false),
	('node: text before a section', ARRAY['m/1_a.sql', E'A;\n-- Up Migration\n-- Down Migration\n'],
	 'MG010: text before "-- Up Migration" in file "m/1_a.sql", line 1 | Only comments and blank lines may precede the first section.', false),
	('node: Down alone, among others', ARRAY['m/1_a.sql', E'-- Down Migration\nA;\n', 'm/2_b.sql', E'-- Up Migration\n'],
	 'MG010: file "m/1_a.sql" has no line "-- Up Migration" | It has a line "-- Down Migration".', false),
	('plain: prose that looks like a section', ARRAY['m/1_a.sql', E'A;\n-- Up migration done\nB;\n', 'm/2_b.sql', E'-- Down migration: none\nA;\n'],
	 E'plain versioned 1 (a) 1<A;\n-- Up migration done\nB;\n>\nplain versioned 2 (b) 1<-- Down migration: none\nA;\n>', true),
	('goose: prose that looks like a section', ARRAY['m/1_a.sql', E'-- +goose Up\n-- Up migration\nA;\n-- +goose Down\n-- Down migration\nB;\n'],
	 E'goose versioned 1 (a) down 2<-- Up migration\nA;\n>5<-- Down migration\nB;\n>', true),
	('native: prose that looks like a section', ARRAY['m/1_a.sql', E'-- migrate:up\n-- Up migration\nA;\n'],
	 E'native versioned 1 (a) 2<-- Up migration\nA;\n>', true),
	('knex: every file is a hole', ARRAY['m/20200101000000_a.js', 'x', 'm/20200102000000_b.mjs', 'x', 'm/knexfile.js', 'x'],
	 E'node-pg-migrate versioned 20200101000000 (a) hole: it is written in JavaScript\nnode-pg-migrate versioned 20200102000000 (b) hole: it is written in JavaScript', false),
	('plain: holes among numbered files', ARRAY['m/1_a.sql', 'A', 'm/2_b.js', 'x', 'm/3_c.sql', 'B', 'm/seed.js', 'x'],
	 E'plain versioned 1 (a)\nplain versioned 2 (b) hole: it is written in JavaScript\nplain versioned 3 (c)', false),
	('Ecto: holes', ARRAY['m/20200102000000_b.exs', 'x', 'm/.formatter.exs', 'x'],
	 'plain versioned 20200102000000 (b) hole: it is written in Elixir', false),
	('plain: SQL and a hole of one number', ARRAY['m/1_a.sql', 'A', 'm/1_a.rb', 'x'],
	 'MG003: files "m/1_a.rb" and "m/1_a.sql" both have the up script of migration "1"', false),
	('postgres-migrations: without a transaction', ARRAY['m/1_a.sql', 'A', 'm/2-b.sql', E'-- c\n  -- Postgres-Migrations Disable-Transaction\nA', 'm/3_c.sql', E'SELECT ''\n-- postgres-migrations disable-transaction\n'''],
	 E'plain versioned 1 (a)\nplain versioned 2 (b) no transaction\nplain versioned 3 (c)', false);

-- Flyway, in directories
INSERT INTO cases (what, files, result) VALUES
	('flyway: hooks', ARRAY['m/V1__a.sql', 'A', 'm/beforeMigrate.sql', 'A', 'm/sub/afterEachMigrate__x_y.sql', 'A', 'm/afterMigrate.sql', 'A', 'm/afterMigrateApplied__b.sql', 'A', 'm/afterMigrateError.sql', 'A', 'm/afterMigrateError.sql.conf', 'placeholderReplacement=false',
		'm/beforeEachMigrate.sql', 'A', 'm/beforeClean.sql', 'A', 'm/beforeClean.sql.conf', 'executeInTransaction=false', 'm/afterMigrate.sh', '#!/bin/sh'],
	 E'flyway versioned 1 (a) flyway\nflyway repeatable afterEachMigrate__x_y (afterEachMigrate__x_y) after-each flyway\nflyway repeatable afterMigrate (afterMigrate) after-run flyway\nflyway repeatable afterMigrateApplied__b (afterMigrateApplied__b) after-run flyway\nflyway repeatable afterMigrateError (afterMigrateError) on-failure\nflyway repeatable beforeMigrate (beforeMigrate) before-run flyway'),
	('flyway: what is almost an event', ARRAY['m/V1__a.sql', 'A', 'm/aftermigrate.sql', 'A'],
	 'MG010: file "m/aftermigrate.sql" does not fit the other migrations of its directory | They are in the format flyway, whose files are named V<version>__<name>.sql, U<version>__<name>.sql, B<version>__<name>.sql and R__<name>.sql.'),
	('flyway: settings', ARRAY['m/V1__a.sql', 'A', 'm/V1__a.sql.conf', E'# c\nexecuteInTransaction = FALSE\nencoding=utf-8\nplaceholderReplacement=false\nshouldExecute=true',
		'm/V2__b.sql', 'A', 'm/U2__b.sql', 'B', 'm/U2__b.sql.conf', 'placeholderReplacement=false', 'm/V3__c.sql', 'A', 'm/U3__c.sql', 'A', 'm/U3__c.sql.conf', 'shouldExecute=false', 'm/V4__d.sql', 'A', 'm/U4__d.sql', 'B', 'm/V4__d.sql.conf', 'shouldExecute=false'],
	 E'flyway versioned 1 (a) no transaction\nflyway versioned 2 (b) flyway down\nflyway versioned 3 (c) flyway'),
	('flyway: a condition', ARRAY['m/V1__a.sql', 'A', 'm/V1__a.sql.conf', E'shouldExecute=${x}==y'],
	 'MG010: unsupported expression of shouldExecute in file "m/V1__a.sql.conf", line 1 | It must be true or false: there are no conditions here.'),
	('flyway: another encoding', ARRAY['m/V1__a.sql', 'A', 'm/V1__a.sql.conf', E'encoding=ISO-8859-1'],
	 'MG010: unsupported encoding "ISO-8859-1" in file "m/V1__a.sql.conf", line 1 | Files must be in UTF-8.'),
	('flyway: an unknown setting', ARRAY['m/V1__a.sql', 'A', 'm/V1__a.sql.conf', E'\ngroup=true'],
	 'MG010: unsupported setting "group" in file "m/V1__a.sql.conf", line 2 | The settings are executeInTransaction, encoding, placeholderReplacement and shouldExecute.'),
	('flyway: settings of nothing', ARRAY['m/V1__a.sql', 'A', 'm/V2__a.sql.conf', E'shouldExecute=false'],
	 'MG010: file "m/V2__a.sql.conf" belongs to no migration | There is no up script of version "2" in the directory.'),
	('flyway: in other languages, in several directories, of several kinds', ARRAY['java/V1_1__A.java', 'x', 'sql/V1_10__b.sql', 'A', 'sql/V1_2__c.sql', 'A', 'sql/U1.2__c.sql', 'A', 'sql/B1.2__base.sql', 'A', 'sql/R__v_w.sql', 'A', 'V2__d.py', 'x', 'V3__e.sh', 'x', 'V3__e.sh.conf', 'shouldExecute=false', 'X4__f.java', 'x'],
	 E'flyway baseline 1.2 (base) flyway\nflyway versioned 1.1 (A) hole: it is written in Java\nflyway versioned 1.2 (c) flyway down flyway\nflyway versioned 1.10 (b) flyway\nflyway versioned 2 (d) hole: it is written in Python\nflyway repeatable v w (v w) flyway');

-- large files
INSERT INTO cases (what, files, result)
SELECT format, CASE WHEN format = 'atlas' THEN pg_temp.atlas(files) ELSE files END, result
  FROM (SELECT repeat(E'INSERT INTO t VALUES (''-- +migrate Down'');\n', 50000) AS sql) s,
	   LATERAL (VALUES
		('sql-migrate', ARRAY['m/1_a.sql', E'-- +migrate Up\n' || sql || E'-- +migrate Down\n' || sql], 'sql-migrate versioned 1 (a) down'),
		('node', ARRAY['m/1_a.sql', E'-- Up Migration\n' || sql || E'-- Down Migration\n' || sql], 'node-pg-migrate versioned 1 (a) down'),
		('atlas', ARRAY['1_a.sql', sql], 'atlas versioned 1 (a)'),
		('drizzle', ARRAY['m/0_a.sql', sql, 'm/meta/_journal.json', '{"entries": [{"tag": "0_a"}]}'], 'drizzle versioned 0 (a)'),
		('graphile', ARRAY['1.sql', E'--! Previous: -\n--! Hash: x\n--! AllowInvalidHash\n\n' || sql], 'graphile-migrate versioned 1 (1) graphile'),
		('flyway', ARRAY['m/V1__a.sql', sql], 'flyway versioned 1 (a) flyway')) v (format, files, result);

SELECT plan(count(*)::int) FROM cases;
SELECT is(pg_temp.load(files, scripts), result, what) FROM cases ORDER BY n;
SELECT * FROM finish();
ROLLBACK;
