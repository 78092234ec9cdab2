/*-------------------------------------------------------------------------
 *
 * migrate.h
 *	  What the files of the extension share, grouped by the file that owns it.
 *
 * Calls go down this list only: guard, apply, adopt, export, require, job, worker ->
 * register, baseline, dump, deploy -> match, run -> lint (lint.h), drift (drift.h) -> history, hook, retry, plan, procedure ->
 * execute, judge, journal, log, lock -> variables, fileset -> state ->
 * catalog, collect -> queries, format -> lines, script -> tools, units, version -> sums.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_H
#define MIGRATE_H

#include "postgres.h"

#include "common/cryptohash.h"
#include "datatype/timestamp.h"
#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "lib/stringinfo.h"
#include "nodes/pg_list.h"
#include "port/atomics.h"
#include "storage/lockdefs.h"
#include "utils/array.h"
#include "utils/guc.h"
#include "utils/hsearch.h"

#include "format.h"

/* Conditions that a program must tell apart; the README lists them. */
#define ERRCODE_MIG_CHANGED				MAKE_SQLSTATE('M','G','0','0','1')
#define ERRCODE_MIG_OUT_OF_ORDER		MAKE_SQLSTATE('M','G','0','0','2')
#define ERRCODE_MIG_CONFLICT			MAKE_SQLSTATE('M','G','0','0','3')
#define ERRCODE_MIG_UNKNOWN_VERSION		MAKE_SQLSTATE('M','G','0','0','4')
#define ERRCODE_MIG_NEEDS_WORKER		MAKE_SQLSTATE('M','G','0','0','5')
#define ERRCODE_MIG_NO_DOWN				MAKE_SQLSTATE('M','G','0','0','6')
#define ERRCODE_MIG_UNTRUSTED			MAKE_SQLSTATE('M','G','0','0','7')
#define ERRCODE_MIG_NESTED				MAKE_SQLSTATE('M','G','0','0','8')
#define ERRCODE_MIG_NOT_APPLIED			MAKE_SQLSTATE('M','G','0','0','9')
#define ERRCODE_MIG_BAD_FILE			MAKE_SQLSTATE('M','G','0','1','0')
#define ERRCODE_MIG_VERIFY_FAILED		MAKE_SQLSTATE('M','G','0','1','1')
#define ERRCODE_MIG_DEPENDENCY			MAKE_SQLSTATE('M','G','0','1','2')
#define ERRCODE_MIG_APPEND_ONLY			MAKE_SQLSTATE('M','G','0','1','3')
#define ERRCODE_MIG_APPLIED				MAKE_SQLSTATE('M','G','0','1','4')
#define ERRCODE_MIG_BAD_SCRIPT			MAKE_SQLSTATE('M','G','0','1','5')
#define ERRCODE_MIG_HALF_DONE			MAKE_SQLSTATE('M','G','0','1','6')
#define ERRCODE_MIG_UNKNOWN_JOB			MAKE_SQLSTATE('M','G','0','1','7')
#define ERRCODE_MIG_JOB_RUNNING			MAKE_SQLSTATE('M','G','0','1','8')
#define ERRCODE_MIG_JOB_LOST			MAKE_SQLSTATE('M','G','0','1','9')
#define ERRCODE_MIG_HOLE				MAKE_SQLSTATE('M','G','0','2','0')
#define ERRCODE_MIG_NO_VALUE			MAKE_SQLSTATE('M','G','0','2','1')
#define ERRCODE_MIG_BAD_HASH			MAKE_SQLSTATE('M','G','0','2','2')
#define ERRCODE_MIG_BAD_HISTORY			MAKE_SQLSTATE('M','G','0','2','3')
#define ERRCODE_MIG_PRECONDITION		MAKE_SQLSTATE('M','G','0','2','4')
#define ERRCODE_MIG_WRONG_DATABASE		MAKE_SQLSTATE('M','G','0','2','5')
#define ERRCODE_MIG_LINT				MAKE_SQLSTATE('M','G','0','2','6')
#define ERRCODE_MIG_GUARD				MAKE_SQLSTATE('M','G','0','2','7')
#define ERRCODE_MIG_DRIFT				MAKE_SQLSTATE('M','G','0','2','8')
#define ERRCODE_MIG_UNSOUND				MAKE_SQLSTATE('M','G','0','2','9')

/* version.c */
extern bytea *mig_version_key(char kind, const char *version);
extern bytea *mig_order_key(char kind, int place, bytea *version_key);
extern bytea *mig_order_of_version(const bytea *order);
extern bool mig_is_placed(const bytea *order);
extern int	mig_place_of(const bytea *order);
extern int	mig_key_cmp(const bytea *a, const bytea *b);

/* script.c */
#define MIG_HASH_LENGTH 32		/* bytes of a SHA-256 */

typedef enum MigClass
{
	MIG_CLASS_PLAIN,			/* runs in a transaction */
	MIG_CLASS_COPY_IN,			/* COPY FROM stdin, its data inline */
	MIG_CLASS_TOPLEVEL,			/* refuses a transaction */
	MIG_CLASS_XACT				/* begins, ends or sets one up; a savepoint */
} MigClass;

typedef struct MigStatement
{
	RawStmt    *raw;
	MigClass	class;
	const char *command;		/* for TOPLEVEL and XACT: its name */
	const char *source;			/* what raw's locations are offsets into */
	int			source_start;	/* offset of source in the script, bytes */
	int			start;			/* first token's offset in source, bytes */
	int			len;			/* bytes, without the semicolon */
	int			line;			/* of its first token, in the file */
	const char *data;			/* COPY_IN: the lines up to \. */
	int			data_len;
} MigStatement;

/* Statements that a worker commits together. */
typedef struct MigUnit
{
	int			first;			/* index of the first statement */
	int			count;			/* none in an empty block */
	bool		toplevel;		/* the only one refuses a transaction */
	bool		block;			/* from a BEGIN of the script to its end */
	bool		rollback;		/* ... which is a ROLLBACK */
	List	   *options;		/* of DefElem: how the block is set up */
} MigUnit;

typedef struct MigParsed
{
	const MigScript *script;
	MigStatement *stmts;		/* without what begins and ends transactions */
	int			nstmts;
	MigUnit    *units;			/* one that is no block: all in a transaction */
	int			nunits;
	bool		own_transactions;	/* does it begin or end any */
	const MigStatement *needs_worker;	/* first that cannot run in a caller's
										 * transaction, or NULL */
	const MigStatement *needs_commit;	/* ... even if blocks that it undoes
										 * may be subtransactions */
	/* in a script to be judged only, what would be errors */
	bool		lenient;
	const MigStatement *nested; /* first BEGIN in a block, or end of none */
	const MigStatement *unended;	/* BEGIN of a block that does not end */
} MigParsed;

/* What a position in an error that is being raised is one in. */
typedef struct MigErrorPlace
{
	const MigScript *script;
	const char *source;
	int			source_start;
	int		   *error_line;		/* where to leave the line, or NULL */
} MigErrorPlace;

extern MigParsed *mig_script_parse(const MigScript *script, int *error_line);
extern MigParsed *mig_script_parse_leniently(const MigScript *script, int *error_line);
extern int	mig_script_line(const MigScript *script, const char *source,
							int source_start, int position);
extern char *mig_script_line_text(const MigScript *script, int line);
extern int	mig_position_to_offset(const char *source, int position);
extern char *mig_statement_text(const MigStatement *stmt);
extern bool mig_vacuum_is_full(const VacuumStmt *stmt);
extern bytea *mig_statement_hash(const bytea *before, const MigStatement *stmt);
extern pg_cryptohash_ctx *mig_hash_begin(void);
extern void mig_hash_update(pg_cryptohash_ctx *hash, const void *data, size_t len);
extern bytea *mig_hash_end(pg_cryptohash_ctx *hash);
extern bytea *mig_checksum(const char *text);
extern bytea *mig_fingerprint(const MigScript *script);

/* units.c */
extern void mig_find_units(MigParsed *parsed, int n, MigErrorPlace *place);
extern bool *mig_find_undone(const MigParsed *parsed, const MigUnit *unit);
extern void mig_script_by_statement(MigParsed *parsed);

/* redact.c */
extern char *mig_redact(const char *text, int len);

/* format.c */
extern HTAB *mig_string_table(const char *what, Size entrysize, int n);

/* plan.c */
typedef enum MigPolicy
{
	MIG_ORDER_ERROR,
	MIG_ORDER_ALLOW,
	MIG_ORDER_SKIP
} MigPolicy;

/* One direction of a registered migration, as registration judged it. */
typedef struct MigSide
{
	bool		exists;
	int			statements;		/* -1: not known */
	char	   *worker;			/* why it cannot run in a transaction, or NULL */
	char	   *broken;			/* why it cannot be parsed, or NULL */
	char	   *path;
	bool		variables;		/* may need values */
} MigSide;

/* A migration as the catalog knows it: registered, applied or both. */
typedef struct MigEntry
{
	bytea	   *key;
	bytea	   *order;			/* what they are sorted by; often the same */
	int			by_key;			/* index of the one at this place by key */
	char	   *version;
	char	   *name;
	char		kind;
	bool		placed;			/* its format has an order of its own */
	bool		always;			/* a repeatable that every run repeats */
	bool		may_wait;		/* its precondition may keep it pending */
	char	   *hole;			/* why only its own tool can run it, or NULL */
	bool		registered;
	bool		applied;
	bool		settled;		/* applied, and with the text registered now */
	bool		same_text;		/* ... to the byte, comments included */
	char		how;			/* applied: 'r'un, 'b'aseline, 'm'arked or
								 * 'a'dopted */
	bytea	   *checksum;
	List	   *requires;		/* of char *, as registered; "!": not that */
	List	   *tags;			/* of char * */
	char	   *registered_by;
	bool		registrant_superuser;	/* when registering */
	MigSide		up;
	MigSide		down;
	char		unfinished;		/* half done: 'u'p or 'd'own; '\0': it is not */
	int			done;			/* ... statements, */
	int			total;			/* of so many */
	/* plan.c's own */
	List	   *needs;			/* of MigEntry * */
	int			mark;
	bool		late;			/* pending, an applied one comes after it */
} MigEntry;

typedef enum MigAction
{
	MIG_APPLY,
	MIG_COVER,					/* a baseline script stands for it */
	MIG_ROLLBACK,
	/* what a run made of MIG_APPLY, its precondition not being met */
	MIG_SKIPPED,
	MIG_MARKED
} MigAction;

typedef struct MigStep
{
	MigEntry   *entry;
	MigAction	action;
	bool		covered;		/* a baseline: its version is a step too */
} MigStep;

typedef struct MigPlan
{
	MigStep    *steps;
	int			nsteps;
	bool		down;
	List	   *skipped;		/* of MigEntry *: out of order, left out */
} MigPlan;

extern MigPlan *mig_plan_up(MigEntry *entries, int n, const char *target,
							MigPolicy policy);
extern MigPlan *mig_plan_down(MigEntry *entries, int n, const char *target);
extern MigPlan *mig_plan_to(MigEntry *entries, int n, const char *target,
							MigPolicy policy);
extern MigEntry *mig_plan_find(MigEntry *entries, int n, const char *version);
extern bool mig_version_above(const MigEntry *a, const MigEntry *b);
extern const MigSide *mig_step_side(const MigStep *step);
extern const char *mig_step_worker(const MigStep *step);
extern char *mig_step_label(const MigStep *step);
extern void mig_require_text(const MigEntry *entry);
extern char *mig_label(const char *version, const char *name);

/* format_liquibase_script.c */
extern char *mig_liquibase_body(const char *up_text);

/* subxact.c */
extern ErrorData *mig_subtransaction(void (*action) (void *), void *arg, bool keep);
extern bool mig_is_interrupt(const ErrorData *error);

/* module.c */
extern char *mig_text_argument(FunctionCallInfo fcinfo, int n, const char *name);
extern char *mig_reason_argument(FunctionCallInfo fcinfo, int n);
extern MemoryContext mig_call_context(MemoryContext *caller);

/* settings */
typedef enum MigLintMode
{
	MIG_LINT_OFF,
	MIG_LINT_WARN,
	MIG_LINT_ERROR
} MigLintMode;

/* What is done about DDL outside of a run. */
typedef enum MigGuardMode
{
	MIG_GUARD_ON,				/* as migrate_guard_on() has it */
	MIG_GUARD_OFF,
	MIG_GUARD_RECORD,
	MIG_GUARD_WARN,
	MIG_GUARD_ERROR
} MigGuardMode;

/* What a run does about what it finds changed since the last one. */
typedef enum MigDriftMode
{
	MIG_DRIFT_OFF,				/* and leaves no snapshot itself */
	MIG_DRIFT_RECORD,
	MIG_DRIFT_WARN,
	MIG_DRIFT_ERROR
} MigDriftMode;

extern char *mig_step;
extern int	mig_lock_retries;
extern char *mig_variables;
extern bool mig_restore_points;
extern char *mig_project;
extern int	mig_out_of_order;
extern int	mig_lock_wait;
extern int	mig_lock_timeout;
extern char *mig_search_path;
extern char *mig_role;
extern char *mig_contexts;
extern char *mig_labels;
extern bool mig_record_failures;
extern bool mig_trust_registrants;
extern char *mig_environment;
extern int	mig_lint;
extern char *mig_lint_rules;
extern int	mig_lint_rows;
extern int	mig_lint_size;
extern int	mig_dry_run_lock_timeout;
extern int	mig_reversible_rows;
extern int	mig_guard;
extern int	mig_drift;

/* lock.c */
typedef enum MigLockClass
{
	MIG_LOCK_RUN = 0x4d47,		/* 19783 */
	MIG_LOCK_WORKER,
	MIG_LOCK_JOB,
	MIG_LOCK_GATE
} MigLockClass;

extern int	mig_limit_lock_waits(int timeout);
extern bool mig_lock_try(const char *project);
extern void mig_lock_not_available(const char *project, const char *holder);
extern void mig_lock_wait_for(const char *project, const char *holder);
extern void mig_lock_release(const char *project);
extern bool mig_lock_worker_busy(const char *project);
extern int64 mig_lock_number(const char *project);
extern bool mig_session_lock(MigLockClass class, int64 number, LOCKMODE mode);
extern bool mig_session_lock_wait(MigLockClass class, int64 number,
								  LOCKMODE mode, int wait);
extern void mig_session_unlock(MigLockClass class, int64 number, LOCKMODE mode);
extern void mig_transaction_lock(MigLockClass class, int64 number);

/* catalog.c */
typedef struct MigStored
{
	MigScript	up;
	MigScript	down;
	MigScript	verify;
	MigScript	check;
	char	   *check_fail;
	bytea	   *checksum;
	bytea	   *fingerprint;
	char	   *name;
	char	   *format;
	List	   *requires;		/* of char * */
} MigStored;

/* A repeatable that runs around the steps of a run. */
typedef struct MigHook
{
	char	   *when;			/* MIG_HOOK_* */
	char	   *name;
	MigScript	script;
	char	   *registered_by;
	bool		registrant_superuser;
} MigHook;

extern bool mig_extension(Oid *schema, Oid *owner);
extern char *mig_catalog_schema(void);
extern void mig_require_plan_right(void);
extern void mig_require_register_right(void);
extern char *mig_catalog_lock_holder(const char *project);
extern bool mig_catalog_busy(const char *project);
extern bool mig_catalog_has_unsettled(const char *project);
extern MigEntry *mig_catalog_load(const char *project, int *n);
extern void mig_catalog_lock_plan(const char *project, const MigPlan *plan);
extern MigStored *mig_catalog_fetch(const char *project, const bytea *key);
extern MigStored *mig_catalog_fetch_locked(const char *project,
										   const MigEntry *entry);
extern List *mig_catalog_hooks(const char *project);
extern const char *mig_catalog_register(const char *project, const MigSource *source,
										const MigSide *up, const MigSide *down);
extern void mig_catalog_set_no_transaction(const char *project, const bytea *key,
										   bool up, bool down);
extern void mig_catalog_unregister(const char *project, const bytea *key);
extern List *mig_catalog_files_gone(const char *project, const char *directory,
									ArrayType *keys);
extern char *mig_catalog_last_format(const char *project, char **version);

/* fileset.c */
/* A file that a client has read. */
typedef struct MigSetFile
{
	char	   *path;
	char	   *content;		/* NULL: it was only seen */
	char	   *hash;			/* hexadecimal SHA-256; NULL: it was only seen */
} MigSetFile;

/* What is registered of a migration, to see whether it stays so. */
typedef struct MigSetRow
{
	bytea	   *key;
	bytea	   *checksum;
	TimestampTz registered;
	char		flags;
	TransactionId xmin;
} MigSetRow;

/* A directory's files, and what was registered before they were. */
typedef struct MigFileSet
{
	MigSetFile *files;			/* in order of their paths */
	int			n;
	bytea	   *digest;
	bool		superuser;		/* is it one who registers them */
	MigSetRow  *rows;			/* in order of their keys */
	int			nrows;
} MigFileSet;

extern MigFileSet *mig_fileset(FunctionCallInfo fcinfo, int paths, int contents,
							   int hashes);
extern void mig_fileset_begin(MigFileSet *set, const char *project);
extern void mig_fileset_end(MigFileSet *set, const char *project);

/* state.c */
/* What is recorded of an applied migration. */
typedef struct MigApplied
{
	bytea	   *key;
	char	   *version;
	char	   *name;
	char		kind;
	TimestampTz at;
	char	   *by;
	int64		duration_us;
	char	   *path;			/* of its up script, or NULL */
} MigApplied;

/* What was last found of a migration with the texts that are registered. */
typedef struct MigRehearsed
{
	bytea	   *key;
	char	   *verdict;
} MigRehearsed;

extern MigRehearsed *mig_state_rehearsed(const char *project, int *n);
extern const char *mig_rehearsed_verdict(const MigRehearsed *rehearsed, int n,
										 const bytea *key);
extern void mig_state_set_rehearsed(const char *project, const bytea *key,
									const char *version, const char *name,
									const bytea *up, const bytea *down,
									const char *verdict, int findings);
extern void mig_state_set_applied(const char *project, const MigEntry *entry,
								  const bytea *checksum,
								  const bytea *fingerprint, const char *how,
								  int statements, TimestampTz at,
								  const char *by, int64 duration_us);
extern void mig_state_set_rolled_back(const char *project, const bytea *key);
extern void mig_state_set_repaired(const char *project, const bytea *key);
extern void mig_state_settle_baselines(const char *project);
extern MigApplied *mig_state_applied(const char *project, int *n);
extern char *mig_state_current(const char *project);
extern bool mig_state_is_tag_applied(const char *project, const char *tag);
extern bool mig_state_is_applied(const char *project, const bytea *key);

/* log.c */
/* An event for the log; text fields NULL where they do not apply. */
typedef struct MigEvent
{
	const char *project;
	const char *event;			/* apply, rollback, baseline, mark ... */
	bool		failed;
	const bytea *key;
	const char *version;
	const char *name;
	const bytea *checksum;
	int			statements;		/* -1: none */
	TimestampTz started;
	TimestampTz finished;
	int64		duration_us;
	const char *session_role;
	const char *acting_role;
	const char *client_addr;
	const char *application;
	int			pid;
	uint64		wal_lsn;
	const char *restore_point;
	int64		job;			/* 0: none */
	const char *reason;
	const char *sqlstate;
	const char *message;
	const char *detail;
	const char *hint;
	const char *context;
	const char *path;
	int			line;			/* 0: none */
	int			statement_no;	/* 0: none */
	const char *statement;
} MigEvent;

/* The end of a project's hash chain, held locked while it is extended. */
typedef struct MigChain
{
	const char *project;
	bool		open;
	int64		entries;
	uint8		hash[MIG_HASH_LENGTH];
} MigChain;

extern void mig_event_init(MigEvent *event, const char *project, const char *name);
extern void mig_event_about(MigEvent *event, const MigEntry *entry);
extern void mig_chain_append(MigChain *chain, const MigEvent *event);
extern void mig_chain_close(MigChain *chain);

/* What is to be said of a version that is not applied. */
typedef struct MigProspect
{
	bool		registered;
	char	   *runner;			/* a sentence on who runs migrations, or NULL */
	char	   *failure;		/* ... on the last attempt of all, if it
								 * failed */
} MigProspect;

/* A text that was rolled back. */
typedef struct MigRolledBack
{
	bytea	   *key;
	bytea	   *checksum;
	TimestampTz at;
} MigRolledBack;

extern MigRolledBack *mig_log_rolled_back(const char *project, int *n);
extern void mig_log_prospect(const char *project, const bytea *versioned,
							 const bytea *repeatable, MigProspect *prospect);

/* journal.c */
typedef struct MigJournal
{
	bool		down;
	bool		by_statement;	/* as mig_script_by_statement() has it */
	int			done;			/* statements */
	int			total;
	bytea	   *done_hash;		/* of these */
	int			begun;			/* statement that may be done too; 0: none */
	char	   *statement;		/* its text */
	char	   *note;			/* what judges its effect */
	bool		unknown;		/* only a person can */
} MigJournal;

typedef struct MigJobEnd
{
	char	   *outcome;		/* NULL: it has not come to one */
	char	   *sqlstate;
	char	   *message;
	char	   *detail;
	char	   *hint;
	char	   *context;
	int			steps_done;
} MigJobEnd;

extern bool mig_journal_read(const char *project, const bytea *key,
							 MigJournal *journal);
extern bool mig_journal_fits(const MigJournal *journal, const MigParsed *parsed);
extern void mig_journal_settle(MigJournal *journal);
extern void mig_journal_begin(const char *project, const MigEntry *entry,
							  const MigJournal *journal, int64 job);
extern void mig_journal_write(const char *project, const bytea *key,
							  const MigJournal *journal, const char *message,
							  int64 job);
extern bool mig_journal_delete(const char *project, const bytea *key);
extern int64 mig_job_new(const char *project, bool down, const char *target,
						 const MigEvent *who);
extern void mig_job_finish(int64 job, int steps, int steps_done,
						   const ErrorData *error);
extern bool mig_job_read(int64 job, MigJobEnd *end);
extern int	mig_job_pid(int64 job);
extern char *mig_blockers(int pid, ArrayType *blockers);
extern char *mig_advisory_holders(int64 key);

/* variables.c */
extern bool mig_check_variables(char **value, void **extra, GucSource source);
extern const MigScript *mig_expand_variables(const MigScript *script, int *error_line);

/* execute.c */

/* lock_timeout of DDL in a worker where no setting says otherwise, in ms. */
#define MIG_DDL_LOCK_TIMEOUT 5000

typedef struct MigExecution
{
	const char *label;			/* for messages: version_name */
	const char *what;			/* up, down or verify */
	const char *progress;		/* what the activity string begins with */
	MemoryContext memory;		/* outlives an error; for context_line */
	const MigScript *script;
	const MigStatement *stmt;	/* the one being run, NULL while parsing */
	int			statement_no;	/* its number, from 1 */
	int			line;			/* of the last error, 0 if not known */
	char	   *context_line;	/* what the last error was told */
	void	   *copy;			/* state of a COPY FROM stdin being run */
	bool		in_worker;		/* statement_timeout is ours to enforce */
	int			ddl_lock_timeout;	/* lock_timeout of what readers would
									 * queue behind, ms; -1: not told apart */
	int			own_lock_timeout;	/* ... of everything else */
} MigExecution;

/* The deferrable constraints that a run knows of; begins as zero. */
typedef struct MigDeferrable
{
	MemoryContext context;		/* where the list lives */
	Oid			highest;		/* OID up to which constraints were seen */
	List	   *constraints;	/* of OIDs */
} MigDeferrable;

extern void mig_execution_push(ErrorContextCallback *callback,
							   MigExecution *execution);
extern MigParsed *mig_execute_parse(MigExecution *execution,
									const MigScript *script);
extern void mig_execute_statements(MigExecution *execution,
								   const MigParsed *parsed, int first,
								   int count);
extern void mig_execute_toplevel(MigExecution *execution,
								 const MigParsed *parsed, int index);
extern void mig_execute_settings(MigExecution *execution, const MigParsed *parsed,
								 int done, bool local);
extern List *mig_execute_savepoint(List *savepoints, TransactionStmt *command);
extern int	mig_execute_script(MigExecution *execution, const MigScript *script);
extern bool mig_execute_check(MigExecution *execution, const MigScript *script);
extern void mig_execute_verify(MigExecution *execution, const MigScript *script,
							   bool by_rows);
extern bool mig_is_in_the_way(const MigStatement *stmt);
extern void mig_execution_error(MigExecution *execution, ErrorData *error);
extern void mig_fire_deferred(MigExecution *execution, MigDeferrable *deferrable);

/* judge.c */
typedef enum MigVerdict
{
	MIG_IS_DONE,
	MIG_REPEAT,
	MIG_ASK						/* only a person can tell */
} MigVerdict;

extern char *mig_judge_note(const MigStatement *stmt);
extern MigVerdict mig_judge(const MigStatement *stmt, const char *note,
							List **first);
extern List *mig_judge_before(const MigStatement *stmt);
extern bool mig_judge_failed(const MigStatement *stmt, const char *note);
extern void mig_judge_after(const MigStatement *stmt);

/* register.c */
extern const char *mig_register_source(const MigSource *source);

/* dump.c */
extern char *mig_dump_schema(void);

/* baseline.c */
extern MigSource *mig_baseline_source(const char *version, char *dump);

/* run.c */
typedef struct MigResult
{
	MigStep		step;
	int			statements;
	int64		duration_us;
} MigResult;

extern MigResult *mig_run(const char *target, bool down, int *n);
extern void mig_refuse_nested(const char *function);
extern void mig_refuse_unless_writable(const char *function);
extern void mig_refuse_unless_ready(const char *function);
extern void mig_lock_for_change(const char *project);

/* procedure.c */
extern void mig_refuse_atomic(FunctionCallInfo fcinfo, const char *procedure,
							  const char *hint);
extern void mig_commit_and_go_on(MemoryContext context);
extern void mig_check_client(void);
extern int	mig_interval_ms(const Interval *interval);
extern void mig_pause(int ms);

/* deploy.c */
extern void mig_deploy(int64 job, bool down, const char *target,
					   const char *client_addr);

/* job.c */
extern bool mig_record_failure(const MigEvent *event, bool wait);

/* worker.c */
#define MIG_JOB_MAGIC 0x6d696721

/* Keys of a job's segment. */
enum
{
	MIG_JOB_KEY_FIXED,
	MIG_JOB_KEY_STRINGS,
	MIG_JOB_KEY_QUEUE
};

/* What a worker is told by messages, beside errors and notices. */
#define MIG_MESSAGE_READY 'K'
#define MIG_MESSAGE_DONE 'Z'

/* What the worker of a job finds in its segment. */
typedef struct MigJobShared
{
	int64		job;
	bool		down;
	bool		has_target;
	Oid			database;
	Oid			authenticated_user;
	Oid			session_user;
	TransactionId xid;			/* must commit first; invalid: none */
	int			nsettings;
	/* strings: target, client's address, role, and each setting's name, value */
} MigJobShared;

#define MIG_RECORDER_LOCK_TIMEOUT 1000	/* ms */

typedef enum MigRecorderState
{
	MIG_RECORDER_STARTED,
	MIG_RECORDER_DONE,
	MIG_RECORDER_FAILED
} MigRecorderState;

/* What the recorder finds in its shared memory segment. */
typedef struct MigRecorderShared
{
	pg_atomic_uint32 state;
	Size		size;			/* of data */
	char		data[FLEXIBLE_ARRAY_MEMBER];
} MigRecorderShared;

extern void mig_event_serialize(const MigEvent *event, StringInfo buf);
extern PGDLLEXPORT void migrate_recorder_main(Datum arg);
extern PGDLLEXPORT void migrate_worker_main(Datum arg);

#endif							/* MIGRATE_H */
