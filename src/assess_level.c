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
	reason->unseen = 0;
	row->reasons[axis] = lappend(row->reasons[axis], reason);
	row->level[axis] = Max(row->level[axis], level);
}

/*
 * mig_assess_unseen_reason
 *		The same, of a statement whose text does not tell what it does: a dry
 *		run does.
 */
void
mig_assess_unseen_reason(const MigJudged *judged, MigAxis axis, MigLevel level, char *text)
{
	mig_assess_reason(judged->row, axis, level, "line %d: %s", judged->line, text);
	((MigReason *) llast(judged->row->reasons[axis]))->unseen = judged->linted->number;
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

/* The size that a relation had then, in words, or an empty string. */
static const char *
size_of(const MigEffect *effect)
{
	char	   *bytes = effect->bytes < 0 ? NULL :
		TextDatumGetCString(DirectFunctionCall1(pg_size_pretty, Int64GetDatum(effect->bytes)));

	if (effect->tuples < 0)
		return bytes ? bytes : "";
	return psprintf("%.0f row%s%s%s", effect->tuples, effect->tuples == 1 ? "" : "s",
					bytes ? ", " : "", bytes ? bytes : "");
}

#define MANY 10					/* relations */

/*
 * mig_assess_parentheses
 *		The size in parentheses, with a reason, which may be NULL.
 */
const char *
mig_assess_parentheses(const char *reason, const MigEffect *effect)
{
	const char *size = size_of(effect);

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
effect_reason(const MigJudged *judged, MigLevel level, const MigEffect *effect, int others,
			  const char *raised)
{
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
		mig_judged_reason(judged, MIG_AXIS_AVAILABILITY, level,
						  "line %d: %s %s %s%s under %s: %s%s%s", judged->line, judged->command, verb,
						  effect->label, mig_assess_parentheses(effect->reason, effect),
						  lock, who_waits(effect), more, raised);
	else
		mig_judged_reason(judged, MIG_AXIS_AVAILABILITY, level,
						  "line %d: %s takes %s on %s: %s%s%s%s", judged->line, judged->command, lock,
						  effect->label, who_waits(effect),
						  judged->linted->lock_timeout > 0 ? "" :
						  ", also while it waits itself, since there is no lock_timeout",
						  more, raised);
}

/* What the statement is at, by its locks and work alone. */
static void
judge_availability(const MigJudged *judged)
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
		MigJudged	judged = {row, &script->statements[i]};

		CHECK_FOR_INTERRUPTS();
		/* done before, by a run that did not come to its end */
		if (judged.linted->transaction == 0)
			continue;
		judged.line = judged.linted->stmt->line;
		judged.command = CreateCommandName(judged.linted->stmt->raw->stmt);
		judged.found = found[i];
		judge_availability(&judged);
		mig_assess_data(&judged);
	}
}
