/*-------------------------------------------------------------------------
 *
 * statistics.h
 *	  How large relations are, here or where they were measured.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_STATISTICS_H
#define MIGRATE_STATISTICS_H

#include "postgres.h"

#include "catalog/pg_class.h"

/* Where imported sizes come from. */
typedef struct MigStatisticsSource
{
	char	   *database;
	char	   *server_version;
	char	   *exported;		/* when, as text */
	int			relations;
} MigStatisticsSource;

typedef struct MigSize
{
	double		tuples;			/* estimate; -1: not known */
	int64		bytes;			/* of the relation and its TOAST, without
								 * indexes; -1: not known */
	bool		no_pages;		/* there is not a page of it */
} MigSize;

/*
 * statistics.c
 *
 * No lock on the relation is needed or taken.  mig_relation_size() prefers
 * what was imported for a relation of that name.
 */
extern void mig_relation_size(Form_pg_class form, MigSize *size);
extern void mig_relation_size_here(Form_pg_class form, MigSize *size);
extern int64 mig_toast_bytes(Oid toast);
extern bool mig_statistics_find(const char *schema, const char *name,
								MigSize *size);

/* NULL: nothing is imported */
extern MigStatisticsSource *mig_statistics_source(void);

#endif							/* MIGRATE_STATISTICS_H */
