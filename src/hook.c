/*-------------------------------------------------------------------------
 *
 * hook.c
 *	  What happens around the steps of a run: hooks, notifications, restore
 *	  points.
 *
 * All of it in the transaction that is there, as the role that runs the
 * migrations.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "access/xlog_internal.h"
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "commands/dbcommands.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/json.h"
#include "utils/memutils.h"
#include "utils/pg_lsn.h"
#include "utils/snapmgr.h"

/* Where notifications go. */
#define CHANNEL "migrate"

/* No more of a text than this is in a payload, in bytes as escaped. */
#define PAYLOAD_TEXT 1000

/*
 * mig_hooks_each
 *		Have each of the project's hooks of a kind run by the callback, with
 *		the role and the settings put back after it.  payload is what they can
 *		read as the setting migrate.step.
 */
void
mig_hooks_each(MigRun *run, const char *when, const char *payload,
			   MigHookRunner runner, void *arg)
{
	MigExecution *execution = &run->execution;
	const char *what = execution->what;
	ListCell   *lc;

	foreach(lc, run->hooks)
	{
		const MigHook *hook = (const MigHook *) lfirst(lc);
		Oid			user;
		int			security;
		int			nest;

		if (strcmp(hook->when, when) != 0)
			continue;
		execution->label = hook->name;
		execution->what = hook->when;
		GetUserIdAndSecContext(&user, &security);
		nest = NewGUCNestLevel();
		mig_run_set("migrate.step", payload);
		runner(hook, arg);
		AtEOXact_GUC(false, nest);
		SetUserIdAndSecContext(user, security);
	}
	execution->what = what;
	execution->label = mig_step_label(&run->plan->steps[Min(run->step, run->plan->nsteps - 1)]);
}

static void
run_hook(const MigHook *hook, void *arg)
{
	(void) mig_execute_script((MigExecution *) arg, &hook->script);
}

/*
 * mig_hooks_run
 *		Run the project's hooks of a kind.
 */
void
mig_hooks_run(MigRun *run, const char *when, const char *payload)
{
	mig_hooks_each(run, when, payload, run_hook, &run->execution);
}

/* A payload has a limit, which all its texts together must keep. */
static void
add_member(StringInfo buf, const char *name, const char *value)
{
	StringInfoData escaped;
	int			len;

	if (value == NULL || value[0] == '\0')
		return;
	initStringInfo(&escaped);
	len = strlen(value);
	do
	{
		len = pg_mbcliplen(value, len, Min(len, PAYLOAD_TEXT));
		resetStringInfo(&escaped);
		escape_json(&escaped, pnstrdup(value, len));
		len /= 2;
	} while (escaped.len > PAYLOAD_TEXT + 2);
	appendStringInfo(buf, ", \"%s\": %s", name, escaped.data);
	pfree(escaped.data);
}

static void
begin_payload(StringInfo buf, const MigRun *run, const char *event)
{
	initStringInfo(buf);
	appendStringInfo(buf, "{\"event\": \"%s\"", event);
	add_member(buf, "database", get_database_name(MyDatabaseId));
	add_member(buf, "environment", GetConfigOption("migrate.environment", true, false));
	add_member(buf, "project", run->project);
	if (run->base.job != 0)
		appendStringInfo(buf, ", \"job\": " INT64_FORMAT, run->base.job);
}

/*
 * mig_step_payload
 *		JSON about a migration that is done.  palloc'd.
 */
char *
mig_step_payload(const MigRun *run, const MigResult *result)
{
	StringInfoData buf;

	begin_payload(&buf, run, "migration");
	add_member(&buf, "action", result->step.action == MIG_ROLLBACK ? "rollback" :
			   result->step.action == MIG_COVER ? "cover" :
			   result->step.action == MIG_MARKED ? "mark" :
			   result->step.action == MIG_SKIPPED ? "skip" : "apply");
	add_member(&buf, "version", result->step.entry->version);
	add_member(&buf, "name", result->step.entry->name);
	appendStringInfo(&buf, ", \"outcome\": \"ok\", \"step\": %d, \"steps\": %d, \"statements\": %d, \"duration_ms\": %.3f}",
					 run->step + 1, run->plan->nsteps, result->statements,
					 result->duration_us / 1000.0);
	return buf.data;
}

/*
 * mig_run_payload
 *		JSON about a run of which so many steps are done.  palloc'd.
 */
char *
mig_run_payload(const MigRun *run, int steps_done, const ErrorData *error)
{
	StringInfoData buf;

	begin_payload(&buf, run, "run");
	add_member(&buf, "action", run->down ? "rollback" : "apply");
	add_member(&buf, "outcome", error ? "failed" :
			   steps_done == run->plan->nsteps ? "ok" : "running");
	appendStringInfo(&buf, ", \"steps\": %d, \"steps_done\": %d", run->plan->nsteps,
					 steps_done);
	if (error != NULL)
	{
		const MigEntry *entry = run->plan->steps[Min(run->step, run->plan->nsteps - 1)].entry;

		add_member(&buf, "version", entry->version);
		add_member(&buf, "name", entry->name);
		add_member(&buf, "sqlstate", unpack_sql_state(error->sqlerrcode));
		add_member(&buf, "message", error->message);
	}
	appendStringInfoChar(&buf, '}');
	return buf.data;
}

/*
 * mig_notify
 *		NOTIFY migrate, when this transaction commits.
 */
void
mig_notify(const char *payload)
{
	Async_Notify(CHANNEL, payload);
}

typedef struct RestorePoint
{
	const char *name;
	XLogRecPtr	lsn;
} RestorePoint;

static void
call_create_restore_point(void *arg)
{
	RestorePoint *point = (RestorePoint *) arg;
	Oid			types[1] = {TEXTOID};
	Datum		values[1] = {CStringGetTextDatum(point->name)};
	bool		isnull;

	PushActiveSnapshot(GetTransactionSnapshot());
	SPI_connect();
	if (SPI_execute_with_args("SELECT pg_catalog.pg_create_restore_point($1)", 1,
							  types, values, NULL, false, 0) != SPI_OK_SELECT)
		elog(ERROR, "could not call pg_create_restore_point()");
	point->lsn = DatumGetLSN(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc,
										   1, &isnull));
	SPI_finish();
	PopActiveSnapshot();
}

/* As the role that runs the migrations, which must be allowed to. */
static bool
create_restore_point(const char *name, XLogRecPtr *lsn)
{
	RestorePoint point = {name, 0};
	ErrorData  *error = mig_subtransaction(call_create_restore_point, &point, true);

	if (error == NULL)
	{
		*lsn = point.lsn;
		return true;
	}
	if (mig_is_interrupt(error))
		ReThrowError(error);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("no restore point was created: %s", error->message),
			 error->hint ? errhint("%s", error->hint) : 0));
	return false;
}

/*
 * mig_restore_point
 *		If migrate.restore_point is on, write a restore point before the run,
 *		and an entry in the log that has its name and place.
 *
 * Where that cannot be, or would be of no use, a WARNING says so.
 */
void
mig_restore_point(MigRun *run)
{
	const MigEntry *entry = run->plan->steps[0].entry;
	char		name[MAXFNAMELEN];
	char	   *full;
	XLogRecPtr	lsn;
	MigEvent	event;

	if (!mig_restore_points)
		return;
	full = psprintf("migrate %s before %s", run->project, entry->version);
	memset(name, 0, sizeof(name));
	memcpy(name, full, pg_mbcliplen(full, strlen(full), MAXFNAMELEN - 1));
	if (!create_restore_point(name, &lsn))
		return;
	if (!XLogArchivingActive())
		ereport(WARNING,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("restore point \"%s\" is of no use here", name),
				 errdetail("The write-ahead log is not archived (archive_mode, archive_command), so nothing could be recovered to it.")));

	event = run->base;
	event.event = "restore point";
	mig_event_about(&event, entry);
	event.checksum = NULL;
	event.restore_point = name;
	event.wal_lsn = lsn;
	mig_chain_append(&run->chain, &event);
	run->base.restore_point = MemoryContextStrdup(GetMemoryChunkContext((void *) run->project),
												  name);
}
