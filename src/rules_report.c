/*-------------------------------------------------------------------------
 *
 * rules_report.c
 *	  How rules word what they find: levels, relations and their sizes, locks.
 *
 * Needs what mig_rules_check() needs: a transaction, and a snapshot that sees
 * the catalogs.  Takes no lock.
 *
 *-------------------------------------------------------------------------
 */
#include "rules.h"

#include "catalog/pg_class.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

/* How many relations a sentence names before it counts the rest. */
#define MAX_NAMED 5

static const char *const lock_words[] = {
	NULL, "ACCESS SHARE", "ROW SHARE", "ROW EXCLUSIVE",
	"SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE",
	"ACCESS EXCLUSIVE"
};

/*
 * mig_rules_state
 *		What is kept for the current script, and the current statement.
 */
MigRulesState *
mig_rules_state(MigLint *lint)
{
	MigRulesState *state = lint->rules;

	if (state == NULL)
	{
		state = MemoryContextAllocZero(lint->context, sizeof(MigRulesState));
		state->context = lint->context;
		lint->rules = state;
	}
	if (state->current != lint->current)
	{
		state->current = lint->current;
		state->tokens = NULL;
		state->told = NIL;
		state->fails = false;
		state->alter = NULL;
	}
	return state;
}

/*
 * mig_rules_report
 *		A finding about the current statement, or command of it, its severity
 *		lowered to what
 *		the level deserves unless it was re-graded; NULL if it is off.
 */
MigFinding *
mig_rules_report(MigLint *lint, const char *rule, MigLevel level, int location,
				 MigRel *rel)
{
	MigRulesState *state = mig_rules_state(lint);
	MigFinding *finding;
	MigSeverity most;

	if (location < 0 && state->alter != NULL)
		location = mig_alter_location(state->alter);
	finding = mig_lint_report(lint, rule, level, location);
	if (finding == NULL)
		return NULL;
	if (finding->rule->axis == MIG_AXIS_FAILURE && level == MIG_LEVEL_HIGH)
		state->fails = true;
	most = level == MIG_LEVEL_HIGH ? MIG_SEVERITY_ERROR :
		level == MIG_LEVEL_MEDIUM ? MIG_SEVERITY_WARNING : MIG_SEVERITY_INFO;
	if (!finding->graded &&
		finding->rule->axis != MIG_AXIS_STYLE && finding->severity > most)
		finding->severity = most;
	if (rel != NULL)
		finding->relations = list_make1(rel);
	return finding;
}

/* A finding speaks of this relation: no other need tell of its lock. */
void
mig_rules_tell(MigLint *lint, MigRel *rel)
{
	MigRulesState *state = mig_rules_state(lint);

	state->told = lappend(state->told, rel);
}

MigEffect *
mig_rules_effect(MigLint *lint, const MigRel *rel)
{
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel == rel)
			return effect;
	}
	return NULL;
}

/* Do others who read or write an old relation have to wait? */
bool
mig_rules_blocks(const MigEffect *effect)
{
	return effect->rel->old &&
		effect->rel->persistence != RELPERSISTENCE_TEMP &&
		(mig_effect_blocks_writes(effect) || mig_effect_blocks_reads(effect));
}

/* Is there work to be done on rows that were there before? */
bool
mig_rules_works(const MigEffect *effect)
{
	return effect->rel->old &&
		(effect->scans || effect->rewrites || effect->builds) &&
		!mig_rel_is_empty(effect->rel);
}

/* ... for the current statement? */
bool
mig_rules_any_work(MigLint *lint)
{
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		if (mig_rules_works((MigEffect *) lfirst(lc)))
			return true;
	}
	return false;
}

/*
 * mig_rules_level
 *		How much the current statement keeps others from their work.
 */
MigLevel
mig_rules_level(MigLint *lint)
{
	MigLevel	level = MIG_LEVEL_NONE;
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel->old)
			level = Max(level, mig_level_of_effect(effect, lint->current->lock_timeout));
	}
	return level;
}

MigLevel
mig_rules_level_of(MigLint *lint, const MigRel *rel)
{
	MigEffect  *effect = mig_rules_effect(lint, rel);

	return effect && rel->old ?
		mig_level_of_effect(effect, lint->current->lock_timeout) : MIG_LEVEL_NONE;
}

bool
mig_rules_is_table(const MigRel *rel)
{
	return rel->kind == RELKIND_RELATION || rel->kind == RELKIND_PARTITIONED_TABLE;
}

/*
 * mig_rules_is_empty
 *		Is it known that there is no row in a table or what is below it?
 */
bool
mig_rules_is_empty(MigRel *rel)
{
	List	   *tree;
	ListCell   *lc;

	if (rel->kind != RELKIND_PARTITIONED_TABLE && !rel->has_subclass && rel->old)
		return mig_rel_is_empty(rel);
	tree = mig_rel_tree(rel);
	foreach(lc, tree)
	{
		MigRel	   *one = (MigRel *) lfirst(lc);

		if (one->kind != RELKIND_PARTITIONED_TABLE && !mig_rel_is_empty(one))
			return false;
	}
	return true;
}

/* Is rel the root of the tree, or below it? */
bool
mig_rules_in(MigRel *rel, MigRel *tree)
{
	List	   *parents;
	ListCell   *lc;

	if (rel == tree)
		return true;
	if (!rel->is_partition && !tree->has_subclass && tree->old)
		return false;
	check_stack_depth();
	parents = mig_rel_parents(rel);
	foreach(lc, parents)
	{
		if (mig_rules_in((MigRel *) lfirst(lc), tree))
			return true;
	}
	return false;
}

/* The relation of a name in a schema; that of the search path: NULL. */
MigRel *
mig_rules_find(MigLint *lint, const char *schema, const char *name)
{
	return mig_world_find(lint->world,
						  makeRangeVar((char *) schema, (char *) name, -1));
}

static char *
size_text(int64 bytes)
{
	static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB"};
	int			unit = 0;

	while (bytes >= 10240 && unit < (int) lengthof(units) - 1)
	{
		bytes = (bytes + 512) / 1024;
		unit++;
	}
	return psprintf(INT64_FORMAT " %s", bytes, units[unit]);
}

static char *
rows_text(double rows)
{
	if (rows < 0)
		return NULL;
	return psprintf("about %.0f row%s", rows, rows == 1 ? "" : "s");
}

/*
 * mig_rules_describe
 *		A relation's name with its size, of all partitions if it has some.
 */
char *
mig_rules_describe(MigRel *rel)
{
	double		rows = rel->tuples;
	int64		bytes = rel->bytes;
	int			leaves = 0;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, mig_rel_label(rel));
	if (rel->kind == RELKIND_PARTITIONED_TABLE)
	{
		List	   *tree = mig_rel_tree(rel);
		ListCell   *lc;

		rows = 0;
		bytes = 0;
		foreach(lc, tree)
		{
			MigRel	   *one = (MigRel *) lfirst(lc);

			if (one->kind == RELKIND_PARTITIONED_TABLE)
				continue;
			leaves++;
			rows += Max(one->tuples, 0);
			bytes += Max(one->bytes, 0);
		}
	}
	else if (rel->kind != RELKIND_RELATION && rel->kind != RELKIND_MATVIEW &&
			 rel->kind != RELKIND_INDEX)
		return buf.data;
	else if (!rel->old)
		return buf.data;
	else if (rel->kind != RELKIND_INDEX && mig_rel_is_empty(rel))
	{
		appendStringInfoString(&buf, " (empty)");
		return buf.data;
	}

	appendStringInfoString(&buf, " (");
	if (rel->kind == RELKIND_PARTITIONED_TABLE)
		appendStringInfo(&buf, "%d partition%s, ", leaves, leaves == 1 ? "" : "s");
	if (rows >= 0 && rel->kind != RELKIND_INDEX)
		appendStringInfo(&buf, "%s, ", rows_text(rows));
	appendStringInfo(&buf, "%s)", bytes < 0 ? "size not known" : size_text(bytes));
	return buf.data;
}

/* Names of relations, as many as one wants to read. */
char *
mig_rules_list(List *rels)
{
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, rels)
	{
		int			i = foreach_current_index(lc);

		if (i == MAX_NAMED)
		{
			appendStringInfo(&buf, " and %d more", list_length(rels) - i);
			break;
		}
		if (i > 0)
			appendStringInfoString(&buf, ", ");
		appendStringInfoString(&buf, mig_rules_describe((MigRel *) lfirst(lc)));
	}
	return buf.data;
}

/* What an effect is, as a sentence. */
static void
append_effect(StringInfo buf, const MigEffect *effect)
{
	LOCKMODE	mode = mig_effect_strongest(effect);

	if (buf->len > 0)
		appendStringInfoChar(buf, ' ');
	if (mode != NoLock)
		appendStringInfo(buf, "Takes %s (%s) on %s",
						 lock_words[mode],
						 GetLockmodeName(DEFAULT_LOCKMETHOD, mode),
						 mig_rules_describe(effect->rel));
	else
		appendStringInfo(buf, "Works on %s", mig_rules_describe(effect->rel));
	if (!effect->rel->old)
		 /* nobody waits for it */ ;
	else if (mig_effect_blocks_reads(effect))
		appendStringInfoString(buf, ", so that reads and writes wait");
	else if (mig_effect_blocks_writes(effect))
		appendStringInfoString(buf, ", so that writes wait");
	if (effect->rewrites)
		appendStringInfo(buf, ", while it is written anew%s",
						 effect->builds ? " and so are its indexes" : "");
	else if (effect->builds && effect->scans)
		appendStringInfoString(buf, ", while all of it is read and an index built");
	else if (effect->scans)
		appendStringInfoString(buf, ", while all of it is read");
	else if (effect->builds)
		appendStringInfoString(buf, ", while an index is built");
	if (effect->reason)
		appendStringInfo(buf, " (%s)", effect->reason);
	if (effect->loses)
		appendStringInfoString(buf, "; what is in it is lost");
	appendStringInfoChar(buf, '.');
}

/* Worse ones first. */
static int
weight(const MigEffect *effect)
{
	return (effect->rewrites ? 64 : 0) + (effect->builds ? 32 : 0) +
		(effect->scans ? 32 : 0) + (effect->loses ? 16 : 0) +
		mig_effect_strongest(effect);
}

static int
compare_effects(const ListCell *a, const ListCell *b)
{
	return weight((MigEffect *) lfirst(b)) - weight((MigEffect *) lfirst(a));
}

/* The effect on what a partition is one of, if that has the same locks. */
static MigEffect *
parent_effect(List *effects, const MigEffect *effect)
{
	List	   *parents;
	ListCell   *lc;

	if (!effect->rel->is_partition || list_length(effects) > 1000)
		return NULL;
	parents = mig_rel_parents(effect->rel);
	foreach(lc, effects)
	{
		MigEffect  *other = (MigEffect *) lfirst(lc);

		if (list_member_ptr(parents, other->rel) && other->modes == effect->modes)
			return other;
	}
	return NULL;
}

/*
 * mig_rules_why
 *		What the current statement does to old relations: locks, scans,
 *		rewrites and losses, as sentences.
 */
char *
mig_rules_why(MigLint *lint)
{
	List	   *effects = NIL;
	List	   *shown = NIL;
	StringInfoData buf;
	ListCell   *lc;

	foreach(lc, lint->current->effects)
	{
		MigEffect  *effect = (MigEffect *) lfirst(lc);

		if (effect->rel->kind == RELKIND_INDEX ||
			effect->rel->kind == RELKIND_PARTITIONED_INDEX ||
			effect->rel->kind == RELKIND_SEQUENCE ||
			effect->rel->kind == RELKIND_TOASTVALUE)
			continue;
		if (mig_rules_blocks(effect) || (effect->rel->old &&
										 (effect->loses || effect->scans ||
										  effect->builds || effect->rewrites)))
		{
			MigEffect  *copy = palloc(sizeof(MigEffect));

			*copy = *effect;
			effects = lappend(effects, copy);
		}
	}

	/* what is done to partitions is said of the whole, from below */
	for (int i = list_length(effects) - 1; i >= 0; i--)
	{
		MigEffect  *effect = (MigEffect *) list_nth(effects, i);
		MigEffect  *parent = parent_effect(effects, effect);

		if (parent == NULL)
		{
			shown = lcons(effect, shown);
			continue;
		}
		parent->scans |= effect->scans;
		parent->rewrites |= effect->rewrites;
		parent->builds |= effect->builds;
		parent->loses |= effect->loses;
		if (parent->reason == NULL)
			parent->reason = effect->reason;
	}
	list_sort(shown, compare_effects);

	initStringInfo(&buf);
	foreach(lc, shown)
	{
		int			i = foreach_current_index(lc);

		if (i == MAX_NAMED)
		{
			appendStringInfo(&buf, " The same or less on %d more %s.",
							 list_length(shown) - i,
							 list_length(shown) - i == 1 ? "relation" : "relations");
			break;
		}
		append_effect(&buf, (MigEffect *) lfirst(lc));
	}
	return buf.data;
}

/* ... to one relation; an empty text if nothing. */
char *
mig_rules_why_of(MigLint *lint, MigRel *rel)
{
	MigEffect  *effect = mig_rules_effect(lint, rel);
	StringInfoData buf;

	initStringInfo(&buf);
	if (effect)
		append_effect(&buf, effect);
	return buf.data;
}
