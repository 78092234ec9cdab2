/*-------------------------------------------------------------------------
 *
 * adopt.h
 *	  An adoption on its way: what match.c makes of a history, and adopt.c
 *	  reports or records.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_ADOPT_H
#define MIGRATE_ADOPT_H

#include "migrate.h"
#include "history.h"

#include "utils/hsearch.h"

/* No message lists more. */
#define MIG_LISTED 10

/* A migration of the project, and what the history says about it. */
typedef struct MigClaim
{
	MigEntry   *entry;
	const MigToolRow *row;		/* the row that says it is applied, or NULL */
	bool		baseline;		/* ... only in that a baseline stands for it */
	bool		changed;		/* a repeatable that has to run again */
	char	   *problem;		/* a sentence part, or NULL */
	bytea	   *checksum;		/* of the registered text, once it was read */
	bytea	   *fingerprint;
	char	   *sums[2];		/* Atlas: what its checksum may be */
} MigClaim;

/* A row of the history to which no registered migration belongs. */
typedef struct MigStray
{
	const MigToolRow *row;
	MigEntry   *entry;			/* as it would be recorded, or NULL */
	char	   *problem;
	bool		fatal;			/* its tool does not know either */
} MigStray;

typedef struct MigAdoption
{
	const MigHistory *history;
	const MigTool *tool;
	const char *project;
	bool		dry;
	bool		lenient;
	MigClaim   *items;
	int			nitems;
	HTAB	   *index;
	List	   *strays;			/* of MigStray * */
	HTAB	   *stray_keys;
	MemoryContext scratch;		/* for one text at a time */
	const char *by;				/* who calls */
	TimestampTz now;
} MigAdoption;

extern void mig_match(MigAdoption *adoption, const char *sqitch_project,
					  ArrayType *versions);
extern void mig_match_fetch(MigAdoption *adoption, MigClaim *item);
extern bool mig_match_has_version(const MigAdoption *adoption, const char *version);
extern bool mig_done_here(const MigEntry *entry);
extern void mig_row_name(const MigToolRow *row, char **version, char **name);

#endif							/* MIGRATE_ADOPT_H */
