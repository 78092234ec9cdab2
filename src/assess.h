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

#define MIG_JUDGED (MIG_AXIS_FAILURE + 1)	/* axes, without style */

typedef struct MigReason
{
	MigLevel	level;
	char	   *text;
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
	char	   *version;
	int			number;			/* of the statement in its script, from 1 */
	double		ms;				/* -1: it did not run */
	char	   *error;			/* its message, or NULL */
	char	   *sqlstate;
	bool		artefact;		/* ... that a real run would not have */
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
} MigVerdictRow;

/* assess_level.c */
extern void mig_assess_levels(MigVerdictRow *row);
extern void mig_assess_reason(MigVerdictRow *row, MigAxis axis, MigLevel level,
							  const char *format,...) pg_attribute_printf(4, 5);
extern MigLevel mig_assess_worst(const MigVerdictRow *row);
extern char *mig_assess_size(const MigRel *rel);

/* assess_back.c */
extern void mig_assess_back(MigVerdictRow *row, TimestampTz rolled_back);

/* assess_duration.c: measured is a List of MigMeasured *, of the plan */
extern void mig_assess_duration(MigVerdictRow *row, const List *measured);

#endif							/* MIGRATE_ASSESS_H */
