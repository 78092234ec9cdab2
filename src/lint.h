/*-------------------------------------------------------------------------
 *
 * lint.h
 *	  Findings on texts, and who makes and uses them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_LINT_H
#define MIGRATE_LINT_H

#include "effects.h"

typedef enum MigSeverity
{
	MIG_SEVERITY_OFF,
	MIG_SEVERITY_INFO,
	MIG_SEVERITY_WARNING,
	MIG_SEVERITY_ERROR
} MigSeverity;

/* What a rule judges: section 2 of the risk taxonomy. */
typedef enum MigAxis
{
	MIG_AXIS_AVAILABILITY,
	MIG_AXIS_DATA,
	MIG_AXIS_FAILURE,
	MIG_AXIS_STYLE
} MigAxis;

typedef enum MigLevel
{
	MIG_LEVEL_NONE,
	MIG_LEVEL_LOW,
	MIG_LEVEL_MEDIUM,
	MIG_LEVEL_HIGH
} MigLevel;

typedef struct MigRule
{
	const char *name;			/* squawk's where the meaning is equal */
	const char *group;			/* index, constraint, column, data, partition,
								 * transaction, style */
	MigAxis		axis;
	MigSeverity severity;		/* unless it is re-graded */
	const char *summary;		/* one sentence */
} MigRule;

/* A relation that a finding is about, as it was then. */
typedef struct MigConcerned
{
	char	   *label;
	char		kind;			/* RELKIND_* */
	double		rows;			/* -1: not known */
	int64		bytes;			/* -1: not known */
} MigConcerned;

typedef struct MigFinding
{
	const MigRule *rule;
	MigSeverity severity;
	bool		graded;			/* ... by migrate.lint_rules */
	MigLevel	level;
	const char *version;		/* NULL: a text alone */
	const char *path;
	int			line;			/* in the file */
	int			column;			/* characters, from 1 */
	char	   *statement;
	List	   *relations;		/* of MigRel *: to be set by the rule */
	List	   *concerned;		/* of MigConcerned *: what became of these */
	char	   *message;		/* what is the matter */
	char	   *why;			/* lock, scan, rewrite or loss; sentences */
	char	   *advice;			/* the safe way; a sentence */
	char	   *sql;			/* what to write instead, or NULL */
	const MigStatement *stmt;	/* NULL: it is about the text as a whole */
	int			number;			/* in its script, as they were found */
	bool		more;			/* of one that is kept:
								 * mig_rules_add_to_last() */
} MigFinding;

/* A statement of a plan or text, what it would do and what is found. */
typedef struct MigLinted
{
	const MigStatement *stmt;
	int			number;			/* in its script, from 1 */
	List	   *effects;		/* of MigEffect * */
	MigLevel	availability;	/* by the effects alone */
	int			lock_timeout;	/* ms, in force for it; 0: none */
	int			statement_timeout;
	int			transaction;	/* number, over the whole plan */
} MigLinted;

/* One script of a plan. */
typedef struct MigLintedScript
{
	const MigEntry *entry;		/* NULL: a text alone */
	const MigScript *script;	/* with values for its variables */
	const char *broken;			/* why it cannot be parsed, or NULL */
	MigLinted  *statements;
	int			nstatements;
	List	   *findings;		/* of MigFinding *, in the text's order,
								 * without what is suppressed or off */
} MigLintedScript;

/* A lock that the open transaction holds on an old relation. */
typedef struct MigHeld
{
	MigRel	   *rel;
	LOCKMASK	modes;
	const MigLinted *since;		/* the statement that took the strongest */
} MigHeld;

/* What is known while the statements of a plan or text are gone through. */
typedef struct MigLint
{
	MigWorld   *world;			/* as it is before the statement */
	MigLintedScript *script;
	MigLinted  *current;
	List	   *held;			/* of MigHeld *, by earlier statements */
	bool		in_transaction; /* the statement shares one with others, or is
								 * in a block of its own script */
	bool		in_block;		/* ... which is one */
	bool		last;			/* of its transaction */
	int			unit_end;		/* number of that one, from 1 */
	bool		quiet;			/* findings are not wanted: only its effects
								 * on the world are */
	bool		opaque;			/* what was done so far could not all be seen:
								 * dynamic code, a script that cannot be
								 * parsed */
	struct MigRulesState *rules;	/* rules.c's, for a script; NULL at its
									 * start */
	MemoryContext context;		/* the script's; statements have others */
} MigLint;

/* What is done with a script once it is linted; it does not outlive that. */
typedef void (*MigLintCallback) (const MigLintedScript *script, void *arg);

/*
 * lint.c
 *
 * mig_lint_plan() is a List of MigLintedScript *, in the order of the plan to
 * target (NULL: all that is pending); with a version, that script alone, what
 * is pending before it being done quietly.  In the current memory context;
 * takes no lock on a user's relation.
 */
extern List *mig_lint_plan(const char *target, const char *version);

/* the same, but each script is gone when the callback has seen it */
extern void mig_lint_each(const char *target, const char *version,
						  MigLintCallback callback, void *arg);

/* of a plan that is made already; scripts have its entries */
extern void mig_lint_steps(const MigPlan *plan, const char *project,
						   MigLintCallback callback, void *arg);

/* a text that is no migration, by the session's settings alone */
extern MigLintedScript *mig_lint_text(const char *text);

/* what migrate.lint says on a run's plan; raises ERRCODE_MIG_LINT */
extern void mig_lint_gate(const MigPlan *plan, const char *project);

/*
 * For rules: a finding about the current statement, with relations and sql
 * NULL, for the rule to complete; NULL if it is off, so that nothing need be
 * made up.  location: a byte offset in the statement's source, -1: its start.
 * It and what the rule puts into it may live in the current memory context:
 * they are copied when the rules are done with the statement.
 */
extern MigFinding *mig_lint_report(MigLint *lint, const char *rule,
								   MigLevel level, int location);

/* lint_level.c: severities by migrate.lint_rules, levels by the thresholds */
extern bool mig_check_lint_rules(char **value, void **extra, GucSource source);
extern const MigRule *mig_rule_find(const char *name);
extern int	mig_rules_named(const char *name, const MigRule **rules);
extern MigSeverity *mig_rule_severities(bool *graded);
extern MigLevel mig_level_of_effect(const MigEffect *effect, int lock_timeout);
extern bool mig_rel_is_small(const MigRel *rel);
extern const char *mig_level_name(MigLevel level);
extern const char *mig_severity_name(MigSeverity severity);
extern const char *mig_axis_name(MigAxis axis);
extern const char *mig_relkind_name(char kind);

/* lint_suppress.c */
typedef struct MigIgnores MigIgnores;

/* What is wrong with a comment that suppresses, as a finding has it. */
typedef struct MigIgnoreProblem
{
	int			offset;			/* of the comment in its script */
	const char *rule;
	char	   *message;
	char	   *why;
	char	   *advice;
} MigIgnoreProblem;

extern MigIgnores *mig_ignores_read(const MigParsed *parsed);
extern bool mig_ignores_match(MigIgnores *ignores, int statement,
							  const MigRule *rule);
extern List *mig_ignores_problems(MigIgnores *ignores,
								  const MigSeverity *severities);

/* rules.c: the rules, sorted by name, and what has them look at a statement */
extern const MigRule mig_rules[];
extern const int mig_nrules;
extern void mig_rules_check(MigLint *lint);
extern void mig_rules_add_to_last(MigLint *lint, const MigFinding *more);

/* after the last statement of a script */
extern void mig_rules_finish(MigLint *lint);

#endif							/* MIGRATE_LINT_H */
