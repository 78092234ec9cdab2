/*-------------------------------------------------------------------------
 *
 * format_goose.c
 *	  Files of goose.
 *
 * Where its statements begin and end is of no interest to a server that parses
 * them, but it must be said properly all the same.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

static MigFit
goose_recognise(const MigFileEntry *entry)
{
	if (!entry->numbered || entry->part != PART_WHOLE)
		return FIT_NO;
	if (entry->language)
		return mig_has_suffix(entry->base, strlen(entry->base), "_test.go") ?
			FIT_NO : FIT_SURE;
	return mig_has_comment(entry, "+goose") ? FIT_SURE : FIT_NO;
}

/* What was said before a section goes on in it. */
static void
begin_section(MigSections *sections, MigScript *script, const MigLines *lines,
			  const char *title, bool envsub)
{
	mig_switch_section(sections, script, lines, title);
	if (envsub)
		script->variables = MIG_VARIABLES_GOOSE_ON;
}

static void
goose_read(const MigFileEntry *entry, MigSource *source)
{
	MigSections sections = {entry, NULL, NULL};
	MigLines	lines;
	int			code_line = 0;
	int			statement_line = 0;
	bool		no_transaction = false;
	bool		envsub = false;

	mig_take_number(entry, source);
	if (entry->language)
	{
		mig_whole_script(entry, source, &source->up);
		return;
	}
	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *rest = mig_after_marker(&lines, "+goose");
		const char *misplaced = NULL;
		char	   *word;

		if (rest == NULL)
		{
			if (lines.code && code_line == 0)
				code_line = lines.number;
			continue;
		}
		mig_check_indent(&lines);
		word = mig_copy_trimmed(rest, lines.end);
		if (pg_strcasecmp(word, "Up") == 0)
		{
			if (sections.current == NULL)
				mig_check_text_before(&lines, code_line, "-- +goose Up");
			mig_open_statement(&lines, statement_line, "goose");
			begin_section(&sections, &source->up, &lines, "Up", envsub);
		}
		else if (pg_strcasecmp(word, "Down") == 0)
		{
			if (sections.current == NULL)
				misplaced = "The first section of a file is \"-- +goose Up\".";
			else
			{
				mig_open_statement(&lines, statement_line, "goose");
				begin_section(&sections, &source->down, &lines, "Down", envsub);
			}
		}
		else if (pg_strcasecmp(word, "StatementBegin") == 0)
		{
			if (sections.current == NULL)
				misplaced = "It belongs after \"-- +goose Up\".";
			mig_open_statement(&lines, statement_line, "goose");
			statement_line = lines.number;
		}
		else if (pg_strcasecmp(word, "StatementEnd") == 0)
		{
			if (statement_line == 0)
				misplaced = "There is no \"-- +goose StatementBegin\" before it.";
			statement_line = 0;
		}
		else if (pg_strcasecmp(word, "NO TRANSACTION") == 0)
			no_transaction = true;
		else if (pg_strcasecmp(word, "ENVSUB ON") == 0)
		{
			envsub = true;
			if (sections.current && sections.current->variables == NULL)
				sections.current->variables = MIG_VARIABLES_GOOSE;
		}
		else if (pg_strcasecmp(word, "ENVSUB OFF") == 0)
			envsub = false;
		else
			mig_bad_line(&lines, lines.number,
						 psprintf("unknown directive \"-- +goose %s\"", word),
						 "The directives are Up, Down, StatementBegin, StatementEnd, NO TRANSACTION, ENVSUB ON and ENVSUB OFF.");
		if (misplaced)
			mig_bad_line(&lines, lines.number,
						 psprintf("misplaced directive \"-- +goose %s\"", word),
						 misplaced);
	}
	mig_open_statement(&lines, statement_line, "goose");
	if (sections.current == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"-- +goose Up\"",
						entry->file->path),
				 errdetail("It has other directives of goose, which requires that line before the script.")));
	mig_last_section(&sections);

	mig_leading_directives(source, &source->up, entry->text, false);
	if (no_transaction || source->up.no_transaction)
		source->up.no_transaction = source->down.no_transaction = true;
}

const MigFormat mig_format_goose = {
	.name = "goose",
	.files = "<number>_<name>.sql",
	.mark = "-- +goose Up",
	.languages = "Go",
	.recognise = goose_recognise,
	.read = goose_read,
	.drafts = {{"", "_", ".sql", "\n-- +goose Up\n\n-- +goose Down\n"}}
};
