/*-------------------------------------------------------------------------
 *
 * rules_transaction.c
 *	  Rules on transactions and timeouts.  (How a script pairs BEGIN and COMMIT
 *	  is judged by lint.c, which takes it apart.)
 *
 * Reads catalogs through the world; takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "access/transam.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_proc.h"
#include "nodes/nodeFuncs.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/syscache.h"

/* How many lines a sentence names before it counts the rest. */
#define MANY_LINES 10

/* A command that refuses a transaction, as only the catalogs tell; or NULL. */
static const char *
partitioned_command(MigLint *lint, Node *stmt)
{
	const RangeVar *name = NULL;
	const char *what = NULL;
	MigRel	   *rel;

	if (IsA(stmt, ReindexStmt))
	{
		ReindexStmt *reindex = (ReindexStmt *) stmt;

		name = reindex->relation;
		what = reindex->kind == REINDEX_OBJECT_INDEX ?
			"REINDEX INDEX of a partitioned index" : "REINDEX TABLE of a partitioned table";
		rel = name ? (reindex->kind == REINDEX_OBJECT_INDEX ?
					  mig_world_find_index(lint->world, name) :
					  mig_world_find(lint->world, name)) : NULL;
	}
	else if (IsA(stmt, ClusterStmt))
	{
		name = ((ClusterStmt *) stmt)->relation;
		what = "CLUSTER of a partitioned table";
		rel = name ? mig_world_find(lint->world, name) : NULL;
	}
	else
		return NULL;
	return rel && (rel->kind == RELKIND_PARTITIONED_TABLE ||
				   rel->kind == RELKIND_PARTITIONED_INDEX) ? what : NULL;
}

static void
check_toplevel(MigLint *lint, Node *stmt)
{
	const MigStatement *statement = lint->current->stmt;
	const char *what = NULL;
	MigFinding *finding;

	if (statement->class == MIG_CLASS_TOPLEVEL)
	{
		/* outside of a block it stands alone */
		if (lint->in_block)
			what = statement->command;
	}
	else if (lint->in_transaction)
		what = partitioned_command(lint, stmt);
	if (what == NULL)
		return;
	finding = mig_rules_report(lint, IsA(stmt, IndexStmt) ?
							   "ban-concurrent-index-creation-in-transaction" :
							   "no-transaction-command", MIG_LEVEL_HIGH, -1, NULL);
	if (finding)
	{
		finding->message = psprintf("%s in a transaction", what);
		finding->why = "The command refuses to run in a transaction (25001).";
		finding->advice = lint->in_block ?
			"Put it after the COMMIT, or into a migration of its own." :
			"Put it into a migration of its own.";
		if (lint->in_block)
			finding->sql = mig_rules_statement(lint);
	}
}

/* The first statement of a script that has others wait, without a limit. */
static void
check_timeouts(MigLint *lint)
{
	MigRulesState *state = mig_rules_state(lint);
	MigFinding *finding;
	const char *set = lint->current->stmt->class == MIG_CLASS_TOPLEVEL ? "SET" : "SET LOCAL";
	MigEffect  *worst = NULL;
	bool		works = false;
	char	   *text;
	ListCell   *lc;

	if ((state->lock_timeout_told || lint->current->lock_timeout > 0) &&
		(state->statement_timeout_told || lint->current->statement_timeout > 0))
		return;
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel->kind == RELKIND_SEQUENCE || !mig_rules_blocks(effect) ||
			mig_effect_strongest(effect) < ShareLock)
			continue;
		if (worst == NULL || mig_effect_strongest(effect) > mig_effect_strongest(worst))
			worst = effect;
		works = works || mig_rules_works(effect);
	}
	if (worst == NULL)
		return;
	if (!state->lock_timeout_told && lint->current->lock_timeout <= 0)
	{
		state->lock_timeout_told = true;
		finding = mig_rules_report(lint, "require-lock-timeout", MIG_LEVEL_MEDIUM, -1,
								   worst->rel);
		if (finding)
		{
			finding->message = psprintf("%s is locked without a lock_timeout",
										mig_rel_label(worst->rel));
			finding->why = psprintf("Until whoever uses %s has ended, the statement waits, and all who come after it wait behind it. %s",
									mig_rel_label(worst->rel), mig_rules_why_of(lint, worst->rel));
			finding->advice = "Set lock_timeout before, and try again when it strikes; a worker's DDL has one by migrate.lock_timeout.";
			text = mig_rules_statement(lint);
			if (text)
				finding->sql = psprintf("%s lock_timeout = '2s';\n%s", set, text);
		}
	}
	if (!state->statement_timeout_told && works && lint->current->statement_timeout <= 0)
	{
		state->statement_timeout_told = true;
		finding = mig_rules_report(lint, "require-statement-timeout", MIG_LEVEL_MEDIUM, -1,
								   worst->rel);
		if (finding)
		{
			finding->message = psprintf("%s is locked without a statement_timeout",
										mig_rel_label(worst->rel));
			finding->why = mig_rules_why_of(lint, worst->rel);
			finding->advice = "Set statement_timeout before: it ends the statement, and gives its locks back, when it takes too long.";
			text = mig_rules_statement(lint);
			if (text)
				finding->sql = psprintf("%s statement_timeout = '1min';\n%s", set, text);
		}
	}
}

/* Does the statement do more than change catalogs? */
static bool
takes_time(MigLint *lint, Node *stmt)
{
	ListCell   *lc;

	switch (nodeTag(stmt))
	{
		case T_UpdateStmt:
		case T_DeleteStmt:
		case T_MergeStmt:
		case T_CopyStmt:
		case T_CreateTableAsStmt:
		case T_RefreshMatViewStmt:
			return true;
		case T_InsertStmt:
			{
				/* a few rows that are written out are none */
				SelectStmt *select = (SelectStmt *) ((InsertStmt *) stmt)->selectStmt;

				return select != NULL && IsA(select, SelectStmt) &&
					list_length(select->valuesLists) == 0;
			}
		default:
			break;
	}
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (mig_rules_works(effect))
			return true;
	}
	return false;
}

/* Was work under this lock told of already, and that not suppressed? */
static bool
told_of_held(MigLint *lint, const MigHeld *held)
{
	MigRulesState *state = mig_rules_state(lint);
	ListCell   *lc;

	if (state->held_since != held->since)
		return false;
	if (state->held_finding == NULL)
	{
		foreach(lc, lint->script->findings)
		{
			MigFinding *kept = (MigFinding *) lfirst(lc);

			if (kept->stmt == state->held_at &&
				strcmp(kept->rule->name, "statement-after-access-exclusive") == 0)
				state->held_finding = kept;
		}
		state->held_later = 0;
	}
	return state->held_finding != NULL;
}

/*
 * mig_rules_add_to_last
 *		Say in the finding that is kept already that there is more of it.
 */
void
mig_rules_add_to_last(MigLint *lint, const MigFinding *more)
{
	MigRulesState *state = mig_rules_state(lint);
	MigFinding *finding = state->held_finding;
	MemoryContext old = MemoryContextSwitchTo(state->context);

	if (state->held_later == 0)
	{
		initStringInfo(&state->held_why);
		appendStringInfo(&state->held_why, "%s So do later statements (line", finding->why);
	}
	if (++state->held_later <= MANY_LINES)
		appendStringInfo(&state->held_why, "%s %d", state->held_later > 1 ? "," : "",
						 more->line);
	finding->level = Max(finding->level, more->level);
	pfree(finding->why);
	if (state->held_later > MANY_LINES)
		finding->why = psprintf("%s, and %d more).", state->held_why.data,
								state->held_later - MANY_LINES);
	else
		finding->why = psprintf("%s).", state->held_why.data);
	MemoryContextSwitchTo(old);
}

/* Work while an earlier statement's lock has others wait. */
static void
check_held(MigLint *lint, Node *stmt)
{
	MigRulesState *state = mig_rules_state(lint);
	char	   *why;
	const MigHeld *worst = NULL;
	MigFinding *finding;
	MigLevel	level = MIG_LEVEL_MEDIUM;
	ListCell   *lc;

	if (lint->held == NIL || !takes_time(lint, stmt))
		return;
	foreach(lc, lint->held)
	{
		const MigHeld *held = (const MigHeld *) lfirst(lc);

		if ((held->modes & LOCKBIT_ON(AccessExclusiveLock)) == 0 || !held->rel->old ||
			held->rel->persistence == RELPERSISTENCE_TEMP ||
			held->rel->kind == RELKIND_TOASTVALUE || held->rel->dropped ||
			held->since == NULL)
			continue;
		if (worst == NULL || (worst->rel->kind == RELKIND_INDEX && held->rel->kind != RELKIND_INDEX))
			worst = held;
	}
	if (worst == NULL)
		return;
	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if ((effect->scans || effect->rewrites || effect->builds) &&
			effect->rel->old && !mig_rel_is_small(effect->rel))
			level = MIG_LEVEL_HIGH;
	}
	finding = mig_rules_report(lint, "statement-after-access-exclusive", level, -1, worst->rel);
	if (finding && told_of_held(lint, worst))
		finding->more = true;
	else if (finding)
	{
		state->held_since = worst->since;
		state->held_at = lint->current->stmt;
		state->held_finding = NULL;
		why = mig_rules_why(lint);
		finding->message = psprintf("%s is locked against all use meanwhile, since line %d",
									mig_rel_label(worst->rel), worst->since->stmt->line);
		finding->why = psprintf("ACCESS EXCLUSIVE (AccessExclusiveLock) on %s is held to the transaction's end, and this statement takes its time.%s%s",
								mig_rules_describe(worst->rel), *why ? " " : "", why);
		finding->advice = "Commit before, or put it into a migration of its own.";
	}
}

typedef struct FunctionSearch
{
	MigWorld   *world;
	List	   *names;			/* of the first that is found */
} FunctionSearch;

/* Is a function of a user called that may do something? */
static bool
calls_volatile(Node *node, void *context)
{
	FunctionSearch *search = context;

	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
	{
		List	   *names = ((FuncCall *) node)->funcname;
		MigFunction *function = mig_world_find_function(search->world, names);
		bool		found = function != NULL && function->volatility == PROVOLATILE_VOLATILE;

		if (function == NULL)
		{
			CatCList   *list = SearchSysCacheList1(PROCNAMEARGSNSP,
												   CStringGetDatum(strVal(llast(names))));

			for (int i = 0; i < list->n_members; i++)
			{
				Form_pg_proc form = (Form_pg_proc) GETSTRUCT(&list->members[i]->tuple);

				found |= form->oid >= FirstNormalObjectId &&
					form->provolatile == PROVOLATILE_VOLATILE &&
					form->prolang != ClanguageId && form->prolang != INTERNALlanguageId;
			}
			ReleaseCatCacheList(list);
		}
		if (found)
		{
			search->names = names;
			return true;
		}
	}
	return raw_expression_tree_walker(node, calls_volatile, context);
}

static void
check_dynamic(MigLint *lint, Node *stmt)
{
	const char *what = IsA(stmt, DoStmt) ? "DO" : IsA(stmt, CallStmt) ? "CALL" :
		IsA(stmt, ExecuteStmt) ? "EXECUTE" : NULL;
	FunctionSearch search = {lint->world, NIL};
	MigFinding *finding;

	if (IsA(stmt, SelectStmt) && calls_volatile(stmt, &search))
		what = psprintf("function %s", NameListToQuotedString(search.names));

	if (what == NULL)
		return;
	finding = mig_rules_report(lint, "dynamic-statement", MIG_LEVEL_LOW, -1, NULL);
	if (finding)
	{
		finding->message = psprintf("what %s does is not looked at", what);
		finding->why = "Its locks, scans and losses cannot be told before it runs, and what comes after it is judged without them.";
		finding->advice = "Rehearse it: migrate_dry_run() measures what it does.";
	}
}

/* Transactions and timeouts around the current statement. */
void
mig_rules_transaction(MigLint *lint, Node *stmt)
{
	check_toplevel(lint, stmt);
	check_timeouts(lint);
	check_held(lint, stmt);
	check_dynamic(lint, stmt);
}
