-- Lint over plans and texts: what is gone through, suppressed, graded, and
-- refused by the gate.  What each rule finds is tested elsewhere.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'lint';
CREATE SCHEMA lint;
SET search_path = lint, public;
\pset null (null)
\set SHOW_CONTEXT never
CREATE TABLE customer (id integer PRIMARY KEY, name text);
CREATE TABLE purchase (id integer PRIMARY KEY, customer integer, price numeric);
INSERT INTO customer SELECT i, 'c' || i FROM generate_series(1, 500) i;
INSERT INTO purchase SELECT i, i FROM generate_series(1, 2000) i;
ANALYZE customer, purchase;
SET migrate.lint_rows = 1000;
-- the rules that are looked at here
CREATE VIEW rules (rule) AS VALUES ('require-concurrent-index-creation'), ('ban-drop-table'), ('ban-drop-column'),
	('require-table-schema'), ('syntax-error'), ('unused-ignore'), ('ignore-without-reason'),
	('transaction-nesting'), ('ban-uncommitted-transaction'), ('ban-concurrent-index-creation-in-transaction');
CREATE FUNCTION found(sql text) RETURNS TABLE (line integer, "column" integer, rule text, severity text, level text, message text)
	LANGUAGE sql AS $$SELECT line, "column", rule, severity, level, message FROM migrate_lint_sql(sql) WHERE rule = ANY (ARRAY(TABLE rules))$$;
CREATE FUNCTION planned(target text DEFAULT NULL, version text DEFAULT NULL)
	RETURNS TABLE (version text, path text, line integer, "column" integer, rule text, severity text)
	LANGUAGE sql AS $$SELECT version, path, line, "column", rule, severity FROM migrate_lint(target, version) WHERE rule = ANY (ARRAY(TABLE rules))$$;

-- all of a finding
\x on
SELECT * FROM migrate_lint_sql(E'-- é\n  SELECT 1; CREATE INDEX ON purchase (customer)') WHERE rule = ANY (ARRAY(TABLE rules));
\x off
SELECT relations FROM migrate_lint_sql('DROP TABLE customer, nowhere, purchase') WHERE rule = ANY (ARRAY(TABLE rules));
-- nothing to say
SELECT * FROM migrate_lint_sql('');
SELECT * FROM migrate_lint_sql(E'-- nothing\n/* at all */ ;;');
SELECT * FROM migrate_lint_sql(NULL);
-- what cannot be parsed, or is no SQL
SELECT * FROM found(E'SELECT 1;\nSELEC 2;\nDROP TABLE purchase');
SELECT * FROM found(E'SELECT 1;\n\\d');
SELECT * FROM found(E'SELECT 1;\nDISCARD ALL');

-- a plan: by what those before have made, and by the migration's own lines
SELECT migrate_register_file('001_a.sql', E'-- migrate:up\nCREATE TABLE purchase_note (purchase integer, note text);\n-- migrate:down\nDROP TABLE purchase_note;\n');
SELECT migrate_register_file('002_b.sql', E'-- migrate:up\nCREATE INDEX ON purchase_note (purchase);\n\n  CREATE INDEX ON purchase (customer); DROP TABLE customer;\n-- migrate:down\nSELECT 1;\n');
SELECT migrate_register_file('003_c.sql', E'-- migrate:up\nDROP TABLE purchase_note;\nCREATE TABLE customer (id integer);\nCREATE INDEX ON customer (id);\nCREATE INDEX ON purchase (price);\n');
SELECT * FROM planned();
SELECT * FROM planned('2');
SELECT * FROM planned(version => '3');
SELECT * FROM planned('2', '002');
-- targets and versions that there are not
SELECT * FROM planned('4');
SELECT * FROM planned(version => '4');
SELECT * FROM planned('2', '3');
-- what is applied: by what is there now; and its way back
SELECT version FROM migrate_apply('1');
SELECT * FROM planned('-1');
SELECT * FROM planned('base');
SELECT * FROM planned(version => '1');
CREATE TABLE purchase_note_2 AS TABLE purchase;
SELECT * FROM planned(version => '2');
-- it does nothing, and locks nothing but the catalogs and the extension's own
BEGIN READ ONLY;
SELECT count(*) > 0 FROM migrate_lint();
SELECT count(*) > 0 FROM migrate_lint_sql('DROP TABLE customer, purchase; CREATE INDEX ON purchase_note (note);
	ALTER TABLE purchase ADD CHECK (price > 0), ADD FOREIGN KEY (customer) REFERENCES customer, ALTER id TYPE bigint');
SELECT relation::regclass, mode FROM pg_locks
 WHERE pid = pg_backend_pid() AND relation::regclass::text ~ 'purchase|customer';
COMMIT;

-- a script that cannot be parsed, and one without its values
SELECT migrate_register('4', 'd', E'SELECT 1;\nCREATE TABL x ()');
SELECT version, line, rule, message FROM migrate_lint(version => '4');
SELECT version, rule FROM migrate_lint() WHERE rule = ANY (ARRAY(TABLE rules));
SELECT migrate_unregister('4');

-- transactions of a text's own
SELECT * FROM found(E'BEGIN;\nCREATE INDEX CONCURRENTLY ON purchase (customer);\nCOMMIT');
SELECT * FROM found(E'BEGIN;\nBEGIN; COMMIT; COMMIT');
SELECT * FROM found(E'SELECT 1; BEGIN;\nDROP TABLE purchase');
-- what is undone has not been done
SELECT * FROM found(E'BEGIN; SAVEPOINT a; ALTER TABLE purchase RENAME TO bought; ROLLBACK TO a; CREATE INDEX ON purchase (customer); COMMIT;\nBEGIN; DROP TABLE purchase; ROLLBACK; CREATE INDEX ON purchase (customer)');

-- suppressed: before, behind and in a statement
SELECT * FROM found(E'-- migrate:ignore require-concurrent-index-creation there is no traffic\nCREATE INDEX ON purchase (customer);\nDROP TABLE purchase; -- migrate:ignore ban-drop-table, require-lock-timeout copied\nCREATE INDEX ON customer (name)');
SELECT * FROM found(E'CREATE INDEX\n\t-- migrate:ignore require-concurrent-index-creation there is no traffic\n\tON purchase (customer);\n/* migrate:ignore ban-drop-table\n   all of it is copied */ DROP TABLE purchase');
SELECT * FROM found(E'CREATE INDEX ON purchase (customer); /* migrate:ignore data copied */ DROP TABLE purchase');
-- the whole text
SELECT * FROM found(E'-- migrate:ignore-file index,data these are the first ones\nCREATE INDEX ON purchase (customer);\nDROP TABLE purchase; SELECT 1 FROM;');
SELECT * FROM found(E'-- migrate:ignore-file index,data these are the first ones\nCREATE INDEX ON purchase (customer);\nDROP TABLE purchase');
-- squawk's
SELECT * FROM found(E'-- squawk-ignore require-concurrent-index-creation, prefer-robust-stmts -- ban-drop-table\nCREATE INDEX ON purchase (customer);\n-- squawk-ignore\nDROP TABLE purchase;\n/* squawk-ignore require-concurrent-index-creation */\nDROP TABLE customer');
SELECT * FROM found(E'CREATE INDEX ON purchase (customer);\n-- squawk-ignore-file require-concurrent-index-creation\nDROP TABLE purchase');
SELECT * FROM found(E'CREATE INDEX ON purchase (customer);\nDROP TABLE purchase;\n-- squawk-ignore-file');
-- ... whose names may be others, or mean more
SELECT * FROM found(E'-- squawk-ignore constraint-missing-not-valid, adding-foreign-key-constraint\nALTER TABLE purchase ADD FOREIGN KEY (customer) REFERENCES customer;\n-- squawk-ignore adding-field-with-default\nALTER TABLE purchase ADD COLUMN number bigserial;\n-- squawk-ignore prefer-repack\nCLUSTER purchase USING purchase_pkey');
SELECT * FROM found(E'-- migrate:ignore prefer-repack it is small\nCLUSTER purchase USING purchase_pkey');
-- eugene's
SELECT * FROM found(E'-- eugene: ignore E6, E9\nCREATE INDEX ON purchase (customer);\n-- eugene: ignore\nDROP TABLE purchase;\n-- eugene: ignore E5, E6\n-- which is not about that\nDROP TABLE customer');
-- Atlas's
SELECT * FROM found(E'-- atlas:nolint DS102\nDROP TABLE purchase;\n--atlas:nolint destructive concurrent_index\nDROP TABLE customer;\n/*atlas:nolint*/\nCREATE INDEX ON purchase (customer)');
SELECT * FROM found(E'-- atlas:nolint destructive\n\nDROP TABLE purchase;\nCREATE INDEX ON purchase (customer);\n\nDROP TABLE customer');
-- what only looks like it
SELECT * FROM found(E'SELECT ''-- migrate:ignore ban-drop-table x'', 1 AS "-- squawk-ignore", $$\n-- migrate:ignore ban-drop-table x\n$$;\nDROP TABLE purchase; -- migrate:ignored ban-drop-table\n');
SELECT * FROM found(E'COPY purchase FROM stdin;\n-- migrate:ignore ban-drop-table x\n\\.\nDROP TABLE purchase');
-- unused, unknown, of no rule, without a reason
SELECT * FROM found(E'-- migrate:ignore ban-drop-column, ban-drop-table, ban-everything it is\nDROP TABLE purchase;\n  -- migrate:ignore\n-- migrate:ignore ban-drop-table\nDROP TABLE customer;\n-- migrate:ignore ban-drop-table nothing follows');
-- of a rule that is off
SELECT * FROM found(E'-- migrate:ignore require-table-schema there is one schema\nSELECT 1');
SELECT * FROM found(E'-- migrate:ignore-file unused-ignore other tools want them\n-- squawk-ignore ban-drop-table\nSELECT 1');
-- in a migration: a directive like others, but for the blanks before it
SELECT migrate_register_file('005_e.sql', E'-- migrate:ignore-file index early\n-- migrate:up\nSELECT 1;\n');
SELECT migrate_register_file('005_e.sql', E'-- migrate:up\n-- migrate:ignore-file index early\nCREATE INDEX\n  -- migrate:ignore index again\n  ON purchase (id);\n-- migrate:down\nCREATE INDEX ON purchase (id);\n');
SELECT * FROM planned(version => '5');
SELECT migrate_unregister('5');

-- severities
SET migrate.lint_rules = 'require-concurrent-index-creation=off, data=info';
SELECT rule, severity FROM found('CREATE INDEX ON purchase (customer); DROP TABLE purchase');
SET migrate.lint_rules = 'style = warning,ban-drop-table=OFF ,, data=error ';
SELECT rule, severity FROM found('CREATE INDEX ON purchase (customer); DROP TABLE purchase; ALTER TABLE customer DROP COLUMN name');
SELECT name, rule_group, axis, severity, default_severity FROM migrate_lint_rules() WHERE name IN (TABLE rules);
SET migrate.lint_rules = 'ban-drop-table';
SET migrate.lint_rules = 'ban-drop-table=never';
SET migrate.lint_rules = 'ban-drop-tables=off';
SELECT current_database() AS database \gset
ALTER DATABASE :"database" SET migrate.lint_rules = 'data';
RESET migrate.lint_rules;
SELECT count(*) FROM migrate_lint_rules() WHERE severity <> default_severity;

-- thresholds: small is what is below both
SELECT level FROM found('CREATE INDEX ON purchase (customer)');
SET migrate.lint_rows = 10000;
SELECT level FROM found('CREATE INDEX ON purchase (customer)');
SET migrate.lint_size = '16kB';
SELECT level FROM found('CREATE INDEX ON purchase (customer)');
RESET migrate.lint_size;
SET migrate.lint_rows = 1000;

-- the gate; a row of the history would be a run that was tried
SELECT count(*) AS runs FROM migrate_history;
SET migrate.lint_rules = 'require-concurrent-index-creation=error, ban-drop-table=error';
SET migrate.lint = error;
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
CALL migrate_deploy();
\echo :LAST_ERROR_SQLSTATE
SELECT version FROM migrate_rollback();
\echo :LAST_ERROR_SQLSTATE
CALL migrate_undo();
\echo :LAST_ERROR_SQLSTATE
SELECT count(*) AS runs, migrate_current() FROM migrate_history;
SELECT action, state, sqlstate, steps_done FROM migrate_jobs;
SELECT count(*) AS locks FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid();
-- more than are listed
SELECT migrate_register('7', 'many', (SELECT string_agg(format('CREATE INDEX i%s ON purchase (customer);', i), E'\n') FROM generate_series(1, 12) i));
SELECT version FROM migrate_apply();
SELECT migrate_unregister('7');
-- what only the run can refuse it refuses as ever
SELECT migrate_register('7', 'broken', 'CREATE TABL x ()');
SET migrate.lint_rules = 'index=off, data=off, failure=off, transaction=off, partition=off';
SELECT version FROM migrate_apply();
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_unregister('7');
-- re-graded it passes; with a warning it runs
BEGIN;
SELECT version FROM migrate_apply('2');
ROLLBACK;
SET migrate.lint_rules = 'require-concurrent-index-creation=error, ban-drop-table=error';
SET migrate.lint = warn;
BEGIN;
SELECT version FROM migrate_apply('2');
ROLLBACK;
SET migrate.lint = off;
BEGIN;
SELECT version FROM migrate_apply('2');
ROLLBACK;
-- suppressed it passes, also in a worker
SET migrate.lint = error;
SELECT migrate_register_file('002_b.sql', E'-- migrate:up\nCREATE INDEX ON purchase_note (purchase);\n\n  CREATE INDEX ON purchase (customer); -- migrate:ignore index, partition, transaction at night\n-- migrate:down\nSELECT 1;\n');
CALL migrate_deploy('2');
SELECT migrate_current();
RESET migrate.lint_rules;
RESET migrate.lint;

-- what is half done goes on where it was
SELECT migrate_unregister('3');
SELECT migrate_register('3', 'half', E'-- migrate:no-transaction\nCREATE INDEX half ON purchase (price);\nSELECT 1 / 0;\nDROP TABLE customer;');
SELECT * FROM planned(version => '3');
CALL migrate_deploy();
SELECT * FROM planned();
SELECT migrate_mark('3', 'enough');

-- texts are shown to those who may see them
CREATE ROLE regress_migrate_lint;
GRANT USAGE ON SCHEMA lint TO regress_migrate_lint;
SET ROLE regress_migrate_lint;
SELECT * FROM migrate_lint();
SELECT * FROM migrate_lint_sql('SELECT 1');
SELECT count(*) > 10 FROM migrate_lint_rules();
RESET ROLE;
GRANT EXECUTE ON FUNCTION migrate_lint(text, text), migrate_lint_sql(text), migrate_register(text, text, text, text, text, text[]) TO regress_migrate_lint;
GRANT CREATE ON SCHEMA lint TO regress_migrate_lint;
SET ROLE regress_migrate_lint;
-- rights on a table are not needed to say what would be done to it
SELECT rule FROM migrate_lint_sql('DROP TABLE lint.purchase') WHERE rule = 'ban-drop-table';
-- what has to be evaluated is, in the name of whoever registered it
CREATE FUNCTION lint.who(integer) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
	PERFORM pg_try_advisory_lock(4711, oid::integer) FROM pg_roles WHERE rolname = current_user;
	RETURN $1;
END $$;
SET SESSION AUTHORIZATION regress_migrate_lint;
SELECT migrate_register('8', 'evil', 'ALTER TABLE lint.purchase ADD COLUMN c integer DEFAULT lint.who(1)');
RESET SESSION AUTHORIZATION;
SET migrate.lint_rules = 'failure=off, transaction=off';
SELECT rule, message FROM migrate_lint();
SELECT rolname, current_user = session_user AS reset FROM pg_locks JOIN pg_roles r ON r.oid = objid WHERE locktype = 'advisory' AND classid = 4711;
SELECT pg_advisory_unlock_all();
ALTER ROLE regress_migrate_lint SUPERUSER;
SELECT rule, message FROM migrate_lint();
\echo :LAST_ERROR_SQLSTATE
SET migrate.trust_registrants = on;
SELECT rule, message FROM migrate_lint();
SELECT rolname = session_user AS own FROM pg_locks JOIN pg_roles r ON r.oid = objid WHERE locktype = 'advisory' AND classid = 4711;
SELECT pg_advisory_unlock_all();
RESET migrate.trust_registrants;

DROP SCHEMA lint CASCADE;
DROP OWNED BY regress_migrate_lint;
DROP ROLE regress_migrate_lint;
