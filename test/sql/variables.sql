-- Variables: what stands for a value in the formats that have them, where the
-- values come from, and what is refused without one.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
CREATE SCHEMA variables;
SET search_path = variables, public;
SET migrate.project = 'variables';
\set SHOW_CONTEXT always
\set VERBOSITY default
CREATE TABLE said (id int GENERATED ALWAYS AS IDENTITY, what text);

-- names and values
SELECT migrate_set_variable('Tbl', 'first');
SELECT migrate_set_variable('Tbl', 'customer');
SELECT migrate_set_variable('Tbl', 'customer');
SELECT migrate_set_variable('empty', ''), migrate_set_variable('gone', 'x'), migrate_set_variable('gone', NULL), migrate_set_variable('gone', NULL);
SELECT migrate_set_variable('two', E'SELECT 1;\nSELECT 2');
SELECT migrate_set_variable('two', E'SELECT 1;\rSELECT 2');
SELECT migrate_set_variable('1st', 'x');
SELECT migrate_set_variable('', 'x');
SELECT migrate_set_variable('a b', 'x');
SELECT migrate_set_variable('a}', 'x');
SELECT migrate_set_variable(repeat('a', 129), 'x');
SELECT migrate_set_variable(NULL, 'x');
SET migrate.variables = 'no value';
SET migrate.variables = '=x';
SELECT set_config('migrate.variables', E'a="x\ny"', false);
SELECT set_config('migrate.variables', E'"a=x\ny"', false);
-- the setting comes first
SET migrate.variables = 'over=the setting''s';
SET migrate.variables = '"over=the setting''s", "comma=a, b", "blank= c "';
SELECT migrate_set_variable('over', 'stored'), migrate_set_variable('comma', 'stored');
SELECT name, '<' || value || '>' AS value, source = 'set by ' || session_user AS stored FROM migrate_variables();
-- they are of their project
SET migrate.project = 'variables of others';
SELECT name FROM migrate_variables() WHERE source <> 'migrate.variables';
SET migrate.project = 'variables';

-- Flyway's, wherever they stand and in any case
CREATE FUNCTION load(VARIADIC files text[]) RETURNS TABLE (version text, action text)
LANGUAGE sql SET client_min_messages = error AS $$
	SELECT r.version, r.action FROM migrate_register_files(
		ARRAY(SELECT 'fly/' || files[i] FROM generate_series(1, array_length(files, 1), 2) i),
		ARRAY(SELECT files[i] FROM generate_series(2, array_length(files, 1), 2) i)) r
$$;
\set v1 'CREATE TABLE ${TBL} (id int);\n/* a comment on ${ tbl } -- */\nINSERT INTO said (what) VALUES (''in a literal: ${tBl} ${empty}|''), ($$in dollars: ${over}, ${blank}|$$), (''it''''s $x $ {tbl} $tbl'');\nCREATE FUNCTION of_${tbl}() RETURNS text LANGUAGE sql AS $f$ SELECT ''in a body: ${COMMA}'' $f$;\nINSERT INTO said (what) SELECT of_customer();'
\set v2 'INSERT INTO said (what) VALUES (''${flyway:defaultSchema} ${FLYWAY:filename} '' || (''${flyway:user}'' = current_user) || (''${flyway:database}'' = current_database()) || (''${flyway:timestamp}''::timestamp IS NOT NULL) || '' <${flyway:environment}>'');'
\set v3 'INSERT INTO said (what) VALUES (''${tbl} ${undefined} as it is'');'
SELECT * FROM load('V1__one.sql', :'v1', 'V2__two.sql', :'v2', 'V3__three.sql', :'v3', 'V3__three.sql.conf', 'placeholderReplacement=false');
-- neither the text nor its checksum has values in it
SELECT version, up_variables, up = CASE version WHEN '1' THEN :'v1' WHEN '2' THEN :'v2' ELSE :'v3' END AS as_written,
	   checksum = sha256(convert_to(up, 'UTF8')) AS checksum
  FROM migrate_migration WHERE project = 'variables' ORDER BY version;
SELECT migrate_script('+1') LIKE '%CREATE TABLE customer (id int);%in a literal: customer |%' AS has_values;
SELECT version, action FROM migrate_apply('+1');
CALL migrate_deploy();
SELECT what FROM said ORDER BY id;
SELECT to_regclass('customer');
SET migrate.variables = 'over=another';
SELECT migrate_set_variable('tbl', 'other'), migrate_set_variable('comma', NULL), migrate_set_variable('Tbl', NULL);
SELECT version, state, remark FROM migrate_status;
-- now the first has a variable without a value: a change that says so
SELECT * FROM load('V1__one.sql', :'v1', 'V2__two.sql', :'v2', 'V3__three.sql', :'v3', 'V3__three.sql.conf', 'placeholderReplacement=false');

-- without a value nothing is registered
SELECT * FROM load('V4__four.sql', 'SELECT 1;', 'V5__five.sql', E'SELECT 1;\n-- here:\nSELECT ''${nothing}'';');
SELECT migrate_register_file('fly/V4__four.sql', E'\n\n${nothing:more}');
SELECT migrate_register_file('fly/V4__four.sql', E'SELECT 1;\nSELECT ${tbl');
SELECT version FROM migrate_pending();
-- down scripts have them, too
SELECT * FROM load('V4__four.sql', 'CREATE TABLE ${tbl} ();', 'U4__four.sql', E'DROP TABLE\n  ${unknown};');
SELECT * FROM load('V4__four.sql', 'CREATE TABLE ${tbl} ();', 'U4__four.sql', 'DROP TABLE ${tbl};');
SELECT version, action FROM migrate_apply();
SELECT version, action FROM migrate_rollback();
SELECT to_regclass('other');

-- without a value any more nothing runs, not even what comes before
SELECT * FROM load('V5__five.sql', 'CREATE TABLE five ();', 'V6__six.sql', E'SELECT 1;\nCREATE TABLE ${six} ();');
SELECT migrate_set_variable('six', 'sixth');
SELECT * FROM load('V5__five.sql', 'CREATE TABLE five ();', 'V6__six.sql', E'SELECT 1;\nCREATE TABLE ${six} ();');
SELECT migrate_set_variable('six', NULL);
SELECT migrate_script() IS NULL;
SELECT version FROM migrate_apply();
CALL migrate_deploy();
SELECT version, state FROM migrate_pending();
SELECT version, event, outcome, sqlstate, line, statement FROM migrate_history WHERE outcome <> 'ok';
-- the setting of the session is the worker's, too
SET migrate.variables = 'six=sixth';
CALL migrate_deploy();
SELECT to_regclass('five'), to_regclass('sixth');
RESET migrate.variables;
-- what goes around the migrations is of them
SELECT migrate_set_variable('hooked', 'hooked');
SELECT version, action FROM load('V7__seven.sql', 'SELECT 7;', 'V8__eight.sql', 'SELECT 8;', 'afterMigrate.sql', 'INSERT INTO variables.said (what) VALUES (''${hooked}'');');
SELECT migrate_set_variable('hooked', NULL);
CALL migrate_deploy();
SELECT version, state FROM migrate_pending();
SET migrate.variables = 'hooked=after';
CALL migrate_deploy();
SELECT what FROM said ORDER BY id DESC LIMIT 1;
-- a deferred violation in a script with values
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (parent int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
SELECT * FROM load('V9__nine.sql', 'INSERT INTO child VALUES (length(''${tbl}''));');
SELECT version FROM migrate_apply();
SELECT migrate_unregister('9');
RESET migrate.variables;

-- graphile-migrate's
SET migrate.project = 'variables graphile';
CREATE FUNCTION graphile(content text) RETURNS TABLE (version text, action text) LANGUAGE sql AS $$
	SELECT r.version, r.action FROM migrate_register_files(ARRAY['migrations/committed/000001.sql'], ARRAY[
		format(E'--! Previous: -\n--! Hash: sha1:%s\n--! AllowInvalidHash\n\n', repeat('0', 40)) || content]) r
$$;
SELECT migrate_set_variable('OWNER_ROLE', session_user), migrate_set_variable('owner_role', 'nobody');
SELECT * FROM graphile(E'SELECT 1;\nSELECT :UNKNOWN;');
SELECT * FROM graphile('GRANT SELECT ON said TO :OWNER_ROLE;
-- :UNKNOWN
INSERT INTO said (what) SELECT ('':DATABASE_NAME'' = current_database()) || '' '' || ('':DATABASE_OWNER'' = pg_get_userbyid(datdba)) ||
	'' at 12:AM :UNKNOWN'' || '' x''::text || $$:UNKNOWN $$ || (ARRAY[1,2])[1:2]::text FROM pg_database WHERE datname = current_database();');
SELECT version FROM migrate_apply();
SELECT what FROM said ORDER BY id DESC LIMIT 1;

-- goose's, between ENVSUB ON and OFF
SET migrate.project = 'variables goose';
CREATE FUNCTION goose(content text) RETURNS TABLE (version text, action text) LANGUAGE sql AS $$
	SELECT r.version, r.action FROM migrate_register_files(ARRAY['goose/00001_one.sql'], ARRAY[content]) r
$$;
SELECT migrate_set_variable('REGION', 'eu'), migrate_set_variable('EMPTY', ''), migrate_set_variable('region', 'lower');
\set one '-- +goose Up\nINSERT INTO said (what) VALUES (''off: $REGION ${REGION}'');\n-- +goose ENVSUB ON\nINSERT INTO said (what) VALUES (''on: $REGION ${REGION} ${region} ${UNSET:-default} ${UNSET-other} ${EMPTY:-filled} <${EMPTY-kept}> ${REGION?message} ${REGION:?message} ${UNSET:-} $1'');\nDO $$ BEGIN INSERT INTO variables.said (what) VALUES (''body: $REGION''); END $$;\nINSERT INTO said (what) VALUES ($REGION$tagged$REGION$), ($x$tagged $$ $REGION$x$);\n-- +goose ENVSUB OFF\nINSERT INTO said (what) VALUES (''off again: ${UNSET}'');\n-- +goose Down\nDELETE FROM said WHERE what LIKE ''o%'' OR what LIKE ''%tagged%'';\n'
SELECT * FROM goose(:'one');
SELECT version FROM migrate_apply();
SELECT what FROM said WHERE what ~ 'o[nf]|body|tagged' ORDER BY id DESC LIMIT 5;
SELECT version FROM migrate_rollback();
-- ON before Down is on in it
SELECT * FROM goose(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT ''$REGION'';\n-- +goose Down\nSELECT ''$UNSET'';\n');
SELECT * FROM goose(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;\nSELECT ''$UNSET'';\n');
SELECT * FROM goose(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT 1;\nSELECT ''${UNSET:?where}'';\n');
SELECT * FROM goose(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT ''${EMPTY:?where}'';\n');
SELECT * FROM goose(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT ''${REGION:+x}'';\n');
SELECT * FROM goose(E'-- +goose Up\n-- +goose ENVSUB ON\nSELECT ''${REGION'';\n}');
SELECT version, action FROM goose(E'-- +goose Up\nSELECT ''$UNSET'';\n-- +goose ENVSUB ON\n');

-- formats without variables have none
SET migrate.project = 'variables none';
SELECT migrate_set_variable('x', 'y');
SELECT migrate_register('1', 'native', 'INSERT INTO said (what) VALUES (''${x} $x :X'')');
SELECT version FROM migrate_apply();
SELECT what FROM said ORDER BY id DESC LIMIT 1;

-- what a stranger gives a value is not a superuser's to run
SET migrate.project = 'variables trust';
SELECT version, action FROM migrate_register_files(ARRAY['fly/V1__one.sql'], ARRAY['SELECT 1;']);
CREATE ROLE regress_setter;
CREATE ROLE regress_nobody;
GRANT USAGE, CREATE ON SCHEMA variables TO regress_setter;
GRANT ALL ON said TO regress_setter;
GRANT EXECUTE ON FUNCTION migrate_set_variable(text, text), migrate_variables(), migrate_register_files(text[], text[], text[]) TO regress_setter;
SET SESSION AUTHORIZATION regress_nobody;
SELECT migrate_set_variable('x', 'y');
SELECT * FROM migrate_variables();
SET SESSION AUTHORIZATION regress_setter;
SELECT migrate_set_variable('what', 'x''); ALTER ROLE regress_setter SUPERUSER; --');
RESET SESSION AUTHORIZATION;
SELECT version, action FROM migrate_register_files(ARRAY['fly/V1__one.sql', 'fly/V2__two.sql'], ARRAY['SELECT 1;', 'INSERT INTO variables.said (what) VALUES (''${what}'');']);
SET migrate.variables = 'what=mine';
SELECT version, action FROM migrate_register_files(ARRAY['fly/V1__one.sql', 'fly/V2__two.sql'], ARRAY['SELECT 1;', 'INSERT INTO variables.said (what) VALUES (''${what}'');']);
RESET migrate.variables;
SELECT version FROM migrate_apply();
CALL migrate_deploy();
SELECT version, state FROM migrate_pending();
SELECT rolsuper FROM pg_roles WHERE rolname = 'regress_setter';
-- a superuser who sets it answers for it, and his own value is his
SELECT migrate_set_variable('what', 'x''); ALTER ROLE regress_setter SUPERUSER; --');
SELECT migrate_set_variable('what', 'fine');
SET SESSION AUTHORIZATION regress_setter;
SET migrate.project = 'variables trust';
SELECT migrate_set_variable('what', 'fine');
RESET SESSION AUTHORIZATION;
CALL migrate_deploy();
SELECT what FROM said ORDER BY id DESC LIMIT 1;

RESET migrate.project;
DROP OWNED BY regress_setter;
DROP ROLE regress_setter, regress_nobody;
DROP SCHEMA variables CASCADE;
