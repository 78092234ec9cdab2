/*-------------------------------------------------------------------------
 *
 * job.c
 *	  The caller's side of a background worker: the SQL functions that start
 *	  one, wait for it and cancel it.
 *
 * A function never waits for a worker's work: it would do so with a
 * snapshot, which the worker may have to wait for, and nothing would notice.
 * A procedure commits first, and then waits without one.  What it does in
 * between, such as to look who is in the worker's way, leaves none behind.
 *
 * A failed run in a caller's transaction takes its own record with it when it is rolled back, so a
 * short-lived worker writes that record in a transaction of its own.  The
 * caller waits for it, but only briefly: the worker gives up by itself where
 * the caller holds what it needs.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"
#include "compat.h"

#include <signal.h>

#include "access/xact.h"
#include "access/xlog.h"
#include "executor/spi.h"
#include "libpq/pqformat.h"
#include "libpq/pqmq.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "storage/shm_toc.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_deploy);
PG_FUNCTION_INFO_V1(migrate_undo);
PG_FUNCTION_INFO_V1(migrate_start);
PG_FUNCTION_INFO_V1(migrate_wait);
PG_FUNCTION_INFO_V1(migrate_cancel);

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

/* What the workers of worker.c have in common. */
static void
describe_worker(BackgroundWorker *worker, const char *kind, dsm_segment *segment)
{
	memset(worker, 0, sizeof(BackgroundWorker));
	snprintf(worker->bgw_type, BGW_MAXLEN, "migrate %s", kind);
	snprintf(worker->bgw_library_name, BGW_MAXLEN, "migrate");
	snprintf(worker->bgw_function_name, BGW_MAXLEN, "migrate_%s_main", kind);
	worker->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker->bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker->bgw_restart_time = BGW_NEVER_RESTART;
	worker->bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
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

	describe_worker(&worker, "recorder", segment);
	snprintf(worker.bgw_name, BGW_MAXLEN, "migrate recorder for pid %d", MyProcPid);
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

/* What a worker takes over of its caller's settings. */
static const char *const passed_settings[] = {
	"application_name", "client_min_messages", "search_path", "statement_timeout",
	"lock_timeout", "transaction_timeout", "work_mem", "maintenance_work_mem", "temp_tablespaces",
	"default_tablespace", "default_table_access_method",
	"default_toast_compression", "check_function_bodies", "row_security",
	"DateStyle", "IntervalStyle", "TimeZone", "bytea_output",
	"extra_float_digits", "xmloption", "xmlbinary", "synchronous_commit",
	"max_parallel_maintenance_workers", "max_parallel_workers_per_gather",
	"session_replication_role", "default_text_search_config", "lc_messages",
	"lc_monetary", "lc_numeric", "lc_time", "quote_all_identifiers",
	"array_nulls", "transform_null_equals", "password_encryption",
	"migrate.project", "migrate.out_of_order", "migrate.lock_wait",
	"migrate.lock_timeout", "migrate.lock_retries", "migrate.search_path",
	"migrate.role", "migrate.variables", "migrate.environment",
	"migrate.restore_point", "migrate.record_failures", "migrate.trust_registrants",
	"migrate.lint", "migrate.lint_rules", "migrate.lint_rows", "migrate.lint_size",
	"migrate.drift"
};

#define QUEUE_SIZE 65536

/* How long a worker has to begin, ms. */
#define START_WAIT 60000

/* How long a cancelled worker has to end before it is terminated, ms. */
#define CANCEL_WAIT 10000

/* How often to look around while waiting, and who is in the way, ms. */
#define TICK 500
#define BLOCKED_AGAIN 30000

/* A worker that this session started and waits for. */
typedef struct Job
{
	int64		id;
	MemoryContext context;		/* survives the commits of a procedure */
	MemoryContext scratch;		/* for what one message or look needs */
	dsm_segment *segment;
	BackgroundWorkerHandle *handle;
	shm_mq_handle *queue;
	bool		ready;
	bool		done;
	ErrorData  *error;
	bool		canceled;
	TimestampTz cancel_deadline;
	int			nblockers;		/* as last reported */
	int			blockers[8];
	TimestampTz blocked_report;
} Job;

/* What an abort of the transaction has to undo, and the end of the session. */
static BackgroundWorkerHandle *waiting_for = NULL;
static dsm_segment *pinned = NULL;
static bool gate_held = false;
static int64 gate;
static bool job_held = false;
static int64 awaited_job;

static void
forget_worker(void)
{
	if (waiting_for != NULL)
		pfree(waiting_for);
	waiting_for = NULL;
}

static void
transaction_callback(XactEvent event, void *arg)
{
	/* what was not wanted in a subtransaction has ended by itself */
	if (event == XACT_EVENT_COMMIT && pinned == NULL)
		forget_worker();
	if (event != XACT_EVENT_ABORT)
		return;
	if (waiting_for != NULL)
		TerminateBackgroundWorker(waiting_for);
	forget_worker();
	if (pinned != NULL)
		dsm_detach(pinned);
	pinned = NULL;
	if (gate_held)
		mig_session_unlock(MIG_LOCK_GATE, gate, ExclusiveLock);
	gate_held = false;
	if (job_held)
		mig_session_unlock(MIG_LOCK_JOB, awaited_job, ShareLock);
	job_held = false;
}

static void
register_callback(void)
{
	static bool registered = false;

	if (!registered)
		RegisterXactCallback(transaction_callback, NULL);
	registered = true;
}

static void
add_string(StringInfo buf, const char *string)
{
	appendBinaryStringInfo(buf, string ? string : "", string ? strlen(string) + 1 : 1);
}

/* The settings to be taken over; how many. */
static int
add_settings(StringInfo buf)
{
	int			n = 0;
	int			i;

	for (i = 0; i < lengthof(passed_settings); i++)
	{
		const char *value = GetConfigOption(passed_settings[i], true, false);

		if (value == NULL)
			continue;
		add_string(buf, passed_settings[i]);
		add_string(buf, value);
		n++;
	}
	return n;
}

/* Register the worker of a job, which begins when this transaction commits. */
static void
launch(Job *job, bool down, const char *target, const char *client_addr)
{
	StringInfoData strings;
	StringInfoData settings;
	int			nsettings;
	shm_toc_estimator estimator;
	shm_toc    *toc;
	MigJobShared *shared;
	shm_mq	   *queue;
	char	   *copy;
	Size		size;
	BackgroundWorker worker;
	MemoryContext old;
	bool		registered;

	initStringInfo(&strings);
	add_string(&strings, target);
	add_string(&strings, client_addr);
	add_string(&strings, GetConfigOption("role", false, false));

	initStringInfo(&settings);
	nsettings = add_settings(&settings);
	appendBinaryStringInfo(&strings, settings.data, settings.len);

	shm_toc_initialize_estimator(&estimator);
	shm_toc_estimate_chunk(&estimator, sizeof(MigJobShared));
	shm_toc_estimate_chunk(&estimator, strings.len);
	shm_toc_estimate_chunk(&estimator, QUEUE_SIZE);
	shm_toc_estimate_keys(&estimator, 3);
	size = shm_toc_estimate(&estimator);
	job->segment = dsm_create(size, DSM_CREATE_NULL_IF_MAXSEGMENTS);
	if (job->segment == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no shared memory segment is free for a worker"),
				 errhint("Nothing was run. Try again later.")));
	toc = shm_toc_create(MIG_JOB_MAGIC, dsm_segment_address(job->segment), size);
	shared = shm_toc_allocate(toc, sizeof(MigJobShared));
	memset(shared, 0, sizeof(MigJobShared));
	shared->nsettings = nsettings;
	shared->job = job->id;
	shared->down = down;
	shared->has_target = target != NULL;
	shared->database = MyDatabaseId;
	shared->authenticated_user = GetAuthenticatedUserId();
	shared->session_user = GetSessionUserId();
	shared->xid = GetTopTransactionId();
	shm_toc_insert(toc, MIG_JOB_KEY_FIXED, shared);
	copy = shm_toc_allocate(toc, strings.len);
	memcpy(copy, strings.data, strings.len);
	shm_toc_insert(toc, MIG_JOB_KEY_STRINGS, copy);
	queue = shm_mq_create(shm_toc_allocate(toc, QUEUE_SIZE), QUEUE_SIZE);
	shm_toc_insert(toc, MIG_JOB_KEY_QUEUE, queue);
	shm_mq_set_receiver(queue, MyProc);
	job->queue = shm_mq_attach(queue, job->segment, NULL);

	describe_worker(&worker, "worker", job->segment);
	snprintf(worker.bgw_name, BGW_MAXLEN, "migrate worker for job " INT64_FORMAT, job->id);
	worker.bgw_notify_pid = MyProcPid;

	/* the handle must outlive whatever ends this, see transaction_callback() */
	forget_worker();
	old = MemoryContextSwitchTo(TopMemoryContext);
	registered = RegisterDynamicBackgroundWorker(&worker, &job->handle);
	MemoryContextSwitchTo(old);
	if (!registered)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("no background worker slot is free"),
				 errhint("Nothing was run. Try again later, or raise max_worker_processes.")));
	waiting_for = job->handle;
	shm_mq_set_handle(job->queue, job->handle);
}

/* An error is kept, a notice is passed on and forgotten. */
static void
handle_message(Job *job, const char *data, Size size)
{
	StringInfoData message;
	ErrorData	error;
	MemoryContext old = MemoryContextSwitchTo(data[0] == 'E' ? job->context : job->scratch);

	initStringInfo(&message);
	appendBinaryStringInfo(&message, data, size);
	switch (pq_getmsgbyte(&message))
	{
		case 'E':
			pq_parse_errornotice(&message, &error);
			job->error = palloc(sizeof(ErrorData));
			*job->error = error;
			job->error->elevel = ERROR;
			break;
		case 'N':
			pq_parse_errornotice(&message, &error);
			ThrowErrorData(&error);
			break;
		case MIG_MESSAGE_READY:
			job->ready = true;
			break;
		case MIG_MESSAGE_DONE:
			job->done = true;
			break;
		default:
			break;
	}
	MemoryContextSwitchTo(old);
	MemoryContextReset(job->scratch);
}

/* Read what is there; false if the worker is gone. */
static bool
read_messages(Job *job)
{
	for (;;)
	{
		Size		size;
		void	   *data;
		shm_mq_result result = shm_mq_receive(job->queue, &size, &data, true);

		if (result != SHM_MQ_SUCCESS)
			return result != SHM_MQ_DETACHED;
		handle_message(job, data, size);
	}
}

static void
signal_worker(Job *job, int signal)
{
	pid_t		pid;

	if (GetBackgroundWorkerPid(job->handle, &pid) == BGWH_STARTED)
		kill(pid, signal);
}

/*
 * An interrupt of the caller is the worker's too.  A cancel is passed on, and
 * raised here when the worker has ended, with what it says was kept.
 */
static void
pass_interrupts(Job *job)
{
	TimestampTz now;

	if (!ProcDiePending && QueryCancelPending && InterruptHoldoffCount == 0)
	{
		now = GetCurrentTimestamp();
		if (!job->canceled)
		{
			job->canceled = true;
			job->cancel_deadline = TimestampTzPlusMilliseconds(now, CANCEL_WAIT);
			signal_worker(job, SIGINT);
		}
		if (now < job->cancel_deadline)
			return;
		TerminateBackgroundWorker(job->handle);
	}
	CHECK_FOR_INTERRUPTS();
}

/* Say whom the worker waits for, when that changes. */
static void
report_blockers(Job *job)
{
	MemoryContext context = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	TimestampTz now = GetCurrentTimestamp();
	ArrayType  *pids;
	int			n;
	pid_t		pid;
	char	   *text;

	if (job->canceled || GetBackgroundWorkerPid(job->handle, &pid) != BGWH_STARTED)
		return;
	pids = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(pid)));
	n = Min(ArrayGetNItems(ARR_NDIM(pids), ARR_DIMS(pids)), lengthof(job->blockers));
	if (n == 0 ||
		(n == job->nblockers && now < job->blocked_report &&
		 memcmp(job->blockers, ARR_DATA_PTR(pids), n * sizeof(int)) == 0))
	{
		job->nblockers = n == 0 ? 0 : job->nblockers;
		return;
	}
	job->nblockers = n;
	memcpy(job->blockers, ARR_DATA_PTR(pids), n * sizeof(int));
	job->blocked_report = TimestampTzPlusMilliseconds(now, BLOCKED_AGAIN);

	/*
	 * The locks of this look must not be in the worker's way, nor must the
	 * next one see the activity as it is now.
	 */
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(context);
	text = mig_blockers(pid, NULL);
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(context);
	CurrentResourceOwner = owner;
	pgstat_clear_snapshot();
	if (text != NULL)
		ereport(NOTICE,
				(errmsg("job " INT64_FORMAT " is waiting for others", job->id),
				 errdetail("In the way: %s.", text)));
}

static void
worker_context_callback(void *arg)
{
	Job		   *job = (Job *) arg;

	if (job->error != NULL && job->error->context != NULL)
		errcontext("%s", job->error->context);
}

/* Raise the worker's error as ours, or the cancel that we passed on to it. */
static void
raise_error(Job *job)
{
	ErrorContextCallback callback;

	if (job->canceled)
	{
		callback.callback = worker_context_callback;
		callback.arg = job;
		callback.previous = error_context_stack;
		error_context_stack = &callback;
		CHECK_FOR_INTERRUPTS();
		error_context_stack = callback.previous;
	}
	if (job->error != NULL)
		ThrowErrorData(job->error);
	if (!job->done)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_JOB_LOST),
				 errmsg("the worker of job " INT64_FORMAT " has ended without a word", job->id),
				 errdetail("It was killed, or the server is shutting down."),
				 errhint("What it had committed is kept: see migrate_status, and call again to go on. The server log may say more.")));
}

/*
 * Wait until the worker is ready, or to its end.  For the latter the caller is
 * in a transaction without snapshots.
 */
static void
wait_for_worker(Job *job, bool only_ready)
{
	TimestampTz start = GetCurrentTimestamp();
	TimestampTz look = TimestampTzPlusMilliseconds(start, TICK);
	pid_t		pid;

	while (read_messages(job) && !(only_ready && job->ready))
	{
		TimestampTz now = GetCurrentTimestamp();

		if (only_ready)
			CHECK_FOR_INTERRUPTS();
		else
			pass_interrupts(job);
		if (now >= look)
		{
			mig_check_client();
			if (!only_ready)
			{
				MemoryContext old = MemoryContextSwitchTo(job->scratch);

				report_blockers(job);
				MemoryContextSwitchTo(old);
				MemoryContextReset(job->scratch);
			}
			look = TimestampTzPlusMilliseconds(now, TICK);
		}
		if (only_ready && now >= TimestampTzPlusMilliseconds(start, START_WAIT))
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("the worker of job " INT64_FORMAT " did not begin within %d ms",
							job->id, START_WAIT)));
		if (!only_ready)
		{
			/* whatever was done above */
			InvalidateCatalogSnapshot();
			Assert(MyProc->xmin == InvalidTransactionId);
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TICK, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
	}
	if (only_ready && job->ready)
		return;

	/* its locks are released by now; let its slot be free too */
	while (GetBackgroundWorkerPid(job->handle, &pid) == BGWH_STARTED)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 TICK, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		if (ProcDiePending)
			CHECK_FOR_INTERRUPTS();
	}
	forget_worker();
	if (!job->canceled)
		CHECK_FOR_INTERRUPTS();
}

/* A version below the current one may be meant as a way back. */
static bool
leads_back(bool down, const char *target)
{
	char	   *current = mig_state_current(mig_project);

	return !down && target != NULL && target[0] != '+' && current != NULL &&
		mig_key_cmp(mig_version_key(MIG_KIND_VERSIONED, current),
					mig_version_key(MIG_KIND_VERSIONED, target)) != 0 &&
		mig_state_is_applied(mig_project, mig_version_key(MIG_KIND_VERSIONED, target));
}

/* Have a worker that is ready to begin. */
static void
start(Job *job, bool down, const char *target, const char *client_addr)
{
	launch(job, down, target, client_addr);
	wait_for_worker(job, true);
	if (!job->ready)
		raise_error(job);
}

/* Is there anything to do?  Raises the plan's errors. */
static bool
anything_to_do(const char *project, bool down, const char *target)
{
	MigRun		run = {project, down};

	if (!down && target == NULL && !mig_catalog_has_unsettled(project))
		return false;

	/* what there is now is on its way to something else; the worker will see */
	if (mig_catalog_busy(project))
		return true;
	mig_run_plan(&run, target);
	if (run.plan->nsteps == 0)
		mig_run_report_skipped(&run);
	return run.plan->nsteps > 0;
}

/*
 * One caller at a time has a worker: the others wait here, for nothing but
 * their place in the queue, rather than in workers of their own.
 */
static void
enter_gate(const char *project, MemoryContext context)
{
	char	   *holder;

	/* an interrupt may come just when the lock is granted, which then stays */
	gate = mig_lock_number(project);
	gate_held = true;
	if (mig_session_lock(MIG_LOCK_GATE, gate, ExclusiveLock))
		return;
	holder = mig_catalog_lock_holder(project);
	if (mig_lock_wait != 0)
		ereport(NOTICE,
				(errmsg("waiting for another run of project \"%s\" to end", project),
				 errdetail("%s", holder)));

	/* without the locks of that look, which could be in the other's way */
	mig_commit_and_go_on(context);
	if (mig_lock_wait == 0 ||
		!mig_session_lock_wait(MIG_LOCK_GATE, gate, ExclusiveLock, mig_lock_wait))
		mig_lock_not_available(project, holder);
}

static void
leave_gate(void)
{
	mig_session_unlock(MIG_LOCK_GATE, gate, ExclusiveLock);
	gate_held = false;
}

static void
run_through_worker(FunctionCallInfo fcinfo, bool down)
{
	const char *procedure = down ? "migrate_undo" : "migrate_deploy";
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	char	   *target;
	char	   *project;
	MigEvent	who;
	Job			job = {0};

	mig_refuse_unless_writable(procedure);
	mig_refuse_atomic(fcinfo, procedure,
					  down ? "Call it by itself; or use migrate_rollback(), which runs in a transaction, or migrate_start(), which does not wait." :
					  "Call it by itself; or use migrate_apply(), which runs in a transaction, or migrate_start(), which does not wait.");
	register_callback();

	/* the context of the portal outlives the commits */
	context = AllocSetContextCreate(PortalContext, "migrate job", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	target = mig_text_argument(fcinfo, 0, NULL);
	project = pstrdup(mig_project);
	job.context = context;
	job.scratch = AllocSetContextCreate(context, "migrate message", ALLOCSET_DEFAULT_SIZES);

	if (anything_to_do(project, down, target))
	{
		SPI_connect_ext(SPI_OPT_NONATOMIC);
		mig_commit_and_go_on(context);
		enter_gate(project, context);
		mig_check_client();
		CHECK_FOR_INTERRUPTS();

		/* whoever was there may have done it */
		if (anything_to_do(project, down, target))
		{
			mig_event_init(&who, project, procedure);
			job.id = mig_job_new(project, down, target, &who);
			start(&job, down, target, who.client_addr);
			dsm_pin_mapping(job.segment);
			pinned = job.segment;
			mig_commit_and_go_on(context);
			wait_for_worker(&job, false);
			pinned = NULL;
			dsm_detach(job.segment);
			raise_error(&job);
		}
		leave_gate();
		SPI_finish();
	}
	if (job.id == 0)
	{
		EnsurePortalSnapshotExists();
		ereport(NOTICE,
				(errmsg("nothing to do: project \"%s\" is where it should be", project),
				 leads_back(down, target) ?
				 errhint("CALL migrate_undo(%s) goes back to that version.",
						 quote_literal_cstr(target)) : 0));
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}

Datum
migrate_deploy(PG_FUNCTION_ARGS)
{
	run_through_worker(fcinfo, false);
	return (Datum) 0;
}

Datum
migrate_undo(PG_FUNCTION_ARGS)
{
	run_through_worker(fcinfo, true);
	return (Datum) 0;
}

/*
 * The worker begins now, so that all that can go wrong with it is told, and
 * waits for this transaction to commit.
 */
Datum
migrate_start(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate job",
												  ALLOCSET_DEFAULT_SIZES);
	char	   *target;
	bool		down;
	MigEvent	who;
	Job			job = {0};

	mig_refuse_unless_writable("migrate_start");
	if (InLocalUserIdChange() || InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("migrate_start() cannot be called by a security-definer function"),
				 errdetail("Its job's scripts could become the caller of that function."),
				 errhint("Call it by itself, as the role that is to run the migrations.")));
	register_callback();
	MemoryContextSwitchTo(context);
	target = mig_text_argument(fcinfo, 0, NULL);
	down = target != NULL && (target[0] == '-' || strcmp(target, "base") == 0);
	(void) anything_to_do(mig_project, down, target);
	mig_event_init(&who, mig_project, "start");
	job.context = context;
	job.scratch = AllocSetContextCreate(context, "migrate message", ALLOCSET_DEFAULT_SIZES);
	job.id = mig_job_new(mig_project, down, target, &who);
	start(&job, down, target, who.client_addr);
	forget_worker();
	dsm_detach(job.segment);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT64(job.id);
}

static void
report_end(int64 job, const MigJobEnd *end)
{
	if (end->outcome == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_JOB_LOST),
				 errmsg("job " INT64_FORMAT " has ended without an outcome", job),
				 errdetail("Its worker was killed, or the server was stopped."),
				 errhint("What it had committed is kept: see migrate_status, and start another to go on.")));
	if (end->sqlstate != NULL)
	{
		const char *s = end->sqlstate;

		ereport(ERROR,
				(errcode(MAKE_SQLSTATE(s[0], s[1], s[2], s[3], s[4])),
				 errmsg("job " INT64_FORMAT " has failed: %s", job, end->message),
				 end->detail ? errdetail("%s", end->detail) : 0,
				 end->hint ? errhint("%s", end->hint) : 0,
				 end->context ? errcontext("%s", end->context) : 0));
	}
	ereport(NOTICE,
			(errmsg_plural("job " INT64_FORMAT " is done: %d step",
						   "job " INT64_FORMAT " is done: %d steps",
						   end->steps_done, job, end->steps_done)));
}

Datum
migrate_wait(PG_FUNCTION_ARGS)
{
	int64		job;
	int			timeout = -1;
	MigJobEnd	end;
	bool		found;
	bool		over;

	mig_refuse_nested("migrate_wait");
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("migrate_wait() cannot run on a standby"),
				 errdetail("The worker and its locks are on the primary."),
				 errhint("Call it on the primary.")));
	mig_refuse_atomic(fcinfo, "migrate_wait", "Call it by itself, or look at migrate_jobs.");
	register_callback();
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", "job")));
	job = PG_GETARG_INT64(0);
	if (!PG_ARGISNULL(1))
		timeout = mig_interval_ms(PG_GETARG_INTERVAL_P(1));

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	mig_commit_and_go_on(CurrentMemoryContext);
	awaited_job = job;
	job_held = true;
	over = mig_session_lock(MIG_LOCK_JOB, job, ShareLock);
	if (!over && timeout != 0)
		over = mig_session_lock_wait(MIG_LOCK_JOB, job, ShareLock, timeout);
	if (!over)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_JOB_RUNNING),
				 errmsg("job " INT64_FORMAT " did not end within %d ms", job, timeout),
				 errhint("It goes on: see migrate_progress, or stop it with migrate_cancel().")));
	mig_session_unlock(MIG_LOCK_JOB, job, ShareLock);
	job_held = false;

	found = mig_job_read(job, &end);
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_JOB),
				 errmsg("there is no job " INT64_FORMAT, job)));
	report_end(job, &end);
	SPI_finish();
	return (Datum) 0;
}

/* By pg_cancel_backend(), whose rules on who may do it are the server's. */
Datum
migrate_cancel(PG_FUNCTION_ARGS)
{
	int64		job = PG_GETARG_INT64(0);
	MigJobEnd	end;
	int			pid;

	mig_refuse_nested("migrate_cancel");
	if (!mig_job_read(job, &end))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_JOB),
				 errmsg("there is no job " INT64_FORMAT, job)));
	pid = mig_job_pid(job);
	if (pid == 0)
		PG_RETURN_BOOL(false);
	return DirectFunctionCall1(pg_cancel_backend, Int32GetDatum(pid));
}
