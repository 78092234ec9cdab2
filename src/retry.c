/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  What a worker did not get a lock for in time: who was in the way, and
 *	  another attempt after a pause.
 *
 * Expects a process of its own, as a worker is.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

/* Pauses between two attempts to get a lock, in ms. */
#define FIRST_PAUSE_LEAST 100
#define FIRST_PAUSE_MOST 1000
#define LONGEST_PAUSE 30000

/* No more than these are named as being in the way. */
#define MAX_BLOCKERS 32

/* Who was in the way of the last wait for a lock. */
static int	blockers[MAX_BLOCKERS];
static int	nblockers = 0;
static bool logs_lock_waits = false;
static emit_log_hook_type previous_log_hook = NULL;

/*
 * The server tells its log of a lock that is waited for, deadlock_timeout
 * after the wait began: the only moment at which the waiting process itself
 * can see who is in the way.
 */
static void
note_blockers(ErrorData *edata)
{
	if (edata->elevel == LOG && edata->message_id != NULL &&
		strncmp(edata->message_id, "process %d still waiting for", 28) == 0)
	{
		ArrayType  *pids = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids,
																  Int32GetDatum(MyProcPid)));

		nblockers = Min(ArrayGetNItems(ARR_NDIM(pids), ARR_DIMS(pids)), MAX_BLOCKERS);
		memcpy(blockers, ARR_DATA_PTR(pids), nblockers * sizeof(int));
		if (!logs_lock_waits)
			edata->output_to_server = false;
	}
	else if (edata->elevel == LOG && edata->message_id != NULL && !logs_lock_waits &&
			 strncmp(edata->message_id, "process %d acquired", 19) == 0)
		edata->output_to_server = false;
	if (previous_log_hook)
		previous_log_hook(edata);
}

/*
 * mig_watch_lock_waits
 *		From now on remember who is in the way of this process.  lock_timeout
 *		is the shortest that its waits will have, in ms; 0: none.
 */
void
mig_watch_lock_waits(int lock_timeout)
{
	char		value[32];

	logs_lock_waits = log_lock_waits;
	previous_log_hook = emit_log_hook;
	emit_log_hook = note_blockers;
	SetConfigOption("log_lock_waits", "on", PGC_SUSET, PGC_S_OVERRIDE);
	if (lock_timeout > 0 && DeadlockTimeout > lock_timeout / 2)
	{
		snprintf(value, sizeof(value), "%d", Max(lock_timeout / 2, 1));
		SetConfigOption("deadlock_timeout", value, PGC_SUSET, PGC_S_OVERRIDE);
	}
}

static void
pause_for(long ms)
{
	TimestampTz until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), ms);
	long		left;

	while ((left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), until)) > 0)
	{
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 left, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

/* Who was in the way, as a sentence; NULL if it is not known. */
static char *
describe_blockers(void)
{
	MemoryContext context = CurrentMemoryContext;
	Datum	   *pids = palloc(sizeof(Datum) * Max(nblockers, 1));
	char	   *text;
	int			i;

	if (nblockers == 0)
		return NULL;
	for (i = 0; i < nblockers; i++)
		pids[i] = Int32GetDatum(blockers[i]);
	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(context);
	text = mig_blockers(MyProcPid, construct_array(pids, nblockers, INT4OID, 4, true,
												   TYPALIGN_INT));
	CommitTransactionCommand();
	MemoryContextSwitchTo(context);
	return text ? psprintf("In the way: %s.", text) : NULL;
}

/*
 * mig_is_worth_retry
 *		May another attempt not meet the error that stopped a script?
 */
bool
mig_is_worth_retry(const MigRun *run, const ErrorData *error)
{
	return run->execution.stmt != NULL &&
		(error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		 error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED);
}

/*
 * mig_prepare_retry
 *		After such an error: say so, and wait a while.  Raises it, with who was
 *		in the way, if there is to be no other attempt.
 *
 * attempt is the number of the one that failed, from 1; lock_timeout that of
 * DDL, in ms.  Expects no transaction.
 */
void
mig_prepare_retry(MigRun *run, ErrorData *error, int attempt, int lock_timeout)
{
	bool		timeout = error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE;
	double		pause = Min(Max(lock_timeout / 4, FIRST_PAUSE_LEAST), FIRST_PAUSE_MOST);
	char	   *in_the_way = NULL;
	MigExecution at = run->execution;
	int			i;

	if (timeout)
		in_the_way = describe_blockers();
	nblockers = 0;
	if (attempt > mig_lock_retries)
	{
		if (in_the_way != NULL)
			error->detail = error->detail ? psprintf("%s\n%s", error->detail, in_the_way) :
				in_the_way;
		ReThrowError(error);
	}
	for (i = 1; i < attempt; i++)
		pause = Min(pause * 2, LONGEST_PAUSE);
	pause *= 0.5 + pg_prng_double(&pg_global_prng_state);
	ereport(NOTICE,
			(errmsg("migration %s, line %d, statement %d: %s; attempt %d of %d in %.1f s",
					at.label, at.line, at.statement_no,
					timeout ? "did not get a lock in time" : "met a deadlock",
					attempt + 1, mig_lock_retries + 1, pause / 1000),
			 in_the_way ? errdetail("%s", in_the_way) : 0));
	pgstat_report_activity(STATE_RUNNING,
						   psprintf("migrate: %s, pausing before attempt %d of %d",
									run->progress, attempt + 1, mig_lock_retries + 1));
	pause_for((long) pause);
}
