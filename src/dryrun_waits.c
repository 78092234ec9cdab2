/*-------------------------------------------------------------------------
 *
 * dryrun_waits.c
 *	  Who is waited for, or would be.
 *
 * Expects a transaction; reads pg_stat_activity and pg_locks as the role that
 * has the dry run made, which may not be told everything.
 *
 *-------------------------------------------------------------------------
 */
#include "dryrun.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "pgstat.h"
#include "utils/array.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/*
 * Who the sessions with these process ids are, as far as the role may know;
 * no ids: all that have a transaction open.
 */
static char *
describe_sessions(MigDryRun *dry, const MigSeenWait *wait)
{
	static const char *const query =
		"SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object("
		"'pid', a.pid, 'user', a.usename, 'application', a.application_name, 'state', a.state, "
		"'modes', (SELECT pg_catalog.jsonb_agg(l.mode ORDER BY l.mode) FROM pg_catalog.pg_locks l"
		" WHERE l.pid OPERATOR(pg_catalog.=) a.pid AND l.granted AND l.relation OPERATOR(pg_catalog.=) $2), "
		"'transaction_s', pg_catalog.round(extract(epoch FROM (pg_catalog.clock_timestamp()"
		" OPERATOR(pg_catalog.-) a.xact_start)), 3), "
		"'query', a.query) ORDER BY a.pid)::pg_catalog.text "
		"FROM pg_catalog.pg_stat_activity a "
		"WHERE CASE WHEN $1 IS NULL THEN a.datname OPERATOR(pg_catalog.=) pg_catalog.current_database()"
		" AND a.pid OPERATOR(pg_catalog.<>) pg_catalog.pg_backend_pid()"
		" AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL)"
		" ELSE a.pid OPERATOR(pg_catalog.=) ANY ($1) END";
	Oid			types[2] = {INT4ARRAYOID, OIDOID};
	Datum		values[2];
	char		nulls[2] = {' ', ' '};
	Datum	   *pids = palloc(sizeof(Datum) * Max(wait->npids, 1));
	char	   *result = NULL;
	int			i;

	for (i = 0; i < wait->npids; i++)
		pids[i] = Int32GetDatum(wait->pids[i]);
	if (wait->npids == 0)
		nulls[0] = 'n';
	values[0] = PointerGetDatum(construct_array(pids, wait->npids, INT4OID, 4, true,
												TYPALIGN_INT));
	values[1] = ObjectIdGetDatum(wait->relid);
	pgstat_clear_snapshot();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	if (SPI_execute_with_args(query, 2, types, values, nulls, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not read pg_stat_activity");
	if (SPI_processed > 0)
	{
		char	   *text = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);

		if (text != NULL)
			result = MemoryContextStrdup(dry->context, text);
	}
	PopActiveSnapshot();
	SPI_finish();
	return result;
}

/*
 * mig_dry_describe_waits
 *		Say of the waits of a statement who the sessions are.
 */
void
mig_dry_describe_waits(MigDryRun *dry, MigDryRow *row)
{
	ListCell   *lc;

	foreach(lc, row->seen->waits)
	{
		MigSeenWait *wait = (MigSeenWait *) lfirst(lc);

		if (wait->sessions == NULL && (wait->npids > 0 || wait->mode == NoLock))
			wait->sessions = describe_sessions(dry, wait);
	}
}

/*
 * mig_dry_add_transaction_waits
 *		A statement waits for every transaction that may see what it changes.
 */
void
mig_dry_add_transaction_waits(MigDryRun *dry, MigDryRow *row)
{
	MigSeenWait *wait = MemoryContextAllocZero(dry->context, sizeof(MigSeenWait));
	MemoryContext caller;

	wait->mode = NoLock;
	wait->relation = "transactions that are open";
	wait->sessions = describe_sessions(dry, wait);
	if (wait->sessions == NULL)
		return;
	caller = MemoryContextSwitchTo(dry->context);
	row->seen->waits = lappend(row->seen->waits, wait);
	MemoryContextSwitchTo(caller);
}
