/*-------------------------------------------------------------------------
 *
 * dryrun_predict.c
 *	  What of a dry run is not measured but foretold: its shallowest depth,
 *	  and of a real one what does not show, as lint has it.
 *
 * Expects a transaction; takes no lock but those on catalogs.
 *
 *-------------------------------------------------------------------------
 */
#include "dryrun.h"
#include "lint.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* A lock on a relation by another session. */
typedef struct OtherLock
{
	Oid			relid;			/* hash key */
	List	   *locks;			/* of LockInstanceData * */
} OtherLock;

/* Of the scripts of a plan, or of a text. */
typedef struct Prediction
{
	MigDryRun  *dry;
	HTAB	   *rels;			/* of MigSeenRel, that existed before */
	HTAB	   *others;			/* of OtherLock */
} Prediction;

/*
 * mig_dry_effects
 *		What a statement would do to what is there now: a List of MigEffect *
 *		in the current memory context.  Raises what is wrong with it.
 */
List *
mig_dry_effects(const MigStatement *stmt)
{
	List	   *effects;

	PushActiveSnapshot(GetTransactionSnapshot());
	effects = mig_effects(mig_world_create(), stmt);
	PopActiveSnapshot();
	return effects;
}

/*
 * mig_dry_expected
 *		The locks among the effects, for the recorder; in the current memory
 *		context.
 */
List *
mig_dry_expected(List *effects)
{
	List	   *expected = NIL;
	ListCell   *lc;

	foreach(lc, effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);
		MigExpected *one;

		if (!OidIsValid(effect->rel->oid) || effect->modes == 0)
			continue;
		one = palloc(sizeof(MigExpected));
		one->relid = effect->rel->oid;
		one->modes = effect->modes;
		one->named = effect->named;
		expected = lappend(expected, one);
	}
	return expected;
}

static char *
full_name(const MigRel *rel)
{
	return quote_qualified_identifier(rel->schema, rel->name);
}

/* Is an index of this table among those that are built? */
static bool
builds_index_of(List *effects, const MigRel *table)
{
	ListCell   *lc;

	foreach(lc, effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->builds && effect->rel->kind == RELKIND_INDEX &&
			mig_index_table(effect->rel) == table)
			return true;
	}
	return false;
}

static bool
has_rows(const MigRel *rel)
{
	return RELKIND_HAS_TABLE_AM(rel->kind) || rel->kind == RELKIND_INDEX;
}

/* What is old for a world may have been made by the dry run. */
static bool
is_old(MigDryRun *dry, const MigRel *rel)
{
	const MigSeenRel *seen = dry->recorder == NULL ? NULL :
		hash_search(dry->recorder->rels, &rel->oid, HASH_FIND, NULL);

	return seen != NULL && seen->known ? seen->old : rel->old;
}

/*
 * mig_dry_add_effects
 *		Add the rewrites, index builds and scans among the effects to an
 *		observation, in the current memory context.
 */
void
mig_dry_add_effects(MigDryRun *dry, MigObservation *seen, List *effects)
{
	ListCell   *lc;

	foreach(lc, effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);
		MigRel	   *rel = effect->rel;

		if (effect->rewrites && has_rows(rel) && rel->kind != RELKIND_INDEX)
		{
			MigSeenRewrite *rewrite = palloc0(sizeof(MigSeenRewrite));

			rewrite->relation = full_name(rel);
			rewrite->kind = rel->kind;
			rewrite->old = is_old(dry, rel);
			rewrite->reason = effect->reason;
			rewrite->old_bytes = rel->bytes;
			rewrite->new_bytes = -1;
			seen->rewrites = lappend(seen->rewrites, rewrite);
		}
		if (effect->builds && has_rows(rel) &&
			(rel->kind == RELKIND_INDEX || !builds_index_of(effects, rel)))
		{
			MigSeenIndex *index = palloc0(sizeof(MigSeenIndex));
			MigRel	   *table = rel->kind == RELKIND_INDEX ? mig_index_table(rel) : rel;

			index->index = rel->kind == RELKIND_INDEX ? full_name(rel) : NULL;
			index->table = table ? full_name(table) : NULL;
			index->old = index->index && is_old(dry, rel);
			index->action = index->index && rel->old ? "rebuilt" : "built";
			index->bytes = index->index ? rel->bytes : -1;
			seen->indexes = lappend(seen->indexes, index);
		}
		if (effect->scans && has_rows(rel))
		{
			MigSeenScan *scan = palloc0(sizeof(MigSeenScan));

			scan->relation = full_name(rel);
			scan->relid = rel->oid;
			scan->old = is_old(dry, rel);
			scan->scans = 1;
			scan->tuples = rel->tuples < 0 ? -1 : (int64) rel->tuples;
			scan->reason = effect->reason;
			seen->scans = lappend(seen->scans, scan);
		}
	}
}

/* The entry of a relation that existed before; of another, one of its own. */
static MigSeenRel *
enter_rel(Prediction *prediction, MigRel *rel)
{
	MigSeenRel *seen;
	bool		found = false;

	if (rel->old && OidIsValid(rel->oid))
		seen = hash_search(prediction->rels, &rel->oid, HASH_ENTER, &found);
	else
		seen = palloc0(sizeof(MigSeenRel));
	if (!found)
	{
		MigRel	   *table = rel->kind == RELKIND_INDEX || rel->kind == RELKIND_PARTITIONED_INDEX ?
			mig_index_table(rel) : NULL;

		memset(seen, 0, sizeof(MigSeenRel));
		seen->relid = rel->oid;
		seen->known = true;
		seen->old = rel->old;
		seen->kind = rel->kind;
		seen->bytes = rel->bytes;
		if (table != NULL)
		{
			seen->table = OidIsValid(table->oid) ? table->oid : rel->oid;
			seen->table_name = full_name(table);
		}
	}
	seen->name = full_name(rel);
	return seen;
}

static void
add_locks(Prediction *prediction, MigDryRow *row, const MigEffect *effect)
{
	MigSeenRel *rel;
	LOCKMODE	mode;

	if (effect->modes == 0)
		return;
	rel = enter_rel(prediction, effect->rel);
	for (mode = AccessShareLock; mode <= AccessExclusiveLock; mode++)
	{
		MigSeenLock *lock;

		if (!(effect->modes & LOCKBIT_ON(mode)))
			continue;
		lock = palloc0(sizeof(MigSeenLock));
		lock->rel = rel;
		lock->name = rel->name;
		lock->mode = mode;
		lock->named = effect->named;
		lock->predicted = true;
		row->seen->locks = lappend(row->seen->locks, lock);
	}
	if (effect->modes > rel->modes)
	{
		rel->first = row->number;
		rel->first_name = rel->name;
	}
	rel->modes |= effect->modes;
}

static HTAB *
make_table(const char *name, Size entry)
{
	HASHCTL		ctl = {0};

	ctl.keysize = sizeof(Oid);
	ctl.entrysize = entry;
	ctl.hcxt = CurrentMemoryContext;
	return hash_create(name, 64, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* The locks of other sessions on relations of this database. */
static HTAB *
read_other_locks(void)
{
	HTAB	   *others = make_table("migrate locks of others", sizeof(OtherLock));
	LockData   *data = GetLockStatusData();
	int			i;

	for (i = 0; i < data->nelements; i++)
	{
		LockInstanceData *lock = &data->locks[i];
		OtherLock  *other;
		Oid			relid = (Oid) lock->locktag.locktag_field2;
		bool		found;

		if (lock->pid == MyProcPid || lock->pid == 0 || lock->holdMask == 0 ||
			lock->locktag.locktag_type != LOCKTAG_RELATION ||
			lock->locktag.locktag_field1 != MyDatabaseId)
			continue;
		other = hash_search(others, &relid, HASH_ENTER, &found);
		if (!found)
			other->locks = NIL;
		other->locks = lappend(other->locks, lock);
	}
	return others;
}

static bool
conflicts(LOCKMODE mode, LOCKMASK others)
{
	LOCKMODE	other;

	for (other = AccessShareLock; other <= AccessExclusiveLock; other++)
	{
		if ((others & LOCKBIT_ON(other)) && DoLockModesConflict(mode, other))
			return true;
	}
	return false;
}

/* Whoever holds a lock now that a predicted one would wait for. */
static void
predict_waits(MigDryRun *dry, MigDryRow *row, HTAB *others)
{
	Oid			last = InvalidOid;
	int			i;

	/* the strongest lock on a relation comes last */
	for (i = list_length(row->seen->locks) - 1; i >= 0; i--)
	{
		const MigSeenLock *lock = (const MigSeenLock *) list_nth(row->seen->locks, i);
		const OtherLock *other;
		MigSeenWait *wait;
		ListCell   *lc;

		if (lock->rel == NULL || !lock->rel->old || lock->rel->relid == last)
			continue;
		last = lock->rel->relid;
		other = hash_search(others, &last, HASH_FIND, NULL);
		if (other == NULL)
			continue;
		wait = palloc0(sizeof(MigSeenWait));
		wait->relation = lock->name;
		wait->relid = last;
		wait->mode = lock->mode;
		wait->pids = palloc(sizeof(int) * list_length(other->locks));
		foreach(lc, other->locks)
		{
			const LockInstanceData *held = (const LockInstanceData *) lfirst(lc);

			if (conflicts(lock->mode, held->holdMask))
				wait->pids[wait->npids++] = held->pid;
		}
		if (wait->npids > 0)
			row->seen->waits = lcons(wait, row->seen->waits);
	}
	mig_dry_describe_waits(dry, row);
}

static char *
duration(int ms)
{
	return ms == 0 ? pstrdup("0") :
		ms % 3600000 == 0 ? psprintf("%dh", ms / 3600000) :
		ms % 60000 == 0 ? psprintf("%dmin", ms / 60000) :
		ms % 1000 == 0 ? psprintf("%ds", ms / 1000) : psprintf("%dms", ms);
}

static void
predict_statement(Prediction *prediction, const MigLinted *linted, const char *kind)
{
	MigDryRun  *dry = prediction->dry;
	MigDryRow  *row;
	ListCell   *lc;

	dry->transaction = linted->transaction;
	row = mig_dry_add_statement(dry, kind, linted->stmt, linted->number);
	row->status = MIG_DRY_PREDICTED;
	row->settings = palloc0(sizeof(MigDrySettings));
	row->settings->lock_timeout = duration(linted->lock_timeout);
	row->settings->statement_timeout = duration(linted->statement_timeout);
	row->seen = palloc0(sizeof(MigObservation));
	row->seen->predicted = true;
	foreach(lc, linted->effects)
		add_locks(prediction, row, (const MigEffect *) lfirst(lc));
	mig_dry_add_effects(dry, row->seen, linted->effects);
	mig_sort_observation(row->seen);
	predict_waits(dry, row, prediction->others);
}

/* The line of the error is in its finding, if there is one. */
static int
broken_line(const MigLintedScript *script)
{
	const MigFinding *finding = script->findings == NIL ? NULL :
		(const MigFinding *) linitial(script->findings);

	return finding != NULL && strcmp(finding->rule->name, "syntax-error") == 0 ?
		finding->line : script->script->line;
}

/* The steps of the plan come in its order, but for those that run nothing. */
static void
predict_script(const MigLintedScript *script, void *arg)
{
	Prediction *prediction = (Prediction *) arg;
	MigDryRun  *dry = prediction->dry;
	MigRun	   *run = &dry->run;
	MemoryContext caller = MemoryContextSwitchTo(dry->context);
	const char *kind = "text";
	int			i;

	if (script->entry != NULL)
	{
		while (mig_key_cmp(run->plan->steps[run->step].entry->key, script->entry->key) != 0)
			run->step++;
		kind = run->plan->steps[run->step].action == MIG_ROLLBACK ? "down" : "up";
	}
	run->execution.script = script->script;
	if (script->broken)
	{
		MigDryRow  *row = mig_dry_add_row(dry, kind);

		row->status = MIG_DRY_FAILED;
		row->message = pstrdup(script->broken);
		row->line = broken_line(script);
	}
	for (i = 0; i < script->nstatements; i++)
	{
		CHECK_FOR_INTERRUPTS();
		predict_statement(prediction, &script->statements[i], kind);
	}
	run->execution.script = NULL;
	MemoryContextSwitchTo(caller);
}

/*
 * mig_dry_predict
 *		The dry run that runs nothing: rows for the statements of the plan to
 *		target, or of the text.
 */
void
mig_dry_predict(MigDryRun *dry, const char *target)
{
	MigRun	   *run = &dry->run;
	Prediction	prediction = {dry};
	HASH_SEQ_STATUS status;
	MigSeenRel *rel;

	prediction.rels = make_table("migrate relations", sizeof(MigSeenRel));
	prediction.others = read_other_locks();
	if (dry->text != NULL)
		predict_script(mig_lint_text(dry->text), &prediction);
	else
	{
		int			n;
		MigEntry   *entries = mig_catalog_load(run->project, &n);
		MigPlan    *plan = mig_plan_to(entries, n, target, mig_out_of_order);

		run->plan = plan;
		run->down = plan->down;
		mig_lint_each(target, NULL, predict_script, &prediction);
	}
	hash_seq_init(&status, prediction.rels);
	while ((rel = hash_seq_search(&status)) != NULL)
	{
		if (rel->modes != 0)
			dry->relations = lappend(dry->relations, rel);
	}
}
