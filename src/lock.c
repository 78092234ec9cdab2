/*-------------------------------------------------------------------------
 *
 * lock.c
 *	  The run lock: one run at a time in a project of a database.
 *
 * Advisory locks of classes of their own, so that no application's key can
 * meet them; pg_locks shows the class as objsubid.
 *
 * MIG_LOCK_RUN is held by whoever executes migrations in a transaction.  In
 * a caller's transaction it belongs to that, so an abort, a cancel or a kill
 * releases it, and pg_advisory_unlock_all() in a script does not.
 *
 * A worker holds MIG_LOCK_WORKER too, for its session, from before its first
 * step to after its last, and gives MIG_LOCK_RUN back while it executes
 * something that may have to wait for every older snapshot: so those who wait
 * for MIG_LOCK_RUN within a query, with a snapshot, get it then, find the
 * worker at work and fail instead of waiting for what waits for them.  Nobody
 * waits for MIG_LOCK_WORKER with MIG_LOCK_RUN in hand.
 *
 * MIG_LOCK_JOB is a job's worker's while it lives; who waits for a job waits
 * for that.  MIG_LOCK_GATE lets one caller of a procedure start a worker at a
 * time.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(migrate_lock_key);

/* The lock's 64 bit key for a project and a target schema. */
static int64
lock_number(const char *project, const char *target_schema)
{
	uint64		seed = DatumGetUInt64(hash_any_extended((const unsigned char *) project,
														strlen(project), 0));

	return (int64) DatumGetUInt64(hash_any_extended((const unsigned char *) target_schema,
													strlen(target_schema), seed));
}

Datum
migrate_lock_key(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT64(lock_number(text_to_cstring(PG_GETARG_TEXT_PP(0)),
								text_to_cstring(PG_GETARG_TEXT_PP(1))));
}

static void
set_class_tag(LOCKTAG *tag, MigLockClass class, int64 number)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) ((uint64) number >> 32),
						 (uint32) number, class);
}

static void
set_tag(LOCKTAG *tag, const char *project)
{
	set_class_tag(tag, MIG_LOCK_RUN, lock_number(project, ""));
}

/*
 * mig_limit_lock_waits
 *		Open a level of settings in which lock_timeout is so many ms; 0: none.
 *		The level, for AtEOXact_GUC().
 */
int
mig_limit_lock_waits(int timeout)
{
	int			nest = NewGUCNestLevel();
	char		value[32];

	snprintf(value, sizeof(value), "%d", timeout);
	(void) set_config_option("lock_timeout", value, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	return nest;
}

/*
 * mig_lock_try
 *		Take the run lock for this transaction if it is free; did we?
 */
bool
mig_lock_try(const char *project)
{
	ResourceOwner owner = CurrentResourceOwner;
	LOCKTAG		tag;
	bool		taken;

	/* the transaction's, not the query's, as it is after a wait */
	set_tag(&tag, project);
	CurrentResourceOwner = CurTransactionResourceOwner;
	taken = LockAcquire(&tag, ExclusiveLock, false, true) != LOCKACQUIRE_NOT_AVAIL;
	CurrentResourceOwner = owner;
	return taken;
}

/*
 * mig_lock_not_available
 *		Raise the error that somebody else has the lock; holder describes who.
 */
void
mig_lock_not_available(const char *project, const char *holder)
{
	if (mig_lock_wait == 0)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another run of project \"%s\" is going on", project),
				 errdetail("%s", holder),
				 errhint("Nothing was run. Try again when it has ended, or set migrate.lock_wait to wait for it.")));
	ereport(ERROR,
			(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
			 errmsg("another run of project \"%s\" did not end within %d ms",
					project, mig_lock_wait),
			 errdetail("%s", holder),
			 errhint("Nothing was run. See migrate_lock_holder, and try again; migrate.lock_wait says how long to wait.")));
}

static void
wait_for_tag(void *arg)
{
	int			nest = mig_limit_lock_waits(Max(mig_lock_wait, 0));

	(void) LockAcquire((LOCKTAG *) arg, ExclusiveLock, false, false);
	AtEOXact_GUC(true, nest);
}

/*
 * mig_lock_wait_for
 *		Wait for the run lock, for migrate.lock_wait at most.
 *
 * holder describes who has it, for the error.  The caller is in a
 * transaction; deadlocks are found as for every lock.
 */
void
mig_lock_wait_for(const char *project, const char *holder)
{
	ErrorData  *error;
	LOCKTAG		tag;

	set_tag(&tag, project);
	if (mig_lock_wait == 0)
		mig_lock_not_available(project, holder);

	/* only a subtransaction makes it safe to give up a wait and go on */
	error = mig_subtransaction(wait_for_tag, &tag, true);
	if (error == NULL)
		return;
	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
		ReThrowError(error);
	mig_lock_not_available(project, holder);
}

/*
 * mig_lock_release
 *		Give the run lock back before the transaction ends: nothing was run.
 */
void
mig_lock_release(const char *project)
{
	ResourceOwner owner = CurrentResourceOwner;
	LOCKTAG		tag;

	set_tag(&tag, project);
	CurrentResourceOwner = CurTransactionResourceOwner;
	(void) LockRelease(&tag, ExclusiveLock, false);
	CurrentResourceOwner = owner;
}

/*
 * mig_lock_worker_busy
 *		Is a worker of the project at work?
 */
bool
mig_lock_worker_busy(const char *project)
{
	ResourceOwner owner = CurrentResourceOwner;
	LOCKTAG		tag;
	bool		busy;

	set_class_tag(&tag, MIG_LOCK_WORKER, lock_number(project, ""));
	CurrentResourceOwner = CurTransactionResourceOwner;
	busy = LockAcquire(&tag, ShareLock, false, true) == LOCKACQUIRE_NOT_AVAIL;
	if (!busy)
		(void) LockRelease(&tag, ShareLock, false);
	CurrentResourceOwner = owner;
	return busy;
}

/*
 * mig_lock_number
 *		The number of a project's locks.
 */
int64
mig_lock_number(const char *project)
{
	return lock_number(project, "");
}

/*
 * mig_session_lock
 *		Take a lock for the session if it is free; did we?
 */
bool
mig_session_lock(MigLockClass class, int64 number, LOCKMODE mode)
{
	LOCKTAG		tag;

	set_class_tag(&tag, class, number);
	return LockAcquire(&tag, mode, true, true) != LOCKACQUIRE_NOT_AVAIL;
}

/*
 * mig_session_lock_wait
 *		Take a lock for the session; wait at most so many ms, -1 without limit.
 *		False if that was not enough: then the transaction must be aborted.
 *
 * The caller is in a transaction without snapshots, because whoever holds the
 * lock may be waiting for all that are older than its own.
 */
bool
mig_session_lock_wait(MigLockClass class, int64 number, LOCKMODE mode, int wait)
{
	MemoryContext context = CurrentMemoryContext;
	volatile bool taken = true;
	LOCKTAG		tag;

	set_class_tag(&tag, class, number);
	InvalidateCatalogSnapshot();
	Assert(!ActiveSnapshotSet() && MyProc->xmin == InvalidTransactionId);
	PG_TRY();
	{
		int			nest = mig_limit_lock_waits(Max(wait, 0));

		(void) LockAcquire(&tag, mode, true, false);
		AtEOXact_GUC(true, nest);
	}
	PG_CATCH();
	{
		if (geterrcode() != ERRCODE_LOCK_NOT_AVAILABLE)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		FlushErrorState();
		taken = false;
	}
	PG_END_TRY();
	return taken;
}

/*
 * mig_session_unlock
 *		Give a session's lock back, however often it was taken.  Outside of
 *		transactions that hold it too.
 */
void
mig_session_unlock(MigLockClass class, int64 number, LOCKMODE mode)
{
	LOCKTAG		tag;

	set_class_tag(&tag, class, number);
	while (mig_LockHeldByMe(&tag, mode))
	{
		if (!LockRelease(&tag, mode, true))
			break;
	}
}

/*
 * mig_transaction_lock
 *		Hold a lock that the session has for this transaction as well, where
 *		pg_advisory_unlock_all() does not reach.
 */
void
mig_transaction_lock(MigLockClass class, int64 number)
{
	LOCKTAG		tag;

	set_class_tag(&tag, class, number);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}
