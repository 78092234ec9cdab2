/*-------------------------------------------------------------------------
 *
 * format_prisma.c
 *	  Files of prisma.
 *
 * The whole name of the directory is the identity: two migrations may have the
 * same time.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

bool
mig_is_prisma_name(const MigFileEntry *entry)
{
	return entry->parent[0] != '\0' &&
		pg_strcasecmp(entry->base, "migration.sql") == 0;
}

static MigFit
prisma_recognise(const MigFileEntry *entry)
{
	return mig_is_prisma_name(entry) ? FIT_SURE : FIT_NO;
}

static void
prisma_read(const MigFileEntry *entry, MigSource *source)
{
	const char *underscore = strchr(entry->parent, '_');

	source->version = entry->parent;
	source->name = pstrdup(underscore ? underscore + 1 : entry->parent);
	mig_whole_script(entry, source, &source->up);
}

static List *
prisma_finish(List *entries, List *sources)
{
	mig_tell_name_order(sources, "prisma");
	return sources;
}

const MigFormat mig_format_prisma = {
	.name = "prisma",
	.files = "<time>_<name>/migration.sql",
	.nested = true,
	.recognise = prisma_recognise,
	.read = prisma_read,
	.finish = prisma_finish,
	.drafts = {{"", "_", "/migration.sql", ""}}
};
