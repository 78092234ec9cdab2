/*-------------------------------------------------------------------------
 *
 * run.h
 *	  A run: what run.c, which has it in the caller's transaction, offers to
 *	  deploy.c, where each step commits by itself, and to hook.c and retry.c,
 *	  and what these offer.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RUN_H
#define MIGRATE_RUN_H

#include "migrate.h"
#include "drift.h"

#include "portability/instr_time.h"

/* No more of a migration's label than this is shown as activity, in bytes. */
#define MIG_PROGRESS_LABEL 120

typedef struct MigRun
{
	const char *project;
	bool		down;
	bool		rehearsed;		/* all of it is undone */
	const MigPlan *plan;
	bool		has_baselines;
	List	   *hooks;			/* of MigHook * */
	MigResult  *results;
	MigChain	chain;
	MigExecution execution;
	MigDeferrable deferrable;
	MigTracking tracking;
	MigEvent	base;			/* who runs it: what all its events say */
	int			step;			/* index of the step being executed */
	TimestampTz started;		/* when it began */
	instr_time	clock;
	char		progress[MIG_PROGRESS_LABEL + 80];
} MigRun;

/* run.c */
extern void mig_run_enter(MigRun *run);
extern void mig_run_leave(void);
extern const MigRun *mig_run_current(void);
extern void mig_run_plan(MigRun *run, const char *target);
extern bool mig_run_trusts(const char *registered_by, bool registrant_superuser);
extern void mig_run_refuse_untrusted(const MigRun *run);
extern void mig_run_report_skipped(const MigRun *run);
extern void mig_run_parse_broken(MigRun *run);
extern int	mig_run_limit_lock_wait(void);
extern void mig_run_set(const char *name, const char *value);
extern void mig_step_begin(MigRun *run);
extern bool mig_step_is_due(MigRun *run, const MigStored *stored);
extern void mig_step_settle(MigRun *run, const MigStored *stored);
extern void mig_step_record(MigRun *run, const MigStored *stored);
extern void mig_step_report(MigRun *run);
extern void mig_run_failure_event(MigRun *run, const ErrorData *error,
								  MigEvent *event);

/* hook.c */
typedef void (*MigHookRunner) (const MigHook *hook, void *arg);

extern void mig_hooks_each(MigRun *run, const char *when, const char *payload,
						   MigHookRunner runner, void *arg);
extern void mig_hooks_run(MigRun *run, const char *when, const char *payload);
extern char *mig_step_payload(const MigRun *run, const MigResult *result);
extern char *mig_run_payload(const MigRun *run, int steps_done, const ErrorData *error);
extern void mig_notify(const char *payload);
extern void mig_restore_point(MigRun *run);

/* retry.c */
extern void mig_watch_lock_waits(int lock_timeout);
extern bool mig_is_worth_retry(const MigRun *run, const ErrorData *error);
extern void mig_prepare_retry(MigRun *run, ErrorData *error, int attempt,
							  int lock_timeout);

#endif							/* MIGRATE_RUN_H */
