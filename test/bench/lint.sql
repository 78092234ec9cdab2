-- What is judged, what is true, and who says what of it: for test/bench/lint.
-- The measurements are in the tables statements, type_changes and defaults.

CREATE TABLE bench.statement (
	number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	source text NOT NULL,
	kind text NOT NULL,
	statement text NOT NULL,
	setup text NOT NULL DEFAULT '',		-- before it, and no part of what is judged
	path text NOT NULL,					-- search_path
	long boolean NOT NULL				-- what was measured
);
CREATE TABLE bench.verdict (
	tool text,
	number integer REFERENCES bench.statement,
	said text NOT NULL,					-- rules by which it calls it long
	PRIMARY KEY (tool, number)
);

-- The measurements of the newest version that is not newer than the server.
CREATE FUNCTION bench.major(versions integer[]) RETURNS integer
LANGUAGE sql BEGIN ATOMIC
	SELECT max(v) FROM unnest(versions) v
	 WHERE v <= pg_catalog.current_setting('server_version_num')::integer / 10000;
END;

-- What was there when a kind was measured, but is not in the fixture.
CREATE TABLE bench.setup (kind text PRIMARY KEY, setup text NOT NULL);
INSERT INTO bench.setup VALUES
	('ALTER INDEX ATTACH PARTITION',
	 'CREATE INDEX pki ON ONLY p (k); CREATE INDEX p1ki ON p1 (k)'),
	('ALTER INDEX ALTER COLUMN SET STATISTICS',
	 'CREATE INDEX ei ON emptyt ((a + 1))'),
	('ALTER DOMAIN VALIDATE',
	 'ALTER DOMAIN dom ADD CONSTRAINT q CHECK (value <> '''') NOT VALID'),
	('ADD PRIMARY KEY (not null col)',
	 'CREATE TABLE tpk AS SELECT g AS v, g AS w FROM generate_series(1, 1000) g;
	  ALTER TABLE tpk ALTER w SET NOT NULL; ANALYZE tpk'),
	('ADD PRIMARY KEY USING INDEX (nullable col)',
	 'CREATE TABLE tnnx AS SELECT g AS v, g AS w FROM generate_series(1, 1000) g;
	  CREATE UNIQUE INDEX tnnx_w ON tnnx (w); ANALYZE tnnx'),
	('ADD PRIMARY KEY USING INDEX (not null col)',
	 'CREATE TABLE tnny AS SELECT g AS v, g AS w FROM generate_series(1, 1000) g;
	  ALTER TABLE tnny ALTER w SET NOT NULL; CREATE UNIQUE INDEX tnny_w ON tnny (w); ANALYZE tnny'),
	('TYPE int->bigint (indexed)',
	 'CREATE TABLE tib AS SELECT g AS a FROM generate_series(1, 3000) g; CREATE INDEX ON tib (a); ANALYZE tib'),
	('TYPE varchar widen + CHECK on col',
	 'CREATE TABLE tck (vc varchar(20) CHECK (vc <> ''''));
	  INSERT INTO tck SELECT ''x'' FROM generate_series(1, 500); ANALYZE tck'),
	('INHERIT', 'CREATE TABLE inh2 (LIKE par)'),
	('ADD FK referencing partitioned', 'CREATE TABLE fkp (id bigint, k integer)'),
	('SET NOT NULL (CHECK v>0 proves not null?)', 'ALTER TABLE tnn ADD CHECK (w > 0)'),
	('SET NOT NULL (CHECK NOT VALID)', 'ALTER TABLE tnn ADD CHECK (w IS NOT NULL) NOT VALID'),
	('SET NOT NULL (compound CHECK)', 'ALTER TABLE tnn ADD CHECK (w IS NOT NULL AND w > 0)'),
	('VALIDATE NOT NULL', 'ALTER TABLE tnn ADD CONSTRAINT w_nn NOT NULL w NOT VALID');

-- TRUNCATE gives a table a new file, but neither reads nor copies what was in it.
INSERT INTO bench.statement (source, kind, statement, setup, path, long)
SELECT 'statements', row ->> 'group', row ->> 'sql',
	   concat_ws('; ', (SELECT string_agg(b, '; ') FROM jsonb_array_elements_text(row -> 'before') b), s.setup),
	   'm, public',
	   EXISTS (SELECT FROM jsonb_array_elements(row -> 'locks') l
				WHERE (l ->> 'pre')::boolean
				  AND l ->> 'mode' IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'))
	   AND (jsonb_array_length(row -> 'rewritten') > 0 OR
			EXISTS (SELECT FROM jsonb_array_elements(row -> 'scans') WHERE (value ->> 'tup')::integer > 0))
	   AND row ->> 'sql' !~* '^truncate'
  FROM bench.statements r LEFT JOIN bench.setup s ON s.kind = row ->> 'group'
 WHERE (row ->> 'pg')::integer = (SELECT bench.major(array_agg((row ->> 'pg')::integer)) FROM bench.statements)
 ORDER BY r.id;

-- What cannot be converted fails, and is not judged.
CREATE SCHEMA types;
SET search_path = types, public;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TYPE mood2 AS ENUM ('a', 'b', 'c');
CREATE TYPE ct AS (a integer);
CREATE DOMAIN dom_text AS text;
CREATE DOMAIN dom_int AS integer;
CREATE DOMAIN dom_vc10 AS varchar(10);
CREATE DOMAIN dom_text_ck AS text CHECK (value <> '');
SELECT format('CREATE TABLE %I (c %s); INSERT INTO %1$I VALUES (NULL); ANALYZE %1$I', 'from ' || f, f)
  FROM (SELECT DISTINCT row ->> 'from' AS f FROM bench.type_changes) t \gexec
RESET search_path;
INSERT INTO bench.statement (source, kind, statement, path, long)
SELECT 'type changes', format('%s to %s', row ->> 'from', row ->> 'to'),
	   format('ALTER TABLE %I ALTER COLUMN c TYPE %s', 'from ' || (row ->> 'from'), row ->> 'to'),
	   'types, public', effect = 'rewrite'
  FROM bench.type_changes, lateral (SELECT row -> 'by_pg' ->> (
			SELECT bench.major(array_agg(v::integer)) FROM jsonb_object_keys(row -> 'by_pg') v)::text AS effect) e
 WHERE effect IN ('none', 'rewrite')
 ORDER BY id;

CREATE SCHEMA defaults;
CREATE TABLE defaults.t AS SELECT id FROM generate_series(1, 100) id;
ANALYZE defaults.t;
INSERT INTO bench.statement (source, kind, statement, path, long)
SELECT 'defaults', format('%s default %s', row ->> 'type', row ->> 'expr'),
	   rtrim(row ->> 'sql', ';'), 'defaults, public',
	   (row -> 'rewrite' ->> (
			SELECT bench.major(array_agg(v::integer)) FROM jsonb_object_keys(row -> 'rewrite') v)::text)::boolean
  FROM bench.defaults
 ORDER BY id;

-- squawk's rules that are about scans, rewrites and index builds; the others
-- are about clients that break, failures, short locks, or style.
CREATE PROCEDURE bench.judge_squawk() LANGUAGE sql AS $$
	INSERT INTO bench.verdict
	SELECT 'squawk', substring(f ->> 'file' FROM '\d+')::integer, string_agg(DISTINCT f ->> 'rule_name', ', ')
	  FROM bench.squawk, jsonb_array_elements(row) f
	 WHERE f ->> 'rule_name' IN ('adding-field-with-default', 'adding-foreign-key-constraint',
		   'adding-not-nullable-field', 'adding-serial-primary-key-field',
		   'ban-alter-domain-with-add-constraint', 'changing-column-type',
		   'constraint-missing-not-valid', 'disallowed-unique-constraint', 'prefer-repack',
		   'require-concurrent-index-creation', 'require-concurrent-reindex')
	 GROUP BY 1, 2
$$;

-- What sets off the hints of "eugene lint" that are about the same, as its list
-- of hints and its rules are published, for tables that were there before.
CREATE TABLE bench.eugene (hint text, statement text NOT NULL, but_not text);
INSERT INTO bench.eugene VALUES
	-- a CHECK or FOREIGN KEY, of the table or a new column, that is valid at once
	('E1', '^alter table .*\madd\M.*\m(check|foreign key|references)\M', '\mnot valid\M'),
	-- any SET NOT NULL
	('E2', '^alter table .*\mset not null\M', NULL),
	-- any change of a column's type
	('E5', '^alter table .*\malter (column )?\S+ (set data )?type\M', NULL),
	-- an index without CONCURRENTLY
	('E6', '^create (unique )?index\M', '\mconcurrently\M'),
	-- a new UNIQUE or PRIMARY KEY that is not of a column's definition
	('E7', '^alter table \S+ add (constraint \S+ )?(unique|primary key)\M', '\musing index\M'),
	-- an EXCLUDE
	('E8', '^alter table .*\mexclude\M', NULL),
	-- a new column that is serial, or generated and stored
	('E11', '^alter table .*\madd (column )?\S+ (serial|bigserial)\M', NULL),
	('E11', '^alter table .*\madd\M.*\mstored\M', NULL),
	-- a PRIMARY KEY of an index
	('W14', '^alter table .*\madd\M.*\mprimary key using index\M', NULL);
CREATE PROCEDURE bench.judge_eugene() LANGUAGE sql AS $$
	INSERT INTO bench.verdict
	SELECT 'eugene lint, as published', number, string_agg(DISTINCT hint, ', ')
	  FROM bench.statement s JOIN bench.eugene e
		ON s.statement ~* e.statement AND (s.statement ~* but_not) IS NOT TRUE
	 GROUP BY 1, 2
$$;

-- All relations count as large, and a lock_timeout bounds the waits: what is
-- left of errors about availability, by which a plan is refused, is what is long.
CREATE PROCEDURE bench.judge_ours() LANGUAGE plpgsql AS $$
DECLARE
	s bench.statement;
	rules text;
BEGIN
	PERFORM set_config('migrate.lint_rows', '0', true), set_config('migrate.lint_size', '0', true),
			set_config('lock_timeout', '2s', true), set_config('TimeZone', 'Europe/Paris', true);
	FOR s IN SELECT * FROM bench.statement ORDER BY number LOOP
		BEGIN
			PERFORM set_config('search_path', s.path, true);
			EXECUTE s.setup;
			SELECT string_agg(DISTINCT rule, ', ') INTO rules
			  FROM mig.migrate_lint_sql(s.statement)
			 WHERE axis = 'availability' AND severity = 'error';
			RAISE SQLSTATE 'BE000';
		EXCEPTION WHEN SQLSTATE 'BE000' THEN
			NULL;
		END;
		IF rules IS NOT NULL THEN
			INSERT INTO bench.verdict VALUES ('ours', s.number, rules);
		END IF;
	END LOOP;
END;
$$;

CREATE VIEW bench.tool (tool, place) AS
	VALUES ('ours', 1), ('squawk', 2), ('eugene lint, as published', 3);
CREATE VIEW bench.wrong AS
	SELECT tool, source, s.number, kind, statement,
		   CASE WHEN long THEN 'missed' ELSE 'false alarm' END AS what, said
	  FROM bench.tool CROSS JOIN bench.statement s LEFT JOIN bench.verdict v USING (tool, number)
	 WHERE long <> (said IS NOT NULL);

-- Who said nothing at all was not asked.
CREATE FUNCTION bench.summary() RETURNS SETOF text LANGUAGE sql AS $$
	WITH source AS (
		SELECT source, min(number) AS place, count(*) FILTER (WHERE long) AS long,
			   count(*) FILTER (WHERE NOT long) AS short
		  FROM bench.statement GROUP BY source
	), figure AS (
		SELECT t.tool, t.place AS tool_place, s.*,
			   count(w.number) FILTER (WHERE what = 'missed') AS missed,
			   count(w.number) FILTER (WHERE what = 'false alarm') AS alarms
		  FROM bench.tool t CROSS JOIN source s LEFT JOIN bench.wrong w USING (tool, source)
		 WHERE t.tool IN (SELECT tool FROM bench.verdict)
		 GROUP BY t.tool, t.place, s.source, s.place, s.long, s.short
	)
	SELECT '| tool | ' || string_agg(format('%s: missed of %s long | false alarms of %s others', source, long, short), ' | ' ORDER BY place) || ' |'
	  FROM source
	UNION ALL
	SELECT '|---|' || string_agg('---:|---:|', '') FROM source
	UNION ALL
	(SELECT format('| %s | %s |', tool, string_agg(format('%s | %s', missed, alarms), ' | ' ORDER BY place))
	   FROM figure GROUP BY tool, tool_place ORDER BY tool_place)
$$;

-- What is wrong by us, and of others if that is wanted.
CREATE FUNCTION bench.details(others boolean) RETURNS SETOF text LANGUAGE sql AS $$
	SELECT format('%s, %s: %s', tool, what, statement) || coalesce(' (' || said || ')', '')
	  FROM bench.wrong JOIN bench.tool USING (tool)
	 WHERE tool = 'ours' OR others AND source = 'statements' AND tool IN (SELECT tool FROM bench.verdict)
	 ORDER BY place, what, number
$$;
