/*-------------------------------------------------------------------------
 *
 * verify.c
 *	  Is everything as the records say, and are the records sound?
 *
 * What tables and catalogs tell is found by SQL, as the extension's owner.
 * The verify scripts of what is applied are run as a run would run them, each
 * in a subtransaction of its own that is rolled back: read-only at first, and
 * once more without that if it turns out to need more.  Nothing is kept: no
 * row, no lock, no setting, and no run lock is taken.  Works on a standby and
 * in a read-only transaction, where what cannot be asked is said.
 *
 * Expects a transaction, of any isolation level.
 *
 *-------------------------------------------------------------------------
 */
#include "run.h"
#include "catalog.h"
#include "drift.h"
#include "inspect.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_index.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/syscache.h"

PG_FUNCTION_INFO_V1(migrate_verify);
PG_FUNCTION_INFO_V1(migrate_verify_or_fail);

/* How many findings an error lists before it only counts, and how much of each. */
#define LISTED 10
#define LISTED_TEXT 1000		/* bytes */

/* No more of what a script raises is told, in bytes. */
#define TOLD_TEXT 8192

typedef enum Severity
{
	SEVERITY_ERROR,
	SEVERITY_WARNING,
	SEVERITY_INFO,
	SEVERITIES
} Severity;

static const char *const severity_names[SEVERITIES] = {"error", "warning", "info"};

typedef struct Finding
{
	Severity	severity;
	const char *check;
	const char *version;		/* NULL: of no migration */
	const char *object;			/* or its file; may be NULL */
	const char *problem;
	const char *action;
	bytea	   *place;			/* of the version among the others, or NULL */
	bool		of_project;		/* not of the database as a whole */
} Finding;

/* A migration that has something to be run or parsed. */
typedef struct Candidate
{
	bytea	   *key;
	char	   *version;
	char	   *label;
	bytea	   *place;
	char	   *registered_by;
	bool		registrant_superuser;
	bool		same;			/* applied is what is registered */
	bool		applied;
	bool		parses;			/* its up script */
	char	   *verify_path;
	char	   *up_path;
} Candidate;

typedef struct Verification
{
	const char *project;
	MemoryContext context;		/* of findings */
	Finding   **findings;
	int			n;
	int			size;
	MigRun		run;
	bool		refused;		/* the script wants more than to read */
} Verification;

static Finding *
add_finding(Verification *v, Severity severity, const char *check)
{
	MemoryContext old = MemoryContextSwitchTo(v->context);
	Finding    *finding = palloc0(sizeof(Finding));

	if (v->n == v->size)
	{
		v->size = Max(2 * v->size, 64);
		v->findings = v->n == 0 ? palloc(v->size * sizeof(Finding *)) :
			repalloc_huge(v->findings, v->size * sizeof(Finding *));
	}
	v->findings[v->n++] = finding;
	finding->severity = severity;
	finding->check = check;
	finding->of_project = true;
	MemoryContextSwitchTo(old);
	return finding;
}

static Severity
severity_of(const char *name)
{
	int			i;

	for (i = 0; i < SEVERITIES; i++)
	{
		if (strcmp(name, severity_names[i]) == 0)
			return (Severity) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("unknown severity \"%s\"", name),
			 errhint("Severities are info, warning and error.")));
	return SEVERITY_ERROR;
}

/*
 * The same columns of two queries: check, severity, version, object, problem,
 * action.
 */
static Finding *
add_row(Verification *v, const MigVisit *visit, uint64 row)
{
	Finding    *finding = add_finding(v, severity_of(mig_text_field(visit, row, 2)),
									  mig_text_field(visit, row, 1));

	finding->version = mig_text_field(visit, row, 3);
	finding->object = mig_text_field(visit, row, 4);
	finding->problem = mig_text_field(visit, row, 5);
	finding->action = mig_text_field(visit, row, 6);
	return finding;
}

static void
verify_records(Verification *v)
{
	MigVisit	visit = mig_enter();
	uint64		rows = mig_run_query(Q_VERIFY_RECORDS, NULL, NULL);
	uint64		i;

	for (i = 0; i < rows; i++)
		add_row(v, &visit, i)->place = mig_bytea_field(&visit, i, 7);
	mig_leave(&visit);
}

/* Is an index still not what it should be? */
static bool
is_still_bad(Oid index)
{
	HeapTuple	tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool		bad = false;

	if (HeapTupleIsValid(tuple))
	{
		Form_pg_index form = (Form_pg_index) GETSTRUCT(tuple);

		bad = !(form->indisvalid && form->indisready && form->indislive);
		ReleaseSysCache(tuple);
	}
	return bad;
}

/*
 * The catalogs are read by a snapshot that is older than what is known of who
 * is at work: an index that nobody builds any more may have been finished.
 */
static void
verify_objects(Verification *v)
{
	MigVisit	visit = mig_enter();
	uint64		rows = mig_run_query(Q_VERIFY_OBJECTS, NULL, NULL);
	uint64		i;

	AcceptInvalidationMessages();
	for (i = 0; i < rows; i++)
	{
		bool		isnull;
		Oid			index = DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[i],
														   SPI_tuptable->tupdesc, 7, &isnull));

		if (isnull || is_still_bad(index))
			add_row(v, &visit, i)->of_project = false;
	}
	mig_leave(&visit);
}

static void
verify_log(Verification *v)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(v->project)};
	uint64		rows = mig_run_query(Q_VERIFY_LOG, values, NULL);
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		Finding    *finding = add_finding(v, SEVERITY_ERROR, "log");
		MemoryContext old;

		finding->problem = mig_text_field(&visit, i, 2);
		old = MemoryContextSwitchTo(v->context);
		finding->object = psprintf("entry %lld", (long long) mig_int_field(i, 1, 0));
		MemoryContextSwitchTo(old);
		finding->action = "The history was tampered with, or damaged: compare it with a backup; nothing corrects it.";
	}
	mig_leave(&visit);
}

/* A finding about drift as a whole. */
static void
add_untold_drift(Verification *v, const char *problem, const char *action)
{
	Finding    *finding = add_finding(v, SEVERITY_INFO, "drift");

	finding->problem = problem;
	finding->action = action;
	finding->of_project = false;
}

/*
 * What has changed since the last run, if runs are meant to leave what tells
 * it.  The stamp saves a look at everything, as it does for runs.
 */
static void
verify_drift(Verification *v)
{
	MigReference *reference;
	MigVisit	visit;
	uint64		rows;
	uint64		i;
	bool		unsettled;
	bool		applied;

	if (mig_drift == MIG_DRIFT_OFF)
		return;
	visit = mig_enter();
	mig_run_query(Q_VERIFY_TRACKED, NULL, NULL);
	unsettled = mig_bool_field(0, 1);
	applied = mig_bool_field(0, 2);
	mig_leave(&visit);

	if (unsettled)
	{
		add_untold_drift(v, "a run is at work, or has ended without leaving a snapshot: what it has changed cannot be told from drift",
						 "Call again when it is over; the next run leaves a snapshot anew.");
		return;
	}
	reference = mig_reference_read();
	if (reference == NULL)
	{
		if (applied)
			add_untold_drift(v, "no run has left a snapshot yet: what was changed by hand cannot be told",
							 "The next run leaves one; to take the database as it is now: SELECT migrate_accept_drift(reason).");
		return;
	}
	if (reference->has_stamp && reference->stamp == mig_snapshot_stamp())
		return;
	visit = mig_enter();
	rows = mig_run_query(Q_VERIFY_DRIFT, NULL, NULL);
	for (i = 0; i < rows; i++)
		add_row(v, &visit, i)->of_project = false;
	mig_leave(&visit);
}

typedef struct Attempt
{
	Verification *v;
	void		(*function) (Verification *v, void *arg);
	void	   *arg;
	MemoryContext memory;
} Attempt;

static void
act(void *arg)
{
	Attempt    *attempt = (Attempt *) arg;

	MemoryContextSwitchTo(attempt->memory);
	attempt->function(attempt->v, attempt->arg);
}

/*
 * Call a function in a subtransaction that is rolled back; its error, in the
 * context of the findings, or NULL.
 */
static ErrorData *
attempt(Verification *v, void (*function) (Verification *v, void *arg), void *arg)
{
	Attempt		attempt = {v, function, arg, CurrentMemoryContext};
	MemoryContext caller = MemoryContextSwitchTo(v->context);
	ErrorData  *error = mig_subtransaction(act, &attempt, false);

	MemoryContextSwitchTo(caller);
	return error;
}

/* Could a run make a plan?  Only requirements are not told of elsewhere. */
static void
make_plan(Verification *v, void *arg)
{
	int			n;
	MigEntry   *entries = mig_catalog_load(v->project, &n);

	(void) mig_plan_up(entries, n, NULL, MIG_ORDER_ALLOW);
}

static void
verify_requirements(Verification *v)
{
	ErrorData  *error = attempt(v, make_plan, NULL);
	Finding    *finding;

	if (error == NULL)
		return;
	if (error->sqlerrcode == ERRCODE_MIG_DEPENDENCY)
	{
		finding = add_finding(v, SEVERITY_ERROR, "requirement");
		finding->problem = error->message;
		finding->action = error->hint;
	}
	else if (ERRCODE_TO_CATEGORY(error->sqlerrcode) != MAKE_SQLSTATE('M', 'G', '0', '0', '0'))
		ReThrowError(error);
}

/* The migrations whose scripts are to be looked at; in order. */
static Candidate *
read_candidates(Verification *v, int *n)
{
	MigVisit	visit = mig_enter();
	Datum		values[1] = {CStringGetTextDatum(v->project)};
	uint64		rows = mig_run_query(Q_VERIFY_SCRIPTS, values, NULL);
	Candidate  *candidates = MemoryContextAllocHuge(visit.caller,
													sizeof(Candidate) * Max(rows, 1));
	uint64		i;

	for (i = 0; i < rows; i++)
	{
		Candidate  *candidate = &candidates[i];
		MemoryContext old;
		char	   *name = mig_text_field(&visit, i, 3);

		candidate->key = mig_bytea_field(&visit, i, 1);
		candidate->version = mig_text_field(&visit, i, 2);
		candidate->place = mig_bytea_field(&visit, i, 4);
		candidate->registered_by = mig_text_field(&visit, i, 5);
		candidate->registrant_superuser = mig_bool_field(i, 6);
		candidate->same = mig_bool_field(i, 7);
		candidate->applied = mig_bool_field(i, 8);
		candidate->parses = mig_bool_field(i, 9);
		candidate->verify_path = mig_text_field(&visit, i, 10);
		candidate->up_path = mig_text_field(&visit, i, 11);
		old = MemoryContextSwitchTo(visit.caller);
		candidate->label = mig_label(candidate->version, name);
		MemoryContextSwitchTo(old);
	}
	mig_leave(&visit);
	*n = (int) rows;
	return candidates;
}

static Finding *
add_script_finding(Verification *v, const Candidate *candidate, Severity severity,
				   const char *check)
{
	Finding    *finding = add_finding(v, severity, check);

	finding->version = candidate->version;
	finding->place = candidate->place;
	finding->object = candidate->verify_path ? candidate->verify_path : candidate->up_path;
	return finding;
}

/* Cut a text off, between characters. */
static void
clip(StringInfo buf, int start, int limit)
{
	if (buf->len - start > limit)
	{
		buf->len = start + pg_mbcliplen(buf->data + start, buf->len - start, limit);
		buf->data[buf->len] = '\0';
		appendStringInfoString(buf, "...");
	}
}

/* What an error says, and where in the verify or another script it was. */
static char *
describe_error(const Verification *v, const ErrorData *error, const char *what)
{
	const MigExecution *execution = &v->run.execution;
	StringInfoData buf;

	initStringInfo(&buf);
	if (strcmp(execution->what, what) != 0)
		appendStringInfo(&buf, "%s script, ", execution->what);
	if (execution->line > 0)
		appendStringInfo(&buf, "line %d: ", execution->line);
	appendStringInfoString(&buf, error->message);
	if (error->detail)
		appendStringInfo(&buf, " (%s)", error->detail);
	clip(&buf, 0, TOLD_TEXT);
	return buf.data;
}

/* Notes whether anything was refused, be it caught by the script or not. */
static void
refusal_callback(void *arg)
{
	int			code = geterrcode();

	if (code == ERRCODE_READ_ONLY_SQL_TRANSACTION || code == ERRCODE_ACTIVE_SQL_TRANSACTION ||
		(code == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE && RecoveryInProgress()))
		((Verification *) arg)->refused = true;
}

/* What a script's attempt needs. */
typedef struct Script
{
	const MigStored *stored;
	const MigParsed *up;		/* whose settings are in force, or NULL */
	bool		read_only;
} Script;

/* As a run has it when it comes to the verify script. */
static void
run_verify_script(Verification *v, void *arg)
{
	const Script *script = (const Script *) arg;
	MigExecution *execution = &v->run.execution;
	ErrorContextCallback callback;
	char		timeout[32];

	callback.callback = refusal_callback;
	callback.arg = v;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	if (script->read_only)
		(void) set_config_option("transaction_read_only", "on", PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	snprintf(timeout, sizeof(timeout), "%d", mig_lock_timeout);
	if (mig_lock_timeout > 0)
		mig_run_set("lock_timeout", timeout);
	mig_run_set("search_path", mig_search_path);
	mig_run_set("role", mig_role);
	if (script->up != NULL)
	{
		execution->script = script->up->script;
		execution->what = "up";
		mig_execute_settings(execution, script->up, script->up->nstmts,
							 !script->up->own_transactions && script->up->needs_worker == NULL);
	}
	execution->what = "verify";
	mig_execute_verify(execution, &script->stored->verify,
					   !mig_format_verifies_by_errors(script->stored->format));
	error_context_stack = callback.previous;
}

/* Its parsed form is in the memory context that is current. */
static void
parse_up(Verification *v, void *arg)
{
	Script	   *script = (Script *) arg;

	v->run.execution.what = "up";
	script->up = mig_execute_parse(&v->run.execution, &script->stored->up);
}

static ErrorData *
attempt_script(Verification *v, Script *script)
{
	ErrorData  *error;

	v->run.execution.line = 0;
	v->run.execution.what = "verify";
	v->refused = false;
	error = attempt(v, run_verify_script, script);
	if (error != NULL)
		mig_execution_error(&v->run.execution, error);
	return error;
}

/* Could be otherwise at another time. */
static bool
is_passing(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_TRANSACTION_ROLLBACK ||
		ERRCODE_TO_CATEGORY(error->sqlerrcode) == ERRCODE_INSUFFICIENT_RESOURCES;
}

/* Does a text contain a word, in any case? */
static bool
contains(const char *text, const char *word)
{
	size_t		len = strlen(word);

	for (; *text != '\0'; text++)
	{
		if (pg_strncasecmp(text, word, len) == 0)
			return true;
	}
	return false;
}

/*
 * Run the verify script of an applied migration; an error that ends it all, or
 * NULL.
 */
static ErrorData *
verify_script(Verification *v, const Candidate *candidate, const MigStored *stored)
{
	Script		script = {stored};
	MemoryContext old;
	Finding    *finding;
	ErrorData  *error;

	if (candidate->parses && contains(stored->up.text, "set"))
	{
		/* without values for its variables it has no settings for us */
		error = attempt(v, parse_up, &script);
		if (error != NULL && mig_is_interrupt(error))
			return error;
	}
	script.read_only = !XactReadOnly;
	error = attempt_script(v, &script);
	if (v->refused && script.read_only)
	{
		script.read_only = false;
		error = attempt_script(v, &script);
	}
	else if (v->refused)
	{
		if (error != NULL && mig_is_interrupt(error))
			return error;
		finding = add_script_finding(v, candidate, SEVERITY_INFO, "verify script");
		finding->problem = RecoveryInProgress() ?
			"its verify script does more than to read, and was not judged on this standby" :
			"its verify script does more than to read, and was not judged in this read-only transaction";
		finding->action = RecoveryInProgress() ? "Verify the primary." :
			"Call it in a transaction that may write; all that the script does is rolled back.";
		return NULL;
	}
	if (error == NULL)
		return NULL;
	if (mig_is_interrupt(error))
		return error;
	finding = add_script_finding(v, candidate,
								 is_passing(error) ? SEVERITY_WARNING : SEVERITY_ERROR,
								 "verify script");
	old = MemoryContextSwitchTo(v->context);
	finding->problem = describe_error(v, error, "verify");
	MemoryContextSwitchTo(old);
	finding->action = is_passing(error) ? "It could not be run to its end; call again." :
		"Correct what is not as it says; if a later migration has changed that, register this one again with another verify script, which changes nothing else.";
	return NULL;
}

/* Parse what of a pending migration is nowhere else. */
static void
parse_pending(Verification *v, void *arg)
{
	const MigStored *stored = ((const Script *) arg)->stored;
	MigExecution *execution = &v->run.execution;

	execution->what = "up";
	if (stored->up.variables != NULL)
		(void) mig_execute_parse(execution, &stored->up);
	execution->what = "precondition";
	if (stored->check.text != NULL)
		(void) mig_execute_parse(execution, &stored->check);
	execution->what = "verify";
	if (stored->verify.text != NULL)
		(void) mig_execute_parse(execution, &stored->verify);
}

static ErrorData *
verify_pending(Verification *v, const Candidate *candidate, const MigStored *stored)
{
	Script		script = {stored};
	ErrorData  *error;
	MemoryContext old;
	Finding    *finding;

	/* the up script is known not to parse, and why */
	if (!candidate->parses)
		return NULL;
	error = attempt(v, parse_pending, &script);
	if (error == NULL || mig_is_interrupt(error))
		return error;
	finding = add_script_finding(v, candidate, SEVERITY_ERROR, "broken");
	if (strcmp(v->run.execution.what, "verify") != 0)
		finding->object = candidate->up_path;
	old = MemoryContextSwitchTo(v->context);
	finding->problem = psprintf("its %s script cannot be parsed: %s", v->run.execution.what,
								describe_error(v, error, v->run.execution.what));
	MemoryContextSwitchTo(old);
	finding->action = error->hint ? error->hint : "Correct it and register it again.";
	return NULL;
}

static ErrorData *
verify_candidate(Verification *v, const Candidate *candidate)
{
	MigExecution *execution = &v->run.execution;
	MigStored  *stored;
	Finding    *finding;
	MemoryContext old;

	CHECK_FOR_INTERRUPTS();
	stored = mig_catalog_fetch(v->project, candidate->key);
	if (stored == NULL)
		return NULL;
	execution->label = candidate->label;
	execution->progress = candidate->label;
	if (!candidate->applied || !candidate->same)
	{
		/* of one that was changed something else is said */
		return candidate->applied ? NULL : verify_pending(v, candidate, stored);
	}
	if (stored->verify.text == NULL)
		return NULL;
	if (mig_run_trusts(candidate->registered_by, candidate->registrant_superuser))
		return verify_script(v, candidate, stored);

	finding = add_script_finding(v, candidate, SEVERITY_WARNING, "verify script");
	old = MemoryContextSwitchTo(v->context);
	finding->problem = psprintf("a superuser must not run its verify script, because \"%s\" registered it",
								candidate->registered_by);
	MemoryContextSwitchTo(old);
	finding->action = "Verify as a role that owns the objects; or read the text, and register it yourself or set migrate.trust_registrants to on.";
	return NULL;
}

/* Has the scripts run in the shape of a run, so that they cannot begin one. */
static void
verify_scripts(Verification *v)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "migrate verify script",
												  ALLOCSET_DEFAULT_SIZES);
	MigPlan		no_plan = {0};
	int			n;
	Candidate  *candidates = read_candidates(v, &n);
	MigAdvisory advisory;
	ErrorData  *volatile end = NULL;
	int			i;

	if (n == 0)
		return;
	v->run.project = v->project;
	v->run.rehearsed = true;
	v->run.plan = &no_plan;
	v->run.execution.ddl_lock_timeout = -1;
	mig_read_advisory(&advisory);
	PG_TRY();
	{
		mig_run_enter(&v->run);
		for (i = 0; i < n && end == NULL; i++)
		{
			MemoryContextSwitchTo(context);
			v->run.execution.memory = context;
			v->run.execution.context_line = NULL;
			v->run.execution.script = NULL;
			v->run.execution.stmt = NULL;
			end = verify_candidate(v, &candidates[i]);
			MemoryContextSwitchTo(caller);
			MemoryContextReset(context);
		}
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(v->context);
		end = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	mig_run_leave();
	MemoryContextSwitchTo(caller);
	mig_restore_advisory(&advisory);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	MemoryContextDelete(context);
	if (end != NULL)
		ReThrowError(end);
}

static int
compare_texts(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

/* The worst first, then by check, then in order of the versions. */
static int
compare_findings(const void *a, const void *b)
{
	const Finding *fa = *(Finding *const *) a;
	const Finding *fb = *(Finding *const *) b;
	int			result = (int) fa->severity - (int) fb->severity;

	if (result == 0)
		result = strcmp(fa->check, fb->check);
	if (result == 0)
		result = fa->place && fb->place ? mig_key_cmp(fa->place, fb->place) :
			(fa->place != NULL) - (fb->place != NULL);
	if (result == 0)
		result = compare_texts(fa->version, fb->version);
	if (result == 0)
		result = compare_texts(fa->object, fb->object);
	if (result == 0)
		result = strcmp(fa->problem, fb->problem);
	return result;
}

/* Everything there is to find, in the current memory context. */
static void
verify(Verification *v, const char *function)
{
	memset(v, 0, sizeof(Verification));
	mig_refuse_nested(function);
	v->project = pstrdup(mig_project);
	v->context = CurrentMemoryContext;
	verify_records(v);
	verify_objects(v);
	verify_log(v);
	verify_drift(v);
	verify_requirements(v);
	verify_scripts(v);
	qsort(v->findings, v->n, sizeof(Finding *), compare_findings);
}

Datum
migrate_verify(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MemoryContext caller;
	MemoryContext context;
	Verification v;
	int			i;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&caller);
	verify(&v, "migrate_verify");
	for (i = 0; i < v.n; i++)
	{
		const Finding *finding = v.findings[i];
		Datum		values[7];
		bool		nulls[7];

		values[0] = mig_text_datum(finding->check, &nulls[0]);
		values[1] = mig_text_datum(severity_names[finding->severity], &nulls[1]);
		values[2] = mig_text_datum(finding->of_project ? v.project : NULL, &nulls[2]);
		values[3] = mig_text_datum(finding->version, &nulls[3]);
		values[4] = mig_text_datum(finding->object, &nulls[4]);
		values[5] = mig_text_datum(finding->problem, &nulls[5]);
		values[6] = mig_text_datum(finding->action, &nulls[6]);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	return (Datum) 0;
}

/* "2 errors and 1 warning" of those that are as bad as that, or worse. */
static char *
count_findings(const Verification *v, Severity least)
{
	int			counts[SEVERITIES] = {0};
	int			kinds = 0;
	int			i;
	StringInfoData buf;

	for (i = 0; i < v->n; i++)
		counts[v->findings[i]->severity]++;
	for (i = 0; i <= least; i++)
		kinds += counts[i] > 0;
	initStringInfo(&buf);
	for (i = 0; i <= least; i++)
	{
		if (counts[i] == 0)
			continue;
		if (buf.len > 0)
			appendStringInfoString(&buf, --kinds > 1 ? ", " : " and ");
		appendStringInfo(&buf, "%d %s%s", counts[i], severity_names[i],
						 counts[i] > 1 && i != SEVERITY_INFO ? "s" : "");
	}
	return buf.data;
}

Datum
migrate_verify_or_fail(PG_FUNCTION_ARGS)
{
	MemoryContext caller;
	MemoryContext context = mig_call_context(&caller);
	Severity	least = severity_of(mig_text_argument(fcinfo, 0, "severity"));
	Verification v;
	StringInfoData list;
	int			n = 0;
	int			lesser;

	verify(&v, "migrate_verify_or_fail");
	initStringInfo(&list);
	while (n < v.n && v.findings[n]->severity <= least)
	{
		const Finding *finding = v.findings[n++];
		int			start = list.len;

		if (n > LISTED)
			continue;
		appendStringInfo(&list, "%s%s: %s", n > 1 ? "\n" : "", severity_names[finding->severity],
						 finding->check);
		if (finding->version)
			appendStringInfo(&list, ", version %s", finding->version);
		if (finding->object)
			appendStringInfo(&list, ", %s", finding->object);
		appendStringInfo(&list, ": %s", finding->problem);
		clip(&list, start, LISTED_TEXT);
	}
	if (n > LISTED)
		appendStringInfo(&list, "\nand %d more", n - LISTED);
	if (n > 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNSOUND),
				 errmsg("verification found %s", count_findings(&v, least)),
				 errdetail_internal("%s", list.data),
				 errhint("migrate_verify() says what to do about each.")));
	lesser = v.n;
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
	PG_RETURN_INT32(lesser);
}
