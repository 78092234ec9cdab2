/*-------------------------------------------------------------------------
 *
 * units.c
 *	  Which statements of a script are committed together.
 *
 * What a script says itself, by BEGIN, COMMIT and the like, is honoured; one
 * that says nothing is one transaction, unless a statement refuses that.
 *
 * Pure: no SPI, no catalogs, no locks, any transaction state.  Memory is the
 * caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

/* Point the error that is being raised at a statement. */
static int
statement_position(MigErrorPlace *place, const MigStatement *stmt)
{
	place->source = stmt->source;
	place->source_start = stmt->source_start;
	return errposition(pg_mbstrlen_with_len(stmt->source, stmt->start) + 1);
}

static MigUnit *
add_unit(MigParsed *parsed, int first)
{
	MigUnit    *unit;

	/* there is room for one more than statements, see mig_find_units() */
	unit = &parsed->units[parsed->nunits++];
	memset(unit, 0, sizeof(MigUnit));
	unit->first = first;
	return unit;
}

/* Could a statement after this one need it to be committed? */
static bool
adds_enum_value(const MigStatement *stmt)
{
	return IsA(stmt->raw->stmt, AlterEnumStmt) &&
		((AlterEnumStmt *) stmt->raw->stmt)->oldVal == NULL;
}

/*
 * Without transaction control of its own a script is one transaction, but for
 * what must be committed before what follows can use it.
 */
static void
cut_transaction(MigParsed *parsed)
{
	MigUnit    *unit = add_unit(parsed, 0);
	int			i;

	for (i = 0; i < parsed->nstmts; i++)
	{
		unit->count++;
		if (adds_enum_value(&parsed->stmts[i]) && i + 1 < parsed->nstmts &&
			!adds_enum_value(&parsed->stmts[i + 1]))
			unit = add_unit(parsed, i + 1);
	}
}

/* What the statements of a script promise about its transactions. */
typedef struct Control
{
	const MigStatement *begin;	/* of the block that is open, or NULL */
	const MigStatement *odd;	/* first that is no plain BEGIN or COMMIT */
	const MigStatement *beyond; /* ... and does not end a block by ROLLBACK */
	const MigStatement *toplevel;	/* first that refuses a transaction */
	const MigStatement *nested; /* first that begins or ends one too many */
	int			blocks;			/* closed pairs */
	int			outside;		/* statements outside of blocks */
} Control;

static void
set_odd(Control *control, const MigStatement *stmt, bool undoes)
{
	if (control->odd == NULL)
		control->odd = stmt;
	if (control->beyond == NULL && !undoes)
		control->beyond = stmt;
}

/* BEGIN, COMMIT and their kin: they make units and are no statements. */
static MigUnit *
control_unit(MigParsed *parsed, MigErrorPlace *place, Control *control,
			 const MigStatement *stmt, int nstmts, MigUnit *unit)
{
	TransactionStmt *command = (TransactionStmt *) stmt->raw->stmt;
	bool		begins = command->kind == TRANS_STMT_BEGIN ||
		command->kind == TRANS_STMT_START;
	MigUnit    *next = NULL;

	if (begins == (control->begin != NULL) && control->nested == NULL)
		control->nested = stmt;
	switch (command->kind)
	{
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
			if (control->begin != NULL || command->options != NIL)
				set_odd(control, stmt, false);
			if (control->begin != NULL)
				return unit;
			control->begin = stmt;
			next = add_unit(parsed, nstmts);
			next->block = true;
			next->options = command->options;
			return next;
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_ROLLBACK:
			if (control->begin == NULL || command->kind == TRANS_STMT_ROLLBACK ||
				command->chain)
				set_odd(control, stmt, control->begin != NULL && !command->chain);
			if (control->begin == NULL)
				return NULL;
			unit->rollback = command->kind == TRANS_STMT_ROLLBACK;
			control->blocks++;
			if (command->chain)
			{
				List	   *options = unit->options;

				next = add_unit(parsed, nstmts);
				next->block = true;
				next->options = options;
				return next;
			}
			control->begin = NULL;
			return NULL;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_SCRIPT),
					 errmsg("%s cannot run in a migration", stmt->command),
					 errhint("What is prepared would outlive the migration's record. Use a plain transaction."),
					 statement_position(place, stmt)));
	}
	return unit;
}

/* SET TRANSACTION sets up the block that it begins, and nothing elsewhere. */
static void
set_transaction(MigErrorPlace *place, const MigStatement *stmt, MigUnit *unit)
{
	VariableSetStmt *command = (VariableSetStmt *) stmt->raw->stmt;

	if (strcmp(command->name, "TRANSACTION SNAPSHOT") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_SCRIPT),
				 errmsg("%s cannot run in a migration", stmt->command),
				 statement_position(place, stmt)));
	if (unit != NULL && unit->block && unit->count == 0)
		unit->options = list_concat_copy(unit->options, command->args);
}

static bool
is_block_control(const MigStatement *stmt)
{
	if (stmt->class != MIG_CLASS_XACT || !IsA(stmt->raw->stmt, TransactionStmt))
		return false;
	switch (((TransactionStmt *) stmt->raw->stmt)->kind)
	{
		case TRANS_STMT_SAVEPOINT:
		case TRANS_STMT_RELEASE:
		case TRANS_STMT_ROLLBACK_TO:
			return false;
		default:
			return true;
	}
}

/*
 * mig_find_units
 *		Group the n statements of a script into units that commit by
 *		themselves, and leave what only says so out of the list.
 *
 * In a caller's transaction, which is all or nothing, plain pairs of BEGIN
 * and COMMIT are kept anyway; whatever else controls transactions needs a
 * worker.  Raises ERRCODE_MIG_BAD_SCRIPT, at its place, for what no migration
 * can do.
 */
void
mig_find_units(MigParsed *parsed, int n, MigErrorPlace *place)
{
	Control		control = {0};
	MigUnit    *unit = NULL;
	const MigStatement *needs = NULL;
	int			kept = 0;
	int			i;

	parsed->units = palloc_extended((n + 1) * sizeof(MigUnit), MCXT_ALLOC_HUGE);
	for (i = 0; i < n; i++)
	{
		MigStatement *stmt = &parsed->stmts[i];

		if (is_block_control(stmt))
		{
			MigStatement *copy = palloc(sizeof(MigStatement));

			/* its place in the array will be taken */
			*copy = *stmt;
			unit = control_unit(parsed, place, &control, copy, kept, unit);
			continue;
		}
		if (stmt->class == MIG_CLASS_XACT && !IsA(stmt->raw->stmt, TransactionStmt))
		{
			MigStatement *copy = palloc(sizeof(MigStatement));

			*copy = *stmt;
			set_odd(&control, copy, false);
			set_transaction(place, stmt, unit);
			continue;
		}
		if (IsA(stmt->raw->stmt, DiscardStmt) &&
			((DiscardStmt *) stmt->raw->stmt)->target == DISCARD_ALL)
			ereport(ERROR,
					(errcode(ERRCODE_MIG_BAD_SCRIPT),
					 errmsg("DISCARD ALL cannot run in a migration"),
					 errhint("It would give up the run's locks and its role. Use RESET ALL, DISCARD PLANS, DISCARD SEQUENCES or DISCARD TEMP."),
					 statement_position(place, stmt)));
		if (stmt->class == MIG_CLASS_TOPLEVEL)
		{
			if (control.begin != NULL && !parsed->lenient)
				ereport(ERROR,
						(errcode(ERRCODE_MIG_BAD_SCRIPT),
						 errmsg("%s cannot run inside the transaction that the script begins on line %d",
								stmt->command, control.begin->line),
						 statement_position(place, stmt)));
			if (control.toplevel == NULL)
			{
				MigStatement *copy = palloc(sizeof(MigStatement));

				*copy = *stmt;
				control.toplevel = copy;
			}
		}
		if (control.begin == NULL)
		{
			unit = add_unit(parsed, kept);
			control.outside++;
		}
		unit->count++;
		if (stmt->class == MIG_CLASS_TOPLEVEL && !unit->block)
			unit->toplevel = true;
		parsed->stmts[kept++] = *stmt;
	}
	parsed->nested = control.nested;
	parsed->unended = control.begin;
	if (control.begin != NULL && !parsed->lenient)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_SCRIPT),
				 errmsg("the script ends inside the transaction that it begins on line %d",
						control.begin->line),
				 statement_position(place, control.begin)));

	parsed->nstmts = kept;
	parsed->own_transactions = control.blocks > 0 || control.odd != NULL;
	needs = control.odd ? control.odd : control.toplevel;
	parsed->needs_worker = needs;
	parsed->needs_commit = control.beyond ? control.beyond : control.toplevel;

	/* no reason to commit before the end? */
	if (needs == NULL && !parsed->script->no_transaction &&
		(control.blocks == 0 || (control.blocks == 1 && control.outside == 0)))
	{
		parsed->nunits = 0;
		cut_transaction(parsed);
	}
}

/*
 * mig_script_by_statement
 *		Have every statement outside of the script's own blocks commit by
 *		itself, as a client without transactions would.
 */
void
mig_script_by_statement(MigParsed *parsed)
{
	int			i;

	if (parsed->own_transactions)
		return;
	parsed->nunits = 0;
	for (i = 0; i < parsed->nstmts; i++)
	{
		MigUnit    *unit = add_unit(parsed, i);

		unit->count = 1;
		unit->toplevel = parsed->stmts[i].class == MIG_CLASS_TOPLEVEL;
	}
}

/*
 * mig_find_undone
 *		Which statements of a unit does a later ROLLBACK TO of it undo?
 */
bool *
mig_find_undone(const MigParsed *parsed, const MigUnit *unit)
{
	bool	   *undone = palloc0(sizeof(bool) * (unit->count + 1));
	const MigStatement *stmts = &parsed->stmts[unit->first];
	int			i;
	int			j;

	for (i = 0; i < unit->count; i++)
	{
		const TransactionStmt *back = (const TransactionStmt *) stmts[i].raw->stmt;

		if (stmts[i].class != MIG_CLASS_XACT || !IsA(back, TransactionStmt) ||
			back->kind != TRANS_STMT_ROLLBACK_TO)
			continue;
		for (j = i - 1; j >= 0; j--)
		{
			const TransactionStmt *savepoint = (const TransactionStmt *) stmts[j].raw->stmt;

			if (!undone[j] && stmts[j].class == MIG_CLASS_XACT &&
				IsA(savepoint, TransactionStmt) &&
				savepoint->kind == TRANS_STMT_SAVEPOINT &&
				strcmp(savepoint->savepoint_name, back->savepoint_name) == 0)
				break;
		}
		if (j >= 0)
			memset(undone + j + 1, true, i - j - 1);
	}
	return undone;
}
