-- Registering and forgetting migrations.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'register';

SELECT migrate_register('021', 'first', 'SELECT 1');
SELECT migrate_register('021', 'first', 'SELECT 1');
SELECT migrate_register('021', 'first', 'SELECT 2');
SELECT migrate_register('021', 'first', 'SELECT 2', 'SELECT 3');
SELECT migrate_register('021', 'first', 'SELECT 2', 'SELECT 3', 'SELECT 4');
SELECT migrate_register('021', 'first', 'SELECT 2', 'SELECT 3', 'SELECT 4', '{}');
-- what is left out is taken back
SELECT migrate_register('021', 'first', 'SELECT 2', 'SELECT 3');
SELECT version, name, kind, state, reversible, registered_by = current_user AS by_me FROM migrate_status;
SELECT down, verify FROM migrate_migration WHERE project = 'register';

-- a version is a number: 021, 21 and 21.0 are one, and so are their names
SELECT migrate_register('21', 'first', 'SELECT 2', 'SELECT 3');
SELECT migrate_register('21.0', 'first', 'SELECT 2', 'SELECT 3');
SELECT count(*) FROM migrate_status;
SELECT migrate_register('0021', 'second', 'SELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT action FROM migrate_register_file('db/21_third.sql', 'SELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('21a', 'second', 'SELECT 1'), migrate_register('2.1', 'two_one', 'SELECT 1');
SELECT version, name FROM migrate_status;

-- requirements
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => '{21,2.1}');
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => '{2.1,21}');
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => '{2.1,21}');
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => NULL);
SELECT migrate_register('30', 'needs', E'-- migrate:requires 21, 2.1\nSELECT 1');
SELECT requires FROM migrate_migration WHERE project = 'register' AND version = '30';
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => ARRAY[NULL]);
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => ARRAY['']);
SELECT migrate_register('30', 'needs', 'SELECT 1', requires => ARRAY[E'3\n']);
\set VERBOSITY default

-- repeatables have no version; their name is their identity
SELECT migrate_register(NULL, 'views', 'SELECT 1');
SELECT migrate_register('5', 'functions', E'-- a view\n-- migrate:repeatable\nSELECT 1');
SELECT migrate_register(NULL, 'views', 'SELECT 2');
SELECT version, name, kind FROM migrate_status WHERE kind = 'repeatable';

-- neither empty nor null
SELECT migrate_register('', 'x', 'SELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('6', '', 'SELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('6', '   ', 'SELECT 1');
SELECT migrate_register('6', NULL, 'SELECT 1');
SELECT migrate_register('6', 'x', NULL);
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register(' 6', 'x', 'SELECT 1');
SELECT migrate_register('6 ', 'x', 'SELECT 1');
-- nor what a target could not name
\set VERBOSITY sqlstate
SELECT migrate_register('-1', 'x', 'SELECT 1');
SELECT migrate_register('+1', 'x', 'SELECT 1');
SELECT migrate_register('base', 'x', 'SELECT 1');
\set VERBOSITY default
-- but a script may be empty
SELECT migrate_register('7', 'empty', '');
SELECT migrate_register('8', 'empty', '', '');
SELECT version, reversible FROM migrate_status WHERE name = 'empty';

-- line ends, a byte order mark and blanks at the end are no change
SELECT migrate_register('9', 'ends', E'SELECT 1;\nSELECT 2;\n');
SELECT version, name, action FROM migrate_register_file('m/9_ends.up.sql', E'\uFEFFSELECT 1;\nSELECT 2;\n');
SELECT encode(checksum, 'hex') = encode(sha256('SELECT 1;
SELECT 2;'), 'hex') AS sha256 FROM migrate_migration WHERE project = 'register' AND version = '9';
SELECT DISTINCT checksum = lag(checksum, 1, checksum) OVER (ORDER BY version) AS same
  FROM migrate_migration WHERE project = 'register' AND name = 'ends';
SELECT migrate_register('10', 'ends', E'SELECT 1;\r\nSELECT 2;\r\n \t\n'), migrate_register('11', 'ends', E'SELECT 1;\rSELECT 2;');
SELECT count(DISTINCT checksum) FROM migrate_migration WHERE project = 'register' AND name = 'ends';

-- what cannot be parsed is kept, with a warning: one may want to see it in the plan
SELECT migrate_register('12', 'broken', E'SELECT 1;\n\nSELEKT 2;');
SELECT migrate_register('12', 'broken', E'SELECT 1;\n\nSELEKT 2;');
SELECT migrate_register('12', 'broken', 'SELECT 1', E'\nDORP TABLE x');
SELECT version, reversible, remark FROM migrate_status WHERE name = 'broken';
SELECT migrate_register('12', 'broken', 'SELECT ''open');
SELECT version, action, reason, statements FROM migrate_plan() WHERE version = '12';
SELECT version, action FROM migrate_register_file('m/13_broken.sql', E'-- migrate:up\nSELECT (;\n');

-- directives that do not belong here
SELECT migrate_register('14', 'directive', E'-- migrate:up\nSELECT 1');
\echo :LAST_ERROR_SQLSTATE
SELECT migrate_register('14', 'directive', E'-- migrate:nonsense\nSELECT 1');
SELECT migrate_register('14', 'directive', 'SELECT 1', E'-- migrate:requires 3\nSELECT 1');

-- forgetting
SELECT migrate_unregister('12');
SELECT migrate_unregister('0013');
SELECT migrate_unregister('views');
SELECT migrate_unregister('nothing');
\echo :LAST_ERROR_SQLSTATE
\set VERBOSITY sqlstate
SELECT migrate_unregister(NULL);
\set VERBOSITY default
SELECT count(*) FROM migrate_status WHERE name IN ('broken', 'views');
SELECT version FROM migrate_apply('7');
SELECT migrate_unregister('7');
\echo :LAST_ERROR_SQLSTATE

-- undone with the transaction, all or nothing
BEGIN;
SELECT migrate_register('50', 'gone', 'SELECT 1');
ROLLBACK;
SELECT count(*) FROM migrate_status WHERE version = '50';

-- a setting's name that does not exist is refused, and its values are checked
SET migrate.nonsense = 1;
SET migrate.project = '';
SET migrate.out_of_order = 'perhaps';
-- (its text is the server's, and has changed)
\set VERBOSITY sqlstate
SET migrate.lock_wait = -2;
\set VERBOSITY default
SELECT name, setting, context FROM pg_settings WHERE name LIKE 'migrate.%' AND name <> 'migrate.project' ORDER BY name COLLATE "C";
