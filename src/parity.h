/*-------------------------------------------------------------------------
 *
 * parity.h
 *	  What an environment consists of, as a document that another one can
 *	  compare itself with: written by manifest.c, read by parity.c.
 *
 *-------------------------------------------------------------------------
 */
#ifndef MIGRATE_PARITY_H
#define MIGRATE_PARITY_H

#include "snapshot.h"

#define MIG_MANIFEST_FORMAT 1

/* A migration as a manifest has it; checksums in hexadecimal, or NULL. */
typedef struct MigManifestEntry
{
	bytea	   *key;
	char	   *version;
	char	   *name;
	char	   *kind;
	char	   *state;			/* as in migrate_status */
	char	   *how;			/* it was applied, or NULL */
	char	   *up;				/* of its texts */
	char	   *up_fingerprint; /* ... without comments */
	char	   *down;
	char	   *verify;
	char	   *applied;		/* of what was applied */
	char	   *applied_fingerprint;
} MigManifestEntry;

/* manifest.c */
extern MigManifestEntry *mig_manifest_migrations(int *n);

#endif							/* MIGRATE_PARITY_H */
