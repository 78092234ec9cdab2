/*-------------------------------------------------------------------------
 *
 * catalog.h
 *	  How our own tables are read and written: what catalog.c offers to
 *	  journal.c and log.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_CATALOG_H
#define MIGRATE_CATALOG_H

#include "executor/spi.h"

/* The statements, which are in queries.c. */
typedef enum MigQueryNo
{
	Q_HAS_UNSETTLED,
	Q_LOAD,
	Q_LOCK_PLAN,
	Q_FETCH,
	Q_FETCH_LOCKED,
	Q_FETCH_ALL,
	Q_HOOKS,
	Q_LOCK,
	Q_LOCK_STATE,
	Q_INSERT,
	Q_UPDATE,
	Q_CHANGE_KIND,
	Q_CHANGE_STATE_KIND,
	Q_MOVE,
	Q_SET_NO_TRANSACTION,
	Q_DELETE,
	Q_IS_APPLIED,
	Q_IS_TAG_APPLIED,
	Q_FILES_GONE,
	Q_LAST_FORMAT,
	Q_APPLIED,
	Q_SET_APPLIED,
	Q_SET_ROLLED_BACK,
	Q_SET_REPAIRED,
	Q_SETTLE,
	Q_SETTLE_BASELINES,
	Q_UNSETTLE_ALL,
	Q_CURRENT,
	Q_VARIABLES,
	Q_SET_VARIABLE,
	Q_GET_VARIABLE,
	Q_REMOVE_VARIABLE,
	Q_LOCK_HOLDER,
	Q_BUSY,
	Q_BLOCKERS,
	Q_FILE_SET_ROWS,
	Q_FILE_SET_READ,
	Q_FILE_SET_WRITE,
	Q_ADVISORY_HOLDERS,
	Q_JOURNAL_READ,
	Q_JOURNAL_INSERT,
	Q_JOURNAL_UPDATE,
	Q_JOURNAL_DELETE,
	Q_JOB_NEW,
	Q_JOB_FINISH,
	Q_JOB_READ,
	Q_JOB_PID,
	Q_NEW_CHAIN,
	Q_LOCK_CHAIN,
	Q_APPEND,
	Q_SET_CHAIN,
	Q_READ_CHAINS,
	Q_READ_LOG,
	Q_PROSPECT,
	Q_ROLLED_BACK,
	Q_REHEARSALS,
	Q_REHEARSED,
	Q_STATISTIC_FIND,
	Q_STATISTIC_SOURCE,
	Q_STATISTIC_CLEAR,
	Q_STATISTIC_CLEAR_SOURCE,
	Q_STATISTIC_STORE,
	Q_STATISTIC_STORE_SOURCE,
	Q_DDL_RECORD,
	Q_DDL_FORGET,
	Q_GUARD_TRIGGERS,
	Q_REFERENCE,
	Q_REFERENCE_SHARE,
	Q_REFERENCE_LOCK,
	Q_REFERENCE_SET,
	Q_REFERENCE_CLEAR,
	Q_OBJECTS,
	Q_OBJECT_INSERT,
	Q_OBJECT_DELETE,
	Q_UNSETTLED,
	Q_UNSETTLED_ADD,
	Q_UNSETTLED_REMOVE,
	Q_DDL_SINCE,
	Q_VERIFY_RECORDS,
	Q_VERIFY_OBJECTS,
	Q_VERIFY_LOG,
	Q_VERIFY_SCRIPTS,
	Q_VERIFY_DRIFT,
	Q_VERIFY_TRACKED,
	Q_IDENTITY,
	Q_MANIFEST,
	Q_COUNT
} MigQueryNo;

#define MIG_QUERY_ARGS 38

typedef struct MigQueryText
{
	const char *sql;
	int			nargs;
	Oid			types[MIG_QUERY_ARGS];
} MigQueryText;

/* queries.c */
extern const MigQueryText mig_query_texts[Q_COUNT];

/* Where we come from while we are the owner. */
typedef struct MigVisit
{
	Oid			user;
	int			security;
	bool		snapshot;		/* pushed, because there was none */
	MemoryContext caller;
} MigVisit;

extern MigVisit mig_enter(void);
extern void mig_leave(const MigVisit *visit);
extern const char *mig_kind_name(char kind);
extern char mig_kind_of(const char *name);
extern SPIPlanPtr mig_query_plan(MigQueryNo query);
extern const Oid *mig_query_types(MigQueryNo query);
extern uint64 mig_run_query(MigQueryNo query, Datum *values, const bool *nulls);
extern uint64 mig_read_query(MigQueryNo query, Datum *values);
extern Datum mig_array_datum(Datum *values, int n, Oid type);
extern Datum mig_text_datum(const char *text, bool *isnull);
extern char *mig_text_field(const MigVisit *visit, uint64 row, int column);
extern bytea *mig_bytea_field(const MigVisit *visit, uint64 row, int column);
extern int64 mig_int_field(uint64 row, int column, int64 otherwise);
extern bool mig_bool_field(uint64 row, int column);
extern uint64 mig_run_for_key(MigQueryNo query, const char *project,
							  const bytea *key);

#endif							/* MIGRATE_CATALOG_H */
