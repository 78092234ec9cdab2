/*-------------------------------------------------------------------------
 *
 * predict.h
 *	  What the files of predictions share with each other alone.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_PREDICT_H
#define MIGRATE_PREDICT_H

#include "effects.h"

/* A claim about all rows of a relation; both are lists of clauses. */
typedef struct MigProof
{
	MigRel	   *rel;
	List	   *claim;
	List	   *known;
	bool		holds;
} MigProof;

/* predict.c */
extern Node *mig_column_var(const MigColumn *column);
extern Node *mig_null_test(Node *arg, NullTestType kind);
extern bool mig_column_has_no_null(MigRel *rel, MigColumn *column);
extern void mig_prove(void *arg);

#endif							/* MIGRATE_PREDICT_H */
