-- Files that the client has read.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET client_min_messages = notice;
SET migrate.project = 'files';
CREATE FUNCTION hash_of(text) RETURNS text IMMUTABLE LANGUAGE sql
	RETURN encode(sha256(convert_to($1, 'UTF8')), 'hex');

-- as of a directory: in order of version, what is no migration is skipped
SELECT * FROM migrate_register_files('{m/10_c.sql,m/README,m/9_b.sql,m/1_a.sql}', '{SELECT 3,NULL,SELECT 2,SELECT 1}');
SELECT * FROM migrate_register_files('{m/10_c.sql,m/README,m/9_b.sql,m/1_a.sql}', '{SELECT 3,NULL,SELECT 22,SELECT 1}');
-- two files of one migration, and one of its settings
SET migrate.project = 'files_diesel';
SELECT * FROM migrate_register_files('{m/2020-01-01-000000_a/up.sql,m/2020-01-01-000000_a/down.sql,m/2020-01-01-000000_a/metadata.toml}',
	'{CREATE TABLE a (),DROP TABLE a,run_in_transaction = false}');
SELECT down IS NOT NULL AS down, up_no_transaction FROM migrate_migration WHERE project = 'files_diesel';
SET migrate.project = 'files';

-- hashes are those of the files, byte order marks and line ends included
SELECT version, action FROM migrate_register_files(ARRAY['m/1_a.sql'], ARRAY[E'\uFEFFSELECT \u20ac\r\n'], ARRAY[hash_of(E'\uFEFFSELECT \u20ac\r\n')]);
SELECT up = E'SELECT \u20ac\r\n' AS same, file_gone FROM migrate_migration WHERE project = 'files' AND version = '1';
SELECT version, action FROM migrate_register_files(ARRAY['m/1_a.sql', 'm/9_b.sql'], ARRAY['SELECT 0', 'SELECT 0'], ARRAY[hash_of('SELECT 0'), hash_of('SELECT 1')]);
\echo :LAST_ERROR_SQLSTATE
SELECT version, action FROM migrate_register_files(ARRAY['m/1_a.sql', 'm/9_b.sql'], ARRAY['SELECT 0', 'SELECT 2'], ARRAY[hash_of('SELECT 1'), NULL]);
-- nothing was registered
SELECT up FROM migrate_migration WHERE project = 'files' AND up = 'SELECT 0';
-- one without a hash is not checked
SELECT version, action FROM migrate_register_files(ARRAY['m/1_a.sql', 'm/9_b.sql', 'm/10_c.sql'], ARRAY['SELECT 1', 'SELECT 2', 'SELECT 3'], ARRAY[hash_of('SELECT 1'), NULL, NULL]);
SELECT version, file_gone FROM migrate_migration WHERE project = 'files';

-- what is gone, of the same directory
SELECT version, action FROM migrate_register_files('{m/1_a.sql,m/9_b.sql}', '{SELECT 1,SELECT 2}');
SELECT version, state FROM migrate_status;
SELECT version, action FROM migrate_register_files('{n/20_d.sql}', '{SELECT 4}');
SELECT version, action FROM migrate_register_files('{/srv/n/30_e.sql,/srv/n/31_f.sql}', '{SELECT 4,SELECT 5}');
SELECT version, action FROM migrate_register_files('{/srv/n/30_e.sql}', '{SELECT 4}');
SELECT version, action FROM migrate_register_files('{40_g.sql}', '{SELECT 4}');
SELECT * FROM migrate_register_files('{}', '{}');

-- all or none
SELECT version FROM migrate_register_files('{m/50_h.sql,m/51_i.sql,m/051_j.sql}', '{SELECT 1,SELECT 2,SELECT 3}');
SELECT version FROM migrate_register_files('{m/50_h.sql,m/nothing.sql}', '{SELECT 1,SELECT 2}');
SELECT version FROM migrate_register_files('{m/50_h.sql,m/51_i.sql}', '{SELECT 1,NULL}');
SELECT version FROM migrate_register_files('{m/2020-01-01-000000_a/up.sql,m/2020-01-01-000000_a/metadata.toml}', '{SELECT 1,NULL}');
SELECT version FROM migrate_register_files('{m/1_a.sql,m/meta/_journal.json}', '{SELECT 1,NULL}');
SELECT version FROM migrate_register_files('{m/deploy/a.sql,m/sqitch.plan}', '{SELECT 1,NULL}');
SELECT version FROM migrate_register_files('{m/1_a.sql,m/atlas.sum}', '{SELECT 1,NULL}');
SELECT count(*) FROM migrate_migration WHERE project = 'files' AND version > '5';

-- arguments
\set VERBOSITY terse
SELECT migrate_register_files(NULL, '{}');
SELECT migrate_register_files('{a}', NULL);
SELECT migrate_register_files('{a,b}', '{a}');
SELECT migrate_register_files('{a,b}', '{a,b}', '{}');
SELECT migrate_register_files('{NULL}', '{a}');
SELECT migrate_register_files('{""}', '{a}');
SELECT migrate_register_files('{{a,b}}', '{a,b}');
SELECT migrate_register_files('{m/1_a.sql,m/1_a.sql}', '{SELECT 1,SELECT 1}');
SELECT migrate_register_files('{1_a.sql}', '{SELECT 1}', '{abc}');
SELECT migrate_register_files('{1_a.sql}', '{SELECT 1}', ARRAY[upper(hash_of('SELECT 1'))]);
SELECT migrate_register_files('{a}', '{NULL}', ARRAY[hash_of('SELECT 1')]);
SELECT migrate_known_files(NULL, '{}');
SELECT migrate_known_files('{}', NULL);
SELECT migrate_known_files('{a}', '{}');
SELECT migrate_known_files('{a}', '{x}');
SELECT migrate_known_files('{a,a}', '{NULL,NULL}');
\set VERBOSITY default

-- Known: registering them would change nothing.
SET migrate.project = 'known';
SET client_min_messages = error;
CREATE FUNCTION known(two text DEFAULT 'SELECT 2', also text DEFAULT NULL) RETURNS boolean LANGUAGE sql AS $$
	SELECT migrate_known_files(array_remove(ARRAY['m/1_a.sql', 'm/2_b.sql', also], NULL),
		CASE WHEN also IS NULL THEN ARRAY[hash_of('SELECT 1'), hash_of(two)] ELSE ARRAY[hash_of('SELECT 1'), hash_of(two), NULL] END) $$;
CREATE FUNCTION register(two text DEFAULT 'SELECT 2') RETURNS text LANGUAGE sql AS $$
	SELECT string_agg(action, ' ') FROM migrate_register_files(ARRAY['m/1_a.sql', 'm/2_b.sql'], ARRAY['SELECT 1', two]) $$;
SELECT known() AS nothing_yet;
SELECT register();
SELECT known(), known('SELECT 3') AS other_text, known(also => 'm/README') AS other_file,
	migrate_known_files('{m/1_a.sql}', ARRAY[hash_of('SELECT 1')]) AS fewer, migrate_known_files('{}', '{}') AS none,
	migrate_known_files('{m/2_b.sql,m/1_a.sql}', ARRAY[hash_of('SELECT 2'), hash_of('SELECT 1')]) AS other_order,
	migrate_known_files('{n/1_a.sql,n/2_b.sql}', ARRAY[hash_of('SELECT 1'), hash_of('SELECT 2')]) AS other_paths;
-- it is not written anew
SELECT xmin AS before FROM migrate_file_set WHERE project = 'known' \gset
SELECT register();
SELECT xmin = :before AS same FROM migrate_file_set WHERE project = 'known';
-- neither what runs nor what is recorded matters
SELECT count(*) FROM migrate_apply();
SELECT known();
SELECT migrate_unmark('2', 'x'), migrate_mark('2', 'x');
SELECT known();
-- whatever changes what is registered does
SELECT migrate_register('3', 'c', 'SELECT 3');
SELECT known();
SELECT register(), known();
SELECT migrate_register('3', 'c', 'SELECT 3');
SELECT known();
SELECT migrate_unregister('3');
SELECT known();
SELECT register(), known();
SELECT action FROM migrate_register_file('m/2_b.sql', 'SELECT 2 AS two');
SELECT known();
SELECT register(), known();
SELECT register('SELECT 2 AS b'), known(), known('SELECT 2 AS b');
SELECT register(), known();
-- so does another place
SELECT action FROM migrate_register_file('n/2_b.sql', 'SELECT 2');
SELECT known();
SELECT register(), known();
-- and the settings of a migration
UPDATE migrate_migration SET up_no_transaction = true WHERE project = 'known' AND version = '2';
SELECT known();
SELECT register(), known();
-- and what decides how files are read
SET migrate.contexts = 'test';
SELECT known();
SET migrate.labels = 'x';
SELECT known();
RESET migrate.contexts;
SELECT known();
RESET migrate.labels;
SELECT known();
-- and what a transaction does before it ends
BEGIN;
SELECT migrate_unregister('2') FROM migrate_unmark('2', 'x');
SELECT known();
ROLLBACK;
SELECT known();
BEGIN;
SELECT register('SELECT 5'), known('SELECT 5');
ROLLBACK;
SELECT known(), known('SELECT 5');
BEGIN;
SAVEPOINT s;
SELECT register('SELECT 5');
ROLLBACK TO s;
SELECT known(), known('SELECT 5');
COMMIT;
-- another project has its own
SET migrate.project = 'known2';
SELECT known();
SET migrate.project = 'known';

-- a superuser answers for what he registers, and for nothing else
CREATE ROLE regress_files;
GRANT EXECUTE ON FUNCTION migrate_register_files(text[], text[], text[]), migrate_known_files(text[], text[])
	TO regress_files;
SET migrate.project = 'known3';
SET SESSION AUTHORIZATION regress_files;
SELECT register(), known();
RESET SESSION AUTHORIZATION;
SELECT known() AS to_a_superuser;
SELECT register(), known() AS to_a_superuser;
SELECT DISTINCT registrant_superuser FROM migrate_migration WHERE project = 'known3';
SET SESSION AUTHORIZATION regress_files;
SELECT known();
SELECT register(), known();
RESET SESSION AUTHORIZATION;
SELECT known() AS still;
DROP OWNED BY regress_files;
DROP ROLE regress_files;
DROP FUNCTION known(text, text), register(text), hash_of(text);
