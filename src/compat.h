/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between PostgreSQL 15 and 18, in one place.
 *
 * No other file of this extension looks at PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_COMPAT_H
#define MIGRATE_COMPAT_H

#include "common/relpath.h"
#include "executor/executor.h"
#include "lib/ilist.h"
#include "postmaster/bgworker.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/smgr.h"
#include "utils/guc.h"

#if PG_VERSION_NUM < 150000 || PG_VERSION_NUM >= 190000
#error "migrate supports PostgreSQL 15 to 18"
#endif

#if PG_VERSION_NUM >= 180000
#define mig_ExecutorRun(qd, dir, count) ExecutorRun(qd, dir, count)
#else
#define mig_ExecutorRun(qd, dir, count) ExecutorRun(qd, dir, count, true)
#endif

#if PG_VERSION_NUM >= 160000
#define mig_namespace_aclcheck(schema, role, mode) \
	object_aclcheck(NamespaceRelationId, schema, role, mode)
#else
#define mig_namespace_aclcheck(schema, role, mode) \
	pg_namespace_aclcheck(schema, role, mode)
#endif

#if PG_VERSION_NUM >= 160000
#define mig_proc_aclcheck(function, role, mode) \
	object_aclcheck(ProcedureRelationId, function, role, mode)
#else
#define mig_proc_aclcheck(function, role, mode) \
	pg_proc_aclcheck(function, role, mode)
#endif

#if PG_VERSION_NUM >= 170000
#define mig_LockHeldByMe(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define mig_LockHeldByMe(tag, mode) LockHeldByMe(tag, mode)
#endif

/* Declared in libpq/libpq.h, which wants Kerberos' headers too. */
extern bool pq_check_connection(void);

/* A role may have lost LOGIN since its session began. */
#if PG_VERSION_NUM >= 170000
#define MIG_WORKER_FLAGS BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define MIG_WORKER_FLAGS 0
#endif

/* The running server's, which the log remembers with each event. */
#define mig_server_version() PG_VERSION_NUM

#if PG_VERSION_NUM >= 180000
#define mig_PortalRun(portal, count, top, dest, altdest, qc) \
	PortalRun(portal, count, top, dest, altdest, qc)
#else
#define mig_PortalRun(portal, count, top, dest, altdest, qc) \
	PortalRun(portal, count, top, true, dest, altdest, qc)
#endif

#if PG_VERSION_NUM >= 180000
#define mig_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, NULL, nkeys, 0)
#else
#define mig_index_beginscan(heap, index, snapshot, nkeys) \
	index_beginscan(heap, index, snapshot, nkeys, 0)
#endif

#if PG_VERSION_NUM >= 180000
#define mig_relation_path(database, tablespace, file, backend) \
	pstrdup(GetRelationPath(database, tablespace, file, backend, MAIN_FORKNUM).str)
#else
#define mig_relation_path(database, tablespace, file, backend) \
	GetRelationPath(database, tablespace, file, backend, MAIN_FORKNUM)
#endif

#if PG_VERSION_NUM >= 170000
#include "storage/procnumber.h"
#define mig_temp_backend() ProcNumberForTempRelations()
#else
#include "storage/backendid.h"
#define mig_temp_backend() BackendIdForTempRelations()
#endif

/* NOT ENFORCED, virtual columns, and NOT NULL as a constraint came with 18. */
#if PG_VERSION_NUM >= 180000
#define mig_constraint_enforced(form) ((form)->conenforced)
/* the parser leaves the field alone in keys and such, which always are */
#define mig_declared_enforced(constraint) \
	((constraint)->is_enforced || ((constraint)->contype != CONSTR_CHECK && \
								   (constraint)->contype != CONSTR_FOREIGN))
#define mig_marks_not_enforced(constraint) \
	((constraint)->contype == CONSTR_ATTR_NOT_ENFORCED)
#define mig_marks_enforcement(constraint) \
	((constraint)->contype == CONSTR_ATTR_ENFORCED || mig_marks_not_enforced(constraint))
#define mig_has_without_overlaps(constraint) ((constraint)->without_overlaps)
#define mig_generated_kind(constraint) ((constraint)->generated_kind)
#define mig_is_virtual(generated) ((generated) == ATTRIBUTE_GENERATED_VIRTUAL)
#define mig_AlterConstraint ATAlterConstraint
#define mig_alters_enforced(alter) ((alter)->alterEnforceability)
#define mig_alters_deferrable(alter) ((alter)->alterDeferrability)
#define mig_alters_inherit(alter) ((alter)->alterInheritability)
#define mig_alter_enforced(alter) ((alter)->is_enforced)
#define mig_alter_no_inherit(alter) ((alter)->noinherit)
#define mig_not_null_is_constraint() true
#else
#define mig_constraint_enforced(form) true
#define mig_declared_enforced(constraint) true
#define mig_marks_not_enforced(constraint) false
#define mig_marks_enforcement(constraint) false
#define mig_has_without_overlaps(constraint) false
#define mig_generated_kind(constraint) ATTRIBUTE_GENERATED_STORED
#define mig_is_virtual(generated) false
#define mig_AlterConstraint Constraint
#define mig_alters_enforced(alter) false
#define mig_alters_deferrable(alter) true
#define mig_alters_inherit(alter) false
#define mig_alter_enforced(alter) true
#define mig_alter_no_inherit(alter) false
#define mig_not_null_is_constraint() false
#endif
#define mig_is_stored(constraint) \
	(mig_generated_kind(constraint) == ATTRIBUTE_GENERATED_STORED)

#if PG_VERSION_NUM >= 170000
#define mig_is_set_expression(subtype) ((subtype) == AT_SetExpression)
#else
#define mig_is_set_expression(subtype) false
#endif

/* Have the partitions of a table its identity columns as such? */
#define MIG_IDENTITY_OF_PARTITIONS (PG_VERSION_NUM >= 170000)

/* Does the planner lock the indexes of a partitioned table? */
#define MIG_PLANNER_OPENS_PARTITIONED_INDEXES (PG_VERSION_NUM >= 160000)

/* Is the relation of a composite type locked by what has values of it? */
#define MIG_COMPOSITE_TYPES_LOCK (PG_VERSION_NUM < 160000)

/* Is what inherits from a table locked for any new constraint of it? */
#define MIG_ADD_CONSTRAINT_LOCKS_TREE (PG_VERSION_NUM >= 180000)

/* Is what inherits from a table vacuumed and analyzed with it? */
#define MIG_VACUUM_RECURSES (PG_VERSION_NUM >= 180000)

/*
 * Do relations that others are recorded to depend on get locked for that, as
 * in minor versions from 15.19, 16.15, 17.11 and 18.5 on?
 */
static inline bool
mig_dependencies_lock(void)
{
	int			version = atoi(GetConfigOption("server_version_num", false, false));

	return version >= 180005 || (version >= 170011 && version < 180000) ||
		(version >= 160015 && version < 170000) || (version >= 150019 && version < 160000);
}

/* Does GRANT keep a lock on a relation? */
#define MIG_GRANT_LOCKS (PG_VERSION_NUM >= 180000)

#define mig_FuncnameGetCandidates(names, nargs) \
	FuncnameGetCandidates(names, nargs, NIL, true, true, false, true)

/* A raw statement's RETURNING, as a list of targets. */
#if PG_VERSION_NUM >= 180000
#define mig_returning(stmt) \
	((stmt)->returningClause ? (stmt)->returningClause->exprs : NIL)
#else
#define mig_returning(stmt) ((stmt)->returningList)
#endif

/* 'l', 'r' or 'h' */
#if PG_VERSION_NUM >= 160000
#define mig_partition_strategy(spec) ((char) (spec)->strategy)
#define mig_storage_name(def) ((def)->storage_name)
#else
#define mig_partition_strategy(spec) ((char) pg_tolower((spec)->strategy[0]))
#define mig_storage_name(def) ((const char *) NULL)
#endif

#if PG_VERSION_NUM >= 180000
#define mig_primary_key(relation) RelationGetPrimaryKeyIndex(relation, true)
#else
#define mig_primary_key(relation) RelationGetPrimaryKeyIndex(relation)
#endif

/* A counter of find_tabstat_entry()'s. */
#if PG_VERSION_NUM >= 160000
#define mig_tabstat(entry, counter) ((entry)->counts.counter)
#else
#define mig_tabstat(entry, counter) ((entry)->t_counts.t_##counter)
#endif

/* The next lock of this process in a partition of the shared table. */
static inline PROCLOCK *
mig_next_proclock(int partition, PROCLOCK *last)
{
#if PG_VERSION_NUM >= 160000
	dlist_head *head = &MyProc->myProcLocks[partition];

	if (last == NULL)
		return dlist_is_empty(head) ? NULL : dlist_head_element(PROCLOCK, procLink, head);
	return dlist_has_next(head, &last->procLink) ?
		dlist_container(PROCLOCK, procLink, dlist_next_node(head, &last->procLink)) : NULL;
#else
	SHM_QUEUE  *head = &MyProc->myProcLocks[partition];

	return (PROCLOCK *) SHMQueueNext(head, last ? &last->procLink : head,
									 offsetof(PROCLOCK, procLink));
#endif
}

#if PG_VERSION_NUM >= 180000
#define mig_fast_path_slots() FastPathLockSlotsPerBackend()
#else
#define mig_fast_path_slots() FP_LOCK_SLOTS_PER_BACKEND
#endif

/* Which file a relation is in. */
#if PG_VERSION_NUM >= 160000
typedef RelFileLocator MigRelFile;
#else
typedef RelFileNode MigRelFile;
#endif

#if PG_VERSION_NUM >= 170000
#define MIG_NO_BACKEND INVALID_PROC_NUMBER
#define mig_own_backend() MyProcNumber
#else
#define MIG_NO_BACKEND InvalidBackendId
#define mig_own_backend() MyBackendId
#endif

#if PG_VERSION_NUM >= 170000
#define mig_statistics_target(datum) DatumGetInt16(datum)
#else
#define mig_statistics_target(datum) DatumGetInt32(datum)
#endif

/* PRIMARY KEY and UNIQUE may be WITHOUT OVERLAPS from 18 on. */
#if PG_VERSION_NUM >= 180000
#define MIG_SNAPSHOT_PERIOD "k.conperiod"
#define mig_is_period(form) ((form)->conperiod)
#else
#define MIG_SNAPSHOT_PERIOD "false"
#define mig_is_period(form) false
#endif

/* NOT NULL as a constraint: what a dump of it would tell beside NOT NULL. */
#if PG_VERSION_NUM >= 180000
#define MIG_SNAPSHOT_QUERIES \
	{ \
		"column", 0, AttributeRelationId, InvalidOid, \
		"SELECT " RELATION " || '.' || quote_ident(a.attname) AS identity," \
		" concat_ws(' ', 'CONSTRAINT ' || quote_ident(k.conname), 'NOT NULL'," \
		" CASE WHEN k.connoinherit THEN 'NO INHERIT' END, CASE WHEN NOT k.convalidated THEN 'NOT VALID' END," \
		" 'COMMENT ' || quote_literal(m.description)) AS text" \
		" FROM pg_catalog.pg_constraint k" RELATION_OF("k.conrelid") \
		" JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]" \
		" LEFT JOIN pg_catalog.pg_description m ON m.objoid = k.oid" \
		" AND m.classoid = 'pg_catalog.pg_constraint'::regclass" \
		" WHERE k.oid = ANY ($1) AND (k.connoinherit OR NOT k.convalidated OR m.objoid IS NOT NULL" \
		" OR k.conname <> c.relname || '_' || a.attname || '_not_null'" \
		" AND octet_length(c.relname || '_' || a.attname || '_not_null') < 64)" \
	},
#else
#define MIG_SNAPSHOT_QUERIES
#endif

#if PG_VERSION_NUM >= 180000
#define mig_is_not_null(form) ((form)->contype == CONSTRAINT_NOTNULL)
#else
#define mig_is_not_null(form) false
#endif

#endif							/* MIGRATE_COMPAT_H */
