/*-------------------------------------------------------------------------
 *
 * procedure.c
 *	  What the procedures have in common: they commit, and then wait in a
 *	  transaction that has neither a snapshot nor a lock, so that nobody
 *	  has to wait for them.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "compat.h"

#include "access/xact.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

/*
 * mig_refuse_atomic
 *		Raise an error where a procedure could not commit.
 */
void
mig_refuse_atomic(FunctionCallInfo fcinfo, const char *procedure, const char *hint)
{
	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		((CallContext *) fcinfo->context)->atomic)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("%s() cannot run inside a transaction block", procedure),
				 errdetail("It commits, and waits without the snapshot of a transaction. A function, several statements sent as one, and a procedure with a SET clause or SECURITY DEFINER are like a transaction block."),
				 errhint("%s", hint)));
}

/*
 * mig_commit_and_go_on
 *		End the transaction of a procedure that is connected to SPI, and go on
 *		in the next one, in the given memory context.
 *
 * A snapshot must not last longer there than what it is taken for, whatever
 * the session's default is.
 */
void
mig_commit_and_go_on(MemoryContext context)
{
	SPI_commit();
	XactIsoLevel = XACT_READ_COMMITTED;
	MemoryContextSwitchTo(context);
}

/*
 * mig_check_client
 *		Notice that the client is gone, which else only the next message to it
 *		would; the next CHECK_FOR_INTERRUPTS() ends the session.
 */
void
mig_check_client(void)
{
	if (MyProcPort != NULL && whereToSendOutput == DestRemote && !pq_check_connection())
	{
		ClientConnectionLost = true;
		InterruptPending = true;
	}
}

/*
 * mig_interval_ms
 *		A timeout in milliseconds; what is more than 24 days counts as 24.
 */
int
mig_interval_ms(const Interval *interval)
{
	int64		ms = interval->time / 1000 +
		((int64) interval->day + (int64) interval->month * DAYS_PER_MONTH) * SECS_PER_DAY * 1000;

	if (ms < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a timeout must not be negative")));
	return (int) Min(ms, INT_MAX);
}

/*
 * mig_pause
 *		Wait so many milliseconds, or less if there is news for this process.
 */
void
mig_pause(int ms)
{
	InvalidateCatalogSnapshot();
	Assert(!ActiveSnapshotSet() && MyProc->xmin == InvalidTransactionId);
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
					 ms, PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	mig_check_client();
	CHECK_FOR_INTERRUPTS();
}
