/*-------------------------------------------------------------------------
 *
 * format_sqlmigrate.c
 *	  Files of sql-migrate, whose directives are much like goose's.
 *
 * The whole file name is the identity, and those that begin with a number come
 * first, by it.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

static MigFit
sqlmigrate_recognise(const MigFileEntry *entry)
{
	return entry->sql && mig_has_comment(entry, "+migrate") ? FIT_SURE : FIT_NO;
}

/* A section, and the options after its directive. */
static void
begin_section(MigSections *sections, MigScript *script, const MigLines *lines,
			  const char *title, const char *options)
{
	char	   *option;

	mig_switch_section(sections, script, lines, title);
	while ((option = mig_next_item(&options)) != NULL)
	{
		if (pg_strcasecmp(option, "notransaction") != 0)
			mig_bad_line(lines, lines->number,
						 psprintf("unknown option \"%s\" of \"-- +migrate %s\"",
								  option, title),
						 "The one option is notransaction.");
		script->no_transaction = true;
	}
}

static void
read_name(const MigFileEntry *entry, MigSource *source)
{
	char	   *whole = pnstrdup(entry->base, strlen(entry->base) - strlen(".sql"));
	size_t		len = strspn(whole, "0123456789");

	/* sqlmigrate_finish() sees which numbers tell migrations apart */
	source->version = entry->alone && len > 0 ? pnstrdup(whole, len) : whole;
	source->name = pstrdup(whole + len);
	if (source->name[0] == '_' || source->name[0] == '-')
		source->name++;
	if (source->name[0] == '\0')
		source->name = whole;
}

static void
sqlmigrate_read(const MigFileEntry *entry, MigSource *source)
{
	MigSections sections = {entry, NULL, NULL};
	MigLines	lines;
	int			code_line = 0;
	int			statement_line = 0;

	read_name(entry, source);
	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *options = mig_after_marker(&lines, "+migrate");
		char	   *directive;
		char	   *word;

		if (options == NULL)
		{
			if (lines.code && code_line == 0)
				code_line = lines.number;
			continue;
		}
		mig_check_indent(&lines);
		directive = mig_copy_trimmed(options, lines.end);
		options = directive;
		word = mig_next_item(&options);
		if (word == NULL)
			word = "";
		if (pg_strcasecmp(word, "Up") == 0 || pg_strcasecmp(word, "Down") == 0)
		{
			bool		up = pg_strcasecmp(word, "Up") == 0;

			if (sections.current == NULL)
				mig_check_text_before(&lines, code_line,
									  up ? "-- +migrate Up" : "-- +migrate Down");
			mig_open_statement(&lines, statement_line, "migrate");
			begin_section(&sections, up ? &source->up : &source->down, &lines,
						  up ? "Up" : "Down", options);
		}
		else if (pg_strcasecmp(directive, "StatementBegin") == 0)
		{
			if (statement_line == 0)
				statement_line = lines.number;
		}
		else if (pg_strcasecmp(directive, "StatementEnd") == 0)
			statement_line = 0;
		else
			mig_bad_line(&lines, lines.number,
						 psprintf("unknown directive \"-- +migrate %s\"", directive),
						 "The directives are Up, Down, StatementBegin and StatementEnd.");
	}
	mig_open_statement(&lines, statement_line, "migrate");
	mig_last_section(&sections);
	if (source->up.text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"-- +migrate Up\"",
						entry->file->path),
				 errdetail("It has other directives of sql-migrate, which requires that line before the script.")));
	mig_leading_directives(source, &source->up, entry->text, false);
}

/* Numbers first, in their order; what else there is by its name. */
static int
compare_sources(const ListCell *a, const ListCell *b)
{
	const char *name_a = ((const MigSource *) lfirst(a))->version;
	const char *name_b = ((const MigSource *) lfirst(b))->version;
	const char *digits_a = name_a + strspn(name_a, "0");
	const char *digits_b = name_b + strspn(name_b, "0");
	size_t		len_a = strspn(digits_a, "0123456789");
	size_t		len_b = strspn(digits_b, "0123456789");
	int			order;

	if (mig_is_digit(*name_a) != mig_is_digit(*name_b))
		return mig_is_digit(*name_a) ? -1 : 1;
	if (mig_is_digit(*name_a))
	{
		if (len_a != len_b)
			return len_a < len_b ? -1 : 1;
		order = strncmp(digits_a, digits_b, len_a);
		if (order != 0)
			return order;
	}

	/* as the tool compares them, with their extension */
	while (*name_a && *name_a == *name_b)
	{
		name_a++;
		name_b++;
	}
	return strcmp(*name_a ? name_a : ".sql", *name_b ? name_b : ".sql");
}

static List *
sqlmigrate_finish(List *entries, List *sources)
{
	bool		numbers = true;
	int			place = 0;
	ListCell   *lc;

	list_sort(sources, compare_sources);
	mig_shorten_versions(sources);
	foreach(lc, sources)
	{
		if (!mig_is_version(((const MigSource *) lfirst(lc))->version, false))
			numbers = false;
	}
	foreach(lc, sources)
	{
		if (!numbers)
			((MigSource *) lfirst(lc))->place = ++place;
	}
	return sources;
}

const MigFormat mig_format_sqlmigrate = {
	.name = "sql-migrate",
	.files = "<number>-<name>.sql",
	.mark = "-- +migrate Up",
	.recognise = sqlmigrate_recognise,
	.read = sqlmigrate_read,
	.finish = sqlmigrate_finish,
	.drafts = {{"", "-", ".sql", "\n-- +migrate Up\n\n-- +migrate Down\n"}}
};
