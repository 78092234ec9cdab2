/*-------------------------------------------------------------------------
 *
 * format_node.c
 *	  Files of node-pg-migrate, and what else is written in JavaScript.
 *
 * The sections of a file in SQL begin with comments, each with the first that
 * there is; since these are in no way special, other formats' directives go
 * before.  A migration in JavaScript or TypeScript, as knex has them all, is
 * a hole.
 *
 * Pure, as format.c is.
 *
 *-------------------------------------------------------------------------
 */
#include "migrate.h"
#include "format_internal.h"

/* Does a comment, from after its dashes, begin the section "up" or "down"? */
static bool
begins_section(const char *comment, const char *title)
{
	comment += strspn(comment, "- \t\f\v");
	if (pg_strncasecmp(comment, title, strlen(title)) != 0)
		return false;
	comment += strlen(title);
	return mig_skip_blanks(comment) > comment &&
		pg_strncasecmp(mig_skip_blanks(comment), "migration",
					   strlen("migration")) == 0;
}

/* Which sections begin in a file, and does code come before the first? */
static void
find_sections(const MigFileEntry *entry, bool *up, bool *down, bool *code)
{
	MigLines	lines;
	ListCell   *lc;

	*up = *down = *code = false;
	foreach(lc, entry->comments)
	{
		*up |= begins_section(lfirst(lc), "up");
		*down |= begins_section(lfirst(lc), "down");
	}
	if (!*up && !*down)
		return;
	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *comment = mig_after_marker(&lines, "");

		if (comment && (begins_section(comment, "up") || begins_section(comment, "down")))
			break;
		*code |= lines.code;
	}
}

static MigFit
node_recognise(const MigFileEntry *entry)
{
	bool		up;
	bool		down;
	bool		code;

	if (!entry->numbered || entry->part != PART_WHOLE)
		return FIT_NO;
	if (entry->language)
		return mig_has_suffix(entry->base, strlen(entry->base), ".d.ts") ?
			FIT_NO : FIT_SURE;

	/* prose may look like one of them, or like either after some code */
	find_sections(entry, &up, &down, &code);
	return up && (down || !code) ? FIT_SURE : FIT_POSSIBLE;
}

static void
node_read(const MigFileEntry *entry, MigSource *source)
{
	MigSections sections = {entry, NULL, NULL};
	MigLines	lines;
	int			code_line = 0;
	bool		up = false;
	bool		down = false;
	bool		code;

	mig_take_number(entry, source);
	if (entry->sql)
		find_sections(entry, &up, &down, &code);

	/* without a section all of the file is up */
	if (!up && !down)
	{
		mig_whole_script(entry, source, &source->up);
		return;
	}

	mig_entry_lines(&lines, entry);
	while (mig_lines_next(&lines))
	{
		const char *comment = mig_after_marker(&lines, "");

		if (comment && source->up.line == 0 && begins_section(comment, "up"))
		{
			if (sections.current == NULL)
				mig_check_text_before(&lines, code_line, "-- Up Migration");
			mig_switch_section(&sections, &source->up, &lines, "Up Migration");
		}
		else if (comment && source->down.line == 0 && begins_section(comment, "down"))
		{
			if (sections.current == NULL)
				mig_check_text_before(&lines, code_line, "-- Down Migration");
			mig_switch_section(&sections, &source->down, &lines, "Down Migration");
		}
		else if (lines.code && code_line == 0)
			code_line = lines.number;
	}
	mig_last_section(&sections);
	if (source->up.text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_MIG_BAD_FILE),
				 errmsg("file \"%s\" has no line \"-- Up Migration\"",
						entry->file->path),
				 errdetail("It has a line \"-- Down Migration\".")));
	mig_leading_directives(source, &source->up, entry->text, false);
}

const MigFormat mig_format_node = {
	.name = "node-pg-migrate",
	.files = "<number>_<name>.sql",
	.languages = "JavaScript, TypeScript",
	.dotted = true,
	.recognise = node_recognise,
	.read = node_read,
	.drafts = {{"", "_", ".sql", "\n-- Up Migration\n\n-- Down Migration\n"}}
};
