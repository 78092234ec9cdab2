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

#include "executor/executor.h"
#include "postmaster/bgworker.h"

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

#endif							/* MIGRATE_COMPAT_H */
