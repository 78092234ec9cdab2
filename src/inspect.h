/*-------------------------------------------------------------------------
 *
 * inspect.h
 *	  What a statement did, as measured: locks, waits, rewrites, scans, rows,
 *	  objects, and what a rollback will not undo.
 *
 * rehearse.c has statements recorded; inspect.c records; inspect_locks.c knows
 * what is locked and what it is called; inspect_events.c hears what the server says while they run; dryrun_report.c writes it down.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_INSPECT_H
#define MIGRATE_INSPECT_H

#include "effects.h"

#include "access/htup.h"
#include "catalog/pg_class.h"
#include "executor/instrument.h"
#include "portability/instr_time.h"
#include "storage/lock.h"
#include "utils/resowner.h"
#include "utils/snapshot.h"

/* What is counted for a relation. */
typedef enum MigCounter
{
	MIG_COUNT_SCANS,			/* sequential ones; of an index: its own */
	MIG_COUNT_TUPLES,			/* ... read by them */
	MIG_COUNT_INSERTED,
	MIG_COUNT_UPDATED,
	MIG_COUNT_DELETED,
	MIG_COUNTERS
} MigCounter;

/* A relation that was locked, under the name that it has now. */
typedef struct MigSeenRel
{
	Oid			relid;			/* hash key */
	bool		known;			/* ... is what follows */
	bool		stale;			/* it may have another name now */
	bool		old;			/* existed before the dry run */
	bool		gone;			/* dropped; nothing counts any more */
	bool		hidden;			/* made and gone within a statement, or ours */
	char		kind;			/* RELKIND_* */
	char	   *name;			/* quoted, with its schema */
	Oid			table;			/* of an index or TOAST table */
	char	   *table_name;
	int64		bytes;			/* before the dry run, if it is old */
	int64		counters[MIG_COUNTERS];
	List	   *indexes;		/* of a table: MigSeenRel * */
	int			suspected;		/* for the last time: serial number of the
								 * statement */
	uint32		rollbacks;		/* of the recorder, when it was looked at */
	/* over the whole dry run */
	LOCKMASK	modes;
	int			first;			/* statement that took its strongest lock */
	char	   *first_name;		/* what it was called then */
} MigSeenRel;

typedef struct MigSeenLock
{
	MigSeenRel *rel;			/* NULL: an advisory lock */
	char	   *name;			/* of the relation, before the statement */
	LOCKTAG		tag;
	LOCKMODE	mode;
	bool		named;			/* in the statement's text */
	bool		predicted;		/* not measured */
} MigSeenLock;

/* A lock that was waited for, or would be, and for whom. */
typedef struct MigSeenWait
{
	char	   *relation;		/* or what else it is; NULL: not known */
	LOCKMODE	mode;			/* NoLock: for transactions to end */
	double		ms;
	bool		granted;
	int			npids;
	int		   *pids;
	char	   *sessions;		/* JSON: who they are */
	Oid			relid;
} MigSeenWait;

typedef struct MigSeenRewrite
{
	char	   *relation;
	char		kind;
	bool		old;			/* existed before the dry run */
	const char *reason;
	int64		old_bytes;		/* with its TOAST table */
	int64		new_bytes;		/* -1: it was stopped before the first row */
} MigSeenRewrite;

typedef struct MigSeenIndex
{
	char	   *index;			/* NULL: not known */
	char	   *table;
	Oid			table_oid;
	const char *action;			/* built, rebuilt or reused */
	bool		old;			/* the index existed before the dry run */
	int64		bytes;
} MigSeenIndex;

typedef struct MigSeenScan
{
	char	   *relation;
	Oid			relid;
	bool		old;
	int64		scans;
	int64		tuples;			/* -1: not known */
	int64		index_scans;
	const char *reason;
} MigSeenScan;

typedef struct MigSeenRows
{
	char	   *relation;
	bool		old;
	int64		inserted;
	int64		updated;
	int64		deleted;
} MigSeenRows;

typedef struct MigSeenObject
{
	const char *action;			/* created, altered, dropped */
	char	   *type;
	char	   *identity;
} MigSeenObject;

typedef struct MigSeenLeak
{
	const char *kind;
	char	   *object;			/* or NULL */
	const char *detail;
} MigSeenLeak;

/* A lock that a statement takes, whether that shows or not. */
typedef struct MigExpected
{
	Oid			relid;
	LOCKMASK	modes;
	bool		named;			/* in the statement's text */
} MigExpected;

/* One statement. */
typedef struct MigObservation
{
	bool		predicted;		/* nothing was measured */
	double		ms;
	double		lock_wait_ms;
	WalUsage	wal;
	BufferUsage buffers;
	List	   *locks;			/* of MigSeenLock * */
	List	   *waits;			/* of MigSeenWait * */
	List	   *rewrites;
	List	   *indexes;
	List	   *scans;
	List	   *rows;
	List	   *objects;
	List	   *leaks;
} MigObservation;

/* What became of an object while a statement ran. */
typedef struct MigObjectEvent
{
	Oid			key[2];			/* class and object; hash key with sub */
	int32		sub;
	bool		created;
	bool		altered;
	bool		dropped;
	bool		internal;		/* not what the command is about */
	char	   *type;			/* NULL: not looked up yet */
	char	   *identity;
} MigObjectEvent;

/* A relation whose pg_class row may have changed. */
typedef struct MigTouched
{
	Oid			relid;			/* hash key */
	bool		truncated;
	bool		rewritten;
	const char *reason;			/* of the latter */
} MigTouched;

/* Private to inspect*.c. */
typedef struct MigRecorder
{
	Oid			own_schema;		/* of the extension, or InvalidOid */
	MemoryContext context;		/* of all that is recorded */
	MemoryContext scratch;		/* of what a statement needs; reset after it */
	ResourceOwner owner;		/* of the snapshots */
	Snapshot	start;			/* as the dry run began */
	Snapshot	before;			/* ... as the statement did */
	bool		probe;			/* a rewrite is to be stopped */
	bool		stopped;		/* ... and was */
	bool		active;			/* a statement is running */
	HTAB	   *held;			/* the locks that were seen last */
	struct MigLockList *lists;	/* ... in the shared table, by its partitions */
	List	   *fast;			/* ... by the fast path */
	uint32		rollbacks;		/* how many there were */
	HTAB	   *rels;			/* of MigSeenRel */
	HTAB	   *touched;		/* of MigTouched; the statement's */
	HTAB	   *events;			/* of MigObjectEvent */
	List	   *in_order;		/* ... as they came */
	const char *text;
	int			number;
	int			transaction;	/* as a worker would commit */
	List	   *expected;		/* of MigExpected * */
	bool		instead;		/* ... they count, and not what is seen */
	instr_time	began;
	WalUsage	wal;
	BufferUsage buffers;
	MigObservation *seen;
	int			serial;			/* number of the observation */
	List	   *suspects;		/* of MigSeenRel *: may have been counted */
	bool		suspect_all;
	List	   *rewrite_reasons;	/* of constants: what the commands could
									 * be rewriting for */
	List	   *scan_reasons;
	MigSeenWait *wait;			/* the one that is going on */
	TimestampTz wait_began;
	bool		logs_lock_waits;
	List	   *prepared;		/* of char *: statements that it made */
	List	   *leaks;			/* of constants: functions named already */
} MigRecorder;

/* Advisory locks, as they were before. */
typedef struct MigAdvisory
{
	LOCKTAG    *tags;
	LOCKMASK   *modes;
	int			n;
} MigAdvisory;

/* inspect.c */
extern bool mig_inspect_counters(Oid relid, int64 *counters);
extern MigRecorder *mig_recorder_begin(bool probe);
extern void mig_recorder_end(MigRecorder *recorder);
extern void mig_recorder_sync(MigRecorder *recorder, bool rolled_back);
extern void mig_observe_begin(MigRecorder *recorder, const char *text, int number);
extern void mig_observe_expect(MigRecorder *recorder, int transaction,
							   List *expected, bool instead);
extern MigObservation *mig_observe_end(MigRecorder *recorder);
extern void mig_observe_error(MigRecorder *recorder);
extern MigObservation *mig_observe_failed(MigRecorder *recorder);
extern void mig_observe_leak(MigRecorder *recorder, const char *kind,
							 const char *object, const char *detail);
extern void mig_sort_observation(MigObservation *seen);

/* inspect_locks.c */
extern HeapTuple mig_inspect_class(Oid relid, Snapshot snapshot);
extern int64 mig_inspect_file_size(const FormData_pg_class *form);
extern int64 mig_inspect_size(const FormData_pg_class *form, Snapshot snapshot);
extern MigSeenRel *mig_inspect_enter(MigRecorder *recorder, Oid relid);
extern MigSeenRel *mig_inspect_relation(MigRecorder *recorder, Oid relid);
extern void mig_suspect(MigRecorder *recorder, MigSeenRel *rel);
extern bool mig_inspect_is_named(const MigRecorder *recorder, const char *name);
extern void mig_absorb_locks(MigRecorder *recorder, MigObservation *seen);
extern void mig_name_locks(MigRecorder *recorder, MigObservation *seen);
extern bool mig_inspect_holds_locks(void);
extern void mig_begin_locks(MigRecorder *recorder);
extern void mig_read_advisory(MigAdvisory *advisory);
extern void mig_restore_advisory(const MigAdvisory *before);

/* inspect_events.c */
extern void mig_listen(MigRecorder *recorder);
extern void mig_unlisten(void);
extern void mig_listen_objects(MigRecorder *recorder);
extern MigTouched *mig_touch(MigRecorder *recorder, Oid relid);

#endif							/* MIGRATE_INSPECT_H */
