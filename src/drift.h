/*-------------------------------------------------------------------------
 *
 * drift.h
 *	  What runs have left a database as, and what has changed it since.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_DRIFT_H
#define MIGRATE_DRIFT_H

#include "snapshot.h"

#include "lib/stringinfo.h"

/* What a run remembers of the database until its end. */
typedef struct MigTracking
{
	bool		on;
	int64		job;			/* 0: in a caller's transaction */
	const char *project;
	MemoryContext context;		/* of base, or NULL */
	MigSnapshot *base;			/* as the run found it; NULL: as the last one
								 * left it, or nothing is known of that */
} MigTracking;

/* The reference: what the last run has left. */
typedef struct MigReference
{
	TimestampTz since;			/* all that it does not have came later */
	char	   *snapshot;		/* of transactions, then */
	char	   *version;		/* the same as long as nobody changes it */
	bool		has_stamp;		/* it is as the database was then */
	uint64		stamp;
	MigSnapshot *rows;
	ItemPointerData *twins;		/* places of others with the same key */
	int			ntwins;
} MigReference;

/* drift.c */
extern void mig_tracking_begin(MigTracking *tracking, const char *project, int64 job);
extern void mig_tracking_end(MigTracking *tracking);
extern void mig_reference_begin(const char *project);
extern MigReference *mig_reference_read(void);
extern MigReference *mig_reference_and_now(int without, bool definitions, MigSnapshot **now,
										   bool *others);
extern MigDifference *mig_reference_compare(const MigReference *reference,
											const MigSnapshot *now, int *n);
extern int	mig_reference_replace(const char *project, const char *origin, int limit,
								  StringInfo list);

#endif							/* MIGRATE_DRIFT_H */
