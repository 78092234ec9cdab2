/*-------------------------------------------------------------------------
 *
 * assess.h
 *	  The verdict on a migration, and what it is made of.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_ASSESS_H
#define MIGRATE_ASSESS_H

#include "lint.h"
#include "utils/jsonb.h"

#define MIG_JUDGED (MIG_AXIS_FAILURE + 1)	/* axes, without style */

typedef struct MigReason
{
	MigLevel	level;
	char	   *text;
	int			unseen;			/* the statement that it is about, if only
								 * because its text does not tell; else 0 */
} MigReason;

/* How one gets back. */
typedef enum MigWayBack
{
	MIG_BACK_NOT_NEEDED,
	MIG_BACK_EASY,
	MIG_BACK_LOSSY,
	MIG_BACK_IMPOSSIBLE
} MigWayBack;

/* What a dry run says of a statement. */
typedef struct MigMeasured
{
	int			step;			/* of the plan, from 1 */
	char	   *version;
	char	   *script;			/* up, down, or one that runs beside it */
	int			number;			/* of the statement in its script, from 1; 0:
								 * the script as a whole */
	double		ms;				/* -1: it did not run */
	char	   *error;			/* its message, or NULL */
	char	   *sqlstate;
	bool		artefact;		/* ... that a real run would not have */
	Jsonb	   *locks;			/* as migrate_dry_run() says it; may be NULL */
	Jsonb	   *rewrites;
	Jsonb	   *scans;
	Jsonb	   *rows;
	Jsonb	   *objects;
} MigMeasured;

typedef struct MigVerdictRow
{
	const MigStep *step;
	const MigLintedScript *linted;	/* while it is judged; NULL: there is no
									 * script to run */
	MigLevel	level[MIG_JUDGED];
	List	   *reasons[MIG_JUDGED];	/* of MigReason * */
	/* unless only the levels are wanted */
	MigWayBack	back;
	char	   *back_why;
	double		ms;				/* -1: not known */
	char	   *ms_why;
	char	   *advice;			/* NULL: there is none */
	bool		cannot_run;
	struct MigTimed *timed;		/* assess_duration.c's, of each statement */
	int			ntimed;
} MigVerdictRow;

/* A statement under judgement. */
typedef struct MigJudged
{
	MigVerdictRow *row;
	const MigLinted *linted;
	int			line;
	const char *command;
	const int  *found;			/* level of its findings on each axis; -1:
								 * none */
} MigJudged;

/* Give a reason, unless a finding about the statement says as much. */
#define mig_judged_reason(judged, axis, level, ...) \
	do { \
		if ((int) (level) > (judged)->found[axis]) \
			mig_assess_reason((judged)->row, axis, level, __VA_ARGS__); \
	} while (0)

/* assess_level.c */
extern void mig_assess_levels(MigVerdictRow *row);
extern void mig_assess_reason(MigVerdictRow *row, MigAxis axis, MigLevel level,
							  const char *format,...) pg_attribute_printf(4, 5);
extern void mig_assess_unseen_reason(const MigJudged *judged, MigAxis axis, MigLevel level,
									 char *text);
extern MigLevel mig_assess_worst(const MigVerdictRow *row);
extern const char *mig_assess_parentheses(const char *reason, const MigEffect *effect);

/* assess_data.c */
extern void mig_assess_data(const MigJudged *judged);
extern bool mig_assess_calls(Node *node);

/* assess_type.c */
extern void mig_assess_type(const MigJudged *judged, const MigEffect *effect,
							const AlterTableCmd *cmd);

/* assess_back.c */
extern void mig_assess_back(MigVerdictRow *row, TimestampTz rolled_back);

/* again, after more reasons */
extern void mig_assess_back_again(MigVerdictRow *row);

/* assess_measured.c */
extern List *mig_assess_measure(const char *target);
extern void mig_assess_measured(MigVerdictRow *row, const List *measured);

/*
 * assess_duration.c: first of the script, while there is one; then with what
 * was measured of the step, a List of MigMeasured *.
 */
extern void mig_assess_work(MigVerdictRow *row);
extern void mig_assess_duration(MigVerdictRow *row, const List *measured);

/* the place and command of a statement whose text does not tell what it does */
extern char *mig_assess_unseen(const MigVerdictRow *row, int number, int *lock_timeout);

#endif							/* MIGRATE_ASSESS_H */
