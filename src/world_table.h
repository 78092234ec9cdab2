/*-------------------------------------------------------------------------
 *
 * world_table.h
 *	  What statements make and alter, statement by statement.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_WORLD_TABLE_H
#define MIGRATE_WORLD_TABLE_H

#include "world_change.h"

/* world_create.c */
extern char mig_storage_of(const char *name);
extern bool mig_world_define_column(MigRel *rel, const ColumnDef *def, bool fresh,
									List **declared);
extern void mig_world_create_table(MigWorld *world, const CreateStmt *stmt,
								   char kind, const char *source);
extern void mig_world_create_table_as(MigWorld *world, const RangeVar *name,
									  const IntoClause *into, Node *query,
									  bool matview, bool if_not_exists);
extern void mig_world_create_view(MigWorld *world, const ViewStmt *stmt);
extern void mig_world_create_composite(MigWorld *world,
									   const CompositeTypeStmt *stmt);

/* world_alter.c */
extern void mig_world_alter_table(MigWorld *world, const AlterTableStmt *stmt,
								  const char *source);

/* world_call.c */
extern void mig_world_note_calls(MigWorld *world, Node *node);
extern void mig_world_drop_trigger(MigWorld *world, List *names);

/* world_type.c */
extern void mig_world_create_enum(MigWorld *world, const CreateEnumStmt *stmt);
extern void mig_world_create_range(MigWorld *world, const CreateRangeStmt *stmt);
extern void mig_world_create_base_type(MigWorld *world, List *names);
extern void mig_world_create_domain(MigWorld *world, const CreateDomainStmt *stmt);
extern void mig_world_alter_enum(MigWorld *world, const AlterEnumStmt *stmt);
extern void mig_world_alter_domain(MigWorld *world, const AlterDomainStmt *stmt);
extern void mig_world_move_type(MigWorld *world, List *names,
								const char *schema, const char *name);
extern void mig_world_drop_type(MigWorld *world, const TypeName *name, bool cascade);
extern void mig_world_create_function(MigWorld *world,
									  const CreateFunctionStmt *stmt);
extern void mig_world_alter_function(MigWorld *world,
									 const AlterFunctionStmt *stmt);
extern void mig_world_drop_function(MigWorld *world, List *names);

#endif							/* MIGRATE_WORLD_TABLE_H */
