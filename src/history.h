/*-------------------------------------------------------------------------
 *
 * history.h
 *	  Another tool's history table, as history.c offers it to adopt.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_HISTORY_H
#define MIGRATE_HISTORY_H

#include "tools.h"

/* A table of this database that is, or may be, a tool's history. */
typedef struct MigHistory
{
	Oid			relation;
	Oid			schema_oid;
	char	   *schema;
	char	   *table;
	List	   *tools;			/* of const MigTool *: one, or those of which
								 * it may be */
} MigHistory;

extern char *mig_history_name(const MigHistory *history);
extern List *mig_history_find(const MigTool *tool);
extern MigHistory *mig_history_of(Oid relation, const MigTool *tool);
extern void mig_history_lock(const MigHistory *history);
extern void mig_history_refuse_locked(const MigHistory *history, bool keep);
extern MigToolRow *mig_history_read(const MigHistory *history, int *n);

#endif							/* MIGRATE_HISTORY_H */
