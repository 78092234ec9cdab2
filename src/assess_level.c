/*-------------------------------------------------------------------------
 *
 * assess_level.c
 *	  The three judgements on a migration, by what lint says of its
 *	  statements: availability, data and compatibility, failure.
 *
 * The level of an axis is the worst of its findings and of what the
 * statements do, which counts also where a finding about it is suppressed or
 * off.  Pure: no catalogs, no locks.  Memory is the caller's current context.
 *
 *-------------------------------------------------------------------------
 */
#include "assess.h"

#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"

/*
 * mig_assess_reason
 *		Add a reason, and raise the axis to its level.
 */
void
mig_assess_reason(MigVerdictRow *row, MigAxis axis, MigLevel level,
				  const char *format,...)
{
	MigReason  *reason = palloc(sizeof(MigReason));
	StringInfoData buf;

	initStringInfo(&buf);
	for (;;)
	{
		va_list		args;
		int			needed;

		va_start(args, format);
		needed = appendStringInfoVA(&buf, format, args);
		va_end(args);
		if (needed == 0)
			break;
		enlargeStringInfo(&buf, needed);
	}
	reason->level = level;
	reason->text = buf.data;
	row->reasons[axis] = lappend(row->reasons[axis], reason);
	row->level[axis] = Max(row->level[axis], level);
}

/*
 * mig_assess_worst
 *		The worst of the three.
 */
MigLevel
mig_assess_worst(const MigVerdictRow *row)
{
	MigLevel	worst = MIG_LEVEL_NONE;
	int			axis;

	for (axis = 0; axis < MIG_JUDGED; axis++)
		worst = Max(worst, row->level[axis]);
	return worst;
}

/*
 * mig_assess_size
 *		A relation's size in words, or an empty string.
 */
char *
mig_assess_size(const MigRel *rel)
{
	char	   *bytes = rel->bytes < 0 ? NULL :
		TextDatumGetCString(DirectFunctionCall1(pg_size_pretty, Int64GetDatum(rel->bytes)));

	if (rel->tuples < 0)
		return bytes ? bytes : "";
	return psprintf("%.0f row%s%s%s", rel->tuples, rel->tuples == 1 ? "" : "s",
					bytes ? ", " : "", bytes ? bytes : "");
}

#define MANY 10					/* relations */

/* A statement under judgement. */
typedef struct Judged
{
	MigVerdictRow *row;
	const MigLinted *linted;
	int			line;
	const char *command;
	const int  *found;			/* level of its findings on each axis; -1: none */
} Judged;

/* Give a reason, unless a finding about the statement says as much. */
#define reason_of(judged, axis, level, ...) \
	do { \
		if ((int) (level) > (judged)->found[axis]) \
			mig_assess_reason((judged)->row, axis, level, __VA_ARGS__); \
	} while (0)

/* ... in parentheses, with a reason */
static const char *
in_parentheses(const char *reason, const char *size)
{
	if (reason == NULL)
		reason = "";
	if (*reason == '\0' && *size == '\0')
		return "";
	return psprintf(" (%s%s%s)", reason, *reason && *size ? "; " : "", size);
}

static const char *
who_waits(const MigEffect *effect)
{
	return mig_effect_blocks_reads(effect) ? "readers and writers wait" :
		mig_effect_blocks_writes(effect) ? "writers wait" : "other DDL waits";
}

static void
effect_reason(const Judged *judged, MigLevel level, const MigEffect *effect, int others,
			  const char *raised)
{
	char	   *size = mig_assess_size(effect->rel);
	const char *verb = effect->rewrites ? "rewrites" :
		effect->builds ? "builds an index on" :
		effect->scans ? "reads all of" : NULL;
	LOCKMODE	mode = mig_effect_strongest(effect);
	const char *lock = mode == NoLock ? "" : GetLockmodeName(DEFAULT_LOCKMETHOD, mode);
	const char *more = others == 0 ? "" :
		psprintf(", and likewise with %d other relation%s", others, others == 1 ? "" : "s");

	if (verb && effect->builds && effect->rel->kind == RELKIND_INDEX)
		verb = "builds";
	if (verb)
		reason_of(judged, MIG_AXIS_AVAILABILITY, level,
				  "line %d: %s %s %s%s under %s: %s%s%s", judged->line, judged->command, verb,
				  mig_rel_label(effect->rel), in_parentheses(effect->reason, size),
				  lock, who_waits(effect), more, raised);
	else
		reason_of(judged, MIG_AXIS_AVAILABILITY, level,
				  "line %d: %s takes %s on %s: %s%s%s%s", judged->line, judged->command, lock,
				  mig_rel_label(effect->rel), who_waits(effect),
				  judged->linted->lock_timeout > 0 ? "" :
				  ", also while it waits itself, since there is no lock_timeout",
				  more, raised);
}

/* What the statement is at, by its locks and work alone. */
static void
judge_availability(const Judged *judged)
{
	const MigLinted *linted = judged->linted;
	const MigEffect *worst = NULL;
	MigLevel	level = MIG_LEVEL_NONE;
	int			others = 0;
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);
		MigLevel	of_effect;

		if (!effect->rel->old)
			continue;
		of_effect = mig_level_of_effect(effect, linted->lock_timeout);
		if (of_effect > level)
		{
			level = of_effect;
			worst = effect;
			others = 0;
		}
		else if (of_effect == level && worst)
			others++;
	}
	if (worst)
		effect_reason(judged, Max(level, linted->availability), worst, others,
					  linted->availability <= level ? "" :
					  others >= MANY ? ", which are many to be locked at once" :
					  ", also while the statements after it run");
}

static bool
calls_walker(Node *node, void *context)
{
	if (node == NULL)
		return false;
	if (IsA(node, FuncCall))
		return true;
	return raw_expression_tree_walker(node, calls_walker, context);
}

/* Is all that a DML statement writes new, or empty? */
static MigRel *
written_relation(const MigLinted *linted)
{
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->named && effect->rel->old && (effect->modes & LOCKBIT_ON(RowExclusiveLock)) &&
			!mig_rel_is_empty(effect->rel))
			return effect->rel;
	}
	return NULL;
}

static void
judge_write(const Judged *judged, const char *verb, bool all)
{
	MigRel	   *rel = written_relation(judged->linted);

	if (rel == NULL)
		return;
	reason_of(judged, MIG_AXIS_DATA, all ? MIG_LEVEL_HIGH : MIG_LEVEL_MEDIUM,
			  "line %d: %s rows of %s%s, whose former values are kept nowhere",
			  judged->line, verb, mig_rel_label(rel),
			  in_parentheses(NULL, mig_assess_size(rel)));
}

static bool
touches_old(const MigLinted *linted)
{
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		if (((const MigEffect *) lfirst(lc))->rel->old)
			return true;
	}
	return false;
}

/* What becomes of data and of those who use it, by the statement alone. */
static void
judge_data(const Judged *judged)
{
	const MigLinted *linted = judged->linted;
	Node	   *node = linted->stmt->raw->stmt;
	ListCell   *lc;

	foreach(lc, linted->effects)
	{
		const MigEffect *effect = (const MigEffect *) lfirst(lc);

		if (effect->loses && effect->rel->old &&
			(effect->rel->kind == RELKIND_RELATION || effect->rel->kind == RELKIND_PARTITIONED_TABLE ||
			 effect->rel->kind == RELKIND_MATVIEW))
			reason_of(judged, MIG_AXIS_DATA,
					  effect->rel->kind == RELKIND_MATVIEW || mig_rel_is_empty(effect->rel) ?
					  MIG_LEVEL_MEDIUM : MIG_LEVEL_HIGH,
					  "line %d: with %s what is in %s%s is gone", judged->line, judged->command,
					  mig_rel_label(effect->rel),
					  in_parentheses(NULL, mig_assess_size(effect->rel)));
	}

	switch (nodeTag(node))
	{
		case T_VariableSetStmt:
		case T_VariableShowStmt:
		case T_TransactionStmt:
		case T_ConstraintsSetStmt:
		case T_ExplainStmt:
		case T_VacuumStmt:
		case T_ReindexStmt:
		case T_ClusterStmt:
		case T_CheckPointStmt:
		case T_CommentStmt:
		case T_LockStmt:
		case T_NotifyStmt:
		case T_ListenStmt:
		case T_UnlistenStmt:
		case T_DiscardStmt:
		case T_LoadStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_RefreshMatViewStmt:
			return;
		case T_SelectStmt:
			if (calls_walker(node, NULL))
				reason_of(judged, MIG_AXIS_DATA, MIG_LEVEL_LOW,
						  "line %d: what the functions that it calls do is not to be seen in the text",
						  judged->line);
			return;
		case T_DoStmt:
		case T_CallStmt:
		case T_ExecuteStmt:
			reason_of(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
					  "line %d: what %s does is not to be seen in the text; a dry run shows it",
					  judged->line, judged->command);
			return;
		case T_UpdateStmt:
			judge_write(judged, ((UpdateStmt *) node)->whereClause ? "changes" : "changes all",
						((UpdateStmt *) node)->whereClause == NULL);
			break;
		case T_DeleteStmt:
			judge_write(judged, ((DeleteStmt *) node)->whereClause ? "deletes" : "deletes all",
						((DeleteStmt *) node)->whereClause == NULL);
			break;
		case T_MergeStmt:
			judge_write(judged, "changes", false);
			break;
		case T_RenameStmt:
		case T_AlterObjectSchemaStmt:
			if (touches_old(linted))
				reason_of(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
						  "line %d: %s takes a name away that clients may use",
						  judged->line, judged->command);
			break;
		case T_DropStmt:
			if (((DropStmt *) node)->removeType != OBJECT_INDEX && touches_old(linted))
				reason_of(judged, MIG_AXIS_DATA, MIG_LEVEL_MEDIUM,
						  "line %d: %s takes away what clients may use",
						  judged->line, judged->command);
			break;
		default:
			break;
	}
	/* whatever else it is, it adds something */
	judged->row->level[MIG_AXIS_DATA] = Max(judged->row->level[MIG_AXIS_DATA], MIG_LEVEL_LOW);
}

/*
 * mig_assess_levels
 *		Judge a script.
 */
void
mig_assess_levels(MigVerdictRow *row)
{
	const MigLintedScript *script = row->linted;
	int			(*found)[MIG_JUDGED];
	ListCell   *lc;
	int			i;
	int			axis;

	if (script->broken)
	{
		mig_assess_reason(row, MIG_AXIS_FAILURE, MIG_LEVEL_HIGH, "%s", script->broken);
		return;
	}

	found = palloc_extended(sizeof(*found) * Max(script->nstatements, 1), MCXT_ALLOC_HUGE);
	for (i = 0; i < script->nstatements; i++)
	{
		for (axis = 0; axis < MIG_JUDGED; axis++)
			found[i][axis] = -1;
	}
	foreach(lc, script->findings)
	{
		const MigFinding *finding = (const MigFinding *) lfirst(lc);

		if (finding->rule->axis >= MIG_JUDGED || finding->level == MIG_LEVEL_NONE)
			continue;
		if (finding->stmt && script->nstatements > 0)
		{
			int64		index = finding->stmt - script->statements[0].stmt;

			if (index >= 0 && index < script->nstatements)
				found[index][finding->rule->axis] = Max(found[index][finding->rule->axis],
														(int) finding->level);
		}
		mig_assess_reason(row, finding->rule->axis, finding->level, "line %d: %s (%s)",
						  finding->line, finding->message, finding->rule->name);
	}
	for (i = 0; i < script->nstatements; i++)
	{
		Judged		judged = {row, &script->statements[i]};

		CHECK_FOR_INTERRUPTS();
		/* done before, by a run that did not come to its end */
		if (judged.linted->transaction == 0)
			continue;
		judged.line = judged.linted->stmt->line;
		judged.command = CreateCommandName(judged.linted->stmt->raw->stmt);
		judged.found = found[i];
		judge_availability(&judged);
		judge_data(&judged);
	}
	if (row->level[MIG_AXIS_DATA] == MIG_LEVEL_LOW && row->reasons[MIG_AXIS_DATA] == NIL)
		mig_assess_reason(row, MIG_AXIS_DATA, MIG_LEVEL_LOW, "it takes nothing away that is there");
}

