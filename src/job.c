/*-------------------------------------------------------------------------
 *
 * job.c
 *	  The caller's side of a background worker.
 *
 * A failed run takes its own record with it when it is rolled back, so a
 * short-lived worker writes that record in a transaction of its own.  The
 * caller waits for it, but only briefly: the worker gives up by itself where
 * the caller holds what it needs.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/latch.h"
#include "utils/timestamp.h"

/* How long to wait for a record to be written, in ms. */
#define RECORD_WAIT (MIG_RECORDER_LOCK_TIMEOUT + 4000)

static bool
wait_for_recorder(BackgroundWorkerHandle *handle, MigRecorderShared *shared)
{
	TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RECORD_WAIT);
	bool		stopped = false;

	/*
	 * No CHECK_FOR_INTERRUPTS: the error that is being reported comes first.
	 * Someone who terminates us does not have to wait, though.
	 */
	while (!stopped && !ProcDiePending)
	{
		pid_t		pid;

		stopped = GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED;
		if (pg_atomic_read_u32(&shared->state) != MIG_RECORDER_STARTED ||
			stopped || GetCurrentTimestamp() >= deadline)
			break;
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 100, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	/* the latch may have been set for someone else too */
	SetLatch(MyLatch);
	return pg_atomic_read_u32(&shared->state) == MIG_RECORDER_DONE;
}

/*
 * mig_record_failure
 *		Write an event to the log in a transaction of its own; was it done?
 *
 * Warns and returns false where no worker is to be had or it does not
 * succeed in time.  With wait false it only starts the worker, which is all
 * that a process at its end can do.
 */
bool
mig_record_failure(const MigEvent *event, bool wait)
{
	StringInfoData buf;
	dsm_segment *segment;
	MigRecorderShared *shared;
	BackgroundWorker worker;
	BackgroundWorkerHandle *handle;
	bool		done;

	if (!mig_record_failures)
		return false;

	initStringInfo(&buf);
	mig_event_serialize(event, &buf);
	segment = dsm_create(offsetof(MigRecorderShared, data) + buf.len,
						 DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (segment == NULL)
	{
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("the failure could not be recorded: no shared memory segment is free")));
		return false;
	}
	shared = dsm_segment_address(segment);
	pg_atomic_init_u32(&shared->state, MIG_RECORDER_STARTED);
	shared->size = buf.len;
	memcpy(shared->data, buf.data, buf.len);

	memset(&worker, 0, sizeof(worker));
	snprintf(worker.bgw_name, BGW_MAXLEN, "migrate recorder for pid %d", MyProcPid);
	snprintf(worker.bgw_type, BGW_MAXLEN, "migrate recorder");
	snprintf(worker.bgw_library_name, BGW_MAXLEN, "migrate");
	snprintf(worker.bgw_function_name, BGW_MAXLEN, "migrate_recorder_main");
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = wait ? MyProcPid : 0;
	memcpy(worker.bgw_extra, &MyDatabaseId, sizeof(Oid));

	/* the worker unpins it, as soon as it does not need us any more */
	dsm_pin_segment(segment);
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
	{
		dsm_unpin_segment(dsm_segment_handle(segment));
		dsm_detach(segment);
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("the failure could not be recorded: no background worker slot is free"),
				 errhint("Consider raising max_worker_processes.")));
		return false;
	}
	if (!wait)
		return false;
	done = wait_for_recorder(handle, shared);
	if (!done && !ProcDiePending)
	{
		bool		gave_up = pg_atomic_read_u32(&shared->state) == MIG_RECORDER_FAILED;

		TerminateBackgroundWorker(handle);
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("the failure could not be recorded: %s",
						gave_up ? "the log is in use by a transaction" :
						"its background worker did not finish"),
				 gave_up ? errdetail("This transaction may hold it, if an earlier call in it has succeeded.") :
				 errdetail("The server log may say why.")));
	}
	dsm_detach(segment);
	return done;
}
