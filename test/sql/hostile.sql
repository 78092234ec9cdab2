-- Names and texts with everything in them that has a meaning somewhere.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS migrate;
SET migrate.project = 'it''s; DROP TABLE migrate_state; -- %s%n "$x$\';
CREATE SCHEMA hostile;
SET search_path = hostile, public;
\set SHOW_CONTEXT always

-- names: quotes, semicolons, format characters, dollar quotes, backslashes
CREATE TABLE names (i int, name text);
INSERT INTO names VALUES
	(1, 'it''s'), (2, '"quoted"'), (3, 'a; DROP TABLE hostile.names; --'),
	(4, '%s %n %d %% %1$s %999999s'), (5, '$$ $x$ $1'), (6, 'back\slash \n \'), (7, 'comment /* -- */ */'),
	(8, 'ünï🐘'), (9, repeat('x', 512)), (10, '{a,"b"}'), (11, ' blanks '), (12, E'\u202e right to left'),
	(13, 'NULL'), (14, ':x :''y'' :"z"'), (15, '../../etc/passwd');
SELECT DISTINCT migrate_register(i::text, name, format('CREATE TABLE %I ()', 't' || i), format('DROP TABLE %I', 't' || i)) FROM names;
SELECT count(*) FROM migrate_apply() a JOIN names n ON n.name = a.name AND n.i::text = a.version;
SELECT count(*) FROM migrate_status s JOIN names n ON n.name = s.name WHERE state = 'applied';
SELECT count(*) FROM migrate_history h JOIN names n ON n.name = h.name WHERE h.outcome = 'ok';
SELECT count(*) FROM migrate_rollback('base') a JOIN names n ON n.name = a.name;
SELECT count(*) FROM names;
-- in messages, as they are
SELECT migrate_register((100 + i)::text, name, 'SELECT 1 / 0') FROM names WHERE i = 4;
SELECT version, name FROM migrate_apply('+1');
SELECT version FROM migrate_apply('15');
SELECT version FROM migrate_apply();
SELECT migrate_register('104', 'other %s', 'SELECT 1');
SELECT migrate_unregister('104');
SELECT version FROM migrate_rollback('15');
\set VERBOSITY terse
SELECT migrate_require('%s%n');
\set VERBOSITY default
SELECT version FROM migrate_apply('%s%n');
-- the script of them all, run, does what it should and nothing more
SELECT migrate_rollback('base') IS NOT NULL AS rolled_back LIMIT 1;
SELECT migrate_script() AS script \gset
SELECT count(*) FROM regexp_matches(:'script', '^SELECT public\.migrate_mark\(.*;$', 'gn');
SELECT DISTINCT left(line, 4) FROM regexp_split_to_table(:'script', '\n') line
 WHERE line !~ '^(BEGIN;|COMMIT;|;|\\set ON_ERROR_STOP on|SET migrate\.project = .*;|SELECT public\.migrate_mark\(.*;|CREATE TABLE t\d+ \(\)|)$';

-- versions
SET migrate.project = 'hostile_versions';
SELECT migrate_register(v, 'v', 'SELECT 1', 'SELECT 2') FROM unnest(ARRAY['20''; --', '30 "x"', '40%s', '50\', 'x;y', repeat('9', 512)]) v;
SELECT left(version, 20) AS version, length(version), action FROM migrate_apply();
SELECT migrate_require('50\'), migrate_require(repeat('9', 512)), migrate_current();
SELECT left(version, 20) AS version, action FROM migrate_rollback('40%s');
SELECT version FROM migrate_rollback('base');
SELECT migrate_unregister(v) FROM unnest(ARRAY['20''; --', '30 "x"', '40%s', '50\', 'x;y', repeat('9', 512)]) v;

-- what a name or a version cannot be
SELECT migrate_register('60', E'new\nline', 'SELECT 1');
SELECT migrate_register('60', E'tab\t', 'SELECT 1');
SELECT migrate_register('60', E'escape\x1b[31m', 'SELECT 1');
SELECT migrate_register('60', repeat('x', 513), 'SELECT 1');
SELECT migrate_register(E'6\n0', 'x', 'SELECT 1');
SELECT migrate_register(repeat('6', 513), 'x', 'SELECT 1');
SELECT migrate_apply(E'6\n0');

-- reasons, paths, requirements
SELECT migrate_register('60', 'sixty', 'SELECT 1');
SELECT migrate_mark('60', E'it''s "so"; %s\n\\ $$ \u00e4');
SELECT reason FROM migrate_history ORDER BY id DESC LIMIT 1;
SELECT version, action FROM migrate_register_file('m/%s''"; --/61_x.up.sql', 'SELECT 1 / 0');
SELECT migrate_apply('61');
SELECT version, path FROM migrate_status WHERE version = '61';
SELECT migrate_unregister('61');
SELECT migrate_register('62', 'needs', 'SELECT 1', requires => ARRAY['it''s %s "; --']);
SELECT migrate_apply();
SELECT migrate_unregister('62');

SELECT * FROM migrate_verify_log();
SELECT count(*) FROM names;
DROP SCHEMA hostile CASCADE;
