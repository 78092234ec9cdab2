/*-------------------------------------------------------------------------
 *
 * assess_duration.c
 *	  How long a script would take: what a dry run measured, scaled to the
 *	  sizes that are judged by; without one what is to be read and written, at
 *	  rates that are assumed.
 *
 * Reads catalogs; takes no locks.  Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"
#include "statistics.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "tcop/utility.h"
#include "utils/syscache.h"

/* Bytes of a relation that are dealt with in a millisecond. */
#define READ_RATE (200 * 1024.0 * 1.024)	/* 200 MB/s */
#define BUILD_RATE (100 * 1024.0 * 1.024)	/* 100 MB/s: of what is indexed */
#define WRITE_RATE (40 * 1024.0 * 1.024)	/* 40 MB/s: with indexes and WAL */

#define LISTED 5				/* lines that the basis names */

/* What the time of a statement depends on. */
typedef struct MigTimed
{
	int			number;			/* in its script, from 1 */
	int			line;
	const char *command;
	double		assumed;		/* ms */
	double		factor;			/* by which what it works on is larger than
								 * here; -1: that is empty here */
	bool		opaque;			/* what it does is not known */
	int			lock_timeout;
} MigTimed;

/* What the sum is made of. */
typedef struct Sum
{
	double		ms;
	bool		measured;
	bool		scaled;
	bool		assumed;
	List	   *unknown;		/* of MigTimed * */
} Sum;

static bool
is_seen(const MigEffect *effect)
{
	return effect->scans || effect->rewrites || effect->builds;
}

/* What a statement does with a relation, at the assumed rates. */
static double
assumed_ms(const MigLinted *linted, const MigEffect *effect)
{
	Node	   *node = linted->stmt->raw->stmt;
	bool		dml = IsA(node, UpdateStmt) || IsA(node, DeleteStmt) || IsA(node, MergeStmt);

	if (effect->bytes <= 0)
		return 0;
	if (effect->rewrites)
		return effect->bytes / WRITE_RATE;
	if (effect->builds)
		return effect->bytes / BUILD_RATE;
	if (dml && (effect->modes & LOCKBIT_ON(RowExclusiveLock)))
	{
		bool		update = IsA(node, UpdateStmt) && ((UpdateStmt *) node)->whereClause == NULL;
		bool		delete = IsA(node, DeleteStmt) && ((DeleteStmt *) node)->whereClause == NULL;

		if (effect->named)
			return effect->bytes / (update || delete ? WRITE_RATE : READ_RATE);
		/* new versions of all rows go into each index */
		if (update && effect->rel->kind == RELKIND_INDEX)
			return effect->bytes / WRITE_RATE;
	}
	return effect->scans ? effect->bytes / READ_RATE : 0;
}

/* The effect on which a statement's time depends, or NULL. */
static const MigEffect *
main_effect(const MigLinted *linted, double *sum)
{
	const MigEffect *main = NULL;
	double		most = 0;
	ListCell   *lc;

	*sum = 0;
	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);
		double		ms = assumed_ms(linted, effect);

		*sum += ms;
		if (ms > most || (main == NULL && is_seen(effect)))
		{
			most = ms;
			main = effect;
		}
	}
	return main;
}

/*
 * By how much a relation is larger where it is judged than here; -1 if it is
 * empty here and is not there.
 */
static double
factor_of(const MigEffect *effect)
{
	const MigRel *rel = effect->rel;
	HeapTuple	tuple;
	MigSize		here;

	if (!OidIsValid(rel->oid))
		return 1;
	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(rel->oid));
	if (!HeapTupleIsValid(tuple))
		return 1;
	mig_relation_size_here((Form_pg_class) GETSTRUCT(tuple), &here);
	ReleaseSysCache(tuple);
	if (effect->bytes == here.bytes && effect->tuples == here.tuples)
		return 1;
	if (effect->tuples > 0 && here.tuples > 0)
		return effect->tuples / here.tuples;
	if (effect->bytes > 0 && here.bytes > 0)
		return (double) effect->bytes / here.bytes;
	return effect->tuples > 0 || effect->bytes > 0 ? -1 : 1;
}

/* Of the step's own script, which comes in the order of its statements. */
static const MigMeasured *
find_measured(const List *measured, ListCell **next, const char *script, int number)
{
	for (; *next; *next = lnext(measured, *next))
	{
		const MigMeasured *one = (const MigMeasured *) lfirst(*next);

		if (strcmp(one->script, script) != 0 || one->number < number)
			continue;
		return one->number == number ? one : NULL;
	}
	return NULL;
}

/* Does a statement take a time that its effects do not tell? */
static bool
is_opaque(const MigStatement *stmt)
{
	Node	   *node = stmt->raw->stmt;

	switch (nodeTag(node))
	{
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			return true;
		case T_SelectStmt:
		case T_InsertStmt:
			return mig_assess_calls(node);
		case T_CreateTableAsStmt:
			node = ((CreateTableAsStmt *) node)->query;
			return !IsA(node, SelectStmt) || mig_assess_calls(node);
		default:
			return false;
	}
}

static void
add_statement(Sum *sum, const MigTimed *timed, const MigMeasured *measured)
{
	if (measured && measured->ms >= 0 && timed->factor >= 0)
	{
		sum->ms += measured->ms * timed->factor;
		sum->measured = true;
		sum->scaled |= timed->factor != 1;
	}
	else
	{
		if (timed->opaque)
			sum->unknown = lappend(sum->unknown, (void *) timed);
		sum->ms += timed->assumed;
		sum->assumed |= timed->assumed > 0;
	}
}

static char *
basis(const Sum *sum)
{
	StringInfoData buf;
	ListCell   *lc;
	int			n = 0;

	initStringInfo(&buf);
	if (sum->measured)
		appendStringInfoString(&buf, sum->scaled ? "dry run, scaled by the imported sizes" : "dry run");
	if (sum->assumed)
		appendStringInfo(&buf, "%sassumed: 200 MB/s read, 100 MB/s indexed, 40 MB/s written", buf.len ? "; " : "");
	if (buf.len == 0)
		appendStringInfoString(&buf, sum->unknown ? "lint" : "lint: nothing is scanned or rewritten");
	foreach(lc, sum->unknown)
	{
		const MigTimed *timed = (const MigTimed *) lfirst(lc);

		if (n == LISTED)
		{
			appendStringInfo(&buf, " and %d more", list_length(sum->unknown) - n);
			break;
		}
		appendStringInfo(&buf, "%sline %d (%s)", n++ == 0 ? "; not counted: " : ", ",
						 timed->line, timed->command);
	}
	return buf.data;
}

/*
 * mig_assess_work
 *		See what the statements of a script would have to do, by the sizes that
 *		there are before a dry run leaves its traces.
 */
void
mig_assess_work(MigVerdictRow *row)
{
	int			n = row->linted->nstatements;
	int			i;

	row->cannot_run = row->linted->broken != NULL;
	row->timed = palloc_extended(sizeof(MigTimed) * (n + 1), MCXT_ALLOC_HUGE);
	row->ntimed = n;
	for (i = 0; i < n; i++)
	{
		const MigLinted *linted = &row->linted->statements[i];
		MigTimed   *timed = &row->timed[i];
		const MigEffect *effect = main_effect(linted, &timed->assumed);

		CHECK_FOR_INTERRUPTS();
		timed->number = linted->number;
		timed->line = linted->stmt->line;
		timed->command = CreateCommandName(linted->stmt->raw->stmt);
		timed->factor = effect ? factor_of(effect) : 1;
		/* what is done already takes no time */
		timed->lock_timeout = linted->lock_timeout;
		timed->opaque = linted->transaction != 0 && is_opaque(linted->stmt);
	}
}

/*
 * mig_assess_duration
 *		Estimate how long a step would take.
 *
 * measured: the dry run's statements of it, in their order; NIL without one.
 */
void
mig_assess_duration(MigVerdictRow *row, const List *measured)
{
	Sum			sum = {0};
	const char *script = row->step->action == MIG_ROLLBACK ? "down" : "up";
	ListCell   *next = list_head(measured);
	int			i;

	row->ms = row->cannot_run ? -1 : 0;
	if (row->cannot_run || row->timed == NULL)
		return;
	for (i = 0; i < row->ntimed; i++)
		add_statement(&sum, &row->timed[i],
					  find_measured(measured, &next, script, row->timed[i].number));
	row->ms = sum.ms;
	row->ms_why = basis(&sum);
}

/*
 * mig_assess_unseen
 *		The place and command of a statement of the step's script, if its text
 *		does not tell what it does; else NULL.
 */
char *
mig_assess_unseen(const MigVerdictRow *row, int number, int *lock_timeout)
{
	const MigTimed *timed = number >= 1 && number <= row->ntimed ? &row->timed[number - 1] : NULL;

	if (timed == NULL || !timed->opaque)
		return NULL;
	*lock_timeout = timed->lock_timeout;
	return psprintf("line %d: %s", timed->line, timed->command);
}
