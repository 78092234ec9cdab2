/*-------------------------------------------------------------------------
 *
 * format_flyway.c
 *	  Files of Flyway.
 *
 * The kind of a migration and its version are in the file's name.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

static void
replace_underscores(char *string, char to)
{
	for (; *string; string++)
	{
		if (*string == '_')
			*string = to;
	}
}

bool
mig_is_flyway_name(const char *base)
{
	return ((base[0] == 'V' || base[0] == 'U' || base[0] == 'B') &&
			mig_is_digit(base[1])) || strncmp(base, "R__", 3) == 0;
}

static MigFit
flyway_recognise(const MigFileEntry *entry)
{
	return mig_is_flyway_name(entry->base) ? FIT_SURE : FIT_NO;
}

static bool
flyway_settings(const MigFileEntry *entry)
{
	return mig_is_flyway_name(entry->base) &&
		mig_has_suffix(entry->base, strlen(entry->base), ".sql.conf");
}

static void
flyway_read(const MigFileEntry *entry, MigSource *source)
{
	const char *base = entry->base;
	const char *end = flyway_settings(entry) ?
		base + strlen(base) - strlen(".sql.conf") : strrchr(base, '.');
	const char *separator = strstr(base + 1, "__");
	MigScript  *script = base[0] == 'U' ? &source->down : &source->up;

	/* without a description there is no name, which the caller refuses */
	if (separator)
	{
		char	   *name = pnstrdup(separator + 2, end - separator - 2);

		replace_underscores(name, ' ');
		source->name = mig_copy_trimmed(name, name + strlen(name));
	}
	else
	{
		source->name = pstrdup("");
		separator = end;
	}

	if (base[0] == 'R')
	{
		source->kind = MIG_KIND_REPEATABLE;
		source->version = source->name;
	}
	else
	{
		if (base[0] == 'B')
			source->kind = MIG_KIND_BASELINE;
		source->version = pnstrdup(base + 1, separator - base - 1);
		replace_underscores(source->version, '.');
		if (!mig_is_version(source->version, true))
			mig_bad_name(entry);
	}

	if (!flyway_settings(entry))
		mig_whole_script(entry, source, script);
	else
	{
		script->no_transaction =
			!mig_read_setting(entry, "executeInTransaction", false);
		source->sets_up = script == &source->up;
		source->sets_down = !source->sets_up;
	}
}

const MigFormat mig_format_flyway = {
	.name = "flyway",
	.files = "V<version>__<name>.sql, U<version>__<name>.sql, B<version>__<name>.sql and R__<name>.sql",
	.languages = "Java, Kotlin",
	.scattered = true,
	.dotted = true,
	.recognise = flyway_recognise,
	.settings = flyway_settings,
	.read = flyway_read,
	.drafts = {{"V", "__", ".sql", ""}, {"U", "__", ".sql", MIG_UNDO_COMMENT}}
};
