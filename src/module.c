/*-------------------------------------------------------------------------
 *
 * module.c
 *	  Loading: the module's magic and its settings; and what all functions do
 *	  with their arguments.
 *
 * The library needs no preloading: a session loads it with the first
 * function that it calls, and a worker by its name.
 *
 *-------------------------------------------------------------------------
 */
#include "lint.h"

#include <limits.h>

#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

PG_MODULE_MAGIC;

char	   *mig_project = NULL;
int			mig_out_of_order = MIG_ORDER_ERROR;
int			mig_lock_wait = 60000;
int			mig_lock_timeout = -1;
int			mig_lock_retries = 10;
bool		mig_restore_points = false;
char	   *mig_search_path = NULL;
char	   *mig_role = NULL;
char	   *mig_contexts = NULL;
char	   *mig_labels = NULL;
bool		mig_record_failures = true;
bool		mig_trust_registrants = false;

/* For hooks to read. */
char	   *mig_step = NULL;
char	   *mig_variables = NULL;

/* Read by migrate_identity() too, in SQL. */
char	   *mig_environment = NULL;

int			mig_lint = MIG_LINT_OFF;
char	   *mig_lint_rules = NULL;
int			mig_lint_rows = 10000;
int			mig_lint_size = 8192;
int			mig_dry_run_lock_timeout = 2000;
int			mig_reversible_rows = 1000000;
int			mig_guard = MIG_GUARD_ON;
int			mig_drift = MIG_DRIFT_WARN;

static const struct config_enum_entry lint_options[] = {
	{"off", MIG_LINT_OFF, false},
	{"warn", MIG_LINT_WARN, false},
	{"error", MIG_LINT_ERROR, false},
	{NULL, 0, false}
};

static const struct config_enum_entry guard_options[] = {
	{"on", MIG_GUARD_ON, false},
	{"off", MIG_GUARD_OFF, false},
	{"record", MIG_GUARD_RECORD, false},
	{"warn", MIG_GUARD_WARN, false},
	{"error", MIG_GUARD_ERROR, false},
	{NULL, 0, false}
};

static const struct config_enum_entry drift_options[] = {
	{"off", MIG_DRIFT_OFF, false},
	{"record", MIG_DRIFT_RECORD, false},
	{"warn", MIG_DRIFT_WARN, false},
	{"error", MIG_DRIFT_ERROR, false},
	{NULL, 0, false}
};

static const struct config_enum_entry order_options[] = {
	{"error", MIG_ORDER_ERROR, false},
	{"allow", MIG_ORDER_ALLOW, false},
	{"skip", MIG_ORDER_SKIP, false},
	{NULL, 0, false}
};

static bool
check_project(char **newval, void **extra, GucSource source)
{
	if (**newval == '\0')
	{
		GUC_check_errdetail("A project's name is not empty.");
		return false;
	}
	return true;
}

/*
 * mig_text_argument
 *		A text argument as a palloc'd C string.  NULL if it is null, or an
 *		error if it has a name, because then it must not be.
 */
char *
mig_text_argument(FunctionCallInfo fcinfo, int n, const char *name)
{
	if (!PG_ARGISNULL(n))
		return text_to_cstring(PG_GETARG_TEXT_PP(n));
	if (name != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s must not be null", name)));
	return NULL;
}

/*
 * mig_reason_argument
 *		The argument that says why, which must say something.
 */
char *
mig_reason_argument(FunctionCallInfo fcinfo, int n)
{
	char	   *reason = mig_text_argument(fcinfo, n, "reason");

	if (reason[strspn(reason, " \t\r\n")] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a reason is needed"),
				 errhint("It is what the history will say when somebody wonders.")));
	return reason;
}

/*
 * mig_call_context
 *		Switch to a memory context for one call; MemoryContextDelete() ends it.
 */
MemoryContext
mig_call_context(MemoryContext *caller)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "migrate call",
												  ALLOCSET_DEFAULT_SIZES);

	*caller = MemoryContextSwitchTo(context);
	return context;
}

PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomStringVariable("migrate.project",
							   "The project whose migrations this session works on.",
							   "Several services can share a database, each with migrations of its own.",
							   &mig_project, "default", PGC_USERSET, 0,
							   check_project, NULL, NULL);
	DefineCustomEnumVariable("migrate.out_of_order",
							 "What to do with a pending migration below the highest applied one.",
							 NULL, &mig_out_of_order, MIG_ORDER_ERROR, order_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomIntVariable("migrate.lock_wait",
							"How long to wait for another run to end.",
							"0 does not wait, -1 waits without limit.",
							&mig_lock_wait, 60000, -1, INT_MAX, PGC_USERSET,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("migrate.lock_timeout",
							"lock_timeout while migrations run.",
							"0 leaves the session's own, and so does -1 in a caller's transaction; in a worker -1 is 5 seconds, for DDL.",
							&mig_lock_timeout, -1, -1, INT_MAX, PGC_USERSET,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("migrate.lock_retries",
							"How often a worker tries again what did not get a lock in time.",
							NULL, &mig_lock_retries, 10, 0, 1000, PGC_USERSET,
							0, NULL, NULL, NULL);
	DefineCustomBoolVariable("migrate.restore_point",
							 "Write a named restore point before each run.",
							 NULL, &mig_restore_points, false, PGC_USERSET, 0,
							 NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.step",
							   "While a hook runs: what it runs for, as JSON.",
							   NULL, &mig_step, "", PGC_USERSET,
							   GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.search_path",
							   "search_path while migrations run.",
							   "Empty leaves the session's own.",
							   &mig_search_path, "", PGC_USERSET, GUC_LIST_INPUT,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.role",
							   "Role to set while migrations run.",
							   "Empty leaves the session's own. A script may reset it.",
							   &mig_role, "", PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.variables",
							   "Values for variables of scripts, as a list of name=value.",
							   "They come before those of migrate_set_variable().",
							   &mig_variables, "", PGC_USERSET, GUC_LIST_INPUT,
							   mig_check_variables, NULL, NULL);
	DefineCustomStringVariable("migrate.contexts",
							   "The contexts whose changesets of Liquibase are registered.",
							   "Empty takes all.",
							   &mig_contexts, "", PGC_USERSET, GUC_LIST_INPUT,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.labels",
							   "The expression of labels whose changesets of Liquibase are registered.",
							   "Empty takes all.",
							   &mig_labels, "", PGC_USERSET, 0,
							   NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.environment",
							   "Label of this environment, for migrate_identity() and migrate_require().",
							   NULL, &mig_environment, "", PGC_USERSET, 0,
							   NULL, NULL, NULL);
	DefineCustomEnumVariable("migrate.lint",
							 "What a run does about findings of severity error in its plan.",
							 NULL, &mig_lint, MIG_LINT_OFF, lint_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomStringVariable("migrate.lint_rules",
							   "Severities of lint's rules or groups of rules, as a list of name=severity.",
							   NULL, &mig_lint_rules, "", PGC_USERSET,
							   GUC_LIST_INPUT, mig_check_lint_rules, NULL, NULL);
	DefineCustomIntVariable("migrate.lint_rows",
							"From how many rows on a relation is too large to be scanned under a lock.",
							NULL, &mig_lint_rows, 10000, 0, INT_MAX, PGC_USERSET,
							0, NULL, NULL, NULL);
	DefineCustomIntVariable("migrate.lint_size",
							"From which size on a relation is too large to be scanned under a lock.",
							NULL, &mig_lint_size, 8192, 0, INT_MAX, PGC_USERSET,
							GUC_UNIT_KB, NULL, NULL, NULL);
	DefineCustomIntVariable("migrate.dry_run_lock_timeout",
							"lock_timeout of a dry run.",
							"0 waits without limit.",
							&mig_dry_run_lock_timeout, 2000, 0, INT_MAX, PGC_USERSET,
							GUC_UNIT_MS, NULL, NULL, NULL);
	DefineCustomIntVariable("migrate.reversible_rows",
							"Of tables with more rows migrate_reversible() counts them and does not look at values.",
							"0 only counts, -1 has no limit.",
							&mig_reversible_rows, 1000000, -1, INT_MAX, PGC_USERSET,
							0, NULL, NULL, NULL);
	DefineCustomEnumVariable("migrate.guard",
							 "What the guard does about DDL outside of a run, where it is not as migrate_guard_on() says.",
							 NULL, &mig_guard, MIG_GUARD_ON, guard_options,
							 PGC_SUSET, 0, NULL, NULL, NULL);
	DefineCustomEnumVariable("migrate.drift",
							 "What a run does about objects that are not as the last one has left them.",
							 "With off a run does not leave a snapshot either.",
							 &mig_drift, MIG_DRIFT_WARN, drift_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);
	DefineCustomBoolVariable("migrate.record_failures",
							 "Record failed attempts beyond their transaction.",
							 NULL, &mig_record_failures, true, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	DefineCustomBoolVariable("migrate.trust_registrants",
							 "Let a superuser run what a non-superuser registered.",
							 NULL, &mig_trust_registrants, false, PGC_SUSET, 0,
							 NULL, NULL, NULL);
	MarkGUCPrefixReserved("migrate");
}
