/*-------------------------------------------------------------------------
 *
 * effects.h
 *	  What a statement would do to the relations of a world: locks, scans,
 *	  rewrites.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_EFFECTS_H
#define MIGRATE_EFFECTS_H

#include "world.h"

typedef struct MigEffect
{
	MigRel	   *rel;
	LOCKMASK	modes;			/* LOCKBIT_ON() of each that stays until the
								 * transaction's end */
	bool		named;			/* in the statement's text */
	bool		scans;			/* the command itself reads all of it */
	bool		rewrites;		/* writes all of it anew */
	bool		builds;			/* an index of or on it is built anew */
	bool		loses;			/* what is in it is gone */
	const char *reason;			/* of a scan, rewrite, loss or failure: one of
								 * the constants below */
	/* what lint keeps of rel as it was then, if it is old */
	const char *label;
	double		tuples;
	int64		bytes;
	bool		empty;
	bool		small;			/* below the thresholds */
} MigEffect;

/* Why a relation is scanned, rewritten or emptied. */
#define MIG_WHY_CHECK "check"
#define MIG_WHY_NOT_NULL "not null"
#define MIG_WHY_FOREIGN_KEY "foreign key"
#define MIG_WHY_INDEX "index build"
#define MIG_WHY_PARTITION "partition bound"
#define MIG_WHY_DEFAULT_PARTITION "default partition"
#define MIG_WHY_DOMAIN "domain constraint"
#define MIG_WHY_DEFAULT "volatile default"
#define MIG_WHY_GENERATED "generated column"
#define MIG_WHY_IDENTITY "identity or serial column"
#define MIG_WHY_DOMAIN_COLUMN "column of a constrained domain"
#define MIG_WHY_TYPE "column type"
#define MIG_WHY_PERSISTENCE "persistence"
#define MIG_WHY_ACCESS_METHOD "access method"
#define MIG_WHY_TABLESPACE "tablespace"
#define MIG_WHY_CLUSTER "cluster"
#define MIG_WHY_VACUUM_FULL "vacuum full"
#define MIG_WHY_REFRESH "refresh"
#define MIG_WHY_QUERY "query"
#define MIG_WHY_TRUNCATE "truncate"
#define MIG_WHY_DROP "drop"
#define MIG_WHY_REINDEX "reindex"
#define MIG_WHY_VACUUM "vacuum"
#define MIG_WHY_NO_CONVERSION "no conversion"	/* the statement fails */

/*
 * effects.c, effects_table.c, effects_drop.c
 *
 * A List of MigEffect *, one for each relation, in the current memory context;
 * also for relations that the text made (the caller looks at rel->old).  The
 * world is as before the statement and stays so.  A statement that would fail
 * has no effects, or those that it has until then.
 */
extern List *mig_effects(MigWorld *world, const MigStatement *stmt);

extern LOCKMODE mig_effect_strongest(const MigEffect *effect);
extern bool mig_effect_blocks_reads(const MigEffect *effect);
extern bool mig_effect_blocks_writes(const MigEffect *effect);

/* predict.c, predict_partition.c: what the server's own machinery says */
typedef enum MigTypeChange
{
	MIG_TYPE_FAILS,				/* there is no conversion */
	MIG_TYPE_FREE,				/* the column's values stay as they are */
	MIG_TYPE_SCANS,				/* ... but each is checked */
	MIG_TYPE_REWRITES
} MigTypeChange;

/* cmd is AT_AlterColumnType; why, when it fails, is a message or NULL */
extern MigTypeChange mig_predict_type_change(MigRel *rel, MigColumn *column,
											 const ColumnDef *def,
											 const char *source, char **why);

typedef struct MigDefault
{
	bool		known;			/* could be understood */
	bool		rewrites;		/* a new column with it rewrites the table */
	char		volatility;		/* PROVOLATILE_*, after inlining */
	bool		is_null;		/* as good as none */
} MigDefault;

/* the raw expression as the DEFAULT of a new column of that type */
extern MigDefault mig_predict_default(MigWorld *world, const MigTypeRef *type,
									  Node *raw, const char *source);

/* would a new column of that type without a default rewrite the table */
extern bool mig_type_is_constrained(MigWorld *world, const MigTypeRef *type);

/* is it proven that the column has no NULL, so that SET NOT NULL need not look */
extern bool mig_predict_not_null(MigRel *rel, MigColumn *column);

/* ... that all rows of rel fit into the bound, or, negated, that none does */
extern bool mig_predict_partition(MigRel *parent, MigRel *rel,
								  const PartitionBoundSpec *bound,
								  bool negated, const char *source);

/* what of a tree of partitions a query or an INSERT gets to: List of MigRel * */
extern List *mig_predict_partitions(MigRel *rel, const char *alias, Node *where,
									const char *source);
extern List *mig_predict_routes(MigRel *rel, List *columns, List *rows,
								const char *source);

#endif							/* MIGRATE_EFFECTS_H */
