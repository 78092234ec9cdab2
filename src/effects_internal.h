/*-------------------------------------------------------------------------
 *
 * effects_internal.h
 *	  What the files of effects share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_EFFECTS_INTERNAL_H
#define MIGRATE_EFFECTS_INTERNAL_H

#include "effects.h"

#include "utils/hsearch.h"

/* The effects of a statement while they are found out. */
typedef struct MigEffects
{
	MigWorld   *world;
	const MigStatement *stmt;
	const char *source;			/* of the statement's expressions */
	List	   *list;			/* of MigEffect *, in order of first mention */
	HTAB	   *by_rel;			/* the same, once there are many */
	List	   *named;			/* of MigRel * */
	List	   *retyped;		/* of MigColumn *: they get another type */
	List	   *making;			/* char *: what a CREATE SCHEMA makes in it */
} MigEffects;

/* effects.c */
extern MigRel *mig_effects_find(MigEffects *e, const RangeVar *name);
extern MigRel *mig_effects_find_list(MigEffects *e, List *names);
extern MigRel *mig_effects_rel(MigEffects *e, MigRel *rel);
extern MigEffect *mig_effects_of(MigEffects *e, MigRel *rel);
extern void mig_effects_lock(MigEffects *e, MigRel *rel, LOCKMODE mode);
extern void mig_effects_lock_oid(MigEffects *e, Oid relid, LOCKMODE mode);
extern void mig_effects_lock_tree(MigEffects *e, MigRel *rel, LOCKMODE mode);
extern void mig_effects_lock_typed(MigEffects *e, MigRel *rel, LOCKMODE mode);
extern void mig_effects_lock_indexes(MigEffects *e, MigRel *rel, LOCKMODE mode);
extern void mig_effects_scan(MigEffects *e, MigRel *rel, const char *why);
extern void mig_effects_build(MigEffects *e, MigRel *table, MigRel *index,
							  const char *why);
extern void mig_effects_rewrite(MigEffects *e, MigRel *rel, const char *why);
extern void mig_effects_lose(MigEffects *e, MigRel *rel, const char *why);
extern void mig_effects_type_needs(MigEffects *e, const MigTypeRef *type);
extern void mig_effects_column_needs(MigEffects *e, const ColumnDef *def);
extern void mig_effects_expression_needs(MigEffects *e, Node *raw, int first);
extern void mig_effects_new_owner(MigEffects *e, MigRel *rel);
extern void mig_effects_columns_need(MigEffects *e, MigRel *rel);

/* effects_query.c */
extern bool mig_effects_is_query(Node *stmt);

/* how far a query gets */
typedef enum MigQueryStage
{
	MIG_QUERY_ANALYSED,
	MIG_QUERY_PLANNED,
	MIG_QUERY_RUN
} MigQueryStage;

extern void mig_effects_query(MigEffects *e, Node *stmt, MigQueryStage stage);
extern void mig_effects_copy(MigEffects *e, CopyStmt *stmt);
extern void mig_effects_view_sources(MigEffects *e, MigRel *view, LOCKMODE mode);
extern void mig_effects_stored_query(MigEffects *e, MigRel *view, LOCKMODE mode);
extern void mig_effects_default(MigEffects *e, Node *raw, bool run);
extern void mig_effects_default_needs(MigEffects *e, MigRel *rel, MigColumn *column);
extern void mig_effects_plan_one(MigEffects *e, MigRel *rel, LOCKMODE mode);
extern void mig_effects_planned(MigEffects *e, MigRel *rel, LOCKMODE mode);

/* effects_table.c */
extern void mig_effects_alter_table(MigEffects *e, AlterTableStmt *stmt);

/* effects_create.c */
extern void mig_effects_create_table(MigEffects *e, CreateStmt *stmt);
extern void mig_effects_create_index(MigEffects *e, IndexStmt *stmt);
extern void mig_effects_index_on(MigEffects *e, MigRel *rel, List *names, bool unique,
								 LOCKMODE mode, bool recurse);
extern List *mig_constraint_target_names(MigConstraint *constraint);
extern void mig_effects_reference(MigEffects *e, MigRel *target, List *columns);
extern void mig_effects_foreign_key(MigEffects *e, MigRel *rel, MigRel *target,
									List *columns, bool validate);
extern void mig_effects_scan_referenced(MigEffects *e, MigRel *target, bool scans);
extern void mig_effects_inherit_from(MigEffects *e, MigRel *parent, MigRel *child);
extern void mig_effects_scan_for_partition(MigEffects *e, MigRel *parent,
										   MigRel *rel,
										   const PartitionBoundSpec *bound,
										   bool negated);

/* effects_maintain.c */
extern bool mig_effects_option(List *options, const char *name);
extern void mig_effects_truncate(MigEffects *e, TruncateStmt *stmt);
extern void mig_effects_reindex(MigEffects *e, ReindexStmt *stmt);
extern void mig_effects_cluster(MigEffects *e, ClusterStmt *stmt);
extern void mig_effects_vacuum(MigEffects *e, VacuumStmt *stmt);
extern void mig_effects_refresh(MigEffects *e, RefreshMatViewStmt *stmt);
extern void mig_effects_move_all(MigEffects *e, AlterTableMoveAllStmt *stmt);

/* effects_drop.c */
typedef struct MigDropped
{
	Oid			class_oid;
	Oid			oid;
	int32		sub;
} MigDropped;

extern bool mig_index_mentions(MigRel *index, AttrNumber number);
extern AttrNumber mig_sequence_column(MigRel *sequence, MigRel *table);
extern void mig_effects_drop(MigEffects *e, DropStmt *stmt);
extern void mig_effects_owned(MigEffects *e, List *roles, bool drop);
extern void mig_effects_drop_rel(MigEffects *e, MigRel *rel);
extern void mig_effects_drop_object(MigEffects *e, Oid class_oid, Oid oid,
									int32 sub);
extern void mig_effects_drop_column(MigEffects *e, MigRel *rel,
									MigColumn *column);
extern void mig_effects_drop_constraint(MigEffects *e, MigConstraint *constraint);

#endif							/* MIGRATE_EFFECTS_INTERNAL_H */
