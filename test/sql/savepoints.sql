-- Savepoints of a script, in the caller's transaction and through a worker.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'savepoints';
\set SHOW_CONTEXT always
CREATE SCHEMA savepoints;
SET search_path = savepoints, public;
CREATE TABLE r (i int GENERATED ALWAYS AS IDENTITY, mode text, what text);

-- each script both ways: as 1 in a project of the mode's name
CREATE PROCEDURE twice(script text) LANGUAGE plpgsql AS $$
DECLARE
	this text;
BEGIN
	TRUNCATE r;
	FOREACH this IN ARRAY '{apply,deploy}'::text[] LOOP
		PERFORM set_config('migrate.project', 'savepoints ' || this, false);
		IF EXISTS (SELECT FROM migrate_status WHERE how IS NOT NULL) THEN
			PERFORM migrate_unmark('1', 'again');
		END IF;
		PERFORM migrate_register('1', 'm', format(script, this));
		IF this = 'apply' THEN
			PERFORM migrate_apply();
		ELSE
			CALL migrate_deploy();
		END IF;
	END LOOP;
END $$;
CREATE VIEW result AS
	SELECT mode, string_agg(what, ' ' ORDER BY i) AS kept FROM r GROUP BY mode ORDER BY mode;

CALL twice($$INSERT INTO r (mode, what) VALUES (%1$L, 'a');
SAVEPOINT s;
INSERT INTO r (mode, what) VALUES (%1$L, 'b');
ROLLBACK TO s;
INSERT INTO r (mode, what) VALUES (%1$L, 'c');
RELEASE s;
INSERT INTO r (mode, what) VALUES (%1$L, 'd')$$);
TABLE result;
-- nested: the outer one takes the inner ones with it, also those released
CALL twice($$SAVEPOINT one;
INSERT INTO r (mode, what) VALUES (%1$L, 'a');
SAVEPOINT two;
INSERT INTO r (mode, what) VALUES (%1$L, 'b');
RELEASE SAVEPOINT two;
SAVEPOINT three;
INSERT INTO r (mode, what) VALUES (%1$L, 'c');
ROLLBACK TO SAVEPOINT one;
INSERT INTO r (mode, what) VALUES (%1$L, 'd');
ROLLBACK TO one;
INSERT INTO r (mode, what) VALUES (%1$L, 'e')$$);
TABLE result;
-- of one name: the latest counts, and the one before it after that
CALL twice($$SAVEPOINT s;
INSERT INTO r (mode, what) VALUES (%1$L, 'a');
SAVEPOINT s;
INSERT INTO r (mode, what) VALUES (%1$L, 'b');
ROLLBACK TO s;
RELEASE s;
INSERT INTO r (mode, what) VALUES (%1$L, 'c');
ROLLBACK TO s;
INSERT INTO r (mode, what) VALUES (%1$L, 'd')$$);
TABLE result;
-- left open, and inside of a pair
CALL twice($$SAVEPOINT s; INSERT INTO r (mode, what) VALUES (%1$L, 'a'); SAVEPOINT t; INSERT INTO r (mode, what) VALUES (%1$L, 'b')$$);
TABLE result;
CALL twice($$BEGIN; SAVEPOINT s; INSERT INTO r (mode, what) VALUES (%1$L, 'a'); ROLLBACK TO s; INSERT INTO r (mode, what) VALUES (%1$L, 'b'); COMMIT$$);
TABLE result;
-- settings, roles and tables go with it
CALL twice($$SET lock_timeout = '11s';
SAVEPOINT s;
SET lock_timeout = '22s'; CREATE TABLE savepoints.gone (); SET ROLE pg_monitor;
ROLLBACK TO s;
INSERT INTO r (mode, what) VALUES (%1$L, current_setting('lock_timeout') || ' ' || (current_user = session_user));
SAVEPOINT s;
SET lock_timeout = '33s';
RELEASE s;
INSERT INTO r (mode, what) VALUES (%1$L, current_setting('lock_timeout'))$$);
TABLE result;
SELECT to_regclass('gone');
SHOW lock_timeout;
-- data of COPY
CALL twice(E'SAVEPOINT s;\nCOPY r (mode, what) FROM stdin;\n%1$s\tgone\n\\.\nROLLBACK TO s;\nCOPY r (mode, what) FROM stdin;\n%1$s\tstays\n\\.\n');
TABLE result;

-- an unknown one is an error with its line, and everything before it is undone
SET migrate.project = 'savepoints errors';
SELECT migrate_register('1', 'unknown', E'INSERT INTO r (mode, what) VALUES (''x'', ''x'');\nSAVEPOINT s;\nRELEASE s;\n\nROLLBACK TO s');
SELECT * FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) FROM r WHERE mode = 'x';
SELECT line, statement_no, sqlstate, statement FROM migrate_history;
SELECT migrate_register('1', 'unknown', E'SELECT 1;\nRELEASE nope');
SELECT * FROM migrate_apply();
-- an error inside of one is no less an error
SELECT migrate_register('1', 'unknown', E'SAVEPOINT s;\nINSERT INTO r (mode, what) VALUES (''x'', ''x'');\nSAVEPOINT t;\nSELECT 1 / 0;\nROLLBACK TO s');
SELECT * FROM migrate_apply();
CALL migrate_deploy();
SELECT count(*) FROM r WHERE mode = 'x';
-- the caller's own savepoints and subtransactions are its own
BEGIN;
SAVEPOINT s;
SELECT migrate_register('1', 'unknown', 'ROLLBACK TO s');
SELECT * FROM migrate_apply();
ROLLBACK TO s;
SELECT migrate_register('1', 'unknown', E'SAVEPOINT s; INSERT INTO r (mode, what) VALUES (''x'', ''x''); ROLLBACK TO s; SAVEPOINT u');
SAVEPOINT t;
SELECT version, statements FROM migrate_apply();
ROLLBACK TO t;
SELECT version, statements FROM migrate_apply();
RELEASE t;
RELEASE s;
COMMIT;
SELECT version, state FROM migrate_status;
-- in a verify script, which is undone as a whole
SELECT migrate_register('2', 'verify', E'SAVEPOINT v;\nINSERT INTO r (mode, what) VALUES (''v'', ''v'')', NULL,
	'SAVEPOINT v; DELETE FROM r; ROLLBACK TO v; SELECT count(*) = 1 FROM r WHERE mode = ''v''; DELETE FROM r; SAVEPOINT w');
CALL migrate_deploy();
SELECT migrate_unmark('2', 'again');
DELETE FROM r WHERE mode = 'v';
SELECT version FROM migrate_apply();
SELECT count(*) FROM r WHERE mode = 'v';
-- statement by statement there is no transaction for it
SELECT migrate_register('3', 'outside', E'-- migrate:no-transaction\nSELECT 1;\nSAVEPOINT s;\nROLLBACK TO s');
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT done, total FROM migrate_journal WHERE project = migrate_project();
SELECT migrate_register('3', 'outside', E'-- migrate:no-transaction\nSELECT 1;\nBEGIN; SAVEPOINT s; INSERT INTO r (mode, what) VALUES (''n'', ''a''); ROLLBACK TO s; INSERT INTO r (mode, what) VALUES (''n'', ''b''); COMMIT');
CALL migrate_deploy();
SELECT what FROM r WHERE mode = 'n';
DROP SCHEMA savepoints CASCADE;
