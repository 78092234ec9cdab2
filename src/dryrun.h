/*-------------------------------------------------------------------------
 *
 * dryrun.h
 *	  What a dry run found: dryrun.c makes it by rehearse.c, dryrun_predict.c
 *	  foretells what is not done, dryrun_waits.c knows who is in the way,
 *	  dryrun_report.c writes it down.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_DRYRUN_H
#define MIGRATE_DRYRUN_H

#include "inspect.h"
#include "run.h"

typedef enum MigDepth
{
	MIG_DEPTH_LINT,
	MIG_DEPTH_PROBE,
	MIG_DEPTH_EXECUTE
} MigDepth;

typedef enum MigDryStatus
{
	MIG_DRY_DONE,
	MIG_DRY_FAILED,
	MIG_DRY_NOT_RUN,
	MIG_DRY_REFUSED,			/* it does not run in a transaction */
	MIG_DRY_PROBED,				/* stopped before it rewrote */
	MIG_DRY_PREDICTED
} MigDryStatus;

/* The settings that decide what a statement does. */
typedef struct MigDrySettings
{
	char	   *lock_timeout;
	char	   *statement_timeout;
	char	   *timezone;
	char	   *search_path;
} MigDrySettings;

/* One statement, or what stands for one. */
typedef struct MigDryRow
{
	int			number;			/* in the dry run, from 1 */
	int			step;			/* in the plan, from 1; 0: a text alone */
	const char *version;
	const char *name;
	const char *path;
	const char *script;			/* up, down, verify, precondition or the kind
								 * of a hook */
	int			statement;		/* in its script, from 1; 0: the script as a
								 * whole */
	int			line;			/* in the file; 0: not known */
	const char *command;		/* tag */
	const char *sql;
	MigDryStatus status;
	int			transaction;	/* as a worker would commit */
	const char *reason;			/* why it was not run as it is */
	const char *substitute;		/* what was run instead */
	char	   *sqlstate;
	char	   *message;
	char	   *detail;
	char	   *hint;
	int			error_line;
	bool		artefact;		/* of sharing one transaction */
	bool		lacks;			/* what it did not do may be missed */
	MigDrySettings *settings;
	MigObservation *seen;		/* NULL: nothing was */
} MigDryRow;

typedef struct MigDryRun
{
	MigRun		run;
	const char *text;			/* that is no migration, or NULL */
	MigDepth	depth;
	MemoryContext context;		/* of what is found */
	MigRecorder *recorder;
	List	   *rows;			/* of MigDryRow * */
	int			transaction;
	bool		stopped;		/* what follows is not run */
	bool		lacking;		/* something was not done that should be there */
	bool		locked;			/* relations were, before */
	MigJournal *journal;		/* of the current step, if it is half done */
	char	   *lock_timeout;	/* of a real run */
	MigDrySettings *settings;	/* the last that were read */
	List	   *relations;		/* of MigSeenRel *, afterwards */
} MigDryRun;

/* What is to be taken back. */
typedef void (*MigRehearsal) (MigDryRun *dry, void *arg);

/* rehearse.c */
extern void mig_rehearsal(MigDryRun *dry, const char *function, MigRehearsal body,
						  void *arg);
extern void mig_rehearsal_begin(MigDryRun *dry);
extern int	mig_rehearse_script(MigDryRun *dry, const char *kind,
								const MigScript *script);
extern void mig_rehearse_verify(MigDryRun *dry, const MigStored *stored);
extern bool mig_rehearse_is_due(MigDryRun *dry, const MigStored *stored);
extern void mig_rehearse_hooks(MigDryRun *dry, const char *when, const char *payload);
extern void mig_rehearse_record(MigDryRun *dry, const MigStored *stored);

/* dryrun_predict.c */
extern List *mig_dry_effects(const MigStatement *stmt);
extern List *mig_dry_expected(List *effects);
extern void mig_dry_add_effects(MigDryRun *dry, MigObservation *seen, List *effects);
extern void mig_dry_predict(MigDryRun *dry, const char *target);

/* dryrun_waits.c */
extern void mig_dry_describe_waits(MigDryRun *dry, MigDryRow *row);
extern void mig_dry_add_transaction_waits(MigDryRun *dry, MigDryRow *row);

/* dryrun_report.c */
extern MigDryRow *mig_dry_add_row(MigDryRun *dry, const char *script);
extern MigDryRow *mig_dry_add_statement(MigDryRun *dry, const char *script,
										const MigStatement *stmt, int number);
extern const char *mig_depth_name(MigDepth depth);
extern void mig_dry_put_rows(FunctionCallInfo fcinfo, const MigDryRun *dry);
extern Datum mig_dry_document(const MigDryRun *dry);

#endif							/* MIGRATE_DRYRUN_H */
