/*-------------------------------------------------------------------------
 *
 * lint.c
 *	  Goes through plans and texts, statement by statement, and has the rules
 *	  look at each.
 *
 * A plan is judged as a worker would run it (deploy.c): each migration commits
 * by itself, and one that refuses a transaction by its units.  One world goes
 * along, so that a statement is judged by what those before it have made.
 *
 * Expects a transaction; pushes a snapshot of its own.  Takes no lock on a
 * user's relation and changes nothing, so that it may run on a standby.  Each
 * statement has a subtransaction, because an expression in it may fail to be
 * understood at any depth.
 *
 *-------------------------------------------------------------------------
 */
#include "lint.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* No more of a statement than this is repeated in its findings, in bytes. */
#define QUOTED_STATEMENT 8192

/* More relations than this are many to be locked at once, however briefly. */
#define MANY_RELATIONS 10

/* How many findings the gate lists. */
#define LISTED 10

/* A place in a script, and the line and column it is in. */
typedef struct Place
{
	int			offset;
	int			line;
	int			column;
} Place;

typedef struct HeldEntry
{
	MigRel	   *rel;			/* hash key */
	MigHeld    *held;
	int			transaction;	/* in which it is */
} HeldEntry;

typedef struct Linter
{
	MigLint		lint;			/* what the rules see; first */
	const char *project;
	bool		keep;			/* scripts stay for the caller */
	MemoryContext memory;		/* of what outlives scripts */
	MemoryContext statement_memory;
	const MigSeverity *severities;	/* of the rules, in their order */
	bool	   *graded;			/* ... are from migrate.lint_rules */
	HTAB	   *held;
	int			ddl_lock_timeout;	/* a run's, of what is in the way; -1:
									 * none of its own */
	/* of the current script */
	MigParsed  *parsed;
	MigIgnores *ignores;
	int			nfindings;
	Place	   *starts;			/* of its statements gone through */
	Place		start;			/* of the last one of these */
	Place		last;			/* that was asked for */
	List	   *reported;		/* of MigFinding *, as the rules made them */
} Linter;

static void
advance(Place *place, const char *text, int offset)
{
	const char *from = text + place->offset;
	const char *to = text + offset;
	const char *newline;

	while ((newline = memchr(from, '\n', to - from)) != NULL)
	{
		place->line++;
		place->column = 1;
		from = newline + 1;
	}
	place->column += pg_mbstrlen_with_len(from, to - from);
	place->offset = offset;
}

/* The place of an offset in the current statement's source, -1: its start. */
static Place
find_place(Linter *linter, int location)
{
	const MigLinted *current = linter->lint.current;
	const MigStatement *stmt = current->stmt;
	Place		start = linter->starts[current - linter->lint.script->statements];
	int			offset = stmt->source_start + location;

	if (location < stmt->start || location > stmt->start + stmt->len)
		return start;
	if (offset < linter->last.offset || linter->last.offset < start.offset)
		linter->last = start;
	advance(&linter->last, linter->parsed->script->text, offset);
	return linter->last;
}

static MigFinding *
new_finding(Linter *linter, const char *name, MigLevel level)
{
	const MigRule *rule = mig_rule_find(name);
	const MigLintedScript *script = linter->lint.script;
	MigFinding *finding;
	MigSeverity severity;

	if (rule == NULL)
		elog(ERROR, "there is no rule \"%s\"", name);
	severity = linter->severities[rule - mig_rules];
	if (severity == MIG_SEVERITY_OFF)
		return NULL;
	finding = palloc0(sizeof(MigFinding));
	finding->rule = rule;
	finding->severity = severity;
	finding->graded = linter->graded[rule - mig_rules];
	finding->level = level;
	finding->version = script->entry ? script->entry->version : NULL;
	finding->path = script->script ? script->script->path : NULL;
	finding->number = ++linter->nfindings;
	return finding;
}

/*
 * mig_lint_report
 *		A finding about the current statement, for its rule to complete; NULL
 *		if the rule is off.
 */
MigFinding *
mig_lint_report(MigLint *lint, const char *rule, MigLevel level, int location)
{
	Linter	   *linter = (Linter *) lint;
	MigFinding *finding;
	Place		place;

	if (lint->quiet)
		return NULL;
	finding = new_finding(linter, rule, level);
	if (finding == NULL)
		return NULL;
	place = find_place(linter, location);
	finding->line = place.line;
	finding->column = place.column;
	finding->stmt = lint->current->stmt;
	linter->reported = lappend(linter->reported, finding);
	return finding;
}

static char *
copy_text(const char *text)
{
	return text ? pstrdup(text) : NULL;
}

/* The beginning of a statement's text. */
static char *
quote_statement(const MigStatement *stmt)
{
	const char *text = stmt->source + stmt->start;

	if (stmt->len <= QUOTED_STATEMENT)
		return pnstrdup(text, stmt->len);
	return psprintf("%.*s...", pg_mbcliplen(text, stmt->len, QUOTED_STATEMENT), text);
}

/* Keep a finding, with what later statements would change. */
static void
keep_finding(Linter *linter, const MigFinding *finding, char *statement)
{
	MemoryContext old = MemoryContextSwitchTo(linter->lint.context);
	MigFinding *kept = palloc(sizeof(MigFinding));
	ListCell   *lc;

	*kept = *finding;
	kept->statement = statement;
	kept->relations = list_copy(finding->relations);
	kept->concerned = NIL;
	kept->message = copy_text(finding->message);
	kept->why = copy_text(finding->why);
	kept->advice = copy_text(finding->advice);
	kept->sql = copy_text(finding->sql);
	foreach(lc, kept->relations)
	{
		const MigRel *rel = (const MigRel *) lfirst(lc);
		MigConcerned *concerned = palloc(sizeof(MigConcerned));

		concerned->label = mig_rel_label(rel);
		concerned->kind = rel->kind;
		concerned->rows = rel->tuples;
		concerned->bytes = rel->bytes;
		kept->concerned = lappend(kept->concerned, concerned);
	}
	linter->lint.script->findings = lappend(linter->lint.script->findings, kept);
	MemoryContextSwitchTo(old);
}

/* Keep what the rules have reported, but for what the author suppresses. */
static void
keep_reported(Linter *linter)
{
	const MigStatement *last = NULL;
	char	   *statement = NULL;
	ListCell   *lc;

	foreach(lc, linter->reported)
	{
		const MigFinding *finding = (const MigFinding *) lfirst(lc);

		if (mig_ignores_match(linter->ignores, finding->stmt - linter->parsed->stmts,
							  finding->rule))
			continue;
		if (finding->more)
		{
			mig_rules_add_to_last(&linter->lint, finding);
			continue;
		}
		if (finding->stmt != last)
		{
			MemoryContext old = MemoryContextSwitchTo(linter->lint.context);

			statement = quote_statement(finding->stmt);
			last = finding->stmt;
			MemoryContextSwitchTo(old);
		}
		keep_finding(linter, finding, statement);
	}
	linter->reported = NIL;
}

/* The lock_timeout that a run would have in force, ms. */
static int
lock_timeout_for(const Linter *linter, const MigStatement *stmt)
{
	const MigWorld *world = linter->lint.world;

	if (world->lock_timeout_set)
		return world->lock_timeout;
	if (linter->ddl_lock_timeout >= 0 && mig_is_in_the_way(stmt))
		return linter->ddl_lock_timeout;
	return LockTimeout;
}

static bool
locks_out_readers(const MigEffect *effect)
{
	return effect->rel->old && effect->rel->persistence != RELPERSISTENCE_TEMP &&
		(effect->modes & LOCKBIT_ON(AccessExclusiveLock)) != 0;
}

static MigLevel
level_of_effects(List *effects, int lock_timeout)
{
	MigLevel	level = MIG_LEVEL_NONE;
	int			exclusive = 0;
	ListCell   *lc;

	foreach(lc, effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		level = Max(level, mig_level_of_effect(effect, lock_timeout));
		if (locks_out_readers(effect) && effect->rel->kind != RELKIND_INDEX &&
			effect->rel->kind != RELKIND_TOASTVALUE)
			exclusive++;
	}
	return exclusive > MANY_RELATIONS ? Max(level, MIG_LEVEL_MEDIUM) : level;
}

/* Does a statement take its time, so that what is held meanwhile matters? */
static bool
takes_time(const MigLinted *linted)
{
	ListCell   *lc;

	switch (nodeTag(linted->stmt->raw->stmt))
	{
		case T_SelectStmt:
		case T_InsertStmt:
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_CopyStmt:
		case T_CallStmt:
		case T_DoStmt:
		case T_ExecuteStmt:
			return true;
		default:
			break;
	}
	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->rel->old && (effect->scans || effect->rewrites || effect->builds))
			return true;
	}
	return false;
}

/* Readers wait longer for those whose locks outlast more work. */
static void
level_by_followers(MigLintedScript *script, int first, int count)
{
	bool		work = false;
	int			i;

	for (i = first + count - 1; i >= first; i--)
	{
		MigLinted  *linted = &script->statements[i];
		ListCell   *lc;

		if (work && linted->availability < MIG_LEVEL_MEDIUM)
		{
			foreach(lc, linted->effects)
			{
				if (locks_out_readers((const MigEffect *) lfirst(lc)))
					linted->availability = MIG_LEVEL_MEDIUM;
			}
		}
		work = work || takes_time(linted);
	}
}

/* Remember the locks that a statement leaves to those after it. */
static void
hold_locks(Linter *linter, const MigLinted *linted)
{
	MemoryContext old = MemoryContextSwitchTo(linter->lint.context);
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);
		HeldEntry  *entry;
		bool		found;

		if (!effect->rel->old || effect->modes == 0)
			continue;
		entry = hash_search(linter->held, &effect->rel, HASH_ENTER, &found);
		if (!found || entry->transaction != linted->transaction)
		{
			entry->transaction = linted->transaction;
			entry->held = palloc0(sizeof(MigHeld));
			entry->held->rel = effect->rel;
			linter->lint.held = lappend(linter->lint.held, entry->held);
		}
		if (effect->modes > entry->held->modes)
			entry->held->since = linted;
		entry->held->modes |= effect->modes;
	}
	MemoryContextSwitchTo(old);
}

/* Whose rows have to be gone through, if it is done to all of a relation. */
static MigRel *
counted_relation(MigRel *rel)
{
	MigRel	   *table = rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX ?
		mig_index_table(rel) : NULL;

	return table ? table : rel;
}

/* Keep a statement's effects, with what later statements would change. */
static void
keep_effects(const MigLint *lint, MigLinted *linted, const List *effects)
{
	MemoryContext old = MemoryContextSwitchTo(lint->context);
	ListCell   *lc;

	foreach(lc, effects)
	{
		MigEffect  *effect = palloc(sizeof(MigEffect));

		*effect = *(MigEffect *) lfirst(lc);
		if (effect->rel->old)
		{
			effect->label = mig_rel_label(effect->rel);
			effect->tuples = effect->rel->tuples;
			effect->bytes = effect->rel->bytes;
			effect->empty = mig_rel_is_empty(counted_relation(effect->rel));
			effect->small = mig_rel_is_small(effect->rel);
		}
		linted->effects = lappend(linted->effects, effect);
	}
	MemoryContextSwitchTo(old);
}

/* What a statement would do, and what the rules say; then it is done. */
static void
judge_statement(Linter *linter, MigLinted *linted, bool applied)
{
	MigLint    *lint = &linter->lint;

	if (!lint->quiet && linted->stmt->class != MIG_CLASS_XACT)
	{
		keep_effects(lint, linted, mig_effects(lint->world, linted->stmt));
		linted->availability = level_of_effects(linted->effects, linted->lock_timeout);
		mig_rules_check(lint);
	}
	if (applied && linted->stmt->class != MIG_CLASS_XACT)
		mig_world_apply(lint->world, linted->stmt);
}

static void
finish_script(Linter *linter, MigLinted *linted, bool applied)
{
	mig_rules_finish(&linter->lint);
}

/* Is an error one of the text, and not one that stops us as well? */
static bool
is_of_the_text(int code)
{
	switch (ERRCODE_TO_CATEGORY(code))
	{
		case MAKE_SQLSTATE('0', 'A', '0', '0', '0'):	/* not supported */
		case MAKE_SQLSTATE('2', '2', '0', '0', '0'):	/* data */
		case MAKE_SQLSTATE('2', '3', '0', '0', '0'):	/* constraints */
		case MAKE_SQLSTATE('2', 'B', '0', '0', '0'):	/* dependencies */
		case MAKE_SQLSTATE('3', 'D', '0', '0', '0'):	/* names of objects */
		case MAKE_SQLSTATE('3', 'F', '0', '0', '0'):
		case MAKE_SQLSTATE('4', '2', '0', '0', '0'):	/* syntax, and rights */
		case MAKE_SQLSTATE('5', '4', '0', '0', '0'):	/* limits: depth */
		case MAKE_SQLSTATE('5', '5', '0', '0', '0'):	/* state of objects */
		case MAKE_SQLSTATE('P', '0', '0', '0', '0'):	/* functions */
		case MAKE_SQLSTATE('M', 'G', '0', '0', '0'):
			return code != ERRCODE_LOCK_NOT_AVAILABLE;
		default:
			return false;
	}
}

/* That the text cannot be understood, here or as a whole. */
static void
report_broken(Linter *linter, int line, int column, const MigStatement *stmt,
			  const char *message)
{
	MigLint    *lint = &linter->lint;
	MigFinding *finding;
	int			index = stmt ? stmt - linter->parsed->stmts : -1;

	lint->opaque = lint->world->opaque = true;
	if (lint->quiet)
		return;
	finding = new_finding(linter, "syntax-error", MIG_LEVEL_HIGH);
	if (finding == NULL || mig_ignores_match(linter->ignores, index, finding->rule))
		return;
	finding->line = line;
	finding->column = column;
	finding->stmt = stmt;
	finding->message = (char *) message;
	finding->why = stmt ? "The statement cannot be judged, and would most likely fail." :
		"The script cannot be run, and nothing of it be judged.";
	finding->advice = "Correct the script.";
	keep_finding(linter, finding, stmt ? quote_statement(stmt) : NULL);
}

typedef struct Attempt
{
	void		(*what) (Linter *, MigLinted *, bool);
	Linter	   *linter;
	MigLinted  *linted;
	bool		applied;
} Attempt;

static void
act(void *arg)
{
	const Attempt *attempt = (const Attempt *) arg;

	attempt->what(attempt->linter, attempt->linted, attempt->applied);
}

/* Run one of the above so that an error in it is a finding. */
static void
try_statement(Linter *linter, void (*what) (Linter *, MigLinted *, bool),
			  MigLinted *linted, bool applied)
{
	Attempt		attempt = {what, linter, linted, applied};
	ErrorData  *error;

	MemoryContextSwitchTo(linter->statement_memory);
	error = mig_subtransaction(act, &attempt, true);
	if (error != NULL && !is_of_the_text(error->sqlerrcode))
		ReThrowError(error);

	keep_reported(linter);
	if (error != NULL)
		report_broken(linter, linter->start.line, linter->start.column, linted->stmt,
					  error->message);
}

static void
lint_statement(Linter *linter, int index, const MigUnit *unit, bool applied)
{
	MigLint    *lint = &linter->lint;
	MigLinted  *linted = &lint->script->statements[index];
	const MigStatement *stmt = linted->stmt;
	const char *text = linter->parsed->script->text;

	CHECK_FOR_INTERRUPTS();
	advance(&linter->start, text, stmt->source_start + stmt->start);
	linter->last = linter->start;
	linter->starts[index] = linter->start;
	lint->current = linted;
	lint->in_transaction = unit->count > 1 || unit->block;
	lint->in_block = unit->block;
	lint->last = index == unit->first + unit->count - 1;
	linted->transaction = lint->world->transaction;
	linted->lock_timeout = lock_timeout_for(linter, stmt);
	linted->statement_timeout = lint->world->statement_timeout_set ?
		lint->world->statement_timeout : StatementTimeout;

	MemoryContextSwitchTo(linter->statement_memory);
	try_statement(linter, judge_statement, linted, applied);
	lint->opaque = lint->world->opaque;
	if (!lint->last)
		hold_locks(linter, linted);
	MemoryContextSwitchTo(lint->context);
	MemoryContextReset(linter->statement_memory);
}

static void
lint_unit(Linter *linter, const MigUnit *unit, int done)
{
	MigLint    *lint = &linter->lint;
	bool	   *undone = mig_find_undone(linter->parsed, unit);
	int			i;

	lint->held = NIL;
	lint->unit_end = unit->first + unit->count;
	for (i = unit->first; i < unit->first + unit->count; i++)
	{
		const MigStatement *stmt = &linter->parsed->stmts[i];
		bool		applied = !unit->rollback && !undone[i - unit->first];

		if (i >= done)
			lint_statement(linter, i, unit, applied);
		else if (applied && IsA(stmt->raw->stmt, VariableSetStmt))
			mig_world_apply(lint->world, stmt);
	}
	if (!lint->quiet)
		level_by_followers(lint->script, unit->first, unit->count);
	lint->held = NIL;
	mig_world_end_transaction(lint->world);
	pfree(undone);
}

/* Fetch what is to be gone through; raises what is wrong with it. */
static MigParsed *
parse(const MigScript *script, int *line)
{
	return mig_script_parse_leniently(mig_expand_variables(script, line), line);
}

/* The same, but an error of the text is only remembered. */
static void
try_parse(Linter *linter, const MigScript *script)
{
	MigLintedScript *linted = linter->lint.script;
	MemoryContext context = CurrentMemoryContext;
	int		   *line = palloc0(sizeof(int));	/* read after an error */

	linter->parsed = NULL;
	PG_TRY();
	{
		linter->parsed = parse(script, line);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		if (!is_of_the_text(error->sqlerrcode))
			PG_RE_THROW();
		FlushErrorState();
		linted->broken = error->message;
		report_broken(linter, *line > 0 ? *line : script->line, 1, NULL, error->message);
	}
	PG_END_TRY();
}

/* What is wrong with how a script begins and ends its own transactions. */
static void
report_control(Linter *linter, const char *name, const MigStatement *stmt,
			   const char *message, const char *advice)
{
	Place		place = {0, linter->parsed->script->line, 1};
	MigFinding *finding;

	if (stmt == NULL || mig_rule_find(name) == NULL)
		return;
	finding = new_finding(linter, name, MIG_LEVEL_HIGH);
	if (finding == NULL || mig_ignores_match(linter->ignores, -1, finding->rule))
		return;
	advance(&place, linter->parsed->script->text, stmt->source_start + stmt->start);
	finding->line = place.line;
	finding->column = place.column;
	finding->message = (char *) message;
	finding->why = "The script would fail, or commit what it does not mean to.";
	finding->advice = (char *) advice;
	keep_finding(linter, finding, quote_statement(stmt));
}

static void
report_ignores(Linter *linter)
{
	Place		place = {0, linter->parsed->script->line, 1};
	ListCell   *lc;

	foreach(lc, mig_ignores_problems(linter->ignores, linter->severities))
	{
		const MigIgnoreProblem *problem = (const MigIgnoreProblem *) lfirst(lc);
		MigFinding *finding = new_finding(linter, problem->rule, MIG_LEVEL_NONE);

		advance(&place, linter->parsed->script->text, problem->offset);
		if (finding == NULL)
			continue;
		finding->line = place.line;
		finding->column = place.column;
		finding->message = problem->message;
		finding->why = problem->why;
		finding->advice = problem->advice;
		keep_finding(linter, finding, NULL);
	}
}

static int
compare_findings(const ListCell *a, const ListCell *b)
{
	const MigFinding *x = (const MigFinding *) lfirst(a);
	const MigFinding *y = (const MigFinding *) lfirst(b);

	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* What a script sets ends with it. */
static void
reset_settings(Linter *linter)
{
	MigWorld   *world = linter->lint.world;

	world->lock_timeout_set = false;
	world->statement_timeout_set = false;
	world->timezone = NULL;
	world->after_local = NULL;
	world->search_path_set = false;
	world->search_path = NIL;
	world->path_known = false;
}

/*
 * One script, in the current memory context, which is the script's.  What of
 * it was done before is not looked at; it may have been by statement.
 */
static MigLintedScript *
lint_script(Linter *linter, const MigEntry *entry, const MigScript *script,
			bool quiet, int done, bool by_statement)
{
	MigLint    *lint = &linter->lint;
	MigLintedScript *linted = palloc0(sizeof(MigLintedScript));
	MigParsed  *parsed;
	int			i;

	linted->entry = entry;
	linted->script = script;
	lint->script = linted;
	lint->context = CurrentMemoryContext;
	lint->current = NULL;
	lint->held = NIL;
	lint->quiet = quiet;
	lint->rules = NULL;
	linter->ignores = NULL;
	linter->nfindings = 0;
	reset_settings(linter);
	if (script->text == NULL)
		return linted;
	try_parse(linter, script);
	if (linted->broken)
		return linted;

	parsed = linter->parsed;
	if (by_statement)
		mig_script_by_statement(parsed);
	linted->script = parsed->script;
	linted->nstatements = parsed->nstmts;
	linted->statements = palloc_extended(sizeof(MigLinted) * (parsed->nstmts + 1),
										 MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	linter->starts = palloc_extended(sizeof(Place) * (parsed->nstmts + 1),
									 MCXT_ALLOC_HUGE);
	for (i = 0; i < parsed->nstmts; i++)
	{
		linted->statements[i].stmt = &parsed->stmts[i];
		linted->statements[i].number = i + 1;
	}
	if (!quiet)
	{
		linter->ignores = mig_ignores_read(parsed);
		report_control(linter, "transaction-nesting", parsed->nested,
					   "this begins or ends a transaction where none can be",
					   "Pair each BEGIN with one COMMIT.");
		report_control(linter,
					   mig_rule_find("ban-uncommitted-transaction") ?
					   "ban-uncommitted-transaction" : "syntax-error", parsed->unended,
					   "the script ends inside the transaction that it begins here",
					   "Write the COMMIT.");
	}

	linter->start.offset = 0;
	linter->start.line = parsed->script->line;
	linter->start.column = 1;
	for (i = 0; i < parsed->nunits; i++)
		lint_unit(linter, &parsed->units[i], done);
	if (!quiet && lint->current != NULL)
	{
		try_statement(linter, finish_script, lint->current, false);
		MemoryContextSwitchTo(lint->context);
		MemoryContextReset(linter->statement_memory);
	}
	if (!quiet)
	{
		report_ignores(linter);
		list_sort(linted->findings, compare_findings);
	}
	return linted;
}

/*
 * A text decides what is evaluated to judge it: a superuser must not do that
 * for someone who is none, so it is done as whoever registered it.
 */
static void
become_registrant(const MigEntry *entry, const char *label)
{
	Oid			role;

	if (mig_trust_registrants ||
		!(superuser() || superuser_arg(GetSessionUserId()) ||
		  superuser_arg(GetAuthenticatedUserId())))
		return;
	role = get_role_oid(entry->registered_by, true);
	if (entry->registrant_superuser && OidIsValid(role) && superuser_arg(role))
		return;
	if (!OidIsValid(role) || superuser_arg(role))
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNTRUSTED),
				 errmsg("a superuser must not judge migration %s, which \"%s\" registered",
						label, entry->registered_by),
				 errdetail("Expressions of its text are evaluated to see what they do, with a superuser's rights."),
				 errhint("Register it yourself, or set migrate.trust_registrants to on.")));
	SetUserIdAndSecContext(role, SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_RESTRICTED_OPERATION);
}

static void
lint_entry(Linter *linter, const MigEntry *entry, bool down, bool quiet,
		   MigLintCallback callback, void *arg)
{
	MemoryContext caller = MemoryContextSwitchTo(linter->memory);
	MemoryContext context = AllocSetContextCreate(linter->memory, "migrate linted script",
												  ALLOCSET_DEFAULT_SIZES);
	MigStored  *stored;
	MigJournal	journal = {0};
	MigLintedScript *linted;
	Oid			user;
	int			security;
	int			nest;

	MemoryContextSwitchTo(context);
	stored = mig_catalog_fetch(linter->project, entry->key);
	if (stored == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("migration %s was unregistered at this moment",
						mig_label(entry->version, entry->name)),
				 errhint("Call again.")));
	if (entry->unfinished == (down ? 'd' : 'u'))
		(void) mig_journal_read(linter->project, entry->key, &journal);

	GetUserIdAndSecContext(&user, &security);
	nest = NewGUCNestLevel();
	become_registrant(entry, mig_label(entry->version, entry->name));
	linted = lint_script(linter, entry, down ? &stored->down : &stored->up, quiet,
						 journal.done, journal.by_statement);
	AtEOXact_GUC(false, nest);
	SetUserIdAndSecContext(user, security);

	MemoryContextSwitchTo(caller);
	if (!quiet)
		callback(linted, arg);
	if (quiet || !linter->keep)
		MemoryContextDelete(context);
}

/* Begin in the current memory context; returns the level of settings. */
static int
begin(Linter *linter, const char *project)
{
	HASHCTL		control = {0};
	int			nest = NewGUCNestLevel();

	memset(linter, 0, sizeof(Linter));
	linter->project = project;
	linter->memory = CurrentMemoryContext;
	linter->graded = palloc(sizeof(bool) * mig_nrules);
	linter->severities = mig_rule_severities(linter->graded);
	linter->ddl_lock_timeout = -1;
	if (project != NULL)
	{
		if (mig_search_path[0] != '\0')
			(void) set_config_option("search_path", mig_search_path, PGC_USERSET,
									 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		if (mig_role[0] != '\0')
			(void) set_config_option("role", mig_role, PGC_USERSET,
									 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		linter->ddl_lock_timeout = mig_lock_timeout < 0 ? MIG_DDL_LOCK_TIMEOUT :
			mig_lock_timeout > 0 ? mig_lock_timeout : -1;
	}
	PushActiveSnapshot(GetTransactionSnapshot());
	linter->statement_memory = AllocSetContextCreate(linter->memory, "migrate linted statement",
													 ALLOCSET_DEFAULT_SIZES);
	linter->lint.world = mig_world_create();
	control.keysize = sizeof(MigRel *);
	control.entrysize = sizeof(HeldEntry);
	control.hcxt = linter->memory;
	linter->held = hash_create("migrate locks held", 64, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	return nest;
}

static void
end(Linter *linter, int nest)
{
	PopActiveSnapshot();
	AtEOXact_GUC(false, nest);
}

/* The steps up to one of an entry, or all of them. */
static void
lint_steps(Linter *linter, const MigPlan *plan, const MigEntry *only,
		   MigLintCallback callback, void *arg)
{
	int			i;

	for (i = 0; i < plan->nsteps; i++)
	{
		const MigStep *step = &plan->steps[i];

		if (step->action != MIG_COVER)
			lint_entry(linter, step->entry, step->action == MIG_ROLLBACK,
					   only != NULL && step->entry != only, callback, arg);
		if (only != NULL && step->entry == only)
			return;
	}
}

static bool
has_step(const MigPlan *plan, const MigEntry *entry)
{
	int			i;

	for (i = 0; i < plan->nsteps; i++)
	{
		if (plan->steps[i].entry == entry)
			return plan->steps[i].action != MIG_COVER;
	}
	return false;
}

static void
lint_each(Linter *linter, const char *target, const char *version,
		  MigLintCallback callback, void *arg)
{
	int			n;
	MigEntry   *entries = mig_catalog_load(mig_project, &n);
	MigEntry   *only = NULL;
	MigPlan    *plan = NULL;

	if (version != NULL)
	{
		only = mig_plan_find(entries, n, version);
		if (only == NULL || !only->registered)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
					 errmsg("version \"%s\" is not registered", version),
					 errhint("See migrate_status for the versions there are.")));
	}
	if (target != NULL || only == NULL)
		plan = mig_plan_to(entries, n, target, mig_out_of_order);
	else if (!only->settled)
		plan = mig_plan_up(entries, n, NULL, MIG_ORDER_ALLOW);
	if (only == NULL || (plan != NULL && has_step(plan, only)))
		lint_steps(linter, plan, only, callback, arg);
	else if (target != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_UNKNOWN_VERSION),
				 errmsg("version \"%s\" is not in the plan to target \"%s\"",
						version, target)));
	else
		lint_entry(linter, only, false, false, callback, arg);
}

/*
 * mig_lint_each
 *		Lint a plan, or one migration, and show each script to the callback.
 */
void
mig_lint_each(const char *target, const char *version,
			  MigLintCallback callback, void *arg)
{
	Linter		linter;
	int			nest = begin(&linter, mig_project);

	lint_each(&linter, target, version, callback, arg);
	end(&linter, nest);
}

/*
 * mig_lint_steps
 *		Lint a plan that the caller has made of a project.
 */
void
mig_lint_steps(const MigPlan *plan, const char *project,
			   MigLintCallback callback, void *arg)
{
	Linter		linter;
	int			nest = begin(&linter, project);

	lint_steps(&linter, plan, NULL, callback, arg);
	end(&linter, nest);
}

static void
keep_script(const MigLintedScript *script, void *arg)
{
	List	  **scripts = (List **) arg;

	*scripts = lappend(*scripts, (void *) script);
}

/*
 * mig_lint_plan
 *		The same, as a List of MigLintedScript *.
 */
List *
mig_lint_plan(const char *target, const char *version)
{
	List	   *scripts = NIL;
	Linter		linter;
	int			nest = begin(&linter, mig_project);

	linter.keep = true;
	lint_each(&linter, target, version, keep_script, &scripts);
	end(&linter, nest);
	return scripts;
}

/*
 * mig_lint_text
 *		Lint a text that is no migration, by the session's settings.
 */
MigLintedScript *
mig_lint_text(const char *text)
{
	MigScript  *script = palloc0(sizeof(MigScript));
	MigLintedScript *linted;
	Linter		linter;
	int			nest = begin(&linter, NULL);

	script->text = pstrdup(text);
	script->line = 1;
	linted = lint_script(&linter, NULL, script, false, 0, false);
	end(&linter, nest);
	return linted;
}

/* The findings that stop a run. */
typedef struct Gate
{
	StringInfoData list;
	int			n;
} Gate;

static void
count_errors(const MigLintedScript *script, void *arg)
{
	Gate	   *gate = (Gate *) arg;
	ListCell   *lc;

	/* the run itself says of one that cannot be parsed what is wrong */
	if (script->broken)
		return;
	foreach(lc, script->findings)
	{
		const MigFinding *finding = (const MigFinding *) lfirst(lc);

		if (finding->severity != MIG_SEVERITY_ERROR)
			continue;
		if (gate->n++ >= LISTED)
			continue;
		appendStringInfo(&gate->list, "%s%s", gate->list.len > 0 ? "\n" : "",
						 finding->version);
		if (finding->path)
			appendStringInfo(&gate->list, ", %s:%d", finding->path, finding->line);
		else
			appendStringInfo(&gate->list, ", line %d", finding->line);
		appendStringInfo(&gate->list, ", %s: %s", finding->rule->name, finding->message);
	}
}

/*
 * mig_lint_gate
 *		What migrate.lint says about a run's plan: nothing, a warning, or
 *		ERRCODE_MIG_LINT.
 */
void
mig_lint_gate(const MigPlan *plan, const char *project)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	Gate		gate = {{0}};

	if (mig_lint == MIG_LINT_OFF)
		return;
	context = AllocSetContextCreate(caller, "migrate lint", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(context);
	initStringInfo(&gate.list);
	mig_lint_steps(plan, project, count_errors, &gate);
	if (gate.n > LISTED)
		appendStringInfo(&gate.list, "\nand %d more", gate.n - LISTED);
	if (gate.n > 0)
		ereport(mig_lint == MIG_LINT_ERROR ? ERROR : WARNING,
				(errcode(ERRCODE_MIG_LINT),
				 errmsg_plural("lint has %d finding of severity error in this plan",
							   "lint has %d findings of severity error in this plan",
							   gate.n, gate.n),
				 errdetail_internal("%s", gate.list.data),
				 errhint("%smigrate_lint() shows them all, and what to write instead. \"-- migrate:ignore RULE REASON\" before a statement accepts it, and migrate.lint_rules grades rules.",
						 mig_lint == MIG_LINT_ERROR ? "Nothing was run. " : "")));
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(context);
}
