/*-------------------------------------------------------------------------
 *
 * subxact.c
 *	  Actions in subtransactions, whose errors are caught.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "access/xact.h"
#include "utils/resowner.h"

/*
 * mig_subtransaction
 *		Call a function in a subtransaction, which is rolled back unless it is to
 *		be kept and there was no error; the error, palloc'd, or NULL.
 *
 * Expects a transaction; what the function has begun within goes too.  After
 * it the memory context and resource owner are those of before.
 */
ErrorData *
mig_subtransaction(void (*action) (void *), void *arg, bool keep)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	int			level = GetCurrentTransactionNestLevel();
	ErrorData  *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		action(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	if (keep && error == NULL)
		ReleaseCurrentSubTransaction();
	while (GetCurrentTransactionNestLevel() > level)
		RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(caller);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * mig_is_interrupt
 *		Is an error somebody's wish to end it all, and no fault of what raised it?
 */
bool
mig_is_interrupt(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_OPERATOR_INTERVENTION;
}
