/*-------------------------------------------------------------------------
 *
 * effects_sql.c
 *	  migrate_lint_effects(): what the statements of a text would do.
 *
 * Expects a transaction and a snapshot; locks nothing but catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "effects.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

PG_FUNCTION_INFO_V1(migrate_lint_effects);

#define NCOLUMNS 18

static Datum
mode_names(LOCKMASK modes)
{
	Datum		names[MAX_LOCKMODES];
	int			n = 0;
	LOCKMODE	mode;

	for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
		if (modes & LOCKBIT_ON(mode))
			names[n++] = CStringGetTextDatum(GetLockmodeName(DEFAULT_LOCKMETHOD, mode));
	return PointerGetDatum(construct_array(names, n, TEXTOID, -1, false, TYPALIGN_INT));
}

static void
put_effect(ReturnSetInfo *result, const MigStatement *stmt, int number,
		   const MigEffect *effect)
{
	const MigRel *rel = effect->rel;
	LOCKMODE	mode = mig_effect_strongest(effect);
	Datum		values[NCOLUMNS];
	bool		nulls[NCOLUMNS] = {0};
	int			i = 0;

	values[i++] = Int32GetDatum(number);
	values[i++] = Int32GetDatum(stmt->line);
	values[i++] = CStringGetTextDatum(CreateCommandName(stmt->raw->stmt));
	values[i++] = CStringGetTextDatum(mig_rel_label(rel));
	values[i++] = CharGetDatum(rel->kind);
	values[i++] = BoolGetDatum(rel->old);
	values[i++] = BoolGetDatum(effect->named);
	nulls[i] = mode == NoLock;
	values[i] = nulls[i] ? (Datum) 0 :
		CStringGetTextDatum(GetLockmodeName(DEFAULT_LOCKMETHOD, mode));
	i++;
	values[i++] = mode_names(effect->modes);
	values[i++] = BoolGetDatum(mig_effect_blocks_reads(effect));
	values[i++] = BoolGetDatum(mig_effect_blocks_writes(effect));
	values[i++] = BoolGetDatum(effect->scans);
	values[i++] = BoolGetDatum(effect->rewrites);
	values[i++] = BoolGetDatum(effect->builds);
	values[i++] = BoolGetDatum(effect->loses);
	nulls[i] = effect->reason == NULL;
	values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(effect->reason);
	i++;
	nulls[i] = rel->tuples < 0;
	values[i++] = Int64GetDatum((int64) rel->tuples);
	nulls[i] = rel->bytes < 0;
	values[i] = Int64GetDatum(rel->bytes);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/* Statements that are done once more for what is undone after them. */
#define MAX_DONE_AGAIN 100000

/*
 * A world like the one before a statement, in which what is rolled back later
 * can be done; once there is too much of it, one that knows nothing of the
 * text.
 */
static MigWorld *
same_world(const MigParsed *parsed, int end, int *budget)
{
	MigWorld   *world = mig_world_create();
	int			unit;

	*budget -= end;
	for (unit = 0; unit < parsed->nunits && *budget >= 0; unit++)
	{
		const MigUnit *u = &parsed->units[unit];
		bool	   *undone = mig_find_undone(parsed, u);
		int			i;

		for (i = u->first; i < Min(end, u->first + u->count) && !u->rollback; i++)
		{
			CHECK_FOR_INTERRUPTS();
			if (!undone[i - u->first])
				mig_world_apply(world, &parsed->stmts[i]);
		}
		if (u->first + u->count <= end)
			mig_world_end_transaction(world);
		pfree(undone);
	}
	return world;
}

Datum
migrate_lint_effects(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	MigScript	script = {0};
	MigParsed  *parsed;
	MigWorld   *world;
	MemoryContext call;
	MemoryContext context;
	MemoryContext each;
	int			unit;
	int			budget = MAX_DONE_AGAIN;

	InitMaterializedSRF(fcinfo, 0);
	context = mig_call_context(&call);
	script.text = mig_text_argument(fcinfo, 0, "sql");
	script.line = 1;
	parsed = mig_script_parse(&script, NULL);
	world = mig_world_create();
	each = AllocSetContextCreate(CurrentMemoryContext, "effects of a statement",
								 ALLOCSET_DEFAULT_SIZES);
	for (unit = 0; unit < parsed->nunits; unit++)
	{
		const MigUnit *u = &parsed->units[unit];
		bool	   *undone = mig_find_undone(parsed, u);
		MigWorld   *stays = world;
		int			i;

		for (i = u->first; i < u->first + u->count; i++)
		{
			const MigStatement *stmt = &parsed->stmts[i];
			MemoryContext caller;
			ListCell   *lc;

			CHECK_FOR_INTERRUPTS();
			if (!u->rollback && !undone[i - u->first])
				world = stays;
			else if (world == stays)
				world = same_world(parsed, i, &budget);
			caller = MemoryContextSwitchTo(each);
			foreach(lc, mig_effects(world, stmt))
				put_effect(result, stmt, i + 1, lfirst(lc));
			MemoryContextSwitchTo(caller);
			MemoryContextReset(each);
			mig_world_apply(world, stmt);
		}
		world = stays;
		mig_world_end_transaction(world);
	}
	MemoryContextSwitchTo(call);
	MemoryContextDelete(context);
	return (Datum) 0;
}
