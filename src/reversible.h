/*-------------------------------------------------------------------------
 *
 * reversible.h
 *	  Whether a migration's down script undoes its up script: reversible.c has
 *	  both rehearsed and judges, reversible_data.c sees what becomes of rows,
 *	  reversible_sql.c returns and keeps what is found.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_REVERSIBLE_H
#define MIGRATE_REVERSIBLE_H

#include "dryrun.h"
#include "snapshot.h"

/* From best to worst. */
typedef enum MigReversal
{
	MIG_REVERSIBLE,
	MIG_UNTESTED,
	MIG_LOSSY,
	MIG_IRREVERSIBLE
} MigReversal;

/* Something that is wrong, or is worth to be told; NULL where it has none. */
typedef struct MigFinding
{
	MigReversal weight;			/* what the verdict is at least */
	const char *problem;
	const char *kind;
	const char *identity;
	const char *component;
	const char *change;
	const char *expected;
	const char *actual;
	int64		lost;			/* rows or values; -1: not counted */
	const char *script;
	int			statement;		/* 0: none */
	int			line;			/* 0: none */
	const char *sqlstate;
} MigFinding;

/* A migration that was tried. */
typedef struct MigTrial
{
	const bytea *key;
	const char *version;
	const char *name;
	MigReversal verdict;
	List	   *findings;		/* of MigFinding * */
	bool		tried;			/* the verdict is about it, and worth keeping */
	bytea	   *up;				/* SHA-256 of the texts */
	bytea	   *down;			/* NULL: it has none */
	MemoryContext context;		/* of all that */
} MigTrial;

/* reversible.c */
extern List *mig_reversible_try(MigDryRun *dry, const char *version);
extern MigFinding *mig_trial_add(MigTrial *trial, MigReversal weight,
								 const char *problem);

/* reversible_data.c */
typedef struct MigHoldings MigHoldings;

extern MigHoldings *mig_holdings_read(void);
extern List *mig_holdings_touched(const MigHoldings *before);
extern List *mig_data_read(const List *relations, MigTrial *trial);
extern void mig_data_compare(const List *data, MigTrial *trial, const char *script);

#endif							/* MIGRATE_REVERSIBLE_H */
