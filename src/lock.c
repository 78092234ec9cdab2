/*-------------------------------------------------------------------------
 *
 * lock.c
 *	  The run lock: one run at a time in a project of a database.
 *
 * An advisory lock of a class of its own, so that no application's key can
 * meet it; pg_locks shows it with objsubid MIG_LOCK_CLASS.  It belongs to the
 * transaction, so an abort, a cancel or a kill releases it, and
 * pg_advisory_unlock_all() in a script does not.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/resowner.h"

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
set_tag(LOCKTAG *tag, const char *project)
{
	uint64		key = (uint64) lock_number(project, "");

	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, (uint32) (key >> 32),
						 (uint32) key, MIG_LOCK_CLASS);
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
 * mig_lock_wait_for
 *		Wait for the run lock, for migrate.lock_wait at most.
 *
 * holder describes who has it, for the error.  The caller is in a
 * transaction; deadlocks are found as for every lock.
 */
void
mig_lock_wait_for(const char *project, const char *holder)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	LOCKTAG		tag;

	set_tag(&tag, project);
	if (mig_lock_wait == 0)
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another run of project \"%s\" is going on", project),
				 errdetail("%s", holder),
				 errhint("Nothing was run. Try again when it has ended, or set migrate.lock_wait to wait for it.")));

	/* only a subtransaction makes it safe to give up a wait and go on */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	PG_TRY();
	{
		int			nest = NewGUCNestLevel();
		char		timeout[32];

		snprintf(timeout, sizeof(timeout), "%d", Max(mig_lock_wait, 0));
		(void) set_config_option("lock_timeout", timeout, PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		(void) LockAcquire(&tag, ExclusiveLock, false, false);
		AtEOXact_GUC(true, nest);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(context);
		CurrentResourceOwner = owner;
		if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE)
			ReThrowError(error);
		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("another run of project \"%s\" did not end within %d ms",
						project, mig_lock_wait),
				 errdetail("%s", holder),
				 errhint("Nothing was run. See migrate_lock_holder, and try again; migrate.lock_wait says how long to wait.")));
	}
	PG_END_TRY();
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
