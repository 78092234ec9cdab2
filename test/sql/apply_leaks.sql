-- Whatever a script leaves set ends with it: settings, role, search path.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'apply_leaks';
CREATE SCHEMA apply_leaks;
CREATE SCHEMA apply_leaks2;
CREATE ROLE regress_migrate_leak SUPERUSER;
SET search_path = apply_leaks, public;
SET work_mem = '5MB';
SET application_name = 'leak test';
-- the same for what the caller's transaction has set for itself
BEGIN;
SET LOCAL lock_timeout = '7s';

CREATE FUNCTION seen(OUT name text, OUT setting text) RETURNS SETOF record STABLE AS $$
	VALUES ('search_path', current_setting('search_path')),
		   ('work_mem', current_setting('work_mem')),
		   ('lock_timeout', current_setting('lock_timeout')),
		   ('statement_timeout', current_setting('statement_timeout')),
		   ('application_name', current_setting('application_name')),
		   ('standard_conforming_strings', current_setting('standard_conforming_strings')),
		   ('check_function_bodies', current_setting('check_function_bodies')),
		   ('row_security', current_setting('row_security')),
		   ('session_replication_role', current_setting('session_replication_role')),
		   ('default_tablespace', current_setting('default_tablespace')),
		   ('my.setting', coalesce(nullif(current_setting('my.setting', true), ''), '-')),
		   ('role', current_setting('role')),
		   ('session', CASE session_user WHEN 'regress_migrate_leak' THEN session_user::text ELSE 'self' END),
		   ('current', CASE current_user WHEN 'regress_migrate_leak' THEN current_user::text ELSE 'self' END)
$$ LANGUAGE sql;
CREATE TABLE expected AS SELECT * FROM seen();
-- after each step, by the step that follows
CREATE TABLE leaks (step text, name text, setting text);
CREATE FUNCTION check_leaks(step text) RETURNS void LANGUAGE sql
	SET search_path = apply_leaks AS $$
	INSERT INTO leaks SELECT step, * FROM (SELECT * FROM seen() EXCEPT SELECT * FROM expected) l
	WHERE name <> 'search_path';
$$;

SELECT migrate_register('1', 'set', $m$
SET search_path = apply_leaks2;
SET work_mem = '6MB';
SET LOCAL statement_timeout = '1h';
SET lock_timeout = '1h';
SET my.setting = 'x';
SET check_function_bodies = off;
CREATE TABLE in_two ();
$m$);
-- what pg_dump's output begins with
SELECT migrate_register('2', 'dump', $m$
SELECT apply_leaks.check_leaks('1');
CREATE TABLE in_one AS SELECT current_setting('search_path') AS path;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = off;
SELECT pg_catalog.set_config('search_path', '', false);
SET row_security = off;
SET default_tablespace = '';
CREATE TABLE apply_leaks.from_dump ();
$m$);
SELECT migrate_register('3', 'role', $m$
SELECT apply_leaks.check_leaks('2');
CREATE TABLE in_one3 AS SELECT 'a\b' AS still_conforming, current_setting('search_path') AS path;
SET ROLE regress_migrate_leak;
CREATE TABLE apply_leaks.owned_by_role ();
$m$);
SELECT migrate_register('4', 'session', $m$
SELECT apply_leaks.check_leaks('3');
SET SESSION AUTHORIZATION regress_migrate_leak;
CREATE TABLE apply_leaks.owned_by_session ();
$m$);
SELECT migrate_register('5', 'reset', $m$
SELECT apply_leaks.check_leaks('4');
RESET ALL;
RESET ROLE;
RESET SESSION AUTHORIZATION;
$m$);
SELECT migrate_register('6', 'discard', $m$
SELECT apply_leaks.check_leaks('5');
CREATE TEMP TABLE gone_with_discard ();
DISCARD TEMP;
DISCARD PLANS;
DISCARD SEQUENCES;
UNLISTEN *;
DEALLOCATE ALL;
CLOSE ALL;
SELECT pg_advisory_unlock_all();
$m$);
SELECT migrate_register('7', 'replication', $m$
SELECT apply_leaks.check_leaks('6');
SET session_replication_role = replica;
SET standard_conforming_strings = off;
SET escape_string_warning = off;
SELECT set_config('role', 'regress_migrate_leak', false);
SELECT set_config('application_name', 'leaked', false);
$m$);
SELECT migrate_register('8', 'last', $m$
SELECT apply_leaks.check_leaks('7');
SET search_path = '';
SET ROLE regress_migrate_leak;
SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY;
$m$);
SELECT version FROM migrate_apply();
-- nothing leaked from one to the next, nor to us
SELECT * FROM leaks;
SELECT * FROM seen() EXCEPT SELECT * FROM expected;
SELECT path FROM in_one;
SELECT * FROM in_one3;
SELECT relname, relnamespace::regnamespace, pg_get_userbyid(relowner) = 'regress_migrate_leak' AS by_role
  FROM pg_class WHERE relname ~ '^(in_two|owned_by|from_dump)' ORDER BY 1;
-- the run lock is still held, also after pg_advisory_unlock_all()
SELECT count(*) FROM migrate_lock_holder WHERE pid = pg_backend_pid();
SHOW default_transaction_read_only;
COMMIT;
SHOW lock_timeout;
SHOW search_path;
SHOW work_mem;
SELECT current_user = session_user AS same;

-- a verify script's settings do not reach the next migration either
SELECT migrate_register('9', 'verify', 'SELECT 1', NULL, 'SET search_path = apply_leaks2; SET work_mem = ''9MB''; SELECT true');
SELECT migrate_register('10', 'after', 'CREATE TABLE after_verify AS SELECT current_setting(''work_mem'') AS work_mem, current_schema()');
SELECT version FROM migrate_apply();
SELECT * FROM after_verify;

-- nor what a failing one left
SELECT migrate_register('11', 'fails', 'SET search_path = apply_leaks2; SET ROLE regress_migrate_leak; SET SESSION AUTHORIZATION regress_migrate_leak; SELECT 1 / 0');
SELECT version FROM migrate_apply();
SHOW search_path;
SELECT current_user = session_user AS same, session_user <> 'regress_migrate_leak' AS self;
SELECT migrate_unregister('11');

-- nor a down script
SELECT migrate_register('10', 'after', 'CREATE TABLE after_verify AS SELECT current_setting(''work_mem'') AS work_mem, current_schema()',
	'SET search_path = apply_leaks2; SET ROLE regress_migrate_leak; DROP TABLE apply_leaks.after_verify');
SELECT version FROM migrate_rollback();
SHOW search_path;
SELECT current_user = session_user AS same;

-- settings for a run: they hold while it runs, and a script may change them
SET migrate.search_path = 'apply_leaks2, pg_temp';
SET migrate.role = 'regress_migrate_leak';
SET migrate.lock_timeout = '3s';
SELECT migrate_register('12', 'settings', $m$
CREATE TABLE settings AS SELECT current_user::text AS role, current_setting('search_path') AS path, current_setting('lock_timeout') AS lock_timeout;
SET search_path = apply_leaks;
RESET ROLE;
$m$);
SELECT migrate_register('13', 'again', $m$
CREATE TABLE settings2 AS SELECT current_user::text AS role, current_setting('search_path') AS path, current_setting('lock_timeout') AS lock_timeout;
$m$);
SELECT version FROM migrate_apply('13');
SELECT * FROM apply_leaks2.settings;
SELECT * FROM apply_leaks2.settings2;
SELECT current_user = session_user AS same, current_setting('search_path'), current_setting('lock_timeout');
SET migrate.role = 'regress_no_such_role';
SELECT migrate_register('14', 'no_role', 'SELECT 1');
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
RESET migrate.role;
RESET migrate.search_path;
RESET migrate.lock_timeout;
SELECT migrate_unregister('14');

-- a backslash in a script means the same whatever the session has set
SET standard_conforming_strings = off;
SELECT migrate_register('15', 'strings', $m$CREATE TABLE strings AS SELECT 'a\nb' AS s, 'c\' AS t; INSERT INTO strings VALUES ('x', 'y')$m$);
SELECT statements FROM migrate_plan();
SELECT version, statements FROM migrate_apply();
SET standard_conforming_strings = on;
SELECT * FROM strings;

DROP SCHEMA apply_leaks CASCADE;
DROP SCHEMA apply_leaks2 CASCADE;
DROP ROLE regress_migrate_leak;
