/*-------------------------------------------------------------------------
 *
 * queries.c
 *	  The SQL on our own tables, in one table.
 *
 * %s stands for the schema of our tables, %% for a percent sign.  Names and
 * operators are qualified, values are parameters: no search path, operator or
 * function of a user takes part.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "catalog.h"

#include "catalog/pg_type.h"

#define EQ " OPERATOR(pg_catalog.=) "
#define LT " OPERATOR(pg_catalog.<) "

#define PROJECT_KEY "project" EQ "$1 AND version_key" EQ "$2"

const MigQueryText mig_query_texts[Q_COUNT] = {
	[Q_HAS_UNSETTLED] = {
		"SELECT 1 FROM %s.migrate_migration WHERE project" EQ "$1 AND NOT settled LIMIT 1",
		1, {TEXTOID}
	},
#define WORKER(side) \
	"CASE WHEN m." side "_no_transaction THEN coalesce(m." side "_worker," \
	" 'its author asks for no transaction') ELSE m." side "_worker END"
	[Q_LOAD] = {
		"SELECT coalesce(m.version_key, s.version_key), coalesce(m.version, s.version),"
		" coalesce(m.name, s.name), coalesce(m.kind, s.kind), m.version_key IS NOT NULL,"
		" coalesce(s.how, CASE WHEN j.direction" EQ "'down' THEN 'run' END), CASE WHEN m.kind" EQ "'repeatable' THEN m.checksum" EQ "s.checksum"
		" ELSE m.fingerprint" EQ "s.fingerprint END, m.checksum, m.requires, m.registered_by, m.registrant_superuser,"
		" m.up_statements, " WORKER("up") ","
		" m.up_broken, m.up_path, m.down IS NOT NULL,"
		" m.down_statements, " WORKER("down") ","
		" m.down_broken, m.down_path, m.checksum" EQ "s.checksum, j.direction, j.done, j.total,"
		" coalesce(m.order_key, s.order_key), m.tags, m.always, m.hole, m.precondition_else" EQ "'skip',"
		" m.up_variables OPERATOR(pg_catalog.<>) '" MIG_VARIABLES_DRIZZLE "',"
		" m.down_variables OPERATOR(pg_catalog.<>) '" MIG_VARIABLES_DRIZZLE "'"
		" FROM (SELECT * FROM %s.migrate_migration WHERE project" EQ "$1 AND hook IS NULL) m"
		" FULL JOIN (SELECT * FROM %s.migrate_state WHERE project" EQ "$1 AND target_schema" EQ "'') s"
		" ON m.version_key" EQ "s.version_key"
		" LEFT JOIN (SELECT * FROM %s.migrate_journal WHERE project" EQ "$1 AND target_schema" EQ "'') j"
		" ON j.version_key" EQ "m.version_key"
		" ORDER BY 25, 1",
		1, {TEXTOID}
	},
	[Q_LOCK_PLAN] = {
		"SELECT version_key, checksum FROM %s.migrate_migration WHERE project" EQ "$1"
		" AND version_key" EQ "ANY ($2) ORDER BY 1 FOR NO KEY UPDATE",
		2, {TEXTOID, BYTEAARRAYOID}
	},
#define FETCH \
	"SELECT up, up_path, up_line, up_no_transaction, down, down_path, down_line," \
	" down_no_transaction, verify, verify_path, verify_line, checksum, fingerprint," \
	" name, format, requires, precondition, precondition_line, precondition_else," \
	" up_variables, down_variables FROM %s.migrate_migration WHERE " PROJECT_KEY
	[Q_FETCH] = {
		FETCH, 2, {TEXTOID, BYTEAOID}
	},
	[Q_FETCH_LOCKED] = {
		FETCH " FOR NO KEY UPDATE", 2, {TEXTOID, BYTEAOID}
	},
	[Q_HOOKS] = {
		"SELECT hook, name, up, up_path, up_line, registered_by, registrant_superuser, up_variables"
		" FROM %s.migrate_migration WHERE project" EQ "$1 AND hook IS NOT NULL"
		" ORDER BY version_key",
		1, {TEXTOID}
	},
	[Q_FETCH_ALL] = {
		"SELECT name, version, kind, requires, up, up_path, up_line, up_no_transaction,"
		" down, down_path, down_line, down_no_transaction, verify, verify_path,"
		" verify_line, format, file_gone, registrant_superuser, order_key, tags, always,"
		" hole, precondition, precondition_line, precondition_else, up_variables, down_variables"
		" FROM %s.migrate_migration WHERE " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_LOCK] = {
		"SELECT 1 FROM %s.migrate_migration WHERE " PROJECT_KEY " FOR NO KEY UPDATE",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_LOCK_STATE] = {
		"SELECT 1 FROM %s.migrate_state WHERE target_schema" EQ "'' AND " PROJECT_KEY
		" FOR SHARE",
		2, {TEXTOID, BYTEAOID}
	},
#define STATE_OF(what) \
	"EXISTS (SELECT FROM %s.migrate_state s WHERE s.project" EQ "$1" \
	" AND s.target_schema" EQ "'' AND " what ")"
#define SETTLED \
	"CASE WHEN $29 IS NOT NULL THEN true WHEN $32 THEN false WHEN $5" EQ "'repeatable' THEN " \
	STATE_OF("s.version_key" EQ "$2 AND s.checksum" EQ "$6") \
	" WHEN $5" EQ "'baseline' THEN " STATE_OF("true") \
	" ELSE " STATE_OF("s.version_key" EQ "$2 AND s.fingerprint" EQ "$7") " END"
#define MIGRATION_TYPES \
	{TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, \
	TEXTARRAYOID, TEXTOID, TEXTOID, INT4OID, BOOLOID, INT4OID, TEXTOID, \
	TEXTOID, TEXTOID, TEXTOID, INT4OID, BOOLOID, INT4OID, TEXTOID, TEXTOID, \
	TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, BOOLOID, TEXTOID, BYTEAOID, \
	TEXTARRAYOID, BOOLOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID}
	[Q_INSERT] = {
		"INSERT INTO %s.migrate_migration (project, version_key, version, name, kind,"
		" checksum, fingerprint, requires, up, up_path, up_line, up_no_transaction,"
		" up_statements, up_worker, up_broken, down, down_path, down_line,"
		" down_no_transaction, down_statements, down_worker, down_broken, verify,"
		" verify_path, verify_line, format, registered_by, registrant_superuser, hook, order_key, tags, always,"
		" hole, precondition, precondition_line, precondition_else, up_variables, down_variables, settled)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,"
		" $31, $32, $33, $34, $35, $36, $37, $38, " SETTLED ")"
		" ON CONFLICT DO NOTHING",
		38, MIGRATION_TYPES
	},
	[Q_UPDATE] = {
		"UPDATE %s.migrate_migration SET version = $3, name = $4, kind = $5,"
		" checksum = $6, fingerprint = $7, requires = $8, up = $9, up_path = $10,"
		" up_line = $11, up_no_transaction = $12, up_statements = $13, up_worker = $14,"
		" up_broken = $15, down = $16, down_path = $17, down_line = $18,"
		" down_no_transaction = $19, down_statements = $20, down_worker = $21,"
		" down_broken = $22, verify = $23, verify_path = $24, verify_line = $25,"
		" format = $26, registered_by = $27, registrant_superuser = $28, hook = $29, registered_at = pg_catalog.clock_timestamp(),"
		" order_key = $30, tags = $31, always = $32, hole = $33, precondition = $34,"
		" precondition_line = $35, precondition_else = $36, up_variables = $37, down_variables = $38,"
		" file_gone = false, settled = " SETTLED " WHERE " PROJECT_KEY,
		38, MIGRATION_TYPES
	},
	[Q_CHANGE_KIND] = {
		"UPDATE %s.migrate_migration m SET version_key = $3, kind = $4 WHERE " PROJECT_KEY
		" AND hook IS NULL AND NOT EXISTS (SELECT FROM %s.migrate_migration o"
		" WHERE o.project" EQ "$1 AND o.version_key" EQ "$3)",
		4, {TEXTOID, BYTEAOID, BYTEAOID, TEXTOID}
	},
	[Q_CHANGE_STATE_KIND] = {
		"UPDATE %s.migrate_state SET version_key = $3, kind = $4 WHERE target_schema" EQ "'' AND "
		PROJECT_KEY,
		4, {TEXTOID, BYTEAOID, BYTEAOID, TEXTOID}
	},
	[Q_MOVE] = {
		"UPDATE %s.migrate_state SET order_key = $3 WHERE target_schema" EQ "'' AND " PROJECT_KEY
		" AND order_key OPERATOR(pg_catalog.<>) $3",
		3, {TEXTOID, BYTEAOID, BYTEAOID}
	},
	[Q_SET_NO_TRANSACTION] = {
		"UPDATE %s.migrate_migration SET up_no_transaction = $3,"
		" down_no_transaction = $4 WHERE " PROJECT_KEY,
		4, {TEXTOID, BYTEAOID, BOOLOID, BOOLOID}
	},
	[Q_DELETE] = {
		"DELETE FROM %s.migrate_migration WHERE " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_IS_APPLIED] = {
		"SELECT checksum, fingerprint FROM %s.migrate_state WHERE target_schema" EQ "''"
		" AND " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_IS_TAG_APPLIED] = {
		"SELECT 1 FROM %s.migrate_migration m JOIN %s.migrate_state s"
		" ON s.project" EQ "m.project AND s.version_key" EQ "m.version_key"
		" WHERE m.project" EQ "$1 AND s.target_schema" EQ "'' AND $2" EQ "ANY (m.tags)",
		2, {TEXTOID, TEXTOID}
	},
	[Q_FILES_GONE] = {
		"UPDATE %s.migrate_migration SET file_gone = true WHERE project" EQ "$1"
		" AND pg_catalog.starts_with(up_path, $2)"
		" AND version_key" EQ "ANY (ARRAY(SELECT m.version_key FROM %s.migrate_migration m"
		" WHERE m.project" EQ "$1 AND pg_catalog.starts_with(m.up_path, $2)"
		" EXCEPT SELECT k FROM pg_catalog.unnest($3) k))"
		" RETURNING version, name, up_path",
		3, {TEXTOID, TEXTOID, BYTEAARRAYOID}
	},
	[Q_LAST_FORMAT] = {
		"SELECT version, format FROM %s.migrate_migration WHERE project" EQ "$1"
		" AND version_key" LT "'\\x20'::pg_catalog.bytea"
		" AND version_key OPERATOR(pg_catalog.>=) '\\x10'::pg_catalog.bytea"
		" ORDER BY order_key DESC LIMIT 1",
		1, {TEXTOID}
	},
	[Q_APPLIED] = {
		"SELECT s.version_key, s.version, s.name, s.kind, s.applied_at, s.applied_by, s.duration_us, m.up_path"
		" FROM %s.migrate_state s LEFT JOIN %s.migrate_migration m"
		" ON m.project" EQ "s.project AND m.version_key" EQ "s.version_key"
		" WHERE s.project" EQ "$1 AND s.target_schema" EQ "'' ORDER BY s.version_key",
		1, {TEXTOID}
	},
	[Q_SET_APPLIED] = {
		"INSERT INTO %s.migrate_state (project, version_key, version, name, kind, how,"
		" checksum, fingerprint, statements_done, statements_total, applied_at,"
		" applied_by, duration_us, order_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10,"
		" $11, $12, $13) ON CONFLICT (project, target_schema, version_key) DO UPDATE SET"
		" version = excluded.version, name = excluded.name, how = excluded.how,"
		" checksum = excluded.checksum, fingerprint = excluded.fingerprint,"
		" statements_done = excluded.statements_done,"
		" statements_total = excluded.statements_total,"
		" applied_at = excluded.applied_at, applied_by = excluded.applied_by,"
		" duration_us = excluded.duration_us, order_key = excluded.order_key"
		" WHERE excluded.kind" EQ "'repeatable'",
		13, {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID,
		INT4OID, TIMESTAMPTZOID, TEXTOID, INT8OID, BYTEAOID}
	},
	[Q_SET_ROLLED_BACK] = {
		"DELETE FROM %s.migrate_state WHERE target_schema" EQ "'' AND " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_SET_REPAIRED] = {
		"UPDATE %s.migrate_state s SET checksum = m.checksum, fingerprint = m.fingerprint"
		" FROM %s.migrate_migration m WHERE s.target_schema" EQ "''"
		" AND m.project" EQ "s.project AND m.version_key" EQ "s.version_key"
		" AND s.project" EQ "$1 AND s.version_key" EQ "$2",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_SETTLE] = {
		"UPDATE %s.migrate_migration SET settled = hook IS NOT NULL OR coalesce(CASE WHEN always THEN false WHEN kind" EQ "'repeatable'"
		" THEN checksum" EQ "$3 ELSE fingerprint" EQ "$4 END, false) WHERE " PROJECT_KEY,
		4, {TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID}
	},
	[Q_SETTLE_BASELINES] = {
		"UPDATE %s.migrate_migration SET settled = $2 WHERE project" EQ "$1"
		" AND kind" EQ "'baseline' AND settled OPERATOR(pg_catalog.<>) $2",
		2, {TEXTOID, BOOLOID}
	},
	[Q_UNSETTLE_ALL] = {
		"UPDATE %s.migrate_migration SET settled = false WHERE settled AND hook IS NULL",
		0, {0}
	},
	[Q_CURRENT] = {
		"SELECT version FROM %s.migrate_state WHERE project" EQ "$1"
		" AND target_schema" EQ "'' AND kind OPERATOR(pg_catalog.<>) 'repeatable'"
		" ORDER BY order_key DESC LIMIT 1",
		1, {TEXTOID}
	},
	[Q_VARIABLES] = {
		"SELECT name, value, set_by, set_by_superuser FROM %s.migrate_variable WHERE project" EQ "$1 ORDER BY name",
		1, {TEXTOID}
	},
	[Q_SET_VARIABLE] = {
		"INSERT INTO %s.migrate_variable AS v (project, name, value, set_by, set_by_superuser)"
		" VALUES ($1, $2, $3, $4, $5) ON CONFLICT (project, name) DO UPDATE SET"
		" value = excluded.value, set_by = excluded.set_by,"
		" set_by_superuser = excluded.set_by_superuser, set_at = pg_catalog.clock_timestamp()"
		" WHERE v.value OPERATOR(pg_catalog.<>) excluded.value"
		" OR (excluded.set_by_superuser AND NOT v.set_by_superuser)",
		5, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, BOOLOID}
	},
	[Q_GET_VARIABLE] = {
		"SELECT value FROM %s.migrate_variable WHERE project" EQ "$1 AND name" EQ "$2 FOR UPDATE",
		2, {TEXTOID, TEXTOID}
	},
	[Q_REMOVE_VARIABLE] = {
		"DELETE FROM %s.migrate_variable WHERE project" EQ "$1 AND name" EQ "$2",
		2, {TEXTOID, TEXTOID}
	},
	[Q_LOCK_HOLDER] = {
		"SELECT pg_catalog.format('It is held by pid %%s (role %%s, application \"%%s\","
		" address %%s) since %%s: %%s.', pid, role, application,"
		" coalesce(client_addr::pg_catalog.text, 'local'),"
		" pg_catalog.to_char(since, 'HH24:MI:SS'), doing)"
		" FROM %s.migrate_lock_holders() WHERE project" EQ "$1 LIMIT 1",
		1, {TEXTOID}
	},
	[Q_BUSY] = {
		"SELECT 1 FROM pg_catalog.pg_locks l WHERE l.locktype" EQ "'advisory'"
		" AND l.database" EQ "$1 AND l.classid" EQ "$2 AND l.objid" EQ "$3"
		" AND l.objsubid" EQ "ANY ('{19783,19784}'::pg_catalog.int2[]) AND l.granted"
		" AND l.mode" EQ "'ExclusiveLock' AND l.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()",
		3, {OIDOID, OIDOID, OIDOID}
	},
	[Q_BLOCKERS] = {
		"SELECT %s.migrate_blockers($1, $2)",
		2, {INT4OID, INT4ARRAYOID}
	},
	[Q_FILE_SET_ROWS] = {
		"SELECT version_key, checksum, registered_at, file_gone, up_no_transaction,"
		" down_no_transaction, registrant_superuser, xmin"
		" FROM %s.migrate_migration WHERE project" EQ "$1 ORDER BY version_key",
		1, {TEXTOID}
	},
	[Q_FILE_SET_READ] = {
		"SELECT registered, registrant_superuser FROM %s.migrate_file_set"
		" WHERE project" EQ "$1 AND digest" EQ "$2",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_FILE_SET_WRITE] = {
		"INSERT INTO %s.migrate_file_set (project, digest, registered, registrant_superuser)"
		" VALUES ($1, $2, $3, $4) ON CONFLICT (project) DO UPDATE SET digest = excluded.digest,"
		" registered = excluded.registered, registrant_superuser = excluded.registrant_superuser",
		4, {TEXTOID, BYTEAOID, BYTEAOID, BOOLOID}
	},
	[Q_ADVISORY_HOLDERS] = {
		"SELECT %s.migrate_blockers(0, pg_catalog.array_agg(l.pid))"
		" FROM pg_catalog.pg_locks l WHERE l.locktype" EQ "'advisory'"
		" AND l.database" EQ "$1 AND l.classid" EQ "$2 AND l.objid" EQ "$3"
		" AND l.objsubid" EQ "1 AND l.granted",
		3, {OIDOID, OIDOID, OIDOID}
	},
	[Q_JOURNAL_READ] = {
		"SELECT direction, done, total, done_hash, begun, begun_note, outcome, begun_statement,"
		" by_statement"
		" FROM %s.migrate_journal WHERE target_schema" EQ "'' AND " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_JOURNAL_INSERT] = {
		"INSERT INTO %s.migrate_journal (project, version_key, version, name, direction,"
		" done, total, done_hash, job, by_statement, began_at)"
		" VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, pg_catalog.clock_timestamp())",
		9, {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, BYTEAOID, INT8OID, BOOLOID}
	},
	[Q_JOURNAL_UPDATE] = {
		"UPDATE %s.migrate_journal SET done = $3, total = $4, done_hash = $5, begun = $6,"
		" begun_note = $7, outcome = $8, message = $9, job = coalesce($10, job), begun_statement = $11"
		" WHERE target_schema" EQ "'' AND " PROJECT_KEY,
		11, {TEXTOID, BYTEAOID, INT4OID, INT4OID, BYTEAOID, INT4OID, TEXTOID, TEXTOID,
		TEXTOID, INT8OID, TEXTOID}
	},
	[Q_JOURNAL_DELETE] = {
		"DELETE FROM %s.migrate_journal WHERE target_schema" EQ "'' AND " PROJECT_KEY,
		2, {TEXTOID, BYTEAOID}
	},
	[Q_JOB_NEW] = {
		"INSERT INTO %s.migrate_job (project, action, target, session_role, acting_role,"
		" client_addr, application) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
		7, {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	},
	[Q_JOB_FINISH] = {
		"UPDATE %s.migrate_job SET outcome = $2, steps = $3, steps_done = $4, sqlstate = $5,"
		" message = $6, detail = $7, hint = $8, context = $9,"
		" finished_at = pg_catalog.clock_timestamp() WHERE id" EQ "$1 AND outcome IS NULL",
		9, {INT8OID, TEXTOID, INT4OID, INT4OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	},
	[Q_JOB_READ] = {
		"SELECT outcome, sqlstate, message, detail, hint, context, steps_done"
		" FROM %s.migrate_job WHERE id" EQ "$1",
		1, {INT8OID}
	},
	[Q_JOB_PID] = {
		"SELECT l.pid FROM pg_catalog.pg_locks l WHERE l.locktype" EQ "'advisory'"
		" AND l.database" EQ "$1 AND l.classid" EQ "$2 AND l.objid" EQ "$3"
		" AND l.objsubid" EQ "19785 AND l.granted AND l.mode" EQ "'ExclusiveLock'",
		3, {OIDOID, OIDOID, OIDOID}
	},
	[Q_NEW_CHAIN] = {
		"INSERT INTO %s.migrate_log_head VALUES ($1, 0, $2) ON CONFLICT DO NOTHING",
		2, {TEXTOID, BYTEAOID}
	},
	[Q_LOCK_CHAIN] = {
		"SELECT entries, hash FROM %s.migrate_log_head WHERE project" EQ "$1"
		" FOR NO KEY UPDATE",
		1, {TEXTOID}
	},
	[Q_APPEND] = {
		"INSERT INTO %s.migrate_log VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
		" $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25,"
		" $26, $27, $28, $29, $30, $31, $32, $33, $34)",
		34, {TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, BYTEAOID, TEXTOID, TEXTOID,
			BYTEAOID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, INT4OID, INT4OID, PG_LSNOID, TEXTOID, INT8OID, TEXTOID, TEXTOID,
			TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, INT4OID, TEXTOID,
		BYTEAOID, BYTEAOID}
	},
	[Q_SET_CHAIN] = {
		"UPDATE %s.migrate_log_head SET entries = $2, hash = $3 WHERE project" EQ "$1",
		3, {TEXTOID, INT8OID, BYTEAOID}
	},
	[Q_READ_CHAINS] = {
		"SELECT coalesce(h.project, l.project), h.entries, h.hash"
		" FROM %s.migrate_log_head h FULL JOIN (SELECT DISTINCT project"
		" FROM %s.migrate_log) l ON l.project" EQ "h.project ORDER BY 1",
		0, {0}
	},
	[Q_READ_LOG] = {
		"SELECT * FROM %s.migrate_log WHERE project" EQ "$1 ORDER BY id",
		1, {TEXTOID}
	},

	/* for everybody's eyes: no address, no text */
	[Q_PROSPECT] = {
		"SELECT EXISTS (SELECT 1 FROM %s.migrate_migration WHERE project" EQ "$1"
		" AND version_key" EQ "ANY (ARRAY[$2, $3])),"
		" (SELECT pg_catalog.format('Pid %%s (role %%s, application \"%%s\") is running migrations since %%s: %%s.',"
		" pid, role, application, pg_catalog.to_char(since, 'HH24:MI:SS'), doing)"
		" FROM %s.migrate_lock_holders() WHERE project" EQ "$1 LIMIT 1),"
		" (SELECT CASE WHEN e.outcome" EQ "'failed' THEN pg_catalog.format("
		"'The last attempt failed: %%s of version %%s, SQLSTATE %%s, at %%s.', e.event, e.version, e.sqlstate,"
		" pg_catalog.to_char(e.finished_at, 'YYYY-MM-DD HH24:MI:SS')) END"
		" FROM (SELECT * FROM %s.migrate_log WHERE project" EQ "$1"
		" ORDER BY id DESC LIMIT 1) e)",
		3, {TEXTOID, BYTEAOID, BYTEAOID}
	},
	[Q_ROLLED_BACK] = {
		"SELECT version_key, checksum, pg_catalog.max(finished_at) FROM %s.migrate_log"
		" WHERE project" EQ "$1 AND target_schema" EQ "'' AND event" EQ "'rollback'"
		" AND outcome" EQ "'ok' AND checksum IS NOT NULL GROUP BY 1, 2 ORDER BY 1",
		1, {TEXTOID}
	},
	[Q_REHEARSALS] = {
		"SELECT r.version_key, r.verdict FROM %s.migrate_rehearsal r JOIN %s.migrate_migration m"
		" ON m.project" EQ "r.project AND m.version_key" EQ "r.version_key WHERE r.project" EQ "$1"
		" AND r.up_hash" EQ "pg_catalog.sha256(pg_catalog.convert_to(m.up, pg_catalog.getdatabaseencoding()))"
		" AND coalesce(r.down_hash, '')" EQ
		"coalesce(pg_catalog.sha256(pg_catalog.convert_to(m.down, pg_catalog.getdatabaseencoding())), '')"
		" ORDER BY r.version_key",
		1, {TEXTOID}
	},
	[Q_REHEARSED] = {
		"INSERT INTO %s.migrate_rehearsal (project, version_key, version, name, up_hash,"
		" down_hash, verdict, findings, rehearsed_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
		" ON CONFLICT (project, version_key) DO UPDATE SET version = excluded.version,"
		" name = excluded.name, up_hash = excluded.up_hash, down_hash = excluded.down_hash,"
		" verdict = excluded.verdict, findings = excluded.findings,"
		" rehearsed_at = excluded.rehearsed_at, rehearsed_by = excluded.rehearsed_by",
		9, {TEXTOID, BYTEAOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, TEXTOID, INT4OID, TEXTOID}
	},
	[Q_STATISTIC_FIND] = {
		"SELECT rows, CASE WHEN bytes OPERATOR(pg_catalog.<) 0 THEN bytes"
		" ELSE bytes OPERATOR(pg_catalog.+) toast_bytes END FROM %s.migrate_statistic"
		" WHERE schema_name" EQ "$1 AND name" EQ "$2",
		2, {TEXTOID, TEXTOID}
	},
	[Q_STATISTIC_SOURCE] = {
		"SELECT database, server_version, exported_at,"
		" (SELECT pg_catalog.count(*) FROM %s.migrate_statistic)"
		" FROM %s.migrate_statistic_source",
		0, {0}
	},
	[Q_STATISTIC_CLEAR] = {
		"DELETE FROM %s.migrate_statistic",
		0, {0}
	},
	[Q_STATISTIC_CLEAR_SOURCE] = {
		"DELETE FROM %s.migrate_statistic_source",
		0, {0}
	},
	[Q_STATISTIC_STORE] = {
		"INSERT INTO %s.migrate_statistic (schema_name, name, kind, rows, bytes, toast_bytes, index_bytes)"
		" SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3),"
		" pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), pg_catalog.unnest($7)) u",
		7, {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID}
	},
	[Q_STATISTIC_STORE_SOURCE] = {
		"INSERT INTO %s.migrate_statistic_source (database, server_version, exported_at, imported_by)"
		" VALUES ($1, $2, $3, $4)",
		4, {TEXTOID, TEXTOID, TEXTOID, TEXTOID}
	},
	[Q_DDL_RECORD] = {
		"INSERT INTO %s.migrate_ddl (xid, session_role, acting_role, client_addr, application, pid,"
		" tag, object_type, object_identity, object_count, objects, rewrites, statement, context,"
		" project, version, name, script, job) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
		" $11, $12, $13, $14, $15, $16, $17, $18, $19)",
		19, {XID8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT4OID, TEXTOID, TEXTOID, TEXTOID,
			INT4OID, JSONBOID, TEXTARRAYOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		TEXTOID, INT8OID}
	},
	[Q_DDL_FORGET] = {
		"DELETE FROM %s.migrate_ddl WHERE seen_at" LT "(pg_catalog.now() OPERATOR(pg_catalog.-) $1)",
		1, {INTERVALOID}
	},
	[Q_GUARD_TRIGGERS] = {
		"SELECT t.evtname::pg_catalog.text, pg_catalog.substr(p.proname::pg_catalog.text, 15),"
		" t.evtevent" EQ "'ddl_command_end', t.evtenabled OPERATOR(pg_catalog.<>) 'D' FROM pg_catalog.pg_event_trigger t JOIN pg_catalog.pg_proc p ON p.oid" EQ "t.evtfoid"
		" WHERE p.pronamespace" EQ "$1 AND p.proname" EQ "ANY"
		" ('{migrate_guard_record,migrate_guard_warn,migrate_guard_error}'::pg_catalog.name[])"
		" ORDER BY t.evtname",
		1, {OIDOID}
	},
	/* a stamp counts if whoever took it saw what all others have done */
	[Q_REFERENCE] = {
		"SELECT r.clean_at, r.clean_transactions::pg_catalog.text,"
		" CASE WHEN NOT EXISTS (SELECT 1 FROM %s.migrate_reference o WHERE o.id OPERATOR(pg_catalog.<>) r.id"
		" AND NOT pg_catalog.pg_visible_in_snapshot(o.xid, r.transactions)) THEN r.stamp END,"
		" (SELECT pg_catalog.string_agg(o.id::pg_catalog.text, ' ' ORDER BY o.id)"
		" FROM %s.migrate_reference o)"
		" FROM %s.migrate_reference r ORDER BY r.id DESC LIMIT 1",
		0, {0}
	},
	[Q_REFERENCE_SHARE] = {
		"LOCK TABLE %s.migrate_object IN ROW EXCLUSIVE MODE",
		0, {0}
	},
	[Q_REFERENCE_LOCK] = {
		"LOCK TABLE %s.migrate_object IN SHARE ROW EXCLUSIVE MODE",
		0, {0}
	},
	[Q_REFERENCE_SET] = {
		"INSERT INTO %s.migrate_reference (project, origin, job, transactions, stamp, clean_at,"
		" clean_transactions) SELECT $1, $2, $3, s.now, $4,"
		" CASE WHEN $4 IS NULL THEN r.clean_at ELSE pg_catalog.clock_timestamp() END,"
		" CASE WHEN $4 IS NULL THEN r.clean_transactions ELSE s.now END"
		" FROM (SELECT pg_catalog.pg_current_snapshot() AS now) s LEFT JOIN"
		" (SELECT * FROM %s.migrate_reference ORDER BY id DESC LIMIT 1) r ON true",
		4, {TEXTOID, TEXTOID, INT8OID, INT8OID}
	},
	[Q_REFERENCE_CLEAR] = {
		"DELETE FROM %s.migrate_reference WHERE ctid" EQ "ANY (ARRAY(SELECT ctid FROM %s.migrate_reference"
		" WHERE id" LT "(SELECT pg_catalog.max(id) FROM %s.migrate_reference) FOR UPDATE SKIP LOCKED))",
		0, {0}
	},
	[Q_OBJECTS] = {
		"SELECT ctid, kind, identity, component, hash,"
		" CASE WHEN $1 OR kind" EQ "ANY ('{index,sequence}'::pg_catalog.text[]) THEN definition END"
		" FROM %s.migrate_object",
		1, {BOOLOID}
	},
	[Q_OBJECT_INSERT] = {
		"INSERT INTO %s.migrate_object (kind, identity, component, hash, definition)"
		" SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3),"
		" pg_catalog.unnest($4), pg_catalog.unnest($5)) u",
		5, {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID}
	},
	[Q_OBJECT_DELETE] = {
		"DELETE FROM %s.migrate_object WHERE ctid" EQ "ANY (ARRAY(SELECT ctid FROM %s.migrate_object"
		" WHERE ctid" EQ "ANY ($1) FOR UPDATE SKIP LOCKED))",
		1, {TIDARRAYOID}
	},
	[Q_UNSETTLED] = {
		"SELECT coalesce(job, 0) FROM %s.migrate_unsettled",
		0, {0}
	},
	[Q_UNSETTLED_ADD] = {
		"INSERT INTO %s.migrate_unsettled (project, job) VALUES ($1, nullif($2, 0))",
		2, {TEXTOID, INT8OID}
	},
	[Q_UNSETTLED_REMOVE] = {
		"DELETE FROM %s.migrate_unsettled WHERE coalesce(job, 0)" EQ "$1",
		1, {INT8OID}
	},
	[Q_DDL_SINCE] = {
		"SELECT d.id, d.seen_at, d.session_role, d.acting_role, d.client_addr, d.application, d.tag,"
		" d.statement, o.value OPERATOR(pg_catalog.->>) 'identity', o.value OPERATOR(pg_catalog.->>) 'was',"
		" o.value OPERATOR(pg_catalog.->>) 'type'"
		" FROM %s.migrate_ddl d, pg_catalog.jsonb_array_elements(d.objects) o"
		" WHERE d.project IS NULL AND (d.seen_at OPERATOR(pg_catalog.>) $1"
		" OR NOT pg_catalog.pg_visible_in_snapshot(d.xid, $2::pg_catalog.pg_snapshot))"
		" ORDER BY d.id",
		2, {TIMESTAMPTZOID, TEXTOID}
	},
	[Q_VERIFY_RECORDS] = {
		"SELECT check_name, severity, version, object, problem, action, place"
		" FROM %s.migrate_verify_records()",
		0, {0}
	},
	[Q_VERIFY_OBJECTS] = {
		"SELECT check_name, severity, NULL::pg_catalog.text, object, problem, action, index"
		" FROM %s.migrate_verify_objects()",
		0, {0}
	},
	[Q_VERIFY_LOG] = {
		"SELECT id, problem FROM %s.migrate_verify_log() WHERE project" EQ "$1",
		1, {TEXTOID}
	},

	/* those with a verify script, or with something else to be parsed */
	[Q_VERIFY_SCRIPTS] = {
		"SELECT m.version_key, m.version, m.name, m.order_key, m.registered_by, m.registrant_superuser,"
		" CASE WHEN m.kind" EQ "'repeatable' THEN m.checksum" EQ "s.checksum"
		" ELSE m.fingerprint" EQ "s.fingerprint END, s.version_key IS NOT NULL,"
		" m.up_broken IS NULL, m.verify_path, m.up_path"
		" FROM %s.migrate_migration m LEFT JOIN %s.migrate_state s"
		" ON s.project" EQ "m.project AND s.target_schema" EQ "'' AND s.version_key" EQ "m.version_key"
		" WHERE m.project" EQ "$1 AND m.hook IS NULL AND (m.verify IS NOT NULL OR NOT m.settled"
		" AND (m.up_variables IS NOT NULL OR m.precondition IS NOT NULL))"
		" AND NOT EXISTS (SELECT 1 FROM %s.migrate_journal j WHERE j.project" EQ "m.project"
		" AND j.target_schema" EQ "'' AND j.version_key" EQ "m.version_key)"
		" ORDER BY m.order_key, m.version_key",
		1, {TEXTOID}
	},
	[Q_VERIFY_DRIFT] = {
		"SELECT check_name, severity, NULL::pg_catalog.text, object, problem, action"
		" FROM %s.migrate_verify_drift()",
		0, {0}
	},
	[Q_VERIFY_TRACKED] = {
		"SELECT EXISTS (SELECT 1 FROM %s.migrate_unsettled), EXISTS (SELECT 1 FROM %s.migrate_state)",
		0, {0}
	},
	[Q_IDENTITY] = {
		"SELECT pg_catalog.to_jsonb(i) FROM %s.migrate_identity() i",
		0, {0}
	},

	/* without the version that a baseline script alone stands for */
	[Q_MANIFEST] = {
		"SELECT coalesce(m.version_key, a.version_key), coalesce(m.version, a.version),"
		" coalesce(m.name, a.name), coalesce(m.kind, a.kind), s.state, a.how,"
		" m.checksum, m.fingerprint, m.down, m.verify, a.checksum, a.fingerprint"
		" FROM (SELECT * FROM %s.migrate_migration WHERE project" EQ "$1) m"
		" FULL JOIN (SELECT * FROM %s.migrate_state WHERE project" EQ "$1 AND target_schema" EQ "'') a"
		" ON a.version_key" EQ "m.version_key"
		" LEFT JOIN %s.migrate_status s ON s.version" EQ "coalesce(m.version, a.version)"
		" AND s.kind" EQ "coalesce(m.kind, a.kind)"
		" AND (s.registered_at IS NULL)" EQ "(m.version_key IS NULL)"
		" WHERE m.version_key IS NOT NULL OR a.kind OPERATOR(pg_catalog.<>) 'baseline'"
		" OR a.version_key" LT "'\\x10'::pg_catalog.bytea"
		" ORDER BY coalesce(m.order_key, a.order_key), 1",
		1, {TEXTOID}
	},
};
