/* migrate--1.0.sql */

-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION migrate" to load this file. \quit

--
-- What is stored.  The tables belong to the extension's owner; everyone else
-- reaches them through the functions and views.
--

CREATE TABLE migrate_migration (
	project text COLLATE "C" NOT NULL,
	version_key bytea NOT NULL,
	order_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('versioned', 'repeatable', 'baseline')),
	hook text COLLATE "C" CHECK (hook IN ('before-run', 'after-each', 'after-run', 'on-failure')),
	always boolean NOT NULL DEFAULT false,
	hole text,
	settled boolean NOT NULL DEFAULT false,
	checksum bytea NOT NULL,
	fingerprint bytea NOT NULL,
	requires text[] NOT NULL DEFAULT '{}',
	tags text[] NOT NULL DEFAULT '{}',
	precondition text,
	precondition_line integer NOT NULL DEFAULT 1,
	precondition_else text COLLATE "C" CHECK (precondition_else IN ('halt', 'skip', 'mark', 'warn')),
	up text NOT NULL,
	up_path text,
	up_line integer NOT NULL DEFAULT 1,
	up_no_transaction boolean NOT NULL DEFAULT false,
	up_variables text,
	up_statements integer,
	up_worker text,
	up_broken text,
	down text,
	down_path text,
	down_line integer NOT NULL DEFAULT 1,
	down_no_transaction boolean NOT NULL DEFAULT false,
	down_variables text,
	down_statements integer,
	down_worker text,
	down_broken text,
	verify text,
	verify_path text,
	verify_line integer NOT NULL DEFAULT 1,
	format text NOT NULL,
	file_gone boolean NOT NULL DEFAULT false,
	registered_by text NOT NULL,
	registrant_superuser boolean NOT NULL,
	registered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (project, version_key)
);

CREATE INDEX migrate_migration_unsettled_idx ON migrate_migration (project)
	WHERE NOT settled;

CREATE INDEX migrate_migration_hook_idx ON migrate_migration (project, version_key)
	WHERE hook IS NOT NULL;

CREATE TABLE migrate_state (
	project text COLLATE "C" NOT NULL,
	target_schema text COLLATE "C" NOT NULL DEFAULT '',
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL CHECK (kind IN ('versioned', 'repeatable', 'baseline')),
	how text COLLATE "C" NOT NULL CHECK (how IN ('run', 'baseline', 'marked', 'adopted')),
	checksum bytea NOT NULL,
	fingerprint bytea NOT NULL,
	statements_done integer NOT NULL,
	statements_total integer NOT NULL,
	applied_at timestamptz NOT NULL,
	applied_by text NOT NULL,
	duration_us bigint NOT NULL,
	order_key bytea NOT NULL,
	PRIMARY KEY (project, target_schema, version_key)
);

-- Where the project stands is the last of them.
CREATE INDEX migrate_state_order_idx ON migrate_state (project, target_schema, order_key)
	WHERE kind <> 'repeatable';

-- What stands for ${name} and the like in the scripts of formats that have it.
CREATE TABLE migrate_variable (
	project text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	value text NOT NULL,
	set_by text NOT NULL,
	set_by_superuser boolean NOT NULL,
	set_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (project, name)
);

-- One hash chain a project.  The hash covers every column before it, in this
-- order; migrate_log_head remembers where the chain ends.
CREATE TABLE migrate_log (
	project text COLLATE "C" NOT NULL,
	id bigint NOT NULL,
	event text COLLATE "C" NOT NULL,
	outcome text COLLATE "C" NOT NULL CHECK (outcome IN ('ok', 'failed')),
	target_schema text COLLATE "C" NOT NULL,
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	checksum bytea,
	statements integer,
	started_at timestamptz NOT NULL,
	finished_at timestamptz NOT NULL,
	duration_us bigint NOT NULL,
	session_role text NOT NULL,
	acting_role text NOT NULL,
	client_addr text,
	application text,
	pid integer NOT NULL,
	server_version integer NOT NULL,
	wal_lsn pg_lsn,
	restore_point text,
	job bigint,
	reason text,
	sqlstate text,
	message text,
	detail text,
	hint text,
	context text,
	path text,
	line integer,
	statement_no integer,
	statement text,
	previous_hash bytea NOT NULL,
	hash bytea NOT NULL,
	PRIMARY KEY (project, id)
);

CREATE INDEX migrate_log_failed_idx ON migrate_log (project, version_key)
	WHERE outcome = 'failed';

CREATE TABLE migrate_log_head (
	project text COLLATE "C" PRIMARY KEY,
	entries bigint NOT NULL,
	hash bytea NOT NULL
);

-- How far a migration has come that commits statement by statement.  A row is
-- there from its first statement until it is applied or rolled back.
CREATE TABLE migrate_journal (
	project text COLLATE "C" NOT NULL,
	target_schema text COLLATE "C" NOT NULL DEFAULT '',
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	direction text COLLATE "C" NOT NULL CHECK (direction IN ('up', 'down')),
	by_statement boolean NOT NULL,
	done integer NOT NULL,
	total integer NOT NULL,
	done_hash bytea NOT NULL,
	begun integer,
	begun_statement text,
	begun_note text,
	outcome text COLLATE "C" CHECK (outcome IN ('failed', 'unknown')),
	message text,
	job bigint,
	began_at timestamptz NOT NULL,
	PRIMARY KEY (project, target_schema, version_key)
);

CREATE SEQUENCE migrate_job_seq;

CREATE TABLE migrate_job (
	id bigint PRIMARY KEY DEFAULT nextval('migrate_job_seq'),
	project text COLLATE "C" NOT NULL,
	action text COLLATE "C" NOT NULL CHECK (action IN ('deploy', 'undo')),
	target text,
	outcome text COLLATE "C" CHECK (outcome IN ('done', 'failed', 'canceled')),
	steps integer,
	steps_done integer,
	session_role text NOT NULL,
	acting_role text NOT NULL,
	client_addr text,
	application text,
	started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	finished_at timestamptz,
	sqlstate text,
	message text,
	detail text,
	hint text,
	context text
);

-- The files that a client registered last, all at once: which ones they were
-- (a hash of paths and hashes), and what was registered when they had been.
CREATE TABLE migrate_file_set (
	project text COLLATE "C" PRIMARY KEY,
	digest bytea NOT NULL,
	registered bytea NOT NULL,
	registrant_superuser boolean NOT NULL
);

-- Sizes of another server's relations, and where they come from.  Of an
-- environment, not of its data: pg_dump leaves them.
CREATE TABLE migrate_statistic (
	schema_name text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	kind text COLLATE "C" NOT NULL,
	rows bigint NOT NULL,
	bytes bigint NOT NULL,
	toast_bytes bigint NOT NULL,
	index_bytes bigint NOT NULL,
	PRIMARY KEY (schema_name, name)
);

CREATE TABLE migrate_statistic_source (
	single boolean PRIMARY KEY DEFAULT true CHECK (single),
	database text,
	server_version text,
	exported_at text,
	imported_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	imported_by text NOT NULL
);

-- DDL as the guard saw it, a row a command; with a project if a run did it.
CREATE SEQUENCE migrate_ddl_seq;

CREATE TABLE migrate_ddl (
	id bigint PRIMARY KEY DEFAULT nextval('migrate_ddl_seq'),
	seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	xid xid8 NOT NULL,
	session_role text NOT NULL,
	acting_role text NOT NULL,
	client_addr text,
	application text,
	pid integer NOT NULL,
	tag text NOT NULL,
	object_type text,
	object_identity text,
	object_count integer NOT NULL,
	objects jsonb NOT NULL,
	rewrites text[],
	statement text,
	context text,
	project text COLLATE "C",
	version text COLLATE "C",
	name text COLLATE "C",
	script text,
	job bigint
);

-- When the reference was changed: the last row counts, and others stay for a
-- while, as runs of several projects do not wait for each other here.  If there
-- was drift that was kept as such, the catalogs' stamp is null, and clean_at,
-- with the transactions of then, is when there was none.
CREATE SEQUENCE migrate_reference_seq;

CREATE TABLE migrate_reference (
	id bigint PRIMARY KEY DEFAULT nextval('migrate_reference_seq'),
	xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
	taken_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	taken_by text NOT NULL DEFAULT session_user,
	origin text COLLATE "C" NOT NULL
		CHECK (origin IN ('apply', 'deploy', 'baseline', 'accept')),
	project text COLLATE "C" NOT NULL,
	job bigint,
	transactions pg_snapshot NOT NULL,
	clean_at timestamptz NOT NULL,
	clean_transactions pg_snapshot NOT NULL,
	stamp bigint
);

-- No index: all of it is read, and identities may be longer than a key.
CREATE TABLE migrate_object (
	kind text COLLATE "C" NOT NULL,
	identity text COLLATE "C" NOT NULL,
	component text COLLATE "C" NOT NULL,
	hash text COLLATE "C" NOT NULL,
	definition text NOT NULL
);

-- Runs that have not left their snapshot: they go on, or were lost.
CREATE TABLE migrate_unsettled (
	project text COLLATE "C" NOT NULL,
	job bigint,
	since timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What migrate_reversible() found last of a migration, with the texts that it
-- had then.
CREATE TABLE migrate_rehearsal (
	project text COLLATE "C" NOT NULL,
	version_key bytea NOT NULL,
	version text COLLATE "C" NOT NULL,
	name text COLLATE "C" NOT NULL,
	up_hash bytea NOT NULL,
	down_hash bytea,
	verdict text COLLATE "C" NOT NULL
		CHECK (verdict IN ('reversible', 'lossy', 'irreversible', 'untested')),
	findings integer NOT NULL,
	rehearsed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	rehearsed_by text NOT NULL,
	PRIMARY KEY (project, version_key)
);

SELECT pg_catalog.pg_extension_config_dump('migrate_migration', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_state', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_variable', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_log', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_log_head', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_journal', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_job_seq', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_job', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_file_set', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_ddl_seq', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_ddl', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_reference_seq', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_reference', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_object', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_unsettled', '');
SELECT pg_catalog.pg_extension_config_dump('migrate_rehearsal', '');

CREATE FUNCTION migrate_state_changed() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_state_changed() IS
	'trigger: keeps migrate_migration.settled true to migrate_state';

CREATE TRIGGER migrate_state_changed
	AFTER INSERT OR UPDATE OR DELETE ON migrate_state
	FOR EACH ROW EXECUTE FUNCTION migrate_state_changed();
ALTER TABLE migrate_state ENABLE ALWAYS TRIGGER migrate_state_changed;
CREATE TRIGGER migrate_state_truncated
	AFTER TRUNCATE ON migrate_state
	FOR EACH STATEMENT EXECUTE FUNCTION migrate_state_changed();
ALTER TABLE migrate_state ENABLE ALWAYS TRIGGER migrate_state_truncated;

CREATE FUNCTION migrate_log_append_only() RETURNS trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_log_append_only() IS
	'trigger: refuses to change or delete what the log holds';

CREATE TRIGGER migrate_log_append_only
	BEFORE UPDATE OR DELETE OR TRUNCATE ON migrate_log
	FOR EACH STATEMENT EXECUTE FUNCTION migrate_log_append_only();
ALTER TABLE migrate_log ENABLE ALWAYS TRIGGER migrate_log_append_only;

--
-- Register
--

CREATE FUNCTION migrate_register(version text, name text, up text,
								 down text DEFAULT NULL,
								 verify text DEFAULT NULL,
								 requires text[] DEFAULT '{}')
	RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_register(text, text, text, text, text, text[]) IS
	'register a migration by its texts: registered, unchanged or replaced';

CREATE FUNCTION migrate_register_file(path text, content text,
									  OUT version text, OUT name text,
									  OUT action text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_register_file(text, text) IS
	'register a migration file, its format recognised from path and content';

CREATE FUNCTION migrate_load(directory text,
							 OUT version text, OUT name text, OUT format text,
							 OUT action text, OUT path text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_load(text) IS
	'register every migration of a directory on the server, all or none';

CREATE FUNCTION migrate_register_files(paths text[], contents text[],
									   hashes text[] DEFAULT NULL,
									   OUT version text, OUT name text,
									   OUT format text, OUT action text,
									   OUT path text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_register_files(text[], text[], text[]) IS
	'register every migration of a directory that the client has read, all or none';

CREATE FUNCTION migrate_known_files(paths text[], hashes text[])
	RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_known_files(text[], text[]) IS
	'would registering these files change nothing';

CREATE FUNCTION migrate_unregister(version text)
	RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_unregister(text) IS
	'forget a migration that is not applied';

CREATE FUNCTION migrate_set_variable(name text, value text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_set_variable(text, text) IS
	'give a variable of the scripts a value, or with NULL take it away: set, replaced, unchanged or removed';

CREATE FUNCTION migrate_variables(OUT name text, OUT value text, OUT source text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_variables() IS
	'the variables that scripts can use in this session, with their values';

CREATE FUNCTION migrate_new(name text, style text DEFAULT NULL,
							OUT path text, OUT content text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_new(text, text) IS
	'file name and template of a new migration with the next free version';

--
-- Look
--

CREATE FUNCTION migrate_project() RETURNS text
	LANGUAGE sql STABLE PARALLEL SAFE
	RETURN coalesce(nullif(current_setting('migrate.project', true), ''), 'default');
COMMENT ON FUNCTION migrate_project() IS
	'the project this session works on (setting migrate.project)';

CREATE FUNCTION migrate_current() RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_current() IS
	'the highest applied version, NULL if none';

CREATE FUNCTION migrate_require(version text, database text DEFAULT NULL,
								environment text DEFAULT NULL,
								system_identifier text DEFAULT NULL)
	RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_require(text, text, text, text) IS
	'true, or an error unless the version is applied, and this is the database, environment and server that is meant';

CREATE PROCEDURE migrate_wait_for(version text, timeout interval DEFAULT NULL,
								  database text DEFAULT NULL,
								  environment text DEFAULT NULL,
								  system_identifier text DEFAULT NULL)
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE migrate_wait_for(text, interval, text, text, text) IS
	'wait until the version is applied; verifies first which database this is';

CREATE FUNCTION migrate_lock_key(project text, target_schema text DEFAULT '')
	RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT IMMUTABLE PARALLEL SAFE;
COMMENT ON FUNCTION migrate_lock_key(text, text) IS
	'the run lock''s key: classid and objid of pg_locks as one number';

-- Two locks say who runs: one (objsubid 19783) while migrations are executed in
-- a transaction, the other (19784) as long as a worker is at it.
CREATE FUNCTION migrate_worker_runs(project text) RETURNS boolean
	LANGUAGE sql STABLE
	RETURN EXISTS (SELECT FROM pg_locks l
					WHERE l.locktype = 'advisory' AND l.objsubid = 19784 AND l.granted
					  AND l.mode = 'ExclusiveLock'
					  AND l.database = (SELECT d.oid FROM pg_database d
										 WHERE d.datname = current_database())
					  AND ((l.classid::bigint << 32) | l.objid::bigint)
						  = migrate_lock_key(migrate_worker_runs.project));
COMMENT ON FUNCTION migrate_worker_runs(text) IS
	'is a worker running migrations of the project in this database';

CREATE VIEW migrate_status AS
	SELECT coalesce(m.version, s.version) AS version,
		   coalesce(m.name, s.name) AS name,
		   coalesce(m.kind, s.kind) AS kind,
		   CASE
				WHEN m.hook IS NOT NULL THEN 'hook'
				WHEN j.version_key IS NOT NULL THEN
					CASE WHEN pg_is_in_recovery() THEN 'unfinished'
						 WHEN migrate_worker_runs(migrate_project()) THEN 'running'
						 WHEN j.outcome = 'failed' THEN 'failed'
						 ELSE 'interrupted' END
				WHEN s.version_key IS NOT NULL AND m.version_key IS NULL
					AND s.kind <> 'baseline' THEN 'missing'
				WHEN c.same AND m.file_gone THEN 'missing'
				WHEN c.same OR m.version_key IS NULL THEN 'applied'
				WHEN s.version_key IS NOT NULL AND m.kind <> 'repeatable' THEN 'changed'
				WHEN m.kind = 'baseline' AND m.settled THEN 'ignored'
				WHEN f.version_key IS NOT NULL THEN 'failed'
				WHEN m.hole IS NOT NULL THEN 'hole'
				WHEN m.kind = 'versioned' AND m.order_key < t.order_key
					AND m.precondition_else IS DISTINCT FROM 'skip' THEN 'out of order'
				ELSE 'pending'
		   END AS state,
		   s.how,
		   s.applied_at,
		   s.applied_by,
		   s.duration_us * interval '1 microsecond' AS duration,
		   m.down IS NOT NULL AND m.down_broken IS NULL AS reversible,
		   CASE
				WHEN m.hook IS NOT NULL THEN m.hook
				WHEN j.version_key IS NOT NULL
					THEN format('%s script, %s of %s statements done', j.direction, j.done, j.total)
						 || coalesce(': ' || j.message, '')
				WHEN f.version_key IS NOT NULL AND c.same IS NOT TRUE THEN f.message
				WHEN s.version_key IS NULL AND m.hole IS NOT NULL THEN m.hole
				WHEN m.up_broken IS NOT NULL THEN m.up_broken
				WHEN c.same AND m.checksum <> s.checksum
					THEN 'cosmetic change since it was applied'
				WHEN s.version_key IS NULL AND m.up_worker IS NOT NULL
					THEN 'cannot run in a transaction: ' || m.up_worker
		   END AS remark,
		   m.up_path AS path,
		   m.registered_by,
		   m.registered_at
	  FROM (SELECT * FROM migrate_migration
			 WHERE project = migrate_project()) m
	  FULL JOIN (SELECT * FROM migrate_state
				  WHERE project = migrate_project() AND target_schema = '') s
		   ON s.version_key = m.version_key
	  LEFT JOIN (SELECT * FROM migrate_journal
				  WHERE project = migrate_project() AND target_schema = '') j
		   ON j.version_key = m.version_key
	 CROSS JOIN LATERAL (SELECT CASE m.kind WHEN 'repeatable' THEN m.checksum = s.checksum
									ELSE m.fingerprint = s.fingerprint END AS same) c
	  LEFT JOIN (SELECT order_key
				   FROM migrate_state
				  WHERE project = migrate_project() AND target_schema = ''
					AND kind <> 'repeatable'
				  ORDER BY order_key DESC LIMIT 1) t ON true
	  LEFT JOIN (SELECT DISTINCT ON (e.version_key) e.version_key, e.message
				   FROM migrate_log e
				  WHERE e.project = migrate_project() AND e.outcome = 'failed'
					AND e.event = 'apply'
					AND NOT EXISTS (SELECT FROM migrate_log later
									 WHERE later.project = e.project
									   AND later.version_key = e.version_key
									   AND later.id > e.id
									   AND later.outcome = 'ok')
				  ORDER BY e.version_key, e.id DESC) f
		   ON f.version_key = m.version_key
	 ORDER BY coalesce(m.order_key, s.order_key), coalesce(m.version_key, s.version_key);
COMMENT ON VIEW migrate_status IS
	'one row per migration of the project, in order, with its state';

CREATE VIEW migrate_history AS
	SELECT id, event, outcome, version, name, started_at, finished_at,
		   duration_us * interval '1 microsecond' AS duration,
		   statements, session_role, acting_role, client_addr, application, pid,
		   sqlstate, message, detail, hint, context, path, line, statement_no,
		   statement, reason, encode(checksum, 'hex') AS checksum,
		   server_version, wal_lsn, restore_point, target_schema, job,
		   encode(hash, 'hex') AS hash
	  FROM migrate_log
	 WHERE project = migrate_project()
	 ORDER BY id;
COMMENT ON VIEW migrate_history IS
	'every attempt ever made in the project, failures included, newest last';

CREATE FUNCTION migrate_pending(OUT version text, OUT name text, OUT kind text,
								OUT state text, OUT remark text, OUT path text)
	RETURNS SETOF record
	LANGUAGE sql STABLE ROWS 20
	BEGIN ATOMIC
		SELECT version, name, kind, state, remark, path
		  FROM migrate_status
		 WHERE state IN ('pending', 'hole', 'failed', 'interrupted', 'running', 'unfinished', 'out of order');
	END;
COMMENT ON FUNCTION migrate_pending() IS
	'what is registered and still has to run, in order of version';

-- migrate_plan() is made of these two, which look themselves whether the caller
-- may execute it.  Being SQL, it can be taken apart by the planner: what judges
-- the risk, and takes its time, is not called unless its column is used.
CREATE FUNCTION migrate_plan_steps(target text,
								   OUT step integer, OUT version text, OUT name text,
								   OUT action text, OUT mode text, OUT reason text,
								   OUT statements integer, OUT path text,
								   OUT rehearsed text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_plan_steps(text) IS
	'what a run to the target would do: migrate_plan() without the risk';

CREATE FUNCTION migrate_plan_risk(target text, step integer) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_plan_risk(text, integer) IS
	'the worst of migrate_assess() about a step of the plan: none, low, medium or high';

CREATE FUNCTION migrate_plan(target text DEFAULT NULL,
							 OUT step integer, OUT version text, OUT name text,
							 OUT action text, OUT mode text, OUT reason text,
							 OUT statements integer, OUT path text, OUT risk text,
							 OUT rehearsed text)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT p.step, p.version, p.name, p.action, p.mode, p.reason, p.statements, p.path,
			   migrate_plan_risk(migrate_plan.target, p.step), p.rehearsed
		  FROM migrate_plan_steps(migrate_plan.target) p;
	END;
COMMENT ON FUNCTION migrate_plan(text) IS
	'what a run to the target would do, in order, how, with which risk, and what migrate_reversible() found of it';

CREATE FUNCTION migrate_script(target text DEFAULT NULL) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_script(text) IS
	'the SQL that a run to the target would execute, ready for psql';

CREATE FUNCTION migrate_identity(OUT environment text, OUT project text,
								 OUT database text, OUT schema text,
								 OUT session_role text, OUT acting_role text,
								 OUT server_addr inet, OUT server_port integer,
								 OUT server_version text, OUT in_recovery boolean,
								 OUT system_identifier text,
								 OUT cluster_name text,
								 OUT extension_version text)
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		SELECT nullif(current_setting('migrate.environment', true), ''),
			   migrate_project(), current_database()::text, n.nspname::text,
			   session_user::text, current_user::text,
			   inet_server_addr(), inet_server_port(),
			   current_setting('server_version'), pg_is_in_recovery(),
			   (SELECT c.system_identifier::text FROM pg_control_system() c),
			   nullif(current_setting('cluster_name'), ''),
			   e.extversion
		  FROM pg_extension e
		  JOIN pg_namespace n ON n.oid = e.extnamespace
		 WHERE e.extname = 'migrate';
	END;
COMMENT ON FUNCTION migrate_identity() IS
	'which server, database, schema, role and environment this is';

-- The activity of a run is not secret, other activity of its session is.
CREATE FUNCTION migrate_lock_holders(OUT project text, OUT pid integer,
									 OUT role text, OUT application text,
									 OUT client_addr inet, OUT since timestamptz,
									 OUT doing text, OUT waiting bigint)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		WITH locks AS MATERIALIZED (
			SELECT l.pid, l.granted, l.mode, l.objsubid,
				   (l.classid::bigint << 32) | l.objid::bigint AS key
			  FROM pg_locks l
			  JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
			 WHERE l.locktype = 'advisory' AND l.objsubid BETWEEN 19783 AND 19786)
		SELECT p.project, a.pid, a.usename::text, a.application_name,
			   a.client_addr,
			   CASE WHEN a.backend_type = 'migrate worker' THEN a.backend_start ELSE a.xact_start END,
			   CASE WHEN a.query LIKE 'migrate: %' THEN a.query ELSE a.state END,
			   (SELECT count(*) FROM locks w
				 WHERE w.key = h.key AND w.objsubid <> 19785 AND NOT w.granted)
		  FROM (SELECT DISTINCT l.pid, l.key FROM locks l
				 WHERE l.granted AND l.mode = 'ExclusiveLock' AND l.objsubid IN (19783, 19784)) h
		  JOIN pg_stat_activity a ON a.pid = h.pid
		  LEFT JOIN (SELECT e.project FROM migrate_log_head e
					  UNION
					 SELECT m.project FROM migrate_migration m) p
			   ON migrate_lock_key(p.project) = h.key;
	END;
COMMENT ON FUNCTION migrate_lock_holders() IS
	'who holds a run lock of this database, behind the view migrate_lock_holder';

CREATE VIEW migrate_lock_holder AS
	SELECT * FROM migrate_lock_holders();
COMMENT ON VIEW migrate_lock_holder IS
	'who is running migrations in this database now, and where the run is';

-- One line a blocker, for those who wait: never the text of its query.
CREATE FUNCTION migrate_blockers(waiting integer, blockers integer[] DEFAULT NULL)
	RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT string_agg(format('pid %s (%s)', b.pid,
						  coalesce(concat_ws(', ',
								'role ' || a.usename, 'application "' || nullif(a.application_name, '') || '"',
								a.state,
								'query for ' || date_trunc('seconds', clock_timestamp() - a.query_start),
								'transaction for ' || date_trunc('seconds', clock_timestamp() - a.xact_start),
								'holds ' || h.held),
							'which has ended')), '; ' ORDER BY b.pid)
		  FROM (SELECT DISTINCT u.pid
				  FROM unnest(coalesce(migrate_blockers.blockers,
									   pg_blocking_pids(migrate_blockers.waiting))) AS u(pid)) b
		  LEFT JOIN pg_stat_activity a ON a.pid = b.pid
		  LEFT JOIN LATERAL (
				SELECT string_agg(DISTINCT l.mode || ' on ' || l.relation::regclass::text, ', ') AS held
				  FROM pg_locks l
				  JOIN pg_class c ON c.oid = l.relation
				 WHERE l.pid = b.pid AND l.granted AND l.locktype = 'relation'
				   AND l.database = (SELECT d.oid FROM pg_database d
									  WHERE d.datname = current_database())
				   AND c.relkind IN ('r', 'p', 'm', 'f', 'v') AND c.relnamespace <> 'pg_catalog'::regnamespace) h
			   ON true;
	END;
COMMENT ON FUNCTION migrate_blockers(integer, integer[]) IS
	'who blocks a process: pid, role, how long, what it holds; NULL if nobody does';

CREATE FUNCTION migrate_running(OUT job bigint, OUT project text, OUT pid integer,
								OUT role text, OUT application text,
								OUT client_addr text, OUT action text,
								OUT target text, OUT started_at timestamptz,
								OUT doing text, OUT wait_event text,
								OUT waiting_for text, OUT phase text,
								OUT percent numeric)
	RETURNS SETOF record
	LANGUAGE sql STABLE SECURITY DEFINER
	SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		WITH locks AS MATERIALIZED (
			SELECT l.pid, l.objsubid, (l.classid::bigint << 32) | l.objid::bigint AS key
			  FROM pg_locks l
			  JOIN pg_database d ON d.oid = l.database AND d.datname = current_database()
			 WHERE l.locktype = 'advisory' AND l.granted AND l.mode = 'ExclusiveLock'
			   AND l.objsubid IN (19783, 19784, 19785))
		SELECT j.id, coalesce(j.project, p.project), a.pid,
			   coalesce(j.acting_role, a.usename::text),
			   coalesce(j.application, a.application_name),
			   CASE WHEN j.id IS NULL THEN host(a.client_addr) ELSE j.client_addr END,
			   coalesce(j.action, 'apply'), j.target,
			   coalesce(j.started_at, a.xact_start),
			   CASE WHEN a.query LIKE 'migrate: %' THEN substr(a.query, 10) ELSE a.state END,
			   CASE WHEN a.wait_event IS NOT NULL THEN a.wait_event_type || '/' || a.wait_event END,
			   CASE WHEN a.wait_event_type = 'Lock' THEN migrate_blockers(a.pid) END,
			   coalesce(i.phase, v.phase),
			   CASE WHEN i.blocks_total > 0 THEN round(100.0 * i.blocks_done / i.blocks_total, 1)
					WHEN i.tuples_total > 0 THEN round(100.0 * i.tuples_done / i.tuples_total, 1)
					WHEN v.heap_blks_total > 0 THEN round(100.0 * v.heap_blks_scanned / v.heap_blks_total, 1)
			   END
		  FROM (SELECT l.pid, max(l.key) FILTER (WHERE l.objsubid = 19785) AS job,
					   max(l.key) FILTER (WHERE l.objsubid <> 19785) AS run
				  FROM locks l GROUP BY l.pid) h
		  JOIN pg_stat_activity a ON a.pid = h.pid
		  LEFT JOIN migrate_job j ON j.id = h.job
		  LEFT JOIN (SELECT e.project FROM migrate_log_head e
					  UNION
					 SELECT m.project FROM migrate_migration m) p
			   ON migrate_lock_key(p.project) = h.run
		  LEFT JOIN pg_stat_progress_create_index i ON i.pid = h.pid
		  LEFT JOIN pg_stat_progress_vacuum v ON v.pid = h.pid;
	END;
COMMENT ON FUNCTION migrate_running() IS
	'every run and job of this database that is at work, behind the view migrate_progress';

CREATE VIEW migrate_progress AS
	SELECT job, project, pid, role, application, client_addr, action, target,
		   started_at, date_trunc('milliseconds', clock_timestamp() - started_at) AS running_for,
		   (regexp_match(doing, '^\[(\d+)/\d+\]'))[1]::integer AS step,
		   (regexp_match(doing, '^\[\d+/(\d+)\]'))[1]::integer AS steps,
		   (regexp_match(doing, 'statement (\d+) of \d+$'))[1]::integer AS statement,
		   (regexp_match(doing, 'statement \d+ of (\d+)$'))[1]::integer AS statements,
		   doing, wait_event, waiting_for, phase, percent
	  FROM migrate_running();
COMMENT ON VIEW migrate_progress IS
	'one row per run and job at work in this database: which step, which statement, who is waited for';

CREATE VIEW migrate_jobs AS
	SELECT j.id AS job, j.action, j.target,
		   CASE WHEN j.outcome IS NOT NULL THEN j.outcome
				WHEN pg_is_in_recovery() THEN 'unfinished'
				WHEN EXISTS (SELECT FROM pg_locks l
							  WHERE l.locktype = 'advisory' AND l.objsubid = 19785 AND l.granted
								AND l.database = (SELECT d.oid FROM pg_database d
												   WHERE d.datname = current_database())
								AND ((l.classid::bigint << 32) | l.objid::bigint) = j.id)
				THEN 'running' ELSE 'interrupted' END AS state,
		   j.steps, j.steps_done, j.started_at, j.finished_at,
		   j.session_role, j.acting_role, j.client_addr, j.application,
		   j.sqlstate, j.message, j.detail, j.hint, j.context
	  FROM migrate_job j
	 WHERE j.project = migrate_project()
	 ORDER BY j.id;
COMMENT ON VIEW migrate_jobs IS
	'every run by a worker in the project, newest last, with its outcome';

CREATE FUNCTION migrate_verify_log(OUT project text, OUT id bigint,
								   OUT problem text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_verify_log() IS
	'a row for each break in the hash chain of the log; none if it is sound';

--
-- Rehearse and judge: lint
--

CREATE FUNCTION migrate_lint(target text DEFAULT NULL, version text DEFAULT NULL,
							 OUT rule text, OUT severity text, OUT axis text,
							 OUT level text, OUT version text, OUT path text,
							 OUT line integer, OUT "column" integer,
							 OUT statement text, OUT relations jsonb,
							 OUT message text, OUT why text, OUT advice text,
							 OUT sql text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_lint(text, text) IS
	'what is dangerous in the plan to the target, or in one migration; locks no table of a user';

CREATE FUNCTION migrate_lint_sql(sql text,
								 OUT rule text, OUT severity text, OUT axis text,
								 OUT level text, OUT version text, OUT path text,
								 OUT line integer, OUT "column" integer,
								 OUT statement text, OUT relations jsonb,
								 OUT message text, OUT why text, OUT advice text,
								 OUT sql text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_lint_sql(text) IS
	'the same of a text that is not registered';

CREATE FUNCTION migrate_lint_rules(OUT name text, OUT rule_group text,
								   OUT axis text, OUT severity text,
								   OUT default_severity text, OUT summary text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_lint_rules() IS
	'the rules, and the severities that they have in this session';
CREATE FUNCTION migrate_lint_effects(sql text, OUT statement integer, OUT line integer,
									 OUT command text, OUT relation text, OUT kind "char",
									 OUT existed boolean, OUT named boolean,
									 OUT lock text, OUT locks text[],
									 OUT blocks_reads boolean, OUT blocks_writes boolean,
									 OUT scans boolean, OUT rewrites boolean,
									 OUT builds boolean, OUT loses boolean,
									 OUT reason text, OUT rows bigint, OUT bytes bigint)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_lint_effects(text) IS
	'what the statements of a text would do to relations: locks kept, scans, rewrites; without doing it';

--
-- Rehearse and judge: dry run
--

CREATE FUNCTION migrate_dry_run(target text DEFAULT NULL, depth text DEFAULT 'execute',
								OUT step integer, OUT version text, OUT name text,
								OUT path text, OUT script text, OUT statement integer,
								OUT line integer, OUT command text, OUT query text,
								OUT status text, OUT reason text, OUT substitute text,
								OUT sqlstate text, OUT message text, OUT detail text,
								OUT hint text, OUT error_line integer, OUT artefact boolean,
								OUT transaction integer, OUT ms double precision,
								OUT lock_wait_ms double precision, OUT wal_bytes bigint,
								OUT wal_records bigint, OUT wal_fpi bigint,
								OUT buffers_hit bigint, OUT buffers_read bigint,
								OUT buffers_dirtied bigint, OUT buffers_written bigint,
								OUT temporary_bytes bigint, OUT locks jsonb,
								OUT waits_for jsonb, OUT rewrites jsonb, OUT indexes jsonb,
								OUT scans jsonb, OUT rows jsonb, OUT objects jsonb,
								OUT settings jsonb, OUT leaks jsonb)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_dry_run(text, text) IS
	'run the plan to the target and roll it back: what each statement locks, rewrites, reads and changes';

CREATE FUNCTION migrate_dry_run_sql(sql text, depth text DEFAULT 'execute',
									OUT step integer, OUT version text, OUT name text,
									OUT path text, OUT script text, OUT statement integer,
									OUT line integer, OUT command text, OUT query text,
									OUT status text, OUT reason text, OUT substitute text,
									OUT sqlstate text, OUT message text, OUT detail text,
									OUT hint text, OUT error_line integer, OUT artefact boolean,
									OUT transaction integer, OUT ms double precision,
									OUT lock_wait_ms double precision, OUT wal_bytes bigint,
									OUT wal_records bigint, OUT wal_fpi bigint,
									OUT buffers_hit bigint, OUT buffers_read bigint,
									OUT buffers_dirtied bigint, OUT buffers_written bigint,
									OUT temporary_bytes bigint, OUT locks jsonb,
									OUT waits_for jsonb, OUT rewrites jsonb, OUT indexes jsonb,
									OUT scans jsonb, OUT rows jsonb, OUT objects jsonb,
									OUT settings jsonb, OUT leaks jsonb)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_dry_run_sql(text, text) IS
	'the same for a text that is no migration';

CREATE FUNCTION migrate_dry_run_json(target text DEFAULT NULL, depth text DEFAULT 'execute')
	RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_dry_run_json(text, text) IS
	'what migrate_dry_run() finds, as one document';

CREATE FUNCTION migrate_dry_run_sql_json(sql text, depth text DEFAULT 'execute')
	RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_dry_run_sql_json(text, text) IS
	'what migrate_dry_run_sql() finds, as one document';

--
-- Rehearse and judge: verdict
--

CREATE FUNCTION migrate_assess(target text DEFAULT NULL, dry_run boolean DEFAULT false,
							   OUT step integer, OUT version text, OUT name text,
							   OUT action text, OUT worst text,
							   OUT availability text, OUT availability_reasons text[],
							   OUT data text, OUT data_reasons text[],
							   OUT will_fail text, OUT failure_reasons text[],
							   OUT rollback text, OUT rollback_reason text,
							   OUT duration_estimate interval, OUT duration_basis text,
							   OUT advice text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_assess(text, boolean) IS
	'a verdict on each migration of the plan: availability, data, failure, the way back, how long it would take';

CREATE FUNCTION migrate_statistics_export() RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_statistics_export() IS
	'sizes of all relations and settings, for migrate_statistics_import() elsewhere';

CREATE FUNCTION migrate_statistics_import(statistics jsonb) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_statistics_import(jsonb) IS
	'judge by the sizes that another database has, until they are forgotten; of how many relations';

CREATE FUNCTION migrate_statistics_forget() RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_statistics_forget() IS
	'judge by the sizes that are here again; how many were forgotten';

--
-- Know the truth: snapshot
--

CREATE FUNCTION migrate_snapshot(without text[] DEFAULT '{}',
								 OUT kind text, OUT identity text, OUT component text,
								 OUT hash text, OUT definition text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C ROWS 10000;
COMMENT ON FUNCTION migrate_snapshot(text[]) IS
	'what this database consists of, each component of each object with a hash';

CREATE FUNCTION migrate_snapshot_compare(before jsonb, after jsonb DEFAULT NULL,
										 without text[] DEFAULT '{}',
										 OUT kind text, OUT identity text, OUT component text,
										 OUT change text, OUT old_definition text,
										 OUT new_definition text, OUT part_of text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_snapshot_compare(jsonb, jsonb, text[]) IS
	'what differs between two snapshots, or between one and now';

CREATE FUNCTION migrate_snapshot_stamp() RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_snapshot_stamp() IS
	'a number that is another one once what a snapshot depends on has changed';

--
-- Know the truth: drift
--

CREATE FUNCTION migrate_drift(without text[] DEFAULT '{}',
							  OUT kind text, OUT identity text, OUT component text,
							  OUT change text, OUT old_definition text,
							  OUT new_definition text, OUT part_of text,
							  OUT seen_at timestamptz, OUT session_role text,
							  OUT acting_role text, OUT client_addr text,
							  OUT application text, OUT tag text, OUT statement text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C ROWS 100;
COMMENT ON FUNCTION migrate_drift(text[]) IS
	'what has been added, dropped or changed since the last run, and by whom if the guard has seen it';

CREATE FUNCTION migrate_drift_since() RETURNS timestamptz
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_drift_since() IS
	'since when migrate_drift() tells changes; null if it cannot yet';

CREATE FUNCTION migrate_accept_drift(reason text) RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_accept_drift(text) IS
	'take the database as it is; how many objects were otherwise';

--
-- Know the truth: parity
--

CREATE FUNCTION migrate_manifest(definitions boolean DEFAULT false) RETURNS jsonb
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_manifest(boolean) IS
	'what this environment consists of, for migrate_compare() in another: identity, migrations with checksums, objects with hashes';

CREATE FUNCTION migrate_compare(manifest jsonb, without text[] DEFAULT '{}',
								OUT subject text, OUT identity text, OUT component text,
								OUT change text, OUT here text, OUT there text,
								OUT here_hash text, OUT there_hash text, OUT part_of text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_compare(jsonb, text[]) IS
	'what differs here from the environment whose manifest this is: migrations, texts, objects';

--
-- Know the truth: verify
--

-- What migrate_verify() finds in the records, and in the catalogs; it calls
-- them as the extension's owner.  place is where a version comes in order.
CREATE FUNCTION migrate_verify_records(OUT check_name text, OUT severity text,
									   OUT version text, OUT object text,
									   OUT problem text, OUT action text,
									   OUT place bytea)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		WITH known AS MATERIALIZED (
			SELECT v.version, v.state, v.remark, v.path, v.how, v.kind,
				   coalesce(m.order_key, s.order_key) AS place,
				   m.name, s.name AS applied_name, s.checksum, m.file_gone,
				   m.precondition_else = 'skip' AS may_wait,
				   j.direction, j.outcome, j.begun, left(j.begun_statement, 200) AS begun_statement
			  FROM migrate_status v
			  LEFT JOIN migrate_migration m
				   ON m.project = migrate_project() AND m.kind = v.kind AND m.version = v.version
			  LEFT JOIN migrate_state s
				   ON s.project = migrate_project() AND s.target_schema = ''
				  AND s.kind = v.kind AND s.version = v.version AND s.kind <> 'baseline'
			  LEFT JOIN migrate_journal j
				   ON j.project = m.project AND j.target_schema = '' AND j.version_key = m.version_key
			 WHERE v.state <> 'hook'),
		-- versions that are numbers, and those before them
		numbered AS (
			SELECT u.version, u.place, u.number, lag(u.number) OVER w AS before,
				   lag(u.version) OVER w AS version_before
			  FROM (SELECT DISTINCT ON (d.number) k.version, k.place, d.number
					  FROM known k
					 CROSS JOIN LATERAL (SELECT (regexp_match(k.version, '^[vV]?0*(\d{1,18})$'))[1]::bigint AS number) d
					 WHERE k.kind <> 'repeatable' AND d.number IS NOT NULL
					   AND substr(k.place, 2, 1) <> '\x00'
					 ORDER BY d.number, k.version) u
			WINDOW w AS (ORDER BY u.number)),
		newest AS (
			SELECT s.version FROM migrate_state s
			 WHERE s.project = migrate_project() AND s.target_schema = '' AND s.kind <> 'repeatable'
			 ORDER BY s.order_key DESC LIMIT 1),
		-- texts that wait, to recognise what was given another number
		waiting AS (
			SELECT m.checksum, min(m.version) AS version
			  FROM migrate_migration m
			 WHERE m.project = migrate_project() AND m.hook IS NULL AND NOT m.settled
			 GROUP BY m.checksum),
		last_job AS (
			SELECT j.* FROM migrate_jobs j
			 WHERE j.job = (SELECT max(id) FROM migrate_job WHERE project = migrate_project()))

		SELECT 'conflict', 'error', k.version, k.path,
			   format('two have this version: "%s" is applied, and "%s" is registered', k.applied_name, k.name),
			   'Give the one that is registered a version of its own, and register the one that ran.',
			   k.place
		  FROM known k
		 WHERE k.state = 'changed' AND k.applied_name <> k.name
		 UNION ALL
		SELECT 'changed', 'error', k.version, k.path,
			   'the registered text is another than the one that '
			   || CASE k.how WHEN 'run' THEN 'ran' ELSE 'was recorded as applied' END,
			   format('Register the text that ran again; or accept this one, if the database is what it says: SELECT migrate_repair(%L).', k.version),
			   k.place
		  FROM known k
		 WHERE k.state = 'changed' AND k.applied_name IS NOT DISTINCT FROM k.name
		 UNION ALL
		SELECT 'cosmetic change', 'info', k.version, k.path,
			   'the registered text has other comments or white space than the one that '
			   || CASE k.how WHEN 'run' THEN 'ran' ELSE 'was recorded as applied' END,
			   format('Nothing needs to be done; to accept it: SELECT migrate_repair(%L).', k.version),
			   k.place
		  FROM known k
		 WHERE k.state IN ('applied', 'missing') AND k.remark = 'cosmetic change since it was applied'
		 UNION ALL
		SELECT 'missing', 'error', k.version, NULL,
			   'it is applied, and not registered' || coalesce('; its text is registered as ' || w.version, ''),
			   CASE WHEN w.version IS NOT NULL
					THEN format('If it was given another version, say so: SELECT migrate_mark(%L, ''renamed''), migrate_unmark(%L, ''renamed'').', w.version, k.version)
					ELSE format('Register it from where its file is; if it is of no concern any more: SELECT migrate_unmark(%L, reason).', k.version) END,
			   k.place
		  FROM known k LEFT JOIN waiting w ON w.checksum = k.checksum
		 WHERE k.state = 'missing' AND k.name IS NULL
		 UNION ALL
		SELECT 'missing', 'warning', k.version, k.path,
			   CASE k.state WHEN 'missing' THEN 'its file was not there when its directory was registered last'
					ELSE 'it is pending, and its file was not there when its directory was registered last' END,
			   CASE k.state WHEN 'missing' THEN 'Register the directory that has it, or whose release has run here.'
					ELSE format('Register the directory that has it; if it is not to run any more: SELECT migrate_unregister(%L).', k.version) END,
			   k.place
		  FROM known k
		 WHERE k.file_gone AND k.state IN ('missing', 'pending', 'out of order', 'hole')
		 UNION ALL
		SELECT 'pending', CASE WHEN k.may_wait THEN 'info' ELSE 'warning' END, k.version, k.path,
			   'it is registered and waits to be run'
			   || CASE WHEN k.may_wait THEN '; its precondition may keep it waiting' ELSE '' END,
			   'CALL migrate_deploy(), or SELECT migrate_apply().', k.place
		  FROM known k
		 WHERE k.state = 'pending' AND NOT k.file_gone
		 UNION ALL
		SELECT 'hole', 'warning', k.version, k.path, k.remark || ': only its own tool can run it',
			   format('Run it by its tool, and record that: SELECT migrate_mark(%L, ''run by its tool''). Nothing after it runs until then.', k.version),
			   k.place
		  FROM known k
		 WHERE k.state = 'hole' AND NOT k.file_gone
		 UNION ALL
		SELECT 'out of order', CASE o.policy WHEN 'error' THEN 'error' ELSE 'warning' END, k.version, k.path,
			   format('it is pending and comes before %s, which is applied', c.version)
			   || CASE o.policy WHEN 'skip' THEN ': no run will apply it' WHEN 'allow' THEN ': the next run applies it late'
					ELSE ': no run goes on before that is settled' END,
			   CASE o.policy WHEN 'allow' THEN 'Look whether it can still run after what came before it.'
					ELSE 'Give it a version after that one; or, if it can run late, SET migrate.out_of_order = allow for the run.' END,
			   k.place
		  FROM known k CROSS JOIN newest c
		 CROSS JOIN (SELECT coalesce(current_setting('migrate.out_of_order', true), 'error') AS policy) o
		 WHERE k.state = 'out of order' AND NOT k.file_gone
		 UNION ALL
		SELECT CASE WHEN k.outcome = 'unknown' AND k.state <> 'running' THEN 'unresolved' ELSE k.state END,
			   CASE k.state WHEN 'running' THEN 'info' WHEN 'unfinished' THEN 'warning' ELSE 'error' END,
			   k.version, k.path,
			   CASE WHEN k.direction IS NULL THEN coalesce('the last attempt failed, and left nothing: ' || k.remark, 'the last attempt failed')
					WHEN k.outcome = 'unknown' AND k.state <> 'running'
					THEN format('it is not known whether statement %s is done: %s', k.begun, k.begun_statement)
					WHEN k.state = 'running' THEN 'a worker is at it: ' || k.remark
					WHEN k.state = 'unfinished' THEN 'it is half done, and whether a worker is at it can be seen on the primary only: ' || k.remark
					ELSE 'it is half done: ' || k.remark END,
			   CASE WHEN k.direction IS NULL THEN 'Correct the script, register it again and repeat the call; migrate_history has the statement and its place.'
					WHEN k.outcome = 'unknown' AND k.state <> 'running'
					THEN format('Look, and say so: SELECT migrate_resolve(%L, ''done'') or migrate_resolve(%L, ''retry'').', k.version, k.version)
					WHEN k.state = 'running' THEN 'Wait for it; migrate_progress shows how far it is.'
					WHEN k.state = 'unfinished' THEN 'Look at migrate_progress and migrate_status on the primary.'
					ELSE format('%sCALL %s() goes on from there.',
								CASE k.state WHEN 'failed' THEN 'Correct the script from that statement on and register it again; ' ELSE '' END,
								CASE k.direction WHEN 'down' THEN 'migrate_undo' ELSE 'migrate_deploy' END) END,
			   k.place
		  FROM known k
		 WHERE k.state IN ('failed', 'interrupted', 'running', 'unfinished')
		 UNION ALL
		SELECT 'running', 'info', NULL, NULL,
			   format('pid %s (role %s, application "%s") is running migrations: %s', l.pid, l.role, l.application, l.doing),
			   'Wait for it; migrate_progress shows how far it is.', NULL
		  FROM migrate_lock_holders() l
		 WHERE l.project = migrate_project() AND l.pid <> pg_backend_pid()
		   AND NOT EXISTS (SELECT FROM known k WHERE k.state = 'running')
		 UNION ALL
		SELECT 'gap', 'info', n.version, NULL,
			   format('there is no version between %s and this one', n.version_before),
			   'If a migration is missing, register it before those after it have run.', n.place
		  FROM numbered n
		 WHERE n.number BETWEEN n.before + 2 AND n.before + 11
		   -- where most follow each other, not where they are dates
		   AND (SELECT count(*) FILTER (WHERE a.number = a.before + 1) * 2 > count(a.before) FROM numbered a)
		 UNION ALL
		SELECT 'broken', CASE WHEN m.hook IS NOT NULL OR NOT m.settled THEN 'error' ELSE 'warning' END,
			   m.version, m.up_path,
			   CASE WHEN m.hook IS NOT NULL THEN 'the hook cannot be parsed: '
					WHEN m.settled THEN 'its up script, which is not to run here, cannot be parsed: '
					ELSE 'its up script cannot be parsed: ' END || m.up_broken,
			   CASE WHEN m.settled AND m.hook IS NULL THEN 'Correct it for environments that have still to run it.'
					ELSE 'Correct it and register it again.' END,
			   m.order_key
		  FROM migrate_migration m
		 WHERE m.project = migrate_project() AND m.up_broken IS NOT NULL
		 UNION ALL
		SELECT 'broken', 'warning', m.version, m.down_path,
			   'its down script cannot be parsed: ' || m.down_broken,
			   'Correct it and register it again, while it is not needed.', m.order_key
		  FROM migrate_migration m
		 WHERE m.project = migrate_project() AND m.down_broken IS NOT NULL
		 UNION ALL
		SELECT 'job', CASE j.state WHEN 'canceled' THEN 'info' ELSE 'warning' END, NULL, 'job ' || j.job,
			   format('the last job (%s) %s', j.action,
					  CASE j.state WHEN 'canceled' THEN 'was canceled'
						   WHEN 'interrupted' THEN 'ended without an outcome'
						   ELSE 'failed: ' || j.message END),
			   'migrate_jobs has what is known of it; call again when that is settled.', NULL
		  FROM last_job j
		 WHERE j.state IN ('failed', 'canceled', 'interrupted')
		   AND NOT EXISTS (SELECT FROM known k WHERE k.state IN ('failed', 'interrupted', 'running'))
		   AND (j.action <> 'deploy' OR EXISTS (SELECT FROM known k WHERE k.state IN ('pending', 'hole', 'out of order', 'changed')))
		   AND NOT EXISTS (SELECT FROM migrate_log e
							WHERE e.project = migrate_project() AND e.outcome = 'ok' AND e.job IS DISTINCT FROM j.job
							  AND e.finished_at > coalesce(j.finished_at, j.started_at));
	END;
COMMENT ON FUNCTION migrate_verify_records() IS
	'what migrate_verify() finds in the records of the project';

CREATE FUNCTION migrate_verify_objects(OUT check_name text, OUT severity text,
									   OUT object text, OUT problem text,
									   OUT action text, OUT index oid)
	RETURNS SETOF record
	LANGUAGE sql STABLE
	BEGIN ATOMIC
		WITH bad_index AS MATERIALIZED (
			SELECT i.indexrelid, i.indislive, i.indisready, c.relkind,
				   c.relname ~ '_cc(new|old)\d*$' OR n.nspname = 'pg_toast' AS is_left_over,
				   format('%I.%I', n.nspname, c.relname) AS name,
				   format('%I.%I', tn.nspname, t.relname) AS table_name
			  FROM pg_index i
			  JOIN pg_class c ON c.oid = i.indexrelid
			  JOIN pg_namespace n ON n.oid = c.relnamespace
			  JOIN pg_class t ON t.oid = i.indrelid
			  JOIN pg_namespace tn ON tn.oid = t.relnamespace
			 WHERE NOT (i.indisvalid AND i.indisready AND i.indislive)
			   AND (n.nspname NOT LIKE 'pg\_%' OR n.nspname = 'pg_toast') AND n.nspname <> 'information_schema'),
		-- the session that builds, rebuilds or drops it
		worker AS MATERIALIZED (
			SELECT b.indexrelid, w.pid, w.phase
			  FROM bad_index b
			  JOIN LATERAL (SELECT p.pid, p.phase FROM pg_stat_progress_create_index p
							 WHERE p.datname = current_database() AND p.index_relid = b.indexrelid
							 UNION ALL
							SELECT l.pid, NULL FROM pg_locks l
							 WHERE l.locktype = 'relation' AND l.relation = b.indexrelid AND l.granted
							   AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
							   AND l.mode IN ('ShareUpdateExclusiveLock', 'AccessExclusiveLock')
							   AND l.pid <> pg_backend_pid()
							 LIMIT 1) w ON true),
		-- foreign keys that are not watched, by the triggers that would
		unwatched AS MATERIALIZED (
			SELECT DISTINCT t.tgconstraint AS oid
			  FROM pg_trigger t
			 WHERE t.tgisinternal AND t.tgenabled = 'D' AND t.tgconstraint <> 0),
		guard AS MATERIALIZED (
			SELECT e.evtname, e.evtenabled, substr(p.proname, 15) AS mode
			  FROM pg_event_trigger e JOIN pg_proc p ON p.oid = e.evtfoid
			 WHERE p.proname IN ('migrate_guard_record', 'migrate_guard_warn', 'migrate_guard_error')
			   AND p.pronamespace = (SELECT x.extnamespace FROM pg_extension x WHERE x.extname = 'migrate'))

		SELECT CASE WHEN w.pid IS NULL THEN 'invalid index' ELSE 'index at work' END,
			   CASE WHEN w.pid IS NOT NULL THEN 'info'
					WHEN b.relkind = 'I' OR pg_is_in_recovery() THEN 'warning' ELSE 'error' END,
			   b.name,
			   CASE WHEN w.pid IS NOT NULL
					THEN format('it is not valid yet, or not any more: pid %s is at it%s', w.pid, ' (' || w.phase || ')')
					WHEN b.relkind = 'I' THEN format('it is INVALID: a partition of %s has no valid index for it', b.table_name)
					WHEN NOT b.indislive THEN format('the DROP INDEX CONCURRENTLY of it, on %s, was interrupted', b.table_name)
					ELSE format('it is INVALID: no query of %s uses it%s%s', b.table_name,
								CASE WHEN b.indisready THEN ', and all writes maintain it' ELSE '' END,
								CASE WHEN pg_is_in_recovery() THEN '; whether it is being built can be seen on the primary only' ELSE '' END) END,
			   CASE WHEN w.pid IS NOT NULL THEN 'Wait for it; pg_stat_progress_create_index shows how far a build is.'
					WHEN b.relkind = 'I' THEN format('ALTER INDEX %s ATTACH PARTITION ... with a valid index of each partition.', b.name)
					WHEN NOT b.indislive THEN format('DROP INDEX CONCURRENTLY %s.', b.name)
					WHEN b.is_left_over
					THEN format('An interrupted REINDEX CONCURRENTLY has left it: DROP INDEX CONCURRENTLY %s, and repeat the REINDEX.', b.name)
					ELSE format('REINDEX INDEX CONCURRENTLY %s; or drop it, and build it again. What a half done migration has left is built again by migrate_deploy().', b.name) END,
			   b.indexrelid
		  FROM bad_index b LEFT JOIN worker w ON w.indexrelid = b.indexrelid
		 UNION ALL
		SELECT CASE WHEN e.enforced THEN 'constraint not valid' ELSE 'constraint not enforced' END,
			   CASE WHEN e.enforced THEN 'warning' ELSE 'info' END,
			   format('%I on %I.%I', k.conname, n.nspname, coalesce(c.relname, t.typname)),
			   CASE WHEN e.enforced THEN 'it is NOT VALID: rows from before it were never checked'
					ELSE 'it is NOT ENFORCED: nothing is checked' END,
			   CASE WHEN e.enforced
					THEN format('ALTER %s %I.%I VALIDATE CONSTRAINT %I.', CASE WHEN k.contypid = 0 THEN 'TABLE' ELSE 'DOMAIN' END,
								n.nspname, coalesce(c.relname, t.typname), k.conname)
					ELSE 'Nothing, if it is meant as a note; else ALTER CONSTRAINT ... ENFORCED, or make it anew.' END,
			   NULL
		  FROM pg_constraint k
		  LEFT JOIN pg_class c ON c.oid = k.conrelid
		  LEFT JOIN pg_type t ON t.oid = k.contypid
		  JOIN pg_namespace n ON n.oid = coalesce(c.relnamespace, t.typnamespace)
		 CROSS JOIN LATERAL (SELECT coalesce((to_jsonb(k)->>'conenforced')::boolean, true) AS enforced) e
		 WHERE NOT k.convalidated AND k.conparentid = 0 AND (k.conislocal OR k.coninhcount = 0)
		   AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
		 UNION ALL
		SELECT 'disabled trigger', 'info', format('%I on %I.%I', g.tgname, n.nspname, c.relname),
			   'it is disabled', format('If it is not meant to be: ALTER TABLE %I.%I ENABLE TRIGGER %I.', n.nspname, c.relname, g.tgname),
			   NULL
		  FROM pg_trigger g
		  JOIN pg_class c ON c.oid = g.tgrelid
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE NOT g.tgisinternal AND g.tgenabled = 'D'
		   AND NOT EXISTS (SELECT FROM pg_trigger p WHERE p.oid = g.tgparentid AND p.tgenabled = 'D')
		   AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
		 UNION ALL
		SELECT 'disabled trigger', 'warning', format('%I on %I.%I', k.conname, n.nspname, c.relname),
			   CASE k.contype WHEN 'f' THEN 'the foreign key is not checked, because triggers of it are disabled'
					ELSE 'the constraint is not checked in full, because triggers of it are disabled' END,
			   format('ALTER TABLE %I.%I ENABLE TRIGGER ALL%s, and look for rows that violate it.', n.nspname, c.relname,
					  CASE k.contype WHEN 'f' THEN format(', and the same of %s', (SELECT format('%I.%I', fn.nspname, f.relname)
							FROM pg_class f JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE f.oid = k.confrelid)) ELSE '' END),
			   NULL
		  FROM pg_constraint k
		  JOIN unwatched u ON u.oid = k.oid
		  JOIN pg_class c ON c.oid = k.conrelid
		  JOIN pg_namespace n ON n.oid = c.relnamespace
		 WHERE NOT EXISTS (SELECT FROM unwatched p WHERE p.oid = k.conparentid)
		   AND n.nspname NOT LIKE 'pg\_%' AND n.nspname <> 'information_schema'
		 UNION ALL
		SELECT 'disabled trigger', 'info', format('event trigger %I', e.evtname),
			   'it is disabled', format('If it is not meant to be: ALTER EVENT TRIGGER %I ENABLE.', e.evtname), NULL
		  FROM pg_event_trigger e
		 WHERE e.evtenabled = 'D' AND NOT EXISTS (SELECT FROM guard g WHERE g.evtname = e.evtname)
		 UNION ALL
		SELECT 'guard', 'warning', format('event trigger %s', f.name),
			   CASE WHEN g.evtname IS NULL THEN 'this part of the guard is missing'
					WHEN g.evtenabled IN ('D', 'R') THEN 'this part of the guard is disabled'
					ELSE format('this part of the guard has mode %s, and another part has %s', g.mode, o.mode) END,
			   format('SELECT migrate_guard_on(%L) makes it whole, and migrate_guard_off() removes it.', o.mode),
			   NULL
		  FROM (VALUES ('migrate_guard_command'), ('migrate_guard_drop'), ('migrate_guard_rewrite'), ('migrate_guard_start')) f (name)
		  LEFT JOIN guard g ON g.evtname = f.name
		  JOIN (SELECT a.mode FROM guard a ORDER BY a.evtname LIMIT 1) o ON true
		 WHERE g.evtname IS NULL OR g.evtenabled IN ('D', 'R') OR g.mode <> o.mode;
	END;
COMMENT ON FUNCTION migrate_verify_objects() IS
	'what migrate_verify() finds in the catalogs of the database';

-- One row an object; what comes or goes with another is that one's.
CREATE FUNCTION migrate_verify_drift(OUT check_name text, OUT severity text,
									 OUT object text, OUT problem text,
									 OUT action text)
	RETURNS SETOF record
	LANGUAGE sql
	BEGIN ATOMIC
		SELECT 'drift',
			   CASE WHEN o.change = 'added' OR o.minor THEN 'warning' ELSE 'error' END,
			   o.kind || ' ' || o.identity,
			   format('it is not as the last run has left it: %s%s',
					  CASE o.change WHEN 'changed' THEN 'its ' || o.components || ' changed' ELSE o.change END,
					  coalesce('; last command: ' || o.last, '')),
			   'Take it back, or bring it into a migration; if it is as it should be: SELECT migrate_accept_drift(reason). migrate_drift() has both definitions.'
		  FROM (SELECT d.kind, d.identity,
					   CASE WHEN count(DISTINCT d.change) = 1 THEN min(d.change) ELSE 'changed' END AS change,
					   bool_and(d.component IN ('owner', 'privileges', 'storage', 'comment', 'label')) AS minor,
					   string_agg(d.component, ', ' ORDER BY d.component) AS components,
					   (array_agg(format('%s by %s', d.tag, d.session_role) ORDER BY d.seen_at DESC) FILTER (WHERE d.seen_at IS NOT NULL))[1] AS last
				  FROM migrate_drift() d
				 WHERE d.part_of IS NULL AND d.change <> 'not comparable'
				 GROUP BY d.kind, d.identity) o;
	END;
COMMENT ON FUNCTION migrate_verify_drift() IS
	'what migrate_verify() says of drift';

CREATE FUNCTION migrate_verify(OUT check_name text, OUT severity text,
							   OUT project text, OUT version text,
							   OUT object text, OUT problem text,
							   OUT action text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_verify() IS
	'what is not as it should be, and what to do about it, the worst first; no row if all is well';

CREATE FUNCTION migrate_verify_or_fail(severity text DEFAULT 'error') RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_verify_or_fail(text) IS
	'an error if migrate_verify() finds anything of this severity or worse; else how many lesser findings there are';

--
-- Know the truth: reversible
--

CREATE FUNCTION migrate_reversible(version text DEFAULT NULL,
								   OUT version text, OUT name text, OUT verdict text,
								   OUT problem text, OUT kind text, OUT identity text,
								   OUT component text, OUT change text,
								   OUT expected_definition text,
								   OUT actual_definition text, OUT lost bigint,
								   OUT script text, OUT statement integer,
								   OUT line integer, OUT sqlstate text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_reversible(text) IS
	'does the down script undo the up script: both are run and rolled back, of one migration or of all that are pending';

--
-- Know the truth: guard
--

-- What the event triggers call that migrate_guard_on() creates; which of them
-- is the mode.
CREATE FUNCTION migrate_guard_record() RETURNS event_trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_guard_record() IS
	'event trigger: records DDL';

CREATE FUNCTION migrate_guard_warn() RETURNS event_trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_guard_warn() IS
	'event trigger: records DDL, and warns about it outside of a run';

CREATE FUNCTION migrate_guard_error() RETURNS event_trigger
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_guard_error() IS
	'event trigger: records DDL of a run, and refuses any other';

CREATE FUNCTION migrate_guard_on(mode text DEFAULT 'record') RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_guard_on(text) IS
	'record DDL of this database from now on, and warn about or refuse what no run does: installed, changed or unchanged';

CREATE FUNCTION migrate_guard_off() RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_guard_off() IS
	'guard this database no more; false if it was not guarded';

CREATE FUNCTION migrate_guard_mode() RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_guard_mode() IS
	'what happens to DDL of this session outside of a run: off, record, warn or error';

CREATE FUNCTION migrate_guard_forget(older_than interval) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_guard_forget(interval) IS
	'delete what the guard recorded longer ago; how many rows';

CREATE VIEW migrate_ddl_history AS
	SELECT id, seen_at, session_role, acting_role, client_addr, application, pid, xid,
		   tag, object_type, object_identity, object_count, objects, rewrites,
		   statement, context, project IS NULL AS outside,
		   project, version, name, script, job
	  FROM migrate_ddl
	 ORDER BY id;
COMMENT ON VIEW migrate_ddl_history IS
	'DDL that the guard saw, a row a command, newest last: who, from where, which objects, by which statement or migration';

--
-- Act
--

CREATE FUNCTION migrate_apply(target text DEFAULT NULL,
							  OUT version text, OUT name text, OUT action text,
							  OUT statements integer, OUT duration interval)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_apply(text) IS
	'apply what is pending, up to the target, in the caller''s transaction: all or nothing';

CREATE FUNCTION migrate_rollback(target text DEFAULT NULL,
								 OUT version text, OUT name text, OUT action text,
								 OUT statements integer, OUT duration interval)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_rollback(text) IS
	'run down scripts, one step by default or down to the target, in the caller''s transaction';

CREATE PROCEDURE migrate_deploy(target text DEFAULT NULL)
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE migrate_deploy(text) IS
	'apply what is pending, up to the target, through a worker: each migration commits by itself';

CREATE PROCEDURE migrate_undo(target text DEFAULT NULL)
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE migrate_undo(text) IS
	'run down scripts, one step by default or down to the target, through a worker';

CREATE FUNCTION migrate_start(target text DEFAULT NULL) RETURNS bigint
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_start(text) IS
	'start what migrate_deploy() or, for -N and base, migrate_undo() does when this transaction commits; the job''s number';

CREATE PROCEDURE migrate_wait(job bigint, timeout interval DEFAULT NULL)
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON PROCEDURE migrate_wait(bigint, interval) IS
	'wait for a job to end, and raise its error if it failed';

CREATE FUNCTION migrate_cancel(job bigint) RETURNS boolean
	AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
COMMENT ON FUNCTION migrate_cancel(bigint) IS
	'cancel a job; false if it is not running';

CREATE FUNCTION migrate_resolve(version text, outcome text) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_resolve(text, text) IS
	'say of an interrupted statement that only a person can judge whether it is done, or to retry it';

CREATE FUNCTION migrate_baseline(version text, from_schema boolean DEFAULT false,
								 script text DEFAULT NULL)
	RETURNS integer
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_baseline(text, boolean, text) IS
	'record every registered version up to this one as applied without running it; how many; a dump of the schema becomes its baseline script';

CREATE FUNCTION migrate_mark(version text, reason text) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_mark(text, text) IS
	'record one migration as applied without running it';

CREATE FUNCTION migrate_unmark(version text, reason text) RETURNS void
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_unmark(text, text) IS
	'record one migration as not applied without running its down script';

CREATE FUNCTION migrate_repair(version text) RETURNS text
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_repair(text) IS
	'accept the registered text of an applied migration that was edited: repaired or unchanged';

--
-- Other tools
--

CREATE FUNCTION migrate_adopt(source regclass DEFAULT NULL, tool text DEFAULT NULL,
							  dry_run boolean DEFAULT false,
							  lenient boolean DEFAULT false,
							  versions text[] DEFAULT NULL,
							  OUT version text, OUT name text, OUT action text,
							  OUT problem text, OUT applied_at timestamptz,
							  OUT applied_by text)
	RETURNS SETOF record
	AS 'MODULE_PATHNAME' LANGUAGE C;
COMMENT ON FUNCTION migrate_adopt(regclass, text, boolean, boolean, text[]) IS
	'record as applied what another tool''s history table says is';

CREATE FUNCTION migrate_export(tool text, table_name text DEFAULT NULL)
	RETURNS SETOF text
	AS 'MODULE_PATHNAME' LANGUAGE C STABLE;
COMMENT ON FUNCTION migrate_export(text, text) IS
	'the SQL by which another tool would know what is applied here';

--
-- What changes anything, or shows the texts, is nobody's until it is granted.
--

REVOKE EXECUTE ON FUNCTION
	migrate_state_changed(),
	migrate_log_append_only(),
	migrate_register(text, text, text, text, text, text[]),
	migrate_register_file(text, text),
	migrate_load(text),
	migrate_register_files(text[], text[], text[]),
	migrate_known_files(text[], text[]),
	migrate_unregister(text),
	migrate_set_variable(text, text),
	migrate_variables(),
	migrate_new(text, text),
	migrate_pending(),
	migrate_plan(text),
	migrate_script(text),
	migrate_lint(text, text),
	migrate_lint_sql(text),
	migrate_lint_effects(text),
	migrate_lock_holders(),
	migrate_blockers(integer, integer[]),
	migrate_running(),
	migrate_verify_log(),
	migrate_assess(text, boolean),
	migrate_statistics_export(),
	migrate_statistics_import(jsonb),
	migrate_statistics_forget(),
	migrate_snapshot(text[]),
	migrate_snapshot_compare(jsonb, jsonb, text[]),
	migrate_snapshot_stamp(),
	migrate_manifest(boolean),
	migrate_compare(jsonb, text[]),
	migrate_verify_records(),
	migrate_verify_objects(),
	migrate_verify_drift(),
	migrate_verify(),
	migrate_verify_or_fail(text),
	migrate_dry_run(text, text),
	migrate_dry_run_sql(text, text),
	migrate_dry_run_json(text, text),
	migrate_dry_run_sql_json(text, text),
	migrate_drift(text[]),
	migrate_accept_drift(text),
	migrate_reversible(text),
	migrate_guard_record(),
	migrate_guard_warn(),
	migrate_guard_error(),
	migrate_guard_on(text),
	migrate_guard_off(),
	migrate_guard_forget(interval),
	migrate_apply(text),
	migrate_rollback(text),
	migrate_start(text),
	migrate_cancel(bigint),
	migrate_resolve(text, text),
	migrate_baseline(text, boolean, text),
	migrate_mark(text, text),
	migrate_unmark(text, text),
	migrate_repair(text),
	migrate_adopt(regclass, text, boolean, boolean, text[]),
	migrate_export(text, text)
	FROM PUBLIC;

REVOKE EXECUTE ON PROCEDURE
	migrate_deploy(text),
	migrate_undo(text),
	migrate_wait(bigint, interval)
	FROM PUBLIC;
