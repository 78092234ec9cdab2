/*-------------------------------------------------------------------------
 *
 * require.c
 *	  What an application asks when it starts: is this the database that it
 *	  is meant for, and does it have the version that it needs.
 *
 * Everybody may ask.  Nothing is written, so all of it works on a standby.
 * Who waits for a version looks for it time and again: nothing else would
 * tell a standby's session, and LISTEN would be the pooler's, not ours.
 * In between it has neither a snapshot nor a lock, and a new transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "access/xlog.h"
#include "commands/dbcommands.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

PG_FUNCTION_INFO_V1(migrate_current);
PG_FUNCTION_INFO_V1(migrate_require);
PG_FUNCTION_INFO_V1(migrate_wait_for);

/* How often to look for a version, at first and in the end, ms. */
#define SHORTEST_PAUSE 10
#define LONGEST_PAUSE 1000

/* A version that somebody needs; it may be a repeatable's name. */
typedef struct Wanted
{
	const char *project;
	const char *version;
	bytea	   *versioned;
	bytea	   *repeatable;
} Wanted;

Datum
migrate_current(PG_FUNCTION_ARGS)
{
	char	   *version = mig_state_current(mig_project);

	if (version == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(version));
}

static void
set_wanted(Wanted *wanted, const char *version)
{
	wanted->project = pstrdup(mig_project);
	wanted->version = version;
	wanted->versioned = mig_version_key(MIG_KIND_VERSIONED, version);
	wanted->repeatable = mig_version_key(MIG_KIND_REPEATABLE, version);
}

static bool
is_applied(const Wanted *wanted)
{
	if (wanted->version[0] == '@' &&
		mig_state_is_tag_applied(wanted->project, wanted->version + 1))
		return true;
	return mig_state_is_applied(wanted->project, wanted->versioned) ||
		mig_state_is_applied(wanted->project, wanted->repeatable);
}

/* Where we are, in a sentence. */
static char *
describe_place(const char *project)
{
	char	   *current;
	StringInfoData buf;

	/* a procedure may have no snapshot */
	PushActiveSnapshot(GetTransactionSnapshot());
	current = mig_state_current(project);
	PopActiveSnapshot();
	initStringInfo(&buf);
	appendStringInfo(&buf, "Database \"%s\"", get_database_name(MyDatabaseId));
	if (mig_environment[0] != '\0')
		appendStringInfo(&buf, ", environment \"%s\"", mig_environment);
	appendStringInfo(&buf, ", project \"%s\", current version %s.",
					 project, current ? current : "none");
	return buf.data;
}

/* Raise an error unless this is what the arguments from this one on name. */
static void
verify_identity(FunctionCallInfo fcinfo, int first)
{
	char		system_identifier[32];
	const char *is[] = {
		get_database_name(MyDatabaseId), mig_environment, system_identifier
	};
	const char *const what[] = {"database", "environment", "system identifier"};
	bool		unlabelled = false;
	StringInfoData buf;
	int			i;

	snprintf(system_identifier, sizeof(system_identifier), UINT64_FORMAT,
			 GetSystemIdentifier());
	initStringInfo(&buf);
	for (i = 0; i < lengthof(what); i++)
	{
		char	   *expected = mig_text_argument(fcinfo, first + i, NULL);

		if (expected == NULL || strcmp(expected, is[i]) == 0)
			continue;
		appendStringInfoString(&buf, buf.len > 0 ? "; " : "");
		if (is[i] == mig_environment && *is[i] == '\0')
		{
			unlabelled = true;
			appendStringInfo(&buf, "an environment without a label, not \"%s\"", expected);
		}
		else
			appendStringInfo(&buf, "%s \"%s\", not \"%s\"", what[i], is[i], expected);
	}
	if (buf.len > 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_WRONG_DATABASE),
				 errmsg("this is %s", buf.data),
				 errdetail("%s", describe_place(mig_project)),
				 errhint(unlabelled ?
						 "Connect to the database that is meant. If it is this one, label it: ALTER DATABASE ... SET migrate.environment = ..., which counts from the next session on." :
						 "Connect to the database that is meant, or correct what is expected. migrate_identity() tells where this is.")));
	pfree(buf.data);
}

Datum
migrate_require(PG_FUNCTION_ARGS)
{
	Wanted		wanted;

	set_wanted(&wanted, mig_text_argument(fcinfo, 0, "version"));
	verify_identity(fcinfo, 1);
	if (!is_applied(&wanted))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_NOT_APPLIED),
				 errmsg("version \"%s\" is not applied", wanted.version),
				 errdetail("%s", describe_place(wanted.project)),
				 errhint("Apply the pending migrations here, or connect to the database that has them.")));
	PG_RETURN_BOOL(true);
}

/* Where we are and what is to be expected, for who waits. */
static char *
describe_prospect(const Wanted *wanted)
{
	MigProspect prospect;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, describe_place(wanted->project));
	mig_log_prospect(wanted->project, wanted->versioned, wanted->repeatable, &prospect);
	if (!prospect.registered)
		appendStringInfoString(&buf, " The version is not registered here yet.");
	if (RecoveryInProgress())
		appendStringInfoString(&buf, " This is a standby, which gets it from its primary.");
	else if (prospect.runner != NULL)
		appendStringInfo(&buf, " %s", prospect.runner);
	else
		appendStringInfoString(&buf, " Nobody is running migrations.");
	if (prospect.failure != NULL && prospect.runner == NULL)
		appendStringInfo(&buf, " %s", prospect.failure);
	return buf.data;
}

/* Look for the version until it is there. */
static void
wait_for(const Wanted *wanted, int timeout, MemoryContext context)
{
	MemoryContext scratch = AllocSetContextCreate(context, "migrate look",
												  ALLOCSET_DEFAULT_SIZES);
	TimestampTz start = GetCurrentTimestamp();
	int			pause = SHORTEST_PAUSE;
	bool		told = false;

	for (;;)
	{
		int			left = pause;

		/* which gives back what a look has taken */
		mig_commit_and_go_on(scratch);
		if (is_applied(wanted))
			break;
		if (timeout >= 0)
		{
			left = Max(timeout - TimestampDifferenceMilliseconds(start, GetCurrentTimestamp()), 0);
			if (left == 0)
				ereport(ERROR,
						(errcode(ERRCODE_MIG_NOT_APPLIED),
						 errmsg("version \"%s\" was not applied within %d ms",
								wanted->version, timeout),
						 errdetail("%s", describe_prospect(wanted)),
						 errhint("Apply the pending migrations here, or connect to the database that has them.")));
		}
		if (!told)
			ereport(NOTICE,
					(errmsg("waiting for version \"%s\"", wanted->version),
					 errdetail("%s", describe_prospect(wanted))));
		told = true;
		mig_commit_and_go_on(context);
		MemoryContextReset(scratch);
		mig_pause(Min(pause, left));
		pause = Min(pause * 2, LONGEST_PAUSE);
	}
	MemoryContextSwitchTo(context);
}

Datum
migrate_wait_for(PG_FUNCTION_ARGS)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	Wanted		wanted;
	int			timeout = -1;

	mig_refuse_nested("migrate_wait_for");
	mig_refuse_atomic(fcinfo, "migrate_wait_for",
					  "Call it by itself, or use migrate_require(), which does not wait.");

	/* the context of the portal outlives the commits */
	context = AllocSetContextCreate(PortalContext, "migrate wait", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	set_wanted(&wanted, mig_text_argument(fcinfo, 0, "version"));
	if (!PG_ARGISNULL(1))
		timeout = mig_interval_ms(PG_GETARG_INTERVAL_P(1));
	verify_identity(fcinfo, 2);

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	wait_for(&wanted, timeout, context);
	SPI_finish();
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}
