-- What migrate_register_files() makes of migrations that are no SQL: Alembic's
-- and those of Rails, in whose place Supabase and others have numbered SQL.
\set ON_ERROR_STOP 1
\pset format unaligned
\pset tuples_only on
SET client_min_messages = error;
BEGIN;
CREATE EXTENSION IF NOT EXISTS pgtap;
CREATE EXTENSION IF NOT EXISTS migrate;
SET LOCAL migrate.project = 'pgtap formats of holes';

-- Registers files, given as path, content, path, content ..., and describes
-- each migration in the order in which they would run: format, version, name,
-- requirements, path and why it is a hole.  Or the error, with its detail.
CREATE FUNCTION pg_temp.read(files text[]) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	result text;
	detail text;
BEGIN
	PERFORM migrate_register_files(array_agg(files[i]), array_agg(files[i + 1]))
	   FROM generate_series(1, cardinality(files), 2) i;
	SELECT string_agg(concat_ws(' | ', format, version, name, nullif(array_to_string(requires, ' '), ''), up_path, hole, nullif(up, '')),
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

-- A revision as Alembic writes it; the values are Python.
CREATE FUNCTION pg_temp.revision(revision text, down_revision text, created text = '2025-01-31 12:00:00.123456',
								 depends_on text = 'None', branch_labels text = 'None') RETURNS text LANGUAGE sql AS $$
	SELECT format(E'"""add a column\n\nRevision ID: %s\nRevises: \nCreate Date: %s\n\n"""\n', revision, created)
		|| E'from alembic import op\nimport sqlalchemy as sa\n\n\n# revision identifiers, used by Alembic.\n'
		|| format(E'revision = ''%s''\ndown_revision = %s\nbranch_labels = %s\ndepends_on = %s\n\n\n', revision, down_revision, branch_labels, depends_on)
		|| E'def upgrade():\n    revision = f(x)\n    op.execute("""\ndown_revision = (\n""")\n'
$$;

CREATE TEMPORARY TABLE cases (
	n int GENERATED ALWAYS AS IDENTITY,
	what text NOT NULL UNIQUE,
	files text[] NOT NULL,
	result text NOT NULL
);

INSERT INTO cases (what, files, result) VALUES
	('alembic: the order is that of down_revision', ARRAY['app/alembic.ini', NULL, 'app/alembic/env.py', 'x = 1', 'app/alembic/script.py.mako', NULL, 'app/alembic/versions/__init__.py', '', 'app/alembic/README', NULL,
		'app/alembic/versions/aaa_third.py', pg_temp.revision('aaa', '''ccc'''), 'app/alembic/versions/bbb_first_one.py', pg_temp.revision('bbb', 'None'),
		'app/alembic/versions/ccc_second.py', pg_temp.revision('ccc', '''bbb''')],
	 E'alembic | bbb | first_one | app/alembic/versions/bbb_first_one.py | it is written in Python\nalembic | ccc | second | bbb | app/alembic/versions/ccc_second.py | it is written in Python\n'
	 'alembic | aaa | third | ccc | app/alembic/versions/aaa_third.py | it is written in Python'),
	('alembic: without more than the directory of the versions', ARRAY['451674f117b9_x.py', pg_temp.revision('451674f117b9', 'None')],
	 'alembic | 451674f117b9 | x | 451674f117b9_x.py | it is written in Python'),
	('alembic: files of SQL beside them', ARRAY['app/script.py.mako', NULL, 'app/versions/a_x.py', pg_temp.revision('a', 'None'), 'app/versions/data.sql', 'SELECT 1', 'app/sql/001_a.sql', 'SELECT 2'],
	 'alembic | a | x | app/versions/a_x.py | it is written in Python'),
	('alembic: branches by time, and their merge', ARRAY['v/a_base.py', pg_temp.revision('a', 'None', '2025-01-01 00:00:00'),
		'v/b_late.py', pg_temp.revision('b', '"a"', '2025-01-03 00:00:00'), 'v/c_early.py', pg_temp.revision('c', '''a''', '2025-01-02 00:00:00'),
		'v/d_merge.py', pg_temp.revision('d', '(''b'', ''c'')', '2025-01-01 00:00:00'), 'v/e_other.py', pg_temp.revision('e', 'None', '2025-01-02 12:00:00')],
	 E'alembic | a | base | v/a_base.py | it is written in Python\nalembic | c | early | a | v/c_early.py | it is written in Python\nalembic | e | other | v/e_other.py | it is written in Python\n'
	 'alembic | b | late | a | v/b_late.py | it is written in Python\nalembic | d | merge | b c | v/d_merge.py | it is written in Python'),
	('alembic: the same time, by the names of the files', ARRAY['v/c_x.py', pg_temp.revision('c', 'None'), 'v/b_x.py', pg_temp.revision('b', 'None'), 'v/a_x.py', pg_temp.revision('a', 'None')],
	 E'alembic | a | x | v/a_x.py | it is written in Python\nalembic | b | x | v/b_x.py | it is written in Python\nalembic | c | x | v/c_x.py | it is written in Python'),
	('alembic: depends_on, a revision or a label', ARRAY['v/a_x.py', pg_temp.revision('a', 'None', '3'), 'v/b_x.py', pg_temp.revision('b', 'None', '2', '[''a'', "lab"]'), 'v/c_x.py', pg_temp.revision('c', 'None', '4', 'None', '(''lab'',)'),
		'v/d_x.py', pg_temp.revision('d', '''b''', '1', '''b''')],
	 E'alembic | a | x | v/a_x.py | it is written in Python\nalembic | c | x | v/c_x.py | it is written in Python\nalembic | b | x | a c | v/b_x.py | it is written in Python\nalembic | d | x | b | v/d_x.py | it is written in Python'),
	('alembic: annotations, other quotes, comments, CRLF, byte order mark', ARRAY['v/a_x.py', E'\uFEFFfrom typing import Sequence, Union\r\nrevision: str = "a"  # this\r\ndown_revision: Union[str, Sequence[str], None] = None\r\nbranch_labels: Union[str, None] = None\r\n',
		'v/b_x.py', E'revision:str=\\\r\n  ''b''\r\ndown_revision = (  # both\r\n    u"a"\r\n    ,\r\n)\r\ndepends_on: list = []'],
	 E'alembic | a | x | v/a_x.py | it is written in Python\nalembic | b | x | a | v/b_x.py | it is written in Python'),
	('alembic: names', ARRAY['v/2025_01_31-a-add_a_column.py', pg_temp.revision('a', 'None'), 'v/z.py', pg_temp.revision('b', '''a'''), 'v/c.py', E'r''''''c''s\ntitle''''''\nrevision = ''c''\ndown_revision = ''b''\n', 'v/y.py', E'revision = ''d''\ndown_revision = ''c'''],
	 E'alembic | a | add_a_column | v/2025_01_31-a-add_a_column.py | it is written in Python\nalembic | b | add a column | a | v/z.py | it is written in Python\nalembic | c | c''s | b | v/c.py | it is written in Python\nalembic | d | y | c | v/y.py | it is written in Python'),
	('alembic: what is no assignment of its own', ARRAY['v/a_x.py', E'"""t\nrevision = "no"\n"""\nif x:\n    revision = g()\ny = [\nrevision == 1,\n''it\\''s'', "(", ]\nrevision_of = f()\nrevision: str\nrevision == z\nx = 1; revision = h\ndown_revision = None\nrevision = ''a''; z = 1\n'],
	 'alembic | a | x | v/a_x.py | it is written in Python'),
	('alembic: two files of one revision', ARRAY['v/a_x.py', pg_temp.revision('a', 'None'), 'v/a_y.py', pg_temp.revision('a', 'None')],
	 'MG003: files "v/a_x.py" and "v/a_y.py" both have the revision "a"'),
	('alembic: unknown down_revision', ARRAY['v/a_x.py', pg_temp.revision('a', '''b''')],
	 E'MG010: down_revision "b" of file "v/a_x.py" is not there\nNo file has that revision.'),
	('alembic: unknown depends_on', ARRAY['v/a_x.py', pg_temp.revision('a', 'None', depends_on => '''lab''')],
	 E'MG010: depends_on "lab" of file "v/a_x.py" is not there\nNo file has that revision.'),
	('alembic: a circle', ARRAY['v/x.py', pg_temp.revision('x', 'None'), 'v/a.py', pg_temp.revision('a', '(''c'', ''x'')'), 'v/b.py', pg_temp.revision('b', '''a'''), 'v/c.py', pg_temp.revision('c', '''b'''), 'v/0.py', pg_temp.revision('y', '''b''', '1')],
	 E'MG010: revision "b" of file "v/b.py" comes before itself\nEach follows the next: b -> a -> c -> b.'),
	('alembic: after itself', ARRAY['v/a.py', pg_temp.revision('a', '''a''')],
	 E'MG010: revision "a" of file "v/a.py" comes before itself\nEach follows the next: a -> a.'),
	('alembic: a computed revision', ARRAY['v/a.py', E'\ndown_revision = None\nrevision = make("a")\n'],
	 E'MG010: unreadable value of revision in file "v/a.py", line 3\nIt must be a string, None, or a tuple or a list of strings: what is to be computed is not.'),
	('alembic: strings one after another', ARRAY['v/a.py', E'revision = ''a''\n\ndown_revision = (''b''\n  ''c'')\n'],
	 E'MG010: unreadable value of down_revision in file "v/a.py", line 4\nIt must be a string, None, or a tuple or a list of strings: what is to be computed is not.'),
	('alembic: an expression', ARRAY['v/a.py', E'revision = ''a'' + x\ndown_revision = None\n'],
	 E'MG010: unreadable value of revision in file "v/a.py", line 1\nIt must be a string, None, or a tuple or a list of strings: what is to be computed is not.'),
	('alembic: an unterminated string', ARRAY['v/a.py', E'revision = ''a\ndown_revision = None\n'],
	 E'MG010: unreadable value of revision in file "v/a.py", line 1\nIt must be a string, None, or a tuple or a list of strings: what is to be computed is not.'),
	('alembic: an unterminated tuple', ARRAY['v/a.py', E'revision = ''a''\ndown_revision = (''b'',\n'],
	 E'MG010: unreadable value of down_revision in file "v/a.py", line 3\nIt must be a string, None, or a tuple or a list of strings: what is to be computed is not.'),
	('alembic: no revision', ARRAY['v/a.py', E'x = """\nrevision = 1\n"""\ndown_revision = None\n'],
	 E'MG010: file "v/a.py" does not set revision\nA revision of Alembic has a line of its own for it.'),
	('alembic: a name that is none', ARRAY['v/a.py', E'revision = ''a-b''\ndown_revision = None\n'],
	 E'MG010: "a-b" is no name of a revision in file "v/a.py", line 1\nIt has no blank, "@", "-", "+", ":" or "!", and is not base.'),
	('Python that is no revision', ARRAY['v/0001_initial.py', E'class Migration(migrations.Migration):\n    initial = True\n'], 'nothing');

INSERT INTO cases (what, files, result) VALUES
	('rails', ARRAY['db/migrate/20250201000000_add_b.rb', 'class AddB < ActiveRecord::Migration[7.1]', 'db/migrate/20250101000000_create_a.rb', NULL, 'db/migrate/9_old.bukkits.rb', NULL, 'db/migrate/.keep', NULL],
	 E'rails | 9 | old.bukkits | db/migrate/9_old.bukkits.rb | it is written in Ruby\nrails | 20250101000000 | create_a | db/migrate/20250101000000_create_a.rb | it is written in Ruby\nrails | 20250201000000 | add_b | db/migrate/20250201000000_add_b.rb | it is written in Ruby'),
	('rails: helpers are none', ARRAY['db/migrate/helper.rb', NULL, 'db/migrate/20250101000000_a.rb', NULL, 'db/migrate/1-2_x.rb', NULL],
	 'rails | 20250101000000 | a | db/migrate/20250101000000_a.rb | it is written in Ruby'),
	('rails: two of one version', ARRAY['db/migrate/1_a.rb', NULL, 'db/migrate/01_b.rb', NULL],
	 'MG003: two migration files have the version 1: "db/migrate/01_b.rb" and "db/migrate/1_a.rb"'),
	('SQL in the manner of Rails', ARRAY['db/migrate/20250101000000_create_a.sql', 'CREATE TABLE a ();', 'db/migrate/20250102000000_create_b.sql', 'CREATE TABLE b ();'],
	 E'plain | 20250101000000 | create_a | db/migrate/20250101000000_create_a.sql | CREATE TABLE a ();\nplain | 20250102000000 | create_b | db/migrate/20250102000000_create_b.sql | CREATE TABLE b ();'),
	('... with files of Ruby among them', ARRAY['db/migrate/20250101000000_create_a.sql', 'CREATE TABLE a ();', 'db/migrate/20250102000000_b.rb', NULL],
	 E'plain | 20250101000000 | create_a | db/migrate/20250101000000_create_a.sql | CREATE TABLE a ();\nplain | 20250102000000 | b | db/migrate/20250102000000_b.rb | it is written in Ruby'),
	('Supabase', ARRAY['supabase/migrations/20250102030405_remote_schema.sql', E'SET statement_timeout = 0;\n\ncreate table "public"."t" ();\n', 'supabase/migrations/20240102030405_init.sql', 'create extension if not exists pgcrypto'],
	 E'plain | 20240102030405 | init | supabase/migrations/20240102030405_init.sql | create extension if not exists pgcrypto\nplain | 20250102030405 | remote_schema | supabase/migrations/20250102030405_remote_schema.sql | SET statement_timeout = 0;\n\ncreate table "public"."t" ();\n');

SELECT plan(count(*)::int + 8) FROM cases;
SELECT is(pg_temp.read(files), result, what) FROM cases ORDER BY n;

SELECT throws_ok($$SELECT migrate_register_file('versions/a_x.py', E'revision = "a"\ndown_revision = None\n')$$, 'MG010',
	'file "versions/a_x.py" says too little without the others of its directory', 'a revision of Alembic alone');
SELECT throws_ok($$SELECT migrate_register_file('versions/0001_x.py', 'x = 1')$$, 'MG010',
	'file "versions/0001_x.py" is not a migration of a known format', 'a file of Python alone');
SELECT results_eq($$SELECT version, name, action FROM migrate_register_file('db/migrate/7_a.rb', 'x = 1')$$,
	$$VALUES ('7', 'a', 'registered')$$, 'one of Rails alone');
SELECT throws_ok('SELECT migrate_apply()', 'MG020', NULL, '... is not run');
SELECT throws_ok($$SELECT migrate_new('x', 'alembic')$$, '0A000',
	'there is no template for migrations of the format alembic', 'a new revision is made by Alembic');
SELECT throws_ok($$SELECT migrate_new('x', 'rails')$$, '0A000',
	'there is no template for migrations of the format rails', 'a new migration is made by Rails');

-- a long history, the newest file first by its name
SELECT lives_ok($$DELETE FROM migrate_migration WHERE project = migrate_project();
	SELECT migrate_register_files(array_agg('v/' || 10000 - i || '_x.py'),
		array_agg(pg_temp.revision('r' || i, CASE WHEN i > 1 THEN '''r' || i - 1 || '''' ELSE 'None' END, to_char(9999 - i, '0000'))))
	  FROM generate_series(1, 3000) i$$, 'three thousand revisions');
SELECT is((SELECT array_agg(version ORDER BY order_key) FROM migrate_migration WHERE project = migrate_project()),
	(SELECT array_agg('r' || i ORDER BY i) FROM generate_series(1, 3000) i), '... in order');
SELECT * FROM finish();
ROLLBACK;
