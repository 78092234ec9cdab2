-- What a script leaves in its session is gone with the migration; a script
-- that goes statement by statement has it to its end, and when it goes on.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'deploy_session';
\set SHOW_CONTEXT always
CREATE SCHEMA deploy_session;
CREATE SCHEMA elsewhere;
SET search_path = deploy_session, public;
CREATE ROLE regress_migrate_other;
GRANT ALL ON SCHEMA deploy_session TO regress_migrate_other;
CREATE TABLE seen (n int GENERATED ALWAYS AS IDENTITY, who text, what text);
GRANT ALL ON seen TO regress_migrate_other;
CREATE FUNCTION look(who text) RETURNS void LANGUAGE sql AS $$
	INSERT INTO deploy_session.seen (who, what)
	SELECT who, format('%s/%s, %s, lock %s, work %s, %s', CASE session_user WHEN 'regress_migrate_other' THEN 'other' ELSE 'caller' END,
		CASE current_user WHEN 'regress_migrate_other' THEN 'other' ELSE 'caller' END,
		current_setting('search_path'), current_setting('lock_timeout'), current_setting('work_mem'), current_setting('my.own', true))
$$;
-- what the caller has set is there
SET work_mem = '5MB';

-- a script of one transaction, and what the next one sees
SELECT migrate_register('1', 'sets', $$SET work_mem = '6MB'; SET lock_timeout = '7s'; SET my.own = 'x';
SELECT set_config('search_path', 'elsewhere', false); SET ROLE regress_migrate_other;
SELECT deploy_session.look('1'); SET LOCAL work_mem = '8MB'$$);
SELECT migrate_register('2', 'looks', $$SELECT look('2'); CREATE TABLE here ()$$);
SELECT migrate_register('3', 'is another', $$SET SESSION AUTHORIZATION regress_migrate_other; SELECT look('3')$$);
SELECT migrate_register('4', 'resets', $$SELECT look('4'); RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE; SET search_path = pg_catalog$$);
SELECT migrate_register('5', 'looks', $$SELECT look('5')$$);
-- the same statement by statement
SELECT migrate_register('6', 'sets', $$-- migrate:no-transaction
SET work_mem = '6MB'; SET lock_timeout = '7s'; SET my.own = 'x';
SELECT set_config('search_path', 'elsewhere', false); SET ROLE regress_migrate_other;
SELECT deploy_session.look('6'); SET LOCAL work_mem = '8MB'; SELECT deploy_session.look('6 too')$$);
SELECT migrate_register('7', 'looks', $$SELECT look('7')$$);
SELECT migrate_register('8', 'is another', $$-- migrate:no-transaction
SET SESSION AUTHORIZATION regress_migrate_other; SELECT look('8'); SET search_path = elsewhere$$);
SELECT migrate_register('9', 'looks', $$-- migrate:no-transaction
SELECT look('9')$$);
SELECT migrate_register('10', 'resets', $$-- migrate:no-transaction
SET work_mem = '9MB'; RESET ALL; RESET SESSION AUTHORIZATION; RESET ROLE; SELECT deploy_session.look('10'); SET search_path = elsewhere$$);
SELECT migrate_register('11', 'looks', $$SELECT look('11')$$, NULL, $$SET work_mem = '10MB'; SET search_path = elsewhere; SET ROLE regress_migrate_other$$);
SELECT migrate_register('12', 'looks', $$SELECT look('12')$$);
-- blocks: SET LOCAL and what is rolled back end with them
SELECT migrate_register('13', 'blocks', $$BEGIN; SET LOCAL work_mem = '11MB'; SELECT look('13 a'); COMMIT;
BEGIN; SET work_mem = '12MB'; SELECT look('13 b'); ROLLBACK;
BEGIN; SET work_mem = '13MB'; COMMIT; SELECT look('13 c')$$);
SELECT migrate_register('14', 'looks', $$SELECT look('14')$$);
CALL migrate_deploy();
SELECT who, what FROM seen ORDER BY n;
SELECT version, state, applied_by = current_user::text AS applied_by FROM migrate_status WHERE state <> 'applied' OR applied_by <> current_user::text;
SELECT DISTINCT session_role = session_user::text AS session_role, acting_role = current_user::text AS acting_role FROM migrate_history;
SHOW work_mem;
SHOW search_path;
TRUNCATE seen RESTART IDENTITY;

-- the settings of the run are there in each, and the script's own prevail; its
-- lock_timeout is for statements that readers would queue behind
SET migrate.lock_timeout = '3s';
SET migrate.search_path = 'elsewhere';
SET migrate.role = 'regress_migrate_other';
GRANT ALL ON SCHEMA elsewhere TO regress_migrate_other;
SELECT migrate_register('15', 'run', $$SELECT deploy_session.look('15'); CREATE TABLE lock15 AS SELECT current_setting('lock_timeout'); SET lock_timeout = '1s'; CREATE TABLE its ()$$);
SELECT migrate_register('16', 'run', $$-- migrate:no-transaction
SELECT deploy_session.look('16'); CREATE TABLE lock16 AS SELECT current_setting('lock_timeout'); SET lock_timeout = '1s'; CREATE TABLE its2 (); SELECT deploy_session.look('16 too')$$);
SELECT migrate_register('17', 'run', $$SELECT deploy_session.look('17')$$);
CALL migrate_deploy();
SELECT who, what FROM seen ORDER BY n;
TABLE elsewhere.lock15;
TABLE elsewhere.lock16;
SELECT tablename, tableowner FROM pg_tables WHERE schemaname = 'elsewhere' ORDER BY 1;
SELECT DISTINCT applied_by FROM migrate_status WHERE version IN ('15', '16', '17');
RESET migrate.lock_timeout;
RESET migrate.search_path;
RESET migrate.role;
TRUNCATE seen RESTART IDENTITY;

-- where it goes on after an error, the settings of what is done are there again
SELECT migrate_register('18', 'goes on', $$-- migrate:no-transaction
SET search_path = elsewhere, deploy_session;
CREATE TABLE first ();
SELECT set_config('work_mem', '14MB', false);
SET ROLE regress_migrate_other;
SELECT look('18 before');
SELECT 1 / 0;
SELECT look('18 after');
$$);
CALL migrate_deploy();
SELECT migrate_register('18', 'goes on', $$-- migrate:no-transaction
SET search_path = elsewhere, deploy_session;
CREATE TABLE first ();
SELECT set_config('work_mem', '14MB', false);
SET ROLE regress_migrate_other;
SELECT look('18 before');
SELECT 1 / 1;
SELECT look('18 after');
$$);
CALL migrate_deploy();
SELECT who, what FROM seen ORDER BY n;
SELECT count(*) FROM pg_tables WHERE schemaname = 'elsewhere' AND tablename = 'first';
TRUNCATE seen RESTART IDENTITY;

-- temporary tables and prepared statements are the session's, which ends with the run
SELECT migrate_register('19', 'temporary', $$CREATE TEMP TABLE tt AS SELECT 19 AS i; PREPARE q AS SELECT 1$$);
SELECT migrate_register('20', 'temporary', $$-- migrate:no-transaction
CREATE TEMP TABLE tt2 ON COMMIT DROP AS SELECT 1; CREATE TEMP TABLE tt3 (i) ON COMMIT DELETE ROWS AS SELECT 3;
INSERT INTO seen (who, what) SELECT '20', concat_ws(' ', (SELECT i FROM tt), to_regclass('tt2'), (SELECT count(*) FROM tt3))$$);
CALL migrate_deploy();
SELECT who, what FROM seen;
SELECT to_regclass('tt');
TRUNCATE seen RESTART IDENTITY;

-- locks: a script may give up all advisory locks, but not the run's
SELECT migrate_register('21', 'unlocks', $$SELECT pg_advisory_lock(1); SELECT pg_advisory_unlock_all();
INSERT INTO seen (who, what) SELECT '21', string_agg(objsubid::text, ' ' ORDER BY objsubid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid BETWEEN 19783 AND 19785 AND pid = pg_backend_pid()$$);
SELECT migrate_register('22', 'unlocks', $$-- migrate:no-transaction
SELECT pg_advisory_unlock_all();
INSERT INTO seen (who, what) SELECT '22', string_agg(objsubid::text, ' ' ORDER BY objsubid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid BETWEEN 19783 AND 19785 AND pid = pg_backend_pid()$$);
SELECT migrate_register('23', 'unlocks', $$INSERT INTO seen (who, what) SELECT '23', string_agg(objsubid::text, ' ' ORDER BY objsubid) FROM pg_locks WHERE locktype = 'advisory' AND objsubid BETWEEN 19783 AND 19785 AND pid = pg_backend_pid()$$);
CALL migrate_deploy();
SELECT who, what FROM seen ORDER BY n;
-- DISCARD, but for what would end the run
SELECT migrate_register('24', 'discards', 'DISCARD PLANS; DISCARD SEQUENCES; DISCARD TEMP; RESET ALL; DEALLOCATE ALL; UNLISTEN *; CLOSE ALL');
SELECT migrate_register('25', 'discards', E'-- migrate:no-transaction\nDISCARD PLANS; DISCARD SEQUENCES; DISCARD TEMP; RESET ALL; DEALLOCATE ALL; UNLISTEN *; CLOSE ALL');
CALL migrate_deploy();
SELECT migrate_current();

-- nobody would hear what a worker listens for
SELECT migrate_register('26', 'listens', 'LISTEN x');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_unregister('26');

-- a migration that calls us, in any way
SELECT migrate_register('26', 'nested', 'CALL migrate_deploy()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', E'-- migrate:no-transaction\nCALL migrate_deploy()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', 'CALL migrate_undo()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', 'SELECT migrate_start()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', 'SELECT migrate_apply()');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', 'SELECT migrate_mark(''1'', ''x'')');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', 'SELECT migrate_resolve(''1'', ''done'')');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('26', 'nested', 'CALL migrate_wait(1)');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM migrate_journal WHERE project = migrate_project();
-- nor migrate_apply()'s
SELECT migrate_register('26', 'nested', 'SELECT migrate_start()');
SELECT * FROM migrate_apply();
SELECT migrate_register('26', 'nested', 'CALL migrate_deploy()');
SELECT * FROM migrate_apply();
-- it may look
SELECT migrate_register('26', 'nested', $$CREATE TABLE looked AS SELECT version, state FROM migrate_status WHERE version IN ('25', '26');
INSERT INTO looked SELECT action, state FROM migrate_jobs ORDER BY job DESC LIMIT 1;
INSERT INTO looked SELECT project, concat_ws(' ', action, step, 'of', steps, statement, 'of', statements) FROM migrate_progress WHERE job IS NOT NULL$$);
CALL migrate_deploy();
SELECT * FROM looked;
DROP SCHEMA deploy_session, elsewhere CASCADE;
DROP ROLE regress_migrate_other;
