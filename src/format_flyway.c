/*-------------------------------------------------------------------------
 *
 * format_flyway.c
 *	  Files of Flyway.
 *
 * The kind of a migration and its version are in the file's name; a file that
 * is named as an event is a hook.  A file with ".conf" after its name says how
 * one of them runs.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

#define CONF ".conf"			/* after a script's name: its settings */

/* What happens in Flyway that a script can be for. */
typedef struct FlywayEvent
{
	const char *name;
	const char *hook;			/* MIG_HOOK_*; NULL: there is none like it */
	bool		migrating;		/* it happens while migrations run */
} FlywayEvent;

/* What a settings file says. */
typedef struct FlywaySettings
{
	bool		in_transaction;
	bool		placeholders;
	bool		wanted;
	int			line;			/* of a setting that needs the other files */
} FlywaySettings;

static const FlywayEvent events[] = {
	{"beforeMigrate", MIG_HOOK_BEFORE_RUN, true},
	{"afterEachMigrate", MIG_HOOK_AFTER_EACH, true},
	{"afterMigrate", MIG_HOOK_AFTER_RUN, true},
	{"afterMigrateApplied", MIG_HOOK_AFTER_RUN, true},
	{"afterMigrateError", MIG_HOOK_ON_FAILURE, true},
	{"afterEachMigrateError", MIG_HOOK_ON_FAILURE, true},
	{"beforeEachMigrate", NULL, true},
	{"beforeEachMigrateStatement", NULL, true},
	{"afterEachMigrateStatement", NULL, true},
	{"afterEachMigrateStatementError", NULL, true},
	{"beforeRepeatables", NULL, true},
	{"afterVersioned", NULL, true},
	{"beforeConnect", NULL, true},
	{"afterConnect", NULL, true},
	{"createSchema", NULL, true},
	{"beforeCreateSchema", NULL, true},
	{"beforeUndo", NULL, false},
	{"beforeEachUndo", NULL, false},
	{"beforeEachUndoStatement", NULL, false},
	{"afterEachUndoStatement", NULL, false},
	{"afterEachUndoStatementError", NULL, false},
	{"afterEachUndo", NULL, false},
	{"afterEachUndoError", NULL, false},
	{"afterUndo", NULL, false},
	{"afterUndoError", NULL, false},
	{"beforeClean", NULL, false},
	{"afterClean", NULL, false},
	{"afterCleanError", NULL, false},
	{"beforeValidate", NULL, false},
	{"afterValidate", NULL, false},
	{"afterValidateError", NULL, false},
	{"beforeBaseline", NULL, false},
	{"afterBaseline", NULL, false},
	{"afterBaselineError", NULL, false},
	{"beforeRepair", NULL, false},
	{"afterRepair", NULL, false},
	{"afterRepairError", NULL, false},
	{"beforeInfo", NULL, false},
	{"afterInfo", NULL, false},
	{"afterInfoError", NULL, false}
};

static void
replace_underscores(char *string, char to)
{
	for (; *string; string++)
	{
		if (*string == '_')
			*string = to;
	}
}

/* The event that a file is named for, or NULL. */
static const FlywayEvent *
event_of(const char *base)
{
	const char *description = strstr(base, "__");
	size_t		len = description ? description - base : strcspn(base, ".");
	int			i;

	for (i = 0; i < lengthof(events); i++)
	{
		if (strlen(events[i].name) == len &&
			memcmp(events[i].name, base, len) == 0)
			return &events[i];
	}
	return NULL;
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
	return mig_is_flyway_name(entry->base) || event_of(entry->base) ?
		FIT_SURE : FIT_NO;
}

static bool
flyway_settings(const MigFileEntry *entry)
{
	size_t		len = strlen(entry->base);

	return mig_has_suffix(entry->base, len, CONF) &&
		mig_is_script_name(pnstrdup(entry->base, len - strlen(CONF))) &&
		flyway_recognise(entry) != FIT_NO;
}

static void
read_settings(const MigFileEntry *entry, FlywaySettings *settings)
{
	MigLines	lines;
	MigSetting	setting;

	settings->in_transaction = settings->placeholders = settings->wanted = true;
	settings->line = 0;
	mig_entry_lines(&lines, entry);
	while (mig_next_setting(&lines, &setting))
	{
		if (strcmp(setting.key, "executeInTransaction") == 0)
			settings->in_transaction = mig_boolean_setting(&lines, &setting);
		else if (strcmp(setting.key, "placeholderReplacement") == 0)
			settings->placeholders = mig_boolean_setting(&lines, &setting);
		else if (strcmp(setting.key, "shouldExecute") == 0)
		{
			if (setting.value && strpbrk(setting.value, "=!$"))
				mig_bad_line(&lines, lines.number,
							 "unsupported expression of shouldExecute",
							 "It must be true or false: there are no conditions here.");
			settings->wanted = mig_boolean_setting(&lines, &setting);
		}
		else if (strcmp(setting.key, "encoding") == 0)
		{
			if (setting.value == NULL ||
				(pg_strcasecmp(setting.value, "UTF-8") != 0 &&
				 pg_strcasecmp(setting.value, "UTF8") != 0))
				mig_bad_line(&lines, lines.number,
							 psprintf("unsupported encoding \"%s\"",
									  setting.value ? setting.value : ""),
							 "Files must be in UTF-8.");
		}
		else
			mig_bad_line(&lines, lines.number,
						 psprintf("unsupported setting \"%s\"", setting.key),
						 "The settings are executeInTransaction, encoding, placeholderReplacement and shouldExecute.");
		if (settings->line == 0 && !(settings->placeholders && settings->wanted))
			settings->line = lines.number;
	}
	if (entry->alone && settings->line > 0)
		mig_bad_line(&lines, settings->line,
					 "a setting that needs the other files of the directory",
					 "Use migrate_register_files() or migrate_load().");
}

/* Kind, version and name; what they are about if base ends here. */
static void
read_name(const MigFileEntry *entry, const char *end, MigSource *source)
{
	const char *base = entry->base;
	const char *separator = strstr(base + 1, "__");
	char	   *name;

	/* without a description there is no name, which the caller refuses */
	if (separator)
	{
		name = pnstrdup(separator + 2, end - separator - 2);
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
		return;
	}
	source->kind = base[0] == 'B' ? MIG_KIND_BASELINE : MIG_KIND_VERSIONED;
	source->version = pnstrdup(base + 1, separator - base - 1);
	replace_underscores(source->version, '.');
	if (!mig_is_version(source->version, true))
		mig_bad_name(entry);
}

static MigSource *
read_source(const MigFileEntry *entry)
{
	MigSource  *source = palloc0(sizeof(MigSource));
	const FlywayEvent *event = event_of(entry->base);
	bool		conf = flyway_settings(entry);
	char	   *file = pnstrdup(entry->base,
								strlen(entry->base) - (conf ? strlen(CONF) : 0));
	const char *end = entry->base + (strrchr(file, '.') - file);
	MigScript  *script = !event && entry->base[0] == 'U' ?
		&source->down : &source->up;

	if (event)
	{
		source->kind = MIG_KIND_REPEATABLE;
		source->hook = event->hook;
		source->name = pnstrdup(entry->base, end - entry->base);
		source->version = source->name;
	}
	else
		read_name(entry, end, source);

	if (conf)
	{
		FlywaySettings settings;

		read_settings(entry, &settings);
		script->no_transaction = !settings.in_transaction;
		source->sets_up = script == &source->up;
		source->sets_down = !source->sets_up;
		return source;
	}
	mig_whole_script(entry, source, script);
	if (entry->sql)
		script->variables = MIG_VARIABLES_FLYWAY;
	return source;
}

/* Say that an event's script does not run; true if so. */
static bool
skip_event(const MigFileEntry *entry, const FlywayEvent *event)
{
	if (event == NULL || (event->hook && entry->language == NULL))
		return false;

	/* if it would run in a migration, the outcome may be another without it */
	if (!flyway_settings(entry))
		ereport(event->migrating ? WARNING : NOTICE,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 event->hook ?
				 errmsg("file \"%s\" was skipped: a hook cannot be written in %s",
						entry->file->path, entry->language) :
				 errmsg("file \"%s\" was skipped: there is no hook for %s",
						entry->file->path, event->name)));
	return true;
}

static List *
flyway_read_list(const MigFileEntry *entry)
{
	if (skip_event(entry, event_of(entry->base)))
		return NIL;
	return list_make1(read_source(entry));
}

static int
compare_scripts(const void *a, const void *b)
{
	return strcmp((*(MigScript *const *) a)->path, (*(MigScript *const *) b)->path);
}

/* All scripts, in order of their paths. */
static MigScript **
sort_scripts(List *sources, int *n)
{
	MigScript **scripts = palloc(sizeof(MigScript *) *
								 Max(list_length(sources) * 2, 1));
	ListCell   *lc;

	*n = 0;
	foreach(lc, sources)
	{
		MigSource  *source = (MigSource *) lfirst(lc);

		scripts[(*n)++] = &source->up;
		if (source->down.text)
			scripts[(*n)++] = &source->down;
	}
	qsort(scripts, *n, sizeof(MigScript *), compare_scripts);
	return scripts;
}

/* Honour the settings which joining with a script does not. */
static List *
flyway_finish(List *entries, List *sources)
{
	List	   *wanted = NIL;
	int			n;
	MigScript **scripts = sort_scripts(sources, &n);
	ListCell   *lc;

	foreach(lc, entries)
	{
		const MigFileEntry *entry = lfirst(lc);
		FlywaySettings settings;
		MigScript	pattern = {0};
		MigScript  *key = &pattern;
		MigScript **found;

		if (entry->format != &mig_format_flyway || !flyway_settings(entry))
			continue;
		read_settings(entry, &settings);
		pattern.path = pnstrdup(entry->file->path,
								strlen(entry->file->path) - strlen(CONF));
		found = bsearch(&key, scripts, n, sizeof(MigScript *), compare_scripts);
		if (found == NULL)
			continue;			/* of a hook that there is not */
		if (!settings.placeholders)
			(*found)->variables = NULL;
		if (!settings.wanted)
			(*found)->text = NULL;
	}
	foreach(lc, sources)
	{
		MigSource  *source = (MigSource *) lfirst(lc);

		if (source->down.text == NULL)
			memset(&source->down, 0, sizeof(MigScript));
		if (source->up.text)
			wanted = lappend(wanted, source);
	}
	return wanted;
}

const MigFormat mig_format_flyway = {
	.name = "flyway",
	.files = "V<version>__<name>.sql, U<version>__<name>.sql, B<version>__<name>.sql and R__<name>.sql",
	.languages = "Java, Kotlin, Python, shell, PowerShell, batch",
	.scattered = true,
	.dotted = true,
	.recognise = flyway_recognise,
	.settings = flyway_settings,
	.read_list = flyway_read_list,
	.finish = flyway_finish,
	.drafts = {{"V", "__", ".sql", ""}, {"U", "__", ".sql", MIG_UNDO_COMMENT}}
};
