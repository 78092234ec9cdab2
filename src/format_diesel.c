/*-------------------------------------------------------------------------
 *
 * format_diesel.c
 *	  Files of diesel.
 *
 * Each migration has a directory; the dashes of the time in its name are no
 * part of the version.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

bool
mig_is_diesel_name(const MigFileEntry *entry)
{
	return entry->parent[0] != '\0' &&
		(pg_strcasecmp(entry->base, "up.sql") == 0 ||
		 pg_strcasecmp(entry->base, "down.sql") == 0);
}

static MigFit
diesel_recognise(const MigFileEntry *entry)
{
	return mig_is_diesel_name(entry) ? FIT_SURE : FIT_NO;
}

static bool
diesel_settings(const MigFileEntry *entry)
{
	return entry->parent[0] != '\0' &&
		strcmp(entry->base, "metadata.toml") == 0;
}

/* run_in_transaction, which must be there, among others. */
static bool
runs_in_transaction(const MigFileEntry *entry)
{
	static const char key[] = "run_in_transaction";
	MigLines	lines;
	MigSetting	setting;
	bool		found = false;
	bool		value = true;

	mig_entry_lines(&lines, entry);

	/* what follows the head of a table belongs to it */
	while (mig_next_setting(&lines, &setting) && setting.key[0] != '[')
	{
		if (strcmp(setting.key, key) != 0)
			continue;
		value = mig_boolean_setting(&lines, &setting);
		found = true;
	}
	if (!found)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" does not set %s",
						entry->file->path, key),
				 errhint("Write \"%s = false\" or \"%s = true\".", key, key)));
	return value;
}

static void
diesel_read(const MigFileEntry *entry, MigSource *source)
{
	const char *p = entry->parent;
	char	   *version = palloc(strlen(p) + 1);
	char	   *end = version;

	/* the dashes of the time are no part of diesel's version */
	for (; *p && *p != '_'; p++)
	{
		if (*p != '-')
			*end++ = *p;
	}
	*end = '\0';
	if (!mig_is_version(version, false))
		mig_bad_name(entry);
	source->version = version;
	source->name = pstrdup(*p == '_' ? p + 1 : p);

	if (pg_strcasecmp(entry->base, "up.sql") == 0)
		mig_whole_script(entry, source, &source->up);
	else if (pg_strcasecmp(entry->base, "down.sql") == 0)
		mig_whole_script(entry, source, &source->down);
	else
	{
		source->up.no_transaction = source->down.no_transaction =
			!runs_in_transaction(entry);
		source->sets_up = source->sets_down = true;
	}
}

/* A version as diesel writes it in the name of a directory. */
static const char *
diesel_time(const char *version)
{
	if (strlen(version) != 14)
		return version;
	return psprintf("%.4s-%.2s-%.2s-%s", version, version + 4, version + 6,
					version + 8);
}

const MigFormat mig_format_diesel = {
	.name = "diesel",
	.files = "<time>_<name>/up.sql and <time>_<name>/down.sql",
	.nested = true,
	.spell = diesel_time,
	.recognise = diesel_recognise,
	.settings = diesel_settings,
	.read = diesel_read,
	.drafts = {{"", "_", "/up.sql", ""}, {"", "_", "/down.sql", MIG_UNDO_COMMENT}}
};
