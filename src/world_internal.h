/*-------------------------------------------------------------------------
 *
 * world_internal.h
 *	  What the files of the world share with each other alone.
 *
 * Calls go down this list: world_apply -> world_create, world_alter, world_type
 * -> world_link -> world_change -> world_rel, world, which call each other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_WORLD_INTERNAL_H
#define MIGRATE_WORLD_INTERNAL_H

#include "world.h"

#include "catalog/pg_class.h"

/* The schema of the session's temporary relations, whatever its number. */
#define TEMP_SCHEMA "pg_temp"

/* A view that the text made reads a relation. */
typedef struct MigViewUse
{
	MigRel	   *view;
	List	   *names;			/* char *: of columns that its query has */
	bool		all;			/* has a star, or rows as wholes */
	int			query;			/* view->queries when it did */
} MigViewUse;

/* world.c */
extern bool mig_world_schema(MigWorld *world, const char *name, Oid *oid);
extern void mig_world_set_schema(MigWorld *world, const char *name, Oid oid,
								 bool exists);
extern void mig_world_move_schema(MigWorld *world, Oid oid, const char *name);
extern List *mig_world_path(MigWorld *world);
extern MigRel *mig_world_find_in(MigWorld *world, const char *schema,
								 const char *name);
extern void mig_world_set_name(MigWorld *world, const char *schema,
							   const char *name, MigRel *rel);
extern bool mig_world_split(List *names, char **schema, char **name);
extern MigType *mig_world_type(MigWorld *world, Oid oid, bool change);
extern MigType *mig_world_lookup_type(MigWorld *world, List *names, Oid *oid);
extern void mig_world_set_type_name(MigWorld *world, const char *schema,
									const char *name, MigType *type);
extern void mig_world_set_function(MigWorld *world, const char *schema,
								   const char *name, MigFunction *function);
extern MigConstraint *mig_world_named_constraint(MigWorld *world,
												 const char *schema,
												 const char *name);
extern void mig_world_set_constraint_name(MigWorld *world, const char *schema,
										  const char *name,
										  MigConstraint *constraint);

/* world_rel.c: these are what they are with the dropped ones */
extern void mig_rel_read_columns(MigRel *rel);
extern void mig_rel_read_constraints(MigRel *rel);
extern void mig_rel_read_references(MigRel *rel);
extern void mig_rel_read_indexes(MigRel *rel);
extern void mig_rel_read_children(MigRel *rel);
extern void mig_rel_read_parents(MigRel *rel);
extern void mig_rel_read_sequences(MigRel *rel);
extern List *mig_dependents(Oid refclass, Oid refobject, int32 refpart,
							Oid class, List **parts);

#endif							/* MIGRATE_WORLD_INTERNAL_H */
