/*-------------------------------------------------------------------------
 *
 * world_change.h
 *	  The single changes that statements are made of.
 *
 * All of these allocate in the current memory context what stays, which has
 * to be the world's.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_WORLD_CHANGE_H
#define MIGRATE_WORLD_CHANGE_H

#include "world_internal.h"

/* A constraint of a statement, with what its marks and its place add. */
typedef struct MigDeclared
{
	const Constraint *con;
	List	   *keys;			/* String: columns, where they are not named */
	bool		deferrable;
	bool		deferred;
	bool		enforced;
} MigDeclared;

/* world_change.c */
extern char *mig_choose_name(MigWorld *world, const char *schema,
							 const char *name1, const char *name2,
							 const char *label, bool constraint);
extern char *mig_choose_constraint_name(MigWorld *world, const char *schema,
										const char *name1, const char *name2,
										const char *label);
extern char *mig_join_names(List *names);
extern MigRel *mig_world_make(MigWorld *world, const char *schema,
							  const char *name, char kind, char persistence);
extern MigColumn *mig_rel_add_column(MigRel *rel, const char *name,
									 const MigTypeRef *type);
extern void mig_column_set_type(MigRel *rel, MigColumn *column,
								const MigTypeRef *type);
extern MigConstraint *mig_rel_add_constraint(MigRel *rel, char kind,
											 const char *name, List *columns);
extern MigRel *mig_rel_add_sequence(MigRel *rel, MigColumn *column);
extern void mig_sequence_disown(MigRel *sequence);
extern void mig_rel_own_sequence(MigRel *rel, MigColumn *column, MigRel *sequence);
extern void mig_rel_drop(MigRel *rel, bool cascade);
extern void mig_constraint_drop(MigConstraint *constraint, bool cascade);
extern void mig_column_drop(MigRel *rel, MigColumn *column, bool cascade,
							bool recurse);
extern bool mig_rel_move(MigRel *rel, const char *schema, const char *name);
extern void mig_constraint_rename(MigConstraint *constraint, const char *name);
extern void mig_column_rename(MigRel *rel, const char *from, const char *to,
							  bool recurse);
extern void mig_rel_set_not_null(MigRel *rel, MigColumn *column,
								 const char *name, bool valid, bool no_inherit,
								 bool recurse);
extern void mig_rel_drop_not_null(MigRel *rel, MigColumn *column, bool recurse);
extern void mig_constraint_validate(MigConstraint *constraint, bool recurse);
extern List *mig_same_constraints(MigConstraint *constraint);
extern List *mig_numbers_of(MigRel *rel, List *names);

/* world_link.c */
extern bool mig_rel_declare(MigRel *rel, const MigDeclared *declared,
							const char *source, bool fresh, bool recurse);
extern MigRel *mig_rel_declare_index(MigRel *rel, const IndexStmt *stmt,
									 bool recurse);
extern void mig_rel_link(MigRel *parent, MigRel *child, bool partition,
						 bool is_default);
extern void mig_rel_unlink(MigRel *parent, MigRel *child);
extern void mig_rel_inherit_columns(MigRel *rel, MigRel *parent);
extern void mig_rel_inherit(MigRel *rel, MigRel *parent, bool partition);
extern void mig_rel_like(MigRel *rel, MigRel *from, bits32 options);
extern void mig_rel_like_indexes(MigRel *rel, MigRel *from);
extern void mig_index_link(MigRel *parent, MigRel *child);

#endif							/* MIGRATE_WORLD_CHANGE_H */
