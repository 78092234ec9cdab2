-- Each rule of lint: statements that it finds, near misses that it must not,
-- and whether what it says to write instead works and is found safe itself.
BEGIN;
SET LOCAL client_min_messages = warning;
SELECT no_plan();

CREATE SCHEMA lint_rules;
SET LOCAL search_path = lint_rules, public;
-- what is found must not depend on who waits how long, but in its own cases
SET LOCAL lock_timeout = '2s';
SET LOCAL migrate.lint_rows = 100;

CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN plain AS text;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN required AS int NOT NULL;
CREATE SEQUENCE sq;
CREATE TABLE par (id bigint PRIMARY KEY, code text, v text);
INSERT INTO par SELECT g, 'c' || g, 'x' FROM generate_series(1, 300) g;
CREATE TABLE big (id bigint PRIMARY KEY, a int NOT NULL, b text, c varchar(50),
	d timestamp, e int, t text, par_id bigint, st mood, n numeric(10, 2), j json,
	own int DEFAULT 7 NOT NULL, gen int GENERATED ALWAYS AS (a + 1) STORED, pos positive);
INSERT INTO big (id, a, b, c, d, e, par_id, st, n, pos)
	SELECT g, g, 'b' || g, 'c', now(), g, g, 'ok', g, 1 FROM generate_series(1, 300) g;
CREATE INDEX big_b_idx ON big (b);
CREATE UNIQUE INDEX big_e_idx ON big (e);
CREATE UNIQUE INDEX big_a_idx ON big (a);
CREATE INDEX big_bad_idx ON big (d);
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'big_bad_idx'::regclass;
ALTER TABLE big ADD CONSTRAINT later CHECK (a > 0) NOT VALID;
CREATE TABLE "Odd Table" (id int, "Select" text);
INSERT INTO "Odd Table" SELECT g, 'x' FROM generate_series(1, 300) g;
CREATE TABLE proven (id int PRIMARY KEY, v int, w int);
INSERT INTO proven SELECT g, g, g FROM generate_series(1, 300) g;
ALTER TABLE proven ADD CONSTRAINT proven_v CHECK (v IS NOT NULL AND v > 0);
CREATE UNIQUE INDEX proven_v_idx ON proven (v);
CREATE UNIQUE INDEX proven_w_idx ON proven (w);
ALTER TABLE proven DROP CONSTRAINT proven_pkey;
CREATE TABLE small (id bigint PRIMARY KEY, a int);
INSERT INTO small SELECT g, g FROM generate_series(1, 10) g;
CREATE TABLE none (id bigint PRIMARY KEY, a int);
CREATE TABLE child (id bigint PRIMARY KEY, par_id bigint REFERENCES par, v int);
INSERT INTO child SELECT g, g, g FROM generate_series(1, 200) g;
CREATE INDEX child_par_id_idx ON child (par_id);
CREATE VIEW vw AS SELECT id, c FROM big;
CREATE MATERIALIZED VIEW mv AS SELECT id, b FROM big;
CREATE UNIQUE INDEX mv_idx ON mv (id);
CREATE MATERIALIZED VIEW mvn AS SELECT b FROM big;
CREATE TABLE p (id bigint NOT NULL, k int NOT NULL, v text) PARTITION BY RANGE (k);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (1000);
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1000) TO (2000);
INSERT INTO p SELECT g, g, 'x' FROM generate_series(1, 1500) g;
CREATE TABLE pnew (id bigint NOT NULL, k int NOT NULL, v text);
INSERT INTO pnew SELECT g, 2500, 'x' FROM generate_series(1, 300) g;
CREATE TABLE pok (id bigint NOT NULL, k int NOT NULL, v text, CHECK (k IS NOT NULL AND k >= 2000 AND k < 3000));
INSERT INTO pok SELECT g, 2500, 'x' FROM generate_series(1, 300) g;
CREATE TABLE pnone (id bigint NOT NULL, k int NOT NULL, v text);
CREATE TABLE pd (id bigint, k text) PARTITION BY LIST (k);
CREATE TABLE pd_a PARTITION OF pd FOR VALUES IN ('a');
CREATE TABLE pd_def PARTITION OF pd DEFAULT;
CREATE INDEX ON pd (id);
INSERT INTO pd SELECT g, 'z' FROM generate_series(1, 300) g;
CREATE TABLE ph (id bigint NOT NULL, k int) PARTITION BY HASH (id);
CREATE TABLE unlogged_already (id int);
INSERT INTO unlogged_already SELECT generate_series(1, 300);
ALTER TABLE unlogged_already SET UNLOGGED;
CREATE FUNCTION trg() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tg BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION trg();
CREATE POLICY pol ON child USING (true);
CREATE PROCEDURE proc() LANGUAGE plpgsql AS 'BEGIN NULL; END';
ANALYZE par, big, "Odd Table", proven, small, child, mv, mvn, p, pnew, pok, pd, unlogged_already;

-- What is found: rule:severity, sorted, without what is said twice.
CREATE FUNCTION found(text) RETURNS text LANGUAGE sql AS $$
	SELECT coalesce(string_agg(DISTINCT rule || ':' || severity, ' '), '')
	FROM migrate_lint_sql($1)
$$;

-- What is to be written instead must work, and not be found an error itself,
-- after what comes before it.  As a transaction may do it, that is: what takes
-- no transaction is done in the way that does.
CREATE FUNCTION works(before text, fix text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	worst text;
BEGIN
	IF before <> '' THEN
		before := E'BEGIN;\n' || before || E';\nCOMMIT;\n';
	END IF;
	SELECT string_agg(rule || ': ' || message, '; ') INTO worst
		FROM migrate_lint_sql(before || fix)
		WHERE severity = 'error' AND line > cardinality(string_to_array(before, E'\n')) - 1;
	IF worst IS NOT NULL OR fix ~ '^VACUUM|^REINDEX TABLE CONCURRENTLY pd' THEN
		RETURN coalesce(worst, 'works');
	END IF;
	BEGIN
		EXECUTE regexp_replace(regexp_replace(before || fix, '^(BEGIN|COMMIT);$', '', 'gn'),
							   ' CONCURRENTLY', '', 'g');
		RAISE SQLSTATE 'ZZZZZ';
	EXCEPTION WHEN SQLSTATE 'ZZZZZ' THEN
		RETURN 'works';
	WHEN OTHERS THEN
		RETURN sqlerrm;
	END;
END
$$;

CREATE TEMP TABLE cases (n int GENERATED ALWAYS AS IDENTITY, statement text, expected text DEFAULT '');
INSERT INTO cases (statement, expected) VALUES
-- indexes
('CREATE INDEX n ON big (a)', 'require-concurrent-index-creation:error'),
('CREATE UNIQUE INDEX "N" ON ONLY big /* why */ USING btree (lower(b) DESC) WHERE a > 5 -- end', 'require-concurrent-index-creation:error'),
('CREATE INDEX ON "Odd Table" ("Select")', 'require-concurrent-index-creation:error'),
('CREATE INDEX n ON mv (b)', 'require-concurrent-index-creation:error'),
('CREATE INDEX n ON p (id)', 'require-concurrent-index-creation:error'),
('CREATE INDEX n ON small (a)', 'require-concurrent-index-creation:warning'),
('CREATE INDEX n ON none (a)', ''),
('CREATE INDEX CONCURRENTLY n ON big (a)', ''),
('CREATE INDEX n ON ONLY p (id)', ''),
('CREATE TABLE new (a int); INSERT INTO new SELECT generate_series(1, 1000); CREATE INDEX ON new (a)', ''),
('CREATE INDEX IF NOT EXISTS big_b_idx ON big (b)', ''),
('CREATE INDEX CONCURRENTLY IF NOT EXISTS big_bad_idx ON big (c)', 'invalid-index:error'),
('CREATE INDEX CONCURRENTLY big_bad_idx ON big (c)', 'invalid-index:error'),
('CREATE INDEX CONCURRENTLY IF NOT EXISTS big_b_idx ON big (c)', ''),
('DROP INDEX CONCURRENTLY big_bad_idx; CREATE INDEX CONCURRENTLY IF NOT EXISTS big_bad_idx ON big (c)', ''),
('DROP INDEX big_b_idx', 'require-concurrent-index-deletion:info'),
('DROP INDEX CONCURRENTLY big_b_idx', ''),
('DROP INDEX IF EXISTS no_such_idx', ''),
('DROP INDEX big_pkey', 'dependent-objects-still-exist:error'),
('REINDEX TABLE big', 'require-concurrent-reindex:error'),
('REINDEX INDEX big_b_idx', 'require-concurrent-reindex:error'),
('REINDEX (VERBOSE) TABLE small', 'require-concurrent-reindex:warning'),
('REINDEX TABLE CONCURRENTLY big', ''),
('REINDEX TABLE none', ''),
('SELECT 1; REINDEX TABLE p', 'no-transaction-command:error'),
('REINDEX TABLE pd', 'require-concurrent-reindex:error'),
('ALTER TABLE child ADD CONSTRAINT n FOREIGN KEY (v) REFERENCES par NOT VALID', 'fk-without-index:warning'),
('ALTER TABLE child ADD CONSTRAINT n FOREIGN KEY (par_id) REFERENCES par NOT VALID', ''),
('CREATE TABLE new (id int PRIMARY KEY, r bigint REFERENCES par); CREATE INDEX ON new (r, id)', ''),
('CREATE TABLE new (id int PRIMARY KEY, r bigint REFERENCES par); CREATE INDEX ON new (id, r)', 'fk-without-index:info'),
('CREATE TABLE new (id int PRIMARY KEY, r bigint REFERENCES par); CREATE INDEX ON new (r) WHERE r > 5', 'fk-without-index:info'),
-- constraints
('ALTER TABLE big ADD CONSTRAINT n CHECK (a > 0)', 'constraint-missing-not-valid:error'),
('ALTER TABLE big ADD CHECK (a > 0 AND e > 0), ALTER b SET DEFAULT ''x,y''', 'constraint-missing-not-valid:error'),
('ALTER TABLE "Odd Table" ADD CHECK ("Select" <> '''')', 'constraint-missing-not-valid:error'),
('ALTER TABLE p ADD CHECK (id > 0)', 'constraint-missing-not-valid:error locks-all-partitions:info'),
('ALTER TABLE small ADD CHECK (a > 0)', 'constraint-missing-not-valid:warning'),
('ALTER TABLE none ADD CHECK (a > 0)', ''),
('ALTER TABLE big ADD CONSTRAINT n CHECK (a > 0) NOT VALID', ''),
('ALTER TABLE big VALIDATE CONSTRAINT later', ''),
('ALTER TABLE big ADD CONSTRAINT n CHECK (a > 0) NOT VALID; ALTER TABLE big VALIDATE CONSTRAINT n', 'constraint-missing-not-valid:error statement-after-access-exclusive:warning'),
('ALTER TABLE big ADD COLUMN z int CHECK (z > 0)', 'inline-check-scan:error'),
('ALTER TABLE big ADD COLUMN z int CONSTRAINT zz CHECK (z > 0) DEFAULT 5, ADD COLUMN y int', 'inline-check-scan:error'),
('ALTER TABLE none ADD COLUMN z int CHECK (z > 0)', ''),
('ALTER TABLE child ADD CONSTRAINT n FOREIGN KEY (par_id) REFERENCES par', 'adding-foreign-key-constraint:error'),
('ALTER TABLE child ADD FOREIGN KEY (par_id) REFERENCES par (id) ON DELETE CASCADE', 'adding-foreign-key-constraint:error'),
('ALTER TABLE child ADD COLUMN z bigint REFERENCES par', 'fk-without-index:warning'),
('ALTER TABLE child ADD COLUMN z bigint DEFAULT 1 REFERENCES par', 'adding-foreign-key-constraint:error fk-without-index:warning'),
('ALTER TABLE none ADD FOREIGN KEY (id) REFERENCES par', ''),
('ALTER TABLE big ADD CONSTRAINT n UNIQUE (b)', 'disallowed-unique-constraint:error'),
('ALTER TABLE big ADD UNIQUE (b, e) INCLUDE (d) DEFERRABLE', 'disallowed-unique-constraint:error'),
('ALTER TABLE big ADD COLUMN z int UNIQUE', 'disallowed-unique-constraint:error'),
('ALTER TABLE p ADD CONSTRAINT n UNIQUE (k, id)', 'disallowed-unique-constraint:error locks-all-partitions:info'),
('ALTER TABLE big ADD CONSTRAINT n UNIQUE USING INDEX big_e_idx', ''),
('ALTER TABLE none ADD UNIQUE (a)', ''),
('ALTER TABLE proven ADD PRIMARY KEY (id)', 'adding-serial-primary-key-field:error'),
('ALTER TABLE proven ADD PRIMARY KEY (v, w)', 'adding-serial-primary-key-field:error'),
('ALTER TABLE proven ADD PRIMARY KEY USING INDEX proven_w_idx', 'pk-using-nullable-index:error'),
('ALTER TABLE proven ADD PRIMARY KEY USING INDEX proven_v_idx', ''),
('ALTER TABLE big ADD EXCLUDE USING btree (e WITH =)', 'exclusion-constraint:error'),
('ALTER TABLE none ADD EXCLUDE USING btree (a WITH =)', ''),
('ALTER TABLE big ALTER b SET NOT NULL', 'adding-not-nullable-field:error'),
('ALTER TABLE p ALTER v SET NOT NULL', 'adding-not-nullable-field:error locks-all-partitions:info'),
('ALTER TABLE small ALTER a SET NOT NULL', 'adding-not-nullable-field:warning'),
('ALTER TABLE none ALTER a SET NOT NULL', ''),
('ALTER TABLE big ALTER a SET NOT NULL', ''),
('ALTER TABLE proven ALTER v SET NOT NULL', ''),
('ALTER TABLE big ADD CONSTRAINT n CHECK (b IS NOT NULL) NOT VALID; ALTER TABLE big ALTER b SET NOT NULL', 'adding-not-nullable-field:error statement-after-access-exclusive:warning'),
('ALTER DOMAIN positive ADD CHECK (VALUE < 100)', 'alter-domain-scan:error'),
('ALTER DOMAIN positive SET NOT NULL', 'alter-domain-scan:error'),
('ALTER DOMAIN positive ADD CHECK (VALUE < 100) NOT VALID', ''),
('ALTER DOMAIN plain SET NOT NULL', ''),
('CREATE DOMAIN new AS int CHECK (VALUE > 0)', 'ban-create-domain-with-constraint:info'),
('CREATE DOMAIN new AS int', ''),
('ALTER TABLE big DROP CONSTRAINT later', 'ban-drop-constraint:warning'),
('ALTER TABLE child DROP CONSTRAINT child_par_id_fkey', 'ban-drop-constraint:warning drop-fk-locks-parent:info'),
('ALTER TABLE big ADD CONSTRAINT n CHECK (a > 0) NOT VALID; ALTER TABLE big DROP CONSTRAINT n', ''),
-- columns
('ALTER TABLE big ADD COLUMN z float8 DEFAULT random()', 'adding-field-with-default:error'),
('ALTER TABLE big ADD COLUMN z uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE', 'adding-field-with-default:error disallowed-unique-constraint:error'),
('ALTER TABLE big ADD COLUMN z bigint DEFAULT nextval(''sq'')', 'adding-field-with-default:error'),
('ALTER TABLE big ADD COLUMN z int GENERATED ALWAYS AS (a * 2) STORED', 'adding-field-with-default:error'),
('ALTER TABLE small ADD COLUMN z float8 DEFAULT random()', 'adding-field-with-default:warning'),
('ALTER TABLE none ADD COLUMN z float8 DEFAULT random()', ''),
('ALTER TABLE big ADD COLUMN z int DEFAULT (-1)', ''),
('ALTER TABLE big ADD COLUMN z text DEFAULT lower(''A'') NOT NULL', ''),
('ALTER TABLE big ADD COLUMN z timestamptz DEFAULT now()', 'stable-default-frozen:info'),
('ALTER TABLE none ADD COLUMN z timestamptz DEFAULT now()', ''),
('ALTER TABLE big ADD COLUMN z serial', 'serial-rewrite:error'),
('ALTER TABLE big ADD COLUMN z bigint GENERATED BY DEFAULT AS IDENTITY', 'serial-rewrite:error'),
('ALTER TABLE none ADD COLUMN z serial', ''),
('ALTER TABLE big ALTER a ADD GENERATED ALWAYS AS IDENTITY', ''),
('ALTER TABLE big ADD COLUMN z positive', 'constrained-domain-column:error'),
('ALTER TABLE big ADD COLUMN z plain', ''),
('ALTER TABLE big ADD COLUMN z int NOT NULL', 'adding-required-field:error'),
('ALTER TABLE big ADD COLUMN z int NOT NULL DEFAULT NULL', 'adding-required-field:error'),
('ALTER TABLE big ADD COLUMN z required', 'adding-required-field:error constrained-domain-column:error'),
('ALTER TABLE none ADD COLUMN z int NOT NULL', ''),
('ALTER TABLE big ADD COLUMN z int NOT NULL DEFAULT 0', ''),
('ALTER TABLE big ALTER e TYPE bigint', 'changing-column-type:error'),
('ALTER TABLE small ALTER a TYPE bigint', 'changing-column-type:warning'),
('ALTER TABLE none ALTER a TYPE bigint', ''),
('ALTER TABLE big ALTER n TYPE numeric(12, 2)', ''),
('ALTER TABLE big ALTER t TYPE varchar', ''),
('ALTER TABLE big ALTER j TYPE jsonb', 'changing-column-type:error'),
('ALTER TABLE big ALTER t TYPE int', 'datatype-mismatch:error'),
('ALTER TABLE big ALTER c TYPE varchar(60)', 'column-used-by-view:error'),
('DROP VIEW vw; ALTER TABLE big ALTER c TYPE varchar(60)', ''),
('ALTER TABLE big SET UNLOGGED', 'persistence-change:error'),
('ALTER TABLE unlogged_already SET LOGGED', 'persistence-change:error'),
('ALTER TABLE unlogged_already SET UNLOGGED', ''),
('CLUSTER big USING big_pkey', 'table-rewrite:error'),
('CLUSTER none USING none_pkey', ''),
('VACUUM FULL big', 'table-rewrite:error'),
('VACUUM big', ''),
-- data
('DROP TABLE "Odd Table"', 'ban-drop-table:error'),
('DROP TABLE none', 'ban-drop-table:warning'),
('CREATE TABLE new (a int); DROP TABLE new', ''),
('DROP TABLE par', 'ban-drop-table:error dependent-objects-still-exist:error'),
('DROP TABLE par, child', 'ban-drop-table:error'),
('ALTER TABLE child DROP CONSTRAINT child_par_id_fkey; DROP TABLE child', 'ban-drop-constraint:warning ban-drop-table:error drop-fk-locks-parent:info'),
('DROP TABLE par CASCADE', 'ban-drop-cascade:error ban-drop-table:error'),
('DROP TABLE child', 'ban-drop-table:error hidden-table-lock:info'),
('DROP SCHEMA lint_rules CASCADE', 'ban-drop-schema:error'),
('CREATE SCHEMA other; DROP SCHEMA other', ''),
('DROP DATABASE other', 'ban-drop-database:error'),
('ALTER TABLE big DROP COLUMN t', 'ban-drop-column:error'),
('ALTER TABLE big DROP COLUMN gen', 'ban-drop-column:warning'),
('ALTER TABLE none DROP COLUMN a', 'ban-drop-column:warning'),
('ALTER TABLE big DROP COLUMN c', 'ban-drop-column:error dependent-objects-still-exist:error'),
('ALTER TABLE big DROP COLUMN c CASCADE', 'ban-drop-cascade:error ban-drop-column:error'),
('ALTER TABLE big ADD COLUMN z int; ALTER TABLE big DROP COLUMN z', ''),
('TRUNCATE "Odd Table"', 'ban-truncate:error'),
('TRUNCATE none', ''),
('TRUNCATE par', 'dependent-objects-still-exist:error'),
('TRUNCATE par, child', 'ban-truncate:error'),
('TRUNCATE par CASCADE', 'ban-truncate-cascade:error'),
('DELETE FROM big', 'delete-without-where:error'),
('DELETE FROM big WHERE id = 1', ''),
('DELETE FROM none', ''),
('UPDATE big SET b = lower(b)', 'update-without-where:warning'),
('UPDATE big SET b = lower(b) WHERE true', 'update-without-where:warning'),
('UPDATE big SET b = lower(b) WHERE b <> lower(b)', ''),
('UPDATE big SET b = ''x'', b = ''y'' WHERE id = 1', 'ban-duplicate-column-assignments:error'),
('UPDATE big SET b = ''x'', c = ''y'' WHERE id = 1', ''),
('INSERT INTO par (id, code, id) VALUES (0, ''x'', 0)', 'ban-duplicate-column-assignments:error'),
('INSERT INTO par (id, code) VALUES (1, ''x'') ON CONFLICT (id) DO UPDATE SET v = 1, v = 2', 'ban-duplicate-column-assignments:error'),
('WITH x AS (UPDATE par SET v = 1, v = 2 WHERE id = 1 RETURNING id) SELECT * FROM x', 'ban-duplicate-column-assignments:error'),
('CREATE TABLE new (a int, a text)', 'ban-duplicate-column-assignments:error'),
('CREATE TABLE IF NOT EXISTS big (a int, a text)', ''),
('CREATE VIEW new AS SELECT id, b AS id FROM big', 'ban-duplicate-column-assignments:error'),
('CREATE VIEW new (a, b) AS SELECT id, id FROM big', ''),
('CREATE VIEW new AS SELECT big.*, 1 AS z FROM big', ''),
('CREATE TABLE new AS SELECT 1, 2', 'ban-duplicate-column-assignments:error'),
('CREATE TABLE new AS SELECT 1 AS a UNION ALL SELECT 1 AS a', ''),
('SELECT 1, 1', ''),
('ALTER TABLE big RENAME COLUMN b TO bb', 'renaming-column:warning'),
('ALTER TABLE big ADD COLUMN z int; ALTER TABLE big RENAME COLUMN z TO y', ''),
('ALTER TABLE "Odd Table" RENAME TO "Odder"', 'renaming-table:warning'),
('ALTER TABLE "Odd Table" RENAME TO "Odder"; CREATE VIEW "Odd Table" AS SELECT * FROM "Odder"', ''),
('CREATE TABLE new (a int); ALTER TABLE new RENAME TO newer', ''),
('ALTER INDEX big_b_idx RENAME TO big_bb_idx', ''),
('ALTER VIEW vw RENAME TO vv', 'renaming-object:warning'),
('ALTER TYPE mood RENAME VALUE ''ok'' TO ''fine''', 'renaming-object:warning'),
('ALTER SCHEMA lint_rules RENAME TO other', 'renaming-object:warning'),
('ALTER TABLE big ALTER a DROP NOT NULL', 'ban-drop-not-null:warning'),
('ALTER TABLE big ALTER b DROP NOT NULL', ''),
('ALTER TABLE big ALTER own DROP DEFAULT', 'ban-drop-default:warning'),
('ALTER TABLE big ALTER b DROP DEFAULT', ''),
('DROP TYPE mood', 'dependent-objects-still-exist:error'),
('DROP TYPE mood CASCADE', 'ban-drop-cascade:error'),
('CREATE TYPE new AS ENUM (''a''); DROP TYPE new', ''),
('CREATE TYPE new AS ENUM (''sad'', ''ok''); ALTER TABLE big ALTER st TYPE new USING st::text::new; DROP TYPE mood CASCADE', 'changing-column-type:error'),
('ALTER TABLE big DROP COLUMN st; DROP TYPE mood CASCADE', 'ban-drop-column:error'),
('DROP FUNCTION trg() CASCADE', 'ban-drop-cascade:error'),
('ALTER TABLE big ENABLE ROW LEVEL SECURITY', 'brief-lock:info enabling-row-security:warning'),
('CREATE TABLE new (a int); ALTER TABLE new ENABLE ROW LEVEL SECURITY', ''),
('ALTER TABLE big DISABLE TRIGGER tg', 'ban-disable-trigger:warning brief-lock:info'),
('ALTER TABLE big ENABLE TRIGGER tg', 'brief-lock:info'),
('BEGIN; ALTER TYPE mood ADD VALUE ''new''; UPDATE big SET st = ''new'' WHERE id = 1; COMMIT; SELECT 1', 'enum-value-same-transaction:error'),
('BEGIN; ALTER TYPE mood ADD VALUE ''new''; ALTER TABLE big ALTER st SET DEFAULT ''new''; COMMIT; SELECT 1', 'enum-value-same-transaction:error'),
('BEGIN; ALTER TYPE mood ADD VALUE ''new''; UPDATE "Odd Table" SET "Select" = ''new'' WHERE id = 1; COMMIT; SELECT 1', ''),
('ALTER TYPE mood ADD VALUE ''new''; UPDATE big SET st = ''new'' WHERE id = 1', ''),
('BEGIN; ALTER TYPE mood ADD VALUE ''new''; COMMIT; UPDATE big SET st = ''new'' WHERE id = 1', ''),
('BEGIN; CREATE TYPE new AS ENUM (''a''); ALTER TYPE new ADD VALUE ''b''; CREATE TABLE nt (x new DEFAULT ''b''); COMMIT; SELECT 1', ''),
-- partitions, views, triggers
('ALTER TABLE p ATTACH PARTITION pnew FOR VALUES FROM (2000) TO (3000)', 'attach-partition-scan:error'),
('ALTER TABLE p ATTACH PARTITION pok FOR VALUES FROM (2000) TO (3000)', ''),
('ALTER TABLE p ATTACH PARTITION pnone FOR VALUES FROM (2000) TO (3000)', ''),
('CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (3000) TO (MAXVALUE) WITH (fillfactor = 70)', 'create-partition-locks-parent:info'),
('CREATE TABLE IF NOT EXISTS p3 PARTITION OF p DEFAULT', 'create-partition-locks-parent:info'),
('CREATE TABLE h1 PARTITION OF ph FOR VALUES WITH (MODULUS 2, REMAINDER 0)', 'create-partition-locks-parent:info'),
('CREATE TABLE new (k int) PARTITION BY LIST (k); CREATE TABLE new1 PARTITION OF new FOR VALUES IN (1)', ''),
('CREATE TABLE pd_b PARTITION OF pd FOR VALUES IN (''b'', ''c'')', 'create-partition-locks-parent:info default-partition-scan:error'),
('CREATE TABLE pd_b (LIKE pd); ALTER TABLE pd ATTACH PARTITION pd_b FOR VALUES IN (''b'')', 'default-partition-scan:error'),
('ALTER TABLE p DETACH PARTITION p1', 'require-concurrent-partition-detach:info'),
('ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY', ''),
('ALTER TABLE pd DETACH PARTITION pd_a', 'hidden-table-lock:info require-concurrent-partition-detach:info'),
('DROP TABLE p1', 'ban-drop-table:error drop-partition-locks-parent:info'),
('ALTER TABLE p DETACH PARTITION p1 CONCURRENTLY; DROP TABLE p1', 'ban-drop-table:error'),
('ALTER TABLE p ADD COLUMN z int', 'locks-all-partitions:info'),
('ALTER TABLE ph ADD COLUMN z int', ''),
('REFRESH MATERIALIZED VIEW mv', 'refresh-matview:error'),
('REFRESH MATERIALIZED VIEW mvn', 'refresh-matview:error'),
('REFRESH MATERIALIZED VIEW CONCURRENTLY mv', ''),
('CREATE OR REPLACE VIEW vw AS SELECT id, c FROM big', 'brief-lock:info'),
('CREATE VIEW new AS SELECT id FROM big', ''),
('CREATE TRIGGER new BEFORE INSERT ON big FOR EACH ROW EXECUTE FUNCTION trg()', 'brief-lock:info'),
('DROP TRIGGER tg ON big', 'brief-lock:info'),
('CREATE TABLE nt (a int); CREATE TRIGGER new BEFORE INSERT ON nt FOR EACH ROW EXECUTE FUNCTION trg()', ''),
('DROP POLICY pol ON child', 'brief-lock:info'),
-- transactions
('BEGIN; CREATE INDEX CONCURRENTLY n ON big (d); COMMIT', 'ban-concurrent-index-creation-in-transaction:error'),
('CREATE INDEX CONCURRENTLY n ON big (d); CREATE INDEX CONCURRENTLY m ON big (n)', ''),
('BEGIN; DROP INDEX CONCURRENTLY big_b_idx; COMMIT', 'no-transaction-command:error'),
('BEGIN; VACUUM none; COMMIT', 'no-transaction-command:error'),
('SET LOCAL lock_timeout = 0; ALTER TABLE big ADD COLUMN z int; ALTER TABLE big ADD COLUMN y int', 'require-lock-timeout:warning'),
('SET LOCAL lock_timeout = 0; SET LOCAL lock_timeout = ''1s''; ALTER TABLE big ADD COLUMN z int', ''),
('SET LOCAL lock_timeout = 0; CREATE TABLE new (a int)', ''),
('SET LOCAL lock_timeout = 0; SELECT 1', ''),
('ALTER TABLE big ADD COLUMN z int; UPDATE child SET v = v + 1 WHERE v > 0', 'statement-after-access-exclusive:warning'),
('BEGIN; ALTER TABLE big ADD COLUMN z int; COMMIT; UPDATE child SET v = v + 1 WHERE v > 0', ''),
('ALTER TABLE big ADD COLUMN z int; ALTER TABLE child ADD COLUMN z int', ''),
('CREATE TABLE new (a int); UPDATE child SET v = v + 1 WHERE v > 0', ''),
('DO ''BEGIN NULL; END''', 'dynamic-statement:info'),
('CALL proc()', 'dynamic-statement:info'),
('CREATE FUNCTION lint_rules.does() RETURNS int LANGUAGE sql AS ''SELECT 1''; SELECT now(), does()', 'dynamic-statement:info'),
('CREATE FUNCTION lint_rules.does() RETURNS int LANGUAGE sql STABLE AS ''SELECT 1''; SELECT does()', ''),
-- what fails
('ALTER TABLE no_such_table ADD COLUMN z int', 'undefined-table:error'),
('ALTER TABLE IF EXISTS no_such_table ADD COLUMN z int', ''),
('CREATE TABLE new (a int); ALTER TABLE new ADD COLUMN z int', ''),
('DROP TABLE no_such_table', 'undefined-table:error'),
('DROP TABLE IF EXISTS no_such_table', ''),
('DO ''BEGIN END''; ALTER TABLE no_such_table ADD COLUMN z int', 'dynamic-statement:info'),
('CREATE TABLE big (a int)', 'duplicate-table:error'),
('CREATE TABLE IF NOT EXISTS big (a int)', ''),
('CREATE TABLE other.big (a int)', ''),
('CREATE TEMP TABLE big (a int)', ''),
('CREATE INDEX CONCURRENTLY big_b_idx ON big (a)', 'duplicate-table:error'),
('ALTER TABLE big DROP COLUMN no_such', 'undefined-column:error'),
('ALTER TABLE big DROP COLUMN IF EXISTS no_such', ''),
('CREATE INDEX CONCURRENTLY n ON big (no_such)', 'undefined-column:error'),
('CREATE INDEX CONCURRENTLY n ON big (ctid)', 'undefined-column:error'),
('ALTER TABLE none ADD COLUMN z int, ALTER COLUMN z SET DEFAULT 1', ''),
('ALTER TABLE big ADD COLUMN a int', 'duplicate-column:error'),
('ALTER TABLE big ADD COLUMN IF NOT EXISTS a int NOT NULL', ''),
('ALTER TABLE big RENAME COLUMN b TO a', 'duplicate-column:error renaming-column:warning'),
('ALTER TABLE big ADD CONSTRAINT later CHECK (a > 1) NOT VALID', 'duplicate-object:error'),
('ALTER TABLE big DROP CONSTRAINT later, ADD CONSTRAINT later CHECK (a > 1) NOT VALID', ''),
('ALTER TABLE big DROP CONSTRAINT no_such', 'undefined-object:error'),
('ALTER TABLE big DROP CONSTRAINT IF EXISTS no_such', ''),
('ALTER TABLE child ADD FOREIGN KEY (par_id) REFERENCES par (code) NOT VALID', 'invalid-foreign-key:error'),
('ALTER TABLE child ADD FOREIGN KEY (par_id) REFERENCES big (e) NOT VALID', ''),
('SELECT no_such_column FROM big', ''),
-- style is off
('CREATE TABLE new (a int, b varchar(10), c char(3), d timestamp, e json, f serial)', '');

SELECT is(found(statement), expected, statement) FROM cases ORDER BY n;

-- what to write instead, where something is
SELECT is(works(CASE WHEN f.rule = 'fk-without-index' THEN c.statement
					 WHEN c.statement ~ '^BEGIN' THEN ''
					 ELSE rtrim(left(c.statement, strpos(c.statement, f.statement) - 1), '; ') END,
				f.sql),
		  'works', 'instead of ' || c.statement || ' (' || f.rule || ')')
	FROM cases c, migrate_lint_sql(c.statement) f
	WHERE f.sql IS NOT NULL ORDER BY c.n, f.rule;

-- style, when it is on
SET LOCAL migrate.lint_rules = 'style=info';
CREATE TEMP TABLE styles (n int GENERATED ALWAYS AS IDENTITY, statement text, expected text);
INSERT INTO styles (statement, expected) VALUES
('CREATE TABLE lint_rules.new (a int)', 'prefer-bigint-over-int:info'),
('CREATE TABLE lint_rules.new (a smallint)', 'prefer-bigint-over-smallint:info'),
('CREATE TABLE lint_rules.new (a bigserial)', 'prefer-identity:info'),
('CREATE TABLE lint_rules.new (a serial)', 'prefer-bigint-over-int:info prefer-identity:info'),
('CREATE TABLE lint_rules.new (a varchar(10))', 'prefer-text-field:info'),
('CREATE TABLE lint_rules.new (a varchar)', ''),
('CREATE TABLE lint_rules.new (a character(10))', 'ban-char-field:info'),
('CREATE TABLE lint_rules.new (a "char")', ''),
('CREATE TABLE lint_rules.new (a timestamp)', 'prefer-timestamp-tz:info'),
('CREATE TABLE lint_rules.new (a timestamptz)', ''),
('CREATE TABLE lint_rules.new (a json)', 'json-column:info'),
('CREATE TABLE lint_rules.new (a jsonb)', ''),
('ALTER TABLE lint_rules.none ADD COLUMN z int', 'prefer-bigint-over-int:info'),
('CREATE TABLE new (a bigint)', 'require-table-schema:info'),
('CREATE TEMP TABLE new (a bigint)', ''),
('CREATE TABLE new AS SELECT 1 AS a', 'require-table-schema:info'),
('CREATE TABLE lint_rules.new AS SELECT 1 AS a', ''),
('CREATE TABLE lint_rules.' || repeat('x', 63) || ' (a bigint)', ''),
('CREATE TABLE lint_rules.' || repeat('x', 64) || ' (a bigint)', 'identifier-too-long:info'),
('CREATE TABLE lint_rules."' || repeat('""', 40) || '" (a bigint)', ''),
('ALTER TYPE mood ADD VALUE ''new''', 'require-enum-value-ordering:info'),
('ALTER TYPE mood ADD VALUE ''new'' BEFORE ''ok''', ''),
('CREATE INDEX CONCURRENTLY n ON lint_rules.big (d); SELECT 1', 'prefer-robust-stmts:info'),
('CREATE INDEX CONCURRENTLY IF NOT EXISTS n ON lint_rules.big (d); SELECT 1', ''),
('CREATE TABLE lint_rules.new (a bigint); SELECT 1', '');
SELECT is(found(statement), expected, statement) FROM styles ORDER BY n;
RESET migrate.lint_rules;

-- every rule is found at least once, but what others see to
SELECT bag_eq(
	$$SELECT name FROM migrate_lint_rules() EXCEPT
		SELECT split_part(unnest(string_to_array(expected, ' ')), ':', 1) FROM
			(SELECT expected FROM cases UNION ALL SELECT expected FROM styles) c$$,
	ARRAY['ban-uncommitted-transaction', 'ignore-without-reason', 'require-statement-timeout', 'set-expression-rewrite', 'syntax-error',
		'transaction-nesting', 'unused-ignore'], 'all rules have a case');

-- what a later statement of the transaction makes good
CREATE TYPE feeling AS ENUM ('ok');
CREATE TABLE later (id int PRIMARY KEY, st feeling NOT NULL DEFAULT 'ok', x int NOT NULL DEFAULT 1, par_id bigint REFERENCES par,
	CONSTRAINT later_x CHECK (x > 0), CONSTRAINT later_key UNIQUE (x, id));
INSERT INTO later SELECT g FROM generate_series(1, 300) g;
CREATE INDEX ON later (par_id);
ANALYZE later;
CREATE TEMP TABLE made_good AS SELECT row_number() OVER () AS n, * FROM (VALUES
('CREATE TYPE new AS ENUM (''ok''); ALTER TABLE later ALTER st DROP DEFAULT; ALTER TABLE later ALTER st TYPE new USING st::text::new;'
 'ALTER TYPE feeling RENAME TO feeling_old; ALTER TYPE new RENAME TO feeling; DROP TYPE feeling_old CASCADE; ALTER TABLE later ALTER st SET DEFAULT ''ok''',
 'changing-column-type:error statement-after-access-exclusive:warning'),
('ALTER TABLE later ALTER st DROP DEFAULT', 'ban-drop-default:warning'),
('ALTER TABLE later ALTER st DROP DEFAULT; ALTER TABLE later ALTER x SET DEFAULT 2', 'ban-drop-default:warning'),
('BEGIN; ALTER TABLE later ALTER st DROP DEFAULT; COMMIT; BEGIN; ALTER TABLE later ALTER st SET DEFAULT ''ok''; COMMIT', 'ban-drop-default:warning'),
('ALTER TABLE later ALTER x DROP DEFAULT, ALTER x DROP NOT NULL', 'ban-drop-default:info ban-drop-not-null:warning'),
('ALTER TYPE mood RENAME TO other', 'renaming-object:warning'),
('ALTER TABLE later RENAME TO old_one; CREATE TABLE later (id bigint)', ''),
('ALTER TABLE later RENAME TO old_one; ALTER TABLE small RENAME TO later', 'renaming-table:warning'),
('ALTER TABLE later RENAME COLUMN x TO y', 'renaming-column:warning'),
('ALTER TABLE later DROP CONSTRAINT later_x', 'ban-drop-constraint:warning'),
('ALTER TABLE later DROP CONSTRAINT later_x, ADD CONSTRAINT later_x CHECK (x > 1) NOT VALID', ''),
('ALTER TABLE later DROP CONSTRAINT later_x, ADD CONSTRAINT later_y CHECK (x > 1) NOT VALID', 'ban-drop-constraint:warning'),
('ALTER TABLE later DROP CONSTRAINT later_par_id_fkey; ALTER TABLE later ADD FOREIGN KEY (par_id) REFERENCES par ON DELETE CASCADE NOT VALID', 'drop-fk-locks-parent:info'),
('ALTER TABLE later DROP CONSTRAINT later_par_id_fkey; ALTER TABLE later ADD FOREIGN KEY (par_id) REFERENCES small NOT VALID', 'ban-drop-constraint:warning drop-fk-locks-parent:info'),
('ALTER TABLE later DROP CONSTRAINT later_key; ALTER TABLE later ADD CONSTRAINT n UNIQUE (id, x)', 'ban-drop-constraint:warning disallowed-unique-constraint:error statement-after-access-exclusive:warning'),
('ALTER TABLE later ADD y int; UPDATE later SET y = x', 'statement-after-access-exclusive:warning update-without-where:warning'),
('UPDATE later SET x = 2', 'update-without-where:warning')
) v (statement, expected);
SELECT is(found(statement), expected, statement) FROM made_good ORDER BY n;
SELECT is((SELECT level || ' ' || (why ~ 'lost') FROM migrate_lint_sql('ALTER TABLE later ADD y int; UPDATE later SET y = x') WHERE rule = 'update-without-where'),
	'low false', 'what a new column had is no loss');

-- which columns a view of the text uses
SELECT is(coalesce((SELECT string_agg(rule, ' ') FROM migrate_lint_sql('CREATE VIEW new AS ' || query || '; ALTER TABLE none DROP COLUMN a')
	WHERE rule ~ 'depend'), ''), expected, query)
FROM (VALUES
	('SELECT small.a, none.id FROM none JOIN small ON small.id = none.id', ''),
	('SELECT small.a, n.a AS b FROM none n JOIN small ON small.id = n.id', 'dependent-objects-still-exist'),
	('SELECT small.*, none.id AS none_id FROM none LEFT JOIN small ON small.id = none.id', ''),
	('SELECT n.* FROM none n', 'dependent-objects-still-exist'),
	('SELECT * FROM none', 'dependent-objects-still-exist'),
	('SELECT a FROM none', 'dependent-objects-still-exist'),
	('SELECT count(n) FROM none n', 'dependent-objects-still-exist'),
	('SELECT none.id FROM none JOIN small USING (a)', 'dependent-objects-still-exist'),
	('SELECT none.id FROM none NATURAL JOIN small', 'dependent-objects-still-exist'),
	('SELECT y FROM none n (x, y)', 'dependent-objects-still-exist'),
	('SELECT lint_rules.none.id FROM none', '')) v (query, expected);

-- what the text has dropped is not locked by what comes later
SELECT is((SELECT string_agg(why, ' ') FROM migrate_lint_sql('DROP TABLE child; DROP TABLE par') WHERE line = 1 AND why ~ 'child.*child'), NULL,
	'a table that is gone is not locked again');
SELECT is((SELECT count(*) FROM migrate_lint_effects('DROP TABLE child; DROP TABLE par') WHERE statement = 2 AND relation LIKE 'child%'), 0::bigint,
	'... nor are its parts');

-- commands of one ALTER TABLE have places of their own
SELECT results_eq(
	$$SELECT rule, line, "column" FROM migrate_lint_sql(E'ALTER TABLE big\n  DROP COLUMN c,\n  ADD COLUMN z int, DROP COLUMN t') WHERE rule = 'ban-drop-column'$$,
	$$VALUES ('ban-drop-column', 2, 3), ('ban-drop-column', 3, 21)$$, 'a command has its place');
SELECT is((SELECT "column" FROM migrate_lint_sql('ALTER TABLE big DROP COLUMN c') WHERE rule = 'ban-drop-column'), 1, '... the only one the statement''s');

-- work under a lock is told of once for each statement that took one
SELECT results_eq(
	$$SELECT line, why ~ 'So do later statements \(line 3, 5\)\.$' FROM migrate_lint_sql(
		E'ALTER TABLE big ADD COLUMN z int;\nUPDATE child SET v = 2 WHERE v = 1;\nUPDATE par SET v = 2 WHERE v = ''1'';\n'
		'UPDATE par SET v = 2 WHERE v = ''2'';  -- migrate:ignore statement-after-access-exclusive few\n'
		'CREATE TABLE new AS SELECT * FROM par;')
	  WHERE rule IN ('statement-after-access-exclusive', 'unused-ignore')$$,
	$$VALUES (2, true)$$, 'one finding for all that is done under a lock');
SELECT results_eq(
	$$SELECT line, why ~ 'So do' FROM migrate_lint_sql(
		E'ALTER TABLE big ADD COLUMN z int;\nUPDATE child SET v = 2 WHERE v = 1;  -- migrate:ignore statement-after-access-exclusive few\n'
		'UPDATE par SET v = 2 WHERE v = ''1'';') WHERE rule IN ('statement-after-access-exclusive', 'unused-ignore')$$,
	$$VALUES (3, false)$$, '... the next one, if the first is suppressed');
SELECT matches((SELECT why FROM migrate_lint_sql('ALTER TABLE big ADD COLUMN z int; ' || repeat('UPDATE child SET v = 2 WHERE v = 1; ', 30))
	WHERE rule = 'statement-after-access-exclusive'), 'and 19 more\)\.$', '... with a limit');

-- a NULL for now is no way where the column becomes the key at once
SELECT results_eq(
	$$SELECT sql FROM (VALUES ('id'), ('z')) k (k), migrate_lint_sql('ALTER TABLE unlogged_already ADD COLUMN z int NOT NULL, ADD PRIMARY KEY (' || k || ')')
	  WHERE rule = 'adding-required-field' ORDER BY sql$$,
	$$VALUES ('ALTER TABLE unlogged_already ADD COLUMN z int, ADD PRIMARY KEY (id);'), (NULL)$$, 'what to write where the column becomes a key');

SELECT finish();
ROLLBACK;
