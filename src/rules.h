/*-------------------------------------------------------------------------
 *
 * rules.h
 *	  What the files of lint's rules share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_RULES_H
#define MIGRATE_RULES_H

#include "lint.h"

#include "catalog/namespace.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"

/* A token of the current statement. */
typedef struct MigToken
{
	int			start;			/* offset in the statement's text, bytes */
	int			end;
	int			depth;			/* of parentheses and brackets around it */
	bool		string;			/* a string constant */
} MigToken;

typedef struct MigTokens
{
	const char *text;
	int			offset;			/* of the text in the statement's source */
	int			n;
	MigToken   *tokens;
} MigTokens;

/* What rules keep while they go through a script. */
typedef struct MigRulesState
{
	MemoryContext context;
	bool		lock_timeout_told;
	bool		statement_timeout_told;
	/* work under a lock: told once for each statement that took one */
	const MigLinted *held_since;
	const MigStatement *held_at;	/* where it was told */
	MigFinding *held_finding;	/* ... as it is kept; NULL: not looked for yet */
	StringInfoData held_why;	/* ... as it was then, and later lines */
	int			held_later;		/* how many */
	List	   *dropped_constraints;	/* of char * */
	/* of the current statement */
	const MigLinted *current;
	struct MigAlter *alter;		/* whose commands are being looked at */
	MigTokens  *tokens;
	List	   *told;			/* of MigRel *: unnamed ones that a finding
								 * speaks of */
	bool		fails;			/* a finding says that it will fail */
} MigRulesState;

/* A command of an ALTER TABLE. */
typedef struct MigAlter
{
	MigLint    *lint;
	AlterTableStmt *stmt;
	AlterTableCmd *cmd;
	int			number;			/* of the command, from 0 */
	MigRel	   *rel;
	MigColumn  *column;			/* that it names, if there is one */
	const char *target;			/* ALTER TABLE name */
	bool		old;			/* others may use the table */
	bool		busy;			/* ... and there are, or may be, rows in it */
	bool		alone;			/* commands are written otherwise one by one */
	int			ncommands;		/* how the text is cut up; -1: not known yet */
	int		   *first;			/* token of each command, and one more */
} MigAlter;

/* does another command of it drop the column, so that the name is free */
extern bool mig_alter_drops(const AlterTableStmt *stmt, const char *column);

/* rules_report.c */
extern MigRulesState *mig_rules_state(MigLint *lint);
extern MigFinding *mig_rules_report(MigLint *lint, const char *rule,
									MigLevel level, int location, MigRel *rel);
extern void mig_rules_tell(MigLint *lint, MigRel *rel);
extern MigEffect *mig_rules_effect(MigLint *lint, const MigRel *rel);
extern bool mig_rules_blocks(const MigEffect *effect);
extern bool mig_rules_works(const MigEffect *effect);
extern bool mig_rules_any_work(MigLint *lint);
extern MigLevel mig_rules_level(MigLint *lint);
extern MigLevel mig_rules_level_of(MigLint *lint, const MigRel *rel);
extern char *mig_rules_why(MigLint *lint);
extern char *mig_rules_why_of(MigLint *lint, MigRel *rel);
extern char *mig_rules_describe(MigRel *rel);
extern char *mig_rules_list(List *rels);
extern bool mig_rules_is_table(const MigRel *rel);
extern bool mig_rules_is_empty(MigRel *rel);
extern MigRel *mig_rules_find(MigLint *lint, const char *schema,
							  const char *name);
extern bool mig_rules_in(MigRel *rel, MigRel *tree);

/* rules_text.c */
extern MigTokens *mig_rules_tokens(MigLint *lint);
extern bool mig_token_is(const MigTokens *tokens, int i, const char *word);
extern int	mig_token_find(const MigTokens *tokens, int from, const char *word);
extern int	mig_token_at(const MigTokens *tokens, int location);
extern int	mig_token_after_name(const MigTokens *tokens, int i);
extern char *mig_tokens_text(const MigTokens *tokens, int from, int to);
extern char *mig_rules_insert(MigLint *lint, int after, const char *words);
extern char *mig_rules_statement(MigLint *lint);
extern int	mig_alter_location(MigAlter *alter);
extern bool mig_alter_is_single(MigAlter *alter);
extern char *mig_alter_text(MigAlter *alter);
extern char *mig_alter_with(MigAlter *alter, const char *instead);
extern char *mig_alter_column_without(MigAlter *alter, ColumnDef *def,
									  List *without);
extern char *mig_alter_constraint_text(MigAlter *alter, ColumnDef *def,
									   Constraint *constraint);
extern char *mig_rules_constraint_name(MigRel *rel, const char *column,
									   const char *label);
extern char *mig_rules_relation_name(MigRel *rel, const char *column,
									 const char *label);
extern char *mig_rules_qualified(const char *schema, const MigRel *like,
								 const char *name);
extern char *mig_rules_trim(char *text);
extern char *mig_rules_columns(List *names);
extern char *mig_rules_not_null_steps(MigAlter *alter, List *columns,
									  const char *then);

/* rules_index.c */
extern void mig_rules_create_index(MigLint *lint, IndexStmt *stmt);
extern void mig_rules_drop_index(MigLint *lint, DropStmt *stmt);
extern void mig_rules_reindex(MigLint *lint, ReindexStmt *stmt);
extern void mig_rules_foreign_keys(MigLint *lint);

/* rules_constraint.c */
extern void mig_rules_alter_constraint(MigAlter *alter);
extern void mig_rules_alter_domain(MigLint *lint, AlterDomainStmt *stmt);
extern void mig_rules_create_domain(MigLint *lint, CreateDomainStmt *stmt);

/* rules_key.c */
extern void mig_rules_key(MigAlter *alter, Constraint *constraint);
extern void mig_rules_column_key(MigAlter *alter, ColumnDef *def,
								 Constraint *constraint);
extern void mig_rules_foreign_key(MigAlter *alter, ColumnDef *def,
								  Constraint *constraint, bool has_default);

/* rules_column.c */
extern bool mig_rules_is_hazard(MigAlter *alter, ColumnDef *def,
								const Constraint *but);
extern void mig_rules_alter_column(MigAlter *alter);
extern void mig_rules_rewrite(MigLint *lint, Node *stmt);

/* rules_data.c */
extern void mig_rules_alter_data(MigAlter *alter);
extern void mig_rules_drop(MigLint *lint, DropStmt *stmt);
extern void mig_rules_truncate(MigLint *lint, TruncateStmt *stmt);
extern void mig_rules_modify(MigLint *lint, Node *stmt);
extern bool mig_rules_fills(MigRel *rel, const UpdateStmt *update);
extern void mig_rules_rename(MigLint *lint, RenameStmt *stmt);
extern void mig_rules_enum(MigLint *lint, AlterEnumStmt *stmt);

/* rules_partition.c */
extern void mig_rules_alter_partition(MigAlter *alter);
extern void mig_rules_create_partition(MigLint *lint, CreateStmt *stmt);
extern void mig_rules_drop_partition(MigLint *lint, DropStmt *stmt, MigRel *rel,
									 MigRel *parent);
extern void mig_rules_refresh(MigLint *lint, RefreshMatViewStmt *stmt);
extern void mig_rules_brief(MigLint *lint, Node *stmt);
extern void mig_rules_hidden(MigLint *lint);

/* rules_fail.c */
extern void mig_rules_fail(MigLint *lint, Node *stmt);
extern void mig_rules_alter_fails(MigAlter *alter);
extern void mig_rules_enum_use(MigLint *lint);

/* rules_later.c */
extern bool mig_rules_name_follows(const MigLint *lint, bool type, const char *name);
extern bool mig_rules_default_follows(const MigAlter *alter);
extern bool mig_rules_not_null_follows(const MigAlter *alter);
extern bool mig_rules_null_follows(const MigAlter *alter);
extern bool mig_rules_constraint_follows(const MigAlter *alter,
										 const MigConstraint *constraint);

/* rules_transaction.c */
extern void mig_rules_transaction(MigLint *lint, Node *stmt);

/* rules_style.c */
extern void mig_rules_style(MigLint *lint, Node *stmt);

#endif							/* MIGRATE_RULES_H */
