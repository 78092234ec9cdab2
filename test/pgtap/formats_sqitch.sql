-- What migrate_register_files() makes of a project of Sqitch: plans, good, odd
-- and broken, and where the scripts are.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap formats of sqitch';

-- Registers files, given as path, content, path, content ..., and describes
-- each migration in the order in which they would run: version, requirements,
-- tags, and each script's path and text.  Or the error, with its detail.
CREATE FUNCTION pg_temp.read(files text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
BEGIN
	PERFORM migrate_register_files(array_agg(files[i]), array_agg(files[i + 1]))
	   FROM generate_series(1, cardinality(files), 2) i;
	SELECT string_agg(version
		   || CASE WHEN name <> version OR kind <> 'versioned' OR format <> 'sqitch'
				OR up_line <> 1 OR up_no_transaction THEN ' ???' ELSE '' END
		   || coalesce(' requires ' || nullif(array_to_string(requires, ' '), ''), '')
		   || coalesce(' tags ' || nullif(array_to_string(tags, ' '), ''), '')
		   || format(' | %s <%s>', up_path, up)
		   || coalesce(' | ' || down_path || ' <' || down || '>', '')
		   || coalesce(' | ' || verify_path || ' <' || verify || '>', ''),
		   E'\n' ORDER BY order_key)
	  INTO result
	  FROM migrate_migration WHERE project = migrate_project();
	RAISE EXCEPTION USING errcode = 'PGTAP', message = coalesce(result, 'nothing');
EXCEPTION
	WHEN SQLSTATE 'PGTAP' THEN
		RETURN SQLERRM;
	WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL;
		RETURN SQLSTATE || ': ' || SQLERRM || coalesce(E'\n' || nullif(detail, ''), '');
END $$;

-- A plan, with "~" for when and by whom, and the changes' deploy scripts.
CREATE FUNCTION pg_temp.project(plan text, VARIADIC names text[]) RETURNS text[] LANGUAGE sql AS $$
	SELECT ARRAY['sqitch.plan', E'%syntax-version=1.0.0\n%project=flipr\n\n'
				 || replace(plan, '~', '2025-01-31T12:00:00Z A. B <a@b.example>')]
		   || (SELECT array_agg(f ORDER BY n, i) FROM unnest(names) WITH ORDINALITY AS u (name, n),
					  LATERAL unnest(ARRAY['deploy/' || name || '.sql', name]) WITH ORDINALITY AS v (f, i))
$$;

CREATE TEMPORARY TABLE cases (
	n int GENERATED ALWAYS AS IDENTITY,
	what text NOT NULL UNIQUE,
	files text[] NOT NULL,
	result text NOT NULL
);

-- plans
INSERT INTO cases (what, files, result) VALUES
	('a project', ARRAY['/srv/flipr/sqitch.plan', E'%syntax-version=1.0.0\n%project=flipr\n%uri=https://example.org/flipr/\n\nroles 2025-01-31T12:00:00Z A <a@b> # who\nusers [roles] 2025-01-31T12:00:01Z A <a@b> # what\\nfor # really\n@v1.0 2025-01-31T12:00:02Z A <a@b> # out\n',
		'/srv/flipr/sqitch.conf', E'[core]\n\tengine = pg\n',
		'/srv/flipr/deploy/roles.sql', E'-- Deploy flipr:roles to pg\nBEGIN;\nCOMMIT;\n', '/srv/flipr/revert/roles.sql', 'R', '/srv/flipr/verify/roles.sql', 'V',
		'/srv/flipr/deploy/users.sql', 'D2', '/srv/flipr/revert/users.sql', 'R2'],
	 E'roles | /srv/flipr/deploy/roles.sql <-- Deploy flipr:roles to pg\nBEGIN;\nCOMMIT;\n> | /srv/flipr/revert/roles.sql <R> | /srv/flipr/verify/roles.sql <V>\n'
	 'users requires roles tags v1.0 | /srv/flipr/deploy/users.sql <D2> | /srv/flipr/revert/users.sql <R2>'),
	('the order is the plan''s', pg_temp.project(E'z ~\na10 ~\na9 [z] ~\nB ~\n', 'B', 'a9', 'a10', 'z'),
	 E'z | deploy/z.sql <z>\na10 | deploy/a10.sql <a10>\na9 requires z | deploy/a9.sql <a9>\nB | deploy/B.sql <B>'),
	('CRLF, blanks, comments, operators, no line end', pg_temp.project(E'# a comment: it''s one\r\n\r\n  + a ~# no blank before\r\n\t#\r\n\r\n- b\t[ a ]~  \r\n@ t', 'a', 'b'),
	 E'MG010: "" is no name of a tag in file "sqitch.plan", line 10\nA name neither begins nor ends in punctuation, has no blank, "@", ":", "#" or "\\", and does not end in "~", "/", "=", "%" or "^" and a number.'),
	('the same, but for the tag', pg_temp.project(E'# a comment: it''s one\r\n\r\n  + a ~# no blank before\r\n\t#\r\n\r\n- b\t[ a ]~  \r\n@t ~', 'a', 'b'),
	 E'a | deploy/a.sql <a>\nb requires a tags t | deploy/b.sql <b>'),
	('byte order mark', ARRAY['p/sqitch.plan', E'\uFEFF%project=p\n\na 2025-01-31T12:00:00Z A <a@b>\n', 'p/deploy/a.sql', E'\uFEFFA'],
	 'a | p/deploy/a.sql <A>'),
	('names', pg_temp.project(E'a.b-c_d+e ~\n\u00fc\u00e9 ~\n_x ~\na=b ~\na/b ~\n12 ~\n', 'a.b-c_d+e', E'\u00fc\u00e9', '_x', 'a=b', 'a/b', '12'),
	 E'a.b-c_d+e | deploy/a.b-c_d+e.sql <a.b-c_d+e>\n\u00fc\u00e9 | deploy/\u00fc\u00e9.sql <\u00fc\u00e9>\n_x | deploy/_x.sql <_x>\na=b | deploy/a=b.sql <a=b>\na/b | deploy/a/b.sql <a/b>\n12 | deploy/12.sql <12>'),
	('base is a target, and no version', pg_temp.project(E'base ~\n@t ~\nx [base !base@t] ~\nbase [base@t] ~\n', 'base@t', 'x', 'base'),
	 E'base#1 tags t | deploy/base@t.sql <base@t>\nx requires base#1 !base#1 | deploy/x.sql <x>\nbase#2 requires base#1 | deploy/base.sql <base>'),
	('all kinds of dependencies', pg_temp.project(E'a ~\nb [a !zz] ~\n@t ~\n@t2 ~\nzz ~\nc [a@t @t2 flipr:b flipr:@t other:x other:x@y !other:z] ~\n', 'a', 'b', 'c', 'zz'),
	 E'a | deploy/a.sql <a>\nb requires a !zz tags t t2 | deploy/b.sql <b>\nzz | deploy/zz.sql <zz>\nc requires a b other:x other:x@y !other:z | deploy/c.sql <c>'),
	('a conflict with what comes later', pg_temp.project(E'a [!b] ~\nb ~\n', 'a', 'b'),
	 E'a requires !b | deploy/a.sql <a>\nb | deploy/b.sql <b>'),
	('empty scripts, and one of comments', ARRAY['sqitch.plan', E'%project=p\n\na 2025-01-31T12:00:00Z A <a@b>\n', 'deploy/a.sql', '', 'revert/a.sql', E'-- XXX\n', 'verify/a.sql', ''],
	 E'a | deploy/a.sql <> | revert/a.sql <-- XXX\n> | verify/a.sql <>'),
	('no change yet', ARRAY['sqitch.plan', E'%project=p\n\n'], 'nothing');

-- reworked changes
INSERT INTO cases (what, files, result) VALUES
	('reworked', pg_temp.project(E'a ~\nb [a] ~\n@v1 ~\n@v2 ~\na [a@v1] ~\nc [a b] ~\n@v3 ~\na [a@v3] ~\nd [a@v2 !a@v3] ~\n', 'a', 'a@v1', 'a@v3', 'b', 'c', 'd')
		|| ARRAY['revert/a.sql', 'r3', 'revert/a@v1.sql', 'r1', 'revert/a@v3.sql', 'r2', 'verify/a@v3.sql', 'v2'],
	 E'a | deploy/a@v1.sql <a@v1> | revert/a@v1.sql <r1>\nb requires a tags v1 v2 | deploy/b.sql <b>\na#2 requires a | deploy/a@v3.sql <a@v3> | revert/a@v3.sql <r2> | verify/a@v3.sql <v2>\n'
	 'c requires a b tags v3 | deploy/c.sql <c>\na#3 requires a#2 | deploy/a.sql <a> | revert/a.sql <r3>\nd requires a !a#2 | deploy/d.sql <d>'),
	('reworked in another directory of changes', pg_temp.project(E'x/a ~\n@t ~\nx/a [x/a@t] ~\n', 'x/a', 'x/a@t'),
	 E'x/a tags t | deploy/x/a@t.sql <x/a@t>\nx/a#2 requires x/a | deploy/x/a.sql <x/a>'),
	('the tag of the last tagged change comes first', pg_temp.project(E'a ~\n@t1 ~\nb ~\n@t2 ~\n@t3 ~\nc ~\na [a@t2] ~\n', 'a', 'a@t1', 'a@t2', 'a@t3', 'b', 'c'),
	 E'a tags t1 | deploy/a@t2.sql <a@t2>\nb tags t2 t3 | deploy/b.sql <b>\nc | deploy/c.sql <c>\na#2 requires a | deploy/a.sql <a>'),
	('... then the next of the same change', pg_temp.project(E'a ~\n@t1 ~\nb ~\n@t2 ~\n@t3 ~\nc ~\na [a@t2] ~\n', 'a', 'a@t1', 'a@t3', 'b', 'c'),
	 E'a tags t1 | deploy/a@t3.sql <a@t3>\nb tags t2 t3 | deploy/b.sql <b>\nc | deploy/c.sql <c>\na#2 requires a | deploy/a.sql <a>'),
	('... and those before it', pg_temp.project(E'a ~\n@t1 ~\nb ~\n@t2 ~\n@t3 ~\nc ~\na [a@t2] ~\n', 'a', 'a@t1', 'b', 'c'),
	 E'a tags t1 | deploy/a@t1.sql <a@t1>\nb tags t2 t3 | deploy/b.sql <b>\nc | deploy/c.sql <c>\na#2 requires a | deploy/a.sql <a>'),
	('the script of an earlier instance is missing', pg_temp.project(E'a ~\n@t1 ~\nb ~\n@t2 ~\na [a@t2] ~\n', 'a', 'b'),
	 E'MG010: change "a" has no deploy script in file "sqitch.plan", line 4\nThere is no file "deploy/a@t2.sql".'),
	('without a tag between', pg_temp.project(E'@x ~\n', 'a'),
	 E'MG010: tag "@x" before the first change in file "sqitch.plan", line 4\nA tag stands after the change that it is about.'),
	('twice without a tag between', pg_temp.project(E'b ~\n@x ~\na ~\n\na ~\n', 'a', 'b'),
	 E'MG010: second change "a" in file "sqitch.plan", line 8\nThe first one is on line 6, and there is no tag between them.');

-- broken plans
INSERT INTO cases (what, files, result)
SELECT what, pg_temp.project(plan, 'a', 'b'), 'MG010: ' || result
  FROM (VALUES
	('unknown dependency', E'a [x] ~\n', E'change "a" requires "x", which is not there before it in file "sqitch.plan", line 4\nThere is no such change in the plan.'),
	('dependency on what comes later', E'a [b] ~\n# c\nb ~\n', E'change "a" requires "b", which is not there before it in file "sqitch.plan", line 4\nThat change comes later in the plan, on line 6.'),
	('dependency on itself', E'a [a] ~\n', E'change "a" requires "a", which is not there before it in file "sqitch.plan", line 4\nA change cannot require itself.'),
	('dependency at an unknown tag', E'a ~\nb [a@t] ~\n', E'change "b" requires "a@t", which is not there before it in file "sqitch.plan", line 5\nThere is no such tag in the plan.'),
	('dependency at a later tag', E'a ~\nb [a@t] ~\n@t ~\n', E'change "b" requires "a@t", which is not there before it in file "sqitch.plan", line 5\nThat tag comes later in the plan, on line 6.'),
	('dependency at a tag before the change', E'a ~\n@t ~\nb ~\nc [b@t] ~\n', E'change "c" requires "b@t", which is not there before it in file "sqitch.plan", line 7\nThat tag comes before the change.'),
	('a conflict at an unknown tag', E'a ~\nb [!a@t] ~\n', E'change "b" requires "a@t", which is not there before it in file "sqitch.plan", line 5\nThere is no such tag in the plan.'),
	('a conflict with what is not there', E'a [!z !b] ~\n', E'change "a" conflicts with "z", which is not there in file "sqitch.plan", line 4\nThere is no such change in the plan.'),
	('no dependency', E'a [b:c:d] ~\n', E'"b:c:d" is no dependency in file "sqitch.plan", line 4\nIt is written as change, change@tag, @tag, project:change, or with "!" before it for what it conflicts with.'),
	('dependency by ID', E'a [2f77c2ae52c2d3e4e4ab6aa1f4a8d3bd5d2d0e9f] ~\n', E'dependency on the ID "2f77c2ae52c2d3e4e4ab6aa1f4a8d3bd5d2d0e9f" in file "sqitch.plan", line 4\nDependencies by ID are not supported: name the change.'),
	('unterminated dependencies', E'a [b ~\n', E'unterminated list of dependencies in file "sqitch.plan", line 4\nIt ends with "]".'),
	('no time', E'a A <a@b>\n', E'no time in file "sqitch.plan", line 4\nA line of the plan is name [dependencies] 2025-01-31T12:00:00Z Planner <mail> # note.'),
	('no planner', E'a 2025-01-31T12:00:00Z # note <a@b>\n', E'no planner in file "sqitch.plan", line 4\nA line of the plan is name [dependencies] 2025-01-31T12:00:00Z Planner <mail> # note.'),
	('only a name', E'a\n', E'no time in file "sqitch.plan", line 4\nA line of the plan is name [dependencies] 2025-01-31T12:00:00Z Planner <mail> # note.'),
	('punctuation before a name', E'-a ~\n.b ~\n', E'".b" is no name of a change in file "sqitch.plan", line 5\nA name neither begins nor ends in punctuation, has no blank, "@", ":", "#" or "\\", and does not end in "~", "/", "=", "%" or "^" and a number.'),
	('a name with an at sign', E'a@b ~\n', E'"a@b" is no name of a change in file "sqitch.plan", line 4\nA name neither begins nor ends in punctuation, has no blank, "@", ":", "#" or "\\", and does not end in "~", "/", "=", "%" or "^" and a number.'),
	('a reserved name', E'HEAD ~\n', E'"HEAD" is no name of a change in file "sqitch.plan", line 4\nROOT, HEAD and what begins as the ID of a change have a meaning of their own.'),
	('a name that may be an ID', E'2f77c2ae52c2d3e4e4ab6aa1f4a8d3bd5d2d0e9f ~\n', E'"2f77c2ae52c2d3e4e4ab6aa1f4a8d3bd5d2d0e9f" is no name of a change in file "sqitch.plan", line 4\nROOT, HEAD and what begins as the ID of a change have a meaning of their own.'),
	('the same tag twice', E'a ~\n@t ~\nb ~\n@t ~\n', E'second tag "@t" in file "sqitch.plan", line 7\nThe first one is on line 5.'),
	('a tag with a slash', E'a ~\n@t/u ~\n', E'"t/u" is no name of a tag in file "sqitch.plan", line 5\nA tag has no "/".'),
	('a tag with dependencies', E'a ~\n@t [a] ~\n', E'dependencies of the tag "@t" in file "sqitch.plan", line 5\nOnly changes have dependencies.'),
	('a pragma too late', E'a ~\n%uri=x\n', E'misplaced "%uri" in file "sqitch.plan", line 5\nSuch lines stand before the first change.'),
	('a later syntax', E'%syntax-version=2.0.0\na ~\n', E'unsupported syntax version "2.0.0" in file "sqitch.plan", line 4\nWhat is known is 1.0.0.'),
	('no deploy script', E'a ~\nc ~\n', E'change "c" has no deploy script in file "sqitch.plan", line 5\nThere is no file "deploy/c.sql".')
  ) v (what, plan, result);
INSERT INTO cases (what, files, result) VALUES
	('no project', ARRAY['sqitch.plan', E'%syntax-version=1.0.0\n\n'],
	 E'MG010: file "sqitch.plan" has no line "%project"\nThe plan must begin with the name of its project, as in "%project=flipr".'),
	('a change before the project', ARRAY['sqitch.plan', E'%syntax-version=1.0.0\na 2025-01-31T12:00:00Z A <a@b>\n'],
	 E'MG010: change before "%project" in file "sqitch.plan", line 2\nThe plan must begin with the name of its project, as in "%project=flipr".'),
	('two plans', ARRAY['d/x/sqitch.plan', E'%project=x\n', 'd/y/sqitch.plan', E'%project=y\n'],
	 'MG010: files "d/x/sqitch.plan" and "d/y/sqitch.plan" are of two projects');

-- where files are
INSERT INTO cases (what, files, result) VALUES
	('scripts of no change are left out', pg_temp.project(E'a ~\n', 'a', 'b', 'a@t') || ARRAY['revert/b.sql', 'x', 'other/a.sql', 'x', 'a.sql', 'x', 'README.md', NULL, 'deploy/a.sql~', NULL],
	 'a | deploy/a.sql <a>'),
	('top_dir', ARRAY['x/sqitch.conf', E'# settings\n[core]\n  engine = pg\n  Top_Dir = "./db/sql/" ; where\n  plan_file = db/flipr.plan\n[user]\n  top_dir = nowhere\n',
		'x/db/flipr.plan', E'%project=p\n\na 2025-01-31T12:00:00Z A <a@b>\n@t 2025-01-31T12:00:00Z A <a@b>\na 2025-01-31T12:00:00Z A <a@b>\n', 'x/db/sql/deploy/a.sql', 'A2', 'x/db/sql/deploy/a@t.sql', 'A1', 'x/db/sql/revert/a.sql', 'R2', 'x/deploy/a.sql', 'no'],
	 E'a tags t | x/db/sql/deploy/a@t.sql <A1>\na#2 | x/db/sql/deploy/a.sql <A2> | x/db/sql/revert/a.sql <R2>'),
	('the plan in top_dir', ARRAY['sqitch.conf', E'[core] top_dir = db\n', 'db/sqitch.plan', E'%project=p\n\na 2025-01-31T12:00:00Z A <a@b>\n', 'db/deploy/a.sql', 'A'],
	 'a | db/deploy/a.sql <A>'),
	('directories of the scripts, and of reworked ones', ARRAY['sqitch.conf', E'[core]\n\tdeploy_dir = up\n\treworked_dir = old\n\treworked_verify_dir=ov\n[engine "pg"]\n\tdeploy_dir = pg/up\n\trevert_dir = down\n',
		'sqitch.plan', E'%project=p\n\na 2025-01-31T12:00:00Z A <a@b>\n@t 2025-01-31T12:00:00Z A <a@b>\na 2025-01-31T12:00:00Z A <a@b>\n',
		'pg/up/a.sql', 'A2', 'down/a.sql', 'R2', 'verify/a.sql', 'V2', 'old/deploy/a@t.sql', 'A1', 'old/revert/a@t.sql', 'R1', 'ov/a@t.sql', 'V1', 'up/a.sql', 'no'],
	 E'a tags t | old/deploy/a@t.sql <A1> | old/revert/a@t.sql <R1> | ov/a@t.sql <V1>\na#2 | pg/up/a.sql <A2> | down/a.sql <R2> | verify/a.sql <V2>'),
	('another extension', ARRAY['sqitch.conf', E'[core]\n\n extension = ddl\n', 'sqitch.plan', E'%project=p\n'],
	 E'MG010: unsupported extension "ddl" in file "sqitch.conf", line 3\nScripts must be named *.sql.'),
	('outside', ARRAY['x/sqitch.conf', E'[core]\n\ttop_dir = ../db\n', 'x/sqitch.plan', E'%project=p\n'],
	 E'MG010: unsupported top_dir "../db" in file "x/sqitch.conf", line 2\nEverything must lie below the directory of the configuration.'),
	('no plan', ARRAY['x/sqitch.conf', E'[core]\n\tengine = pg\n', 'x/deploy/a.sql', 'A'],
	 E'MG010: there is no plan "x/sqitch.plan"\nThe migrations are in the format sqitch, whose plan says which there are.');

SELECT plan(count(*)::int + 9) FROM cases;
SELECT is(pg_temp.read(files), result, what) FROM cases ORDER BY n;

-- one file alone
SELECT throws_ok($$SELECT migrate_register_file('p/sqitch.plan', E'%project=p\n')$$, 'MG010',
	'file "p/sqitch.plan" says too little without the others of its directory', 'a plan alone');
SELECT throws_ok($$SELECT migrate_new('x', 'sqitch')$$, '0A000',
	'there is no template for migrations of the format sqitch', 'a new migration is made by sqitch');

-- 2 MB, and many changes: by name, and reworked again and again
CREATE FUNCTION pg_temp.count_of(files text[], OUT n bigint, OUT ordered boolean) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM migrate_register_files(array_agg(f ORDER BY i) FILTER (WHERE i % 2 = 1), array_agg(f ORDER BY i) FILTER (WHERE i % 2 = 0))
	   FROM unnest(files) WITH ORDINALITY AS u (f, i);
	SELECT count(*), bool_and(up = expected) INTO n, ordered
	  FROM (SELECT up, 'SELECT ' || row_number() OVER (ORDER BY order_key) AS expected
			  FROM migrate_migration WHERE project = migrate_project()) m;
	DELETE FROM migrate_migration WHERE project = migrate_project();
END $$;
SELECT is(length(pg_temp.read(pg_temp.project(E'a ~\n', 'a') || ARRAY['revert/a.sql', repeat(E'SELECT 1;\n', 200000)])),
	length('a | deploy/a.sql <a> | revert/a.sql <>') + 2000000, 'a script of 2 MB');
SELECT results_eq($$SELECT * FROM pg_temp.count_of(
	(SELECT ARRAY['sqitch.plan', E'%project=p\n\n' || string_agg(format(E'c%s %s 2025-01-31T12:00:00Z A <a@b>\n', 5000 - i, CASE WHEN i > 1 THEN format('[c%s]', 5001 - i) END), '' ORDER BY i)] FROM generate_series(1, 4000) i)
	|| (SELECT array_agg(f ORDER BY i, o) FROM generate_series(1, 4000) i, LATERAL unnest(ARRAY[format('deploy/c%s.sql', 5000 - i), 'SELECT ' || i]) WITH ORDINALITY AS v (f, o)))$$,
	'VALUES (4000::bigint, true)', 'four thousand changes');
SELECT results_eq($$SELECT * FROM pg_temp.count_of(
	(SELECT ARRAY['sqitch.plan', E'%project=p\n\n' || string_agg(format(E'c %s 2025-01-31T12:00:00Z A <a@b>\n@t%s 2025-01-31T12:00:00Z A <a@b>\n', CASE WHEN i > 1 THEN format('[c@t%s]', i - 1) END, i), '' ORDER BY i)] FROM generate_series(1, 2000) i)
	|| (SELECT array_agg(f ORDER BY i, o) FROM generate_series(1, 2000) i, LATERAL unnest(ARRAY[format('deploy/c%s.sql', CASE WHEN i < 2000 THEN '@t' || i END), 'SELECT ' || i]) WITH ORDINALITY AS v (f, o)))$$,
	'VALUES (2000::bigint, true)', 'one change, reworked two thousand times');

-- an applied change stays what it is when it is reworked
CREATE FUNCTION pg_temp.actions(files text[]) RETURNS TABLE (version text, action text) LANGUAGE sql AS $$
	SELECT r.version, r.action
	  FROM (SELECT array_agg(f ORDER BY i) FILTER (WHERE i % 2 = 1) AS paths, array_agg(f ORDER BY i) FILTER (WHERE i % 2 = 0) AS contents
			  FROM unnest(files) WITH ORDINALITY AS u (f, i)) s, migrate_register_files(paths, contents) r
$$;
SELECT results_eq($$SELECT * FROM pg_temp.actions(pg_temp.project(E'a ~\n@t ~\n', VARIADIC '{}') || ARRAY['deploy/a.sql', 'CREATE FUNCTION pg_temp.flipr() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'verify/a.sql', E'BEGIN;\nSELECT false;\nROLLBACK;\n'])$$,
	$$VALUES ('a', 'registered')$$, 'a change');
SELECT results_eq($$SELECT version, action FROM migrate_apply()$$, $$VALUES ('a', 'applied')$$, '... is applied');
SELECT results_eq($$SELECT * FROM pg_temp.actions(pg_temp.project(E'a ~\n@t ~\na [a@t] ~\n', VARIADIC '{}') || ARRAY['deploy/a@t.sql', 'CREATE FUNCTION pg_temp.flipr() RETURNS int LANGUAGE sql AS ''SELECT 1''', 'verify/a@t.sql', E'BEGIN;\nSELECT false;\nROLLBACK;\n',
		'deploy/a.sql', 'CREATE OR REPLACE FUNCTION pg_temp.flipr() RETURNS int LANGUAGE sql AS ''SELECT 2'''])$$,
	$$VALUES ('a', 'unchanged'), ('a#2', 'registered')$$, '... and reworked');
SELECT results_eq($$SELECT version::text COLLATE "C", state COLLATE "C", path COLLATE "C" FROM migrate_status$$,
	$$VALUES ('a' COLLATE "C", 'applied' COLLATE "C", 'deploy/a@t.sql' COLLATE "C"), ('a#2', 'pending', 'deploy/a.sql')$$, '... and is still applied');
SELECT * FROM finish();
ROLLBACK;
